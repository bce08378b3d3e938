//! Which objects of a collection a request is about: label and field selectors, checked for the resource.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kubeforge_machinery::Message;
use kubeforge_machinery::release::Resource;
use kubeforge_machinery::selector::{FieldSelector, FieldTerm, LabelSelector, SelectorError};
use kubeforge_machinery::types::SmallStr;
use kubeforge_machinery::types::go::quote;

use crate::http::Status;
use crate::meta;
use crate::registry::Store;
use crate::table::path::text_at;

const NAME: &str = "metadata.name";
const NAMESPACE: &str = "metadata.namespace";

/// Label and field selectors together.
pub(super) struct Selection {
    resource: &'static Resource,
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    /// # Errors
    /// 400 for texts that are no selectors and for fields that the resource cannot be selected by.
    pub fn parse(resource: &'static Resource, labels: &str, fields: &str) -> Result<Selection, Status> {
        let bad = |error: SelectorError| Status::bad_request(error.to_string());
        let labels = labels.parse().map_err(bad)?;
        let fields: FieldSelector = fields.parse().map_err(bad)?;
        for term in &fields.terms {
            check_field(resource, &term.field)?;
        }
        Ok(Selection { resource, labels, fields })
    }

    /// Adds that the object must have this name.
    pub fn require_name(&mut self, name: &str) {
        self.fields.terms.push(FieldTerm { field: NAME.to_owned(), equal: true, value: name.to_owned() });
    }

    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object of the served version is selected.
    pub fn matches(&self, object: &dyn Message) -> bool {
        static NONE: BTreeMap<SmallStr, SmallStr> = BTreeMap::new();
        self.labels.matches(meta::labels(object).unwrap_or(&NONE))
            && self.fields.matches(|field| self.value(object, field))
    }

    /// What the keys of all selected objects begin with.
    pub fn narrow(&self, store: &Store, namespace: &str) -> String {
        match self.fields.exact(NAME) {
            Some(name) if !namespace.is_empty() || !store.resource.namespaced => store.key(namespace, name),
            _ => store.prefix(namespace),
        }
    }

    fn value<'m>(&self, object: &'m dyn Message, label: &str) -> Cow<'m, str> {
        let path = self.resource.selectable.iter().find(|s| s.label == label).map_or(label, |s| s.path);
        text_at(object, path)
    }
}

/// Kinds with selectable fields of their own have another text for unknown ones.
fn check_field(resource: &Resource, field: &str) -> Result<(), Status> {
    let own = resource.selectable;
    if matches!(field, NAME | NAMESPACE) || own.iter().any(|s| s.label == field) {
        return Ok(());
    }
    Err(Status::bad_request(if own.is_empty() {
        format!("{} is not a known field selector: only {}, {}", quote(field), quote(NAME), quote(NAMESPACE))
    } else {
        format!("field label not supported: {field}")
    }))
}
