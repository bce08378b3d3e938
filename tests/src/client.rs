//! A small HTTPS client that sees every byte.

use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::server::Server;

/// A client of one server, as its administrator.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    token: String,
}

/// Status code and body of an answer.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(server: &Server) -> Client {
        let ca = Certificate::from_pem(server.ca_pem().as_bytes()).expect("a certificate").to_owned();
        let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[ca])).build();
        let config = ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).build();
        Client { agent: config.new_agent(), url: server.url(), token: server.token() }
    }

    /// Sends a request. The error is of the connection: an answer of any status is none.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let mut response = self.agent.run(request)?;
        let body = response.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").expect("an answer")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.send("POST", path, &[("Content-Type", "application/json")], body.as_bytes()).expect("an answer")
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}
