//! The behaviours that every engine shares.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use kubeforge_server::storage::{
    Entry, Error, Event, EventKind, ListQuery, Outcome, Retention, Storage, Update, UpdateError, WatchItem,
    WatchStream, guaranteed_update,
};

use super::Engine;

type Factory<'a> = &'a dyn Fn(Retention) -> Engine;

/// Long enough for any machine; only a broken engine waits it out.
const PATIENCE: Duration = Duration::from_secs(20);

fn value(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

async fn create(storage: &dyn Storage, key: &str, text: &str) -> Entry {
    storage.create(key, value(text), None).await.unwrap()
}

async fn update(storage: &dyn Storage, entry: &Entry, text: &str) -> Entry {
    storage.update(&entry.key, value(text), entry.mod_revision, None).await.unwrap()
}

fn under(prefix: &str) -> ListQuery<'_> {
    ListQuery { prefix, ..ListQuery::default() }
}

async fn keys(storage: &dyn Storage, query: ListQuery<'_>) -> Vec<String> {
    storage.list(query).await.unwrap().items.iter().map(|entry| entry.key.to_string()).collect()
}

async fn next(watch: &mut WatchStream) -> Result<WatchItem, Error> {
    tokio::time::timeout(PATIENCE, watch.next()).await.expect("the watch is silent").expect("the watch ended")
}

/// The next event, past progress marks.
async fn next_event(watch: &mut WatchStream) -> Arc<Event> {
    loop {
        if let WatchItem::Event(event) = next(watch).await.unwrap() {
            return event;
        }
    }
}

async fn error_of(watch: &mut WatchStream) -> Error {
    loop {
        if let Err(error) = next(watch).await {
            assert!(watch.next().await.is_none(), "an error must be the last item");
            return error;
        }
    }
}

pub async fn an_empty_store_is_at_revision_1(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    assert_eq!(storage.current_revision().await.unwrap(), 1);
    let page = storage.list(ListQuery::default()).await.unwrap();
    assert_eq!((page.items.len(), page.revision, page.more, page.remaining_count), (0, 1, false, 0));
    assert_eq!(create(storage, "/a", "1").await.mod_revision, 2);
}

pub async fn create_needs_an_absent_key(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let entry = create(storage, "/a", "1").await;
    assert_eq!((entry.create_revision, entry.mod_revision, entry.version), (2, 2, 1));
    let error = storage.create("/a", value("2"), None).await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { key } if &*key == "/a"));
    assert_eq!(storage.get("/a", None).await.unwrap(), Some(entry));
    assert_eq!(storage.current_revision().await.unwrap(), 2, "a failed write makes no revision");
}

pub async fn update_compares_and_swaps(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    assert!(matches!(storage.update("/a", value("0"), 1, None).await, Err(Error::NotFound { .. })));
    let first = create(storage, "/a", "1").await;
    let second = update(storage, &first, "2").await;
    assert_eq!((second.create_revision, second.mod_revision, second.version), (2, 3, 2));
    match storage.update("/a", value("3"), first.mod_revision, None).await {
        Err(Error::Conflict { expected: 2, current }) => assert_eq!(*current, second),
        other => panic!("{other:?}"),
    }
    assert_eq!(storage.get("/a", None).await.unwrap(), Some(second));
}

pub async fn delete_compares_and_removes(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    assert!(matches!(storage.delete("/a", 1).await, Err(Error::NotFound { .. })));
    let entry = create(storage, "/a", "1").await;
    assert!(matches!(storage.delete("/a", 1).await, Err(Error::Conflict { .. })));
    let deleted = storage.delete("/a", entry.mod_revision).await.unwrap();
    assert_eq!((deleted.revision, &deleted.entry), (3, &entry));
    assert_eq!(storage.get("/a", None).await.unwrap(), None);
    assert!(matches!(storage.delete("/a", entry.mod_revision).await, Err(Error::NotFound { .. })));
    let again = create(storage, "/a", "2").await;
    assert_eq!((again.create_revision, again.mod_revision, again.version), (4, 4, 1));
}

