//! Absence against zero, for every field of every message of every release, in both formats and both ways. What is
//! expected comes from the Go declarations (see `kubeforge_tests::go`), not from what was generated from them.

use std::fs;
use std::path::Path;

use kubeforge_machinery::message::FieldMut;
use kubeforge_machinery::release::Release;
use kubeforge_machinery::types::{ByteString, SmallStr};
use kubeforge_machinery::{Descriptor, Message, json, proto};
use kubeforge_tests::go::{self, Elem, Field, Go, Kind, Set};

#[test]
fn v1_20() {
    check(&kubeforge_v1_20::RELEASE);
}

#[test]
fn v1_28() {
    check(&kubeforge_v1_28::RELEASE);
}

#[test]
fn v1_32() {
    check(&kubeforge_v1_32::RELEASE);
}

#[test]
fn v1_34() {
    check(&kubeforge_v1_34::RELEASE);
}

#[test]
fn v1_36() {
    check(&kubeforge_v1_36::RELEASE);
}

fn check(release: &Release) {
    let go = Go::read(release.name);
    let mut failures = Vec::new();
    let (mut messages, mut values) = (0, 0);
    for descriptor in release.messages {
        let check = Check { go: &go, descriptor };
        match go.fields(&descriptor.name) {
            None => failures.push(format!("{}: Go declares no such struct", descriptor.name)),
            Some(_) => values += check.all(&mut failures),
        }
        messages += 1;
    }
    println!("{}: {values} values of {messages} messages", release.name);
    let first = failures.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(failures.is_empty(), "{} of {values}:\n{first}", failures.len());
    assert!(values > 4 * messages, "only {values} values");
}

struct Check<'g> {
    go: &'g Go,
    descriptor: &'static Descriptor,
}

