//! Who sends a request: client certificates, bearer tokens, or nobody in particular.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Group of users that may do everything.
pub const MASTERS: &str = "system:masters";
/// Group of everybody who proved who they are.
pub const AUTHENTICATED: &str = "system:authenticated";

/// A user as authentication found them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInfo {
    pub name: String,
    pub uid: String,
    pub groups: Vec<String>,
    pub extra: BTreeMap<String, Vec<String>>,
}

impl UserInfo {
    /// Somebody without credentials.
    pub fn anonymous() -> Self {
        Self {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..Self::default()
        }
    }

    /// Whether the user proved who they are.
    pub fn is_authenticated(&self) -> bool {
        self.groups.iter().any(|group| group == AUTHENTICATED)
    }

    fn authenticated(mut self) -> Self {
        if !self.is_authenticated() {
            self.groups.push(AUTHENTICATED.to_owned());
        }
        self
    }
}

/// The credentials were not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Unauthorized")]
pub struct Unauthorized;

/// Knows whom to let in.
#[derive(Debug)]
pub struct Authenticator {
    /// By SHA-256 of the token, so that look-ups take the same time for near misses.
    tokens: HashMap<[u8; 32], Arc<UserInfo>>,
    anonymous: Option<Arc<UserInfo>>,
}

impl Authenticator {
    pub fn new(tokens: impl IntoIterator<Item = (String, UserInfo)>, allow_anonymous: bool) -> Self {
        let tokens = tokens.into_iter().map(|(token, user)| (digest(&token), Arc::new(user.authenticated()))).collect();
        Self { tokens, anonymous: allow_anonymous.then(|| Arc::new(UserInfo::anonymous())) }
    }

    /// Finds the user: the verified client certificate's, else the bearer token's, else anonymous.
    ///
    /// # Errors
    /// If a token is offered and unknown, or if nothing is offered and anonymous requests are off.
    pub fn authenticate(
        &self,
        certificate: Option<&Arc<UserInfo>>,
        headers: &HeaderMap,
    ) -> Result<Arc<UserInfo>, Unauthorized> {
        if let Some(user) = certificate {
            return Ok(Arc::clone(user));
        }
        match bearer_token(headers) {
            Some(token) => self.tokens.get(&digest(token)).cloned().ok_or(Unauthorized),
            None => self.anonymous.clone().ok_or(Unauthorized),
        }
    }
}

/// The user a client certificate names: common name, organizations as groups. `None` without a common name.
pub fn certificate_user(certificate: &CertificateDer<'_>) -> Option<UserInfo> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
    let groups = subject.iter_organization().filter_map(|o| o.as_str().ok()).map(str::to_owned).collect();
    (!name.is_empty()).then(|| UserInfo { name, groups, ..UserInfo::default() }.authenticated())
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The token of an `Authorization: Bearer` header; other schemes count as no credentials, as upstream.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut words = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().splitn(3, ' ');
    words.next().filter(|scheme| scheme.eq_ignore_ascii_case("bearer"))?;
    words.next().filter(|token| !token.is_empty())
}

/// A token file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    #[error("cannot read the token file {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error(
        "token file {path}, line {line}: {problem}; a line is `token,user,uid` or `token,user,uid,\"group1,group2\"`"
    )]
    Line { path: PathBuf, line: usize, problem: String },
}

/// Reads a file of static tokens, as `--token-auth-file` takes it: CSV with the columns token, user name, user uid and
/// optionally groups, joined by commas.
///
/// # Errors
/// If the file cannot be read, or a line has fewer than three columns, no token, or broken quotes.
pub fn read_token_file(path: &Path) -> Result<Vec<(String, UserInfo)>, TokenFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| TokenFileError::Read { path: path.into(), source })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            token_of_line(line).map_err(|problem| TokenFileError::Line { path: path.into(), line: index + 1, problem })
        })
        .collect()
}

fn token_of_line(line: &str) -> Result<(String, UserInfo), String> {
    let columns = csv_columns(line)?;
    let [token, name, uid, rest @ ..] = &columns[..] else {
        return Err(format!("at least 3 columns are needed, and there are {}", columns.len()));
    };
    if token.is_empty() {
        return Err("the token is empty".to_owned());
    }
    let groups = rest.first().map(|g| g.split(',').map(str::to_owned).collect()).unwrap_or_default();
    Ok((token.clone(), UserInfo { name: name.clone(), uid: uid.clone(), groups, ..UserInfo::default() }))
}

/// The columns of one line (RFC 4180, without line breaks inside quotes).
fn csv_columns(line: &str) -> Result<Vec<String>, String> {
    let mut columns = Vec::new();
    let mut rest = line;
    loop {
        let (column, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_column(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        columns.push(column);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None if behind.trim().is_empty() => return Ok(columns),
            None => return Err("there is text between a closing quote and the next comma".to_owned()),
        }
    }
}

/// A column behind its opening quote, and what follows the closing one.
fn quoted_column(text: &str) -> Result<(String, &str), String> {
    let mut column = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"').ok_or("a quote is not closed")?;
        column.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(next) => {
                column.push('"');
                rest = next;
            }
            None => return Ok((column, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, authorization.parse().unwrap())])
    }

    #[test]
    fn token_lines() {
        let (token, user) = token_of_line(r#"t,alice,7,"dev,ops""#).unwrap();
        assert_eq!((token.as_str(), user.name.as_str(), user.uid.as_str()), ("t", "alice", "7"));
        assert_eq!(user.groups, ["dev", "ops"]);
        assert_eq!(token_of_line("t,alice,7").unwrap().1.groups, Vec::<String>::new());
        for bad in ["t,alice", ",alice,7", "t,alice,7,\"dev", "t,\"alice\"x,7"] {
            assert!(token_of_line(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn quoted_columns_come_back(columns in proptest::collection::vec("[^\r\n]*", 1..5)) {
            let line: Vec<_> = columns.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
            prop_assert_eq!(csv_columns(&line.join(",")).unwrap(), columns);
        }

        #[test]
        fn no_line_panics(line in ".*") {
            let _ = token_of_line(&line);
        }
    }

    #[test]
    fn tokens_are_known_unknown_or_absent() {
        let alice = UserInfo { name: "alice".to_owned(), ..UserInfo::default() };
        let open = Authenticator::new([("secret".to_owned(), alice.clone())], true);
        let name = |a: &Authenticator, h: &HeaderMap| a.authenticate(None, h).map(|u| u.name.clone());
        assert_eq!(name(&open, &headers("bearer secret")), Ok("alice".to_owned()));
        assert_eq!(name(&open, &headers("Bearer other")), Err(Unauthorized));
        assert_eq!(name(&open, &headers("Basic eDp5")), Ok("system:anonymous".to_owned()));
        assert!(open.authenticate(None, &headers("Bearer secret")).unwrap().is_authenticated());
        let closed = Authenticator::new([("secret".to_owned(), alice)], false);
        assert_eq!(name(&closed, &HeaderMap::new()), Err(Unauthorized));
    }
}
