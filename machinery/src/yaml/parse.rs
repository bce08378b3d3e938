//! Tokens to the nodes of a document.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::YamlError;
use super::scan::{Result, Scanner};
use super::source::Source;
use super::token::{Kind, Token};

/// Deepest nesting that is read, so that no document exhausts a thread's stack.
pub(super) const MAX_DEPTH: usize = 500;

/// What stands in a document. Nodes are in one list, each in front of what is inside of it.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub content: Content<'a>,
    /// From 0.
    pub line: usize,
}

#[derive(Debug)]
pub(super) enum Content<'a> {
    Scalar {
        text: Cow<'a, str>,
        tag: Option<Box<str>>,
        plain: bool,
    },
    /// `end` is the place behind the last node inside.
    Sequence {
        end: usize,
    },
    /// Keys and values in turn.
    Mapping {
        end: usize,
    },
    Alias {
        name: &'a str,
        target: usize,
    },
}

/// Reads the first document; no nodes if there is none.
///
/// Like upstream, it takes a document for finished when its outermost node is, and does not look at what follows.
pub(super) fn parse<'a>(source: &'a Source<'_>) -> Result<Vec<Node<'a>>> {
    let mut parser = Parser {
        tokens: Scanner::new(source),
        nodes: Vec::new(),
        anchors: HashMap::new(),
        tags: HashMap::new(),
        depth: 0,
    };
    parser.document()?;
    Ok(parser.nodes)
}

struct Parser<'a> {
    tokens: Scanner<'a>,
    nodes: Vec<Node<'a>>,
    anchors: HashMap<&'a str, usize>,
    /// Handles and what they stand for.
    tags: HashMap<&'a str, String>,
    depth: usize,
}