impl Check<'_> {
    /// The empty message, and each of its fields set alone. Returns how many values that were.
    fn all(&self, failures: &mut Vec<String>) -> usize {
        let mut values = 1;
        failures.extend(self.value(None).err());
        failures.extend(self.same_fields().err());
        for field in self.go.flat(&self.descriptor.name) {
            for set in sets(field) {
                failures.extend(self.value(Some(set)).err());
                values += 1;
            }
        }
        values
    }

    fn value(&self, set: Option<Set<'_>>) -> Result<(), String> {
        let name = &*self.descriptor.name;
        let at = match set {
            None => format!("{name}, empty"),
            Some(Set { field, zero }) => format!("{name}.{}{}", field.json, if zero { ", zero" } else { "" }),
        };
        let mut message = self.descriptor.new_message();
        if let Some(set) = set {
            self.put(&mut *message, set).map_err(|problem| format!("{at}: {problem}"))?;
        }
        self.json(&*message, set).map_err(|problem| format!("{at}: {problem}"))?;
        self.proto(&*message, set).map_err(|problem| format!("{at}: {problem}"))
    }

    fn json(&self, message: &dyn Message, set: Option<Set<'_>>) -> Result<(), String> {
        let expected = self.go.json(&self.descriptor.name, set);
        let written = String::from_utf8(json::encode(message)).map_err(|e| e.to_string())?;
        if written != expected {
            return Err(format!("JSON\n   wrote: {written}\nexpected: {expected}"));
        }
        let mut read = self.descriptor.new_message();
        let reports = json::decode_with(expected.as_bytes(), &mut *read, json::Strictness::Report);
        let reports = reports.map_err(|e| format!("{e}: {expected}"))?;
        // A pointer to what prints as null cannot come back.
        let null = set.is_some_and(|set| expected.contains(&format!("\"{}\":null", set.field.json)));
        match reports.is_empty() && (read.equals(message) || null) {
            true => Ok(()),
            false => Err(format!("JSON reads otherwise: {expected}\n{read:?}\n{reports:?}")),
        }
    }

    fn proto(&self, message: &dyn Message, set: Option<Set<'_>>) -> Result<(), String> {
        let expected = self.go.proto(&self.descriptor.name, set);
        let written = proto::encode(message);
        if written != expected {
            return Err(format!("protobuf\n   wrote: {written:02x?}\nexpected: {expected:02x?}"));
        }
        let mut read = self.descriptor.new_message();
        proto::decode(&expected, &mut *read).map_err(|e| format!("{e}: {expected:02x?}"))?;
        let again = proto::encode(&*read);
        if again != expected {
            return Err(format!("protobuf reads otherwise: {expected:02x?}\n{read:?}"));
        }
        match set.and_then(packed) {
            None => Ok(()),
            Some(packed) => self.read_packed(&expected, &packed),
        }
    }

    /// Go writes repeated numbers one by one, and reads them packed as well.
    fn read_packed(&self, expected: &[u8], packed: &[u8]) -> Result<(), String> {
        let mut read = self.descriptor.new_message();
        proto::decode(packed, &mut *read).map_err(|e| format!("packed: {e}"))?;
        match proto::encode(&*read) == expected {
            true => Ok(()),
            false => Err(format!("packed: {read:?}")),
        }
    }

    /// Names in Go's order, and tags; also of the fields that an empty message does not show.
    fn same_fields(&self) -> Result<(), String> {
        let name = &*self.descriptor.name;
        let ours: Vec<_> = self.descriptor.fields.iter().map(|f| &*f.json).filter(|json| !json.is_empty()).collect();
        let theirs: Vec<_> = self.go.flat(name).into_iter().map(|field| &*field.json).collect();
        if ours != theirs {
            return Err(format!("{name}: JSON names\n   found: {ours:?}\nexpected: {theirs:?}"));
        }
        let mut ours: Vec<_> = self.descriptor.fields.iter().map(|f| f.tag).filter(|tag| *tag != 0).collect();
        let mut theirs: Vec<_> = self.go.fields(name).unwrap_or_default().iter().filter_map(|f| f.tag).collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        if ours != theirs {
            return Err(format!("{name}: tags\n   found: {ours:?}\nexpected: {theirs:?}"));
        }
        Ok(())
    }

    /// Sets the field that has the Go field's JSON name, whatever the descriptor says of it.
    fn put(&self, message: &mut dyn Message, set: Set<'_>) -> Result<(), String> {
        let index = self.descriptor.json_field(&set.field.json, 0).ok_or("no such field")?;
        let one = |value: &str| SmallStr::from(value);
        match (message.field_mut(index), set.field.kind, &set.field.elem) {
            (FieldMut::Bool(v), Kind::Value, Elem::Bool) => *v = !set.zero,
            (FieldMut::I32(v), Kind::Value, Elem::Int32) => *v = if set.zero { 0 } else { -1 },
            (FieldMut::I64(v), Kind::Value, Elem::Int64) => *v = if set.zero { 0 } else { -2 },
            (FieldMut::Str(v), Kind::Value, Elem::String) => *v = one(if set.zero { "" } else { "<x" }),
            (FieldMut::OptBool(v), Kind::Pointer, Elem::Bool) => *v = Some(!set.zero),
            (FieldMut::OptI32(v), Kind::Pointer, Elem::Int32) => *v = Some(if set.zero { 0 } else { -1 }),
            (FieldMut::OptI64(v), Kind::Pointer, Elem::Int64) => *v = Some(if set.zero { 0 } else { -2 }),
            (FieldMut::OptF64(v), Kind::Pointer, Elem::Float64) => *v = Some(if set.zero { 0.0 } else { -1.5 }),
            (FieldMut::OptStr(v), Kind::Pointer, Elem::String) => *v = Some(one(if set.zero { "" } else { "<x" })),
            (FieldMut::OptBytes(v), Kind::Bytes, Elem::Bytes) => *v = Some(ByteString(vec![0xff])),
            (FieldMut::OptMessage(v), Kind::Pointer, Elem::Struct(_)) => drop(v.get_or_insert()),
            (FieldMut::OptMessage(v), Kind::Wrapper, Elem::String) => {
                json::decode(br#"["<x",""]"#, v.get_or_insert()).map_err(|e| e.to_string())?;
            }
            (FieldMut::Bools(v), Kind::Slice, Elem::Bool) => *v = vec![true, false],
            (FieldMut::I32s(v), Kind::Slice, Elem::Int32) => *v = vec![-1, 0],
            (FieldMut::I64s(v), Kind::Slice, Elem::Int64) => *v = vec![-2, 0],
            (FieldMut::Strs(v), Kind::Slice, Elem::String) => *v = vec![one("<x"), one("")],
            (FieldMut::List(v), Kind::Slice, Elem::Struct(_) | Elem::Any) => {
                v.push();
                v.push();
            }
            // The greater key first: both formats sort them.
            (FieldMut::StrMap(v), Kind::Map, Elem::String) => v.extend([(one("b"), one("")), (one("a"), one("<x"))]),
            (FieldMut::BytesMap(v), Kind::Map, Elem::Bytes) => {
                v.extend([(one("b"), ByteString::default()), (one("a"), ByteString(vec![0xff]))]);
            }
            (FieldMut::Map(v), Kind::Map, Elem::Struct(_)) => {
                v.entry(one("b"));
                v.entry(one("a"));
            }
            (FieldMut::Map(v), Kind::Map, Elem::Strings) => {
                for key in ["b", "a"] {
                    json::decode(br#"["<x"]"#, v.entry(one(key))).map_err(|e| e.to_string())?;
                }
            }
            (_, kind, elem) => return Err(format!("the accessor hands out something else than {kind:?} of {elem:?}")),
        }
        Ok(())
    }
}

/// What a field may be set to: pointers also to zero. A struct by value is never absent.
fn sets(field: &Field) -> Vec<Set<'_>> {
    let set = |zero| Set { field, zero };
    match (field.kind, &field.elem) {
        (Kind::Value, Elem::Struct(_)) => vec![],
        (Kind::Pointer, Elem::Struct(_)) => vec![set(true)],
        (Kind::Pointer, _) => vec![set(false), set(true)],
        _ => vec![set(false)],
    }
}

