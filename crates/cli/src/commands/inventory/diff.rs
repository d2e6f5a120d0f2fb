//! `inventory diff`: what was added, changed and removed from one listing to another.

use earthcatalog::inventory::{Change, Diff, DiffCounts, DiffOptions, Error, Inventory, ObjectView, diff};
use serde::Serialize;

use super::file::FileOut;
use super::{failed, open};
use crate::args::inventory::DiffArgs;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::settings::Settings;

#[derive(Serialize)]
struct Document {
    old: u64,
    new: u64,
    added: u64,
    changed: u64,
    removed: u64,
    unchanged: u64,
}

/// The files that were asked for.
struct Files {
    added: Option<FileOut>,
    changed: Option<FileOut>,
    removed: Option<FileOut>,
}

/// Compares, writes the files that were asked for and prints the counts.
pub(super) async fn run(args: &DiffArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let mut files = Files::create(args)?;
    let options = args.reading.options(settings.ingest.bucket.as_deref());
    let old = open(&args.old, &options, settings).await?;
    let new = open(&args.new, &options, settings).await?;
    let memory = args.memory.unwrap_or(settings.ingest.memory).0;
    let options = DiffOptions { memory, filter: args.filter.filter(), ..DiffOptions::default() };
    let found = diff(&*old, &*new, &options).await.map_err(|e| failed(&e))?;
    files.fill(&found, &*old, &*new).await.map_err(|e| failed(&e))?;
    files.finish()?;
    print(&found.counts(), output)?;
    Ok(Exit::Done)
}

impl Files {
    fn create(args: &DiffArgs) -> Result<Self> {
        let create = |path: &Option<_>| {
            path.as_ref().map(|path: &std::path::PathBuf| FileOut::create(path, None)).transpose()
        };
        Ok(Self {
            added: create(&args.out)?,
            changed: create(&args.changed)?,
            removed: create(&args.removed)?,
        })
    }

    /// A listing is read again only for files that want its objects.
    async fn fill(
        &mut self,
        found: &Diff,
        old: &dyn Inventory,
        new: &dyn Inventory,
    ) -> std::result::Result<(), Error> {
        if self.added.is_some() || self.changed.is_some() {
            found.replay_new(new, |change, object| self.push(change, object)).await?;
        }
        if self.removed.is_some() {
            found.replay_old(old, |change, object| self.push(change, object)).await?;
        }
        Ok(())
    }

    fn push(&mut self, change: Change, object: &ObjectView<'_>) -> std::result::Result<(), Error> {
        let file = match change {
            Change::Added => &mut self.added,
            Change::Changed => &mut self.changed,
            Change::Removed => &mut self.removed,
        };
        file.as_mut().map_or(Ok(()), |file| file.writer().push(object))
    }

    fn finish(self) -> Result<()> {
        [self.added, self.changed, self.removed].into_iter().flatten().try_for_each(FileOut::finish)
    }
}

fn print(counts: &DiffCounts, output: &mut Output) -> Result<()> {
    let DiffCounts { old_rows: old, new_rows: new, added, changed, removed, unchanged } = *counts;
    if output.is_json() {
        return output.document(&Document { old, new, added, changed, removed, unchanged });
    }
    let counts = [(added, "added"), (changed, "changed"), (removed, "removed"), (unchanged, "unchanged")];
    let shown = counts.map(|(n, word)| format!("{} {word}", numbers::count(n)));
    output.line(&shown.join(", "))
}
