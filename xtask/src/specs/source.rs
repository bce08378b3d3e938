//! `SOURCE.toml`: which upstream files ours were made from.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Version of what the importer writes; raise it when its output changes for the same originals.
const FORMAT: u32 = 1;

const HEADER: &str = "\
# Where the files of this directory come from. Written by `cargo xtask specs import`; do not edit.
# [originals] gives for each file the sha256 of the upstream file it was made from:
# openapi.json of api/openapi-spec/swagger.json, go-facts.json of the Go declarations' extract, a .proto of its namesake.
";

/// Where a release's originals come from: the facts of SOURCE.md and the checksums of the files read.
#[derive(Debug, PartialEq, Serialize)]
pub struct Provenance {
    format: u32,
    release: String,
    /// Upstream tag of the release, such as `v1.36.0`.
    tag: String,
    #[serde(rename = "repository", skip_serializing_if = "Vec::is_empty")]
    repositories: Vec<Repository>,
    #[serde(rename = "archive", skip_serializing_if = "Vec::is_empty")]
    archives: Vec<Archive>,
    /// sha256 of the original by path of our file.
    originals: BTreeMap<String, String>,
    /// The checksums SOURCE.md states, by path of the original.
    #[serde(skip)]
    stated: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Repository {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    commit: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Archive {
    name: String,
    sha256: String,
}

impl Provenance {
    /// Takes the facts out of a SOURCE.md: the first `Kubernetes v<release>.<patch>`, and of each line
    /// `github.com/… [v…] commit <hash>`, `<file>, sha256 <hash>` or `<hash>  <file>`.
    ///
    /// # Errors
    /// There is no tag of this release, or neither a repository nor an archive.
    pub fn parse(release: &str, notes: &str) -> Result<Self, String> {
        let lines: Vec<Vec<&str>> = notes.lines().map(words).collect();
        let tag = tag(release, notes).ok_or(format!("it does not say `Kubernetes {release}.<patch>`"))?;
        let mut repositories: Vec<Repository> = Vec::new();
        for repository in lines.iter().filter_map(|line| repository(line)) {
            if !repositories.contains(&repository) {
                repositories.push(repository);
            }
        }
        let archives: Vec<Archive> = lines.iter().filter_map(|line| archive(line)).collect();
        if repositories.is_empty() && archives.is_empty() {
            return Err("it names neither a repository with its commit nor an archive with its sha256".to_owned());
        }
        let stated = lines.iter().filter_map(|line| checksum(line)).collect();
        let originals = BTreeMap::new();
        Ok(Self { format: FORMAT, release: release.to_owned(), tag, repositories, archives, originals, stated })
    }

    /// Records that the file at `path` was made from `original`, whose checksum is `sum`.
    ///
    /// # Errors
    /// SOURCE.md states another checksum.
    pub fn add(&mut self, original: &str, path: &str, sum: String) -> Result<(), String> {
        match self.stated.get(original) {
            Some(stated) if *stated != sum => {
                Err(format!("its sha256 is {sum}, but SOURCE.md beside it says {stated}"))
            }
            _ => {
                self.originals.insert(path.to_owned(), sum);
                Ok(())
            }
        }
    }

    pub fn to_toml(&self) -> String {
        let body = toml::to_string(self).expect("strings and tables are valid TOML");
        format!("{HEADER}\n{body}")
    }
}

/// The sha256 of `bytes` in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The words of a line without the punctuation around them.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().map(|word| word.trim_matches([',', ';', ':', '`', '(', ')'])).collect()
}

fn tag(release: &str, notes: &str) -> Option<String> {
    notes.split("Kubernetes ").skip(1).find_map(|text| {
        let patch = text.strip_prefix(release)?.strip_prefix('.')?;
        let digits = patch.bytes().take_while(u8::is_ascii_digit).count();
        (digits > 0).then(|| format!("{release}.{}", &patch[..digits]))
    })
}

fn repository(line: &[&str]) -> Option<Repository> {
    let url = *line.iter().find(|word| word.starts_with("github.com/"))?;
    let commit = line.windows(2).find(|pair| pair[0] == "commit" && is_hex(pair[1], 40))?[1];
    let is_tag =
        |word: &&&str| word.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let tag = line.iter().take_while(|word| **word != "commit").find(is_tag);
    Some(Repository { url: format!("https://{url}"), tag: tag.map(|tag| tag.to_string()), commit: commit.to_owned() })
}

fn archive(line: &[&str]) -> Option<Archive> {
    let [name, "sha256", sum] = line.strip_prefix(&["-"])?.get(..3)? else { return None };
    is_hex(sum, 64).then(|| Archive { name: name.to_string(), sha256: sum.to_string() })
}

fn checksum(line: &[&str]) -> Option<(String, String)> {
    let [sum, path] = line else { return None };
    is_hex(sum, 64).then(|| (path.to_string(), sum.to_string()))
}

fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "545bb975fe6653239af42324065cf72272186404";
    const SUM: &str = "67c7ec111d613bd7d318f216f0009191194e0d5c5a86ac9b2c48f3f6dd1241e1";

    #[test]
    fn reads_repositories_and_sums() {
        let notes = format!(
            "- from: github.com/o/docs commit {COMMIT}, `x/v1_36/swagger.json`\n- is: the file of Kubernetes v1.36.0 (first)\n\
             - github.com/kubernetes/api v0.36.0 commit {COMMIT}\nlater: Kubernetes v1.36.9\n\n{SUM}  swagger.json\n"
        );
        let mut provenance = Provenance::parse("v1.36", &notes).unwrap();
        provenance.add("swagger.json", "openapi.json", SUM.to_owned()).unwrap();
        let expected = format!(
            "{HEADER}\nformat = 1\nrelease = \"v1.36\"\ntag = \"v1.36.0\"\n\n\
             [[repository]]\nurl = \"https://github.com/o/docs\"\ncommit = \"{COMMIT}\"\n\n\
             [[repository]]\nurl = \"https://github.com/kubernetes/api\"\ntag = \"v0.36.0\"\ncommit = \"{COMMIT}\"\n\n\
             [originals]\n\"openapi.json\" = \"{SUM}\"\n"
        );
        assert_eq!(provenance.to_toml(), expected);
        assert!(provenance.add("swagger.json", "openapi.json", "0".repeat(64)).unwrap_err().contains(SUM));
    }

    #[test]
    fn reads_archives() {
        let notes =
            format!("that is Kubernetes v1.20.2 as released\n- kubernetes_1.20.2.orig.tar.gz, sha256 {SUM} (signed)\n");
        let provenance = Provenance::parse("v1.20", &notes).unwrap();
        assert_eq!(provenance.archives, [Archive { name: "kubernetes_1.20.2.orig.tar.gz".into(), sha256: SUM.into() }]);
    }

    #[test]
    fn refuses_notes_without_tag_or_place() {
        assert!(Provenance::parse("v1.3", &format!("Kubernetes v1.36.0 github.com/a/b commit {COMMIT}")).is_err());
        assert!(Provenance::parse("v1.36", "Kubernetes v1.36.0").unwrap_err().contains("neither"));
    }

    #[test]
    fn sums_are_sha256() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
