//! Tests of the storage engines: one behaviour suite for all, and what only the durable one promises.

mod durability;
mod model;
mod suite;

use std::sync::Arc;

use kubeforge_server::storage::{EmbeddedStorage, MemoryStorage, Retention, Storage};

/// An engine under test, and the directory that it may need.
pub struct Engine {
    pub storage: Arc<dyn Storage>,
    _directory: Option<tempfile::TempDir>,
}

fn memory(retention: Retention) -> Engine {
    Engine { storage: Arc::new(MemoryStorage::with_retention(retention)), _directory: None }
}

fn embedded(retention: Retention) -> Engine {
    let directory = tempfile::tempdir().unwrap();
    let storage = EmbeddedStorage::open_with_retention(directory.path().join("store.redb"), retention).unwrap();
    Engine { storage: Arc::new(storage), _directory: Some(directory) }
}

/// One test per engine and behaviour.
macro_rules! behaviours {
    ($($behaviour:ident)*) => {
        mod memory_engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $behaviour() { super::suite::$behaviour(&super::memory).await })*
        }
        mod embedded_engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $behaviour() { super::suite::$behaviour(&super::embedded).await })*
        }
    };
}

behaviours! {
    an_empty_store_is_at_revision_1
    create_needs_an_absent_key
    update_compares_and_swaps
    delete_compares_and_removes
    reads_at_a_revision
    lists_in_pages_at_one_revision
    lists_longer_than_a_step
    lists_are_consistent_under_writes
    watches_see_every_write_in_order
    watches_replay_history_and_go_on_live
    watches_begin_without_gaps_under_writes
    watches_may_start_in_the_future
    progress_follows_the_events
    compaction_ends_old_reads_and_watches
    old_history_is_dropped_automatically
    slow_watchers_read_on_from_history
    hopelessly_slow_watchers_are_cut_off
    expired_keys_are_deleted
    writes_renew_the_time_to_live
    waits_for_a_revision
    concurrent_writers_are_linearizable
    guaranteed_updates_lose_nothing
    guaranteed_updates_see_through_stale_caches
    closing_ends_writes_and_watches
}
