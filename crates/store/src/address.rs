//! A location taken apart: which store, which key. By string, without decoding (except `http`).

use std::path::{Component, Path as FsPath, PathBuf};

use object_store::path::Path;
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result, is_azure_host};

/// The kinds of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    S3,
    /// `s3+http(s)://endpoint/bucket/key`: signed requests to that endpoint.
    S3At,
    Gs,
    Azure,
    Http,
    File,
    Memory,
}

/// A location: `root` names the store, `key` what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub kind: Kind,
    /// `s3://bucket`, `https://host`, `memory://name`, empty for local files.
    pub root: String,
    /// Without a leading or a trailing slash.
    pub key: String,
}

const SCHEMES: &str = "use s3://bucket/key, gs://, az://, abfs://, https://, http://, file:///path, memory://name or a local path";

impl Address {
    /// A URL, or a local path (made absolute against the current folder).
    pub(crate) fn parse(url: &str) -> Result<Self> {
        match split_scheme(url) {
            Some((scheme, rest)) => Self::of_scheme(url, scheme, rest),
            None => Self::of_file(FsPath::new(url)),
        }
    }

    fn of_scheme(url: &str, scheme: &str, rest: &str) -> Result<Self> {
        let scheme = scheme.to_ascii_lowercase();
        match scheme.as_str() {
            "s3" | "s3a" => Self::of_bucket(url, Kind::S3, "s3", rest),
            "gs" => Self::of_bucket(url, Kind::Gs, "gs", rest),
            "az" | "adl" | "azure" | "abfs" | "abfss" => Self::of_bucket(url, Kind::Azure, &scheme, rest),
            "http" | "https" => Self::of_http(url, &scheme, rest),
            "s3+http" | "s3+https" => Self::of_endpoint(url, &scheme, rest),
            "memory" => Ok(Self::of_memory(rest)),
            "file" => Self::of_file_url(url, rest),
            _ => Err(Error::url(url, format!("unknown scheme {scheme:?}; {SCHEMES}"))),
        }
    }

    fn of_bucket(url: &str, kind: Kind, scheme: &str, rest: &str) -> Result<Self> {
        let (authority, key) = split_authority(rest);
        let plain = authority
            .rsplit_once('@')
            .is_none_or(|(user, host)| kind == Kind::Azure && !user.contains(':') && is_azure_host(host));
        if !plain {
            return Err(Error::url(url, CREDENTIALS_IN_URL));
        }
        check_bucket(authority).map_err(|reason| Error::url(url, reason))?;
        Ok(Self { kind, root: format!("{scheme}://{authority}"), key: key.into() })
    }

    fn of_http(url: &str, scheme: &str, rest: &str) -> Result<Self> {
        let rest = rest.split('#').next().unwrap_or_default();
        if rest.contains('?') {
            return Err(Error::url(url, "a query in a URL is not supported; download the file first"));
        }
        let (authority, key) = split_authority(rest);
        check_host(url, authority)?;
        let key =
            percent_decode_str(key).decode_utf8().map_err(|_| Error::url(url, "its path is not UTF-8"))?;
        Ok(Self { kind: Kind::Http, root: format!("{scheme}://{authority}"), key: key.into_owned() })
    }

    fn of_endpoint(url: &str, scheme: &str, rest: &str) -> Result<Self> {
        let (authority, path) = split_authority(rest);
        check_host(url, authority)?;
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        check_bucket(bucket).map_err(|reason| Error::url(url, reason))?;
        Ok(Self { kind: Kind::S3At, root: format!("{scheme}://{authority}/{bucket}"), key: key.into() })
    }

    fn of_memory(rest: &str) -> Self {
        let (name, key) = split_authority(rest);
        Self { kind: Kind::Memory, root: format!("memory://{name}"), key: key.into() }
    }

