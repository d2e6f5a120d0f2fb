//! One suite of tests for every [`Table`](earthcatalog_catalog::Table), and what only the Iceberg one has to stand.

mod faults;
mod iceberg;
mod sample;
mod suite;
