//! All settings of a call, resolved once: flags over environment over configuration file over default.
//!
//! Commands read [`Settings`] and nothing else; only this module looks at the environment and the configuration file.

pub(crate) mod array;
pub(crate) mod environment;
pub(crate) mod file;
pub(crate) mod layers;
pub(crate) mod suggest;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use earthcatalog::{
    Assets, BucketMap, Config, DEFAULT_CONCURRENCY, DEFAULT_MEMORY, GridSpec, Mode, Share, StoreOptions,
};

use crate::args::value::{LogFormat, ProgressMode, Size};
use crate::args::{Given, GlobalArgs};
use crate::failure::{Failure, Result};
use array::ArrayJob;
use environment::Environment;
use file::ConfigFile;
use layers::{Layers, Resolved};

/// The keys of the configuration file. In the environment they are upper case with `_` for `-`, behind `EARTHCATALOG_`.
pub(crate) const KEYS: [&str; 21] = [
    "catalog",
    "lock-path",
    "anonymous",
    "map-bucket",
    "timeout",
    "progress",
    "log",
    "log-format",
    "mode",
    "grid",
    "suffix",
    "prefix",
    "bucket",
    "assets",
    "concurrency",
    "memory",
    "threads",
    "max-delete",
    "update-hash-index",
    "no-lock",
    "unsafe-no-cas",
];

/// What a call is to do with, all sources considered.
#[derive(Debug)]
pub(crate) struct Settings {
    catalog: Option<String>,
    lock_path: Option<String>,
    /// How storage is reached.
    pub(crate) store: StoreOptions,
    /// How progress is shown.
    pub(crate) progress: ProgressMode,
    /// What is logged: a filter of tracing-subscriber.
    pub(crate) log: String,
    /// The form of the log.
    pub(crate) log_format: LogFormat,
    /// What `ingest` is to do with.
    pub(crate) ingest: IngestSettings,
    /// Every setting with its origin, in the order of [`KEYS`].
    pub(crate) resolved: Vec<Resolved>,
    /// The configuration file that was read.
    pub(crate) file: Option<PathBuf>,
    /// The place in an array of jobs that the environment names; read by those commands that want one.
    pub(crate) array: Result<Option<ArrayJob>>,
}

/// The settings of `ingest`.
#[derive(Debug)]
pub(crate) struct IngestSettings {
    pub(crate) mode: Mode,
    pub(crate) grid: Option<GridSpec>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) prefix: Option<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) assets: Assets,
    pub(crate) concurrency: NonZeroUsize,
    pub(crate) memory: Size,
    pub(crate) threads: Option<NonZeroUsize>,
    pub(crate) max_delete: Share,
    pub(crate) update_hash_index: bool,
    pub(crate) no_lock: bool,
    pub(crate) unsafe_no_cas: bool,
}

impl Settings {
    /// Resolves the settings of a call.
    pub(crate) fn resolve(global: &GlobalArgs, given: &Given<'_>, env: &Environment) -> Result<Self> {
        let file = ConfigFile::find(global.config.as_deref(), env)?;
        let mut layers = Layers::new(env, file.as_ref());
        let catalog = layers.maybe("catalog", global.catalog.clone())?;
        let lock_path = layers.maybe("lock-path", global.lock_path.clone())?;
        let store = store(&mut layers, global)?;
        let progress = layers.one("progress", progress(global), ProgressMode::Auto)?;
        let log = layers.one("log", verbosity(global), "warn".to_owned())?;
        let log_format = layers.one("log-format", global.log_format, LogFormat::Text)?;
        let ingest = IngestSettings::resolve(&mut layers, given)?;
        let resolved = layers.finish();
        let (file, array) = (file.map(|f| f.path), ArrayJob::of(env));
        Ok(Self { catalog, lock_path, store, progress, log, log_format, ingest, resolved, file, array })
    }

