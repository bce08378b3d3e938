//! Amounts of resources, such as `500m` or `2Gi` (upstream's `resource.Quantity`).
//!
//! A quantity *is* its canonical text; numbers are worked out when somebody asks. Digits are kept as digits, so no
//! amount is too large or too fine to be read exactly before it is rounded.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{Form, special_type};
use crate::json::{JsonError, JsonReader, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// An amount in the form in which upstream prints it. Equality is that of the text: `1024` is not `1Ki`, see
/// [`Quantity::cmp_value`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quantity {
    /// Empty for zero, so that the default needs no memory.
    text: Box<str>,
}

/// Family of suffixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `Ki`, `Mi`, `Gi`…
    BinarySi,
    /// `n`, `u`, `m`, none, `k`, `M`, `G`…
    DecimalSi,
    /// `e3`, `E6`…
    DecimalExponent,
}

impl Format {
    fn go_name(self) -> &'static str {
        match self {
            Format::BinarySi => "BinarySI",
            Format::DecimalSi => "DecimalSI",
            Format::DecimalExponent => "DecimalExponent",
        }
    }
}

/// Why a text is no quantity, in upstream's words.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum QuantityError {
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// Decimal suffixes and their powers of ten.
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

/// Binary suffixes, in powers of 1024.
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// Finest power of ten that is kept.
const NANO: i64 = -9;

/// Most digits of what upstream keeps in 64 bits.
const MAX_DIGITS: usize = 18;

impl Quantity {
    /// A whole amount.
    pub fn new(value: i64, format: Format) -> Quantity {
        Quantity::from_number(Number::from_i128(value.into(), 0), format)
    }

    /// A number of thousandths.
    pub fn from_millis(millis: i64, format: Format) -> Quantity {
        Quantity::from_number(Number::from_i128(millis.into(), -3), format)
    }

    /// Canonical text.
    pub fn as_str(&self) -> &str {
        if self.text.is_empty() { "0" } else { &self.text }
    }

    pub fn is_zero(&self) -> bool {
        self.text.is_empty()
    }

    pub fn is_negative(&self) -> bool {
        self.text.starts_with('-')
    }

    /// The family that the text's suffix belongs to; small binary amounts have turned decimal.
    pub fn format(&self) -> Format {
        self.parts().1
    }

    /// The amount in units, rounded away from zero; the nearest that fits if it is too large.
    pub fn value(&self) -> i64 {
        self.scaled_value(0)
    }

    /// As [`Quantity::value`], in thousandths.
    pub fn milli_value(&self) -> i64 {
        self.scaled_value(-3)
    }

