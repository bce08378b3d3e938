//! Strategic merge patch: a merge patch that knows how lists of the type merge.
//!
//! The type's descriptor says which lists merge and by which key. Directives in the patch say the rest: `$patch`
//! (`replace`, `delete`), `$retainKeys`, `$deleteFromPrimitiveList/FIELD` and `$setElementOrder/FIELD`.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::PatchError;
use crate::descriptor::{Descriptor, Field, Merge, Shape, Type};
use crate::types::go;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList";
const SET_ELEMENT_ORDER: &str = "$setElementOrder";

type Members = Map<String, Value>;

type Result<T> = std::result::Result<T, PatchError>;

/// Applies a strategic merge patch to an object of the described type. On failure the object is left half patched.
pub fn strategic_merge_patch(object: &mut Value, patch: Value, descriptor: &Descriptor) -> Result<()> {
    let Value::Object(patch) = patch else {
        return Err(PatchError::BadRequest(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            super::merge::json_kind(&patch)
        )));
    };
    let Value::Object(members) = object else {
        return Err(PatchError::BadRequest("invalid JSON document".to_owned()));
    };
    *members = merge_map(std::mem::take(members), patch, Schema::Struct(descriptor))?;
    Ok(())
}

/// What is known of the values at a place.
#[derive(Clone, Copy)]
enum Schema<'d> {
    Struct(&'d Descriptor),
    /// A map, a scalar, or what the name says in Go.
    Other(&'static str),
}

impl<'d> Schema<'d> {
    fn of(ty: &'d Type) -> Schema<'d> {
        match ty {
            Type::Message(descriptor) => Schema::Struct(descriptor),
            Type::StrMap | Type::BytesMap | Type::Map(_) => Schema::Other("map"),
            Type::Bools | Type::I32s | Type::I64s | Type::Strs | Type::List(_) | Type::Bytes => Schema::Other("slice"),
            Type::Bool => Schema::Other("bool"),
            Type::I32 => Schema::Other("int32"),
            Type::I64 => Schema::Other("int64"),
            Type::F64 => Schema::Other("float64"),
            Type::Str => Schema::Other("string"),
        }
    }

    fn field(self, name: &str) -> Result<&'d Field> {
        let descriptor = match self {
            Schema::Struct(descriptor) => descriptor,
            Schema::Other(kind) => {
                return Err(PatchError::Internal(format!(
                    "merging an object in json but data type is not struct, instead is: {kind}"
                )));
            }
        };
        descriptor.json_field(name, 0).map(|index| &descriptor.fields[index]).ok_or_else(|| {
            let struct_name = descriptor.go_name();
            PatchError::Internal(format!(
                "unable to find api field in struct {struct_name} for the json field {name:?}"
            ))
        })
    }

    /// The field with this name, and what its elements are.
    fn list(self, name: &str) -> Result<(Schema<'d>, &'d Merge)> {
        let field = self.field(name)?;
        let element = match &field.ty {
            Type::List(descriptor) => Schema::Struct(descriptor),
            Type::Bools | Type::I32s | Type::I64s | Type::Strs | Type::Bytes => Schema::Other("scalar"),
            // A type with a form of its own may print as a list, but upstream sees a struct.
            Type::Message(descriptor) if descriptor.shape == Shape::Special => Schema::Other("struct"),
            _ => return Err(PatchError::Internal("expected slice or array type, but got: struct".to_owned())),
        };
        Ok((element, &field.merge))
    }

    fn name(self) -> &'static str {
        match self {
            Schema::Struct(_) => "struct",
            Schema::Other(kind) => kind,
        }
    }
}

