//! Stretches of time, as `--datetime` and STAC API write them.

use std::fmt;
use std::str::FromStr;

use earthcatalog_model::Timestamp;

use crate::error::Error;

/// A stretch of time, both ends in it; None is open. In microseconds UTC.
///
/// Read from `A/B`, `A/..`, `../B` (or with nothing for `..`), or one time `T`, where a time is an instant (RFC 3339), a
/// day, a month or a year. What is less than an instant stands for its whole span: `2020-05` ends with the last
/// microsecond of May, as a beginning and as an end.
///
/// ```
/// let may: earthcatalog_search::Interval = "2020-05".parse()?;
/// assert_eq!(may.to_string(), "2020-05-01T00:00:00Z/2020-05-31T23:59:59.999999Z");
/// # Ok::<(), earthcatalog_search::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The first instant.
    pub start: Option<Timestamp>,
    /// The last instant.
    pub end: Option<Timestamp>,
}

impl Interval {
    /// From its ends.
    pub fn new(start: Option<Timestamp>, end: Option<Timestamp>) -> Self {
        Self { start, end }
    }

    /// True if it is open at both ends, which is every time.
    pub fn is_all(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |t: Option<Timestamp>| t.map_or("..".to_owned(), |t| t.to_string());
        write!(f, "{}/{}", text(self.start), text(self.end))
    }
}

impl FromStr for Interval {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let interval = match text.split_once('/') {
            Some((start, end)) => Self { start: end_of(start)?.map(|s| s.0), end: end_of(end)?.map(|s| s.1) },
            None => {
                let (start, end) = span(text.trim())?;
                Self { start: Some(start), end: Some(end) }
            }
        };
        let Self { start: Some(start), end: Some(end) } = interval else { return Ok(interval) };
        if start > end {
            return Err(Error::Backwards { start, end });
        }
        Ok(interval)
    }
}

type Span = (Timestamp, Timestamp);

fn end_of(text: &str) -> Result<Option<Span>, Error> {
    match text.trim() {
        "" | ".." => Ok(None),
        text => span(text).map(Some),
    }
}

const DAY: i64 = 86_400_000_000;

fn span(text: &str) -> Result<Span, Error> {
    let parts: Vec<&str> = text.split('-').collect();
    let found = match parts.as_slice() {
        [year] => number(year, 4).and_then(|y| between((y, 1), (y + 1, 1))),
        [year, month] => {
            number(year, 4).zip(number(month, 2)).and_then(|(y, m)| between((y, m), after(y, m)))
        }
        [_, _, day] if day.len() == 2 => {
            Timestamp::parse(text).ok().and_then(|day| until(day, day.micros() + DAY))
        }
        _ => Timestamp::parse(text).ok().map(|t| (t, t)),
    };
    found.ok_or_else(|| Error::Time { text: text.chars().take(80).collect() })
}

fn after(year: u32, month: u32) -> (u32, u32) {
    if month == 12 { (year + 1, 1) } else { (year, month + 1) }
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// From the first day of a month to the last microsecond before that of another.
fn between(from: (u32, u32), to: (u32, u32)) -> Option<Span> {
    let first_of = |(year, month): (u32, u32)| Timestamp::parse(&format!("{year:04}-{month:02}-01")).ok();
    let start = first_of(from)?;
    // The last year and the last month end with the last day there is.
    let end = if to.0 > 9999 {
        Timestamp::parse("9999-12-31").ok()?.micros() + DAY
    } else {
        first_of(to)?.micros()
    };
    until(start, end)
}

fn until(start: Timestamp, end: i64) -> Option<Span> {
    Some((start, Timestamp::from_micros(end - 1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(text.parse::<Interval>().unwrap().to_string(), expected, "{text}");
    }

    #[test]
    fn one_time_is_its_whole_span() {
        check("2020", "2020-01-01T00:00:00Z/2020-12-31T23:59:59.999999Z");
        check("2020-02", "2020-02-01T00:00:00Z/2020-02-29T23:59:59.999999Z");
        check("2020-12", "2020-12-01T00:00:00Z/2020-12-31T23:59:59.999999Z");
        check("2020-05-01", "2020-05-01T00:00:00Z/2020-05-01T23:59:59.999999Z");
        check(" 2020-05-01T01:02:03.5Z ", "2020-05-01T01:02:03.500Z/2020-05-01T01:02:03.500Z");
        check("2019-12-31T23:30:00-02:00", "2020-01-01T01:30:00Z/2020-01-01T01:30:00Z");
        check("9999", "9999-01-01T00:00:00Z/9999-12-31T23:59:59.999999Z");
        check("9999-12", "9999-12-01T00:00:00Z/9999-12-31T23:59:59.999999Z");
        check("9999-12-31", "9999-12-31T00:00:00Z/9999-12-31T23:59:59.999999Z");
        check("0000", "0000-01-01T00:00:00Z/0000-12-31T23:59:59.999999Z");
    }

    #[test]
    fn intervals_may_be_open() {
        check("2020/2021", "2020-01-01T00:00:00Z/2021-12-31T23:59:59.999999Z");
        check("2020-05-01/2020-05-01", "2020-05-01T00:00:00Z/2020-05-01T23:59:59.999999Z");
        check("2020-05-01T12:00:00Z/..", "2020-05-01T12:00:00Z/..");
        check("../2020-05", "../2020-05-31T23:59:59.999999Z");
        check("/2020", "../2020-12-31T23:59:59.999999Z");
        check("2020/", "2020-01-01T00:00:00Z/..");
        check("../..", "../..");
        assert!("../..".parse::<Interval>().unwrap().is_all());
    }

    fn refuses(text: &str, expected: &str) {
        let error = text.parse::<Interval>().unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }

    #[test]
    fn others_are_refused() {
        refuses("", "is no time");
        refuses("20", "is no time");
        refuses("2020-13", "is no time");
        refuses("2020-00", "is no time");
        refuses("2020-1", "is no time");
        refuses("2020-02-30", "is no time");
        refuses("yesterday/2020", "\"yesterday\" is no time");
        refuses("2020/2021/2022", "is no time");
        refuses("２０２０", "is no time");
        refuses("2021/2020", "ends before it begins");
    }
}
