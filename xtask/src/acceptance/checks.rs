//! A line a check, and what is left to say at the end.

use crate::Result;

/// The checks of one server.
pub(super) struct Checks {
    server: &'static str,
    passed: usize,
    failed: Vec<String>,
}

impl Checks {
    pub(super) fn of(server: &'static str) -> Self {
        Self { server, passed: 0, failed: Vec::new() }
    }

    /// Prints and counts it; `Ok` holds what is worth saying of one that held.
    pub(super) fn check(&mut self, what: &str, outcome: Result<String>) {
        match outcome {
            Ok(detail) => {
                self.passed += 1;
                println!("ok   {}: {what}{}", self.server, after_colon(&detail));
            }
            Err(error) => {
                println!("FAIL {}: {what}: {error}", self.server);
                self.failed.push(what.to_owned());
            }
        }
    }

    pub(super) fn all_held(&self) -> bool {
        self.failed.is_empty()
    }

    /// One line for the end of the run.
    pub(super) fn summary(&self) -> String {
        let all = self.passed + self.failed.len();
        let failed = if self.all_held() { String::new() } else { format!("; {}", self.failed.join("; ")) };
        format!("{}: {} of {all} checks held{failed}", self.server, self.passed)
    }
}

fn after_colon(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

/// An error that names both unless they are equal.
pub(super) fn equal<T: PartialEq + std::fmt::Display>(what: &str, found: &T, expected: &T) -> Result<()> {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found}, expected {expected}").into()) }
}

/// An error that says `otherwise` unless it holds.
pub(super) fn ensure(holds: bool, otherwise: impl Into<String>) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise.into().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_failed() {
        let mut checks = Checks::of("moto");
        checks.check("one", Ok(String::new()));
        assert_eq!((checks.all_held(), checks.summary().as_str()), (true, "moto: 1 of 1 checks held"));
        checks.check("two", Err("no".into()));
        checks.check("three", equal("x", &1, &2).map(|()| String::new()));
        assert_eq!(
            (checks.all_held(), checks.summary().as_str()),
            (false, "moto: 1 of 3 checks held; two; three")
        );
    }
}
