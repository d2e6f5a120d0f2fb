//! The log: for the person who debugs, on stderr, between the bars.

use tracing_subscriber::EnvFilter;

use crate::args::value::LogFormat;
use crate::failure::{Failure, Result};
use crate::progress::console::Console;
use crate::settings::Settings;

/// Starts logging to the console as the settings say.
pub(crate) fn start(settings: &Settings, console: &Console) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| {
        Failure::usage(format!("{:?} is no log filter", settings.log))
            .caused_by(&error)
            .hint("use a level, or levels by crate: info,earthcatalog_store=debug")
    })?;
    let console = console.clone();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(console.is_terminal())
        .with_writer(move || console.writer());
    let started = match settings.log_format {
        LogFormat::Text => builder.compact().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| Failure::usage("cannot start the log").caused_by(&*error))
}
