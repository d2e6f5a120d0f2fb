//! Manifests and their lists: Avro in, entries out, and the way back. Bytes go through [`Files`]; of Iceberg's own
//! storage only the one in memory is used, as the place where its writers leave what they have encoded.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use iceberg::io::FileIO;
use iceberg::spec::{
    DataFile as IcebergFile, FormatVersion, Manifest, ManifestContentType, ManifestEntry, ManifestEntryRef,
    ManifestFile, ManifestList, ManifestListWriter, ManifestStatus, ManifestWriter, ManifestWriterBuilder,
    PartitionSpecRef, SchemaRef, Snapshot, TableMetadata,
};

use crate::datafile::Places;
use crate::error::{Error, Result};
use crate::files::Files;

/// Manifests read at once.
const READ_AT_ONCE: usize = 16;

/// Wraps what Iceberg says about a file that it could not decode.
pub(crate) fn corrupt(location: &str) -> impl FnOnce(iceberg::Error) -> Error + use<> {
    let location = location.to_owned();
    move |error| Error::Corrupt { location, reason: error.message().to_owned() }
}

/// The manifests of a snapshot.
pub(crate) async fn list(
    files: &Files,
    snapshot: &Snapshot,
    version: FormatVersion,
) -> Result<Vec<ManifestFile>> {
    let location = snapshot.manifest_list();
    let bytes = files.read(location).await?;
    let list = ManifestList::parse_with_version(&bytes, version).map_err(corrupt(location))?;
    Ok(list.consume_entries().into_iter().collect())
}

/// A manifest and what it holds.
pub(crate) struct Loaded {
    pub(crate) file: ManifestFile,
    pub(crate) entries: Vec<ManifestEntryRef>,
}

/// Reads manifests, several at once, and gives each to `each` in their order.
pub(crate) async fn load_all(
    files: &Files,
    manifests: Vec<ManifestFile>,
    mut each: impl FnMut(Loaded) -> Result<()>,
) -> Result<()> {
    let loads = manifests.into_iter().map(|file| load(files, file));
    let mut loads = stream::iter(loads).buffered(READ_AT_ONCE);
    while let Some(loaded) = loads.try_next().await? {
        each(loaded)?;
    }
    Ok(())
}

/// Reads one manifest.
pub(crate) async fn load(files: &Files, file: ManifestFile) -> Result<Loaded> {
    let location = file.manifest_path.clone();
    let bytes = files.read(&location).await?;
    let parsed = tokio::task::spawn_blocking(move || Manifest::parse_avro(&bytes)).await;
    let manifest = match parsed {
        Ok(manifest) => manifest.map_err(corrupt(&location))?,
        Err(error) => return Err(Error::Corrupt { location, reason: error.to_string() }),
    };
    Ok(Loaded { file, entries: manifest.into_parts().0 })
}

impl Loaded {
    /// The entries that are in the table, with what they inherit.
    pub(crate) fn alive(&self) -> impl Iterator<Item = Alive> + '_ {
        self.entries.iter().filter(|entry| entry.is_alive()).map(|entry| self.inherit(entry))
    }

    /// Sequence numbers and snapshot that a new entry takes over from its manifest (table spec v2, "Sequence Number
    /// Inheritance").
    fn inherit(&self, entry: &ManifestEntry) -> Alive {
        let added = entry.status == ManifestStatus::Added || self.file.sequence_number == 0;
        let inherited = added.then_some(self.file.sequence_number);
        Alive {
            snapshot: entry.snapshot_id.unwrap_or(self.file.added_snapshot_id),
            sequence: entry.sequence_number.or(inherited).unwrap_or(0),
            file_sequence: entry.file_sequence_number.or(inherited),
            file: entry.data_file.clone(),
        }
    }
}

/// A file of the table, as its manifest has it.
pub(crate) struct Alive {
    pub(crate) snapshot: i64,
    sequence: i64,
    file_sequence: Option<i64>,
    pub(crate) file: IcebergFile,
}

/// Encodes the manifests of one snapshot.
pub(crate) struct Encoder {
    io: FileIO,
    location: String,
    nonce: uuid::Uuid,
    snapshot: i64,
    count: usize,
    encoded: Vec<(String, Bytes)>,
    /// What [`write`](Self::write) has begun to put into the store.
    written: Vec<String>,
}

impl Encoder {
    /// For a snapshot of the table at `location`; names hold the nonce.
    pub(crate) fn new(location: &str, nonce: uuid::Uuid, snapshot: i64) -> Self {
        let io = FileIO::new_with_memory();
        let (encoded, written) = (Vec::new(), Vec::new());
        Self { io, location: location.to_owned(), nonce, snapshot, count: 0, encoded, written }
    }

    /// Puts into the store what was encoded, so that no more than one manifest is held at once. Until the pointer moves, nothing
    /// refers to it.
    pub(crate) async fn write(&mut self, files: &Files) -> Result<()> {
        for (location, bytes) in self.encoded.drain(..) {
            self.written.push(location.clone());
            files.write(&location, bytes).await?;
        }
        Ok(())
    }

    /// The locations of what was written, or may have been.
    pub(crate) fn into_written(self) -> Vec<String> {
        self.written
    }

