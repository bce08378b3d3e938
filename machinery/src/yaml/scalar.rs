//! What a plain scalar stands for.
//!
//! These are the rules of YAML 1.1 with Go's number syntax: `yes` and `on` are booleans, `010` is eight, but base 60
//! is text.

use serde_json::{Number, Value};

/// A plain scalar's meaning.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(Number),
    Float(f64),
    /// Text to readers, but writers quote it.
    Timestamp,
    /// `<<`, the key that merges another mapping.
    Merge,
    Text,
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        "<<" => return Scalar::Merge,
        _ => {}
    }
    match text.as_bytes()[0] {
        b'.' => float(text).map_or(Scalar::Text, Scalar::Float),
        b'+' | b'-' | b'0'..=b'9' => number(text),
        _ => Scalar::Text,
    }
}

fn number(text: &str) -> Scalar {
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let plain = text.replace('_', "");
    match integer(&plain) {
        Some(number) => Scalar::Int(number),
        None => float(&plain).map_or(Scalar::Text, Scalar::Float),
    }
}

/// An integer with the prefixes of Go's base 0: `0x`, `0o`, `0b`, and `0` for octal.
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.starts_with(|c: char| c.is_digit(base)) {
        return None;
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    if negative { 0i64.checked_sub_unsigned(size).map(Number::from) } else { Some(Number::from(size)) }
}

/// A decimal float; none if it is too large for one.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if mantissa.len() == usize::from(mantissa.contains('.'))
        || !all_digits(whole)
        || !all_digits(fraction)
        || exponent.is_empty()
        || !all_digits(exponent)
    {
        return None;
    }
    text.parse().ok().filter(|f: &f64| f.is_finite())
}

/// Whether Go's YAML takes the text for a date or a date with a time.
fn is_timestamp(text: &str) -> bool {
    let mut rest = text;
    let mut number = |max: usize, before: &str| {
        let digits = rest.strip_prefix(before)?;
        let len = digits.bytes().take(max).take_while(u8::is_ascii_digit).count();
        let (number, after) = digits.split_at(len);
        rest = after;
        number.parse::<u32>().ok()
    };
    let (Some(year), Some(month), Some(day)) = (number(4, ""), number(2, "-"), number(2, "-")) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let in_month = month >= 1 && days.get(month as usize - 1).is_some_and(|days| (1..=*days).contains(&day));
    if !in_month || text.len() < 5 || text.as_bytes()[4] != b'-' {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let zoned = rest.starts_with(['T', 't']);
    let time = rest[1..].splitn(3, ':').collect::<Vec<_>>();
    let ([hour, minute, second], true) = (&time[..], zoned || rest.starts_with(' ')) else { return false };
    let in_range = |text: &str, limit: u32| {
        (1..=2).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_digit())
            && text.parse().is_ok_and(|n: u32| n < limit)
    };
    let seconds = second.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (second, mut tail) = second.split_at(seconds);
    if let Some(fraction) = tail.strip_prefix(['.', ',']) {
        let trimmed = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if trimmed.len() == fraction.len() {
            return false;
        }
        tail = trimmed;
    }
    in_range(hour, 24)
        && in_range(minute, 60)
        && in_range(second, 60)
        && if zoned { is_zone(tail) } else { tail.is_empty() }
}

fn is_zone(text: &str) -> bool {
    matches!(text.as_bytes(), [b'Z'])
        || matches!(text.as_bytes(), [b'+' | b'-', a, b, b':', c, d] if [a, b, c, d].iter().all(|x| x.is_ascii_digit()))
}

/// Base 60, which readers here take for text but others do not.
pub(super) fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let digits_or_bars = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let sixtieth = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    whole.contains(':')
        && first.starts_with(|c: char| c.is_ascii_digit())
        && digits_or_bars(first)
        && parts.all(sixtieth)
        && digits_or_bars(fraction)
}

/// A float as JSON's data model has it: whole numbers lose their point, as Go's JSON prints them.
pub(super) fn float_value(float: f64) -> Value {
    const EXACT: f64 = 9_223_372_036_854_775_808.0;
    if float.fract() == 0.0 && (-EXACT..EXACT).contains(&float) {
        return Value::from(float as i64);
    }
    Value::from(float)
}
