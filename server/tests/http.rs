//! The HTTP layer over real connections: TLS, both HTTP versions, users, errors, compression, and a good end.

mod client;

use std::time::{Duration, Instant};

use bytes::Bytes;
use client::{Client, Fetched};
use hyper::{HeaderMap, Method, StatusCode};
use kubeforge_machinery::release::{Document, OpenApi, Release};
use kubeforge_server::config::{Certificate, Config, Engine};
use kubeforge_server::http::{Handler, MAX_BODY, Request, Response, Status};
use kubeforge_server::instance::Instance;
use tokio::sync::mpsc;

const NO_DOCUMENT: Document = Document { gzip: &[], sha512: "" };
static RELEASE: Release = Release {
    name: "v1.36",
    git_version: "v1.36.0",
    groups: &[],
    kinds: &[],
    resources: &[],
    messages: &[],
    openapi: OpenApi { v2_json: NO_DOCUMENT, v2_proto: NO_DOCUMENT, v3_json: &[] },
};

/// Answers by the last segment of the path.
struct Paths;

impl Handler for Paths {
    async fn handle(&self, request: Request) -> Response {
        match request.path.rsplit('/').next().unwrap_or_default() {
            "whoami" => {
                let user = &request.user;
                let text = format!("{} {} {}", user.name, user.groups.join(","), request.info.verb);
                Response::text(StatusCode::OK, text)
            }
            "echo" => match request.body.read(MAX_BODY).await {
                Ok(body) => Response::full(StatusCode::OK, "application/json", body),
                Err(error) => Response::from(&Status::from(error)),
            },
            "large" => Response::full(StatusCode::OK, "application/json", vec![b'a'; 200_000]),
            "small" => Response::full(StatusCode::OK, "application/json", vec![b'a'; 1000]),
            "panic" => panic!("asked for"),
            "slow" => {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Response::text(StatusCode::OK, "done")
            }
            "watch" => Response::stream("application/json", ticks()),
            _ => Response::page_not_found(),
        }
    }
}

/// One piece at once, and then nothing until nobody listens.
fn ticks() -> mpsc::Receiver<Bytes> {
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        let _ = sender.send(Bytes::from_static(b"tick\n")).await;
        sender.closed().await;
    });
    receiver
}

struct Fixture {
    dir: tempfile::TempDir,
    instance: Instance,
}

fn config(dir: &tempfile::TempDir) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        addresses: Vec::new(),
        certificate: Certificate::Own(dir.path().join("certs")),
        client_ca_file: None,
        token_auth_file: None,
        anonymous_auth: true,
        engine: Engine::Memory,
        data_dir: dir.path().to_owned(),
        temporary: false,
        kubeconfig: dir.path().join("kubeconfig"),
    }
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(&dir);
        change(&mut config);
        let instance = Instance::start(&RELEASE, &config, |_, _| Paths).await.unwrap();
        Self { dir, instance }
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("admin.token")).unwrap()
    }

    async fn admin(&self, protocol: &'static str) -> Client {
        self.client(protocol).await.with("authorization", &format!("Bearer {}", self.token()))
    }

    async fn client(&self, protocol: &'static str) -> Client {
        Client::connect(self.instance.address, &self.dir.path().join("certs/ca.crt"), protocol, None).await.unwrap()
    }
}

fn status_json(code: u16, reason: &str, message: &str, details: &str) -> String {
    format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",\"message\":{message},\
         \"reason\":\"{reason}\"{details},\"code\":{code}}}\n"
    )
}

#[tokio::test]
async fn both_http_versions_serve_many_requests_on_one_connection() {
    let fixture = Fixture::new().await;
    for protocol in ["http/1.1", "h2"] {
        let mut client = fixture.admin(protocol).await;
        for _ in 0..3 {
            let fetched = client.get("/api/v1/namespaces/x/pods/whoami").await;
            assert_eq!(fetched.text(), "kubeforge-admin system:masters,system:authenticated get", "{protocol}");
            assert_eq!(fetched.header("cache-control"), "no-cache, private");
            assert_eq!(fetched.header("audit-id").len(), 36);
        }
    }
}

