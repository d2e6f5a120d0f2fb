//! A listing that can be read only once, such as standard input, kept in a temporary file.

use std::io::{self, Read, Write};
use std::sync::Arc;

use futures::stream::BoxStream;
use md5::{Digest, Md5};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use tempfile::NamedTempFile;

use crate::batch::ObjectBatch;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::open::{Inventory, OpenOptions, open};

/// An inventory and the file that it is in, which goes with it.
struct Spooled {
    inventory: Box<dyn Inventory>,
    name: String,
    identity: String,
    _file: NamedTempFile,
}

impl Inventory for Spooled {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        self.inventory.batches()
    }

    fn batches_for(&self, filter: &Filter) -> BoxStream<'static, Result<ObjectBatch>> {
        self.inventory.batches_for(filter)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }
}

/// Reads all of `reader` into a temporary file and opens that, so that it can be read again. The same bytes have the
/// same identity.
///
/// # Errors
/// As [`open`], and where `reader` cannot be read or the file not be written.
pub async fn open_reader(
    reader: impl Read + Send + 'static,
    name: &str,
    options: &OpenOptions,
) -> Result<Box<dyn Inventory>> {
    let copying = tokio::task::spawn_blocking(move || copy(reader));
    let failed =
        |source| Error::Temporary { action: "keep the inventory", path: std::env::temp_dir(), source };
    let copied =
        copying.await.map_err(|error| Error::Worker { name: name.to_owned(), message: error.to_string() })?;
    let (file, hash) = copied.map_err(failed)?;
    let path = Path::from_absolute_path(file.path()).map_err(|error| failed(io::Error::other(error)))?;
    let inventory = open(Arc::new(LocalFileSystem::new()), path, name, options).await?;
    let identity = format!("{name}#md5={hash}");
    Ok(Box::new(Spooled { inventory, name: name.to_owned(), identity, _file: file }))
}

fn copy(mut reader: impl Read) -> io::Result<(NamedTempFile, String)> {
    let mut file = NamedTempFile::new()?;
    let (mut digest, mut buffer) = (Md5::new(), vec![0; 256 << 10]);
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        digest.update(bytes);
        file.write_all(bytes)?;
    }
    file.flush()?;
    Ok((file, format!("{:x}", digest.finalize())))
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    #[tokio::test]
    async fn it_can_be_read_twice_and_leaves_nothing() {
        let options = OpenOptions::default();
        let inventory = open_reader(&b"s3://b/k\ns3://b/l\n"[..], "-", &options).await.unwrap();
        for _ in 0..2 {
            let batches: Vec<_> = inventory.batches().try_collect().await.unwrap();
            assert_eq!(batches.iter().map(ObjectBatch::len).sum::<usize>(), 2);
        }
        let again = open_reader(&b"s3://b/k\ns3://b/l\n"[..], "-", &options).await.unwrap();
        assert_eq!((inventory.name(), inventory.identity()), ("-", again.identity()));
        let error = open_reader(&b""[..], "-", &options).await.err().unwrap();
        assert!(error.to_string().contains("the inventory - is empty"), "{error}");
    }
}