fn merge_map(mut original: Members, mut patch: Members, schema: Schema<'_>) -> Result<Members> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Members::new()),
            _ => {
                let text = go::value(&directive);
                patch.insert(DIRECTIVE.to_owned(), directive);
                Err(bad_directive(&text, &Value::Object(patch)))
            }
        };
    }
    if let Some(kept) = patch.remove(RETAIN_KEYS) {
        retain_keys(&mut original, &patch, &kept)?;
    }
    merge_ordered_lists(&mut original, &mut patch, schema)?;
    for (key, change) in patch {
        merge_member(&mut original, key, change, schema)?;
    }
    Ok(original)
}

fn merge_member(original: &mut Members, key: String, change: Value, schema: Schema<'_>) -> Result<()> {
    let (key, deletes) = match key.starts_with(DELETE_FROM_PRIMITIVE_LIST) {
        true => (directive_field(&key, DELETE_FROM_PRIMITIVE_LIST)?.to_owned(), true),
        false => (key, false),
    };
    if change.is_null() {
        original.remove(&key);
        return Ok(());
    }
    match (original.get_mut(&key), change) {
        (Some(Value::Object(old)), Value::Object(change)) => {
            let field = schema.field(&key)?;
            *old = merge_map(std::mem::take(old), change, Schema::of(&field.ty))?;
        }
        (Some(Value::Array(old)), Value::Array(change)) => {
            let (element, merge) = schema.list(&key)?;
            *old = if deletes {
                delete_from(std::mem::take(old), &change)?
            } else if merge.patch_merge {
                merge_list(std::mem::take(old), change, element, &merge.patch_key)?
            } else {
                change
            };
        }
        (_, _) if deletes => {}
        (_, change) => match without_directives(without_nulls(change)) {
            Some(value) => drop(original.insert(key, value)),
            None => drop(original.remove(&key)),
        },
    }
    Ok(())
}

/// `$retainKeys`: members that it does not name go. Everything that the patch sets must be named.
fn retain_keys(original: &mut Members, patch: &Members, kept: &Value) -> Result<()> {
    let bad_format = || PatchError::BadRequest("invalid patch format of retainKeys".to_owned());
    let kept = kept.as_array().ok_or_else(bad_format)?;
    let kept: HashSet<&str> = kept.iter().filter_map(Value::as_str).collect();
    let is_kept = |key: &str| kept.contains(key);
    let is_directive = |key: &str| key.starts_with(DELETE_FROM_PRIMITIVE_LIST) || key.starts_with(SET_ELEMENT_ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !is_directive(key) && !is_kept(key)) {
        return Err(bad_format());
    }
    original.retain(|key, _| is_kept(key));
    Ok(())
}

/// Merges the lists that have a `$setElementOrder` and takes both out of the patch.
fn merge_ordered_lists(original: &mut Members, patch: &mut Members, schema: Schema<'_>) -> Result<()> {
    let directives: Vec<String> = patch.keys().filter(|key| key.starts_with(SET_ELEMENT_ORDER)).cloned().collect();
    for directive in directives {
        let order = as_list(patch.remove(&directive).unwrap_or_default())?;
        let name = directive_field(&directive, SET_ELEMENT_ORDER)?;
        let live = original.get(name).cloned().map(as_list).transpose()?;
        let change = patch.get(name).cloned().map(as_list).transpose()?;
        let (element, merge) = schema.list(name)?;
        let key = &*merge.patch_key;
        check_order(change.as_deref().unwrap_or_default(), &order, key)?;
        let merged = match (live.clone(), change) {
            (None, None) => continue,
            (Some(live), None) => live,
            (None, Some(change)) => change.into_iter().filter_map(without_directives).collect(),
            (Some(live), Some(change)) if merge.patch_merge => merge_list(live, change, element, key)?,
            (Some(_), Some(change)) => change,
        };
        let ordered = in_order(merged, &order, live.as_deref().unwrap_or_default(), key)?;
        original.insert(name.to_owned(), Value::Array(ordered));
        patch.remove(name);
    }
    Ok(())
}

