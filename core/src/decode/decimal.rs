//! Decimal numbers. `str::parse` does this too, for every last bit of any number, by a table that would be a sixtieth of
//! the page.

/// The number that a text writes in decimals: `1`, `-1.5`, `.5`, `1e3`. What has up to fifteen digits, and no exponent
/// beyond 22, is rounded as IEEE 754 asks; of anything else the last bits may be others.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i16>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let mut mantissa: u64 = 0;
    let mut exponent = i64::from(exponent);
    for (place, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        exponent -= i64::from(place >= whole.len());
        match mantissa
            .checked_mul(10)
            .and_then(|it| it.checked_add(digit))
        {
            Some(more) => mantissa = more,
            None => exponent += 1,
        }
    }
    // Up to 2^53 it loses nothing, and neither does a power of ten up to 10^22: then the one operation rounds once.
    #[allow(clippy::cast_precision_loss)]
    let mut value = mantissa as f64;
    while exponent != 0 && value != 0.0 && value.is_finite() {
        let step = exponent.clamp(-22, 22);
        let power = (0..step.abs()).fold(1.0, |power, _| power * 10.0);
        value = if step < 0 {
            value / power
        } else {
            value * power
        };
        exponent -= step;
    }
    Some(if text.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_what_it_is_to_the_standard_library() {
        for text in [
            "0",
            "-0",
            "1",
            "+1",
            "1.5",
            "-1.5",
            ".5",
            "5.",
            "0.1",
            "99.9",
            "1e3",
            "1E-3",
            "12.5e+1",
            "1e22",
            "1e-22",
            "1e999",
            "1e-999",
            "0e999",
            "99999999999999999999",
            "000000000000000000000000.1",
            // None of these is one.
            "",
            ".",
            "e1",
            "1e",
            "1e99999",
            "1.2.3",
            "--1",
            "1-",
            "0x1",
            "1_0",
            "inf",
            "nan",
        ] {
            let known = text
                .parse()
                .ok()
                .filter(|_| text.contains(|c: char| c.is_ascii_digit()));
            // An exponent of five digits is a mistake rather than a number.
            let known = known.filter(|_| text != "1e99999");
            assert_eq!(decimal(text), known, "{text}");
        }
    }

    proptest! {
        #[test]
        fn fifteen_digits_are_exact(whole in 0..100_000_000_u32, fraction in 0..10_000_000_u32, width in 1..=7_usize) {
            let text = format!("{whole}.{fraction:0width$}");
            prop_assert_eq!(decimal(&text), text.parse().ok());
        }

        #[test]
        fn of_others_no_more_than_the_last_bits_are_others(number in proptest::num::f64::NORMAL) {
            let Some(read) = decimal(&format!("{number:e}")) else {
                return Err(TestCaseError::fail("not read"));
            };
            prop_assert!((read - number).abs() <= number.abs() * 1e-14, "{} {}", read, number);
        }
    }
}
