//! The errors of the API, in the words that clients match on.

use std::fmt::Display;

use crate::discovery::group_version;
use crate::http::{Cause, Details, Status};
use crate::storage;

/// What is wrong with one field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Path with dots, such as `metadata.name`.
    pub field: String,
    /// Such as `FieldValueRequired`.
    pub reason: &'static str,
    /// Such as `Required value: name or generateName is required`.
    pub message: String,
}

impl FieldError {
    pub fn required(field: &str, detail: &str) -> Self {
        Self::new(field, "FieldValueRequired", format!("Required value{}", suffix(detail)))
    }

    /// `value` is shown as it is given, so texts come quoted.
    pub fn invalid(field: &str, value: impl Display, detail: &str) -> Self {
        Self::new(field, "FieldValueInvalid", format!("Invalid value: {value}{}", suffix(detail)))
    }

    pub fn forbidden(field: &str, detail: &str) -> Self {
        Self::new(field, "FieldValueForbidden", format!("Forbidden{}", suffix(detail)))
    }

    /// A value outside of a fixed set; `value` is shown as it is given.
    pub fn unsupported(field: &str, value: impl Display, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|s| quote(s)).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", supported.join(", "));
        Self::new(field, "FieldValueNotSupported", message)
    }

    fn new(field: &str, reason: &'static str, message: String) -> Self {
        Self { field: field.to_owned(), reason, message }
    }
}

fn suffix(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

/// A text as Go's `%q` writes it.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() && (c as u32) < 0x100 => quoted.push_str(&format!("\\x{:02x}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// `deployments.apps`, or `pods` in the core group.
pub fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

fn details(group: &str, kind: &str, name: &str) -> Details {
    Details { name: name.to_owned(), group: group.to_owned(), kind: kind.to_owned(), ..Details::default() }
}

pub fn not_found(group: &str, resource: &str, name: &str) -> Status {
    let message = format!("{} {} not found", qualified(resource, group), quote(name));
    Status::failure(404, "NotFound", message).with_details(details(group, resource, name))
}

pub fn already_exists(group: &str, resource: &str, name: &str) -> Status {
    let message = format!("{} {} already exists", qualified(resource, group), quote(name));
    Status::failure(409, "AlreadyExists", message).with_details(details(group, resource, name))
}

/// `kind` is the resource, or the kind where upstream says so.
pub fn conflict(group: &str, kind: &str, name: &str, why: &str) -> Status {
    let message = format!("Operation cannot be fulfilled on {} {}: {why}", qualified(kind, group), quote(name));
    Status::failure(409, "Conflict", message).with_details(details(group, kind, name))
}

/// The object changed since the client read it.
pub fn modified(group: &str, resource: &str, name: &str) -> Status {
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    conflict(group, resource, name, why)
}

pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Status {
    let message = format!("{} {} is forbidden: {why}", qualified(resource, group), quote(name));
    Status::failure(403, "Forbidden", message).with_details(details(group, resource, name))
}

/// 422 with one cause per error; the message names each text once.
pub fn invalid(group: &str, kind: &str, name: &str, errors: Vec<FieldError>) -> Status {
    let mut texts: Vec<String> = Vec::new();
    for error in &errors {
        let text = format!("{}: {}", error.field, error.message);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let all = if let [one] = &texts[..] { one.clone() } else { format!("[{}]", texts.join(", ")) };
    let message = format!("{} {} is invalid: {all}", qualified(kind, group), quote(name));
    let causes = errors.into_iter().map(|error| Cause {
        reason: error.reason.to_owned(),
        message: error.message,
        field: error.field,
    });
    let details = Details { causes: causes.collect(), ..details(group, kind, name) };
    Status::failure(422, "Invalid", message).with_details(details)
}

/// What this server does not do.
pub fn not_implemented(message: impl Into<String>) -> Status {
    Status::failure(501, "NotImplemented", message)
}

/// An object that cannot be carried over to another version of its kind.
pub fn no_conversion(kind: &str, from: (&str, &str), to: (&str, &str), why: &str) -> Status {
    not_implemented(format!(
        "{kind} cannot be converted from {} to {}: {why}",
        group_version(from.0, from.1),
        group_version(to.0, to.1)
    ))
}

/// History before the asked revision is gone.
pub fn expired(message: impl Into<String>) -> Status {
    Status::failure(410, "Expired", message)
}

/// A resourceVersion that the store has not reached in time.
pub fn future_revision(requested: u64, current: u64) -> Status {
    let message = format!("Too large resource version: {requested}, current: {current}");
    let cause = Cause {
        reason: "ResourceVersionTooLarge".into(),
        message: "Too large resource version".into(),
        field: String::new(),
    };
    let details = Details { causes: vec![cause], retry_after_seconds: 1, ..Details::default() };
    Status::failure(504, "Timeout", format!("Timeout: {message}")).with_details(details)
}

/// Storage errors that no handler has words of its own for.
pub fn of_storage(error: storage::Error) -> Status {
    match error {
        storage::Error::FutureRevision { requested, current } => future_revision(requested, current),
        storage::Error::Compacted { requested, oldest } => {
            expired(format!("The resourceVersion for the provided list is too old: {requested} ({oldest})"))
        }
        other => Status::internal(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_upstreams() {
        assert_eq!(not_found("apps", "deployments", "d").message, "deployments.apps \"d\" not found");
        assert_eq!(already_exists("", "configmaps", "a").message, "configmaps \"a\" already exists");
        let error = FieldError::required("metadata.name", "name or generateName is required");
        let status = invalid("", "ConfigMap", "", vec![error.clone(), error]);
        assert_eq!(
            status.message,
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required"
        );
        assert_eq!(status.details.unwrap().causes.len(), 2);
    }

    #[test]
    fn quotes_are_gos() {
        assert_eq!(quote("a\"b\\\n\u{1}ä"), "\"a\\\"b\\\\\\n\\x01ä\"");
    }
}
