//! The multi-version core that the local engines share.
//!
//! Every key keeps its versions, newest last, until compaction; the log keeps one event per revision above the
//! compacted one. With the store compacted at 3, after `a` was put at 2 and 4 and deleted at 6, and `b` put at 3 and 5:
//!
//! ```text
//! keys   a: 2 4 6(tombstone)   b: 3 5         log   4 5 6
//! ```
//!
//! A read at 3 finds a@2 and b@3; a watch after 3 replays 4, 5, 6. Dropping the event of revision 4 from the log
//! makes a@2 unreachable and moves the compacted revision to 4; dropping 6 removes `a` altogether.
//!
//! There is one lock. Whatever holds it does bounded work: long lists, replays and compactions go in steps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::watch::Subscribers;
use super::{Entry, Error, Event, EventKind, ListQuery, Page, Result, Revision};

/// Keys or events handled per acquisition of the lock.
pub(super) const STEP: usize = 512;

/// Events that a write may drop from history. More than one, so that history shrinks back to its limits.
const TRIM_STEP: usize = 16;

/// Rough memory of an event in the log besides the value it keeps alive.
const EVENT_OVERHEAD: usize = 256;

/// How much history a store keeps; whatever limit is reached first counts.
///
/// Every write drops what is over the limits, so an idle store keeps its history.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// How long, as kube-apiserver has it with etcd: 5 minutes.
    pub age: Duration,
    /// The most events: 100,000, the most that kube-apiserver's watch cache holds.
    pub events: usize,
    /// The most memory that replaced values may take: 64 MiB.
    pub bytes: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { age: Duration::from_secs(300), events: 100_000, bytes: 64 << 20 }
    }
}

/// A write asked for.
pub(super) enum Op {
    Create { key: Arc<str>, value: Bytes, ttl: Option<Duration> },
    Update { key: Arc<str>, value: Bytes, expected: Revision, ttl: Option<Duration> },
    Delete { key: Arc<str>, expected: Revision },
}

impl Op {
    pub fn key(&self) -> &Arc<str> {
        match self {
            Op::Create { key, .. } | Op::Update { key, .. } | Op::Delete { key, .. } => key,
        }
    }

    /// Decides what this write does to `current`, the live state of its key, as the given revision.
    pub fn plan(self, current: Option<&Entry>, revision: Revision) -> Result<Write> {
        match (self, current) {
            (Op::Create { key, .. }, Some(_)) => Err(Error::AlreadyExists { key }),
            (Op::Update { key, .. } | Op::Delete { key, .. }, None) => Err(Error::NotFound { key }),
            (Op::Update { expected, .. } | Op::Delete { expected, .. }, Some(current))
                if current.mod_revision != expected =>
            {
                Err(Error::Conflict { expected, current: Box::new(current.clone()) })
            }
            (Op::Create { key, value, ttl }, None) => {
                let entry = Entry { key, value, create_revision: revision, mod_revision: revision, version: 1 };
                Ok(Write::new(EventKind::Put, entry, None, ttl))
            }
            (Op::Update { value, ttl, .. }, Some(current)) => {
                let entry = Entry { value, mod_revision: revision, version: current.version + 1, ..current.clone() };
                Ok(Write::new(EventKind::Put, entry, Some(current.clone()), ttl))
            }
            (Op::Delete { .. }, Some(current)) => {
                let key = current.key.clone();
                Ok(Write::new(EventKind::Delete, tombstone(key, revision), Some(current.clone()), None))
            }
        }
    }
}

fn tombstone(key: Arc<str>, revision: Revision) -> Entry {
    Entry { key, value: Bytes::new(), create_revision: 0, mod_revision: revision, version: 0 }
}

/// A write decided on.
pub(super) struct Write {
    pub event: Arc<Event>,
    /// When the engine shall delete the key; 0: never.
    pub expires: Millis,
}

impl Write {
    fn new(kind: EventKind, entry: Entry, previous: Option<Entry>, ttl: Option<Duration>) -> Self {
        let expires = ttl.map_or(0, |ttl| now().saturating_add(ttl.as_millis().try_into().unwrap_or(Millis::MAX)));
        Write { event: Arc::new(Event { kind, entry, previous }), expires }
    }
}

/// Milliseconds since the Unix epoch: deadlines must survive a restart.
pub(super) type Millis = u64;

pub(super) fn now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}

