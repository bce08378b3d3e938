//! The durable engine: the multi-version core for reads, and one redb file behind it.
//!
//! One thread does all writing. It takes whatever writes are waiting, decides on them in order, commits them in one
//! redb transaction (one sync of the disk, however many writers wait), and only then makes them visible and answers.
//! So nobody ever sees or is told of a write that a crash could undo.
//!
//! The file holds one row per revision, as etcd's does, so each value is written once and history survives a restart
//! together with the state. Compaction removes the rows that no longer count.

use std::collections::HashMap;
use std::fs;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::oneshot;

use super::memory::deleted;
use super::mvcc::{Core, Millis, Op, Retention, Version, Write, now};
use super::watch::watch;
use super::{BoxFuture, Deleted, Entry, Error, Event, ListQuery, Page, Result, Revision, Storage, WatchStream};

/// The layout described here. A change to it takes the next number.
const FORMAT: u64 = 1;

/// Revision -> key, create revision, version (0: the key was deleted), expiry (Unix milliseconds; 0: never), value.
const ROWS: TableDefinition<'_, Revision, Row<'_>> = TableDefinition::new("revisions");
type Row<'a> = (&'a str, Revision, u64, Millis, &'a [u8]);

/// `FORMAT_KEY` and `COMPACTED_KEY`.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";
const COMPACTED_KEY: &str = "compacted";

/// The most writes that share a commit.
const BATCH: usize = 1024;

/// Obsolete rows to collect before a commit removes them.
const PRUNE_BATCH: usize = 1024;

/// redb's page cache. Small, for reads never go to the file.
const PAGE_CACHE: usize = 16 << 20;

/// A store in one local file, for one process. A crash loses nothing that was acknowledged.
pub struct EmbeddedStorage {
    core: Arc<Core>,
    commands: Sender<Command>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

type Reply<T> = oneshot::Sender<Result<T>>;

enum Command {
    Write(Op, Reply<Arc<Event>>),
    Compact(Revision, Reply<()>),
    Close,
}

impl EmbeddedStorage {
    /// Opens the store in the file at `path`, creating it and its directory if need be. Blocks while it loads.
    ///
    /// Errors: [`Error::Locked`], [`Error::Format`], [`Error::Open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with_retention(path, Retention::default())
    }

    /// Like [`EmbeddedStorage::open`], with a limit of one's own for the history kept.
    pub fn open_with_retention(path: impl AsRef<Path>, retention: Retention) -> Result<Self> {
        let path = path.as_ref();
        let database = open_file(path)?;
        let core = Arc::new(Core::new(retention));
        load(&database, &core, path)?;
        let (commands, queue) = channel();
        let writer =
            Writer { core: core.clone(), database, path: path.to_owned(), queue, pruned: Vec::new(), failed: None };
        let thread = thread::Builder::new()
            .name("storage-writer".into())
            .spawn(move || writer.run())
            .map_err(|error| open_error(path, error))?;
        Ok(EmbeddedStorage { core, commands, writer: Mutex::new(Some(thread)) })
    }

    async fn write(&self, op: Op) -> Result<Arc<Event>> {
        let (reply, answer) = oneshot::channel();
        self.ask(Command::Write(op, reply), answer).await
    }

    async fn ask<T>(&self, command: Command, answer: oneshot::Receiver<Result<T>>) -> Result<T> {
        // Both ends are dropped once the writer has stopped.
        self.commands.send(command).map_err(|_| Error::Closed)?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Stops the writer, if it has not been; returns it for joining.
    fn stop(&self) -> Option<JoinHandle<()>> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // A writer that is gone needs no telling.
        let _ = self.commands.send(Command::Close);
        Some(writer)
    }
}

impl Drop for EmbeddedStorage {
    fn drop(&mut self) {
        if let Some(writer) = self.stop() {
            let _ = writer.join();
        }
    }
}

impl Storage for EmbeddedStorage {
    fn get<'a>(&'a self, key: &'a str, at: Option<Revision>) -> BoxFuture<'a, Option<Entry>> {
        Box::pin(ready(self.core.get(key, at)))
    }

    fn list<'a>(&'a self, query: ListQuery<'a>) -> BoxFuture<'a, Page> {
        Box::pin(self.core.list(query))
    }

