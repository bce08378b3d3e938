//! YAML to JSON values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value};

use super::scalar::{Scalar, float_value, resolve};
use crate::types::{ByteString, go};

/// One document of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub value: Value,
    /// Keys that stand in a mapping more than once; the last one counts. Strict readers refuse them.
    pub duplicates: Vec<Duplicate>,
}

/// A key that was there already.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicate {
    /// Line of the later value, from 1.
    pub line: usize,
    /// The key as Go prints it.
    pub key: String,
}

/// Why a text is not YAML, or cannot be JSON.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct YamlError(String);

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 500;

/// What anchors and aliases may copy in a document: bytes of text, and [`NODE_WEIGHT`] for each value.
const MAX_COPIES: usize = 32 << 20;

const NODE_WEIGHT: usize = 64;

/// Reads the first document of a text; nothing at all is null. As upstream, later documents are not looked at.
pub fn from_yaml(text: &str) -> Result<Document, YamlError> {
    Reader::new(text)?.document().map(Option::unwrap_or_default)
}

/// Reads all documents of a stream.
pub fn documents(text: &str) -> Result<Vec<Document>, YamlError> {
    let mut reader = Reader::new(text)?;
    let mut documents = Vec::new();
    while let Some(document) = reader.document()? {
        documents.push(document);
    }
    Ok(documents)
}

impl Document {
    /// What a strict reader says to the duplicates, if there are any.
    pub fn strict_error(&self) -> Option<String> {
        let lines: Vec<_> = self.duplicates.iter().map(|d| format!("\n  {d}")).collect();
        (!lines.is_empty()).then(|| format!("yaml: unmarshal errors:{}", lines.concat()))
    }
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: key {} already set in map", self.line, self.key)
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Collections that are not closed yet.
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    /// Weight of all copies that anchors and aliases made.
    copies: usize,
    document: Document,
}

/// A collection that is being read.
struct Open {
    anchor: usize,
    line: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    Map { members: Map<String, Value>, key: Option<Key> },
}

/// A mapping's key, waiting for its value.
enum Key {
    Member { name: String, shown: String },
    Merge,
}

