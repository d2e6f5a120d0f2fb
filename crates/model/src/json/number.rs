//! Numbers as they were written, and what a double makes of them.

/// The text of a JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number<'a>(&'a str);

/// Any decimal of up to so many significant digits comes back from a double unchanged (C's `DBL_DIG`).
const SAFE_DIGITS: usize = 15;

impl<'a> Number<'a> {
    /// A number from a text that is known to be one by RFC 8259 §6.
    pub(super) fn from_valid(text: &'a str) -> Self {
        Self(text)
    }

    /// The text, as it stood.
    pub fn text(&self) -> &'a str {
        self.0
    }

    /// The nearest double; infinite where the number is too large for one.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The number as an integer, if it is one in value (`1.0` and `1e2` are) and fits.
    pub fn as_i64(&self) -> Option<i64> {
        if let Ok(value) = self.0.parse() {
            return Some(value);
        }
        let value = self.as_f64();
        let whole = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
        (whole && self.is_exact()).then_some(value as i64)
    }

    /// True if the shortest text of the nearest double is the same decimal: a double column gives the number back.
    pub fn is_exact(&self) -> bool {
        let bytes = self.0.as_bytes();
        let plain = bytes.iter().all(|b| !matches!(b, b'e' | b'E'));
        if plain && bytes.len() <= SAFE_DIGITS {
            return true;
        }
        let value = self.as_f64();
        if !value.is_finite() {
            return false;
        }
        let mut text = String::new();
        super::write_f64(value, &mut text);
        same_decimal(self.0, &text)
    }
}

/// A decimal number taken apart: value = ± 0.d₁d₂d₃… × 10^exponent, without zeros at either end of the digits.
struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn of(text: &'a str) -> Self {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent = exponent
            .strip_prefix('+')
            .unwrap_or(exponent)
            .parse::<i64>()
            .unwrap_or_else(|_| if exponent.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 });
        let mut decimal = Self { negative, whole: whole.as_bytes(), fraction: fraction.as_bytes(), exponent };
        decimal.trim();
        decimal
    }

    fn trim(&mut self) {
        while let [b'0', rest @ ..] = self.whole {
            self.whole = rest;
        }
        while let [rest @ .., b'0'] = self.fraction {
            self.fraction = rest;
        }
        self.exponent = self.exponent.saturating_add(self.whole.len() as i64);
        if self.whole.is_empty() {
            while let [b'0', rest @ ..] = self.fraction {
                self.fraction = rest;
                self.exponent = self.exponent.saturating_sub(1);
            }
        }
        if self.fraction.is_empty() {
            while let [rest @ .., b'0'] = self.whole {
                self.whole = rest;
            }
        }
    }

    fn digits(&self) -> impl Iterator<Item = &u8> {
        self.whole.iter().chain(self.fraction)
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }
}

/// True if two JSON numbers have the same decimal value: `1e2`, `100` and `100.0`; `-0` and `0`.
pub fn same_decimal(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (a, b) = (Decimal::of(a), Decimal::of(b));
    if a.is_zero() || b.is_zero() {
        return a.is_zero() && b.is_zero();
    }
    a.negative == b.negative && a.exponent == b.exponent && a.digits().eq(b.digits())
}
