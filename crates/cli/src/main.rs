//! The earthcatalog command line.
fn main() {}
