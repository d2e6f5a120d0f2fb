//! Reading files of ids: ours, and the one-column files of earthcatalog 0.6.1.

use std::sync::Arc;

use arrow_array::{Array, FixedSizeBinaryArray, RecordBatch};
use earthcatalog_model::{IdHash, PartitionKey};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};

use crate::error::{Error, Result};
use crate::ids::{self, ID_HASH, PartitionColumn};

/// Bytes to read at the end of a file in the hope that the footer is among them: enough for 40 million ids.
const FOOTER: usize = 64 << 10;

/// A file of ids in a store, its footer read.
#[derive(Clone)]
pub struct IdsReader {
    pub(crate) path: Path,
    pub(crate) metadata: ArrowReaderMetadata,
    input: ParquetObjectReader,
}

/// Some rows of a file of ids.
#[derive(Debug, Clone)]
pub struct IdsBatch {
    hashes: FixedSizeBinaryArray,
    partitions: Option<PartitionColumn>,
}

/// How many ids the index holds, from the footer of its file alone: a small read or two however large it is.
///
/// # Errors
/// When there is no such file, when it is no file of ids, or when the store fails.
pub async fn unique_items(store: &Arc<dyn ObjectStore>, path: &Path) -> Result<u64> {
    Ok(IdsReader::open(store, path).await?.rows())
}

impl IdsReader {
    /// Opens a file by reading its footer.
    ///
    /// # Errors
    /// When there is no such file, when it is no file of ids, or when the store fails.
    pub async fn open(store: &Arc<dyn ObjectStore>, path: &Path) -> Result<Self> {
        let meta = store.head(path).await.map_err(|e| Error::store("read", path, e))?;
        let input = ParquetObjectReader::new(Arc::clone(store), path.clone());
        let mut input = input.with_file_size(meta.size).with_footer_size_hint(FOOTER);
        let metadata = ArrowReaderMetadata::load_async(&mut input, ArrowReaderOptions::new())
            .await
            .map_err(|e| Error::read(path, e))?;
        let reader = Self { path: path.clone(), metadata, input };
        if reader.hash_leaf().is_none() {
            return Err(Error::corrupt(path, "it has no column id_hash of 16 fixed bytes"));
        }
        Ok(reader)
    }

    /// Ids in the file.
    pub fn rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// All rows in the file's order, which for files of ours is that of the hashes; a row group in memory at a time.
    pub fn batches(&self) -> BoxStream<'static, Result<IdsBatch>> {
        self.stream(self.builder())
    }

    pub(crate) fn builder(&self) -> ParquetRecordBatchStreamBuilder<ParquetObjectReader> {
        ParquetRecordBatchStreamBuilder::new_with_metadata(self.input.clone(), self.metadata.clone())
            .with_batch_size(16 << 10)
    }

    pub(crate) fn stream(
        &self,
        builder: ParquetRecordBatchStreamBuilder<ParquetObjectReader>,
    ) -> BoxStream<'static, Result<IdsBatch>> {
        let path = self.path.clone();
        match builder.build() {
            Ok(stream) => stream
                .map(move |batch| {
                    let batch = batch.map_err(|e| Error::read(&path, e))?;
                    IdsBatch::new(&batch).ok_or_else(|| Error::corrupt(&path, "a column changed its type"))
                })
                .boxed(),
            Err(e) => futures::stream::once(async move { Err(Error::read(&path, e)) }).boxed(),
        }
    }

    /// The leaf column of the hashes, if it is of the right type.
    pub(crate) fn hash_leaf(&self) -> Option<usize> {
        use arrow_schema::DataType::FixedSizeBinary;
        let field = self.metadata.schema().field_with_name(ID_HASH).ok()?;
        let leaves = self.metadata.parquet_schema().columns();
        let leaf = leaves.iter().position(|c| c.path().parts() == [ID_HASH])?;
        matches!(field.data_type(), FixedSizeBinary(16)).then_some(leaf)
    }

    /// All hashes at once: for tests and small files.
    ///
    /// # Errors
    /// As [`IdsReader::batches`].
    pub async fn hashes(&self) -> Result<Vec<IdHash>> {
        let append = |mut all: Vec<IdHash>, batch: IdsBatch| async move {
            all.extend((0..batch.len()).map(|i| batch.hash(i)));
            Ok(all)
        };
        self.batches().try_fold(Vec::new(), append).await
    }
}

impl IdsBatch {
    fn new(batch: &RecordBatch) -> Option<Self> {
        let hashes = ids::hashes(batch)?.clone();
        let partitions = match batch.column_by_name(ids::PARTITIONS) {
            Some(_) => Some(ids::partitions(batch)?),
            None => None,
        };
        Some(Self { hashes, partitions })
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hash of a row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn hash(&self, row: usize) -> IdHash {
        hash_at(&self.hashes, row)
    }

    /// The partitions of a row; None in files of earthcatalog 0.6.1, which do not know them.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn partitions(&self, row: usize) -> Option<Vec<PartitionKey>> {
        self.partitions.as_ref().map(|column| column.get(row))
    }
}

pub(crate) fn hash_at(hashes: &FixedSizeBinaryArray, row: usize) -> IdHash {
    IdHash(hashes.value(row).try_into().unwrap_or_default())
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
