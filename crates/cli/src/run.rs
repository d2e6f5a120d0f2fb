//! From the process's arguments to its exit code.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use clap::Parser;

use crate::args::{Args, Command, ConfigCommand, Given};
use crate::commands;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::logging;
use crate::output::Output;
use crate::progress::console::Console;
use crate::settings::Settings;
use crate::settings::environment::Environment;

/// Runs the command line of the process.
pub(crate) fn run() -> Exit {
    let console = Console::new();
    hook_panics(&console);
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(answer) => return answered(&answer),
    };
    match panic::catch_unwind(AssertUnwindSafe(|| execute(&args, &console))) {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            console.line(&failure.to_string());
            failure.exit()
        }
        Err(_) => Exit::Failed,
    }
}

/// Help and version are answers, the rest are mistakes; clap words them all.
fn answered(answer: &clap::Error) -> Exit {
    // The reader may have gone, and there is nobody else to tell.
    let _ = answer.print();
    if answer.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// A panic is a defect of ours: say so in one line, without a backtrace.
fn hook_panics(console: &Console) {
    let console = console.clone();
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
        let failure =
            Failure::new(Exit::Failed, format!("a defect in earthcatalog: {}{place}", payload(info)));
        console
            .line(&failure.hint("please report it; the catalog is as it was or as it should be").to_string());
    }));
}

fn payload<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str().unwrap_or("it ended unexpectedly")
}

fn execute(args: &Args, console: &Console) -> Result<Exit> {
    let env = Environment::of_process();
    let given = match &args.command {
        Command::Ingest(args) => args.given(),
        Command::Bulk { command } => command.given(),
        _ => Given::default(),
    };
    let settings = Settings::resolve(&args.global, &given, &env)?;
    logging::start(&settings, console)?;
    let mut output = Output::new(Box::new(io::stdout()), args.global.json);
    let exit = dispatch(args, &settings, &env, console, &mut output)?;
    output.flush()?;
    Ok(exit)
}

fn dispatch(
    args: &Args,
    settings: &Settings,
    env: &Environment,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    match &args.command {
        Command::Completions { shell } => commands::completions::run(*shell, output),
        Command::Config { command: ConfigCommand::Show } => commands::config::run(settings, env, output),
        command => runtime(settings.ingest.threads)?.block_on(talk(command, settings, console, output)),
    }
}

/// The commands that talk to storage.
async fn talk(
    command: &Command,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    match command {
        Command::Ingest(args) => commands::ingest::run(args, settings, console, output).await,
        Command::Bulk { command } => commands::bulk::run(command, settings, console, output).await,
        Command::Inventory { command } => commands::inventory::run(command, settings, output).await,
        Command::Info => commands::info::run(settings, output).await,
        Command::Stats(args) => commands::stats::run(*args, settings, output).await,
        Command::Count(args) => commands::count::run(*args, settings, output).await,
        Command::Files(args) => commands::files::run(args, settings, output).await,
        Command::Cells(args) => commands::cells::run(args, settings, output).await,
        Command::Compact(args) => commands::compact::run(args, settings, console, output).await,
        Command::Regrid(args) => commands::regrid::run(args, settings, console, output).await,
        Command::History => commands::history::run(settings, output).await,
        Command::Verify(args) => commands::verify::run(args, settings, output).await,
        Command::Expire(args) => commands::expire::run(args, settings, output).await,
        Command::Gc(args) => commands::gc::run(args, settings, console, output).await,
        Command::Lock { command } => commands::lock::run(*command, settings, output).await,
        Command::Get { id } => commands::get::run(id, settings, output).await,
        Command::Config { .. } | Command::Completions { .. } => Ok(Exit::Done),
    }
}

/// Threads for local files, which know no waiting without one. By default there are 512: of as many as there are requests
/// in flight, each keeps memory of its own (100 MB of 256), and a disk is no faster for it.
const BLOCKING_THREADS: usize = 8;

fn runtime(threads: Option<NonZeroUsize>) -> Result<tokio::runtime::Runtime> {
    let failed = |error: io::Error| Failure::new(Exit::Failed, "cannot start threads").caused_by(&error);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.max_blocking_threads(BLOCKING_THREADS);
    if let Some(threads) = threads {
        builder.worker_threads(threads.get());
    }
    builder.enable_all().build().map_err(failed)
}
