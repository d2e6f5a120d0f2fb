//! Errors by what a caller does about them: for exit codes, and for the exceptions of other languages.

use crate::error::Error;

/// What a caller does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Asks otherwise: an option, a URL or a filter does not fit.
    Usage,
    /// Waits and runs again: another writer holds the lock, or has changed the catalog meanwhile.
    Conflict,
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
            Self::Grid(_) | Self::NoSnapshot { .. } => ErrorKind::Usage,
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
        | Run::Grid(_) => ErrorKind::Usage,
        Run::TooManyDeletions { .. } => ErrorKind::Conflict,
        Run::Interrupted => ErrorKind::Interrupted,
        Run::Store(error) => of_store(error),
        Run::Catalog(error) => of_table(error),
        _ => ErrorKind::Failed,
    }
}

fn of_store(error: &earthcatalog_store::Error) -> ErrorKind {
    use earthcatalog_store::Error as Store;
    match error {
        Store::Locked { .. } | Store::LeaseLost { .. } => ErrorKind::Conflict,
        Store::Url { .. } | Store::Option { .. } => ErrorKind::Usage,
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
