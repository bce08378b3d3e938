//! Removal of namespaces that are being deleted, where no controller does it.
//!
//! A namespace that terminates is emptied resource by resource; when nothing is left in it, its own finalizer goes,
//! and the namespace with it. Objects with finalizers hold it until somebody removes them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kubeforge_machinery::Message;
use tokio::time::{Instant, sleep_until};

use crate::handlers::{DeleteOptions, delete_one};
use crate::http::Status;
use crate::registry::{Change, Registry, Store};
use crate::storage::{Event, EventKind, ListQuery, WatchItem};
use crate::{errors, meta};

/// The finalizer that stands for the contents.
const FINALIZER: &str = "kubernetes";
/// Time between two looks at a namespace that something holds, and before a broken watch is taken up again.
const RETRY: Duration = Duration::from_millis(500);

/// Removes terminating namespaces until the storage is closed.
pub async fn run(registry: Arc<Registry>) {
    let Some(namespaces) = registry.store("", "v1", "namespaces").cloned() else { return };
    loop {
        match follow(&registry, &namespaces).await {
            Ok(()) => return,
            Err(status) => tracing::warn!("namespace removal starts again: {}", status.message),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// `Ok` when the storage is closed.
async fn follow(registry: &Registry, namespaces: &Arc<Store>) -> Result<(), Status> {
    let prefix = namespaces.prefix("");
    let query = ListQuery { prefix: &prefix, ..ListQuery::default() };
    let page = registry.storage.list(query).await.map_err(errors::of_storage)?;
    let mut terminating = BTreeSet::new();
    for entry in &page.items {
        let object = namespaces.decode(&entry.key, &entry.value, entry.mod_revision)?;
        note(&mut terminating, object.as_ref());
    }
    let mut events = registry.storage.watch(&prefix, page.revision).await.map_err(errors::of_storage)?;
    let mut retry_at = Instant::now();
    loop {
        tokio::select! {
            item = events.next() => match item {
                None => return Ok(()),
                Some(Err(crate::storage::Error::Closed)) => return Ok(()),
                Some(Err(error)) => return Err(errors::of_storage(error)),
                Some(Ok(WatchItem::Progress(_))) => {}
                Some(Ok(WatchItem::Event(event))) => {
                    if let Some(object) = changed(namespaces, &event)? {
                        note(&mut terminating, object.as_ref());
                        retry_at = Instant::now();
                    }
                }
            },
            () = sleep_until(retry_at), if !terminating.is_empty() => {
                for name in terminating.clone() {
                    match remove(registry, namespaces, &name).await {
                        Ok(true) => drop(terminating.remove(&name)),
                        Ok(false) => {}
                        // The others go on; this one is tried again.
                        Err(status) => tracing::warn!("namespace {name} cannot be removed yet: {}", status.message),
                    }
                }
                retry_at = Instant::now() + RETRY;
            }
        }
    }
}

fn changed(namespaces: &Store, event: &Event) -> Result<Option<Box<dyn Message>>, Status> {
    if event.kind == EventKind::Delete {
        return Ok(None);
    }
    namespaces.decode(&event.entry.key, &event.entry.value, event.revision()).map(Some)
}

fn note(terminating: &mut BTreeSet<String>, namespace: &dyn Message) {
    if meta::is_deleting(namespace) {
        terminating.insert(meta::get(namespace, "name").to_owned());
    }
}

/// Deletes what is in the namespace, then the namespace; `true` once there is nothing left to do.
async fn remove(registry: &Registry, namespaces: &Store, name: &str) -> Result<bool, Status> {
    let mut left = 0;
    for store in registry.distinct().into_iter().filter(|store| store.resource.namespaced) {
        left += empty(registry, store, name).await?;
    }
    if left > 0 {
        return Ok(false);
    }
    let change = |namespace: Option<Box<dyn Message>>| -> Result<Change, Status> {
        let Some(mut namespace) = namespace.filter(|namespace| meta::is_deleting(namespace.as_ref())) else {
            return Ok(Change::Keep);
        };
        let Some(finalizers) =
            meta::child_mut(namespace.as_mut(), "spec").and_then(|spec| meta::texts_mut(spec, "finalizers"))
        else {
            return Ok(Change::Keep);
        };
        finalizers.retain(|finalizer| finalizer != FINALIZER);
        let is_free = finalizers.is_empty() && meta::finalizers(namespace.as_ref()).is_empty();
        Ok(if is_free { Change::Delete } else { Change::Put(namespace) })
    };
    namespaces.update("", name, change).await?;
    Ok(true)
}

/// Deletes a resource's objects in the namespace; answers how many are left.
async fn empty(registry: &Registry, store: &Store, namespace: &str) -> Result<u64, Status> {
    let prefix = store.prefix(namespace);
    let query = ListQuery { prefix: &prefix, ..ListQuery::default() };
    let page = registry.storage.list(query).await.map_err(errors::of_storage)?;
    let mut left = 0;
    for entry in &page.items {
        let name = entry.key.strip_prefix(&prefix).unwrap_or_default();
        match delete_one(store, namespace, name, &DeleteOptions::default()).await {
            Ok(deletion) if deletion.gone => {}
            Ok(_) => left += 1,
            Err(status) if status.code == 404 => {}
            Err(status) => return Err(status),
        }
    }
    Ok(left)
}
