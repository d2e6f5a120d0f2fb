//! What a run is going to commit, decided from all that was staged and a state of the table.

use std::collections::BTreeMap;

use earthcatalog_model::TableSchema;
use earthcatalog_store::Base;
use serde::{Deserialize, Serialize};

use super::markers::{self, VERSION};
use super::paths::Paths;
use super::slots::Work;
use crate::error::{Error, Result};
use crate::report::Ledger;

/// See the module. Written last, when all that it names is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub(super) version: u32,
    /// Its name: the run, and a hash of the markers and of the state that it was decided on. The commit's name as well.
    pub id: String,
    /// The run.
    pub run: String,
    /// The snapshot that it was decided on.
    pub snapshot: Option<i64>,
    /// Tasks of writing, numbered from 0.
    pub tasks: u32,
    /// The names of their markers.
    pub(super) names: Vec<String>,
    /// Rows of the new files.
    pub rows: u64,
    /// The schema of the files.
    pub(super) schema: TableSchema,
    /// True where the files replace all that the table has.
    pub(super) replaces_all: bool,
    /// Files of the table that go.
    pub(super) remove: Vec<String>,
    /// The properties that it was decided on.
    pub(super) expects: BTreeMap<String, Option<String>>,
    /// Table properties of the commit.
    pub(super) properties: BTreeMap<String, Option<String>>,
    /// True where the index of a run without rows has changed nevertheless.
    pub(super) index_changed: bool,
    /// Where every line of the inventory went.
    pub ledger: Ledger,
    pub(super) updated: u64,
    pub(super) deleted: u64,
    pub(super) partitions: u64,
    pub(super) rejected_by_reason: BTreeMap<String, u64>,
    pub(super) rejected_path: Option<String>,
}

/// The file that names the decision that counts.
#[derive(Serialize, Deserialize)]
struct Current {
    version: u32,
    decision: String,
}

impl Decision {
    /// A decision by its name; None if it was not made.
    pub(super) async fn read(base: &Base, paths: &Paths, id: &str) -> Result<Option<Self>> {
        markers::read(base, &paths.decision(id)).await
    }

    /// The one that counts; None before the first.
    pub(super) async fn current(base: &Base, paths: &Paths) -> Result<Option<Self>> {
        match markers::read::<Current>(base, &paths.current_decision()).await? {
            None => Ok(None),
            Some(current) => Self::read(base, paths, &current.decision).await,
        }
    }

    /// The one that counts.
    ///
    /// # Errors
    /// [`Error::Unfinished`] before the first.
    pub(super) async fn expect(base: &Base, paths: &Paths) -> Result<Self> {
        let what = "it is not resolved what is to be written";
        Self::current(base, paths)
            .await?
            .ok_or_else(|| Error::Unfinished { run: paths.run().to_owned(), what: what.to_owned() })
    }

    /// Writes the decision down and makes it the one that counts.
    pub(super) async fn put(&self, base: &Base, paths: &Paths) -> Result<()> {
        markers::put(base, &paths.decision(&self.id), self).await?;
        self.make_current(base, paths).await
    }

    /// Makes it the one that counts.
    pub(super) async fn make_current(&self, base: &Base, paths: &Paths) -> Result<()> {
        let current = Current { version: VERSION, decision: self.id.clone() };
        markers::put(base, &paths.current_decision(), &current).await
    }

    /// What a task of it has to do.
    pub(super) async fn work(&self, base: &Base, paths: &Paths, number: u32) -> Result<Work> {
        markers::read_compressed(base, &paths.work(&self.id, number)).await
    }
}
