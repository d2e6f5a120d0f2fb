//! What reading a listing costs at least: its decoder, and nothing made of what it gives.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use md5::{Digest as _, Md5};
use orc_rust::arrow_reader::ArrowReaderBuilder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use super::{Result, made};

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// Rows of a batch: smaller ones take longer.
const ROWS: usize = 16_384;

/// Reads a listing; its rows, or its lines.
pub(super) fn read(folder: &Path, format: &str) -> Result<u64> {
    let whole = made::source(folder, format);
    match format {
        "csv" | "ndjson" => lines(File::open(whole)?),
        "csv.gz" => lines(unzipped(File::open(whole)?)),
        "s3" => made::parts(folder).iter().try_fold(0, |rows, part| Ok(rows + checked(part, lines)?)),
        "parquet" => {
            let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(whole)?)?;
            rows(builder.with_batch_size(ROWS).build()?)
        }
        "orc" => rows(ArrowReaderBuilder::try_new(File::open(whole)?)?.with_batch_size(ROWS).build()),
        other => Err(format!("{other} is no format").into()),
    }
}

/// Reads a listing in text as a well-kept library parses it, and makes nothing of it either; its rows.
pub(super) fn parse(folder: &Path, format: &str) -> Result<u64> {
    let whole = made::source(folder, format);
    match format {
        "csv" => records(File::open(whole)?),
        "csv.gz" => records(unzipped(File::open(whole)?)),
        "s3" => made::parts(folder).iter().try_fold(0, |rows, part| Ok(rows + checked(part, records)?)),
        "ndjson" => objects(File::open(whole)?),
        other => Err(format!("{other} is no text").into()),
    }
}

fn unzipped<R: Read>(packed: R) -> MultiGzDecoder<BufReader<R>> {
    MultiGzDecoder::new(BufReader::with_capacity(CHUNK, packed))
}

/// A data file of the manifest, whose checksum has to be looked at too.
fn checked(part: &Path, read: fn(MultiGzDecoder<BufReader<Hashed>>) -> Result<u64>) -> Result<u64> {
    read(unzipped(Hashed { file: File::open(part)?, md5: Md5::new() }))
}

struct Hashed {
    file: File,
    md5: Md5,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.md5.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

fn lines(text: impl Read) -> Result<u64> {
    let mut text = BufReader::with_capacity(CHUNK, text);
    let (mut line, mut lines) = (Vec::new(), 0);
    while text.read_until(b'\n', &mut line)? > 0 {
        line.clear();
        lines += 1;
    }
    Ok(lines)
}

fn records(text: impl Read) -> Result<u64> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).buffer_capacity(CHUNK).from_reader(text);
    let (mut record, mut records) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record)? {
        records += 1;
    }
    Ok(records)
}

/// The members of a line, where they stand.
#[derive(Deserialize)]
#[expect(dead_code, reason = "to find them is the work")]
struct Object<'a> {
    bucket: &'a str,
    key: &'a str,
    size: u64,
    last_modified: &'a str,
    etag: &'a str,
}

fn objects(text: impl Read) -> Result<u64> {
    let mut text = BufReader::with_capacity(CHUNK, text);
    let (mut line, mut objects) = (Vec::new(), 0);
    while text.read_until(b'\n', &mut line)? > 0 {
        serde_json::from_slice::<Object<'_>>(&line)?;
        line.clear();
        objects += 1;
    }
    Ok(objects)
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
