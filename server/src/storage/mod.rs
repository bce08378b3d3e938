//! Storage: ordered keys with one global revision, compare-and-swap, and watches that miss nothing.
//!
//! [`Storage`] is the contract, with etcd's semantics written on its methods. [`MemoryStorage`] keeps everything in
//! memory; [`EmbeddedStorage`] adds durability in one local file. Both stand on the same multi-version core
//! (`mvcc`), so they cannot differ in what they answer. [`guaranteed_update`] is the read-modify-write loop on top.

mod embedded;
mod error;
mod memory;
mod mvcc;
mod update;
mod watch;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;

pub use embedded::EmbeddedStorage;
pub use error::{Error, Result};
pub use memory::MemoryStorage;
pub use mvcc::Retention;
pub use update::{Outcome, Update, UpdateError, guaranteed_update};

/// A point in the history of the whole store. An empty store is at 1; every write takes the next number.
pub type Revision = u64;

/// What the methods of [`Storage`] return: boxed, so that engines can be chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What [`Storage::watch`] yields. An error is the last item.
pub type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchItem>> + Send>>;

/// One key as it was at some revision. Cloning shares key and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: Arc<str>,
    pub value: Bytes,
    /// The write that created the key (anew, if it had been deleted before).
    pub create_revision: Revision,
    /// The write that made this value.
    pub mod_revision: Revision,
    /// Number of writes since creation, counting it: 1 for a new key.
    pub version: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Put,
    Delete,
}

/// One write, as watches see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: EventKind,
    /// The key after the write. For a deletion: an empty value, `version` 0, and `mod_revision` of the deletion.
    pub entry: Entry,
    /// The key before the write; absent if the write created it.
    pub previous: Option<Entry>,
}

impl Event {
    /// The revision this write made.
    pub fn revision(&self) -> Revision {
        self.entry.mod_revision
    }

    /// Whether the write created the key.
    pub fn is_create(&self) -> bool {
        self.entry.version == 1
    }
}

/// An item of a [`WatchStream`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchItem {
    Event(Arc<Event>),
    /// Everything up to and including this revision has been delivered.
    Progress(Revision),
}

impl WatchItem {
    pub fn revision(&self) -> Revision {
        match self {
            WatchItem::Event(event) => event.revision(),
            WatchItem::Progress(revision) => *revision,
        }
    }
}

/// What [`Storage::list`] is asked for. The default is everything, now.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListQuery<'a> {
    pub prefix: &'a str,
    /// The first key wanted, for reading on after an earlier page. Empty: from the beginning.
    pub start: &'a str,
    /// The most entries to return; 0: no limit.
    pub limit: usize,
    /// The revision to read at; `None`: the current one.
    pub at: Option<Revision>,
}

/// A consistent piece of the store, in key order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub items: Vec<Entry>,
    /// The revision that was read: pass it as `at` for the following pages, or to [`Storage::watch`].
    pub revision: Revision,
    /// Whether keys follow that the limit left out.
    pub more: bool,
    /// How many.
    pub remaining_count: u64,
}

/// What [`Storage::delete`] removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The revision the deletion made.
    pub revision: Revision,
    /// The last state of the key.
    pub entry: Entry,
}

/// An ordered key-value store with etcd's semantics: one global revision, multi-version reads, compare-and-swap.
///
/// Every successful write makes exactly one revision, and revisions are seen in order and without gaps. Writes are
/// linearizable: one that starts after another was answered gets a higher revision, and reads see what was answered.
/// A `ttl` is the time after which the engine deletes the key; each write of the key replaces it, `None` is for ever.
/// A dropped future may or may not have taken effect, as with any store behind a network.
pub trait Storage: Send + Sync + 'static {
    /// Reads `key` as of revision `at`, or now.
    ///
    /// Errors: [`Error::Compacted`], [`Error::FutureRevision`].
    fn get<'a>(&'a self, key: &'a str, at: Option<Revision>) -> BoxFuture<'a, Option<Entry>>;

    /// Reads the keys that begin with a prefix, all at one revision.
    ///
    /// Errors: [`Error::Compacted`] (also when history is discarded under a long read), [`Error::FutureRevision`].
    fn list<'a>(&'a self, query: ListQuery<'a>) -> BoxFuture<'a, Page>;

    /// Writes a key that must not exist.
    ///
    /// Errors: [`Error::AlreadyExists`].
    fn create<'a>(&'a self, key: &'a str, value: Bytes, ttl: Option<Duration>) -> BoxFuture<'a, Entry>;

    /// Replaces the value of a key whose `mod_revision` is `expected`.
    ///
    /// Errors: [`Error::NotFound`], [`Error::Conflict`] with the state that was found.
    fn update<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        expected: Revision,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Entry>;

    /// Deletes a key whose `mod_revision` is `expected`.
    ///
    /// Errors: [`Error::NotFound`], [`Error::Conflict`] with the state that was found.
    fn delete<'a>(&'a self, key: &'a str, expected: Revision) -> BoxFuture<'a, Deleted>;

    /// Follows the writes to keys that begin with `prefix`, from the one after revision `after` on (which may lie in
    /// the future): first what history holds, then live, in revision order, nothing lost and nothing twice.
    ///
    /// [`WatchItem::Progress`] comes once the watch has caught up, and whenever [`Storage::request_progress`] asks.
    /// A consumer that is slower than the writers is never waited for: it reads on from history, and when history no
    /// longer reaches back far enough, the stream ends with [`Error::Compacted`].
    ///
    /// Errors: [`Error::Compacted`], at once or as the last item; [`Error::Closed`].
    fn watch<'a>(&'a self, prefix: &'a str, after: Revision) -> BoxFuture<'a, WatchStream>;

    /// Asks the watches whose prefix begins with `prefix` for a [`WatchItem::Progress`] at the current revision or
    /// later. Engines may tell more watches than asked.
    fn request_progress<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, ()>;

    /// The revision of the last write.
    fn current_revision(&self) -> BoxFuture<'_, Revision>;

    /// Waits until the store has reached `revision`; answers with the current one.
    ///
    /// Errors: [`Error::FutureRevision`] if that took longer than `timeout`.
    fn wait_for_revision(&self, revision: Revision, timeout: Duration) -> BoxFuture<'_, Revision>;

    /// Forgets the history before `revision`: reads at it and watches from it still work, older ones do not.
    ///
    /// Errors: [`Error::Compacted`] if that was done already, [`Error::FutureRevision`].
    fn compact(&self, revision: Revision) -> BoxFuture<'_, ()>;

    /// Finishes the writes under way and ends every watch. Later writes and watches answer [`Error::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}
