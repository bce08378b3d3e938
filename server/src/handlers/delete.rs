//! DELETE: objects marked or removed, one or all of a collection.
//!
//! An object with finalizers, or with time to end in, is only marked; it goes when the last thing that holds it does.

use kubeforge_machinery::status::{Cause, GroupResource};
use kubeforge_machinery::types::go::quote;
use kubeforge_machinery::{FieldRef, Message};

use super::list::Listed;
use super::{Api, Target, body, options, respond};
use crate::http::{Request, Response, Status, StatusCode};
use crate::registry::{Change, Done, Store, strategy};
use crate::{meta, negotiate};

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// What becomes of the objects that depend on a deleted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// `DeleteOptions`, from the body or else from the query.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    grace: Option<i64>,
    propagation: Option<Propagation>,
    uid: Option<String>,
    resource_version: Option<String>,
    dry_run: bool,
}

/// What a deletion came to.
pub(crate) struct Deletion {
    /// The object as it is now, or was last, in the stored version.
    object: Box<dyn Message>,
    /// Whether it is gone, and was not just marked.
    pub(crate) gone: bool,
}

impl Api {
    pub(super) async fn delete(&self, target: &Target<'_>, request: Request) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let options = self.delete_options(request).await?;
        let store = target.store;
        let Deletion { object, gone } = delete_one(store, target.namespace, target.name, &options).await?;
        let response = if !gone || store.resource.delete_returns_object {
            output.object(store, store.read(object)?, StatusCode::OK)?
        } else {
            let uid = meta::get(object.as_ref(), "uid");
            output.status(self, &Status::deleted(store.group_resource(), target.name, uid))?
        };
        Ok(warned(response, store, &options))
    }

    pub(super) async fn delete_collection(&self, target: &Target<'_>, request: Request) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let selected = options::list(&request, false, self.config.watch_list)?;
        let options = self.delete_options(request).await?;
        let Listed { items, meta } = self.collect(target, &selected).await?;
        for item in &items {
            let (namespace, name) = (meta::get(item.as_ref(), "namespace"), meta::get(item.as_ref(), "name"));
            match delete_one(target.store, namespace, name, &options).await {
                Err(status) if status.code != 404 => return Err(status),
                _ => {}
            }
        }
        let response = output.list(target.store, &meta, items, StatusCode::OK)?;
        Ok(warned(response, target.store, &options))
    }

