//! Answers in the form that the client asked for.

use std::collections::HashSet;
use std::sync::Arc;

use kubeforge_machinery::Message;
use kubeforge_machinery::release::Kind;

use super::Api;
use super::encode::{self, ListMeta, TypeName};
use super::frames::Frames;
use super::tables::{self, Tables};
use crate::http::{self, HeaderMap, Request, Response, Status, StatusCode};
use crate::negotiate::{self, Accepted, Form, Media, Offer};
use crate::registry::Store;

/// What the client wants, settled before anything is done for it.
#[derive(Clone, Debug)]
pub(super) struct Output {
    accepted: Accepted,
    /// `includeObject` of tables.
    include_object: String,
}

impl Output {
    /// For resources, which also come as tables and partial metadata.
    pub fn negotiate(request: &Request) -> Result<Output, Status> {
        Self::offer(request, Offer::Transforms)
    }

    /// For answers that are no resources.
    pub fn negotiate_plain(request: &Request) -> Result<Output, Status> {
        Self::offer(request, Offer::Plain)
    }

    /// For watches, which are not served as YAML and never indented.
    pub fn negotiate_stream(request: &Request) -> Result<Output, Status> {
        let mut output = Self::offer(request, Offer::Transforms)?;
        match output.accepted.media {
            Media::Yaml => Err(Status::not_acceptable(negotiate::STREAM_TYPES)),
            Media::PrettyJson => {
                output.accepted.media = Media::Json;
                Ok(output)
            }
            Media::Json | Media::Protobuf => Ok(output),
        }
    }

    fn offer(request: &Request, offer: Offer) -> Result<Output, Status> {
        let mut accepted = negotiate::accept(request.header("accept"), offer)?;
        if accepted.media == Media::Json && wants_indented(request) {
            accepted.media = Media::PrettyJson;
        }
        let include_object = request.parameter("includeObject").unwrap_or_default().to_owned();
        Ok(Output { accepted, include_object })
    }

    /// One object of the served version.
    pub fn object(&self, store: &Store, mut object: Box<dyn Message>, code: StatusCode) -> Result<Response, Status> {
        let media = self.accepted.media;
        let body = match self.accepted.form {
            Form::Object => {
                let name = TypeName { api_version: &store.api_version, kind: store.served.kind };
                encode::object(media, name, object.as_mut())
            }
            Form::Table(version) => {
                let tables = Tables::new(store, version, &self.include_object)?;
                tables.document(media, &tables::meta_of(object.as_ref()), &[object])
            }
            Form::Partial(version) => {
                let api_version = format!("meta.k8s.io/{version}");
                let name = TypeName { api_version: &api_version, kind: "PartialObjectMetadata" };
                encode::partial(media, name, object.as_ref())
            }
            Form::PartialList(_) => {
                return Err(wrong_form("PartialObjectMetadataList", "is not a list", &object_type(store)));
            }
        };
        Ok(self.whole(code, body))
    }

    /// A list of objects of the served version.
    pub fn list(
        &self,
        store: &Store,
        meta: &ListMeta,
        items: Vec<Box<dyn Message>>,
        code: StatusCode,
    ) -> Result<Response, Status> {
        let media = self.accepted.media;
        let body = match self.accepted.form {
            Form::Object => {
                let kind = format!("{}List", store.served.kind);
                encode::list(media, TypeName { api_version: &store.api_version, kind: &kind }, meta, &items)
            }
            Form::Table(version) => Tables::new(store, version, &self.include_object)?.document(media, meta, &items),
            Form::PartialList(version) => encode::partial_list(media, &format!("meta.k8s.io/{version}"), meta, &items),
            Form::Partial(_) => {
                return Err(wrong_form("PartialObjectMetadata", "is a list", &format!("{}List", object_type(store))));
            }
        };
        Ok(self.whole(code, body))
    }

    /// A scale, whose table has columns of its own.
    pub fn scale(
        &self,
        name: TypeName<'_>,
        kind: &'static Kind,
        object: Box<dyn Message>,
        code: StatusCode,
    ) -> Result<Response, Status> {
        let Form::Table(version) = self.accepted.form else { return self.plain_object(name, object, code) };
        let tables = Tables::of_scale(kind, version, &self.include_object)?;
        let body = tables.document(self.accepted.media, &tables::meta_of(object.as_ref()), &[object]);
        Ok(self.whole(code, body))
    }

