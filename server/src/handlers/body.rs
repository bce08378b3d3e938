//! Documents of requests: read, told apart, and turned into messages.

use kubeforge_machinery::json::{self, JsonParser, Strictness};
use kubeforge_machinery::message::type_meta;
use kubeforge_machinery::release::{Kind, Release};
use kubeforge_machinery::types::go::quote;
use kubeforge_machinery::{Message, envelope, proto, yaml};

use super::options::FieldValidation;
use crate::discovery::group_version;
use crate::http::Status;
use crate::negotiate::Media;

/// Most bytes of a broken document that an error shows.
const SAMPLE: usize = 30;

/// A document that was read.
#[derive(Debug)]
pub struct Document {
    pub object: Box<dyn Message>,
    /// Problems of its fields, for `Warning` headers.
    pub warnings: Vec<String>,
}

/// Reads a document that should be of `kind`, which it need not say.
///
/// # Errors
/// 400 for what cannot be read, is of another kind, or has problems under [`FieldValidation::Strict`].
pub fn decode(
    release: &Release,
    kind: &'static Kind,
    media: Media,
    body: &[u8],
    validation: FieldValidation,
) -> Result<Document, Status> {
    let mut object = kind.message.new_message();
    let mut problems = Vec::new();
    let mut source = yaml::Document::default();
    let found = match media {
        Media::Protobuf => decode_protobuf(kind, body, object.as_mut())?,
        Media::Yaml => {
            source = read_yaml(kind, body)?;
            let text = source.value.to_string();
            decode_json(release, kind, text.as_bytes(), object.as_mut(), &mut problems)?
        }
        Media::Json | Media::PrettyJson => decode_json(release, kind, body, object.as_mut(), &mut problems)?,
    };
    check_kind(release, kind, &found, body)?;
    if validation == FieldValidation::Strict {
        problems.splice(0..0, source.strict_error());
    } else {
        problems.splice(0..0, source.duplicates.iter().map(ToString::to_string));
    }
    match validation {
        FieldValidation::Strict if !problems.is_empty() => {
            Err(unfit(kind.kind, kind.version, kind, &format!("strict decoding error: {}", problems.join(", "))))
        }
        FieldValidation::Ignore => Ok(Document { object, warnings: Vec::new() }),
        _ => Ok(Document { object, warnings: problems }),
    }
}

/// What a document says of itself; empty where it is silent.
#[derive(Debug, Default, PartialEq)]
struct Said {
    api_version: String,
    kind: String,
}

fn decode_protobuf(kind: &Kind, body: &[u8], object: &mut dyn Message) -> Result<Said, Status> {
    let unknown = envelope::decode(body).map_err(|error| unrecognized(kind, &error.to_string(), body))?;
    let said = Said { api_version: unknown.api_version, kind: unknown.kind };
    if said.kind.is_empty() || said.kind == kind.kind {
        proto::decode(unknown.raw, object).map_err(|error| unfit(kind.kind, kind.version, kind, &error.to_string()))?;
    }
    Ok(said)
}

fn decode_json(
    release: &Release,
    kind: &Kind,
    text: &[u8],
    object: &mut dyn Message,
    problems: &mut Vec<String>,
) -> Result<Said, Status> {
    match json::decode_with(text, object, Strictness::Report) {
        Ok(reports) => {
            problems.extend(reports);
            let (api_version, kind) = type_meta(object);
            Ok(Said { api_version: api_version.to_owned(), kind: kind.to_owned() })
        }
        // Whatever else is wrong: a document of another kind is told so first.
        Err(error) => {
            let said = sniff(text).map_err(|syntax| unrecognized_json(kind, &syntax, text))?;
            check_kind(release, kind, &said, text)?;
            if error.is_syntax() {
                return Err(unrecognized_json(kind, &error.to_string(), text));
            }
            Err(unfit(kind.kind, kind.version, kind, &error.to_string()))
        }
    }
}

fn read_yaml(kind: &Kind, body: &[u8]) -> Result<yaml::Document, Status> {
    yaml::from_bytes(body).map_err(|error| unrecognized(kind, &error.to_string(), body))
}

/// Reads a document whatever kind it says it is; the decoder's error if it cannot be read.
pub fn decode_any(media: Media, body: &[u8], object: &mut dyn Message) -> Result<(), String> {
    match media {
        Media::Protobuf => {
            let unknown = envelope::decode(body).map_err(|error| error.to_string())?;
            proto::decode(unknown.raw, object).map_err(|error| error.to_string())
        }
        Media::Yaml => {
            let document = yaml::from_bytes(body).map_err(|error| error.to_string())?;
            json::decode(document.value.to_string().as_bytes(), object).map_err(|error| error.to_string())
        }
        Media::Json | Media::PrettyJson => json::decode(body, object).map_err(|error| error.to_string()),
    }
}

