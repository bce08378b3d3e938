//! The static tables that describe messages, and where their fields are.

use crate::model::{Field, Merge, Message};

use super::code::Code;
use super::member::{self, Member};
use super::names::{Names, Package, merge, merge_name, table_name};

/// Marks a tag without field; `machinery::descriptor::NO_FIELD`.
const NO_FIELD: usize = u16::MAX as usize;

/// What makes the struct a message: its descriptor and the places of its fields.
pub fn message(code: &mut Code, message: &Message, names: &Names<'_>, package: &Package<'_>) {
    let members = member::listed(message, names);
    code.open("machinery::message! {");
    code.line(format_args!("{}, {}, {:?}, &{:?};", message.rust, table_name(message), message.name, tags(&members)));
    for member in &members {
        code.line(format_args!("{};", field(member, names, package)));
    }
    code.close("}");
}

/// The module with the merge semantics that the tables share.
pub fn merges(names: &Names<'_>) -> String {
    let mut code = Code::file(&names.release.name);
    code.blank();
    code.line("use std::borrow::Cow;");
    code.blank();
    code.line("use kubeforge_machinery::descriptor::{Merge, Topology};");
    for (name, merge) in &names.merges {
        code.blank();
        if *merge == Merge::default() {
            code.line(format_args!("pub(crate) static {name}: Merge = Merge::NONE;"));
            continue;
        }
        let keys: Vec<String> = merge.list_keys.iter().map(|key| format!("Cow::Borrowed({key:?})")).collect();
        let strategy = |name: &str| merge.patch_strategy.iter().any(|s| s == name);
        code.open(format_args!("pub(crate) static {name}: Merge = Merge::new("));
        code.line(format_args!("Topology::{},", topology(merge)));
        code.line(format_args!("&[{}],", keys.join(", ")));
        code.line(format_args!("{:?},", merge.patch_key));
        code.line(format_args!("{},", strategy("merge")));
        code.line(format_args!("{},", strategy("retainKeys")));
        code.close(");");
    }
    code.finish()
}

fn topology(merge: &Merge) -> &'static str {
    match (merge.list_type.as_str(), merge.map_type.as_str()) {
        ("atomic", _) | (_, "atomic") => "Atomic",
        ("set", _) => "Set",
        ("map", _) => "Map",
        _ => "Default",
    }
}

fn field(member: &Member<'_>, names: &Names<'_>, package: &Package<'_>) -> String {
    let Field { json, tag, go_type, .. } = member.field;
    let tag = if member.borrowed { 0 } else { tag.unwrap_or(0) };
    let merge = merge_name(&merge(member.field, names.release));
    let ty = member.rust(names, package);
    let place = member.place.trim_start_matches("self.");
    format!("{json:?}, {tag}, {}, {go_type:?}, crate::merge::{merge}, {place}: {ty}", flags(member))
}

/// The bits of `machinery::descriptor::Flags`.
fn flags(member: &Member<'_>) -> u8 {
    let Field { omitempty, omitzero, required, .. } = *member.field;
    let bits = [member.optional(), omitempty, omitzero, required];
    bits.iter().enumerate().map(|(bit, set)| u8::from(*set) << bit).sum()
}

/// Index of the field with each tag, up to the highest.
fn tags(members: &[Member<'_>]) -> Vec<usize> {
    let own = || members.iter().enumerate().filter(|(_, m)| !m.borrowed);
    let tagged = || own().filter_map(|(index, m)| Some((index, m.field.tag? as usize)));
    let Some(highest) = tagged().map(|(_, tag)| tag).max() else { return Vec::new() };
    let mut tags = vec![NO_FIELD; highest + 1];
    for (index, tag) in tagged() {
        tags[tag] = index;
    }
    tags
}
