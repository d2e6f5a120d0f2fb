//! Requests that the store does not repeat by itself: those of which the answer's text breaks off, as that of a listing or
//! of "there is no such file" can.

use std::time::Duration;

use crate::error::Error;

/// How often such a request is made at most.
const ATTEMPTS: u32 = 4;

/// The time before the second; before each further one as much longer.
const PAUSE: Duration = Duration::from_millis(100);

/// Does it again where that may help, as `cause` shows. What only reads, and what may be done twice, may be done so.
pub async fn again<T, E, F>(request: impl Fn() -> F, cause: impl Fn(&E) -> Option<&Error>) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for attempt in 1..ATTEMPTS {
        let outcome = request().await;
        match outcome.as_ref().err().and_then(&cause).filter(|error| breaks_off(error)) {
            Some(error) => tracing::info!(%error, "an answer broke off, and is asked for again"),
            None => return outcome,
        }
        tokio::time::sleep(PAUSE * attempt).await;
    }
    request().await
}

/// Where the store cannot be reached at all, all repetitions are behind it.
fn breaks_off(error: &Error) -> bool {
    matches!(error, Error::Store { retryable: true, .. })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn check(retryable: bool, succeeds_at: u32, expected: (bool, u32)) {
        let made = AtomicU32::new(0);
        let request = || async {
            if made.fetch_add(1, Ordering::Relaxed) + 1 >= succeeds_at {
                return Ok(());
            }
            Err(Error::Store { url: String::new(), message: String::new(), retryable })
        };
        let outcome = again(request, |error: &Error| Some(error));
        assert_eq!((outcome.await.is_ok(), made.into_inner()), expected, "{retryable}, {succeeds_at}");
    }

    #[tokio::test]
    async fn what_may_help_is_done_again() {
        check(true, 1, (true, 1)).await;
        check(true, 3, (true, 3)).await;
        check(true, 9, (false, ATTEMPTS)).await;
        check(false, 2, (false, 1)).await;
    }
}
