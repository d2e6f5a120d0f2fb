//! What can go wrong between a URL and its bytes, and what a person can do about it.
//!
//! `object_store`'s errors are not kept as sources: their texts may hold request URLs with user info or
//! signatures. What is kept is their kind and a scrubbed text.

use std::error::Error as StdError;
use std::path::PathBuf;

use object_store::client::{HttpError, HttpErrorKind};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a store could not be opened, read, written or locked. Every message fits after "failed to …: ".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL or path is none that can be served.
    #[error("cannot use {url} as a location: {reason}")]
    Url {
        /// The URL, without user info and query.
        url: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// A key that does not name an object inside its bucket or folder.
    #[error("cannot use key {key:?} of {bucket:?}: {reason}")]
    Key {
        /// The bucket, origin or folder it was looked for in.
        bucket: String,
        /// The key as given.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A store option, or its value, that no store understands.
    #[error("cannot use store option {key}: {reason}")]
    Option {
        /// The option's name; its value may be a secret and is not kept.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The location is not in the store of the catalog.
    #[error("location {location} is not in the store of {base}")]
    Foreign {
        /// The location asked for.
        location: String,
        /// The catalog's base.
        base: String,
    },
    /// There is no such bucket or container.
    #[error(
        "no such bucket: {url}; check its name, and the region (AWS_REGION) or endpoint (AWS_ENDPOINT_URL)"
    )]
    NoBucket {
        /// What was asked for.
        url: String,
    },
    /// There is no such object or file.
    #[error("not found: {url}")]
    NotFound {
        /// What was asked for.
        url: String,
    },
    /// The store refused: wrong, missing or insufficient credentials, or file permissions.
    #[error("access to {url} denied: {message}; {hint}")]
    Denied {
        /// What was asked for.
        url: String,
        /// The store's words.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// The store did not answer.
    #[error("cannot reach {url}: {message}; {hint}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// The last attempt's error.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// The store answered with an error of another kind.
    #[error("{url}: {message}")]
    Store {
        /// What was asked for.
        url: String,
        /// The store's words.
        message: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// A local file operation failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The store cannot replace an object conditionally, so two writers could lose each other's work.
    #[error(
        "{store} does not honour conditional writes ({reason}): two writers could lose each other's commits; \
         use a store that does, or pass --unsafe-no-cas if there is never more than one writer"
    )]
    NoConditionalPut {
        /// The base that was probed.
        store: String,
        /// What the probe saw.
        reason: String,
    },
    /// Someone else holds the lease.
    #[error(
        "{url} is locked by {owner} (process {pid} on {hostname}) since {since}; wait, or remove a dead writer's \
         lock with `earthcatalog lock break`"
    )]
    Locked {
        /// The lock file.
        url: String,
        /// Who took it, as they called themselves.
        owner: String,
        /// The machine it runs on.
        hostname: String,
        /// Its process id there.
        pid: u32,
        /// When it was taken or last renewed, RFC 3339.
        since: String,
    },
    /// The lease one held is gone: it outlived its time and another took it, or someone broke it.
    #[error("lost the lock {url}: {reason}")]
    LeaseLost {
        /// The lock file.
        url: String,
        /// What is there instead.
        reason: String,
    },
    /// After an ambiguous answer it could not be found out who holds the lock.
    #[error("cannot tell whether the lock {url} was taken: {message}")]
    LeaseUnknown {
        /// The lock file.
        url: String,
        /// The last error.
        message: String,
    },
}

