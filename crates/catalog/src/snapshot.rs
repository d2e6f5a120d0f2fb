//! A new snapshot, encoded: which manifests stay, which are written anew without some files, which hold the new ones.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use earthcatalog_model::{DataFile, PartitionKey, TableSchema, Timestamp};
use iceberg::spec::{
    DataFile as IcebergFile, ManifestFile, Operation as IcebergOperation, Snapshot, Summary, TableMetadata,
};

use crate::commits;
use crate::datafile::{self, Places};
use crate::error::{Error, Result};
use crate::files::Files;
use crate::manifests::{self, Encoder, Loaded};
use crate::table::{Change, Operation};

/// Files of one manifest at most: a reader that prunes by the manifests' summaries should not have to read many for
/// one partition, nor a large one for few files. And the writer holds all of one at once, some 50 kB a file.
const FILES_A_MANIFEST: usize = 250;

/// Manifests with fewer files are small. A merge encodes each entry once more, which is what a commit costs in the first
/// place: it has to save a reader requests for that. Appends of 100 files took twice the CPU time in a table of 20,000 while
/// their manifests were merged, too.
const SMALL: usize = FILES_A_MANIFEST / 5;

/// Small manifests that may pile up before some are merged.
const SMALL_MANIFESTS: usize = 100;

/// The entry of a snapshot's summary that names its commit.
pub(crate) const COMMIT_ID: &str = "earthcatalog.commit-id";

/// Counts for the snapshot's summary.
#[derive(Default)]
struct Tally {
    files: u64,
    rows: u64,
    bytes: u64,
    partitions: HashSet<PartitionKey>,
}

impl Tally {
    fn add(&mut self, file: &IcebergFile, places: &Places) {
        self.files += 1;
        self.rows += file.record_count();
        self.bytes += file.file_size_in_bytes();
        self.partitions.insert(places.key(file.partition()));
    }
}

/// What a staged snapshot needs.
pub(crate) struct Stage<'a> {
    pub(crate) files: &'a Files,
    /// The table before, its current schema already the one after.
    pub(crate) metadata: &'a TableMetadata,
    pub(crate) schema: &'a TableSchema,
    pub(crate) change: &'a Change,
}

