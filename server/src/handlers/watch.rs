//! Watches: the objects of a collection as they change.
//!
//! A task per watch follows the store and writes frames into a bounded channel: a client that does not read stops its
//! own task, which later goes on from the store's history, or ends with `Expired` if that is gone.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use kubeforge_machinery::Message;
use rand::RngExt as _;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::frames::Frames;
use super::options::ListOptions;
use super::selection::Selection;
use super::{Api, Target, options, respond};
use crate::errors;
use crate::http::{Request, Response, Status};
use crate::registry::Store;
use crate::storage::{self, Event, EventKind, ListQuery, WatchItem};

/// Frames that wait for a slow client.
const BUFFER: usize = 64;
/// Shortest time after which the server ends a watch that names none; the longest is twice that.
const SHORTEST: u64 = 1800;
/// Time between bookmarks.
const BOOKMARK_PERIOD: Duration = Duration::from_secs(60);
/// How long before the end of a watch the last bookmark comes.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

/// A client's watch, in its own task.
struct Watch {
    store: Arc<Store>,
    storage: Arc<dyn storage::Storage>,
    selection: Selection,
    prefix: String,
    frames: Frames,
    sender: mpsc::Sender<Bytes>,
    bookmarks: bool,
    deadline: Instant,
    /// The newest revision of which the client knows.
    told: u64,
}

/// An object that the watch is about; `None` if there is none or it does not match.
type Matching = Option<Box<dyn Message>>;

/// The client went away or was told that the watch is over.
struct Over;

impl Api {
    pub(super) async fn watch(&self, target: &Target<'_>, request: Request) -> Result<Response, Status> {
        let output = respond::Output::negotiate_stream(&request)?;
        let options = options::list(&request, true, self.config.watch_list)?;
        let store = target.store;
        let mut selection = Selection::parse(store.resource, &options.label_selector, &options.field_selector)?;
        if !target.name.is_empty() {
            selection.require_name(target.name);
        }
        if let Some(ahead) = options.revision.filter(|_| options.initial_events.is_some()) {
            self.registry.wait_for(ahead).await?;
        }
        let (sender, receiver) = mpsc::channel(BUFFER);
        let seconds = match options.timeout_seconds {
            None | Some(0) => SHORTEST + rand::rng().random_range(0..SHORTEST),
            Some(seconds) => seconds.min(u64::from(u32::MAX)),
        };
        let watch = Watch {
            store: store.clone(),
            storage: self.registry.storage.clone(),
            prefix: selection.narrow(store, target.namespace),
            selection,
            frames: output.frames(self, store)?,
            sender,
            bookmarks: options.bookmarks,
            deadline: Instant::now() + Duration::from_secs(seconds),
            told: 0,
        };
        tokio::spawn(watch.run(options));
        Ok(Response::stream(output.stream_content_type(), receiver))
    }
}

impl Watch {
    async fn run(mut self, options: ListOptions) {
        let from_now = options.revision.is_none_or(|revision| revision == 0) || options.initial_events == Some(true);
        let (deadline, sender) = (self.deadline, self.sender.clone());
        let follow = async {
            let after = if from_now && options.initial_events != Some(false) {
                self.initial(options.initial_events == Some(true)).await?
            } else {
                self.start_at(&options).await?
            };
            self.told = after;
            self.follow(after).await
        };
        tokio::select! {
            _ = follow => {}
            () = sleep_until(deadline) => {}
            () = sender.closed() => {}
        }
    }

    /// Where to begin without the objects that are there already.
    async fn start_at(&self, options: &ListOptions) -> Result<u64, Over> {
        match options.revision {
            None | Some(0) => self.storage.current_revision().await.map_err(|_| Over),
            Some(revision) => Ok(revision),
        }
    }

