//! `--datetime`: an instant, a day, a month, a year, or an interval of two of them, open where `..` stands.

use std::fmt;

use earthcatalog::model::Timestamp;

/// A stretch of time with both ends in it; None is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interval {
    /// Its first instant.
    pub(crate) start: Option<Timestamp>,
    /// Its last.
    pub(crate) end: Option<Timestamp>,
}

impl Interval {
    /// Reads what `--datetime` takes.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let interval = match text.split_once('/') {
            Some((a, b)) => Self { start: bound(a)?.map(|p| p.first), end: bound(b)?.map(|p| p.last) },
            None => period(text.trim()).map(|p| Self { start: Some(p.first), end: Some(p.last) })?,
        };
        match interval {
            Self { start: None, end: None } => {
                Err("open at both ends is every time: leave --datetime out".to_owned())
            }
            Self { start: Some(start), end: Some(end) } if start > end => {
                Err(format!("{start} is after {end}"))
            }
            other => Ok(other),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |t: Option<Timestamp>| t.map_or("..".to_owned(), |t| t.to_string());
        write!(f, "{}/{}", show(self.start), show(self.end))
    }
}

#[derive(Clone, Copy)]
struct Period {
    first: Timestamp,
    last: Timestamp,
}

fn bound(text: &str) -> Result<Option<Period>, String> {
    match text.trim() {
        "" | ".." => Ok(None),
        text => period(text).map(Some),
    }
}

fn period(text: &str) -> Result<Period, String> {
    let widths = [4, 2, 2].into_iter().chain(std::iter::repeat(0));
    let numbers: Option<Vec<u32>> =
        text.split('-').zip(widths).map(|(part, width)| digits(part, width)).collect();
    match numbers.as_deref() {
        Some([year]) => span(text, (*year, 1, 1), (year + 1, 1, 1)),
        Some([year, 12]) => span(text, (*year, 12, 1), (year + 1, 1, 1)),
        Some([year, month]) => span(text, (*year, *month, 1), (*year, month + 1, 1)),
        Some([_, _, _]) => instant(text).and_then(|first| through(first, first.micros() + 86_400_000_000)),
        _ => instant(text).map(|t| Period { first: t, last: t }),
    }
}

fn digits(text: &str, width: usize) -> Option<u32> {
    let plain = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

type Day = (u32, u32, u32);

/// From the first day to the last microsecond before the other.
fn span(text: &str, from: Day, until: Day) -> Result<Period, String> {
    let first = day(from).map_err(|_| wrong(text))?;
    let end = match until.0 {
        10_000 => LAST + 1,
        _ => day(until).map_err(|_| wrong(text))?.micros(),
    };
    through(first, end)
}

/// The last microsecond of the year 9999.
const LAST: i64 = 253_402_300_799_999_999;

fn through(first: Timestamp, end: i64) -> Result<Period, String> {
    let last = Timestamp::from_micros(end - 1).ok_or_else(|| wrong(&first.to_string()))?;
    Ok(Period { first, last })
}

fn day((year, month, day): Day) -> Result<Timestamp, String> {
    instant(&format!("{year:04}-{month:02}-{day:02}"))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|_| wrong(text))
}

fn wrong(text: &str) -> String {
    format!(
        "{text:?} is no time: use 2020, 2020-05, 2020-05-01, 2020-05-01T12:00:00Z, or an interval A/B, A/.., ../B"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Interval::parse(text).expect(text).to_string(), expected, "{text}");
    }

    fn wrong(text: &str) {
        Interval::parse(text).expect_err(text);
    }

    #[test]
    fn instants_and_periods() {
        check("2020", "2020-01-01T00:00:00Z/2020-12-31T23:59:59.999999Z");
        check("2020-02", "2020-02-01T00:00:00Z/2020-02-29T23:59:59.999999Z");
        check("2020-12", "2020-12-01T00:00:00Z/2020-12-31T23:59:59.999999Z");
        check("2020-05-01", "2020-05-01T00:00:00Z/2020-05-01T23:59:59.999999Z");
        check("2020-05-01T12:00:00Z", "2020-05-01T12:00:00Z/2020-05-01T12:00:00Z");
        check("2020-05-01T12:00:00-02:00", "2020-05-01T14:00:00Z/2020-05-01T14:00:00Z");
        check("9999", "9999-01-01T00:00:00Z/9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn intervals() {
        check("2020/2021", "2020-01-01T00:00:00Z/2021-12-31T23:59:59.999999Z");
        check("2020-05/..", "2020-05-01T00:00:00Z/..");
        check("../2020-05-01T00:00:00Z", "../2020-05-01T00:00:00Z");
        check("/2020", "../2020-12-31T23:59:59.999999Z");
        check("2020/", "2020-01-01T00:00:00Z/..");
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "",
            "..",
            "../..",
            "/",
            "20",
            "2020-13",
            "2020-00",
            "2020-02-30",
            "today",
            "2021/2020",
            "2020/2021/2022",
        ] {
            wrong(text);
        }
    }
}
