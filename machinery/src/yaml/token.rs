//! What a YAML text consists of.

use std::borrow::Cow;

/// A token and where it begins.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    /// From 0.
    pub line: usize,
}

#[derive(Debug, PartialEq)]
pub(super) enum Kind<'a> {
    StreamEnd,
    /// `%YAML`
    Version(u8, u8),
    /// `%TAG`
    TagPrefix {
        handle: &'a str,
        prefix: String,
    },
    DocumentStart,
    DocumentEnd,
    SequenceStart,
    MappingStart,
    /// Of a sequence or mapping that is laid out by indentation.
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    /// `-`
    Entry,
    /// `,`
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    /// The handle is empty if the suffix is all of it.
    Tag {
        handle: &'a str,
        suffix: String,
    },
    Scalar {
        text: Cow<'a, str>,
        plain: bool,
    },
}