impl Stage<'_> {
    /// Writes the files that describe the snapshot which the change makes. Where it fails, they are removed.
    ///
    /// # Errors
    /// [`Error::Conflict`] where a file that is to go is not in the table.
    pub(crate) async fn run(&self) -> Result<(Snapshot, Vec<String>)> {
        let id = snapshot_id();
        let mut encoder = Encoder::new(self.metadata.location(), uuid::Uuid::now_v7(), id);
        let snapshot = self.snapshot(id, &mut encoder).await;
        let written = encoder.into_written();
        match snapshot {
            Ok(snapshot) => Ok((snapshot, written)),
            Err(error) => {
                self.files.remove(&written).await;
                Err(error)
            }
        }
    }

    async fn snapshot(&self, id: i64, encoder: &mut Encoder) -> Result<Snapshot> {
        let (mut added, mut removed) = (Tally::default(), Tally::default());
        let kept = self.kept(encoder, &mut removed).await?;
        let mut all = self.gathered(encoder, id, kept).await?;
        all.extend(self.added(encoder, &mut added).await?);
        commits::check_rewrite(self.change, removed.rows, added.rows)?;
        let summary = self.summary(&added, &removed);
        let list = encoder.list(self.metadata, all).await.map_err(|e| self.invalid(&e))?;
        encoder.write(self.files).await?;
        // Never before the one before it, whatever this machine's clock says.
        let now = (Timestamp::now().micros() / 1000).max(self.metadata.last_updated_ms());
        Ok(Snapshot::builder()
            .with_snapshot_id(id)
            .with_parent_snapshot_id(self.metadata.current_snapshot_id())
            .with_sequence_number(self.metadata.next_sequence_number())
            .with_timestamp_ms(now)
            .with_manifest_list(list)
            .with_summary(summary)
            .with_schema_id(self.metadata.current_schema_id())
            .build())
    }

    /// The manifests of the files that were there, without those that go.
    async fn kept(&self, encoder: &mut Encoder, removed: &mut Tally) -> Result<Vec<ManifestFile>> {
        let Some(current) = self.metadata.current_snapshot() else { return self.all_found(&BTreeSet::new()) };
        let manifests = manifests::list(self.files, current, self.metadata.format_version()).await?;
        let all = self.change.operation == Operation::ReplaceAll;
        let wanted: HashSet<&str> = match self.change.operation.removes() {
            Some(remove) => remove.iter().map(String::as_str).collect(),
            None if all => HashSet::new(),
            None => return Ok(manifests.into_iter().filter(manifests::may_be_alive).collect()),
        };
        let gone = |file: &IcebergFile| all || wanted.contains(file.file_path());
        let mut kept = Vec::new();
        let mut found = BTreeSet::new();
        for manifest in manifests.into_iter().filter(manifests::may_be_alive) {
            if manifests::is_deletes(&manifest) {
                return Err(manifests::unsupported_deletes(self.metadata));
            }
            let loaded = manifests::load(self.files, manifest).await?;
            let places = manifests::places(self.metadata, &loaded.file)?;
            for entry in loaded.alive().filter(|entry| gone(&entry.file)) {
                removed.add(&entry.file, &places);
                found.insert(entry.file.file_path().to_owned());
            }
            kept.push(self.rewritten(encoder, loaded, &gone).await?);
        }
        self.all_found(&found)?;
        Ok(kept)
    }

    /// The manifests, of which the small ones are merged where they have piled up: a reader asks for each, and a replacement
    /// reads all. Only as many are as it takes, the smallest first: no commit pays for many before it.
    async fn gathered(
        &self,
        encoder: &mut Encoder,
        snapshot: i64,
        manifests: Vec<ManifestFile>,
    ) -> Result<Vec<ManifestFile>> {
        let spec = self.metadata.default_partition_spec();
        let may_be_merged = |manifest: &ManifestFile| {
            // One of this very commit is not in the store yet.
            !manifests::is_deletes(manifest)
                && manifest.partition_spec_id == spec.spec_id()
                && manifest.added_snapshot_id != snapshot
                && manifests::file_count(manifest) < SMALL
        };
        let (mut small, mut all): (Vec<_>, Vec<_>) = manifests.into_iter().partition(may_be_merged);
        small.sort_by_key(manifests::file_count);
        let mut waiting = VecDeque::from(small);
        while waiting.len() > SMALL_MANIFESTS {
            all.push(self.merged(encoder, take_bin(&mut waiting)).await?);
        }
        all.extend(waiting);
        Ok(all)
    }

    /// One manifest of the files of several, in the order of partitions.
    async fn merged(&self, encoder: &mut Encoder, manifests: Vec<ManifestFile>) -> Result<ManifestFile> {
        let spec = self.metadata.default_partition_spec();
        let places = Places::of(spec);
        let mut alive = Vec::new();
        manifests::load_all(self.files, manifests, |loaded| {
            alive.extend(loaded.alive());
            Ok(())
        })
        .await?;
        alive.sort_by_cached_key(|entry| {
            (places.key(entry.file.partition()), entry.file.file_path().to_owned())
        });
        let schema = self.metadata.current_schema();
        let merged = encoder.existing(schema, spec, alive).await.map_err(|e| self.invalid(&e))?;
        encoder.write(self.files).await?;
        Ok(merged)
    }

    async fn rewritten(
        &self,
        encoder: &mut Encoder,
        loaded: Loaded,
        gone: &(dyn Fn(&IcebergFile) -> bool + Sync),
    ) -> Result<ManifestFile> {
        let spec = manifests::spec_of(self.metadata, &loaded.file)?;
        let schema = self.metadata.current_schema();
        let rewritten = encoder.without(schema, spec, &loaded, gone).await.map_err(|e| self.invalid(&e))?;
        encoder.write(self.files).await?;
        Ok(rewritten.unwrap_or(loaded.file))
    }

    /// Every file that was to go has to have been there.
    fn all_found(&self, found: &BTreeSet<String>) -> Result<Vec<ManifestFile>> {
        let Some(remove) = self.change.operation.removes() else { return Ok(Vec::new()) };
        match remove.iter().find(|path| !found.contains(*path)) {
            None => Ok(Vec::new()),
            Some(path) => Err(Error::Conflict {
                table: self.metadata.location().to_owned(),
                reason: format!("{path} is no longer in it"),
            }),
        }
    }

    /// The manifests of the new files, in the order of partitions so that their summaries tell them apart.
    async fn added(&self, encoder: &mut Encoder, added: &mut Tally) -> Result<Vec<ManifestFile>> {
        let spec = self.metadata.default_partition_spec();
        let places = Places::of(spec);
        let mut sorted: Vec<&DataFile> = self.change.add.iter().collect();
        sorted.sort_by(|a, b| (&a.partition, &a.path).cmp(&(&b.partition, &b.path)));
        let types = datafile::Types::of(self.schema);
        let mut made = Vec::new();
        for chunk in sorted.chunks(FILES_A_MANIFEST) {
            let files = chunk.iter().map(|file| datafile::to_iceberg(file, &types, spec.spec_id(), &places));
            let files = files.collect::<Result<Vec<_>, String>>().map_err(|reason| self.refuse(reason))?;
            files.iter().for_each(|file| added.add(file, &places));
            let schema = self.metadata.current_schema();
            made.push(encoder.added(schema, spec, files).await.map_err(|e| self.invalid(&e))?);
            encoder.write(self.files).await?;
        }
        Ok(made)
    }

    fn summary(&self, added: &Tally, removed: &Tally) -> Summary {
        let operation = match (&self.change.operation, removed.files, added.files) {
            (Operation::Append, ..) | (_, 0, _) => IcebergOperation::Append,
            (_, _, 0) => IcebergOperation::Delete,
            (Operation::Rewrite { .. }, ..) => IcebergOperation::Replace,
            _ => IcebergOperation::Overwrite,
        };
        let mut entries: HashMap<String, String> =
            self.change.summary.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut set = |name: &str, value: u64| entries.insert(name.to_owned(), value.to_string());
        let partitions = added.partitions.union(&removed.partitions).count();
        set("changed-partition-count", partitions as u64);
        for (name, value) in [
            ("added-data-files", added.files),
            ("added-records", added.rows),
            ("added-files-size", added.bytes),
            ("deleted-data-files", removed.files),
            ("deleted-records", removed.rows),
            ("removed-files-size", removed.bytes),
        ] {
            if value > 0 {
                set(name, value);
            }
        }
        for (name, plus, minus) in [
            ("total-data-files", added.files, removed.files),
            ("total-records", added.rows, removed.rows),
            ("total-files-size", added.bytes, removed.bytes),
        ] {
            // A total that was not kept before cannot be kept now: readers then count.
            if let Some(before) = self.total(name, minus) {
                set(name, (before + plus).saturating_sub(minus));
            }
        }
        for name in ["total-delete-files", "total-position-deletes", "total-equality-deletes"] {
            set(name, 0);
        }
        entries.insert(COMMIT_ID.to_owned(), self.change.id.to_string());
        Summary { operation, additional_properties: entries }
    }

    /// A total before the change, of which `gone` is taken away: all of it where everything goes.
    fn total(&self, name: &str, gone: u64) -> Option<u64> {
        match self.metadata.current_snapshot() {
            _ if self.change.operation == Operation::ReplaceAll => Some(gone),
            None => Some(0),
            Some(current) => current.summary().additional_properties.get(name)?.parse().ok(),
        }
    }

    fn invalid(&self, error: &iceberg::Error) -> Error {
        self.refuse(error.message().to_owned())
    }

    fn refuse(&self, reason: String) -> Error {
        Error::Invalid { commit: self.change.id.to_string(), reason }
    }
}

/// The first of the manifests, as many as make one that is not too large; several, as small ones are far from full.
fn take_bin(waiting: &mut VecDeque<ManifestFile>) -> Vec<ManifestFile> {
    let (mut bin, mut files) = (Vec::new(), 0);
    while let Some(manifest) = waiting.pop_front_if(|m| files + manifests::file_count(m) <= FILES_A_MANIFEST)
    {
        files += manifests::file_count(&manifest);
        bin.push(manifest);
    }
    bin
}

/// Positive and random.
fn snapshot_id() -> i64 {
    let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
    ((high ^ low) >> 1).try_into().unwrap_or(i64::MAX)
}
