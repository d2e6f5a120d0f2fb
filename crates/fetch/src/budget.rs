//! The objects and the bytes that may be in flight: two semaphores, the second in KiB, and a guess for objects whose size
//! the listing does not tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use earthcatalog_model::ObjectRef;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What an object takes beside its body: names, request state.
const OVERHEAD: u64 = 1024;

/// The first guess, before any body is seen.
const FIRST_GUESS: u64 = 16 << 10;

/// Objects and bytes in flight.
pub(crate) struct Budget {
    places: Arc<Semaphore>,
    objects: u32,
    room: Arc<Semaphore>,
    total_kib: u32,
    seen_bytes: AtomicU64,
    seen_bodies: AtomicU64,
}

/// A share of the budget; given back when dropped.
#[derive(Default)]
pub(crate) struct Share {
    _places: Option<OwnedSemaphorePermit>,
    room: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(crate) fn new(objects: usize, bytes: u64) -> Self {
        let objects = u32::try_from(objects).unwrap_or(u32::MAX).clamp(1, u32::MAX >> 4);
        let total_kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).clamp(1, u32::MAX >> 4);
        Self {
            places: Arc::new(Semaphore::new(objects as usize)),
            objects,
            room: Arc::new(Semaphore::new(total_kib as usize)),
            total_kib,
            seen_bytes: AtomicU64::new(0),
            seen_bodies: AtomicU64::new(0),
        }
    }

    /// The bytes this object will probably take.
    pub(crate) fn estimate(&self, object: &ObjectRef) -> u64 {
        object.size.unwrap_or_else(|| self.average()).saturating_add(OVERHEAD)
    }

    fn average(&self) -> u64 {
        let bodies = self.seen_bodies.load(Ordering::Relaxed);
        self.seen_bytes.load(Ordering::Relaxed).checked_div(bodies).unwrap_or(FIRST_GUESS)
    }

    /// Waits until there is room. What is larger than the whole budget waits until it is alone.
    pub(crate) async fn take(&self, objects: usize, bytes: u64) -> Share {
        let objects = u32::try_from(objects).unwrap_or(u32::MAX).clamp(1, self.objects);
        let places = self.places.clone().acquire_many_owned(objects).await.ok();
        let room = self.room.clone().acquire_many_owned(self.kib(bytes)).await.ok();
        Share { _places: places, room }
    }

    /// Accounts for bodies that came: they teach the average, and what they exceed the share by is taken too where
    /// there is room (waiting for it here, with the bytes in hand, could wait for ever).
    pub(crate) fn settle(&self, share: &mut Share, bodies: u64, bytes: u64) {
        self.seen_bodies.fetch_add(bodies, Ordering::Relaxed);
        self.seen_bytes.fetch_add(bytes, Ordering::Relaxed);
        let Some(share) = &mut share.room else { return };
        let more = self.kib(bytes).saturating_sub(u32::try_from(share.num_permits()).unwrap_or(u32::MAX));
        let extra = (more > 0).then(|| self.room.clone().try_acquire_many_owned(more).ok());
        if let Some(extra) = extra.flatten() {
            share.merge(extra);
        }
    }

    fn kib(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).clamp(1, self.total_kib)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(size: Option<u64>) -> ObjectRef {
        ObjectRef { size, ..ObjectRef::new("b", "k") }
    }

    #[tokio::test]
    async fn a_share_is_what_was_asked_and_comes_back() {
        let budget = Budget::new(8, 10 << 10);
        let share = budget.take(3, 4 << 10).await;
        assert_eq!((budget.places.available_permits(), budget.room.available_permits()), (5, 6));
        drop(share);
        assert_eq!(budget.room.available_permits(), 10);
        let whole = budget.take(9, 1 << 40).await;
        assert_eq!((budget.places.available_permits(), budget.room.available_permits()), (0, 0));
        drop(whole);
    }

    #[tokio::test]
    async fn what_comes_larger_than_listed_is_counted() {
        let budget = Budget::new(8, 10 << 10);
        let mut share = budget.take(1, 1 << 10).await;
        budget.settle(&mut share, 1, 3 << 10);
        assert_eq!(budget.room.available_permits(), 7);
    }

    #[test]
    fn an_unknown_size_is_guessed_from_those_seen() {
        let budget = Budget::new(8, 1 << 20);
        assert_eq!(budget.estimate(&object(None)), FIRST_GUESS + OVERHEAD);
        budget.settle(&mut Share::default(), 2, 8_000);
        assert_eq!(budget.estimate(&object(None)), 4_000 + OVERHEAD);
        assert_eq!(budget.estimate(&object(Some(5))), 5 + OVERHEAD);
    }
}
