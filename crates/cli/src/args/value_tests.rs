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
fn modes() {
    check::<Mode>("full", "full");
    check::<Mode>("sync", "sync");
    wrong::<Mode>("daily", "use auto, full, delta or sync");
    wrong::<Mode>("ful", "use auto, full, delta or sync");
}

#[test]
fn shares() {
    check::<Share>("1%", "1%");
    check::<Share>(" 0.5 % ", "0.5%");
    for text in ["1", "-1%", "101%", "%", "NaN%"] {
        wrong::<Share>(text, "e.g. 1% or 0.5%");
    }
    assert_eq!("12.5%".parse::<Share>().map(|share| share.of(43)), Ok(5));
}

#[test]
fn since_a_time_or_so_long_ago() {
    let day = Timestamp::parse("2026-04-28T00:00:00Z").ok().map(Since);
    assert_eq!(since("2026-04-28").ok(), day);
    for (text, seconds) in [("2d", 172_800), ("36h", 129_600), ("90m", 5400), ("1w", 604_800)] {
        let ago = Timestamp::now().micros() - since(text).expect(text).0.micros();
        assert!((ago / 1_000_000 - seconds).abs() < 60, "{text}: {ago}");
    }
    for text in ["d", "-2d", "2y", "yesterday", ""] {
        assert!(since(text).is_err_and(|e| e.contains("how long ago")), "{text}");
    }
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
