//! The module tree: one file per package, declared in the root.

use std::collections::BTreeMap;

use super::code::Code;
use super::names::{Names, Package};
use super::{codec, descriptors, kinds, types};

/// The root: declares every module. It has neither inner attributes nor docs, so that `include!` takes it.
pub fn root(names: &Names<'_>) -> String {
    let mut code = Code::file(&names.release.name);
    code.blank();
    Tree::new(names).declare(&mut code, None);
    code.blank();
    // With some groups only, some tables have no user.
    code.line("#[allow(dead_code)]");
    code.line("mod merge;");
    code.line("#[cfg(feature = \"all\")]");
    code.line("mod release;");
    code.blank();
    code.line("#[cfg(feature = \"all\")]");
    code.line("pub use release::RELEASE;");
    code.finish()
}

/// Path and text of a package's file.
pub fn package(names: &Names<'_>, package: &Package<'_>) -> (String, String) {
    let mut body = Code::default();
    for message in &package.messages {
        types::message(&mut body, message, names, package);
        if message.special.is_none() {
            codec::message(&mut body, message, names, package);
            descriptors::message(&mut body, message, names, package);
        }
    }
    kinds::package(&mut body, package, names);
    for constants in &package.enums {
        types::constants(&mut body, constants);
    }
    let body = body.finish();
    let mut code = Code::file(&names.release.name);
    code.blank();
    if body.contains("BTreeMap<") {
        code.line("use std::collections::BTreeMap;");
        code.blank();
    }
    code.line("use ::kubeforge_machinery as machinery;");
    if body.contains("SmallStr") {
        code.line("use ::kubeforge_machinery::types::SmallStr;");
    }
    let mut tree = &Tree::new(names);
    for part in package.module {
        tree = &tree.children[part.as_str()];
    }
    if !tree.children.is_empty() {
        code.blank();
        tree.declare(&mut code, package.feature);
    }
    (format!("{}.rs", package.module.join("/")), code.finish() + &body)
}

#[derive(Default)]
struct Tree<'a> {
    children: BTreeMap<&'a str, Tree<'a>>,
    package: Option<&'a Package<'a>>,
}

impl<'a> Tree<'a> {
    fn new(names: &'a Names<'_>) -> Tree<'a> {
        let mut root = Tree::default();
        for package in &names.packages {
            let mut node = &mut root;
            for part in package.module {
                node = node.children.entry(part).or_default();
            }
            node.package = Some(package);
        }
        root
    }

    /// Declares the children. `known` is the feature that the surrounding module depends on already.
    fn declare(&self, code: &mut Code, known: Option<&str>) {
        for (name, child) in &self.children {
            let feature = child.feature();
            if let Some(feature) = feature
                && known != Some(feature)
            {
                code.line(format_args!("#[cfg(feature = {feature:?})]"));
            }
            match child.package {
                Some(_) => code.line(format_args!("pub mod {name};")),
                None => code.block(format_args!("pub mod {name}"), |code| child.declare(code, feature.or(known))),
            }
        }
    }

    /// The feature that all packages of the tree share.
    fn feature(&self) -> Option<&'a str> {
        let own = self.package.map(|package| package.feature);
        let mut features = own.into_iter().chain(self.children.values().map(Tree::feature));
        let first = features.next()?;
        features.all(|feature| feature == first).then_some(first)?
    }
}
