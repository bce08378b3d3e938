//! The three patch formats, with upstream's peculiarities and error texts.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use kubeforge_machinery::descriptor::{Descriptor, DescriptorRef, Field, Flags, Merge, Topology, Type};
use kubeforge_machinery::patch::{JsonPatch, PatchError, merge_patch, strategic_merge_patch};
use kubeforge_machinery::status::Status;
use kubeforge_machinery::types::RawExtension;
use proptest::prelude::*;
use serde_json::{Value, json};

fn json_patched(mut document: Value, patch: Value) -> Result<Value, PatchError> {
    JsonPatch::new(patch)?.apply(&mut document)?;
    Ok(document)
}

#[test]
fn json_patch_operations() {
    for (document, patch, expected) in [
        (json!({"a": 1}), json!([]), json!({"a": 1})),
        (json!({"a": 1}), json!([{"op": "add", "path": "/b", "value": 2}]), json!({"a": 1, "b": 2})),
        (json!({"a": [1, 3]}), json!([{"op": "add", "path": "/a/1", "value": 2}]), json!({"a": [1, 2, 3]})),
        (json!({"a": [1]}), json!([{"op": "add", "path": "/a/-", "value": 2}]), json!({"a": [1, 2]})),
        (json!({"a": [1]}), json!([{"op": "add", "path": "/a/-1", "value": 2}]), json!({"a": [1, 2]})),
        (json!({"a": 1, "b": 2}), json!([{"op": "remove", "path": "/a"}]), json!({"b": 2})),
        (json!({"a": [1, 2]}), json!([{"op": "remove", "path": "/a/-1"}]), json!({"a": [1]})),
        (
            json!({"x/y": {"~": 1}}),
            json!([{"op": "replace", "path": "/x~1y/~0", "value": 2}]),
            json!({"x/y": {"~": 2}}),
        ),
        (json!({"a": {}}), json!([{"op": "move", "from": "/a", "path": "/b"}]), json!({"b": {}})),
        (json!({"a": [1]}), json!([{"op": "copy", "from": "/a", "path": "/b"}]), json!({"a": [1], "b": [1]})),
        (json!({"a": 1}), json!([{"op": "test", "path": "/a", "value": 1}]), json!({"a": 1})),
        (json!({"a": 1}), json!([{"op": "test", "path": "/b", "value": null}]), json!({"a": 1})),
        (json!({"a": 1}), json!([{"op": "replace", "path": "", "value": {"b": 1}}]), json!({"b": 1})),
        // Peculiar to upstream's library.
        (json!({"a": {}}), json!([{"op": "replace", "path": "/a/b", "value": 1}]), json!({"a": {"b": 1}})),
        (json!({}), json!([{"op": "add", "path": "data/a", "value": 1}]), json!({"a": 1})),
        (json!({}), json!([{"op": "add", "path": "/a"}]), json!({"a": null})),
    ] {
        assert_eq!(json_patched(document.clone(), patch.clone()), Ok(expected), "{document} {patch}");
    }
}

#[test]
fn json_patches_that_do_not_apply() {
    for patch in [
        json!([{"op": "explode", "path": "/a"}]),
        json!([{"path": "/a"}]),
        json!([null]),
        json!([{"op": "add", "value": 1}]),
        json!([{"op": "add", "path": "a", "value": 1}]),
        json!([{"op": "add", "path": "/x/y", "value": 1}]),
        json!([{"op": "add", "path": "/l/5", "value": 1}]),
        json!([{"op": "add", "path": "/l/x", "value": 1}]),
        json!([{"op": "remove", "path": "/x"}]),
        json!([{"op": "remove", "path": "/l/1"}]),
        json!([{"op": "remove", "path": "/l/-2"}]),
        json!([{"op": "replace", "path": "/l/1", "value": 1}]),
        json!([{"op": "replace", "path": "", "value": 1}]),
        json!([{"op": "move", "from": "/x", "path": "/y"}]),
        json!([{"op": "copy", "from": "/x/y", "path": "/y"}]),
        json!([{"op": "test", "path": "/s", "value": "b"}]),
        json!([{"op": "add", "path": "/s/x", "value": 1}]),
    ] {
        let result = json_patched(json!({"l": [1], "s": "a"}), patch.clone());
        assert!(matches!(result, Err(PatchError::Unprocessable(_))), "{patch}: {result:?}");
    }
    let error = json_patched(json!({}), json!({})).unwrap_err();
    let text = "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp";
    assert_eq!(error, PatchError::BadRequest(text.to_owned()));
    let many = Value::Array(vec![json!({"op": "test", "path": "/x"}); 10_001]);
    assert!(matches!(JsonPatch::new(many), Err(PatchError::TooLarge(_))));
    let mut doubling = vec![json!({"op": "add", "path": "/a", "value": {"x": "0123456789"}})];
    doubling.extend((0..40).map(|i| json!({"op": "copy", "from": "/a", "path": format!("/a/b{i}")})));
    assert!(json_patched(json!({}), Value::Array(doubling)).is_err());
}

