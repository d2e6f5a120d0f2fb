//! What goes wrong at which request.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// One thing that can go wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 503 SlowDown; nothing is done.
    SlowDown,
    /// 500 InternalError; nothing is done.
    Internal,
    /// 403 AccessDenied; nothing is done.
    Denied,
    /// The connection is reset; nothing is done.
    ResetBefore,
    /// It is done, then the connection is reset without an answer.
    ResetAfter,
    /// It is done, then the connection is closed without an answer: clients take that for a request never sent.
    CloseAfter,
    /// It is done, then 500 InternalError is answered.
    InternalAfter,
    /// Half of the answer's body comes, then the connection is reset.
    Truncate,
    /// It is done, then the answer takes this long: longer than the client waits.
    Stall(Duration),
    /// It takes this long, then is done.
    Delay(Duration),
    /// 200 with an XML error as its body; nothing is done.
    ErrorIn200,
    /// 200 without a body; nothing is done.
    Empty,
}

/// A request as a plan sees it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its number since the plan was set, from 1.
    pub n: u64,
    /// `GET`, `PUT`, …
    pub method: &'a str,
    /// `/bucket/key`, percent-encoded as it came.
    pub path: &'a str,
}

type Decide = Box<dyn FnMut(&Request<'_>) -> Option<Fault> + Send + Sync>;

/// Decides for each request what goes wrong with it.
#[derive(Default)]
pub struct Plan(Option<Decide>);

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Plan(faults)" } else { "Plan(none)" })
    }
}

impl Plan {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self(None)
    }

    /// Whatever the function says.
    pub fn by(decide: impl FnMut(&Request<'_>) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(decide)))
    }

    /// Every request fails.
    pub fn always(fault: Fault) -> Self {
        Self::by(move |_| Some(fault.clone()))
    }

    /// Request `n` fails, counted from 1.
    pub fn at(n: u64, fault: Fault) -> Self {
        Self::by(move |request| (request.n == n).then(|| fault.clone()))
    }

    /// The next request of this method whose path ends so fails, once.
    pub fn once(method: &'static str, suffix: &'static str, fault: Fault) -> Self {
        let mut left = Some(fault);
        Self::by(move |request| {
            let hit = request.method == method && request.path.ends_with(suffix);
            if hit { left.take() } else { None }
        })
    }

    /// Each request fails with this probability (0 to 1), by one of the faults; the same for the same seed and
    /// order of requests.
    pub fn seeded(seed: u64, probability: f64, faults: Vec<Fault>) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        Self::by(move |_| {
            let (hit, which) = (rng.random::<f64>() < probability, rng.random_range(0..faults.len().max(1)));
            if hit { faults.get(which).cloned() } else { None }
        })
    }
}

/// The plan of a running server.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Current>>);

#[derive(Debug, Default)]
struct Current {
    plan: Plan,
    seen: u64,
    met: u64,
}

impl Faults {
    /// From now on by this plan, counting anew.
    pub fn set(&self, plan: Plan) {
        *self.lock() = Current { plan, seen: 0, met: 0 };
    }

    /// From now on nothing goes wrong.
    pub fn clear(&self) {
        self.set(Plan::none());
    }

    /// How many requests met a fault since the plan was set.
    pub fn met(&self) -> u64 {
        self.lock().met
    }

    pub(super) fn decide(&self, method: &str, path: &str) -> Option<Fault> {
        let mut current = self.lock();
        current.seen += 1;
        let request = Request { n: current.seen, method, path };
        let fault = current.plan.0.as_mut().and_then(|decide| decide(&request));
        current.met += u64::from(fault.is_some());
        fault
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
