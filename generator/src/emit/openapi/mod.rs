//! The OpenAPI documents that a server of the release serves.

mod proto;
mod v3;

use std::collections::BTreeMap;
use std::io::Write;

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use super::names::Names;
use super::parallel;

/// All documents of a release.
pub struct Documents {
    pub v2_json: Document,
    pub v2_proto: Document,
    /// By path as in the index, such as `apis/apps/v1`.
    pub v3_json: Vec<(String, Document)>,
}

/// A compressed document.
pub struct Document {
    /// Beside the generated sources.
    pub path: String,
    pub gzip: Vec<u8>,
    /// Upper-case hexadecimal, of the uncompressed bytes.
    pub sha512: String,
}

enum Task<'a> {
    V2Json,
    V2Proto,
    V3(&'a str),
}

pub fn documents(names: &Names<'_>, threads: usize) -> Documents {
    let v2 = v2(names);
    let v3 = v3::Documents::new(names);
    let mut tasks = vec![Task::V2Json, Task::V2Proto];
    tasks.extend(v3.names().map(Task::V3));
    let documents = parallel::map(&tasks, threads, |task| match task {
        Task::V2Json => {
            Document::new("openapi/v2.json.gz", &serde_json::to_vec(&v2).expect("JSON values can be written"))
        }
        Task::V2Proto => Document::new("openapi/v2.pb.gz", &proto::encode(&v2)),
        Task::V3(name) => Document::new(&format!("openapi/v3/{name}.json.gz"), v3.document(name).as_bytes()),
    });
    let mut documents = documents.into_iter();
    let mut next = || documents.next().expect("one document per task");
    let (v2_json, v2_proto) = (next(), next());
    Documents { v2_json, v2_proto, v3_json: v3.names().map(|name| (name.to_owned(), next())).collect() }
}

/// The spec with the version of the release it is of.
fn v2<'a>(names: &Names<'a>) -> BTreeMap<&'a str, std::borrow::Cow<'a, Value>> {
    use std::borrow::Cow;
    let spec = names.release.openapi.as_object();
    let mut v2: BTreeMap<&str, Cow<'a, Value>> =
        spec.into_iter().flatten().map(|(key, value)| (key.as_str(), Cow::Borrowed(value))).collect();
    v2.insert("info", Cow::Owned(info(names)));
    v2
}

fn info(names: &Names<'_>) -> Value {
    let mut info = names.release.openapi["info"].clone();
    if !info.is_object() {
        info = json!({ "title": names.release.name });
    }
    info["version"] = names.release.git_version.as_str().into();
    info
}

impl Document {
    fn new(path: &str, bytes: &[u8]) -> Document {
        // Without a time of modification the same input gives the same bytes.
        let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
        let compressed = gzip.write_all(bytes).and_then(|()| gzip.finish());
        let sha512 = Sha512::digest(bytes).iter().map(|byte| format!("{byte:02X}")).collect();
        Document { path: path.into(), gzip: compressed.expect("writing to memory does not fail"), sha512 }
    }
}