impl Error {
    /// What an error of `object_store` at `url` means. `url` may still hold secrets; the result does not.
    pub fn from_store(url: &str, error: &object_store::Error) -> Self {
        let url = scrub(url);
        let message = shorten(&scrub(&error.to_string()));
        match error {
            object_store::Error::NotFound { .. } if message.contains("NoSuchBucket") => {
                Self::NoBucket { url }
            }
            object_store::Error::NotFound { .. } => Self::NotFound { url },
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Self::Denied { url, message, hint: CREDENTIALS }
            }
            _ => Self::from_chain(url, message, error),
        }
    }

    fn from_chain(url: String, message: String, error: &object_store::Error) -> Self {
        if find::<std::io::Error>(error).is_some_and(is_forbidden) {
            return Self::Denied { url, message, hint: PERMISSIONS };
        }
        match find::<HttpError>(error).map(HttpError::kind) {
            Some(HttpErrorKind::Connect | HttpErrorKind::Timeout) => {
                let hint = if message.contains(METADATA_SERVICE) { NO_CREDENTIALS } else { ENDPOINT };
                Self::Unreachable { url, message, hint }
            }
            Some(_) => Self::Store { url, message, retryable: true },
            None if message.contains("without LOCATION") => {
                Self::Store { message: format!("{message}; {REGION}"), url, retryable: false }
            }
            None => Self::Store { url, retryable: is_server_fault(&message), message },
        }
    }

    pub(crate) fn url(url: &str, reason: impl Into<String>) -> Self {
        Self::Url { url: scrub(url), reason: reason.into() }
    }

    pub(crate) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        let path = path.into();
        if is_forbidden(&source) {
            let url = path.display().to_string();
            return Self::Denied { url, message: source.to_string(), hint: PERMISSIONS };
        }
        Self::Io { path, source }
    }

    /// Whether the same call may succeed if it is made again later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::LeaseUnknown { .. } => true,
            Self::Store { retryable, .. } => *retryable,
            _ => false,
        }
    }
}

const CREDENTIALS: &str = "check the credentials in the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
    AZURE_STORAGE_ACCOUNT_KEY, GOOGLE_APPLICATION_CREDENTIALS), or pass --anonymous for a public bucket";
const PERMISSIONS: &str = "check the permissions of the file and its folder";
const ENDPOINT: &str = "check the network and the endpoint (AWS_ENDPOINT_URL)";
const REGION: &str = "the bucket is in another region: set AWS_REGION";
const METADATA_SERVICE: &str = "169.254.";
const NO_CREDENTIALS: &str = "no credentials were found in the environment and this machine has no metadata service: \
    set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or pass --anonymous for a public bucket";

fn is_forbidden(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem)
}

/// The first error of type `E` in the chain.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn is_server_fault(message: &str) -> bool {
    ["status code: 5", "status code: 429", "status code: 408", "SlowDown", "InternalError"]
        .iter()
        .any(|mark| message.contains(mark))
}

/// Server answers can be whole web pages.
fn shorten(message: &str) -> String {
    const LIMIT: usize = 600;
    match message.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

/// `text` without the user info and the query of any URL in it, and without signatures and keys named as such.
///
/// ```
/// let text = earthcatalog_store::scrub("GET https://me:pw@host/a?X-Amz-Signature=5 failed");
/// assert_eq!(text, "GET https://host/a failed");
/// ```
pub fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(is_url_end).unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        push_clean(&mut out, url);
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn is_url_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`')
}

/// The part after `://`. `container@account.host` of Azure is no secret: user info is one only with a colon or
/// as a bare token before a host that is not Azure's.
fn push_clean(out: &mut String, url: &str) {
    let (authority, path) = url.split_at(url.find(['/', '?', '#']).unwrap_or(url.len()));
    let host = match authority.rsplit_once('@') {
        Some((user, host)) if user.contains(':') || !is_azure_host(host) => host,
        _ => authority,
    };
    out.push_str(host);
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    out.push_str(path);
    out.push_str(query.get(query.trim_end_matches([')', ']', ',', ';', ':']).len()..).unwrap_or_default());
}

pub(crate) fn is_azure_host(host: &str) -> bool {
    [".core.windows.net", ".fabric.microsoft.com"].iter().any(|suffix| host.ends_with(suffix))
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
