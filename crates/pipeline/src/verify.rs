//! Is the catalog what it says? Files, rows, cells, bounds and index, each held against what is really there.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use earthcatalog_catalog::{Change, CommitId, Filter, Head, Operation, Table};
use earthcatalog_grid::{Grid, normalise};
use earthcatalog_hash_index::{self as index, Hit, Ids, IndexFile, IndexFiles, upload};
use earthcatalog_model::{
    CellId, DataFile, Geometry, IdHash, Json, PartitionKey, Scalar, TableSchema, Timestamp,
};
use earthcatalog_store::Base;
use earthcatalog_writer::{Format, ItemRow};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::event::ToLog;
use crate::known::{
    INDEX, INDEX_PATH, MADE_IDS, MADE_OBJECTS, Reading, generation, is_current, on_index, read_table,
};
use crate::leased::under_lease;
use crate::options::DEFAULT_MEMORY;
use crate::parts::Href;
use crate::scratch::Scratch;
use crate::worker::on_rayon;

/// Partitions whose rows are read where not all are.
const SAMPLE: usize = 64;

/// Problems that are kept with their words; more are only counted.
const KEPT: usize = 1000;

/// The kind of the problems that making the index anew solves.
const INDEX_KIND: &str = "index";

/// Files that are looked at, at once.
const AT_ONCE: usize = 8;

/// What [`verify`] is to do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Read every row of every partition, not those of 64 partitions; compare the whole index with the table.
    pub full: bool,
    /// Make the index from the table where it is wrong.
    pub fix_index: bool,
    /// Bytes that may be used to make an index.
    pub memory: u64,
    /// Do not take the lease to have the table name a new index.
    pub no_lock: bool,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { full: false, fix_index: false, memory: DEFAULT_MEMORY, no_lock: false }
    }
}

/// What is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: the location of a file, or `hash index`.
    pub place: String,
    /// What, in one word: `missing`, `unreadable`, `size`, `rows`, `partition`, `cell`, `bounds`, `duplicate`, `index`.
    pub kind: &'static str,
    /// What was found, and what was expected.
    pub message: String,
}

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Files of the table; each is there and has the size and the rows that it should have, but for the problems.
    pub files: u64,
    /// Partitions of the table.
    pub partitions: u64,
    /// Partitions whose rows were read.
    pub partitions_read: u64,
    /// Rows that were read.
    pub rows_read: u64,
    /// All problems, by number.
    pub problems: u64,
    /// All problems, by their kinds.
    pub problems_by_kind: BTreeMap<&'static str, u64>,
    /// The first thousand.
    pub first_problems: Vec<Problem>,
    /// True if the index was made anew.
    pub index_fixed: bool,
}

impl Verified {
    /// True if nothing is wrong now: nothing was, or only the index, which was made anew.
    pub fn is_right(&self) -> bool {
        self.problems_by_kind.keys().all(|kind| *kind == INDEX_KIND && self.index_fixed)
    }

    fn add(&mut self, problem: Problem) {
        self.problems += 1;
        *self.problems_by_kind.entry(problem.kind).or_default() += 1;
        if self.first_problems.len() < KEPT {
            self.first_problems.push(problem);
        }
    }

    fn note(&mut self, place: &str, kind: &'static str, message: String) {
        self.add(Problem { place: place.to_owned(), kind, message });
    }
}

/// What [`verify`] looks at.
pub struct VerifyParts<'a> {
    /// Where the catalog is.
    pub base: &'a Base,
    /// Its table.
    pub table: &'a dyn Table,
    /// Its grid.
    pub grid: Arc<dyn Grid>,
    /// The format of its files.
    pub format: Arc<dyn Format>,
    /// What objects are called.
    pub href: &'a dyn Href,
}

