//! A JSON text value by value, where a tree of it would be made only to be taken apart again.

use std::borrow::Cow;

use super::parse::{MAX_DEPTH, Parser, duplicate, text_of};
use super::skeleton::Skeleton;
use super::{Number, write_str};

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// True for what is neither array nor object.
    pub fn is_scalar(self) -> bool {
        !matches!(self, Self::Array | Self::Object)
    }
}

/// A place in a JSON text, before a value.
///
/// The text is one that [`Json::parse`](super::Json::parse) accepts. Where it is none, the answer is None as soon as that
/// shows, and `Json::parse` says why; that an object has no two members of one name is looked at by [`checking`](Self::checking)
/// alone.
///
/// ```
/// use earthcatalog_model::json::{Kind, Walk};
///
/// let mut names = String::new();
/// let mut walk = Walk::over(br#"{"a": [1, 2], "b": true}"#).unwrap();
/// walk.members(|walk, name| {
///     names.push_str(&name);
///     if walk.kind()? == Kind::Bool { walk.bool().map(drop) } else { walk.skip().map(drop) }
/// });
/// assert_eq!(names, "ab");
/// ```
pub struct Walk<'a> {
    parser: Parser<'a>,
    depth: usize,
    /// The names of members in objects that are open, where they are looked at.
    names: Option<Vec<Cow<'a, str>>>,
}

impl<'a> Walk<'a> {
    /// Before the value that a text is. None if it is not UTF-8.
    pub fn over(text: &'a [u8]) -> Option<Self> {
        text_of(text).ok().map(Self::of)
    }

    /// Before the value that a text is.
    pub fn of(text: &'a str) -> Self {
        Self { parser: Parser::new(text), depth: 0, names: None }
    }

    /// As [`over`](Self::over), for a text that nobody has checked: passing it to its end is as good as
    /// [`Json::parse`](super::Json::parse). What is passed is appended to `squeezed`, without the white space between
    /// tokens; [`finish`](Self::finish) gives it back.
    pub fn checking(text: &'a [u8], squeezed: String) -> Option<Self> {
        let mut walk = Self::over(text)?;
        walk.names = Some(Vec::new());
        walk.parser.squeeze(squeezed);
        Some(walk)
    }

    /// How much of a text that is [checked](Self::checking) has been squeezed, in bytes: where the next value will begin in it.
    pub fn squeezed(&mut self) -> usize {
        self.parser.skip_space();
        self.parser.squeezed_len()
    }

    /// The text without white space, where this is the end of a text that was [checked](Self::checking).
    pub fn finish(mut self) -> Option<String> {
        if self.is_done() { self.parser.into_squeezed() } else { None }
    }

    /// What the value is.
    pub fn kind(&mut self) -> Option<Kind> {
        self.parser.skip_space();
        Some(match self.parser.peek()? {
            b'"' => Kind::String,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'-' | b'0'..=b'9' => Kind::Number,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => return None,
        })
    }

