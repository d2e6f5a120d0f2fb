//! What a JSON value is made of, whatever it says: to know at once that a value is like one seen before.

use xxhash_rust::xxh3::xxh3_64;

use super::Kind;

/// The names and kinds of a value's parts, in their order. Of scalars of one kind that follow one another in an array the first
/// counts. Values of one skeleton have the same members, of the same kinds, at every place.
#[derive(Debug, Default)]
pub struct Skeleton {
    bytes: Vec<u8>,
}

/// Ends a name and an array or object: in UTF-8 neither occurs.
const NAME_ENDS: u8 = 0xff;
const PART_ENDS: u8 = 0xfe;

impl Skeleton {
    /// A part of another name: what is noted next is its.
    pub fn name(&mut self, name: &str) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(NAME_ENDS);
    }

    pub(super) fn kind(&mut self, kind: Kind) {
        self.bytes.push(kind as u8);
    }

    pub(super) fn end(&mut self) {
        self.bytes.push(PART_ENDS);
    }

    /// Forgets all, but keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// A hash of it.
    pub fn hash(&self) -> u64 {
        xxh3_64(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Walk;
    use super::*;

    fn hash(text: &str) -> u64 {
        let mut skeleton = Skeleton::default();
        Walk::over(text.as_bytes()).unwrap().note(&mut skeleton).unwrap();
        skeleton.hash()
    }

    #[test]
    fn values_do_not_count_and_structure_does() {
        assert_eq!(hash(r#"{"a":[1,2.5,3],"b":"x"}"#), hash(r#" {"a": [7], "b": "yy"}"#));
        assert_eq!(hash(r#"[{"a":1}]"#), hash(r#"[{"a":2}]"#));
        for (one, other) in [
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":1,"b":1}"#, r#"{"b":1,"a":1}"#),
            (r#"{"a":[]}"#, r#"{"a":[1]}"#),
            (r#"{"a":[1,"x"]}"#, r#"{"a":["x"]}"#),
            (r#"{"a":{"b":1}}"#, r#"{"a":{},"b":1}"#),
            (r#"[[1],[2]]"#, r#"[[1,2]]"#),
            ("null", "true"),
        ] {
            assert_ne!(hash(one), hash(other), "{one} {other}");
        }
    }
}
