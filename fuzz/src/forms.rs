//! Texts with a meaning of their own: amounts, times, selectors, base64. What is read must print as what reads the
//! same.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use kubeforge_machinery::message::Described;
use kubeforge_machinery::selector::{FieldSelector, LabelSelector};
use kubeforge_machinery::types::{ByteString, Duration, IntOrString, MicroTime, Quantity, Time};
use kubeforge_machinery::{json, names, proto};
use serde_json::Value;

use crate::hold;

/// Name, and what must hold for a text.
pub type Form = (&'static str, fn(&str));

/// What a text may be read as. The first byte of an input chooses.
pub const FORMS: [Form; 9] = [
    ("quantity", quantity),
    ("time", time),
    ("micro_time", micro_time),
    ("duration", duration),
    ("int_or_string", int_or_string),
    ("label_selector", label_selector),
    ("field_selector", field_selector),
    ("base64", base64),
    ("names", names),
];

fn quantity(text: &str) {
    special::<Quantity>(text);
    let Some(quantity) = printed::<Quantity>(text) else { return };
    hold::through_json(&quantity);
    hold::through_protobuf(&quantity);
    let _ = (quantity.value(), quantity.milli_value(), quantity.format(), quantity.go_syntax());
    for scale in [i64::MIN, -20, -9, 3, 20, i64::MAX] {
        let _ = quantity.scaled_value(scale);
    }
    let doubled = quantity.plus(&quantity);
    assert_eq!(quantity.cmp_value(&quantity), Ordering::Equal);
    assert!(quantity.minus(&quantity).is_zero(), "{quantity} less itself");
    // Reading caps what sums do not.
    let capped = doubled.value().unsigned_abs() >= i64::MAX as u64;
    assert!(capped || printed::<Quantity>(doubled.as_str()).as_ref() == Some(&doubled), "{doubled} is not canonical");
    assert_eq!(quantity.is_negative(), doubled.is_negative(), "{quantity} and {doubled}");
}

fn time(text: &str) {
    special::<Time>(text);
    if let Some(time) = printed::<Time>(text) {
        hold::through_json(&time);
        hold::through_protobuf(&time);
    }
}

fn micro_time(text: &str) {
    special::<MicroTime>(text);
    if let Some(time) = printed::<MicroTime>(text) {
        hold::through_json(&time);
        hold::through_protobuf(&time);
    }
}

fn duration(text: &str) {
    special::<Duration>(text);
    if let Some(duration) = printed::<Duration>(text) {
        hold::through_json(&duration);
        hold::through_protobuf(&duration);
    }
}

fn int_or_string(text: &str) {
    special::<IntOrString>(text);
    hold::through_json(&IntOrString::from(text));
    hold::through_protobuf(&IntOrString::from(text));
}

fn label_selector(text: &str) {
    let labels = BTreeMap::from([("app", "web"), ("tier", ""), ("n", "5")].map(|(k, v)| (k.into(), v.into())));
    if let Some(selector) = printed::<LabelSelector>(text) {
        let _ = (selector.matches(&labels), selector.matches(&BTreeMap::new()));
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let _ = LabelSelector::from_value(&value).map(|selector| selector.matches(&labels));
    }
}

fn field_selector(text: &str) {
    // Terms are sorted as they are written, so that only what was printed once keeps its order.
    let Ok(first) = text.parse::<FieldSelector>() else { return };
    let selector = printed::<FieldSelector>(&first.to_string()).expect("our own text");
    assert_eq!(selector.terms.len(), first.terms.len());
    assert!(selector.terms.iter().all(|term| !term.equal || selector.exact(&term.field).is_some()));
    let _ = selector.matches(|_| text.into());
}

fn base64(text: &str) {
    if let Ok(bytes) = ByteString::from_base64(text) {
        assert_eq!(ByteString::from_base64(&bytes.to_base64()), Ok(bytes));
    }
}

fn names(text: &str) {
    let _ = (names::label_key_errors(text), names::label_value_errors(text));
}

/// The value, if there is one, which must print as a text of the same value.
fn printed<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    let text = value.to_string();
    let again: T = text.parse().unwrap_or_else(|error| panic!("{value:?} prints as {text}: {error:?}"));
    assert_eq!(again, value, "printed as {text}");
    Some(value)
}

/// A special type, of bytes that are JSON or protobuf.
fn special<M: Described>(text: &str) {
    let mut message = M::default();
    if json::decode(text.as_bytes(), &mut message).is_ok() {
        hold::through_json(&message);
        hold::through_protobuf(&message);
    }
    let mut message = M::default();
    if proto::decode(text.as_bytes(), &mut message).is_ok() {
        hold::through_json(&message);
        hold::through_protobuf(&message);
    }
}
