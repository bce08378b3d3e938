//! What can go wrong in a store.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Entry, Revision};

/// The result of a storage operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a storage operation failed. Nothing was written, except possibly with [`Error::Failed`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("key {key:?} already exists")]
    AlreadyExists { key: Arc<str> },

    #[error("key {key:?} not found")]
    NotFound { key: Arc<str> },

    /// The key was written by somebody else; `current` is what it holds now.
    #[error("key {:?} was changed: it is at revision {}, expected {expected}", .current.key, .current.mod_revision)]
    Conflict { expected: Revision, current: Box<Entry> },

    /// The history asked for is gone; `oldest` is the first revision that can still be read or watched from.
    #[error("revision {requested} has been compacted: the oldest one kept is {oldest}; read the current state anew")]
    Compacted { requested: Revision, oldest: Revision },

    #[error("revision {requested} has not happened yet: the store is at {current}")]
    FutureRevision { requested: Revision, current: Revision },

    #[error("the store is closed")]
    Closed,

    #[error("{} is in use by another process; stop it, or choose another file", .path.display())]
    Locked { path: PathBuf },

    /// The file was written by another version of this program.
    #[error(
        "{} has storage format {found}, and this version reads format {supported}; \
         open it with the version that wrote it, or choose another file", .path.display()
    )]
    Format { path: PathBuf, found: u64, supported: u64 },

    /// The file cannot be opened or read.
    #[error("cannot open {}: {source}", .path.display())]
    Open { path: PathBuf, source: Arc<redb::Error> },

    /// The disk failed. The write may or may not survive a restart, so the engine takes no more writes until then.
    #[error("cannot write to {}: {source}; no more writes are accepted until a restart", .path.display())]
    Failed { path: PathBuf, source: Arc<redb::Error> },
}
