//! Which lines of a listing are wanted, and the account of those that are not.

use std::fmt::Write;

use earthcatalog_model::Timestamp;

use crate::batch::{ObjectBatch, ObjectView};
use crate::glob::Glob;
use crate::suffixes::Suffixes;

/// What to take of a listing. Delete markers and versions that are not the latest are not taken unless asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Keys must end in one of these, letter case as written; with none, every key passes.
    pub suffixes: Vec<String>,
    /// Keys must begin with this.
    pub prefix: Option<String>,
    /// Objects must have been written at this instant or later; those of unknown age pass.
    pub since: Option<Timestamp>,
    /// Objects must have been written before this instant; those of unknown age pass.
    pub until: Option<Timestamp>,
    /// Keys must match this pattern.
    pub glob: Option<Glob>,
    /// Objects must have so many bytes or more; those of unknown size pass.
    pub min_size: Option<u64>,
    /// Objects must have so many bytes or fewer; those of unknown size pass.
    pub max_size: Option<u64>,
    /// Delete markers and old versions are taken too.
    pub all_versions: bool,
    /// So many lines are taken; what comes after is not even counted as listed.
    pub limit: Option<u64>,
}

/// Keys that end in `.stac.json`.
impl Default for Filter {
    fn default() -> Self {
        Self { suffixes: vec![".stac.json".to_owned()], ..Self::everything() }
    }
}

impl Filter {
    /// All objects that are there: whatever their key, age and size, but neither delete markers nor old versions.
    pub fn everything() -> Self {
        Self {
            suffixes: Vec::new(),
            prefix: None,
            since: None,
            until: None,
            glob: None,
            min_size: None,
            max_size: None,
            all_versions: false,
            limit: None,
        }
    }

    /// Begins to select.
    pub fn start(&self) -> Selector {
        Selector { filter: self.clone(), counts: Counts::default(), suffixes: Suffixes::default() }
    }
}

/// Why a line was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skipped {
    /// Its key has another ending.
    Suffix,
    /// Its key has another beginning.
    Prefix,
    /// It marks a deletion.
    DeleteMarker,
    /// It is a version that a newer one has replaced.
    OldVersion,
    /// It was written before the time asked for.
    Older,
    /// It was written at the time asked for, or later.
    Newer,
    /// Its key does not match the pattern.
    Glob,
    /// It is smaller or larger than asked for.
    Size,
}

/// What to do with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Take it.
    Take,
    /// Leave it out; it is counted.
    Skip(Skipped),
    /// The limit was reached before this line, which is not counted; all others are told the same.
    End,
}

#[derive(Debug, Clone, Default)]
struct Counts {
    taken: u64,
    suffix: u64,
    prefix: u64,
    delete_marker: u64,
    old_version: u64,
    older: u64,
    newer: u64,
    glob: u64,
    size: u64,
}

impl Counts {
    fn of(&mut self, skipped: Skipped) -> &mut u64 {
        match skipped {
            Skipped::Suffix => &mut self.suffix,
            Skipped::Prefix => &mut self.prefix,
            Skipped::DeleteMarker => &mut self.delete_marker,
            Skipped::OldVersion => &mut self.old_version,
            Skipped::Older => &mut self.older,
            Skipped::Newer => &mut self.newer,
            Skipped::Glob => &mut self.glob,
            Skipped::Size => &mut self.size,
        }
    }

    fn skipped(&self) -> u64 {
        self.suffix
            + self.prefix
            + self.delete_marker
            + self.old_version
            + self.older
            + self.newer
            + self.glob
            + self.size
    }
}

/// A filter at work: it counts every line that it is shown, once.
#[derive(Debug, Clone)]
pub struct Selector {
    filter: Filter,
    counts: Counts,
    suffixes: Suffixes,
}

impl Selector {
    /// Whether to take this line.
    pub fn take(&mut self, object: &ObjectView<'_>) -> Verdict {
        if self.is_done() {
            return Verdict::End;
        }
        match self.reason_to_skip(object) {
            None => {
                self.counts.taken += 1;
                Verdict::Take
            }
            Some(skipped) => {
                *self.counts.of(skipped) += 1;
                if skipped == Skipped::Suffix {
                    self.suffixes.see(object.key());
                }
                Verdict::Skip(skipped)
            }
        }
    }

    /// Counts the rows that were left out of this batch because none of them passes; see
    /// [`Inventory::batches_for`](crate::Inventory::batches_for).
    pub fn left_out(&mut self, batch: &ObjectBatch) {
        if let Some((rows, reason)) = batch.left_out.filter(|_| !self.is_done()) {
            *self.counts.of(reason) += rows;
        }
    }

