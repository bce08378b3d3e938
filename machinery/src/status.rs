//! Answers that are no object: why a request failed, or that a deletion succeeded (meta/v1 `Status`).
//!
//! Messages are upstream's, for clients match on them.

use std::collections::BTreeSet;
use std::fmt;

use crate::json::JsonWriter;
use crate::patch::PatchError;
use crate::types::go;

/// A `Status` object.
#[derive(Clone, Debug, Default, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    pub success: bool,
    pub message: String,
    /// One word for machines, such as `NotFound`; empty for errors that nobody foresaw.
    pub reason: &'static str,
    /// Upstream tells empty details from none: `"details":{}` stands for the former.
    pub details: Option<Box<Details>>,
    /// HTTP status; 0 is left out.
    pub code: u16,
}

/// What the answer is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    pub name: String,
    pub group: String,
    /// The resource, or the kind if the object is invalid.
    pub kind: String,
    pub uid: String,
    pub causes: Vec<Cause>,
    /// 0 is left out.
    pub retry_after_seconds: i32,
}

/// One of several problems.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cause {
    /// Such as `FieldValueRequired`.
    pub reason: &'static str,
    pub message: String,
    /// Path of the field, such as `spec.containers[0].name`.
    pub field: String,
}

/// A resource or a kind with its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupResource<'a> {
    /// Empty for the core group.
    pub group: &'a str,
    /// Such as `deployments`, or `Deployment` where a kind is asked for.
    pub resource: &'a str,
}

/// What a conflict says when somebody else changed the object in the meantime.
pub const OBJECT_MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

impl fmt::Display for GroupResource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

/// Failures that concern an object.
impl Status {
    pub fn not_found(resource: GroupResource<'_>, name: &str) -> Status {
        let message = format!("{resource} {} not found", go::quote(name));
        Status::failure(404, "NotFound", message).about(resource, name)
    }

    pub fn already_exists(resource: GroupResource<'_>, name: &str) -> Status {
        let message = format!("{resource} {} already exists", go::quote(name));
        Status::failure(409, "AlreadyExists", message).about(resource, name)
    }

    /// `why` is [`OBJECT_MODIFIED`] in most cases.
    pub fn conflict(resource: GroupResource<'_>, name: &str, why: impl fmt::Display) -> Status {
        let message = format!("Operation cannot be fulfilled on {resource} {}: {why}", go::quote(name));
        Status::failure(409, "Conflict", message).about(resource, name)
    }

    /// Without a name it is about all objects, without a resource about a path.
    pub fn forbidden(resource: GroupResource<'_>, name: &str, why: impl fmt::Display) -> Status {
        let message = if resource == GroupResource::default() {
            format!("forbidden: {why}")
        } else if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {} is forbidden: {why}", go::quote(name))
        };
        Status::failure(403, "Forbidden", message).about(resource, name)
    }

    /// The object breaks rules of its kind. In the message, equal causes appear once.
    pub fn invalid(kind: GroupResource<'_>, name: &str, causes: Vec<Cause>) -> Status {
        let mut seen = BTreeSet::new();
        let mut problems: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        problems.retain(|problem| seen.insert(problem.clone()));
        let problems = match &problems[..] {
            [] => String::new(),
            [problem] => format!(": {problem}"),
            _ => format!(": [{}]", problems.join(", ")),
        };
        let message = format!("{kind} {} is invalid{problems}", go::quote(name));
        causes.into_iter().fold(Status::failure(422, "Invalid", message).about(kind, name), Status::with_cause)
    }
}