pub async fn reads_at_a_revision(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let a2 = create(storage, "/a", "2").await;
    create(storage, "/b", "3").await;
    let a4 = update(storage, &a2, "4").await;
    storage.delete("/a", a4.mod_revision).await.unwrap();
    assert_eq!(storage.get("/a", Some(1)).await.unwrap(), None);
    assert_eq!(storage.get("/a", Some(3)).await.unwrap(), Some(a2));
    assert_eq!(storage.get("/a", Some(4)).await.unwrap(), Some(a4));
    assert_eq!(storage.get("/a", Some(5)).await.unwrap(), None);
    assert_eq!(keys(storage, ListQuery { at: Some(2), ..under("/") }).await, ["/a"]);
    assert_eq!(keys(storage, ListQuery { at: Some(4), ..under("/") }).await, ["/a", "/b"]);
    assert_eq!(keys(storage, under("/")).await, ["/b"]);
    let future = storage.get("/a", Some(6)).await.unwrap_err();
    assert!(matches!(future, Error::FutureRevision { requested: 6, current: 5 }));
    let future = storage.list(ListQuery { at: Some(6), ..under("/") }).await.unwrap_err();
    assert!(matches!(future, Error::FutureRevision { requested: 6, current: 5 }));
}

pub async fn lists_in_pages_at_one_revision(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    for key in ["/pods/a", "/pods/b", "/pods/c", "/pods/d", "/podsets/a", "/a"] {
        create(storage, key, key).await;
    }
    assert_eq!(keys(storage, under("/pods/")).await, ["/pods/a", "/pods/b", "/pods/c", "/pods/d"]);
    let first = storage.list(ListQuery { limit: 2, ..under("/pods/") }).await.unwrap();
    assert_eq!((first.items.len(), first.revision, first.more, first.remaining_count), (2, 7, true, 2));
    // Changes between pages do not show.
    let c = storage.get("/pods/c", None).await.unwrap().unwrap();
    storage.delete("/pods/c", c.mod_revision).await.unwrap();
    create(storage, "/pods/bb", "").await;
    let rest = ListQuery { start: "/pods/b\0", limit: 2, at: Some(first.revision), ..under("/pods/") };
    let second = storage.list(rest).await.unwrap();
    assert_eq!(second.items.iter().map(|entry| &*entry.key).collect::<Vec<_>>(), ["/pods/c", "/pods/d"]);
    assert_eq!((second.revision, second.more, second.remaining_count), (7, false, 0));
    assert_eq!(keys(storage, ListQuery { start: "/pods/c", ..under("/pods/") }).await, ["/pods/d"]);
    assert_eq!(keys(storage, ListQuery { start: "/q", ..under("/pods/") }).await, [""; 0]);
}

pub async fn lists_longer_than_a_step(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let names: Vec<String> = (0..1300).map(|i| format!("/pods/{i:05}")).collect();
    futures_util::future::join_all(names.iter().map(|name| create(storage, name, "x"))).await;
    assert_eq!(keys(storage, under("/pods/")).await, names);
    let page = storage.list(ListQuery { limit: 600, start: &names[100], ..under("/pods/") }).await.unwrap();
    assert_eq!((page.items.len(), page.remaining_count), (600, 600));
    assert_eq!(*page.items[599].key, *names[699]);
}

pub async fn lists_are_consistent_under_writes(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = engine.storage.clone();
    // Enough between the two that a list takes several steps.
    let names: Vec<String> = (0..2000).map(|i| format!("/{i:05}")).collect();
    futures_util::future::join_all(names.iter().map(|name| create(&*storage, name, "x"))).await;
    let writer = tokio::spawn({
        let storage = storage.clone();
        async move {
            let (mut first, mut last) = (create(&*storage, "/", "").await, create(&*storage, "/z", "").await);
            for _ in 0..300 {
                first = update(&*storage, &first, "").await;
                last = update(&*storage, &last, "").await;
            }
        }
    });
    while !writer.is_finished() {
        let items = storage.list(under("/")).await.unwrap().items;
        let (first, last) = (&items[0], &items[items.len() - 1]);
        if (&*first.key, &*last.key) == ("/", "/z") {
            assert!(first.version == last.version || first.version == last.version + 1, "two revisions in one list");
        }
    }
    writer.await.unwrap();
}

