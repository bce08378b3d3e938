//! Answers as bytes: objects, lists, partial metadata and statuses in every media type.
//!
//! A list is the same for every kind: metadata in field 1, items in field 2, so no list message is needed.

use kubeforge_machinery::json::JsonWriter;
use kubeforge_machinery::message::set_type_meta;
use kubeforge_machinery::proto::ProtoWriter;
use kubeforge_machinery::release::Release;
use kubeforge_machinery::{Message, envelope, json, yaml};

use crate::http::Status;
use crate::meta;
use crate::negotiate::Media;

/// The metadata of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMeta {
    pub resource_version: String,
    pub continue_token: String,
    pub remaining: Option<u64>,
}

impl ListMeta {
    /// Metadata that names a revision and nothing else.
    pub fn at(revision: u64) -> ListMeta {
        ListMeta { resource_version: revision.to_string(), ..ListMeta::default() }
    }

    /// Writes the members of its JSON object.
    pub fn write_json(&self, w: &mut JsonWriter) {
        if !self.resource_version.is_empty() {
            w.str(",\"resourceVersion\":", &self.resource_version);
        }
        if !self.continue_token.is_empty() {
            w.str(",\"continue\":", &self.continue_token);
        }
        if let Some(remaining) = self.remaining {
            w.i64(",\"remainingItemCount\":", i64::try_from(remaining).unwrap_or(i64::MAX));
        }
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        if let Some(remaining) = self.remaining {
            w.i64(4, i64::try_from(remaining).unwrap_or(i64::MAX));
        }
        w.str(3, &self.continue_token);
        w.str(2, &self.resource_version);
        w.str(1, "");
    }
}

/// A kind as documents name it.
#[derive(Clone, Copy, Debug)]
pub struct TypeName<'a> {
    pub api_version: &'a str,
    pub kind: &'a str,
}

/// One object. Its type is set before it is written.
pub fn object(media: Media, name: TypeName<'_>, object: &mut dyn Message) -> Vec<u8> {
    if media == Media::Protobuf {
        return envelope::encode(object, name.api_version, name.kind);
    }
    set_type_meta(object, name.api_version, name.kind);
    finish(media, json::encode(object))
}

/// A list of objects whose types are written if `item` is given, as lists of partial metadata have it.
pub fn list(media: Media, name: TypeName<'_>, list: &ListMeta, items: &[Box<dyn Message>]) -> Vec<u8> {
    if media == Media::Protobuf {
        let mut w = ProtoWriter::with_capacity(512 * (items.len() + 1));
        envelope::wrap(&mut w, name.api_version, name.kind, |w| {
            for item in items.iter().rev() {
                w.message(2, item.as_ref());
            }
            w.nested(1, |w| list.write_proto(w));
        });
        return w.into_bytes();
    }
    finish(media, list_json(name, list, items, |w, item| item.encode_json(w)))
}

/// `PartialObjectMetadata` of an object.
pub fn partial(media: Media, name: TypeName<'_>, object: &dyn Message) -> Vec<u8> {
    if media == Media::Protobuf {
        let mut w = ProtoWriter::with_capacity(512);
        envelope::wrap(&mut w, name.api_version, name.kind, |w| partial_proto(w, object));
        return w.into_bytes();
    }
    let mut w = JsonWriter::with_capacity(512);
    partial_json(&mut w, name, object);
    finish(media, w.into_bytes())
}

/// `PartialObjectMetadataList` of objects; every item has its type in JSON.
pub fn partial_list(media: Media, version: &str, list: &ListMeta, items: &[Box<dyn Message>]) -> Vec<u8> {
    let name = TypeName { api_version: version, kind: "PartialObjectMetadataList" };
    if media == Media::Protobuf {
        let mut w = ProtoWriter::with_capacity(256 * (items.len() + 1));
        envelope::wrap(&mut w, name.api_version, name.kind, |w| {
            for item in items.iter().rev() {
                w.nested(2, |w| partial_proto(w, item.as_ref()));
            }
            w.nested(1, |w| list.write_proto(w));
        });
        return w.into_bytes();
    }
    let item_name = TypeName { api_version: version, kind: "PartialObjectMetadata" };
    finish(media, list_json(name, list, items, |w, item| partial_json(w, item_name, item)))
}

