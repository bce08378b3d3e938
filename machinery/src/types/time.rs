//! Points in time, in RFC 3339 as Go's `time` package reads and writes it.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Form, go, special_type};
use crate::json::{JsonError, JsonReader, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// Seconds of 0001-01-01T00:00:00Z, which Go takes for "not set".
const ZERO: i64 = -62_135_596_800;
/// In a second.
const NANOS: i32 = 1_000_000_000;

/// A point in time in whole seconds since 1970. The default is Go's zero time, which prints as `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    pub seconds: i64,
}

/// As [`Time`], to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroTime {
    pub seconds: i64,
    /// Below one million.
    pub micros: u32,
}

/// Why a text is no point in time, in the words of Go's `time.ParseError`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct TimeError(String);

impl Time {
    pub fn now() -> Time {
        Time { seconds: since_epoch().as_secs() as i64 }
    }

    /// Whether this is Go's zero time, "not set".
    pub fn is_zero(self) -> bool {
        self.seconds == ZERO
    }
}

impl MicroTime {
    pub fn now() -> MicroTime {
        let now = since_epoch();
        MicroTime { seconds: now.as_secs() as i64, micros: now.subsec_micros() }
    }

    /// Whether this is Go's zero time, "not set".
    pub fn is_zero(self) -> bool {
        self.seconds == ZERO && self.micros == 0
    }
}

fn since_epoch() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl Default for Time {
    fn default() -> Self {
        Time { seconds: ZERO }
    }
}

impl Default for MicroTime {
    fn default() -> Self {
        MicroTime { seconds: ZERO, micros: 0 }
    }
}

impl FromStr for Time {
    type Err = TimeError;

    /// What Go's `time.Parse` takes for `time.RFC3339`: any zone, any fraction behind a point or comma (which is
    /// dropped), an hour of one digit.
    fn from_str(text: &str) -> Result<Time, TimeError> {
        Reader::new(text, Fraction::Any).read().map(|(seconds, _)| Time { seconds })
    }
}

impl FromStr for MicroTime {
    type Err = TimeError;

    /// As [`Time`], but with exactly six digits of fraction.
    fn from_str(text: &str) -> Result<MicroTime, TimeError> {
        Reader::new(text, Fraction::Micros).read().map(|(seconds, micros)| MicroTime { seconds, micros })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DateTime::new(self.seconds).with_str(|text| write!(f, "{text}Z"))
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DateTime::new(self.seconds).with_str(|text| write!(f, "{text}.{:06}Z", self.micros))
    }
}

impl Form for Time {
    fn write_json(&self, w: &mut JsonWriter) {
        if self.is_zero() {
            return w.raw("null");
        }
        w.raw("\"");
        DateTime::new(self.seconds).with_str(|text| w.raw(text));
        w.raw("Z\"");
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        if !self.is_zero() {
            w.i32(2, 0);
            w.i64(1, self.seconds);
        }
    }
}

impl Special for Time {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        *self = if p.null()? { Time::default() } else { p.string()?.parse().map_err(json_error)? };
        Ok(())
    }

    fn decode_proto(&mut self, r: ProtoReader<'_>) -> Result<(), ProtoError> {
        // Nanoseconds are not looked at, for JSON clients could not see them.
        *self = timestamp(r)?.map_or_else(Time::default, |(seconds, _)| Time { seconds });
        Ok(())
    }
}

impl Form for MicroTime {
    fn write_json(&self, w: &mut JsonWriter) {
        if self.is_zero() { w.raw("null") } else { w.raw(&format!("\"{self}\"")) }
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        if !self.is_zero() {
            w.i32(2, self.micros as i32 * 1000);
            w.i64(1, self.seconds);
        }
    }
}

impl Special for MicroTime {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        *self = if p.null()? { MicroTime::default() } else { p.string()?.parse().map_err(json_error)? };
        Ok(())
    }

    fn decode_proto(&mut self, r: ProtoReader<'_>) -> Result<(), ProtoError> {
        *self = timestamp(r)?.map_or_else(MicroTime::default, |(seconds, nanos)| {
            // Go drops what is finer than a microsecond, towards zero, before it carries whole seconds over.
            let micros = nanos / 1000;
            MicroTime {
                seconds: seconds.wrapping_add(micros.div_euclid(NANOS / 1000).into()),
                micros: micros.rem_euclid(NANOS / 1000).unsigned_abs(),
            }
        });
        Ok(())
    }
}

fn json_error(error: TimeError) -> JsonError {
    JsonError::custom(error.0)
}

