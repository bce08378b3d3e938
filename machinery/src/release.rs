//! The tables of a release: its kinds, resources, groups and documents. Generated crates hold one [`Release`]; a server
//! reaches everything through it.

use crate::descriptor::Descriptor;

/// Everything a server needs to know of a Kubernetes release.
#[derive(Debug)]
pub struct Release {
    /// Such as `v1.36`.
    pub name: &'static str,
    /// Version of upstream's source, such as `v1.36.0`; served at `/version`.
    pub git_version: &'static str,
    /// API groups in discovery order, the core group (`""`) first.
    pub groups: &'static [Group],
    /// Every kind with a message: served ones, options, lists, old versions; sorted by group, version, kind.
    pub kinds: &'static [Kind],
    /// Every served resource, grouped by group version in discovery order, by name inside.
    pub resources: &'static [Resource],
    /// Every message, sorted by name.
    pub messages: &'static [&'static Descriptor],
    pub openapi: OpenApi,
}

#[derive(Debug)]
pub struct Group {
    /// Such as `apps`; empty for core.
    pub name: &'static str,
    /// Served versions, the preferred one first.
    pub versions: &'static [&'static str],
}

/// A kind of a group version and the message that holds it.
#[derive(Debug)]
pub struct Kind {
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub message: &'static Descriptor,
}

/// A group, version and kind by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gvk {
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
}

/// A served resource of one group version.
#[derive(Debug)]
pub struct Resource {
    pub group: &'static str,
    pub version: &'static str,
    /// Plural name as in the path, such as `pods`.
    pub name: &'static str,
    pub singular: &'static str,
    pub kind: &'static str,
    pub namespaced: bool,
    /// Sorted, such as `["create", "delete", …]`.
    pub verbs: &'static [&'static str],
    pub short_names: &'static [&'static str],
    pub categories: &'static [&'static str],
    pub subresources: &'static [Subresource],
    /// `None` for what is answered and not kept, such as token reviews.
    pub storage: Option<Storage>,
    /// Whether create sets `metadata.generation` to 1 and changes of the spec count it up.
    pub generation: bool,
    /// Whether a delete answers with the deleted object instead of a `Status`.
    pub delete_returns_object: bool,
    /// Whether `PUT` must carry a resourceVersion.
    pub update_needs_version: bool,
    /// Fields that field selectors may name besides `metadata.name` and `metadata.namespace`.
    pub selectable: &'static [Selectable],
    /// Columns of the `Table` form; empty means name and creation time.
    pub columns: &'static [Column],
    /// Where the scale subresource finds its values; `None` if there is none.
    pub scale: Option<Scale>,
    /// Constants that fill absent fields when an object is created or updated.
    pub defaults: &'static [Default],
}

/// Where and as what a resource is stored. Resources that share `prefix` share their objects.
#[derive(Debug)]
pub struct Storage {
    /// First part of the key after the root, such as `minions`.
    pub prefix: &'static str,
    /// Group version the object is encoded in.
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
}

#[derive(Debug)]
pub struct Subresource {
    /// Such as `status`.
    pub name: &'static str,
    /// What the body is.
    pub kind: Gvk,
    pub verbs: &'static [&'static str],
}

/// A field selector and the path of the value, both with dots.
#[derive(Debug)]
pub struct Selectable {
    pub label: &'static str,
    pub path: &'static str,
}

/// A column of a table and how its cells are made.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    /// `string`, `integer`, `boolean`, `date` or `number`.
    pub ty: &'static str,
    /// `name` or empty.
    pub format: &'static str,
    /// 0 is shown by default, more with `-o wide`.
    pub priority: i32,
    /// As served; empty if the spec has none.
    pub description: &'static str,
    pub cell: Cell,
}

/// `function(arguments)`; the server knows the functions.
#[derive(Debug)]
pub struct Cell {
    pub function: &'static str,
    pub arguments: &'static [&'static str],
}

/// Paths of the scale subresource's values, with dots; empty if there is none.
#[derive(Debug)]
pub struct Scale {
    pub spec_replicas: &'static str,
    pub status_replicas: &'static str,
    /// A label selector, a map or a string.
    pub selector: &'static str,
}

/// A value for an absent field: a path with dots (`[]` for each item) and JSON text.
#[derive(Debug)]
pub struct Default {
    pub path: &'static str,
    pub json: &'static str,
}

/// OpenAPI documents, compressed with gzip.
#[derive(Debug)]
pub struct OpenApi {
    pub v2_json: Document,
    /// The same as a gnostic `openapi.v2.Document` message.
    pub v2_proto: Document,
    /// Path as in the index (`api/v1`, `apis/apps/v1`, `version`) and document, sorted by path.
    pub v3_json: &'static [(&'static str, Document)],
}

/// A document and the digest its ETag and `hash=` are made of.
#[derive(Debug)]
pub struct Document {
    pub gzip: &'static [u8],
    /// Upper-case hexadecimal SHA-512 of the uncompressed bytes.
    pub sha512: &'static str,
}

impl Release {
    /// The kind's entry, or `None` if the release does not define it.
    pub fn kind(&self, group: &str, version: &str, kind: &str) -> Option<&'static Kind> {
        let wanted = (group, version, kind);
        let kinds = self.kinds;
        kinds.binary_search_by(|k| (k.group, k.version, k.kind).cmp(&wanted)).ok().map(|i| &kinds[i])
    }

    /// The descriptor of a message by its full OpenAPI name.
    pub fn message(&self, name: &str) -> Option<&'static Descriptor> {
        let messages = self.messages;
        messages.binary_search_by(|d| d.name.as_ref().cmp(name)).ok().map(|i| messages[i])
    }

    /// The served resource of a group version by its plural name.
    pub fn resource(&self, group: &str, version: &str, name: &str) -> Option<&'static Resource> {
        self.resources.iter().find(|r| r.name == name && r.version == version && r.group == group)
    }
}