/// Which collections may begin.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Flow,
    Block,
    /// Behind a key or colon, where a list need not be further right.
    BlockMember,
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Result<()> {
        let explicit = match self.peek()? {
            Kind::StreamEnd => return Ok(()),
            Kind::Version(..) | Kind::TagPrefix { .. } | Kind::DocumentStart => {
                self.directives()?;
                true
            }
            _ => false,
        };
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            self.tags.entry(handle).or_insert_with(|| prefix.to_owned());
        }
        if explicit {
            let line = self.line()?;
            if *self.peek()? != Kind::DocumentStart {
                return Err(YamlError::new(line, "did not find expected <document start>"));
            }
            self.tokens.take();
            let empty = matches!(
                self.peek()?,
                Kind::Version(..) | Kind::TagPrefix { .. } | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd
            );
            if empty {
                return self.empty();
            }
        }
        self.node(Place::Block)?;
        // What follows must be a token, whichever it is.
        self.peek().map(|_| ())
    }

    fn directives(&mut self) -> Result<()> {
        let mut version = false;
        while matches!(self.peek()?, Kind::Version(..) | Kind::TagPrefix { .. }) {
            let Some(Token { kind, line }) = self.tokens.take() else { break };
            match kind {
                Kind::Version(..) if version => return Err(YamlError::new(line, "found duplicate %YAML directive")),
                Kind::Version(1, 1) => version = true,
                Kind::TagPrefix { handle, prefix } => {
                    if self.tags.insert(handle, prefix).is_some() {
                        return Err(YamlError::new(line, "found duplicate %TAG directive"));
                    }
                }
                _ => return Err(YamlError::new(line, "found incompatible YAML document")),
            }
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<&Kind<'a>> {
        Ok(&self.tokens.peek()?.kind)
    }

    fn line(&mut self) -> Result<usize> {
        Ok(self.tokens.peek()?.line)
    }

    fn push(&mut self, content: Content<'a>, line: usize) -> usize {
        self.nodes.push(Node { content, line });
        self.nodes.len() - 1
    }

    /// A node that is not there, at the next token.
    fn empty(&mut self) -> Result<()> {
        let line = self.line()?;
        self.empty_at(line);
        Ok(())
    }

    fn empty_at(&mut self, line: usize) {
        self.push(Content::Scalar { text: Cow::Borrowed(""), tag: None, plain: true }, line);
    }

    fn node(&mut self, place: Place) -> Result<()> {
        let start = self.line()?;
        if let Kind::Alias(name) = *self.peek()? {
            self.tokens.take();
            let Some(&target) = self.anchors.get(name) else {
                return Err(YamlError::new(0, &format!("unknown anchor '{name}' referenced")));
            };
            self.push(Content::Alias { name, target }, start);
            return Ok(());
        }
        let (anchor, tag) = self.properties()?;
        if let Some(name) = anchor {
            self.anchors.insert(name, self.nodes.len());
        }
        let line = self.line()?;
        match self.peek()? {
            Kind::Scalar { .. } => self.scalar(tag, start),
            Kind::FlowSequenceStart => self.collection(start, sequence, Self::flow_sequence),
            Kind::FlowMappingStart => self.collection(start, mapping, Self::flow_mapping),
            Kind::Entry if place == Place::BlockMember => self.collection(start, sequence, Self::indentless_sequence),
            Kind::SequenceStart if place != Place::Flow => self.collection(start, sequence, Self::block_sequence),
            Kind::MappingStart if place != Place::Flow => self.collection(start, mapping, Self::block_mapping),
            _ if anchor.is_some() || tag.is_some() => {
                let plain = tag.is_none();
                self.push(Content::Scalar { text: Cow::Borrowed(""), tag, plain }, start);
                Ok(())
            }
            _ => Err(YamlError::new(line, "did not find expected node content")),
        }
    }

    /// An anchor and a tag in any order.
    fn properties(&mut self) -> Result<(Option<&'a str>, Option<Box<str>>)> {
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.peek()? {
                Kind::Anchor(name) if anchor.is_none() => {
                    anchor = Some(*name);
                    self.tokens.take();
                }
                Kind::Tag { .. } if tag.is_none() => tag = self.tag()?,
                _ => return Ok((anchor, tag)),
            }
        }
    }

    fn tag(&mut self) -> Result<Option<Box<str>>> {
        let Some(Token { kind: Kind::Tag { handle, suffix }, line }) = self.tokens.take() else { return Ok(None) };
        if handle.is_empty() {
            return Ok(Some(suffix.into()));
        }
        match self.tags.get(handle) {
            Some(prefix) => Ok(Some(format!("{prefix}{suffix}").into())),
            None => Err(YamlError::new(line, "found undefined tag handle")),
        }
    }

    fn scalar(&mut self, tag: Option<Box<str>>, line: usize) -> Result<()> {
        if let Some(Token { kind: Kind::Scalar { text, plain }, .. }) = self.tokens.take() {
            let plain = plain && tag.is_none();
            self.push(Content::Scalar { text, tag, plain }, line);
        }
        Ok(())
    }

    /// Puts a collection around what `inside` reads.
    fn collection(
        &mut self,
        line: usize,
        content: fn(usize) -> Content<'a>,
        inside: fn(&mut Self) -> Result<()>,
    ) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(YamlError::new(line, &format!("exceeded max depth of {MAX_DEPTH}")));
        }
        self.depth += 1;
        let index = self.push(content(0), line);
        inside(self)?;
        self.nodes[index].content = content(self.nodes.len());
        self.depth -= 1;
        Ok(())
    }

    fn block_sequence(&mut self) -> Result<()> {
        self.tokens.take();
        loop {
            let line = self.line()?;
            match self.peek()? {
                Kind::Entry => {
                    self.tokens.take();
                    match self.peek()? {
                        Kind::Entry | Kind::BlockEnd => self.empty_at(line),
                        _ => self.node(Place::Block)?,
                    }
                }
                Kind::BlockEnd => break,
                _ => return Err(YamlError::new(line, "did not find expected '-' indicator")),
            }
        }
        self.tokens.take();
        Ok(())
    }

    /// A list no further right than the key before it. It has no end of its own.
    fn indentless_sequence(&mut self) -> Result<()> {
        while *self.peek()? == Kind::Entry {
            let line = self.line()?;
            self.tokens.take();
            match self.peek()? {
                Kind::Entry | Kind::Key | Kind::Value | Kind::BlockEnd => self.empty_at(line),
                _ => self.node(Place::Block)?,
            }
        }
        Ok(())
    }

    fn block_mapping(&mut self) -> Result<()> {
        self.tokens.take();
        loop {
            let line = self.line()?;
            match self.peek()? {
                Kind::Key => {
                    self.tokens.take();
                    self.block_member(line)?;
                }
                Kind::BlockEnd => break,
                _ => return Err(YamlError::new(line, "did not find expected key")),
            }
            let line = self.line()?;
            if *self.peek()? == Kind::Value {
                self.tokens.take();
                self.block_member(line)?;
            } else {
                self.empty_at(line);
            }
        }
        self.tokens.take();
        Ok(())
    }

    /// A key or value behind its indicator.
    fn block_member(&mut self, line: usize) -> Result<()> {
        match self.peek()? {
            Kind::Key | Kind::Value | Kind::BlockEnd => self.empty_at(line),
            _ => self.node(Place::BlockMember)?,
        }
        Ok(())
    }

    fn flow_sequence(&mut self) -> Result<()> {
        self.tokens.take();
        let mut first = true;
        while *self.peek()? != Kind::FlowSequenceEnd {
            if !first {
                self.flow_entry("did not find expected ',' or ']'")?;
            }
            first = false;
            let line = self.line()?;
            match self.peek()? {
                Kind::FlowSequenceEnd => break,
                Kind::Key => self.collection(line, mapping, Self::pair)?,
                _ => self.node(Place::Flow)?,
            }
        }
        self.tokens.take();
        Ok(())
    }

    /// `key: value` in brackets, a mapping of one.
    fn pair(&mut self) -> Result<()> {
        self.tokens.take();
        match self.peek()? {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                self.empty()?;
                // Upstream loses this token.
                self.tokens.take();
            }
            _ => self.node(Place::Flow)?,
        }
        self.flow_value(&Kind::FlowSequenceEnd)?;
        Ok(())
    }

    fn flow_mapping(&mut self) -> Result<()> {
        self.tokens.take();
        let mut first = true;
        while *self.peek()? != Kind::FlowMappingEnd {
            if !first {
                self.flow_entry("did not find expected ',' or '}'")?;
            }
            first = false;
            match self.peek()? {
                Kind::FlowMappingEnd => break,
                Kind::Key => {
                    self.tokens.take();
                    match self.peek()? {
                        Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => self.empty()?,
                        _ => self.node(Place::Flow)?,
                    }
                    self.flow_value(&Kind::FlowMappingEnd)?;
                }
                _ => {
                    self.node(Place::Flow)?;
                    self.empty()?;
                }
            }
        }
        self.tokens.take();
        Ok(())
    }

    fn flow_entry(&mut self, problem: &str) -> Result<()> {
        let line = self.line()?;
        if *self.peek()? != Kind::FlowEntry {
            return Err(YamlError::new(line, problem));
        }
        self.tokens.take();
        Ok(())
    }

    fn flow_value(&mut self, end: &Kind<'a>) -> Result<()> {
        if *self.peek()? == Kind::Value {
            self.tokens.take();
            let next = self.peek()?;
            if *next != Kind::FlowEntry && next != end {
                return self.node(Place::Flow);
            }
        }
        self.empty()
    }
}

fn sequence<'a>(end: usize) -> Content<'a> {
    Content::Sequence { end }
}

fn mapping<'a>(end: usize) -> Content<'a> {
    Content::Mapping { end }
}
