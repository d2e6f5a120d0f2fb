//! The texts of items in blocks, and where each is.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::NoItem;
use super::read::TOO_LONG;
use crate::blocks::{Block, Blocks};
use crate::error::Result;

/// Blocks that are kept in memory: items are asked for in their order, by a few readers at once.
const KEPT: usize = 16;

/// Where a text is: in which block, from where, how long; or the message that is there instead of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) block: usize,
    pub(super) start: usize,
    pub(super) length: usize,
    pub(super) is_refusal: bool,
}

impl Place {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = text.strip_prefix('!');
        let mut numbers = plain.unwrap_or(text).split('.').map(|number| number.parse().ok());
        let place = Self {
            block: numbers.next()??,
            start: numbers.next()??,
            length: numbers.next()??,
            is_refusal: plain.is_some(),
        };
        numbers.next().is_none().then_some(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_refusal { "!" } else { "" };
        write!(f, "{mark}{}.{}.{}", self.block, self.start, self.length)
    }
}

/// See the module.
pub(super) struct Bodies {
    blocks: Arc<Blocks>,
    order: Vec<Block>,
    /// The last one asked for is at the back.
    kept: Mutex<VecDeque<(usize, Arc<Vec<u8>>)>>,
}

impl Bodies {
    pub(super) fn new(blocks: Arc<Blocks>, order: Vec<Block>) -> Self {
        Self { blocks, order, kept: Mutex::default() }
    }

    /// The text at a place, or the message there; None where there is no such place.
    pub(super) fn get(&self, place: Place) -> Result<Option<std::result::Result<Bytes, NoItem>>> {
        let Some(block) = self.block(place.block)? else { return Ok(None) };
        let text = place.start.checked_add(place.length).and_then(|end| block.get(place.start..end));
        Ok(text.map(|text| match place.is_refusal {
            true if text == TOO_LONG.as_bytes() => Err(NoItem::TooLong(TOO_LONG)),
            true => Err(NoItem::Unreadable(String::from_utf8_lossy(text).into_owned())),
            false => Ok(Bytes::copy_from_slice(text)),
        }))
    }

    fn block(&self, number: usize) -> Result<Option<Arc<Vec<u8>>>> {
        // Held while it is read: those who wait most often want the same.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(known, _)| *known == number)
            && let Some(found) = kept.remove(at)
        {
            let bytes = found.1.clone();
            kept.push_back(found);
            return Ok(Some(bytes));
        }
        let Some(block) = self.order.get(number) else { return Ok(None) };
        let bytes = Arc::new(self.blocks.read(*block)?);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((number, bytes.clone()));
        Ok(Some(bytes))
    }
}
