//! What many runs say: medians, and how far the runs lie apart.

use serde::Serialize;
use serde_json::Value;

use super::measure::Cost;

/// The median of some runs, the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    /// Zeros if there is none.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |i: usize| sorted.get(i).copied().unwrap_or(0.0);
        let (last, half) = (sorted.len().saturating_sub(1), sorted.len() / 2);
        let median = if sorted.len().is_multiple_of(2) {
            (at(half.saturating_sub(1)) + at(half)) / 2.0
        } else {
            at(half)
        };
        Self { median, min: at(0), max: at(last) }
    }
}

/// One run of each, one after the other.
#[derive(Serialize)]
pub(super) struct Round {
    /// The system's load before it (the average of a minute): on a quiet machine hardly more than our own.
    pub(super) load: f64,
    pub(super) ingest: Cost,
    pub(super) floor: Cost,
}

/// A size and a grid, measured: the raw figures and what they say.
#[derive(Serialize)]
pub(super) struct Shape {
    pub(super) items: u64,
    pub(super) grid: String,
    pub(super) output: Output,
    pub(super) figures: Figures,
    pub(super) rounds: Vec<Round>,
}

/// What the ingest made.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Output {
    pub(super) files: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Output {
    pub(super) fn of(report: &Value) -> Self {
        let number = |name: &str| report[name].as_u64().unwrap_or(0);
        Self { files: number("files"), rows: number("rows"), bytes: number("bytes") }
    }

    pub(super) fn rows_a_file(&self) -> f64 {
        self.rows as f64 / self.files.max(1) as f64
    }
}

/// CPU time is in seconds for 1,000 items.
#[derive(Serialize)]
pub(super) struct Figures {
    pub(super) items_a_second: Spread,
    pub(super) cpu: Spread,
    /// The part of `cpu` that the kernel used.
    pub(super) system: Spread,
    pub(super) peak_rss_bytes: Spread,
    pub(super) floor_cpu: Spread,
    /// CPU time of an ingest by that of the floor run that followed it.
    pub(super) times_floor: Spread,
}

impl Figures {
    pub(super) fn of(items: u64, rounds: &[Round]) -> Self {
        let thousands = items as f64 / 1e3;
        let each = |figure: fn(&Round) -> f64| rounds.iter().map(figure);
        Self {
            items_a_second: Spread::of(each(|r| r.ingest.wall).map(|wall| items as f64 / wall)),
            cpu: Spread::of(each(|r| r.ingest.cpu()).map(|s| s / thousands)),
            system: Spread::of(each(|r| r.ingest.system).map(|s| s / thousands)),
            peak_rss_bytes: Spread::of(each(|r| r.ingest.peak_rss as f64)),
            floor_cpu: Spread::of(each(|r| r.floor.cpu()).map(|s| s / thousands)),
            times_floor: Spread::of(each(|r| r.ingest.cpu() / r.floor.cpu())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        for (values, median, min, max) in [
            (&[3.0, 1.0, 2.0][..], 2.0, 1.0, 3.0),
            (&[4.0, 1.0, 2.0, 3.0], 2.5, 1.0, 4.0),
            (&[7.0], 7.0, 7.0, 7.0),
            (&[], 0.0, 0.0, 0.0),
        ] {
            assert_eq!(Spread::of(values.iter().copied()), Spread { median, min, max });
        }
    }

    #[test]
    fn figures_are_by_a_thousand_items() {
        let cost = |user| Cost { wall: 2.0, user, system: 0.5, peak_rss: 1_000 };
        let figures = Figures::of(500, &[Round { load: 0.0, ingest: cost(1.5), floor: cost(0.0) }]);
        let medians =
            [figures.items_a_second, figures.cpu, figures.floor_cpu, figures.times_floor].map(|s| s.median);
        assert_eq!(medians, [250.0, 4.0, 1.0, 4.0]);
    }
}
