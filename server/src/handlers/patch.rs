//! PATCH: objects changed by a description of the change.
//!
//! Patches work on the JSON form of the version that the client asked for; what comes out is then an update like any
//! other, done again on the newer object if somebody else wrote in between.

use std::collections::BTreeMap;

use kubeforge_machinery::message::{set_type_meta, type_meta};
use kubeforge_machinery::patch::{JsonPatch, merge_patch, strategic_merge_patch};
use kubeforge_machinery::release::{Kind, Release};
use kubeforge_machinery::status::{Cause, GroupResource};
use kubeforge_machinery::types::go;
use kubeforge_machinery::{Message, json};
use serde_json::Value;
use serde_json::value::RawValue;

use super::create::check_namespace;
use super::options::FieldValidation;
use super::update::{check_name, replace};
use super::{Api, Target, body, options, respond};
use crate::http::{Request, Response, Status, StatusCode};
use crate::negotiate;
use crate::registry::defaults;
use crate::registry::strategy::Part;

/// A patch of one of the types that are understood.
pub(super) enum Patch {
    Json(JsonPatch),
    Merge(Value),
    Strategic(Value),
}

/// What a patch made of an object.
pub(super) struct Patched {
    pub object: Box<dyn Message>,
    pub warnings: Vec<String>,
}

impl Api {
    pub(super) async fn patch(&self, target: &Target<'_>, part: Part, request: Request) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let patch_type = patch_type(&request)?;
        let options = options::write(&request, "PatchOptions")?;
        check_force(&request)?;
        let bytes = request.body.read(crate::http::MAX_BODY).await?;
        let patch = Patch::parse(&patch_type, &bytes)?;
        let store = target.store;

        let mut warnings = Vec::new();
        let updated = replace(target, part, options.dry_run, |old| {
            let served = store.read(old.clone_message())?;
            let mut patched =
                patch.apply(self.registry.release, store.served, &store.api_version, served, options.validation)?;
            check_name(target, patched.object.as_ref())?;
            check_namespace(target, patched.object.as_ref())?;
            defaults::apply(patched.object.as_mut(), store.resource.defaults);
            warnings = patched.warnings;
            store.write(patched.object)
        });
        let updated = updated.await?;
        let response = output.object(store, store.read(updated)?, StatusCode::OK)?;
        Ok(respond::with_warnings(response, &warnings))
    }
}

/// The patch type of a request; 415 if it is none that is understood.
pub(super) fn patch_type(request: &Request) -> Result<String, Status> {
    let essence = request.header("content-type").map(negotiate::media_essence).unwrap_or_default();
    match essence.as_str() {
        "application/json-patch+json" | "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
            Ok(essence)
        }
        "application/apply-patch+yaml" => Err(Status::failure(
            415,
            "UnsupportedMediaType",
            "server-side apply (application/apply-patch+yaml) is not supported by this server - use one of \
             application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json",
        )),
        _ => Err(Status::unsupported_patch_type()),
    }
}

fn check_force(request: &Request) -> Result<(), Status> {
    match options::boolean(request.parameter("force"))? {
        None => Ok(()),
        Some(_) => {
            let error = Cause::forbidden("force", "may not be specified for non-apply patch");
            Err(options::invalid("PatchOptions", vec![error]))
        }
    }
}

impl Patch {
    /// Reads the body of a request; 400 if it is no patch.
    pub fn parse(patch_type: &str, body: &[u8]) -> Result<Patch, Status> {
        let strategic = patch_type == "application/strategic-merge-patch+json";
        let bad = |why: &str| {
            Status::bad_request(if strategic { why.to_owned() } else { format!("error decoding patch: {why}") })
        };
        let text = String::from_utf8_lossy(body);
        let mut parser = json::JsonParser::new(&text);
        parser.skip().and_then(|()| parser.end()).map_err(|error| bad(&error.to_string()))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| bad(&error.to_string()))?;
        match patch_type {
            "application/json-patch+json" => Ok(Patch::Json(JsonPatch::new(value)?)),
            "application/merge-patch+json" => Ok(Patch::Merge(value)),
            _ => Ok(Patch::Strategic(value)),
        }
    }

    /// The object, of the served version, after the patch.
    pub fn apply(
        &self,
        release: &Release,
        kind: &'static Kind,
        api_version: &str,
        mut object: Box<dyn Message>,
        validation: FieldValidation,
    ) -> Result<Patched, Status> {
        set_type_meta(object.as_mut(), api_version, kind.kind);
        let original = json::encode(object.as_ref());
        let mut value: Value = serde_json::from_slice(&original)
            .map_err(|error| Status::internal(format!("unable to patch the object: {error}")))?;
        match self {
            Patch::Json(patch) => patch.apply(&mut value),
            Patch::Merge(patch) => merge_patch(&mut value, patch.clone()),
            Patch::Strategic(patch) => strategic_merge_patch(&mut value, patch.clone(), kind.message),
        }?;
        if value.get("kind").is_none() && value.get("apiVersion").is_none() {
            return Err(Status::unprocessable());
        }
        let shown = || match self {
            Patch::Strategic(patch) => go::value(patch),
            _ => as_patched(&value, serde_json::from_slice(&original).ok()),
        };
        decode(release, kind, api_version, &value.to_string(), shown, validation)
    }
}

/// The text of a patched object as upstream's library leaves it: what the patch did not touch stays as it was, the
/// members of what it did come in order.
fn as_patched(value: &Value, original: Option<&RawValue>) -> String {
    if let Some(original) = original
        && serde_json::from_str::<Value>(original.get()).is_ok_and(|before| before == *value)
    {
        return original.get().to_owned();
    }
    let Value::Object(members) = value else { return value.to_string() };
    let before: BTreeMap<String, &RawValue> =
        original.and_then(|text| serde_json::from_str(text.get()).ok()).unwrap_or_default();
    let members = members.iter().map(|(name, member)| {
        format!("{}:{}", Value::from(name.as_str()), as_patched(member, before.get(name).copied()))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// Reads a patched object, which must still be of its kind. `shown` is what errors show of it.
fn decode(
    release: &Release,
    kind: &'static Kind,
    api_version: &str,
    text: &str,
    shown: impl Fn() -> String,
    validation: FieldValidation,
) -> Result<Patched, Status> {
    let refuse = |why: &str| {
        let error = Cause::invalid("patch", go::quote(&shown()), why);
        Status::invalid(GroupResource::default(), "", vec![error])
    };
    let mut object = kind.message.new_message();
    let problems = json::decode_with(text.as_bytes(), object.as_mut(), json::Strictness::Report)
        .map_err(|error| refuse(&error.to_string()))?;
    let (said_version, said_kind) = type_meta(object.as_ref());
    if said_version != api_version || said_kind != kind.kind {
        let why = body::why_not(release, kind, said_version, said_kind);
        return Err(refuse(&why.unwrap_or_else(|| format!("the object is of {said_version}, not of {api_version}"))));
    }
    match validation {
        FieldValidation::Strict if !problems.is_empty() => {
            Err(refuse(&format!("strict decoding error: {}", problems.join(", "))))
        }
        FieldValidation::Ignore => Ok(Patched { object, warnings: Vec::new() }),
        _ => Ok(Patched { object, warnings: problems }),
    }
}
