//! The one JSON decoder: fills any message by its descriptor.
//!
//! As Go does, a value of the wrong type is passed over and the first such error is returned at the end, after the
//! whole text proved to be JSON; `null` leaves values as they are and clears pointers, lists and maps.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::parser::Mark;
use super::path::{At, Step};
use super::{JsonError, JsonParser};
use crate::descriptor::{Shape, Type};
use crate::message::{FieldMut, MessageList, MessageMap};
use crate::types::{ByteString, SmallStr, lossy};
use crate::{Descriptor, Message};

/// Whether unknown and duplicate fields are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Unknown fields are dropped, of duplicates the last wins.
    Lenient,
    /// The same, and each is reported.
    Report,
}

/// Most problems that are reported of one document, as upstream's decoder does.
const MAX_REPORTS: usize = 100;

/// Reads a JSON document into `message`. Bytes that are not UTF-8 are replaced by U+FFFD, as Go does.
///
/// Fails on what is not JSON and on values that do not fit their fields; the message is then half filled.
pub fn decode(text: &[u8], message: &mut dyn Message) -> Result<(), JsonError> {
    decode_with(text, message, Strictness::Lenient).map(drop)
}

/// As [`decode`], and returns problems such as `unknown field "spec.foo"` or `duplicate field "spec.replicas"` in the
/// order in which they stand in the text.
pub fn decode_with(text: &[u8], message: &mut dyn Message, strictness: Strictness) -> Result<Vec<String>, JsonError> {
    let text = lossy(text);
    let parser = JsonParser::new(&text);
    let mut decoder = Decoder { parser, strictness, reports: Vec::new(), type_error: None };
    decoder.root(message)?;
    decoder.parser.end()?;
    match decoder.type_error {
        Some(error) => Err(error),
        None => Ok(decoder.reports),
    }
}

/// What a type with a form of its own reads its JSON from: the parser, and the way back to the decoder for messages
/// inside that form.
pub struct JsonReader<'r, 'a> {
    decoder: &'r mut Decoder<'a>,
    at: &'r At<'r>,
}

impl JsonReader<'_, '_> {
    /// Reads the next value into `message`, a part of the special type that has no path of its own.
    pub fn message(&mut self, message: &mut dyn Message) -> Result<(), JsonError> {
        self.decoder.item(message, self.at)
    }

    /// Reads the next value into `message`, the element at `index` of the special type.
    pub fn element(&mut self, index: usize, message: &mut dyn Message) -> Result<(), JsonError> {
        self.decoder.item(message, &self.at.then(Step::Item(index)))
    }

    /// Reads the next value into `message`, the member `key` of the special type.
    pub fn member(&mut self, key: &str, message: &mut dyn Message) -> Result<(), JsonError> {
        self.decoder.item(message, &self.at.then(Step::Key(key)))
    }
}

impl<'a> std::ops::Deref for JsonReader<'_, 'a> {
    type Target = JsonParser<'a>;

    fn deref(&self) -> &JsonParser<'a> {
        &self.decoder.parser
    }
}

impl std::ops::DerefMut for JsonReader<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.decoder.parser
    }
}

struct Decoder<'a> {
    parser: JsonParser<'a>,
    strictness: Strictness,
    reports: Vec<String>,
    /// The first value that did not fit.
    type_error: Option<JsonError>,
}

