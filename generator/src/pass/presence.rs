//! Presence: what is `Option`, what is left out of JSON when empty, and which types have codecs of their own.

use crate::input::go_facts::{self, FieldKind, Shape};
use crate::input::{RawInputs, proto};
use crate::model::{Field, FieldType, Message, Release, Special};

pub fn run(release: &mut Release, inputs: &RawInputs) {
    for message in release.messages.values_mut() {
        let go = inputs.go.as_ref().and_then(|facts| facts.fields(&message.name));
        let required = inputs.openapi.definitions.get(&message.name).map(|d| d.schema.required.as_slice());
        let required = required.unwrap_or_default();
        let wire = inputs.proto.messages.get(&message.name);
        let Message { fields, .. } = message;
        for field in fields {
            field.required = required.contains(&field.json);
            match go.and_then(|fields| fields.iter().find(|go| go.go == field.rust)) {
                Some(go) => from_go(field, go),
                None => without_go(field, wire),
            }
        }
    }
}

/// The Go declaration decides, never the wire type of its tag.
fn from_go(field: &mut Field, go: &go_facts::Field) {
    // A list type with a message of its own (`Verbs`) is nullable: nil and empty differ.
    let nullable_list = go.kind == FieldKind::Slice && matches!(field.ty, FieldType::Message(_));
    field.pointer = go.kind == FieldKind::Pointer || nullable_list || field.ty == FieldType::F64;
    field.omitempty = go.omitempty;
    field.omitzero = go.omitzero;
}

/// Without Go: what OpenAPI requires is plain and always written, an `optional` scalar or message is an `Option`.
fn without_go(field: &mut Field, wire: Option<&proto::Message>) {
    let wire = wire.and_then(|message| message.fields.iter().find(|f| Some(f.number) == field.tag));
    let optional = wire.is_none_or(|f| f.optional) || matches!(field.ty, FieldType::Message(_));
    let collection = matches!(field.ty, FieldType::List(_) | FieldType::Map(_) | FieldType::Bytes);
    let type_meta = wire.is_none() && matches!(field.json.as_str(), "kind" | "apiVersion");
    let metadata = field.json == "metadata";
    field.pointer =
        (optional && !field.required && !collection && !type_meta && !metadata) || field.ty == FieldType::F64;
    field.omitempty = !field.required;
}

/// Types whose JSON form is not that of their protobuf message. There are 17 in every release, and no 18th.
pub fn special(name: &str, inputs: &RawInputs) -> Option<Special> {
    let machinery = name.strip_prefix("io.k8s.apimachinery.pkg.");
    let extensions = name.strip_prefix("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.");
    match (machinery, extensions) {
        (Some("apis.meta.v1.Time"), _) => Some(Special::Time),
        (Some("apis.meta.v1.MicroTime"), _) => Some(Special::MicroTime),
        (Some("apis.meta.v1.Duration"), _) => Some(Special::Duration),
        (Some("apis.meta.v1.FieldsV1"), _) => Some(Special::FieldsV1),
        (Some("apis.meta.v1.Patch"), _) => Some(Special::Patch),
        (Some("apis.meta.v1.GroupVersion"), _) => Some(Special::GroupVersion),
        (Some("runtime.Unknown"), _) => Some(Special::Unknown),
        (Some("api.resource.Quantity"), _) => Some(Special::Quantity),
        (Some("util.intstr.IntOrString"), _) => Some(Special::IntOrString),
        (Some("runtime.RawExtension"), _) => Some(Special::RawExtension),
        (_, Some("v1.JSON" | "v1beta1.JSON")) => Some(Special::Json),
        (_, Some("v1.JSONSchemaPropsOrBool" | "v1beta1.JSONSchemaPropsOrBool")) => Some(Special::JsonSchemaPropsOrBool),
        (_, Some("v1.JSONSchemaPropsOrArray" | "v1beta1.JSONSchemaPropsOrArray")) => {
            Some(Special::JsonSchemaPropsOrArray)
        }
        (_, Some("v1.JSONSchemaPropsOrStringArray" | "v1beta1.JSONSchemaPropsOrStringArray")) => {
            Some(Special::JsonSchemaPropsOrStringArray)
        }
        _ => is_string_list(name, inputs).then_some(Special::StringList),
    }
}

/// A Go type defined as `[]string` that has a message of its own.
fn is_string_list(name: &str, inputs: &RawInputs) -> bool {
    let ty = inputs.go.as_ref().and_then(|facts| facts.types.get(name));
    let list = ty.is_some_and(|t| matches!(&t.shape, Shape::Named { underlying, .. } if underlying == "[]string"));
    list && inputs.proto.messages.contains_key(name)
}