    /// Sends every object there is as added; answers with their revision.
    async fn initial(&mut self, marked: bool) -> Result<u64, Over> {
        let query = ListQuery { prefix: &self.prefix, ..ListQuery::default() };
        let page = match self.storage.list(query).await {
            Ok(page) => page,
            Err(error) => return self.fail(errors::of_storage(error)).await,
        };
        for entry in &page.items {
            match self.store.decode(&entry.key, &entry.value, entry.mod_revision).and_then(|o| self.store.read(o)) {
                Ok(object) if self.selection.matches(object.as_ref()) => self.send("ADDED", object).await?,
                Ok(_) => {}
                Err(status) => return self.fail(status).await,
            }
        }
        if marked {
            let frame = self.frames.initial_events_end(page.revision);
            self.put(frame).await?;
        }
        Ok(page.revision)
    }

    /// Sends what happens after a revision, until the watch ends.
    async fn follow(&mut self, after: u64) -> Result<(), Over> {
        let mut events = match self.storage.watch(&self.prefix, after).await {
            Ok(events) => events,
            Err(error) => return self.fail(too_old(error)).await,
        };
        let mut seen = after;
        let mut asked = false;
        let mut bookmark_at = self.next_bookmark();
        loop {
            tokio::select! {
                item = events.next() => match item {
                    Some(Ok(WatchItem::Event(event))) => {
                        seen = seen.max(event.revision());
                        self.event(&event).await?;
                    }
                    Some(Ok(WatchItem::Progress(revision))) => {
                        seen = seen.max(revision);
                        if std::mem::take(&mut asked) && seen > self.told {
                            self.told = seen;
                            let frame = self.frames.bookmark(seen);
                            self.put(frame).await?;
                        }
                    }
                    Some(Err(error)) => return self.fail(too_old(error)).await,
                    None => return Err(Over),
                },
                () = sleep_until(bookmark_at), if self.bookmarks => {
                    bookmark_at = self.next_bookmark();
                    // The store's answer comes behind every event there is, and becomes the bookmark.
                    asked = self.storage.request_progress(&self.prefix).await.is_ok();
                }
            }
        }
    }

    /// A minute from now, or shortly before the end.
    fn next_bookmark(&self) -> Instant {
        let now = Instant::now();
        let last = self.deadline.checked_sub(LAST_BOOKMARK).filter(|last| *last > now);
        match last {
            Some(last) => last.min(now + BOOKMARK_PERIOD),
            None => now + BOOKMARK_PERIOD,
        }
    }

    /// Sends one write as this watch sees it: an object that starts or ceases to match comes or goes.
    async fn event(&mut self, event: &Event) -> Result<(), Over> {
        let (was, is) = match self.before_and_after(event) {
            Ok(states) => states,
            Err(status) => return self.fail(status).await,
        };
        match (was, is) {
            (None, Some(object)) => self.send("ADDED", object).await?,
            (Some(_), Some(object)) => self.send("MODIFIED", object).await?,
            (Some(object), None) => self.send("DELETED", object).await?,
            (None, None) => return Ok(()),
        }
        self.told = event.revision();
        Ok(())
    }

    /// The object before and after the write, where it matches; both at the write's revision.
    fn before_and_after(&self, event: &Event) -> Result<(Matching, Matching), Status> {
        let state = |entry: Option<&storage::Entry>| -> Result<Matching, Status> {
            let Some(entry) = entry else { return Ok(None) };
            let object = self.store.read(self.store.decode(&entry.key, &entry.value, event.revision())?)?;
            Ok(self.selection.matches(object.as_ref()).then_some(object))
        };
        let after = (event.kind == EventKind::Put).then_some(&event.entry);
        Ok((state(event.previous.as_ref())?, state(after)?))
    }

    async fn send(&mut self, kind: &str, object: Box<dyn Message>) -> Result<(), Over> {
        let frame = self.frames.object(kind, object);
        self.put(frame).await
    }

    /// Tells the client why the watch ends.
    async fn fail<T>(&mut self, status: Status) -> Result<T, Over> {
        let frame = self.frames.error(&status);
        self.put(frame).await?;
        Err(Over)
    }

    async fn put(&mut self, frame: Bytes) -> Result<(), Over> {
        self.sender.send(frame).await.map_err(|_| Over)
    }
}

fn too_old(error: storage::Error) -> Status {
    match error {
        storage::Error::Compacted { requested, oldest } => {
            Status::expired(format!("too old resource version: {requested} ({oldest})"))
        }
        error => errors::of_storage(error),
    }
}
