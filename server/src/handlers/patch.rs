//! PATCH: objects changed by a description of the change.
//!
//! Patches work on the JSON form of the version that the client asked for; what comes out is then an update like any
//! other, done again on the newer object if somebody else wrote in between.

use kubeforge_machinery::message::{set_type_meta, type_meta};
use kubeforge_machinery::patch::{JsonPatch, PatchError, merge_patch, strategic_merge_patch};
use kubeforge_machinery::release::Kind;
use kubeforge_machinery::{Message, json};
use serde_json::Value;

use super::create::check_namespace;
use super::options::FieldValidation;
use super::update::{check_name, replace};
use super::{Api, Target, options, respond};
use crate::errors::{self, FieldError};
use crate::http::{Details, Request, Response, Status, StatusCode};
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
            let mut patched = patch.apply(store.served, &store.api_version, served, options.validation)?;
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
        _ => Err(Status::failure(415, "UnsupportedMediaType", "415: Unsupported Media Type")
            .with_details(Details::default())),
    }
}

fn check_force(request: &Request) -> Result<(), Status> {
    match options::boolean(request.parameter("force"))? {
        None => Ok(()),
        Some(_) => {
            let error = FieldError::forbidden("force", "may not be specified for non-apply patch");
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
            "application/json-patch+json" => JsonPatch::new(value).map(Patch::Json).map_err(of_patch),
            "application/merge-patch+json" => Ok(Patch::Merge(value)),
            _ => Ok(Patch::Strategic(value)),
        }
    }

    /// The object, of the served version, after the patch.
    pub fn apply(
        &self,
        kind: &'static Kind,
        api_version: &str,
        mut object: Box<dyn Message>,
        validation: FieldValidation,
    ) -> Result<Patched, Status> {
        set_type_meta(object.as_mut(), api_version, kind.kind);
        let mut value: Value = serde_json::from_slice(&json::encode(object.as_ref()))
            .map_err(|error| Status::internal(format!("unable to patch the object: {error}")))?;
        match self {
            Patch::Json(patch) => patch.apply(&mut value),
            Patch::Merge(patch) => merge_patch(&mut value, patch.clone()),
            Patch::Strategic(patch) => strategic_merge_patch(&mut value, patch.clone(), kind.message),
        }
        .map_err(of_patch)?;
        if !value.is_object() {
            return Err(unprocessable());
        }
        decode(kind, api_version, &value.to_string(), validation)
    }
}

/// Reads a patched object, which must still be of its kind.
fn decode(
    kind: &'static Kind,
    api_version: &str,
    text: &str,
    validation: FieldValidation,
) -> Result<Patched, Status> {
    let refuse = |why: &str| {
        let error = FieldError::invalid("patch", errors::quote(text), why);
        errors::invalid("", "", "", vec![error])
    };
    let mut object = (kind.message.new)();
    let problems = json::decode_with(text.as_bytes(), object.as_mut(), json::Strictness::Report)
        .map_err(|error| refuse(&error.to_string()))?;
    let (said_version, said_kind) = type_meta(object.as_ref());
    if said_version != api_version || said_kind != kind.kind {
        return Err(refuse(&format!(
            "no kind {} is registered for version {} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
            errors::quote(said_kind),
            errors::quote(said_version)
        )));
    }
    match validation {
        FieldValidation::Strict if !problems.is_empty() => {
            Err(refuse(&format!("strict decoding error: {}", problems.join(", "))))
        }
        FieldValidation::Ignore => Ok(Patched { object, warnings: Vec::new() }),
        _ => Ok(Patched { object, warnings: problems }),
    }
}

/// The answer to a patch that does not fit, which upstream does not explain.
fn unprocessable() -> Status {
    let message = "the server rejected our request due to an error in our request";
    Status::failure(422, "Invalid", message).with_details(Details::default())
}

fn of_patch(error: PatchError) -> Status {
    match error {
        PatchError::BadRequest(text) => Status::bad_request(text),
        PatchError::Unprocessable(_) => unprocessable(),
        PatchError::TooLarge(text) => Status::failure(413, "RequestEntityTooLarge", text),
        PatchError::Internal(text) => Status::internal(text),
    }
}
