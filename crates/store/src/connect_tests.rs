//! Clients are made of options, and odd options are named.

use super::*;

fn with(extra: &[(&str, &str)]) -> StoreOptions {
    let extra = extra.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    StoreOptions { extra, ..StoreOptions::default() }
}

fn check(url: &str, options: &StoreOptions) -> Result<Arc<dyn ObjectStore>> {
    connect(&Address::parse(url).unwrap(), options)
}

#[test]
fn every_scheme_makes_a_client() {
    let azure = with(&[("AZURE_STORAGE_ACCOUNT_NAME", "acc"), ("azure_storage_account_key", "c2VjcmV0")]);
    for url in [
        "s3://b/k",
        "s3+http://h:1/b/k",
        "az://c/k",
        "abfs://c@acc.dfs.core.windows.net/k",
        "https://h/k",
        "/x",
        "memory://m",
    ] {
        check(url, &azure).unwrap();
        check(url, &StoreOptions { anonymous: true, ..azure.clone() }).unwrap();
    }
    check("gs://b/k", &StoreOptions { anonymous: true, ..StoreOptions::default() }).unwrap();
}

#[test]
fn unknown_options_are_named_and_their_values_are_not() {
    for (key, value) in [("AWS_REGOIN", "hunter2"), ("max_retries", "hunter2")] {
        let error = check("s3://b/k", &with(&[(key, value)])).unwrap_err().to_string();
        assert!(error.contains(key) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn unsigned_requests_need_no_region() {
    let builder = |bucket: &str| AmazonS3Builder::new().with_skip_signature(true).with_bucket_name(bucket);
    assert!(needs_no_region(&builder("its-live-data"), "its-live-data"));
    assert!(!needs_no_region(&builder("a.b"), "a.b"));
    assert!(!needs_no_region(&builder("b").with_region("us-west-2"), "b"));
    assert!(!needs_no_region(&builder("b").with_endpoint("http://h"), "b"));
    assert!(!needs_no_region(&AmazonS3Builder::new().with_bucket_name("b"), "b"));
}

#[test]
fn a_named_http_endpoint_is_allowed() {
    check("s3://b/k", &with(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")])).unwrap();
}
