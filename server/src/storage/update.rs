//! Read-modify-write without lost updates.

use std::time::Duration;

use bytes::Bytes;

use super::{Deleted, Entry, Error, Storage};

/// What to do with a key, decided from its current state.
#[derive(Clone, Debug)]
pub enum Update {
    /// Leave it as it is.
    Keep,
    /// Create or replace it.
    Put { value: Bytes, ttl: Option<Duration> },
    /// Remove it.
    Delete,
}

/// What [`guaranteed_update`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing; this is the current state.
    Kept(Option<Entry>),
    Put(Entry),
    Deleted(Deleted),
}

/// Why [`guaranteed_update`] gave up.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// The caller's function refused.
    #[error("{0}")]
    Refused(E),
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Applies `change` to the current state of `key`, again and again until nobody interferes.
///
/// `change` gets the state (`None`: no such key) and may run several times; each run after the first means that
/// somebody else wrote in between, so the loop as a whole always makes progress. `cached` is a state believed to be
/// current: it saves the first read, and an answer that only holds for a stale state is never returned.
///
/// Errors: [`UpdateError::Refused`] with what `change` returned for the current state, [`UpdateError::Storage`].
pub async fn guaranteed_update<F, Fut, E>(
    storage: &dyn Storage,
    key: &str,
    cached: Option<Entry>,
    mut change: F,
) -> Result<Outcome, UpdateError<E>>
where
    F: FnMut(Option<Entry>) -> Fut,
    Fut: Future<Output = Result<Update, E>>,
{
    let mut fresh = cached.is_none();
    let mut current = if fresh { storage.get(key, None).await? } else { cached };
    loop {
        let update = change(current.clone()).await;
        if !fresh && !matches!(update, Ok(Update::Put { .. } | Update::Delete)) {
            // Nothing will be compared with the store, so look whether the guess was right.
            let read = storage.get(key, None).await?;
            fresh = true;
            if read.as_ref().map(|entry| entry.mod_revision) != current.as_ref().map(|entry| entry.mod_revision) {
                current = read;
                continue;
            }
        }
        match apply(storage, key, current, update.map_err(UpdateError::Refused)?).await {
            Ok(outcome) => return Ok(outcome),
            Err(Error::Conflict { current: found, .. }) => current = Some(*found),
            Err(Error::NotFound { .. }) => current = None,
            Err(Error::AlreadyExists { .. }) => current = storage.get(key, None).await?,
            Err(error) => return Err(error.into()),
        }
        fresh = true;
    }
}

async fn apply(storage: &dyn Storage, key: &str, current: Option<Entry>, update: Update) -> Result<Outcome, Error> {
    match (update, current) {
        (Update::Keep, current) => Ok(Outcome::Kept(current)),
        (Update::Put { value, ttl }, None) => Ok(Outcome::Put(storage.create(key, value, ttl).await?)),
        (Update::Put { value, ttl }, Some(current)) => {
            Ok(Outcome::Put(storage.update(key, value, current.mod_revision, ttl).await?))
        }
        (Update::Delete, None) => Ok(Outcome::Kept(None)),
        (Update::Delete, Some(current)) => Ok(Outcome::Deleted(storage.delete(key, current.mod_revision).await?)),
    }
}
