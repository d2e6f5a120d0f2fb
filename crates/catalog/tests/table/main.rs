//! One suite of tests for every [`Table`](earthcatalog_catalog::Table), and what only the Iceberg one has to stand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod iceberg;
mod sample;
mod suite;
