//! Catalogs of the model's sequences, kept in a folder with what they should hold, for readers that no one here wrote.
//!
//! `cargo xtask interop` names the folder and has PyIceberg read what is left there.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

/// Names the folder; without it nothing is kept.
const FOLDER: &str = "EARTHCATALOG_TEST_CATALOGS";

/// The catalog of one sequence.
pub(crate) struct LeftBehind {
    folder: PathBuf,
    states: Vec<Value>,
}

impl LeftBehind {
    pub(crate) fn is_wanted() -> bool {
        std::env::var_os(FOLDER).is_some()
    }

    /// The place of the next sequence's catalog.
    pub(crate) fn wanted() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = PathBuf::from(std::env::var_os(FOLDER)?);
        let folder = folder.join(format!("{:03}", NEXT.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(&folder).unwrap();
        Some(Self { folder: folder.canonicalize().unwrap(), states: Vec::new() })
    }

    pub(crate) fn base(&self) -> String {
        self.folder.join("catalog").display().to_string()
    }

    /// What the catalog holds with that snapshot; a later step may let it expire.
    pub(crate) fn note(&mut self, snapshot: Option<i64>, rows: Vec<Value>) {
        self.states.push(json!({"snapshot_id": snapshot, "rows": rows}));
    }

    pub(crate) fn write(&self) {
        std::fs::write(self.folder.join("expected.json"), json!(self.states).to_string()).unwrap();
    }
}
