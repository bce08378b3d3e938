//! Why a document could not be read, in Go's words.

use std::fmt;

/// A syntax or type error. One boxed pointer, so that results stay small.
#[derive(Debug)]
pub struct JsonError(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Syntax(String),
    Type {
        /// What stands in the document: `string`, `number 1.5`, `object`…
        found: String,
        /// Go's name of the wanted type, such as `int32`.
        wanted: String,
        /// Struct and path, such as `DeploymentSpec.spec.replicas`; empty at the top.
        field: String,
    },
    Custom(String),
}

impl JsonError {
    pub(crate) fn syntax(text: impl Into<String>) -> JsonError {
        JsonError(Box::new(Kind::Syntax(text.into())))
    }

    /// A value of the wrong type; the reader adds the field.
    pub fn mismatch(found: impl Into<String>, wanted: impl Into<String>) -> JsonError {
        JsonError(Box::new(Kind::Type { found: found.into(), wanted: wanted.into(), field: String::new() }))
    }

    /// An error of a type with a form of its own, shown as it is.
    pub fn custom(text: impl Into<String>) -> JsonError {
        JsonError(Box::new(Kind::Custom(text.into())))
    }

    /// Whether the text is not JSON at all, in contrast to JSON that does not fit the type.
    pub fn is_syntax(&self) -> bool {
        matches!(*self.0, Kind::Syntax(_))
    }

    /// Completes a type mismatch with its place, and with Go's name of the type where the field knows a better one.
    pub(crate) fn at(mut self, field_name: impl FnOnce() -> String, go_type: &str) -> JsonError {
        if let Kind::Type { field, wanted, .. } = &mut *self.0
            && field.is_empty()
        {
            *field = field_name();
            if !go_type.is_empty() {
                *wanted = go_type.to_owned();
            }
        }
        self
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Syntax(text) | Kind::Custom(text) => f.write_str(text),
            Kind::Type { found, wanted, field } if field.is_empty() => {
                write!(f, "json: cannot unmarshal {found} into Go value of type {wanted}")
            }
            Kind::Type { found, wanted, field } => {
                write!(f, "json: cannot unmarshal {found} into Go struct field {field} of type {wanted}")
            }
        }
    }
}

impl std::error::Error for JsonError {}
