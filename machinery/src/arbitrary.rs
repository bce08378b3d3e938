//! Values for property tests and fuzzers: fills any message, generated or described at run time, by its descriptor.
//!
//! ```
//! use kubeforge_machinery::arbitrary::{Choices, fill};
//! use kubeforge_machinery::types::IntOrString;
//! use kubeforge_machinery::json;
//!
//! for seed in 0..100 {
//!     let (mut message, mut read) = (IntOrString::default(), IntOrString::default());
//!     fill(&mut message, &mut Choices::from_seed(seed));
//!     json::decode(&json::encode(&message), &mut read)?;
//!     assert_eq!(read, message);
//! }
//! # Ok::<(), json::JsonError>(())
//! ```
//!
//! Values are those that codecs trip over: the ends of number ranges, text that must be escaped or quoted, pointers to
//! zero, empty, single and many elements, and every form of the types with forms of their own. All are valid. With
//! [`Choices::from_bytes`] a fuzzer decides, or a property test whose values should shrink.

use crate::descriptor::{Shape, Type};
use crate::message::{FieldMut, MessageList, MessageMap};
use crate::types::{ByteString, Duration, MicroTime, RawExtension, SmallStr, Time};
use crate::{Message, json};

/// Where decisions come from: a fuzzer's bytes, or numbers that follow from a seed.
#[derive(Clone, Debug)]
pub struct Choices<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    Bytes(&'a [u8]),
    Seed(u64),
}

impl<'a> Choices<'a> {
    /// Decides by bytes. When they run out, everything is zero, empty or absent.
    pub fn from_bytes(bytes: &'a [u8]) -> Choices<'a> {
        Choices(Source::Bytes(bytes))
    }
}

impl Choices<'static> {
    /// Decides at random, the same way each time for the same seed.
    pub fn from_seed(seed: u64) -> Choices<'static> {
        Choices(Source::Seed(seed))
    }
}

impl Choices<'_> {
    /// Any of the 2^64 numbers.
    pub fn number(&mut self) -> u64 {
        match &mut self.0 {
            Source::Bytes(_) => (0..8).fold(0, |n, _| n << 8 | u64::from(self.byte())),
            // SplitMix64 (Steele, Lea and Flood 2014): one addition and a mix of bits.
            Source::Seed(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^ (z >> 31)
            }
        }
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        match &mut self.0 {
            Source::Bytes(bytes) => bytes.split_off_first().copied().unwrap_or_default(),
            Source::Seed(_) => self.number() as u8,
        }
    }

    /// A number below `end`, which is at most 256; zero if `end` is.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) * end / 256
    }

    /// True in `share` of 256 cases.
    pub fn chance(&mut self, share: u8) -> bool {
        usize::from(self.byte()) + usize::from(share) >= 256
    }

    /// One of the values, of which there is at least one and at most 256.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

/// Fills an empty message. Which fields are set, and how many, is part of the choice.
///
/// Nesting ends after [`MAX_DEPTH`] pointers, lists and maps, and a message gets at most [`MAX_MESSAGES`] others, so
/// that types within themselves come to an end.
pub fn fill(message: &mut dyn Message, choices: &mut Choices<'_>) {
    // Of the large types, most values should be small, but some full.
    let share = choices.pick(&[10, 30, 60, 100, 250]);
    Filler { choices, share, messages_left: MAX_MESSAGES }.message(message, MAX_DEPTH);
}

/// How many optional messages may be inside one another.
pub const MAX_DEPTH: usize = 8;

/// How many optional messages, list items and map values a message gets in all.
pub const MAX_MESSAGES: usize = 48;

struct Filler<'c, 'a> {
    choices: &'c mut Choices<'a>,
    /// In how many of 256 cases a field is set.
    share: u8,
    messages_left: usize,
}

impl Filler<'_, '_> {
    fn message(&mut self, message: &mut dyn Message, depth: usize) {
        if message.descriptor().shape == Shape::Special {
            return special(message, self.choices);
        }
        for index in 0..message.descriptor().fields.len() {
            // The fields of inlined structs are listed themselves.
            let field = &message.descriptor().fields[index];
            let inlined = field.json.is_empty() && matches!(field.ty, Type::Message(_));
            if !inlined {
                self.field(message.field_mut(index), depth);
            }
        }
    }

