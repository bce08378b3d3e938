//! Quantities against upstream's canonical forms.

use std::cmp::Ordering;

use kubeforge_machinery::types::{Format, Quantity, QuantityError};
use kubeforge_machinery::{json, proto};
use proptest::prelude::*;

fn parse(text: &str) -> Quantity {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn canonical(text: &str) -> String {
    parse(text).to_string()
}

#[test]
fn prints_canonical_forms() {
    for (text, expected) in [
        ("0", "0"),
        ("-0", "0"),
        ("0.0", "0"),
        ("0Ki", "0"),
        ("00", "0"),
        ("-", "0"),
        ("m", "0"),
        (".", "0"),
        ("1000m", "1"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("1.5", "1500m"),
        ("100m", "100m"),
        ("1e3", "1e3"),
        ("1E3", "1E3"),
        ("12e4", "120e3"),
        ("1.5e6", "1500e3"),
        ("1000e3", "1e6"),
        ("1024", "1024"),
        ("1024Ki", "1Mi"),
        ("1000Ki", "1000Ki"),
        ("512Ki", "512Ki"),
        ("0.5Ki", "512"),
        ("0.1Gi", "107374182400m"),
        ("1.5Gi", "1536Mi"),
        ("2048Mi", "2Gi"),
        ("1500M", "1500M"),
        ("2000k", "2M"),
        ("1e-9", "1e-9"),
        ("0.1n", "1n"),
        ("1.1n", "2n"),
        ("-0.1n", "-1n"),
        ("1e-1000000000", "1e-9"),
        ("5", "5"),
        ("-5", "-5"),
        ("1000000", "1M"),
        ("9Ei", "9223372036854775807"),
        ("-9Ei", "-9223372036854775807"),
        ("7Ei", "7Ei"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("100000000000000000000", "100E"),
        // Upstream has no suffix above E and prints none.
        ("1000E", "1"),
        ("1000000000000000000000000", "1"),
        ("-20000P", "-20E"),
        // Upstream keeps short texts whose scale fits, canonical or not.
        ("+5", "+5"),
        ("1.250", "1.250"),
        ("007", "007"),
        ("5.", "5."),
        ("0012Mi", "0012Mi"),
        ("1.500", "1.500"),
        ("+", "0"),
        ("+.", "0"),
        ("0m", "0"),
        ("0e5", "0"),
        ("Ti", "0"),
        (".Ki", "0"),
        ("E", "0"),
        ("k", "0"),
        ("1e+3", "1e+3"),
        ("1e03", "1e03"),
        ("2e1", "20"),
        ("1e400", "10e399"),
        ("1.5e400", "1.5e400"),
        ("1.5e401", "150e399"),
        ("1e2147483647", "10e2147483646"),
        ("1e2147483649", "1e-9"),
        ("1e-10", "1e-9"),
        ("-1e-10", "-1e-9"),
        ("0e-10", "0"),
        ("1E6", "1E6"),
        ("1E", "1E"),
        ("1.0", "1"),
        ("1.000000000", "1"),
        ("1.0000000001", "1000000001n"),
        ("0.000000000000000000000000000001", "1n"),
        ("0.0000000001Ki", "103n"),
        ("0.00000000000001Gi", "10738n"),
        ("1.1Ki", "1126400m"),
        ("1.5Ki", "1536"),
        ("0.5Gi", "512Mi"),
        ("0.0009765625Ki", "1"),
        ("1023", "1023"),
        ("1Ki", "1Ki"),
        ("-1Ki", "-1Ki"),
        ("-1024Ki", "-1Mi"),
        ("8Ki", "8Ki"),
        ("1024Gi", "1Ti"),
        ("1024Ti", "1Pi"),
        ("1024Pi", "1Ei"),
        ("8Ei", "9223372036854775807"),
        ("-8Ei", "-9223372036854775807"),
        ("100000000000000Ki", "97656250000Mi"),
        ("999999999999999999", "999999999999999999"),
        ("1234567890123456789", "1234567890123456789"),
        ("9223372036854775808", "9223372036854775808"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn refuses_what_upstream_refuses() {
    for (text, error) in [
        ("", QuantityError::Format),
        ("abc", QuantityError::Format),
        ("1 ", QuantityError::Format),
        ("1.2.3", QuantityError::Format),
        ("1Kib", QuantityError::Format),
        ("1Zi", QuantityError::Format),
        ("1ki", QuantityError::Suffix),
        ("1e", QuantityError::Suffix),
        ("1ee3", QuantityError::Suffix),
        ("Ei", QuantityError::Numeric),
        ("Pi", QuantityError::Numeric),
        ("-Pi", QuantityError::Numeric),
        ("e-10", QuantityError::Numeric),
        (".e-10", QuantityError::Numeric),
        ("1K", QuantityError::Suffix),
        ("1i", QuantityError::Suffix),
        ("1mm", QuantityError::Suffix),
        ("1k3", QuantityError::Suffix),
        ("1e+", QuantityError::Suffix),
        ("1e9223372036854775808", QuantityError::Suffix),
        ("1e3k", QuantityError::Format),
        ("--1", QuantityError::Suffix),
        ("1,5", QuantityError::Format),
        ("1_000", QuantityError::Format),
        ("0x10", QuantityError::Format),
        ("1\u{b5}", QuantityError::Format),
        ("\u{661}", QuantityError::Format),
        ("inf", QuantityError::Format),
    ] {
        assert_eq!(text.parse::<Quantity>(), Err(error), "{text}");
    }
    let text = QuantityError::Format.to_string();
    assert_eq!(text, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

#[test]
fn values_round_away_from_zero() {
    assert_eq!(parse("1500m").value(), 2);
    assert_eq!(parse("-1500m").value(), -2);
    assert_eq!(parse("1500m").milli_value(), 1500);
    assert_eq!(parse("1n").milli_value(), 1);
    assert_eq!(parse("1Gi").value(), 1 << 30);
    assert_eq!(parse("1e30").value(), i64::MAX);
    assert_eq!(parse("-1e2000000000").value(), i64::MIN);
    assert_eq!(parse("2M").scaled_value(3), 2000);
}

#[test]
fn compares_across_suffixes() {
    for (a, b, expected) in [
        ("1", "1000m", Ordering::Equal),
        ("1Ki", "1024", Ordering::Equal),
        ("1Gi", "1G", Ordering::Greater),
        ("-1", "0", Ordering::Less),
        ("-2", "-1", Ordering::Less),
        ("1e9", "1e2000000000", Ordering::Less),
        ("0.1", "0.09", Ordering::Greater),
    ] {
        assert_eq!(parse(a).cmp_value(&parse(b)), expected, "{a} {b}");
    }
}

#[test]
fn adds_in_the_family_of_the_first() {
    assert_eq!(parse("1Gi").plus(&parse("1Mi")).to_string(), "1025Mi");
    assert_eq!(parse("500m").plus(&parse("1")).to_string(), "1500m");
    assert_eq!(Quantity::default().plus(&parse("2Ki")).to_string(), "2Ki");
    assert_eq!(parse("1").minus(&parse("1")), Quantity::default());
    assert_eq!(parse("1").minus(&parse("1500m")).to_string(), "-500m");
    assert_eq!(Quantity::new(3 << 20, Format::BinarySi).to_string(), "3Mi");
    assert_eq!(Quantity::from_millis(2500, Format::DecimalSi).to_string(), "2500m");
}

#[test]
fn shows_itself_as_go_does() {
    let shown = |value: &str, text: &str, format: &str| {
        format!(
            "resource.Quantity{{i:resource.int64Amount{{{value}}}, d:resource.infDecAmount{{Dec:(*inf.Dec)(nil)}}, s:\"{text}\", Format:\"{format}\"}}"
        )
    };
    assert_eq!(parse("1.5").go_syntax(), shown("value:1500, scale:-3", "1500m", "DecimalSI"));
    assert_eq!(parse("-2").go_syntax(), shown("value:-2, scale:0", "-2", "DecimalSI"));
    assert_eq!(parse("1Gi").go_syntax(), shown("value:1073741824, scale:0", "1Gi", "BinarySI"));
    assert_eq!(parse("0").go_syntax(), shown("value:0, scale:0", "0", "DecimalSI"));
}

#[test]
fn codecs() {
    let mut quantity = Quantity::default();
    for (text, expected) in [
        ("\"1000m\"", "\"1\""),
        ("1.5", "\"1500m\""),
        ("1e3", "\"1e3\""),
        ("-1", "\"-1\""),
        ("null", "\"0\""),
        ("\" 2 \"", "\"2\""),
        ("\"\u{a0}2\u{3000}\"", "\"2\""),
    ] {
        json::decode(text.as_bytes(), &mut quantity).unwrap();
        assert_eq!(json::encode(&quantity), expected.as_bytes(), "{text}");
    }
    // Escapes are not looked at.
    for text in ["\"\"", "true", "{}", "[1]", "\"null\"", "\"\\u0031\"", "\"2\\n\""] {
        let error = json::decode(text.as_bytes(), &mut quantity).unwrap_err().to_string();
        assert_eq!(error, QuantityError::Format.to_string(), "{text}");
    }
    assert_eq!(proto::encode(&parse("1Gi")), b"\x0a\x031Gi");
    proto::decode(b"\x0a\x051024M", &mut quantity).unwrap();
    assert_eq!(quantity, parse("1024M"));
    assert!(proto::decode(b"\x0a\x01x", &mut quantity).is_err());
    assert_eq!(serde_json::to_string(&parse("1000m")).unwrap(), "\"1\"");
    assert_eq!(serde_json::from_str::<Quantity>("3").unwrap(), parse("3"));
}

proptest! {
    #[test]
    fn canonical_is_a_fixed_point(text in "[+-]?[0-9]{0,25}(\\.[0-9]{0,30})?(|n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE]-?[0-9]{1,3})") {
        if let Ok(quantity) = text.parse::<Quantity>() {
            let again = parse(quantity.as_str());
            prop_assert_eq!(&again, &quantity);
            prop_assert_eq!(again.cmp_value(&quantity), Ordering::Equal);
        }
    }

    #[test]
    fn numbers_agree_with_integers(a in -1_000_000_000_000i64..1_000_000_000_000, b in -1_000_000_000_000i64..1_000_000_000_000) {
        for format in [Format::DecimalSi, Format::BinarySi, Format::DecimalExponent] {
            let (x, y) = (Quantity::new(a, format), Quantity::new(b, format));
            prop_assert_eq!(x.value(), a);
            prop_assert_eq!(x.cmp_value(&y), a.cmp(&b));
            prop_assert_eq!(x.plus(&y).value(), a + b);
            prop_assert_eq!(x.minus(&y).value(), a - b);
            prop_assert_eq!(parse(x.as_str()).value(), a);
        }
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,40}") {
        let _ = text.parse::<Quantity>();
    }

    #[test]
    fn what_is_finer_than_nano_rounds_away_from_zero(
        negative: bool,
        whole in 0i128..100_000,
        fraction in "[0-9]{0,14}",
        suffix in prop::sample::select(vec![
            ("n", -9, 0), ("u", -6, 0), ("m", -3, 0), ("", 0, 0), ("k", 3, 0), ("e-12", -12, 0), ("E2", 2, 0), ("Ki", 0, 10), ("Mi", 0, 20),
        ]),
    ) {
        let (name, ten, two) = suffix;
        let text = format!("{}{whole}.{fraction}{name}", if negative { "-" } else { "" });
        // In units of 10^-26, which all of these are whole multiples of.
        let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
        let exact = (digits << two) * 10i128.pow((26 + ten - fraction.len() as i32) as u32);
        let nanos = exact / 10i128.pow(17) + i128::from(exact % 10i128.pow(17) != 0);
        let expected = i64::try_from(if negative { -nanos } else { nanos });
        if let Ok(expected) = expected {
            prop_assert_eq!(parse(&text).scaled_value(-9), expected, "{}", text);
        }
    }
}
