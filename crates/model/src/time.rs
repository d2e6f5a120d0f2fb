//! Instants in microseconds UTC, and the texts that stand for them in items.
//!
//! RFC 3339 is what STAC asks for (item spec, "datetime"); what archives hold is wider, so reading is lenient and
//! [`Timestamp::is_canonical`] says whether the text can be made again from the number.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike};
use serde::{Deserialize, Serialize};

mod usual;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Microseconds since 1970-01-01T00:00:00Z, in the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no timestamp: expected something like 2020-01-31T12:00:00Z")]
pub struct ParseTimestampError(pub String);

impl Timestamp {
    /// From microseconds since the epoch; None outside the years 0 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        const FIRST: i64 = -62_167_219_200 * MICROS_PER_SECOND;
        const END: i64 = 253_402_300_800 * MICROS_PER_SECOND;
        (FIRST..END).contains(&micros).then_some(Self(micros))
    }

    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// This moment by the machine's clock.
    pub fn now() -> Self {
        Self(chrono::Utc::now().timestamp_micros())
    }

    /// The calendar year in UTC.
    pub fn year(self) -> i32 {
        DateTime::from_timestamp_micros(self.0).map_or(1970, |t| t.year())
    }

    /// Reads a timestamp: RFC 3339, and leniently without a zone (then UTC), with a space for the `T`, as a date alone,
    /// with any number of fractional digits (cut after the sixth).
    ///
    /// # Errors
    /// When the text is none of these, or names an instant that is none (month 13, offset +25:00).
    #[inline]
    pub fn parse(text: &str) -> Result<Self, ParseTimestampError> {
        if let Some(micros) = usual::read(text.as_bytes()) {
            return Ok(Self(micros));
        }
        read(text.as_bytes()).and_then(Self::from_micros).ok_or_else(|| ParseTimestampError(shorten(text)))
    }

    /// True if `text` is exactly what [`Display`](fmt::Display) writes for this instant.
    pub fn is_canonical(self, text: &str) -> bool {
        let mut buffer = Buffer::default();
        buffer.write(self);
        buffer.as_bytes() == text.as_bytes()
    }
}

/// Canonical: in UTC with `Z`, and the shortest of 0, 3 or 6 fractional digits that loses nothing.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = Buffer::default();
        buffer.write(*self);
        f.write_str(std::str::from_utf8(buffer.as_bytes()).unwrap_or_default())
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

/// A canonical text without an allocation: it is compared for every timestamp of every item.
#[derive(Default)]
struct Buffer {
    bytes: [u8; 27],
    len: usize,
}

impl Buffer {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn digits(&mut self, mut value: u32, width: usize) {
        for place in (self.len..self.len + width).rev() {
            if let Some(byte) = self.bytes.get_mut(place) {
                *byte = b'0' + (value % 10) as u8;
            }
            value /= 10;
        }
        self.len += width;
    }

    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
        }
        self.len += 1;
    }

    fn write(&mut self, instant: Timestamp) {
        let Some(t) = DateTime::from_timestamp_micros(instant.0) else { return };
        let second_of_day = instant.0.div_euclid(MICROS_PER_SECOND).rem_euclid(SECONDS_PER_DAY) as u32;
        let micros = instant.0.rem_euclid(MICROS_PER_SECOND) as u32;
        self.digits(t.year().unsigned_abs(), 4);
        self.byte(b'-');
        self.digits(t.month(), 2);
        self.byte(b'-');
        self.digits(t.day(), 2);
        self.byte(b'T');
        self.digits(second_of_day / 3600, 2);
        self.byte(b':');
        self.digits(second_of_day / 60 % 60, 2);
        self.byte(b':');
        self.digits(second_of_day % 60, 2);
        if micros != 0 {
            self.byte(b'.');
            if micros.is_multiple_of(1000) { self.digits(micros / 1000, 3) } else { self.digits(micros, 6) }
        }
        self.byte(b'Z');
    }
}

fn read(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let days = read_date(date)?;
    if rest.is_empty() {
        return Some(days * SECONDS_PER_DAY * MICROS_PER_SECOND);
    }
    let rest = rest.strip_prefix(b"T").or(rest.strip_prefix(b"t")).or(rest.strip_prefix(b" "))?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let seconds = read_clock(clock)?;
    let (micros, zone) = read_fraction(rest)?;
    let offset = read_zone(zone)?;
    Some((days * SECONDS_PER_DAY + seconds - offset) * MICROS_PER_SECOND + micros)
}

