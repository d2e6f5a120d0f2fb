//! Work under the base's lease, which is renewed while it goes on and given back at its end.

use std::time::Duration;

use earthcatalog_store::Base;
use earthcatalog_store::lease::{self, LeaseOptions};

use crate::error::Result;
use crate::event::{Event, Observer};

/// How often the lease is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(15 * 60);

/// Takes the lease for `owner`, works, and gives it back.
///
/// # Errors
/// Those of the work; [`earthcatalog_store::Error::Locked`] where another holds the lease.
pub(crate) async fn under_lease<T>(
    base: &Base,
    owner: String,
    observer: &dyn Observer,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let options = LeaseOptions { owner, ..LeaseOptions::default() };
    let mut lease = lease::acquire(base, &options).await?;
    let renew = async {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            if let Err(error) = lease.renew().await {
                // The commit stands on its own feet; another writer may now waste its work, or we ours.
                observer.on_event(&Event::Warning(&format!("the lease could not be renewed: {error}")));
            }
        }
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        never = renew => never,
    };
    if let Err(error) = lease.release().await {
        observer.on_event(&Event::Warning(&format!("the lease could not be given back: {error}")));
    }
    outcome
}