/// A finished value that aliases may refer to.
struct Anchored {
    value: Value,
    weight: usize,
    /// What it is as a key.
    scalar: Option<(Scalar, String)>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Result<Reader<'a>, YamlError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.chars().any(is_control) {
            return Err(YamlError("yaml: control characters are not allowed".to_owned()));
        }
        Ok(Reader {
            parser: Parser::new_from_str(text),
            open: Vec::new(),
            anchors: HashMap::new(),
            copies: 0,
            document: Document::default(),
        })
    }

    fn document(&mut self) -> Result<Option<Document>, YamlError> {
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|error| scan_error(&error))?;
            match event {
                Event::DocumentStart(_) => {
                    self.anchors.clear();
                    self.copies = 0;
                    self.document = Document::default();
                }
                Event::DocumentEnd => return Ok(Some(std::mem::take(&mut self.document))),
                Event::StreamEnd => return Ok(None),
                Event::StreamStart | Event::Nothing => {}
                Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag, span)?,
                Event::SequenceStart(anchor, _) => self.start(anchor, span, Content::List(Vec::new()))?,
                Event::MappingStart(anchor, _) => {
                    self.start(anchor, span, Content::Map { members: Map::new(), key: None })?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Alias(anchor) => self.alias(anchor, span)?,
            }
        }
        Ok(None)
    }

    fn start(&mut self, anchor: usize, span: Span, content: Content) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError(format!("yaml: exceeded max depth of {MAX_DEPTH}")));
        }
        self.open.push(Open { anchor, line: span.start.line(), content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), YamlError> {
        let Some(Open { anchor, line, content }) = self.open.pop() else { return Ok(()) };
        let value = match content {
            Content::List(items) => Value::Array(items),
            Content::Map { members, .. } => Value::Object(members),
        };
        self.remember(anchor, &value, None)?;
        self.put(value, None, line)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        span: Span,
    ) -> Result<(), YamlError> {
        let (text, scalar) = tagged(text, style, tag.as_deref())?;
        let value = match &scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(*value),
            Scalar::Int(number) => Value::Number(number.clone()),
            Scalar::Float(float) if !float.is_finite() && !self.wants_key() => {
                return Err(YamlError(format!("json: unsupported value: {}", go::float_g(*float))));
            }
            Scalar::Float(float) => float_value(*float),
            Scalar::Timestamp | Scalar::Merge | Scalar::Text => Value::String(text.clone().into_owned()),
        };
        let scalar = (scalar, text.into_owned());
        self.remember(anchor, &value, Some(&scalar))?;
        self.put(value, Some(scalar), span.start.line())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), YamlError> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(YamlError(format!("yaml: line {}: anchor value contains itself", span.start.line())));
        };
        count_copy(&mut self.copies, anchored.weight)?;
        let (value, scalar) = (anchored.value.clone(), anchored.scalar.clone());
        self.put(value, scalar, span.start.line())
    }

    fn remember(&mut self, anchor: usize, value: &Value, scalar: Option<&(Scalar, String)>) -> Result<(), YamlError> {
        if anchor > 0 {
            let weight = weight(value);
            count_copy(&mut self.copies, weight)?;
            self.anchors.insert(anchor, Anchored { value: value.clone(), weight, scalar: scalar.cloned() });
        }
        Ok(())
    }

    /// Whether the next value is a mapping's key.
    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    /// Puts a finished value where it belongs. `scalar` is what it was if it was no collection.
    fn put(&mut self, value: Value, scalar: Option<(Scalar, String)>, line: usize) -> Result<(), YamlError> {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.document.value = value,
            Some(Content::List(items)) => items.push(value),
            Some(Content::Map { members, key }) => match key.take() {
                None => *key = Some(key_of(scalar, &value)?),
                Some(Key::Member { name, shown }) => {
                    if members.insert(name, value).is_some() {
                        self.document.duplicates.push(Duplicate { line, key: shown });
                    }
                }
                Some(Key::Merge) => merge(members, value, line, &mut self.document.duplicates)?,
            },
        }
        Ok(())
    }
}

/// A scalar's text and meaning, its tag taken into account.
fn tagged<'t>(text: &'t str, style: ScalarStyle, tag: Option<&Tag>) -> Result<(Cow<'t, str>, Scalar), YamlError> {
    let text = Cow::Borrowed(text);
    let Some(tag) = tag else {
        let scalar = if style == ScalarStyle::Plain { resolve(&text) } else { Scalar::Text };
        return Ok((text, scalar));
    };
    if !tag.is_yaml_core_schema() {
        return Ok((text, Scalar::Text));
    }
    let scalar = resolve(&text);
    let scalar = match (tag.suffix.as_str(), scalar) {
        ("binary", _) => {
            let bytes = ByteString::from_base64(&text)
                .map_err(|_| YamlError("yaml: !!binary value contains invalid base64 data".to_owned()))?;
            return Ok((String::from_utf8_lossy(&bytes.0).into_owned().into(), Scalar::Text));
        }
        ("float", Scalar::Int(number)) => Scalar::Float(number.as_f64().unwrap_or_default()),
        ("null", scalar @ Scalar::Null)
        | ("bool", scalar @ Scalar::Bool(_))
        | ("int", scalar @ Scalar::Int(_))
        | ("float", scalar @ Scalar::Float(_))
        | ("merge", scalar @ Scalar::Merge)
        | ("timestamp", scalar @ Scalar::Timestamp) => scalar,
        (wanted @ ("null" | "bool" | "int" | "float" | "timestamp"), found) => {
            let found = tag_of(&found);
            return Err(YamlError(format!("yaml: cannot decode !!{found} `{text}` as a !!{wanted}")));
        }
        _ => Scalar::Text,
    };
    Ok((text, scalar))
}

