//! Watches over the multi-version core.
//!
//! A watch is a cursor over the log. While it is behind, it reads history in steps; the step that reaches the end
//! subscribes it, under the same lock, to a bounded queue that writers fill. A writer that finds the queue full drops
//! the subscription instead of waiting, and the watch goes back to history from the last event it has seen. Memory is
//! bounded by the queue, and a watch is cut off only when history no longer holds what it needs.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::mvcc::{Core, STEP};
use super::{Error, Event, Result, Revision, WatchItem, WatchStream};

/// Items queued for a watch before it has to go back to history.
const QUEUE: usize = 1024;

/// The watches that have caught up, and their queues.
#[derive(Default)]
pub(super) struct Subscribers {
    list: Vec<Subscriber>,
    last_id: u64,
}

struct Subscriber {
    id: u64,
    prefix: Arc<str>,
    queue: mpsc::Sender<WatchItem>,
}

impl Subscribers {
    pub fn publish(&mut self, event: &Arc<Event>) {
        self.list.retain(|subscriber| {
            !event.entry.key.starts_with(&*subscriber.prefix)
                || subscriber.queue.try_send(WatchItem::Event(event.clone())).is_ok()
        });
    }

    pub fn progress(&mut self, prefix: &str, revision: Revision) {
        self.list.retain(|subscriber| {
            !subscriber.prefix.starts_with(prefix) || subscriber.queue.try_send(WatchItem::Progress(revision)).is_ok()
        });
    }

    fn add(&mut self, prefix: Arc<str>) -> Subscription {
        let (queue, items) = mpsc::channel(QUEUE);
        self.last_id += 1;
        self.list.push(Subscriber { id: self.last_id, prefix, queue });
        Subscription { id: self.last_id, items }
    }

    fn remove(&mut self, id: u64) {
        self.list.retain(|subscriber| subscriber.id != id);
    }
}

struct Subscription {
    id: u64,
    items: mpsc::Receiver<WatchItem>,
}

struct Watch {
    core: Arc<Core>,
    prefix: Arc<str>,
    /// Everything up to this revision was delivered or lies in `ready`.
    cursor: Revision,
    ready: VecDeque<WatchItem>,
    live: Option<Subscription>,
    ended: bool,
}

/// Starts a watch on `prefix` for what comes after revision `after`.
pub(super) fn watch(core: &Arc<Core>, prefix: &str, after: Revision) -> Result<WatchStream> {
    let mut watch = Watch {
        core: core.clone(),
        prefix: prefix.into(),
        cursor: after,
        ready: VecDeque::new(),
        live: None,
        ended: false,
    };
    watch.catch_up()?;
    Ok(Box::pin(futures_util::stream::unfold(watch, |mut watch| async move {
        let item = watch.next().await?;
        Some((item, watch))
    })))
}

impl Watch {
    async fn next(&mut self) -> Option<Result<WatchItem>> {
        while !self.ended {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            match &mut self.live {
                Some(live) => match live.items.recv().await {
                    Some(item) if self.accepts(&item) => {
                        self.cursor = item.revision();
                        return Some(Ok(item));
                    }
                    Some(_) => {}
                    None => self.live = None,
                },
                None => {
                    if let Err(error) = self.catch_up() {
                        self.ended = true;
                        return Some(Err(error));
                    }
                }
            }
        }
        None
    }

    /// A watch that starts in the future is not told about what happens until then.
    fn accepts(&self, item: &WatchItem) -> bool {
        match item {
            WatchItem::Event(event) => event.revision() > self.cursor,
            WatchItem::Progress(revision) => *revision >= self.cursor,
        }
    }

    /// Takes the next step through history; the last one goes live.
    fn catch_up(&mut self) -> Result<()> {
        let core = self.core.clone();
        if core.read().events_after(self.cursor).len() > STEP {
            let state = core.read();
            self.check(state.compacted(), state.closed)?;
            self.take(state.events_after(self.cursor).take(STEP));
            return Ok(());
        }
        let mut state = core.write();
        self.check(state.compacted(), state.closed)?;
        self.take(state.events_after(self.cursor));
        if state.revision() >= self.cursor {
            self.ready.push_back(WatchItem::Progress(state.revision()));
        }
        self.live = Some(state.subscribers.add(self.prefix.clone()));
        Ok(())
    }

    fn check(&self, compacted: Revision, closed: bool) -> Result<()> {
        if closed {
            return Err(Error::Closed);
        }
        if self.cursor < compacted {
            return Err(Error::Compacted { requested: self.cursor, oldest: compacted });
        }
        Ok(())
    }

    fn take<'a>(&mut self, events: impl Iterator<Item = &'a Arc<Event>>) {
        for event in events {
            self.cursor = event.revision();
            if event.entry.key.starts_with(&*self.prefix) {
                self.ready.push_back(WatchItem::Event(event.clone()));
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(live) = &self.live {
            self.core.write().subscribers.remove(live.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Retention;

    #[test]
    fn a_dropped_watch_is_forgotten() {
        let core = Arc::new(Core::new(Retention::default()));
        let kept = watch(&core, "/", 1).unwrap();
        drop(watch(&core, "/", 1).unwrap());
        assert_eq!(core.read().subscribers.list.len(), 1);
        drop(kept);
        assert_eq!(core.read().subscribers.list.len(), 0);
    }
}
