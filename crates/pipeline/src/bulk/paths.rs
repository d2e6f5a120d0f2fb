//! Where the files of a bulk run are, relative to the base.

use crate::error::{Error, Result};

/// The files of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paths {
    run: String,
}

/// The name of the plan in a run's folder; where it is, the run is open.
pub(crate) const PLAN: &str = "plan.json";

impl Paths {
    /// Of a run by its id, which may come from outside: 16 hexadecimal digits.
    pub(crate) fn of(run: &str) -> Result<Self> {
        let is_hex = run.len() == 16 && run.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if is_hex {
            return Ok(Self { run: run.to_owned() });
        }
        Err(Error::Options {
            message: format!("{run:?} is no run: an id has 16 hexadecimal digits"),
            hint: "see with `earthcatalog bulk status` which runs are open".to_owned(),
        })
    }

    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// The run's folder.
    pub(crate) fn folder(&self) -> String {
        format!("runs/{}", self.run)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        format!("runs/{}/{name}", self.run)
    }

    pub(crate) fn plan(&self) -> String {
        self.file(PLAN)
    }

    /// The ids that changed objects had when the run was planned.
    pub(crate) fn before(&self) -> String {
        self.file("before.json.zst")
    }

    pub(crate) fn report(&self) -> String {
        self.file("report.json")
    }

    /// The description of a round of retries.
    pub(crate) fn round(&self, round: u32) -> String {
        self.file(&format!("rounds/{round:05}.json"))
    }

    /// The marker of a chunk that is staged.
    pub(crate) fn staged(&self, chunk: u32) -> String {
        self.file(&format!("stage/{chunk:05}.json"))
    }

    /// The note that somebody has begun a task.
    pub(crate) fn claim(&self, phase: &str, number: u32) -> String {
        self.file(&format!("claims/{phase}-{number:05}.json"))
    }

    /// The folder of those notes.
    pub(crate) fn claims_folder(&self) -> String {
        self.file("claims")
    }

    /// The file that names the decision that counts.
    pub(crate) fn current_decision(&self) -> String {
        self.file("decision.json")
    }

    pub(crate) fn decision(&self, decision: &str) -> String {
        self.file(&format!("decisions/{decision}/decision.json"))
    }

    /// What a task of writing has to do.
    pub(crate) fn work(&self, decision: &str, number: u32) -> String {
        self.file(&format!("decisions/{decision}/task-{number:05}.json.zst"))
    }

    /// The marker of a task of writing, by the name of its content.
    pub(crate) fn written(&self, name: &str) -> String {
        self.file(&format!("written/{name}.json"))
    }

    /// The folder of those markers.
    pub(crate) fn written_folder(&self) -> String {
        self.file("written")
    }

    /// A folder of the run in the folder for staging.
    fn staging(&self, folder: &str, name: &str) -> String {
        format!("{folder}/{}/{name}", self.run)
    }

    /// The list of a chunk's objects.
    pub(crate) fn chunk(&self, folder: &str, chunk: u32) -> String {
        self.staging(folder, &format!("chunks/{chunk:05}.parquet"))
    }

    /// A staged object, by its content.
    pub(crate) fn object(&self, folder: &str, chunk: u32, content: u128) -> String {
        self.staging(folder, &format!("staged/{chunk:05}-{content:032x}.ndjson.zst"))
    }

    /// The run's folder in the folder for staging.
    pub(crate) fn staging_folder(&self, folder: &str) -> String {
        format!("{folder}/{}", self.run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_not_a_path() {
        assert!(Paths::of("0123456789abcdef").is_ok());
        for bad in ["", "../../etc/passwd", "0123456789abcde/", "0123456789ABCDEF", "0123456789abcdef0"] {
            assert!(Paths::of(bad).is_err(), "{bad}");
        }
    }
}
