//! Valid JSON without the white space between its tokens.

/// The same text without white space outside strings (RFC 8259 §2). The text must be valid JSON.
pub fn compact(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let len = match first {
            b' ' | b'\t' | b'\n' | b'\r' => {
                rest = &rest[1..];
                continue;
            }
            b'"' => string_len(rest),
            _ => rest
                .iter()
                .position(|b| matches!(b, b'"' | b' ' | b'\t' | b'\n' | b'\r'))
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(len);
        out.extend_from_slice(token);
        rest = after;
    }
    // A copy of its own size. To shrink in place leaves most allocators with the larger block, and many items wait.
    out.as_slice().to_vec()
}

/// Bytes of the string that the text begins with, its quotes included.
fn string_len(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) =
        text.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, b'"' | b'\\')))
    {
        at += found + 1;
        if text.get(at - 1) == Some(&b'"') {
            return at;
        }
        at += 1; // what is escaped
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(String::from_utf8(compact(text.as_bytes())).unwrap(), expected, "{text}");
    }

    #[test]
    fn only_what_is_between_tokens_goes() {
        check("", "");
        check(" { \"a b\" :\t[ 1 , -2.50e+3 ,\r\n null ] } \n", "{\"a b\":[1,-2.50e+3,null]}");
        check(r#"{"a \" b": " \\", "c" : "ü \u0020" }"#, r#"{"a \" b":" \\","c":"ü \u0020"}"#);
        check(r#"["\\\\" , "x y"]"#, r#"["\\\\","x y"]"#);
        check("[1,2]", "[1,2]");
    }
}
