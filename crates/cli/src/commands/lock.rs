//! `lock`: who holds the lock that writers take, and away with it.

use earthcatalog::lease::{self, Holder};
use serde::Serialize;

use crate::args::LockCommand;
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::settings::Settings;

#[derive(Serialize)]
struct Document<'a> {
    locked: bool,
    stale: bool,
    broken: bool,
    owner: Option<&'a str>,
    hostname: Option<&'a str>,
    pid: Option<u32>,
    since: Option<String>,
    ttl_hours: Option<f64>,
}

/// Shows the lock, or removes it and shows whose it was.
pub(crate) async fn run(command: LockCommand, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let catalog = open(settings).await?;
    let broken = matches!(command, LockCommand::Break);
    let holder = match command {
        LockCommand::Status => lease::read(catalog.base()).await,
        LockCommand::Break => lease::break_lock(catalog.base()).await,
    };
    let holder = holder.map_err(earthcatalog::Error::from)?;
    if output.is_json() {
        output.document(&document(holder.as_ref(), broken))?;
    } else {
        output.line(&text(holder.as_ref(), broken))?;
    }
    Ok(Exit::Done)
}

fn document(holder: Option<&Holder>, broken: bool) -> Document<'_> {
    Document {
        locked: holder.is_some() && !broken,
        stale: holder.is_some_and(is_stale),
        broken: holder.is_some() && broken,
        owner: holder.map(|h| h.owner.as_str()),
        hostname: holder.map(|h| h.hostname.as_str()),
        pid: holder.map(|h| h.pid),
        since: holder.map(Holder::since),
        ttl_hours: holder.map(|h| h.ttl_hours),
    }
}

fn text(holder: Option<&Holder>, broken: bool) -> String {
    let Some(holder) = holder else { return "not locked".to_owned() };
    let what = if broken { "broke the lock of" } else { "locked by" };
    let age = if is_stale(holder) { ": its time is over, the next writer takes it" } else { "" };
    let age = if broken { "" } else { age };
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
