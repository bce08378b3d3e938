//! The API itself: one handler per verb, the same for every resource.
//!
//! [`Api`] finds out what a request is about ([`Target`]) and hands it to the verb. What differs between resources is
//! in the release's tables.

mod body;
mod create;
mod delete;
mod documents;
mod encode;
mod frames;
mod get;
mod list;
mod options;
mod paging;
mod patch;
mod respond;
mod scale;
mod selection;
mod tables;
mod update;
mod virtuals;
mod watch;

use std::sync::Arc;

use kubeforge_machinery::release::{Release, Subresource};

use crate::discovery::Discovery;
use crate::http::{Handler, HeaderMap, Method, Request, Response, Status};
use crate::openapi::OpenApi;
use crate::registry::strategy::Part;
use crate::registry::{Registry, Store};
use crate::storage::Storage;
use crate::{bootstrap, errors, namespaces};
use scale::Scaling;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

pub(crate) use delete::{DeleteOptions, delete_one};

/// Port of the API where the address names none.
const DEFAULT_PORT: u16 = 6443;

/// How an API server behaves where that is a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether the server empties and removes namespaces that are deleted, as the namespace controller does where
    /// there is one.
    pub namespace_lifecycle: bool,
    /// Whether watches may ask for initial events (KEP-3157).
    pub watch_list: bool,
    /// Host and port under which discovery tells clients to connect.
    pub address: String,
}

impl Config {
    /// What upstream does in this release.
    pub fn of(release: &Release) -> Config {
        /// The minor release since which initial events are on by default.
        const WATCH_LIST: u32 = 34;
        let minor = release.name.rsplit('.').next().and_then(|minor| minor.parse().ok()).unwrap_or(0u32);
        Config { namespace_lifecycle: true, watch_list: minor >= WATCH_LIST, address: "127.0.0.1:6443".to_owned() }
    }
}

/// An API server's answers, and what it does of its own accord; that ends with it.
pub struct Api {
    pub registry: Arc<Registry>,
    pub config: Config,
    discovery: Discovery,
    openapi: OpenApi,
    /// Set once the objects that every cluster has are there.
    ready: OnceCell<()>,
    tasks: JoinSet<()>,
}

/// What a request is about.
struct Target<'a> {
    store: &'a Arc<Store>,
    /// Empty for resources of the cluster, and for collections across namespaces.
    namespace: &'a str,
    /// Empty for collections.
    name: &'a str,
}

impl Api {
    /// Must be called in a Tokio runtime, for the server's own tasks.
    pub fn new(release: &'static Release, storage: Arc<dyn Storage>, config: Config) -> Api {
        let registry = Arc::new(Registry::new(release, storage));
        let mut tasks = JoinSet::new();
        if config.namespace_lifecycle {
            tasks.spawn(namespaces::run(registry.clone()));
        }
        Api {
            registry,
            discovery: Discovery::new(release, &config.address),
            openapi: OpenApi::new(release),
            config,
            ready: OnceCell::new(),
            tasks,
        }
    }

    /// Waits until the objects that every cluster has are there; whoever comes first makes them.
    async fn ready(&self) -> Result<(), Status> {
        let port = self.config.address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(DEFAULT_PORT);
        self.ready.get_or_try_init(|| bootstrap::run(&self.registry, port)).await.copied()
    }

    async fn answer(&self, request: Request) -> Result<Response, Status> {
        options::check_timeout(&request)?;
        if !request.info.is_resource {
            return self.document(&request);
        }
        let info = request.info.clone();
        if !self.registry.release.groups.iter().any(|group| group.name == info.group) {
            return Ok(Response::page_not_found());
        }
        let store = self.registry.store(&info.group, &info.version, &info.resource);
        let store = store.ok_or_else(Status::no_such_resource)?;
        // A name from a field selector is no name in the path.
        let name = if info.parts.len() > 1 { info.name.as_str() } else { "" };
        let namespace = if store.resource.namespaced { info.namespace.as_str() } else { "" };
        let is_namespace_itself = info.resource == "namespaces" && info.group.is_empty();
        if !store.resource.namespaced && !info.namespace.is_empty() && !is_namespace_itself {
            return Err(Status::no_such_resource());
        }
        if store.resource.namespaced && namespace.is_empty() && !name.is_empty() && info.verb != "watch" {
            return Err(Status::no_such_resource());
        }
        let target = Target { store, namespace, name };
        if info.subresource.is_empty() {
            self.resource(&target, &info.verb, request).await
        } else {
            self.subresource(&target, &info.subresource, &info.verb, request).await
        }
    }

