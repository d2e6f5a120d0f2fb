//! What a run is asked to do.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use earthcatalog_inventory::Glob;
use earthcatalog_model::Timestamp;
use earthcatalog_writer::Assets;

/// How a run treats what the catalog holds already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Full where the catalog is empty or absent. A catalog with rows is refused until deltas are there.
    #[default]
    Auto,
    /// The listing is the whole truth: the catalog's content is replaced in one snapshot.
    Full,
    /// Adds what is new and replaces what has changed.
    Delta,
    /// As delta, and takes out what the inventory no longer lists.
    Sync,
}

impl Mode {
    /// The word for it on the command line and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Full => "full",
            Self::Delta => "delta",
            Self::Sync => "sync",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "full" => Ok(Self::Full),
            "delta" => Ok(Self::Delta),
            "sync" => Ok(Self::Sync),
            _ => Err(format!("unknown mode {text:?}: use auto, full, delta or sync")),
        }
    }
}

/// Memory that a run may use unless it is told otherwise: 1 GiB.
pub const DEFAULT_MEMORY: u64 = 1 << 30;

/// Requests in flight unless told otherwise.
pub const DEFAULT_CONCURRENCY: usize = 256;

/// The options of [`crate::ingest`].
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// How to treat what is there.
    pub mode: Mode,
    /// Keys to take, by their ends. Empty: every key.
    pub suffixes: Vec<String>,
    /// Keys to take, by their beginning.
    pub prefix: Option<String>,
    /// Objects last modified before it are left out.
    pub since: Option<Timestamp>,
    /// Objects last modified at it or later are left out.
    pub until: Option<Timestamp>,
    /// Keys to take, by a pattern.
    pub glob: Option<Glob>,
    /// Objects with fewer bytes are left out.
    pub min_size: Option<u64>,
    /// Objects with more bytes are left out.
    pub max_size: Option<u64>,
    /// Stop after so many lines that pass the filters.
    pub limit: Option<u64>,
    /// Bytes that the run may hold, from bodies in flight to files being encoded.
    pub memory: u64,
    /// Requests in flight.
    pub concurrency: usize,
    /// Whether assets are columns or one JSON text; decided when the table is made.
    pub assets: Assets,
    /// Fetch, cover and count, but write nothing.
    pub dry_run: bool,
    /// Fetch again what was rejected before, though it has not changed (delta, sync).
    pub retry_rejected: bool,
    /// The most items that a sync may delete without replacement, of those that the catalog has; above it the run fails.
    pub max_delete: Share,
    /// Keep the hash index up to date. Without it the next delta has to make it from the table.
    pub update_hash_index: bool,
    /// Do not take the lease. Correctness never rests on it; it saves work that would be lost.
    pub no_lock: bool,
    /// Who takes the lease, for the eyes of others.
    pub owner: Option<String>,
    /// Ends the run at the next batch when it is set, with nothing committed.
    pub stop: Stop,
}

/// A share of a number, between none and all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    /// One in a hundred.
    pub const ONE_PERCENT: Self = Self(0.01);

    /// That share of the number, rounded down.
    pub fn of(self, number: u64) -> u64 {
        (number as f64 * self.0) as u64
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no share: use a number with %, e.g. 1% or 0.5%");
        let number = text.trim().strip_suffix('%').ok_or_else(wrong)?;
        let percent: f64 = number.trim().parse().map_err(|_| wrong())?;
        if (0.0..=100.0).contains(&percent) { Ok(Self(percent / 100.0)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            suffixes: vec![".stac.json".to_owned()],
            prefix: None,
            since: None,
            until: None,
            glob: None,
            min_size: None,
            max_size: None,
            limit: None,
            memory: DEFAULT_MEMORY,
            concurrency: DEFAULT_CONCURRENCY,
            assets: Assets::default(),
            dry_run: false,
            retry_rejected: false,
            max_delete: Share::ONE_PERCENT,
            update_hash_index: true,
            no_lock: false,
            owner: None,
            stop: Stop::default(),
        }
    }
}

/// A switch that ends a run cleanly: nothing is committed, the lease is given back, files already written are removed.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the run to end.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once it was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
