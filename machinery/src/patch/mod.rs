//! The three forms in which a PATCH request says what to change. All work on JSON values.

mod json_patch;
mod merge;
mod strategic;

pub use json_patch::{JsonPatch, MAX_COPIED_BYTES, MAX_OPERATIONS};
pub use merge::merge_patch;
pub use strategic::strategic_merge_patch;

/// Why a patch cannot be applied, by the answer that upstream gives.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PatchError {
    /// Not a patch at all: 400 with this text.
    #[error("{0}")]
    BadRequest(String),
    /// Does not fit the object: 422 with a text of its own, which does not tell this one.
    #[error("{0}")]
    Unprocessable(String),
    /// More operations than are taken: 413 with this text behind the usual beginning.
    #[error("{0}")]
    TooLarge(String),
    /// What upstream does not foresee: 500 with this text and no reason.
    #[error("{0}")]
    Internal(String),
}
