//! Locations are taken apart by string.

use super::*;

fn check(url: &str, expected: Option<(&str, &str)>) {
    let address = Address::parse(url);
    let parts = address.as_ref().ok().map(|a| (a.root.as_str(), a.key.as_str()));
    assert_eq!(parts, expected, "{url}: {address:?}");
}

#[test]
fn urls_have_a_root_and_a_key() {
    check("s3://b", Some(("s3://b", "")));
    check("s3://b/", Some(("s3://b", "")));
    check("S3A://b/p/q/", Some(("s3://b", "p/q")));
    check("s3://b/p%2Fq x?y#z", Some(("s3://b", "p%2Fq x?y#z")));
    check("gs://b/p", Some(("gs://b", "p")));
    check("az://c/p", Some(("az://c", "p")));
    check("abfs://c@acc.dfs.core.windows.net/p", Some(("abfs://c@acc.dfs.core.windows.net", "p")));
    check("https://h:8080/a%20b", Some(("https://h:8080", "a b")));
    check("http://h/a#frag", Some(("http://h", "a")));
    check("memory://n/p", Some(("memory://n", "p")));
    check("memory://", Some(("memory://", "")));
    check("s3+http://h:9000/b/p/q", Some(("s3+http://h:9000/b", "p/q")));
}

#[test]
fn local_paths_are_absolute() {
    let here = std::env::current_dir().unwrap();
    let here = here.to_str().unwrap().trim_start_matches('/');
    check("/a/b/", Some(("", "a/b")));
    check("file:///a/b%2Fc", Some(("", "a/b%2Fc")));
    check("file:/a", Some(("", "a")));
    check("file://localhost/a", Some(("", "a")));
    check("/", Some(("", "")));
    check("a/b", Some(("", &format!("{here}/a/b"))));
    check("./a", Some(("", &format!("{here}/a"))));
    check("/nowhere-at-all/../x", Some(("", "x")));
}

#[test]
fn what_is_no_location_is_refused() {
    for url in [
        "",
        "ftp://h/a",
        "s3://",
        "s3:///k",
        "https:///a",
        "https://h/a?sig=1",
        "https://me:pw@h/a",
        "s3://me:pw@b/k",
        "abfs://c:key@acc.dfs.core.windows.net/p",
        "file://a/b",
        "s3://b%2Fc/k",
        "s3://../k",
        "s3+http://h",
        "https://h/%ff",
    ] {
        check(url, None);
    }
}

#[test]
fn errors_show_no_credentials() {
    for url in
        ["s3://me:hunter2@b/k", "https://me:hunter2@h/k", "https://h/k?sig=hunter2", "ftp://me:hunter2@h/k"]
    {
        let error = Address::parse(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
