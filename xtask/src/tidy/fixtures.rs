//! Every fixture has a row in fixtures/README.md that says what it is and what it proves; every row has its file.

use super::{Complaint, File};

const FOLDER: &str = "fixtures/";
const README: &str = "fixtures/README.md";

pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    let readme = files.iter().find(|f| f.path == README).and_then(|f| f.text.as_deref()).unwrap_or("");
    let rows: Vec<(usize, &str)> =
        readme.lines().enumerate().filter_map(|(i, l)| Some((i + 1, named(l)?))).collect();
    let paths: Vec<&str> = files.iter().filter_map(|f| f.path.strip_prefix(FOLDER)).collect();
    let unexplained = paths.iter().filter(|path| !rows.iter().any(|(_, row)| covers(row, path)));
    let fix = "say in fixtures/README.md what it is and what it proves";
    let unexplained = unexplained.map(|path| Complaint::new(format!("{FOLDER}{path}"), "has no row", fix));
    let idle = rows.iter().filter(|(_, row)| !paths.iter().any(|path| covers(row, path)) && !is_absent(row));
    let idle = idle.map(|(line, row)| {
        Complaint::new(format!("{README}:{line}"), format!("there is no {row}"), "take the row out")
    });
    unexplained.chain(idle).collect()
}

/// The file, or the folder with its slash, that a table's row begins with.
fn named(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split('`').next()
}

fn covers(row: &str, path: &str) -> bool {
    row == path || (row.ends_with('/') && path.starts_with(row))
}

/// The one object whose point it is not to be there.
fn is_absent(row: &str) -> bool {
    row.ends_with("/missing.stac.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_files_go_together() {
        let file = |path: &str, text: &str| File { path: path.into(), bytes: 0, text: Some(text.into()) };
        let readme =
            "| file | what |\n|---|---|\n| `README.md` | this |\n| `a/` | a folder |\n| `gone.json` | x |\n";
        let files = [file(README, readme), file("fixtures/a/b.json", ""), file("fixtures/c.json", "")];
        let places: Vec<String> = check(&files).into_iter().map(|c| c.place).collect();
        assert_eq!(places, ["fixtures/c.json", "fixtures/README.md:5"]);
    }
}
