//! `Status`: what upstream answers instead of an object.

use hyper::StatusCode;
use serde::Serialize;

use super::{RequestInfo, Response};
use crate::authn::UserInfo;

/// A `meta/v1` Status. Its JSON has upstream's key order and leaves empty members out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    kind: &'static str,
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    metadata: Metadata,
    /// `Success` or `Failure`.
    pub status: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Such as `NotFound`; empty for internal errors.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// `Some` of an empty value is written as `{}`, as upstream does for routing errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// HTTP status; 0 is left out and answered as 200.
    #[serde(skip_serializing_if = "is_zero")]
    pub code: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Metadata {}

/// What a Status is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The resource for 403, 404 and 409, the kind for 422.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    #[serde(skip_serializing_if = "is_zero")]
    pub retry_after_seconds: i32,
}

/// One of several reasons for a Status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Such as `FieldValueInvalid`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Path of the field, with dots.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

impl Status {
    /// A failure without details. `code` is an HTTP status of 400 and more.
    pub fn failure(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self {
            kind: "Status",
            api_version: "v1",
            metadata: Metadata {},
            status: "Failure",
            message: message.into(),
            reason: reason.to_owned(),
            details: None,
            code: code.into(),
        }
    }

    /// A success, without a code as upstream's deletes answer it.
    pub fn success(details: Details) -> Self {
        let failure = Self::failure(0, "", "");
        Self { status: "Success", details: Some(details), ..failure }
    }

    pub fn with_details(self, details: Details) -> Self {
        Self { details: Some(details), ..self }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::failure(400, "BadRequest", message)
    }

    /// Authentication failed.
    pub fn unauthorized() -> Self {
        Self::failure(401, "Unauthorized", "Unauthorized")
    }

    /// A group version, resource or subresource that does not exist.
    pub fn no_such_resource() -> Self {
        Self::failure(404, "NotFound", "the server could not find the requested resource")
            .with_details(Details::default())
    }

    pub fn method_not_allowed() -> Self {
        Self::failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
            .with_details(Details::default())
    }

    /// An internal error; upstream's have neither reason nor details.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::failure(500, "", message)
    }

    /// Took longer than requests may.
    pub fn timeout() -> Self {
        Self::failure(504, "Timeout", "Timeout: request did not complete within the allotted timeout")
            .with_details(Details::default())
    }

    /// The user may not do what the request asks for.
    pub fn forbidden(user: &UserInfo, path: &str, info: &RequestInfo) -> Self {
        let user = &user.name;
        let RequestInfo { verb, group, namespace, resource, subresource, name, .. } = info;
        if !info.is_resource {
            let message = format!("forbidden: User {user:?} cannot {verb} path {path:?}");
            return Self::failure(403, "Forbidden", message).with_details(Details::default());
        }
        let full = if subresource.is_empty() { resource.clone() } else { format!("{resource}/{subresource}") };
        let place = match namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let qualified = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
        let object = if name.is_empty() { qualified } else { format!("{qualified} {name:?}") };
        let message = format!(
            "{object} is forbidden: User {user:?} cannot {verb} resource {full:?} in API group {group:?} {place}"
        );
        let (name, group, kind) = (name.clone(), group.clone(), resource.clone());
        Self::failure(403, "Forbidden", message).with_details(Details { name, group, kind, ..Details::default() })
    }

    /// Code to answer with.
    pub fn http_code(&self) -> StatusCode {
        u16::try_from(self.code).ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK)
    }

    /// As Go writes it: `<`, `>` and `&` escaped, a newline at the end.
    pub fn to_json(&self) -> String {
        // Outside of strings JSON has none of the escaped characters. Plain structs of strings always serialize.
        let text = serde_json::to_string(self).unwrap_or_default();
        let mut json = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            match c {
                '<' => json.push_str("\\u003c"),
                '>' => json.push_str("\\u003e"),
                '&' => json.push_str("\\u0026"),
                '\u{2028}' => json.push_str("\\u2028"),
                '\u{2029}' => json.push_str("\\u2029"),
                c => json.push(c),
            }
        }
        json.push('\n');
        json
    }

    pub fn to_json_response(&self) -> Response {
        Response::full(self.http_code(), "application/json", self.to_json())
    }
}

fn is_zero(value: &i32) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::*;

    #[test]
    fn json_has_upstreams_order_and_escapes() {
        let status = Status::bad_request("unable to parse <nil> & \"x\"");
        let json = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","#.to_owned()
            + r#""message":"unable to parse \u003cnil\u003e \u0026 \"x\"","reason":"BadRequest","code":400}"#
            + "\n";
        assert_eq!(status.to_json(), json);
        assert!(Status::no_such_resource().to_json().contains(r#""reason":"NotFound","details":{},"code":404"#));
        assert!(!Status::internal("x").to_json().contains("reason"));
    }

    #[test]
    fn forbidden_names_user_verb_and_place() {
        let user = UserInfo::anonymous();
        let told = |path: &str| {
            let info = RequestInfo::new(&Method::GET, path, &[]);
            Status::forbidden(&user, path, &info).message
        };
        assert_eq!(
            told("/api/v1/namespaces/ns/configmaps"),
            r#"configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "ns""#
        );
        assert_eq!(
            told("/apis/storage.k8s.io/v1/csinodes/n/status"),
            r#"csinodes.storage.k8s.io "n" is forbidden: User "system:anonymous" cannot get resource "csinodes/status" in API group "storage.k8s.io" at the cluster scope"#
        );
        assert_eq!(told("/api"), r#"forbidden: User "system:anonymous" cannot get path "/api""#);
    }
}