/// Seconds and nanoseconds as they stand there; `None` for an empty message, the zero time.
fn timestamp(mut r: ProtoReader<'_>) -> Result<Option<(i64, i32)>, ProtoError> {
    if r.is_empty() {
        return Ok(None);
    }
    let (mut seconds, mut nanos) = (0i64, 0i32);
    while let Some((tag, wire)) = r.next_field()? {
        match tag {
            1 => seconds = wire.as_varint()? as i64,
            2 => nanos = wire.as_varint()? as i32,
            _ => {}
        }
    }
    Ok(Some((seconds, nanos)))
}

/// What may stand between seconds and zone.
#[derive(Clone, Copy, PartialEq)]
enum Fraction {
    Any,
    Micros,
}

/// Walks a text along Go's layout.
struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    fraction: Fraction,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, fraction: Fraction) -> Self {
        Reader { text, rest: text, fraction }
    }

    /// Seconds since 1970, and microseconds.
    fn read(mut self) -> Result<(i64, u32), TimeError> {
        let year = self.number(4, 4, "2006")?;
        self.literal("-")?;
        let month = self.number(2, 2, "01")?;
        self.range((1..=12).contains(&month), "month")?;
        self.literal("-")?;
        let day = self.number(2, 2, "02")?;
        self.literal("T")?;
        let hour = self.number(1, 2, "15")?;
        self.range(hour < 24, "hour")?;
        self.literal(":")?;
        let minute = self.number(2, 2, "04")?;
        self.range(minute < 60, "minute")?;
        self.literal(":")?;
        let second = self.number(2, 2, "05")?;
        self.range(second < 60, "second")?;
        let micros = self.fraction()?;
        let offset = self.zone()?;
        if !self.rest.is_empty() {
            return Err(self.error(format!(": extra text: {}", go::quote_time(self.rest))));
        }
        self.range((1..=days_in(year, month)).contains(&day), "day")?;
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Ok((seconds, micros))
    }

    fn number(&mut self, min: usize, max: usize, element: &str) -> Result<i64, TimeError> {
        let digits = self.rest.bytes().take(max).take_while(u8::is_ascii_digit).count();
        if digits < min {
            return Err(self.unreadable(element));
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        Ok(number.bytes().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    }

    fn literal(&mut self, literal: &str) -> Result<(), TimeError> {
        self.rest = self.rest.strip_prefix(literal).ok_or_else(|| self.unreadable(literal))?;
        Ok(())
    }

    /// Microseconds.
    fn fraction(&mut self) -> Result<u32, TimeError> {
        let digits = match self.rest.strip_prefix(['.', ',']) {
            Some(rest) => rest.bytes().take_while(u8::is_ascii_digit).count(),
            None => 0,
        };
        if self.fraction == Fraction::Micros {
            return self.six_digits();
        }
        if digits > 0 {
            self.rest = &self.rest[1 + digits..];
        }
        Ok(0)
    }

    /// Go reads the six places as a number, in which the first may be a sign.
    fn six_digits(&mut self) -> Result<u32, TimeError> {
        let [b'.' | b',', places @ ..] = self.rest.as_bytes() else { return Err(self.unreadable(".000000")) };
        let Some((places, _)) = places.split_first_chunk::<6>() else { return Err(self.unreadable(".000000")) };
        let (negative, digits) = match places {
            [sign @ (b'+' | b'-'), digits @ ..] => (*sign == b'-', &digits[..]),
            digits => (false, &digits[..]),
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(self.unreadable(".000000"));
        }
        let micros = digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
        self.range(!negative || micros == 0, "fractional second")?;
        self.rest = &self.rest[7..];
        Ok(micros)
    }

    /// Seconds east of Greenwich.
    fn zone(&mut self) -> Result<i64, TimeError> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let b = self.rest.as_bytes();
        let [sign, h1, h2, b':', m1, m2, ..] = b else { return Err(self.unreadable("Z07:00")) };
        let pair = |a: &u8, b: &u8| {
            (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
        };
        let hours = pair(h1, h2);
        let minutes = hours.and_then(|_| pair(m1, m2));
        // Go looks at the ranges before it looks whether all could be read.
        self.range(hours.is_none_or(|hours| hours <= 24), "time zone offset hour")?;
        self.range(minutes.is_none_or(|minutes| minutes <= 60), "time zone offset minute")?;
        let (Some(hours), Some(minutes), b'+' | b'-') = (hours, minutes, sign) else {
            return Err(self.unreadable("Z07:00"));
        };
        let offset = hours * 3600 + minutes * 60;
        let west = *sign == b'-';
        self.rest = &self.rest[6..];
        Ok(if west { -offset } else { offset })
    }

    fn range(&self, ok: bool, what: &str) -> Result<(), TimeError> {
        if ok { Ok(()) } else { Err(self.error(format!(": {what} out of range"))) }
    }

    fn unreadable(&self, element: &str) -> TimeError {
        let layout = match self.fraction {
            Fraction::Any => "2006-01-02T15:04:05Z07:00",
            Fraction::Micros => "2006-01-02T15:04:05.000000Z07:00",
        };
        self.error(format!(" as \"{layout}\": cannot parse {} as \"{element}\"", go::quote_time(self.rest)))
    }

    fn error(&self, what: String) -> TimeError {
        TimeError(format!("parsing time {}{what}", go::quote_time(self.text)))
    }
}

/// A date and a time of day, split up for printing.
struct DateTime {
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
}

impl DateTime {
    fn new(seconds: i64) -> Self {
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        DateTime { year, month, day, second_of_day: seconds.rem_euclid(86_400) }
    }

    /// Hands out `2006-01-02T15:04:05`.
    fn with_str<R>(&self, use_text: impl FnOnce(&str) -> R) -> R {
        let s = self.second_of_day;
        let numbers = [self.month, self.day, s / 3600, s / 60 % 60, s % 60];
        if !(0..10_000).contains(&self.year) {
            let [month, day, hour, minute, second] = numbers;
            // Go prints such years too, although nobody reads them.
            let (sign, year) = (if self.year < 0 { "-" } else { "" }, self.year.unsigned_abs());
            return use_text(&format!("{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"));
        }
        let mut text = *b"0000-00-00T00:00:00";
        let mut put = |at: usize, number: i64| {
            text[at] = b'0' + (number / 10) as u8;
            text[at + 1] = b'0' + (number % 10) as u8;
        };
        put(0, self.year / 100);
        put(2, self.year % 100);
        for (i, number) in numbers.into_iter().enumerate() {
            put(5 + 3 * i, number);
        }
        use_text(std::str::from_utf8(&text).unwrap_or_default())
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. The year is taken to begin in March, so that the leap
/// day is its last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

special_type!(Time, "io.k8s.apimachinery.pkg.apis.meta.v1.Time");
special_type!(MicroTime, "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{json, proto};

    #[test]
    fn reads_what_go_reads() {
        for (text, expected) in [
            ("2008-01-01T01:01:01Z", "2008-01-01T01:01:01Z"),
            ("2008-01-01T01:01:01.999999999Z", "2008-01-01T01:01:01Z"),
            ("2008-01-01T01:01:01,5+02:00", "2007-12-31T23:01:01Z"),
            ("2024-02-29T1:00:00-00:30", "2024-02-29T01:30:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(text.parse::<Time>().unwrap().to_string(), expected, "{text}");
        }
        assert_eq!("1970-01-02T00:00:00Z".parse::<Time>().unwrap().seconds, 86_400);
        assert!("0001-01-01T00:00:00Z".parse::<Time>().unwrap().is_zero());
    }

    #[test]
    fn refuses_with_gos_words() {
        let layout = "2006-01-02T15:04:05Z07:00";
        for (text, error) in [
            ("abc", format!("parsing time \"abc\" as \"{layout}\": cannot parse \"abc\" as \"2006\"")),
            ("2020-01-01", format!("parsing time \"2020-01-01\" as \"{layout}\": cannot parse \"\" as \"T\"")),
            ("2020-13-01T00:00:00Z", "parsing time \"2020-13-01T00:00:00Z\": month out of range".to_owned()),
            ("2021-02-29T00:00:00Z", "parsing time \"2021-02-29T00:00:00Z\": day out of range".to_owned()),
            (
                "2020-01-01T00:00:00Zé",
                r#"parsing time "2020-01-01T00:00:00Z\xc3\xa9": extra text: "\xc3\xa9""#.to_owned(),
            ),
            (
                "2020-01-01T00:00:00é",
                format!(
                    r#"parsing time "2020-01-01T00:00:00\xc3\xa9" as "{layout}": cannot parse "\xc3\xa9" as "Z07:00""#
                ),
            ),
            // Lower-case letters, leap seconds and hour 24 are not read.
            (
                "2020-01-01t00:00:00Z",
                format!("parsing time \"2020-01-01t00:00:00Z\" as \"{layout}\": cannot parse \"t00:00:00Z\" as \"T\""),
            ),
            (
                "2020-01-01T00:00:00z",
                format!("parsing time \"2020-01-01T00:00:00z\" as \"{layout}\": cannot parse \"z\" as \"Z07:00\""),
            ),
            ("2020-01-01T24:00:00Z", "parsing time \"2020-01-01T24:00:00Z\": hour out of range".to_owned()),
            ("2016-12-31T23:59:60Z", "parsing time \"2016-12-31T23:59:60Z\": second out of range".to_owned()),
            ("2020-01-00T00:00:00Z", "parsing time \"2020-01-00T00:00:00Z\": day out of range".to_owned()),
            // An offset out of range is told before one that cannot be read.
            (
                "2020-01-01T00:00:00+25:xx",
                "parsing time \"2020-01-01T00:00:00+25:xx\": time zone offset hour out of range".to_owned(),
            ),
            (
                "2020-01-01T00:00:00x00:61",
                "parsing time \"2020-01-01T00:00:00x00:61\": time zone offset minute out of range".to_owned(),
            ),
            // The point stays if no digit follows.
            (
                "2020-01-01T00:00:00.Z",
                format!("parsing time \"2020-01-01T00:00:00.Z\" as \"{layout}\": cannot parse \".Z\" as \"Z07:00\""),
            ),
        ] {
            assert_eq!(text.parse::<Time>().unwrap_err().to_string(), error);
        }
        let layout = "2006-01-02T15:04:05.000000Z07:00";
        for (text, rest, element) in [
            ("2020-01-01T00:00:00Z", "Z", ".000000"),
            ("2020-01-01T00:00:00.12345Z", ".12345Z", ".000000"),
            ("2020-01-01T00:00:00.1234567Z", "7Z", "Z07:00"),
        ] {
            let error = format!("parsing time \"{text}\" as \"{layout}\": cannot parse \"{rest}\" as \"{element}\"");
            assert_eq!(text.parse::<MicroTime>().unwrap_err().to_string(), error);
        }
        let error = "2020-01-01T00:00:00.-00001Z".parse::<MicroTime>().unwrap_err().to_string();
        assert_eq!(error, "parsing time \"2020-01-01T00:00:00.-00001Z\": fractional second out of range");
    }

    #[test]
    fn micro_times_have_six_places() {
        for (text, micros) in [
            ("2020-01-01T00:00:00.000001Z", 1),
            ("2020-01-01T00:00:00,999999Z", 999_999),
            ("2020-01-01T01:00:00.+00012+01:00", 12),
            ("2020-01-01T0:00:00.-00000Z", 0),
        ] {
            assert_eq!(text.parse(), Ok(MicroTime { seconds: 1_577_836_800, micros }), "{text}");
        }
    }

    #[test]
    fn codecs() {
        let time = Time { seconds: 1_199_149_261 };
        assert_eq!(json::encode(&time), b"\"2008-01-01T01:01:01Z\"");
        assert_eq!(proto::encode(&time), b"\x08\xcd\xa1\xe6\xbb\x04\x10\x00");
        assert_eq!(json::encode(&Time::default()), b"null");
        assert_eq!(proto::encode(&Time::default()), b"");
        let micro: MicroTime = "2008-01-01T01:01:01.123456Z".parse().unwrap();
        assert_eq!(json::encode(&micro), b"\"2008-01-01T01:01:01.123456Z\"");
        let mut again = MicroTime::default();
        proto::decode(&proto::encode(&micro), &mut again).unwrap();
        assert_eq!(again, micro);
        json::decode(b"null", &mut again).unwrap();
        assert!(again.is_zero());
        assert!(json::decode(b"5", &mut again).is_err());
    }

    #[test]
    fn protobuf_timestamps_are_read_as_go_reads_them() {
        let read = |seconds: i64, nanos: i32| {
            let mut w = ProtoWriter::with_capacity(32);
            w.i32(2, nanos);
            w.i64(1, seconds);
            let bytes = w.into_bytes();
            let (mut time, mut micro) = (Time::default(), MicroTime::default());
            proto::decode(&bytes, &mut time).unwrap();
            proto::decode(&bytes, &mut micro).unwrap();
            (time.seconds, micro.seconds, micro.micros)
        };
        assert_eq!(read(1, 1999), (1, 1, 1));
        assert_eq!(read(1, -1500), (1, 0, 999_999));
        assert_eq!(read(-1, 2_000_000_000), (-1, 1, 0));
        assert_eq!(read(-5, -1), (-5, -5, 0));
    }

    #[test]
    fn years_without_four_digits_are_printed() {
        for (seconds, text) in [(253_402_300_800, "10000-01-01T00:00:00Z"), (-62_167_219_201, "-0001-12-31T23:59:59Z")]
        {
            let bytes = proto::encode(&Time { seconds });
            let mut time = Time::default();
            proto::decode(&bytes, &mut time).unwrap();
            assert_eq!(time.to_string(), text);
            assert!(text.parse::<Time>().is_err());
        }
    }

    proptest! {
        #[test]
        fn every_second_survives(seconds in -62_167_219_200i64..253_402_300_800) {
            let time = Time { seconds };
            prop_assert_eq!(time.to_string().parse::<Time>().unwrap(), time);
        }

        #[test]
        fn any_second_is_printed(seconds: i64, micros in 0u32..1_000_000) {
            let _ = (Time { seconds }.to_string(), MicroTime { seconds, micros }.to_string());
        }

        #[test]
        fn any_text_is_answered(text in "[0-9]{2,4}[-0-9T:.,+Zé]{0,25}") {
            let _ = (text.parse::<Time>(), text.parse::<MicroTime>());
        }
    }
}
