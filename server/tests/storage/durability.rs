//! What the embedded engine promises beyond the shared behaviours: restarts, crashes, and clear refusals.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use kubeforge_server::storage::{EmbeddedStorage, Error, Event, EventKind, ListQuery, Retention, Storage, WatchItem};
use redb::{Database, TableDefinition};

async fn events(storage: &EmbeddedStorage, after: u64) -> Vec<Arc<Event>> {
    let watch = storage.watch("", after).await.unwrap();
    let events = watch.map(Result::unwrap).take_while(|item| std::future::ready(matches!(item, WatchItem::Event(_))));
    let only_events = events.filter_map(|item| {
        std::future::ready(match item {
            WatchItem::Event(event) => Some(event),
            WatchItem::Progress(_) => None,
        })
    });
    only_events.collect().await
}

async fn some_history(storage: &EmbeddedStorage) {
    let a = storage.create("/a", "2".into(), None).await.unwrap();
    let b = storage.create("/b", "3".into(), None).await.unwrap();
    storage.update("/a", "4".into(), a.mod_revision, None).await.unwrap();
    storage.delete("/b", b.mod_revision).await.unwrap();
    storage.create("/b", "6".into(), None).await.unwrap();
}

#[tokio::test]
async fn state_and_history_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/directory/store.redb");
    let storage = EmbeddedStorage::open(&path).unwrap();
    some_history(&storage).await;
    let (state, history) = (storage.list(ListQuery::default()).await.unwrap(), events(&storage, 1).await);
    assert_eq!(history.len(), 5);
    drop(storage);

    let storage = EmbeddedStorage::open(&path).unwrap();
    assert_eq!(storage.list(ListQuery::default()).await.unwrap(), state);
    assert_eq!(events(&storage, 1).await, history);
    let old = storage.list(ListQuery { at: Some(3), ..ListQuery::default() }).await.unwrap();
    assert_eq!(old.items.iter().map(|entry| &*entry.value).collect::<Vec<_>>(), [b"2", b"3"]);
    assert_eq!(storage.create("/c", "7".into(), None).await.unwrap().mod_revision, 7);
}

#[tokio::test]
async fn compaction_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    for compacted in [4, 6] {
        let storage = EmbeddedStorage::open(&path).unwrap();
        if storage.current_revision().await.unwrap() == 1 {
            some_history(&storage).await;
        }
        storage.compact(compacted).await.unwrap();
        let state = storage.list(ListQuery::default()).await.unwrap();
        let history = events(&storage, compacted).await;
        storage.close().await.unwrap();

        let storage = EmbeddedStorage::open(&path).unwrap();
        assert_eq!(storage.list(ListQuery::default()).await.unwrap(), state);
        assert_eq!(events(&storage, compacted).await, history);
        let old = storage.get("/a", Some(compacted - 1)).await.unwrap_err();
        assert!(matches!(old, Error::Compacted { oldest, .. } if oldest == compacted));
    }
}

#[tokio::test]
async fn revisions_go_on_after_everything_was_deleted_and_compacted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    let storage = EmbeddedStorage::open(&path).unwrap();
    storage.create("/a", "x".into(), None).await.unwrap();
    storage.delete("/a", 2).await.unwrap();
    storage.compact(3).await.unwrap();
    drop(storage);
    assert_eq!(rows(&path), 0);
    let storage = EmbeddedStorage::open(&path).unwrap();
    assert_eq!(storage.current_revision().await.unwrap(), 3);
}

fn rows(path: &Path) -> u64 {
    use redb::{ReadableDatabase, ReadableTableMetadata};
    const ROWS: TableDefinition<'_, u64, (&str, u64, u64, u64, &[u8])> = TableDefinition::new("revisions");
    Database::open(path).unwrap().begin_read().unwrap().open_table(ROWS).unwrap().len().unwrap()
}

