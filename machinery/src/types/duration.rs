//! Lengths of time as Go's `time.Duration` reads and writes them.

use std::fmt;
use std::str::FromStr;

use super::{Form, go, special_type};
use crate::json::{JsonError, JsonReader, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// A length of time, possibly negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    pub nanos: i64,
}

/// Why a text is no length of time, in Go's words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct DurationError(String);

/// Units that are read, in nanoseconds. The two micro signs are different characters.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl FromStr for Duration {
    type Err = DurationError;

    /// Reads texts such as `1h15m30.918273645s` or `-1.5h`.
    fn from_str(text: &str) -> Result<Duration, DurationError> {
        let quoted = || go::quote_time(text);
        let invalid = || DurationError(format!("time: invalid duration {}", quoted()));
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Duration::default());
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0u64;
        while !rest.is_empty() {
            let (whole, after) = digits(rest);
            let whole_value = leading_int(whole).ok_or_else(invalid)?;
            let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let unit_len = after.bytes().take_while(|b| !b.is_ascii_digit() && *b != b'.').count();
            let (unit, after) = after.split_at(unit_len);
            if unit.is_empty() {
                return Err(DurationError(format!("time: missing unit in duration {}", quoted())));
            }
            let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                let unit = go::quote_time(unit);
                return Err(DurationError(format!("time: unknown unit {unit} in duration {}", quoted())));
            };
            let part = whole_value.checked_mul(*nanos).filter(|n| *n <= LIMIT).ok_or_else(invalid)?;
            let part = part + leading_fraction(fraction, *nanos);
            total = total.checked_add(part).filter(|t| part <= LIMIT && *t <= LIMIT).ok_or_else(invalid)?;
            rest = after;
        }
        if negative {
            return Ok(Duration { nanos: (total as i64).wrapping_neg() });
        }
        i64::try_from(total).map(|nanos| Duration { nanos }).map_err(|_| invalid())
    }
}

/// 2^63, the size of the most negative length.
const LIMIT: u64 = 1 << 63;

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn leading_int(digits: &str) -> Option<u64> {
    if digits.is_empty() { Some(0) } else { digits.parse().ok().filter(|n| *n <= LIMIT) }
}

/// Nanoseconds of digits behind a point. Go divides in floating point, which shows in the last place, and looks at no
/// digits beyond 63 bits.
fn leading_fraction(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0u64, 1f64);
    for digit in digits.bytes().map(|b| u64::from(b - b'0')) {
        match value
            .checked_mul(10)
            .map(|value| value + digit)
            .filter(|next| value <= (LIMIT - 1) / 10 && *next <= LIMIT)
        {
            Some(next) => (value, scale) = (next, scale * 10.0),
            None => break,
        }
    }
    if value == 0 { 0 } else { (value as f64 * (unit as f64 / scale)) as u64 }
}

impl fmt::Display for Duration {
    /// `1h2m3.5s`; the largest unit below a second that gives a whole part.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos.unsigned_abs();
        if self.nanos < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => write!(f, "{}µs", Decimal(nanos, 3)),
            1_000_000..1_000_000_000 => write!(f, "{}ms", Decimal(nanos, 6)),
            _ => {
                let (minutes, rest) = (nanos / 60_000_000_000, nanos % 60_000_000_000);
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write!(f, "{}s", Decimal(rest, 9))
            }
        }
    }
}

/// A number with so many digits behind the point, without trailing zeros.
struct Decimal(u64, u32);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u64.pow(self.1);
        write!(f, "{}", self.0 / unit)?;
        match self.0 % unit {
            0 => Ok(()),
            rest => {
                let digits = format!("{rest:0width$}", width = self.1 as usize);
                write!(f, ".{}", digits.trim_end_matches('0'))
            }
        }
    }
}

impl Form for Duration {
    fn write_json(&self, w: &mut JsonWriter) {
        w.string(&self.to_string());
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        w.i64(1, self.nanos);
    }
}

impl Special for Duration {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        let text = if p.null()? { "".into() } else { p.string()? };
        *self = text.parse().map_err(|error: DurationError| JsonError::custom(error.0))?;
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            if tag == 1 {
                self.nanos = wire.as_varint()? as i64;
            }
        }
        Ok(())
    }
}

special_type!(Duration, "io.k8s.apimachinery.pkg.apis.meta.v1.Duration");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_and_prints_as_go() {
        for (text, expected) in [
            ("0", "0s"),
            ("1h15m30.918273645s", "1h15m30.918273645s"),
            ("90m", "1h30m0s"),
            ("1.5h", "1h30m0s"),
            ("-.5s", "-500ms"),
            ("1us", "1µs"),
            ("1500ns", "1.5µs"),
            ("60s", "1m0s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
            ("+5s", "5s"),
            ("-0", "0s"),
            ("1.s", "1s"),
            ("0.3333333333333333333h", "20m0s"),
            ("0.100000000000000000000h", "6m0s"),
            ("0.830103483285477580700h", "49m48.372539827s"),
            ("9007199254.740993ms", "2501h59m59.254740993s"),
            ("1h1h1ns", "2h0m0.000000001s"),
            ("12\u{b5}s34\u{3bc}s", "46µs"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), expected, "{text}");
        }
        for (text, error) in [
            ("", "time: invalid duration \"\""),
            ("x", "time: invalid duration \"x\""),
            ("1", "time: missing unit in duration \"1\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("9999999h", "time: invalid duration \"9999999h\""),
            ("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""),
            ("9223372036854775.808us", "time: invalid duration \"9223372036854775.808us\""),
            ("-9223372036854775809ns", "time: invalid duration \"-9223372036854775809ns\""),
            ("3000000h3000000h", "time: invalid duration \"3000000h3000000h\""),
            ("9223372036854775810h", "time: invalid duration \"9223372036854775810h\""),
            (".s", "time: invalid duration \".s\""),
            ("1..5s", "time: missing unit in duration \"1..5s\""),
            ("1 s", "time: unknown unit \" s\" in duration \"1 s\""),
            ("1é", "time: unknown unit \"\\xc3\\xa9\" in duration \"1\\xc3\\xa9\""),
            ("+-1s", "time: invalid duration \"+-1s\""),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap_err().to_string(), error);
        }
    }

    proptest! {
        #[test]
        fn every_length_survives(nanos: i64) {
            let duration = Duration { nanos };
            prop_assert_eq!(duration.to_string().parse::<Duration>().unwrap(), duration);
        }

        #[test]
        fn any_text_is_answered(text in "[-+]?[0-9.a-zµ]{0,20}") {
            let _ = text.parse::<Duration>();
        }
    }
}