    /// As [`Quantity::value`], in units of `10^scale`.
    pub fn scaled_value(&self, scale: i64) -> i64 {
        self.parts().0.scaled(scale).clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// Compares amounts, whatever their suffixes.
    pub fn cmp_value(&self, other: &Quantity) -> Ordering {
        self.parts().0.cmp(&other.parts().0)
    }

    /// The sum in this quantity's family of suffixes, or in the other's if this is zero. Amounts beyond 10^28 are cut
    /// off.
    pub fn plus(&self, other: &Quantity) -> Quantity {
        self.combine(other, i128::saturating_add)
    }

    /// The difference, as [`Quantity::plus`].
    pub fn minus(&self, other: &Quantity) -> Quantity {
        self.combine(other, i128::saturating_sub)
    }

    /// As Go's `%#v` shows it in validation messages. Amounts beyond 64 bits, where Go shows an address, are cut off.
    pub fn go_syntax(&self) -> String {
        let text = self.as_str();
        let (value, scale, format) = Split::new(text).map_or((0, 0, Format::DecimalSi), |split| {
            let (value, scale) = split.amount();
            (value, scale, split.format)
        });
        format!(
            "resource.Quantity{{i:resource.int64Amount{{value:{value}, scale:{scale}}}, \
             d:resource.infDecAmount{{Dec:(*inf.Dec)(nil)}}, s:\"{text}\", Format:\"{}\"}}",
            format.go_name()
        )
    }

    fn combine(&self, other: &Quantity, apply: fn(i128, i128) -> i128) -> Quantity {
        let ((a, format_a), (b, format_b)) = (self.parts(), other.parts());
        let nanos = apply(a.scaled(NANO), b.scaled(NANO));
        Quantity::from_number(Number::from_i128(nanos, NANO), if self.is_zero() { format_b } else { format_a })
    }

    fn parts(&self) -> (Number, Format) {
        // The text was read or printed here, so it can be read again.
        let read = |split: Split<'_>| Ok((split.number()?, split.format));
        Split::new(self.as_str()).and_then(read).unwrap_or((Number::default(), Format::DecimalSi))
    }

    fn from_number(number: Number, format: Format) -> Quantity {
        if number.is_zero() {
            return Quantity::default();
        }
        if format == Format::BinarySi
            && let Some(text) = number.binary_text()
        {
            return Quantity { text: text.into() };
        }
        Quantity { text: number.decimal_text(format).into() }
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        if is_canonical(text.as_bytes()) { Ok(Quantity { text: text.into() }) } else { Quantity::from_any(text) }
    }
}

/// Whether the text is sure to be printed as it is. It knows the shapes that nearly all texts have: digits and a
/// suffix. Others may be canonical as well.
fn is_canonical(text: &[u8]) -> bool {
    let (digits, suffix) = text.split_at(text.iter().take_while(|b| b.is_ascii_digit()).count());
    if matches!(digits, [] | [b'0', ..]) {
        return false;
    }
    match suffix {
        [] | [b'n' | b'u' | b'm' | b'k' | b'M' | b'G' | b'T' | b'P' | b'E'] => {
            digits.len() <= MAX_DIGITS && !digits.ends_with(b"000")
        }
        [unit, b'i'] => {
            let power = b"KMGT".iter().position(|u| u == unit).map_or(usize::MAX, |power| power + 1);
            // Far from 64 bits: 1024 has about three digits.
            let fits = power < 5 && digits.len() + 3 * power < 15;
            fits && !digits.iter().fold(0u64, |n, b| n * 10 + u64::from(b - b'0')).is_multiple_of(1024)
        }
        _ => false,
    }
}

impl Quantity {
    fn from_any(text: &str) -> Result<Quantity, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let split = Split::new(text)?;
        let number = split.number()?;
        if split.is_kept() && !number.is_zero() {
            return Ok(Quantity { text: text.into() });
        }
        Ok(Quantity::from_number(number, split.format))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text taken apart.
#[derive(Clone, Copy)]
struct Split<'a> {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: &'a str,
    /// Digits behind the point.
    fraction: &'a str,
    /// Power of two or ten that the suffix stands for.
    exponent: i32,
    format: Format,
    /// Whether there was any digit.
    digits: bool,
}

impl<'a> Split<'a> {
    fn new(text: &'a str) -> Result<Split<'a>, QuantityError> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, mut rest) = take(unsigned, |b| b.is_ascii_digit());
        let mut fraction = "";
        if let Some(behind) = rest.strip_prefix('.') {
            (fraction, rest) = take(behind, |b| b.is_ascii_digit());
        }
        let (_, exponent) = take(rest, |b| b"eEinumkKMGTP".contains(&b));
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if !exponent.bytes().all(|b| b.is_ascii_digit()) {
            return Err(QuantityError::Format);
        }
        let (exponent, format) = scale(rest)?;
        Ok(Split {
            negative: text.starts_with('-'),
            whole: whole.trim_start_matches('0'),
            fraction,
            exponent,
            format,
            digits: !whole.is_empty() || !fraction.is_empty(),
        })
    }

    /// Power of ten of the last digit as upstream keeps it in 64 bits; `None` for what it keeps in more.
    fn small_scale(&self) -> Option<i32> {
        let whole = self.whole.len().max(1);
        if self.format == Format::BinarySi {
            let fits = self.fraction.is_empty() && whole + self.exponent as usize * 3 / 10 < 15;
            return fits.then_some(0);
        }
        let scale = self.exponent.wrapping_sub(self.fraction.len() as i32);
        (whole + self.fraction.len() <= MAX_DIGITS && i64::from(scale) >= NANO).then_some(scale)
    }

    /// Whether upstream keeps the text as it is, canonical or not: it does for small numbers that look well.
    fn is_kept(&self) -> bool {
        let Some(scale) = self.small_scale() else { return false };
        if self.format == Format::BinarySi {
            return !self.whole.parse().unwrap_or(0u64).is_multiple_of(8);
        }
        let ends_in_zeros = self.all_digits().rev().take(3).filter(|d| *d == 0).count() == 3;
        scale % 3 == 0 && !ends_in_zeros && !self.whole.is_empty()
    }

