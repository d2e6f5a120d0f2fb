//! Items on their way into the temporary file, and their names into the listing.

use std::sync::{Arc, Mutex, PoisonError};

use earthcatalog_model::ObjectRef;

use super::RowItem;
use super::blocks_of::Place;
use super::name::{self, Named};
use crate::blocks::{Block, Blocks};
use crate::build::{BatchBuilder, Row};
use crate::error::Result;
use crate::pump::Sink;

/// Bytes of a block; one item more makes it larger.
const BLOCK: usize = 256 << 10;

/// Rows of a batch of the listing.
const ROWS: usize = 1_024;

/// Where items go.
pub(super) struct Putting {
    /// The file that they are from.
    pub(super) file: ObjectRef,
    pub(super) blocks: Arc<Blocks>,
    /// The blocks, in the order of their numbers.
    pub(super) order: Arc<Mutex<Vec<Block>>>,
}

/// Puts items one after another.
pub(super) struct Put<'a> {
    to: &'a Putting,
    sink: &'a Sink,
    number: usize,
    buffer: Vec<u8>,
    rows: BatchBuilder,
}

impl<'a> Put<'a> {
    pub(super) fn new(to: &'a Putting, sink: &'a Sink) -> Self {
        Self { to, sink, number: 0, buffer: Vec::new(), rows: BatchBuilder::default() }
    }

    /// Puts an item; `at` says where in the file it is, where it has no name of its own. False where no one wants more.
    pub(super) fn item(&mut self, text: &[u8], at: &str) -> Result<bool> {
        let named = name::of_item(text, &self.to.file, at);
        self.put(text, false, &named)
    }

    /// Puts an item of a row.
    pub(super) fn row(&mut self, item: &RowItem, at: &str) -> Result<bool> {
        let named = name::of_row(item, &self.to.file, at);
        self.put(item.json.as_bytes(), false, &named)
    }

    /// Puts what says why there is no item.
    pub(super) fn refusal(&mut self, message: &str, at: &str) -> Result<bool> {
        let named = name::of_place(&self.to.file, at, message.as_bytes());
        self.put(message.as_bytes(), true, &named)
    }

    fn put(&mut self, text: &[u8], is_refusal: bool, named: &Named) -> Result<bool> {
        let place = Place { block: self.number, start: self.buffer.len(), length: text.len(), is_refusal };
        self.buffer.extend_from_slice(text);
        self.rows.push(&Row {
            bucket: &named.bucket,
            key: &named.key,
            size: Some(text.len() as u64),
            last_modified: named.last_modified,
            etag: Some(&named.etag),
            version_id: Some(&place.to_string()),
            ..Row::default()
        });
        if self.buffer.len() >= BLOCK {
            self.end_block()?;
        }
        Ok(self.rows.rows() < ROWS || self.send())
    }

    fn end_block(&mut self) -> Result<()> {
        let block = self.to.blocks.push(&self.buffer)?;
        self.to.order.lock().unwrap_or_else(PoisonError::into_inner).push(block);
        self.number += 1;
        self.buffer.clear();
        Ok(())
    }

    fn send(&mut self) -> bool {
        self.sink.send(Ok(self.rows.finish()))
    }

    /// No more items come.
    pub(super) fn finish(mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.end_block()?;
        }
        if self.rows.rows() > 0 {
            self.send();
        }
        Ok(())
    }
}
