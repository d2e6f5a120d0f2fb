//! The options of `verify`.

use clap::Args;

const EXAMPLE: &str = "\
Example: earthcatalog verify --catalog s3://my-bucket/catalog --full

Every file is looked for, with its size. Of 64 partitions, or of all with --full, each row is read: its cell and year must be
those of its file, its item's covering must have the cell, its bounds must hold, and no id may be there twice. The hash index must
know every id with its partitions. What is wrong is printed, and the exit code is 1.";

/// `verify`, as given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct VerifyArgs {
    /// Read every row, not those of a sample, and compare the whole index with the table
    #[arg(long)]
    pub(crate) full: bool,

    /// Make the hash index from the table if it is wrong
    #[arg(long)]
    pub(crate) fix_index: bool,

    /// Do not take the lock when the index is made anew
    #[arg(long)]
    pub(crate) no_lock: bool,
}
