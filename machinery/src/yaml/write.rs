//! JSON values to YAML, laid out as Go's yaml.v2 does it.
//!
//! Two spaces of indentation, lists not indented inside mappings, keys in natural order, lines folded at the first
//! space behind column 80, quotes only where a plain scalar would be read as something else.

use std::cmp::Ordering;

use serde_json::Value;

use super::scalar::{Scalar, is_base60, resolve};
use crate::types::go;

/// Column behind which long lines are folded.
const WIDTH: usize = 80;

/// Longest key that stands before its colon on one line.
const SIMPLE_KEY: usize = 128;

/// Writes one document, with a line break at the end.
pub fn to_yaml(value: &Value) -> String {
    let mut w = Writer { fresh: true, indentable: true, ..Writer::default() };
    w.value(value, None, false);
    w.line_start(0);
    w.out
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Characters in the current line.
    column: usize,
    /// Whether white space precedes, so that none is needed.
    fresh: bool,
    /// Whether the line holds nothing but indentation and indicators.
    indentable: bool,
}

/// How a string is written.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Writer {
    /// `indent` is that of the collection around the value.
    fn value(&mut self, value: &Value, indent: Option<usize>, in_mapping: bool) {
        match value {
            Value::Null => self.word("null"),
            Value::Bool(value) => self.word(if *value { "true" } else { "false" }),
            Value::Number(number) => match number.as_f64() {
                Some(float) if number.is_f64() => self.word(&go::float_g(float)),
                _ => self.word(&number.to_string()),
            },
            Value::String(text) => self.string(text, indent.unwrap_or(0) + 2, false),
            Value::Array(items) if items.is_empty() => self.word("[]"),
            Value::Object(members) if members.is_empty() => self.word("{}"),
            Value::Array(items) => {
                let indent = match indent {
                    Some(indent) if in_mapping && !self.indentable => indent,
                    _ => inner(indent),
                };
                for item in items {
                    self.line_start(indent);
                    self.indicator("-");
                    self.value(item, Some(indent), false);
                }
            }
            Value::Object(members) => {
                let indent = inner(indent);
                for (key, value) in sorted(members.iter().collect()) {
                    self.line_start(indent);
                    self.member(key, value, indent);
                }
            }
        }
    }

    fn member(&mut self, key: &str, value: &Value, indent: usize) {
        if key.len() <= SIMPLE_KEY && !key.contains(is_break) {
            self.string(key, indent + 2, true);
            self.push(":");
            self.indentable = false;
            self.fresh = false;
        } else {
            self.indicator("?");
            self.string(key, indent + 2, false);
            self.line_start(indent);
            self.indicator(":");
        }
        self.value(value, Some(indent), true);
    }

    /// Goes to a new line unless this one has nothing but indicators and reaches no further than `indent`.
    fn line_start(&mut self, indent: usize) {
        if !self.indentable || self.column > indent || (self.column == indent && !self.fresh) {
            self.line_break();
        }
        while self.column < indent {
            self.push(" ");
        }
        self.fresh = true;
        self.indentable = true;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// `-`, `?` or `:`, behind which a collection may begin on the same line.
    fn indicator(&mut self, text: &str) {
        self.space();
        self.push(text);
        self.fresh = false;
    }

    fn word(&mut self, text: &str) {
        self.space();
        self.push(text);
        self.fresh = false;
        self.indentable = false;
    }

    fn space(&mut self) {
        if !self.fresh {
            self.push(" ");
        }
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn push_char(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    /// `indent` is that of continued lines.
    fn string(&mut self, text: &str, indent: usize, is_key: bool) {
        match style(text, is_key) {
            Style::Plain => {
                self.space();
                self.folded(text, indent, is_key);
            }
            Style::Single => {
                self.word("'");
                self.folded(&text.replace('\'', "''"), indent, is_key);
                self.push("'");
            }
            Style::Double => self.double_quoted(text, indent, is_key),
            Style::Literal => return self.literal(text, indent),
        }
        self.fresh = false;
        self.indentable = false;
    }

    /// Text that may go on in the next line at a single space.
    fn folded(&mut self, text: &str, indent: usize, is_key: bool) {
        let (mut after_space, mut after_break) = (false, false);
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let inside = i > 0 && chars.peek().is_some_and(|(_, next)| *next != ' ');
            if c == ' ' && !is_key && !after_space && self.column > WIDTH && inside {
                self.line_start(indent);
            } else if is_break(c) {
                self.break_char(c);
                after_break = true;
                continue;
            } else {
                if after_break && c != ' ' {
                    self.line_start(indent);
                }
                self.push_char(c);
                self.indentable = false;
            }
            after_space = c == ' ';
            after_break &= after_space;
        }
    }

    /// A character that ends a line. All but a line feed stand there themselves.
    fn break_char(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
        self.indentable = true;
    }

    fn double_quoted(&mut self, text: &str, indent: usize, is_key: bool) {
        self.word("\"");
        // Behind a byte order mark at the beginning upstream escapes everything.
        let marked = text.starts_with('\u{feff}');
        let mut after_space = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            if marked || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c);
                after_space = false;
                continue;
            }
            if c == ' ' && !is_key && !after_space && self.column > WIDTH && i > 0 && next.is_some() {
                self.line_start(indent);
                if next == Some(' ') {
                    self.push("\\");
                }
                self.indentable = false;
            } else {
                self.push_char(c);
            }
            after_space = c == ' ';
        }
        self.push("\"");
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => "0",
            '\u{7}' => "a",
            '\u{8}' => "b",
            '\t' => "t",
            '\n' => "n",
            '\u{b}' => "v",
            '\u{c}' => "f",
            '\r' => "r",
            '\u{1b}' => "e",
            '"' => "\"",
            '\\' => "\\",
            '\u{85}' => "N",
            '\u{a0}' => "_",
            '\u{2028}' => "L",
            '\u{2029}' => "P",
            _ => {
                let code = c as u32;
                let text = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                return self.push(&text);
            }
        };
        self.push("\\");
        self.push(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.space();
        self.push("|");
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.push("2");
        }
        match text.strip_suffix(is_break) {
            None => self.push("-"),
            Some(rest) if rest.is_empty() || rest.ends_with(is_break) => self.push("+"),
            Some(_) => {}
        }
        self.line_break();
        self.fresh = true;
        self.indentable = true;
        for line in text.split_inclusive(is_break) {
            let content = line.strip_suffix(is_break).unwrap_or(line);
            if !content.is_empty() {
                self.line_start(indent);
                self.push(content);
                self.indentable = false;
            }
            if let Some(c) = line[content.len()..].chars().next() {
                self.break_char(c);
            }
        }
    }
}

