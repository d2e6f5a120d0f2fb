//! Arbitrary bytes as lines of NDJSON: read or refused, without a panic, an endless loop or memory without bound.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../one_input.rs"]
mod one_input;

fuzz_target!(|input: &[u8]| {
    one_input::try_one("ndjson", input);
});
