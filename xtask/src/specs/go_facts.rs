//! Go facts: what only the Go declarations tell (order of fields, pointers, inlining, struct tags, markers, constants).
//!
//! The structs name every fact there is; a file with anything else is refused, so nothing slips in unread.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{json_lines, marker};

/// Reads the facts, drops the prose behind markers, and writes them with one line per field.
///
/// # Errors
/// The text is no JSON, or holds a fact this importer does not know.
pub fn facts(text: &str) -> Result<String, String> {
    let facts: GoFacts = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let compact = serde_json::to_string(&facts).map_err(|error| error.to_string())?;
    Ok(json_lines::lines(&compact))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoFacts {
    release: String,
    packages: BTreeMap<String, Package>,
    types: BTreeMap<String, Type>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Package {
    import: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "without_prose")]
    markers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    registered_kinds: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Type {
    go: String,
    file: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    underlying: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    alias: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "without_prose")]
    markers: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    registered: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    custom_methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<Field>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    consts: Vec<Const>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Field {
    go: String,
    json: String,
    #[serde(default, skip_serializing_if = "is_false")]
    embedded: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    inline: bool,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elem: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elem_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(rename = "type")]
    go_type: String,
    omitempty: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    json_opts: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    omitzero: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proto: Option<Proto>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patch_strategy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patch_merge_key: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "without_prose")]
    markers: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proto {
    tag: u32,
    wire: String,
    label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extra: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Const {
    name: String,
    value: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "without_prose")]
    markers: Vec<String>,
}

fn without_prose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let lines = Vec::<String>::deserialize(deserializer)?;
    Ok(lines.iter().filter_map(|line| marker::markers(line)).map(str::to_owned).collect())
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::facts;

    #[test]
    fn keeps_facts_in_their_order_and_drops_prose() {
        let text = |b: &str, constant: &str| {
            format!(
                r#"{{"release":"v1.36","packages":{{}},"types":{{"T":{{"go":"p.T","file":"t.go","kind":"struct","fields":[{{"go":"B","json":"b","kind":"value","type":"string","omitempty":false,"proto":{{"tag":2,"wire":"bytes","label":"opt"}}{b}}},{{"go":"A","json":"a","kind":"value","type":"string","omitempty":true}}],"consts":[{{"name":"C","value":"ipsec user"{constant}}}]}}}}}}"#
            )
        };
        let original = text(r#","markers":["+optional for now","+ prose"]"#, r#","markers":["prose"]"#);
        let expected = text(r#","markers":["+optional"]"#, "");
        assert_eq!(facts(&original).unwrap().replace(['\n', ' '], ""), expected.replace(' ', ""));
    }

    #[test]
    fn an_unknown_fact_is_refused() {
        let error =
            facts(r#"{"release":"v1.36","packages":{"p":{"import":"p","doc":"prose"}},"types":{}}"#).unwrap_err();
        assert!(error.contains("unknown field `doc`"), "{error}");
    }
}
