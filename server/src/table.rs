//! The `Table` form of objects: what `kubectl get` prints (`Accept: application/json;as=Table;v=v1;g=meta.k8s.io`).
//!
//! Which columns a kind has is data in its [`Resource`](kubeforge_machinery::release::Resource); how cells are made is
//! a small set of [functions](functions).

pub mod duration;
pub mod functions;
mod particular;
pub mod path;
mod selector;

use kubeforge_machinery::Message;
use kubeforge_machinery::json::JsonWriter;
use kubeforge_machinery::release::{Cell, Column, Gvk};

use functions::{CellValue, Completion, Function, Row};
use path::{message_at, text_at};

/// What a row holds besides its cells: the parameter `includeObject`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncludeObject {
    None,
    #[default]
    Metadata,
    Object,
}

/// How a table is to look.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Version of `meta.k8s.io`: `v1` or `v1beta1`.
    pub version: &'a str,
    pub include: IncludeObject,
    /// Whether to send the columns; in a watch only the first event has them.
    pub definitions: bool,
    /// Seconds since 1970, for ages.
    pub now: i64,
}

/// Metadata of the list, or the resourceVersion of the one object.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListMeta<'a> {
    pub resource_version: &'a str,
    pub continue_token: &'a str,
    pub remaining: Option<i64>,
}

/// A column as clients see it.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'a> {
    pub name: &'a str,
    pub ty: &'a str,
    pub format: &'a str,
    pub description: &'a str,
    pub priority: i32,
}

/// Columns of kinds that have none of their own, as upstream's default table convertor makes them.
pub static DEFAULT_COLUMNS: [Column; 2] = [
    column("Name", "string", "name", "name", &[]),
    column("Created At", "date", "", "timestamp", &["metadata.creationTimestamp"]),
];

/// Columns of the subresource `scale`, whatever it is of.
pub static SCALE_COLUMNS: [Column; 4] = [
    column("Name", "string", "", "name", &[]),
    column("Desired", "integer", "", "integer", &["spec.replicas"]),
    column("Available", "integer", "", "integer", &["status.replicas"]),
    column("Age", "string", "", "age", &[]),
];

/// The JSON of a `Table` of objects, one row each. Without columns, those of [`DEFAULT_COLUMNS`] are used; one without
/// a name makes a cell and no column. `kind` names the objects where they do not do so themselves.
pub fn table<'a>(
    columns: &'static [Column],
    kind: Gvk,
    objects: impl IntoIterator<Item = &'a dyn Message>,
    list: &ListMeta<'_>,
    options: &Options<'_>,
) -> Vec<u8> {
    let columns = if columns.is_empty() { &DEFAULT_COLUMNS } else { columns };
    let named = columns.iter().filter(|column| !column.name.is_empty());
    let mut writer = TableWriter::new(kind, list, options, named.map(Definition::of));
    let functions: Vec<_> =
        columns.iter().map(|column| (functions::find(column.cell.function), &column.cell)).collect();
    for object in objects {
        let cells: Vec<CellValue> = functions.iter().map(|(f, cell)| evaluate(*f, cell, object, options.now)).collect();
        let completion = functions.iter().find_map(|(f, _)| f.and_then(|f| f.completion)?(object));
        writer.row(&cells, completion.as_ref(), object);
    }
    writer.finish()
}

/// A cell is null if its function is not known, which the check of the rules rules out.
fn evaluate(function: Option<&Function>, cell: &'static Cell, object: &dyn Message, now: i64) -> CellValue {
    match function {
        Some(function) => (function.cell)(&Row { object, arguments: cell.arguments, now }),
        None => CellValue::Null,
    }
}

/// Writes a `Table` row by row, whatever its cells come from.
pub struct TableWriter<'a> {
    kind: Gvk,
    options: Options<'a>,
    writer: JsonWriter,
    start: usize,
    rows: usize,
}

