//! Nodes to JSON values.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::error::YamlError;
use super::parse::{Content, MAX_DEPTH, Node, parse};
use super::scalar::{Scalar, float_key, float_value, resolve_tagged};
use super::source;
use crate::types::go;

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

/// Most bytes of text that aliases may copy in a document. Upstream counts nodes only, since Go shares texts.
const MAX_COPIES: usize = 32 << 20;

/// Reads the first document of a text; nothing at all is null. As upstream, what follows it is not looked at.
///
/// # Errors
/// The text is not YAML 1.1, goes deeper than 500 levels, or holds what JSON cannot: infinite numbers, keys that are
/// no scalars.
pub fn from_yaml(text: &str) -> Result<Document, YamlError> {
    from_bytes(text.as_bytes())
}

/// As [`from_yaml`], for bytes that may be anything: UTF-16 with a byte order mark is read, what is no text refused.
///
/// # Errors
/// As [`from_yaml`].
pub fn from_bytes(bytes: &[u8]) -> Result<Document, YamlError> {
    let source = source::read(bytes);
    let nodes = parse(&source)?;
    if nodes.is_empty() {
        return Ok(Document::default());
    }
    let mut reader = Reader::new(&nodes);
    let value = reader.value(0)?;
    match reader.unsupported {
        Some(number) => Err(YamlError::plain(&format!("json: unsupported value: {number}"))),
        None => Ok(Document { value, duplicates: reader.duplicates }),
    }
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

struct Reader<'n, 'a> {
    nodes: &'n [Node<'a>],
    duplicates: Vec<Duplicate>,
    /// The first number that JSON does not have.
    unsupported: Option<String>,
    /// Collections around the current node, aliases followed.
    depth: usize,
    /// Aliases that are being followed.
    aliases: Vec<usize>,
    /// Nodes that were read, aliased ones each time.
    read: usize,
    /// Those of them that were read through aliases, and their text.
    copied: usize,
    copied_text: usize,
}

/// A mapping's key.
struct Key {
    name: String,
    /// As Go prints it.
    shown: String,
    /// Null, and integers beyond 63 bits, for which JSON's keys have no form upstream.
    unsupported: Option<&'static str>,
}

