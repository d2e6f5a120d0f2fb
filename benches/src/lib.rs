//! Criterion benchmarks of earthcatalog; see `benches/`.
