//! How the program ends: the exit codes, which scripts rely on and which therefore never change their meaning.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exit {
    /// All was done.
    Done,
    /// It failed; nothing was committed.
    Failed,
    /// The command line, the environment or the configuration file asks for something impossible.
    Usage,
    /// It was done, and some objects were rejected.
    Rejections,
    /// Another writer holds the lock, or has changed the catalog meanwhile.
    Conflict,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Rejections => 3,
            Self::Conflict => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