/// Checks a state of the catalog. Nothing is changed, unless the index is to be fixed.
///
/// # Errors
/// Where something cannot be looked at at all. What is wrong is not an error but a [`Problem`].
pub async fn verify(parts: &VerifyParts<'_>, head: &Head, options: &VerifyOptions) -> Result<Verified> {
    let scratch = Scratch::new()?;
    let files = parts.table.files(head, &Filter::default()).await?;
    let mut verified = Verified { files: files.len() as u64, ..Verified::default() };
    check_files(parts, &files, &mut verified).await?;
    let partitions = by_partition(files);
    verified.partitions = partitions.len() as u64;
    let step = if options.full { 1 } else { partitions.len().div_ceil(SAMPLE).max(1) };
    let checked = CheckedIndex::open(parts.base, head, &mut verified).await;
    let bounds = Arc::new(Bounds::of(&head.schema));
    for (key, files) in partitions.into_iter().step_by(step) {
        let ids = check_partition(parts, &bounds, &key, files, &mut verified).await?;
        checked.check_ids(&key, ids, &mut verified).await?;
        verified.partitions_read += 1;
    }
    let reading = Reading {
        base: parts.base,
        table: parts.table,
        href: parts.href,
        scratch: &scratch,
        memory: options.memory / 8,
    };
    if options.full {
        checked.check_whole(&reading, head, &mut verified).await?;
    }
    if options.fix_index && verified.problems_by_kind.contains_key(INDEX_KIND) {
        let fix = fix_index(&reading, head);
        match options.no_lock {
            true => fix.await?,
            false => under_lease(parts.base, "verify --fix-index".to_owned(), &ToLog, fix).await?,
        }
        verified.index_fixed = true;
    }
    Ok(verified)
}

fn by_partition(files: Vec<DataFile>) -> BTreeMap<PartitionKey, Vec<DataFile>> {
    let mut partitions: BTreeMap<PartitionKey, Vec<DataFile>> = BTreeMap::new();
    for file in files {
        partitions.entry(file.partition.clone()).or_default().push(file);
    }
    partitions
}

async fn check_files(parts: &VerifyParts<'_>, files: &[DataFile], verified: &mut Verified) -> Result<()> {
    let checks = files.iter().map(|file| check_file(parts.base, file));
    let mut checks = stream::iter(checks).buffered(AT_ONCE);
    while let Some(problem) = checks.try_next().await? {
        problem.into_iter().for_each(|problem| verified.add(problem));
    }
    Ok(())
}

async fn check_file(base: &Base, file: &DataFile) -> Result<Option<Problem>> {
    let problem = |kind, message| Ok(Some(Problem { place: file.path.clone(), kind, message }));
    let path = base.resolve(&file.path)?;
    match base.store().head(&path).await {
        Err(object_store::Error::NotFound { .. }) => problem("missing", "the file is not there".to_owned()),
        Err(error) => Err(base.error(path.as_ref(), &error).into()),
        Ok(meta) if meta.size != file.bytes => {
            problem("size", format!("{} bytes, and the table says {}", meta.size, file.bytes))
        }
        Ok(_) => Ok(None),
    }
}

/// Reads the rows of a partition; the ids it has.
async fn check_partition(
    parts: &VerifyParts<'_>,
    bounds: &Arc<Bounds>,
    key: &PartitionKey,
    files: Vec<DataFile>,
    verified: &mut Verified,
) -> Result<HashSet<String>> {
    let mut ids = HashSet::new();
    for file in files {
        let path = parts.base.resolve(&file.path)?;
        let bytes = match parts.base.store().get(&path).await {
            Ok(got) => got.bytes().await.map_err(|e| parts.base.error(path.as_ref(), &e))?,
            Err(object_store::Error::NotFound { .. }) => continue,
            Err(error) => return Err(parts.base.error(path.as_ref(), &error).into()),
        };
        let (format, grid, bounds) = (parts.format.clone(), parts.grid.clone(), bounds.clone());
        let (place, rows) = (file.path.clone(), file.rows);
        let read = on_rayon(move || {
            format.items(bytes).map(|rows| {
                let checked = rows.iter().map(|row| Row::check(row, &file, &*grid, &bounds));
                checked.collect::<Vec<_>>()
            })
        });
        let checked = match read.await? {
            Ok(checked) => checked,
            Err(error) => {
                verified.note(&place, "unreadable", error.to_string());
                continue;
            }
        };
        if checked.len() as u64 != rows {
            verified.note(&place, "rows", format!("{} rows, and the table says {rows}", checked.len()));
        }
        verified.rows_read += checked.len() as u64;
        for row in checked {
            row.problems.into_iter().for_each(|problem| verified.add(problem));
            if !ids.insert(row.id.clone()) {
                let message = format!("item {:?} is in {} twice", row.id, key.hive_path());
                verified.note(&place, "duplicate", message);
            }
        }
    }
    Ok(ids)
}

