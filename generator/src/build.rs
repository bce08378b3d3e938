//! Generation from a build script.
//!
//! ```no_run
//! kubeforge::build::release("v1.36").specs_dir("specs").emit();
//! ```
//!
//! and in the crate's `lib.rs`: `include!(concat!(env!("OUT_DIR"), "/lib.rs"));`

use std::path::{Path, PathBuf};
use std::process::exit;

use crate::diagnostic::{Diagnostic, Diagnostics, Style, render};
use crate::input::Input;
use crate::{emit, output};

/// What to generate; see [`release`].
pub struct Build {
    release: String,
    specs: PathBuf,
}

/// Generates the modules of a release, such as `v1.36`.
pub fn release(name: &str) -> Build {
    Build { release: name.to_owned(), specs: crate::specs_dir() }
}

impl Build {
    /// The directory with a folder for each release; a relative path starts at the crate's directory.
    pub fn specs_dir(mut self, directory: impl Into<PathBuf>) -> Build {
        self.specs = directory.into();
        self
    }

    /// Writes the modules to `OUT_DIR`. Ends the build script with a readable message if that cannot be.
    pub fn emit(self) {
        let Some(directory) = std::env::var_os("OUT_DIR") else {
            fail("kubeforge::build runs in build scripts only: `OUT_DIR` is not set");
        };
        if let Err(diagnostics) = self.emit_to(Path::new(&directory)) {
            fail(&render(&diagnostics, Style::Plain));
        }
    }

    fn emit_to(&self, directory: &Path) -> Result<(), Diagnostics> {
        let input = Input::release(&self.specs, &self.release).map_err(only)?;
        for path in input.paths() {
            println!("cargo:rerun-if-changed={}", path.display());
        }
        let (release, diagnostics) = crate::load(&input);
        let Some(release) = release.filter(|_| !diagnostics.has_errors()) else { return Err(diagnostics) };
        for warning in render(&diagnostics, Style::Plain).lines() {
            println!("cargo:warning={warning}");
        }
        let files = emit::modules(&release, emit::threads()).map_err(only)?;
        output::write(&files, directory, true).map_err(only)?;
        Ok(())
    }
}

fn only(error: impl Into<Diagnostic>) -> Diagnostics {
    std::iter::once(error.into()).collect()
}

fn fail(message: &str) -> ! {
    eprintln!("{}", message.trim_end());
    exit(1)
}
