//! What a message is made of, as data.
//!
//! Generated crates hold one `static` [`Descriptor`] per message; a custom resource's is built at run time.
//! Names are [`Cow`]s and references are [`DescriptorRef`]s so that both are the same type.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Message;

/// The description of one message: its name and its fields in JSON order.
#[derive(Debug)]
pub struct Descriptor {
    /// Full OpenAPI name, such as `io.k8s.api.core.v1.Pod`.
    pub name: Cow<'static, str>,
    /// The fields in the order in which Go declares, and so prints, them. A struct that Go inlines in JSON but nests
    /// in protobuf contributes its own fields (without tag) and one more without JSON name that stands for itself.
    pub fields: Cow<'static, [Field]>,
    /// Index of the field with a tag, by tag; [`NO_FIELD`] where there is none.
    pub tags: Cow<'static, [u8]>,
    /// How the JSON and protobuf forms are made.
    pub shape: Shape,
    /// An empty message of this type.
    pub new: fn() -> Box<dyn Message>,
}

/// Marks a tag that no field has in [`Descriptor::tags`].
pub const NO_FIELD: u8 = u8::MAX;

/// Whether a message is walked field by field or has a form of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A JSON object and a protobuf message with the descriptor's fields.
    Struct,
    /// A type with codecs of its own ([`crate::message::Special`]), such as `Time` or `Quantity`.
    Special,
}

/// One field of a message.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name in JSON; empty if the field exists in protobuf only.
    pub json: Cow<'static, str>,
    /// Protobuf field number; 0 if the field exists in JSON only.
    pub tag: u32,
    pub ty: Type,
    pub flags: Flags,
    /// Type as Go error messages name it where that is not plain from `ty`, such as `v1.PullPolicy`; else empty.
    pub go_type: Cow<'static, str>,
    /// List, map and patch semantics; [`Merge::NONE`] for most.
    pub merge: Cow<'static, Merge>,
}

/// Type of a field's values.
#[derive(Clone, Debug)]
pub enum Type {
    Bool,
    I32,
    I64,
    F64,
    Str,
    Bytes,
    Bools,
    I32s,
    I64s,
    Strs,
    /// `map<string, string>`
    StrMap,
    /// `map<string, bytes>`
    BytesMap,
    Message(DescriptorRef),
    List(DescriptorRef),
    /// `map<string, message>`
    Map(DescriptorRef),
}

/// Presence of a field, as Go declares it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// A pointer in Go, `Option` in Rust: absent differs from zero.
    pub const POINTER: Flags = Flags(1);
    /// Left out of JSON if zero; without effect on structs by value.
    pub const OMITEMPTY: Flags = Flags(2);
    /// Left out of JSON if zero, structs by value too.
    pub const OMITZERO: Flags = Flags(4);
    /// Required in the OpenAPI schema.
    pub const REQUIRED: Flags = Flags(8);

    pub const fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }

    pub const fn with(self, flag: Flags) -> Flags {
        Flags(self.0 | flag.0)
    }
}

/// How a field merges in strategic merge patch and server-side apply (KEP-555).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// `x-kubernetes-list-type`, or `x-kubernetes-map-type: atomic`.
    pub topology: Topology,
    /// `x-kubernetes-list-map-keys`.
    pub list_keys: Cow<'static, [Cow<'static, str>]>,
    /// `x-kubernetes-patch-merge-key`; empty if there is none.
    pub patch_key: Cow<'static, str>,
    /// `x-kubernetes-patch-strategy` contains `merge`.
    pub patch_merge: bool,
    /// `x-kubernetes-patch-strategy` contains `retainKeys`.
    pub retain_keys: bool,
}

/// What server-side apply treats as one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// The type's own way: lists and scalars atomic, maps and structs by key.
    Default,
    /// One value with one owner.
    Atomic,
    /// A list of scalars, each with its owner.
    Set,
    /// A list of objects told apart by keys.
    Map,
}

