//! Requests of which the answer's text may break off, as that of a listing or of "there is no such file" can.

use crate::error::{Error, Result};

/// Does it again where that may help. What only reads, and what may be done twice, may be done so.
pub(super) async fn again<T, F>(request: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    earthcatalog_store::again(request, cause).await
}

fn cause(error: &Error) -> Option<&earthcatalog_store::Error> {
    if let Error::Store(error) = error { Some(error) } else { None }
}
