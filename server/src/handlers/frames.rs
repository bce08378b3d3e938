//! Watch events as frames on the wire.
//!
//! JSON has one event per line; protobuf a `WatchEvent` behind its length in four bytes, big end first, whose object is
//! an enveloped document.

use bytes::Bytes;
use kubeforge_machinery::Message;
use kubeforge_machinery::json::JsonWriter;
use kubeforge_machinery::proto::ProtoWriter;
use kubeforge_machinery::release::Release;
use std::sync::Arc;

use super::encode::{self, TypeName};
use super::tables::Tables;
use crate::http::Status;
use crate::meta;
use crate::negotiate::{Form, Media};
use crate::registry::Store;

/// Annotation on the bookmark that ends the initial events (KEP-3157).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Makes the frames of one watch.
pub(super) struct Frames {
    release: &'static Release,
    store: Arc<Store>,
    media: Media,
    form: Form,
    /// For tables, whose columns come with the first event only.
    tables: Option<Tables>,
}

impl Frames {
    pub fn new(
        release: &'static Release,
        store: Arc<Store>,
        media: Media,
        form: Form,
        tables: Option<Tables>,
    ) -> Frames {
        Frames { release, store, media, form, tables }
    }

    /// An event of an object in the served version.
    pub fn object(&mut self, kind: &str, mut object: Box<dyn Message>) -> Bytes {
        let document = match self.form {
            Form::Object => encode::object(self.document_media(), self.type_name(), object.as_mut()),
            Form::Partial(version) | Form::PartialList(version) => {
                let api_version = format!("meta.k8s.io/{version}");
                let name = TypeName { api_version: &api_version, kind: "PartialObjectMetadata" };
                encode::partial(self.document_media(), name, object.as_ref())
            }
            Form::Table(_) => match &mut self.tables {
                Some(tables) if kind == "BOOKMARK" => tables.mark(object.as_ref()),
                Some(tables) => tables.event(object),
                None => Vec::new(),
            },
        };
        self.frame(kind, &document)
    }

    /// A bookmark: an empty object with a resourceVersion.
    pub fn bookmark(&mut self, revision: u64) -> Bytes {
        let object = self.mark(revision);
        self.object("BOOKMARK", object)
    }

    /// The bookmark after the initial events.
    pub fn initial_events_end(&mut self, revision: u64) -> Bytes {
        let mut object = self.mark(revision);
        if let Some(metadata) = meta::of_mut(object.as_mut())
            && let Some(annotations) = meta::map_mut(metadata, "annotations")
        {
            annotations.insert(INITIAL_EVENTS_END.into(), "true".into());
        }
        self.object("BOOKMARK", object)
    }

    /// An error, after which the watch ends.
    pub fn error(&self, status: &Status) -> Bytes {
        self.frame("ERROR", &encode::status(self.document_media(), self.release, status))
    }

    fn mark(&self, revision: u64) -> Box<dyn Message> {
        let mut object = self.store.served.message.new_message();
        meta::set(object.as_mut(), "resourceVersion", &revision.to_string());
        object
    }

    fn type_name(&self) -> TypeName<'_> {
        TypeName { api_version: &self.store.api_version, kind: self.store.served.kind }
    }

    fn document_media(&self) -> Media {
        if self.media == Media::Protobuf { Media::Protobuf } else { Media::Json }
    }

    fn frame(&self, kind: &str, document: &[u8]) -> Bytes {
        if self.media == Media::Protobuf {
            return protobuf_frame(kind, document).into();
        }
        let document = String::from_utf8_lossy(document.strip_suffix(b"\n").unwrap_or(document));
        let mut w = JsonWriter::with_capacity(document.len() + 40);
        let start = w.begin_object();
        w.str(",\"type\":", kind);
        w.raw(",\"object\":");
        w.raw(&document);
        w.end_object(start);
        w.raw("\n");
        w.into_bytes().into()
    }
}

fn protobuf_frame(kind: &str, document: &[u8]) -> Vec<u8> {
    let mut w = ProtoWriter::with_capacity(document.len() + 32);
    // RawExtension has the document in its field 1.
    w.nested(2, |w| w.bytes(1, document));
    w.str(1, kind);
    let length = u32::try_from(w.len()).unwrap_or(u32::MAX);
    w.raw(&length.to_be_bytes());
    w.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protobuf_frames_have_their_length_in_front() {
        assert_eq!(protobuf_frame("ADDED", b"k8s\0"), b"\0\0\0\x0f\x0a\x05ADDED\x12\x06\x0a\x04k8s\0");
    }
}
