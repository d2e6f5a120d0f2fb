//! The README's first command, run as it stands there, and what it prints compared with fixtures/expected.json.

use std::fs;

use serde_json::Value;

use crate::Result;
use crate::earthcatalog;
use crate::process;
use crate::root::root;

pub(crate) fn run() -> Result<()> {
    let all: Value = serde_json::from_str(&fs::read_to_string(root().join("fixtures/expected.json"))?)?;
    let expected = &all["inventory"];
    let words = first_command(&fs::read_to_string(root().join("README.md"))?)?;
    let catalog = words.iter().skip_while(|w| *w != "--catalog").nth(1).ok_or("it names no --catalog")?;
    as_written(&words, expected)?;
    let (count, _) = earthcatalog::json(&["count", "--catalog", catalog])?;
    if count["unique_items"] != expected["ingested"] {
        return Err(format!("{catalog} counts {count}, expected {} items", expected["ingested"]).into());
    }
    println!("first command: {} items in {} rows, as expected", count["unique_items"], count["rows"]);
    Ok(())
}

/// Runs the command and looks for both ends of the ledger in what it prints.
fn as_written(words: &[String], expected: &Value) -> Result<()> {
    println!("$ {}", words.join(" "));
    let (program, args) = words.split_first().ok_or("the README's first command is empty")?;
    let output = process::output(process::command(program).args(args))?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    if !output.status.success() {
        return Err(format!("the README's first command ended with {}", output.status).into());
    }
    let wanted = ["listed", "ingested"].map(|member| format!("{} {member}", expected[member]));
    match wanted.iter().find(|wanted| !text.contains(*wanted)) {
        Some(missing) => Err(format!("the README's first command did not print \"{missing}\"").into()),
        None => Ok(()),
    }
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
