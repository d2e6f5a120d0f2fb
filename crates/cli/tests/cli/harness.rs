//! Runs the program in an environment that holds nothing of the developer's, and reads what it said.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use earthcatalog_testkit::items::csv_inventory;
use serde_json::Value;
use tempfile::TempDir;

/// A place to work in, and the variables that the program sees.
pub(crate) struct Bench {
    folder: TempDir,
    env: Vec<(String, String)>,
    base: String,
}

/// What a reader sees of a catalog: its counts, and the rows of each partition.
pub(crate) type Content = Option<(Value, Vec<(String, Value, u64)>)>;

/// What the program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    /// A bench whose catalog is a local folder.
    pub(crate) fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("catalog").to_str().unwrap().to_owned();
        Self { folder, env: Vec::new(), base }
    }

    /// A bench whose catalog is at `base`, reached with these variables.
    pub(crate) fn at(base: &str, env: Vec<(String, String)>) -> Self {
        Self { env, base: base.to_owned(), ..Self::local() }
    }

    /// The same with one more variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The catalog's base.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A path in the working folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the working folder and gives its path as text.
    pub(crate) fn write(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Writes items of testkit into a folder `items` here, and an inventory of them; its path.
    pub(crate) fn write_items(&self, stem: &str, n: usize) -> String {
        let put = |item: &Value| {
            let key = format!("{stem}/{}.stac.json", item["id"].as_str().unwrap());
            let text = item.to_string();
            self.write(&format!("items/{key}"), &text);
            (key, text.len() as u64)
        };
        let objects: Vec<_> = earthcatalog_testkit::items::items(stem, n).iter().map(put).collect();
        self.write(&format!("{stem}.csv"), &csv_inventory("bench", &objects))
    }

    /// The map that finds the items of [`Bench::write_items`].
    pub(crate) fn items_map(&self) -> String {
        format!("bench={}", self.path("items").display())
    }

    /// The program, with arguments and nothing of the developer's environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_earthcatalog"));
        command.args(args).current_dir(self.folder.path()).env_clear();
        command.env("HOME", self.folder.path()).env("EARTHCATALOG_CATALOG", &self.base);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts the program.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        Answer::of(self.command(args).output().unwrap())
    }

    /// Runs it with `--json` and gives the document; it must end with `code`.
    pub(crate) fn json(&self, code: i32, args: &[&str]) -> Value {
        let answer = self.run(&[args, &["--json"]].concat());
        answer.ended(code);
        serde_json::from_str(&answer.stdout).unwrap_or_else(|e| panic!("{e}: {answer:#?}"))
    }

    /// What a reader sees: the counts, and the rows of each partition. Nothing where there is no catalog.
    pub(crate) fn content(&self) -> Content {
        let count = self.run(&["count", "--json"]);
        if count.code == Some(1) && count.stderr.contains("there is no catalog") {
            return None;
        }
        count.ended(0);
        let row = |p: &Value| {
            let cell = p["grid_partition"].as_str().unwrap().to_owned();
            (cell, p["year"].clone(), p["row_count"].as_u64().unwrap())
        };
        let stats = self.json(0, &["stats"]).as_array().unwrap().iter().map(row).collect();
        Some((serde_json::from_str(&count.stdout).unwrap(), stats))
    }
}

impl Answer {
    /// From a process's output.
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Waits for a process.
    pub(crate) fn await_(child: Child) -> Self {
        Self::of(child.wait_with_output().unwrap())
    }

    /// Checks the exit code.
    pub(crate) fn ended(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Checks that the messages hold each of these parts, and nothing that only a developer can read.
    pub(crate) fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in {self:#?}");
        }
        for leak in ["stack backtrace", "RUST_BACKTRACE", "panicked", "Error {", "Some("] {
            assert!(!self.stderr.contains(leak), "{leak:?} is in {self:#?}");
        }
        self
    }
}

/// The committed fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").canonicalize().unwrap()
}

/// An inventory of the fixtures, as text.
pub(crate) fn inventory(name: &str) -> String {
    fixtures().join(name).to_str().unwrap().to_owned()
}

/// The map that finds the fixtures' items.
pub(crate) fn fixtures_map() -> String {
    format!("earthcatalog-fixtures={}", fixtures().join("items").display())
}
