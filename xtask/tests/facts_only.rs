//! `specs/` holds facts only. This walks every file and looks for prose with rules of its own, not with the importer's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

#[test]
fn every_file_of_every_release_holds_facts_only() {
    let releases = releases();
    assert!(!releases.is_empty(), "no release in specs/");
    let mut found = Vec::new();
    for release in &releases {
        for path in files_below(release) {
            let text = fs::read_to_string(release.join(&path)).unwrap();
            let offences = match path.as_str() {
                "openapi.json" => in_openapi(&json(&text)),
                "go-facts.json" => in_go_facts("", &json(&text)),
                "SOURCE.toml" => {
                    in_source(&text, release.file_name().unwrap().to_str().unwrap(), &files_below(release))
                }
                proto if proto.starts_with("proto/") && proto.ends_with("/generated.proto") => in_proto(&text),
                _ => vec!["is none of the files a release has".to_owned()],
            };
            found.extend(offences.into_iter().map(|offence| format!("{}: {offence}", release.join(&path).display())));
        }
    }
    assert!(found.is_empty(), "{} offences, such as\n{}", found.len(), found[..found.len().min(20)].join("\n"));
}

#[test]
fn every_release_is_complete() {
    for release in releases() {
        let files = files_below(&release);
        for needed in ["SOURCE.toml", "go-facts.json", "openapi.json", "proto/k8s.io/api/core/v1/generated.proto"] {
            assert!(files.contains(needed), "{} lacks {needed}", release.display());
        }
        let openapi = json(&fs::read_to_string(release.join("openapi.json")).unwrap());
        let responses: Vec<&Value> =
            operations(&openapi).flat_map(|operation| members(&operation["responses"])).collect();
        assert!(responses.len() > 1000 && responses.iter().all(|response| response["description"].is_string()));
    }
}

#[test]
fn every_proto_tree_compiles() {
    for release in releases() {
        let root = release.join("proto");
        let files: Vec<PathBuf> = files_below(&root).into_iter().map(|path| root.join(path)).collect();
        let set = protox::compile(&files, [&root]).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
        assert_eq!(set.file.len(), files.len(), "{}", root.display());
    }
}

/// Prose in an OpenAPI document: a `description` other than of a response's status, or a sentence anywhere.
fn in_openapi(document: &Value) -> Vec<String> {
    let mut offences = sentences("", document);
    for operation in operations(document) {
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            let phrase = match status.as_str() {
                "200" => "OK",
                "201" => "Created",
                "202" => "Accepted",
                "401" => "Unauthorized",
                _ => "",
            };
            if response["description"] != phrase {
                offences.push(format!("status {status} is described as {}", response["description"]));
            }
        }
    }
    descriptions("", document, false, &mut offences);
    offences
}

/// Finds the keyword `description`; `names` says that the keys of `value` are names somebody chose, not keywords.
fn descriptions(path: &str, value: &Value, names: bool, offences: &mut Vec<String>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| descriptions(path, item, false, offences));
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}/{key}");
        let of_response = path.rsplit('/').nth(2) == Some("responses") && path.starts_with("/paths/");
        if key == "description" && !names && !of_response {
            offences.push(format!("{path} is a description"));
        }
        let keys_are_names = ["definitions", "properties", "paths", "responses", "parameters", "securityDefinitions"];
        descriptions(&path, value, !names && keys_are_names.contains(&key.as_str()), offences);
    }
}

/// Prose in the Go facts: a string under a key that holds no names, or one that is no single name.
fn in_go_facts(key: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| {
                let mut offences = in_go_facts(key, value);
                offences.extend((!is_name(key)).then(|| format!("key {key:?} is no name")));
                offences
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| in_go_facts(key, item)).collect(),
        Value::String(text) => {
            let is_fact = match key {
                "markers" => is_marker_line(text),
                // The value of a constant is what goes over the wire; some have spaces in them ("ipsec end system").
                "value" => !is_sentence(text),
                "release" | "import" | "group" | "version" | "registeredKinds" | "go" | "file" | "kind"
                | "underlying" | "customMethods" | "json" | "elem" | "elemKind" | "key" | "type" | "jsonOpts"
                | "wire" | "label" | "name" | "extra" | "patchStrategy" | "patchMergeKey" => is_name(text),
                _ => false,
            };
            if is_fact { Vec::new() } else { vec![format!("{key}: {text:?} is no fact")] }
        }
        _ => Vec::new(),
    }
}

