//! GET of one object.

use super::{Api, Target, options, respond};
use crate::http::{Request, Response, Status, StatusCode};

impl Api {
    /// Reads are always of the newest state; a resourceVersion only says how new it must be at least.
    pub(super) async fn get(&self, target: &Target<'_>, request: Request) -> Result<Response, Status> {
        let output = respond::Output::negotiate(&request)?;
        if let Some(revision) = options::revision(&request)? {
            self.registry.wait_for(revision).await?;
        }
        let store = target.store;
        let object = store.get(target.namespace, target.name).await?;
        output.object(store, store.read(object)?, StatusCode::OK)
    }
}
