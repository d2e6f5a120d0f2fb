//! Record batches to the bytes of a Parquet file, with properties that follow the number of rows.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::schema::types::{ColumnPath, SchemaDescriptor};

use crate::error::Result;
use crate::format::Encoded;
use crate::geo::Geo;
use crate::metrics::Measures;
use crate::variety::{self, Looks, Variety};

/// Files of fewer rows are compressed with Snappy: a zstd context for each column chunk costs more than everything else
/// (40 rows × 64 columns: zstd 2.9 ms and 13.2 kB, Snappy 0.9 ms and 15.0 kB; uncompressed as fast as Snappy, 45 kB).
const ZSTD_ROWS: usize = 128;

/// Files of fewer rows have no dictionaries: they repeat too little to pay for building one a column.
const DICTIONARY_ROWS: usize = 200;

/// Files of fewer rows have no page index and no bloom filter.
const INDEX_ROWS: usize = 1000;

/// Rows of a row group. A search that wants one item reads pages, not groups, so groups may be large; but a group is
/// what a reader decodes at once and what an engine gives to one thread.
pub(crate) const GROUP_ROWS: usize = 16_384;

/// Rows of a page: the least that a search for one id has to decode in each column.
const PAGE_ROWS: usize = 1024;

/// Columns whose bounds help no reader: geometries as bytes, and JSON texts.
const WITHOUT_STATISTICS: [&str; 2] = ["geometry", "_extra"];

/// Writes one file.
pub(crate) fn write(batches: &[RecordBatch], parquet: Option<&SchemaDescriptor>) -> Result<Encoded> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let Some(first) = batches.first() else { return Err(crate::Error::NoRows) };
    write_each(batches.iter().cloned().map(Ok), rows, &first.schema(), parquet)
}

/// Writes one file of batches of one schema that are made one after the other; `rows` is the number of all their rows.
pub(crate) fn write_each(
    batches: impl Iterator<Item = Result<RecordBatch>>,
    rows: usize,
    schema: &SchemaRef,
    parquet: Option<&SchemaDescriptor>,
) -> Result<Encoded> {
    if rows == 0 {
        return Err(crate::Error::NoRows);
    }
    let mut batches = batches.peekable();
    let mut properties = properties(rows);
    // Of more batches than one the first does not tell what will be in the columns; large files lose little by it.
    let whole = batches.peek().and_then(|first| first.as_ref().ok()).filter(|first| first.num_rows() == rows);
    if let (Some(batch), Some(parquet)) = (whole, parquet) {
        for (leaf, looks) in parquet.columns().iter().zip(variety::of_leaves(batch)) {
            properties = fitted(properties, leaf.path(), looks, rows);
        }
    }
    let mut options =
        ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
    if let Some(parquet) = parquet {
        options = options.with_parquet_schema(parquet.clone());
    }
    let mut writer = ArrowWriter::try_new_with_options(Vec::with_capacity(1 << 14), schema.clone(), options)?;
    let (mut measures, mut geo) = (Measures::default(), Geo::default());
    for batch in batches {
        let batch = batch?;
        measures.add(&batch);
        geo.add(&batch);
        writer.write(&batch)?;
    }
    geo.finish().into_iter().for_each(|key| writer.append_key_value_metadata(key));
    let metadata = writer.finish()?;
    let bytes = Bytes::from(std::mem::take(writer.inner_mut()));
    Ok(Encoded {
        bytes,
        rows: rows as u64,
        columns: measures.finish(&metadata),
        split_offsets: split_offsets(&metadata),
        extra: std::collections::BTreeMap::new(),
    })
}

fn properties(rows: usize) -> WriterPropertiesBuilder {
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(concat!("earthcatalog ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_dictionary_enabled(rows >= DICTIONARY_ROWS)
        .set_compression(compression(rows));
    if rows < INDEX_ROWS {
        properties =
            properties.set_statistics_enabled(EnabledStatistics::Chunk).set_offset_index_disabled(true);
    } else {
        let id = ColumnPath::from("id");
        properties = properties
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_column_bloom_filter_enabled(id.clone(), true)
            .set_column_bloom_filter_ndv(id, rows.min(GROUP_ROWS) as u64);
    }
    for column in WITHOUT_STATISTICS {
        properties =
            properties.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::None);
    }
    properties
}

/// The properties with those of a column, of which most have next to nothing to compress.
///
/// A zstd context is made for each column that is compressed, whatever is in it, and takes longer than the values of most
/// columns; a dictionary of values that all differ is one more copy of them.
fn fitted(
    properties: WriterPropertiesBuilder,
    column: &ColumnPath,
    looks: Looks,
    rows: usize,
) -> WriterPropertiesBuilder {
    let plain = |properties: WriterPropertiesBuilder| {
        properties.set_column_compression(column.clone(), Compression::UNCOMPRESSED)
    };
    let properties = if looks.is_small { plain(properties) } else { properties };
    match looks.variety {
        Variety::Empty => plain(properties).set_column_dictionary_enabled(column.clone(), false),
        Variety::Same if rows >= ZSTD_ROWS => {
            plain(properties).set_column_dictionary_enabled(column.clone(), true)
        }
        Variety::Different => properties.set_column_dictionary_enabled(column.clone(), false),
        Variety::Same | Variety::Mixed => properties,
    }
}

fn compression(rows: usize) -> Compression {
    if rows < ZSTD_ROWS { Compression::SNAPPY } else { Compression::ZSTD(ZstdLevel::default()) }
}

/// Where each row group begins: at its first page, be it of a dictionary or of data.
fn split_offsets(metadata: &ParquetMetaData) -> Vec<i64> {
    let begin = |group: &parquet::file::metadata::RowGroupMetaData| {
        let first = group.columns().first()?;
        let data = first.data_page_offset();
        Some(first.dictionary_page_offset().map_or(data, |dictionary| dictionary.min(data)))
    };
    metadata.row_groups().iter().filter_map(begin).collect()
}
