//! The engine that keeps everything in memory: for tests, and for servers that may forget.

use std::future::ready;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use bytes::Bytes;

use super::mvcc::{Core, Op, Retention, now};
use super::watch::watch;
use super::{BoxFuture, Deleted, Entry, Event, ListQuery, Page, Result, Revision, Storage, WatchStream};

/// A store without a disk. Writes take effect at once, on the calling thread.
pub struct MemoryStorage {
    core: Arc<Core>,
    /// Wakes the thread that deletes expired keys, which runs from the first key with a time to live on.
    expiry: OnceLock<Sender<()>>,
}

impl MemoryStorage {
    pub fn new() -> Self {
        Self::with_retention(Retention::default())
    }

    pub fn with_retention(retention: Retention) -> Self {
        MemoryStorage { core: Arc::new(Core::new(retention)), expiry: OnceLock::new() }
    }

    fn put(&self, op: Op, ttl: Option<Duration>) -> Result<Entry> {
        let event = self.core.execute(op)?;
        if ttl.is_some() {
            // The thread ends only after this sender, so there is always somebody to wake.
            let _ = self.expiry.get_or_init(|| start_expiry(self.core.clone())).send(());
        }
        Ok(event.entry.clone())
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

fn start_expiry(core: Arc<Core>) -> Sender<()> {
    let (wake, woken) = channel();
    thread::Builder::new()
        .name("storage-expiry".into())
        .spawn(move || expire(&core, &woken))
        .expect("the system can start a thread");
    wake
}

/// Deletes keys when their time has come, until the engine is dropped.
fn expire(core: &Core, woken: &Receiver<()>) {
    loop {
        for op in core.overdue() {
            // Whoever changed the key meanwhile has set its time to live anew.
            let _ = core.execute(op);
        }
        let wait = core.next_expiry().map(|deadline| Duration::from_millis(deadline.saturating_sub(now())));
        let woken = match wait {
            Some(wait) => woken.recv_timeout(wait),
            None => woken.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if woken == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// What [`Storage::delete`] answers for the event of a deletion.
pub(super) fn deleted(event: &Event) -> Deleted {
    let entry = event.previous.clone().unwrap_or_else(|| event.entry.clone());
    Deleted { revision: event.revision(), entry }
}

impl Storage for MemoryStorage {
    fn get<'a>(&'a self, key: &'a str, at: Option<Revision>) -> BoxFuture<'a, Option<Entry>> {
        Box::pin(ready(self.core.get(key, at)))
    }

    fn list<'a>(&'a self, query: ListQuery<'a>) -> BoxFuture<'a, Page> {
        Box::pin(self.core.list(query))
    }

    fn create<'a>(&'a self, key: &'a str, value: Bytes, ttl: Option<Duration>) -> BoxFuture<'a, Entry> {
        Box::pin(async move { self.put(Op::Create { key: key.into(), value, ttl }, ttl) })
    }

    fn update<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        expected: Revision,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Entry> {
        Box::pin(async move { self.put(Op::Update { key: key.into(), value, expected, ttl }, ttl) })
    }

    fn delete<'a>(&'a self, key: &'a str, expected: Revision) -> BoxFuture<'a, Deleted> {
        Box::pin(async move {
            let event = self.core.execute(Op::Delete { key: key.into(), expected })?;
            Ok(deleted(&event))
        })
    }

    fn watch<'a>(&'a self, prefix: &'a str, after: Revision) -> BoxFuture<'a, WatchStream> {
        Box::pin(ready(watch(&self.core, prefix, after)))
    }

    fn request_progress<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.core.request_progress(prefix);
            Ok(())
        })
    }

    fn current_revision(&self) -> BoxFuture<'_, Revision> {
        Box::pin(ready(Ok(self.core.read().revision())))
    }

    fn wait_for_revision(&self, revision: Revision, timeout: Duration) -> BoxFuture<'_, Revision> {
        Box::pin(self.core.wait_for_revision(revision, timeout))
    }

    fn compact(&self, revision: Revision) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.core.compact(revision).map(drop) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.core.close();
            Ok(())
        })
    }
}