/// Failures that concern a request.
impl Status {
    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::failure(400, "BadRequest", message)
    }

    pub fn unauthorized() -> Status {
        Status::failure(401, "Unauthorized", "Unauthorized")
    }

    /// `what` follows `Request entity too large: `.
    pub fn too_large(what: impl fmt::Display) -> Status {
        Status::failure(413, "RequestEntityTooLarge", format!("Request entity too large: {what}"))
    }

    /// No version of the object is of a media type that the client takes.
    pub fn not_acceptable(accepted: &[&str]) -> Status {
        let message = format!("only the following media types are accepted: {}", accepted.join(", "));
        Status::failure(406, "NotAcceptable", message)
    }

    /// The body is of a media type that is not read here.
    pub fn unsupported_media_type(accepted: &[&str]) -> Status {
        let accepted = accepted.join(", ");
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Status::failure(415, "UnsupportedMediaType", message)
    }

    /// The version asked for is gone from the history; the client should list again.
    pub fn expired(message: impl Into<String>) -> Status {
        Status::failure(410, "Expired", message)
    }

    /// The time given is over; the operation may go on.
    pub fn timeout(message: impl fmt::Display, retry_after_seconds: i32) -> Status {
        Status::failure(504, "Timeout", format!("Timeout: {message}")).retry_after(retry_after_seconds)
    }

    /// Something went wrong inside; upstream tells neither reason nor details.
    pub fn internal(message: impl Into<String>) -> Status {
        Status::failure(500, "", message)
    }

    /// A group version, resource or subresource that does not exist.
    pub fn no_such_resource() -> Status {
        Status::routing(404, "NotFound", "the server could not find the requested resource")
    }

    pub fn method_not_allowed() -> Status {
        Status::routing(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    /// The client takes no media type that exists at all; `available` are those that do.
    pub fn no_representation(available: &[&str]) -> Status {
        let available = available.join(", ");
        let message = format!("406: Not Acceptable\n\nAvailable representations: {available}");
        Status::routing(406, "NotAcceptable", message)
    }

    /// The body is no patch of a type that there is.
    pub fn unsupported_patch_type() -> Status {
        Status::routing(415, "UnsupportedMediaType", "415: Unsupported Media Type")
    }

    /// A patch that does not fit the object, which upstream does not explain.
    pub fn unprocessable() -> Status {
        Status::routing(422, "Invalid", "the server rejected our request due to an error in our request")
    }

    /// Routing knows no details and says so.
    fn routing(code: u16, reason: &'static str, message: impl Into<String>) -> Status {
        Status::failure(code, reason, message).with_details(Details::default())
    }
}

impl Status {
    /// An object is deleted.
    pub fn deleted(resource: GroupResource<'_>, name: &str, uid: &str) -> Status {
        let mut status = Status { success: true, ..Status::default() }.about(resource, name);
        if let Some(details) = &mut status.details {
            uid.clone_into(&mut details.uid);
        }
        status
    }

    /// A failure without details.
    pub fn failure(code: u16, reason: &'static str, message: impl Into<String>) -> Status {
        Status { success: false, message: message.into(), reason, details: None, code }
    }

    pub fn with_details(mut self, details: Details) -> Status {
        self.details = Some(Box::new(details));
        self
    }

    /// Adds a cause to the details.
    pub fn with_cause(mut self, cause: Cause) -> Status {
        self.details.get_or_insert_default().causes.push(cause);
        self
    }

    /// Tells clients when to try again.
    pub fn retry_after(mut self, seconds: i32) -> Status {
        self.details.get_or_insert_default().retry_after_seconds = seconds;
        self
    }

    fn about(self, resource: GroupResource<'_>, name: &str) -> Status {
        let (group, kind) = (resource.group.to_owned(), resource.resource.to_owned());
        self.with_details(Details { name: name.to_owned(), group, kind, ..Details::default() })
    }

    /// Compact JSON with the members in upstream's order.
    pub fn to_json(&self) -> String {
        let mut w = JsonWriter::with_capacity(256);
        w.raw(r#"{"kind":"Status","apiVersion":"v1","metadata":{}"#);
        w.str(",\"status\":", if self.success { "Success" } else { "Failure" });
        text(&mut w, ",\"message\":", &self.message);
        text(&mut w, ",\"reason\":", self.reason);
        if let Some(details) = &self.details {
            w.raw(",\"details\":");
            details.write(&mut w);
        }
        if self.code != 0 {
            w.i32(",\"code\":", self.code.into());
        }
        w.raw("}");
        String::from_utf8(w.into_bytes()).unwrap_or_default()
    }
}

impl Details {
    fn write(&self, w: &mut JsonWriter) {
        let start = w.begin_object();
        text(w, ",\"name\":", &self.name);
        text(w, ",\"group\":", &self.group);
        text(w, ",\"kind\":", &self.kind);
        text(w, ",\"uid\":", &self.uid);
        if !self.causes.is_empty() {
            w.raw(",\"causes\":");
            let list = w.begin_array();
            for cause in &self.causes {
                w.raw(",");
                let start = w.begin_object();
                text(w, ",\"reason\":", cause.reason);
                text(w, ",\"message\":", &cause.message);
                text(w, ",\"field\":", &cause.field);
                w.end_object(start);
            }
            w.end_array(list);
        }
        if self.retry_after_seconds != 0 {
            w.i32(",\"retryAfterSeconds\":", self.retry_after_seconds);
        }
        w.end_object(start);
    }
}

fn text(w: &mut JsonWriter, key: &str, value: &str) {
    if !value.is_empty() {
        w.str(key, value);
    }
}

/// Problems with a field. `value` is the value as Go prints it: texts quoted ([`go::quote`]).
impl Cause {
    pub fn required(field: impl Into<String>, detail: &str) -> Cause {
        Cause::new("FieldValueRequired", field, "Required value", detail)
    }

    pub fn invalid(field: impl Into<String>, value: impl fmt::Display, detail: &str) -> Cause {
        Cause::new("FieldValueInvalid", field, format!("Invalid value: {value}"), detail)
    }

    /// `supported` is shown in the order given.
    pub fn not_supported(field: impl Into<String>, value: impl fmt::Display, supported: &[&str]) -> Cause {
        let supported: Vec<_> = supported.iter().map(|value| go::quote(value)).collect();
        let detail =
            if supported.is_empty() { String::new() } else { format!("supported values: {}", supported.join(", ")) };
        Cause::new("FieldValueNotSupported", field, format!("Unsupported value: {value}"), &detail)
    }

    pub fn forbidden(field: impl Into<String>, detail: &str) -> Cause {
        Cause::new("FieldValueForbidden", field, "Forbidden", detail)
    }

    pub fn too_long(field: impl Into<String>, max: usize) -> Cause {
        Cause::new("FieldValueTooLong", field, "Too long", &format!("must have at most {max} bytes"))
    }

    fn new(reason: &'static str, field: impl Into<String>, message: impl Into<String>, detail: &str) -> Cause {
        let mut message = message.into();
        if !detail.is_empty() {
            message.push_str(": ");
            message.push_str(detail);
        }
        Cause { reason, message, field: field.into() }
    }
}

impl From<PatchError> for Status {
    fn from(error: PatchError) -> Status {
        match error {
            PatchError::BadRequest(text) => Status::bad_request(text),
            PatchError::Unprocessable(_) => Status::unprocessable(),
            PatchError::TooLarge(text) => Status::too_large(text),
            PatchError::Internal(text) => Status::internal(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: GroupResource<'_> = GroupResource { group: "", resource: "pods" };
    const DEPLOYMENTS: GroupResource<'_> = GroupResource { group: "apps", resource: "deployments" };

    #[test]
    fn members_stand_in_upstreams_order() {
        for (status, expected) in [
            (
                Status::not_found(DEPLOYMENTS, "a"),
                r#""status":"Failure","message":"deployments.apps \"a\" not found","reason":"NotFound","details":{"name":"a","group":"apps","kind":"deployments"},"code":404"#,
            ),
            (Status::bad_request("no"), r#""status":"Failure","message":"no","reason":"BadRequest","code":400"#),
            (Status::internal("no"), r#""status":"Failure","message":"no","code":500"#),
            (
                Status::no_such_resource(),
                r#""status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404"#,
            ),
            (
                Status::bad_request("<x> & \u{2028}"),
                r#""status":"Failure","message":"\u003cx\u003e \u0026 \u2028","reason":"BadRequest","code":400"#,
            ),
            (
                Status::timeout("Too large resource version: 9, current: 7", 1),
                r#""status":"Failure","message":"Timeout: Too large resource version: 9, current: 7","reason":"Timeout","details":{"retryAfterSeconds":1},"code":504"#,
            ),
            (Status::deleted(PODS, "a", "u"), r#""status":"Success","details":{"name":"a","kind":"pods","uid":"u"}"#),
        ] {
            let expected = format!(r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},{expected}}}"#);
            assert_eq!(status.to_json(), expected);
        }
    }

    #[test]
    fn invalid_objects_list_their_problems() {
        let kind = GroupResource { group: "apps", resource: "Deployment" };
        let none = Status::invalid(kind, "d", vec![]);
        assert_eq!(none.message, "Deployment.apps \"d\" is invalid");
        let name = || Cause::required("spec.template.spec.containers[2].name", "");
        let one = Status::invalid(kind, "d", vec![name(), name()]);
        assert_eq!(
            one.message,
            "Deployment.apps \"d\" is invalid: spec.template.spec.containers[2].name: Required value"
        );
        assert_eq!(one.details.unwrap().causes.len(), 2);
        let policy = Cause::not_supported("spec.policy", go::quote("x"), &["A", "B"]);
        let two = Status::invalid(kind, "d", vec![name(), policy]);
        assert_eq!(
            two.message,
            "Deployment.apps \"d\" is invalid: [spec.template.spec.containers[2].name: Required value, spec.policy: Unsupported value: \"x\": supported values: \"A\", \"B\"]"
        );
    }

    #[test]
    fn forbidden_names_what_it_knows() {
        let nothing = GroupResource::default();
        assert_eq!(Status::forbidden(nothing, "", "why").message, "forbidden: why");
        assert_eq!(Status::forbidden(PODS, "", "why").message, "pods is forbidden: why");
        assert_eq!(Status::forbidden(DEPLOYMENTS, "d", "why").message, "deployments.apps \"d\" is forbidden: why");
    }
}
