//! A listing that was read to its end once and is kept in a temporary file: what is given out is always the same, in one
//! order, however often it is asked for and whatever becomes of the source meanwhile.

use std::fmt;
use std::sync::Arc;

use earthcatalog_model::KeyHash;
use futures::stream::BoxStream;

use crate::batch::ObjectBatch;
use crate::blocks::{Block, Blocks};
use crate::build::Row;
use crate::error::{Error, Result};
use crate::open::Inventory;
use crate::packed;
use crate::pump::{self, Sink};

/// See the module.
#[derive(Debug)]
pub(crate) struct Kept {
    name: Arc<str>,
    identity: String,
    blocks: Arc<Blocks>,
    order: Arc<[Block]>,
}

impl Kept {
    /// A listing of blocks of packed rows, in this order.
    pub(crate) fn new(name: &str, sum: Sum, blocks: Arc<Blocks>, order: Vec<Block>) -> Self {
        Self { name: name.into(), identity: format!("{name}#{sum}"), blocks, order: order.into() }
    }
}

impl Inventory for Kept {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        let (name, blocks, order) = (self.name.clone(), self.blocks.clone(), self.order.clone());
        pump::work(name.clone(), move |_| {
            move |sink: &Sink| {
                for block in order.iter() {
                    if !sink.send(read(&name, &blocks, *block)) {
                        break;
                    }
                }
            }
        })
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }
}

/// Objects of a block.
const BLOCK: usize = 4_096;

/// Keeps rows as they come.
pub(crate) struct Packer {
    blocks: Arc<Blocks>,
    order: Vec<Block>,
    sum: Sum,
    bytes: Vec<u8>,
    rows: usize,
}

impl Packer {
    pub(crate) fn new(blocks: Arc<Blocks>) -> Self {
        Self { blocks, order: Vec::new(), sum: Sum::default(), bytes: Vec::new(), rows: 0 }
    }

    pub(crate) fn push(&mut self, row: &Row<'_>) -> Result<()> {
        packed::push(row, &mut self.bytes);
        self.sum.push(row);
        self.rows += 1;
        if self.rows >= BLOCK { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<()> {
        self.order.push(self.blocks.push(&self.bytes)?);
        self.bytes.clear();
        self.rows = 0;
        Ok(())
    }

    /// The listing of all that was pushed.
    pub(crate) fn finish(mut self, name: &str) -> Result<Kept> {
        if self.rows > 0 {
            self.end_block()?;
        }
        Ok(Kept::new(name, self.sum, self.blocks, self.order))
    }
}

fn read(name: &str, blocks: &Blocks, block: Block) -> Result<ObjectBatch> {
    let damaged =
        || Error::Worker { name: name.to_owned(), message: "its temporary file is damaged".to_owned() };
    packed::unpack(&blocks.read(block)?).ok_or_else(damaged)
}

/// A sum of rows that their order does not change: the same rows are the same listing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) rows: u64,
    hashes: u128,
}

impl Sum {
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        let name = u128::from_be_bytes(KeyHash::of(row.bucket, row.key).0);
        let state = format!("{name:x}\0{:?}\0{:?}\0{:?}", row.size, row.last_modified, row.etag);
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(u128::from_be_bytes(KeyHash::of("", &state).0));
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.hashes = self.hashes.wrapping_add(other.hashes);
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rows={},sum={:032x}", self.rows, self.hashes)
    }
}
