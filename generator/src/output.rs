//! The only writer. A directory gets all of the new files or stays as it was.
//!
//! New contents are first written beside their places; only when all of them are on disk are they renamed, and a rename
//! that fails undoes those before it. A manifest in the directory lists what was written, so that files which are not
//! generated any more can be removed and nobody else's are touched.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic};
use crate::emit::Files;

/// Lists the generated files, in the directory itself.
pub const MANIFEST: &str = ".kubeforge.json";

/// Holds new and old contents while a directory changes.
const STAGING: &str = ".kubeforge.tmp";

/// What writing did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Paths of files that are new or differ.
    pub written: Vec<String>,
    pub removed: Vec<String>,
    pub unchanged: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("`{}` cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` holds files that kubeforge did not write", directory.display())]
    NotOurs { directory: PathBuf },
}

impl From<OutputError> for Diagnostic {
    fn from(error: OutputError) -> Diagnostic {
        let (code, help) = match error {
            OutputError::Write { .. } => (
                Code::KF0701,
                "nothing was changed; check the permissions and the free space, or name another directory",
            ),
            OutputError::NotOurs { .. } => (
                Code::KF0702,
                "name an empty or new directory, or write beside those files with `--force`: \
                 only files of the same name are replaced",
            ),
        };
        Diagnostic::error(code, error.to_string()).help(help)
    }
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }

    /// What [`write`] would change; nothing is written.
    pub fn plan(files: &Files, directory: &Path) -> Result<Changes, OutputError> {
        let mut changes = Changes::default();
        for (path, contents) in &files.0 {
            match fs::read(directory.join(path)) {
                Ok(present) if present == *contents => changes.unchanged += 1,
                _ => changes.written.push(path.clone()),
            }
        }
        let listed = manifest(directory)?.unwrap_or_default();
        changes.removed = listed.into_iter().filter(|path| !files.0.contains_key(path)).collect();
        changes.removed.retain(|path| directory.join(path).is_file());
        Ok(changes)
    }
}

/// Makes the directory hold these files. `force` takes a directory with files of others, too.
///
/// # Errors
///
/// The directory is then as it was before.
pub fn write(files: &Files, directory: &Path, force: bool) -> Result<Changes, OutputError> {
    if !force && manifest(directory)?.is_none() && !is_empty(directory)? {
        return Err(OutputError::NotOurs { directory: directory.to_owned() });
    }
    let changes = Changes::plan(files, directory)?;
    let listed = manifest_text(files);
    let mut steps = Steps::new(directory);
    let done = steps.run(files, &changes, &listed);
    steps.finish(done.is_ok());
    done.map(|()| changes)
}

/// The changes to a directory, each of which can be undone.
struct Steps<'a> {
    directory: &'a Path,
    staging: PathBuf,
    undo: Vec<Undo>,
}

enum Undo {
    Restore { from: PathBuf, to: PathBuf },
    RemoveFile(PathBuf),
    RemoveDirectory(PathBuf),
}

impl<'a> Steps<'a> {
    fn new(directory: &'a Path) -> Steps<'a> {
        Steps { directory, staging: directory.join(STAGING), undo: Vec::new() }
    }

    fn run(&mut self, files: &Files, changes: &Changes, listed: &str) -> Result<(), OutputError> {
        let listing = (MANIFEST.to_owned(), listed.as_bytes());
        let listing_changed = fs::read(self.directory.join(MANIFEST)).ok().as_deref() != Some(listed.as_bytes());
        let written = changes.written.iter().map(|path| (path.clone(), files.0[path].as_slice()));
        let written: Vec<_> = written.chain(listing_changed.then_some(listing)).collect();
        if written.is_empty() && changes.removed.is_empty() {
            return Ok(());
        }
        for (index, (_, contents)) in written.iter().enumerate() {
            let staged = self.staging.join(format!("new-{index}"));
            self.make_parents(&staged)?;
            fs::write(&staged, contents).map_err(at(&staged))?;
        }
        for (index, path) in written.iter().map(|(path, _)| path).chain(&changes.removed).enumerate() {
            self.set_aside(path, index)?;
        }
        for (index, (path, _)) in written.iter().enumerate() {
            let place = self.directory.join(path);
            self.make_parents(&place)?;
            fs::rename(self.staging.join(format!("new-{index}")), &place).map_err(at(&place))?;
            self.undo.push(Undo::RemoveFile(place));
        }
        Ok(())
    }

    /// Moves a file that is to be replaced or removed.
    fn set_aside(&mut self, path: &str, index: usize) -> Result<(), OutputError> {
        let (place, aside) = (self.directory.join(path), self.staging.join(format!("old-{index}")));
        match fs::rename(&place, &aside) {
            Ok(()) => self.undo.push(Undo::Restore { from: aside, to: place }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(&place)(error)),
        }
        Ok(())
    }

    fn make_parents(&mut self, path: &Path) -> Result<(), OutputError> {
        let missing = path.ancestors().skip(1).take_while(|parent| !parent.as_os_str().is_empty() && !parent.exists());
        for parent in missing.collect::<Vec<_>>().into_iter().rev() {
            fs::create_dir(parent).map_err(at(parent))?;
            self.undo.push(Undo::RemoveDirectory(parent.to_owned()));
        }
        Ok(())
    }

    fn finish(self, succeeded: bool) {
        // What cannot be undone or tidied up has no other remedy, and the first error is the one to be told of.
        for step in self.undo.into_iter().rev().filter(|_| !succeeded) {
            let _ = match step {
                Undo::Restore { from, to } => fs::rename(from, to),
                Undo::RemoveFile(path) => fs::remove_file(path),
                Undo::RemoveDirectory(path) if path == self.staging => fs::remove_dir_all(path),
                Undo::RemoveDirectory(path) => fs::remove_dir(path),
            };
        }
        let _ = fs::remove_dir_all(&self.staging);
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> OutputError {
    let path = path.to_owned();
    move |source| OutputError::Write { path: path.clone(), source }
}

/// Paths listed in the directory's manifest; `None` if there is no usable one.
fn manifest(directory: &Path) -> Result<Option<BTreeSet<String>>, OutputError> {
    let path = directory.join(MANIFEST);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(&path)(error)),
    };
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&text) else { return Ok(None) };
    let paths = value["files"].as_array().into_iter().flatten().filter_map(|path| path.as_str());
    // A path that leads out of the directory is none that was written here.
    let inside = |path: &&str| Path::new(path).components().all(|c| matches!(c, std::path::Component::Normal(_)));
    Ok(Some(paths.filter(inside).map(str::to_owned).collect()))
}

fn manifest_text(files: &Files) -> String {
    let value = serde_json::json!({ "generator": "kubeforge", "files": files.0.keys().collect::<Vec<_>>() });
    format!("{value:#}\n")
}

fn is_empty(directory: &Path) -> Result<bool, OutputError> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(at(directory)(error)),
    }
}
