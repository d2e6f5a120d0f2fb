//! Values to compact JSON texts.

use std::fmt::Write;

use super::Json;

/// Appends a value.
pub(super) fn write(json: &Json<'_>, out: &mut String) {
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => out.push_str(number.text()),
        Json::String(text) => write_str(text, out),
        Json::Array(values) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(value, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (i, (name, value)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_str(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// Appends a string with its quotes, escaped as far as RFC 8259 §7 asks.
pub fn write_str(text: &str, out: &mut String) {
    out.push('"');
    let mut done = 0;
    for (i, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(text.get(done..i).unwrap_or_default());
        if escape.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        done = i + 1;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out.push('"');
}

/// Appends a finite double as the shortest decimal that reads back as it; whole numbers without a point.
///
/// NaN and infinities, which JSON does not have, become `null`.
pub fn write_f64(value: f64, out: &mut String) {
    let size = value.abs();
    let result = if !value.is_finite() {
        write!(out, "null")
    } else if size == 0.0 || (1e-5..1e17).contains(&size) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    };
    // Writing to a String cannot fail.
    let _ = result;
}
