//! What a person reads when a command fails: one line, its causes, and a hint on what to do.

use std::error::Error;
use std::fmt;

use earthcatalog::scrub;
use serde::{Deserialize, Serialize};

use crate::exit::Exit;

/// The result of everything that a command does.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// A failed command. Between a worker and its driver it is JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure that ends the program with `exit`.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), hint: None }
    }

    /// The command line, the environment or the configuration file is at fault.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds `error` and what it came from as causes.
    pub(crate) fn caused_by(mut self, error: &dyn Error) -> Self {
        self.push(error.to_string());
        self.chain(error)
    }

    /// How the program is to end.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// What happened.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The same without secrets, which [`Display`](fmt::Display) leaves out as well.
    pub(crate) fn scrubbed(self) -> Self {
        Self {
            exit: self.exit,
            message: scrub(&self.message),
            causes: self.causes.iter().map(|cause| scrub(cause)).collect(),
            hint: self.hint.as_deref().map(scrub),
        }
    }

    /// A failure from an error and what it came from.
    pub(crate) fn of(exit: Exit, error: &dyn Error) -> Self {
        Self::new(exit, error.to_string()).chain(error)
    }

    fn chain(mut self, error: &dyn Error) -> Self {
        let mut next = error.source();
        while let Some(cause) = next {
            self.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// Errors often repeat their cause in their own message; said once is enough.
    fn push(&mut self, cause: String) {
        let said =
            self.message.contains(&cause) || self.causes.iter().any(|earlier| earlier.contains(&cause));
        if !said {
            self.causes.push(cause);
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", scrub(&self.message))?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {}", scrub(cause))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {}", scrub(hint)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|inner| inner as _)
        }
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let (first, rest) = texts.split_first().expect("a layer at least");
        Layer(first, (!rest.is_empty()).then(|| Box::new(layers(rest))))
    }

    fn check(texts: &[&'static str], expected: &str) {
        assert_eq!(Failure::of(Exit::Failed, &layers(texts)).to_string(), expected);
    }

    #[test]
    fn causes_are_said_once() {
        check(&["no such bucket"], "error: no such bucket");
        check(&["cannot read x", "denied"], "error: cannot read x\n  caused by: denied");
        check(&["cannot read x: denied", "denied"], "error: cannot read x: denied");
        check(&["a", "b: c", "c", "d"], "error: a\n  caused by: b: c\n  caused by: d");
    }

    #[test]
    fn secrets_stay_out() {
        let failure =
            Failure::usage("cannot open s3://key:secret@bucket/x?token=abc").hint("see http://u:p@host/");
        let text = failure.to_string();
        assert!(!text.contains("secret") && !text.contains("abc") && !text.contains("u:p"), "{text}");
    }
}
