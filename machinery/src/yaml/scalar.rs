//! What a scalar stands for.
//!
//! These are the rules of YAML 1.1 with Go's number syntax: `yes` and `on` are booleans, `010` is eight, but base 60
//! is text.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::error::YamlError;
use crate::types::{ByteString, go, lossy};

/// A scalar's meaning.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(Number),
    Float(f64),
    /// Text to readers, but writers quote it.
    Timestamp,
    Text,
}

/// Tags that say how to read a text.
const TAGS: [&str; 6] = ["str", "bool", "int", "float", "null", "timestamp"];

/// A scalar's text and meaning. A tag must fit what the text looks like; tags that say nothing here make it text.
pub(super) fn resolve_tagged<'t>(
    text: &'t str,
    tag: Option<&str>,
    plain: bool,
) -> Result<(Cow<'t, str>, Scalar), YamlError> {
    let Some(tag) = tag else {
        return Ok((Cow::Borrowed(text), if plain { resolve(text) } else { Scalar::Text }));
    };
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some("binary") => match ByteString::from_base64(text) {
            Ok(bytes) => Ok((lossy(&bytes.0).into_owned().into(), Scalar::Text)),
            Err(_) => Err(YamlError::new(0, "!!binary value contains invalid base64 data")),
        },
        Some(wanted) if wanted != "str" && TAGS.contains(&wanted) => {
            let found = resolve_as(text, wanted == "timestamp");
            match (wanted, found) {
                ("float", Scalar::Int(number)) if number.is_i64() => {
                    Ok((Cow::Borrowed(text), Scalar::Float(number.as_f64().unwrap_or_default())))
                }
                (wanted, found) if wanted == name(&found) => Ok((Cow::Borrowed(text), found)),
                (wanted, found) => {
                    let found = name(&found);
                    Err(YamlError::new(0, &format!("cannot decode !!{found} `{text}` as a !!{wanted}")))
                }
            }
        }
        _ => Ok((Cow::Borrowed(text), Scalar::Text)),
    }
}

fn name(scalar: &Scalar) -> &'static str {
    match scalar {
        Scalar::Null => "null",
        Scalar::Bool(_) => "bool",
        Scalar::Int(_) => "int",
        Scalar::Float(_) => "float",
        Scalar::Timestamp => "timestamp",
        Scalar::Text => "str",
    }
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> Scalar {
    resolve_as(text, true)
}

fn resolve_as(text: &str, timestamps: bool) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.as_bytes()[0] {
        b'.' => point_float(text).map_or(Scalar::Text, Scalar::Float),
        b'+' | b'-' | b'0'..=b'9' if timestamps && is_timestamp(text) => Scalar::Timestamp,
        b'+' | b'-' | b'0'..=b'9' => number(text),
        _ => Scalar::Text,
    }
}

fn number(text: &str) -> Scalar {
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    match integer(&plain) {
        Some(number) => Scalar::Int(number),
        None => float(&plain).map_or(Scalar::Text, Scalar::Float),
    }
}

/// An integer with the prefixes of Go's base 0: `0x`, `0o`, `0b`, and `0` for octal.
fn integer(text: &str) -> Option<Number> {
    let (sign, digits) = match text.as_bytes() {
        [sign @ (b'-' | b'+'), ..] => (Some(*sign), &text[1..]),
        _ => (None, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.starts_with(|c: char| c.is_digit(base)) {
        // Upstream's other way to read base 2 takes the sign behind the prefix.
        let signed = text.strip_prefix("0b").filter(|digits| digits.starts_with(['-', '+']))?;
        return i64::from_str_radix(signed, 2).ok().map(Number::from);
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    match sign {
        Some(b'-') => 0i64.checked_sub_unsigned(size).map(Number::from),
        Some(_) => i64::try_from(size).ok().map(Number::from),
        None => Some(Number::from(size)),
    }
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

/// A float that begins with its point. Underscores stand between digits only.
fn point_float(text: &str) -> Option<f64> {
    let between = |i: usize| {
        let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
        digit(text.as_bytes().get(i - 1)) && digit(text.as_bytes().get(i + 1))
    };
    text.match_indices('_').all(|(i, _)| between(i)).then(|| float(&text.replace('_', "")))?
}

/// Whether Go's YAML takes the text for a date or a date with a time.
fn is_timestamp(text: &str) -> bool {
    let Some((year, rest)) = text.split_at_checked(4) else { return false };
    if !year.bytes().all(|b| b.is_ascii_digit()) || !rest.starts_with('-') {
        return false;
    }
    date_and_rest(year, &rest[1..]).is_some_and(|rest| {
        rest.is_empty()
            || rest.strip_prefix(['T', 't']).and_then(time_and_rest).is_some_and(is_zone)
            || rest.strip_prefix(' ').and_then(|time| time_and_rest(time.trim_start_matches(' '))) == Some("")
    })
}

fn date_and_rest<'t>(year: &str, text: &'t str) -> Option<&'t str> {
    let year: u32 = year.parse().ok()?;
    let (month, rest) = short_number(text)?;
    let (day, rest) = short_number(rest.strip_prefix('-')?)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let last = *days.get(month.checked_sub(1)? as usize)?;
    (1..=last).contains(&day).then_some(rest)
}

fn time_and_rest(text: &str) -> Option<&str> {
    let (hour, rest) = short_number(text)?;
    let (minute, rest) = short_number(rest.strip_prefix(':')?)?;
    let (second, rest) = short_number(rest.strip_prefix(':')?)?;
    let fraction = rest.strip_prefix(['.', ',']).map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    // Without a digit behind it the point is no fraction's.
    let rest = fraction.filter(|behind| behind.len() + 1 < rest.len()).unwrap_or(rest);
    (hour < 24 && minute < 60 && second < 60).then_some(rest)
}

/// A number of one or two digits.
fn short_number(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(len);
    Some((number.parse().ok()?, rest))
}

fn is_zone(text: &str) -> bool {
    let pair = |a: u8, b: u8| (a.is_ascii_digit() && b.is_ascii_digit()).then(|| (a - b'0') * 10 + (b - b'0'));
    match *text.as_bytes() {
        [b'Z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            pair(h1, h2).is_some_and(|hours| hours <= 24) && pair(m1, m2).is_some_and(|minutes| minutes <= 60)
        }
        _ => false,
    }
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

/// A float as a key, which upstream prints with the precision of 32 bits.
pub(super) fn float_key(float: f64) -> String {
    let short = format!("{}", float as f32);
    match short.as_str() {
        "inf" => ".inf".to_owned(),
        "-inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        _ => short.parse().map_or_else(|_| short.clone(), go::float_g),
    }
}