impl<'a> TableWriter<'a> {
    pub fn new<'d>(
        kind: Gvk,
        list: &ListMeta<'_>,
        options: &Options<'a>,
        columns: impl Iterator<Item = Definition<'d>>,
    ) -> TableWriter<'a> {
        let mut writer = JsonWriter::default();
        let start = writer.begin_object();
        writer.str(",\"kind\":", "Table");
        writer.str(",\"apiVersion\":", &format!("meta.k8s.io/{}", options.version));
        write_meta(&mut writer, list);
        match options.definitions {
            true => write_definitions(&mut writer, columns),
            false => writer.null(",\"columnDefinitions\":"),
        }
        writer.raw(",\"rows\":");
        let rows = writer.begin_array();
        TableWriter { kind, options: *options, writer, start, rows }
    }

    pub fn row(&mut self, cells: &[CellValue], completion: Option<&Completion>, object: &dyn Message) {
        let w = &mut self.writer;
        w.raw(",");
        let row = w.begin_object();
        w.raw(",\"cells\":");
        let start = w.begin_array();
        for cell in cells {
            write_cell(w, cell);
        }
        w.end_array(start);
        if let Some(completion) = completion {
            write_completion(w, completion);
        }
        w.raw(",\"object\":");
        match self.options.include {
            IncludeObject::None => w.raw("null"),
            IncludeObject::Metadata => write_metadata(w, object, self.options.version),
            IncludeObject::Object => write_object(w, object, self.kind),
        }
        w.end_object(row);
    }

    pub fn finish(self) -> Vec<u8> {
        let TableWriter { mut writer, start, rows, .. } = self;
        writer.end_array(rows);
        writer.end_object(start);
        writer.into_bytes()
    }
}

impl Definition<'static> {
    fn of(column: &'static Column) -> Definition<'static> {
        Definition {
            name: column.name,
            ty: column.ty,
            format: column.format,
            description: column.description,
            priority: column.priority,
        }
    }
}

fn write_meta(w: &mut JsonWriter, list: &ListMeta<'_>) {
    w.raw(",\"metadata\":");
    let start = w.begin_object();
    if !list.resource_version.is_empty() {
        w.str(",\"resourceVersion\":", list.resource_version);
    }
    if !list.continue_token.is_empty() {
        w.str(",\"continue\":", list.continue_token);
    }
    if let Some(remaining) = list.remaining {
        w.i64(",\"remainingItemCount\":", remaining);
    }
    w.end_object(start);
}

fn write_definitions<'d>(w: &mut JsonWriter, columns: impl Iterator<Item = Definition<'d>>) {
    w.raw(",\"columnDefinitions\":");
    let list = w.begin_array();
    for column in columns {
        w.raw(",");
        let start = w.begin_object();
        w.str(",\"name\":", column.name);
        w.str(",\"type\":", column.ty);
        w.str(",\"format\":", column.format);
        w.str(",\"description\":", column.description);
        w.i32(",\"priority\":", column.priority);
        w.end_object(start);
    }
    w.end_array(list);
}

fn write_cell(w: &mut JsonWriter, cell: &CellValue) {
    w.raw(",");
    match cell {
        CellValue::Null => w.raw("null"),
        CellValue::Text(text) => w.string(text),
        CellValue::Int(number) => w.integer(*number),
        CellValue::Float(number) => w.float(*number),
        CellValue::Bool(value) => w.raw(if *value { "true" } else { "false" }),
    }
}

/// Marks a row whose object has come to its end, so that clients can show it differently.
fn write_completion(w: &mut JsonWriter, completion: &Completion) {
    w.raw(",\"conditions\":[");
    let start = w.begin_object();
    w.str(",\"type\":", "Completed");
    w.str(",\"status\":", "True");
    w.str(",\"reason\":", completion.reason);
    w.str(",\"message\":", completion.message);
    w.end_object(start);
    w.raw("]");
}

fn write_metadata(w: &mut JsonWriter, object: &dyn Message, version: &str) {
    let start = w.begin_object();
    w.str(",\"kind\":", "PartialObjectMetadata");
    w.str(",\"apiVersion\":", &format!("meta.k8s.io/{version}"));
    match message_at(object, "metadata") {
        Some(metadata) => w.message(",\"metadata\":", metadata),
        None => w.raw(",\"metadata\":{}"),
    }
    w.end_object(start);
}

/// Items of lists do not name their kind; rows do.
fn write_object(w: &mut JsonWriter, object: &dyn Message, kind: Gvk) {
    let start = w.begin_object();
    if text_at(object, "kind").is_empty() {
        let group_version = match kind.group {
            "" => kind.version.to_owned(),
            group => format!("{group}/{}", kind.version),
        };
        w.str(",\"kind\":", kind.kind);
        w.str(",\"apiVersion\":", &group_version);
    }
    object.encode_members(w);
    w.end_object(start);
}

const fn column(
    name: &'static str,
    ty: &'static str,
    format: &'static str,
    function: &'static str,
    arguments: &'static [&'static str],
) -> Column {
    Column { name, ty, format, priority: 0, description: "", cell: Cell { function, arguments } }
}

#[cfg(test)]
mod tests;
