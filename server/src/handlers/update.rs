//! PUT: objects replaced, as a whole or in a part that is a subresource.

use kubeforge_machinery::Message;

use super::create::check_namespace;
use super::{Api, Target, body, options, respond};
use crate::http::{Request, Response, Status, StatusCode};
use crate::meta;
use crate::negotiate;
use crate::registry::strategy::{self, Part};
use crate::registry::{Change, Done, Store, defaults};

impl Api {
    pub(super) async fn update(&self, target: &Target<'_>, part: Part, request: Request) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let options = options::write(&request, "UpdateOptions")?;
        let media = negotiate::body_media(request.header("content-type"))?;
        let bytes = request.body.read(crate::http::MAX_BODY).await?;
        let store = target.store;
        let document = body::decode(self.registry.release, store.served, media, &bytes, options.validation)?;

        let mut object = document.object;
        check_name(target, object.as_ref())?;
        check_namespace(target, object.as_ref())?;
        defaults::apply(object.as_mut(), store.resource.defaults);
        let object = store.write(object)?;
        let uid = meta::get(object.as_ref(), "uid").to_owned();
        let updated = replace(target, part, options.dry_run, |old| {
            check_uid(store, target.name, &uid, old)?;
            Ok(object.clone_message())
        });
        let updated = updated.await?;

        let response = output.object(store, store.read(updated)?, StatusCode::OK)?;
        Ok(respond::with_warnings(response, &document.warnings))
    }
}

/// Replaces an object by what `make` makes of the current one, both in the stored version; again if somebody else
/// writes in between. Answers with the object as it is then: at its old revision if nothing changed, or if the last
/// finalizer went and the object with it.
pub(super) async fn replace(
    target: &Target<'_>,
    part: Part,
    dry_run: bool,
    mut make: impl FnMut(&dyn Message) -> Result<Box<dyn Message>, Status> + Send,
) -> Result<Box<dyn Message>, Status> {
    let store = target.store;
    let mut result: Option<Box<dyn Message>> = None;
    let change = |old: Option<Box<dyn Message>>| -> Result<Change, Status> {
        let old = old.ok_or_else(|| store.not_found(target.name))?;
        let mut new = make(old.as_ref())?;
        strategy::prepare_update(store, new.as_mut(), old.as_ref(), part)?;
        result = Some(new.clone_message());
        Ok(match dry_run {
            true => Change::Keep,
            false if meta::is_deleting(old.as_ref()) && strategy::may_go(store, new.as_ref()) => Change::Delete,
            false => Change::Put(new),
        })
    };
    let done = store.update(target.namespace, target.name, change).await?;
    let mut result = result.ok_or_else(|| store.not_found(target.name))?;
    if let Done::Put(revision) = done {
        meta::set(result.as_mut(), "resourceVersion", &revision.to_string());
    }
    Ok(result)
}

/// A document that was made for another object, by name.
pub(super) fn check_name(target: &Target<'_>, object: &dyn Message) -> Result<(), Status> {
    match meta::get(object, "name") {
        "" => Err(Status::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            target.name
        ))),
        name if name == target.name => Ok(()),
        name => Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            target.name
        ))),
    }
}

/// A document that was made for another object, by uid.
fn check_uid(store: &Store, name: &str, uid: &str, old: &dyn Message) -> Result<(), Status> {
    let current = meta::get(old, "uid");
    if uid.is_empty() || uid == current {
        return Ok(());
    }
    let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {current}");
    Err(Status::conflict(store.group_resource(), name, why))
}
