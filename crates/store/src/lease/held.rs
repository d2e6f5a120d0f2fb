//! All locks of a base, held as one: its own, and another program's where it names one.

use crate::base::Base;
use crate::error::Result;

use super::{Lease, LeaseOptions, acquire};

/// The leases of a base. Dropping them leaves the lock files in place: [`release`](Leases::release) them.
#[derive(Debug)]
pub struct Leases(Vec<Lease>);

/// Takes all locks of a base ([`Base::locks`]), or none.
///
/// # Errors
/// As [`acquire`]; what was taken before is given back.
pub async fn acquire_all(base: &Base, options: &LeaseOptions) -> Result<Leases> {
    let mut held = Leases(Vec::new());
    for file in base.locks() {
        match acquire(&file, options).await {
            Ok(lease) => held.0.push(lease),
            Err(error) => {
                // The other lock is the news; of one that stays behind, its time will tell.
                let _ = held.release().await;
                return Err(error);
            }
        }
    }
    Ok(held)
}

impl Leases {
    /// Starts the time of each anew.
    ///
    /// # Errors
    /// The first of [`Lease::renew`]'s; the others are renewed nevertheless.
    pub async fn renew(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        for lease in &mut self.0 {
            outcome = outcome.and(lease.renew().await);
        }
        outcome
    }

    /// Gives all of them back, the last that was taken first.
    ///
    /// # Errors
    /// The first of [`Lease::release`]'s; the others are given back nevertheless.
    pub async fn release(self) -> Result<()> {
        let mut outcome = Ok(());
        for lease in self.0.into_iter().rev() {
            outcome = outcome.and(lease.release().await);
        }
        outcome
    }
}
