//! `lock`: who holds the lock that writers take, and away with it.

use earthcatalog::lease::{self, Holder, LockFile};
use serde::Serialize;

use crate::args::LockCommand;
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::settings::Settings;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    own: Lock<'a>,
    /// The lock of `--lock-path`.
    other: Option<Lock<'a>>,
}

#[derive(Serialize)]
struct Lock<'a> {
    path: &'a str,
    locked: bool,
    stale: bool,
    broken: bool,
    owner: Option<&'a str>,
    hostname: Option<&'a str>,
    pid: Option<u32>,
    since: Option<String>,
    ttl_hours: Option<f64>,
}

/// A lock file and who holds it, or held it until it was broken.
struct Found {
    path: String,
    holder: Option<Holder>,
    broken: bool,
}

/// Shows the locks, or removes them and shows whose they were.
pub(crate) async fn run(command: LockCommand, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let catalog = open(settings).await?;
    let mut found = Vec::new();
    for file in catalog.base().locks() {
        found.push(look(command, &file).await?);
    }
    if output.is_json() {
        let mut locks = found.iter().map(lock);
        if let Some(own) = locks.next() {
            output.document(&Document { own, other: locks.next() })?;
        }
    } else {
        lines(&found).iter().try_for_each(|line| output.line(line))?;
    }
    Ok(Exit::Done)
}

async fn look(command: LockCommand, file: &LockFile) -> Result<Found> {
    let holder = match command {
        LockCommand::Status => lease::read(file).await,
        LockCommand::Break => lease::break_lock(file).await,
    };
    let holder = holder.map_err(earthcatalog::Error::from)?;
    Ok(Found { path: file.url(), holder, broken: matches!(command, LockCommand::Break) })
}

fn lock(found: &Found) -> Lock<'_> {
    let holder = found.holder.as_ref();
    Lock {
        path: &found.path,
        locked: holder.is_some() && !found.broken,
        stale: holder.is_some_and(is_stale),
        broken: holder.is_some() && found.broken,
        owner: holder.map(|h| h.owner.as_str()),
        hostname: holder.map(|h| h.hostname.as_str()),
        pid: holder.map(|h| h.pid),
        since: holder.map(Holder::since),
        ttl_hours: holder.map(|h| h.ttl_hours),
    }
}

/// Where there are two, each with its path.
fn lines(found: &[Found]) -> Vec<String> {
    match found {
        [one] => vec![text(one)],
        several => several.iter().map(|found| format!("{}: {}", found.path, text(found))).collect(),
    }
}

fn text(found: &Found) -> String {
    let Some(holder) = &found.holder else { return "not locked".to_owned() };
    let what = if found.broken { "broke the lock of" } else { "locked by" };
    let stale = is_stale(holder) && !found.broken;
    let age = if stale { ": its time is over, the next writer takes it" } else { "" };
    format!(
        "{what} {} (process {} on {}) since {}{age}",
        holder.owner,
        holder.pid,
        holder.hostname,
        holder.since()
    )
}

fn is_stale(holder: &Holder) -> bool {
    holder.is_stale(chrono::Utc::now())
}