impl<'n, 'a> Reader<'n, 'a> {
    fn new(nodes: &'n [Node<'a>]) -> Self {
        Reader {
            nodes,
            duplicates: Vec::new(),
            unsupported: None,
            depth: 0,
            aliases: Vec::new(),
            // The document is a node, too.
            read: 1,
            copied: 0,
            copied_text: 0,
        }
    }

    fn value(&mut self, index: usize) -> Result<Value, YamlError> {
        self.count()?;
        match &self.nodes[index].content {
            Content::Alias { .. } => self.follow(index, Self::value),
            Content::Scalar { .. } => {
                let (text, scalar) = self.scalar(index)?;
                Ok(match scalar {
                    Scalar::Null => Value::Null,
                    Scalar::Bool(value) => Value::Bool(value),
                    Scalar::Int(number) => Value::Number(number),
                    Scalar::Float(float) => {
                        if !float.is_finite() {
                            self.unsupported.get_or_insert_with(|| go::float_g(float));
                        }
                        float_value(float)
                    }
                    Scalar::Timestamp | Scalar::Text => Value::String(text.into_owned()),
                })
            }
            Content::Sequence { .. } => self.nested(|reader| {
                let items = children(reader.nodes, index).map(|item| reader.value(item));
                items.collect::<Result<_, _>>().map(Value::Array)
            }),
            Content::Mapping { .. } => {
                let mut members = Map::new();
                self.members(index, &mut members)?;
                Ok(Value::Object(members))
            }
        }
    }

    /// Reads a mapping's members into a map that may have some already.
    fn members(&mut self, index: usize, members: &mut Map<String, Value>) -> Result<(), YamlError> {
        self.nested(|reader| {
            let mut children = children(reader.nodes, index);
            while let (Some(key), Some(value)) = (children.next(), children.next()) {
                if reader.is_merge(key) {
                    reader.merge(value, members)?;
                } else {
                    reader.member(key, value, members)?;
                }
            }
            Ok(())
        })
    }

    fn member(&mut self, key: usize, value: usize, members: &mut Map<String, Value>) -> Result<(), YamlError> {
        let line = self.nodes[value].line + 1;
        let key = self.key(key)?;
        let value = self.value(value)?;
        if let Some(go_type) = key.unsupported {
            let value = go::syntax(&value);
            let text = format!("unsupported map key of type: {go_type}, key: {}, value: {value}", key.shown);
            return Err(YamlError::plain(&text));
        }
        if members.insert(key.name, value).is_some() {
            self.duplicates.push(Duplicate { line, key: key.shown });
        }
        Ok(())
    }

    /// JSON's keys are strings; numbers and booleans become theirs.
    fn key(&mut self, index: usize) -> Result<Key, YamlError> {
        match &self.nodes[index].content {
            Content::Scalar { .. } => self.count()?,
            Content::Alias { .. } => {
                self.count()?;
                return self.follow(index, Self::key);
            }
            _ => {
                let value = self.value(index)?;
                return Err(YamlError::new(0, &format!("invalid map key: {}", go::syntax(&value))));
            }
        }
        let (text, scalar) = self.scalar(index)?;
        let same = |name: String| Key { shown: name.clone(), name, unsupported: None };
        Ok(match scalar {
            Scalar::Null => Key { name: String::new(), shown: "<nil>".to_owned(), unsupported: Some("%!s(<nil>)") },
            Scalar::Bool(value) => same(value.to_string()),
            Scalar::Int(number) => match number.as_i64() {
                Some(number) => same(number.to_string()),
                None => Key {
                    name: String::new(),
                    shown: format!("{:#x}", number.as_u64().unwrap_or_default()),
                    unsupported: Some("uint64"),
                },
            },
            Scalar::Float(float) => Key { name: float_key(float), shown: go::float_g(float), unsupported: None },
            Scalar::Text | Scalar::Timestamp => {
                Key { shown: go::quote(&text), name: text.into_owned(), unsupported: None }
            }
        })
    }

    /// `<<` without quotes.
    fn is_merge(&self, index: usize) -> bool {
        match &self.nodes[index].content {
            Content::Scalar { text, tag, plain } => {
                text == "<<" && (*plain || matches!(tag.as_deref(), Some("!" | "tag:yaml.org,2002:merge")))
            }
            _ => false,
        }
    }

    /// The members of a mapping, or of several of which the earlier win. They replace members that are there.
    fn merge(&mut self, index: usize, members: &mut Map<String, Value>) -> Result<(), YamlError> {
        match &self.nodes[index].content {
            Content::Sequence { .. } => {
                let maps: Vec<_> = children(self.nodes, index).collect();
                maps.into_iter().rev().try_for_each(|map| self.merge_one(map, members))
            }
            _ => self.merge_one(index, members),
        }
    }

    fn merge_one(&mut self, index: usize, members: &mut Map<String, Value>) -> Result<(), YamlError> {
        let is_mapping = |index: usize| matches!(self.nodes[index].content, Content::Mapping { .. });
        match self.nodes[index].content {
            Content::Mapping { .. } => {
                self.count()?;
                self.members(index, members)
            }
            Content::Alias { target, .. } if is_mapping(target) => {
                self.count()?;
                self.follow(index, |reader, target| {
                    reader.count()?;
                    reader.members(target, members)
                })
            }
            _ => Err(YamlError::new(0, "map merge requires map or sequence of maps as the value")),
        }
    }

    fn follow<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut Self, usize) -> Result<T, YamlError>,
    ) -> Result<T, YamlError> {
        let Content::Alias { name, target } = self.nodes[index].content else {
            return read(self, index);
        };
        if self.aliases.contains(&index) {
            return Err(YamlError::new(0, &format!("anchor '{name}' value contains itself")));
        }
        self.aliases.push(index);
        let value = read(self, target);
        self.aliases.pop();
        value
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, YamlError>) -> Result<T, YamlError> {
        if self.depth >= MAX_DEPTH {
            return Err(YamlError::new(0, &format!("exceeded max depth of {MAX_DEPTH}")));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn scalar(&mut self, index: usize) -> Result<(Cow<'n, str>, Scalar), YamlError> {
        let Content::Scalar { text, tag, plain } = &self.nodes[index].content else {
            return Ok((Cow::Borrowed(""), Scalar::Null));
        };
        if !self.aliases.is_empty() {
            self.copied_text += text.len();
        }
        resolve_tagged(text, tag.as_deref(), *plain)
    }

    /// Counts a node. The larger a document, the smaller the part of it that aliases may make.
    fn count(&mut self) -> Result<(), YamlError> {
        const SMALL: usize = 400_000;
        const LARGE: usize = 4_000_000;
        self.read += 1;
        self.copied += usize::from(!self.aliases.is_empty());
        let over = self.read.clamp(SMALL, LARGE) - SMALL;
        let allowed = 0.99 - 0.89 * (over as f64 / (LARGE - SMALL) as f64);
        let excessive = self.copied > 100 && self.read > 1000 && self.copied as f64 / self.read as f64 > allowed;
        if excessive || self.copied_text > MAX_COPIES {
            return Err(YamlError::new(0, "document contains excessive aliasing"));
        }
        Ok(())
    }
}

/// The nodes directly inside of a collection.
fn children<'n>(nodes: &'n [Node<'_>], index: usize) -> impl Iterator<Item = usize> + 'n {
    let end_of = |index: usize| match nodes[index].content {
        Content::Sequence { end } | Content::Mapping { end } => end,
        _ => index + 1,
    };
    let (mut next, end) = (index + 1, end_of(index));
    std::iter::from_fn(move || {
        let child = next;
        (child < end).then(|| {
            next = end_of(child);
            child
        })
    })
}
