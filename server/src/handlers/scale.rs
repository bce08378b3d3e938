//! The scale subresource: one view of everything that has a number of replicas.
//!
//! Where the numbers are is data of the resource; the view itself is `autoscaling/v1` Scale.

use kubeforge_machinery::release::{Kind, Scale};
use kubeforge_machinery::selector::LabelSelector;
use kubeforge_machinery::status::{Cause, GroupResource};
use kubeforge_machinery::{FieldRef, Message, json};
use serde_json::{Map, Value, json as value};

use super::encode::TypeName;
use super::patch::{Patch, patch_type};
use super::update::{check_name, replace};
use super::{Api, Target, body, options, respond};
use crate::discovery::group_version;
use crate::http::{Request, Response, Status, StatusCode};
use crate::registry::strategy::Part;
use crate::table::path;
use crate::{meta, negotiate};

/// A resource's view as a scale.
#[derive(Clone, Copy)]
pub(super) struct Scaling {
    pub scale: &'static Scale,
    pub kind: &'static Kind,
}

impl Api {
    pub(super) async fn get_scale(
        &self,
        target: &Target<'_>,
        scaling: Scaling,
        request: Request,
    ) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let object = target.store.get(target.namespace, target.name).await?;
        self.scale_response(output, scaling, object.as_ref())
    }

    pub(super) async fn put_scale(
        &self,
        target: &Target<'_>,
        scaling: Scaling,
        request: Request,
    ) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let options = options::write(&request, "UpdateOptions")?;
        let media = negotiate::body_media(request.header("content-type"))?;
        let bytes = request.body.read(crate::http::MAX_BODY).await?;
        let document = body::decode(self.registry.release, scaling.kind, media, &bytes, options.validation)?;
        check_name(target, document.object.as_ref())?;
        let updated =
            replace(target, Part::Object, options.dry_run, |old| rescaled(scaling, old, document.object.as_ref()));
        let updated = updated.await?;
        let response = self.scale_response(output, scaling, updated.as_ref())?;
        Ok(respond::with_warnings(response, &document.warnings))
    }

    pub(super) async fn patch_scale(
        &self,
        target: &Target<'_>,
        scaling: Scaling,
        request: Request,
    ) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let patch_type = patch_type(&request)?;
        let options = options::write(&request, "PatchOptions")?;
        let bytes = request.body.read(crate::http::MAX_BODY).await?;
        let patch = Patch::parse(&patch_type, &bytes)?;
        let api_version = group_version(scaling.kind.group, scaling.kind.version);
        let mut warnings = Vec::new();
        let updated = replace(target, Part::Object, options.dry_run, |old| {
            let patched = patch.apply(
                self.registry.release,
                scaling.kind,
                &api_version,
                view(scaling, old),
                options.validation,
            )?;
            check_name(target, patched.object.as_ref())?;
            warnings = patched.warnings;
            rescaled(scaling, old, patched.object.as_ref())
        });
        let updated = updated.await?;
        let response = self.scale_response(output, scaling, updated.as_ref())?;
        Ok(respond::with_warnings(response, &warnings))
    }

    fn scale_response(
        &self,
        output: respond::Output,
        scaling: Scaling,
        object: &dyn Message,
    ) -> Result<Response, Status> {
        let api_version = group_version(scaling.kind.group, scaling.kind.version);
        let name = TypeName { api_version: &api_version, kind: scaling.kind.kind };
        output.scale(name, scaling.kind, view(scaling, object), StatusCode::OK)
    }
}

/// The object as a scale.
fn view(scaling: Scaling, object: &dyn Message) -> Box<dyn Message> {
    let mut scale = scaling.kind.message.new_message();
    let replicas = |path: &str| path::int_at(object, path);
    let mut status = Map::from_iter([("replicas".to_owned(), value!(replicas(scaling.scale.status_replicas)))]);
    let selector = selector_text(object, scaling.scale.selector);
    if !selector.is_empty() {
        status.insert("selector".to_owned(), Value::String(selector));
    }
    meta::set_json(scale.as_mut(), "status", &Value::Object(status).to_string());
    let spec = value!({ "replicas": replicas(scaling.scale.spec_replicas) });
    meta::set_json(scale.as_mut(), "spec", &spec.to_string());
    if let (Some(to), Some(from)) = (meta::of_mut(scale.as_mut()), meta::of(object)) {
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            meta::copy_field(to, from, field);
        }
    }
    scale
}

/// The object with the replicas and the preconditions of a scale.
fn rescaled(scaling: Scaling, old: &dyn Message, scale: &dyn Message) -> Result<Box<dyn Message>, Status> {
    let replicas = path::int_at(scale, "spec.replicas");
    let (kind, name) = (scaling.kind, meta::get(old, "name"));
    if replicas < 0 {
        let error = Cause::invalid("spec.replicas", replicas, "must be greater than or equal to 0");
        let kind = GroupResource { group: kind.group, resource: kind.kind };
        return Err(Status::invalid(kind, name, vec![error]));
    }
    let mut object = old.clone_message();
    let version = meta::get(scale, "resourceVersion");
    if !version.is_empty() {
        meta::set(object.as_mut(), "resourceVersion", version);
    }
    let (parent, field) = scaling.scale.spec_replicas.rsplit_once('.').unwrap_or(("", scaling.scale.spec_replicas));
    if let Some(parent) = meta::message_at_mut(object.as_mut(), parent) {
        meta::set_number(parent, field, Some(replicas));
    }
    Ok(object)
}

/// A selector as text, whether it is a text, a map, or a label selector.
fn selector_text(object: &dyn Message, path: &str) -> String {
    match path::field_at(object, path) {
        Some(FieldRef::Str(text) | FieldRef::OptStr(Some(text))) => text.to_owned(),
        Some(FieldRef::StrMap(labels)) => LabelSelector::from_labels(labels).to_string(),
        Some(FieldRef::Message(selector) | FieldRef::OptMessage(Some(selector))) => {
            let value = serde_json::from_slice(&json::encode(selector)).unwrap_or_default();
            LabelSelector::from_value(&value).map(|selector| selector.to_string()).unwrap_or_default()
        }
        _ => String::new(),
    }
}