    /// The resource's own verbs.
    async fn resource(&self, target: &Target<'_>, verb: &str, request: Request) -> Result<Response, Status> {
        let resource = target.store.resource;
        let fits_path = match verb {
            "get" | "update" | "patch" | "delete" => !target.name.is_empty(),
            "list" | "deletecollection" | "create" => target.name.is_empty(),
            "watch" => true,
            _ => false,
        };
        let needs_namespace = matches!(verb, "create" | "deletecollection");
        let lacks_namespace = needs_namespace && resource.namespaced && target.namespace.is_empty();
        let is_head = request.method == Method::HEAD;
        if !fits_path || lacks_namespace || is_head || !resource.verbs.contains(&verb) {
            return Err(Status::method_not_allowed());
        }
        if !target.store.is_stored() {
            return match verb {
                "create" => self.review(target, request).await,
                _ => Err(errors::not_implemented(format!("{} are not served by this server", resource.name))),
            };
        }
        match verb {
            "get" => self.get(target, request).await,
            "list" => self.list(target, request).await,
            "watch" if request.method == Method::GET => self.watch(target, request).await,
            "create" => self.create(target, request).await,
            "update" => self.update(target, Part::Object, request).await,
            "patch" => self.patch(target, Part::Object, request).await,
            "delete" => self.delete(target, request).await,
            "deletecollection" => self.delete_collection(target, request).await,
            _ => Err(Status::method_not_allowed()),
        }
    }

    /// The verbs of the resource's subresources.
    async fn subresource(
        &self,
        target: &Target<'_>,
        name: &str,
        verb: &str,
        request: Request,
    ) -> Result<Response, Status> {
        let resource = target.store.resource;
        let Some(sub) = resource.subresources.iter().find(|sub| sub.name == name) else {
            return Err(Status::no_such_resource());
        };
        if !sub.verbs.contains(&verb) || request.method == Method::HEAD {
            return Err(Status::method_not_allowed());
        }
        match (name, verb) {
            ("status", "get") => self.get(target, request).await,
            ("status", "update") => self.update(target, Part::Status, request).await,
            ("status", "patch") => self.patch(target, Part::Status, request).await,
            ("finalize", "update") => self.update(target, Part::Finalize, request).await,
            ("scale", "get") => self.get_scale(target, self.scaling(target, sub)?, request).await,
            ("scale", "update") => self.put_scale(target, self.scaling(target, sub)?, request).await,
            ("scale", "patch") => self.patch_scale(target, self.scaling(target, sub)?, request).await,
            _ => Err(errors::not_implemented(format!(
                "the {name} subresource of {} is not served by this server",
                target.store.group_resource()
            ))),
        }
    }

    fn scaling(&self, target: &Target<'_>, sub: &Subresource) -> Result<Scaling, Status> {
        let scale = target.store.resource.scale.as_ref();
        let kind = self.registry.release.kind(sub.kind.group, sub.kind.version, sub.kind.kind);
        match (scale, kind) {
            (Some(scale), Some(kind)) => Ok(Scaling { scale, kind }),
            _ => Err(errors::not_implemented(format!(
                "the release does not say where {} have their replicas",
                target.store.resource.name
            ))),
        }
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("config", &self.config).field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}

impl Handler for Api {
    async fn handle(&self, request: Request) -> Response {
        let headers = request.headers.clone();
        let answer = async {
            self.ready().await?;
            self.answer(request).await
        };
        match answer.await {
            Ok(response) => response,
            Err(status) => self.error(&headers, &status),
        }
    }

    fn error(&self, headers: &HeaderMap, status: &Status) -> Response {
        respond::error(self, headers, status)
    }
}