    fn of_file_url(url: &str, rest: &str) -> Result<Self> {
        let path = rest.strip_prefix("localhost/").map_or_else(|| rest.to_owned(), |path| format!("/{path}"));
        if !path.starts_with('/') {
            return Err(Error::url(url, "write file:///path, with three slashes"));
        }
        Self::of_file(FsPath::new(&path))
    }

    /// A local path, absolute and without `.` and `..`; symbolic links stay.
    pub(crate) fn of_file(path: &FsPath) -> Result<Self> {
        let shown = || path.display().to_string();
        if path.as_os_str().is_empty() {
            return Err(Error::url("", format!("it is empty; {SCHEMES}")));
        }
        let absolute = std::path::absolute(path).map_err(|e| Error::io(path, e))?;
        let real = if absolute.components().any(|c| c == Component::ParentDir) {
            real_path(&absolute)
        } else {
            absolute
        };
        let text = real.to_str().ok_or_else(|| Error::url(&shown(), "the path is not UTF-8"))?;
        let key = text.trim_start_matches('/').trim_end_matches('/').to_owned();
        Ok(Self { kind: Kind::File, root: String::new(), key })
    }

    /// The same local path with its symbolic links followed, as far as it exists.
    pub(crate) fn canonical(self) -> Result<Self> {
        match self.file() {
            Some(path) => Self::of_file(&real_path(&path)),
            None => Ok(self),
        }
    }

    /// The local path, for local files.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        (self.kind == Kind::File).then(|| PathBuf::from(format!("/{}", self.key)))
    }

    /// The whole location: `s3://bucket/key`, `/local/path`. For http not encoded.
    pub(crate) fn url(&self) -> String {
        join_url(&self.root, &self.key)
    }

    /// The key as a [`Path`], without any decoding.
    pub(crate) fn path(&self) -> Result<Path> {
        Path::parse(&self.key).map_err(|_| Error::Key {
            bucket: self.root.clone(),
            key: self.key.clone(),
            reason: BAD_SEGMENT.into(),
        })
    }
}

pub(crate) const BAD_SEGMENT: &str = "empty, `.` and `..` segments and control characters name no object";
const CREDENTIALS_IN_URL: &str = "credentials do not belong into a URL; put them into the environment";

/// `root/key`, or only `root` when there is no key.
pub(crate) fn join_url(root: &str, key: &str) -> String {
    if key.is_empty() && !root.is_empty() { root.to_owned() } else { format!("{root}/{key}") }
}

/// `("s3", "bucket/key")` of `s3://bucket/key`; `file:/x` is one too.
fn split_scheme(url: &str) -> Option<(&str, &str)> {
    if let Some(path) =
        url.strip_prefix("file:").filter(|rest| rest.starts_with('/') && !rest.starts_with("//"))
    {
        return Some(("file", path));
    }
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some((scheme, rest))
}

/// `("host", "a/b")` of `host/a/b/`.
fn split_authority(rest: &str) -> (&str, &str) {
    let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
    (authority, key.strip_suffix('/').unwrap_or(key))
}

fn check_host(url: &str, authority: &str) -> Result<()> {
    match authority {
        "" => Err(Error::url(url, "it names no host")),
        _ if authority.contains('@') => Err(Error::url(url, CREDENTIALS_IN_URL)),
        _ => Ok(()),
    }
}

/// A bucket's or container's name: what could change the meaning of a request's URL is refused.
pub(crate) fn check_bucket(name: &str) -> std::result::Result<(), String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '$' | '@');
    match name {
        "" => Err("it names no bucket".into()),
        "." | ".." => Err("the bucket is called `.`".into()),
        _ if !name.chars().all(fine) => Err(format!("{name:?} is no bucket's name")),
        _ => Ok(()),
    }
}

/// `path` with `..` and symbolic links resolved as far as it exists; the rest stays as it is.
fn real_path(path: &FsPath) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => {
                out.push(part);
                out = std::fs::canonicalize(&out).unwrap_or(out);
            }
        }
    }
    out
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