    /// A manifest of new files.
    pub(crate) async fn added(
        &mut self,
        schema: &SchemaRef,
        spec: &PartitionSpecRef,
        files: Vec<IcebergFile>,
    ) -> iceberg::Result<ManifestFile> {
        let mut writer = self.begin(schema, spec)?;
        for file in files {
            // A negative number: the snapshot's own, given when the list is read.
            writer.add_file(file, -1)?;
        }
        self.end(writer).await
    }

    /// A manifest of files that are in the table already.
    pub(crate) async fn existing(
        &mut self,
        schema: &SchemaRef,
        spec: &PartitionSpecRef,
        files: Vec<Alive>,
    ) -> iceberg::Result<ManifestFile> {
        let mut writer = self.begin(schema, spec)?;
        for Alive { snapshot, sequence, file_sequence, file } in files {
            writer.add_existing_file(file, snapshot, sequence, file_sequence)?;
        }
        self.end(writer).await
    }

    /// A manifest with some of its files taken out; None where none of them is in it.
    pub(crate) async fn without(
        &mut self,
        schema: &SchemaRef,
        spec: &PartitionSpecRef,
        loaded: &Loaded,
        gone: &(dyn Fn(&IcebergFile) -> bool + Sync),
    ) -> iceberg::Result<Option<ManifestFile>> {
        if !loaded.alive().any(|entry| gone(&entry.file)) {
            return Ok(None);
        }
        let mut writer = self.begin(schema, spec)?;
        for Alive { snapshot, sequence, file_sequence, file } in loaded.alive() {
            match gone(&file) {
                true => writer.add_delete_file(file, sequence, file_sequence)?,
                false => writer.add_existing_file(file, snapshot, sequence, file_sequence)?,
            }
        }
        self.end(writer).await.map(Some)
    }

    fn begin(&mut self, schema: &SchemaRef, spec: &PartitionSpecRef) -> iceberg::Result<ManifestWriter> {
        let location = format!("{}/metadata/{}-m{}.avro", self.location, self.nonce, self.count);
        self.count += 1;
        let output = self.io.new_output(location)?;
        let spec = spec.as_ref().clone();
        Ok(ManifestWriterBuilder::new(output, Some(self.snapshot), schema.clone(), spec).build_v2_data())
    }

    async fn end(&mut self, writer: ManifestWriter) -> iceberg::Result<ManifestFile> {
        let manifest = writer.write_manifest_file().await?;
        self.take(manifest.manifest_path.clone()).await?;
        Ok(manifest)
    }

    /// The list of all manifests of the snapshot; its location.
    pub(crate) async fn list(
        &mut self,
        metadata: &TableMetadata,
        manifests: Vec<ManifestFile>,
    ) -> iceberg::Result<String> {
        let location = format!("{}/metadata/snap-{}-0-{}.avro", self.location, self.snapshot, self.nonce);
        let output = self.io.new_output(&location)?.writer().await?;
        let parent = metadata.current_snapshot_id();
        let sequence = metadata.next_sequence_number();
        let mut writer = ManifestListWriter::v2(output, self.snapshot, parent, sequence);
        writer.add_manifests(manifests.into_iter())?;
        writer.close().await?;
        self.take(location.clone()).await?;
        Ok(location)
    }

    async fn take(&mut self, location: String) -> iceberg::Result<()> {
        let bytes = self.io.new_input(&location)?.read().await?;
        self.io.delete(&location).await?;
        self.encoded.push((location, bytes));
        Ok(())
    }
}

/// Whether a manifest lists deletions of rows, which earthcatalog neither writes nor applies.
pub(crate) fn is_deletes(manifest: &ManifestFile) -> bool {
    manifest.content == ManifestContentType::Deletes
        && (manifest.has_added_files() || manifest.has_existing_files())
}

/// Whether any of a manifest's files may be in the table still.
pub(crate) fn may_be_alive(manifest: &ManifestFile) -> bool {
    manifest.has_added_files() || manifest.has_existing_files()
}

/// How many files of a manifest are in the table; a great many where it does not say.
pub(crate) fn file_count(manifest: &ManifestFile) -> usize {
    let counts = manifest.added_files_count.zip(manifest.existing_files_count);
    counts.map_or(usize::MAX / 2, |(added, existing)| added as usize + existing as usize)
}

/// Where the partitions of a manifest's files have the cell and the year.
pub(crate) fn places(metadata: &TableMetadata, manifest: &ManifestFile) -> Result<Places> {
    Ok(Places::of(spec_of(metadata, manifest)?))
}

/// The partition spec that a manifest was written under.
pub(crate) fn spec_of<'a>(
    metadata: &'a TableMetadata,
    manifest: &ManifestFile,
) -> Result<&'a PartitionSpecRef> {
    let id = manifest.partition_spec_id;
    metadata.partition_spec_by_id(id).ok_or_else(|| Error::Corrupt {
        location: metadata.location().to_owned(),
        reason: format!("a manifest names the partition spec {id}, which is not there"),
    })
}

/// The error for a table that has deletions of rows.
pub(crate) fn unsupported_deletes(metadata: &TableMetadata) -> Error {
    Error::Unsupported {
        table: metadata.location().to_owned(),
        reason: "has delete files, which earthcatalog does not apply: rewrite the data files first".into(),
    }
}