#[tokio::test]
async fn automatic_compaction_shrinks_the_file_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    let retention = Retention { events: 20, ..Retention::default() };
    let storage = EmbeddedStorage::open_with_retention(&path, retention).unwrap();
    let mut revision = storage.create("/a", "x".into(), None).await.unwrap().mod_revision;
    for _ in 0..50 {
        revision = storage.update("/a", "y".into(), revision, None).await.unwrap().mod_revision;
    }
    storage.close().await.unwrap();
    assert_eq!(rows(&path), 21, "the history kept, and the state below it");
    let storage = EmbeddedStorage::open(&path).unwrap();
    assert_eq!(storage.get("/a", None).await.unwrap().unwrap().version, 51);
    assert_eq!(events(&storage, revision - 20).await.len(), 20);
}

#[tokio::test]
async fn keys_expire_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    let storage = EmbeddedStorage::open(&path).unwrap();
    storage.create("/a", "x".into(), Some(Duration::from_millis(300))).await.unwrap();
    drop(storage);
    let storage = EmbeddedStorage::open(&path).unwrap();
    assert!(storage.get("/a", None).await.unwrap().is_some());
    storage.wait_for_revision(3, Duration::from_secs(20)).await.unwrap();
    assert!(storage.get("/a", None).await.unwrap().is_none());
    assert_eq!(events(&storage, 2).await[0].kind, EventKind::Delete);
}

#[tokio::test]
async fn a_file_in_use_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    let storage = EmbeddedStorage::open(&path).unwrap();
    let refused = EmbeddedStorage::open(&path).err().unwrap();
    assert!(matches!(&refused, Error::Locked { path: found } if *found == path));
    assert!(refused.to_string().contains("in use by another process"));
    storage.close().await.unwrap();
    EmbeddedStorage::open(&path).unwrap();
}

#[tokio::test]
async fn another_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    drop(EmbeddedStorage::open(&path).unwrap());
    {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(TableDefinition::<&str, u64>::new("meta")).unwrap().insert("format", 99).unwrap();
        transaction.commit().unwrap();
    }
    let refused = EmbeddedStorage::open(&path).err().unwrap();
    assert!(matches!(refused, Error::Format { found: 99, .. }));
    assert!(refused.to_string().contains("storage format 99"));
}

#[tokio::test]
async fn a_file_of_something_else_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    std::fs::write(&path, "this is no store".repeat(1000)).unwrap();
    let refused = EmbeddedStorage::open(&path).err().unwrap();
    assert!(matches!(refused, Error::Open { .. }));
    assert!(refused.to_string().contains("store.redb"));
}

const CRASH_FILE: &str = "STORAGE_CRASH_FILE";

/// Not a test: the process that [`nothing_acknowledged_is_lost_when_killed`] starts and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as the child process of another test"]
async fn crash_child() {
    let path = std::env::var_os(CRASH_FILE).expect("started by the crash test");
    let retention = Retention { events: 200, ..Retention::default() };
    let storage = Arc::new(EmbeddedStorage::open_with_retention(path, retention).unwrap());
    let start = storage.current_revision().await.unwrap();
    let writers = (0..8).map(|writer| {
        let storage = storage.clone();
        tokio::spawn(async move {
            let mut last: Option<u64> = None;
            for round in 0u64.. {
                let key = format!("/{start}/{writer}/{}", round / 10);
                let value = Bytes::from(format!("{key} {round}"));
                let entry = match last.filter(|_| round % 10 > 0) {
                    None => storage.create(&key, value, None).await.unwrap(),
                    Some(revision) => storage.update(&key, value, revision, None).await.unwrap(),
                };
                last = Some(entry.mod_revision);
                let line = format!("ack {key} {} {round}\n", entry.mod_revision);
                std::io::stdout().write_all(line.as_bytes()).unwrap();
            }
        })
    });
    futures_util::future::join_all(writers.collect::<Vec<_>>()).await;
}

/// Key -> revision and round of the last acknowledged write.
type Acknowledged = BTreeMap<String, (u64, u64)>;