    fn create<'a>(&'a self, key: &'a str, value: Bytes, ttl: Option<Duration>) -> BoxFuture<'a, Entry> {
        Box::pin(async move { Ok(self.write(Op::Create { key: key.into(), value, ttl }).await?.entry.clone()) })
    }

    fn update<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        expected: Revision,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Entry> {
        let op = Op::Update { key: key.into(), value, expected, ttl };
        Box::pin(async move { Ok(self.write(op).await?.entry.clone()) })
    }

    fn delete<'a>(&'a self, key: &'a str, expected: Revision) -> BoxFuture<'a, Deleted> {
        Box::pin(async move { Ok(deleted(&*self.write(Op::Delete { key: key.into(), expected }).await?)) })
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
        let (reply, answer) = oneshot::channel();
        Box::pin(self.ask(Command::Compact(revision, reply), answer))
    }

    /// Also releases the file.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(writer) = self.stop() {
                // A writer that panicked has released the file as well.
                let _ = tokio::task::spawn_blocking(move || writer.join()).await;
            }
            Ok(())
        })
    }
}

fn open_error(path: &Path, source: impl Into<redb::Error>) -> Error {
    Error::Open { path: path.to_owned(), source: Arc::new(source.into()) }
}

fn open_file(path: &Path) -> Result<Database> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| open_error(path, error))?;
    let database = Database::builder().set_cache_size(PAGE_CACHE).create(path).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => Error::Locked { path: path.to_owned() },
        error => open_error(path, error),
    })?;
    // A new file's name is durable only once its directory is.
    #[cfg(unix)]
    fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| open_error(path, error))?;
    let found = format_of(&database).map_err(|error| open_error(path, error))?;
    if found != FORMAT {
        return Err(Error::Format { path: path.to_owned(), found, supported: FORMAT });
    }
    Ok(database)
}

/// Reads the format number; writes it first if the file is new.
fn format_of(database: &Database) -> Result<u64, redb::Error> {
    let transaction = database.begin_write()?;
    let is_new = transaction.list_tables()?.next().is_none();
    let mut meta = transaction.open_table(META)?;
    let found = meta.get(FORMAT_KEY)?.map(|value| value.value());
    if !is_new {
        return Ok(found.unwrap_or(0));
    }
    meta.insert(FORMAT_KEY, FORMAT)?;
    meta.insert(COMPACTED_KEY, 0)?;
    drop(meta);
    transaction.open_table(ROWS)?;
    transaction.commit()?;
    Ok(FORMAT)
}

fn load(database: &Database, core: &Core, path: &Path) -> Result<()> {
    let failed = |error: redb::Error| open_error(path, error);
    let transaction = database.begin_read().map_err(|error| failed(error.into()))?;
    let meta = transaction.open_table(META).map_err(|error| failed(error.into()))?;
    let compacted = meta.get(COMPACTED_KEY).map_err(|error| failed(error.into()))?.map_or(0, |value| value.value());
    let rows = transaction.open_table(ROWS).map_err(|error| failed(error.into()))?;
    let rows = rows.iter().map_err(|error| failed(error.into()))?;
    core.load(
        compacted,
        rows.map(|row| {
            let (mod_revision, row) = row.map_err(|error| failed(error.into()))?;
            let (key, create_revision, version, expires, value) = row.value();
            let value = Bytes::copy_from_slice(value);
            let mod_revision = mod_revision.value();
            Ok((key.into(), Version { value, create_revision, mod_revision, version, expires }))
        }),
    )
}

/// The thread that owns the file.
struct Writer {
    core: Arc<Core>,
    database: Database,
    path: PathBuf,
    queue: Receiver<Command>,
    /// Rows that compaction has made obsolete, still in the file.
    pruned: Vec<Revision>,
    /// Set once the disk has failed: what it holds is then uncertain until the file is opened anew.
    failed: Option<Error>,
}

/// What one turn of the writer works on.
#[derive(Default)]
struct Batch {
    /// Expiries have nobody to answer to.
    writes: Vec<(Op, Option<Reply<Arc<Event>>>)>,
    compactions: Vec<(Revision, Reply<()>)>,
    close: bool,
}

