//! Secrets: texts that clients may write beside the data, and never read.

use kubeforge_machinery::types::ByteString;
use kubeforge_machinery::{FieldMut, Message};

use crate::meta;

/// Moves `stringData` into `data`.
pub fn take_strings(secret: &mut dyn Message) {
    let Some(strings) = meta::map_mut(secret, "stringData").map(std::mem::take) else { return };
    if let Some(FieldMut::BytesMap(data)) = meta::field_mut(secret, "data") {
        data.extend(strings.into_iter().map(|(key, text)| (key, ByteString::from(text.into_string().into_bytes()))));
    }
}
