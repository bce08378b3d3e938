//! Amounts of resources, such as `500m` or `2Gi` (upstream's `resource.Quantity`).
//!
//! A quantity *is* its canonical text; numbers are worked out when somebody asks. Digits are kept as digits, so no
//! amount is too large or too fine to be read exactly before it is rounded.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{Form, special_type};
use crate::json::{JsonError, JsonParser, JsonWriter};
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
const DECIMAL: [(&str, i64); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

/// Binary suffixes, in powers of 1024.
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// Finest power of ten that is kept.
const NANO: i64 = -9;

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
        let (value, scale, format) = Split::new(text).and_then(Split::amount).unwrap_or((0, 0, Format::DecimalSi));
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
        Split::new(self.as_str()).and_then(Split::number).unwrap_or((Number::default(), Format::DecimalSi))
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
        let suffixes = if format == Format::DecimalExponent { &[("", 0)][..] } else { &DECIMAL };
        Quantity { text: number.decimal_text(suffixes).into() }
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let split = Split::new(text)?;
        let kept = split.is_kept()?;
        let (number, format) = split.number()?;
        if kept && !number.is_zero() {
            return Ok(Quantity { text: text.into() });
        }
        Ok(Quantity::from_number(number, format))
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
    suffix: &'a str,
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
        Ok(Split {
            negative: text.starts_with('-'),
            whole: whole.trim_start_matches('0'),
            fraction,
            suffix: rest,
            digits: !whole.is_empty() || !fraction.is_empty(),
        })
    }

    /// Power of two or ten, and family.
    fn scale(&self) -> Result<(i64, Format), QuantityError> {
        if let Some((_, exponent)) = DECIMAL.iter().find(|(suffix, _)| *suffix == self.suffix) {
            return Ok((*exponent, Format::DecimalSi));
        }
        if let Some(power) = BINARY.iter().position(|suffix| *suffix == self.suffix) {
            return Ok((power as i64 * 10, Format::BinarySi));
        }
        let exponent = self.suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
        let exponent: i64 = exponent.parse().map_err(|_| QuantityError::Suffix)?;
        // Upstream keeps 32 bits.
        Ok((i64::from(exponent as i32), Format::DecimalExponent))
    }

    /// Whether upstream keeps the text as it is, canonical or not: it does for short numbers whose scale already fits.
    fn is_kept(&self) -> Result<bool, QuantityError> {
        let (exponent, format) = self.scale()?;
        let digits = self.whole.len().max(1) + self.fraction.len();
        if format == Format::BinarySi {
            let room = 15 - self.whole.len().max(1) as i64 - exponent * 3 / 10 - 1;
            let last: u64 = self.whole.parse().unwrap_or(0);
            return Ok(room >= 0 && self.fraction.is_empty() && !last.is_multiple_of(8));
        }
        let scale = exponent - self.fraction.len() as i64;
        let ends_in_zeros = digits >= 3 && self.all_digits().rev().take(3).all(|d| d == 0);
        let starts_with_zero = self.whole.is_empty();
        Ok(digits <= 18 && scale >= NANO && scale % 3 == 0 && !ends_in_zeros && !starts_with_zero)
    }

    fn all_digits(&self) -> impl DoubleEndedIterator<Item = u8> + 'a {
        self.whole.bytes().chain(self.fraction.bytes()).map(|b| b - b'0')
    }

    /// Value and power of ten as upstream keeps them, and family.
    fn amount(self) -> Result<(i64, i64, Format), QuantityError> {
        let (exponent, format) = self.scale()?;
        let (power, scale) = if format == Format::BinarySi { (exponent, 0) } else { (0, exponent) };
        let digits = self.all_digits().fold(0i64, |n, d| n.saturating_mul(10).saturating_add(d.into()));
        let value = digits.saturating_mul(1 << power);
        Ok((if self.negative { -value } else { value }, scale - self.fraction.len() as i64, format))
    }

    fn number(self) -> Result<(Number, Format), QuantityError> {
        let (scale, format) = self.scale()?;
        let is_binary = format == Format::BinarySi;
        if !self.digits && (is_binary && scale >= 50) {
            // Upstream reads a bare suffix as zero, but for the largest.
            return Err(QuantityError::Numeric);
        }
        let mut number = Number {
            negative: self.negative,
            digits: self.all_digits().collect(),
            exponent: -(self.fraction.len() as i64) + if is_binary { 0 } else { scale },
        };
        number.trim();
        if is_binary {
            number.shift_left(scale as u32);
        }
        number.round_away(NANO);
        if is_binary {
            number.cap(i64::MAX);
        }
        Ok((number, format))
    }
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

    /// With an exponent that is a multiple of three, shown as the suffix of it or as `e` and the number.
    fn decimal_text(&self, suffixes: &[(&str, i64)]) -> String {
        let mut exponent = self.exponent.div_euclid(3) * 3;
        if let [.., (_, largest)] = suffixes
            && suffixes.len() > 1
        {
            exponent = exponent.min(*largest);
        }
        let zeros = (self.exponent - exponent) as usize;
        let mut text = String::with_capacity(self.digits.len() + 4);
        if self.negative {
            text.push('-');
        }
        text.extend(self.digits.iter().map(|d| char::from(b'0' + d)));
        text.extend(std::iter::repeat_n('0', zeros));
        match suffixes.iter().find(|(_, e)| *e == exponent) {
            Some((suffix, _)) => text.push_str(suffix),
            None => text.push_str(&format!("e{exponent}")),
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
    fn decode_json(&mut self, p: &mut JsonParser<'_>) -> Result<(), JsonError> {
        *self = match p.peek() {
            _ if p.null()? => Quantity::default(),
            Some(b'"') => p.string()?.trim().parse().map_err(json_error)?,
            _ => p.raw()?.parse().map_err(json_error)?,
        };
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            if tag == 1 {
                *self = wire.as_str()?.parse().map_err(|error: QuantityError| ProtoError::Custom(error.to_string()))?;
            }
        }
        Ok(())
    }
}

fn json_error(error: QuantityError) -> JsonError {
    JsonError::custom(error.to_string())
}

special_type!(Quantity, "io.k8s.apimachinery.pkg.api.resource.Quantity");
