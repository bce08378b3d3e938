//! Typed objects on top of storage: which resources there are, where each is kept, and how it is encoded.
//!
//! Handlers work on messages of the *stored* version of a kind; [`Store::read`] and [`Store::write`] pass the border
//! to the served version through [`convert`](crate::convert::convert).

pub mod defaults;
mod kinds;
pub mod names;
pub mod strategy;

use std::collections::HashMap;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kubeforge_machinery::message::set_type_meta;
use kubeforge_machinery::release::{Kind, Release, Resource};
use kubeforge_machinery::status::{Cause, GroupResource};
use kubeforge_machinery::{Message, envelope, json, proto};

use crate::convert::convert;
use crate::discovery::group_version;
use crate::http::Status;
use crate::storage::{self, Entry, Outcome, Revision, Storage, Update, UpdateError, guaranteed_update};
use crate::{errors, meta};
use names::NameRule;
use strategy::Strategy;

/// What every key begins with.
const ROOT: &str = "/registry/";

/// Groups whose objects are stored as JSON, as upstream does.
const STORED_AS_JSON: [&str; 2] = ["apiextensions.k8s.io", "apiregistration.k8s.io"];

/// How long a read waits for a resourceVersion that lies ahead.
const FUTURE_PATIENCE: Duration = Duration::from_secs(3);

/// The resources of a release on one storage.
pub struct Registry {
    pub release: &'static Release,
    pub storage: Arc<dyn Storage>,
    stores: Vec<Arc<Store>>,
    /// Places in `stores` by group, version and resource.
    index: HashMap<(&'static str, &'static str, &'static str), usize>,
}

/// One resource of one group version.
pub struct Store {
    pub resource: &'static Resource,
    /// The kind as clients see it.
    pub served: &'static Kind,
    /// `apiVersion` of the served kind.
    pub api_version: String,
    /// The kind as it is stored; for resources that are not stored, as served.
    pub stored: &'static Kind,
    pub names: NameRule,
    pub strategy: &'static Strategy,
    /// Whether `status` has a subresource of its own, and so is closed to writes of the object.
    pub has_status: bool,
    release: &'static Release,
    storage: Arc<dyn Storage>,
    /// `/registry/pods/`; empty if nothing is stored.
    root: String,
}

/// What to do with an object.
pub enum Change {
    /// Nothing; the caller has what it wants.
    Keep,
    Put(Box<dyn Message>),
    Delete,
}

/// What was done with it.
pub enum Done {
    Kept,
    /// The object was written at this revision.
    Put(Revision),
    /// The object was removed at this revision.
    Deleted(Revision),
}

impl Registry {
    /// The resources whose kinds the release has messages for.
    pub fn new(release: &'static Release, storage: Arc<dyn Storage>) -> Registry {
        let stores = release.resources.iter().filter_map(|resource| Store::new(release, resource, storage.clone()));
        let stores: Vec<Arc<Store>> = stores.map(Arc::new).collect();
        let keys = stores.iter().map(|store| (store.resource.group, store.resource.version, store.resource.name));
        let index = keys.zip(0..).collect();
        Registry { release, storage, stores, index }
    }

    /// The store of a resource; `None` if it is not served.
    pub fn store(&self, group: &str, version: &str, resource: &str) -> Option<&Arc<Store>> {
        let index = self.index.get(&(group, version, resource)).copied()?;
        self.stores.get(index)
    }

    /// Every place where objects are kept, once, through whichever version stores them as it serves them if any does.
    pub fn distinct(&self) -> Vec<&Arc<Store>> {
        let mut by_root: HashMap<&str, &Arc<Store>> = HashMap::new();
        for store in self.stores.iter().filter(|store| !store.root.is_empty()) {
            let entry = by_root.entry(&store.root).or_insert(store);
            if store.serves_what_it_stores() && !entry.serves_what_it_stores() {
                *entry = store;
            }
        }
        let mut stores: Vec<_> = by_root.into_values().collect();
        stores.sort_by(|a, b| a.root.cmp(&b.root));
        stores
    }

    /// Whether the group version is served.
    pub fn serves(&self, group: &str, version: &str) -> bool {
        self.release.groups.iter().any(|g| g.name == group && g.versions.contains(&version))
    }

    /// Waits for the revision that a client read before; 504 if it does not come.
    pub async fn wait_for(&self, revision: Revision) -> Result<Revision, Status> {
        self.storage.wait_for_revision(revision, FUTURE_PATIENCE).await.map_err(errors::of_storage)
    }
}

impl Store {
    fn new(release: &'static Release, resource: &'static Resource, storage: Arc<dyn Storage>) -> Option<Store> {
        let served = release.kind(resource.group, resource.version, resource.kind)?;
        let (stored, root) = match &resource.storage {
            Some(at) => (release.kind(at.group, at.version, at.kind)?, format!("{ROOT}{}/", at.prefix)),
            None => (served, String::new()),
        };
        Some(Store {
            resource,
            served,
            api_version: group_version(served.group, served.version),
            stored,
            names: NameRule::of(resource.group, resource.name),
            strategy: Strategy::of(resource.group, resource.name),
            has_status: resource.subresources.iter().any(|sub| sub.name == "status"),
            release,
            storage,
            root,
        })
    }

    /// Whether objects are kept at all.
    pub fn is_stored(&self) -> bool {
        !self.root.is_empty()
    }

    fn serves_what_it_stores(&self) -> bool {
        std::ptr::eq(self.served, self.stored)
    }

    /// What the keys of a namespace's objects begin with; of all objects for an empty namespace.
    pub fn prefix(&self, namespace: &str) -> String {
        if namespace.is_empty() { self.root.clone() } else { format!("{}{namespace}/", self.root) }
    }

