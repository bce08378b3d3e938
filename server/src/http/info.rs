//! What a request asks for, told from its method, path and query alone.

use hyper::Method;

use super::request::parameter;

/// What authorization, admission and handlers need to know of a request, as upstream's `RequestInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// Whether the path names a resource of an API group version.
    pub is_resource: bool,
    /// Of a resource: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `proxy`, or
    /// empty for methods that have none. Otherwise the method in lower case.
    pub verb: String,
    /// `api` or `apis`.
    pub api_prefix: String,
    /// Empty for the core group.
    pub group: String,
    pub version: String,
    /// Empty if there is none. `/api/v1/namespaces/x` has the namespace `x`, as upstream.
    pub namespace: String,
    pub resource: String,
    pub subresource: String,
    /// From the path, or for list, watch and deletecollection from a `metadata.name=` field selector.
    pub name: String,
    /// The path's segments from the resource on.
    pub parts: Vec<String>,
}

/// Segments after a namespace's name that are subresources of the namespace itself.
const NAMESPACE_SUBRESOURCES: [&str; 2] = ["status", "finalize"];

impl RequestInfo {
    /// Reads a decoded path and query. Paths that are not well-formed resource paths come out as non-resource.
    pub fn new(method: &Method, path: &str, query: &[(String, String)]) -> Self {
        Self::of_resource(method, path, query)
            .unwrap_or_else(|| Self { verb: method.as_str().to_ascii_lowercase(), ..Self::default() })
    }

    fn of_resource(method: &Method, path: &str, query: &[(String, String)]) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (api_prefix, group, version, parts) = match parts[..] {
            [prefix @ "api", version, ref parts @ ..] => (prefix, "", version, parts),
            [prefix @ "apis", group, version, ref parts @ ..] => (prefix, group, version, parts),
            _ => return None,
        };
        let (verb, parts) = match *parts {
            [special @ ("proxy" | "watch"), ref rest @ ..] => (special, rest),
            _ => (verb_of(method), parts),
        };
        let (namespace, parts) = split_namespace(parts);
        let part = |i: usize| parts.get(i).copied().unwrap_or_default().to_owned();
        let mut info = Self {
            is_resource: true,
            verb: verb.to_owned(),
            api_prefix: api_prefix.to_owned(),
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            resource: parts.first().copied()?.to_owned(),
            subresource: if verb == "proxy" { String::new() } else { part(2) },
            name: part(1),
            parts: parts.iter().map(|&p| p.to_owned()).collect(),
        };
        info.widen_to_collection(query);
        Some(info)
    }

    /// Without a name a get is a list or a watch, and a delete one of the collection.
    fn widen_to_collection(&mut self, query: &[(String, String)]) {
        if !self.name.is_empty() {
            return;
        }
        match self.verb.as_str() {
            "get" if asks_watch(query) => self.verb = "watch".to_owned(),
            "get" => self.verb = "list".to_owned(),
            "delete" => self.verb = "deletecollection".to_owned(),
            _ => return,
        }
        if let Some(name) = parameter(query, "fieldSelector").and_then(selected_name) {
            self.name = name.to_owned();
        }
    }
}

fn verb_of(method: &Method) -> &'static str {
    match method.as_str() {
        "POST" => "create",
        "GET" | "HEAD" => "get",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    }
}

/// The namespace, and the segments from the resource on.
fn split_namespace<'p, 'a>(parts: &'p [&'a str]) -> (&'a str, &'p [&'a str]) {
    match *parts {
        ["namespaces", namespace, next, ..] if !NAMESPACE_SUBRESOURCES.contains(&next) => (namespace, &parts[2..]),
        ["namespaces", namespace, ..] => (namespace, parts),
        _ => ("", parts),
    }
}

/// Whether the `watch` parameter means yes: as in Go, everything but `false` and `0` does.
fn asks_watch(query: &[(String, String)]) -> bool {
    parameter(query, "watch").is_some_and(|value| !value.eq_ignore_ascii_case("false") && value != "0")
}

/// The name that a field selector demands with `metadata.name=`, if it can be a path segment.
fn selected_name(selector: &str) -> Option<&str> {
    selector.split(',').find_map(|term| {
        let value = term.strip_prefix("metadata.name=")?;
        let value = value.strip_prefix('=').unwrap_or(value);
        let segment = !value.is_empty() && !matches!(value, "." | "..") && !value.contains(['/', '%']);
        segment.then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::request::decode_query;
    use super::*;

    /// `verb prefix group version namespace resource subresource name`, `-` for empty.
    fn told(method: &str, uri: &str) -> String {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let i = RequestInfo::new(&method, path, &decode_query(query));
        let words = [i.verb, i.api_prefix, i.group, i.version, i.namespace, i.resource, i.subresource, i.name];
        words.map(|w| if w.is_empty() { "-".to_owned() } else { w }).join(" ")
    }

    #[test]
    fn resource_paths() {
        for (method, uri, wanted) in [
            ("GET", "/api/v1/namespaces", "list api - v1 - namespaces - -"),
            ("GET", "/api/v1/namespaces/ns", "get api - v1 ns namespaces - ns"),
            ("PUT", "/api/v1/namespaces/ns/finalize", "update api - v1 ns namespaces finalize ns"),
            ("GET", "/api/v1/namespaces/ns/pods/", "list api - v1 ns pods - -"),
            ("GET", "/api/v1/namespaces/ns/pods/p/log", "get api - v1 ns pods log p"),
            ("POST", "/apis/apps/v1/namespaces/ns/deployments", "create apis apps v1 ns deployments - -"),
            ("PATCH", "/apis/apps/v1/namespaces/ns/deployments/d/scale", "patch apis apps v1 ns deployments scale d"),
            ("DELETE", "/api/v1/nodes", "deletecollection api - v1 - nodes - -"),
            ("DELETE", "/api/v1/nodes/n", "delete api - v1 - nodes - n"),
            ("GET", "/api/v1/pods?watch", "watch api - v1 - pods - -"),
            ("GET", "/api/v1/pods?watch=0", "list api - v1 - pods - -"),
            ("GET", "/api/v1/watch/namespaces/ns/pods/p", "watch api - v1 ns pods - p"),
            ("GET", "/api/v1/pods?fieldSelector=a%3Db,metadata.name%3D%3Dp", "list api - v1 - pods - p"),
            ("GET", "/api/v1/pods?fieldSelector=metadata.name!%3Dp", "list api - v1 - pods - -"),
            ("GET", "/api/v1/namespaces/ns/pods/p?watch=true", "get api - v1 ns pods - p"),
            ("PROPFIND", "/api/v1/pods", "- api - v1 - pods - -"),
            ("GET", "/api//v1/namespaces", "get api - - - v1 - namespaces"),
        ] {
            assert_eq!(told(method, uri), wanted, "{method} {uri}");
        }
    }

    #[test]
    fn other_paths() {
        for uri in ["/", "/api", "/api/v1", "/api/v1/", "/apis/apps", "/apis/apps/v1", "/version", "/apix/v1/pods"] {
            assert_eq!(told("GET", uri), "get - - - - - - -", "{uri}");
        }
        assert_eq!(told("POST", "/healthz"), "post - - - - - - -");
    }

    proptest! {
        #[test]
        fn no_path_panics(path in "(/(api|apis|namespaces|watch|proxy|v1|[a-z%.]*)){0,9}/?", selector in ".*") {
            RequestInfo::new(&Method::GET, &path, &[("fieldSelector".to_owned(), selector)]);
        }
    }
}
