//! Writes the seed corpus and the dictionaries: `cargo run --example seeds`. Run it when targets read inputs otherwise.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use kubeforge_fuzz::forms::FORMS;
use kubeforge_fuzz::patches::PATCHES;
use kubeforge_fuzz::{RICH, choice_of};
use kubeforge_machinery::arbitrary::{Choices, fill};
use kubeforge_machinery::{Message, envelope, json, proto, yaml};
use kubeforge_v1_36::RELEASE;

/// Larger values slow a fuzzer down and teach it nothing new.
const MOST_BYTES: usize = 1500;

const SCHEMA: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
const POD: &str = "io.k8s.api.core.v1.Pod";
const SECRET: &str = "io.k8s.api.core.v1.Secret";
const REVISION: &str = "io.k8s.api.apps.v1.ControllerRevision";

const JSON: [(&str, &str); 9] = [
    (
        POD,
        r#" {"metadata":{"name":"a\u2028\ud83d\ude00\ud800<&>","creationTimestamp":null,"name":"b"},"unknown":[{}],"spec":null} "#,
    ),
    (
        POD,
        r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":1.5,"memory":"1.5Gi","x":"1e3"}},"ports":[null,{"containerPort":-2147483648}]},{}]}}"#,
    ),
    (POD, r#"{"spec":{"containers":{"name":1},"hostNetwork":"true","terminationGracePeriodSeconds":1e2}}"#),
    (
        POD,
        r#"{"metadata":{"deletionTimestamp":"0001-01-01T00:00:00Z","labels":{"a":null,"a":"b","":"c"},"generation":9223372036854775807}}"#,
    ),
    (SECRET, r#"{"data":{"a":"AAEC/w==","b":"","c":null,"d":"YQ\r\n=="},"immutable":false}"#),
    (REVISION, r#"{"data": {"b" : [1.0, 1e300, -0], "a" : "<\u003c>"},"revision":-1}"#),
    (
        SCHEMA,
        r#"{"items":[{"type":"string"},{"not":{}}],"additionalProperties":false,"dependencies":{"a":["b"],"c":{"enum":[null,1,{"x":[]}]}},"default":null,"maximum":0.1,"properties":{"p":{"example":{}}}}"#,
    ),
    (SCHEMA, r#"{"not":{"not":{"not":{"allOf":[{"oneOf":[{"items":{"items":{"items":{}}}}]}]}}}}"#),
];

const YAML: [(&str, &str); 10] = [
    (POD, "metadata:\n  name: a\n  labels: {a: \"1\", b: 'x''y', ? c : d}\n---\n# nothing\n---\nspec:\n- x\n"),
    (POD, "a: &x [1, 0x1F, 0o7, 010, 1_000, .inf, -.5e3, 12:30:45]\nb: *x\n<<: {c: yes, d: ~, e: Off}\nf: !!str 1\n"),
    (POD, "base: &b {a: 1, b: 2}\nuse:\n  <<: [*b, {c: 3}]\n  a: 4\n"),
    (POD, "text: |+\n  line\n   more\n\nfolded: >-\n  one\n  two\n\n  three\nindented: |2\n   x\n...\n"),
    (POD, "- - - a\n  - b\n-\n  - !!binary aGk=\n- ? [k]\n  : v\n- \"\\x41\\u00e9\\U0001F600\\\n  \\ end\"\n"),
    (
        POD,
        "%YAML 1.1\n%TAG ! tag:example.com,2000:\n---\n!x {a: !!int \"3\", 2001-02-03: 2001-12-14t21:59:43.10-05:00}\n",
    ),
    (POD, "{\"json\": [true, null, 1e3]}\n{\"second\": {}}\n"),
    (POD, "\u{feff}a: b\r\nc:\td\rkey with spaces: 'two\n\n  lines'\n\"q\": # comment\n  e\u{85}f: \u{2028}\n"),
    (SECRET, "data: {a: AAEC/w==}\nstringData:\n  n: 1\n  b: true\n  a: x\n  a: y\nnull: z\n"),
    (
        SCHEMA,
        "type: object\nproperties:\n  a: {type: integer, maximum: 1.5, default: 010}\n  y: {items: {enum: [y, n]}}\n",
    ),
];

/// Form or patch, and texts for it.
const TEXTS: [(&str, &[&str]); 12] = [
    (
        "quantity",
        &[
            "1.5Gi",
            "-100m",
            "0.0000000001",
            "1e3",
            "9223372036854775808",
            "+.5Ei",
            "12E",
            "12E-3",
            "1000n",
            "1023Ki",
            "\"1 \"",
            "123456789012345678901234567890.5k",
        ],
    ),
    (
        "time",
        &[
            "2001-02-03T04:05:06Z",
            "0001-01-01T00:00:00Z",
            "2000-02-29T23:59:59.999999999-23:59",
            "\"9999-12-31T23:59:59Z\"",
        ],
    ),
    ("micro_time", &["2001-02-03T04:05:06.000001Z", "\"1969-12-31T23:59:59.500000+02:00\""]),
    ("duration", &["1h15m30.918273645s", "-2562047h47m16.854775808s", "1.5\u{b5}s", ".5ms", "\"0s\""]),
    ("int_or_string", &["-2147483648", "\"50%\"", "null", "80"]),
    (
        "label_selector",
        &[
            "app=web,tier!=db,a==b",
            "a in (x, y,), b notin (), !c, d",
            "n>4,n<6",
            "example.com/in in (notin)",
            r#"{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"In","values":[""]}]}"#,
        ],
    ),
    ("field_selector", &["metadata.name=a,status.phase!=Running", r"a==b\,c\\\=d,", "x="]),
    ("base64", &["AAEC/w==", "YQ\r\n==", "YR==", "====", "aGVsbG8"]),
    ("names", &["example.com/name", "-a", "A_b.c-9", "/x"]),
    (
        "json_patch",
        &[
            "{\"a\":[1,{\"b/~\":2}]}\n[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":{}},{\"op\":\"move\",\"from\":\"/a/1/b~1~0\",\"path\":\"/c\"},{\"op\":\"test\",\"path\":\"/c\",\"value\":2},{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/-1\"},{\"op\":\"remove\",\"path\":\"/a/0\"},{\"op\":\"replace\",\"path\":\"\",\"value\":[]}]",
        ],
    ),
    (
        "merge_patch",
        &["{\"a\":{\"b\":1,\"c\":[1]},\"d\":2}\n{\"a\":{\"b\":null,\"c\":{\"x\":null}},\"d\":{\"e\":[{\"f\":null}]}}"],
    ),
    (
        "strategic_merge_patch",
        &[
            "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x\"},{\"name\":\"b\"}]}}\n{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"b\"},{\"name\":\"c\"}],\"containers\":[{\"name\":\"a\",\"$patch\":\"delete\"},{\"name\":\"c\",\"env\":[{\"name\":\"e\"}]}]}}",
            "{\"metadata\":{\"finalizers\":[\"a\",\"b\"]},\"spec\":{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}],\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{}}}}\n{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"a\"]},\"spec\":{\"volumes\":[{\"name\":\"v\",\"$retainKeys\":[\"name\",\"hostPath\"],\"hostPath\":{\"path\":\"/\"}}],\"strategy\":{\"$retainKeys\":[\"type\"],\"type\":\"Recreate\"}}}",
            "{\"spec\":{\"ports\":[{\"port\":1}],\"selector\":{\"a\":\"b\"}}}\n{\"spec\":{\"ports\":[{\"$patch\":\"replace\"},{\"port\":2}],\"selector\":{\"$patch\":\"replace\",\"c\":null}}}",
        ],
    ),
];

const JSON_TOKENS: [&str; 20] = [
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "\"\"",
    "\":",
    ",\"",
    "[{",
    "}]",
    "-0",
    "1e3",
    "0.1",
    "2147483648",
    "\\u2028",
    "\\ud83d\\ude00",
    "\\ud800",
    "\\\"",
    "\"1.5Gi\"",
    "\"0001-01-01T00:00:00Z\"",
];

const YAML_TOKENS: [&str; 40] = [
    "---\n",
    "...\n",
    "- ",
    "? ",
    ": ",
    ":\n",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!!binary ",
    "!!int ",
    "!!float ",
    "!!null ",
    "!!bool ",
    "!!set ",
    "!!merge ",
    "! ",
    "%YAML 1.1\n",
    "%TAG ! !\n",
    "|\n",
    "|+2\n",
    ">-\n",
    ">\n",
    "'",
    "\"",
    "\\x41",
    "\\u2028",
    "\\\n",
    " #",
    "[",
    "]",
    "{",
    "}",
    "\n  ",
    "\n\n",
    "\t",
    "\r\n",
    "yes",
    "0o7",
];

const SPECIAL_TOKENS: [&str; 30] = [
    "Ki",
    "Ei",
    "E-9",
    "e30",
    "+",
    "Z",
    "T00:00:00",
    "-23:59",
    ".999999999",
    "h",
    "ms",
    "\u{b5}s",
    " in (",
    " notin (",
    "!=",
    "==",
    "\\,",
    "example.com/",
    "{\"op\":\"add\",\"path\":\"/",
    "\"from\":\"/",
    "\"value\":",
    "\"copy\"",
    "\"move\"",
    "\"test\"",
    "\"$patch\":\"replace\"",
    "\"$patch\":\"delete\"",
    "\"$retainKeys\":[",
    "\"$setElementOrder/containers\":[",
    "\"$deleteFromPrimitiveList/finalizers\":[",
    "~1",
];

fn main() -> io::Result<()> {
    for name in RICH {
        let message = filled(name);
        let short = name.rsplit('.').next().unwrap_or(name);
        let text = json::encode(&*message);
        let tree = serde_json::from_slice(&text).expect("our JSON");
        let document = envelope::encode(&*message, "v1", short);
        save("json", short, &[&choice_of(name), &text])?;
        save("protobuf", short, &[&choice_of(name), &proto::encode(&*message)])?;
        save("protobuf", &format!("{short}.envelope"), &[&choice_of(name), &document])?;
        save("yaml", short, &[&choice_of(name), yaml::to_yaml(&tree).as_bytes()])?;
        for seed in 0..4 {
            let mut choices = Choices::from_seed(seed);
            let bytes: Vec<u8> = (0..400).map(|_| choices.byte()).collect();
            save("round_trip", &format!("{short}.{seed}"), &[&choice_of(name), &bytes])?;
        }
    }
    for (index, (name, text)) in JSON.iter().enumerate() {
        save("json", &format!("text.{index}"), &[&choice_of(name), text.as_bytes()])?;
    }
    for (index, (name, text)) in YAML.iter().enumerate() {
        save("yaml", &format!("text.{index}"), &[&choice_of(name), text.as_bytes()])?;
    }
    let kinds = || FORMS.iter().map(|form| form.0).chain(PATCHES.iter().map(|patch| patch.0));
    for (kind, texts) in TEXTS {
        let choice = kinds().position(|name| name == kind).expect("a form or a patch");
        for (index, text) in texts.iter().enumerate() {
            save("special", &format!("{kind}.{index}"), &[&[choice as u8], text.as_bytes()])?;
        }
    }
    dictionaries()
}

/// The first value of the message that is not too large, and has something in it.
fn filled(name: &str) -> Box<dyn Message> {
    let descriptor = RELEASE.message(name).expect("a message of the release");
    let value = |seed| {
        let mut message = descriptor.new_message();
        fill(&mut *message, &mut Choices::from_seed(seed));
        message
    };
    let most = |message: &dyn Message| Some(json::encode(message).len()).filter(|len| *len <= MOST_BYTES);
    let seed = (0..300).max_by_key(|seed| most(&*value(*seed))).expect("some");
    value(seed)
}

fn save(target: &str, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), parts.concat())
}

fn dictionaries() -> io::Result<()> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for descriptor in RICH.iter().filter_map(|name| RELEASE.message(name)) {
        let inner = descriptor.fields.iter().filter_map(|field| field.ty.descriptor());
        for fields in inner.map(|inner| &inner.fields).chain([&descriptor.fields]) {
            names.extend(fields.iter().map(|field| &*field.json).filter(|name| !name.is_empty()));
        }
    }
    let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":")).collect();
    let keys: Vec<String> = names.iter().map(|name| format!("{name}:")).collect();
    let tokens = |tokens: &[&str]| tokens.iter().map(|token| token.to_string()).collect::<Vec<_>>();
    dictionary("json", [tokens(&JSON_TOKENS), members].concat())?;
    dictionary("yaml", [tokens(&YAML_TOKENS), keys].concat())?;
    dictionary("special", tokens(&SPECIAL_TOKENS))
}

/// One quoted token a line, in which bytes that are not printed are escaped.
fn dictionary(name: &str, tokens: Vec<String>) -> io::Result<()> {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", byte as char),
        b' '..=b'~' => (byte as char).to_string(),
        _ => format!("\\x{byte:02X}"),
    };
    let line = |token: &String| format!("\"{}\"\n", token.bytes().map(byte).collect::<String>());
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("dict");
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(format!("{name}.dict")), tokens.iter().map(line).collect::<String>())
}
