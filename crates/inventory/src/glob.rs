//! Patterns of keys, as shells have them.

use std::fmt;
use std::str::{Chars, FromStr};

/// A pattern that a whole key must match: `*` stands for any characters but `/`, `**` for any, `?` for one but `/`,
/// `[a-z]` for one of those, `[!a-z]` for one of no such, and a backslash takes the next character as it is.
///
/// ```
/// # use earthcatalog_inventory::Glob;
/// let glob: Glob = "velocity/**/*_v0[12]*.stac.json".parse()?;
/// assert!(glob.matches("velocity/2020/a/x_v02.stac.json") && !glob.matches("velocity/x.stac.json"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    One(char),
    AnyOne,
    Class { ranges: Vec<(char, char)>, negated: bool },
    Run { slashes: bool },
}

impl Glob {
    /// True where the whole key fits.
    pub fn matches(&self, key: &str) -> bool {
        // The places in the pattern where one can be; no pattern takes longer than its length times the key's.
        let mut at = vec![false; self.tokens.len() + 1];
        let mut next = at.clone();
        set(&mut at, 0);
        self.skip_runs(&mut at);
        for character in key.chars() {
            next.fill(false);
            for (i, token) in self.tokens.iter().enumerate().filter(|(i, _)| at.get(*i) == Some(&true)) {
                if token.takes(character) {
                    set(&mut next, if matches!(token, Token::Run { .. }) { i } else { i + 1 });
                }
            }
            self.skip_runs(&mut next);
            std::mem::swap(&mut at, &mut next);
            if !at.contains(&true) {
                return false;
            }
        }
        at.last() == Some(&true)
    }

    /// A run may be empty.
    fn skip_runs(&self, at: &mut [bool]) {
        for (i, token) in self.tokens.iter().enumerate() {
            if matches!(token, Token::Run { .. }) && at.get(i) == Some(&true) {
                set(at, i + 1);
            }
        }
    }
}

fn set(at: &mut [bool], place: usize) {
    if let Some(slot) = at.get_mut(place) {
        *slot = true;
    }
}

impl Token {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::One(own) => *own == character,
            Self::AnyOne => character != '/',
            Self::Class { ranges, negated } => {
                character != '/' && *negated != ranges.iter().any(|(a, b)| (*a..=*b).contains(&character))
            }
            Self::Run { slashes } => *slashes || character != '/',
        }
    }
}

impl FromStr for Glob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            tokens.push(match character {
                '*' => Token::Run { slashes: double(&mut rest) },
                '?' => Token::AnyOne,
                '[' => class(&mut rest).ok_or_else(|| format!("the pattern {text:?} has a [ without a ]"))?,
                '\\' => Token::One(
                    rest.next().ok_or_else(|| format!("the pattern {text:?} ends in a backslash"))?,
                ),
                other => Token::One(other),
            });
        }
        Ok(Self { text: text.to_owned(), tokens })
    }
}

/// Takes the stars that follow a star.
fn double(rest: &mut Chars<'_>) -> bool {
    let mut found = false;
    while let Some(shorter) = rest.as_str().strip_prefix('*') {
        *rest = shorter.chars();
        found = true;
    }
    found
}

/// What follows a bracket, its end taken; a bracket at the beginning is one of the characters.
fn class(rest: &mut Chars<'_>) -> Option<Token> {
    let negated = rest.as_str().starts_with(['!', '^']);
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        let from = match rest.next()? {
            ']' if !ranges.is_empty() => return Some(Token::Class { ranges, negated }),
            '\\' => rest.next()?,
            other => other,
        };
        let ahead: Vec<char> = rest.as_str().chars().take(2).collect();
        match ahead.as_slice() {
            ['-', to] if *to != ']' => {
                ranges.push((from, *to));
                rest.nth(1);
            }
            _ => ranges.push((from, from)),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(pattern: &str, key: &str, expected: bool) {
        assert_eq!(pattern.parse::<Glob>().unwrap().matches(key), expected, "{pattern} {key}");
    }

    #[test]
    fn patterns() {
        check("", "", true);
        check("a*c", "abbc", true);
        check("a*c", "ab/c", false);
        check("a**c", "ab/c", true);
        check("**/x", "x", false);
        check("**x", "x", true);
        check("a?c", "aéc", true);
        check("a?c", "a/c", false);
        check("[a-c]x", "bx", true);
        check("[!a-c]x", "bx", false);
        check("[]-]", "-", true);
        check("\\*", "*", true);
        check("\\*", "x", false);
        check("a*", "ab/c", false);
        check("*.json", "a.json.gz", false);
        assert!("[a".parse::<Glob>().is_err() && "a\\".parse::<Glob>().is_err());
    }

    /// The definition, without a thought of speed.
    fn slowly(tokens: &[Token], key: &[char]) -> bool {
        match (tokens.split_first(), key.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some((Token::Run { .. }, rest)), None) => slowly(rest, key),
            (Some((run @ Token::Run { .. }, rest)), Some((first, others))) => {
                slowly(rest, key) || run.takes(*first) && slowly(tokens, others)
            }
            (Some(_), None) => false,
            (Some((token, rest)), Some((first, others))) => token.takes(*first) && slowly(rest, others),
        }
    }

    proptest! {
        #[test]
        fn the_fast_way_is_the_definition(pattern in "[ab/*?]{0,8}", key in "[ab/]{0,8}") {
            let glob: Glob = pattern.parse().unwrap();
            let characters: Vec<char> = key.chars().collect();
            prop_assert_eq!(glob.matches(&key), slowly(&glob.tokens, &characters));
        }
    }
}