/// Kind and version of a JSON object without reading the rest; Go's error text if it is no JSON object.
fn sniff(text: &[u8]) -> Result<Said, String> {
    let text = String::from_utf8_lossy(text);
    let mut parser = JsonParser::new(&text);
    let mut said = Said::default();
    let mut read = || -> Result<(), json::JsonError> {
        if parser.null()? {
            return parser.end();
        }
        let go_type = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
                       \"json:\\\"kind,omitempty\\\"\" }";
        let mut more = parser.begin_object(go_type)?;
        while more {
            match parser.key()?.as_ref() {
                "apiVersion" if parser.peek() == Some(b'"') => said.api_version = parser.string()?.into_owned(),
                "kind" if parser.peek() == Some(b'"') => said.kind = parser.string()?.into_owned(),
                _ => parser.skip()?,
            }
            more = parser.next_member()?;
        }
        parser.end()
    };
    read().map_err(|error| error.to_string())?;
    Ok(said)
}

/// 400 if the document says that it is something else.
fn check_kind(release: &Release, wanted: &Kind, said: &Said, body: &[u8]) -> Result<(), Status> {
    let expected = group_version(wanted.group, wanted.version);
    let api_version = if said.api_version.is_empty() { &expected } else { &said.api_version };
    let kind = if said.kind.is_empty() { wanted.kind } else { &said.kind };
    if *api_version == expected && kind == wanted.kind {
        return Ok(());
    }
    if api_version.matches('/').count() > 1 {
        let why = format!("unexpected GroupVersion string: {api_version}");
        return Err(unrecognized(wanted, &why, body));
    }
    let version = api_version.split_once('/').map_or(api_version.as_str(), |(_, version)| version);
    match why_not(release, wanted, api_version, kind) {
        Some(why) => Err(unfit(kind, version, wanted, &why)),
        None => Err(Status::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        ))),
    }
}

/// Why something of this version and kind cannot become `wanted`; `None` if just the versions differ.
pub(super) fn why_not(release: &Release, wanted: &Kind, api_version: &str, kind: &str) -> Option<String> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let Some(found) = release.kind(group, version, kind) else {
        return Some(format!(
            "no kind {} is registered for version {} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
            quote(kind),
            quote(api_version)
        ));
    };
    (found.kind != wanted.kind).then(|| {
        let package = if wanted.group.is_empty() { "core" } else { wanted.group.split('.').next().unwrap_or_default() };
        format!("converting ({version}.{kind}) to ({package}.{}): unknown conversion", wanted.kind)
    })
}

/// 400 for a document whose kind is known and whose content does not fit.
fn unfit(kind: &str, version: &str, wanted: &Kind, why: &str) -> Status {
    let version = quote(version);
    Status::bad_request(format!("{kind} in version {version} cannot be handled as a {}: {why}", wanted.kind))
}

fn unrecognized_json(kind: &Kind, why: &str, body: &[u8]) -> Status {
    unrecognized(kind, &format!("couldn't get version/kind; json parse error: {why}"), body)
}

/// 400 for a document that cannot be read at all, with its beginning.
fn unrecognized(kind: &Kind, why: &str, body: &[u8]) -> Status {
    let sample = sample(body);
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): {why} ({sample})",
        kind.kind
    ))
}

/// The first bytes, as text if they look like JSON, else in hexadecimal.
fn sample(body: &[u8]) -> String {
    let start = &body[..body.len().min(SAMPLE)];
    let shown = match start.first() {
        None => return "<empty>".to_owned(),
        Some(b'{') => String::from_utf8_lossy(start).into_owned(),
        Some(_) => start.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    if body.len() > SAMPLE { format!("{shown} ...") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_short() {
        assert_eq!(sample(b""), "<empty>");
        assert_eq!(sample(b"[1,2]"), "5b312c325d");
        let long = br#"{"apiVersion":"v1","kind":"ConfigMap","#;
        assert_eq!(sample(long), "{\"apiVersion\":\"v1\",\"kind\":\"Con ...");
    }

    #[test]
    fn kinds_are_found_without_reading_the_rest() {
        let said = sniff(br#"{"spec":{"kind":"no"},"kind":"Pod","apiVersion":"v1"}"#).unwrap();
        assert_eq!(said, Said { api_version: "v1".into(), kind: "Pod".into() });
        assert!(sniff(b"[1]").unwrap_err().starts_with("json: cannot unmarshal array into Go value of type struct"));
        assert_eq!(sniff(b"null").unwrap(), Said::default());
    }
}
