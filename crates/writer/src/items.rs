//! The way back: rows to items, by what the file has.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch};
use arrow_schema::DataType;
use bytes::Bytes;
use earthcatalog_model::json::write_f64;
use earthcatalog_model::{CellId, Geometry, Json, Timestamp};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::error::{Error, Result};
use crate::layout::is_json_text;
use crate::names;
use crate::values::{Named, Object, Values};

/// Rows to decode at once.
const BATCH_ROWS: usize = 1024;

/// A row of a file, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRow {
    /// The cell that the row is in; None where the file does not say.
    pub cell: Option<CellId>,
    /// The item, as JSON text.
    pub json: String,
    /// Where it came from; None in files of others.
    pub source: Option<RowSource>,
}

/// The column `_source`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSource {
    /// The object, e.g. `s3://bucket/key`.
    pub href: Option<String>,
    /// When the object was last written.
    pub last_modified: Option<Timestamp>,
    /// Its entity tag.
    pub etag: Option<String>,
}

/// The items of a batch, as JSON texts, in the order of its rows.
///
/// The batch has the columns of a file of the table: one of ours, or one that earthcatalog 0.6.1 wrote. Columns it lacks
/// are members that the items lack. Text and list types of any width are read.
///
/// # Errors
/// When a column holds what it should not: bytes that are no geometry, an `_extra` that is no JSON.
pub fn items_of(batch: &RecordBatch) -> Result<Vec<String>> {
    let reader = Reader::new(batch)?;
    (0..batch.num_rows()).map(|row| reader.item(row)).collect()
}

/// The rows of a batch that are wanted, by their places in it, in its order. What a batch is: [`items_of`].
///
/// # Errors
/// As [`items_of`].
pub fn rows_of_batch(batch: &RecordBatch, wanted: impl Fn(usize) -> bool) -> Result<Vec<ItemRow>> {
    let reader = Reader::new(batch)?;
    (0..batch.num_rows()).filter(|row| wanted(*row)).map(|row| reader.row(row)).collect()
}

/// The rows of a file.
pub(crate) fn rows_of(file: Bytes) -> Result<Vec<ItemRow>> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
    let mut rows = Vec::new();
    for batch in builder.with_batch_size(BATCH_ROWS).build()? {
        let batch = batch?;
        let reader = Reader::new(&batch)?;
        for row in 0..batch.num_rows() {
            rows.push(reader.row(row)?);
        }
    }
    Ok(rows)
}

/// The columns of a batch, by what they are to an item.
struct Reader {
    members: Vec<Named>,
    properties: Vec<Named>,
    geometry: Option<BinaryArray>,
    bbox: Option<Values>,
    cell: Option<Values>,
    source: Option<Values>,
    extra: Option<Values>,
}

impl Reader {
    fn new(batch: &RecordBatch) -> Result<Self> {
        let mut reader = Self {
            members: Vec::new(),
            properties: Vec::new(),
            geometry: None,
            bbox: None,
            cell: None,
            source: None,
            extra: None,
        };
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            reader.column(field.name(), column)?;
        }
        Ok(reader)
    }

    fn column(&mut self, name: &str, column: &ArrayRef) -> Result<()> {
        let json = is_json_text(name);
        let values = || if json { Values::json(column) } else { Values::new(column) };
        match name {
            "geometry" => self.geometry = binary(column)?,
            "bbox" => self.bbox = Some(values()?),
            "grid_partition" => self.cell = Some(values()?),
            "_source" => self.source = Some(values()?),
            "_extra" => self.extra = Some(values()?),
            "_bbox" | "year" | "properties" => {}
            _ if names::is_property(name) => {
                self.properties.push(Named { name: name.to_owned(), values: values()? });
            }
            _ => self.members.push(Named { name: name.to_owned(), values: values()? }),
        }
        Ok(())
    }

    fn row(&self, row: usize) -> Result<ItemRow> {
        let source = self.source.as_ref().filter(|s| !s.is_null(row)).map(|source| {
            let text = |name| source.member(name).and_then(|v| v.text(row)).map(str::to_owned);
            let last_modified = source.member("last_modified").and_then(|v| v.instant(row));
            RowSource { href: text("href"), last_modified, etag: text("etag") }
        });
        let cell = self.cell.as_ref().and_then(|c| c.text(row)).map(CellId::new);
        Ok(ItemRow { cell, json: self.item(row)?, source })
    }

    fn item(&self, row: usize) -> Result<String> {
        let extra = self.extra.as_ref().and_then(|e| e.text(row)).map(parse_extra).transpose()?;
        let geometry = self.geometry(row)?;
        let mut out = String::with_capacity(4096);
        let mut object = Object::begin(&mut out, extra.as_ref());
        for member in &self.members {
            let there = !member.values.is_null(row);
            object.member(&member.name, there, |within, out| member.values.write(row, within, out));
        }
        object.member("geometry", true, |_, out| match &geometry {
            Some(geometry) => geometry.to_geojson(out),
            None => out.push_str("null"),
        });
        if let Some(bbox) = &self.bbox {
            object.member("bbox", !bbox.is_null(row), |within, out| write_bbox(bbox, row, within, out));
        }
        object.member("properties", true, |within, out| self.properties(row, within, out));
        object.end();
        Ok(out)
    }

    fn properties(&self, row: usize, within: Option<&Json<'_>>, out: &mut String) {
        let mut object = Object::begin(out, within);
        for property in &self.properties {
            let canonical_null = property.name == "datetime" && property.values.is_instant();
            let there = canonical_null || !property.values.is_null(row);
            object.member(&property.name, there, |within, out| property.values.write(row, within, out));
        }
        object.end();
    }

    fn geometry(&self, row: usize) -> Result<Option<Geometry>> {
        let Some(geometry) = self.geometry.as_ref().filter(|g| g.is_valid(row)) else { return Ok(None) };
        let read = Geometry::from_wkb(geometry.value(row));
        read.map(Some).map_err(|e| Error::Content { message: format!("column geometry: {e}") })
    }
}

fn binary(column: &ArrayRef) -> Result<Option<BinaryArray>> {
    let plain = match column.data_type() {
        DataType::Binary => column.clone(),
        DataType::LargeBinary | DataType::BinaryView => arrow_cast::cast(column, &DataType::Binary)?,
        DataType::Null => return Ok(None),
        other => return Err(Error::Content { message: format!("column geometry is {other}, not WKB") }),
    };
    Ok(Some(plain.as_binary::<i32>().clone()))
}

fn parse_extra(text: &str) -> Result<Json<'_>> {
    Json::parse(text.as_bytes()).map_err(|e| Error::Content { message: format!("column _extra: {e}") })
}

fn write_bbox(bbox: &Values, row: usize, within: Option<&Json<'_>>, out: &mut String) {
    if !matches!(bbox, Values::Struct(..)) {
        return bbox.write(row, within, out);
    }
    let mut comma = false;
    out.push('[');
    let flat: &[&str] = &["xmin", "ymin", "xmax", "ymax"];
    let has_heights = bbox.member("zmin").and_then(|v| v.double(row)).is_some();
    for side in if has_heights { &["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"] } else { flat } {
        if std::mem::replace(&mut comma, true) {
            out.push(',');
        }
        match bbox.member(side).and_then(|v| v.double(row)) {
            Some(value) => write_f64(value, out),
            None => out.push_str("null"),
        }
    }
    out.push(']');
}