/// Prose in a proto file: a comment that is not markers throughout.
fn in_proto(text: &str) -> Vec<String> {
    let mut offences = Vec::new();
    for line in text.lines() {
        // Behind an even number of quotes is outside of literals; none of these files has an escaped quote.
        let mut slashes = line.match_indices("//").map(|(at, _)| at);
        let comment = slashes.find(|at| line[..*at].matches('"').count() % 2 == 0);
        let (code, comment) = line.split_at(comment.unwrap_or(line.len()));
        if !comment.is_empty() && !is_marker_line(comment[2..].trim()) {
            offences.push(format!("comment {comment:?}"));
        }
        if code.contains("/*") || code.contains("*/") || is_sentence(code) {
            offences.push(format!("line {code:?}"));
        }
    }
    offences
}

/// What is missing in a SOURCE.toml, given the files beside it.
fn in_source(text: &str, release: &str, files: &BTreeSet<String>) -> Vec<String> {
    let source: toml::Table = match text.parse() {
        Ok(source) => source,
        Err(error) => return vec![error.to_string()],
    };
    let text_of =
        |table: &toml::Table, key: &str| table.get(key).and_then(|value| value.as_str()).unwrap_or("").to_owned();
    let tables = |key: &str| source.get(key).and_then(|value| value.as_array()).cloned().unwrap_or_default();
    let originals = source.get("originals").and_then(|value| value.as_table()).cloned().unwrap_or_default();

    let mut offences = Vec::new();
    let mut demand = |holds: bool, what: String| offences.extend((!holds).then_some(what));
    demand(source.get("format").is_some_and(toml::Value::is_integer), "no format".to_owned());
    demand(text_of(&source, "release") == release, format!("release is not {release}"));
    demand(text_of(&source, "tag").starts_with(&format!("{release}.")), format!("tag is none of {release}"));
    let places: Vec<toml::Value> = [tables("repository"), tables("archive")].concat();
    demand(!places.is_empty(), "neither a repository nor an archive".to_owned());
    for place in places.iter().filter_map(|place| place.as_table()) {
        let exact = is_hex(&text_of(place, "commit"), 40) || is_hex(&text_of(place, "sha256"), 64);
        demand(exact, format!("no commit or sha256 in {place}"));
    }
    for file in files.iter().filter(|file| *file != "SOURCE.toml") {
        demand(is_hex(&text_of(&originals, file), 64), format!("no sha256 for {file}"));
    }
    for file in originals.keys() {
        demand(files.contains(file), format!("{file} does not exist"));
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        demand(!is_sentence(line), format!("line {line:?}"));
    }
    offences
}

/// Every string, key or value, that reads like a sentence.
fn sentences(path: &str, value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if is_sentence(text) => vec![format!("{path}: {text:?} is prose")],
        Value::Array(items) => items.iter().flat_map(|item| sentences(path, item)).collect(),
        Value::Object(object) => {
            let keys = object.keys().filter(|key| is_sentence(key)).map(|key| format!("{path}: key {key:?} is prose"));
            keys.chain(object.iter().flat_map(|(key, value)| sentences(&format!("{path}/{key}"), value))).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether four words of letters follow each other, as they do in prose and in no name, tag, type or option.
fn is_sentence(text: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || "'’-".contains(c))
    };
    text.split_whitespace().collect::<Vec<_>>().windows(4).any(|words| words.iter().all(|word| is_word(word)))
}

/// Whether the text has no space: names, types, tags, paths.
fn is_name(text: &str) -> bool {
    !text.contains(char::is_whitespace)
}

/// Whether a line is markers and nothing else: without its quoted and parenthesised arguments, which hold no sentence,
/// it is words that start with `+` and a small letter.
fn is_marker_line(line: &str) -> bool {
    let (mut bare, mut arguments, mut closers) = (String::new(), String::new(), Vec::new());
    for c in line.chars() {
        if closers.last() == Some(&c) {
            closers.pop();
            arguments.push(' ');
            continue;
        }
        let quoted = closers.last().is_some_and(|closer| *closer != ')');
        match c {
            '"' | '`' if !quoted => closers.push(c),
            '(' if !quoted => closers.push(')'),
            c if closers.is_empty() => bare.push(c),
            c => arguments.push(c),
        }
    }
    let is_marker = |word: &str| matches!(word.as_bytes(), [b'+', b'a'..=b'z', ..]);
    closers.is_empty() && !bare.is_empty() && bare.split(' ').all(is_marker) && !is_sentence(&arguments)
}

fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    members(&document["paths"]).flat_map(|item| METHODS.iter().filter_map(|method| item.get(method)))
}

fn members(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_object().into_iter().flat_map(|object| object.values())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The release directories: those of `specs/` named `v…`.
fn releases() -> Vec<PathBuf> {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let mut releases: Vec<PathBuf> = fs::read_dir(specs).unwrap().map(|entry| entry.unwrap().path()).collect();
    releases.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with('v'));
    releases.sort();
    releases
}

