//! POST: new objects.

use kubeforge_machinery::Message;
use kubeforge_machinery::status::Cause;

use super::{Api, Target, body, options, respond};
use crate::http::{Request, Response, Status, StatusCode};
use crate::meta;
use crate::negotiate;
use crate::registry::{defaults, names, strategy};

/// How often a generated name that is taken is replaced.
const NAME_ATTEMPTS: usize = 8;

impl Api {
    pub(super) async fn create(&self, target: &Target<'_>, request: Request) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let options = options::write(&request, "CreateOptions")?;
        let media = negotiate::body_media(request.header("content-type"))?;
        let bytes = request.body.read(crate::http::MAX_BODY).await?;
        let store = target.store;
        let document = body::decode(self.registry.release, store.served, media, &bytes, options.validation)?;

        let mut object = document.object;
        check_namespace(target, object.as_ref())?;
        self.check_namespace_is_open(target, object.as_ref()).await?;
        defaults::apply(object.as_mut(), store.resource.defaults);
        let object = self.store_new(target, store.write(object)?, options.dry_run).await?;

        let response = output.object(store, store.read(object)?, StatusCode::CREATED)?;
        Ok(respond::with_warnings(response, &document.warnings))
    }

    /// Writes a new object of the stored version; a generated name that is taken is tried again with another.
    async fn store_new(
        &self,
        target: &Target<'_>,
        document: Box<dyn Message>,
        dry_run: bool,
    ) -> Result<Box<dyn Message>, Status> {
        let store = target.store;
        let mut object = document;
        let generated = meta::get(object.as_ref(), "name").is_empty();
        strategy::prepare_create(store, object.as_mut(), target.namespace)?;
        if dry_run {
            let name = meta::get(object.as_ref(), "name");
            return match store.get(target.namespace, name).await {
                Ok(_) => Err(Status::already_exists(store.group_resource(), name)),
                Err(status) if status.code == 404 => Ok(object),
                Err(status) => Err(status),
            };
        }
        for _ in 0..NAME_ATTEMPTS {
            match store.create(object.as_mut()).await {
                Err(status) if generated && status.reason == "AlreadyExists" => {
                    let name = names::generate(meta::get(object.as_ref(), "generateName"));
                    meta::set(object.as_mut(), "name", &name);
                }
                Err(status) => return Err(status),
                Ok(()) => return Ok(object),
            }
        }
        let name = meta::get(object.as_ref(), "name");
        Err(Status::already_exists(store.group_resource(), name))
    }

    /// New objects need a namespace that exists and stays.
    async fn check_namespace_is_open(&self, target: &Target<'_>, object: &dyn Message) -> Result<(), Status> {
        if !target.store.resource.namespaced {
            return Ok(());
        }
        let Some(namespaces) = self.registry.store("", "v1", "namespaces") else { return Ok(()) };
        let namespace = namespaces.get("", target.namespace).await?;
        if !meta::is_deleting(namespace.as_ref()) {
            return Ok(());
        }
        let namespace = target.namespace;
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let cause = Cause {
            reason: "NamespaceTerminating",
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".to_owned(),
        };
        Err(Status::forbidden(target.store.group_resource(), meta::get(object, "name"), why).with_cause(cause))
    }
}

/// A document may leave its namespace out, and may not name another one than the URL.
pub(super) fn check_namespace(target: &Target<'_>, object: &dyn Message) -> Result<(), Status> {
    let namespace = meta::get(object, "namespace");
    if namespace.is_empty() || namespace == target.namespace {
        return Ok(());
    }
    if !target.store.resource.namespaced {
        let error = Cause::forbidden("metadata.namespace", "not allowed on this type");
        return Err(target.store.invalid(meta::get(object, "name"), vec![error]));
    }
    Err(Status::bad_request("the namespace of the provided object does not match the namespace sent on the request"))
}