    fn all_digits(&self) -> impl DoubleEndedIterator<Item = u8> + 'a {
        self.whole.bytes().chain(self.fraction.bytes()).map(|b| b - b'0')
    }

    /// Value and power of ten as upstream keeps them.
    fn amount(self) -> (i64, i64) {
        let (power, scale) = if self.format == Format::BinarySi { (self.exponent, 0) } else { (0, self.exponent) };
        let digits = self.all_digits().fold(0i64, |n, d| n.saturating_mul(10).saturating_add(d.into()));
        let value = digits.saturating_mul(1 << power);
        (if self.negative { -value } else { value }, i64::from(scale) - self.fraction.len() as i64)
    }

    fn number(self) -> Result<Number, QuantityError> {
        let small_scale = self.small_scale();
        if small_scale.is_none() && !self.digits {
            // A suffix alone is zero where 64 bits are enough, and only there.
            return Err(QuantityError::Numeric);
        }
        let is_binary = self.format == Format::BinarySi;
        let exponent = if is_binary { 0 } else { i64::from(self.exponent) };
        let mut number = Number {
            negative: self.negative,
            digits: self.all_digits().collect(),
            exponent: small_scale.map_or(exponent - self.fraction.len() as i64, i64::from),
        };
        number.trim();
        if is_binary {
            number.shift_left(self.exponent as u32);
        }
        number.round_away(NANO);
        if is_binary {
            number.cap(i64::MAX);
        }
        Ok(number)
    }
}

/// Power of two or ten and family of a suffix.
fn scale(suffix: &str) -> Result<(i32, Format), QuantityError> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Ok((*exponent, Format::DecimalSi));
    }
    if let Some(power) = BINARY.iter().position(|name| *name == suffix) {
        return Ok((power as i32 * 10, Format::BinarySi));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
    let exponent: i64 = exponent.parse().map_err(|_| QuantityError::Suffix)?;
    // Upstream keeps 32 bits.
    Ok((exponent as i32, Format::DecimalExponent))
}

fn take(text: &str, wanted: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().take_while(|b| wanted(*b)).count())
}

/// `digits * 10^exponent`.
#[derive(Clone, Default, PartialEq)]
struct Number {
    negative: bool,
    /// Most significant first, without zeros at either end; none for zero.
    digits: Vec<u8>,
    exponent: i64,
}

