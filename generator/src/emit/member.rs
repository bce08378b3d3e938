//! A field as the generated code sees it: which Rust type it has and how one gets at it.

use crate::model::{Field, FieldType, Message, Special};

use super::names::{Names, Package};

/// Shape of a field's value: one per variant of `machinery::Type`.
#[derive(Clone, Copy)]
pub enum Form<'a> {
    Bool,
    I32,
    I64,
    F64,
    Str,
    Bytes,
    Bools,
    I32s,
    I64s,
    Strs,
    StrMap,
    BytesMap,
    Message(Target<'a>),
    List(Target<'a>),
    Map(Target<'a>),
}

/// What a message field holds.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    Message(&'a Message),
    /// Any JSON value.
    Any,
}

/// A field and the place it is at, such as `self.volume_source.host_path`.
pub struct Member<'a> {
    pub field: &'a Field,
    pub form: Form<'a>,
    pub place: String,
    /// The field of another struct that Go inlines: without tag of its own.
    pub borrowed: bool,
}

impl<'a> Form<'a> {
    /// `None` if Kubernetes has no such type, such as a list of lists.
    pub fn of(ty: &'a FieldType, names: &Names<'a>) -> Option<Form<'a>> {
        Some(match ty {
            FieldType::Bool => Form::Bool,
            FieldType::I32 => Form::I32,
            FieldType::I64 => Form::I64,
            FieldType::F64 => Form::F64,
            FieldType::Str => Form::Str,
            FieldType::Bytes => Form::Bytes,
            FieldType::Message(name) => Form::Message(Target::Message(names.message(name))),
            FieldType::Any => Form::Message(Target::Any),
            FieldType::List(item) => match Form::of(item, names)? {
                Form::Bool => Form::Bools,
                Form::I32 => Form::I32s,
                Form::I64 => Form::I64s,
                Form::Str => Form::Strs,
                Form::Message(target) => Form::List(target),
                _ => return None,
            },
            FieldType::Map(value) => match Form::of(value, names)? {
                Form::Str => Form::StrMap,
                Form::Bytes => Form::BytesMap,
                Form::Message(target) => Form::Map(target),
                _ => return None,
            },
        })
    }

    /// Whether absence is the emptiness of a list or map.
    pub fn is_collection(self) -> bool {
        use Form::*;
        matches!(self, Bools | I32s | I64s | Strs | StrMap | BytesMap | List(_) | Map(_))
    }

    /// Name of the variant in `Type`, and of the method of the writers.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Form::Bool => ("Bool", "bool"),
            Form::I32 => ("I32", "i32"),
            Form::I64 => ("I64", "i64"),
            Form::F64 => ("F64", "f64"),
            Form::Str => ("Str", "str"),
            Form::Bytes => ("Bytes", "bytes"),
            Form::Bools => ("Bools", "bools"),
            Form::I32s => ("I32s", "i32s"),
            Form::I64s => ("I64s", "i64s"),
            Form::Strs => ("Strs", "strs"),
            Form::StrMap => ("StrMap", "str_map"),
            Form::BytesMap => ("BytesMap", "bytes_map"),
            Form::Message(_) => ("Message", "message"),
            Form::List(_) => ("List", "list"),
            Form::Map(_) => ("Map", "map"),
        }
    }

    pub fn target(self) -> Option<Target<'a>> {
        match self {
            Form::Message(target) | Form::List(target) | Form::Map(target) => Some(target),
            _ => None,
        }
    }
}

impl Target<'_> {
    /// Types with codecs of their own are small; they are never boxed.
    pub fn is_special(self) -> bool {
        match self {
            Target::Message(message) => message.special.is_some(),
            Target::Any => true,
        }
    }

    pub fn rust(self, names: &Names<'_>, package: &Package<'_>) -> String {
        match self {
            Target::Message(message) => names.type_path(message, package),
            Target::Any => "machinery::types::Json".into(),
        }
    }
}

impl<'a> Member<'a> {
    /// `Option` in Rust. Floats and bytes always are: Go has them as pointers and slices only.
    pub fn optional(&self) -> bool {
        self.field.pointer && !self.form.is_collection() || matches!(self.form, Form::F64 | Form::Bytes)
    }