/// A status; it needs the release's message only for protobuf.
pub fn status(media: Media, release: &Release, status: &Status) -> Vec<u8> {
    let text = status.to_json().into_bytes();
    if media != Media::Protobuf {
        return finish(media, text);
    }
    let Some(descriptor) = release.message("io.k8s.apimachinery.pkg.apis.meta.v1.Status") else { return text };
    let mut message = descriptor.new_message();
    let read = json::decode(&text, message.as_mut());
    debug_assert!(read.is_ok(), "a status fits its message: {read:?}");
    envelope::encode(message.as_ref(), "v1", "Status")
}

fn list_json(
    name: TypeName<'_>,
    list: &ListMeta,
    items: &[Box<dyn Message>],
    write: impl Fn(&mut JsonWriter, &dyn Message),
) -> Vec<u8> {
    let mut w = JsonWriter::with_capacity(512 * (items.len() + 1));
    let start = w.begin_object();
    w.str(",\"kind\":", name.kind);
    w.str(",\"apiVersion\":", name.api_version);
    w.raw(",\"metadata\":");
    let metadata = w.begin_object();
    list.write_json(&mut w);
    w.end_object(metadata);
    w.raw(",\"items\":");
    let array = w.begin_array();
    for item in items {
        w.raw(",");
        write(&mut w, item.as_ref());
    }
    w.end_array(array);
    w.end_object(start);
    w.into_bytes()
}

/// Writes `PartialObjectMetadata` as a JSON value.
pub fn partial_json(w: &mut JsonWriter, name: TypeName<'_>, object: &dyn Message) {
    let start = w.begin_object();
    w.str(",\"kind\":", name.kind);
    w.str(",\"apiVersion\":", name.api_version);
    match meta::of(object) {
        Some(metadata) => w.message(",\"metadata\":", metadata),
        None => w.raw(",\"metadata\":{}"),
    }
    w.end_object(start);
}

fn partial_proto(w: &mut ProtoWriter, object: &dyn Message) {
    if let Some(metadata) = meta::of(object) {
        w.message(1, metadata);
    }
}

/// JSON text in its final form: with a newline, indented, or as YAML.
pub fn finish(media: Media, mut text: Vec<u8>) -> Vec<u8> {
    match media {
        Media::PrettyJson => indent(&text),
        Media::Yaml => match serde_json::from_slice(&text) {
            Ok(value) => yaml::to_yaml(&value).into_bytes(),
            // JSON is YAML; what no reader took apart still reaches the client.
            Err(_) => text,
        },
        Media::Json | Media::Protobuf => {
            text.push(b'\n');
            text
        }
    }
}

/// How many times longer indentation may make a text. Objects come to three or four times.
const MAX_GROWTH: usize = 16;

/// Indents compact JSON by two spaces, as Go's `json.Indent`; empty brackets stay together. Texts that would grow
/// out of measure, such as thousands of numbers inside hundreds of brackets, stay as they are.
pub fn indent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut in_string = false;
    let mut escaped = false;
    let mut just_opened = false;
    let newline = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    };
    for &byte in text {
        if out.len() > MAX_GROWTH * text.len() {
            return text.to_vec();
        }
        if in_string {
            out.push(byte);
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        let closes = matches!(byte, b'}' | b']');
        if just_opened && !closes {
            depth += 1;
            newline(&mut out, depth);
        }
        if closes && !just_opened {
            depth -= 1;
            newline(&mut out, depth);
        }
        just_opened = matches!(byte, b'{' | b'[');
        match byte {
            b'\n' | b' ' => continue,
            b',' => {
                out.push(byte);
                newline(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
        in_string = byte == b'"';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents_as_go() {
        let text = br#"{"a":[],"b":{"c":"x\"{,:"},"d":[1,2],"e":{}}"#;
        let wanted = "{\n  \"a\": [],\n  \"b\": {\n    \"c\": \"x\\\"{,:\"\n  },\n  \"d\": [\n    1,\n    2\n  ],\n  \"e\": {}\n}";
        assert_eq!(String::from_utf8(indent(text)).unwrap(), wanted);
    }

    #[test]
    fn what_would_grow_out_of_measure_is_not_indented() {
        let deep = format!("{}{}1{}", "[".repeat(400), "1,".repeat(10_000), "]".repeat(400));
        assert_eq!(indent(deep.as_bytes()), deep.as_bytes());
    }

    #[test]
    fn list_metadata_leaves_out_what_is_empty() {
        let text = list_json(
            TypeName { api_version: "v1", kind: "PodList" },
            &ListMeta { remaining: Some(4), ..ListMeta::at(7) },
            &[],
            |_, _| {},
        );
        let wanted = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","remainingItemCount":4},"items":[]}"#;
        assert_eq!(String::from_utf8(text).unwrap(), wanted);
    }
}
