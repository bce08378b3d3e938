//! Cells of events, in the terms of either API group: what was renamed is looked for under both names.

use kubeforge_machinery::Message;

use crate::table::functions::{CellValue, Row};
use crate::table::path::{int_at, message_at, text_at, time_at};

pub fn first_seen(row: &Row<'_>) -> CellValue {
    row.since(first_time(row.object)).into()
}

pub fn last_seen(row: &Row<'_>) -> CellValue {
    let time = match message_at(row.object, "series") {
        Some(series) => time_at(series, "lastObservedTime"),
        None => time_of(row.object, ["lastTimestamp", "deprecatedLastTimestamp"]).or_else(|| first_time(row.object)),
    };
    row.since(time).into()
}

/// `kind/name` of what the event is about.
pub fn object(row: &Row<'_>) -> CellValue {
    let about = ["involvedObject", "regarding"].into_iter().find_map(|field| message_at(row.object, field));
    let Some(about) = about else { return "".into() };
    let (kind, name) = (text_at(about, "kind").to_lowercase(), text_at(about, "name"));
    if name.is_empty() { kind.into() } else { format!("{kind}/{name}").into() }
}

/// Component and host of the reporter.
pub fn source(row: &Row<'_>) -> CellValue {
    let component = first_text(
        row.object,
        &["source.component", "deprecatedSource.component", "reportingComponent", "reportingController"],
    );
    let instance = first_text(row.object, &["source.host", "deprecatedSource.host", "reportingInstance"]);
    if instance.is_empty() { component.into() } else { format!("{component}, {instance}").into() }
}

/// How often it was seen.
pub fn count(row: &Row<'_>) -> CellValue {
    let count = match message_at(row.object, "series") {
        Some(series) => int_at(series, "count"),
        None => (int_at(row.object, "count") + int_at(row.object, "deprecatedCount")).max(1),
    };
    CellValue::Int(count)
}

fn first_time(event: &dyn Message) -> Option<i64> {
    time_of(event, ["firstTimestamp", "deprecatedFirstTimestamp"]).or_else(|| time_at(event, "eventTime"))
}

fn time_of(event: &dyn Message, fields: [&str; 2]) -> Option<i64> {
    fields.into_iter().find_map(|field| time_at(event, field))
}

fn first_text(event: &dyn Message, fields: &[&str]) -> String {
    let mut texts = fields.iter().map(|field| text_at(event, field));
    texts.find(|text| !text.is_empty()).unwrap_or_default().into_owned()
}
