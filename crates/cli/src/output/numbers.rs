//! Numbers as people read them: thousands separated, bytes in binary units, durations in two units at most.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 file`, `2 files`.
pub(crate) fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// `1536` as `1.5 KiB`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    for next in units {
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// `0.42 s`, `12.3 s`, `4 min 05 s`, `3 h 07 min`.
pub(crate) fn duration(d: Duration) -> String {
    let seconds = d.as_secs_f64();
    let whole = d.as_secs();
    match whole {
        0..10 => format!("{seconds:.2} s"),
        10..100 => format!("{seconds:.1} s"),
        100..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (n, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567"), (123456, "123,456")]
        {
            assert_eq!(count(n), expected);
        }
        assert_eq!(plural(1, "row"), "1 row");
        assert_eq!(plural(1200, "row"), "1,200 rows");
    }

    #[test]
    fn byte_sizes() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (1 << 20, "1.0 MiB"),
            (1023 << 20, "1023.0 MiB"),
        ];
        for (n, expected) in cases {
            assert_eq!(bytes(n), expected);
        }
        assert_eq!(bytes((1 << 20) - 1), "1.0 MiB");
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn durations() {
        for (ms, expected) in
            [(420, "0.42 s"), (12_340, "12.3 s"), (245_000, "4 min 05 s"), (11_220_000, "3 h 07 min")]
        {
            assert_eq!(duration(Duration::from_millis(ms)), expected);
        }
    }
}
