//! Text to tokens.
//!
//! A key is known to be one only when its colon comes. So the scanner remembers where one may have begun, one place
//! for each nesting, and puts the key's token before those that it made since. This is why tokens wait in a queue as
//! long as the first of them may be such a place.

use std::collections::VecDeque;

use super::error::YamlError;
use super::source::Source;
use super::token::{Kind, Token};

/// Most characters that a key may have if it stands before its colon on one line.
const LONGEST_KEY: usize = 1024;

/// A place in the text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    /// In characters.
    pub index: usize,
    pub line: usize,
    pub column: usize,
}

/// Where a key may have begun.
#[derive(Clone, Copy)]
struct KeyStart {
    possible: bool,
    /// Whether it must be one, since it stands where the mapping's keys stand.
    required: bool,
    /// Number of the token that it would come before.
    token: usize,
    mark: Mark,
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) pos: usize,
    pub(super) mark: Mark,
    /// How many brackets are open.
    pub(super) flow: usize,
    /// Column of the innermost block collection; -1 outside of all.
    pub(super) indent: isize,
    pub(super) key_allowed: bool,
    indents: Vec<isize>,
    /// One for each open bracket, and one for outside of all.
    keys: Vec<KeyStart>,
    tokens: VecDeque<Token<'a>>,
    /// How many tokens were given away.
    taken: usize,
    failure: Option<&'static str>,
}

pub(super) type Result<T> = std::result::Result<T, YamlError>;