    fn field(&mut self, field: FieldMut<'_>, depth: usize) {
        let is_struct = matches!(&field, FieldMut::Message(inner) if inner.descriptor().shape == Shape::Struct);
        if !is_struct && !self.choices.chance(self.share) {
            return;
        }
        let c = &mut *self.choices;
        match field {
            FieldMut::Bool(value) => *value = true,
            FieldMut::I32(value) => *value = int32(c),
            FieldMut::I64(value) => *value = int64(c),
            FieldMut::Str(value) => *value = text(c),
            FieldMut::OptBool(value) => *value = Some(c.chance(128)),
            FieldMut::OptI32(value) => *value = Some(int32(c)),
            FieldMut::OptI64(value) => *value = Some(int64(c)),
            FieldMut::OptF64(value) => *value = Some(float(c)),
            FieldMut::OptStr(value) => *value = Some(text(c)),
            FieldMut::OptBytes(value) => *value = Some(bytes(c)),
            FieldMut::Bools(values) => values.extend((0..length(c)).map(|_| c.chance(128))),
            FieldMut::I32s(values) => values.extend((0..length(c)).map(|_| int32(c))),
            FieldMut::I64s(values) => values.extend((0..length(c)).map(|_| int64(c))),
            FieldMut::Strs(values) => values.extend((0..length(c)).map(|_| text(c))),
            FieldMut::StrMap(map) => map.extend((0..length(c)).map(|_| (text(c), text(c)))),
            FieldMut::BytesMap(map) => map.extend((0..length(c)).map(|_| (text(c), bytes(c)))),
            FieldMut::Message(inner) => self.message(inner, depth),
            FieldMut::OptMessage(slot) => {
                if self.may_nest(depth) {
                    self.message(slot.get_or_insert(), depth - 1);
                }
            }
            FieldMut::List(list) => self.list(list, depth),
            FieldMut::Map(map) => self.map(map, depth),
        }
    }

    fn list(&mut self, list: &mut dyn MessageList, depth: usize) {
        for _ in 0..length(self.choices) {
            if self.may_nest(depth) {
                self.message(list.push(), depth - 1);
            }
        }
    }

    fn map(&mut self, map: &mut dyn MessageMap, depth: usize) {
        for _ in 0..length(self.choices) {
            if self.may_nest(depth) {
                let key = text(self.choices);
                self.message(map.entry(key), depth - 1);
            }
        }
    }

    /// Takes one message from the budget, if there is one.
    fn may_nest(&mut self, depth: usize) -> bool {
        let may = depth > 0 && self.messages_left > 0;
        self.messages_left -= usize::from(may);
        may
    }
}

/// None, one or several.
fn length(c: &mut Choices<'_>) -> usize {
    c.pick(&[0, 1, 1, 2, 2, 3, 5])
}

fn int32(c: &mut Choices<'_>) -> i32 {
    match c.below(3) {
        0 => c.pick(&[0, 1, -1, 80, 127, 128, -128, 65_535, i32::MAX, i32::MIN]),
        1 => i32::from(c.byte()),
        _ => c.number() as i32,
    }
}

fn int64(c: &mut Choices<'_>) -> i64 {
    match c.below(3) {
        0 => c.pick(&[0, 1, -1, 1 << 31, -(1 << 31) - 1, 1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN]),
        1 => i64::from(c.byte()),
        _ => c.number() as i64,
    }
}

/// A finite number: JSON has no others.
fn float(c: &mut Choices<'_>) -> f64 {
    let any = f64::from_bits(c.number());
    let few = [0.0, 1.0, -1.5, 0.1, 1e20, 1e21, 1e-6, 9e-7, 1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.0];
    if any.is_finite() && c.chance(128) { any } else { c.pick(&few) }
}

fn bytes(c: &mut Choices<'_>) -> ByteString {
    ByteString((0..c.below(20)).map(|_| c.byte()).collect())
}

/// Texts that writers must quote or escape, and readers must not take for something else.
const TEXTS: [&str; 44] = [
    "",
    "a",
    "default",
    "app.kubernetes.io/name",
    "nginx:1.27-alpine@sha256:00",
    "<script>alert('x') && \"y\"</script>",
    "line\u{2028}and\u{2029}paragraph",
    "\\ \" \u{8} \u{c} \n \r \t /",
    "\0 \u{1} \u{1f} \u{7f} \u{80} \u{85} \u{9f} \u{a0}",
    "äöü ß ñ 漢字 ελ",
    "\u{1f980} \u{10ffff} \u{fffd} \u{ffff} \u{feff}",
    "\u{feff}",
    "null",
    "~",
    "true",
    "yes",
    "Off",
    "y",
    "0",
    "-1",
    "010",
    "0x1F",
    "0o7",
    "1e3",
    "1_000",
    ".inf",
    ".NaN",
    "12:30:45",
    "2001-02-03",
    "2001-02-03T04:05:06Z",
    "<<",
    "=",
    "- a",
    "a: b",
    "a #b",
    "#",
    "[a, b]",
    "{a: b}",
    "!tag &anchor *alias",
    " space at both ends ",
    "two\nlines",
    "\n\nlines with an end\n\n",
    "---",
    "%?@`|>'",
];

