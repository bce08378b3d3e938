//! Where a message's fields are: the one place where bytes are taken for values.
//!
//! A place is an offset and what stands there. Decoders, patches and selectors reach every field of every generated
//! struct through it, so nothing has to be generated for them; `docs/decisions/` has what that is worth.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use super::{Described, DynamicMessage, FieldMut, FieldRef, Message, MessageList, MessageMap, MessageSlot};
use crate::descriptor::{Descriptor, DescriptorRef, Type};
use crate::types::{ByteString, SmallStr};

/// Where a struct has a field, and of which Rust type it is there.
#[derive(Clone, Copy)]
pub struct Place {
    offset: u32,
    kind: Kind,
}

/// What stands at a place. Types that vary come with the function that knows them.
#[derive(Clone, Copy)]
pub enum Kind {
    Bool,
    I32,
    I64,
    Str,
    OptBool,
    OptI32,
    OptI64,
    OptF64,
    OptStr,
    OptBytes,
    Bools,
    I32s,
    I64s,
    Strs,
    StrMap,
    BytesMap,
    Message(fn(*mut ()) -> *mut dyn Message),
    OptMessage(fn(*mut ()) -> *mut dyn MessageSlot),
    List(fn(*mut ()) -> *mut dyn MessageList),
    Map(fn(*mut ()) -> *mut dyn MessageMap),
    /// A value of a [`DynamicMessage`]; the offset is its index.
    Value,
}

impl Place {
    /// The value at `index` of a message described at run time.
    pub(crate) fn value(index: usize) -> Place {
        Place { offset: index as u32, kind: Kind::Value }
    }

    /// Whether this is what [`Place::value`] makes of the index.
    pub(super) fn is_value(&self, index: usize) -> bool {
        matches!(self.kind, Kind::Value) && self.offset as usize == index
    }

    /// # Safety
    /// A `T` is at `offset` in the struct whose descriptor this place gets into.
    pub(crate) const unsafe fn at<T: FieldValue>(offset: usize) -> Place {
        assert!(offset <= u32::MAX as usize);
        Place { offset: offset as u32, kind: T::KIND }
    }

    /// # Safety
    /// `base` points to a live value of the struct that the place is of, borrowed for `'m`.
    #[inline(always)]
    unsafe fn read<'m>(self, base: *const ()) -> FieldRef<'m> {
        let p = base.wrapping_byte_add(self.offset as usize);
        // SAFETY: a value of the kind's type is there, by the promises of `at` and `FieldValue`; dynamic messages take no
        // other places than theirs.
        unsafe {
            match self.kind {
                Kind::Bool => FieldRef::Bool(*p.cast()),
                Kind::I32 => FieldRef::I32(*p.cast()),
                Kind::I64 => FieldRef::I64(*p.cast()),
                Kind::Str => FieldRef::Str(&*p.cast::<SmallStr>()),
                Kind::OptBool => FieldRef::OptBool(*p.cast()),
                Kind::OptI32 => FieldRef::OptI32(*p.cast()),
                Kind::OptI64 => FieldRef::OptI64(*p.cast()),
                Kind::OptF64 => FieldRef::OptF64(*p.cast()),
                Kind::OptStr => FieldRef::OptStr((*p.cast::<Option<SmallStr>>()).as_deref()),
                Kind::OptBytes => FieldRef::OptBytes((*p.cast::<Option<ByteString>>()).as_ref()),
                Kind::Bools => FieldRef::Bools(&*p.cast::<Vec<bool>>()),
                Kind::I32s => FieldRef::I32s(&*p.cast::<Vec<i32>>()),
                Kind::I64s => FieldRef::I64s(&*p.cast::<Vec<i64>>()),
                Kind::Strs => FieldRef::Strs(&*p.cast::<Vec<SmallStr>>()),
                Kind::StrMap => FieldRef::StrMap(&*p.cast()),
                Kind::BytesMap => FieldRef::BytesMap(&*p.cast()),
                Kind::Message(typed) => FieldRef::Message(&*typed(p.cast_mut())),
                Kind::OptMessage(typed) => FieldRef::OptMessage((*typed(p.cast_mut())).get()),
                Kind::List(typed) => FieldRef::List(&*typed(p.cast_mut())),
                Kind::Map(typed) => FieldRef::Map(&*typed(p.cast_mut())),
                Kind::Value => (*base.cast::<DynamicMessage>()).value(self.offset as usize),
            }
        }
    }

