//! The files around the generated modules: manifest, library root, `main`, README.

use std::collections::BTreeSet;
use std::path::PathBuf;

use minijinja::{Environment, Value, context};

use super::files::Files;
use super::modules;
use super::names::Names;

/// Where the crate stands, which its manifest depends on.
#[derive(Clone, Debug)]
pub enum Layout {
    /// A crate for itself, with the whole source. The path is kubeforge's own source tree; `None` takes the published
    /// crates.
    Standalone(Option<PathBuf>),
    /// A member of kubeforge's own workspace that generates its source when it is built.
    Member,
}

const CARGO_TOML: &str = include_str!("../../../templates/Cargo.toml.j2");
const BUILD_RS: &str = include_str!("../../../templates/build.rs.j2");
const LIB_RS: &str = include_str!("../../../templates/lib.rs.j2");
const MAIN_RS: &str = include_str!("../../../templates/main.rs.j2");
const README: &str = include_str!("../../../templates/README.md.j2");

pub fn files(names: &Names<'_>, layout: &Layout) -> Files {
    let release = names.release;
    let slug = slug(&release.name);
    let feature = |(name, needs): (&str, BTreeSet<&str>)| {
        context! { name => name.to_owned(), needs => needs.into_iter().map(str::to_owned).collect::<Vec<_>>() }
    };
    let features: Vec<Value> = names.features().into_iter().map(feature).collect();
    let member = matches!(layout, Layout::Member);
    let part = |name: &str| match layout {
        Layout::Standalone(Some(checkout)) => Some(format!("{:?}", checkout.join(name).display().to_string())),
        _ => None,
    };
    let values = context! {
        library => format!("kubeforge_{}", slug.replace('-', "_")),
        slug,
        release => release.name.clone(),
        version => env!("CARGO_PKG_VERSION"),
        rust_version => env!("CARGO_PKG_RUST_VERSION"),
        workspace => member,
        machinery => part("machinery"),
        server => part("server"),
        features,
        modules => (!member).then(|| modules::root(names)),
        messages => release.messages.len(),
        kinds => release.kinds.len(),
    };
    let mut files = Files::default();
    let mut add = |path: &str, template: &str| files.add(path, render(template, &values));
    add("Cargo.toml", CARGO_TOML);
    add("src/lib.rs", LIB_RS);
    add("src/main.rs", MAIN_RS);
    add(if member { "build.rs" } else { "README.md" }, if member { BUILD_RS } else { README });
    files
}

fn render(template: &str, values: &Value) -> String {
    // The templates are part of this program, and the tests render each of them.
    let text = Environment::new().render_str(template, values).expect("the templates are well-formed");
    text + "\n"
}

/// The release's name as part of a crate's, such as `v1-36`.
fn slug(release: &str) -> String {
    release.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}
