//! The README's first command, run as it stands there, and the ledgers that fixtures/expected.json writes down.

use std::fs;

use serde_json::Value;

use crate::Result;
use crate::earthcatalog;
use crate::process;
use crate::root::{root, target};

pub(crate) fn run() -> Result<()> {
    let expected: Value = serde_json::from_str(&fs::read_to_string(root().join("fixtures/expected.json"))?)?;
    as_written(&expected)?;
    for inventory in
        ["inventory.csv", "inventory-dated.parquet", "inventory-all.parquet", "inventory-all.csv"]
    {
        ledger(inventory, &expected)?;
    }
    Ok(())
}

/// Runs the command and looks for the ledger's ends in what it prints.
fn as_written(expected: &Value) -> Result<()> {
    let words = first_command(&fs::read_to_string(root().join("README.md"))?)?;
    println!("$ {}", words.join(" "));
    let (program, args) = words.split_first().ok_or("the README's first command is empty")?;
    let output = process::output(process::command(program).args(args))?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    if !output.status.success() {
        return Err(format!("the README's first command ended with {}", output.status).into());
    }
    for member in ["listed", "ingested"] {
        let wanted = format!("{} {member}", number(expected, "inventory", member)?);
        if !text.contains(&wanted) {
            return Err(format!("the README's first command did not print \"{wanted}\"").into());
        }
    }
    Ok(())
}

/// The words of the first line in a fenced block that begins with `cargo`; a backslash continues it.
fn first_command(readme: &str) -> Result<Vec<String>> {
    let mut lines = readme.lines().skip_while(|line| !line.starts_with("cargo "));
    let mut command = String::new();
    for line in lines.by_ref() {
        match line.strip_suffix('\\') {
            Some(part) => command.push_str(part),
            None => {
                command.push_str(line);
                break;
            }
        }
    }
    let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() { Err("README.md holds no command that begins with cargo".into()) } else { Ok(words) }
}

/// Ingests one of the inventories into a catalog of its own and compares the report and the count.
fn ledger(inventory: &str, expected: &Value) -> Result<()> {
    let name = inventory.split('.').next().unwrap_or(inventory);
    let catalog = target().join("first-command").join(inventory.replace('.', "-"));
    if catalog.exists() {
        fs::remove_dir_all(&catalog)?;
    }
    let catalog = catalog.to_string_lossy().into_owned();
    let (report, code) = earthcatalog::ingest(&format!("fixtures/{inventory}"), &catalog, "s2:4")?;
    let wanted =
        expected.get(name).and_then(Value::as_object).ok_or("fixtures/expected.json lacks an inventory")?;
    for (member, value) in wanted {
        let found = if member == "exit_code" { Value::from(code) } else { report[member].clone() };
        if found != *value {
            return Err(
                format!("{inventory}: {member} is {found}, expected {value}; the report: {report}").into()
            );
        }
    }
    let (count, _) = earthcatalog::json(&["count", "--catalog", &catalog])?;
    if count["unique_items"] != wanted["ingested"] || count["rows"] != report["rows"] {
        return Err(format!("{inventory}: the catalog counts {count}, the run reported {report}").into());
    }
    println!(
        "{inventory}: exit code {code}, {} items in {} rows, as expected",
        wanted["ingested"], count["rows"]
    );
    Ok(())
}

fn number(expected: &Value, inventory: &str, member: &str) -> Result<u64> {
    expected[inventory][member]
        .as_u64()
        .ok_or_else(|| format!("fixtures/expected.json: {inventory}.{member}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_the_first_that_begins_with_cargo() -> Result<()> {
        let readme = "# x\n\nRun `cargo x`:\n\n```sh\ncargo run --bin x -- \\\n  a b\ncargo test\n```\n";
        assert_eq!(first_command(readme)?, ["cargo", "run", "--bin", "x", "--", "a", "b"]);
        assert!(first_command("nothing").is_err());
        Ok(())
    }
}
