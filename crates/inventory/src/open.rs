//! What an inventory is, and how a file becomes one: by its first bytes.

use std::sync::Arc;

use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::batch::ObjectBatch;
use crate::csv::CsvInventory;
use crate::error::{Error, Result};
use crate::parquet::ParquetInventory;
use crate::pump::Source;

/// A listing of objects.
///
/// An implementor gives every row exactly once or ends with an error: a listing that stops short in silence loses
/// items. After an error the stream ends.
pub trait Inventory: Send + Sync + 'static {
    /// The rows, from the first; each call reads anew. Must be polled within a Tokio runtime. Dropping the stream ends
    /// the reading.
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>>;

    /// What to call it: its URL, without user and query.
    fn name(&self) -> &str;

    /// What makes it this listing and no other: the name, and the version of its content (an etag, or size and time).
    fn identity(&self) -> &str;
}

/// How to read an inventory whose file does not say it all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOptions {
    /// The bucket of rows that name none.
    pub default_bucket: Option<String>,
    /// The columns of a CSV file without a header line.
    pub columns: Option<Vec<String>>,
    /// Whether keys in CSV are URL-encoded. By default those of a file with a header are taken as they are, and those
    /// of one without are decoded: that is how S3 writes its inventories. Keys in Parquet are never encoded.
    pub url_encoded: Option<bool>,
    /// Rows of a batch, at least one.
    pub batch_rows: usize,
}

/// All as the file says, in batches of 16,384 rows.
impl Default for OpenOptions {
    fn default() -> Self {
        Self { default_bucket: None, columns: None, url_encoded: None, batch_rows: 16_384 }
    }
}

/// Opens an inventory. What it is is told by its first bytes, not by its name: Parquet, gzip (of CSV), else CSV.
///
/// `url` is for people and for the identity; user and query are taken out of it.
///
/// # Errors
/// Where it is not there or cannot be read, is empty, is of another kind, or has no column of keys (told at once for
/// Parquet, with the first batch for CSV), or names no bucket and the options do not either.
pub async fn open(
    store: Arc<dyn ObjectStore>,
    path: Path,
    url: &str,
    options: &OpenOptions,
) -> Result<Box<dyn Inventory>> {
    let name = without_secrets(url);
    let read = |source| Error::Read { name: name.clone(), source };
    let meta = store.head(&path).await.map_err(read)?;
    if meta.size == 0 {
        return Err(Error::Empty { name });
    }
    let start = store.get_range(&path, 0..meta.size.min(16)).await.map_err(read)?;
    let identity = identity(&name, &meta);
    let source = Source { store, path, meta, name: name.as_str().into() };
    let options = OpenOptions { batch_rows: options.batch_rows.max(1), ..options.clone() };
    match kind(&start, &name) {
        Kind::Parquet => Ok(Box::new(ParquetInventory::open(source, identity, &options).await?)),
        Kind::Csv { gzip } => Ok(Box::new(CsvInventory::new(source, identity, gzip, &options))),
        Kind::Other(what) => Err(Error::Unsupported { name, what: what.to_owned() }),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Parquet,
    Csv { gzip: bool },
    Other(&'static str),
}

fn kind(start: &[u8], name: &str) -> Kind {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match start {
        [b'P', b'A', b'R', b'1', ..] => Kind::Parquet,
        [0x1f, 0x8b, ..] => Kind::Csv { gzip: true },
        [b'O', b'R', b'C', ..] if !text.contains(&b',') => Kind::Other("an ORC file"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Kind::Other("zstd-compressed"),
        [b'P', b'K', 3, 4, ..] => Kind::Other("a ZIP archive"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Kind::Other("UTF-16 text"),
        _ if text.first().is_some_and(|byte| matches!(byte, b'{' | b'[')) => Kind::Other("JSON"),
        _ if text.first() == Some(&b'<') => Kind::Other("XML or HTML"),
        _ if start.contains(&0) => Kind::Other("binary data of an unknown kind"),
        _ if has_parquet_name(name) => {
            Kind::Other("named .parquet, but does not begin as a Parquet file does")
        }
        _ => Kind::Csv { gzip: false },
    }
}

fn has_parquet_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".parquet") || name.ends_with(".pq")
}

fn identity(name: &str, meta: &ObjectMeta) -> String {
    match &meta.e_tag {
        Some(etag) => format!("{name}#etag={}", etag.trim_matches('"')),
        None => format!("{name}#size={},modified={}", meta.size, meta.last_modified.timestamp_micros()),
    }
}

/// Without user, password, query and fragment; what is no URL is a path, and stays.
fn without_secrets(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return text.to_owned() };
    if !text.contains("://") {
        return text.to_owned();
    }
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain {
        return text.to_owned();
    }
    // A failure here means that the URL can have no such part.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
