//! Finding rows in a file of the table.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use earthcatalog_model::DataFile;
use earthcatalog_store::Base;
use futures::TryStreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ArrowReaderOptions, RowFilter};
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::{PageIndexPolicy, RowGroupMetaData};

use crate::error::{Error, Result};

type Builder = ParquetRecordBatchStreamBuilder<ParquetObjectReader>;

/// Bytes to read at the end of a file in the hope that the footer is among them, which saves a request.
const FOOTER: usize = 64 << 10;

/// The first item in the file with that id, as JSON.
pub(crate) async fn find(base: &Base, file: &DataFile, id: &str) -> Result<Option<String>> {
    let path = base.resolve(&file.path)?;
    let input = ParquetObjectReader::new(Arc::clone(base.store()), path);
    let input = input.with_file_size(file.bytes).with_footer_size_hint(FOOTER);
    let batch =
        find_row(input, id).await.map_err(|source| Error::Read { path: file.path.clone(), source })?;
    let Some(batch) = batch else { return Ok(None) };
    let items = earthcatalog_writer::items_of(&batch.slice(0, 1))
        .map_err(|source| Error::Rows { path: file.path.clone(), source })?;
    Ok(items.into_iter().next())
}

/// A batch that begins with a row of that id.
async fn find_row(input: ParquetObjectReader, id: &str) -> ParquetResult<Option<RecordBatch>> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let mut builder = Builder::new_with_options(input, options).await?;
    let leaves = builder.parquet_schema().columns();
    let Some(leaf) = leaves.iter().position(|c| c.path().parts() == ["id"]) else { return Ok(None) };
    let groups = row_groups(&mut builder, leaf, id).await?;
    if groups.is_empty() {
        return Ok(None);
    }
    let mask = ProjectionMask::leaves(builder.parquet_schema(), [leaf]);
    let wanted = id.to_owned();
    let same = ArrowPredicateFn::new(mask, move |batch| equal(batch.column(0), &wanted));
    let filter = RowFilter::new(vec![Box::new(same)]);
    let mut rows = builder.with_row_groups(groups).with_row_filter(filter).with_limit(1).build()?;
    let batch = rows.try_next().await?;
    Ok(batch.filter(|b| b.num_rows() > 0))
}

/// The row groups that may hold the id, by their bounds and bloom filters.
async fn row_groups(builder: &mut Builder, leaf: usize, id: &str) -> ParquetResult<Vec<usize>> {
    let metadata = Arc::clone(builder.metadata());
    let mut groups = Vec::new();
    for (i, group) in metadata.row_groups().iter().enumerate() {
        if may_hold(group, leaf, id) && passes_bloom(builder, i, leaf, id).await? {
            groups.push(i);
        }
    }
    Ok(groups)
}

/// False only if the bounds, which may be cut short, rule the id out.
fn may_hold(group: &RowGroupMetaData, leaf: usize, id: &str) -> bool {
    let Some(statistics) = group.columns().get(leaf).and_then(|c| c.statistics()) else { return true };
    let below = statistics.min_bytes_opt().is_some_and(|min| id.as_bytes() < min);
    // A maximum that was cut without being raised is still where the ids that begin with it begin.
    let above = statistics
        .max_bytes_opt()
        .is_some_and(|max| id.as_bytes().get(..max.len()).unwrap_or(id.as_bytes()) > max);
    !below && !above
}

async fn passes_bloom(builder: &mut Builder, group: usize, leaf: usize, id: &str) -> ParquetResult<bool> {
    let bloom = builder.get_row_group_column_bloom_filter(group, leaf).await?;
    Ok(bloom.is_none_or(|bloom| bloom.check(id)))
}

/// Which values equal the text, whatever Arrow type (plain, large, dictionary) the file's writer gave the column.
fn equal(column: &ArrayRef, text: &str) -> Result<BooleanArray, ArrowError> {
    let values = arrow_cast::cast(column, &DataType::Utf8)?;
    Ok(values.as_string::<i32>().iter().map(|value| Some(value == Some(text))).collect())
}
