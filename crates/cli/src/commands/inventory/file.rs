//! A listing written to a file that is there only when it is whole.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use earthcatalog::inventory::{Format, Writer};
use tempfile::NamedTempFile;

use super::failed;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Written beside its place, and moved there at the end.
pub(super) struct FileOut {
    writer: Writer<BufWriter<File>>,
    temporary: NamedTempFile,
    path: PathBuf,
}

impl FileOut {
    /// Begins a listing that is to be at `path`.
    pub(super) fn create(path: &Path, format: Option<Format>) -> Result<Self> {
        let format = format.or_else(|| Format::of_name(&path.to_string_lossy()));
        let format = format.ok_or_else(|| {
            Failure::usage(format!("the ending of {} says no format", path.display()))
                .hint("let it end in .parquet, .csv or .ndjson")
        })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let temporary =
            NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(|e| cannot(path, &e))?;
        let file = temporary.reopen().map_err(|e| cannot(path, &e))?;
        let writer = Writer::new(BufWriter::with_capacity(1 << 20, file), format).map_err(|e| failed(&e))?;
        Ok(Self { writer, temporary, path: path.to_owned() })
    }

    /// Where objects go.
    pub(super) fn writer(&mut self) -> &mut Writer<BufWriter<File>> {
        &mut self.writer
    }

    /// Ends the listing and puts it at its place.
    pub(super) fn finish(self) -> Result<()> {
        let file = self.writer.finish().map_err(|e| failed(&e))?;
        let file = file.into_inner().map_err(|e| cannot(&self.path, e.error()))?;
        readable(&file).map_err(|e| cannot(&self.path, &e))?;
        file.sync_all().map_err(|e| cannot(&self.path, &e))?;
        self.temporary.persist(&self.path).map_err(|e| cannot(&self.path, &e.error))?;
        Ok(())
    }
}

/// Temporary files are for their owner alone; a listing has the rights of any other new file of a common umask.
#[cfg(unix)]
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> io::Result<()> {
    Ok(())
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot write {}", path.display())).caused_by(error)
}
