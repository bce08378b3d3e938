//! From the model to files in memory. Nothing here reads a spec or writes to disk.

mod code;
mod codec;
mod descriptors;
mod files;
mod kinds;
mod member;
mod modules;
mod names;
mod openapi;
mod parallel;
mod release;
mod skeleton;
mod types;

pub use files::Files;
pub use skeleton::Layout;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::Release;
use member::Form;
use names::Names;

/// A model that has no form in Rust.
#[derive(Debug, thiserror::Error)]
#[error("field `{field}` of `{message}` is a list or map of something that Kubernetes has no lists or maps of")]
pub struct Unsupported {
    pub message: String,
    pub field: String,
}

impl From<Unsupported> for Diagnostic {
    fn from(error: Unsupported) -> Diagnostic {
        Diagnostic::error(Code::KF0306, error.to_string()).help("wrap the items in a message of their own")
    }
}

/// The modules of a release: `lib.rs`, a file per package, and the documents. Meant to be included.
pub fn modules(release: &Release, threads: usize) -> Result<Files, Unsupported> {
    let names = checked(release)?;
    let mut files = sources(&names, threads);
    files.add("lib.rs", modules::root(&names));
    Ok(files)
}

/// A crate. A member of the workspace has no modules: its build script makes them.
pub fn package(release: &Release, layout: &Layout, threads: usize) -> Result<Files, Unsupported> {
    let names = checked(release)?;
    let mut files = skeleton::files(&names, layout);
    if let Layout::Standalone(_) = layout {
        files.extend(sources(&names, threads).below("src"));
    }
    Ok(files)
}

/// As many threads as the machine has processors.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn sources(names: &Names<'_>, threads: usize) -> Files {
    let mut files = Files::default();
    for (path, text) in parallel::map(&names.packages, threads, |package| modules::package(names, package)) {
        files.add(path, text);
    }
    let documents = openapi::documents(names, threads);
    files.add("merge.rs", descriptors::merges(names));
    files.add("release.rs", release::table(names, &documents));
    let openapi::Documents { v2_json, v2_proto, v3_json } = documents;
    for document in [v2_json, v2_proto].into_iter().chain(v3_json.into_iter().map(|(_, document)| document)) {
        files.add(document.path, document.gzip);
    }
    files
}

fn checked(release: &Release) -> Result<Names<'_>, Unsupported> {
    let names = Names::new(release);
    for message in release.messages.values().filter(|message| message.special.is_none()) {
        if let Some(field) = message.fields.iter().find(|field| Form::of(&field.ty, &names).is_none()) {
            return Err(Unsupported { message: message.name.clone(), field: field.json.clone() });
        }
    }
    Ok(names)
}