    /// The key of an object; `namespace` is empty for resources of the cluster.
    pub fn key(&self, namespace: &str, name: &str) -> String {
        self.prefix(namespace) + name
    }

    /// The resource as errors name it.
    pub fn group_resource(&self) -> GroupResource<'static> {
        GroupResource { group: self.resource.group, resource: self.resource.name }
    }

    pub fn not_found(&self, name: &str) -> Status {
        Status::not_found(self.group_resource(), name)
    }

    pub fn invalid(&self, name: &str, problems: Vec<Cause>) -> Status {
        Status::invalid(GroupResource { group: self.resource.group, resource: self.resource.kind }, name, problems)
    }

    /// The object of a stored value, in the stored version and with its resourceVersion.
    pub fn decode(&self, key: &str, value: &[u8], revision: Revision) -> Result<Box<dyn Message>, Status> {
        let broken = |why: &dyn std::fmt::Display| {
            Status::internal(format!("unable to decode the stored object {key:?}: {why}"))
        };
        let mut object;
        if value.starts_with(envelope::MAGIC) {
            let unknown = envelope::decode(value).map_err(|e| broken(&e))?;
            let (group, version) = unknown.api_version.split_once('/').unwrap_or(("", &unknown.api_version));
            let kind = self.release.kind(group, version, &unknown.kind);
            let kind = kind.ok_or_else(|| broken(&format_args!("no kind {} {}", unknown.api_version, unknown.kind)))?;
            object = kind.message.new_message();
            proto::decode(unknown.raw, object.as_mut()).map_err(|e| broken(&e))?;
            object = convert(object, kind, self.stored)?;
        } else {
            object = self.stored.message.new_message();
            json::decode(value, object.as_mut()).map_err(|e| broken(&e))?;
        }
        meta::set(object.as_mut(), "resourceVersion", &revision.to_string());
        Ok(object)
    }

    fn decode_entry(&self, entry: &Entry) -> Result<Box<dyn Message>, Status> {
        self.decode(&entry.key, &entry.value, entry.mod_revision)
    }

    /// The value to store for an object of the stored version. Its resourceVersion is the store's business.
    fn encode(&self, object: &mut dyn Message) -> Bytes {
        meta::set(object, "resourceVersion", "");
        let api_version = group_version(self.stored.group, self.stored.version);
        if STORED_AS_JSON.contains(&self.stored.group) {
            set_type_meta(object, &api_version, self.stored.kind);
            let mut text = json::encode(object);
            text.push(b'\n');
            text.into()
        } else {
            envelope::encode(object, &api_version, self.stored.kind).into()
        }
    }

    /// An object of the served version in the stored one.
    pub fn write(&self, object: Box<dyn Message>) -> Result<Box<dyn Message>, Status> {
        convert(object, self.served, self.stored)
    }

    /// An object of the stored version in the served one.
    pub fn read(&self, object: Box<dyn Message>) -> Result<Box<dyn Message>, Status> {
        convert(object, self.stored, self.served)
    }

    /// One object in the stored version; 404 if there is none.
    pub async fn get(&self, namespace: &str, name: &str) -> Result<Box<dyn Message>, Status> {
        let key = self.key(namespace, name);
        let entry = self.storage.get(&key, None).await.map_err(errors::of_storage)?;
        self.decode_entry(&entry.ok_or_else(|| self.not_found(name))?)
    }

    /// Writes a new object of the stored version and gives it its resourceVersion; 409 if the name is taken.
    pub async fn create(&self, object: &mut dyn Message) -> Result<(), Status> {
        let (namespace, name) = (meta::get(object, "namespace").to_owned(), meta::get(object, "name").to_owned());
        let value = self.encode(object);
        match self.storage.create(&self.key(&namespace, &name), value, self.strategy.ttl).await {
            Ok(entry) => {
                meta::set(object, "resourceVersion", &entry.mod_revision.to_string());
                Ok(())
            }
            Err(storage::Error::AlreadyExists { .. }) => Err(Status::already_exists(self.group_resource(), &name)),
            Err(error) => Err(errors::of_storage(error)),
        }
    }

    /// Reads an object, decides, and writes, again and again until nobody interferes. `change` sees the object in the
    /// stored version, `None` if there is none. A [`Change::Put`] of what is already there writes nothing.
    pub async fn update(
        &self,
        namespace: &str,
        name: &str,
        mut change: impl FnMut(Option<Box<dyn Message>>) -> Result<Change, Status> + Send,
    ) -> Result<Done, Status> {
        let key = self.key(namespace, name);
        let step = |entry: Option<Entry>| -> Result<Update, Status> {
            let object = entry.as_ref().map(|entry| self.decode_entry(entry)).transpose()?;
            Ok(match change(object)? {
                Change::Keep => Update::Keep,
                Change::Delete => Update::Delete,
                Change::Put(mut object) => {
                    let value = self.encode(object.as_mut());
                    match &entry {
                        Some(entry) if entry.value == value => Update::Keep,
                        _ => Update::Put { value, ttl: self.strategy.ttl },
                    }
                }
            })
        };
        let mut step = step;
        match guaranteed_update(&*self.storage, &key, None, |entry| future::ready(step(entry))).await {
            Ok(Outcome::Kept(_)) => Ok(Done::Kept),
            Ok(Outcome::Put(entry)) => Ok(Done::Put(entry.mod_revision)),
            Ok(Outcome::Deleted(deleted)) => Ok(Done::Deleted(deleted.revision)),
            Err(UpdateError::Refused(status)) => Err(status),
            Err(UpdateError::Storage(error)) => Err(errors::of_storage(error)),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({} {})", self.api_version, self.resource.name)
    }
}
