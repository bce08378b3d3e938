//! Checks that the inputs agree: numbers, names, types, sets of fields, merge semantics.

use std::collections::BTreeSet;

use super::fixups::Fixups;
use super::join::go_merge;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::input::openapi::Schema;
use crate::input::{RawInputs, go_facts, proto};
use crate::model::{Field, FieldType, Message, Origin, Release, Special};

pub fn run(release: &Release, inputs: &RawInputs, fixups: &Fixups<'_>, diagnostics: &mut Diagnostics) {
    let faults: Vec<Place> = diagnostics.iter().filter_map(|d| d.place().cloned()).collect();
    let mut check = Check { release, fixups, diagnostics };
    for message in release.messages.values().filter(|message| !is_faulty(message, inputs, &faults)) {
        check.types_exist(message);
        let go = inputs.go.as_ref().and_then(|facts| facts.fields(&message.name));
        let schema = inputs.openapi.definitions.get(&message.name).map(|d| &d.schema);
        if message.special.is_some() {
            continue;
        }
        if let Some(wire) = inputs.proto.messages.get(&message.name) {
            check.proto(message, wire, go);
        }
        if let Some(schema) = schema.filter(|s| !s.properties.is_empty() || !message.fields.is_empty()) {
            check.properties(message, schema);
        }
        if let (Some(go), Some(schema)) = (go, schema) {
            check.merge(message, go, schema);
        }
    }
}

/// Whether a reader complained of the message already, so that what follows from that is not worth telling.
fn is_faulty(message: &Message, inputs: &RawInputs, faults: &[Place]) -> bool {
    let definition = inputs.openapi.definitions.get(&message.name).map(|definition| &definition.schema.place);
    let wire = inputs.proto.messages.get(&message.name).map(|wire| &wire.range);
    faults.iter().any(|fault| definition.into_iter().chain(wire).any(|place| place.contains(fault)))
}

struct Check<'c, 'i> {
    release: &'c Release,
    fixups: &'c Fixups<'i>,
    diagnostics: &'c mut Diagnostics,
}

impl Check<'_, '_> {
    /// Reports unless a fix-up expects it. Places without text are where the other inputs speak of the subject.
    fn report(&mut self, code: Code, subject: &str, message: String, places: &[(&str, Place)]) {
        if self.fixups.allows(code, subject) {
            return;
        }
        let mut diagnostic = Diagnostic::error(code, message);
        for (label, place) in places {
            diagnostic = diagnostic.at(place.clone(), *label);
        }
        self.diagnostics.add(diagnostic.help("take all inputs from one release, or correct the one that is wrong"));
    }

    fn types_exist(&mut self, message: &Message) {
        for field in &message.fields {
            let Some(name) = super::join::message_of(&field.ty) else { continue };
            let known = self.release.messages.get(name);
            // A type that nobody defines was made up from its name alone.
            if known.is_none_or(|m| m.origin.places.is_empty()) {
                let subject = subject(message, field);
                let text = format!("no input defines `{name}`, the type of `{subject}`");
                self.report(Code::KF0304, &subject, text, &labelled(&field.origin, "is of this type"));
            }
        }
    }

    fn proto(&mut self, message: &Message, wire: &proto::Message, go: Option<&[go_facts::Field]>) {
        for field in message.fields.iter().filter(|field| field.tag.is_some()) {
            let Some(found) = wire.fields.iter().find(|w| Some(w.number) == field.tag) else {
                let number = field.tag.unwrap_or_default();
                let text = format!("protobuf has no field {number} in `{}`, and Go has `{}`", message.name, field.rust);
                let mut places = labelled(&field.origin, "says so");
                places.push(("the message", wire.place.clone()));
                self.report(Code::KF0303, &subject(message, field), text, &places);
                continue;
            };
            self.proto_name(message, field, found, go);
            if !same_type(&found.ty, &field.ty) {
                let text = format!(
                    "`{}` is {} in protobuf and {} in Go",
                    subject(message, field),
                    show(&found.ty.to_model()),
                    show(&field.ty)
                );
                let places = swap(&labelled(&field.origin, "the other says this"), &found.place, "protobuf says this");
                self.report(Code::KF0302, &subject(message, field), text, &places);
            }
        }
        let tags: BTreeSet<u32> = message.fields.iter().filter_map(|field| field.tag).collect();
        for extra in wire.fields.iter().filter(|w| !tags.contains(&w.number)) {
            let at = format!("{}.{}", message.name, extra.name);
            let text = format!("protobuf has a field `{}` in `{}` that Go has not", extra.name, message.name);
            self.report(Code::KF0303, &at, text, &[("only here", extra.place.clone())]);
        }
    }

    fn proto_name(&mut self, message: &Message, field: &Field, wire: &proto::Field, go: Option<&[go_facts::Field]>) {
        let go = go.and_then(|fields| fields.iter().find(|g| g.go == field.rust));
        let Some((name, go)) = go.and_then(|g| Some((&g.proto.as_ref()?.1, g))) else { return };
        if !name.is_empty() && *name != wire.name {
            let text = format!(
                "field {} of `{}` is `{}` in protobuf and `{name}` in Go",
                wire.number, message.name, wire.name
            );
            let places = [("protobuf says this", wire.place.clone()), ("Go says this", go.place.clone())];
            self.report(Code::KF0301, &subject(message, field), text, &places);
        }
    }

