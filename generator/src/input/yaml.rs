//! YAML (1.2, core schema) as the same tree as JSON, with the place of every value.

use std::borrow::Cow;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as YamlSpan};

use super::node::{Key, MAX_DEPTH, Node, Value};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, Span};

/// Reads a file of one document. `None` if it cannot be parsed; duplicate keys are reported and the first one kept.
pub fn parse<'a>(file: &'a Arc<SourceFile>, diagnostics: &mut Diagnostics) -> Option<Node<'a>> {
    let mut builder =
        Builder { file, offsets: character_offsets(&file.text), open: Vec::new(), root: None, diagnostics };
    match builder.run() {
        Ok(()) => Some(builder.root.unwrap_or(Node { value: Value::Null, span: Span::default() })),
        Err((code, span, message)) => {
            diagnostics.add(Diagnostic::error(code, message).at(Place::new(file, span), "here"));
            None
        }
    }
}

struct Builder<'a, 'd> {
    file: &'a Arc<SourceFile>,
    /// Byte offset of each character, or empty if all are one byte long.
    offsets: Vec<u32>,
    open: Vec<Open<'a>>,
    root: Option<Node<'a>>,
    diagnostics: &'d mut Diagnostics,
}

/// A collection that is being read.
enum Open<'a> {
    List(Vec<Node<'a>>, Span),
    Map(Vec<(Key<'a>, Node<'a>)>, Option<Key<'a>>, Span),
}

type Failure = (Code, Span, String);

impl<'a> Builder<'a, '_> {
    fn run(&mut self) -> Result<(), Failure> {
        let mut parser = Parser::new_from_str(&self.file.text);
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| {
                let at = self.offset(error.marker().index());
                (Code::KF0111, Span { start: at, end: at }, error.info().to_owned())
            })?;
            let span = self.span(span);
            match event {
                Event::Scalar(text, style, anchor, _) => {
                    self.refuse_anchor(anchor, span)?;
                    self.scalar(text, style, span)?;
                }
                Event::SequenceStart(anchor, _) => {
                    self.refuse_anchor(anchor, span)?;
                    self.open(Open::List(Vec::new(), span), span)?;
                }
                Event::MappingStart(anchor, _) => {
                    self.refuse_anchor(anchor, span)?;
                    self.open(Open::Map(Vec::new(), None, span), span)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
                Event::Alias(_) => return Err((Code::KF0111, span, "aliases are not supported".to_owned())),
                Event::DocumentStart(_) => documents += 1,
                Event::StreamEnd => break,
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
            }
            if documents > 1 {
                return Err((Code::KF0111, span, "the file has more than one document".to_owned()));
            }
        }
        Ok(())
    }

    fn open(&mut self, open: Open<'a>, span: Span) -> Result<(), Failure> {
        if self.open.len() == MAX_DEPTH {
            return Err((Code::KF0103, span, format!("the document nests more than {MAX_DEPTH} levels deep")));
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Failure> {
        let node = match self.open.pop() {
            Some(Open::List(items, start)) => Node { value: Value::Array(items), span: join(start, end) },
            Some(Open::Map(entries, _, start)) => Node { value: Value::Object(entries), span: join(start, end) },
            None => return Ok(()),
        };
        self.place_node(node)
    }

    fn scalar(&mut self, text: Cow<'a, str>, style: ScalarStyle, span: Span) -> Result<(), Failure> {
        if let Some(Open::Map(_, key @ None, _)) = self.open.last_mut() {
            *key = Some(Key { name: text, span });
            return Ok(());
        }
        let value = if style == ScalarStyle::Plain { plain(text) } else { Value::String(text) };
        self.place_node(Node { value, span })
    }

    fn place_node(&mut self, node: Node<'a>) -> Result<(), Failure> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(items, _)) => items.push(node),
            Some(Open::Map(entries, key, _)) => {
                let Some(key) = key.take() else {
                    return Err((Code::KF0111, node.span, "keys must be texts".to_owned()));
                };
                match entries.iter().find(|(k, _)| k.name == key.name) {
                    None => entries.push((key, node)),
                    Some((first, _)) => self.diagnostics.add(
                        Diagnostic::error(Code::KF0102, format!("the key `{}` is given twice", key.name))
                            .at(Place::new(self.file, key.span), "again here")
                            .at(Place::new(self.file, first.span), "first here")
                            .help("remove one of the two"),
                    ),
                }
            }
        }
        Ok(())
    }

    fn refuse_anchor(&self, anchor: usize, span: Span) -> Result<(), Failure> {
        if anchor == 0 { Ok(()) } else { Err((Code::KF0111, span, "anchors are not supported".to_owned())) }
    }

    fn span(&self, span: YamlSpan) -> Span {
        Span { start: self.offset(span.start.index()), end: self.offset(span.end.index()) }
    }

    fn offset(&self, character: usize) -> u32 {
        let end = self.file.text.len() as u32;
        if self.offsets.is_empty() {
            (character as u32).min(end)
        } else {
            self.offsets.get(character).copied().unwrap_or(end)
        }
    }
}

fn character_offsets(text: &str) -> Vec<u32> {
    if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(offset, _)| offset as u32).collect() }
}

fn join(start: Span, end: Span) -> Span {
    Span { start: start.start, end: end.end.max(start.end) }
}

/// A scalar without quotes, by the core schema.
fn plain(text: Cow<'_, str>) -> Value<'_> {
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        number if is_number(number) => Value::Number(text),
        _ => Value::String(text),
    }
}

fn is_number(text: &str) -> bool {
    let starts = text.strip_prefix('-').unwrap_or(text).starts_with(|c: char| c.is_ascii_digit());
    starts && serde_json::from_str::<serde_json::Number>(text).is_ok()
}