/// The items of a patch's list must stand in the order that the directive gives.
fn check_order(change: &[Value], order: &[Value], key: &str) -> Result<()> {
    if order.is_empty() {
        return Ok(());
    }
    let mut wanted = order.iter();
    for item in change {
        if !key.is_empty() && members_of(item)?.contains_key(DIRECTIVE) {
            continue;
        }
        let identity = identity(item, key)?;
        let mut found = false;
        for candidate in wanted.by_ref() {
            if self::identity(candidate, key)? == identity {
                found = true;
                break;
            }
        }
        if !found {
            return Err(PatchError::Internal(format!(
                "The order in patch list:\n{}\n doesn't match {SET_ELEMENT_ORDER} list:\n{}\n",
                go::value(&Value::Array(change.to_vec())),
                go::value(&Value::Array(order.to_vec())),
            )));
        }
    }
    Ok(())
}

/// Merges a list into one with merge semantics: objects by `key`, scalars as a set.
fn merge_list(original: Vec<Value>, patch: Vec<Value>, element: Schema<'_>, key: &str) -> Result<Vec<Value>> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    if !are_objects(&original, &patch)? {
        let order = patch.clone();
        let live = original.clone();
        return in_order(without_duplicates(original.into_iter().chain(patch).collect()), &order, &live, "");
    }
    if key.is_empty() {
        let name = element.name();
        return Err(PatchError::Internal(format!("cannot merge lists without merge key for {name}")));
    }
    let (live, changes) = apply_item_directives(original, patch, key)?;
    let mut merged = live.clone();
    let mut places = HashMap::new();
    for (at, item) in merged.iter().enumerate() {
        if let Some(identity) = item.get(key) {
            places.entry(identity.to_string()).or_insert(at);
        }
    }
    for change in &changes {
        match places.entry(identity(change, key)?.to_string()) {
            Entry::Occupied(place) => {
                let slot = &mut merged[*place.get()];
                let (Value::Object(old), Value::Object(change)) = (slot.take(), change.clone()) else { continue };
                *slot = Value::Object(merge_map(old, change, element)?);
            }
            Entry::Vacant(place) => {
                place.insert(merged.len());
                merged.push(change.clone());
            }
        }
    }
    in_order(merged, &changes, &live, key)
}

/// Carries out `$patch` in a list's items: deletes what they name, or replaces all. Returns what is left of the
/// original and of the patch.
fn apply_item_directives(mut original: Vec<Value>, patch: Vec<Value>, key: &str) -> Result<(Vec<Value>, Vec<Value>)> {
    let mut changes = Vec::new();
    let mut gone = HashSet::new();
    let mut replace = false;
    for item in patch {
        let Some(directive) = members_of(&item)?.get(DIRECTIVE) else {
            changes.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                gone.insert(identity(&item, key)?.to_string());
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return Err(PatchError::Internal("merging lists cannot yet be specified in the patch".to_owned()));
            }
            _ => return Err(bad_directive(&go::value(directive), &item)),
        }
    }
    original.retain(|item| item.get(key).is_none_or(|identity| !gone.contains(&identity.to_string())));
    Ok(if replace { (changes, Vec::new()) } else { (original, changes) })
}

/// Sorts what the patch names by the patch and the rest as it was, and puts the rest in between where it was before
/// the item that follows.
fn in_order(merged: Vec<Value>, order: &[Value], live: &[Value], key: &str) -> Result<Vec<Value>> {
    let order = Ranks::new(order, key)?;
    let live = Ranks::new(live, key)?;
    let (mut named, mut rest) = (Vec::new(), Vec::new());
    for item in merged {
        let rank = order.of(&item, key)?;
        if rank.is_some() { named.push((rank, item)) } else { rest.push((live.of(&item, key)?, item)) }
    }
    named.sort_by_key(|(rank, _)| *rank);
    rest.sort_by_key(|(rank, _)| rank.unwrap_or(usize::MAX));
    let mut ordered = Vec::with_capacity(named.len() + rest.len());
    let mut rest = rest.into_iter().peekable();
    for (_, item) in named {
        let before = live.of(&item, key)?;
        while let Some((_, other)) = rest.next_if(|(rank, _)| matches!((rank, before), (Some(r), Some(b)) if *r < b)) {
            ordered.push(other);
        }
        ordered.push(item);
    }
    ordered.extend(rest.map(|(_, item)| item));
    Ok(ordered)
}

