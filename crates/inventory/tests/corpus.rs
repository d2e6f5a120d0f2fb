//! The fuzzer's corpus, replayed on every toolchain: `cargo xtask soak fuzz` looks for more.

#[cfg(test)]
#[path = "../fuzz/one_input.rs"]
mod one_input;

#[cfg(test)]
mod replay {
    use std::path::Path;

    use super::one_input::try_one;

    /// Replays the inputs of a target; so many are there at least, and so many of them read.
    fn check(target: &str, least: usize, read: usize) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let (mut all, mut good) = (0, 0);
        for entry in std::fs::read_dir(folder).unwrap() {
            let input = std::fs::read(entry.unwrap().path()).unwrap();
            all += 1;
            good += usize::from(try_one(target, &input));
        }
        assert!(all >= least && good >= read, "{target}: {good} of {all} inputs are read");
    }

    #[test]
    fn listings_in_csv() {
        check("csv", 12, 6);
    }

    #[test]
    fn manifests() {
        check("manifest", 10, 4);
    }

    #[test]
    fn lines_of_json() {
        check("ndjson", 10, 6);
    }

    #[test]
    fn encoded_keys() {
        check("urlcode", 8, 5);
    }
}