/// A row, checked.
struct Row {
    id: String,
    problems: Vec<Problem>,
}

impl Row {
    fn check(row: &ItemRow, file: &DataFile, grid: &dyn Grid, bounds: &Bounds) -> Self {
        let mut checked = Self { id: String::new(), problems: Vec::new() };
        let mut note = |kind, message| {
            checked.problems.push(Problem { place: file.path.clone(), kind, message });
        };
        let Ok(item) = Json::parse(row.json.as_bytes()) else {
            note("unreadable", "a row is no JSON".to_owned());
            return checked;
        };
        let id = item.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
        let datetime = item
            .get("properties")
            .and_then(|p| p.get("datetime"))
            .and_then(Json::as_str)
            .and_then(|text| Timestamp::parse(text).ok());
        let year = datetime.map(|t| t.year());
        if row.cell.as_ref().is_some_and(|cell| *cell != file.partition.cell) {
            note("partition", format!("item {id:?} says the cell {:?}", row.cell));
        }
        if year != file.partition.year {
            note(
                "partition",
                format!("item {id:?} is of the year {year:?}, the file of {:?}", file.partition.year),
            );
        }
        if let Some(message) = misplaced(&item, &file.partition.cell, grid) {
            note("cell", format!("item {id:?}: {message}"));
        }
        if !bounds.hold(file, &id, datetime) {
            note("bounds", format!("item {id:?} is outside the bounds that the table has of the file"));
        }
        checked.id = id;
        checked
    }
}

/// Why an item should not be in a cell; None if it should.
fn misplaced(item: &Json<'_>, cell: &CellId, grid: &dyn Grid) -> Option<String> {
    let cells = match cells(item, grid) {
        Ok(cells) => cells,
        Err(message) => return Some(message),
    };
    let named = if cells.is_empty() { *cell == CellId::none() } else { cells.contains(cell) };
    (!named).then(|| format!("its covering has not the cell {cell}"))
}

fn cells(item: &Json<'_>, grid: &dyn Grid) -> std::result::Result<Vec<CellId>, String> {
    let mut cells = Vec::new();
    let Some(given) = item.get("geometry").filter(|geometry| !geometry.is_null()) else { return Ok(cells) };
    let read = Geometry::from_geojson(given).map_err(|e| e.to_string())?;
    let Some(read) = read else { return Ok(cells) };
    if let Some(normal) = normalise(&read.geometry).map_err(|e| e.to_string())? {
        grid.cover(&normal.geometry, &mut cells).map_err(|e| e.to_string())?;
    }
    Ok(cells)
}

/// The columns whose bounds searches rest on.
struct Bounds {
    id: Option<i32>,
    datetime: Option<i32>,
}

impl Bounds {
    fn of(schema: &TableSchema) -> Self {
        let id = |name| schema.field(name).map(|field| field.id);
        Self { id: id("id"), datetime: id("datetime") }
    }

    fn hold(&self, file: &DataFile, id: &str, datetime: Option<Timestamp>) -> bool {
        let within = |column: Option<i32>, value: Scalar| {
            let Some(metrics) = column.and_then(|column| file.columns.get(column)) else { return true };
            metrics.lower.is_none_or(|lower| lower <= value)
                && metrics.upper.is_none_or(|upper| value <= upper)
        };
        within(self.id, Scalar::String(id.to_owned()))
            && datetime.is_none_or(|t| within(self.datetime, Scalar::Long(t.micros())))
    }
}

/// The index, if it can be used.
struct CheckedIndex {
    ids: Option<Ids>,
}

const HASH_INDEX: &str = "hash index";

impl CheckedIndex {
    async fn open(base: &Base, head: &Head, verified: &mut Verified) -> Self {
        match open_index(base, head).await {
            Ok(ids) => Self { ids: Some(ids) },
            Err(message) => {
                verified.note(HASH_INDEX, INDEX_KIND, message);
                Self { ids: None }
            }
        }
    }

