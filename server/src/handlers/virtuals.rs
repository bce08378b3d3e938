//! Kinds that are answered and not kept: reviews.

use kubeforge_machinery::json;
use serde_json::{Value, json as value};

use super::encode::TypeName;
use super::{Api, Target, body, options, respond};
use crate::authn::UserInfo;
use crate::errors;
use crate::http::{Request, Response, Status, StatusCode};
use crate::{meta, negotiate};

impl Api {
    /// Answers a review with its document and the status that it asked for.
    pub(super) async fn review(&self, target: &Target<'_>, request: Request) -> Result<Response, Status> {
        let store = target.store;
        let status = match (store.resource.group, store.resource.name) {
            ("authentication.k8s.io", "selfsubjectreviews") => value!({ "userInfo": user_info(&request.user) }),
            // Whoever passed authorization may do everything: there is no authorizer that says otherwise.
            ("authorization.k8s.io", "selfsubjectaccessreviews") => value!({ "allowed": true }),
            (_, name) => {
                return Err(errors::not_implemented(format!("{name} are not answered by this server")));
            }
        };
        let output = respond::Output::negotiate_plain(&request)?;
        let options = options::write(&request, "CreateOptions")?;
        let media = negotiate::body_media(request.header("content-type"))?;
        let bytes = request.body.read(crate::http::MAX_BODY).await?;
        let document = body::decode(self.registry.release, store.served, media, &bytes, options.validation)?;
        let mut object = document.object;
        let status = value!({ "status": status }).to_string();
        json::decode(status.as_bytes(), object.as_mut()).map_err(|error| Status::internal(error.to_string()))?;
        if let Some(metadata) = meta::of_mut(object.as_mut()) {
            meta::clear_field(metadata, "managedFields");
        }
        let name = TypeName { api_version: &store.api_version, kind: store.served.kind };
        let response = output.plain_object(name, object, StatusCode::CREATED)?;
        Ok(respond::with_warnings(response, &document.warnings))
    }
}

fn user_info(user: &UserInfo) -> Value {
    let mut info = value!({ "username": user.name, "groups": user.groups });
    if !user.uid.is_empty() {
        info["uid"] = Value::String(user.uid.clone());
    }
    if !user.extra.is_empty() {
        info["extra"] = value!(user.extra);
    }
    info
}