/// One version of a key.
#[derive(Clone)]
pub(super) struct Version {
    pub value: Bytes,
    pub create_revision: Revision,
    pub mod_revision: Revision,
    /// 0 marks a tombstone.
    pub version: u64,
    pub expires: Millis,
}

impl Version {
    fn entry(&self, key: &Arc<str>) -> Option<Entry> {
        let Version { ref value, create_revision, mod_revision, version, .. } = *self;
        (version > 0).then(|| Entry { key: key.clone(), value: value.clone(), create_revision, mod_revision, version })
    }
}

/// The versions of a key. Most keys have one, which then costs no allocation of its own.
struct Versions {
    latest: Version,
    older: Vec<Version>,
}

impl Versions {
    fn at(&self, revision: Revision) -> Option<&Version> {
        if self.latest.mod_revision <= revision {
            return Some(&self.latest);
        }
        self.older.iter().rev().find(|version| version.mod_revision <= revision)
    }
}

struct Logged {
    event: Arc<Event>,
    at: Instant,
}

impl Logged {
    /// Memory that only history keeps in use.
    fn cost(&self) -> usize {
        EVENT_OVERHEAD + self.event.previous.as_ref().map_or(0, |entry| entry.value.len())
    }
}

/// Everything behind the lock.
pub(super) struct State {
    keys: BTreeMap<Arc<str>, Versions>,
    /// The events of the revisions `compacted + 1 ..= revision`, without gaps.
    log: VecDeque<Logged>,
    log_bytes: usize,
    revision: Revision,
    compacted: Revision,
    /// Keys with a time to live, by deadline.
    expiries: BTreeSet<(Millis, Arc<str>)>,
    pub subscribers: Subscribers,
    pub closed: bool,
}

impl State {
    /// Puts one more version on top of its key. Returns the state that was there, and the key as stored.
    fn install(&mut self, key: Arc<str>, version: Version) -> (Arc<str>, Option<Entry>) {
        let expires = version.expires;
        let (key, previous) = match self.keys.get_key_value(&key).map(|(key, _)| key.clone()) {
            None => {
                self.keys.insert(key.clone(), Versions { latest: version, older: Vec::new() });
                (key, None)
            }
            Some(key) => {
                let versions = self.keys.get_mut(&key).expect("key just found");
                let replaced = std::mem::replace(&mut versions.latest, version);
                if replaced.expires > 0 {
                    self.expiries.remove(&(replaced.expires, key.clone()));
                }
                let previous = replaced.entry(&key);
                versions.older.push(replaced);
                (key, previous)
            }
        };
        if expires > 0 {
            self.expiries.insert((expires, key.clone()));
        }
        (key, previous)
    }

    fn append(&mut self, event: Arc<Event>, at: Instant) {
        self.revision = event.revision();
        let logged = Logged { event, at };
        self.log_bytes += logged.cost();
        self.log.push_back(logged);
    }

    /// Makes one write visible and tells the watches.
    fn apply(&mut self, write: Write, at: Instant) {
        let Entry { key, value, create_revision, mod_revision, version } = write.event.entry.clone();
        self.install(key, Version { value, create_revision, mod_revision, version, expires: write.expires });
        self.subscribers.publish(&write.event);
        self.append(write.event, at);
    }

    /// The live state of a key.
    pub fn latest(&self, key: &str) -> Option<Entry> {
        let (key, versions) = self.keys.get_key_value(key)?;
        versions.latest.entry(key)
    }

    pub fn revision(&self) -> Revision {
        self.revision
    }

    pub fn compacted(&self) -> Revision {
        self.compacted
    }

    /// The events after a revision, oldest first.
    pub fn events_after(&self, revision: Revision) -> impl ExactSizeIterator<Item = &Arc<Event>> {
        let first = self.revision + 1 - self.log.len() as Revision;
        let skip = revision.saturating_add(1).saturating_sub(first).min(self.log.len() as Revision);
        self.log.range(skip as usize..).map(|logged| &logged.event)
    }

    /// The revision to read at: the one asked for, if it can be.
    fn readable(&self, at: Option<Revision>) -> Result<Revision> {
        let current = self.revision;
        match at {
            None => Ok(current),
            Some(requested) if requested > current => Err(Error::FutureRevision { requested, current }),
            Some(requested) if requested < self.compacted => {
                Err(Error::Compacted { requested, oldest: self.compacted })
            }
            Some(requested) => Ok(requested),
        }
    }

