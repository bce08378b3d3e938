//! A group and a version as one text.

use super::{Form, SmallStr, special_type};
use crate::json::{JsonError, JsonReader, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// Upstream's `meta.v1.GroupVersion`: `apps/v1` in JSON, just `v1` for the core group; two fields in protobuf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupVersion {
    pub group: SmallStr,
    pub version: SmallStr,
}

impl Form for GroupVersion {
    fn write_json(&self, w: &mut JsonWriter) {
        match self.group.is_empty() {
            true => w.string(&self.version),
            false => w.string(&format!("{}/{}", self.group, self.version)),
        }
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        w.str(2, &self.version);
        w.str(1, &self.group);
    }
}

impl Special for GroupVersion {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        let text = if p.null()? { "".into() } else { p.string()? };
        let (group, version) = match text.split_once('/') {
            Some((_, version)) if version.contains('/') => {
                return Err(JsonError::custom(format!("unexpected GroupVersion string: {text}")));
            }
            Some((group, version)) => (group, version),
            None => ("", &*text),
        };
        *self = GroupVersion { group: group.into(), version: version.into() };
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            match tag {
                1 => self.group = SmallStr::from(&*wire.as_str()?),
                2 => self.version = SmallStr::from(&*wire.as_str()?),
                _ => {}
            }
        }
        Ok(())
    }
}

special_type!(GroupVersion, "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersion");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{json, proto};

    #[test]
    fn codecs() {
        for (text, group, version) in [("\"apps/v1\"", "apps", "v1"), ("\"v1\"", "", "v1"), ("\"\"", "", "")] {
            let (mut read, mut again) = (GroupVersion::default(), GroupVersion::default());
            json::decode(text.as_bytes(), &mut read).unwrap();
            assert_eq!(read, GroupVersion { group: group.into(), version: version.into() });
            assert_eq!(json::encode(&read), text.as_bytes());
            proto::decode(&proto::encode(&read), &mut again).unwrap();
            assert_eq!(again, read);
        }
        let error = json::decode(b"\"a/b/c\"", &mut GroupVersion::default()).unwrap_err();
        assert_eq!(error.to_string(), "unexpected GroupVersion string: a/b/c");
    }
}
