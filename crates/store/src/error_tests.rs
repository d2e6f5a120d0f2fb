//! Errors say what to do, and keep secrets.

use super::*;

fn check(text: &str, expected: &str) {
    assert_eq!(scrub(text), expected);
}

#[test]
fn secrets_are_scrubbed() {
    check("no url", "no url");
    check("https://h/a", "https://h/a");
    check("https://me:pw@h/a?sig=1", "https://h/a");
    check("https://token@h/a", "https://h/a");
    check("(https://h/a?sig=1), again s3://me@b/c", "(https://h/a), again s3://b/c");
    check("GET \"https://h/a?X=1\" failed", "GET \"https://h/a\" failed");
    check("abfs://c@acc.dfs.core.windows.net/a", "abfs://c@acc.dfs.core.windows.net/a");
    check("abfs://c:key@acc.dfs.core.windows.net/a", "abfs://acc.dfs.core.windows.net/a");
    check("https://h?sig=1", "https://h");
    check("ends in s3://", "ends in s3://");
}

#[test]
fn long_answers_are_cut() {
    assert_eq!(shorten(&"é".repeat(2000)).chars().count(), 601);
    assert_eq!(shorten("short"), "short");
}

#[test]
fn kinds_are_told_apart() {
    let of = |text: &str| {
        Error::from_store("s3://b/k", &object_store::Error::Generic { store: "S3", source: text.into() })
    };
    assert!(of("status code: 503 Slow Down").is_retryable());
    assert!(!of("status code: 400 Bad Request").is_retryable());
    let missing = |text: &str| object_store::Error::NotFound { path: "k".into(), source: text.into() };
    assert!(matches!(Error::from_store("s3://b/k", &missing("NoSuchBucket")), Error::NoBucket { .. }));
    assert!(matches!(Error::from_store("s3://b/k", &missing("NoSuchKey")), Error::NotFound { .. }));
    let denied = object_store::Error::PermissionDenied { path: "k".into(), source: "403".into() };
    let denied = Error::from_store("https://me:pw@b/k?sig=1", &denied).to_string();
    assert!(denied.contains("--anonymous") && !denied.contains("pw") && !denied.contains("sig"), "{denied}");
}
