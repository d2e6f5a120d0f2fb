//! Errors by what a caller does about them: for exit codes, and for the exceptions of other languages.

use crate::error::Error;

/// What a caller does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Asks otherwise: an option, a URL or a filter does not fit.
    Usage,
    /// Looks for what is not there: a catalog, a bucket, an object, a hash index.
    NotFound,
    /// Gives other credentials or permissions: the store or the file system refused.
    Denied,
    /// Tries again later: the store did not answer, or could not at the time.
    Unavailable,
    /// Waits and runs again: another writer holds the lock.
    Locked,
    /// Runs again: another writer has changed the catalog meanwhile.
    Conflict,
    /// Tries again the objects of a bulk run that could not be fetched, or goes on without them.
    Pending,
    /// Nothing: the run was asked to stop, and did.
    Interrupted,
    /// Looks at what is wrong with the store, the data or the machine.
    Failed,
}

impl Error {
    /// What a caller does about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Pipeline(error) => of_run(error),
            Self::Store(error) => of_store(error),
            Self::Catalog(error) => of_table(error),
            Self::Inventory(error) => of_inventory(error),
            Self::Search(error) => of_search(error),
            Self::Grid(_) | Self::NoSnapshot { .. } | Self::OtherGrid { .. } => ErrorKind::Usage,
            Self::NoCatalog { .. } | Self::NoIndex { .. } => ErrorKind::NotFound,
            _ => ErrorKind::Failed,
        }
    }

    /// What to do about it, where the message does not say so itself.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoCatalog { .. } => {
                Some("check the base; `earthcatalog ingest` makes a catalog".to_owned())
            }
            Self::NoSnapshot { .. } => Some("`earthcatalog history` lists all, with their times".to_owned()),
            Self::OtherGrid { .. } => {
                Some("leave the grid out, or cover the catalog anew: `earthcatalog regrid`".to_owned())
            }
            Self::Pipeline(error) => error.hint(),
            _ => None,
        }
    }
}

fn of_run(error: &earthcatalog_pipeline::Error) -> ErrorKind {
    use earthcatalog_pipeline::Error as Run;
    match error {
        Run::Options { .. }
        | Run::NothingSelected { .. }
        | Run::NoRun { .. }
        | Run::Newer { .. }
        | Run::Older { .. }
        | Run::Grid(_) => ErrorKind::Usage,
        Run::TooManyDeletions { .. } => ErrorKind::Conflict,
        Run::Pending { .. } => ErrorKind::Pending,
        Run::Interrupted => ErrorKind::Interrupted,
        Run::Store(error) => of_store(error),
        Run::Catalog(error) => of_table(error),
        Run::Inventory(error) => of_inventory(error),
        _ => ErrorKind::Failed,
    }
}

fn of_inventory(error: &earthcatalog_inventory::Error) -> ErrorKind {
    use earthcatalog_inventory::Error as Inventory;
    match error {
        Inventory::Read { source: object_store::Error::NotFound { .. }, .. } => ErrorKind::NotFound,
        Inventory::NoDataFile { .. } | Inventory::NoManifest { .. } => ErrorKind::NotFound,
        _ => ErrorKind::Failed,
    }
}

fn of_search(error: &earthcatalog_search::Error) -> ErrorKind {
    use earthcatalog_search::Error as Search;
    match error {
        Search::Grid(_) => ErrorKind::Usage,
        Search::Store(error) => of_store(error),
        Search::Table(error) => of_table(error),
        _ => ErrorKind::Failed,
    }
}

fn of_store(error: &earthcatalog_store::Error) -> ErrorKind {
    use earthcatalog_store::Error as Store;
    match error {
        Store::Locked { .. } => ErrorKind::Locked,
        Store::LeaseLost { .. } => ErrorKind::Conflict,
        Store::Url { .. } | Store::Option { .. } => ErrorKind::Usage,
        Store::NotFound { .. } | Store::NoBucket { .. } => ErrorKind::NotFound,
        Store::Denied { .. } => ErrorKind::Denied,
        _ if error.is_retryable() => ErrorKind::Unavailable,
        _ => ErrorKind::Failed,
    }
}

fn of_table(error: &earthcatalog_catalog::Error) -> ErrorKind {
    use earthcatalog_catalog::Error as Table;
    match error {
        Table::Conflict { .. } => ErrorKind::Conflict,
        Table::Store(error) => of_store(error),
        _ => ErrorKind::Failed,
    }
}