    /// Drops the oldest event and the versions that only it made reachable, whose revisions go to `pruned`.
    fn drop_oldest(&mut self, pruned: &mut Vec<Revision>) {
        let Some(logged) = self.log.pop_front() else { return };
        self.log_bytes -= logged.cost();
        let event = &logged.event;
        let revision = event.revision();
        self.compacted = revision;
        pruned.extend(event.previous.as_ref().map(|entry| entry.mod_revision));
        let Some(versions) = self.keys.get_mut(&event.entry.key) else { return };
        let dead = event.kind == EventKind::Delete;
        versions.older.retain(|version| version.mod_revision > revision || version.mod_revision == revision && !dead);
        if versions.older.is_empty() {
            versions.older = Vec::new();
        }
        if dead {
            pruned.push(revision);
            if versions.latest.mod_revision == revision {
                self.keys.remove(&event.entry.key);
            }
        }
    }

    fn trim(&mut self, retention: &Retention, now: Instant, pruned: &mut Vec<Revision>) {
        for _ in 0..TRIM_STEP {
            let over = self.log.len() > retention.events
                || self.log_bytes > retention.bytes
                || self.log.front().is_some_and(|oldest| now.duration_since(oldest.at) > retention.age);
            if !over {
                break;
            }
            self.drop_oldest(pruned);
        }
    }
}

/// The store in memory. Engines decide in which order writes come, and when they are published.
pub(super) struct Core {
    state: RwLock<State>,
    retention: Retention,
    revision: tokio::sync::watch::Sender<Revision>,
}

