//! Some workers on the tasks of one phase.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use earthcatalog::{BulkStatus, Event, Observer, Phase, Stop, TaskReport};
use futures::future::join_all;

use super::message::Answer;
use super::process::{Outfit, Process};
use super::queue::{Queue, Tried};
use super::share::Share;
use super::tally::Tally;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::settings::Settings;

/// How soon it is noticed that all are to end.
const NOTICE: Duration = Duration::from_millis(50);

/// How long a task waits that has failed once; after each further time as much longer.
const PAUSE: Duration = Duration::from_secs(1);

/// The workers of a driver; they run while a phase does.
#[derive(Debug)]
pub(crate) struct Crew {
    outfit: Outfit,
    workers: usize,
    stop: Stop,
}

/// A phase to be worked on.
pub(crate) struct Phasing<'a> {
    /// The run as it is before.
    pub(crate) status: &'a BulkStatus,
    /// The phase.
    pub(crate) phase: Phase,
    /// The numbers of the tasks that are not done.
    pub(crate) undone: &'a [u32],
}

/// What became of a task.
enum Outcome {
    Done(Box<TaskReport>),
    Failed(Failure),
    Died,
    /// Nothing: all are to end.
    Left,
}

impl Crew {
    /// Workers, each with its share of the machine; they stop when `stop` is set.
    pub(crate) fn new(settings: &Settings, share: Share, stop: Stop) -> Result<Self> {
        Ok(Self { outfit: Outfit::new(settings, share)?, workers: share.workers, stop })
    }

    /// Has the tasks of a phase done, all of them.
    ///
    /// # Errors
    /// That of the first task that cannot be done; the others' workers are ended before.
    pub(crate) async fn work(&self, phasing: &Phasing<'_>, observer: &dyn Observer) -> Result<()> {
        let Phasing { status, phase, undone } = phasing;
        let workers = self.workers.min(undone.len());
        let shift = Shift {
            crew: self,
            queue: Queue::new(&status.run, *phase, undone),
            tally: Tally::new(observer, *phase, status, workers),
            is_over: AtomicBool::new(false),
        };
        let ended = join_all((0..workers).map(|place| shift.place(place))).await;
        ended.into_iter().collect::<Result<Vec<()>>>()?;
        match self.stop.is_stopped() {
            true => Err(Failure::new(Exit::Interrupted, "interrupted")),
            false => Ok(()),
        }
    }
}

/// The work on one phase.
struct Shift<'a> {
    crew: &'a Crew,
    queue: Queue,
    tally: Tally<'a>,
    /// Set where one task cannot be done: the others need not be.
    is_over: AtomicBool,
}

impl Shift<'_> {
    /// A place for a worker: it takes task after task; where it dies, another takes its place.
    async fn place(&self, place: usize) -> Result<()> {
        let mut process = None;
        let done = self.tasks(place, &mut process).await;
        if done.is_err() {
            self.is_over.store(true, Ordering::Relaxed);
        }
        if let Some(process) = process {
            process.end().await;
        }
        done
    }

    async fn tasks(&self, place: usize, process: &mut Option<Process>) -> Result<()> {
        while let Some(task) = self.queue.take().filter(|_| !self.is_ending()) {
            let worker = match process {
                Some(worker) => worker,
                None => process.insert(Process::start(&self.crew.outfit).await?),
            };
            match self.task(place, worker, &task).await {
                Outcome::Done(report) => self.tally.done(place, &report),
                Outcome::Failed(failure) => self.failed(place, task, failure).await?,
                Outcome::Died => {
                    let how = match process.take() {
                        Some(process) => process.died().await,
                        None => String::new(),
                    };
                    self.died(place, task, &how)?;
                }
                Outcome::Left => break,
            }
        }
        Ok(())
    }

    async fn task(&self, place: usize, worker: &mut Process, task: &Tried) -> Outcome {
        if !worker.give(&task.task).await {
            return Outcome::Died;
        }
        loop {
            let answer = tokio::select! {
                answer = worker.answer() => answer,
                () = self.ending() => return Outcome::Left,
            };
            match answer {
                None => return Outcome::Died,
                Some(Answer::Done { report }) => return Outcome::Done(Box::new(report)),
                Some(Answer::Failed { failure }) => return Outcome::Failed(failure),
                Some(Answer::Progress(fetched)) => self.tally.running(place, fetched),
                Some(Answer::Rejected { rejection }) => {
                    self.tally.observer().on_event(&Event::Rejected(&rejection));
                }
                Some(Answer::Warning { message }) => self.warn(&message),
            }
        }
    }

    async fn failed(&self, place: usize, task: Tried, failure: Failure) -> Result<()> {
        let number = task.task.number;
        let message = failure.message().to_owned();
        let task = task.failed(failure)?;
        self.tally.running(place, Default::default());
        self.warn(&format!("task {number} failed and is tried again: {message}"));
        tokio::select! {
            () = tokio::time::sleep(PAUSE * task.errors()) => {}
            () = self.ending() => {}
        }
        self.queue.put_back(task);
        Ok(())
    }

    fn died(&self, place: usize, task: Tried, how: &str) -> Result<()> {
        // Ctrl-C reaches workers as well: they may be faster.
        if self.is_ending() {
            return Ok(());
        }
        self.tally.running(place, Default::default());
        self.warn(&format!("a worker {how}; task {} is given out again", task.task.number));
        self.queue.put_back(task.died(how)?);
        Ok(())
    }

    fn warn(&self, message: &str) {
        self.tally.observer().on_event(&Event::Warning(message));
    }

    fn is_ending(&self) -> bool {
        self.crew.stop.is_stopped() || self.is_over.load(Ordering::Relaxed)
    }

    async fn ending(&self) {
        while !self.is_ending() {
            tokio::time::sleep(NOTICE).await;
        }
    }
}