pub async fn watches_begin_without_gaps_under_writes(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = engine.storage.clone();
    let writer = tokio::spawn({
        let storage = storage.clone();
        async move {
            let names: Vec<String> = (0..20_000).map(|i| format!("/{i}")).collect();
            for names in names.chunks(100) {
                futures_util::future::join_all(names.iter().map(|name| create(&*storage, name, "x"))).await;
            }
        }
    });
    while !writer.is_finished() {
        let after = storage.current_revision().await.unwrap().min(19_000);
        let mut watch = storage.watch("/", after).await.unwrap();
        for revision in after + 1..after + 20 {
            assert_eq!(next_event(&mut watch).await.revision(), revision);
        }
    }
    writer.await.unwrap();
}

pub async fn watches_see_every_write_in_order(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let mut watch = storage.watch("/pods/", 1).await.unwrap();
    assert_eq!(next(&mut watch).await.unwrap(), WatchItem::Progress(1));
    let a = create(storage, "/pods/a", "1").await;
    create(storage, "/nodes/a", "2").await;
    let changed = update(storage, &a, "3").await;
    storage.delete("/pods/a", changed.mod_revision).await.unwrap();

    let event = next_event(&mut watch).await;
    assert!(event.is_create());
    assert_eq!((event.kind, &event.entry, &event.previous), (EventKind::Put, &a, &None));
    let event = next_event(&mut watch).await;
    assert!(!event.is_create());
    assert_eq!((event.kind, &event.entry, &event.previous), (EventKind::Put, &changed, &Some(a)));
    let event = next_event(&mut watch).await;
    assert_eq!((event.kind, event.revision(), &event.previous), (EventKind::Delete, 5, &Some(changed)));
    assert_eq!((&*event.entry.key, event.entry.version, event.entry.value.len()), ("/pods/a", 0, 0));
}

pub async fn watches_replay_history_and_go_on_live(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = engine.storage.clone();
    const BEFORE: u64 = 1500;
    const AFTER: u64 = 1500;
    for i in 0..BEFORE {
        create(&*storage, &format!("/a/{i}"), "x").await;
    }
    let writer = tokio::spawn({
        let storage = storage.clone();
        async move {
            for i in 0..AFTER {
                create(&*storage, &format!("/b/{i}"), "x").await;
            }
        }
    });
    let follow = async |after: u64| {
        let mut watch = storage.watch("/", after).await.unwrap();
        for revision in after + 1..=BEFORE + AFTER + 1 {
            assert_eq!(next_event(&mut watch).await.revision(), revision);
        }
    };
    tokio::join!(follow(1), follow(700), follow(1400), follow(BEFORE + 1));
    writer.await.unwrap();
}

pub async fn watches_may_start_in_the_future(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let mut watch = storage.watch("/", 3).await.unwrap();
    let mut never = storage.watch("/", u64::MAX).await.unwrap();
    for key in ["/2", "/3", "/4"] {
        create(storage, key, "x").await;
    }
    let WatchItem::Event(event) = next(&mut watch).await.unwrap() else { panic!("progress before its time") };
    assert_eq!(event.revision(), 4);
    assert!(tokio::time::timeout(Duration::from_millis(20), never.next()).await.is_err());
}

pub async fn progress_follows_the_events(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let mut pods = storage.watch("/pods/", 1).await.unwrap();
    let mut nodes = storage.watch("/nodes/", 1).await.unwrap();
    create(storage, "/pods/a", "x").await;
    storage.request_progress("/nodes/").await.unwrap();
    storage.request_progress("/").await.unwrap();
    assert_eq!(next(&mut nodes).await.unwrap(), WatchItem::Progress(1));
    assert_eq!(next(&mut nodes).await.unwrap(), WatchItem::Progress(2));
    assert_eq!(next(&mut pods).await.unwrap(), WatchItem::Progress(1));
    assert_eq!(next(&mut pods).await.unwrap().revision(), 2);
    assert_eq!(next(&mut pods).await.unwrap(), WatchItem::Progress(2));
}