impl Batch {
    fn add(&mut self, command: Command) {
        match command {
            Command::Write(op, reply) => self.writes.push((op, Some(reply))),
            Command::Compact(revision, reply) => self.compactions.push((revision, reply)),
            Command::Close => self.close = true,
        }
    }
}

impl Writer {
    fn run(mut self) {
        loop {
            let batch = self.next_batch();
            self.commit(batch.writes);
            for (revision, reply) in batch.compactions {
                // Nobody to tell is fine: the future was dropped.
                let _ = reply.send(self.compact(revision));
            }
            if batch.close {
                break;
            }
        }
        self.core.close();
        if !self.pruned.is_empty() {
            // Obsolete rows that stay in the file only mean a longer history after the next start.
            let _ = self.persist(&[], true);
        }
    }

    /// Waits for something to do, and takes everything that has come meanwhile.
    fn next_batch(&mut self) -> Batch {
        let mut batch = Batch::default();
        let deadline = self.core.next_expiry().filter(|_| self.failed.is_none());
        let first = match deadline {
            Some(deadline) => self.queue.recv_timeout(Duration::from_millis(deadline.saturating_sub(now()))),
            None => self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match first {
            Ok(command) => batch.add(command),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => batch.close = true,
        }
        while !batch.close && batch.writes.len() < BATCH {
            match self.queue.try_recv() {
                Ok(command) => batch.add(command),
                Err(_) => break,
            }
        }
        if deadline.is_some() {
            batch.writes.extend(self.core.overdue().into_iter().map(|op| (op, None)));
        }
        batch
    }

    /// Decides on the writes, makes them durable, then visible, and then answers.
    fn commit(&mut self, batch: Vec<(Op, Option<Reply<Arc<Event>>>)>) {
        let mut writes = Vec::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        // The states that this batch makes, which the core does not know yet.
        let mut staged: HashMap<Arc<str>, Arc<Event>> = HashMap::new();
        let first = self.core.read().revision() + 1;
        for (op, reply) in batch {
            let current = match staged.get(op.key()) {
                Some(event) => Some(event.entry.clone()).filter(|entry| entry.version > 0),
                None => self.core.read().latest(op.key()),
            };
            let answer = op.plan(current.as_ref(), first + writes.len() as Revision).map(|write| {
                let event = write.event.clone();
                staged.insert(event.entry.key.clone(), event.clone());
                writes.push(write);
                event
            });
            answers.push((reply, answer));
        }
        let stored = self.store(writes);
        for (reply, answer) in answers {
            if let Some(reply) = reply {
                // An answer that names a state of this batch must not get out if the batch failed.
                let _ = reply.send(stored.clone().and(answer));
            }
        }
    }

    fn store(&mut self, writes: Vec<Write>) -> Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        self.persist(&writes, self.pruned.len() >= PRUNE_BATCH)?;
        self.pruned.extend(self.core.publish(writes));
        Ok(())
    }

    fn compact(&mut self, revision: Revision) -> Result<()> {
        self.pruned.extend(self.core.compact(revision)?);
        self.persist(&[], true)
    }

    /// Commits rows for the writes, and the removal of obsolete ones if told to.
    fn persist(&mut self, writes: &[Write], prune: bool) -> Result<()> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        self.commit_rows(writes, prune).map_err(|source| {
            let failed = Error::Failed { path: self.path.clone(), source: Arc::new(source) };
            self.failed = Some(failed.clone());
            failed
        })?;
        if prune {
            self.pruned.clear();
        }
        Ok(())
    }

    fn commit_rows(&self, writes: &[Write], prune: bool) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        let mut rows = transaction.open_table(ROWS)?;
        for Write { event, expires } in writes {
            let Entry { key, value, create_revision, mod_revision, version } = &event.entry;
            rows.insert(mod_revision, (&**key, *create_revision, *version, *expires, &**value))?;
        }
        if prune {
            for revision in &self.pruned {
                rows.remove(revision)?;
            }
            transaction.open_table(META)?.insert(COMPACTED_KEY, self.core.read().compacted())?;
        }
        drop(rows);
        Ok(transaction.commit()?)
    }
}
