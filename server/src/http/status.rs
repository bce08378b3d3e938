//! What is HTTP about a [`Status`]: its response, and the answer to users who may not do what they ask for.

use hyper::StatusCode;
use kubeforge_machinery::status::GroupResource;
use kubeforge_machinery::types::go::quote;

use super::{RequestInfo, Response, Status};
use crate::authn::UserInfo;

/// The status as JSON, with a newline at the end as Go writes it.
impl From<&Status> for Response {
    fn from(status: &Status) -> Response {
        Response::full(code(status), "application/json", status.to_json() + "\n")
    }
}

/// The code to answer with; successes that name none are 200.
pub fn code(status: &Status) -> StatusCode {
    StatusCode::from_u16(status.code).unwrap_or(StatusCode::OK)
}

/// 403: the user may not do what the request asks for.
pub(super) fn forbidden(user: &UserInfo, path: &str, info: &RequestInfo) -> Status {
    let user = quote(&user.name);
    let RequestInfo { verb, group, namespace, resource, subresource, name, .. } = info;
    if !info.is_resource {
        let why = format!("User {user} cannot {verb} path {}", quote(path));
        return Status::forbidden(GroupResource::default(), "", why);
    }
    let full = if subresource.is_empty() { resource.clone() } else { format!("{resource}/{subresource}") };
    let place = match namespace.as_str() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {}", quote(namespace)),
    };
    let (full, in_group) = (quote(&full), quote(group));
    let why = format!("User {user} cannot {verb} resource {full} in API group {in_group} {place}");
    Status::forbidden(GroupResource { group, resource }, name, why)
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::*;

    #[test]
    fn forbidden_names_user_verb_and_place() {
        let user = UserInfo::anonymous();
        let told = |path: &str| {
            let info = RequestInfo::new(&Method::GET, path, &[]);
            forbidden(&user, path, &info).message
        };
        assert_eq!(
            told("/api/v1/namespaces/ns/configmaps"),
            r#"configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "ns""#
        );
        assert_eq!(
            told("/apis/storage.k8s.io/v1/csinodes/n/status"),
            r#"csinodes.storage.k8s.io "n" is forbidden: User "system:anonymous" cannot get resource "csinodes/status" in API group "storage.k8s.io" at the cluster scope"#
        );
        assert_eq!(told("/api"), r#"forbidden: User "system:anonymous" cannot get path "/api""#);
    }

    #[test]
    fn successes_without_a_code_are_ok() {
        assert_eq!(code(&Status::deleted(GroupResource::default(), "a", "u")), StatusCode::OK);
        assert_eq!(code(&Status::unauthorized()), StatusCode::UNAUTHORIZED);
    }
}
