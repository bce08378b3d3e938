//! Structs and string constants.

use std::collections::BTreeMap;

use heck::ToShoutySnakeCase;

use crate::model::{Enum, Message};

use super::code::Code;
use super::member::{self, special_type};
use super::names::{Names, Package, enum_module, last};

/// The struct of a message, or the name of the type that stands for it.
pub fn message(code: &mut Code, message: &Message, names: &Names<'_>, package: &Package<'_>) {
    code.blank();
    code.docs(&message.description);
    if let Some(special) = message.special {
        return code.line(format_args!("pub type {} = machinery::types::{};", message.rust, special_type(special)));
    }
    code.line("#[derive(Clone, Default)]");
    let members = member::own(message, names);
    if members.is_empty() {
        return code.line(format_args!("pub struct {} {{}}", message.rust));
    }
    code.block(format_args!("pub struct {}", message.rust), |code| {
        for member in &members {
            code.docs(&member.field.description);
            code.line(format_args!("pub {}: {},", member.field.rust, member.rust(names, package)));
        }
    });
}

/// A module with the values of a string type.
pub fn constants(code: &mut Code, constants: &Enum) {
    let name = last(&constants.name);
    code.blank();
    code.docs(&format!("Values of `{name}`."));
    code.block(format_args!("pub mod {}", enum_module(&constants.name)), |code| {
        for (constant, value) in named(name, &constants.values) {
            code.line(format_args!("pub const {constant}: &str = {value:?};"));
        }
    });
}

/// Go's names without the words that they share with the type's, such as `ALWAYS` for `PullAlways` of `PullPolicy`:
/// a name depends on nothing but itself, so that it stays when a release adds others. Names that this would make
/// equal or no identifiers stay whole.
fn named<'a>(type_name: &str, values: &'a [(String, String)]) -> Vec<(String, &'a str)> {
    let short: Vec<String> = values.iter().map(|(name, _)| shortened(type_name, name)).collect();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &short {
        *uses.entry(name).or_default() += 1;
    }
    let pick = |(short, (name, value)): (&String, &'a (String, String))| {
        let unique = uses[short.as_str()] == 1;
        (if unique { short.clone() } else { name.to_shouty_snake_case() }, value.as_str())
    };
    short.iter().zip(values).map(pick).collect()
}

fn shortened(type_name: &str, name: &str) -> String {
    let (whole, prefix) = (name.to_shouty_snake_case(), type_name.to_shouty_snake_case());
    let words: Vec<&str> = whole.split('_').collect();
    let shared = words.iter().zip(prefix.split('_')).take_while(|(a, b)| **a == *b).count();
    let rest = words[shared..].join("_");
    if rest.starts_with(|c: char| c.is_ascii_alphabetic()) { rest } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_lose_the_words_of_their_type() {
        assert_eq!(shortened("PullPolicy", "PullIfNotPresent"), "IF_NOT_PRESENT");
        assert_eq!(shortened("RestartPolicy", "RestartPolicyAlways"), "ALWAYS");
        assert_eq!(shortened("Protocol", "ProtocolTCP"), "TCP");
        assert_eq!(shortened("ServiceType", "ServiceType"), "SERVICE_TYPE");
        assert_eq!(shortened("HTTP", "HTTP2"), "HTTP2");
    }

    #[test]
    fn constants_that_would_be_equal_keep_their_names() {
        let values = [("APod".into(), "x".into()), ("Pod".into(), "y".into()), ("A".into(), "z".into())];
        let names: Vec<String> = named("A", &values).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["A_POD", "POD", "A"]);
    }
}
