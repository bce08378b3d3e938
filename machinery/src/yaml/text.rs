//! The tokens that have a text: scalars in five styles, anchors, tags and directives.

use std::borrow::Cow;

use super::scan::{Result, Scanner};
use super::token::Kind;

/// White space between two words, on one line or over several.
#[derive(Default)]
struct Gap<'a> {
    blanks: String,
    /// The first line break, as text has it.
    first: Option<&'a str>,
    /// Those after it.
    more: String,
}

impl<'a> Gap<'a> {
    fn line_break(&mut self, text: &'a str) {
        match self.first {
            None => {
                self.blanks.clear();
                self.first = Some(text);
            }
            Some(_) => self.more.push_str(text),
        }
    }

    /// Adds what folding makes of it, and empties it.
    fn fold_into(&mut self, out: &mut String) {
        match self.first.take() {
            None => out.push_str(&self.blanks),
            Some("\n") if self.more.is_empty() => out.push(' '),
            Some("\n") => out.push_str(&self.more),
            Some(first) => {
                out.push_str(first);
                out.push_str(&self.more);
            }
        }
        self.blanks.clear();
        self.more.clear();
    }
}

impl<'a> Scanner<'a> {
    /// A scalar without quotes.
    pub(super) fn plain(&mut self) -> Result<Cow<'a, str>> {
        let first = self.plain_run();
        let mut text = Cow::Borrowed(first);
        let mut gap = Gap::default();
        loop {
            if !self.is_blank() && self.break_len(0) == 0 {
                break;
            }
            self.plain_gap(&mut gap)?;
            if self.flow == 0 && (self.mark.column as isize) < self.indent + 1 {
                break;
            }
            if self.at_document_indicator() || self.byte(0) == b'#' {
                break;
            }
            let run = self.plain_run();
            if run.is_empty() {
                break;
            }
            let text = text.to_mut();
            gap.fold_into(text);
            text.push_str(run);
        }
        if gap.first.is_some() {
            self.key_allowed = true;
        }
        Ok(text)
    }

    /// Up to white space or syntax.
    fn plain_run(&mut self) -> &'a str {
        let bytes = self.text.as_bytes();
        let mut len = 0;
        loop {
            let rest = &bytes[self.pos + len..];
            let special = |b: &u8| {
                matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b':' | 0xc2 | 0xe2)
                    || (self.flow > 0 && matches!(b, b',' | b'?' | b'[' | b']' | b'{' | b'}'))
            };
            let Some(found) = rest.iter().position(special) else {
                len += rest.len();
                break;
            };
            len += found;
            let goes_on = match bytes[self.pos + len] {
                b':' => !self.is_blank_or_end(len + 1),
                0xc2 | 0xe2 => self.break_len(len) == 0,
                _ => false,
            };
            if !goes_on {
                break;
            }
            len += 1;
        }
        self.skip_bytes(len)
    }

    fn plain_gap(&mut self, gap: &mut Gap<'a>) -> Result<()> {
        loop {
            if self.is_blank() {
                if gap.first.is_some() {
                    if (self.mark.column as isize) < self.indent + 1 && self.byte(0) == b'\t' {
                        return Err(self.error("found a tab character that violates indentation"));
                    }
                } else {
                    gap.blanks.push(self.byte(0).into());
                }
                self.skip();
            } else if self.break_len(0) > 0 {
                gap.line_break(self.skip_break());
            } else {
                return Ok(());
            }
        }
    }

    /// A scalar in quotes.
    pub(super) fn quoted(&mut self, single: bool) -> Result<Cow<'a, str>> {
        let quote = if single { b'\'' } else { b'"' };
        self.skip();
        let first = self.quoted_run(quote);
        if self.byte(0) == quote && (!single || self.byte(1) != quote) {
            self.skip();
            return Ok(Cow::Borrowed(first));
        }
        let mut text = String::from(first);
        let mut gap = Gap::default();
        loop {
            if self.at_document_indicator() {
                return Err(self.error("found unexpected document indicator"));
            }
            if self.is_end() {
                return Err(self.error("found unexpected end of stream"));
            }
            let mut joined = false;
            while !self.is_blank_or_end(0) {
                match self.byte(0) {
                    b'\'' if single && self.byte(1) == b'\'' => {
                        text.push('\'');
                        self.skip_bytes(2);
                    }
                    b if b == quote => {
                        self.skip();
                        return Ok(Cow::Owned(text));
                    }
                    b'\\' if !single && self.break_len(1) > 0 => {
                        self.skip();
                        self.skip_break();
                        joined = true;
                        break;
                    }
                    b'\\' if !single => self.escape(&mut text)?,
                    _ => text.push_str(self.word_run(quote)),
                }
            }
            self.quoted_gap(&mut gap, joined);
            gap.fold_into(&mut text);
        }
    }

    /// White space in quotes. Behind a line break that was escaped away blanks do not count, and all breaks do.
    fn quoted_gap(&mut self, gap: &mut Gap<'a>, joined: bool) {
        loop {
            if self.is_blank() {
                if gap.first.is_none() && !joined {
                    gap.blanks.push(self.byte(0).into());
                }
                self.skip();
            } else if self.break_len(0) > 0 {
                let text = self.skip_break();
                if joined { gap.more.push_str(text) } else { gap.line_break(text) }
            } else {
                break;
            }
        }
        if joined {
            gap.first = Some("");
        }
    }

    /// Text on one line without anything special.
    fn quoted_run(&mut self, quote: u8) -> &'a str {
        let rest = &self.text.as_bytes()[self.pos..];
        let special = |b: &u8| *b == quote || matches!(b, b'\\' | b'\n' | b'\r' | 0xc2 | 0xe2);
        let len = rest.iter().position(special).unwrap_or(rest.len());
        // White space before a line break would not count.
        let len = match rest.get(len) {
            Some(b) if *b == quote => len,
            _ => rest[..len].iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(0, |last| last + 1),
        };
        self.skip_bytes(len)
    }

    /// At least one character, and those behind it up to white space or anything special.
    fn word_run(&mut self, quote: u8) -> &'a str {
        let start = self.pos;
        self.skip();
        let rest = &self.text.as_bytes()[self.pos..];
        let special = |b: &u8| *b == quote || matches!(b, b' ' | b'\t' | b'\\' | b'\n' | b'\r' | 0xc2 | 0xe2);
        self.skip_bytes(rest.iter().position(special).unwrap_or(rest.len()));
        &self.text[start..self.pos]
    }

    /// A backslash and what it stands for.
    fn escape(&mut self, text: &mut String) -> Result<()> {
        let digits = match self.byte(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        if digits == 0 {
            let c = match self.byte(1) {
                b'0' => '\0',
                b'a' => '\u{7}',
                b'b' => '\u{8}',
                b't' | b'\t' => '\t',
                b'n' => '\n',
                b'v' => '\u{b}',
                b'f' => '\u{c}',
                b'r' => '\r',
                b'e' => '\u{1b}',
                b @ (b' ' | b'"' | b'\'' | b'\\') => b.into(),
                b'N' => '\u{85}',
                b'_' => '\u{a0}',
                b'L' => '\u{2028}',
                b'P' => '\u{2029}',
                _ => return Err(self.error("found unknown escape character")),
            };
            text.push(c);
            self.skip_bytes(2);
            return Ok(());
        }
        self.skip_bytes(2);
        let code =
            self.text.as_bytes().get(self.pos..self.pos + digits).and_then(|code| std::str::from_utf8(code).ok());
        let Some(code) = code.filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit())) else {
            return Err(self.error("did not find expected hexdecimal number"));
        };
        let c = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        text.push(c.ok_or_else(|| self.error("found invalid Unicode character escape code"))?);
        self.skip_bytes(digits);
        Ok(())
    }

    /// `|` and `>`: lines further right.
    pub(super) fn block_scalar(&mut self, literal: bool) -> Result<String> {
        self.skip();
        let (keep, step) = self.block_header()?;
        let mut indent = step.map(|step| self.indent.max(0) as usize + step);
        let mut text = String::new();
        let mut breaks = String::new();
        self.block_breaks(&mut indent, &mut breaks)?;
        let (mut line_break, mut after_blank) = ("", false);
        while Some(self.mark.column) == indent && !self.is_end() {
            let blank = self.is_blank();
            let folds = !literal && !after_blank && !blank && line_break == "\n";
            match folds {
                true if breaks.is_empty() => text.push(' '),
                true => {}
                false => text.push_str(line_break),
            }
            text.push_str(&breaks);
            breaks.clear();
            after_blank = blank;
            text.push_str(self.line());
            line_break = self.skip_break();
            self.block_breaks(&mut indent, &mut breaks)?;
        }
        if keep != Some(false) {
            text.push_str(line_break);
        }
        if keep == Some(true) {
            text.push_str(&breaks);
        }
        Ok(text)
    }

    /// Whether to keep (`+`) or drop (`-`) line breaks at the end, and how much further right the lines stand.
    fn block_header(&mut self) -> Result<(Option<bool>, Option<usize>)> {
        let (mut keep, mut step) = (None, None);
        for _ in 0..2 {
            match self.byte(0) {
                b @ (b'+' | b'-') if keep.is_none() => keep = Some(b == b'+'),
                b'0' if step.is_none() => return Err(self.error("found an indentation indicator equal to 0")),
                b @ b'1'..=b'9' if step.is_none() => step = Some(usize::from(b - b'0')),
                _ => break,
            }
            self.skip();
        }
        self.end_line()?;
        Ok((keep, step))
    }

    /// Empty lines and indentation. The first line with text decides how far right all stand.
    fn block_breaks(&mut self, indent: &mut Option<usize>, breaks: &mut String) -> Result<()> {
        let mut furthest = 0;
        loop {
            let inside = |column: usize| indent.is_none_or(|indent| column < indent);
            while inside(self.mark.column) && self.byte(0) == b' ' {
                self.skip();
            }
            furthest = furthest.max(self.mark.column);
            if inside(self.mark.column) && self.byte(0) == b'\t' {
                return Err(self.error("found a tab character where an indentation space is expected"));
            }
            if self.break_len(0) == 0 {
                break;
            }
            breaks.push_str(self.skip_break());
        }
        if indent.is_none() {
            *indent = Some(furthest.max((self.indent + 1).max(1) as usize));
        }
        Ok(())
    }

    /// Up to the line break.
    fn line(&mut self) -> &'a str {
        let mut len = 0;
        let rest = &self.text.as_bytes()[self.pos..];
        while let Some(found) = rest[len..].iter().position(|b| matches!(b, b'\n' | b'\r' | 0xc2 | 0xe2)) {
            len += found;
            if self.break_len(len) > 0 {
                return self.skip_bytes(len);
            }
            len += 1;
        }
        self.skip_bytes(rest.len())
    }

    /// `&` or `*` and a name.
    pub(super) fn anchor(&mut self) -> Result<&'a str> {
        self.skip();
        let name = self.word();
        let ends = self.is_blank_or_end(0) || b"?:,]}%@`".contains(&self.byte(0));
        if name.is_empty() || !ends {
            return Err(self.error("did not find expected alphabetic or numeric character"));
        }
        Ok(name)
    }

    /// `!<URI>`, `!handle!suffix`, `!suffix` or `!`.
    pub(super) fn tag(&mut self) -> Result<Kind<'a>> {
        let (handle, suffix) = if self.byte(1) == b'<' {
            self.skip_bytes(2);
            let uri = self.uri("")?;
            if self.byte(0) != b'>' {
                return Err(self.error("did not find the expected '>'"));
            }
            self.skip();
            ("", uri)
        } else {
            let handle = self.tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                (handle, self.uri("")?)
            } else {
                match self.uri(handle)? {
                    suffix if suffix.is_empty() => ("", "!".to_owned()),
                    suffix => ("!", suffix),
                }
            }
        };
        if !self.is_blank_or_end(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(Kind::Tag { handle, suffix })
    }

    /// `!`, a word, and another `!` if it is there. Directives need it.
    fn tag_handle(&mut self, directive: bool) -> Result<&'a str> {
        if self.byte(0) != b'!' {
            return Err(self.error("did not find expected '!'"));
        }
        let start = self.pos;
        self.skip();
        self.word();
        if self.byte(0) == b'!' {
            self.skip();
        } else if directive && self.pos - start > 1 {
            return Err(self.error("did not find expected '!'"));
        }
        Ok(&self.text[start..self.pos])
    }

    /// A tag's URI with its escapes read. `head` is a handle that turned out to be the URI's beginning.
    fn uri(&mut self, head: &str) -> Result<String> {
        let mut bytes = head.as_bytes().get(1..).unwrap_or_default().to_vec();
        let mut any = !head.is_empty();
        loop {
            match self.byte(0) {
                b'%' => self.uri_escape(&mut bytes)?,
                b if b.is_ascii_alphanumeric() || b"_-;/?:@&=+$,.!~*'()[]".contains(&b) => {
                    bytes.push(b);
                    self.skip();
                }
                _ => break,
            }
            any = true;
        }
        if !any {
            return Err(self.error("did not find expected tag URI"));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// `%` and two digits for each byte of a character.
    fn uri_escape(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let mut width = 1;
        let mut read = 0;
        while read < width {
            let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
            let (b'%', Some(high), Some(low)) = (self.byte(0), digit(self.byte(1)), digit(self.byte(2))) else {
                return Err(self.error("did not find URI escaped octet"));
            };
            let octet = high << 4 | low;
            if read == 0 {
                width = match octet {
                    0..0x80 => 1,
                    0xc0..0xe0 => 2,
                    0xe0..0xf0 => 3,
                    0xf0..0xf8 => 4,
                    _ => return Err(self.error("found an incorrect leading UTF-8 octet")),
                };
            } else if octet & 0xc0 != 0x80 {
                return Err(self.error("found an incorrect trailing UTF-8 octet"));
            }
            out.push(octet);
            self.skip_bytes(3);
            read += 1;
        }
        Ok(())
    }

    /// `%YAML` or `%TAG`, with the rest of the line.
    pub(super) fn directive(&mut self) -> Result<Kind<'a>> {
        self.skip();
        let name = self.word();
        if name.is_empty() {
            return Err(self.error("could not find expected directive name"));
        }
        if !self.is_blank_or_end(0) {
            return Err(self.error("found unexpected non-alphabetical character"));
        }
        let kind = match name {
            "YAML" => self.version()?,
            "TAG" => self.tag_prefix()?,
            _ => return Err(self.error("found unknown directive name")),
        };
        self.end_line()?;
        Ok(kind)
    }

    /// Passes over blanks and a comment to the next line.
    fn end_line(&mut self) -> Result<()> {
        self.skip_blanks();
        if self.byte(0) == b'#' {
            self.skip_comment();
        }
        if !self.is_end() && self.break_len(0) == 0 {
            return Err(self.error("did not find expected comment or line break"));
        }
        self.skip_break();
        Ok(())
    }

    fn version(&mut self) -> Result<Kind<'a>> {
        self.skip_blanks();
        let major = self.version_number()?;
        if self.byte(0) != b'.' {
            return Err(self.error("did not find expected digit or '.' character"));
        }
        self.skip();
        Ok(Kind::Version(major, self.version_number()?))
    }

    fn version_number(&mut self) -> Result<u8> {
        let mut number = None;
        for length in 1.. {
            let b = self.byte(0);
            if !b.is_ascii_digit() {
                break;
            }
            if length > 2 {
                return Err(self.error("found extremely long version number"));
            }
            number = Some(number.unwrap_or(0) * 10 + (b - b'0'));
            self.skip();
        }
        number.ok_or_else(|| self.error("did not find expected version number"))
    }

    fn tag_prefix(&mut self) -> Result<Kind<'a>> {
        self.skip_blanks();
        let handle = self.tag_handle(true)?;
        if !self.is_blank() {
            return Err(self.error("did not find expected whitespace"));
        }
        self.skip_blanks();
        let prefix = self.uri("")?;
        if !self.is_blank_or_end(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(Kind::TagPrefix { handle, prefix })
    }
}
