//! Reading and showing of values.

use super::*;

fn check<T: Value>(text: &str, expected: &str) {
    assert_eq!(T::read(text).expect(text).show(), expected, "{text}");
}

fn wrong<T: Value>(text: &str, part: &str) {
    let message = T::read(text).err().unwrap_or_else(|| unreachable!("{text} was taken"));
    assert!(message.contains(part), "{text}: {message}");
}

#[test]
fn sizes() {
    check::<Size>("1GiB", "1GiB");
    check::<Size>("512MB", "512MB");
    check::<Size>("1.5 gib", "1536MiB");
    check::<Size>("1073741824", "1GiB");
    check::<Size>("2G", "2GiB");
    check::<Size>("7", "7B");
    wrong::<Size>("", "no size");
    wrong::<Size>("-1", "no size");
    wrong::<Size>("1XB", "no size");
    wrong::<Size>("0", "too small");
    wrong::<Size>("99999999999TiB", "no size");
}

#[test]
fn modes_that_are_not_there_yet_say_so() {
    check::<Mode>("full", "full");
    wrong::<Mode>("delta", "not there yet: use auto or full");
    wrong::<Mode>("sync", "not there yet: use auto or full");
    wrong::<Mode>("ful", "use auto or full");
}

#[test]
fn the_rest() {
    check::<Duration>("30", "30s");
    check::<Duration>("2m", "2m");
    wrong::<Duration>("0s", "no time span");
    wrong::<NonZeroUsize>("0", "at least 1");
    check::<bool>("Yes", "true");
    wrong::<bool>("maybe", "neither");
    check::<ProgressMode>("lines", "lines");
    wrong::<ProgressMode>("fancy", "auto, bars, lines, json, none");
    check::<Timestamp>("2026-04-28", "2026-04-28T00:00:00Z");
    wrong::<Timestamp>("yesterday", "no time");
    check::<GridSpec>("h3:1", "h3:1");
    wrong::<GridSpec>("h3:99", "h3");
    check::<Assets>("struct", "struct");
    wrong::<Assets>("none", "auto, struct or json");
    check::<String>("s3://k:s@bucket/x", "s3://bucket/x");
}