impl Number {
    fn from_i128(value: i128, exponent: i64) -> Number {
        let digits = value.unsigned_abs().to_string().bytes().map(|b| b - b'0').collect();
        let mut number = Number { negative: value < 0, digits, exponent };
        number.trim();
        number
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    fn trim(&mut self) {
        let zeros = self.digits.iter().rev().take_while(|d| **d == 0).count();
        self.digits.truncate(self.digits.len() - zeros);
        self.exponent += zeros as i64;
        let zeros = self.digits.iter().take_while(|d| **d == 0).count();
        self.digits.drain(..zeros);
        if self.digits.is_empty() {
            *self = Number::default();
        }
    }

    /// Multiplies by a power of two of at most 60.
    fn shift_left(&mut self, power: u32) {
        let mut carry = 0u128;
        for digit in self.digits.iter_mut().rev() {
            carry += u128::from(*digit) << power;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            self.digits.insert(0, (carry % 10) as u8);
            carry /= 10;
        }
        self.trim();
    }

    /// Drops what is finer than `10^exponent`, rounding away from zero.
    fn round_away(&mut self, exponent: i64) {
        let dropped = exponent.saturating_sub(self.exponent);
        if dropped <= 0 || self.is_zero() {
            return;
        }
        let kept = self.digits.len().saturating_sub(usize::try_from(dropped).unwrap_or(usize::MAX));
        self.digits.truncate(kept);
        self.exponent = exponent;
        // There are no trailing zeros, so something was dropped.
        for digit in self.digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return self.trim();
            }
            *digit = 0;
        }
        self.digits.insert(0, 1);
        self.trim();
    }

    fn cap(&mut self, max: i64) {
        let max = Number { negative: self.negative, ..Number::from_i128(max.into(), 0) };
        if self.cmp_size(&max) == Ordering::Greater {
            *self = max;
        }
    }

    /// The number in units of `10^scale`, rounded away from zero, as far as it fits.
    fn scaled(&self, scale: i64) -> i128 {
        let mut number = self.clone();
        number.round_away(scale);
        let zeros = number.exponent.saturating_sub(scale).max(0);
        let digits = number.digits.iter().copied().chain(std::iter::repeat_n(0, zeros.clamp(0, 40) as usize));
        let size = digits.fold(0i128, |n, d| n.saturating_mul(10).saturating_add(d.into()));
        if self.negative { -size } else { size }
    }

    fn cmp(&self, other: &Number) -> Ordering {
        let sign = |n: &Number| {
            if n.is_zero() {
                0
            } else if n.negative {
                -1
            } else {
                1
            }
        };
        sign(self).cmp(&sign(other)).then_with(|| {
            let size = self.cmp_size(other);
            if self.negative { size.reverse() } else { size }
        })
    }

    fn cmp_size(&self, other: &Number) -> Ordering {
        if self.is_zero() || other.is_zero() {
            return other.is_zero().cmp(&self.is_zero());
        }
        let magnitude = |n: &Number| n.exponent.saturating_add(n.digits.len() as i64);
        magnitude(self).cmp(&magnitude(other)).then_with(|| self.digits.cmp(&other.digits))
    }

    /// With a binary suffix; `None` below 1024 and for fractions, which upstream prints as decimals.
    fn binary_text(&self) -> Option<String> {
        if self.exponent < 0 {
            return None;
        }
        let mut value = self.scaled(0);
        if value.abs() < 1024 {
            return None;
        }
        let mut power = 0;
        while value % 1024 == 0 && power + 1 < BINARY.len() {
            value /= 1024;
            power += 1;
        }
        Some(format!("{value}{}", BINARY[power]))
    }

    /// With an exponent that is a multiple of three, shown as a suffix or as `e` and the number. Beyond `E` upstream
    /// has no suffix and leaves it out, which makes `1000E` one.
    fn decimal_text(&self, format: Format) -> String {
        let exponent = self.exponent.div_euclid(3) * 3;
        let zeros = (self.exponent - exponent) as usize;
        let mut text = String::with_capacity(self.digits.len() + 4);
        if self.negative {
            text.push('-');
        }
        text.extend(self.digits.iter().map(|d| char::from(b'0' + d)));
        text.extend(std::iter::repeat_n('0', zeros));
        match format {
            Format::DecimalExponent if exponent != 0 => text.push_str(&format!("e{exponent}")),
            Format::DecimalExponent => {}
            _ => text.extend(DECIMAL.iter().find(|(_, e)| i64::from(*e) == exponent).map(|(suffix, _)| *suffix)),
        }
        text
    }
}

impl Form for Quantity {
    fn write_json(&self, w: &mut JsonWriter) {
        // Only letters, digits, signs and points: nothing to escape.
        w.raw("\"");
        w.raw(self.as_str());
        w.raw("\"");
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        w.str(1, self.as_str());
    }
}

impl Special for Quantity {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        *self = if p.null()? {
            Quantity::default()
        } else {
            // Upstream takes away quotes and space around the text, and looks at no escapes.
            let raw = p.raw()?;
            let text = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(raw);
            text.trim().parse().map_err(json_error)?
        };
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            if tag == 1 {
                *self = wire.as_str()?.parse().map_err(|error: QuantityError| ProtoError::custom(error.to_string()))?;
            }
        }
        Ok(())
    }
}

fn json_error(error: QuantityError) -> JsonError {
    JsonError::custom(error.to_string())
}

special_type!(Quantity, "io.k8s.apimachinery.pkg.api.resource.Quantity");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_quick_way_agrees_with_the_long_one(
            text in "(0|[1-9][0-9]{0,20}|[1-9]{1,3}0{2,5}|[+-]?[0-9]{1,4}|(2|4|8|16|1024|2048|1048576)0?)\
                     (|n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|K|i|ki|e3)"
        ) {
            if is_canonical(text.as_bytes()) {
                prop_assert_eq!(Quantity::from_any(&text).unwrap().to_string(), text.clone());
            }
            prop_assert_eq!(text.parse::<Quantity>(), Quantity::from_any(&text));
        }
    }

    #[test]
    fn common_texts_go_the_quick_way() {
        for text in
            ["1", "2", "110", "100m", "250m", "1500m", "64Mi", "128Mi", "1Gi", "2Gi", "500M", "10G", "3977192Ki"]
        {
            assert!(is_canonical(text.as_bytes()), "{text}");
        }
    }
}
