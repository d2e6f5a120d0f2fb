//! Keys as S3 writes them into CSV inventories: percent-encoded, a space as `+`.

use std::borrow::Cow;

/// Decodes a key; one without escapes is given back as it is.
///
/// # Errors
/// A percent sign that two hexadecimal digits do not follow, and bytes that are no UTF-8.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, String> {
    if memchr::memchr2(b'%', b'+', text.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => escape(&mut bytes).ok_or_else(|| format!("{text:?} is not URL-encoded"))?,
            other => other,
        });
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| format!("{text:?} decodes to no UTF-8"))
}

fn escape(bytes: &mut std::str::Bytes<'_>) -> Option<u8> {
    let mut digit = || char::from(bytes.next()?).to_digit(16);
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(decode(text).ok().as_deref(), expected, "{text}");
    }

    #[test]
    fn escapes() {
        check("plain/key.json", Some("plain/key.json"));
        check("a+b%2Fc%2fd", Some("a b/c/d"));
        check("%2B", Some("+"));
        check("100%25", Some("100%"));
        check("%C3%A9%F0%9F%8C%8D", Some("é🌍"));
        check("é+", Some("é "));
        check("%", None);
        check("%4", None);
        check("%zz", None);
        check("%+1", None);
        check("%FF", None);
    }

    proptest::proptest! {
        #[test]
        fn any_key_comes_back(key in "\\PC*") {
            let encoded: String = key.bytes().map(|b| format!("%{b:02X}")).collect();
            assert_eq!(decode(&encoded).unwrap(), key);
        }
    }
}
