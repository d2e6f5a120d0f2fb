//! The endings of keys that were passed over, for the message that says what the inventory has instead.

use std::collections::HashMap;

/// Different endings that are counted one by one; the rest is counted together.
const DISTINCT: usize = 1_000;

/// Endings that a message names.
const SHOWN: usize = 20;

/// Longest part of an ending, in bytes.
const PART: usize = 10;

/// Counts of endings, in bounded memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suffixes {
    counts: HashMap<Box<str>, u64>,
    others: u64,
}

impl Suffixes {
    pub(crate) fn see(&mut self, key: &str) {
        let suffix = suffix(key);
        if let Some(count) = self.counts.get_mut(suffix) {
            *count += 1;
        } else if self.counts.len() < DISTINCT {
            self.counts.insert(suffix.into(), 1);
        } else {
            self.others += 1;
        }
    }

    /// The most frequent ones, most frequent first; no ending is the empty text.
    pub(crate) fn top(&self) -> Vec<(String, u64)> {
        let mut top: Vec<_> =
            self.counts.iter().map(|(suffix, count)| (suffix.to_string(), *count)).collect();
        top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        top.truncate(SHOWN);
        top
    }

    /// How many keys are in none of [`top`](Self::top).
    pub(crate) fn rest(&self) -> u64 {
        let all: u64 = self.counts.values().sum();
        let shown: u64 = self.top().iter().map(|(_, count)| count).sum();
        all - shown + self.others
    }
}

/// The last one or two dotted parts of a name: `.nc`, `.tar.gz`, `.stac.json`. The one before the last belongs to it
/// only where it is all letters, so that numbers in names (`v2.0.nc`) do not make an ending each.
fn suffix(key: &str) -> &str {
    let name = key.rsplit('/').next().unwrap_or(key);
    let Some(last) = name.rfind('.') else { return "" };
    let (before, ending) = name.split_at(last);
    if !is_part(ending, u8::is_ascii_alphanumeric) {
        return "";
    }
    match before.rfind('.') {
        Some(dot) if is_part(before.get(dot..).unwrap_or_default(), u8::is_ascii_alphabetic) => {
            name.get(dot..).unwrap_or(ending)
        }
        _ => ending,
    }
}

fn is_part(dotted: &str, allowed: fn(&u8) -> bool) -> bool {
    let part = dotted.as_bytes().get(1..).unwrap_or_default();
    (1..=PART).contains(&part.len()) && part.iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, expected: &str) {
        assert_eq!(suffix(key), expected, "{key}");
    }

    #[test]
    fn endings() {
        check("a/b.stac.json", ".stac.json");
        check("a.b/c.nc", ".nc");
        check("x_v02.0_P095.nc", ".nc");
        check("x_v2.0.nc", ".nc");
        check("x.tar.gz", ".tar.gz");
        check("x.nc.premet", ".nc.premet");
        check("folder/", "");
        check("README", "");
        check("x.", "");
        check("x.much-too-strange", "");
        check(".hidden", ".hidden");
        check("é.é.png", ".png");
    }

    #[test]
    fn memory_is_bounded_and_nothing_is_forgotten() {
        let mut suffixes = Suffixes::default();
        (0..5_000).for_each(|i| suffixes.see(&format!("x.e{i}")));
        (0..3).for_each(|_| suffixes.see("x.e1"));
        assert_eq!(suffixes.counts.len(), DISTINCT);
        assert_eq!(suffixes.top().len(), SHOWN);
        assert_eq!(suffixes.top().first(), Some(&(".e1".to_owned(), 4)));
        let shown: u64 = suffixes.top().iter().map(|(_, n)| n).sum();
        assert_eq!(shown + suffixes.rest(), 5_003);
    }
}
