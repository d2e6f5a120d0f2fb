//! A Parquet file of the index in a store: what its footer says, and its rows as batches.

use std::fmt::Display;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};
use parquet::file::metadata::PageIndexPolicy;

use crate::error::{Error, Result};

/// Bytes to read at the end of a file in the hope that the footer is among them: enough for 40 million ids.
const FOOTER: usize = 64 << 10;

/// Rows of a batch.
const BATCH: usize = 16 << 10;

/// The footer's key for what a file is: `ids/1`, `ids-segment/1`, `objects/1`, `objects-segment/1`.
pub(crate) const MARK: &str = "earthcatalog.index";

/// What a file of the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A base file of ours: sorted, one row a hash, no tombstones.
    Base,
    /// A segment of ours: sorted, one row a hash, to be read over what is older; it may hold tombstones.
    Segment,
    /// Made by something else, such as earthcatalog 0.6.1: hashes alone, in no order that could be relied on, perhaps
    /// with some of them twice. Not damaged, but no ground to decide on: the index is to be rebuilt.
    Foreign,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) path: Path,
    pub(crate) metadata: ArrowReaderMetadata,
    input: ParquetObjectReader,
}

impl Stored {
    /// Reads the footer; `hash` is the column of 16 fixed bytes that must be there.
    pub(crate) async fn open(store: &Arc<dyn ObjectStore>, path: &Path, hash: &str) -> Result<Self> {
        let meta = store.head(path).await.map_err(|e| Error::store("read", path, e))?;
        let input = ParquetObjectReader::new(Arc::clone(store), path.clone());
        let mut input = input.with_file_size(meta.size).with_footer_size_hint(FOOTER);
        let metadata = ArrowReaderMetadata::load_async(&mut input, ArrowReaderOptions::new())
            .await
            .map_err(|e| Error::read(path, e))?;
        let stored = Self { path: path.clone(), metadata, input };
        if stored.leaf(hash).is_none() {
            return Err(stored.corrupt(format!("it has no column {hash} of 16 fixed bytes")));
        }
        Ok(stored)
    }

    /// The same file with the bounds of its pages, where it has them: another small read.
    pub(crate) async fn with_page_index(&self) -> Result<Self> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load_async(&mut self.input.clone(), options)
            .await
            .map_err(|e| Error::read(&self.path, e))?;
        Ok(Self { metadata, ..self.clone() })
    }

    pub(crate) fn rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// An entry of the footer.
    pub(crate) fn entry(&self, key: &str) -> Option<&str> {
        let entries = self.metadata.metadata().file_metadata().key_value_metadata()?;
        entries.iter().find(|entry| entry.key == key)?.value.as_deref()
    }

    /// A number in the footer; 0 where it is not there.
    pub(crate) fn number(&self, key: &str) -> Result<u64> {
        let Some(text) = self.entry(key) else { return Ok(0) };
        text.parse().map_err(|_| self.corrupt(format!("its footer has {key}={text:?}")))
    }

    /// What the file is, as the marks of base files and segments tell it.
    pub(crate) fn kind(&self, base: &str, segment: &str) -> Kind {
        match self.entry(MARK) {
            Some(mark) if mark == base => Kind::Base,
            Some(mark) if mark == segment => Kind::Segment,
            _ => Kind::Foreign,
        }
    }

    /// Checks that the file has the columns of a schema: a merge takes them for granted.
    pub(crate) fn demand(&self, schema: &Schema) -> Result<()> {
        let found = self.metadata.schema();
        let missing = schema.fields().iter().find(|field| {
            found.field_with_name(field.name()).map(Field::data_type).ok() != Some(field.data_type())
        });
        match missing {
            Some(field) => {
                let reason = format!("it has no column {} of type {}", field.name(), field.data_type());
                Err(self.corrupt(reason))
            }
            None => Ok(()),
        }
    }

    /// The leaf of a column of 16 fixed bytes.
    pub(crate) fn leaf(&self, name: &str) -> Option<usize> {
        let field = self.metadata.schema().field_with_name(name).ok()?;
        let leaves = self.metadata.parquet_schema().columns();
        let leaf = leaves.iter().position(|c| c.path().parts() == [name])?;
        matches!(field.data_type(), DataType::FixedSizeBinary(16)).then_some(leaf)
    }

    pub(crate) fn builder(&self) -> ParquetRecordBatchStreamBuilder<ParquetObjectReader> {
        ParquetRecordBatchStreamBuilder::new_with_metadata(self.input.clone(), self.metadata.clone())
            .with_batch_size(BATCH)
    }

    /// The rows of these columns, in the file's order of both; a row group in memory at a time.
    pub(crate) fn batches(&self, columns: &[&str]) -> BoxStream<'static, Result<RecordBatch>> {
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), columns.iter().copied());
        self.stream(self.builder().with_projection(mask))
    }

    pub(crate) fn stream(
        &self,
        builder: ParquetRecordBatchStreamBuilder<ParquetObjectReader>,
    ) -> BoxStream<'static, Result<RecordBatch>> {
        let path = self.path.clone();
        match builder.build() {
            Ok(stream) => stream.map(move |batch| batch.map_err(|e| Error::read(&path, e))).boxed(),
            Err(e) => futures::stream::once(async move { Err(Error::read(&path, e)) }).boxed(),
        }
    }

    pub(crate) fn corrupt(&self, reason: impl Display) -> Error {
        Error::corrupt(&self.path, reason)
    }
}
