//! Instants as S3, and most who write STAC, write them: read eight bytes at once.

use super::{MICROS_PER_SECOND, SECONDS_PER_DAY, day_of, days_since_epoch};

/// The high bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The first year of [`MONTHS`].
const EPOCH: u32 = 1970;

/// Days before each month of the years 1970 to 2100, and of the one behind them.
static MONTHS: [u16; 12 * 131 + 1] = {
    let mut days = [0; 12 * 131 + 1];
    let mut i = 0;
    while i < days.len() {
        days[i] = days_since_epoch(EPOCH + i as u32 / 12, i as u32 % 12 + 1, 1) as u16;
        i += 1;
    }
    days
};

/// The days since the epoch on which a month of the calendar begins, and the next one; None of a year that is seldom asked for.
#[inline]
pub(super) fn month(year: u32, month: u32) -> Option<[u32; 2]> {
    let at = (year.checked_sub(EPOCH)? * 12 + month - 1) as usize;
    Some([*MONTHS.get(at)?, *MONTHS.get(at + 1)?].map(u32::from))
}

/// The µs of `2020-01-31T12:00:00.000Z`; None for everything else, a leap second included.
#[inline]
pub(super) fn read(text: &[u8]) -> Option<i64> {
    let (words, []) = text.as_chunks::<8>() else { return None };
    let [date, middle, end] = words else { return None };
    let date = pairs(digits(date, b"0000-00-")?);
    let middle = pairs(digits(middle, b"00T00:00")?);
    let end = digits(end, b":00.000Z")?;
    let (hour, minute, second) = (middle[3], middle[6], pairs(end)[1]);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let year = u32::from(date[0]) * 100 + u32::from(date[2]);
    let days = day_of(year, u32::from(date[5]), u32::from(middle[0]))?;
    let seconds =
        days * SECONDS_PER_DAY + i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    let millis = i64::from(end[4]) * 100 + i64::from(pairs(end)[5]);
    Some(seconds * MICROS_PER_SECOND + millis * 1_000)
}

/// Of each digit and the one behind it, the number that they are.
#[inline]
fn pairs(digits: [u8; 8]) -> [u8; 8] {
    let digits = u64::from_le_bytes(digits);
    // No byte comes to more than 99, and so none carries into the next.
    (digits * 10 + (digits >> 8)).to_le_bytes()
}

/// The values of the digits of a text of this form, all eight looked at together; other bytes are zero.
#[inline]
fn digits(text: &[u8; 8], form: &[u8; 8]) -> Option<[u8; 8]> {
    // What makes the least byte that is wrong overflow into the high bit: 10 of a digit, 1 of what must be as in the form.
    let most = form.map(|byte| if byte == b'0' { 0x80 - 10 } else { 0x80 - 1 });
    let values = u64::from_le_bytes(*text) ^ u64::from_le_bytes(*form);
    // A byte that is above 127 itself carries into the next one, but is then wrong already.
    let wrong = (values.wrapping_add(u64::from_le_bytes(most)) | values) & HIGH;
    (wrong == 0).then(|| values.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) {
        if let Some(usual) = read(text.as_bytes()) {
            assert_eq!(Some(usual), super::super::read(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_most_write_is_read_here() {
        for text in [
            "2020-02-29T23:59:59.999Z",
            "1970-01-01T00:00:00.000Z",
            "0000-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert!(read(text.as_bytes()).is_some(), "{text}");
            check(text);
        }
    }

    #[test]
    fn all_else_is_left_alone() {
        for text in [
            "2021-02-29T00:00:00.000Z",
            "2020-13-01T00:00:00.000Z",
            "2020-00-01T00:00:00.000Z",
            "2020-01-00T00:00:00.000Z",
            "2020-01-01T24:00:00.000Z",
            "2020-01-01T00:60:00.000Z",
            "2016-12-31T23:59:60.000Z",
            "2020-01-01T00:00:00.000z",
            "2020-01-01 00:00:00.000Z",
            "2020-01-01T00:00:00.000+",
            "2020-01-01T00:00:00Z",
            "2020-01-01T00:00:00.000000Z",
            "",
        ] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
            check(text);
        }
    }

    proptest! {
        #[test]
        fn it_says_what_the_other_reader_says(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z") {
            check(&text);
            // Only a leap second is left to the other.
            prop_assert!(read(text.as_bytes()) == super::super::read(text.as_bytes()) || text.contains(":60"));
        }

        #[test]
        fn one_wrong_character_is_seen(place in 0..24_usize, other in any::<char>()) {
            let text = "2020-01-31T12:34:56.789Z";
            let (before, after) = text.split_at(place);
            check(&format!("{before}{other}{}", &after[1..]));
        }
    }
}
