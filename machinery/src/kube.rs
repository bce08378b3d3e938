//! Generated types in kube's `Api`, watchers and controllers (feature `kube`).
//!
//! kube takes every type that implements k8s-openapi's traits, and it borrows k8s-openapi's `ObjectMeta` from it. A
//! generated type holds its release's own `ObjectMeta` and has no other to lend, so [`Object`] carries one beside it.
//! The program chooses k8s-openapi's version feature, as every program with kube does.

use std::ops::{Deref, DerefMut};

use ::serde::de::Error as _;
use ::serde::ser::Error as _;
use ::serde::{Deserialize, Deserializer, Serialize, Serializer};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, ResourceScope};

use crate::json;
use crate::kind::{ClusterWide, Namespaced, Resource, Scope};
use crate::message::{set_type_meta, type_meta};

/// An object as kube handles it, for example in `Api<Object<Pod>>`. Its serialized form is the object's own, with
/// `apiVersion` and `kind`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<K> {
    /// The metadata of the object, the only ones that are sent.
    pub metadata: ObjectMeta,
    /// Everything else. Its own metadata is empty until [`Object::into_inner`] puts it back.
    pub object: K,
}

/// Metadata that only one of the two types can hold, such as a time after the year 9999.
#[derive(Debug, thiserror::Error)]
#[error("the metadata of a {kind} has no other form: {reason}; change or clear that field")]
pub struct MetadataError {
    pub kind: &'static str,
    pub reason: String,
}

impl<K: Resource> Object<K> {
    /// Takes the metadata out of the object, so that kube sees it.
    pub fn new(mut object: K) -> Result<Object<K>, MetadataError> {
        let own = std::mem::take(object.metadata_mut());
        let metadata = serde_json::from_slice(&json::encode(&own)).map_err(MetadataError::of::<K>)?;
        Ok(Object { metadata, object })
    }

    /// The object with its metadata in place, and `apiVersion` and `kind`.
    pub fn into_inner(self) -> Result<K, MetadataError> {
        let mut object = self.object;
        let text = serde_json::to_vec(&self.metadata).map_err(MetadataError::of::<K>)?;
        let mut own = K::Metadata::default();
        json::decode(&text, &mut own).map_err(MetadataError::of::<K>)?;
        *object.metadata_mut() = own;
        set_type_meta(&mut object, K::API_VERSION, K::KIND);
        Ok(object)
    }
}

impl MetadataError {
    fn of<K: Resource>(reason: impl ToString) -> MetadataError {
        MetadataError { kind: K::KIND, reason: reason.to_string() }
    }
}

impl<K> Deref for Object<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.object
    }
}

impl<K> DerefMut for Object<K> {
    fn deref_mut(&mut self) -> &mut K {
        &mut self.object
    }
}

impl<K: Resource + Clone> Serialize for Object<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = self.clone().into_inner().map_err(S::Error::custom)?;
        crate::serde::serialize(&object, serializer)
    }
}

impl<'de, K: Resource> Deserialize<'de> for Object<K> {
    /// Items of lists come without `apiVersion` and `kind`; those of something else are refused.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = K::default();
        crate::serde::deserialize(&mut object, deserializer)?;
        let (api_version, kind) = type_meta(&object);
        let differs = |found: &str, expected| !found.is_empty() && found != expected;
        if differs(api_version, K::API_VERSION) || differs(kind, K::KIND) {
            let (expected, expected_kind) = (K::API_VERSION, K::KIND);
            let problem = format!("expected {expected_kind} of {expected}, found {kind} of {api_version}");
            return Err(D::Error::custom(problem));
        }
        set_type_meta(&mut object, K::API_VERSION, K::KIND);
        Object::new(object).map_err(D::Error::custom)
    }
}

/// A [`Scope`] in k8s-openapi's terms.
pub trait KubeScope: Scope {
    type Scope: ResourceScope;
}

impl KubeScope for Namespaced {
    type Scope = NamespaceResourceScope;
}

impl KubeScope for ClusterWide {
    type Scope = ClusterResourceScope;
}

impl<K: Resource> k8s_openapi::Resource for Object<K>
where
    K::Scope: KubeScope,
{
    const API_VERSION: &'static str = K::API_VERSION;
    const GROUP: &'static str = K::GROUP;
    const KIND: &'static str = K::KIND;
    const VERSION: &'static str = K::VERSION;
    const URL_PATH_SEGMENT: &'static str = K::PLURAL;
    type Scope = <K::Scope as KubeScope>::Scope;
}

impl<K: Resource> k8s_openapi::Metadata for Object<K>
where
    K::Scope: KubeScope,
{
    type Ty = ObjectMeta;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