impl<'a> Scanner<'a> {
    pub fn new(source: &'a Source<'_>) -> Scanner<'a> {
        Scanner {
            text: &source.text,
            pos: 0,
            mark: Mark::default(),
            flow: 0,
            indent: -1,
            key_allowed: true,
            indents: Vec::new(),
            keys: vec![KeyStart { possible: false, required: false, token: 0, mark: Mark::default() }],
            tokens: VecDeque::new(),
            taken: 0,
            failure: source.failure,
        }
    }

    /// The next token, which stays. Nothing may be asked for behind the end of the stream.
    pub fn peek(&mut self) -> Result<&Token<'a>> {
        while self.tokens.is_empty() || self.first_may_follow_key()? {
            let fetched = self.fetch();
            if let Some(failure) = self.failure
                && self.pos >= self.text.len()
            {
                return Err(YamlError::new(0, failure));
            }
            fetched?;
        }
        Ok(&self.tokens[0])
    }

    /// Takes what [`Scanner::peek`] showed.
    pub fn take(&mut self) -> Option<Token<'a>> {
        self.taken += 1;
        self.tokens.pop_front()
    }

    fn first_may_follow_key(&mut self) -> Result<bool> {
        // Places that were remembered later have later tokens.
        let first = self.keys.partition_point(|key| key.token < self.taken);
        for i in first..self.keys.len() {
            if self.keys[i].token != self.taken {
                break;
            }
            if self.is_still_possible(i)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keys do not go on in the next line and are not endless.
    fn is_still_possible(&mut self, i: usize) -> Result<bool> {
        let key = self.keys[i];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < self.mark.line || key.mark.index + LONGEST_KEY < self.mark.index {
            if key.required {
                return Err(self.error("could not find expected ':'"));
            }
            self.keys[i].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn fetch(&mut self) -> Result<()> {
        self.skip_to_token();
        self.close_blocks(self.mark.column as isize);
        let c = self.byte(0);
        let at_line_start = self.mark.column == 0;
        match c {
            _ if self.pos >= self.text.len() => self.stream_end(),
            b'%' if at_line_start => self.directive_token(),
            b'-' | b'.' if self.at_document_indicator() => {
                self.document_indicator(if c == b'-' { Kind::DocumentStart } else { Kind::DocumentEnd })
            }
            b'[' => self.flow_start(Kind::FlowSequenceStart),
            b'{' => self.flow_start(Kind::FlowMappingStart),
            b']' => self.flow_end(Kind::FlowSequenceEnd),
            b'}' => self.flow_end(Kind::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if self.is_blank_or_end(1) => self.block_entry(),
            b'?' if self.flow > 0 || self.is_blank_or_end(1) => self.key(),
            b':' if self.flow > 0 || self.is_blank_or_end(1) => self.value(),
            b'*' | b'&' => self.anchor_token(c == b'*'),
            b'!' => self.tag_token(),
            b'|' | b'>' if self.flow == 0 => self.block_scalar_token(c == b'|'),
            b'\'' | b'"' => self.quoted_token(c == b'\''),
            b'-' | b'?' | b':' => self.plain_token(),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self.error("found character that cannot start any token")),
            _ if self.is_blank_or_end(0) => Err(self.error("found character that cannot start any token")),
            _ => self.plain_token(),
        }
    }

    /// Passes over white space and comments. A tab may not stand where a key's column counts.
    fn skip_to_token(&mut self) {
        loop {
            while self.byte(0) == b' ' || (self.byte(0) == b'\t' && (self.flow > 0 || !self.key_allowed)) {
                self.skip();
            }
            if self.byte(0) == b'#' {
                self.skip_comment();
            }
            if self.break_len(0) == 0 {
                return;
            }
            self.skip_break();
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// `---` or `...` alone at the beginning of a line.
    pub(super) fn at_document_indicator(&self) -> bool {
        let rest = &self.text.as_bytes()[self.pos..];
        self.mark.column == 0 && (rest.starts_with(b"---") || rest.starts_with(b"...")) && self.is_blank_or_end(3)
    }

    fn push(&mut self, kind: Kind<'a>, line: usize) {
        self.tokens.push_back(Token { kind, line });
    }

    /// Adds a token of so many characters of syntax.
    fn indicator(&mut self, kind: Kind<'a>, len: usize) -> Result<()> {
        self.push(kind, self.mark.line);
        (0..len).for_each(|_| self.skip());
        Ok(())
    }

    /// Remembers that a key may begin here.
    fn save_key(&mut self) -> Result<()> {
        if self.key_allowed {
            let required = self.flow == 0 && self.indent == self.mark.column as isize;
            self.forget_key()?;
            let token = self.taken + self.tokens.len();
            if let Some(key) = self.keys.last_mut() {
                *key = KeyStart { possible: true, required, token, mark: self.mark };
            }
        }
        Ok(())
    }

    fn forget_key(&mut self) -> Result<()> {
        let required = self.keys.last().is_some_and(|key| key.possible && key.required);
        if required {
            return Err(self.error("could not find expected ':'"));
        }
        if let Some(key) = self.keys.last_mut() {
            key.possible = false;
        }
        Ok(())
    }

    /// Opens a block collection at a column further right. `before` is the number of the token it comes before.
    fn open_block(&mut self, mark: Mark, kind: Kind<'a>, before: Option<usize>) {
        let column = mark.column as isize;
        if self.flow > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let place = before.map_or(self.tokens.len(), |number| number.saturating_sub(self.taken));
        self.tokens.insert(place.min(self.tokens.len()), Token { kind, line: mark.line });
    }

    /// Closes the block collections that reach further right than a column.
    fn close_blocks(&mut self, column: isize) {
        while self.flow == 0 && self.indent > column {
            self.push(Kind::BlockEnd, self.mark.line);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn stream_end(&mut self) -> Result<()> {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        self.indicator(Kind::StreamEnd, 0)
    }

    fn directive_token(&mut self) -> Result<()> {
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        let line = self.mark.line;
        let kind = self.directive()?;
        self.push(kind, line);
        Ok(())
    }

    fn document_indicator(&mut self, kind: Kind<'a>) -> Result<()> {
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        self.indicator(kind, 3)
    }

    fn flow_start(&mut self, kind: Kind<'a>) -> Result<()> {
        self.save_key()?;
        let token = self.taken + self.tokens.len();
        self.keys.push(KeyStart { possible: false, required: false, token, mark: self.mark });
        self.flow += 1;
        self.key_allowed = true;
        self.indicator(kind, 1)
    }

    fn flow_end(&mut self, kind: Kind<'a>) -> Result<()> {
        self.forget_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            self.keys.pop();
        }
        self.key_allowed = false;
        self.indicator(kind, 1)
    }

    fn flow_entry(&mut self) -> Result<()> {
        self.forget_key()?;
        self.key_allowed = true;
        self.indicator(Kind::FlowEntry, 1)
    }

    fn block_entry(&mut self) -> Result<()> {
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context"));
            }
            self.open_block(self.mark, Kind::SequenceStart, None);
        }
        self.forget_key()?;
        self.key_allowed = true;
        self.indicator(Kind::Entry, 1)
    }

    fn key(&mut self) -> Result<()> {
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(self.error("mapping keys are not allowed in this context"));
            }
            self.open_block(self.mark, Kind::MappingStart, None);
        }
        self.forget_key()?;
        self.key_allowed = self.flow == 0;
        self.indicator(Kind::Key, 1)
    }

    fn value(&mut self) -> Result<()> {
        let last = self.keys.len() - 1;
        if self.is_still_possible(last)? {
            let key = self.keys[last];
            let place = key.token.saturating_sub(self.taken).min(self.tokens.len());
            self.tokens.insert(place, Token { kind: Kind::Key, line: key.mark.line });
            self.open_block(key.mark, Kind::MappingStart, Some(key.token));
            self.keys[last].possible = false;
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.key_allowed {
                    return Err(self.error("mapping values are not allowed in this context"));
                }
                self.open_block(self.mark, Kind::MappingStart, None);
            }
            self.key_allowed = self.flow == 0;
        }
        self.indicator(Kind::Value, 1)
    }

    fn anchor_token(&mut self, alias: bool) -> Result<()> {
        self.save_key()?;
        self.key_allowed = false;
        let line = self.mark.line;
        let name = self.anchor()?;
        self.push(if alias { Kind::Alias(name) } else { Kind::Anchor(name) }, line);
        Ok(())
    }

    fn tag_token(&mut self) -> Result<()> {
        self.save_key()?;
        self.key_allowed = false;
        let line = self.mark.line;
        let kind = self.tag()?;
        self.push(kind, line);
        Ok(())
    }

    fn block_scalar_token(&mut self, literal: bool) -> Result<()> {
        self.forget_key()?;
        self.key_allowed = true;
        let line = self.mark.line;
        let text = self.block_scalar(literal)?;
        self.push(Kind::Scalar { text: text.into(), plain: false }, line);
        Ok(())
    }

    fn quoted_token(&mut self, single: bool) -> Result<()> {
        self.save_key()?;
        self.key_allowed = false;
        let line = self.mark.line;
        let text = self.quoted(single)?;
        self.push(Kind::Scalar { text, plain: false }, line);
        Ok(())
    }

    fn plain_token(&mut self) -> Result<()> {
        self.save_key()?;
        self.key_allowed = false;
        let line = self.mark.line;
        let text = self.plain()?;
        self.push(Kind::Scalar { text, plain: true }, line);
        Ok(())
    }
}

/// Characters.
impl<'a> Scanner<'a> {
    /// A byte further on; 0 behind the end.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.pos + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self.byte(0), b' ' | b'\t')
    }

    /// Space, tab, line break or the end of the text.
    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t' | 0) || self.break_len(ahead) > 0
    }

    /// Bytes of the line break that stands there. YAML 1.1 breaks lines at Unicode's separators, too.
    pub(super) fn break_len(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            b'\n' => 1,
            b'\r' if self.byte(ahead + 1) == b'\n' => 2,
            b'\r' => 1,
            0xc2 if self.byte(ahead + 1) == 0x85 => 2,
            0xe2 if self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    /// Passes over one character.
    pub(super) fn skip(&mut self) {
        self.pos += match self.byte(0) {
            0..0x80 => 1,
            0x80..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Passes over bytes without a line break.
    pub(super) fn skip_bytes(&mut self, len: usize) -> &'a str {
        let text = &self.text[self.pos..self.pos + len];
        let characters = text.bytes().filter(|b| b & 0xc0 != 0x80).count();
        self.pos += len;
        self.mark.index += characters;
        self.mark.column += characters;
        text
    }

    /// Passes over a line break if one is here, and says what it means in a text.
    pub(super) fn skip_break(&mut self) -> &'a str {
        let len = self.break_len(0);
        if len == 0 {
            return "";
        }
        let text = &self.text[self.pos..self.pos + len];
        self.pos += len;
        self.mark.index += if text == "\r\n" { 2 } else { 1 };
        self.mark.line += 1;
        self.mark.column = 0;
        if len == 3 { text } else { "\n" }
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank() {
            self.skip();
        }
    }

    pub(super) fn skip_comment(&mut self) {
        while !self.is_end() && self.break_len(0) == 0 {
            self.skip();
        }
    }

    /// Letters, digits, `_` and `-`.
    pub(super) fn word(&mut self) -> &'a str {
        let is_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        self.skip_bytes(self.text.as_bytes()[self.pos..].iter().take_while(|b| is_word(b)).count())
    }

    /// An error here. Go's parser names no line in the first one.
    pub(super) fn error(&self, problem: &str) -> YamlError {
        YamlError::new(if self.mark.line == 0 { 0 } else { self.mark.line + 1 }, problem)
    }
}
