//! `verify`: is the catalog what it says?

use earthcatalog::{Verified, VerifyOptions};

use crate::args::VerifyArgs;
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::settings::Settings;

/// Checks, and prints what is wrong. An index that was mended is not wrong any more.
pub(crate) async fn run(args: &VerifyArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let mut options = VerifyOptions::default();
    (options.full, options.fix_index) = (args.full, args.fix_index);
    options.memory = settings.ingest.memory.0;
    options.no_lock = args.no_lock || settings.ingest.no_lock;
    let verified = open(settings).await?.verify(&options).await?;
    if output.is_json() {
        output.document(&verified)?
    } else {
        output.text(&text(&verified))?
    }
    Ok(if verified.is_right() { Exit::Done } else { Exit::Failed })
}

fn text(verified: &Verified) -> String {
    let mut lines: Vec<String> =
        verified.first_problems.iter().map(|p| format!("{}: {}: {}", p.kind, p.place, p.message)).collect();
    let more = verified.problems - verified.first_problems.len() as u64;
    lines.extend((more > 0).then(|| format!("and {} more", numbers::plural(more, "problem"))));
    lines.extend(verified.index_fixed.then(|| "the hash index was made anew".to_owned()));
    lines.push(format!(
        "{} in {}, {} read in {}: {}",
        numbers::plural(verified.files, "file"),
        numbers::plural(verified.partitions, "partition"),
        numbers::plural(verified.rows_read, "row"),
        numbers::plural(verified.partitions_read, "partition"),
        if verified.problems == 0 {
            "all is well".to_owned()
        } else {
            numbers::plural(verified.problems, "problem")
        },
    ));
    lines.join("\n") + "\n"
}
