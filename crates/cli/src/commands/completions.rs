//! `completions`: the script that teaches a shell our commands and options.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::Args;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;

/// Prints the script for `shell`.
pub(crate) fn run(shell: Shell, output: &mut Output) -> Result<Exit> {
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "earthcatalog", &mut script);
    output.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
