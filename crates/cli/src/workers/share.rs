//! What one of some workers may use of the machine.

use std::num::NonZeroUsize;

use crate::args::value::{Size, Value};
use crate::failure::{Failure, Result};
use crate::settings::Settings;

/// Requests in flight that a worker has at least: fewer would leave it waiting.
const LEAST_CONCURRENCY: usize = 8;

/// Memory that a worker has to have, beside what any process takes.
const LEAST_MEMORY: u64 = 16 << 20;

/// Workers unless told otherwise, at most.
const MOST_BY_DEFAULT: usize = 4;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// How many workers there are.
    pub(crate) workers: usize,
    /// Bytes of each.
    pub(crate) memory: u64,
    /// Requests in flight of each.
    pub(crate) concurrency: usize,
    /// Threads of each.
    pub(crate) threads: usize,
}

impl Share {
    /// An even share of what the settings allow.
    pub(crate) fn of(workers: Option<NonZeroUsize>, settings: &Settings) -> Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let ingest = &settings.ingest;
        let threads = ingest.threads.map_or(processors, NonZeroUsize::get);
        let workers = workers.map_or(processors.min(MOST_BY_DEFAULT), NonZeroUsize::get);
        Self::among(workers, ingest.memory.0, ingest.concurrency.get(), threads)
    }

    fn among(workers: usize, memory: u64, concurrency: usize, threads: usize) -> Result<Self> {
        let each = memory / workers as u64;
        if each < LEAST_MEMORY {
            return Err(Failure::usage(format!(
                "{workers} workers cannot share {}: each needs {} or more",
                Size(memory).show(),
                Size(LEAST_MEMORY).show()
            ))
            .hint("give more --memory, or fewer --workers"));
        }
        Ok(Self {
            workers,
            memory: each,
            concurrency: (concurrency / workers).max(LEAST_CONCURRENCY),
            threads: threads.div_ceil(workers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(workers: usize, concurrency: usize, threads: usize, expected: (u64, usize, usize)) {
        let share = Share::among(workers, 1 << 30, concurrency, threads).unwrap();
        assert_eq!((share.memory >> 20, share.concurrency, share.threads), expected);
    }

    #[test]
    fn shares_are_even_and_never_too_small() {
        check(1, 256, 8, (1024, 256, 8));
        check(3, 256, 8, (341, 85, 3));
        check(8, 32, 2, (128, 8, 1));
        assert!(Share::among(65, 1 << 30, 256, 8).is_err());
    }
}
