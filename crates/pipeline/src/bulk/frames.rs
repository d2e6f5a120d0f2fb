//! The staged object of a chunk while it is made: lines by partition, compressed into frames, one after another.
//!
//! The object is a file of zstd frames (RFC 8878), each of the lines of one partition, in the order of the partitions;
//! the last is a skippable frame (section 3.1.2) that holds the [`Tail`]. So `zstd -dc` shows all lines, and a reader
//! of some partitions asks for one range.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use earthcatalog_model::PartitionKey;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;
use zstd::bulk::{Compressor, Decompressor};

use super::tail::Tail;
use crate::error::{Error, Result};

/// Compression that costs less than the request that it saves.
const LEVEL: i32 = 1;

/// The magic number of a skippable frame.
const SKIPPABLE: u32 = 0x184D_2A5A;

/// Bytes of a skippable frame's head.
pub(super) const SKIPPABLE_HEAD: u64 = 8;

/// A frame of the object: lines of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Frame {
    /// The partition, by its number in the tail.
    pub(super) partition: u32,
    /// Where the frame begins, in bytes.
    pub(super) offset: u64,
    /// Its length in bytes.
    pub(super) bytes: u32,
    /// Lines.
    pub(super) rows: u32,
    /// Bytes of the lines.
    pub(super) raw: u64,
}

/// See the module. Blocking.
pub(super) struct Frames {
    numbers: HashMap<PartitionKey, u32>,
    partitions: Vec<PartitionKey>,
    waiting: Vec<Lines>,
    waiting_bytes: u64,
    /// Bytes of lines that wait before they are compressed.
    most: u64,
    spilt: BufWriter<File>,
    spilt_bytes: u64,
    /// Those in the temporary file, as they came.
    frames: Vec<Frame>,
}

/// A frame whose bytes are in memory. Where they will be is not known yet.
struct Made {
    frame: Frame,
    bytes: Vec<u8>,
}

/// Lines of a partition.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    rows: u32,
}

/// The finished object: a temporary file, the hash of its bytes, and where its tail begins.
pub(super) struct Object {
    pub(super) file: File,
    pub(super) content: u128,
    pub(super) bytes: u64,
    pub(super) tail: u64,
    pub(super) raw: u64,
}

impl Frames {
    pub(super) fn new(most: u64) -> Result<Self> {
        Ok(Self {
            numbers: HashMap::new(),
            partitions: Vec::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            most,
            spilt: BufWriter::new(tempfile::tempfile().map_err(Error::Temporary)?),
            spilt_bytes: 0,
            frames: Vec::new(),
        })
    }

    /// Adds a line to a partition; the answer is the partition's number.
    pub(super) fn push(&mut self, key: PartitionKey, line: &[u8]) -> Result<u32> {
        let number = self.number(key);
        if let Some(lines) = self.waiting.get_mut(number as usize) {
            lines.text.extend_from_slice(line);
            lines.rows += 1;
            self.waiting_bytes += line.len() as u64;
        }
        if self.waiting_bytes > self.most {
            self.spill()?;
        }
        Ok(number)
    }

    fn number(&mut self, key: PartitionKey) -> u32 {
        let next = self.partitions.len() as u32;
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        self.numbers.insert(key.clone(), next);
        self.partitions.push(key);
        self.waiting.push(Lines::default());
        next
    }

    /// Compresses what waits, and writes it to the temporary file.
    fn spill(&mut self) -> Result<()> {
        for Made { mut frame, bytes } in self.compress()? {
            self.spilt.write_all(&bytes).map_err(Error::Temporary)?;
            frame.offset = self.spilt_bytes;
            self.spilt_bytes += bytes.len() as u64;
            self.frames.push(frame);
        }
        Ok(())
    }