impl Decoder<'_> {
    fn root(&mut self, message: &mut dyn Message) -> Result<(), JsonError> {
        let before = self.parser.mark();
        match self.value(message, &At::ROOT) {
            Err(error) if !error.is_syntax() => {
                self.rewind_and_skip(before)?;
                self.mismatched(error.at(String::new, &own_go_type(message.descriptor())))
            }
            result => result,
        }
    }

    /// One message, struct or special.
    fn value(&mut self, message: &mut dyn Message, at: &At<'_>) -> Result<(), JsonError> {
        match message.descriptor().shape {
            Shape::Struct => self.fields(message, at),
            Shape::Special => self.special(message, at),
        }
    }

    fn special(&mut self, message: &mut dyn Message, at: &At<'_>) -> Result<(), JsonError> {
        match message.special_mut() {
            Some(special) => special.decode_json(&mut JsonReader { decoder: self, at }),
            None => Ok(()),
        }
    }

    fn fields(&mut self, message: &mut dyn Message, at: &At<'_>) -> Result<(), JsonError> {
        if self.parser.null()? {
            return Ok(());
        }
        if self.parser.peek() != Some(b'{') {
            return Err(self.parser.mismatch(&go_type_name(message.descriptor())));
        }
        let mut fields = message.fields_mut();
        let descriptor = fields.descriptor();
        let mut seen = Seen::default();
        let mut hint = 0;
        let mut more = self.parser.begin_object("")?;
        while more {
            let key = self.parser.key()?;
            match descriptor.json_field(&key, hint) {
                None => {
                    self.report("unknown field", at, Step::Field(&key));
                    self.parser.skip()?;
                }
                Some(index) => {
                    hint = index + 1;
                    if seen.again(index) {
                        self.report("duplicate field", at, Step::Field(&key));
                    }
                    let at = at.then(Step::Field(&key));
                    let before = self.parser.mark();
                    if let Err(error) = self.field(fields.get(index), &at) {
                        self.misfit(error, descriptor, index, &at, before)?;
                    }
                }
            }
            more = self.parser.next_member()?;
        }
        Ok(())
    }

    #[inline(always)]
    fn field(&mut self, field: FieldMut<'_>, at: &At<'_>) -> Result<(), JsonError> {
        let p = &mut self.parser;
        match field {
            FieldMut::Bool(value) => {
                if !p.null()? {
                    *value = p.bool()?;
                }
            }
            FieldMut::I32(value) => {
                if !p.null()? {
                    *value = p.integer("int32")?;
                }
            }
            FieldMut::I64(value) => {
                if !p.null()? {
                    *value = p.integer("int64")?;
                }
            }
            FieldMut::Str(value) => {
                if !p.null()? {
                    *value = p.small_string()?;
                }
            }
            FieldMut::OptBool(value) => *value = if p.null()? { None } else { Some(p.bool()?) },
            FieldMut::OptI32(value) => *value = if p.null()? { None } else { Some(p.integer("int32")?) },
            FieldMut::OptI64(value) => *value = if p.null()? { None } else { Some(p.integer("int64")?) },
            FieldMut::OptF64(value) => *value = if p.null()? { None } else { Some(p.float()?) },
            FieldMut::OptStr(value) => *value = if p.null()? { None } else { Some(p.small_string()?) },
            FieldMut::OptBytes(value) => *value = if p.null()? { None } else { Some(bytes(p)?) },
            FieldMut::Bools(values) => self.scalars(values, "[]bool", |p| p.bool())?,
            FieldMut::I32s(values) => self.scalars(values, "[]int32", |p| p.integer("int32"))?,
            FieldMut::I64s(values) => self.scalars(values, "[]int64", |p| p.integer("int64"))?,
            FieldMut::Strs(values) => self.scalars(values, "[]string", |p| p.small_string())?,
            FieldMut::StrMap(values) => self.scalar_map(values, at, "map[string]string", |p| p.small_string())?,
            FieldMut::BytesMap(values) => self.scalar_map(values, at, "map[string][]uint8", bytes)?,
            FieldMut::Message(message) => self.value(message, at)?,
            FieldMut::OptMessage(slot) => {
                if p.null()? {
                    slot.clear();
                } else {
                    self.value(slot.get_or_insert(), at)?;
                }
            }
            FieldMut::List(list) => self.list(list, at)?,
            FieldMut::Map(map) => self.map(map, at)?,
        }
        Ok(())
    }

    fn list(&mut self, list: &mut dyn MessageList, at: &At<'_>) -> Result<(), JsonError> {
        list.truncate(0);
        if self.parser.null()? {
            return Ok(());
        }
        let mut more = self.parser.begin_array("[]")?;
        let mut index = 0;
        while more {
            self.item(list.push(), &at.then(Step::Item(index)))?;
            index += 1;
            more = self.parser.next_element()?;
        }
        Ok(())
    }

    fn map(&mut self, map: &mut dyn MessageMap, at: &At<'_>) -> Result<(), JsonError> {
        if self.parser.null()? {
            map.clear();
            return Ok(());
        }
        let mut more = self.parser.begin_object("map")?;
        while more {
            let key = self.parser.key()?;
            if self.strictness == Strictness::Report && map.get(&key).is_some() {
                self.report("duplicate field", at, Step::Key(&key));
            }
            self.item(map.entry(SmallStr::from(&*key)), &at.then(Step::Key(&key)))?;
            more = self.parser.next_member()?;
        }
        Ok(())
    }

    /// An element of a list or map: one that does not fit leaves the others readable.
    fn item(&mut self, message: &mut dyn Message, at: &At<'_>) -> Result<(), JsonError> {
        let before = self.parser.mark();
        match self.value(message, at) {
            Err(error) if !error.is_syntax() => {
                let go_type = own_go_type(message.descriptor());
                self.rewind_and_skip(before)?;
                self.mismatched(error.at(|| at.go_field(), &go_type))
            }
            result => result,
        }
    }

    fn scalars<T: Default>(
        &mut self,
        values: &mut Vec<T>,
        go_type: &str,
        read: impl Fn(&mut JsonParser<'_>) -> Result<T, JsonError>,
    ) -> Result<(), JsonError> {
        values.clear();
        if self.parser.null()? {
            return Ok(());
        }
        let mut more = self.parser.begin_array(go_type)?;
        while more {
            let value = if self.parser.null()? { T::default() } else { read(&mut self.parser)? };
            values.push(value);
            more = self.parser.next_element()?;
        }
        Ok(())
    }

    fn scalar_map<T: Default>(
        &mut self,
        values: &mut BTreeMap<SmallStr, T>,
        at: &At<'_>,
        go_type: &str,
        read: impl Fn(&mut JsonParser<'_>) -> Result<T, JsonError>,
    ) -> Result<(), JsonError> {
        if self.parser.null()? {
            values.clear();
            return Ok(());
        }
        let mut more = self.parser.begin_object(go_type)?;
        while more {
            let key = self.parser.key()?;
            let value = if self.parser.null()? { T::default() } else { read(&mut self.parser)? };
            match values.entry(SmallStr::from(&*key)) {
                Entry::Vacant(entry) => drop(entry.insert(value)),
                Entry::Occupied(mut entry) => {
                    let key = entry.key().clone();
                    entry.insert(value);
                    self.report("duplicate field", at, Step::Key(&key));
                }
            }
            more = self.parser.next_member()?;
        }
        Ok(())
    }

    /// Passes over a field's value that did not fit and keeps the error with its place.
    #[cold]
    fn misfit(
        &mut self,
        error: JsonError,
        descriptor: &Descriptor,
        index: usize,
        at: &At<'_>,
        before: Mark,
    ) -> Result<(), JsonError> {
        if error.is_syntax() {
            return Err(error);
        }
        let field = &descriptor.fields[index];
        let place = || format!("{}.{}", descriptor.go_name(), at.go_path());
        let go_type = if field.go_type.is_empty() { default_go_type(&field.ty) } else { field.go_type.into() };
        self.rewind_and_skip(before)?;
        self.mismatched(error.at(place, &go_type))
    }

    /// Goes on behind a value that did not fit.
    fn rewind_and_skip(&mut self, mark: Mark) -> Result<(), JsonError> {
        self.parser.rewind(mark);
        self.parser.skip()
    }

    fn mismatched(&mut self, error: JsonError) -> Result<(), JsonError> {
        self.type_error.get_or_insert(error);
        Ok(())
    }

    #[cold]
    fn report(&mut self, problem: &str, parent: &At<'_>, step: Step<'_>) {
        if self.strictness == Strictness::Report && self.reports.len() < MAX_REPORTS {
            let path = parent.then(step).path();
            self.reports.push(format!("{problem} {path:?}"));
        }
    }
}

/// Which fields of a message were there already. Few messages have more fields than fit the bits.
#[derive(Default)]
struct Seen {
    bits: [u64; 2],
    others: BTreeSet<usize>,
}

impl Seen {
    fn again(&mut self, index: usize) -> bool {
        let Some(bits) = self.bits.get_mut(index / 64) else { return !self.others.insert(index) };
        let bit = 1 << (index % 64);
        let again = *bits & bit != 0;
        *bits |= bit;
        again
    }
}

fn bytes(p: &mut JsonParser<'_>) -> Result<ByteString, JsonError> {
    if p.peek() != Some(b'"') {
        return Err(p.mismatch("[]uint8"));
    }
    let text = p.string()?;
    ByteString::from_base64(&text).map_err(|error| JsonError::custom(error.to_string()))
}

/// `v1.Container` for `io.k8s.api.core.v1.Container`.
fn go_type_name(descriptor: &Descriptor) -> String {
    let mut parts = descriptor.name.rsplit('.');
    match (parts.next(), parts.next()) {
        (Some(name), Some(package)) => format!("{package}.{name}"),
        _ => descriptor.name.to_string(),
    }
}

/// Empty for types with a form of their own, which say themselves what they wanted.
fn own_go_type(descriptor: &Descriptor) -> String {
    if descriptor.shape == Shape::Special { String::new() } else { go_type_name(descriptor) }
}

fn default_go_type(ty: &Type) -> Cow<'static, str> {
    match ty {
        Type::Message(d) => own_go_type(d).into(),
        Type::List(d) => format!("[]{}", go_type_name(d)).into(),
        Type::Map(d) => format!("map[string]{}", go_type_name(d)).into(),
        _ => "".into(),
    }
}
