//! What an inventory is, and how a file or a folder becomes one: by its first bytes, or by its manifest.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::batch::ObjectBatch;
use crate::checksum::{Checksum, Expected, verify};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::form::{Dialect, Form};
use crate::locate;
use crate::manifest::Manifest;
use crate::ndjson;
use crate::orc::OrcInventory;
use crate::parquet::ParquetInventory;
use crate::pump::Source;
use crate::several::SeveralInventory;
use crate::text::TextInventory;

/// A listing of objects.
///
/// An implementor gives every row exactly once or ends with an error: a listing that stops short in silence loses
/// items. After an error the stream ends.
pub trait Inventory: Send + Sync + 'static {
    /// The rows, from the first; each call reads anew. Must be polled within a Tokio runtime. Dropping the stream ends
    /// the reading.
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>>;

    /// As [`batches`](Self::batches), for someone who takes what passes `filter`: rows that cannot, as the file's statistics
    /// say, need not be given. A batch without rows then says how many they are, which
    /// [`Selector::left_out`](crate::Selector::left_out) counts.
    fn batches_for(&self, filter: &Filter) -> BoxStream<'static, Result<ObjectBatch>> {
        let _ = filter;
        self.batches()
    }

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
    /// Whether the checksums that a manifest names are compared with the bytes.
    pub checksums: bool,
    /// Rows of a batch at most, at least one.
    pub batch_rows: usize,
}

/// All as the file says, checksums compared, in batches of at most 16,384 rows.
impl Default for OpenOptions {
    fn default() -> Self {
        Self { default_bucket: None, columns: None, url_encoded: None, checksums: true, batch_rows: 16_384 }
    }
}

/// Opens an inventory. What a file is is told by its first bytes, not by its name: Parquet, ORC, a manifest, or text (CSV,
/// NDJSON, a list of URLs), gzipped or not. A folder is the inventory of its manifest, or of that of its newest dated
/// folder (`2026-04-28T01-00Z/manifest.json`).
///
/// `url` is for people and for the identity; user and query are taken out of it.
///
/// # Errors
/// Where it is not there or cannot be read, is empty, is of another kind, or has no column of keys (told at once for
/// Parquet, with the first batch for ORC and text), or names no bucket and the options do not either; where a manifest is
/// of another version, does not match its checksum, or names a data file that is not there.
pub async fn open(
    store: Arc<dyn ObjectStore>,
    path: Path,
    url: &str,
    options: &OpenOptions,
) -> Result<Box<dyn Inventory>> {
    let name = without_secrets(url);
    let form = Form {
        options: Arc::new(OpenOptions { batch_rows: options.batch_rows.max(1), ..options.clone() }),
        ..Form::default()
    };
    let read = |source| Error::Read { name: name.clone(), source };
    let source = match store.head(&path).await {
        Ok(meta) => Source { store, path, meta, name: name.as_str().into(), md5: None },
        Err(error @ object_store::Error::NotFound { .. }) => folder(store, &path, &name, error).await?,
        Err(error) => return Err(read(error)),
    };
    if source.meta.size > 0 && looks_like_manifest(&source).await? {
        return manifest(source, &form).await;
    }
    open_source(source, &form).await
}

/// The manifest of a folder.
async fn folder(
    store: Arc<dyn ObjectStore>,
    folder: &Path,
    name: &str,
    not_found: object_store::Error,
) -> Result<Source> {
    // What cannot be listed, as over http, is no folder.
    let Ok(Some(path)) = locate::manifest_of(&*store, folder).await else {
        let listed = store.list_with_delimiter(Some(folder)).await;
        let is_folder = listed.is_ok_and(|l| !l.common_prefixes.is_empty() || !l.objects.is_empty());
        return Err(match is_folder {
            true => Error::NoManifest { name: name.trim_end_matches('/').to_owned() },
            false => Error::Read { name: name.to_owned(), source: not_found },
        });
    };
    let below = path.as_ref().strip_prefix(folder.as_ref()).unwrap_or_default().trim_start_matches('/');
    let name = format!("{}/{below}", name.trim_end_matches('/'));
    let meta = store.head(&path).await.map_err(|source| Error::Read { name: name.clone(), source })?;
    Ok(Source { store, path, meta, name: name.into(), md5: None })
}

/// The longest manifest: each data file has some 200 bytes in it.
const MAX_MANIFEST: u64 = 64 << 20;

/// JSON, but not of a line for each object.
async fn looks_like_manifest(source: &Source) -> Result<bool> {
    let start = start(source, 16).await?;
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start();
    if text.first() != Some(&b'{') {
        return Ok(false);
    }
    Ok(!ndjson::is_first_line(&self::start(source, 256 << 10).await?))
}

/// The first bytes. A web server need not know of ranges (RFC 9110, section 14.2): where it does not, the whole is asked for, and
/// dropped behind them.
pub(crate) async fn start(source: &Source, length: u64) -> Result<Bytes> {
    let read = |error| Error::Read { name: source.name.to_string(), source: error };
    let length = source.meta.size.min(length);
    match source.store.get_range(&source.path, 0..length).await {
        Err(object_store::Error::NotSupported { .. }) => {}
        answer => return answer.map_err(read),
    }
    let mut body = source.store.get(&source.path).await.map_err(read)?.into_stream();
    let mut start = Vec::new();
    while (start.len() as u64) < length
        && let Some(bytes) = body.try_next().await.map_err(read)?
    {
        start.extend_from_slice(&bytes);
    }
    start.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    Ok(start.into())
}

