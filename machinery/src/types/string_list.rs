//! A list of strings that is a message of its own in protobuf.

use super::{Form, SmallStr, special_type};
use crate::json::{JsonError, JsonParser, JsonReader, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// `ExtraValue` of the authentication groups and `Verbs` of discovery: a plain array in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringList(pub Vec<SmallStr>);

impl Form for StringList {
    fn write_json(&self, w: &mut JsonWriter) {
        w.strs("", &self.0);
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        w.strs(1, &self.0);
    }
}

impl Special for StringList {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        self.0 = strings(p)?;
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            if tag == 1 {
                self.0.push(SmallStr::from(&*wire.as_str()?));
            }
        }
        Ok(())
    }
}

/// An array of strings, or null; null elements are empty.
pub(super) fn strings(p: &mut JsonParser<'_>) -> Result<Vec<SmallStr>, JsonError> {
    let mut strings = Vec::new();
    if p.null()? {
        return Ok(strings);
    }
    let mut more = p.begin_array("[]string")?;
    while more {
        strings.push(if p.null()? { SmallStr::default() } else { p.small_string()? });
        more = p.next_element()?;
    }
    Ok(strings)
}

special_type!(StringList, "io.k8s.api.authentication.v1.ExtraValue");
