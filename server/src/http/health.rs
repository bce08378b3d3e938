//! `/healthz`, `/livez` and `/readyz`, as a whole and check by check.

use std::fmt::Write;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use hyper::StatusCode;

use super::{Response, Shutdown};

/// A question about the server's health: a name and what answers it.
pub struct Check {
    /// As in `/healthz/<name>` and `exclude=<name>`.
    pub name: &'static str,
    /// The endpoints that ask it.
    pub endpoints: &'static [&'static str],
    /// Why it fails, or `Ok`.
    pub ask: Box<dyn Fn() -> Answer + Send + Sync>,
}

/// What a check finds.
pub type Answer = BoxFuture<'static, Result<(), String>>;

impl Check {
    async fn ask(&self) -> Result<(), String> {
        match tokio::time::timeout(ANSWER_TIME, (self.ask)()).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(format!("no answer within {} s", ANSWER_TIME.as_secs())),
        }
    }
}

/// The checks of a server, in the order they are listed.
pub struct Health(Vec<Check>);

/// Longest a check may take, as upstream's for etcd.
const ANSWER_TIME: Duration = Duration::from_secs(2);

const ALL: &[&str] = &["healthz", "livez", "readyz"];

impl Health {
    /// `ping` and `log` always succeed for whom they reach; `storage` (called `etcd`, as upstream calls it whatever is
    /// behind it) asks the engine; `shutdown` makes a server that ends unready.
    pub fn new(storage: impl Fn() -> Answer + Send + Sync + 'static, shutdown: Shutdown) -> Self {
        let well = || ready(Ok(())).boxed();
        let shutdown =
            move || ready(if shutdown.begun() { Err("the server shuts down".to_owned()) } else { Ok(()) }).boxed();
        Self(vec![
            Check { name: "ping", endpoints: ALL, ask: Box::new(well) },
            Check { name: "log", endpoints: ALL, ask: Box::new(well) },
            Check { name: "etcd", endpoints: ALL, ask: Box::new(storage) },
            Check { name: "shutdown", endpoints: &["readyz"], ask: Box::new(shutdown) },
        ])
    }

    /// Answers a path of one of the three endpoints; `None` for every other path.
    ///
    /// As upstream, the method does not matter.
    pub async fn respond(&self, path: &str, query: &[(String, String)]) -> Option<Response> {
        let (endpoint, check) = match path.strip_prefix('/')?.split_once('/') {
            Some((endpoint, check)) => (endpoint, Some(check)),
            None => (&path[1..], None),
        };
        if !ALL.contains(&endpoint) {
            return None;
        }
        Some(match check {
            None => self.all(endpoint, query).await,
            Some(name) => self.one(endpoint, name).await,
        })
    }

    fn of<'a>(&'a self, endpoint: &'a str) -> impl Iterator<Item = &'a Check> {
        self.0.iter().filter(move |check| check.endpoints.contains(&endpoint))
    }

    async fn one(&self, endpoint: &str, name: &str) -> Response {
        let Some(check) = self.of(endpoint).find(|check| check.name == name) else {
            return Response::page_not_found();
        };
        match check.ask().await {
            Ok(()) => Response::full(StatusCode::OK, "text/plain; charset=utf-8", "ok"),
            Err(why) => Response::text(StatusCode::INTERNAL_SERVER_ERROR, format!("internal server error: {why}\n")),
        }
    }

    async fn all(&self, endpoint: &str, query: &[(String, String)]) -> Response {
        let mut excluded: Vec<&str> =
            query.iter().filter(|(key, _)| key == "exclude").map(|(_, name)| name.as_str()).collect();
        let (mut listing, mut healthy) = (String::new(), true);
        for check in self.of(endpoint) {
            let (name, before) = (check.name, excluded.len());
            excluded.retain(|&other| other != name);
            if excluded.len() < before {
                let _ = writeln!(listing, "[+]{name} excluded: ok");
            } else if let Err(why) = check.ask().await {
                tracing::warn!("{endpoint}: {name} failed: {why}");
                let _ = writeln!(listing, "[-]{name} failed: reason withheld");
                healthy = false;
            } else {
                let _ = writeln!(listing, "[+]{name} ok");
            }
        }
        if !excluded.is_empty() {
            let names: Vec<_> = excluded.iter().map(|name| format!("{name:?}")).collect();
            let _ =
                writeln!(listing, "warn: some health checks cannot be excluded: no matches for {}", names.join(", "));
        }
        if !healthy {
            return Response::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{listing}{endpoint} check failed\n"));
        }
        if query.iter().any(|(key, _)| key == "verbose") {
            return Response::text(StatusCode::OK, format!("{listing}{endpoint} check passed\n"));
        }
        Response::text(StatusCode::OK, "ok")
    }
}

#[cfg(test)]
mod tests {
    use super::super::ResponseBody;
    use super::super::request::decode_query;
    use super::*;

    async fn ask(health: &Health, uri: &str) -> (u16, String) {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let response = health.respond(path, &decode_query(query)).await.expect("a health path");
        let ResponseBody::Full(body) = response.body else { panic!("a whole body") };
        (response.status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn checks_are_listed_excluded_and_asked_one_by_one() {
        let health = Health::new(|| ready(Ok(())).boxed(), Shutdown::new());
        assert_eq!(ask(&health, "/healthz").await, (200, "ok".to_owned()));
        assert_eq!(ask(&health, "/livez/etcd").await, (200, "ok".to_owned()));
        assert_eq!(ask(&health, "/livez/shutdown").await.0, 404);
        let wanted = "[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\n[+]shutdown ok\nwarn: some health checks cannot be \
            excluded: no matches for \"bogus\"\nreadyz check passed\n";
        assert_eq!(ask(&health, "/readyz?verbose&exclude=etcd&exclude=bogus").await, (200, wanted.to_owned()));
        assert!(health.respond("/healthy", &[]).await.is_none());
    }

    #[tokio::test]
    async fn failures_show() {
        let shutdown = Shutdown::new();
        let health = Health::new(|| ready(Err("disk full".to_owned())).boxed(), shutdown.clone());
        let wanted = "[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\nhealthz check failed\n";
        assert_eq!(ask(&health, "/healthz").await, (500, wanted.to_owned()));
        assert_eq!(ask(&health, "/healthz?exclude=etcd").await, (200, "ok".to_owned()));
        assert_eq!(ask(&health, "/readyz?exclude=etcd").await, (200, "ok".to_owned()));
        shutdown.begin();
        assert_eq!(ask(&health, "/readyz?exclude=etcd").await.0, 500);
    }
}
