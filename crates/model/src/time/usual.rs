//! Instants as S3, and most who write STAC, write them: read eight bytes at once.

use super::{MICROS_PER_SECOND, SECONDS_PER_DAY, day_of};

/// The high bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The µs of `2020-01-31T12:00:00.000Z`; None for everything else, a leap second included.
#[inline]
pub(super) fn read(text: &[u8]) -> Option<i64> {
    let (words, []) = text.as_chunks::<8>() else { return None };
    let [date, middle, end] = words else { return None };
    let [y1, y2, y3, y4, _, m1, m2, _] = digits(date, b"0000-00-")?;
    let [d1, d2, _, h1, h2, _, n1, n2] = digits(middle, b"00T00:00")?;
    let [_, s1, s2, _, f1, f2, f3, _] = digits(end, b":00.000Z")?;
    let two = |tens: u8, ones: u8| u32::from(tens) * 10 + u32::from(ones);
    let (hour, minute, second) = (two(h1, h2), two(n1, n2), two(s1, s2));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = day_of(two(y1, y2) * 100 + two(y3, y4), two(m1, m2), two(d1, d2))?;
    let seconds = days * SECONDS_PER_DAY + i64::from(hour * 3_600 + minute * 60 + second);
    let millis = u32::from(f1) * 100 + two(f2, f3);
    Some(seconds * MICROS_PER_SECOND + i64::from(millis) * 1_000)
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