    async fn delete_options(&self, request: Request) -> Result<DeleteOptions, Status> {
        let mut errors = Vec::new();
        let query = |name: &str| request.parameter(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let (grace, propagation) = (query("gracePeriodSeconds"), query("propagationPolicy"));
        let orphan = options::boolean(request.parameter("orphanDependents"))?;
        let dry_run = options::values(&request, "dryRun");
        let media = negotiate::body_media(request.header("content-type"));
        let bytes = request.body.read(crate::http::MAX_BODY).await?;
        let options = if bytes.is_empty() {
            DeleteOptions {
                grace: options::integer(grace.as_deref())?,
                propagation: propagation_of(propagation.as_deref(), orphan, &mut errors),
                dry_run: options::dry_run(&dry_run, &mut errors),
                ..DeleteOptions::default()
            }
        } else {
            self.options_of_body(media?, &bytes, &mut errors)?
        };
        if errors.is_empty() { Ok(options) } else { Err(options::invalid("DeleteOptions", errors)) }
    }

    fn options_of_body(
        &self,
        media: negotiate::Media,
        bytes: &[u8],
        errors: &mut Vec<Cause>,
    ) -> Result<DeleteOptions, Status> {
        let name = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
        let descriptor = self.registry.release.message(name);
        let descriptor = descriptor.ok_or_else(|| Status::internal("the release has no DeleteOptions"))?;
        let mut document = descriptor.new_message();
        // The options' group version is of no account: upstream registers them in each.
        body::decode_any(media, bytes, document.as_mut()).map_err(Status::internal)?;
        let document = document.as_ref();
        let preconditions = meta::child(document, "preconditions");
        let precondition = |name| {
            let text = preconditions.map_or("", |p| meta::text(p, name));
            (!text.is_empty()).then(|| text.to_owned())
        };
        let orphan = match meta::field(document, "orphanDependents") {
            Some(FieldRef::OptBool(orphan)) => orphan,
            _ => None,
        };
        let policy = meta::text(document, "propagationPolicy");
        Ok(DeleteOptions {
            grace: meta::number(document, "gracePeriodSeconds"),
            propagation: propagation_of((!policy.is_empty()).then_some(policy), orphan, errors),
            uid: precondition("uid"),
            resource_version: precondition("resourceVersion"),
            dry_run: options::dry_run(meta::texts(document, "dryRun"), errors),
        })
    }
}

/// Adds the warning of a deletion that leaves open what becomes of the dependents.
fn warned(response: Response, store: &Store, options: &DeleteOptions) -> Response {
    match store.strategy.orphan_warning {
        "" => response,
        text if options.propagation.is_none() => response.with_warning(text),
        _ => response,
    }
}

fn propagation_of(policy: Option<&str>, orphan: Option<bool>, errors: &mut Vec<Cause>) -> Option<Propagation> {
    match (policy, orphan) {
        (Some(_), Some(_)) => {
            let detail = "orphanDependents and deletionPropagation cannot be both set";
            errors.push(Cause::invalid("propagationPolicy", quote(policy.unwrap_or_default()), detail));
            None
        }
        (Some("Background"), None) => Some(Propagation::Background),
        (Some("Foreground"), None) => Some(Propagation::Foreground),
        (Some("Orphan"), None) => Some(Propagation::Orphan),
        (Some(other), None) => {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            errors.push(Cause::not_supported("propagationPolicy", quote(other), &supported));
            None
        }
        (None, Some(true)) => Some(Propagation::Orphan),
        (None, Some(false)) => Some(Propagation::Background),
        (None, None) => None,
    }
}

/// Marks or removes one object.
pub(crate) async fn delete_one(
    store: &Store,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> Result<Deletion, Status> {
    let mut deletion = None;
    let change = |old: Option<Box<dyn Message>>| -> Result<Change, Status> {
        let old = old.ok_or_else(|| store.not_found(name))?;
        check_preconditions(store, old.as_ref(), options)?;
        check_protected(store, name)?;
        let mut object = marked(store, old.as_ref(), options);
        let gone = strategy::may_go(store, object.as_ref());
        let kept = object.clone_message();
        if gone && (store.strategy.grace)(old.as_ref(), options.grace).is_none() {
            // Nobody saw marks on an object that went at once.
            object = old;
        }
        deletion = Some(Deletion { object, gone });
        Ok(match (options.dry_run, gone) {
            (true, _) => Change::Keep,
            (false, true) => Change::Delete,
            (false, false) => Change::Put(kept),
        })
    };
    let done = store.update(namespace, name, change).await?;
    let mut deletion = deletion.ok_or_else(|| store.not_found(name))?;
    if let Done::Put(revision) | Done::Deleted(revision) = done {
        meta::set(deletion.object.as_mut(), "resourceVersion", &revision.to_string());
    }
    Ok(deletion)
}

/// The object with the marks of its deletion; marks that are there already stay, and grace only shrinks.
fn marked(store: &Store, old: &dyn Message, options: &DeleteOptions) -> Box<dyn Message> {
    let mut object = old.clone_message();
    let grace = (store.strategy.grace)(old, options.grace);
    let was_deleting = meta::is_deleting(old);
    let Some(metadata) = meta::of_mut(object.as_mut()) else { return object };
    let by_default = (store.strategy.orphans && !was_deleting).then_some(Propagation::Orphan);
    set_dependents_finalizer(metadata, options.propagation.or(by_default));
    let left = meta::number(metadata, "deletionGracePeriodSeconds");
    let seconds = grace.unwrap_or_default();
    if !was_deleting || left.is_some_and(|left| grace.is_some() && seconds < left) {
        meta::set_time_from_now(metadata, "deletionTimestamp", seconds);
        meta::set_number(metadata, "deletionGracePeriodSeconds", Some(seconds));
    }
    let generation = meta::number(metadata, "generation").unwrap_or_default();
    if !was_deleting && generation > 0 {
        meta::set_number(metadata, "generation", Some(generation.saturating_add(1)));
    }
    if !was_deleting {
        (store.strategy.on_deleting)(object.as_mut());
    }
    object
}

/// Replaces the finalizers by which the garbage collector knows what to do with dependents.
fn set_dependents_finalizer(metadata: &mut dyn Message, propagation: Option<Propagation>) {
    let (Some(propagation), Some(finalizers)) = (propagation, meta::texts_mut(metadata, "finalizers")) else { return };
    let wanted = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    finalizers.retain(|name| (name != ORPHAN && name != FOREGROUND) || Some(name.as_str()) == wanted);
    if let Some(wanted) = wanted
        && !finalizers.iter().any(|name| name == wanted)
    {
        finalizers.push(wanted.into());
    }
}

fn check_preconditions(store: &Store, old: &dyn Message, options: &DeleteOptions) -> Result<(), Status> {
    let checks = [
        ("UID", "uid", &options.uid, "deleted and then recreated"),
        ("ResourceVersion", "resourceVersion", &options.resource_version, "modified"),
    ];
    for (label, field, wanted, guess) in checks {
        let (Some(wanted), current) = (wanted, meta::get(old, field)) else { continue };
        if wanted != current {
            let why = format!(
                "the {label} in the precondition ({wanted}) does not match the {label} in record ({current}). \
                 The object might have been {guess}"
            );
            // Upstream names the kind here where it names the resource elsewhere.
            let kind = GroupResource { group: store.resource.group, resource: store.resource.kind };
            return Err(Status::conflict(kind, meta::get(old, "name"), why));
        }
    }
    Ok(())
}

fn check_protected(store: &Store, name: &str) -> Result<(), Status> {
    if !store.strategy.protected.contains(&name) {
        return Ok(());
    }
    Err(Status::forbidden(store.group_resource(), name, "this namespace may not be deleted"))
}
