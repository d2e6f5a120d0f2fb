//! Listings made from a counter, in the order of their keys: like those of ITS_LIVE, with keys of some 150 bytes.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use earthcatalog_inventory::{Format, ObjectBatch, Writer};
use earthcatalog_model::{ObjectRef, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use orc_rust::ArrowWriterBuilder;

use super::Result;

const BUCKET: &str = "its-live-data";

/// Rows made at once.
const BATCH: u64 = 8_192;

/// Data files of the manifest.
const PARTS: u64 = 4;

/// A row of a listing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) size: u64,
}

impl Row {
    fn object(self) -> ObjectRef {
        let Self { number, size } = self;
        let (folder, scrambled) = (number / 100_000, scrambled(number));
        let key = format!(
            "velocity_image_pair/landsatOLI/v02/N{folder:04}W040/LC08_L1TP_{number:012}_20200703_20200913_02_T1_X_LC08_L1TP_009011_20200719_20200911_02_T1_G0120V02_P{:03}.stac.json",
            scrambled % 100
        );
        ObjectRef {
            size: Some(size),
            // Within ten years, to the millisecond.
            last_modified: Timestamp::from_micros(
                1_500_000_000_000_000 + (scrambled % 315_000_000_000) as i64 * 1_000,
            ),
            etag: Some(format!("{scrambled:016x}{:016x}", scrambled.rotate_left(17))),
            ..ObjectRef::new(BUCKET, key)
        }
    }
}

/// Scrambles a counter (splitmix64).
fn scrambled(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

/// Which rows are in a listing, and as what.
type Choice<'a> = &'a dyn Fn(Row) -> Option<Row>;

/// The file that is opened.
pub(super) fn source(folder: &Path, format: &str) -> PathBuf {
    match format {
        "s3" => folder.join("s3/manifest.json"),
        other => folder.join(format!("listing.{other}")),
    }
}

/// The data files of the manifest.
pub(super) fn parts(folder: &Path) -> Vec<PathBuf> {
    (0..PARTS).map(|part| folder.join(format!("s3/data/part-{part}.csv.gz"))).collect()
}

/// Writes a listing; its bytes.
pub(super) fn write(folder: &Path, format: &str, rows: Range<u64>, choose: Choice<'_>) -> Result<u64> {
    std::fs::create_dir_all(folder)?;
    let path = source(folder, format);
    match format {
        "s3" => return s3(folder, rows, choose),
        "orc" => orc(&path, rows, choose)?,
        "csv.gz" => drop(listing(zipped(&path)?, Format::Csv, rows, choose)?.finish()?),
        "csv" | "ndjson" | "parquet" => {
            let format = Format::of_name(&path.to_string_lossy()).ok_or("it has no format")?;
            listing(BufWriter::with_capacity(1 << 20, File::create(&path)?), format, rows, choose)?
                .flush()?;
        }
        other => return Err(format!("{other} is no format").into()),
    }
    Ok(std::fs::metadata(path)?.len())
}

fn zipped(path: &Path) -> Result<GzEncoder<BufWriter<File>>> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    Ok(GzEncoder::new(BufWriter::with_capacity(1 << 20, File::create(path)?), Compression::default()))
}

/// The objects of some rows.
fn objects<'a>(rows: Range<u64>, choose: Choice<'a>) -> impl Iterator<Item = Vec<ObjectRef>> + 'a {
    let end = rows.end;
    rows.step_by(BATCH as usize).map(move |start| {
        let numbers = start..(start + BATCH).min(end);
        let made = numbers.map(|number| Row { number, size: 4_000 + scrambled(number) % 3_000 });
        made.filter_map(choose).map(Row::object).collect()
    })
}

fn listing<W: Write + Send>(out: W, format: Format, rows: Range<u64>, choose: Choice<'_>) -> Result<W> {
    let mut writer = Writer::new(out, format)?;
    for objects in objects(rows, choose) {
        let batch: ObjectBatch = objects.iter().collect();
        batch.iter().try_for_each(|object| writer.push(&object))?;
    }
    Ok(writer.finish()?)
}

/// What orc-rust can write: times as text, and nothing compressed.
fn orc(path: &Path, rows: Range<u64>, choose: Choice<'_>) -> Result<()> {
    let mut out = Some(BufWriter::with_capacity(1 << 20, File::create(path)?));
    let mut writer = None;
    for objects in objects(rows, choose) {
        let texts = |of: &dyn Fn(&ObjectRef) -> String| -> ArrayRef {
            Arc::new(objects.iter().map(|object| Some(of(object))).collect::<StringArray>())
        };
        let sizes: ArrayRef =
            Arc::new(objects.iter().map(|o| o.size.map(|s| s as i64)).collect::<Int64Array>());
        let batch = RecordBatch::try_from_iter([
            ("bucket", texts(&|o| o.bucket.clone())),
            ("key", texts(&|o| o.key.clone())),
            ("size", sizes),
            ("last_modified_date", texts(&|o| o.last_modified.map(|t| t.to_string()).unwrap_or_default())),
            ("e_tag", texts(&|o| o.etag.clone().unwrap_or_default())),
        ])?;
        if let Some(out) = out.take() {
            writer = Some(ArrowWriterBuilder::new(out, batch.schema()).try_build()?);
        }
        writer.iter_mut().try_for_each(|writer| writer.write(&batch))?;
    }
    writer.map_or(Ok(()), |writer| writer.close())?;
    Ok(())
}

/// As S3 writes it: headerless, quoted, gzipped, under a manifest with checksums.
fn s3(folder: &Path, rows: Range<u64>, choose: Choice<'_>) -> Result<u64> {
    let each = (rows.end - rows.start).div_ceil(PARTS);
    let (mut files, mut bytes) = (Vec::new(), 0);
    for (part, path) in (0..PARTS).zip(parts(folder)) {
        let own = (rows.start + part * each).min(rows.end)..(rows.start + (part + 1) * each).min(rows.end);
        let mut out = zipped(&path)?;
        let mut line = String::new();
        for object in objects(own, choose).flatten() {
            line.clear();
            let (size, time) = (object.size.unwrap_or_default(), object.last_modified.map(|t| t.to_string()));
            let (time, etag) = (time.unwrap_or_default(), object.etag.unwrap_or_default());
            writeln!(line, "\"{BUCKET}\",\"{}\",\"{size}\",\"{time}\",\"{etag}\"", object.key)?;
            out.write_all(line.as_bytes())?;
        }
        out.finish()?.flush()?;
        let written = std::fs::read(&path)?;
        bytes += written.len() as u64;
        let md5 = format!("{:x}", <md5::Md5 as md5::Digest>::digest(&written));
        let key = format!("s3/data/part-{part}.csv.gz");
        files.push(serde_json::json!({ "key": key, "size": written.len(), "MD5checksum": md5 }));
    }
    let manifest = serde_json::json!({
        "sourceBucket": BUCKET,
        "version": "2016-11-30",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag",
        "files": files,
    });
    std::fs::write(source(folder, "s3"), manifest.to_string())?;
    Ok(bytes)
}