    /// `Box` around a message.
    pub fn boxed(&self) -> bool {
        match self.form {
            Form::Message(target) => !target.is_special() && self.field.pointer,
            _ => false,
        }
    }

    /// The field's Rust type.
    pub fn rust(&self, names: &Names<'_>, package: &Package<'_>) -> String {
        let message = self.form.target().map(|target| target.rust(names, package)).unwrap_or_default();
        let ty = match self.form {
            Form::Bool => "bool".into(),
            Form::I32 => "i32".into(),
            Form::I64 => "i64".into(),
            Form::F64 => "f64".into(),
            Form::Str => "SmallStr".into(),
            Form::Bytes => "machinery::types::ByteString".into(),
            Form::Bools => "Vec<bool>".into(),
            Form::I32s => "Vec<i32>".into(),
            Form::I64s => "Vec<i64>".into(),
            Form::Strs => "Vec<SmallStr>".into(),
            Form::StrMap => "BTreeMap<SmallStr, SmallStr>".into(),
            Form::BytesMap => "BTreeMap<SmallStr, machinery::types::ByteString>".into(),
            Form::Message(_) if self.boxed() => format!("Box<{message}>"),
            Form::Message(_) => message,
            Form::List(_) => format!("Vec<{message}>"),
            Form::Map(_) => format!("BTreeMap<SmallStr, {message}>"),
        };
        if self.optional() { format!("Option<{ty}>") } else { ty }
    }
}

/// The message's own fields, in Go order.
pub fn own<'a>(message: &'a Message, names: &Names<'a>) -> Vec<Member<'a>> {
    at("self", message, names, false)
}

/// What the descriptor lists: JSON fields in Go order with those of inlined structs in place, then the inlined structs
/// that protobuf nests.
pub fn listed<'a>(message: &'a Message, names: &Names<'a>) -> Vec<Member<'a>> {
    let mut fields = Vec::new();
    let mut nested = Vec::new();
    collect("self", message, names, false, &mut fields, &mut nested);
    fields.extend(nested);
    fields
}

fn collect<'a>(
    place: &str,
    message: &'a Message,
    names: &Names<'a>,
    borrowed: bool,
    fields: &mut Vec<Member<'a>>,
    nested: &mut Vec<Member<'a>>,
) {
    for member in at(place, message, names, borrowed) {
        match member.form {
            Form::Message(Target::Message(inlined)) if member.field.inline => {
                collect(&member.place, inlined, names, true, fields, nested);
                if !borrowed && member.field.tag.is_some() {
                    nested.push(member);
                }
            }
            _ => fields.push(member),
        }
    }
}

fn at<'a>(place: &str, message: &'a Message, names: &Names<'a>, borrowed: bool) -> Vec<Member<'a>> {
    let member = |field: &'a Field| {
        // `check` has refused the other types.
        let form = Form::of(&field.ty, names)?;
        Some(Member { field, form, place: format!("{place}.{}", field.rust), borrowed })
    };
    message.fields.iter().filter_map(member).collect()
}

/// The type in `machinery::types` that stands for a special message, with its parameter.
pub fn special_type(special: Special) -> &'static str {
    match special {
        Special::Time => "Time",
        Special::MicroTime => "MicroTime",
        Special::Duration => "Duration",
        Special::Quantity => "Quantity",
        Special::IntOrString => "IntOrString",
        Special::RawExtension => "RawExtension",
        Special::FieldsV1 => "FieldsV1",
        Special::Json => "Json",
        Special::JsonSchemaPropsOrBool => "JsonSchemaPropsOrBool<JSONSchemaProps>",
        Special::JsonSchemaPropsOrArray => "JsonSchemaPropsOrArray<JSONSchemaProps>",
        Special::JsonSchemaPropsOrStringArray => "JsonSchemaPropsOrStringArray<JSONSchemaProps>",
        Special::StringList => "StringList",
        Special::Patch => "Patch",
        Special::GroupVersion => "GroupVersion",
        Special::Unknown => "Unknown",
    }
}