    /// The JSON fields, with those of inlined structs, are the properties.
    fn properties(&mut self, message: &Message, schema: &Schema) {
        let mut seen = BTreeSet::new();
        for field in self.release.json_fields(message) {
            seen.insert(field.json.as_str());
            let at = format!("{}.{}", message.name, field.json);
            match schema.property(&field.json) {
                None => {
                    let text = format!("OpenAPI has no property `{}` in `{}`", field.json, message.name);
                    let mut places = labelled(&field.origin, "has it");
                    places.push(("the definition", schema.place.clone()));
                    self.report(Code::KF0303, &at, text, &places);
                }
                Some(property) if !self.fits(&field.ty, property) => {
                    let input =
                        if field.origin.places.iter().any(|(i, _)| *i == "go facts") { "Go" } else { "protobuf" };
                    let text =
                        format!("`{at}` is {} in OpenAPI and {} in {input}", show_schema(property), show(&field.ty));
                    let places =
                        swap(&labelled(&field.origin, "the other says this"), &property.place, "OpenAPI says this");
                    self.report(Code::KF0302, &at, text, &places);
                }
                Some(_) => {}
            }
        }
        for (name, property) in schema.properties.iter().filter(|(name, _)| !seen.contains(name.as_str())) {
            let at = format!("{}.{name}", message.name);
            let text = format!("only OpenAPI has a property `{name}` in `{}`", message.name);
            let mut places = vec![("only here", property.place.clone())];
            places.extend(
                message.origin.places.iter().filter(|(i, _)| *i != "openapi").map(|(_, p)| ("not here", p.clone())),
            );
            self.report(Code::KF0303, &at, text, &places);
        }
    }

    /// Whether a schema is what OpenAPI says of a type.
    fn fits(&self, ty: &FieldType, schema: &Schema) -> bool {
        let plain = schema.reference.is_none();
        match ty {
            FieldType::Bool => plain && schema.ty == "boolean",
            FieldType::I32 => plain && schema.ty == "integer" && schema.format == "int32",
            FieldType::I64 => plain && schema.ty == "integer" && schema.format == "int64",
            FieldType::F64 => plain && schema.ty == "number",
            FieldType::Str => plain && schema.ty == "string" && schema.format != "byte",
            FieldType::Bytes => plain && schema.ty == "string" && schema.format == "byte",
            FieldType::Any => true,
            FieldType::List(inner) => {
                plain && schema.ty == "array" && schema.items.as_deref().is_some_and(|s| self.fits(inner, s))
            }
            FieldType::Map(inner) => {
                plain && schema.ty == "object" && schema.additional.as_deref().is_some_and(|s| self.fits(inner, s))
            }
            FieldType::Message(name) => match &schema.reference {
                Some(reference) => reference == name,
                None => self.release.messages.get(name).and_then(|m| m.special) == Some(Special::StringList),
            },
        }
    }

    fn merge(&mut self, message: &Message, go: &[go_facts::Field], schema: &Schema) {
        for (field, go) in go.iter().filter_map(|go| Some((schema.property(&go.json)?, go))) {
            let (said, expected) = (super::join::openapi_merge(field), go_merge(go));
            if said != expected {
                let at = format!("{}.{}", message.name, go.json);
                let text = format!("OpenAPI and Go disagree on how `{at}` merges");
                let places = [("OpenAPI says this", field.place.clone()), ("Go says this", go.place.clone())];
                self.report(Code::KF0305, &at, text, &places);
            }
        }
    }
}

fn subject(message: &Message, field: &Field) -> String {
    let name = if field.json.is_empty() { &field.rust } else { &field.json };
    format!("{}.{name}", message.name)
}

fn labelled<'l>(origin: &Origin, label: &'l str) -> Vec<(&'l str, Place)> {
    origin.places.iter().map(|(_, place)| (label, place.clone())).collect()
}

/// The main place first, then the others.
fn swap<'l>(others: &[(&'l str, Place)], main: &Place, label: &'l str) -> Vec<(&'l str, Place)> {
    let same = |place: &Place| place.file.path == main.file.path && place.span == main.span;
    let others = others.iter().filter(|(_, place)| !same(place)).cloned();
    std::iter::once((label, main.clone())).chain(others).collect()
}

fn same_type(wire: &proto::Type, ty: &FieldType) -> bool {
    wire.to_model() == *ty
}

fn show(ty: &FieldType) -> String {
    match ty {
        FieldType::Bool => "a bool".into(),
        FieldType::I32 => "an int32".into(),
        FieldType::I64 => "an int64".into(),
        FieldType::F64 => "a double".into(),
        FieldType::Str => "a string".into(),
        FieldType::Bytes => "bytes".into(),
        FieldType::Any => "any value".into(),
        FieldType::Message(name) => format!("a `{name}`"),
        FieldType::List(inner) => format!("a list, each item {}", show(inner)),
        FieldType::Map(inner) => format!("a map, each value {}", show(inner)),
    }
}

fn show_schema(schema: &Schema) -> String {
    match (&schema.reference, schema.ty.as_str(), schema.format.as_str()) {
        (Some(name), ..) => format!("a `{name}`"),
        (_, "array", _) => {
            format!("a list, each item {}", schema.items.as_deref().map_or("anything".into(), show_schema))
        }
        (_, "object", _) => {
            format!("a map, each value {}", schema.additional.as_deref().map_or("anything".into(), show_schema))
        }
        (_, "", _) => "untyped".into(),
        (_, ty, "") => format!("of type {ty}"),
        (_, ty, format) => format!("of type {ty} and format {format}"),
    }
}