pub async fn compaction_ends_old_reads_and_watches(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let a2 = create(storage, "/a", "2").await;
    let b3 = create(storage, "/b", "3").await;
    let a4 = update(storage, &a2, "4").await;
    storage.delete("/b", b3.mod_revision).await.unwrap();
    create(storage, "/c", "6").await;

    assert!(matches!(storage.compact(7).await, Err(Error::FutureRevision { requested: 7, current: 6 })));
    storage.compact(4).await.unwrap();
    assert!(matches!(storage.compact(4).await, Err(Error::Compacted { requested: 4, oldest: 4 })));
    assert!(matches!(storage.get("/a", Some(3)).await, Err(Error::Compacted { requested: 3, oldest: 4 })));
    let old = ListQuery { at: Some(3), ..under("/") };
    assert!(matches!(storage.list(old).await, Err(Error::Compacted { requested: 3, oldest: 4 })));
    let old = storage.watch("/", 3).await.err().unwrap();
    assert!(matches!(old, Error::Compacted { requested: 3, oldest: 4 }));

    assert_eq!(storage.get("/a", Some(4)).await.unwrap(), Some(a4));
    assert_eq!(storage.get("/b", Some(4)).await.unwrap(), Some(b3));
    let mut watch = storage.watch("/", 4).await.unwrap();
    let deletion = next_event(&mut watch).await;
    assert_eq!((deletion.kind, deletion.revision()), (EventKind::Delete, 5));
    assert_eq!(next_event(&mut watch).await.revision(), 6);

    storage.compact(6).await.unwrap();
    assert_eq!(keys(storage, under("/")).await, ["/a", "/c"]);
    assert_eq!(storage.get("/b", None).await.unwrap(), None);
}

pub async fn old_history_is_dropped_automatically(factory: Factory<'_>) {
    let limits = [
        Retention { events: 10, ..Retention::default() },
        Retention { bytes: 10_000, ..Retention::default() },
        Retention { age: Duration::ZERO, ..Retention::default() },
    ];
    for limit in limits {
        let engine = factory(limit);
        let storage = &*engine.storage;
        let mut entry = create(storage, "/a", "x").await;
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            entry = update(storage, &entry, &"x".repeat(1000)).await;
        }
        assert!(matches!(storage.get("/a", Some(20)).await, Err(Error::Compacted { .. })), "{limit:?}");
        assert_eq!(storage.get("/a", None).await.unwrap(), Some(entry));
    }
    let engine = factory(Retention { events: 10, ..Retention::default() });
    for i in 0..30 {
        create(&*engine.storage, &format!("/{i}"), "x").await;
    }
    let oldest = engine.storage.watch("/", 1).await.err().unwrap();
    assert!(matches!(oldest, Error::Compacted { requested: 1, oldest: 21 }), "{oldest:?}");
}

pub async fn slow_watchers_read_on_from_history(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let mut watch = storage.watch("/", 1).await.unwrap();
    const COUNT: u64 = 5000; // well over the queue of a watch
    let names: Vec<String> = (0..COUNT).map(|i| format!("/{i}")).collect();
    futures_util::future::join_all(names.iter().map(|name| create(storage, name, "x"))).await;
    for revision in 2..=COUNT + 1 {
        assert_eq!(next_event(&mut watch).await.revision(), revision);
    }
    assert_eq!(next(&mut watch).await.unwrap(), WatchItem::Progress(COUNT + 1));
}