fn files_below(dir: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path()).iter().map(|below| format!("{name}/{below}")));
        } else {
            files.insert(name);
        }
    }
    files
}

/// The rules above, fed with what they must find and what they must let pass.
mod rules {
    use super::*;
    use serde_json::json;

    #[test]
    fn sentences() {
        for prose in ["more than three words", "See (for instance) the docs.", "a: It's well-known here, yes"] {
            assert!(is_sentence(prose), "{prose}");
        }
        for fact in ["ipsec end system", "optional string name = 1;", "application/json;stream=watch", "a b 1 c d e"] {
            assert!(!is_sentence(fact), "{fact}");
        }
    }

    #[test]
    fn markers() {
        for fact in
            ["+optional", "+k8s:alpha(since: \"1.36\")=+k8s:maxItems=4", "+a=`^( b)$`", "+featureGate=A +optional"]
        {
            assert!(is_marker_line(fact), "{fact}");
        }
        for prose in [
            "",
            "optional",
            "+optional for now",
            "+ optional",
            "+TODO",
            "+----+",
            "+a=\"this says more than needed\"",
            "+a(b",
        ] {
            assert!(!is_marker_line(prose), "{prose}");
        }
    }

    #[test]
    fn openapi() {
        let response = |text: &str| json!({"paths": {"/a": {"get": {"responses": {"200": {"description": text}}}}}});
        let property = |schema: Value| json!({"definitions": {"D": {"properties": {"description": schema}}}});
        assert_eq!(in_openapi(&response("OK")), Vec::<String>::new());
        assert_eq!(in_openapi(&property(json!({"type": "string"}))), Vec::<String>::new());
        for bad in [
            response("success"),
            property(json!({"description": "x"})),
            json!({"definitions": {"D": {"description": "x"}}}),
            json!({"definitions": {"D": {"properties": {"properties": {"items": {"description": "x"}}}}}}),
            json!({"paths": {"/a": {"get": {"description": "x"}}}}),
            json!({"paths": {"/a": {"parameters": [{"name": "n", "description": "x"}]}}}),
            json!({"parameters": {"p": {"description": "x"}}}),
            json!({"securityDefinitions": {"s": {"description": "x"}}}),
            json!({"info": {"title": "the title of the document"}}),
        ] {
            assert_eq!(in_openapi(&bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn go_facts() {
        let field =
            |key: &str, value: Value| json!({"types": {"T": {"fields": [{"go": "A", "json": "a", key: value}]}}});
        assert!(in_go_facts("", &field("markers", json!(["+optional"]))).is_empty());
        assert!(in_go_facts("", &json!({"consts": [{"name": "A", "value": "ipsec end system"}]})).is_empty());
        for bad in [
            field("doc", json!("word")),
            field("type", json!("two words")),
            field("markers", json!(["+optional but not always"])),
            json!({"consts": [{"name": "A", "value": "a value of many words"}]}),
            json!({"types": {"a name": {}}}),
        ] {
            assert_eq!(in_go_facts("", &bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn protos() {
        let good = "syntax = \"proto2\";\noption p = \"http://x\";\nmessage M {\n  // +optional\n  optional string a = 1; // +b\n}\n";
        assert_eq!(in_proto(good), Vec::<String>::new());
        for bad in [
            "// prose",
            "message M {} // prose",
            "/* +optional */",
            "*/",
            "// +optional for now",
            "//",
            "four words in code",
        ] {
            assert!(!in_proto(bad).is_empty(), "{bad}");
        }
    }

    #[test]
    fn sources() {
        let (sum, commit) = ("0".repeat(64), "a".repeat(40));
        let good = format!(
            "format = 1\nrelease = \"v1.36\"\ntag = \"v1.36.0\"\n[[repository]]\nurl = \"u\"\ncommit = \"{commit}\"\n\
             [originals]\n\"openapi.json\" = \"{sum}\"\n"
        );
        let files = BTreeSet::from(["SOURCE.toml".to_owned(), "openapi.json".to_owned()]);
        assert_eq!(in_source(&good, "v1.36", &files), Vec::<String>::new());
        for (part, replacement) in [
            ("format = 1\n", ""),
            ("\"v1.36\"", "\"v1.3\""),
            ("v1.36.0", "v1.35.0"),
            (commit.as_str(), "main"),
            (sum.as_str(), "0"),
            ("openapi.json", "other.json"),
            ("[[repository]]", "[repo]"),
            ("\"u\"", "\"a repository of upstream code\""),
        ] {
            assert!(!in_source(&good.replacen(part, replacement, 1), "v1.36", &files).is_empty(), "{part}");
        }
    }
}
