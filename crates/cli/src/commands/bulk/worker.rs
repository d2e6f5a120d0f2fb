//! `bulk worker`: the process that a driver of this machine hands tasks to.

use std::io::BufRead;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use earthcatalog::{BulkTask, Catalog, Event, Observer, Stop, StoreOptions, scrub};
use tokio::sync::mpsc;

use super::task_options;
use crate::commands::ingest::threads;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::wire;
use crate::settings::Settings;
use crate::workers::{Answer, Orders};

/// How long the work goes on at most when the driver is gone.
const GRACE: Duration = Duration::from_secs(10);

/// The time between two words on how far a task is.
const EVERY: Duration = Duration::from_millis(200);

/// Works on one task after another, until standard input ends.
pub(crate) async fn run(settings: &Settings) -> Result<Exit> {
    threads(settings)?;
    ignore_ctrl_c();
    let stop = Stop::default();
    let mut lines = lines(stop.clone());
    let Some(orders) = lines.recv().await else { return Ok(Exit::Done) };
    let orders: Orders = understood(&orders)?;
    let mut catalog = None;
    while let Some(line) = lines.recv().await {
        let answer = match work(&line, &orders, settings, &stop, &mut catalog).await {
            Ok(answer) => answer,
            Err(failure) => Answer::Failed { failure: failure.scrubbed() },
        };
        if !wire::send(&answer) {
            break;
        }
    }
    Ok(Exit::Done)
}

/// Does a task. The catalog is opened for the first one, so that an error of that is a task's.
async fn work(
    line: &str,
    orders: &Orders,
    settings: &Settings,
    stop: &Stop,
    catalog: &mut Option<Catalog>,
) -> Result<Answer> {
    let task: BulkTask = understood(line)?;
    let catalog = match catalog {
        Some(catalog) => catalog,
        None => catalog.insert(open(orders, settings).await?),
    };
    let report = catalog.bulk_task(&task, &task_options(settings, stop.clone()), &Teller::default()).await?;
    Ok(Answer::Done { report })
}

async fn open(orders: &Orders, settings: &Settings) -> Result<Catalog> {
    let mut config = settings.config();
    config.store = StoreOptions { maps: orders.maps(), ..config.store };
    Ok(earthcatalog::open_url(&orders.catalog, &config).await?)
}

fn understood<T: serde::de::DeserializeOwned>(line: &str) -> Result<T> {
    serde_json::from_str(line).map_err(|error| {
        Failure::usage("standard input is not what a driver writes")
            .caused_by(&error)
            .hint("`earthcatalog bulk run` starts workers itself")
    })
}

/// The lines of standard input, read by a thread of their own. Their end is the driver's: the work stops, and with it, at
/// the latest after a while, the process.
fn lines(stop: Stop) -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                break;
            }
        }
        drop(sender);
        stop.stop();
        std::thread::sleep(GRACE);
        std::process::exit(Exit::Interrupted.code().into());
    });
    receiver
}

/// A terminal sends Ctrl-C to the driver and its workers alike; the driver says what is to end.
fn ignore_ctrl_c() {
    tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
}

/// Tells the driver how far a task is.
#[derive(Default)]
struct Teller {
    said: Mutex<Option<Instant>>,
}

impl Teller {
    fn is_due(&self) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_some_and(|said| said.elapsed() < EVERY) {
            return false;
        }
        *said = Some(Instant::now());
        true
    }
}

impl Observer for Teller {
    fn on_event(&self, event: &Event<'_>) {
        let answer = match event {
            Event::Progress(progress) if self.is_due() => Answer::Progress((*progress).into()),
            Event::Rejected(rejection) => Answer::Rejected { rejection: (*rejection).clone() },
            Event::Warning(message) => Answer::Warning { message: scrub(message) },
            _ => return,
        };
        // Where nobody listens any more, standard input has ended as well.
        wire::send(&answer);
    }
}
