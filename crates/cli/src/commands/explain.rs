//! The facade's errors as a person reads them: how the program ends, and what to do.

use earthcatalog::{Error, ErrorKind};

use crate::exit::Exit;
use crate::failure::Failure;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::of(exit(error.kind()), &error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

fn exit(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::Usage => Exit::Usage,
        ErrorKind::Conflict | ErrorKind::Locked => Exit::Conflict,
        ErrorKind::Interrupted => Exit::Interrupted,
        _ => Exit::Failed,
    }
}
