//! The project's own tasks: what a person or the continuous integration runs beside cargo itself.
//!
//! Each command is a module; each rule of `tidy` is a module of its own.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of the command line: what it prints is its work"
)]

mod acceptance;
mod bench;
mod ci;
mod compare;
mod earthcatalog;
mod first_command;
mod fixtures;
mod interop;
mod package;
mod process;
mod python;
mod root;
mod soak;
mod tidy;
mod wheel;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a task returns; the error is shown to the person as it is.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own tasks.")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must pass before a change is taken: tidy, format, clippy, tests, docs, the README, interop.
    Ci(ci::Args),
    /// The rules of the house that no compiler knows: layers, one Arrow, no printing libraries, fixtures explained.
    Tidy,
    /// Makes items like ITS_LIVE's and inventories of them, or the committed fixtures (--bundled).
    Fixtures(fixtures::Args),
    /// Has our catalogs read by PyIceberg, DuckDB, rustac, stac-geoparquet and earthcatalog 0.6.1.
    Interop(interop::Args),
    /// Tests the Python package: its wheel beside obstore, Dask, shapely and DuckDB, and its types by mypy.
    Python(package::Args),
    /// Builds the Python package's wheel.
    Wheel(wheel::Args),
    /// Runs the main job against Ceph RGW and moto, and has s3rver, which ignores conditional PUTs, refused.
    Acceptance(acceptance::Args),
    /// Compares what we say with what other programs say of the same.
    Compare(compare::Args),
    /// Runs the README's first command and checks what it says.
    FirstCommand,
    /// Measures a main job and the floor under it.
    Bench(bench::Args),
    /// Runs long and large what must hold at any size.
    Soak(soak::Args),
}

fn main() -> ExitCode {
    let done = match Args::parse().task {
        Task::Ci(args) => ci::run(&args),
        Task::Tidy => tidy::run(),
        Task::Fixtures(args) => fixtures::run(&args),
        Task::Interop(args) => interop::run(&args),
        Task::Python(args) => package::run(&args),
        Task::Wheel(args) => wheel::run(&args),
        Task::Acceptance(args) => acceptance::run(&args),
        Task::Compare(args) => compare::run(&args),
        Task::FirstCommand => first_command::run(),
        Task::Bench(args) => bench::run(&args),
        Task::Soak(args) => soak::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
