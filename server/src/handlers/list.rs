//! GET of a collection: a consistent piece of it, filtered and cut into pages.

use kubeforge_machinery::Message;

use super::options::{ListOptions, RevisionMatch};
use super::selection::Selection;
use super::{Api, Target, encode::ListMeta, options, paging, respond};
use crate::errors;
use crate::http::{Request, Response, Status, StatusCode};
use crate::registry::Store;
use crate::storage::{self, ListQuery, Page};

/// Most entries read from the store at first when a filter may drop them; each further time twice as many, for the
/// store counts what follows every time.
const BATCH: usize = 500;
const LARGEST_BATCH: usize = 10_000;

/// A piece of a collection in the served version.
pub(super) struct Listed {
    pub items: Vec<Box<dyn Message>>,
    pub meta: ListMeta,
}

/// Where and when to read.
struct Start {
    prefix: String,
    key: String,
    revision: Option<u64>,
    limit: usize,
}

impl Api {
    pub(super) async fn list(&self, target: &Target<'_>, request: Request) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        let options = options::list(&request, false, self.config.watch_list)?;
        let listed = self.collect(target, &options).await?;
        output.list(target.store, &listed.meta, listed.items, StatusCode::OK)
    }

    /// The objects that a list with these options is about.
    pub(super) async fn collect(&self, target: &Target<'_>, options: &ListOptions) -> Result<Listed, Status> {
        let store = target.store;
        let selection = Selection::parse(store.resource, &options.label_selector, &options.field_selector)?;
        let base = store.prefix(target.namespace);
        let start = self.start(options, &base, &selection.narrow(store, target.namespace)).await?;
        let mut items = Vec::new();
        let mut key = start.key;
        let mut revision = start.revision;
        let mut batch = BATCH;
        loop {
            let wanted = if start.limit == 0 { 0 } else { start.limit - items.len() };
            let limit = if wanted == 0 || selection.is_everything() { wanted } else { batch };
            batch = LARGEST_BATCH.min(2 * batch);
            let query = ListQuery { prefix: &start.prefix, start: &key, limit, at: revision };
            let page = self.registry.storage.list(query).await.map_err(|error| refused(error, options))?;
            let at = *revision.insert(page.revision);
            let last = take(store, &selection, &page, wanted, &mut items)?;
            let full = start.limit != 0 && items.len() >= start.limit;
            let rest = last.is_some_and(|index| index + 1 < page.items.len());
            if !(page.more || rest) || full {
                let mut meta = ListMeta::at(at);
                if let Some(index) = last.filter(|_| page.more || rest) {
                    meta.continue_token = paging::encode(&base, &page.items[index].key, at);
                    meta.remaining = selection.is_everything().then_some(page.remaining_count);
                }
                return Ok(Listed { items, meta });
            }
            key = page.items.last().map(|entry| format!("{}\0", entry.key)).unwrap_or_default();
        }
    }

    /// What the options say about revision and page.
    async fn start(&self, options: &ListOptions, base: &str, narrow: &str) -> Result<Start, Status> {
        let mut start = Start { prefix: narrow.to_owned(), key: String::new(), revision: None, limit: options.limit };
        if !options.continue_token.is_empty() {
            if options.revision.is_some_and(|revision| revision != 0) {
                let message = "specifying resource version is not allowed when using continue";
                return Err(Status::bad_request(message));
            }
            (start.key, start.revision) = paging::decode(&options.continue_token, base)?;
            return Ok(start);
        }
        let Some(revision) = options.revision else { return Ok(start) };
        let exact = match options.revision_match {
            RevisionMatch::Exact => true,
            RevisionMatch::NotOlderThan => false,
            // As upstream before `resourceVersionMatch` existed: a page of a known revision is exact.
            RevisionMatch::Unset => options.limit > 0 && revision > 0,
        };
        if revision == 0 {
            // Any state will do; upstream answers from its cache, which has no pages.
            start.limit = 0;
        } else if exact {
            start.revision = Some(revision);
        } else {
            self.registry.wait_for(revision).await?;
        }
        Ok(start)
    }
}

/// Takes up to `wanted` selected entries (0: all) of a page; answers with the index of the last one looked at.
fn take(
    store: &Store,
    selection: &Selection,
    page: &Page,
    wanted: usize,
    items: &mut Vec<Box<dyn Message>>,
) -> Result<Option<usize>, Status> {
    let mut taken = 0;
    let mut last = None;
    for (index, entry) in page.items.iter().enumerate() {
        last = Some(index);
        let object = store.read(store.decode(&entry.key, &entry.value, entry.mod_revision)?)?;
        if selection.matches(object.as_ref()) {
            items.push(object);
            taken += 1;
            if taken == wanted {
                break;
            }
        }
    }
    Ok(last)
}

fn refused(error: storage::Error, options: &ListOptions) -> Status {
    match error {
        storage::Error::Compacted { .. } if !options.continue_token.is_empty() => Status::expired(
            "The provided continue parameter is too old to display a consistent list result. \
             You must start a new list without the continue parameter.",
        ),
        storage::Error::FutureRevision { .. } => {
            Status::internal("etcdserver: mvcc: required revision is a future revision")
        }
        error => errors::of_storage(error),
    }
}
