//! What a type is to the API: its group, version and kind, and the path it is served under.
//!
//! Generated crates implement these traits beside each type, so that programs can be generic over kinds without the
//! table of a whole [`Release`](crate::release::Release).

use crate::Message;
use crate::message::set_type_meta;

/// A type with `apiVersion` and `kind`. One that is registered in several groups, such as `ListOptions`, is of the
/// group that its own package is named after.
pub trait Kind: Message + Default {
    /// Such as `apps`; empty for core.
    const GROUP: &'static str;
    /// Such as `v1`.
    const VERSION: &'static str;
    /// `GROUP/VERSION`, or the version alone for core.
    const API_VERSION: &'static str;
    /// Such as `Deployment`.
    const KIND: &'static str;
}

/// A kind that is served under a path of its own.
pub trait Resource: Kind {
    /// [`Namespaced`] or [`ClusterWide`].
    type Scope: Scope;
    /// The release's `ObjectMeta`.
    type Metadata: Message + Default;
    /// Name in the path, such as `deployments`.
    const PLURAL: &'static str;
    const NAMESPACED: bool = <Self::Scope as Scope>::NAMESPACED;

    fn metadata(&self) -> &Self::Metadata;

    fn metadata_mut(&mut self) -> &mut Self::Metadata;
}

/// Whether objects are in namespaces, as a type, so that bounds can ask for it.
pub trait Scope {
    const NAMESPACED: bool;
}

/// The [`Scope`] of pods.
#[derive(Clone, Copy, Debug)]
pub struct Namespaced;

/// The [`Scope`] of nodes.
#[derive(Clone, Copy, Debug)]
pub struct ClusterWide;

impl Scope for Namespaced {
    const NAMESPACED: bool = true;
}

impl Scope for ClusterWide {
    const NAMESPACED: bool = false;
}

/// An empty object that says what it is: `apiVersion` and `kind` are set.
pub fn new<K: Kind>() -> K {
    let mut object = K::default();
    set_type_meta(&mut object, K::API_VERSION, K::KIND);
    object
}
