//! Figures as a table in Markdown, for people and for docs/performance.md.

use super::figures::{Shape, Spread};

const HEAD: &str = "\
| items | grid | files | rows a file | MB | items/s | CPU s per 1,000 items | of it system | floor | × floor | peak RSS, MB |
|---|---|---|---|---|---|---|---|---|---|---|";

/// A line a shape; medians, with the least and the most in brackets.
pub(super) fn table(shapes: &[Shape]) -> String {
    let lines = shapes.iter().map(line);
    std::iter::once(HEAD.to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

fn line(shape: &Shape) -> String {
    let (output, figures) = (&shape.output, &shape.figures);
    let cells = [
        thousands(shape.items),
        shape.grid.clone(),
        thousands(output.files),
        format!("{:.1}", output.rows_a_file()),
        format!("{:.1}", output.bytes as f64 / 1e6),
        spread(figures.items_a_second, 1.0, 0),
        spread(figures.cpu, 1.0, 3),
        format!("{:.3}", figures.system.median),
        spread(figures.floor_cpu, 1.0, 3),
        spread(figures.times_floor, 1.0, 2),
        spread(figures.peak_rss_bytes, 1e6, 0),
    ];
    format!("| {} |", cells.join(" | "))
}

fn spread(values: Spread, unit: f64, digits: usize) -> String {
    let [median, min, max] =
        [values.median, values.min, values.max].map(|v| format!("{:.digits$}", v / unit));
    if min == max { median } else { format!("{median} ({min}–{max})") }
}

/// `20000` as `20,000`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        for (number, expected) in [(7, "7"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(thousands(number), expected);
        }
    }

    #[test]
    fn runs_apart_are_shown() {
        let spread_of = |min, max| spread(Spread { median: 1.0, min, max }, 1.0, 2);
        assert_eq!((spread_of(1.0, 1.001), spread_of(0.5, 2.0)), ("1.00".into(), "1.00 (0.50–2.00)".into()));
    }
}
