//! Finds by-value fields that would make a type contain itself, and makes them optional.
//!
//! Go has none; a spec without Go's facts does not say what is a pointer.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Field, FieldType, Release};

pub fn run(release: &mut Release) {
    let edges: BTreeMap<String, Vec<String>> = release
        .messages
        .iter()
        .map(|(name, message)| (name.clone(), message.fields.iter().filter_map(by_value).map(str::to_owned).collect()))
        .collect();
    for (name, message) in &mut release.messages {
        for field in &mut message.fields {
            field.pointer |= by_value(field).is_some_and(|target| reaches(&edges, target, name));
        }
    }
}

/// The message that a field holds without a pointer, list or map in between.
fn by_value(field: &Field) -> Option<&str> {
    match &field.ty {
        FieldType::Message(name) if !field.pointer => Some(name),
        _ => None,
    }
}

fn reaches(edges: &BTreeMap<String, Vec<String>>, from: &str, to: &str) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name) {
            open.extend(edges.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    false
}
