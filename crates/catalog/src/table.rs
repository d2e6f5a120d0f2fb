//! What a table is to the rest of earthcatalog.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use earthcatalog_model::{DataFile, TableSchema, Timestamp};

use crate::commits;
use crate::error::Result;
use crate::filter::Filter;
use crate::history::{Expiry, SnapshotEntry};

/// A table of data files that changes by whole snapshots.
///
/// A reader sees the state before a change or the one after it, never one between. Changes are serialised: each is
/// applied to the state that the one before it left, and of two that were decided on the same state one is refused: on the
/// same snapshot ([`Change::decided_on`]), or the same properties ([`Change::expects`]). A change whose [`CommitId`] is among the last hundred or so that were applied is answered as done.
#[async_trait]
pub trait Table: Send + Sync {
    /// The table as it is now; None where there is none yet: the first commit makes it.
    ///
    /// # Errors
    /// Where the catalog cannot be read, or is none.
    async fn head(&self) -> Result<Option<Head>>;

    /// The files of that state that may hold what the filter asks for, in no particular order.
    ///
    /// A state that was replaced can be read as long as its files are kept.
    ///
    /// # Errors
    /// Where the state's files cannot be read.
    async fn files(&self, head: &Head, filter: &Filter) -> Result<Vec<DataFile>>;

    /// Finds out whether a commit could be made here at all, before work is done for it. Writes nothing that stays.
    ///
    /// # Errors
    /// Where the store cannot be written to, or cannot keep the promise of [`commit`](Self::commit).
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Applies a change, whole or not at all. The data files must be there before.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict) and [`Error::SchemaConflict`](crate::Error::SchemaConflict) where the
    /// change has to be decided anew; [`Error::Unknown`](crate::Error::Unknown) where the change may have been applied;
    /// with every other error it was not.
    async fn commit(&self, change: Change) -> Result<Committed>;
}

/// The states that a table was in. Each snapshot is one of them until it expires.
#[async_trait]
pub trait History: Table {
    /// The snapshots, the oldest first; empty where there is no table.
    ///
    /// # Errors
    /// Where the catalog cannot be read.
    async fn snapshots(&self) -> Result<Vec<SnapshotEntry>>;

    /// The table as it is now, but with the files of that snapshot; None where there is no such snapshot (any more).
    /// Schema and properties are today's: ids of columns never change their meaning.
    ///
    /// # Errors
    /// Where the catalog cannot be read.
    async fn head_at(&self, snapshot: i64) -> Result<Option<Head>>;

    /// Takes snapshots out of the table's history and tells which. The current one stays, and so do those that branches
    /// or tags name. Deletes no file. Doing it twice is doing it once.
    ///
    /// # Errors
    /// As [`commit`](Table::commit) has them.
    async fn expire(&self, expiry: &Expiry) -> Result<Vec<SnapshotEntry>>;

    /// What [`expire`](Self::expire) would take out.
    ///
    /// # Errors
    /// Where the catalog cannot be read.
    async fn expirable(&self, expiry: &Expiry) -> Result<Vec<SnapshotEntry>>;

    /// Visits the locations of all files that the table refers to, of every snapshot, some more than once; and gives the
    /// head that it did so for. None where there is no table.
    ///
    /// # Errors
    /// Where a file that leads to others cannot be read: then it is not known what is referred to.
    async fn referenced(&self, each: &mut (dyn for<'p> FnMut(&'p str) + Send)) -> Result<Option<Head>>;
}

/// A state of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The table's uuid, the same for all its life.
    pub uuid: String,
    /// Where the table is: `<base>/warehouse/earthcatalog/stac_items`.
    pub location: String,
    /// The file that describes this state; different for every state.
    pub metadata_location: String,
    /// The current snapshot; None for a table without any.
    pub snapshot_id: Option<i64>,
    /// When that snapshot was made.
    pub snapshot_time: Option<Timestamp>,
    /// The current schema.
    pub schema: TableSchema,
    /// The table's properties, those of Iceberg included.
    pub properties: BTreeMap<String, String>,
    /// Rows, by the snapshot's summary; None where that does not say.
    pub rows: Option<u64>,
    /// Data files, by the snapshot's summary.
    pub files: Option<u64>,
    /// Bytes of the data files, by the snapshot's summary.
    pub bytes: Option<u64>,
}

impl Head {
    /// True if this commit is among the last hundred, which a table remembers.
    pub fn has(&self, commit: &CommitId) -> bool {
        commits::find(&self.properties, commit).is_some()
    }

    /// True if the current snapshot is the one that this commit made. False also where the commit is no longer known:
    /// a table remembers its last hundred.
    pub fn is_of(&self, commit: &CommitId) -> bool {
        self.snapshot_id.is_some() && commits::find(&self.properties, commit) == Some(self.snapshot_id)
    }
}

/// The name of a commit, given by whoever decides it, so that it is not applied twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(String);

impl CommitId {
    /// A commit of that name; names must be unique in a table (a uuid or a digest).
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a commit does; one snapshot, or none for [`Operation::Properties`].
#[derive(Debug, Clone)]
pub struct Change {
    /// The commit's name.
    pub id: CommitId,
    /// What becomes of the files that are there.
    pub operation: Operation,
    /// Files to add.
    pub add: Vec<DataFile>,
    /// The schema the files were written under: that of the table, with columns added. None: the table's.
    pub schema: Option<TableSchema>,
    /// Properties to set, and (None) to remove.
    pub properties: BTreeMap<String, Option<String>>,
    /// The snapshot on which the change was decided (`Some(None)`: no table, or one without snapshot). Required by
    /// operations that take files out; None: any will do.
    pub decided_on: Option<Option<i64>>,
    /// Properties that it was decided on, as they have to be still; None: not set. A snapshot says nothing of them: a
    /// commit that only sets properties makes none.
    pub expects: BTreeMap<String, Option<String>>,
    /// Further entries of the snapshot's summary.
    pub summary: BTreeMap<String, String>,
}

/// What becomes of the files that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// They stay.
    Append,
    /// All of them go.
    ReplaceAll,
    /// Some of them go.
    Replace {
        /// Their paths; all of them must be there.
        remove: Vec<String>,
    },
    /// Some of them go, and the files that are added hold the same rows: a compaction (table spec, "Snapshots": `replace`).
    Rewrite {
        /// Their paths; all of them must be there, and have as many rows as the files that are added.
        remove: Vec<String>,
    },
    /// They stay and none is added; only properties and schema change, and there is no new snapshot.
    Properties,
}

impl Operation {
    /// The paths that are to go, where they are named.
    pub(crate) fn removes(&self) -> Option<&[String]> {
        match self {
            Self::Replace { remove } | Self::Rewrite { remove } => Some(remove),
            Self::Append | Self::ReplaceAll | Self::Properties => None,
        }
    }
}

/// A change that was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The snapshot it made; None where it made none.
    pub snapshot_id: Option<i64>,
    /// The table after it. Where the change had been applied before: the table now.
    pub head: Head,
}
