//! Files that nothing refers to: what stands behind `earthcatalog gc`.
//!
//! A file is garbage if no snapshot, no metadata and no index of the table refers to it and it is older than the grace
//! period: a writer that has put its files and not committed yet is younger. What is referred to is read before the store
//! is listed and once more where the table has changed by the time of the deletion.

mod place;

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use earthcatalog_catalog::{Head, History};
use earthcatalog_hash_index::IndexFiles;
use earthcatalog_model::{IdHash, Timestamp};
use earthcatalog_store::Base;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use serde::Serialize;

use crate::bulk::open_runs;
use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::leased::under_lease;
use crate::options::Stop;
use place::{FOLDERS, Kind, Place};

/// The age below which a file is never garbage, unless told otherwise: a week, longer than any run.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Table properties that refer to files of the hash index.
const HASH_INDEX: &str = "earthcatalog.hash_index";
const HASH_INDEX_PATH: &str = "earthcatalog.hash_index_path";

/// Files deleted at once.
const DELETES_AT_ONCE: usize = 32;

/// How often the references are read while others change the table.
const ATTEMPTS: u32 = 5;

/// The options of [`gc`].
#[derive(Debug, Clone)]
pub struct GcOptions {
    /// Files that are younger stay. It must be longer than any run of a writer.
    pub grace: Duration,
    /// Reports and rejections of runs that are older go as well; None: they stay.
    pub runs_older_than: Option<Duration>,
    /// Find out what is garbage, but delete nothing.
    pub dry_run: bool,
    /// Do not take the lease.
    pub no_lock: bool,
    /// Who takes the lease, for the eyes of others.
    pub owner: Option<String>,
    /// Ends the deletion; what is deleted by then is gone.
    pub stop: Stop,
}

impl Default for GcOptions {
    fn default() -> Self {
        Self {
            grace: DEFAULT_GRACE,
            runs_older_than: None,
            dry_run: false,
            no_lock: false,
            owner: None,
            stop: Stop::default(),
        }
    }
}

/// A file that nothing refers to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Garbage {
    /// Its location.
    pub path: String,
    /// What it is: `data`, `metadata`, `index` or `run`.
    pub kind: &'static str,
    /// Its size.
    pub bytes: u64,
    /// When it was last written.
    pub last_modified: Timestamp,
}

/// What a collection found, and what it deleted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Collected {
    /// The catalog's base.
    pub catalog: String,
    /// True if nothing was deleted.
    pub dry_run: bool,
    /// True if it was asked to stop before it was done.
    pub interrupted: bool,
    /// Files in the folders of the catalog.
    pub listed: u64,
    /// Files that nothing refers to and that are younger than the grace period.
    pub young: u64,
    /// The garbage, by location.
    pub garbage: Vec<Garbage>,
    /// Bytes of it.
    pub bytes: u64,
    /// Files of it that are deleted.
    pub deleted: u64,
    /// How long it took.
    pub seconds: f64,
}

/// A file that may be garbage.
struct Candidate {
    key: Path,
    place: Place,
    bytes: u64,
    last_modified: Timestamp,
}

/// A collection at work.
struct Job<'a> {
    base: &'a Base,
    table: &'a dyn History,
    options: &'a GcOptions,
}

/// Deletes what nothing refers to.
///
/// # Errors
/// Where the table, its metadata or its index description cannot be read: then it is not known what is referred to, and
/// nothing is deleted. [`Error::Options`] where there is no table.
pub async fn gc(
    base: &Base,
    table: &dyn History,
    options: &GcOptions,
    observer: &dyn Observer,
) -> Result<Collected> {
    let job = Job { base, table, options };
    if options.no_lock || options.dry_run {
        return job.work(observer).await;
    }
    let owner = options.owner.clone().unwrap_or_else(|| "gc".to_owned());
    under_lease(base, owner, observer, job.work(observer)).await
}