pub async fn hopelessly_slow_watchers_are_cut_off(factory: Factory<'_>) {
    let engine = factory(Retention { events: 100, ..Retention::default() });
    let storage = &*engine.storage;
    let mut slow = storage.watch("/", 1).await.unwrap();
    let mut elsewhere = storage.watch("/nodes/", 1).await.unwrap();
    let names: Vec<String> = (0..5000).map(|i| format!("/pods/{i}")).collect();
    futures_util::future::join_all(names.iter().map(|name| create(storage, name, "x"))).await;
    let mut expected = 2;
    let error = loop {
        match next(&mut slow).await {
            Ok(WatchItem::Progress(_)) => {}
            Ok(WatchItem::Event(event)) => {
                assert_eq!(event.revision(), expected, "no gap before the end");
                expected += 1;
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Compacted { .. }), "{error:?}");
    assert!(slow.next().await.is_none());
    // A watch that had nothing to read has missed nothing.
    let node = create(storage, "/nodes/a", "x").await;
    assert_eq!(next_event(&mut elsewhere).await.revision(), node.mod_revision);
}

pub async fn expired_keys_are_deleted(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let mut watch = storage.watch("/", 1).await.unwrap();
    let start = Instant::now();
    let ttl = |milliseconds| Some(Duration::from_millis(milliseconds));
    let later = storage.create("/later", value("x"), ttl(300)).await.unwrap();
    let sooner = storage.create("/sooner", value("x"), ttl(100)).await.unwrap();
    create(storage, "/never", "x").await;
    for _ in 0..3 {
        next_event(&mut watch).await;
    }
    for (entry, least) in [(sooner, 100), (later, 300)] {
        let event = next_event(&mut watch).await;
        assert_eq!((event.kind, &event.previous), (EventKind::Delete, &Some(entry)));
        assert!(start.elapsed() >= Duration::from_millis(least - 1), "deleted too early");
    }
    assert_eq!(keys(storage, under("/")).await, ["/never"]);
    assert_eq!(storage.current_revision().await.unwrap(), 6);
}

pub async fn writes_renew_the_time_to_live(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let ttl = Some(Duration::from_millis(150));
    let kept = storage.create("/kept", value("x"), ttl).await.unwrap();
    let short = storage.create("/short", value("x"), ttl).await.unwrap();
    let long = storage.create("/long", value("x"), ttl).await.unwrap();
    update(storage, &kept, "for ever").await;
    storage.update("/short", value("y"), short.mod_revision, ttl).await.unwrap();
    storage.update("/long", value("y"), long.mod_revision, Some(Duration::MAX)).await.unwrap();
    storage.wait_for_revision(8, PATIENCE).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(keys(storage, under("/")).await, ["/kept", "/long"]);
}

pub async fn waits_for_a_revision(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = engine.storage.clone();
    assert_eq!(storage.wait_for_revision(1, Duration::ZERO).await.unwrap(), 1);
    let early = storage.wait_for_revision(3, Duration::from_millis(20)).await.unwrap_err();
    assert!(matches!(early, Error::FutureRevision { requested: 3, current: 1 }));
    let waiter = tokio::spawn({
        let storage = storage.clone();
        async move { storage.wait_for_revision(3, PATIENCE).await.unwrap() }
    });
    create(&*storage, "/a", "x").await;
    create(&*storage, "/b", "x").await;
    assert_eq!(waiter.await.unwrap(), 3);
}

pub async fn concurrent_writers_are_linearizable(factory: Factory<'_>) {
    const WRITERS: u64 = 32;
    const ROUNDS: u64 = 40;
    let engine = factory(Retention::default());
    let storage = engine.storage.clone();
    create(&*storage, "/counter", "0").await;
    let answered = Arc::new(AtomicU64::new(2));
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (storage, answered) = (storage.clone(), answered.clone());
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    let before = answered.load(Ordering::SeqCst);
                    let own = create(&*storage, &format!("/own/{writer}/{round}"), "x").await;
                    assert!(own.mod_revision > before, "a later write got an earlier revision");
                    answered.fetch_max(own.mod_revision, Ordering::SeqCst);
                    assert_eq!(storage.get(&own.key, None).await.unwrap().as_ref(), Some(&own), "reads see answers");
                    increment(&*storage, "/counter").await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let counter = storage.get("/counter", None).await.unwrap().unwrap();
    assert_eq!(counter.value, (WRITERS * ROUNDS).to_string());
    assert_eq!(counter.version, WRITERS * ROUNDS + 1);
    let last = storage.current_revision().await.unwrap();
    assert_eq!(last, 2 + 2 * WRITERS * ROUNDS, "one revision for each write");
    let mut watch = storage.watch("", 1).await.unwrap();
    for revision in 2..=last {
        assert_eq!(next_event(&mut watch).await.revision(), revision);
    }
}

async fn increment(storage: &dyn Storage, key: &str) {
    let plus_one = |current: Option<Entry>| {
        let count: u64 = current.map_or(0, |entry| str::from_utf8(&entry.value).unwrap().parse().unwrap());
        ready(Ok::<_, String>(Update::Put { value: value(&(count + 1).to_string()), ttl: None }))
    };
    guaranteed_update(storage, key, None, plus_one).await.unwrap();
}

pub async fn guaranteed_updates_lose_nothing(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    // All start from "no such key", so creations collide, too.
    futures_util::future::join_all((0..20).map(|_| increment(storage, "/n"))).await;
    let entry = storage.get("/n", None).await.unwrap().unwrap();
    assert_eq!((&*entry.value, entry.version), (b"20".as_slice(), 20));

    let keep = |_| ready(Ok::<_, String>(Update::Keep));
    assert_eq!(guaranteed_update(storage, "/n", None, keep).await.unwrap(), Outcome::Kept(Some(entry.clone())));
    let refuse = |_| ready(Err("no"));
    let refused = guaranteed_update(storage, "/n", None, refuse).await.unwrap_err();
    assert!(matches!(refused, UpdateError::Refused("no")));
    let delete = |_| ready(Ok::<_, String>(Update::Delete));
    let Outcome::Deleted(deleted) = guaranteed_update(storage, "/n", None, delete).await.unwrap() else { panic!() };
    assert_eq!(deleted.entry, entry);
    assert_eq!(guaranteed_update(storage, "/n", None, delete).await.unwrap(), Outcome::Kept(None));
}

pub async fn guaranteed_updates_see_through_stale_caches(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let stale = create(storage, "/a", "stale").await;
    let current = update(storage, &stale, "current").await;
    let refuse_stale =
        |entry: Option<Entry>| ready(if entry.unwrap().value == "stale" { Err("stale") } else { Ok(Update::Keep) });
    let kept = guaranteed_update(storage, "/a", Some(stale.clone()), refuse_stale).await.unwrap();
    assert_eq!(kept, Outcome::Kept(Some(current.clone())));
    let keep = |_| ready(Ok::<_, String>(Update::Keep));
    assert_eq!(guaranteed_update(storage, "/a", Some(stale.clone()), keep).await.unwrap(), kept);
    let append = |entry: Option<Entry>| {
        let text = format!("{}!", str::from_utf8(&entry.unwrap().value).unwrap());
        ready(Ok::<_, String>(Update::Put { value: text.into(), ttl: None }))
    };
    let Outcome::Put(put) = guaranteed_update(storage, "/a", Some(stale.clone()), append).await.unwrap() else {
        panic!()
    };
    assert_eq!(put.value, "current!");
    storage.delete("/a", put.mod_revision).await.unwrap();
    let recreate = |entry: Option<Entry>| {
        let text = entry.map_or("gone", |_| "found");
        ready(Ok::<_, String>(Update::Put { value: value(text), ttl: None }))
    };
    let Outcome::Put(put) = guaranteed_update(storage, "/a", Some(stale), recreate).await.unwrap() else { panic!() };
    assert_eq!((&*put.value, put.version), (b"gone".as_slice(), 1));
}

pub async fn closing_ends_writes_and_watches(factory: Factory<'_>) {
    let engine = factory(Retention::default());
    let storage = &*engine.storage;
    let entry = storage.create("/a", value("x"), Some(Duration::from_millis(10))).await.unwrap();
    let mut watch = storage.watch("/b", 1).await.unwrap();
    storage.close().await.unwrap();
    assert!(matches!(error_of(&mut watch).await, Error::Closed));
    assert!(matches!(storage.create("/b", value("x"), None).await, Err(Error::Closed)));
    assert!(matches!(storage.delete("/a", entry.mod_revision).await, Err(Error::Closed)));
    assert!(matches!(storage.watch("/", 1).await.err().unwrap(), Error::Closed));
    storage.close().await.unwrap();
}
