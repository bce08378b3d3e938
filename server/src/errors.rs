//! Errors that only this server has, and what becomes of those of its storage.

use kubeforge_machinery::status::{Cause, Status};

use crate::discovery::group_version;
use crate::storage;

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

/// Storage errors that no handler has words of its own for.
pub fn of_storage(error: storage::Error) -> Status {
    match error {
        storage::Error::FutureRevision { requested, current } => future_revision(requested, current),
        storage::Error::Compacted { requested, oldest } => {
            Status::expired(format!("The resourceVersion for the provided list is too old: {requested} ({oldest})"))
        }
        other => Status::internal(other.to_string()),
    }
}

/// A resourceVersion that the store has not reached in time.
fn future_revision(requested: u64, current: u64) -> Status {
    let message = "Too large resource version";
    Status::timeout(format!("{message}: {requested}, current: {current}"), 1).with_cause(Cause {
        reason: "ResourceVersionTooLarge",
        message: message.to_owned(),
        field: String::new(),
    })
}
