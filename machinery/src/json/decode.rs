//! The one JSON decoder: fills any message by its descriptor.
//!
//! As Go does, a value of the wrong type is passed over and the first such error is returned at the end, after the
//! whole text proved to be JSON; `null` leaves values as they are and clears pointers, lists and maps.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::parser::Mark;
use super::{JsonError, JsonParser};
use crate::descriptor::{Shape, Type};
use crate::message::{FieldMut, MessageList, MessageMap, MessageSlot};
use crate::types::ByteString;
use crate::types::lossy;
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
    let mut parser = JsonParser::new(&text);
    let mut decoder = Decoder { parser: &mut parser, strictness, reports: Vec::new(), type_error: None };
    decoder.root(message)?;
    decoder.parser.end()?;
    match decoder.type_error {
        Some(error) => Err(error),
        None => Ok(decoder.reports),
    }
}

/// Reads the value that `parser` is at into `message`, for types that hold messages inside forms of their own.
pub(crate) fn decode_value(parser: &mut JsonParser<'_>, message: &mut dyn Message) -> Result<(), JsonError> {
    let mut decoder = Decoder { parser, strictness: Strictness::Lenient, reports: Vec::new(), type_error: None };
    decoder.root(message)?;
    decoder.type_error.map_or(Ok(()), Err)
}

struct Decoder<'p, 'a> {
    parser: &'p mut JsonParser<'a>,
    strictness: Strictness,
    reports: Vec<String>,
    /// The first value that did not fit.
    type_error: Option<JsonError>,
}

/// Where the decoder is, as a list on the stack: nothing is allocated until somebody asks for the path.
struct At<'s> {
    parent: Option<&'s At<'s>>,
    step: Step<'s>,
}