/// Single characters that texts are put together from.
const CHARS: [char; 32] = [
    'a',
    'z',
    'A',
    '0',
    '9',
    '-',
    '.',
    '/',
    ':',
    '_',
    ' ',
    ' ',
    '\n',
    '\t',
    '\r',
    '"',
    '\'',
    '\\',
    '<',
    '>',
    '&',
    '#',
    '\0',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    'é',
    '\u{2028}',
    '\u{2029}',
    '漢',
    '\u{feff}',
    '\u{1f980}',
];

fn text(c: &mut Choices<'_>) -> SmallStr {
    match c.below(16) {
        0..=9 => c.pick(&TEXTS).into(),
        10..=13 => (0..c.below(12)).map(|_| c.pick(&CHARS)).collect(),
        14 => (0..c.below(6)).map(|_| char::from_u32(c.number() as u32 % 0x11_0000).unwrap_or('\u{d7ff}')).collect(),
        // Longer than a line, and than one byte of length.
        _ => c.pick(&["word ", "x", "é\n", "<&>"]).repeat(c.below(200)).into(),
    }
}

/// A type with a form of its own, through its JSON; one that is not known here stays empty.
fn special(message: &mut dyn Message, c: &mut Choices<'_>) {
    if let Some(raw) = message.as_any_mut().downcast_mut::<RawExtension>()
        && c.chance(30)
    {
        // An object that came as protobuf.
        *raw = RawExtension::from_bytes(*b"k8s\0\x0a\x0b\x0a\x02v1\x12\x05Thing\x12\x00\x1a\x00\x22\x00");
        return;
    }
    let text = match message.descriptor().go_name() {
        "Time" => time(c),
        "MicroTime" => micro_time(c),
        "Duration" => quoted(&Duration { nanos: int64(c) }.to_string()),
        "Quantity" => quantity(c),
        "IntOrString" if c.chance(128) => quoted(&self::text(c)),
        "IntOrString" => int32(c).to_string(),
        "RawExtension" | "FieldsV1" | "Unknown" => object(c, 3),
        "GroupVersion" => quoted(c.pick(&["", "v1", "apps/v1"])),
        "JSON" => value(c, 3),
        "ExtraValue" => strings(c),
        "JSONSchemaPropsOrBool" => either(c, |c| c.pick(&["true", "false"]).to_owned()),
        "JSONSchemaPropsOrArray" => either(c, |c| list(c, schema)),
        "JSONSchemaPropsOrStringArray" => either(c, strings),
        _ => return,
    };
    // All texts made here are read; if one were not, the value would be as good as any other.
    let _ = json::decode(text.as_bytes(), message);
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn strings(c: &mut Choices<'_>) -> String {
    list(c, |c| quoted(&text(c)))
}

fn list(c: &mut Choices<'_>, item: impl Fn(&mut Choices<'_>) -> String) -> String {
    let items: Vec<_> = (0..length(c)).map(|_| item(c)).collect();
    format!("[{}]", items.join(","))
}

/// A schema, or what may stand in its place.
fn either(c: &mut Choices<'_>, other: impl Fn(&mut Choices<'_>) -> String) -> String {
    if c.chance(128) { schema(c) } else { other(c) }
}

fn schema(c: &mut Choices<'_>) -> String {
    c.pick(&[
        "{}",
        r#"{"type":"string"}"#,
        r#"{"type":"object","properties":{"a":{"type":"integer","maximum":1.5},"b":{}}}"#,
        r#"{"items":[{"type":"string"},{}]}"#,
        r#"{"additionalProperties":false,"not":{"enum":[1,"a",null]}}"#,
    ])
    .to_owned()
}

/// Seconds of the years 1 to 9999, in which every zone can be told.
fn seconds(c: &mut Choices<'_>) -> i64 {
    const FIRST: i64 = -62_135_596_800;
    const LAST: i64 = 253_402_214_399;
    match c.below(3) {
        0 => c.pick(&[0, 1, -1, FIRST, FIRST + 1, LAST, 951_782_400, 1_199_149_261]),
        1 => int32(c).into(),
        _ => FIRST + (c.number() % (LAST - FIRST) as u64) as i64,
    }
}

fn time(c: &mut Choices<'_>) -> String {
    let time = Time { seconds: seconds(c) }.to_string();
    let time = time.trim_end_matches('Z');
    let fraction = c.pick(&["", ".5", ".999999999", ",000"]);
    let zone = c.pick(&["Z", "Z", "+00:00", "+02:00", "-23:59"]);
    // A zone east of Greenwich would go before the year 0.
    let zone = if time.starts_with("0001") { "Z" } else { zone };
    if c.chance(20) { "null".to_owned() } else { format!("\"{time}{fraction}{zone}\"") }
}