    /// Compresses what waits.
    fn compress(&mut self) -> Result<Vec<Made>> {
        let waiting = self.waiting.iter_mut().enumerate().filter(|(_, lines)| lines.rows > 0);
        let waiting: Vec<(u32, Lines)> =
            waiting.map(|(number, lines)| (number as u32, std::mem::take(lines))).collect();
        self.waiting_bytes = 0;
        // A chunk has hundreds of small frames: to make a compressor costs as much as to use it for one of them.
        let made: io::Result<Vec<Made>> = waiting
            .into_par_iter()
            .map_init(
                || Compressor::new(LEVEL),
                |compressor, (number, lines)| made(compressor, number, &lines),
            )
            .collect();
        made.map_err(Error::Temporary)
    }

    /// Puts the frames in the order of their partitions, and the tail behind them. What still waits goes there directly.
    pub(super) fn finish(mut self, mut tail: Tail) -> Result<Object> {
        let made = self.compress()?;
        let mut spilt = self.spilt.into_inner().map_err(|e| Error::Temporary(e.into_error()))?;
        let new = new_numbers(&self.partitions);
        let renew = |old: u32| new.get(old as usize).copied().unwrap_or(old);
        let spilt_frames = self.frames.into_iter().map(|frame| (frame, None));
        let mut frames: Vec<(Frame, Option<Vec<u8>>)> =
            spilt_frames.chain(made.into_iter().map(|made| (made.frame, Some(made.bytes)))).collect();
        // Frames of one partition stay as they came.
        frames.sort_by_key(|(frame, _)| renew(frame.partition));
        let mut out = Out::new()?;
        for (mut frame, bytes) in frames {
            let at = out.bytes;
            match bytes {
                Some(bytes) => out.write(&bytes)?,
                None => out.copy(&mut spilt, &frame)?,
            }
            (frame.partition, frame.offset) = (renew(frame.partition), at);
            tail.frames.push(frame);
        }
        tail.items.iter_mut().flat_map(|item| &mut item.partitions).for_each(|old| *old = renew(*old));
        self.partitions.sort();
        tail.partitions = self.partitions;
        let (at, raw) = (out.bytes, tail.frames.iter().map(|frame| frame.raw).sum());
        out.skippable(&tail.encode()?)?;
        out.finish(at, raw)
    }
}

/// The frame of a partition's lines.
fn made(
    compressor: &mut io::Result<Compressor<'_>>,
    partition: u32,
    Lines { text, rows }: &Lines,
) -> io::Result<Made> {
    let bytes = match compressor {
        Ok(compressor) => compressor.compress(text)?,
        Err(error) => return Err(io::Error::new(error.kind(), error.to_string())),
    };
    let (length, raw) = (bytes.len() as u32, text.len() as u64);
    Ok(Made { frame: Frame { partition, offset: 0, bytes: length, rows: *rows, raw }, bytes })
}

/// The place of each partition in the order of all.
fn new_numbers(partitions: &[PartitionKey]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..partitions.len() as u32).collect();
    order.sort_by(|a, b| partitions.get(*a as usize).cmp(&partitions.get(*b as usize)));
    let mut new = vec![0u32; order.len()];
    for (number, old) in order.iter().enumerate() {
        if let Some(new) = new.get_mut(*old as usize) {
            *new = number as u32;
        }
    }
    new
}

/// The object being written, and the hash of what was.
struct Out {
    file: BufWriter<File>,
    hash: Xxh3Default,
    bytes: u64,
}

