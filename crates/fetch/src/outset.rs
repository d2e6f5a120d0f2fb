//! Telling a store that cannot be used from objects that cannot be had: by how the first ones fail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use earthcatalog_model::ObjectRef;

use crate::fetch::Failure;

/// So many failures of one kind, and nothing else, mean that no object can be had.
const ENOUGH: u32 = 32;

/// Failures that a whole store may be to blame for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The object's name leads to no store.
    Place,
    /// No connection, no answer, only server errors.
    Connection,
    /// The store refuses.
    Permission,
    /// There are no credentials to show it.
    Credentials,
    /// There is no such bucket.
    Bucket,
}

/// What is known from the first answers.
#[derive(Default)]
pub(crate) struct Outset {
    answered: AtomicBool,
    failures: Mutex<Option<(Trouble, u32)>>,
}

impl Outset {
    /// Some object was had, or is to blame by itself: from now on each stands for itself.
    pub(crate) fn answered(&self) {
        if !self.answered.load(Ordering::Relaxed) {
            self.answered.store(true, Ordering::Relaxed);
        }
    }

    /// The failure of this object, or a fatal one where it is the last of too many of one kind.
    pub(crate) fn trouble(&self, object: &ObjectRef, trouble: Trouble, failure: Failure) -> Failure {
        if self.answered.load(Ordering::Relaxed) || !self.is_enough(trouble) {
            return failure;
        }
        Failure::Fatal { message: message(object, trouble, &failure), hint: hint(object, trouble) }
    }

    fn is_enough(&self, trouble: Trouble) -> bool {
        let Ok(mut failures) = self.failures.lock() else { return false };
        let count = match *failures {
            Some((kind, count)) if kind == trouble => count + 1,
            None => 1,
            Some(_) => {
                self.answered();
                return false;
            }
        };
        *failures = Some((trouble, count));
        count >= ENOUGH
    }
}

fn message(object: &ObjectRef, trouble: Trouble, failure: &Failure) -> String {
    let what = match trouble {
        Trouble::Place => "no object can be found",
        Trouble::Connection => "the store does not answer",
        Trouble::Permission => "the store refuses every object",
        Trouble::Credentials => "there are no credentials for the store",
        Trouble::Bucket => "there is no such bucket",
    };
    let why = match failure {
        Failure::Rejected(rejection) => &rejection.message,
        Failure::Retryable { message } | Failure::Fatal { message, .. } => message,
    };
    format!("{what}: the first {ENOUGH} objects failed alike, such as {}: {why}", name(object))
}

fn name(object: &ObjectRef) -> String {
    if object.bucket.is_empty() { object.key.clone() } else { format!("{}/{}", object.bucket, object.key) }
}

fn hint(object: &ObjectRef, trouble: Trouble) -> String {
    let bucket = if object.bucket.is_empty() { "NAME" } else { &object.bucket };
    match trouble {
        Trouble::Permission | Trouble::Credentials => format!(
            "for a public bucket use --anonymous, else set credentials (AWS_ACCESS_KEY_ID, AWS_PROFILE, …); a copy \
             elsewhere is named by --map-bucket {bucket}=URL"
        ),
        Trouble::Connection => format!(
            "check the network, AWS_ENDPOINT_URL and AWS_REGION; a copy elsewhere is named by --map-bucket \
             {bucket}=URL"
        ),
        Trouble::Place | Trouble::Bucket => {
            format!("say where the bucket is, with --map-bucket {bucket}=URL, or correct the inventory")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(outset: &Outset, trouble: Trouble) -> Failure {
        let failure = Failure::Retryable { message: "refused".to_owned() };
        outset.trouble(&ObjectRef::new("bucket", "key"), trouble, failure)
    }

    fn is_fatal(failure: &Failure) -> bool {
        matches!(failure, Failure::Fatal { .. })
    }

    #[test]
    fn only_the_first_ones_alike_are_fatal() {
        let outset = Outset::default();
        assert!((1..ENOUGH).all(|_| !is_fatal(&fail(&outset, Trouble::Connection))));
        assert!(is_fatal(&fail(&outset, Trouble::Connection)));
    }

    #[test]
    fn one_answer_acquits_the_store() {
        let outset = Outset::default();
        outset.answered();
        assert!((0..100).all(|_| !is_fatal(&fail(&outset, Trouble::Permission))));
    }

    #[test]
    fn failures_of_two_kinds_are_not_of_the_store() {
        let outset = Outset::default();
        fail(&outset, Trouble::Permission);
        assert!((0..100).all(|_| !is_fatal(&fail(&outset, Trouble::Connection))));
    }

    #[test]
    fn the_hint_says_what_to_do() {
        let hint = hint(&ObjectRef::new("its-live", "k"), Trouble::Permission);
        assert!(hint.contains("--anonymous") && hint.contains("--map-bucket its-live=URL"), "{hint}");
    }
}
