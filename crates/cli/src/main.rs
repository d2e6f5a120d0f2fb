//! The earthcatalog command line.
//!
//! ```text
//! args (declared) -> settings (resolved once) -> commands (call the facade) -> output (stdout), progress (stderr)
//! ```
//!
//! Only `settings` reads the environment and the configuration file, only `output` writes to stdout, only `progress`
//! draws; a command takes what was resolved, calls [`earthcatalog`] and shows the answer. How all this ends is in `exit`.

mod args;
mod commands;
mod exit;
mod failure;
mod interrupt;
mod logging;
mod output;
mod progress;
mod run;
mod settings;
mod workers;

use std::process::ExitCode;

/// A run makes and drops many small values on many threads; the system's allocator takes a quarter of its time for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run::run().into()
}