/// Lets a child write for a while and kills it.
fn write_and_crash(path: &Path, acknowledged: &mut Acknowledged, writes: usize) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::crash_child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(CRASH_FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).split(b'\n') {
        let line = String::from_utf8(line.unwrap()).unwrap();
        let Some(ack) = line.find("ack ").map(|start| &line[start..]) else { continue };
        let fields: Vec<_> = ack.split(' ').collect();
        // The kill may have cut the last line short.
        let [_, key, revision, round] = fields[..] else { continue };
        let (Ok(revision), Ok(round)) = (revision.parse(), round.parse()) else { continue };
        acknowledged.insert(key.to_owned(), (revision, round));
        lines += 1;
        if lines == writes {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(lines >= writes, "the child ended by itself after {lines} writes");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    let mut acknowledged = Acknowledged::new();
    let mut last_revision = 1;
    for writes in [50, 700, 2000] {
        write_and_crash(&path, &mut acknowledged, writes);
        let storage = EmbeddedStorage::open(&path).unwrap();
        for (key, (revision, round)) in &acknowledged {
            let entry = storage.get(key, None).await.unwrap().unwrap_or_else(|| panic!("{key} is lost"));
            assert!(entry.mod_revision >= *revision, "{key} went back to {}", entry.mod_revision);
            // What was written but not acknowledged may be there: at most one write for each key.
            let found = str::from_utf8(&entry.value).unwrap();
            let possible = [format!("{key} {round}"), format!("{key} {}", round + 1)];
            assert_eq!(found, possible[usize::from(entry.mod_revision > *revision)]);
        }
        let current = storage.current_revision().await.unwrap();
        assert!(current >= last_revision + writes as u64);
        let history = events(&storage, current - 50).await;
        assert!(history.iter().map(|event| event.revision()).eq(current - 49..=current));
        last_revision = current;
    }
}

const FULL_FILE: &str = "STORAGE_FULL_FILE";

/// Not a test: the process that [`a_failing_disk_stops_writes_only`] starts with a limit on the size of files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as the child process of another test"]
async fn full_disk_child() {
    let storage = EmbeddedStorage::open(std::env::var_os(FULL_FILE).expect("started by another test")).unwrap();
    let value = Bytes::from(vec![b'x'; 100_000]);
    let mut written = 0;
    let failed = loop {
        match storage.create(&format!("/{written}"), value.clone(), None).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&failed, Error::Failed { .. }), "{failed:?}");
    assert!(failed.to_string().contains("no more writes are accepted"), "{failed}");
    // Small enough for the disk, but refused: nobody knows what the failed write left behind.
    assert!(matches!(storage.create("/small", "x".into(), None).await, Err(Error::Failed { .. })));
    assert!(matches!(storage.compact(2).await, Err(Error::Failed { .. })));
    assert_eq!(storage.get(&format!("/{written}"), None).await.unwrap(), None);
    assert_eq!(storage.list(ListQuery::default()).await.unwrap().items.len(), written);
    println!("written {written}\n");
}

#[cfg(unix)]
#[tokio::test]
async fn a_failing_disk_stops_writes_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    // 512-byte blocks; with the signal ignored, writing beyond the limit is an error.
    let limited = "trap '' XFSZ; ulimit -f 8192; exec \"$0\" \"$@\"";
    let child = Command::new("sh")
        .args(["-c", limited])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "durability::full_disk_child", "--ignored", "--nocapture"])
        .env(FULL_FILE, &path)
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}\n{}", String::from_utf8_lossy(&child.stderr));
    let (_, written) = output.split_once("written ").unwrap();
    let written: usize = written.split('\n').next().unwrap().parse().unwrap();
    assert!(written > 3);
    let storage = EmbeddedStorage::open(&path).unwrap();
    let found = storage.list(ListQuery::default()).await.unwrap().items.len();
    // The write that failed may have got through.
    assert!((written..=written + 1).contains(&found), "{written} acknowledged, {found} found");
    storage.create("/after", "x".into(), None).await.unwrap();
}