    /// An object that is no resource's own, such as a review.
    pub fn plain_object(
        &self,
        name: TypeName<'_>,
        mut object: Box<dyn Message>,
        code: StatusCode,
    ) -> Result<Response, Status> {
        match self.accepted.form {
            Form::Object => Ok(self.whole(code, encode::object(self.accepted.media, name, object.as_mut()))),
            Form::Partial(version) => {
                let api_version = format!("meta.k8s.io/{version}");
                let name = TypeName { api_version: &api_version, kind: "PartialObjectMetadata" };
                Ok(self.whole(code, encode::partial(self.accepted.media, name, object.as_ref())))
            }
            Form::Table(_) | Form::PartialList(_) => Err(negotiate::not_acceptable()),
        }
    }

    /// A success without an object. Statuses have no table; who asks for one gets the plain form.
    pub fn status(&self, api: &Api, status: &Status) -> Result<Response, Status> {
        let body = encode::status(self.accepted.media, api.registry.release, status);
        Ok(self.whole(http::code(status), body))
    }

    /// What makes a watch's frames.
    pub fn frames(&self, api: &Api, store: &Arc<Store>) -> Result<Frames, Status> {
        let tables = match self.accepted.form {
            Form::Table(version) => Some(Tables::new(store, version, &self.include_object)?),
            _ => None,
        };
        let Accepted { media, form, .. } = self.accepted;
        Ok(Frames::new(api.registry.release, store.clone(), media, form, tables))
    }

    /// Content type of a watch.
    pub fn stream_content_type(&self) -> &'static str {
        match self.accepted.media {
            Media::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
            _ => "application/json",
        }
    }

    fn whole(&self, code: StatusCode, body: Vec<u8>) -> Response {
        Response::full(code, self.accepted.media.content_type(), body)
    }
}

/// An error in the media type that the client accepts; indented JSON if it accepts none that errors have.
pub(super) fn error(api: &Api, headers: &HeaderMap, status: &Status) -> Response {
    let accept = headers.get("accept").and_then(|value| value.to_str().ok());
    let media = negotiate::accept(accept, Offer::Plain).map_or(Media::PrettyJson, |accepted| accepted.media);
    let body = encode::status(media, api.registry.release, status);
    let response = Response::full(http::code(status), media.content_type(), body);
    let retry = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    if retry > 0 { response.with_header(http::header::RETRY_AFTER, retry.into()) } else { response }
}

/// Most characters of all warnings together, as upstream.
const WARNINGS_LENGTH: usize = 4096;
/// Most characters of one warning where they are more together.
const WARNING_LENGTH: usize = 256;

/// Adds a `Warning` header for each problem.
pub(super) fn with_warnings(response: Response, warnings: &[String]) -> Response {
    shortened(warnings).into_iter().fold(response, Response::with_warning)
}

/// The warnings as upstream sends them: each once, and cut or left out if they are too many for a response's head.
fn shortened(warnings: &[String]) -> Vec<&str> {
    let mut seen = HashSet::new();
    let mut texts: Vec<&str> = warnings.iter().map(String::as_str).filter(|text| seen.insert(*text)).collect();
    if texts.iter().map(|text| text.chars().count()).sum::<usize>() > WARNINGS_LENGTH {
        let mut written = 0;
        texts.retain_mut(|text| {
            let fits = written < WARNINGS_LENGTH;
            let end = text.char_indices().nth(WARNING_LENGTH).map_or(text.len(), |(end, _)| end);
            *text = &text[..end];
            written += text.chars().count();
            fits
        });
    }
    texts
}

fn wrong_form(asked: &str, but: &str, go_type: &str) -> Status {
    let message = format!("you requested {asked}, but the requested object {but} (*{go_type})");
    Status::failure(406, "NotAcceptable", message)
}

/// Go's name of the kind's internal type.
fn object_type(store: &Store) -> String {
    let group = store.served.group.split('.').next().unwrap_or_default();
    format!("{}.{}", if group.is_empty() { "core" } else { group }, store.served.kind)
}

/// Whether the answer is for human eyes: the `pretty` parameter, or else a client for them.
fn wants_indented(request: &Request) -> bool {
    match request.parameter("pretty") {
        Some(value) => !matches!(value, "false" | "0"),
        None => {
            let agent = request.header("user-agent").unwrap_or_default();
            ["curl", "Wget", "Mozilla/5.0"].iter().any(|start| agent.starts_with(start))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_fit_into_a_head() {
        let few = ["a".repeat(300), "b".to_owned(), "b".to_owned()];
        assert_eq!(shortened(&few), [few[0].as_str(), "b"]);
        let many: Vec<String> = (0..100).map(|i| format!("{i:03}{}", "ä".repeat(300))).collect();
        let sent = shortened(&many);
        assert_eq!(sent.len(), 16);
        assert!(sent.iter().all(|text| text.chars().count() == 256));
    }
}
