//! What reading a listing costs at least: its decoder, and nothing made of what it gives.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use orc_rust::arrow_reader::ArrowReaderBuilder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Result, made};

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// Rows of a batch, as the inventory has them.
const ROWS: usize = 16_384;

/// Reads a listing; its rows, or the ends of its lines.
pub(super) fn read(folder: &Path, format: &str) -> Result<u64> {
    let whole = made::source(folder, format);
    match format {
        "csv" | "ndjson" => lines(File::open(whole)?),
        "csv.gz" => lines(unpacked(&whole)?),
        "s3" => made::parts(folder).iter().try_fold(0, |rows, part| Ok(rows + lines(unpacked(part)?)?)),
        "parquet" => {
            let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(whole)?)?;
            rows(builder.with_batch_size(ROWS).build()?)
        }
        "orc" => rows(ArrowReaderBuilder::try_new(File::open(whole)?)?.with_batch_size(ROWS).build()),
        other => Err(format!("{other} is no format").into()),
    }
}

fn unpacked(path: &Path) -> Result<MultiGzDecoder<BufReader<File>>> {
    Ok(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, File::open(path)?)))
}

fn lines(mut text: impl Read) -> Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut lines = 0;
    loop {
        match text.read(&mut buffer)? {
            0 => return Ok(lines),
            count => {
                lines += memchr::memchr_iter(b'\n', buffer.get(..count).unwrap_or_default()).count() as u64;
            }
        }
    }
}

fn rows<E>(batches: impl Iterator<Item = std::result::Result<arrow_array::RecordBatch, E>>) -> Result<u64>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let mut rows = 0;
    for batch in batches {
        rows += batch?.num_rows() as u64;
    }
    Ok(rows)
}
