//! `impl Message`: accessors, and encoders as straight code.
//!
//! Encoders test for absence in place and write through the writers' methods, which stay out of line: that is where
//! the speed is, at a fraction of the compile time of code written out in full.

use crate::model::Message;

use super::code::Code;
use super::member::{self, Form, Member, Target};
use super::names::{Names, Package, table_name};

pub fn message(code: &mut Code, message: &Message, names: &Names<'_>, package: &Package<'_>) {
    let listed = member::listed(message, names);
    let own = member::own(message, names);
    code.blank();
    code.block(format_args!("impl machinery::Message for {}", message.rust), |code| {
        code.block("fn descriptor(&self) -> &machinery::Descriptor", |code| {
            code.line(format_args!("&{}", table_name(message)));
        });
        accessor(code, "fn field(&self, index: usize) -> machinery::FieldRef<'_>", &listed, read);
        accessor(code, "fn field_mut(&mut self, index: usize) -> machinery::FieldMut<'_>", &listed, write);
        members(code, &own, names, package);
        proto(code, &own);
    });
    code.line(format_args!("machinery::message_impls!({});", message.rust));
}

fn accessor(code: &mut Code, head: &str, members: &[Member<'_>], access: fn(&Member<'_>) -> String) {
    code.block(head, |code| {
        if members.is_empty() {
            return code.line("machinery::message::no_field(index)");
        }
        code.block("match index", |code| {
            for (index, member) in members.iter().enumerate() {
                code.line(format_args!("{index} => {},", access(member)));
            }
            code.line("_ => machinery::message::no_field(index),");
        });
    });
}

fn read(member: &Member<'_>) -> String {
    let place = &member.place;
    let value = match (member.form, member.optional()) {
        (Form::Bool | Form::I32 | Form::I64 | Form::F64, _) => place.clone(),
        (Form::Str | Form::Bytes | Form::Bools | Form::I32s | Form::I64s | Form::Strs, _) => {
            return format!("machinery::FieldRef::from(&{place})");
        }
        (Form::Message(_), true) => {
            return format!("machinery::FieldRef::from(&{place} as &dyn machinery::message::MessageSlot)");
        }
        (Form::Message(_), false) if member.boxed() => format!("&*{place}"),
        _ => format!("&{place}"),
    };
    format!("machinery::FieldRef::{}({value})", variant(member))
}

fn write(member: &Member<'_>) -> String {
    let boxed = member.boxed() && !member.optional();
    format!("machinery::FieldMut::{}(&mut {}{})", variant(member), if boxed { "*" } else { "" }, member.place)
}

/// Variant of `FieldRef` and `FieldMut`.
fn variant(member: &Member<'_>) -> String {
    format!("{}{}", if member.optional() { "Opt" } else { "" }, member.form.names().0)
}

fn members(code: &mut Code, own: &[Member<'_>], names: &Names<'_>, package: &Package<'_>) {
    let unused = if own.is_empty() { "_" } else { "" };
    code.block(format_args!("fn encode_members(&self, {unused}w: &mut machinery::json::JsonWriter)"), |code| {
        for member in own {
            json(code, member, names, package);
        }
    });
}

fn json(code: &mut Code, member: &Member<'_>, names: &Names<'_>, package: &Package<'_>) {
    let Member { field, form, place, .. } = member;
    if field.inline {
        return code.line(format_args!("machinery::Message::encode_members(&{place}, w);"));
    }
    if field.json.is_empty() {
        return;
    }
    let key = format!("{:?}", format!(",\"{}\":", field.json));
    let method = form.names().1;
    let left_out = field.omitempty || field.omitzero;
    if member.optional() {
        let some = match form {
            Form::Bytes if left_out => format!("if let Some(x) = {place}.as_ref().filter(|x| !x.0.is_empty())"),
            Form::Bool | Form::I32 | Form::I64 | Form::F64 => format!("if let Some(x) = {place}"),
            _ => format!("if let Some(x) = &{place}"),
        };
        let value = if member.boxed() { "&**x" } else { "x" };
        return either(code, &some, &format!("w.{method}({key}, {value});"), (!left_out).then_some(&*key));
    }
    let (present, value) = match form {
        Form::Bool => (place.clone(), place.clone()),
        Form::I32 | Form::I64 => (format!("{place} != 0"), place.clone()),
        Form::Message(target) => (is_set(member, *target, names, package), borrowed(member)),
        _ => (format!("!{place}.is_empty()"), format!("&{place}")),
    };
    let statement = format!("w.{method}({key}, {value});");
    let condition = format!("if {present}");
    match form {
        // `omitempty` has no effect on structs by value.
        Form::Message(_) if field.omitzero => either(code, &condition, &statement, None),
        Form::Message(_) => code.line(statement),
        _ if left_out => either(code, &condition, &statement, None),
        // Go prints a nil slice or map, and ours do not know nil from empty.
        _ if form.is_collection() => either(code, &condition, &statement, Some(&key)),
        _ => code.line(statement),
    }
}

fn either(code: &mut Code, condition: &str, statement: &str, null: Option<&str>) {
    code.open(format_args!("{condition} {{"));
    code.line(statement);
    if let Some(key) = null {
        code.reopen("} else {");
        code.line(format_args!("w.null({key});"));
    }
    code.close("}");
}

fn is_set(member: &Member<'_>, target: Target<'_>, names: &Names<'_>, package: &Package<'_>) -> String {
    let ty = target.rust(names, package);
    format!("{} != {ty}::default()", member.place)
}

fn borrowed(member: &Member<'_>) -> String {
    format!("&{}{}", if member.boxed() { "*" } else { "" }, member.place)
}

fn proto(code: &mut Code, own: &[Member<'_>]) {
    let mut tagged: Vec<(u32, &Member<'_>)> = own.iter().filter_map(|m| Some((m.field.tag?, m))).collect();
    tagged.sort_by_key(|(tag, _)| std::cmp::Reverse(*tag));
    let unused = if tagged.is_empty() { "_" } else { "" };
    code.block(format_args!("fn encode_proto(&self, {unused}w: &mut machinery::proto::ProtoWriter)"), |code| {
        for (tag, member) in tagged {
            let (method, place) = (member.form.names().1, &member.place);
            let copied = matches!(member.form, Form::Bool | Form::I32 | Form::I64 | Form::F64);
            if !member.optional() {
                let value = if copied { place.clone() } else { borrowed(member) };
                code.line(format_args!("w.{method}({tag}, {value});"));
                continue;
            }
            let value = match member.form {
                Form::Bytes => "&x.0",
                _ if member.boxed() => "&**x",
                _ => "x",
            };
            code.block(format_args!("if let Some(x) = {}{place}", if copied { "" } else { "&" }), |code| {
                code.line(format_args!("w.{method}({tag}, {value});"));
            });
        }
    });
}