    /// The catalog's base.
    pub(crate) fn catalog(&self) -> Result<&str> {
        self.named_catalog().ok_or_else(|| {
            Failure::usage("no catalog was named")
                .hint("give --catalog BASE, set EARTHCATALOG_CATALOG, or write `catalog = \"…\"` into earthcatalog.toml")
        })
    }

    /// The catalog's base, if one was named.
    pub(crate) fn named_catalog(&self) -> Option<&str> {
        self.catalog.as_deref().filter(|base| !base.is_empty())
    }

    /// What the facade opens catalogs with.
    pub(crate) fn config(&self) -> Config {
        Config {
            store: self.store.clone(),
            unsafe_no_cas: self.ingest.unsafe_no_cas,
            lock_path: self.lock_path.clone().filter(|location| !location.is_empty()),
        }
    }
}

impl IngestSettings {
    fn resolve(layers: &mut Layers<'_>, given: &Given<'_>) -> Result<Self> {
        let (selection, layout) = (given.selection, given.layout);
        let (resources, commit) = (given.resources, given.commit);
        let endings = earthcatalog::default_suffixes(given.source.unwrap_or_default());
        let endings: Vec<&str> = endings.iter().map(String::as_str).collect();
        Ok(Self {
            mode: layers.one("mode", given.mode, Mode::Auto)?,
            grid: layers.maybe("grid", layout.and_then(|a| a.grid.clone()))?,
            suffixes: suffixes(layers.many("suffix", selection.map(|a| a.suffix.clone()), &endings)?),
            prefix: layers.maybe("prefix", selection.and_then(|a| a.prefix.clone()))?,
            bucket: layers.maybe("bucket", selection.and_then(|a| a.bucket.clone()))?,
            assets: layers.one("assets", layout.and_then(|a| a.assets), Assets::Auto)?,
            concurrency: layers.one(
                "concurrency",
                resources.and_then(|a| a.concurrency),
                default_concurrency(),
            )?,
            memory: layers.one("memory", resources.and_then(|a| a.memory), Size(DEFAULT_MEMORY))?,
            threads: layers.maybe("threads", resources.and_then(|a| a.threads))?,
            max_delete: layers.one("max-delete", given.max_delete, Share::ONE_PERCENT)?,
            update_hash_index: layers.one("update-hash-index", given.update_hash_index, true)?,
            no_lock: layers.one("no-lock", commit.and_then(|a| a.no_lock), false)?,
            unsafe_no_cas: layers.one("unsafe-no-cas", commit.and_then(|a| a.unsafe_no_cas), false)?,
        })
    }
}

fn store(layers: &mut Layers<'_>, global: &GlobalArgs) -> Result<StoreOptions> {
    Ok(StoreOptions {
        anonymous: layers.one("anonymous", global.anonymous, false)?,
        maps: layers.many::<BucketMap>("map-bucket", Some(global.map_bucket.clone()), &[])?,
        timeout: layers.maybe::<Duration>("timeout", global.timeout)?,
        ..StoreOptions::default()
    })
}

fn default_concurrency() -> NonZeroUsize {
    NonZeroUsize::new(DEFAULT_CONCURRENCY).unwrap_or(NonZeroUsize::MIN)
}

/// An empty suffix is how a user says "every key", which the library says with none.
fn suffixes(given: Vec<String>) -> Vec<String> {
    if given.iter().any(String::is_empty) { Vec::new() } else { given }
}

/// `-q` silences progress unless it is asked for.
fn progress(global: &GlobalArgs) -> Option<ProgressMode> {
    global.progress.or(global.quiet.then_some(ProgressMode::None))
}

/// The log filter that `-v` and `-q` stand for.
fn verbosity(global: &GlobalArgs) -> Option<String> {
    let filter = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (_, 0) => return None,
        (_, 1) => "warn,earthcatalog=info",
        (_, 2) => "info,earthcatalog=debug",
        _ => "debug,earthcatalog=trace",
    };
    Some(filter.to_owned())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