    fn reason_to_skip(&self, object: &ObjectView<'_>) -> Option<Skipped> {
        let (filter, key) = (&self.filter, object.key());
        if !filter.suffixes.is_empty() && !filter.suffixes.iter().any(|suffix| key.ends_with(suffix.as_str()))
        {
            return Some(Skipped::Suffix);
        }
        if filter.prefix.as_ref().is_some_and(|prefix| !key.starts_with(prefix.as_str())) {
            return Some(Skipped::Prefix);
        }
        if !filter.all_versions && object.is_delete_marker() == Some(true) {
            return Some(Skipped::DeleteMarker);
        }
        if !filter.all_versions && object.is_latest() == Some(false) {
            return Some(Skipped::OldVersion);
        }
        self.by_time(object).or_else(|| self.by_glob_and_size(object))
    }

    fn by_time(&self, object: &ObjectView<'_>) -> Option<Skipped> {
        if self.filter.since.is_none() && self.filter.until.is_none() {
            return None;
        }
        let written = object.last_modified()?;
        match () {
            () if self.filter.since.is_some_and(|since| written < since) => Some(Skipped::Older),
            () if self.filter.until.is_some_and(|until| written >= until) => Some(Skipped::Newer),
            () => None,
        }
    }

    fn by_glob_and_size(&self, object: &ObjectView<'_>) -> Option<Skipped> {
        let filter = &self.filter;
        if filter.glob.as_ref().is_some_and(|glob| !glob.matches(object.key())) {
            return Some(Skipped::Glob);
        }
        let range = filter.min_size.unwrap_or(0)..=filter.max_size.unwrap_or(u64::MAX);
        object.size().is_some_and(|size| !range.contains(&size)).then_some(Skipped::Size)
    }

    /// True where the limit is reached: no line to come will be taken or counted.
    pub fn is_done(&self) -> bool {
        self.filter.limit.is_some_and(|limit| self.counts.taken >= limit)
    }

    /// Lines counted: taken and left out.
    pub fn listed(&self) -> u64 {
        self.taken() + self.filtered()
    }

    /// Lines taken.
    pub fn taken(&self) -> u64 {
        self.counts.taken
    }

    /// Lines left out.
    pub fn filtered(&self) -> u64 {
        self.counts.skipped()
    }

    /// Lines left out for one reason (the first that applies, in the order of [`Skipped`]).
    pub fn skipped(&self, reason: Skipped) -> u64 {
        *self.counts.clone().of(reason)
    }

    /// Endings of the keys that have none of those asked for, the 20 most frequent; without an ending: `""`.
    pub fn suffixes_seen(&self) -> Vec<(String, u64)> {
        self.suffixes.top()
    }

    /// In words, what was asked for and what there was: `no key ends in .stac.json; the inventory has: .png 4,000`.
    pub fn summary(&self) -> String {
        if self.listed() == 0 {
            let empty = if self.is_done() { "the limit is 0" } else { "the inventory lists no objects" };
            return empty.to_owned();
        }
        let mut text = String::new();
        if self.counts.suffix > 0 {
            text.push_str(&self.suffix_summary());
        }
        for (count, what) in self.other_reasons() {
            if count > 0 {
                let gap = if text.is_empty() { "" } else { "; " };
                let _ = write!(text, "{gap}{} {what}", grouped(count));
            }
        }
        if text.is_empty() { format!("all {} pass", grouped(self.listed())) } else { text }
    }

    fn other_reasons(&self) -> [(u64, String); 7] {
        let prefix = self.filter.prefix.as_deref().unwrap_or_default();
        let since = self.filter.since.map(|t| t.to_string()).unwrap_or_default();
        let until = self.filter.until.map(|t| t.to_string()).unwrap_or_default();
        let glob = self.filter.glob.as_ref().map(|glob| glob.to_string()).unwrap_or_default();
        [
            (self.counts.prefix, format!("keys do not begin with {prefix:?}")),
            (self.counts.delete_marker, "are delete markers".to_owned()),
            (self.counts.old_version, "are old versions".to_owned()),
            (self.counts.older, format!("were written before {since}")),
            (self.counts.newer, format!("were written at {until} or later")),
            (self.counts.glob, format!("keys do not match {glob:?}")),
            (self.counts.size, "have another size".to_owned()),
        ]
    }

    fn suffix_summary(&self) -> String {
        let wanted = self.filter.suffixes.join(" or ");
        let mut text = match self.listed() - self.counts.suffix {
            0 => format!("no key ends in {wanted}; the inventory has: "),
            _ => format!("{} keys do not end in {wanted} but in: ", grouped(self.counts.suffix)),
        };
        let name = |suffix: &str| if suffix.is_empty() { "(none)".to_owned() } else { suffix.to_owned() };
        let mut parts: Vec<_> = self
            .suffixes
            .top()
            .iter()
            .map(|(suffix, count)| format!("{} {}", name(suffix), grouped(*count)))
            .collect();
        if self.suffixes.rest() > 0 {
            parts.push(format!("others {}", grouped(self.suffixes.rest())));
        }
        text.push_str(&parts.join(", "));
        text
    }
}

/// With commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
