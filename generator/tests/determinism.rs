//! The same input gives the same bytes, whatever the directory and the number of threads.

use std::fs;
use std::path::Path;

use kubeforge::emit::{self, Files, Layout};
use kubeforge::{Input, load};

fn generate(specs: &Path, release: &str, threads: usize) -> Files {
    let (release, diagnostics) = load(&Input::release(specs, release).unwrap());
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    emit::package(&release.unwrap(), &Layout::Standalone(None), threads).unwrap()
}

fn assert_same(a: &Files, b: &Files) {
    assert!(a.0.keys().eq(b.0.keys()));
    for (path, contents) in &a.0 {
        assert!(contents == &b.0[path], "{path} differs");
    }
}

#[test]
fn threads_do_not_show() {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let one = generate(&specs, "v1.36", 1);
    assert!(one.0.len() > 100);
    assert_same(&one, &generate(&specs, "v1.36", 7));
}

#[test]
fn directories_do_not_show() {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/specs");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("elsewhere-{}", std::process::id()));
    let _ = fs::remove_dir_all(&copy);
    copy_all(&specs, &copy);
    let (here, there) = (generate(&specs, "v1.0", 2), generate(&copy, "v1.0", 2));
    fs::remove_dir_all(&copy).unwrap();
    assert_same(&here, &there);
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