    /// Every id of a partition is in the index, with that partition.
    async fn check_ids(
        &self,
        key: &PartitionKey,
        names: HashSet<String>,
        verified: &mut Verified,
    ) -> Result<()> {
        let Some(ids) = &self.ids else { return Ok(()) };
        let hits = ids.probe(names.iter().map(|name| IdHash::of(name)).collect()).await?;
        let knows = |hit: &Hit| hit.partitions.as_ref().is_none_or(|partitions| partitions.contains(key));
        let known: HashSet<IdHash> = hits.iter().filter(|hit| knows(hit)).map(|hit| hit.id_hash).collect();
        for name in names.iter().filter(|name| !known.contains(&IdHash::of(name))) {
            verified.note(
                HASH_INDEX,
                INDEX_KIND,
                format!("item {name:?} of {} is not in it", key.hive_path()),
            );
        }
        Ok(())
    }

    /// The index has as many ids as the table.
    async fn check_whole(&self, reading: &Reading<'_>, head: &Head, verified: &mut Verified) -> Result<()> {
        let Some(ids) = &self.ids else { return Ok(()) };
        let table = match read_table(reading, head).await {
            Ok((ids, _)) => ids.rows,
            // That file is a problem of its own.
            Err(Error::File { .. } | Error::NoId { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let index = ids.unique_items()?;
        if index != table {
            verified.note(HASH_INDEX, INDEX_KIND, format!("{index} ids, and the table has {table}"));
        }
        Ok(())
    }
}

async fn open_index(base: &Base, head: &Head) -> std::result::Result<Ids, String> {
    let described = head.properties.get(INDEX).ok_or("the catalog has none")?;
    let files = IndexFiles::from_json(described).map_err(|e| e.to_string())?;
    if !is_current(head, &files) {
        return Err("it is not of the current snapshot: others have written to the table since".to_owned());
    }
    let paths: Vec<Path> = files.ids.iter().map(|file| base.path(&file.path)).collect();
    let ids = Ids::open(base.store(), &paths).await.map_err(|e| e.to_string())?;
    if ids.is_complete() { Ok(ids) } else { Err("another program has rewritten it".to_owned()) }
}

/// Makes the index from the table, and has the table name it.
async fn fix_index(reading: &Reading<'_>, head: &Head) -> Result<()> {
    let (ids, objects) = read_table(reading, head).await?;
    let nonce = uuid::Uuid::now_v7().simple().to_string();
    let mut files = IndexFiles::new(generation(head));
    files.unique_items = ids.rows;
    files.ids.push(put(reading, MADE_IDS, &nonce, ids).await?);
    files.objects.push(put(reading, MADE_OBJECTS, &nonce, objects).await?);
    let path = files.ids.first().map(|file| reading.base.location(&file.path));
    let change = Change {
        id: CommitId::new(nonce),
        operation: Operation::Properties,
        add: Vec::new(),
        schema: None,
        properties: [(INDEX.to_owned(), Some(files.to_json()?)), (INDEX_PATH.to_owned(), path)].into(),
        decided_on: Some(head.snapshot_id),
        expects: on_index(head),
        summary: BTreeMap::new(),
    };
    reading.table.commit(change).await.map(drop).map_err(Error::from)
}

async fn put(reading: &Reading<'_>, name: &str, nonce: &str, made: index::Summary) -> Result<IndexFile> {
    let path = format!("warehouse_index/{name}-{nonce}.parquet");
    let (file, base) = (reading.scratch.file(name), reading.base);
    upload(&file, base.store(), &base.path(&path)).await?;
    Ok(IndexFile { path, rows: made.rows, bytes: made.bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_in_words_is_not_forgotten() {
        let mut verified = Verified::default();
        assert!(verified.is_right());
        for n in 0..KEPT {
            verified.note(HASH_INDEX, INDEX_KIND, n.to_string());
        }
        assert!(!verified.is_right());
        verified.index_fixed = true;
        assert!(verified.is_right());
        verified.note("file", "missing", "the one thousand and first".to_owned());
        assert_eq!((verified.problems, verified.first_problems.len()), (KEPT as u64 + 1, KEPT));
        assert!(!verified.is_right());
    }
}
