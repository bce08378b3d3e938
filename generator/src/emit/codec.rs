//! Encoders as straight code.
//!
//! They test for absence in place and write through the writers' methods, which stay out of line: that is where the
//! speed is, at a fraction of the compile time of code written out in full.

use crate::model::Message;

use super::code::Code;
use super::member::{self, Form, Member, Target};
use super::names::{Names, Package};

pub fn message(code: &mut Code, message: &Message, names: &Names<'_>, package: &Package<'_>) {
    let own = member::own(message, names);
    code.blank();
    code.block(format_args!("impl machinery::message::Encode for {}", message.rust), |code| {
        members(code, &own, names, package);
        proto(code, &own);
    });
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
        return code.line(format_args!("machinery::message::Encode::encode_members(&{place}, w);"));
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
        Form::Message(target) => (is_set(member, *target, names, package), format!("&{place}")),
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

fn proto(code: &mut Code, own: &[Member<'_>]) {
    let mut tagged: Vec<(u32, &Member<'_>)> = own.iter().filter_map(|m| Some((m.field.tag?, m))).collect();
    tagged.sort_by_key(|(tag, _)| std::cmp::Reverse(*tag));
    let unused = if tagged.is_empty() { "_" } else { "" };
    code.block(format_args!("fn encode_proto(&self, {unused}w: &mut machinery::proto::ProtoWriter)"), |code| {
        for (tag, member) in tagged {
            let (method, place) = (member.form.names().1, &member.place);
            let copied = matches!(member.form, Form::Bool | Form::I32 | Form::I64 | Form::F64);
            if !member.optional() {
                let value = format!("{}{place}", if copied { "" } else { "&" });
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
