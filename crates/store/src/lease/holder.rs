//! What stands in a lock file, ours or earthcatalog 0.6.1's, and how long it is good for.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::error::Error;

/// For lock files that say nothing readable about it.
const DEFAULT_TTL_HOURS: f64 = 12.0;

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    /// As they call themselves.
    pub owner: String,
    /// The process there; zero if unknown.
    pub pid: u32,
    /// The machine.
    pub hostname: String,
    /// When it was taken or last renewed; nothing if the file does not say.
    pub acquired: Option<DateTime<Utc>>,
    /// How long it is good without renewal.
    pub ttl_hours: f64,
    /// By which a holder knows its own lock. 0.6.1 writes none.
    pub nonce: Option<String>,
}

impl Holder {
    pub(super) fn this_process(owner: &str, ttl_hours: f64) -> Self {
        Self {
            owner: owner.to_owned(),
            pid: std::process::id(),
            hostname: hostname(),
            acquired: Some(now()),
            ttl_hours,
            nonce: Some(super::nonce()),
        }
    }

    /// A lock file that is no JSON: held by someone unknown since it was written.
    pub(super) fn unreadable(written: Option<DateTime<Utc>>) -> Self {
        Self {
            owner: "an unreadable lock file".into(),
            pid: 0,
            hostname: "unknown".into(),
            acquired: written,
            ttl_hours: DEFAULT_TTL_HOURS,
            nonce: None,
        }
    }

    /// Reads what is readable; nothing if it is no JSON object with a time in it.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let Ok(Value::Object(file)) = serde_json::from_slice(bytes) else { return None };
        let text = |name: &str| file.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            acquired: Some(time(file.get("acquired")?)?),
            owner: text("owner").unwrap_or_else(|| "unknown".into()),
            pid: file.get("pid").and_then(Value::as_u64).and_then(|pid| pid.try_into().ok()).unwrap_or(0),
            hostname: text("hostname").unwrap_or_else(|| "unknown".into()),
            ttl_hours: file.get("ttl_hours").and_then(Value::as_f64).unwrap_or(DEFAULT_TTL_HOURS),
            nonce: text("nonce"),
        })
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        let file = json!({
            "owner": self.owner,
            "pid": self.pid,
            "hostname": self.hostname,
            "acquired": self.since(),
            "ttl_hours": self.ttl_hours,
            "nonce": self.nonce,
        });
        Bytes::from(file.to_string())
    }

    pub(super) fn renewed(&self) -> Self {
        Self { acquired: Some(now()), ..self.clone() }
    }

    /// A lock that anyone may take at once.
    pub(super) fn released(&self) -> Self {
        Self { owner: format!("{} (released)", self.owner), ttl_hours: 0.0, ..self.clone() }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.nonce.is_some() && self.nonce == other.nonce
    }

    /// When it was taken, RFC 3339.
    pub fn since(&self) -> String {
        self.acquired.map_or_else(|| "unknown".into(), |at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    /// Whether others may take it: its time is over, or its process was one of this machine and is there no more. One
    /// without a time is never over.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.is_dead() || self.acquired.is_some_and(|at| now.signed_duration_since(at) >= self.ttl())
    }

    /// True if it is certain that its process has ended. Of other machines nothing is known, nor where there is no /proc. A
    /// lock only saves work, so one that is taken from a process in another container of this name does no harm.
    fn is_dead(&self) -> bool {
        let processes = std::path::Path::new("/proc");
        self.hostname == hostname()
            && processes.join("self").exists()
            && !processes.join(self.pid.to_string()).exists()
    }

    /// Whether its time is over now, by this machine's clock.
    pub fn is_over(&self) -> bool {
        self.is_stale(Utc::now())
    }

    /// How long it is still good.
    pub(super) fn rest(&self, now: DateTime<Utc>) -> Duration {
        let passed = self.acquired.map_or_else(TimeDelta::zero, |at| now.signed_duration_since(at));
        (self.ttl() - passed).to_std().unwrap_or_default()
    }

    /// Between none and a hundred years, whatever the file says.
    fn ttl(&self) -> TimeDelta {
        let hours =
            if self.ttl_hours.is_finite() { self.ttl_hours.clamp(0.0, 876_600.0) } else { DEFAULT_TTL_HOURS };
        TimeDelta::from_std(Duration::from_secs_f64(hours * 3600.0)).unwrap_or(TimeDelta::zero())
    }

    pub(super) fn locked(&self, url: String) -> Error {
        let since = self.since();
        Error::Locked {
            url,
            owner: self.owner.clone(),
            hostname: self.hostname.clone(),
            pid: self.pid,
            since,
        }
    }
}

/// RFC 3339, Python's isoformat without an offset (taken as UTC), or seconds since 1970.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(text) => DateTime::parse_from_rfc3339(text)
            .map(|at| at.to_utc())
            .or_else(|_| text.parse::<NaiveDateTime>().map(|at| at.and_utc()))
            .ok(),
        Value::Number(seconds) => {
            let millis = seconds.as_f64()? * 1000.0;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float that is out of range saturates and is no date"
            )]
            DateTime::from_timestamp_millis(millis as i64)
        }
        _ => None,
    }
}

/// To the microsecond, which is what the file holds.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// The name of this machine, as lock files have it.
pub fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}