/// First places of items in a list, by identity.
struct Ranks(HashMap<String, usize>);

impl Ranks {
    fn new(list: &[Value], key: &str) -> Result<Ranks> {
        let mut ranks = HashMap::with_capacity(list.len());
        for (rank, item) in list.iter().enumerate() {
            ranks.entry(identity(item, key)?.to_string()).or_insert(rank);
        }
        Ok(Ranks(ranks))
    }

    fn of(&self, item: &Value, key: &str) -> Result<Option<usize>> {
        Ok(self.0.get(&identity(item, key)?.to_string()).copied())
    }
}

/// What tells an item from others: the value of its merge key, or a scalar itself.
fn identity<'v>(item: &'v Value, key: &str) -> Result<&'v Value> {
    if key.is_empty() {
        return Ok(item);
    }
    members_of(item)?.get(key).ok_or_else(|| {
        PatchError::Internal(format!("map: {} does not contain declared merge key: {key}", go::value(item)))
    })
}

fn delete_from(mut original: Vec<Value>, gone: &[Value]) -> Result<Vec<Value>> {
    if !original.is_empty() || !gone.is_empty() {
        are_objects(&original, gone)?;
    }
    let gone: HashSet<String> = gone.iter().map(Value::to_string).collect();
    original.retain(|item| !gone.contains(&item.to_string()));
    Ok(original)
}

/// Whether two lists hold objects; both must hold values of one type, and no lists.
fn are_objects(a: &[Value], b: &[Value]) -> Result<bool> {
    let mut kinds = a.iter().chain(b).map(go::type_name);
    let first = kinds.next().unwrap_or("string");
    if first == "[]interface {}" {
        return Err(PatchError::Unprocessable("lists of lists are not supported".to_owned()));
    }
    if kinds.any(|kind| kind != first) {
        let lists = [a, b].map(|list| go::value(&Value::Array(list.to_vec())));
        return Err(PatchError::Internal(format!("list element types are not identical: [{}]", lists.join(" "))));
    }
    Ok(first == "map[string]interface {}")
}

fn without_duplicates(list: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    list.into_iter().filter(|item| seen.insert(item.to_string())).collect()
}

/// Drops members that are null, at any depth, but no elements of lists.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// Drops objects that carry a `$patch`: there is nothing that they could act on.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(members) if members.contains_key(DIRECTIVE) => None,
        Value::Object(members) => {
            Some(members.into_iter().filter_map(|(k, v)| without_directives(v).map(|v| (k, v))).collect())
        }
        Value::Array(items) => Some(items.into_iter().filter_map(without_directives).collect()),
        other => Some(other),
    }
}

/// The field that a directive such as `$setElementOrder/containers` is about.
fn directive_field<'k>(key: &'k str, prefix: &str) -> Result<&'k str> {
    let what = if prefix == SET_ELEMENT_ORDER { "setElementOrder" } else { "primitive" };
    key.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('/'))
        .ok_or_else(|| PatchError::BadRequest(format!("invalid patch format of {what} list")))
}

fn members_of(item: &Value) -> Result<&Members> {
    item.as_object().ok_or_else(|| wrong_type("map[string]interface {}", item))
}

fn as_list(value: Value) -> Result<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(wrong_type("[]interface {}", &other)),
    }
}

fn wrong_type(wanted: &str, found: &Value) -> PatchError {
    PatchError::Internal(format!("expected a {wanted}, but received a {}", go::type_name(found)))
}

fn bad_directive(directive: &str, item: &Value) -> PatchError {
    PatchError::Internal(format!("unknown patch type: {directive} in map: {}", go::value(item)))
}
