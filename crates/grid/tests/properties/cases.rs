//! How many cases a property is tried on, and how one of them is tried again.
//!
//! `GRID_CASES` sets the number, `GRID_SEED` the first seed: a case has the seed that follows the one before. A test that
//! fails names its seed; `GRID_CASES=1 GRID_SEED=<seed>` repeats it. `GRID_SECONDS` ends a test early, between two cases.

use std::time::{Duration, Instant};

use crate::random::Random;

/// The value of a variable, which must be a number where it is set.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// How many cases a test takes whose everyday number is given.
pub(crate) fn cases(everyday: u64) -> u64 {
    number("GRID_CASES").unwrap_or(everyday)
}

/// Names the seed of the case in which a test fails.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("GRID_CASES=1 GRID_SEED={} repeats it", self.0);
        }
    }
}

/// Tries a property on some cases, each with random numbers of its own, and says how many there were.
pub(crate) fn for_each_case(count: u64, mut try_one: impl FnMut(&mut Random)) {
    let first = number("GRID_SEED").unwrap_or(1);
    let end = number("GRID_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut seeds = first..first + count;
    for seed in seeds.by_ref() {
        let named = Named(seed);
        try_one(&mut Random::new(seed));
        drop(named);
        if end.is_some_and(|end| Instant::now() > end) {
            break;
        }
    }
    let thread = std::thread::current();
    let done = count - (seeds.end - seeds.start);
    println!("{}: {done} cases, seeds from {first} on", thread.name().unwrap_or_default());
}
