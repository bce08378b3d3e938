//! A JSON reader (RFC 8259) that keeps the place of every value.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::node::{Key, MAX_DEPTH, Node, Value};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, Span};

/// Reads a whole file. `None` if it cannot be parsed; duplicate keys are reported and the first one kept.
pub fn parse<'a>(file: &'a Arc<SourceFile>, diagnostics: &mut Diagnostics) -> Option<Node<'a>> {
    let mut parser = Parser { text: &file.text, at: 0, depth: 0, duplicates: Vec::new() };
    let parsed = parser.document();
    for (name, first, second) in parser.duplicates {
        diagnostics.add(
            Diagnostic::error(Code::KF0102, format!("the key `{name}` is given twice"))
                .at(Place::new(file, second), "again here")
                .at(Place::new(file, first), "first here")
                .help("remove one of the two"),
        );
    }
    match parsed {
        Ok(node) => Some(node),
        Err(failure) => {
            let place = Place::new(file, Span::new(failure.at, failure.at));
            let mut diagnostic = Diagnostic::error(failure.code, failure.message).at(place, failure.label);
            if failure.at >= file.text.len() {
                diagnostic = diagnostic.help("the file seems to be cut off: fetch it again");
            }
            diagnostics.add(diagnostic);
            None
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// Name, first and second place.
    duplicates: Vec<(String, Span, Span)>,
}

struct Failure {
    code: Code,
    at: usize,
    message: String,
    label: &'static str,
}

type Parsed<T> = Result<T, Failure>;

impl<'a> Parser<'a> {
    fn document(&mut self) -> Parsed<Node<'a>> {
        let node = self.value()?;
        self.blanks();
        match self.peek() {
            None => Ok(node),
            Some(_) => {
                Err(self.failure("there is text after the end of the document", "the document ends before this"))
            }
        }
    }

    fn value(&mut self) -> Parsed<Node<'a>> {
        self.blanks();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(Cow::Borrowed(self.number()?)),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.expected("a value")),
        };
        Ok(Node { value, span: Span::new(start, self.at) })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Parsed<Value<'a>>) -> Parsed<Value<'a>> {
        if self.depth == MAX_DEPTH {
            let message = format!("the document nests more than {MAX_DEPTH} levels deep");
            return Err(Failure { code: Code::KF0103, at: self.at, message, label: "one level too many" });
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Parsed<Value<'a>> {
        let mut entries: Vec<(Key<'a>, Node<'a>)> = Vec::new();
        self.blanks();
        if self.eat(b'}') {
            return Ok(Value::Object(entries));
        }
        loop {
            self.blanks();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in double quotes"));
            }
            let name = self.string()?;
            let key = Key { name, span: Span::new(start, self.at) };
            self.blanks();
            if !self.eat(b':') {
                return Err(self.expected("`:` after the key"));
            }
            entries.push((key, self.value()?));
            self.blanks();
            if self.eat(b'}') {
                break;
            }
            if !self.eat(b',') {
                return Err(self.expected("`,` or `}` after the value"));
            }
        }
        self.drop_duplicates(&mut entries);
        Ok(Value::Object(entries))
    }

    fn drop_duplicates(&mut self, entries: &mut Vec<(Key<'a>, Node<'a>)>) {
        let mut seen: HashMap<Cow<'a, str>, Span> = HashMap::with_capacity(entries.len());
        let duplicates = &mut self.duplicates;
        entries.retain(|(key, _)| match seen.get(&key.name) {
            Some(first) => {
                duplicates.push((key.name.clone().into_owned(), *first, key.span));
                false
            }
            None => {
                seen.insert(key.name.clone(), key.span);
                true
            }
        });
    }

    fn array(&mut self) -> Parsed<Value<'a>> {
        let mut items = Vec::new();
        self.blanks();
        if self.eat(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.blanks();
            if self.eat(b']') {
                return Ok(Value::Array(items));
            }
            if !self.eat(b',') {
                return Err(self.expected("`,` or `]` after the value"));
            }
        }
    }

    fn string(&mut self) -> Parsed<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut unescaped: Option<String> = None;
        let mut copied = start;
        loop {
            match bytes.get(self.at) {
                None => return Err(self.failure("the text in quotes never ends", "the file ends here")),
                Some(b'"') => break,
                Some(b'\\') => {
                    let text = unescaped.get_or_insert_default();
                    text.push_str(&self.text[copied..self.at]);
                    let c = self.escape()?;
                    unescaped.get_or_insert_default().push(c);
                    copied = self.at;
                }
                Some(0..=0x1f) => return Err(self.failure("control characters must be escaped", "in this text")),
                Some(_) => self.at += 1,
            }
        }
        let rest = &self.text[copied..self.at];
        self.at += 1;
        Ok(match unescaped {
            None => Cow::Borrowed(rest),
            Some(text) => Cow::Owned(text + rest),
        })
    }

    /// The character that `\…` stands for; leaves the position behind it.
    fn escape(&mut self) -> Parsed<char> {
        let start = self.at;
        let kind = self.text.as_bytes().get(self.at + 1).copied();
        self.at += 2;
        Ok(match kind {
            Some(c @ (b'"' | b'\\' | b'/')) => c as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode(start)?,
            _ => {
                self.at = start;
                return Err(
                    self.failure("an unknown escape sequence", "expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
                );
            }
        })
    }

    fn unicode(&mut self, start: usize) -> Parsed<char> {
        let high = self.hex(start)?;
        let mut code = high;
        if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            let low = self.hex(start)?;
            code = match low {
                0xdc00..0xe000 => 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00),
                _ => high,
            };
        }
        char::from_u32(code).ok_or_else(|| {
            self.at = start;
            self.failure("half of a surrogate pair", "this is no character")
        })
    }

    fn hex(&mut self, start: usize) -> Parsed<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u32::from_str_radix(d, 16).ok());
        match value {
            Some(value) => {
                self.at += 4;
                Ok(value)
            }
            None => {
                self.at = start;
                Err(self.failure("`\\u` needs four hexadecimal digits", "here"))
            }
        }
    }

    fn number(&mut self) -> Parsed<&'a str> {
        let start = self.at;
        self.eat(b'-');
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.expected("a digit")),
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Parsed<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.expected("a digit")) } else { Ok(()) }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Parsed<Value<'a>> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.expected("a value"))
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expected(&self, what: &str) -> Failure {
        let found = match self.text[self.at..].chars().next() {
            None => "the end of the file".to_owned(),
            Some(c) => format!("`{}`", c.escape_default()),
        };
        self.failure(&format!("expected {what}, found {found}"), "here")
    }

    fn failure(&self, message: &str, label: &'static str) -> Failure {
        Failure { code: Code::KF0101, at: self.at, message: message.to_owned(), label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<serde_json::Value>, Diagnostics) {
        let mut diagnostics = Diagnostics::default();
        let file = SourceFile::new("test.json", text);
        let value = parse(&file, &mut diagnostics).map(|node| node.to_json());
        (value, diagnostics)
    }

    #[test]
    fn agrees_with_serde_json() {
        let texts = [
            "null",
            " [1, -2.5e3, true] ",
            r#"{"a": {"b": []}, "é": "\u00e9\ud83e\udd81\n"}"#,
            "",
            "[1,]",
            "{\"a\"}",
            "01",
            "1.",
            "\"\t\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "[1] 2",
            "nul",
            "-",
            "\"",
            "{\"a\":1,}",
            "[",
            "\u{feff}1",
        ];
        for text in texts {
            let (value, diagnostics) = read(text);
            assert_eq!(value, serde_json::from_str(text).ok(), "{text:?}");
            assert_eq!(value.is_none(), diagnostics.has_errors(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_serde_json_on_anything(text in r#"[\[\]{}",:0-9eE.+\-\\ tfn/u\u{20}a-f]{0,24}"#) {
            let (value, diagnostics) = read(&text);
            if diagnostics.iter().all(|d| d.code != Code::KF0102) {
                proptest::prop_assert_eq!(value, serde_json::from_str(&text).ok());
            }
        }
    }
}
