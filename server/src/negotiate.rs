//! What form a client wants its answer in, and what form its body has.
//!
//! Two steps as upstream: the router accepts a request if any clause of `Accept` names a media type it produces, then
//! the clauses are tried in order of preference until one fits with its parameters (`as`, `g`, `v`, `stream`).

use crate::http::Status;

/// Media types of objects, which are those of bodies too.
const OBJECT_TYPES: &[&str] = &["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
/// Media types of watches.
pub const STREAM_TYPES: &[&str] =
    &["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

/// How objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    Json,
    /// JSON with two spaces of indentation, for people.
    PrettyJson,
    Yaml,
    Protobuf,
}

/// What is made of the object before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Object,
    /// `Table` of meta.k8s.io in this version (KEP-1819's server-side printing).
    Table(&'static str),
    /// `PartialObjectMetadata` of meta.k8s.io in this version.
    Partial(&'static str),
    /// `PartialObjectMetadataList` of meta.k8s.io in this version.
    PartialList(&'static str),
}

/// The outcome of negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub media: Media,
    pub form: Form,
    /// The clause asked for `stream=watch`.
    pub stream: bool,
}

/// Forms a handler can answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Objects only: errors, and answers that are no resources.
    Plain,
    /// Objects, tables and partial metadata.
    Transforms,
}

/// One clause of an `Accept` header.
#[derive(Debug, PartialEq)]
pub struct Clause<'a> {
    pub kind: &'a str,
    pub subtype: &'a str,
    pub quality: f32,
    pub parameters: Vec<(&'a str, &'a str)>,
}

impl Media {
    /// Value of the `Content-Type` header.
    pub fn content_type(self) -> &'static str {
        match self {
            Media::Json | Media::PrettyJson => "application/json",
            Media::Yaml => "application/yaml",
            Media::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }

    fn of(kind: &str, subtype: &str) -> Option<Media> {
        match (kind, subtype) {
            ("application", "json" | "*") | ("*", "*") => Some(Media::Json),
            ("application", "yaml") => Some(Media::Yaml),
            ("application", "vnd.kubernetes.protobuf") => Some(Media::Protobuf),
            _ => None,
        }
    }
}

impl Accepted {
    /// What is written when nothing was asked for, or nothing that was asked for exists.
    pub const DEFAULT: Accepted = Accepted { media: Media::Json, form: Form::Object, stream: false };
}

/// The answer's form for an `Accept` header; 406 if no clause fits.
pub fn accept(header: Option<&str>, offer: Offer) -> Result<Accepted, Status> {
    let header = header.map(str::trim).filter(|h| !h.is_empty()).unwrap_or("*/*");
    if !is_routable(header) {
        return Err(Status::no_representation(&[OBJECT_TYPES, STREAM_TYPES].concat()));
    }
    clauses(header).iter().find_map(|clause| fit(clause, offer)).ok_or_else(not_acceptable)
}

/// 406 for a media type whose parameters cannot be served.
pub fn not_acceptable() -> Status {
    Status::not_acceptable(OBJECT_TYPES)
}

/// The media type of a body that holds an object; JSON if the header is missing, 415 if it is unknown.
pub fn body_media(content_type: Option<&str>) -> Result<Media, Status> {
    let essence = content_type.map(media_essence).unwrap_or_default();
    match essence.as_str() {
        "" | "application/json" => Ok(Media::Json),
        "application/yaml" => Ok(Media::Yaml),
        "application/vnd.kubernetes.protobuf" => Ok(Media::Protobuf),
        _ => Err(Status::unsupported_media_type(OBJECT_TYPES)),
    }
}

/// Type and subtype of a media type, lower case, without parameters.
pub fn media_essence(value: &str) -> String {
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The clauses of an `Accept` header, the best first.
pub fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = header.split(',').filter_map(clause).collect();
    clauses.sort_by(|a, b| {
        let rank = |c: &Clause<'_>| (c.kind == "*", c.subtype == "*");
        b.quality.total_cmp(&a.quality).then_with(|| rank(a).cmp(&rank(b)))
    });
    clauses
}

impl Clause<'_> {
    /// Value of a parameter; empty if it is missing.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
    }
}

fn clause(text: &str) -> Option<Clause<'_>> {
    let mut parts = text.split(';');
    let (kind, subtype) = parts.next()?.trim().split_once('/')?;
    let mut clause = Clause { kind, subtype, quality: 1.0, parameters: Vec::new() };
    for parameter in parts {
        let (name, value) = parameter.split_once('=')?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name == "q" {
            clause.quality = value.parse().unwrap_or(1.0);
        } else {
            clause.parameters.push((name, value));
        }
    }
    Some(clause)
}

/// Whether any clause names a media type that the routes produce; `application/*` is none.
fn is_routable(header: &str) -> bool {
    const PRODUCED: [&str; 4] = ["*/*", "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
    header.split(',').any(|clause| {
        let essence = clause.split(';').next().unwrap_or_default().trim();
        PRODUCED.contains(&essence)
    })
}

fn fit(clause: &Clause<'_>, offer: Offer) -> Option<Accepted> {
    let media = Media::of(clause.kind, clause.subtype)?;
    let stream = match clause.parameter("stream") {
        "" => false,
        "watch" if media != Media::Yaml => true,
        _ => return None,
    };
    let form = match clause.parameter("as") {
        "" => Form::Object,
        _ if offer == Offer::Plain || clause.parameter("g") != "meta.k8s.io" => return None,
        name => {
            let version = match clause.parameter("v") {
                "v1" => "v1",
                "v1beta1" => "v1beta1",
                _ => return None,
            };
            match name {
                "Table" if media != Media::Protobuf => Form::Table(version),
                "PartialObjectMetadata" => Form::Partial(version),
                "PartialObjectMetadataList" => Form::PartialList(version),
                _ => return None,
            }
        }
    };
    Some(Accepted { media, form, stream })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(header: &str) -> Result<(Media, Form), u16> {
        accept(Some(header), Offer::Transforms).map(|a| (a.media, a.form)).map_err(|status| status.code)
    }

    #[test]
    fn first_clause_that_fits_wins() {
        assert_eq!(form(""), Ok((Media::Json, Form::Object)));
        assert_eq!(form("*/*"), Ok((Media::Json, Form::Object)));
        assert_eq!(form("application/*"), Err(406));
        assert_eq!(form("text/html"), Err(406));
        assert_eq!(form("application/yaml;q=0.1, application/json;q=0.9"), Ok((Media::Json, Form::Object)));
        assert_eq!(form("application/json;as=Table;v=v1;g=meta.k8s.io"), Ok((Media::Json, Form::Table("v1"))));
        assert_eq!(form("application/json;as=Table;v=v9;g=meta.k8s.io"), Err(406));
        assert_eq!(
            form("application/json;as=Table;v=v9;g=meta.k8s.io,application/json"),
            Ok((Media::Json, Form::Object))
        );
        assert_eq!(form("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io"), Err(406));
        assert_eq!(form("application/vnd.kubernetes.protobuf,application/json"), Ok((Media::Protobuf, Form::Object)));
    }

    #[test]
    fn tables_are_not_offered_for_plain_answers() {
        assert!(accept(Some("application/json;as=Table;v=v1;g=meta.k8s.io"), Offer::Plain).is_err());
    }

    #[test]
    fn bodies_default_to_json() {
        assert_eq!(body_media(None).unwrap(), Media::Json);
        assert_eq!(body_media(Some("application/json; charset=utf-8")).unwrap(), Media::Json);
        assert_eq!(body_media(Some("text/plain")).unwrap_err().code, 415);
    }
}