fn read_date(text: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let (year, month, day) = (number(&[*y1, *y2, *y3, *y4])?, number(&[*m1, *m2])?, number(&[*d1, *d2])?);
    day_of(year, month, day)
}

/// The day since the epoch of a date, if there is such a date.
#[inline(always)]
fn day_of(year: u32, month: u32, day: u32) -> Option<i64> {
    if let Some(Some([first, next])) = (1..=12).contains(&month).then(|| usual::month(year, month)) {
        return (1..=next - first).contains(&day).then(|| i64::from(first + day - 1));
    }
    (day >= 1 && day <= days_of(year, month)?).then(|| days_since_epoch(year, month, day))
}

fn days_of(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    Some(match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    })
}

/// Days since 1970-01-01 in the Gregorian calendar. Years are taken to begin in March, so that a leap day is the last of its year;
/// the months from March on then begin after (153 m + 2) / 5 days.
const fn days_since_epoch(year: u32, month: u32, day: u32) -> i64 {
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    // Between March 1 of the year -400 and the epoch.
    (before + (153 * month + 2) / 5 + day - 1) as i64 - 865_565
}

/// Seconds of the day; a leap second (`:60`) is the first of the next minute.
fn read_clock(text: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = text else { return None };
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?);
    (hour < 24 && minute < 60 && second <= 60).then_some(i64::from(hour * 3600 + minute * 60 + second))
}

fn read_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".").or(text.strip_prefix(b",")) else { return Some((0, text)) };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(count);
    let mut micros = number(digits.get(..count.min(6)).filter(|d| !d.is_empty())?)?;
    for _ in count..6 {
        micros *= 10;
    }
    Some((i64::from(micros), rest))
}

/// Seconds east of UTC.
fn read_zone(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        [h1, h2] => (number(&[*h1, *h2])?, 0),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * i64::from(hours * 3600 + minutes * 60))
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |value, b| b.is_ascii_digit().then(|| value * 10 + u32::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn check(text: &str, expected: &str) {
        let instant = Timestamp::parse(text).unwrap();
        assert_eq!(instant.to_string(), expected, "{text}");
        assert_eq!(instant.is_canonical(text), text == expected, "{text}");
    }

    #[test]
    fn reads_what_archives_hold() {
        check("2020-01-31T12:00:00Z", "2020-01-31T12:00:00Z");
        check("2020-01-31T12:00:00.5Z", "2020-01-31T12:00:00.500Z");
        check("2020-01-31T12:00:00.120Z", "2020-01-31T12:00:00.120Z");
        check("2020-01-31T12:00:00.123456789Z", "2020-01-31T12:00:00.123456Z");
        check("2019-12-31T23:30:00-02:00", "2020-01-01T01:30:00Z");
        check("2020-01-01T00:00:00+0530", "2019-12-31T18:30:00Z");
        check("2020-01-01 00:00:00+00", "2020-01-01T00:00:00Z");
        check("2020-01-01", "2020-01-01T00:00:00Z");
        check("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
        check("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
        check("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z");
        check("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn refuses_what_is_no_instant() {
        for text in [
            "",
            "2020",
            "2020-13-01",
            "2020-02-30T00:00:00Z",
            "2020-01-01T25:00:00Z",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00+25:00",
            "2020-01-01T00:00:00 Z",
            "0000-01-01T00:00:00+01:00",
            "not a date at all",
            "２０２０-01-01T00:00:00Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_day_is_that_of_the_calendar() {
        let mut date = NaiveDate::from_ymd_opt(0, 1, 1).unwrap();
        while date.year() < 10_000 {
            let expected = i64::from(date.num_days_from_ce()) - 719_163;
            assert_eq!(read_date(date.to_string().as_bytes()), Some(expected), "{date}");
            date = date.succ_opt().unwrap();
        }
        for text in ["2023-02-29", "1900-02-29", "2020-04-31", "2020-00-10", "2020-13-01", "2020-01-00"] {
            assert_eq!(read_date(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_year_is_that_of_utc() {
        assert_eq!(Timestamp::parse("2019-12-31T23:30:00-02:00").unwrap().year(), 2020);
        assert_eq!(Timestamp::parse("1969-12-31T23:59:59.999999Z").unwrap().year(), 1969);
    }
}
