//! What is known of the files of a run, in a temporary file until the commit: of many thousand files it would be the larger part of the
//! memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use earthcatalog_model::DataFile;

use crate::error::{Error, Result};

/// Bytes that wait before they are written.
const BUFFER: usize = 64 << 10;

/// See the module. The temporary file has no name: it is gone when the run is, however it ends.
#[derive(Default)]
pub(crate) struct Shelf {
    /// Made for the first that does not fit into the buffer.
    file: Option<File>,
    written: u64,
    buffer: Vec<u8>,
}

/// Where on the shelf a description is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    at: u64,
    bytes: usize,
}

impl Shelf {
    /// Puts a description on the shelf.
    pub(crate) fn put(&mut self, described: &DataFile) -> Result<Place> {
        let packed = pack(described).map_err(|error| failed(error.to_string()))?;
        let place = Place { at: self.written + self.buffer.len() as u64, bytes: packed.len() };
        self.buffer.extend_from_slice(&packed);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(place)
    }

    /// The descriptions at these places, in their order.
    pub(crate) fn get_all(&mut self, places: impl Iterator<Item = Place>) -> Result<Vec<DataFile>> {
        self.flush()?;
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let mut packed = Vec::new();
        let read = |place: Place| {
            packed.resize(place.bytes, 0);
            file.seek(SeekFrom::Start(place.at)).map_err(Error::Temporary)?;
            file.read_exact(&mut packed).map_err(Error::Temporary)?;
            unpack(&packed).map_err(|error| failed(error.to_string()))
        };
        places.map(read).collect()
    }

    fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile().map_err(Error::Temporary)?),
        };
        file.seek(SeekFrom::Start(self.written)).map_err(Error::Temporary)?;
        file.write_all(&self.buffer).map_err(Error::Temporary)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// When a file was added is not known before it is.
fn pack(file: &DataFile) -> postcard::Result<Vec<u8>> {
    let DataFile { path, partition, rows, bytes, columns, split_offsets, added: _ } = file;
    postcard::to_allocvec(&(path, partition, rows, bytes, columns, split_offsets))
}

fn unpack(packed: &[u8]) -> postcard::Result<DataFile> {
    let (path, partition, rows, bytes, columns, split_offsets) = postcard::from_bytes(packed)?;
    Ok(DataFile { path, partition, rows, bytes, columns, split_offsets, added: None })
}

fn failed(message: String) -> Error {
    Error::Temporary(std::io::Error::other(message))
}

#[cfg(test)]
mod tests {
    use earthcatalog_model::{CellId, ColumnMetrics, PartitionKey, Scalar};

    use super::*;

    impl Shelf {
        /// One whose temporary file takes nothing.
        pub(crate) fn on_a_full_disk() -> Self {
            let file = File::open(std::env::current_exe().unwrap()).unwrap();
            Self { file: Some(file), written: 0, buffer: vec![0; BUFFER] }
        }
    }

    fn described(n: u32) -> DataFile {
        let text = format!("{n}").repeat(n as usize % 90);
        let metrics = ColumnMetrics {
            bytes: u64::from(n),
            values: 9,
            nulls: None,
            lower: Some(Scalar::String(text.clone())),
            upper: Some(Scalar::Double(f64::from(n))),
        };
        DataFile {
            path: format!("s3://b/{text}"),
            partition: PartitionKey::new(CellId::new("é"), Some(-1)),
            rows: u64::MAX - u64::from(n),
            bytes: 1,
            columns: [(7, metrics.clone()), (3, metrics)].into_iter().collect(),
            split_offsets: vec![4, i64::from(n)],
            added: None,
        }
    }

    #[test]
    fn what_was_put_is_given_back() {
        let mut shelf = Shelf::default();
        assert!(shelf.get_all(std::iter::empty()).unwrap().is_empty());
        let put: Vec<Place> = (0..1500).map(|n| shelf.put(&described(n)).unwrap()).collect();
        assert!(
            shelf.written > 0 && !shelf.buffer.is_empty(),
            "it is to be tried on both sides of the buffer"
        );
        let late = shelf.get_all(put.iter().rev().take(2).copied()).unwrap();
        assert_eq!(late, [described(1499), described(1498)]);
        let more = shelf.put(&described(7)).unwrap();
        let all = shelf.get_all(put.into_iter().chain([more])).unwrap();
        assert_eq!(all, (0..1500).chain([7]).map(described).collect::<Vec<_>>());
    }
}
