//! The engines against a naive model: a full copy of the store for every revision.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::StreamExt;
use kubeforge_server::storage::{EmbeddedStorage, Error, EventKind, ListQuery, MemoryStorage, Storage, WatchItem};
use proptest::prelude::*;

/// The state after each revision; index 0 is revision 1.
type Model = Vec<BTreeMap<String, Bytes>>;

#[derive(Clone, Debug)]
enum Step {
    Put(u8),
    Delete(u8),
    /// Compact this many percent of the history.
    Compact(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..8u8).prop_map(Step::Put),
        3 => (0..8u8).prop_map(Step::Delete),
        1 => (0..=100u8).prop_map(Step::Compact),
    ];
    prop::collection::vec(step, 1..60)
}

async fn run(storage: &dyn Storage, model: &mut Model, compacted: &mut u64, steps: &[Step]) {
    for step in steps {
        let current = model.len() as u64;
        let mut state = model.last().unwrap().clone();
        match step {
            Step::Put(key) => {
                let (key, value) = (format!("/{key}"), Bytes::from(current.to_string()));
                match storage.get(&key, None).await.unwrap() {
                    None => storage.create(&key, value.clone(), None).await.unwrap(),
                    Some(entry) => storage.update(&key, value.clone(), entry.mod_revision, None).await.unwrap(),
                };
                state.insert(key, value);
                model.push(state);
            }
            Step::Delete(key) => {
                let key = format!("/{key}");
                let entry = storage.get(&key, None).await.unwrap();
                assert_eq!(entry.is_some(), state.remove(&key).is_some());
                if let Some(entry) = entry {
                    assert_eq!(storage.delete(&key, entry.mod_revision).await.unwrap().entry, entry);
                    model.push(state);
                }
            }
            Step::Compact(percent) => {
                let revision = *compacted + (current - *compacted) * u64::from(*percent) / 100;
                match storage.compact(revision).await {
                    Ok(()) => *compacted = revision,
                    Err(Error::Compacted { .. }) => assert_eq!(revision, *compacted),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

/// Compares every revision that can be read, and the events between them.
async fn check(storage: &dyn Storage, model: &Model, compacted: u64) {
    let current = model.len() as u64;
    assert_eq!(storage.current_revision().await.unwrap(), current);
    for at in compacted.max(1)..=current {
        let page = storage.list(ListQuery { at: Some(at), ..ListQuery::default() }).await.unwrap();
        let found: BTreeMap<_, _> = page.items.into_iter().map(|entry| (entry.key.to_string(), entry.value)).collect();
        assert_eq!(found, model[at as usize - 1], "at revision {at}");
    }
    if compacted > 0 {
        assert!(matches!(storage.get("/0", Some(compacted - 1)).await, Err(Error::Compacted { .. })));
    }
    let mut state = model[compacted.max(1) as usize - 1].clone();
    let mut watch = storage.watch("", compacted.max(1)).await.unwrap();
    for revision in compacted.max(1) + 1..=current {
        let WatchItem::Event(event) = watch.next().await.unwrap().unwrap() else { panic!("an event is missing") };
        assert_eq!(event.revision(), revision);
        let (key, value) = (event.entry.key.to_string(), event.entry.value.clone());
        let before = match event.kind {
            EventKind::Put => state.insert(key, value),
            EventKind::Delete => state.remove(&key),
        };
        assert_eq!(event.previous.as_ref().map(|entry| &entry.value), before.as_ref());
        assert_eq!(state, model[revision as usize - 1]);
    }
    assert_eq!(watch.next().await.unwrap().unwrap(), WatchItem::Progress(current));
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn memory_agrees_with_the_model(steps in steps()) {
        block_on(async {
            let (storage, mut model, mut compacted) = (MemoryStorage::new(), vec![BTreeMap::new()], 0);
            run(&storage, &mut model, &mut compacted, &steps).await;
            check(&storage, &model, compacted).await;
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn embedded_agrees_with_the_model_across_restarts(runs in prop::collection::vec(steps(), 1..4)) {
        block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("store.redb");
            let (mut model, mut compacted) = (vec![BTreeMap::new()], 0);
            for steps in &runs {
                let storage = EmbeddedStorage::open(&path).unwrap();
                check(&storage, &model, compacted).await;
                run(&storage, &mut model, &mut compacted, steps).await;
                check(&storage, &model, compacted).await;
            }
        });
    }
}
