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
use tokio::task::JoinHandle;

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

/// Encodes the manifests of one snapshot, and puts them into the store.
pub(crate) struct Encoder {
    location: String,
    nonce: uuid::Uuid,
    snapshot: i64,
    count: usize,
    /// What [`put`](Self::put) has begun to put into the store.
    written: Vec<String>,
}

impl Encoder {
    /// For a snapshot of the table at `location`; names hold the nonce.
    pub(crate) fn new(location: &str, nonce: uuid::Uuid, snapshot: i64) -> Self {
        Self { location: location.to_owned(), nonce, snapshot, count: 0, written: Vec::new() }
    }

    /// The locations of what was written, or may have been.
    pub(crate) fn into_written(self) -> Vec<String> {
        self.written
    }

    /// Puts into the store what was encoded. Until the pointer moves, nothing refers to it.
    pub(crate) async fn put(
        &mut self,
        files: &Files,
        Encoded { manifest, bytes }: Encoded,
    ) -> Result<ManifestFile> {
        self.put_bytes(files, &manifest.manifest_path, bytes).await?;
        Ok(manifest)
    }

    async fn put_bytes(&mut self, files: &Files, location: &str, bytes: Bytes) -> Result<()> {
        self.written.push(location.to_owned());
        files.write(location, bytes).await
    }

    /// A manifest with nothing in it yet.
    pub(crate) fn draft(&mut self, schema: &SchemaRef, spec: &PartitionSpecRef) -> iceberg::Result<Draft> {
        let location = format!("{}/metadata/{}-m{}.avro", self.location, self.nonce, self.count);
        self.count += 1;
        let io = FileIO::new_with_memory();
        let output = io.new_output(location)?;
        let spec = spec.as_ref().clone();
        let writer = ManifestWriterBuilder::new(output, Some(self.snapshot), schema.clone(), spec);
        Ok(Draft { io, writer: writer.build_v2_data() })
    }

    /// The list of all manifests of the snapshot, put into the store; its location.
    pub(crate) async fn list(
        &mut self,
        files: &Files,
        metadata: &TableMetadata,
        manifests: Vec<ManifestFile>,
        invalid: impl FnOnce(iceberg::Error) -> Error,
    ) -> Result<String> {
        let location = format!("{}/metadata/snap-{}-0-{}.avro", self.location, self.snapshot, self.nonce);
        let encoded = encode_list(self.snapshot, &location, metadata, manifests).await.map_err(invalid)?;
        self.put_bytes(files, &location, encoded).await?;
        Ok(location)
    }
}

async fn encode_list(
    snapshot: i64,
    location: &str,
    metadata: &TableMetadata,
    manifests: Vec<ManifestFile>,
) -> iceberg::Result<Bytes> {
    let io = FileIO::new_with_memory();
    let output = io.new_output(location)?.writer().await?;
    let parent = metadata.current_snapshot_id();
    let mut writer = ManifestListWriter::v2(output, snapshot, parent, metadata.next_sequence_number());
    writer.add_manifests(manifests.into_iter())?;
    writer.close().await?;
    io.new_input(location)?.read().await
}

/// A manifest that is being made. Its memory is some 50 kB a file until it has been encoded.
pub(crate) struct Draft {
    io: FileIO,
    writer: ManifestWriter,
}

/// A manifest that is being encoded.
pub(crate) struct Encoding(JoinHandle<iceberg::Result<Encoded>>);

impl Encoding {
    pub(crate) async fn done(self) -> iceberg::Result<Encoded> {
        self.0.await.unwrap_or_else(|error| {
            let message = format!("a manifest was not encoded: {error}");
            Err(iceberg::Error::new(iceberg::ErrorKind::Unexpected, message))
        })
    }
}

/// A manifest as it will be in the store.
pub(crate) struct Encoded {
    manifest: ManifestFile,
    bytes: Bytes,
}

impl Draft {
    /// With new files.
    pub(crate) fn added(mut self, files: Vec<IcebergFile>) -> iceberg::Result<Self> {
        for file in files {
            // A negative number: the snapshot's own, given when the list is read.
            self.writer.add_file(file, -1)?;
        }
        Ok(self)
    }

    /// With files that are in the table already.
    pub(crate) fn existing(mut self, files: Vec<Alive>) -> iceberg::Result<Self> {
        for Alive { snapshot, sequence, file_sequence, file } in files {
            self.writer.add_existing_file(file, snapshot, sequence, file_sequence)?;
        }
        Ok(self)
    }

    /// With the files of another, some of which are no longer in the table.
    pub(crate) fn without(
        mut self,
        loaded: &Loaded,
        gone: &(dyn Fn(&IcebergFile) -> bool + Sync),
    ) -> iceberg::Result<Self> {
        for Alive { snapshot, sequence, file_sequence, file } in loaded.alive() {
            match gone(&file) {
                true => self.writer.add_delete_file(file, sequence, file_sequence)?,
                false => self.writer.add_existing_file(file, snapshot, sequence, file_sequence)?,
            }
        }
        Ok(self)
    }

    /// Begins to encode it, on a thread where that holds up nobody: it takes some 0.2 ms a file.
    pub(crate) fn encode(self) -> Encoding {
        // Iceberg's writer waits for nothing but the memory that it writes to.
        Encoding(tokio::task::spawn_blocking(move || futures::executor::block_on(self.encode_here())))
    }

    async fn encode_here(self) -> iceberg::Result<Encoded> {
        let manifest = self.writer.write_manifest_file().await?;
        let bytes = self.io.new_input(&manifest.manifest_path)?.read().await?;
        Ok(Encoded { manifest, bytes })
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
