//! Work under the base's leases, which are renewed while it goes on and given back at its end.

use std::time::Duration;

use earthcatalog_store::Base;
use earthcatalog_store::lease::{self, LeaseOptions};

use crate::error::Result;
use crate::event::{Event, Observer};

/// How often leases are renewed.
const RENEW_EVERY: Duration = Duration::from_secs(15 * 60);

/// Takes the leases of the base for `owner`, works, and gives them back.
///
/// # Errors
/// Those of the work; [`earthcatalog_store::Error::Locked`] where another holds the lease.
pub async fn under_lease<T>(
    base: &Base,
    owner: String,
    observer: &dyn Observer,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let options = LeaseOptions { owner, ..LeaseOptions::default() };
    let mut leases = lease::acquire_all(base, &options).await?;
    let renew = async {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            if let Err(error) = leases.renew().await {
                // The commit stands on its own feet; another writer may now waste its work, or we ours.
                observer.on_event(&Event::Warning(&format!("the lease could not be renewed: {error}")));
            }
        }
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        never = renew => never,
    };
    if let Err(error) = leases.release().await {
        observer.on_event(&Event::Warning(&format!("the lease could not be given back: {error}")));
    }
    outcome
}