/// Indentation of a collection inside another.
fn inner(indent: Option<usize>) -> usize {
    indent.map_or(0, |indent| indent + 2)
}

fn style(text: &str, is_key: bool) -> Style {
    let shape = Shape::of(text);
    if text.contains('\n') {
        return if shape.no_block || is_key { Style::Double } else { Style::Literal };
    }
    if resolve(text) != Scalar::Text || is_base60(text) || shape.no_single {
        Style::Double
    } else if shape.no_plain {
        Style::Single
    } else {
        Style::Plain
    }
}

/// Which styles cannot show a text.
#[derive(Default)]
struct Shape {
    /// It would be taken for syntax, or white space at an end would be lost.
    no_plain: bool,
    /// It has characters that only double quotes can show, or white space on both sides of a line break.
    no_single: bool,
    no_block: bool,
}

impl Shape {
    fn of(text: &str) -> Shape {
        let is_edge = |c: char| c == ' ' || is_break(c);
        let ends_in_space = text.ends_with(' ');
        let mut shape = Shape {
            no_plain: text.starts_with("---")
                || text.starts_with("...")
                || text.starts_with(is_edge)
                || text.ends_with(is_edge),
            no_single: false,
            no_block: ends_in_space,
        };
        let mut before = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let first = before.is_none();
            let blank_follows = chars.peek().is_none_or(|c| matches!(c, ' ' | '\t'));
            let indicator = match c {
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => first,
                '?' | '-' => first && blank_follows,
                ':' => blank_follows,
                '#' => before.is_none_or(|c| matches!(c, ' ' | '\t') || is_break(c)),
                _ => false,
            };
            let special = !is_printable(c) || (is_break(c) && before == Some(' '));
            shape.no_plain |= indicator || special || is_break(c);
            shape.no_single |= special || (c == ' ' && before.is_some_and(is_break));
            shape.no_block |= special;
            before = Some(c);
        }
        shape
    }
}

/// Characters that yaml.v2 shows as they are; those beyond the basic plane it does not.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Sorts members by [`natural_order`]. That is no total order (`10` < `1a` < `9` < `10`), at which the standard
/// library's sort may panic; merging only puts up with it.
fn sorted<'v>(mut members: Vec<(&'v String, &'v Value)>) -> Vec<(&'v String, &'v Value)> {
    if members.len() < 2 {
        return members;
    }
    let right = sorted(members.split_off(members.len() / 2));
    let left = sorted(members);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let from_left = natural_order(l.0, r.0).is_le();
        merged.extend(if from_left { left.next() } else { right.next() });
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

/// Letters by code, digits by value, other characters before letters.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.chars(), b.chars());
    // Behind a digit that counts, a zero is a digit like others and does not lead a number.
    let mut inside_number = false;
    loop {
        let (rest_a, rest_b) = (left.as_str(), right.as_str());
        let (x, y) = match (left.next(), right.next()) {
            (Some(x), Some(y)) => (x, y),
            (x, y) => return x.is_some().cmp(&y.is_some()),
        };
        if x == y {
            inside_number = x.is_ascii_digit() && (inside_number || x != '0');
            continue;
        }
        match (x.is_alphabetic(), y.is_alphabetic()) {
            (true, true) => return x.cmp(&y),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let lead = i64::from((x == '0' || y == '0') && inside_number);
        let number = |text: &str| {
            let digits = text.bytes().take_while(u8::is_ascii_digit);
            let add = |(n, len): (i64, usize), b| (n.wrapping_mul(10).wrapping_add(i64::from(b - b'0')), len + 1);
            digits.fold((lead, 0), add)
        };
        return number(rest_a).cmp(&number(rest_b)).then(x.cmp(&y));
    }
}
