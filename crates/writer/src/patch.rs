//! The language of `_extra`: how an item differs from what its columns give back.
//!
//! A patch is a JSON value that is laid over the item that the columns give:
//!
//! - an object goes into the object (by the names of members) or the array (by decimal indices) at its place;
//! - an array of one value puts that value there, an empty array takes away what is there;
//! - `[null, text]` puts the value there that the text is the JSON of: what would be nested too deeply to be read;
//! - anything else (null, a boolean, a number, a string) is put there as it is.
//!
//! So `{"properties":{"gsd":"ten","odd":null,"list":[[1]],"datetime":[]}}` says that the item has a `gsd` that is a
//! text, an explicit null, a list that has no column, and no `datetime` at all.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use earthcatalog_model::Json;
use earthcatalog_model::json::{MAX_DEPTH, copy, write_str};

/// One step from a value into it.
pub(crate) enum Step<'a> {
    Member(Cow<'a, str>),
    Element(usize),
}

/// What outlives the patch of one item.
#[derive(Default)]
pub(crate) struct Differences {
    /// The patch of the last item; empty if its columns say it all.
    pub(crate) text: String,
    /// How often what differed, by property.
    pub(crate) counts: BTreeMap<String, u64>,
}

/// Writes the patch of one item. Where nothing differs, nothing is written.
pub(crate) struct Patch<'a> {
    out: Differences,
    path: Vec<Step<'a>>,
    /// Braces that are open in the text: one for each of the first steps of the last path that was written.
    open: usize,
}

/// A place in the text to which it can be taken back.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    len: usize,
    open: usize,
}

impl Mark {
    /// True if nothing was written between the two.
    pub(crate) fn is(self, other: Self) -> bool {
        self.len == other.len
    }
}

impl<'a> Patch<'a> {
    /// Begins anew, in the buffers of the item before.
    pub(crate) fn over(mut out: Differences) -> Self {
        out.text.clear();
        Self { out, path: Vec::with_capacity(8), open: 0 }
    }

    /// Into a member or an element.
    pub(crate) fn enter(&mut self, step: Step<'a>) {
        self.path.push(step);
    }

    /// Out of it again.
    pub(crate) fn leave(&mut self) {
        while self.open > self.path.len() {
            self.out.text.push('}');
            self.open -= 1;
        }
        self.path.pop();
    }

    /// Here stands the value of this text, whatever the columns say. None if it is no JSON.
    pub(crate) fn set(&mut self, value: &str) -> Option<()> {
        self.count();
        self.put(value)
    }

    /// Here stands nothing, whatever the columns say.
    pub(crate) fn remove(&mut self) {
        self.count();
        self.key();
        self.out.text.push_str("[]");
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { len: self.out.text.len(), open: self.open }
    }

    /// Takes back what was written since the mark, which stood here, and puts the whole value instead.
    pub(crate) fn replace(&mut self, mark: Mark, value: &str) -> Option<()> {
        self.out.text.truncate(mark.len);
        self.open = mark.open;
        self.put(value)
    }

    /// The patch is whole.
    pub(crate) fn finish(mut self) -> Differences {
        (0..self.open).for_each(|_| self.out.text.push('}'));
        self.out
    }

    fn put(&mut self, value: &str) -> Option<()> {
        self.key();
        let text = &mut self.out.text;
        if !value.starts_with(['[', '{']) {
            return copy(value, text).map(drop);
        }
        text.push('[');
        let start = text.len();
        let depth = copy(value, text)?;
        if self.path.len() + 1 + depth > MAX_DEPTH {
            let nested = text.split_off(start);
            text.push_str("null,");
            write_str(&nested, text);
        }
        text.push(']');
        Some(())
    }

    /// Everything up to the value at this path: what is open stays, its last object gets another member.
    fn key(&mut self) {
        let start = self.open.saturating_sub(1);
        for (level, step) in self.path.iter().enumerate().skip(start) {
            self.out.text.push(if level < self.open { ',' } else { '{' });
            match step {
                Step::Member(name) => write_str(name, &mut self.out.text),
                // Writing to a String cannot fail.
                Step::Element(i) => write!(self.out.text, "\"{i}\"").unwrap_or_default(),
            }
            self.out.text.push(':');
        }
        self.open = self.path.len();
    }

    fn count(&mut self) {
        let name = match self.path.as_slice() {
            [Step::Member(first), Step::Member(name), ..] if first == "properties" => name,
            [Step::Member(name), ..] => name,
            _ => return,
        };
        if let Some(count) = self.out.counts.get_mut(&**name) {
            *count += 1;
        } else {
            self.out.counts.insert(name.to_string(), 1);
        }
    }
}

/// What a patch says of one place.
pub(crate) enum Said<'p, 'a> {
    /// Nothing is there.
    Removed,
    /// This value is there.
    Value(&'p Json<'a>),
    /// The value of this JSON text is there.
    Text(&'p str),
    /// What the columns give is there, with these parts of it patched.
    Within(&'p Json<'a>),
}

/// Reads one node of a patch.
pub(crate) fn read<'p, 'a>(node: &'p Json<'a>) -> Said<'p, 'a> {
    match node {
        Json::Array(values) => match values.as_slice() {
            [] => Said::Removed,
            [_, Json::String(text), ..] => Said::Text(text),
            [value, ..] => Said::Value(value),
        },
        Json::Object(_) => Said::Within(node),
        _ => Said::Value(node),
    }
}