#[test]
fn merge_patches() {
    for (document, patch, expected) in [
        (json!({"a": {"b": 1, "c": 2}}), json!({"a": {"b": null}}), json!({"a": {"c": 2}})),
        (json!({"a": 1}), json!({"a": {"b": null, "c": {"d": null}}}), json!({"a": {"c": {}}})),
        (json!({"a": [1]}), json!({"a": [{"x": null, "y": [null]}]}), json!({"a": [{"y": [null]}]})),
        (json!({"a": {"x": 1}}), json!({"a": [{"x": null}]}), json!({"a": [{"x": null}]})),
        (json!({"a": 1}), json!({"x": null}), json!({"a": 1})),
        (json!({"a": null}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
    ] {
        let mut patched = document.clone();
        merge_patch(&mut patched, patch.clone()).unwrap();
        assert_eq!(patched, expected, "{document} {patch}");
    }
    let refused = |patch| merge_patch(&mut json!({}), patch).unwrap_err();
    assert_eq!(refused(Value::Null), PatchError::BadRequest("Invalid JSON Patch".to_owned()));
    let text = "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}";
    assert_eq!(refused(json!([])), PatchError::BadRequest(text.to_owned()));
}

/// `{data: map, containers: by name, items: replaced, finalizers: set, keyless: without key, raw, main: struct}`
static OBJECT: LazyLock<Arc<Descriptor>> = LazyLock::new(|| {
    let by_name = || Merge::new(Topology::Map, &[Cow::Borrowed("name")], "name", true, false);
    let texts = || ["name", "image"].map(|name| field(name, Type::Str, Merge::NONE));
    let env = Descriptor::shared("test.Env", texts().into());
    let mut fields = Vec::from(texts());
    fields.push(field("env", Type::List(DescriptorRef::Shared(env)), by_name()));
    let container = DescriptorRef::Shared(Descriptor::shared("test.Container", fields));
    let containers = || Type::List(container.clone());
    let raw = Type::Message(DescriptorRef::of::<RawExtension>());
    Descriptor::shared(
        "test.Object",
        vec![
            field("data", Type::StrMap, Merge::NONE),
            field("containers", containers(), by_name()),
            field("items", containers(), Merge::NONE),
            field("finalizers", Type::Strs, Merge::new(Topology::Set, &[], "", true, false)),
            field("keyless", containers(), Merge::new(Topology::Default, &[], "", true, false)),
            field("raw", raw, Merge::NONE),
            field("main", Type::Message(container.clone()), Merge::NONE),
        ],
    )
});

fn field(name: &str, ty: Type, merge: Merge) -> Field {
    Field::dynamic(name, 0, ty, Flags::default(), merge)
}

fn patched(mut object: Value, patch: Value) -> Result<Value, PatchError> {
    strategic_merge_patch(&mut object, patch, &OBJECT)?;
    Ok(object)
}

/// Containers with just a name.
fn named(names: &str) -> Value {
    names.chars().map(|name| json!({"name": name.to_string()})).collect()
}

#[test]
fn strategic_merges() {
    let ab = json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]});
    for (object, patch, expected) in [
        (
            ab.clone(),
            json!({"containers": [{"name": "b", "image": "3"}]}),
            json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "3"}]}),
        ),
        (
            ab.clone(),
            json!({"containers": [{"name": "b", "image": null, "env": [{"name": "x"}]}, {"name": "c"}]}),
            json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "env": [{"name": "x"}]}, {"name": "c"}]}),
        ),
        (
            ab.clone(),
            json!({"containers": [{"name": "a", "$patch": "delete"}]}),
            json!({"containers": [{"name": "b", "image": "2"}]}),
        ),
        (
            ab.clone(),
            json!({"containers": [{"$patch": "replace"}, {"name": "z"}]}),
            json!({"containers": [{"name": "z"}]}),
        ),
        (ab.clone(), json!({"$patch": "delete"}), json!({})),
        (ab.clone(), json!({"$patch": "replace", "data": {"x": "y"}}), json!({"data": {"x": "y"}})),
        (ab.clone(), json!({"$retainKeys": ["data"], "data": {"x": "y"}}), json!({"data": {"x": "y"}})),
        (json!({"items": named("ab")}), json!({"items": named("c")}), json!({"items": named("c")})),
        (
            json!({"data": {"a": "1", "b": "2"}}),
            json!({"data": {"a": null, "c": "3"}}),
            json!({"data": {"b": "2", "c": "3"}}),
        ),
        (json!({"finalizers": ["a", "b"]}), json!({"finalizers": ["b", "c"]}), json!({"finalizers": ["a", "b", "c"]})),
        (
            json!({"finalizers": ["a", "b"]}),
            json!({"$deleteFromPrimitiveList/finalizers": ["a", "x"]}),
            json!({"finalizers": ["b"]}),
        ),
        (json!({}), json!({"$deleteFromPrimitiveList/finalizers": ["a"]}), json!({})),
        (
            json!({}),
            json!({"containers": [{"name": "a", "$patch": "delete"}, {"name": "b", "image": null}]}),
            json!({"containers": [{"name": "b"}]}),
        ),
        (json!({}), json!({"main": {"$patch": "delete"}}), json!({})),
        (
            json!({"main": {"name": "a"}}),
            json!({"main": {"$patch": "replace", "image": "x"}}),
            json!({"main": {"image": "x"}}),
        ),
        (json!({"raw": {"a": 1}}), json!({"raw": null}), json!({})),
        (json!({"finalizers": ["a"]}), json!({"finalizers": []}), json!({"finalizers": ["a"]})),
    ] {
        assert_eq!(patched(object.clone(), patch.clone()), Ok(expected), "{object} {patch}");
    }
}

