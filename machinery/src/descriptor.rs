//! What a message is made of, as data.
//!
//! Generated crates hold one `static` [`Descriptor`] per message; a custom resource's is built at run time.
//! Names are [`Cow`]s and references are [`DescriptorRef`]s so that both are the same type.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Weak};

use crate::Message;
use crate::message::{Described, DynamicMessage, FieldValue, Place};

/// The description of one message: its name and its fields in JSON order.
#[derive(Debug)]
pub struct Descriptor {
    /// Full OpenAPI name, such as `io.k8s.api.core.v1.Pod`.
    pub name: Cow<'static, str>,
    /// The fields in the order in which Go declares, and so prints, them. A struct that Go inlines in JSON but nests
    /// in protobuf contributes its own fields (without tag) and one more without JSON name that stands for itself.
    pub fields: Cow<'static, [Field]>,
    /// Index of the field with a tag, by tag; [`NO_FIELD`] where there is none.
    pub tags: Cow<'static, [u16]>,
    /// How the JSON and protobuf forms are made.
    pub shape: Shape,
    new: New,
}

/// How an empty message is made.
#[derive(Debug)]
enum New {
    Static(fn() -> Box<dyn Message>),
    /// By the descriptor itself, which is shared.
    Dynamic(Weak<Descriptor>),
}

/// Marks a tag that no field has in [`Descriptor::tags`].
pub const NO_FIELD: u16 = u16::MAX;

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
    pub go_type: &'static str,
    /// List, map and patch semantics; [`Merge::NONE`] for most.
    pub merge: MergeRef,
    /// Where the value is.
    pub place: Place,
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
#[derive(Clone)]
pub enum DescriptorRef {
    /// By a function: types may contain themselves, values of constants may not.
    Static(fn() -> &'static Descriptor),
    Shared(Arc<Descriptor>),
}

impl DescriptorRef {
    pub const fn of<M: Described>() -> DescriptorRef {
        DescriptorRef::Static(M::described)
    }
}

impl fmt::Debug for DescriptorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl std::ops::Deref for DescriptorRef {
    type Target = Descriptor;

    fn deref(&self) -> &Descriptor {
        match self {
            DescriptorRef::Static(described) => described(),
            DescriptorRef::Shared(descriptor) => descriptor,
        }
    }
}

/// Merge semantics known at compile time or built at run time.
#[derive(Clone, Debug)]
pub enum MergeRef {
    Static(&'static Merge),
    Shared(Arc<Merge>),
}

impl std::ops::Deref for MergeRef {
    type Target = Merge;

    fn deref(&self) -> &Merge {
        match self {
            MergeRef::Static(merge) => merge,
            MergeRef::Shared(merge) => merge,
        }
    }
}

impl Field {
    /// For descriptors built at run time. A `tag` of 0 keeps the field out of protobuf.
    pub fn dynamic(json: impl Into<String>, tag: u32, ty: Type, flags: Flags, merge: Merge) -> Field {
        Field {
            json: Cow::Owned(json.into()),
            tag,
            ty,
            flags,
            go_type: "",
            merge: MergeRef::Shared(Arc::new(merge)),
            place: Place::value(0),
        }
    }

    /// For generated tables: a field `offset` bytes from the start of its struct.
    ///
    /// # Safety
    /// A `T` is at `offset`, and the field is in the descriptor of that struct only.
    #[allow(unsafe_code)]
    pub const unsafe fn new<T: FieldValue>(
        json: &'static str,
        tag: u32,
        flags: u8,
        go_type: &'static str,
        merge: &'static Merge,
        offset: usize,
    ) -> Field {
        Field {
            json: Cow::Borrowed(json),
            tag,
            ty: T::TYPE,
            flags: Flags(flags),
            go_type,
            merge: MergeRef::Static(merge),
            // SAFETY: the caller's promise.
            place: unsafe { Place::at::<T>(offset) },
        }
    }
}

/// [`Descriptor::tags`] of the fields.
fn tags(fields: &[Field]) -> Vec<u16> {
    let length = fields.iter().map(|field| field.tag as usize + 1).max().unwrap_or(0);
    let mut tags = vec![NO_FIELD; if length > 1 { length } else { 0 }];
    for (index, field) in fields.iter().enumerate().filter(|(_, field)| field.tag != 0) {
        tags[field.tag as usize] = index as u16;
    }
    tags
}

impl Type {
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
        tags: &'static [u16],
        new: fn() -> Box<dyn Message>,
    ) -> Descriptor {
        Descriptor {
            name: Cow::Borrowed(name),
            fields: Cow::Borrowed(fields),
            tags: Cow::Borrowed(tags),
            shape: Shape::Struct,
            new: New::Static(new),
        }
    }

    /// For types with codecs of their own.
    pub const fn special(name: &'static str, new: fn() -> Box<dyn Message>) -> Descriptor {
        Descriptor {
            name: Cow::Borrowed(name),
            fields: Cow::Borrowed(&[]),
            tags: Cow::Borrowed(&[]),
            shape: Shape::Special,
            new: New::Static(new),
        }
    }

    /// A descriptor built at run time, for [`DynamicMessage`]s.
    pub fn shared(name: impl Into<String>, mut fields: Vec<Field>) -> Arc<Descriptor> {
        for (index, field) in fields.iter_mut().enumerate() {
            field.place = Place::value(index);
        }
        Arc::new_cyclic(|weak| Descriptor {
            name: Cow::Owned(name.into()),
            tags: Cow::Owned(tags(&fields)),
            fields: Cow::Owned(fields),
            shape: Shape::Struct,
            new: New::Dynamic(weak.clone()),
        })
    }

    /// An empty message of this type.
    pub fn new_message(&self) -> Box<dyn Message> {
        match &self.new {
            New::Static(new) => new(),
            New::Dynamic(weak) => {
                let descriptor = weak.upgrade().expect("a shared descriptor is borrowed from its `Arc`");
                Box::new(DynamicMessage::new(descriptor))
            }
        }
    }

    /// Last part of the name: what Go calls the struct.
    pub fn go_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// Index of the field with this JSON name. `hint` is where the search begins: readers pass the index after the
    /// field they read last, since most documents keep the order.
    pub fn json_field(&self, name: &str, hint: usize) -> Option<usize> {
        if name.is_empty() {
            return None;
        }
        let fields = &*self.fields;
        let (before, after) = fields.split_at(hint.min(fields.len()));
        let found = after.iter().position(|f| f.json == name);
        found.map(|index| before.len() + index).or_else(|| before.iter().position(|f| f.json == name))
    }

    /// Index of the field with this protobuf tag.
    pub fn tagged_field(&self, tag: u32) -> Option<usize> {
        match self.tags.get(tag as usize) {
            Some(&index) if index != NO_FIELD => Some(index as usize),
            _ => None,
        }
    }
}