impl Merge {
    pub const NONE: Merge = Merge {
        topology: Topology::Default,
        list_keys: Cow::Borrowed(&[]),
        patch_key: Cow::Borrowed(""),
        patch_merge: false,
        retain_keys: false,
    };
}

/// A descriptor known at compile time or built at run time.
#[derive(Clone, Debug)]
pub enum DescriptorRef {
    Static(&'static Descriptor),
    Shared(Arc<Descriptor>),
}

impl std::ops::Deref for DescriptorRef {
    type Target = Descriptor;

    fn deref(&self) -> &Descriptor {
        match self {
            DescriptorRef::Static(descriptor) => descriptor,
            DescriptorRef::Shared(descriptor) => descriptor,
        }
    }
}

impl Field {
    /// For generated tables.
    pub const fn new(
        json: &'static str,
        tag: u32,
        ty: Type,
        flags: u8,
        go_type: &'static str,
        merge: &'static Merge,
    ) -> Field {
        Field {
            json: Cow::Borrowed(json),
            tag,
            ty,
            flags: Flags(flags),
            go_type: Cow::Borrowed(go_type),
            merge: Cow::Borrowed(merge),
        }
    }
}

impl Type {
    /// For generated tables.
    pub const fn message(descriptor: &'static Descriptor) -> Type {
        Type::Message(DescriptorRef::Static(descriptor))
    }

    /// For generated tables.
    pub const fn list(descriptor: &'static Descriptor) -> Type {
        Type::List(DescriptorRef::Static(descriptor))
    }

    /// For generated tables.
    pub const fn map(descriptor: &'static Descriptor) -> Type {
        Type::Map(DescriptorRef::Static(descriptor))
    }

    /// Descriptor of the message, list item or map value.
    pub fn descriptor(&self) -> Option<&Descriptor> {
        match self {
            Type::Message(d) | Type::List(d) | Type::Map(d) => Some(d),
            _ => None,
        }
    }
}

impl Merge {
    /// For generated tables.
    pub const fn new(
        topology: Topology,
        list_keys: &'static [Cow<'static, str>],
        patch_key: &'static str,
        patch_merge: bool,
        retain_keys: bool,
    ) -> Merge {
        Merge {
            topology,
            list_keys: Cow::Borrowed(list_keys),
            patch_key: Cow::Borrowed(patch_key),
            patch_merge,
            retain_keys,
        }
    }
}

impl Descriptor {
    /// For generated tables.
    pub const fn new(
        name: &'static str,
        fields: &'static [Field],
        tags: &'static [u8],
        new: fn() -> Box<dyn Message>,
    ) -> Descriptor {
        Descriptor {
            name: Cow::Borrowed(name),
            fields: Cow::Borrowed(fields),
            tags: Cow::Borrowed(tags),
            shape: Shape::Struct,
            new,
        }
    }

    /// For types with codecs of their own.
    pub const fn special(name: &'static str, new: fn() -> Box<dyn Message>) -> Descriptor {
        Descriptor {
            name: Cow::Borrowed(name),
            fields: Cow::Borrowed(&[]),
            tags: Cow::Borrowed(&[]),
            shape: Shape::Special,
            new,
        }
    }

    /// Last part of the name: what Go calls the struct.
    pub fn go_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// Index of the field with this JSON name. `hint` is where it is looked for first: readers pass the index after
    /// the field they read last, since most documents keep the order.
    pub fn json_field(&self, name: &str, hint: usize) -> Option<usize> {
        if self.fields.get(hint).is_some_and(|f| f.json == name) && !name.is_empty() {
            return Some(hint);
        }
        self.fields.iter().position(|f| f.json == name && !name.is_empty())
    }

    /// Index of the field with this protobuf tag.
    pub fn tagged_field(&self, tag: u32) -> Option<usize> {
        match self.tags.get(tag as usize) {
            Some(&index) if index != NO_FIELD => Some(index as usize),
            _ => None,
        }
    }
}