#[test]
fn strategic_order() {
    let reordered = |live: &str, patch: &str, order: &str| {
        let patch = json!({"containers": named(patch), "$setElementOrder/containers": named(order)});
        let merged = patched(json!({"containers": named(live)}), patch).unwrap();
        merged["containers"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect::<String>()
    };
    assert_eq!(reordered("abc", "", "cba"), "cba");
    assert_eq!(reordered("abc", "x", "xa"), "xabc");
    assert_eq!(reordered("abc", "x", "ax"), "axbc");
    assert_eq!(reordered("sab", "", "ba"), "sba");
    assert_eq!(reordered("asb", "", "ab"), "asb");
    let only_order = json!({"$setElementOrder/containers": named("ba")});
    assert_eq!(patched(json!({"containers": named("ab")}), only_order.clone()), Ok(json!({"containers": named("ba")})));
    assert_eq!(patched(json!({}), only_order), Ok(json!({})));
    let scalars = json!({"$setElementOrder/finalizers": ["c", "a"], "finalizers": ["c"]});
    assert_eq!(patched(json!({"finalizers": ["a", "b"]}), scalars), Ok(json!({"finalizers": ["c", "a", "b"]})));
}

#[test]
fn strategic_errors() {
    let internal = |text: &str| PatchError::Internal(text.to_owned());
    let bad = |text: &str| PatchError::BadRequest(text.to_owned());
    let ab = json!({"containers": named("ab"), "keyless": named("a"), "finalizers": ["a"], "raw": {"a": 1}});
    for (patch, error) in [
        (
            json!({"containers": [{"image": "y"}]}),
            internal("map: map[image:y] does not contain declared merge key: name"),
        ),
        (
            json!({"containers": [{"$patch": "delete"}]}),
            internal("map: map[$patch:delete] does not contain declared merge key: name"),
        ),
        (json!({"$patch": "explode"}), internal("unknown patch type: explode in map: map[$patch:explode]")),
        (
            json!({"containers": [{"name": "b", "image": "b"}], "$setElementOrder/containers": [{"name": "zz"}]}),
            internal(
                "The order in patch list:\n[map[image:b name:b]]\n doesn't match $setElementOrder list:\n[map[name:zz]]\n",
            ),
        ),
        (json!({"containers": [{"$patch": "merge"}]}), internal("merging lists cannot yet be specified in the patch")),
        (
            json!({"containers": ["x"]}),
            internal("list element types are not identical: [[map[name:a] map[name:b]] [x]]"),
        ),
        (json!({"finalizers": [["x"]]}), internal("list element types are not identical: [[a] [[x]]]")),
        (json!({"keyless": [{"name": "x"}]}), internal("cannot merge lists without merge key for struct")),
        (
            json!({"raw": {"a": {}}}),
            internal("unable to find api field in struct RawExtension for the json field \"a\""),
        ),
        (json!({"$retainKeys": 1}), bad("invalid patch format of retainKeys")),
        (json!({"$retainKeys": ["a"], "data": {"b": "c"}}), bad("invalid patch format of retainKeys")),
        (json!({"$setElementOrder": []}), bad("invalid patch format of setElementOrder list")),
        (json!({"$deleteFromPrimitiveListX/finalizers": []}), bad("invalid patch format of primitive list")),
        (
            json!({"$setElementOrder/containers": {}}),
            internal("expected a []interface {}, but received a map[string]interface {}"),
        ),
        (json!([]), bad("json: cannot unmarshal array into Go value of type map[string]interface {}")),
    ] {
        // An object inside an object, so that the raw value meets one.
        let mut object = ab.clone();
        object["raw"] = json!({"a": {}});
        assert_eq!(patched(object, patch.clone()), Err(error), "{patch}");
    }
    let status = Status::from(PatchError::Unprocessable("x".to_owned()));
    assert_eq!(
        status.to_json(),
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server rejected our request due to an error in our request","reason":"Invalid","details":{},"code":422}"#
    );
}

/// Each round hangs the document built so far below a new chain of containers.
fn ever_deeper(rounds: usize) -> Value {
    const LEVELS: usize = 50;
    let chain = (0..LEVELS).fold(json!({}), |inner, _| json!({ "x": inner }));
    let bottom = format!("/next{}/doc", "/x".repeat(LEVELS));
    let round = || {
        [
            json!({ "op": "add", "path": "/next", "value": chain }),
            json!({ "op": "move", "from": "/doc", "path": bottom }),
            json!({ "op": "move", "from": "/next", "path": "/doc" }),
        ]
    };
    (0..rounds).flat_map(|_| round()).collect()
}

#[test]
fn json_patches_cannot_nest_without_end() {
    let document = || json!({ "doc": {} });
    assert!(json_patched(document(), ever_deeper(9)).is_ok());
    let refused = json_patched(document(), ever_deeper(3000)).unwrap_err();
    assert!(matches!(&refused, PatchError::Unprocessable(why) if why.contains("deeper than 500")), "{refused}");
    let list = json!({ "a": vec![0; 10_000] });
    let to_and_fro: Value = [("/a", "/b"), ("/b", "/a")]
        .iter()
        .cycle()
        .take(2000)
        .map(|(from, path)| json!({ "op": "move", "from": from, "path": path }))
        .collect();
    let refused = json_patched(list, to_and_fro).unwrap_err();
    assert!(matches!(&refused, PatchError::Unprocessable(why) if why.contains("values")), "{refused}");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), "[a-c]".prop_map(Value::from)];
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-d]", value(), 0..4).prop_map(|m| Value::Object(m.into_iter().collect()))
}