fn micro_time(c: &mut Choices<'_>) -> String {
    let micros = c.pick(&[0, 1, 500_000, 999_999]);
    let time = MicroTime { seconds: seconds(c), micros };
    if c.chance(20) { "null".to_owned() } else { quoted(&time.to_string()) }
}

/// Digits and a suffix of each of the three families; also a bare JSON number.
fn quantity(c: &mut Choices<'_>) -> String {
    const SUFFIXES: [&str; 26] = [
        "", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E6", "e-3",
        "e0", "e1", "E-9", "e12", "e-20", "e30",
    ];
    const WHOLE: [&str; 12] = [
        "0",
        "1",
        "5",
        "10",
        "100",
        "1000",
        "1024",
        "1536",
        "00123",
        "999999999",
        "9223372036854775807",
        "123456789012345678901",
    ];
    const FRACTIONS: [&str; 7] = ["", "", ".", ".0", ".5", ".125", ".0000000001"];
    if c.chance(40) {
        return c.pick(&["0", "1", "-1", "1.5", "1e3", "2000", "null"]).to_owned();
    }
    let sign = c.pick(&["", "", "-", "+"]);
    format!("\"{sign}{}{}{}\"", c.pick(&WHOLE), c.pick(&FRACTIONS), c.pick(&SUFFIXES))
}

/// Any JSON, not always compact.
fn value(c: &mut Choices<'_>, depth: usize) -> String {
    match c.below(if depth == 0 { 5 } else { 7 }) {
        0 => "null".to_owned(),
        1 => c.pick(&["true", "false"]).to_owned(),
        2 => int64(c).to_string(),
        3 => c.pick(&["-1.5", "0.25", "1e-7", "1e300"]).to_owned(),
        4 => quoted(&text(c)),
        5 => list(c, |c| value(c, depth - 1)),
        _ => object(c, depth - 1),
    }
}

fn object(c: &mut Choices<'_>, depth: usize) -> String {
    let space = c.pick(&["", " ", "\n\t"]);
    // Numbered, since a name may stand there once only; backwards, since names need not be sorted.
    let members: Vec<_> = (0..length(c))
        .rev()
        .map(|i| format!("{}:{space}{}", quoted(&format!("{i}{}", text(c))), value(c, depth)))
        .collect();
    format!("{{{space}{}{space}}}", members.join(&format!(",{space}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{IntOrString, Json, Quantity, StringList};

    fn filled<M: Message + Default>(seed: u64) -> M {
        let mut message = M::default();
        fill(&mut message, &mut Choices::from_seed(seed));
        message
    }

    /// How many of many values fit.
    fn count<M: Message + Default>(fits: impl Fn(&M) -> bool) -> usize {
        (0..1000).filter(|seed| fits(&filled(*seed))).count()
    }

    #[test]
    fn special_types_take_all_their_forms() {
        assert!(count(|v: &IntOrString| matches!(v, IntOrString::Int(n) if *n < 0)) > 10);
        assert!(count(|v: &IntOrString| matches!(v, IntOrString::Str(text) if text.contains('\u{2028}'))) > 5);
        assert!(count(Quantity::is_negative) > 50);
        for ending in ["Ki", "Ei", "n", "m", "k", "e3"] {
            assert!(count(|v: &Quantity| v.as_str().ends_with(ending)) > 2, "{ending}");
        }
        assert!(count(|v: &Time| v.is_zero()) > 10);
        assert!(count(|v: &MicroTime| v.micros > 0) > 100);
        assert!(count(|v: &StringList| v.0.is_empty()) > 50 && count(|v: &StringList| v.0.len() > 2) > 50);
        assert!(count(|v: &Json| v.as_bytes().is_none()) > 50 && count(|v: &Json| v.to_value().is_object()) > 50);
        assert!(count(|v: &RawExtension| v.as_bytes().is_some_and(|raw| raw.starts_with(b"k8s\0"))) > 20);
    }

    #[test]
    fn no_bytes_leave_everything_as_it_is() {
        let mut value = IntOrString::default();
        fill(&mut value, &mut Choices::from_bytes(&[]));
        assert_eq!(value, IntOrString::default());
        let mut choices = Choices::from_bytes(&[255, 128, 0]);
        assert_eq!(
            (choices.below(10), choices.chance(128), choices.chance(255), choices.number()),
            (9, true, false, 0)
        );
    }

    #[test]
    fn a_seed_gives_the_same_value_each_time() {
        assert_eq!(filled::<Json>(3), filled::<Json>(3));
        assert!((0..100).any(|seed| filled::<Json>(seed) != filled::<Json>(seed + 1)));
    }
}
