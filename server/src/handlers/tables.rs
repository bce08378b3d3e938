//! Objects as tables (KEP-1819's server-side printing).

use kubeforge_machinery::Message;
use kubeforge_machinery::release::{Column, Gvk, Kind};
use kubeforge_machinery::status::Cause;
use kubeforge_machinery::types::go::quote;

use super::encode::{self, ListMeta};
use crate::http::Status;
use crate::meta;
use crate::negotiate::Media;
use crate::table::{self, IncludeObject, Options, SCALE_COLUMNS};

use super::options;
use crate::registry::Store;

/// Makes the tables of one resource for one request.
pub(super) struct Tables {
    columns: &'static [Column],
    kind: Gvk,
    version: &'static str,
    include: IncludeObject,
    /// Whether the columns still have to be sent.
    definitions: bool,
}

impl Tables {
    /// `include` is the request's `includeObject`.
    pub fn new(store: &Store, version: &'static str, include: &str) -> Result<Tables, Status> {
        Self::of(store.resource.columns, store.served, version, include)
    }

    /// Tables of scales, which are the same for every resource that has them.
    pub fn of_scale(kind: &'static Kind, version: &'static str, include: &str) -> Result<Tables, Status> {
        Self::of(&SCALE_COLUMNS, kind, version, include)
    }

    fn of(
        columns: &'static [Column],
        kind: &'static Kind,
        version: &'static str,
        include: &str,
    ) -> Result<Tables, Status> {
        let include = match include {
            "" | "Metadata" => IncludeObject::Metadata,
            "None" => IncludeObject::None,
            "Object" => IncludeObject::Object,
            other => {
                let supported = ["", "Metadata", "None", "Object"];
                let error = Cause::not_supported("includeObject", quote(other), &supported);
                return Err(options::invalid("TableOptions", vec![error]));
            }
        };
        let kind = Gvk { group: kind.group, version: kind.version, kind: kind.kind };
        Ok(Tables { columns, kind, version, include, definitions: true })
    }

    /// The table of a list or of one object.
    pub fn document(&self, media: Media, list: &ListMeta, objects: &[Box<dyn Message>]) -> Vec<u8> {
        encode::finish(media, self.json(list, objects))
    }

    /// The table of one watch event; the first one carries the columns.
    pub fn event(&mut self, object: Box<dyn Message>) -> Vec<u8> {
        let table = self.json(&meta_of(object.as_ref()), &[object]);
        self.definitions = false;
        table
    }

    /// A table without rows that names a revision, for bookmarks.
    pub fn mark(&mut self, object: &dyn Message) -> Vec<u8> {
        let table = self.json(&meta_of(object), &[]);
        self.definitions = false;
        table
    }

    fn json(&self, list: &ListMeta, objects: &[Box<dyn Message>]) -> Vec<u8> {
        let meta = table::ListMeta {
            resource_version: &list.resource_version,
            continue_token: &list.continue_token,
            remaining: list.remaining.and_then(|remaining| i64::try_from(remaining).ok()),
        };
        let options = Options {
            version: self.version,
            include: self.include,
            definitions: self.definitions,
            now: jiff::Timestamp::now().as_second(),
        };
        table::table(self.columns, self.kind, objects.iter().map(Box::as_ref), &meta, &options)
    }
}

/// A table of one object has the object's resourceVersion.
pub(super) fn meta_of(object: &dyn Message) -> ListMeta {
    ListMeta { resource_version: meta::get(object, "resourceVersion").to_owned(), ..ListMeta::default() }
}