fn tag_of(scalar: &Scalar) -> &'static str {
    match scalar {
        Scalar::Null => "null",
        Scalar::Bool(_) => "bool",
        Scalar::Int(_) => "int",
        Scalar::Float(_) => "float",
        Scalar::Timestamp => "timestamp",
        Scalar::Merge => "merge",
        Scalar::Text => "str",
    }
}

/// JSON's keys are strings; numbers and booleans become theirs.
fn key_of(scalar: Option<(Scalar, String)>, value: &Value) -> Result<Key, YamlError> {
    let (name, shown) = match scalar {
        Some((Scalar::Merge, _)) => return Ok(Key::Merge),
        Some((Scalar::Null, _)) => {
            return Err(YamlError("unsupported map key of type: %!s(<nil>), key: interface {}(nil)".to_owned()));
        }
        Some((Scalar::Bool(value), _)) => (value.to_string(), value.to_string()),
        Some((Scalar::Int(number), _)) => (number.to_string(), number.to_string()),
        Some((Scalar::Float(float), _)) => {
            let name = float_key(float);
            (name.clone(), name)
        }
        Some((Scalar::Text | Scalar::Timestamp, text)) => {
            let shown = go::quote(&text);
            (text, shown)
        }
        None => return Err(YamlError(format!("yaml: invalid map key: {}", go::value(value)))),
    };
    Ok(Key::Member { name, shown })
}

fn float_key(float: f64) -> String {
    match go::float_g(float) {
        inf if inf == "+Inf" => ".inf".to_owned(),
        inf if inf == "-Inf" => "-.inf".to_owned(),
        nan if nan == "NaN" => ".nan".to_owned(),
        // Upstream prints keys with the precision of 32 bits.
        _ => {
            let short = format!("{}", float as f32);
            short.parse().map_or(short, go::float_g)
        }
    }
}

/// `<<`: the members of a mapping, or of several of which the earlier win.
fn merge(
    members: &mut Map<String, Value>,
    value: Value,
    line: usize,
    duplicates: &mut Vec<Duplicate>,
) -> Result<(), YamlError> {
    let wrong = || YamlError("yaml: map merge requires map or sequence of maps as the value".to_owned());
    let maps = match value {
        Value::Array(maps) => maps,
        map => vec![map],
    };
    for map in maps.into_iter().rev() {
        let Value::Object(map) = map else { return Err(wrong()) };
        for (key, value) in map {
            let shown = go::quote(&key);
            if members.insert(key, value).is_some() {
                duplicates.push(Duplicate { line, key: shown });
            }
        }
    }
    Ok(())
}

fn count_copy(copies: &mut usize, weight: usize) -> Result<(), YamlError> {
    *copies = copies.saturating_add(weight);
    if *copies > MAX_COPIES {
        return Err(YamlError("yaml: document contains excessive aliasing".to_owned()));
    }
    Ok(())
}

fn weight(value: &Value) -> usize {
    NODE_WEIGHT
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(members) => members.iter().map(|(k, v)| NODE_WEIGHT + k.len() + weight(v)).sum(),
            _ => 0,
        }
}

/// What Go's reader does not let through.
fn is_control(c: char) -> bool {
    let plain =
        matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}');
    !plain && c < '\u{10000}'
}

/// The parser's error in the words and with the line that Go's parser has.
fn scan_error(error: &ScanError) -> YamlError {
    let info = error.info();
    let line = error.marker().line();
    let problem = info.rsplit_once(", ").filter(|_| info.starts_with("while ")).map_or(info, |(_, problem)| problem);
    let (problem, line) = match info {
        "while parsing a flow sequence, expected ',' or ']'" => {
            ("did not find expected ',' or ']'", line.saturating_sub(1))
        }
        "while parsing a flow mapping, did not find expected ',' or '}'" => {
            ("did not find expected ',' or '}'", line.saturating_sub(1))
        }
        "simple key expect ':'" | "simple key expected" => ("could not find expected ':'", line),
        "unexpected eof" => ("unexpected end of stream", line),
        _ => (problem, line),
    };
    match line {
        0 => YamlError(format!("yaml: {problem}")),
        _ => YamlError(format!("yaml: line {line}: {problem}")),
    }
}
