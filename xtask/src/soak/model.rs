//! A catalog lives: the model test of the facade, with many more sequences than a test run has.

use crate::Result;
use crate::process;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Sequences of changes and runs.
    #[arg(long, default_value_t = 2000, value_name = "N")]
    cases: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    // The workspace's features, so that what its tests have built is not built again.
    let mut test = process::cargo();
    test.args(["test", "--locked", "--workspace", "a_catalog_is_what_the_model_says"]);
    process::run(test.env("EARTHCATALOG_SOAK_CASES", args.cases.to_string()))?;
    println!("{} sequences: after each step the catalog was what the model says", args.cases);
    Ok(())
}
