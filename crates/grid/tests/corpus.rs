//! The fuzzer's corpus, replayed on every toolchain: `cargo xtask soak fuzz` looks for more.

use std::path::Path;

#[path = "../fuzz/one_input.rs"]
mod one_input;

#[test]
fn every_input_of_the_corpus_is_covered_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/geojson");
    let (mut all, mut geometries) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        all += 1;
        geometries += usize::from(one_input::try_one(&input));
    }
    assert!(all >= 40 && geometries >= 30, "{geometries} of {all} inputs are geometries");
}

/// What is no GeoJSON at all, and nesting that a reader must not follow for ever.
#[test]
fn texts_that_are_no_geometry() {
    let deep = "a".to_owned() + &r#"{"type":"GeometryCollection","geometries":["#.repeat(20_000);
    let brackets = "a".to_owned() + &"[".repeat(200_000);
    for text in ["", "a", "a{}", "anull", "a[1,2", deep.as_str(), brackets.as_str()] {
        assert!(!one_input::try_one(text.as_bytes()), "{text:.40}");
    }
}
