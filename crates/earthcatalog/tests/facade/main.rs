//! The whole job by way of the facade: stores that die, items of every kind, input that is bad.
#![expect(clippy::unwrap_used, reason = "a test may end here")]

mod bad_input;
mod bench;
mod deaths;
mod real_items;
