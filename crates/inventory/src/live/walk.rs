//! One folder: listed to its end, or parted into its sub-folders.

use earthcatalog_model::Timestamp;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta};

use super::Folder;
use crate::blocks::{Block, Blocks};
use crate::build::Row;
use crate::error::{Error, Result};
use crate::kept::Sum;
use crate::packed;

/// Objects that are looked at before it is decided how a folder is listed: a page of most stores.
const LOOK: usize = 1_000;

/// Sub-folders among these that say that most are small: to ask for each would take more requests than pages.
const SMALL: usize = 16;

/// Objects of a block.
const BLOCK: usize = 4_096;

/// What is to be listed.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    /// The number of the folder that was asked for.
    pub(super) folder: usize,
    pub(super) path: Path,
    /// True for the folder that was asked for itself.
    pub(super) is_root: bool,
    /// True if there is other work for everyone.
    pub(super) is_enough: bool,
}

/// Objects in the order of their keys, with no other's between them.
pub(super) struct Run {
    pub(super) first: String,
    pub(super) block: Block,
}

/// What was in a folder, and what is yet to be listed of it.
#[derive(Default)]
pub(super) struct Found {
    pub(super) runs: Vec<Run>,
    pub(super) sum: Sum,
    pub(super) folders: Vec<Path>,
}

/// Lists a folder, or parts it.
pub(super) async fn visit(folder: &Folder, of: &Visit, blocks: &Blocks) -> Result<Found> {
    let failed = |source| Error::Read { name: folder.url.clone(), source };
    let prefix = Some(&of.path).filter(|path| !path.as_ref().is_empty());
    let mut stream = folder.store.list(prefix);
    let mut seen = Vec::new();
    let mut ended = false;
    while seen.len() < LOOK && !ended {
        match stream.next().await {
            Some(meta) => seen.push(meta.map_err(failed)?),
            None => ended = true,
        }
    }
    let mut writer = Writer::new(folder, blocks);
    if ended {
        seen.sort_by(|a, b| a.location.as_ref().cmp(b.location.as_ref()));
        seen.iter().try_for_each(|meta| writer.push(meta))?;
        return writer.finish(Vec::new());
    }
    if seen.is_sorted_by(|a, b| a.location.as_ref() < b.location.as_ref())
        && !is_to_be_parted(&seen, of)
        && let Some(found) = to_the_end(writer, seen, stream).await?
    {
        return Ok(found);
    }
    let listed = folder.store.list_with_delimiter(prefix).await.map_err(failed)?;
    level(Writer::new(folder, blocks), listed)
}

/// A folder of large sub-folders is parted while there is not enough to do; the one that was asked for always is, if it
/// has any.
fn is_to_be_parted(seen: &[ObjectMeta], of: &Visit) -> bool {
    let mut names: Vec<&str> = seen.iter().filter_map(|meta| sub_folder(meta, &of.path)).collect();
    names.dedup();
    match names.len() {
        0 => false,
        _ if of.is_root => true,
        count => !of.is_enough && count < SMALL,
    }
}

/// The name of the folder below `path` that an object is in; None for an object that is in `path` itself.
fn sub_folder<'a>(meta: &'a ObjectMeta, path: &Path) -> Option<&'a str> {
    let below = meta.location.as_ref().strip_prefix(path.as_ref())?.trim_start_matches('/');
    below.split_once('/').map(|(name, _)| name)
}

/// Lists everything below, which the store gives in the order of keys; None where it does not.
async fn to_the_end(
    mut writer: Writer<'_>,
    seen: Vec<ObjectMeta>,
    mut stream: BoxStream<'static, object_store::Result<ObjectMeta>>,
) -> Result<Option<Found>> {
    let mut last = seen.last().map(|meta| meta.location.clone()).unwrap_or_default();
    seen.iter().try_for_each(|meta| writer.push(meta))?;
    while let Some(meta) = stream.next().await {
        let meta = meta.map_err(|source| Error::Read { name: writer.folder.url.clone(), source })?;
        if meta.location.as_ref() <= last.as_ref() {
            return Ok(None);
        }
        writer.push(&meta)?;
        last = meta.location;
    }
    writer.finish(Vec::new()).map(Some)
}

/// The objects of one level; a run ends where the objects of a sub-folder belong.
fn level(mut writer: Writer<'_>, mut listed: ListResult) -> Result<Found> {
    listed.objects.sort_by(|a, b| a.location.as_ref().cmp(b.location.as_ref()));
    let mut folders = listed.common_prefixes;
    folders.sort_by_cached_key(|path| format!("{path}/"));
    let mut ahead = folders.iter().map(|path| format!("{path}/")).peekable();
    for meta in &listed.objects {
        while ahead.next_if(|folder| folder.as_str() < meta.location.as_ref()).is_some() {
            writer.end_run()?;
        }
        writer.push(meta)?;
    }
    writer.finish(folders)
}

/// Packs objects into blocks.
struct Writer<'a> {
    folder: &'a Folder,
    blocks: &'a Blocks,
    found: Found,
    first: Option<String>,
    bytes: Vec<u8>,
    rows: usize,
}

impl<'a> Writer<'a> {
    fn new(folder: &'a Folder, blocks: &'a Blocks) -> Self {
        Self { folder, blocks, found: Found::default(), first: None, bytes: Vec::new(), rows: 0 }
    }

    fn push(&mut self, meta: &ObjectMeta) -> Result<()> {
        let key = self.folder.key(meta.location.as_ref());
        let row = Row {
            bucket: &self.folder.bucket,
            key: &key,
            size: Some(meta.size),
            last_modified: Timestamp::from_micros(meta.last_modified.timestamp_micros()),
            etag: meta.e_tag.as_deref().map(|etag| etag.trim_matches('"')),
            version_id: meta.version.as_deref(),
            ..Row::default()
        };
        packed::push(&row, &mut self.bytes);
        self.found.sum.push(&row);
        self.rows += 1;
        self.first.get_or_insert(key);
        if self.rows >= BLOCK { self.end_run() } else { Ok(()) }
    }

    fn end_run(&mut self) -> Result<()> {
        let Some(first) = self.first.take() else { return Ok(()) };
        let block = self.blocks.push(&self.bytes)?;
        self.found.runs.push(Run { first, block });
        self.bytes.clear();
        self.rows = 0;
        Ok(())
    }

    fn finish(mut self, folders: Vec<Path>) -> Result<Found> {
        self.end_run()?;
        self.found.folders = folders;
        Ok(self.found)
    }
}
