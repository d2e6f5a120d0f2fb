//! Two full runs from two processes at once, without the lock: each commits whole or gives way.

use super::checks::{Checks, ensure, equal};
use super::program::{Answer, INVENTORIES, Program, number};
use super::server::Endpoint;
use crate::Result;

const ROUNDS: usize = 3;
/// In a catalog of their own: in the first round both make it.
const CATALOG: &str = "s3://catalog/race";
/// Inventories of different sizes: a count tells whose catalog it is.
const RACERS: [&str; 2] = ["inventory", "inventory-dated"];

pub(super) fn check(endpoint: &Endpoint, checks: &mut Checks) {
    let program = Program::new(endpoint, CATALOG);
    for round in 1..=ROUNDS {
        checks.check(&format!("two full runs at once, round {round}"), one(&program));
    }
}

fn one(program: &Program<'_>) -> Result<String> {
    let urls = RACERS.map(|inventory| format!("{INVENTORIES}/{inventory}.parquet"));
    let args = |url| ["ingest", url, "--mode", "full", "--no-lock", "--json"];
    let [ours, theirs] = urls.each_ref().map(|url| program.start(&args(url.as_str())));
    // Both are waited for, whatever came of either.
    let (ours, theirs) = (ours.and_then(|run| run.answer()), theirs.and_then(|run| run.answer()));
    let answers = [ours?, theirs?];
    let codes = answers.each_ref().map(|answer| answer.code);
    let committed: Vec<u64> =
        answers.iter().map(items).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    ensure(!committed.is_empty(), format!("nobody won: {}\n{}", answers[0], answers[1]))?;
    let count = program.json(&["count"])?;
    let found = number(&count, "unique_items")?;
    ensure(committed.contains(&found), format!("{found} items, committed were {committed:?}"))?;
    let stats = program.json(&["stats"])?;
    let rows = stats.as_array().into_iter().flatten().map(|p| number(p, "row_count")).sum::<Result<u64>>()?;
    equal("the sum of row_count", &rows, &number(&count, "rows")?)?;
    Ok(format!("exit codes {} and {}, {found} items", codes[0], codes[1]))
}

/// How many items it committed; nothing if it gave way.
fn items(answer: &Answer) -> Result<Option<u64>> {
    match answer.code {
        0 => Ok(Some(number(&serde_json::from_str(&answer.stdout)?, "ingested")?)),
        4 => Ok(None),
        _ => Err(format!("neither done nor a conflict: {answer}").into()),
    }
}
