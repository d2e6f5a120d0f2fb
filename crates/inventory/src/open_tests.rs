//! What the first bytes tell.

use super::*;

fn check(start: &[u8], name: &str, expected: &Kind) {
    assert_eq!(&kind(start, name), expected, "{start:?} {name}");
}

#[test]
fn the_first_bytes_tell_the_kind() {
    check(b"PAR1\x15\x04", "x.csv", &Kind::Parquet);
    check(b"\x1f\x8b\x08", "x.csv", &Kind::Text { gzip: true });
    check(b"bucket,key", "x.csv", &Kind::Text { gzip: false });
    check(b"bucket,key", "x.csv.gz", &Kind::Text { gzip: false });
    check(b"ORC\x0a\x05", "x.csv", &Kind::Orc);
    check(b"{\"bucket\":", "x.json", &Kind::Text { gzip: false });
    check(b"ORC,key", "x", &Kind::Text { gzip: false });
    for (start, name) in [
        (&b"\x28\xb5\x2f\xfd"[..], "x.csv.zst"),
        (b"\xef\xbb\xbf [", "x"),
        (b"<?xml version", "x"),
        (b"\xff\xfeb\0", "x.csv"),
        (b"abc\0", "x"),
        (b"abc", "x.PARQUET"),
    ] {
        assert!(matches!(kind(start, name), Kind::Other(_)), "{start:?} {name}");
    }
}

#[test]
fn secrets_are_taken_out_and_paths_left_alone() {
    let check = |url: &str, expected: &str| assert_eq!(without_secrets(url), expected);
    check("s3://bucket/a b/%41?x", "s3://bucket/a%20b/%41");
    check("s3://bucket/a b/%41", "s3://bucket/a b/%41");
    check("https://u:p@host/x?sig=1#f", "https://host/x");
    check("/data/what?.csv", "/data/what?.csv");
    check("C:\\data\\x.csv", "C:\\data\\x.csv");
}

#[tokio::test]
async fn what_is_not_there_is_an_error() {
    let store = Arc::new(object_store::memory::InMemory::new());
    let error = open(store, Path::from("x"), "memory:///x", &OpenOptions::default()).await.err().unwrap();
    assert!(error.to_string().contains("failed to read the inventory memory:///x"), "{error}");
}