    /// Past a string; its text, escapes resolved.
    pub fn string(&mut self) -> Option<Cow<'a, str>> {
        (self.kind()? == Kind::String).then(|| self.parser.string().ok())?
    }

    /// Past a number.
    pub fn number(&mut self) -> Option<Number<'a>> {
        self.kind()?;
        self.parser.number().ok()
    }

    /// Past `true` or `false`.
    pub fn bool(&mut self) -> Option<bool> {
        self.kind()?;
        let is_true = self.parser.peek() == Some(b't');
        self.parser.word(if is_true { "true" } else { "false" }).ok()?;
        Some(is_true)
    }

    /// Past an object. `each` is called before the value of every member, and has to go past it.
    pub fn members(&mut self, mut each: impl FnMut(&mut Self, Cow<'a, str>) -> Option<()>) -> Option<()> {
        if self.enter(Kind::Object)? {
            return self.leave();
        }
        let first = self.names.as_ref().map_or(0, Vec::len);
        loop {
            let name = self.string()?;
            self.parser.colon().ok()?;
            if let Some(names) = &mut self.names {
                names.push(name.clone());
            }
            each(self, name)?;
            if self.parser.ends(b'}', "',' or '}'").ok()? {
                self.all_differ(first)?;
                return self.leave();
            }
        }
    }

    /// Of an object that ends here: its names, which are those since `first`.
    fn all_differ(&mut self, first: usize) -> Option<()> {
        let Some(names) = &mut self.names else { return Some(()) };
        if duplicate(names.get(first..)?, |name| name).is_some() {
            return None;
        }
        names.truncate(first);
        Some(())
    }

    /// Past an array; how many elements it has. `each` is called before every element, with its index, and has to go past it.
    pub fn elements(&mut self, mut each: impl FnMut(&mut Self, usize) -> Option<()>) -> Option<usize> {
        if self.enter(Kind::Array)? {
            self.leave()?;
            return Some(0);
        }
        let mut count = 0;
        loop {
            each(self, count)?;
            count += 1;
            if self.parser.ends(b']', "',' or ']'").ok()? {
                self.leave()?;
                return Some(count);
            }
        }
    }

    /// Into an array or object; true if it is empty, and then past it.
    fn enter(&mut self, kind: Kind) -> Option<bool> {
        let close = if kind == Kind::Array { b']' } else { b'}' };
        if self.kind()? != kind {
            return None;
        }
        self.parser.enter(self.depth).ok()?;
        self.depth += 1;
        Some(self.parser.closes(close))
    }

    fn leave(&mut self) -> Option<()> {
        self.depth = self.depth.checked_sub(1)?;
        Some(())
    }

    /// Past the value, whatever it is; its text.
    pub fn skip(&mut self) -> Option<&'a str> {
        let kind = self.kind()?;
        let start = self.parser.at;
        match kind {
            Kind::Null => self.parser.word("null").ok()?,
            Kind::Bool => drop(self.bool()?),
            Kind::Number => drop(self.number()?),
            Kind::String => drop(self.string()?),
            Kind::Array => drop(self.elements(|walk, _| walk.skip().map(drop))?),
            Kind::Object => self.members(|walk, _| walk.skip().map(drop))?,
        }
        Some(self.parser.slice(start, self.parser.at))
    }

    /// Past the value; what it is made of goes into the skeleton.
    pub fn note(&mut self, skeleton: &mut Skeleton) -> Option<()> {
        let kind = self.kind()?;
        skeleton.kind(kind);
        match kind {
            Kind::Array => {
                let mut last = None;
                self.elements(|walk, _| {
                    let kind = walk.kind()?;
                    // Long runs of numbers (a transform, a histogram) are one thing seen many times.
                    let again = last.replace(kind) == Some(kind) && kind.is_scalar();
                    if again { walk.skip().map(drop) } else { walk.note(skeleton) }
                })?;
                skeleton.end();
            }
            Kind::Object => {
                self.members(|walk, name| {
                    skeleton.name(&name);
                    walk.note(skeleton)
                })?;
                skeleton.end();
            }
            _ => drop(self.skip()?),
        }
        Some(())
    }

    /// Past a value that was looked at: its text, from where it began.
    pub fn since(&self, start: Place) -> &'a str {
        self.parser.slice(start.0, self.parser.at)
    }

    /// This place, for [`since`](Self::since).
    pub fn place(&mut self) -> Place {
        self.parser.skip_space();
        Place(self.parser.at)
    }

    /// Past the value, which is appended as [`Json::write`](super::Json::write) does it; how deep it is nested, 0 for
    /// what is neither array nor object.
    pub fn copy(&mut self, out: &mut String) -> Option<usize> {
        match self.kind()? {
            Kind::String => self.copy_string(out)?,
            Kind::Array => return self.copy_array(out),
            Kind::Object => return self.copy_object(out),
            _ => out.push_str(self.skip()?),
        }
        Some(0)
    }

    fn copy_string(&mut self, out: &mut String) -> Option<()> {
        let text = self.string()?;
        copy_name(text, out);
        Some(())
    }

    fn copy_array(&mut self, out: &mut String) -> Option<usize> {
        let mut depth = 0;
        out.push('[');
        self.elements(|walk, i| {
            if i > 0 {
                out.push(',');
            }
            depth = depth.max(walk.copy(out)?);
            Some(())
        })?;
        out.push(']');
        Some(depth + 1)
    }

    fn copy_object(&mut self, out: &mut String) -> Option<usize> {
        let (mut depth, mut first) = (0, true);
        out.push('{');
        self.members(|walk, name| {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            copy_name(name, out);
            out.push(':');
            depth = depth.max(walk.copy(out)?);
            Some(())
        })?;
        out.push('}');
        Some(depth + 1)
    }

    /// True at the end of the text.
    pub fn is_done(&mut self) -> bool {
        self.parser.skip_space();
        self.parser.peek().is_none()
    }
}