enum Step<'s> {
    Root,
    Field(&'s str),
    Key(&'s str),
    Item(usize),
}

impl Decoder<'_, '_> {
    fn root(&mut self, message: &mut dyn Message) -> Result<(), JsonError> {
        let at = At { parent: None, step: Step::Root };
        let go_type = go_type_name(message.descriptor());
        match self.value(message, &at) {
            Err(error) if !error.is_syntax() => self.mismatched(error.at(String::new, &go_type)),
            result => result,
        }
    }

    /// One message, struct or special.
    fn value(&mut self, message: &mut dyn Message, at: &At<'_>) -> Result<(), JsonError> {
        match message.special_mut() {
            Some(special) => special.decode_json(self.parser),
            None => self.fields(message, at),
        }
    }

    fn fields(&mut self, message: &mut dyn Message, at: &At<'_>) -> Result<(), JsonError> {
        if self.parser.null()? {
            return Ok(());
        }
        if self.parser.peek() != Some(b'{') {
            let go_type = go_type_name(message.descriptor());
            return Err(self.parser.mismatch(&go_type));
        }
        let mut seen = Seen::default();
        let mut hint = 0;
        let mut more = self.parser.begin_object("")?;
        while more {
            let key = self.parser.key()?;
            match message.descriptor().json_field(&key, hint) {
                None => {
                    self.report("unknown field", at, Step::Field(&key));
                    self.parser.skip()?;
                }
                Some(index) => {
                    hint = index + 1;
                    if seen.again(index) {
                        self.report("duplicate field", at, Step::Field(&key));
                    }
                    self.member(message, index, at, &key)?;
                }
            }
            more = self.parser.next_member()?;
        }
        Ok(())
    }

    fn member(&mut self, message: &mut dyn Message, index: usize, parent: &At<'_>, key: &str) -> Result<(), JsonError> {
        let at = At { parent: Some(parent), step: Step::Field(key) };
        let before = self.parser.mark();
        match self.field(message.field_mut(index), &at) {
            Err(error) if !error.is_syntax() => {
                let descriptor = message.descriptor();
                let field = &descriptor.fields[index];
                let place = || format!("{}.{}", descriptor.go_name(), at.go_path());
                let go_type = if field.go_type.is_empty() { default_go_type(&field.ty) } else { field.go_type.clone() };
                self.rewind_and_skip(before)?;
                self.mismatched(error.at(place, &go_type))
            }
            result => result,
        }
    }

    fn field(&mut self, field: FieldMut<'_>, at: &At<'_>) -> Result<(), JsonError> {
        let null = self.parser.null()?;
        let p = &mut *self.parser;
        match field {
            FieldMut::Bool(_) | FieldMut::I32(_) | FieldMut::I64(_) | FieldMut::Str(_) if null => {}
            FieldMut::Bool(value) => *value = p.bool()?,
            FieldMut::I32(value) => *value = p.integer("int32")?,
            FieldMut::I64(value) => *value = p.integer("int64")?,
            FieldMut::Str(value) => *value = p.string()?.into_owned(),
            FieldMut::OptBool(value) => *value = if null { None } else { Some(p.bool()?) },
            FieldMut::OptI32(value) => *value = if null { None } else { Some(p.integer("int32")?) },
            FieldMut::OptI64(value) => *value = if null { None } else { Some(p.integer("int64")?) },
            FieldMut::OptF64(value) => *value = if null { None } else { Some(p.integer("float64")?) },
            FieldMut::OptStr(value) => *value = if null { None } else { Some(p.string()?.into_owned()) },
            FieldMut::OptBytes(value) => *value = if null { None } else { Some(bytes(p)?) },
            FieldMut::Bools(values) => self.scalars(values, null, "[]bool", |p| p.bool())?,
            FieldMut::I32s(values) => self.scalars(values, null, "[]int32", |p| p.integer("int32"))?,
            FieldMut::I64s(values) => self.scalars(values, null, "[]int64", |p| p.integer("int64"))?,
            FieldMut::Strs(values) => self.scalars(values, null, "[]string", |p| p.string().map(Cow::into_owned))?,
            FieldMut::StrMap(values) => {
                self.scalar_map(values, null, at, "map[string]string", |p| p.string().map(Cow::into_owned))?;
            }
            FieldMut::BytesMap(values) => self.scalar_map(values, null, at, "map[string][]uint8", bytes)?,
            FieldMut::Message(message) => {
                if null {
                    // A type with a form of its own may give null a meaning.
                    if let Some(special) = message.special_mut() {
                        special.decode_json(&mut JsonParser::new("null"))?;
                    }
                } else {
                    self.value(message, at)?;
                }
            }
            FieldMut::OptMessage(slot) => self.slot(slot, null, at)?,
            FieldMut::List(list) => self.list(list, null, at)?,
            FieldMut::Map(map) => self.map(map, null, at)?,
        }
        Ok(())
    }

    fn slot(&mut self, slot: &mut dyn MessageSlot, null: bool, at: &At<'_>) -> Result<(), JsonError> {
        if null {
            slot.clear();
            return Ok(());
        }
        self.value(slot.get_or_insert(), at)
    }

    fn list(&mut self, list: &mut dyn MessageList, null: bool, at: &At<'_>) -> Result<(), JsonError> {
        list.truncate(0);
        if null {
            return Ok(());
        }
        let mut more = self.parser.begin_array("[]")?;
        let mut index = 0;
        while more {
            self.item(list.push(), &At { parent: Some(at), step: Step::Item(index) })?;
            index += 1;
            more = self.parser.next_element()?;
        }
        Ok(())
    }

    fn map(&mut self, map: &mut dyn MessageMap, null: bool, at: &At<'_>) -> Result<(), JsonError> {
        if null {
            map.clear();
            return Ok(());
        }
        let mut more = self.parser.begin_object("map")?;
        while more {
            let key = self.parser.key()?;
            if self.strictness == Strictness::Report && map.get(&key).is_some() {
                self.report("duplicate field", at, Step::Key(&key));
            }
            self.item(map.entry(key.clone().into_owned()), &At { parent: Some(at), step: Step::Key(&key) })?;
            more = self.parser.next_member()?;
        }
        Ok(())
    }

    /// An element of a list or map: one that does not fit leaves the others readable.
    fn item(&mut self, message: &mut dyn Message, at: &At<'_>) -> Result<(), JsonError> {
        let before = self.parser.mark();
        match self.value(message, at) {
            Err(error) if !error.is_syntax() => {
                let go_type = go_type_name(message.descriptor());
                self.rewind_and_skip(before)?;
                self.mismatched(error.at(|| at.go_field(), &go_type))
            }
            result => result,
        }
    }

    fn scalars<T>(
        &mut self,
        values: &mut Vec<T>,
        null: bool,
        go_type: &str,
        read: impl Fn(&mut JsonParser<'_>) -> Result<T, JsonError>,
    ) -> Result<(), JsonError>
    where
        T: Default,
    {
        values.clear();
        if null {
            return Ok(());
        }
        let mut more = self.parser.begin_array(go_type)?;
        while more {
            let value = if self.parser.null()? { T::default() } else { read(self.parser)? };
            values.push(value);
            more = self.parser.next_element()?;
        }
        Ok(())
    }

    fn scalar_map<T: Default>(
        &mut self,
        values: &mut BTreeMap<String, T>,
        null: bool,
        at: &At<'_>,
        go_type: &str,
        read: impl Fn(&mut JsonParser<'_>) -> Result<T, JsonError>,
    ) -> Result<(), JsonError> {
        if null {
            values.clear();
            return Ok(());
        }
        let mut more = self.parser.begin_object(go_type)?;
        while more {
            let key = self.parser.key()?;
            let value = if self.parser.null()? { T::default() } else { read(self.parser)? };
            match values.entry(key.into_owned()) {
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

    /// Goes on behind a value that did not fit.
    fn rewind_and_skip(&mut self, mark: Mark) -> Result<(), JsonError> {
        self.parser.rewind(mark);
        self.parser.skip()
    }

    fn mismatched(&mut self, error: JsonError) -> Result<(), JsonError> {
        self.type_error.get_or_insert(error);
        Ok(())
    }

    fn report(&mut self, problem: &str, parent: &At<'_>, step: Step<'_>) {
        if self.strictness == Strictness::Report && self.reports.len() < MAX_REPORTS {
            let path = At { parent: Some(parent), step }.path();
            self.reports.push(format!("{problem} {path:?}"));
        }
    }
}

impl At<'_> {
    /// With indices, as strict decoding reports it: `spec.containers[0].nmae`.
    fn path(&self) -> String {
        let mut path = self.parent.map(At::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Field(name) | Step::Key(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Step::Item(index) => path.push_str(&format!("[{index}]")),
        }
        path
    }

    /// Field names only, as Go's type errors show it: `spec.containers.name`.
    fn go_path(&self) -> String {
        let mut path = self.parent.map(At::go_path).unwrap_or_default();
        if let Step::Field(name) = self.step {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
        }
        path
    }

    /// For a list item, which is no field itself, the path of the list.
    fn go_field(&self) -> String {
        format!(".{}", self.go_path())
    }
}

/// Which fields of a message were there already.
#[derive(Default)]
struct Seen([u64; 4]);

impl Seen {
    fn again(&mut self, index: usize) -> bool {
        let (word, bit) = (index / 64 % 4, 1 << (index % 64));
        let again = self.0[word] & bit != 0;
        self.0[word] |= bit;
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
fn default_go_type(ty: &Type) -> Cow<'static, str> {
    match ty {
        Type::Message(d) if d.shape == Shape::Special => "".into(),
        Type::Message(d) => go_type_name(d).into(),
        Type::List(d) => format!("[]{}", go_type_name(d)).into(),
        Type::Map(d) => format!("map[string]{}", go_type_name(d)).into(),
        _ => "".into(),
    }
}
