//! Building `object_store` clients: environment, options, retries, time limits.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};

use crate::address::{Address, Kind};
use crate::error::{Error, Result};
use crate::options::StoreOptions;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_RETRIES: usize = 10;
const MAX_RETRIES_KEY: &str = "max_retries";

/// A new client for the store that `address` is in.
pub(crate) fn connect(address: &Address, options: &StoreOptions) -> Result<Arc<dyn ObjectStore>> {
    check_extra(options)?;
    match address.kind {
        Kind::S3 | Kind::S3At => s3(address, options),
        Kind::Gs => gcs(address, options),
        Kind::Azure => azure(address, options),
        Kind::Http => http(address, options),
        Kind::File => Ok(Arc::new(LocalFileSystem::new())),
        Kind::Memory => Ok(Arc::new(InMemory::new())),
    }
}

fn s3(address: &Address, options: &StoreOptions) -> Result<Arc<dyn ObjectStore>> {
    let mut builder = AmazonS3Builder::from_env();
    for (key, value) in limits(options) {
        builder = builder.with_config(AmazonS3ConfigKey::Client(key), value);
    }
    for (key, value) in settings::<AmazonS3ConfigKey>(options) {
        builder = builder.with_config(key, value);
    }
    if options.anonymous {
        builder = builder.with_skip_signature(true);
    }
    builder = s3_endpoint(builder, address).with_retry(retry(options)?);
    Ok(Arc::new(builder.build().map_err(|e| Error::from_store(&address.root, &e))?))
}

fn s3_endpoint(builder: AmazonS3Builder, address: &Address) -> AmazonS3Builder {
    let place = address.root.strip_prefix("s3+").and_then(|at| at.rsplit_once('/'));
    let (builder, bucket) = match place {
        Some((endpoint, bucket)) => (builder.with_endpoint(endpoint), bucket),
        None => (builder, address.root.trim_start_matches("s3://")),
    };
    let builder = allow_named_http(builder.with_bucket_name(bucket));
    if needs_no_region(&builder, bucket) { global_endpoint(builder, bucket) } else { builder }
}

/// An endpoint that is given as `http://` is meant so; `AWS_ALLOW_HTTP=false` still forbids it.
fn allow_named_http(builder: AmazonS3Builder) -> AmazonS3Builder {
    let endpoint = endpoint(&builder).unwrap_or_default();
    let allow = AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp);
    let said = std::env::var_os("AWS_ALLOW_HTTP").is_some();
    if endpoint.starts_with("http://") && !said { builder.with_config(allow, "true") } else { builder }
}

fn endpoint(builder: &AmazonS3Builder) -> Option<String> {
    builder
        .get_config_value(&AmazonS3ConfigKey::S3Endpoint)
        .or_else(|| builder.get_config_value(&AmazonS3ConfigKey::Endpoint))
}

/// Unsigned requests need no region: AWS's own name service knows where a bucket is.
fn needs_no_region(builder: &AmazonS3Builder, bucket: &str) -> bool {
    let value = |key| builder.get_config_value(&key);
    value(AmazonS3ConfigKey::SkipSignature).is_some_and(|skip| skip == "true")
        && value(AmazonS3ConfigKey::Region).is_none()
        && value(AmazonS3ConfigKey::DefaultRegion).is_none()
        && endpoint(builder).is_none()
        && !bucket.contains('.')
}

fn global_endpoint(builder: AmazonS3Builder, bucket: &str) -> AmazonS3Builder {
    builder
        .with_endpoint(format!("https://{bucket}.s3.amazonaws.com"))
        .with_virtual_hosted_style_request(true)
}

fn gcs(address: &Address, options: &StoreOptions) -> Result<Arc<dyn ObjectStore>> {
    let mut builder = GoogleCloudStorageBuilder::from_env().with_url(&address.root);
    for (key, value) in limits(options) {
        builder = builder.with_config(GoogleConfigKey::Client(key), value);
    }
    for (key, value) in settings::<GoogleConfigKey>(options) {
        builder = builder.with_config(key, value);
    }
    if options.anonymous {
        builder = builder.with_skip_signature(true);
    }
    let builder = builder.with_retry(retry(options)?);
    Ok(Arc::new(builder.build().map_err(|e| Error::from_store(&address.root, &e))?))
}

fn azure(address: &Address, options: &StoreOptions) -> Result<Arc<dyn ObjectStore>> {
    let mut builder = MicrosoftAzureBuilder::from_env().with_url(&address.root);
    for (key, value) in limits(options) {
        builder = builder.with_config(AzureConfigKey::Client(key), value);
    }
    for (key, value) in settings::<AzureConfigKey>(options) {
        builder = builder.with_config(key, value);
    }
    if options.anonymous {
        builder = builder.with_skip_signature(true);
    }
    let builder = builder.with_retry(retry(options)?);
    Ok(Arc::new(builder.build().map_err(|e| Error::from_store(&address.root, &e))?))
}

fn http(address: &Address, options: &StoreOptions) -> Result<Arc<dyn ObjectStore>> {
    let mut client = ClientOptions::new().with_allow_http(true);
    for (key, value) in limits(options) {
        client = client.with_config(key, value);
    }
    let builder = HttpBuilder::new().with_url(&address.root).with_client_options(client);
    let builder = builder.with_retry(retry(options)?);
    Ok(Arc::new(builder.build().map_err(|e| Error::from_store(&address.root, &e))?))
}

fn limits(options: &StoreOptions) -> [(ClientConfigKey, String); 2] {
    let request = options.timeout.unwrap_or(REQUEST_TIMEOUT);
    [
        (ClientConfigKey::ConnectTimeout, format!("{}ms", CONNECT_TIMEOUT.as_millis())),
        (ClientConfigKey::Timeout, format!("{}ms", request.as_millis().max(1))),
    ]
}

/// Backoff from 0.1 to 10 seconds, for three minutes at most: longer than that is a whole task's retry.
fn retry(options: &StoreOptions) -> Result<RetryConfig> {
    let given = options.extra.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(MAX_RETRIES_KEY));
    let max_retries = match given {
        Some((key, value)) => value.parse().map_err(|_| Error::Option {
            key: key.clone(),
            reason: "its value is not a whole number".into(),
        })?,
        None => MAX_RETRIES,
    };
    let backoff = BackoffConfig { max_backoff: Duration::from_secs(10), ..BackoffConfig::default() };
    Ok(RetryConfig { backoff, max_retries, retry_timeout: Duration::from_secs(180) })
}

/// The extra options that a builder with keys of type `K` knows.
fn settings<K: FromStr>(options: &StoreOptions) -> Vec<(K, String)> {
    let known = |(key, value): &(String, String)| {
        key.to_ascii_lowercase().parse().ok().map(|key: K| (key, value.clone()))
    };
    options.extra.iter().filter_map(known).collect()
}

fn check_extra(options: &StoreOptions) -> Result<()> {
    let known = |key: &str| {
        AmazonS3ConfigKey::from_str(key).is_ok()
            || AzureConfigKey::from_str(key).is_ok()
            || GoogleConfigKey::from_str(key).is_ok()
            || key == MAX_RETRIES_KEY
    };
    match options.extra.iter().find(|(key, _)| !known(&key.to_ascii_lowercase())) {
        None => Ok(()),
        Some((key, _)) => Err(Error::Option {
            key: key.clone(),
            reason: "no store knows it; use names such as AWS_REGION or AZURE_STORAGE_ACCOUNT_NAME".into(),
        }),
    }
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