    /// # Safety
    /// `base` points to a live value of the struct that the place is of, borrowed mutably for `'m`.
    #[inline(always)]
    unsafe fn write<'m>(self, base: *mut ()) -> FieldMut<'m> {
        let p = base.wrapping_byte_add(self.offset as usize);
        // SAFETY: as in `read`.
        unsafe {
            match self.kind {
                Kind::Bool => FieldMut::Bool(&mut *p.cast()),
                Kind::I32 => FieldMut::I32(&mut *p.cast()),
                Kind::I64 => FieldMut::I64(&mut *p.cast()),
                Kind::Str => FieldMut::Str(&mut *p.cast()),
                Kind::OptBool => FieldMut::OptBool(&mut *p.cast()),
                Kind::OptI32 => FieldMut::OptI32(&mut *p.cast()),
                Kind::OptI64 => FieldMut::OptI64(&mut *p.cast()),
                Kind::OptF64 => FieldMut::OptF64(&mut *p.cast()),
                Kind::OptStr => FieldMut::OptStr(&mut *p.cast()),
                Kind::OptBytes => FieldMut::OptBytes(&mut *p.cast()),
                Kind::Bools => FieldMut::Bools(&mut *p.cast()),
                Kind::I32s => FieldMut::I32s(&mut *p.cast()),
                Kind::I64s => FieldMut::I64s(&mut *p.cast()),
                Kind::Strs => FieldMut::Strs(&mut *p.cast()),
                Kind::StrMap => FieldMut::StrMap(&mut *p.cast()),
                Kind::BytesMap => FieldMut::BytesMap(&mut *p.cast()),
                Kind::Message(typed) => FieldMut::Message(&mut *typed(p)),
                Kind::OptMessage(typed) => FieldMut::OptMessage(&mut *typed(p)),
                Kind::List(typed) => FieldMut::List(&mut *typed(p)),
                Kind::Map(typed) => FieldMut::Map(&mut *typed(p)),
                Kind::Value => (*base.cast::<DynamicMessage>()).value_mut(self.offset as usize),
            }
        }
    }
}

impl dyn Message {
    /// The field at `index` in [`Descriptor::fields`]. Panics if there is none.
    #[inline]
    pub fn field(&self, index: usize) -> FieldRef<'_> {
        let place = self.descriptor().fields[index].place;
        // SAFETY: by the promise of `Message` the place is one of this message.
        unsafe { place.read((&raw const *self).cast()) }
    }

    /// As [`field`](Self::field), to change it.
    #[inline]
    pub fn field_mut(&mut self, index: usize) -> FieldMut<'_> {
        self.fields_mut().into_field(index)
    }

    /// All fields, to change one after another.
    #[inline]
    pub fn fields_mut(&mut self) -> Fields<'_> {
        let descriptor: *const Descriptor = self.descriptor();
        // SAFETY: by the promise of `Message` the descriptor is outside the message and stays as long as it does.
        Fields { descriptor: unsafe { &*descriptor }, base: (&raw mut *self).cast(), message: PhantomData }
    }
}

/// The fields of a message that is being changed, beside its descriptor.
pub struct Fields<'m> {
    descriptor: &'m Descriptor,
    base: *mut (),
    message: PhantomData<&'m mut dyn Message>,
}

impl<'m> Fields<'m> {
    pub fn descriptor(&self) -> &'m Descriptor {
        self.descriptor
    }

    /// The field at `index` in [`Descriptor::fields`]. Panics if there is none.
    #[inline(always)]
    pub fn get(&mut self, index: usize) -> FieldMut<'_> {
        // SAFETY: `base` is the message, borrowed mutably for `'m`; the place is one of this message.
        unsafe { self.descriptor.fields[index].place.write(self.base) }
    }

    #[inline(always)]
    fn into_field(self, index: usize) -> FieldMut<'m> {
        // SAFETY: as in `get`; this was the only way to the message.
        unsafe { self.descriptor.fields[index].place.write(self.base) }
    }
}

/// A type that fields have.
///
/// # Safety
/// `KIND` is the variant of this very type.
pub unsafe trait FieldValue {
    const TYPE: Type;
    const KIND: Kind;
}

macro_rules! field_values {
    ($($ty:ty => $kind:ident, $described:ident;)*) => {$(
        // SAFETY: `Kind` has one variant for each of these types.
        unsafe impl FieldValue for $ty {
            const TYPE: Type = Type::$described;
            const KIND: Kind = Kind::$kind;
        }
    )*};
}
field_values! {
    bool => Bool, Bool;
    i32 => I32, I32;
    i64 => I64, I64;
    SmallStr => Str, Str;
    Option<bool> => OptBool, Bool;
    Option<i32> => OptI32, I32;
    Option<i64> => OptI64, I64;
    Option<f64> => OptF64, F64;
    Option<SmallStr> => OptStr, Str;
    Option<ByteString> => OptBytes, Bytes;
    Vec<bool> => Bools, Bools;
    Vec<i32> => I32s, I32s;
    Vec<i64> => I64s, I64s;
    Vec<SmallStr> => Strs, Strs;
    BTreeMap<SmallStr, SmallStr> => StrMap, StrMap;
    BTreeMap<SmallStr, ByteString> => BytesMap, BytesMap;
}

// SAFETY: the functions take the pointer for the very type.
unsafe impl<M: Described> FieldValue for M {
    const TYPE: Type = Type::Message(DescriptorRef::of::<M>());
    const KIND: Kind = Kind::Message(|p| p.cast::<Self>() as *mut dyn Message);
}

// SAFETY: as above.
unsafe impl<M: Described> FieldValue for Option<Box<M>> {
    const TYPE: Type = M::TYPE;
    const KIND: Kind = Kind::OptMessage(|p| p.cast::<Self>() as *mut dyn MessageSlot);
}

// SAFETY: as above.
unsafe impl<M: Described> FieldValue for Vec<M> {
    const TYPE: Type = Type::List(DescriptorRef::of::<M>());
    const KIND: Kind = Kind::List(|p| p.cast::<Self>() as *mut dyn MessageList);
}

// SAFETY: as above.
unsafe impl<M: Described> FieldValue for BTreeMap<SmallStr, M> {
    const TYPE: Type = Type::Map(DescriptorRef::of::<M>());
    const KIND: Kind = Kind::Map(|p| p.cast::<Self>() as *mut dyn MessageMap);
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset {}", self.offset)
    }
}