/// The set field's numbers in the packed form, behind which everything else is absent.
fn packed(set: Set<'_>) -> Option<Vec<u8>> {
    let numbers = match (set.field.kind, &set.field.elem) {
        (Kind::Slice, Elem::Bool) => [1, 0],
        (Kind::Slice, Elem::Int32) => [-1, 0],
        (Kind::Slice, Elem::Int64) => [-2, 0],
        _ => return None,
    };
    let values = numbers.into_iter().flat_map(|number: i64| go::varint(number as u64)).collect::<Vec<_>>();
    Some(go::bytes(set.field.tag?, &values))
}

/// The tags of Go's struct tags are those of the .proto files, which other clients are made from.
#[test]
fn tags_are_those_of_the_proto_files() {
    for release in ["v1.20", "v1.28", "v1.32", "v1.34", "v1.36"] {
        let go = Go::read(release);
        let mut messages = 0;
        for (name, mut tags) in proto_tags(&Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs")).join(release)) {
            // A helper of Go's flag parsing, with a codec by hand.
            let by_hand = go::is_by_hand(&name) || name.ends_with(".QuantityValue");
            let Some(fields) = go.fields(&name).filter(|_| !by_hand) else { continue };
            let mut ours: Vec<_> = fields.iter().filter_map(|field| field.tag).collect();
            ours.sort_unstable();
            tags.sort_unstable();
            assert_eq!(ours, tags, "{release}: {name}");
            messages += 1;
        }
        assert!(messages > 750, "{release}: only {messages} messages");
    }
}

/// OpenAPI name and tags of each message of the release's .proto files.
fn proto_tags(specs: &Path) -> Vec<(String, Vec<u32>)> {
    let mut messages = Vec::new();
    let mut open = vec![specs.join("proto")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).expect("specs").map(|entry| entry.expect("specs").path()));
            continue;
        }
        let text = fs::read_to_string(&path).expect("a .proto file");
        let package = text.lines().find_map(|line| line.strip_prefix("package ")).expect("a package");
        let package = package.trim_end_matches(';').replacen("k8s.io.", "io.k8s.", 1);
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            if let Some(name) = line.strip_prefix("message ") {
                messages.push((format!("{package}.{}", name.trim_end_matches(" {")), Vec::new()));
            } else if let (Some((_, tag)), Some((_, tags))) = (line.rsplit_once(" = "), messages.last_mut()) {
                tags.extend(tag.trim_end_matches(';').parse::<u32>());
            }
        }
    }
    messages
}

#[test]
fn zero_replicas_are_not_the_default() {
    use kubeforge_v1_36::api::apps::v1::DeploymentSpec;
    let absent = DeploymentSpec::default();
    let none = DeploymentSpec { replicas: Some(0), ..DeploymentSpec::default() };
    let shown = |spec| String::from_utf8(json::encode(spec)).unwrap();
    assert!(shown(&none).starts_with(r#"{"replicas":0,"selector":null,"template":{"#), "{}", shown(&none));
    assert!(shown(&absent).starts_with(r#"{"selector":null,"template":{"#), "{}", shown(&absent));
    assert!(proto::encode(&none).starts_with(b"\x08\x00"));
    assert!(!proto::encode(&absent).starts_with(b"\x08"));
}

#[test]
fn an_empty_storage_class_is_not_the_default_one() {
    use kubeforge_v1_28::api::core::v1::PersistentVolumeClaimSpec as Spec;
    let none = Spec { storage_class_name: Some(Default::default()), ..Spec::default() };
    assert_eq!(json::encode(&none), br#"{"resources":{},"storageClassName":""}"#);
    assert_eq!(json::encode(&Spec::default()), br#"{"resources":{}}"#);
    assert_eq!(proto::encode(&none), b"\x12\x00\x1a\x00\x2a\x00");
    assert_eq!(proto::encode(&Spec::default()), b"\x12\x00\x1a\x00");
}

#[test]
fn the_time_of_creation_is_null_until_v1_33() {
    let meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    let shown = |release: &Release| {
        let message = release.message(meta).expect("the type").new_message();
        // Tag 8 is written in all releases.
        assert!(proto::encode(&*message).windows(2).any(|bytes| bytes == b"\x42\x00"), "{}", release.name);
        String::from_utf8(json::encode(&*message)).unwrap()
    };
    for release in [&kubeforge_v1_20::RELEASE, &kubeforge_v1_28::RELEASE, &kubeforge_v1_32::RELEASE] {
        assert_eq!(shown(release), r#"{"creationTimestamp":null}"#, "{}", release.name);
    }
    for release in [&kubeforge_v1_34::RELEASE, &kubeforge_v1_36::RELEASE] {
        assert_eq!(shown(release), "{}", "{}", release.name);
    }
}