#[tokio::test]
async fn http2_streams_run_side_by_side() {
    let fixture = Fixture::new().await;
    let client = fixture.admin("h2").await;
    let start = Instant::now();
    let slow = (0..100).map(|_| {
        let mut client = client.clone();
        async move { client.get("/slow").await.text() }
    });
    for text in futures_util::future::join_all(slow).await {
        assert_eq!(text, "done");
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test]
async fn users_without_good_credentials() {
    let fixture = Fixture::new().await;
    let mut nobody = fixture.client("h2").await;
    let unauthorized = nobody.clone().with("authorization", "Bearer wrong").get("/api").await;
    assert_eq!(
        (unauthorized.status, unauthorized.text()),
        (401, status_json(401, "Unauthorized", "\"Unauthorized\"", ""))
    );
    assert_eq!(unauthorized.header("content-type"), "application/json");
    assert!(unauthorized.headers.get("www-authenticate").is_none());

    let forbidden = nobody.get("/api").await;
    let message = r#""forbidden: User \"system:anonymous\" cannot get path \"/api\"""#;
    assert_eq!((forbidden.status, forbidden.text()), (403, status_json(403, "Forbidden", message, ",\"details\":{}")));
    assert_eq!(forbidden.header("x-content-type-options"), "nosniff");

    for path in ["/healthz", "/livez", "/readyz?verbose", "/version"] {
        assert_eq!(nobody.get(path).await.status, 200, "{path}");
    }
    assert_eq!(nobody.send(Method::POST, "/version", Bytes::new()).await.status, 403);
    let masked = fixture.admin("h2").await.with("impersonate-user", "bob").get("/api").await;
    assert_eq!((masked.status, masked.message()), (403, "impersonation is not available".to_owned()));
}

#[tokio::test]
async fn anonymous_requests_can_be_turned_off() {
    let fixture = Fixture::with(|config| config.anonymous_auth = false).await;
    assert_eq!(fixture.client("h2").await.get("/healthz").await.status, 401);
    assert_eq!(fixture.admin("h2").await.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_token_file_replaces_the_administrators_token() {
    let tokens = tempfile::tempdir().unwrap();
    let path = tokens.path().join("tokens.csv");
    std::fs::write(&path, "t1,alice,1,\"dev,ops\"\nt2,root,2,system:masters\n").unwrap();
    let fixture = Fixture::with(|config| config.token_auth_file = Some(path)).await;
    let alice = fixture.client("h2").await.with("authorization", "Bearer t1").get("/whoami").await;
    assert_eq!(alice.text(), "alice dev,ops,system:authenticated get");
    assert!(!fixture.dir.path().join("admin.token").exists());
    let kubeconfig = std::fs::read_to_string(&fixture.instance.kubeconfig).unwrap();
    assert!(kubeconfig.contains("{token: \"t2\"}"), "{kubeconfig}");
}

#[tokio::test]
async fn a_client_certificate_names_the_user() {
    let (ca_pem, issuer) = client::authority();
    let dir = tempfile::tempdir().unwrap();
    let ca_file = dir.path().join("client-ca.crt");
    std::fs::write(&ca_file, ca_pem).unwrap();
    let fixture = Fixture::with(|config| config.client_ca_file = Some(ca_file)).await;
    let trust = fixture.dir.path().join("certs/ca.crt");
    let identity = client::identity(&issuer, "carol", &["dev", "ops"]);
    let mut carol = Client::connect(fixture.instance.address, &trust, "h2", Some(identity)).await.unwrap();
    assert_eq!(carol.get("/whoami").await.text(), "carol dev,ops,system:authenticated get");
    assert_eq!(fixture.client("h2").await.get("/whoami").await.status, 403);
    let (_, stranger) = client::authority();
    let identity = client::identity(&stranger, "mallory", &["system:masters"]);
    let refused = match Client::connect(fixture.instance.address, &trust, "http/1.1", Some(identity)).await {
        Ok(mut client) => client.try_send(Method::GET, "/whoami", Bytes::new()).await.is_err(),
        Err(_) => true,
    };
    assert!(refused, "a certificate of an unknown authority must not be served");
}

#[tokio::test]
async fn paths_of_no_api() {
    let fixture = Fixture::new().await;
    let mut admin = fixture.admin("http/1.1").await;
    let fetched = admin.get("/nope").await;
    assert_eq!((fetched.status, fetched.text().as_str()), (404, "404 page not found\n"));
    assert_eq!(fetched.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(fetched.header("x-content-type-options"), "nosniff");
    assert_eq!(admin.get("/a%zz").await.status, 400);
    let fetched = admin.get("/version").await;
    assert!(
        fetched.text().starts_with("{\n  \"major\": \"1\",\n  \"minor\": \"36\",\n  \"gitVersion\": \"v1.36.0\",\n")
    );
    let wrong = admin.send(Method::POST, "/version", Bytes::new()).await;
    assert_eq!(
        (wrong.status, wrong.message().as_str()),
        (405, "the server does not allow this method on the requested resource")
    );
    let head = admin.send(Method::HEAD, "/api/v1/large", Bytes::new()).await;
    assert_eq!((head.status, head.header("content-length").as_str(), head.body.len()), (200, "200000", 0));
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let fixture = Fixture::new().await;
    for protocol in ["http/1.1", "h2"] {
        let mut admin = fixture.admin(protocol).await;
        let fits = admin.send(Method::POST, "/echo", vec![b'x'; MAX_BODY].into()).await;
        assert_eq!((fits.status, fits.body.len()), (200, MAX_BODY), "{protocol}");
        let over = admin.send(Method::POST, "/echo", vec![b'x'; MAX_BODY + 1].into()).await;
        assert_eq!((over.status, over.message().as_str()), (413, "Request entity too large: limit is 3145728"));
        assert_eq!(admin.get("/healthz").await.status, 200, "the connection is still good");
    }
}

#[tokio::test]
async fn a_panic_costs_one_request_only() {
    let fixture = Fixture::new().await;
    let mut admin = fixture.admin("h2").await;
    let fetched = admin.get("/panic").await;
    assert_eq!(fetched.status, 500);
    assert!(fetched.message().starts_with("Internal error occurred: "), "{}", fetched.text());
    assert_eq!(admin.get("/small").await.status, 200);
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_ask() {
    use std::io::Read;

    let fixture = Fixture::new().await;
    let mut plain = fixture.admin("h2").await;
    let mut asking = plain.clone().with("accept-encoding", "gzip");
    let packed = asking.get("/large").await;
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip".into(), "Accept-Encoding".into()));
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut body).unwrap();
    assert_eq!(body, vec![b'a'; 200_000]);
    for fetched in [asking.get("/small").await, plain.get("/large").await] {
        assert!(fetched.headers.get("content-encoding").is_none());
    }
}

#[tokio::test]
async fn stopping_ends_streams_and_finishes_requests() {
    let fixture = Fixture::new().await;
    for protocol in ["http/1.1", "h2"] {
        let dir = &fixture.dir;
        let instance = Instance::start(&RELEASE, &config(dir), |_, _| Paths).await.unwrap();
        let connect = || async {
            let trust = dir.path().join("certs/ca.crt");
            let client = Client::connect(instance.address, &trust, protocol, None).await.unwrap();
            client.with("authorization", &format!("Bearer {}", fixture.token()))
        };
        let (mut slow, mut watch, _idle) = (connect().await, connect().await, connect().await);
        let slow = tokio::spawn(async move { slow.get("/slow").await });
        let watch = tokio::spawn(async move { watch.get("/watch").await });
        let _silent = tokio::net::TcpStream::connect(instance.address).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (address, start) = (instance.address, Instant::now());
        instance.stop().await;
        assert!(start.elapsed() < Duration::from_secs(4), "{protocol}: {:?}", start.elapsed());
        assert_eq!(slow.await.unwrap().text(), "done", "{protocol}");
        assert_eq!(watch.await.unwrap().text(), "tick\n", "{protocol}");
        assert!(tokio::net::TcpStream::connect(address).await.is_err(), "{protocol}");
    }
}

#[tokio::test]
async fn certificates_and_token_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut config = config(&dir);
        config.engine = Engine::Embedded;
        let instance = Instance::start(&RELEASE, &config, |_, _| Paths).await.unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        seen.push((read("certs/apiserver.crt"), read("admin.token")));
        instance.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_temporary_data_directory_goes_with_the_server() {
    let outer = tempfile::tempdir().unwrap();
    let data_dir = outer.path().join("data");
    let fixture = Fixture::with(|config| {
        config.certificate = Certificate::Own(data_dir.join("certs"));
        (config.data_dir, config.temporary) = (data_dir.clone(), true);
    })
    .await;
    assert!(data_dir.join("admin.token").exists());
    fixture.instance.stop().await;
    assert!(!data_dir.exists());
}

#[tokio::test]
async fn own_audit_ids_come_back() {
    let fixture = Fixture::new().await;
    let fetched: Fetched = fixture.admin("h2").await.with("audit-id", "mine").get("/small").await;
    let headers: &HeaderMap = &fetched.headers;
    assert_eq!(headers.get_all("audit-id").iter().collect::<Vec<_>>(), ["mine"]);
}

#[tokio::test]
async fn long_heads_are_taken_and_endless_ones_are_not() {
    let fixture = Fixture::new().await;
    let long = format!("/api/v1/pods/small?labelSelector={}", "a".repeat(50_000));
    for protocol in ["http/1.1", "h2"] {
        assert_eq!(fixture.admin(protocol).await.get(&long).await.status, 200, "{protocol}");
        let mut endless = fixture.admin(protocol).await.with("x-filler", &"a".repeat(1_000_000));
        let answer = endless.try_send(Method::GET, "/api/v1/pods/small", Bytes::new()).await;
        assert!(answer.is_err() || answer.is_ok_and(|fetched| fetched.status == 431), "{protocol}");
        assert_eq!(fixture.admin(protocol).await.get("/healthz").await.status, 200, "{protocol}");
    }
}