async fn manifest(source: Source, form: &Form) -> Result<Box<dyn Inventory>> {
    let name = source.name.to_string();
    let read = |error| Error::Read { name: name.clone(), source: error };
    if source.meta.size > MAX_MANIFEST {
        return Err(Error::Unsupported { name, what: "JSON, and too long for a manifest".to_owned() });
    }
    let text = source.store.get(&source.path).await.map_err(read)?.bytes().await.map_err(read)?;
    if form.options.checksums {
        check_manifest(&source, &text).await?;
    }
    let manifest = Manifest::parse(&name, &text)?;
    let metas = locate::data_files(&*source.store, &name, &source.path, &manifest).await?;
    // A relative path does not end with what the store calls it.
    let root = if name.contains("://") { "" } else { "/" };
    let root = name.strip_suffix(source.path.as_ref()).unwrap_or(root);
    let files = manifest.files.iter().zip(metas).map(|(file, meta)| Source {
        store: source.store.clone(),
        path: meta.location.clone(),
        name: format!("{root}{}", meta.location).into(),
        md5: file.md5.filter(|_| form.options.checksums).map(Expected::new),
        meta,
    });
    let identity = format!("{}&md5={}", identity(&name, &source.meta), Checksum::of(&text));
    let files = files.collect();
    Ok(Box::new(SeveralInventory::new(name, identity, files, form_of(&manifest, form))))
}

/// How the data files of a manifest are read. What the caller says comes before what the manifest says.
fn form_of(manifest: &Manifest, form: &Form) -> Form {
    let mut options = (*form.options).clone();
    options.default_bucket = options.default_bucket.or_else(|| manifest.bucket.clone());
    options.columns = options.columns.or_else(|| manifest.columns.clone());
    if manifest.dialect != Dialect::Plain {
        // Only S3 encodes keys.
        options.url_encoded = options.url_encoded.or(Some(false));
    }
    Form { options: Arc::new(options), dialect: manifest.dialect }
}

/// S3 puts the MD5 of `manifest.json` into `manifest.checksum` beside it; a copy may be without.
async fn check_manifest(source: &Source, text: &[u8]) -> Result<()> {
    if source.path.filename() != Some("manifest.json") {
        return Ok(());
    }
    let read = |error| Error::Read { name: source.name.to_string(), source: error };
    let beside = source.name.trim_end_matches("json");
    let mut parts: Vec<_> = source.path.parts().collect();
    parts.pop();
    let path = Path::from_iter(parts).join("manifest.checksum");
    let answer = match source.store.get(&path).await {
        Ok(answer) => answer.bytes().await.map_err(read)?,
        Err(object_store::Error::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(read(error)),
    };
    let expected = std::str::from_utf8(&answer).ok().and_then(Checksum::parse);
    let expected = expected.ok_or_else(|| Error::Manifest {
        name: source.name.to_string(),
        message: format!(
            "has a file {beside}checksum beside it that is no MD5; go on without it by --no-checksum"
        ),
    })?;
    expected.expect(Checksum::of(text), &source.name)
}

/// A file that is there and not empty.
pub(crate) async fn open_whole(store: Arc<dyn ObjectStore>, path: Path, name: &str) -> Result<Source> {
    let meta = store.head(&path).await.map_err(|source| Error::Read { name: name.to_owned(), source })?;
    match meta.size {
        0 => Err(Error::Empty { name: name.to_owned() }),
        _ => Ok(Source { store, path, meta, name: name.into(), md5: None }),
    }
}

/// Opens a file that is no manifest.
pub(crate) async fn open_source(source: Source, form: &Form) -> Result<Box<dyn Inventory>> {
    let name = source.name.to_string();
    if source.meta.size == 0 {
        return Err(Error::Empty { name });
    }
    let start = start(&source, 16).await?;
    let identity = identity(&name, &source.meta);
    let kind = kind(&start, &name);
    if matches!(kind, Kind::Parquet | Kind::Orc) {
        verify(&source).await?;
    }
    match kind {
        Kind::Parquet => Ok(Box::new(ParquetInventory::open(source, identity, form).await?)),
        Kind::Orc => Ok(Box::new(OrcInventory::new(source, identity, form))),
        Kind::Text { gzip } => Ok(Box::new(TextInventory::new(source, identity, gzip, form))),
        Kind::Other(what) => Err(Error::Unsupported { name, what: what.to_owned() }),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Parquet,
    Orc,
    Text { gzip: bool },
    Other(&'static str),
}

fn kind(start: &[u8], name: &str) -> Kind {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match start {
        [b'P', b'A', b'R', b'1', ..] => Kind::Parquet,
        [0x1f, 0x8b, ..] => Kind::Text { gzip: true },
        [b'O', b'R', b'C', ..] if !text.contains(&b',') => Kind::Orc,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Kind::Other("zstd-compressed"),
        [b'P', b'K', 3, 4, ..] => Kind::Other("a ZIP archive"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Kind::Other("UTF-16 text"),
        _ if text.first().is_some_and(|byte| *byte == b'[') => Kind::Other("a JSON array"),
        _ if text.first() == Some(&b'<') => Kind::Other("XML or HTML"),
        _ if start.contains(&0) => Kind::Other("binary data of an unknown kind"),
        _ if has_parquet_name(name) => {
            Kind::Other("named .parquet, but does not begin as a Parquet file does")
        }
        _ => Kind::Text { gzip: false },
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
pub(crate) fn without_secrets(text: &str) -> String {
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