/// A place in the text of a [`Walk`].
#[derive(Debug, Clone, Copy)]
pub struct Place(usize);

/// What stood without escapes needs none now.
fn copy_name(text: Cow<'_, str>, out: &mut String) {
    match text {
        Cow::Owned(text) => write_str(&text, out),
        Cow::Borrowed(text) => {
            out.push('"');
            out.push_str(text);
            out.push('"');
        }
    }
}

/// Appends the text of a value as [`Json::write`](super::Json::write) writes that value; how deep it is nested.
///
/// None where the text is no JSON value.
pub fn copy(value: &str, out: &mut String) -> Option<usize> {
    Walk::of(value).copy(out).filter(|depth| *depth <= MAX_DEPTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;

    fn check(text: &str, depth: usize) {
        let (mut copied, mut written) = (String::new(), String::new());
        Json::parse(text.as_bytes()).unwrap().write(&mut written);
        assert_eq!(copy(text, &mut copied), Some(depth), "{text}");
        assert_eq!(copied, written, "{text}");
        let mut walk = Walk::over(text.as_bytes()).unwrap();
        assert_eq!(walk.skip(), Some(text.trim()), "{text}");
        assert!(walk.is_done(), "{text}");
    }

    #[test]
    fn a_copy_is_what_a_tree_writes() {
        check("null", 0);
        check(" -1.50e+3 ", 0);
        check(r#""\u00e9\/\n é""#, 0);
        check("[]", 1);
        check(" { \"a\\u0000\" : [ 1 , { } , true ] , \"b\" : false } ", 3);
    }

    fn check_squeezed(text: &str, expected: Option<&str>) {
        let squeezed = Walk::checking(text.as_bytes(), "x".to_owned()).and_then(|mut walk| {
            walk.note(&mut Skeleton::default())?;
            walk.finish()
        });
        assert_eq!(squeezed.as_deref(), expected.map(|text| format!("x{text}")).as_deref(), "{text}");
        assert_eq!(squeezed.is_some(), Json::parse(text.as_bytes()).is_ok(), "{text}");
    }

    #[test]
    fn what_is_checked_is_squeezed() {
        check_squeezed(
            " { \"a b\" : [ 1 ,\n\t2, {} ] , \"b\\u0020\":\" c \" } \n",
            Some(r#"{"a b":[1,2,{}],"b\u0020":" c "}"#),
        );
        check_squeezed("\u{feff}[ ]", Some("[]"));
        check_squeezed(r#"{"a":{"b":1},"b":{"a":2}}"#, Some(r#"{"a":{"b":1},"b":{"a":2}}"#));
        check_squeezed(r#"{"a":{"b":1,"c":2,"b":3}}"#, None);
        check_squeezed(r#"{"a":[{"\u0061":1,"a":3}]}"#, None);
        let many: String = (0..40).map(|i| format!("\"{i}\":{i},")).collect();
        check_squeezed(&format!("{{{many}\"x\":0}}"), Some(&format!("{{{many}\"x\":0}}")));
        check_squeezed(&format!("{{{many}\"7\":0}}"), None);
        check_squeezed("[1] 2", None);
        check_squeezed("", None);
    }

    #[test]
    fn what_is_no_json_is_not_passed() {
        for text in ["", "[1,]", "{\"a\":}", "{\"a\" 1}", "\"a", "nul", "tru", "01x", "[1 2]", "{1:2}"] {
            let mut walk = Walk::over(text.as_bytes()).unwrap();
            assert!(walk.skip().is_none() || !walk.is_done(), "{text}");
        }
        assert!(Walk::over(b"\xff").is_none());
        assert!(Walk::over("[".repeat(200).as_bytes()).unwrap().skip().is_none());
    }
}