impl Core {
    pub fn new(retention: Retention) -> Self {
        let state = State {
            keys: BTreeMap::new(),
            log: VecDeque::new(),
            log_bytes: 0,
            revision: 1,
            compacted: 0,
            expiries: BTreeSet::new(),
            subscribers: Subscribers::default(),
            closed: false,
        };
        Core { state: RwLock::new(state), retention, revision: tokio::sync::watch::Sender::new(1) }
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rebuilds the store from saved versions, which must come in the order of their revisions: those up to
    /// `compacted` are state, the later ones are history as well.
    pub fn load(
        &self,
        compacted: Revision,
        saved: impl IntoIterator<Item = Result<(Arc<str>, Version)>>,
    ) -> Result<()> {
        let state = &mut *self.write();
        let at = Instant::now();
        state.compacted = compacted;
        state.revision = compacted.max(1);
        for saved in saved {
            let (key, version) = saved?;
            let (revision, written) = (version.mod_revision, version.clone());
            let (key, previous) = state.install(key, version);
            if revision <= compacted {
                continue;
            }
            let (kind, entry) = match written.entry(&key) {
                Some(entry) => (EventKind::Put, entry),
                None => (EventKind::Delete, tombstone(key, revision)),
            };
            state.append(Arc::new(Event { kind, entry, previous }), at);
        }
        self.revision.send_replace(state.revision);
        Ok(())
    }

    /// Decides on a write and makes it visible in one go.
    pub fn execute(&self, op: Op) -> Result<Arc<Event>> {
        let mut state = self.write();
        if state.closed {
            return Err(Error::Closed);
        }
        let write = {
            let current = state.latest(op.key());
            op.plan(current.as_ref(), state.revision + 1)?
        };
        let event = write.event.clone();
        let now = Instant::now();
        state.apply(write, now);
        state.trim(&self.retention, now, &mut Vec::new());
        drop(state);
        self.announce(event.revision());
        Ok(event)
    }

    /// Makes decided writes visible, in their order. Returns the revisions whose saved versions are no longer needed.
    pub fn publish(&self, writes: Vec<Write>) -> Vec<Revision> {
        let mut pruned = Vec::new();
        let mut writes = writes.into_iter().peekable();
        while writes.peek().is_some() {
            let mut state = self.write();
            let now = Instant::now();
            for write in writes.by_ref().take(STEP) {
                state.apply(write, now);
                state.trim(&self.retention, now, &mut pruned);
            }
            let revision = state.revision;
            drop(state);
            self.announce(revision);
        }
        pruned
    }

    fn announce(&self, revision: Revision) {
        // Writers may get here in another order than they left the lock in.
        self.revision.send_if_modified(|announced| {
            let newer = revision > *announced;
            *announced = revision.max(*announced);
            newer
        });
    }

    pub fn get(&self, key: &str, at: Option<Revision>) -> Result<Option<Entry>> {
        let state = self.read();
        let revision = state.readable(at)?;
        let found = state.keys.get_key_value(key);
        Ok(found.and_then(|(key, versions)| versions.at(revision)?.entry(key)))
    }

    pub async fn list(&self, query: ListQuery<'_>) -> Result<Page> {
        loop {
            match self.list_once(query).await {
                // A read of the current state can only be overtaken by compaction if it took very long: once more.
                Err(Error::Compacted { .. }) if query.at.is_none() => {}
                result => return result,
            }
        }
    }

    async fn list_once(&self, query: ListQuery<'_>) -> Result<Page> {
        let mut at = query.at;
        let mut page = Page { items: Vec::new(), revision: 0, more: false, remaining_count: 0 };
        let mut next = Some(Bound::Included(Arc::from(query.start.max(query.prefix))));
        while let Some(from) = next {
            next = self.list_step(&query, at, from, &mut page)?;
            at = Some(page.revision);
            if next.is_some() {
                tokio::task::yield_now().await;
            }
        }
        page.more = page.remaining_count > 0;
        Ok(page)
    }

    /// Reads at most [`STEP`] keys into the page; returns where to go on.
    fn list_step(
        &self,
        query: &ListQuery<'_>,
        at: Option<Revision>,
        from: Bound<Arc<str>>,
        page: &mut Page,
    ) -> Result<Option<Bound<Arc<str>>>> {
        let state = self.read();
        page.revision = state.readable(at)?;
        let bounds = (from.as_ref().map(|key| &**key), Bound::Unbounded);
        let range = state.keys.range::<str, _>(bounds).take_while(|(key, _)| key.starts_with(query.prefix));
        for (visited, (key, versions)) in range.enumerate() {
            if let Some(entry) = versions.at(page.revision).and_then(|version| version.entry(key)) {
                if query.limit == 0 || page.items.len() < query.limit {
                    page.items.push(entry);
                } else {
                    page.remaining_count += 1;
                }
            }
            if visited + 1 == STEP {
                return Ok(Some(Bound::Excluded(key.clone())));
            }
        }
        Ok(None)
    }

    pub async fn wait_for_revision(&self, requested: Revision, timeout: Duration) -> Result<Revision> {
        let mut announced = self.revision.subscribe();
        let reached = tokio::time::timeout(timeout, announced.wait_for(|revision| *revision >= requested)).await;
        let current = self.read().revision;
        match reached {
            Ok(Ok(_)) => Ok(current),
            Ok(Err(_)) | Err(_) => Err(Error::FutureRevision { requested, current }),
        }
    }

    /// Forgets the history before `revision`. Returns the revisions whose saved versions are no longer needed.
    pub fn compact(&self, requested: Revision) -> Result<Vec<Revision>> {
        let State { revision: current, compacted: oldest, .. } = *self.read();
        if requested > current {
            return Err(Error::FutureRevision { requested, current });
        }
        if requested <= oldest {
            return Err(Error::Compacted { requested, oldest });
        }
        let mut pruned = Vec::new();
        loop {
            let mut state = self.write();
            for _ in 0..STEP {
                if state.log.front().is_none_or(|oldest| oldest.event.revision() > requested) {
                    state.compacted = state.compacted.max(requested);
                    return Ok(pruned);
                }
                state.drop_oldest(&mut pruned);
            }
        }
    }

    pub fn request_progress(&self, prefix: &str) {
        let state = &mut *self.write();
        state.subscribers.progress(prefix, state.revision);
    }

    /// When the next key is due for deletion.
    pub fn next_expiry(&self) -> Option<Millis> {
        self.read().expiries.first().map(|(deadline, _)| *deadline)
    }

    /// Deletions for the keys that are past their time, the most overdue first.
    pub fn overdue(&self) -> Vec<Op> {
        let state = self.read();
        let now = now();
        let due = state.expiries.iter().take_while(|(deadline, _)| *deadline <= now).take(STEP);
        due.map(|(_, key)| Op::Delete {
            key: key.clone(),
            expected: state.keys.get(key).map_or(0, |versions| versions.latest.mod_revision),
        })
        .collect()
    }

    /// Ends all watches; there will be no more writes.
    pub fn close(&self) {
        let mut state = self.write();
        state.closed = true;
        state.subscribers = Subscribers::default();
        state.expiries.clear();
    }
}
