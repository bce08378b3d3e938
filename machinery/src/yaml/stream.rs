//! Several documents in one text, divided as `kubectl` divides files.

use serde_json::value::RawValue;

use super::error::YamlError;
use super::read::{Document, from_yaml};

/// Reads all documents of a stream.
///
/// A stream of JSON objects is read as such. Otherwise lines that begin with `---` divide the text, and each part is
/// read by itself, up to its first document's end. Parts without content are null.
///
/// # Errors
/// That of the first document which cannot be read; lines are counted in that document.
pub fn documents(text: &str) -> Result<Vec<Document>, YamlError> {
    let mut documents = Vec::new();
    let rest = if text.trim_start().starts_with('{') { json_documents(text, &mut documents)? } else { text };
    for part in parts(rest) {
        documents.push(from_yaml(&part?)?);
    }
    Ok(documents)
}

/// Takes JSON objects from the beginning as long as there are any, and leaves the rest. With more than one, nothing
/// else may follow.
fn json_documents<'t>(text: &'t str, documents: &mut Vec<Document>) -> Result<&'t str, YamlError> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let mut read = 0;
    loop {
        let value = match values.next() {
            None => return Ok(""),
            Some(value) => value.and_then(|raw| serde_json::from_str(raw.get())),
        };
        match value {
            Ok(value) => documents.push(Document { value, duplicates: Vec::new() }),
            Err(error) if documents.len() > 1 => return Err(YamlError::plain(&format!("json: {error}"))),
            Err(_) => break,
        }
        read = values.byte_offset();
    }
    // White space up to the next line is no part of it.
    let rest = &text[read..];
    let line = rest.find('\n').map_or(rest, |end| &rest[..=end]);
    Ok(if read > 0 && line.trim().is_empty() { &rest[line.len()..] } else { rest })
}

/// The parts of a text, with plain line ends. A separator stays in front of the first part.
fn parts(text: &str) -> impl Iterator<Item = Result<String, YamlError>> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut part = String::new();
        for line in lines.by_ref() {
            if let Some(behind) = line.strip_prefix("---") {
                let behind = behind.trim();
                if !behind.is_empty() && !behind.starts_with('#') {
                    return Some(Err(YamlError::plain(&format!("invalid Yaml document separator: {behind}"))));
                }
                if !part.is_empty() {
                    return Some(Ok(part));
                }
            }
            part.push_str(line);
            part.push('\n');
        }
        (!part.is_empty()).then_some(Ok(part))
    })
}