fn null_in_list(value: &Value, in_list: bool) -> bool {
    match value {
        Value::Null => in_list,
        Value::Array(items) => items.iter().any(|item| null_in_list(item, true)),
        Value::Object(members) => members.values().any(|member| null_in_list(member, in_list)),
        _ => false,
    }
}

fn containers() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-f]", "[x-z]", 0..5).prop_map(|containers| {
        containers.into_iter().map(|(name, image)| json!({"name": name, "image": image})).collect()
    })
}

proptest! {
    #[test]
    fn empty_patches_change_nothing(object in object(), containers in containers()) {
        let mut merged = object.clone();
        merge_patch(&mut merged, json!({})).unwrap();
        prop_assert_eq!(&merged, &object);
        prop_assert_eq!(json_patched(object.clone(), json!([])).unwrap(), object);
        let live = json!({"containers": containers});
        prop_assert_eq!(patched(live.clone(), json!({})).unwrap(), live);
    }

    #[test]
    fn merging_twice_is_merging_once(object in object(), patch in object()) {
        // Upstream drops nulls inside a list unless it takes an object's place: not the same twice.
        prop_assume!(!null_in_list(&patch, false));
        let mut once = object;
        merge_patch(&mut once, patch.clone()).unwrap();
        let mut twice = once.clone();
        merge_patch(&mut twice, patch).unwrap();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn strategic_merging_twice_is_merging_once(live in containers(), patch in containers()) {
        let patch = json!({"containers": patch});
        let once = patched(json!({"containers": live}), patch.clone()).unwrap();
        prop_assert_eq!(patched(once.clone(), patch).unwrap(), once);
    }

    #[test]
    fn all_of_live_and_patch_are_there(live in containers(), patch in containers()) {
        let names = |list: &Value| list.as_array().into_iter().flatten().map(|c| c["name"].to_string()).collect::<std::collections::BTreeSet<_>>();
        let wanted: std::collections::BTreeSet<_> = names(&live).union(&names(&patch)).cloned().collect();
        let merged = patched(json!({"containers": live}), json!({"containers": patch})).unwrap();
        prop_assert_eq!(names(&merged["containers"]), wanted);
    }

    #[test]
    fn any_patch_is_answered(mut object in object(), patch in value(), op in "(add|remove|replace|move|copy|test)", path in "(/[a-d0-2-]){0,3}", from in "(/[a-d0-2-]){0,3}") {
        let _ = json_patched(object.clone(), json!([{"op": op, "path": path, "from": from, "value": patch}]));
        let _ = strategic_merge_patch(&mut object, patch.clone(), &OBJECT);
        let _ = merge_patch(&mut object, patch);
    }
}