impl Job<'_> {
    async fn work(&self, observer: &dyn Observer) -> Result<Collected> {
        let clock = Instant::now();
        let (mut head, referenced) = self.references().await?;
        let mut report = Collected {
            catalog: self.base.url().to_owned(),
            dry_run: self.options.dry_run,
            ..Collected::default()
        };
        let mut found = self.candidates(&referenced, &mut report).await?;
        drop(referenced);
        let open = self.open_runs().await?;
        found.retain(|candidate| !open.iter().any(|run| candidate.place.is_of(run, candidate.key.as_ref())));
        self.keep_young_runs(&mut found, &mut report);
        self.check_again(&mut head, &mut found).await?;
        found.sort_by(|a, b| a.key.cmp(&b.key));
        report.bytes = found.iter().map(|candidate| candidate.bytes).sum();
        report.garbage = found.iter().map(|candidate| self.garbage(candidate)).collect();
        if !self.options.dry_run {
            self.delete(found, &mut report, observer).await?;
        }
        report.seconds = clock.elapsed().as_secs_f64();
        Ok(report)
    }

    /// All keys that the table refers to, as hashes: a catalog has a great many, and that two are taken for one keeps a
    /// file too many at worst.
    async fn references(&self) -> Result<(Head, HashSet<IdHash>)> {
        let mut keys = HashSet::new();
        let mut foreign = |location: &str| {
            // What lies in another store is not ours to look for, nor to delete.
            if let Ok(path) = self.base.resolve(location) {
                keys.insert(IdHash::of(path.as_ref()));
            }
        };
        let head = self.table.referenced(&mut foreign).await?.ok_or_else(|| Error::Options {
            message: format!("there is no catalog at {}", self.base.url()),
            hint: "without a table every file there would be garbage: check the base".to_owned(),
        })?;
        for location in self.index_files(&head)? {
            keys.insert(IdHash::of(location.as_ref()));
        }
        Ok((head, keys))
    }

    fn index_files(&self, head: &Head) -> Result<Vec<Path>> {
        let mut keys = Vec::new();
        if let Some(text) = head.properties.get(HASH_INDEX) {
            keys.extend(IndexFiles::from_json(text)?.paths().map(|rel| self.base.path(rel)));
        }
        keys.extend(head.properties.get(HASH_INDEX_PATH).and_then(|path| self.base.resolve(path).ok()));
        Ok(keys)
    }

    /// Files in the catalog's folders that nothing refers to.
    async fn candidates(
        &self,
        referenced: &HashSet<IdHash>,
        report: &mut Collected,
    ) -> Result<Vec<Candidate>> {
        let mut found = Vec::new();
        for folder in FOLDERS {
            let prefix = self.base.path(folder);
            let mut listed = self.base.store().list(Some(&prefix));
            while let Some(meta) = listed.next().await {
                let meta = meta.map_err(|error| self.base.error(folder, &error))?;
                report.listed += 1;
                if !referenced.contains(&IdHash::of(meta.location.as_ref())) {
                    found.extend(self.candidate(meta));
                }
            }
        }
        Ok(found)
    }

    fn candidate(&self, meta: ObjectMeta) -> Option<Candidate> {
        let rel = relative(self.base, &meta.location)?;
        let place = Place::of(&rel)?;
        let last_modified = Timestamp::from_micros(meta.last_modified.timestamp_micros())?;
        Some(Candidate { key: meta.location, place, bytes: meta.size, last_modified })
    }

    /// The ids of the bulk runs that have not ended: of these nothing is garbage, however old. Read after the files were
    /// listed, so that no file of a run that has begun since is among them.
    async fn open_runs(&self) -> Result<Vec<String>> {
        let runs = open_runs(self.base).await?;
        Ok(runs.into_iter().map(|run| run.plan.run).collect())
    }

    /// Young files stay, and of a run in which anything is young all but what a run leaves on purpose.
    fn keep_young_runs(&self, found: &mut Vec<Candidate>, report: &mut Collected) {
        let now = Timestamp::now().micros();
        let older = |candidate: &Candidate, than: Duration| {
            let age = now.saturating_sub(candidate.last_modified.micros());
            u128::try_from(age).is_ok_and(|age| age > than.as_micros())
        };
        let mut last: BTreeMap<String, Timestamp> = BTreeMap::new();
        for candidate in found.iter() {
            if let Some(run) = &candidate.place.run {
                let newest = last.entry(run.clone()).or_insert(candidate.last_modified);
                *newest = candidate.last_modified.max(*newest);
            }
        }
        for candidate in found.iter_mut() {
            let newest = candidate.place.run.as_ref().and_then(|run| last.get(run));
            candidate.last_modified = newest.copied().unwrap_or(candidate.last_modified);
        }
        found.retain(|candidate| match (candidate.place.kind, self.options.runs_older_than) {
            (Kind::Report, None) => false,
            (Kind::Report, Some(age)) => older(candidate, age),
            _ => {
                let old = older(candidate, self.options.grace);
                report.young += u64::from(!old);
                old
            }
        });
    }

    /// What somebody has come to refer to since stays, until nobody changes the table in between.
    async fn check_again(&self, head: &mut Head, found: &mut Vec<Candidate>) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let now = self.table.head().await?;
            if now.is_some_and(|now| now.metadata_location == head.metadata_location) {
                return Ok(());
            }
            let (newer, referenced) = self.references().await?;
            found.retain(|candidate| !referenced.contains(&IdHash::of(candidate.key.as_ref())));
            *head = newer;
        }
        // The last references are of a moment ago, and what is left is older than the grace period.
        Ok(())
    }

    async fn delete(
        &self,
        found: Vec<Candidate>,
        report: &mut Collected,
        observer: &dyn Observer,
    ) -> Result<()> {
        let deletes = found.into_iter().map(|candidate| self.delete_one(candidate.key));
        let mut deletes = stream::iter(deletes).buffer_unordered(DELETES_AT_ONCE);
        while let Some(deleted) = deletes.try_next().await? {
            report.deleted += u64::from(deleted);
            if self.options.stop.is_stopped() {
                report.interrupted = true;
                observer.on_event(&Event::Warning("stopped: not all garbage is deleted"));
                break;
            }
        }
        Ok(())
    }

    /// One that is gone already is no error: another collection may be at work.
    async fn delete_one(&self, key: Path) -> Result<bool> {
        match self.base.store().delete(&key).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(earthcatalog_store::Error::from_store(key.as_ref(), &error).into()),
        }
    }

    fn garbage(&self, candidate: &Candidate) -> Garbage {
        let rel = relative(self.base, &candidate.key).unwrap_or_default();
        Garbage {
            path: self.base.location(&rel),
            kind: candidate.place.kind.name(),
            bytes: candidate.bytes,
            last_modified: candidate.last_modified,
        }
    }
}

/// The key below the base.
fn relative(base: &Base, key: &Path) -> Option<String> {
    let prefix = base.path("");
    let rel = key.as_ref().strip_prefix(prefix.as_ref())?;
    Some(rel.trim_start_matches('/').to_owned())
}
