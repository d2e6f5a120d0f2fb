//! What a driver and its workers say to each other: JSON, one document a line.

use earthcatalog::model::Rejection;
use earthcatalog::{BucketMap, Progress, TaskReport};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The first line that a worker reads. URLs may hold secrets, and commas: neither a command line nor a variable is the
/// place for them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// The catalog's base.
    pub(crate) catalog: String,
    maps: Vec<(String, String)>,
}

impl Orders {
    /// To work on that catalog, with buckets found there.
    pub(crate) fn new(catalog: &str, maps: &[BucketMap]) -> Self {
        let maps = maps.iter().map(|map| (map.bucket.clone(), map.url.clone())).collect();
        Self { catalog: catalog.to_owned(), maps }
    }

    /// Buckets that are found elsewhere.
    pub(crate) fn maps(&self) -> Vec<BucketMap> {
        let map = |(bucket, url): &(String, String)| BucketMap { bucket: bucket.clone(), url: url.clone() };
        self.maps.iter().map(map).collect()
    }
}

/// A line that a worker writes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Answer {
    /// How far the task is.
    Progress(Fetched),
    /// An object was rejected.
    Rejected {
        /// Which, and why.
        rejection: Rejection,
    },
    /// Something that the user should know.
    Warning {
        /// What.
        message: String,
    },
    /// The task is done.
    Done {
        /// What became of it.
        report: TaskReport,
    },
    /// The task has failed.
    Failed {
        /// Why, and what to do.
        failure: Failure,
    },
}

/// The numbers of a task of staging so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fetched {
    /// Objects fetched, or given up.
    pub(crate) fetched: u64,
    /// Bytes fetched.
    pub(crate) bytes: u64,
    /// Objects rejected.
    pub(crate) rejected: u64,
}

impl From<Progress> for Fetched {
    fn from(progress: Progress) -> Self {
        Self { fetched: progress.fetched, bytes: progress.bytes, rejected: progress.rejected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn lines_are_read_as_they_were_written() {
        let failure = Failure::new(Exit::Failed, "no").hint("wait");
        let line = serde_json::to_string(&Answer::Failed { failure }).unwrap();
        assert_eq!(
            line,
            r#"{"event":"failed","failure":{"exit":"failed","message":"no","causes":[],"hint":"wait"}}"#
        );
        assert!(matches!(serde_json::from_str(&line).unwrap(), Answer::Failed { .. }));
        let progress = Answer::Progress(Fetched { fetched: 3, bytes: 2, rejected: 1 });
        let line = serde_json::to_string(&progress).unwrap();
        assert_eq!(line, r#"{"event":"progress","fetched":3,"bytes":2,"rejected":1}"#);
    }

    #[test]
    fn urls_keep_their_commas() {
        let map = BucketMap { bucket: "b".into(), url: "/a,b=c".into() };
        let line = serde_json::to_string(&Orders::new("/c", std::slice::from_ref(&map))).unwrap();
        let orders: Orders = serde_json::from_str(&line).unwrap();
        assert_eq!((orders.catalog.as_str(), orders.maps()), ("/c", vec![map]));
    }
}