impl Out {
    fn new() -> Result<Self> {
        let file = tempfile::tempfile().map_err(Error::Temporary)?;
        Ok(Self { file: BufWriter::new(file), hash: Xxh3Default::new(), bytes: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(Error::Temporary)
    }

    /// Copies a frame.
    fn copy(&mut self, from: &mut File, frame: &Frame) -> Result<()> {
        let mut bytes = vec![0; frame.bytes as usize];
        from.seek(SeekFrom::Start(frame.offset)).map_err(Error::Temporary)?;
        from.read_exact(&mut bytes).map_err(Error::Temporary)?;
        self.write(&bytes)
    }

    fn skippable(&mut self, content: &[u8]) -> Result<()> {
        let length = u32::try_from(content.len())
            .map_err(|_| Error::Worker("the tail of a chunk is over 4 GiB: use smaller chunks".to_owned()))?;
        self.write(&SKIPPABLE.to_le_bytes())?;
        self.write(&length.to_le_bytes())?;
        self.write(content)
    }

    fn finish(self, tail: u64, raw: u64) -> Result<Object> {
        let mut file = self.file.into_inner().map_err(|e| Error::Temporary(e.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(Error::Temporary)?;
        Ok(Object { file, content: self.hash.digest128(), bytes: self.bytes, tail, raw })
    }
}

/// The lines of a frame. The decompressor is used for one frame after the other.
///
/// # Errors
/// Where it is no zstd frame, or one of another length than the tail says.
pub(super) fn decompress(decompressor: &mut Decompressor<'_>, frame: &[u8], raw: u64) -> io::Result<Vec<u8>> {
    let lines = decompressor.decompress(frame, usize::try_from(raw).unwrap_or(usize::MAX))?;
    if lines.len() as u64 == raw {
        return Ok(lines);
    }
    Err(io::Error::other(format!("a frame has {} bytes of lines where {raw} were staged", lines.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(cell: &str, year: i32) -> PartitionKey {
        PartitionKey::new(cell.into(), Some(year))
    }

    fn object(most: u64) -> (Vec<u8>, Object) {
        let mut frames = Frames::new(most).unwrap();
        for (key, line) in [
            (key("b", 2020), "{\"a\":1}\n"),
            (key("a", 2021), "{\"a\":2}\n"),
            (key("b", 2020), "{\"a\":3}\n"),
            (key("a", 2020), "{\"a\":4}\n"),
        ] {
            frames.push(key, line.as_bytes()).unwrap();
        }
        let mut object = frames.finish(Tail::default()).unwrap();
        let mut bytes = Vec::new();
        object.file.read_to_end(&mut bytes).unwrap();
        (bytes, object)
    }

    #[test]
    fn any_zstd_shows_the_lines_by_partition() {
        for most in [0, 20, 1 << 20] {
            let (bytes, object) = object(most);
            assert_eq!(bytes.len() as u64, object.bytes);
            let text = String::from_utf8(zstd::stream::decode_all(&bytes[..]).unwrap()).unwrap();
            assert_eq!(text, "{\"a\":4}\n{\"a\":2}\n{\"a\":1}\n{\"a\":3}\n", "{most}");
        }
    }

    #[test]
    fn the_tail_tells_where_each_frame_is() {
        for most in [0, 1 << 20] {
            let (bytes, object) = object(most);
            let tail = Tail::decode(&bytes[object.tail as usize..]).unwrap();
            let mut decompressor = Decompressor::new().unwrap();
            assert_eq!(tail.partitions, [key("a", 2020), key("a", 2021), key("b", 2020)]);
            let lines: Vec<(u32, String)> = tail
                .frames
                .iter()
                .map(|frame| {
                    let at = frame.offset as usize;
                    let bytes = &bytes[at..at + frame.bytes as usize];
                    let lines = decompress(&mut decompressor, bytes, frame.raw).unwrap();
                    (frame.partition, String::from_utf8(lines).unwrap())
                })
                .collect();
            let of_b: String = lines.iter().filter(|(p, _)| *p == 2).map(|(_, l)| l.as_str()).collect();
            assert_eq!(of_b, "{\"a\":1}\n{\"a\":3}\n");
        }
    }

    #[test]
    fn the_same_lines_have_the_same_name() {
        assert_eq!(object(1 << 20).1.content, object(1 << 20).1.content);
    }

    #[test]
    fn a_damaged_frame_is_told() {
        let whole = zstd::bulk::compress(b"line\n", LEVEL).unwrap();
        let mut decompressor = Decompressor::new().unwrap();
        let mut is_whole = |frame: &[u8], raw| decompress(&mut decompressor, frame, raw).is_ok();
        assert!(is_whole(&whole, 5));
        assert!(!is_whole(&whole, 6));
        assert!(!is_whole(&whole[..whole.len() - 1], 5));
        assert!(!is_whole(b"<?xml version", 5));
        assert!(is_whole(&whole, 5), "what was wrong leaves nothing behind");
    }
}
