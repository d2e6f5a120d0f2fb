//! One setting at a time: the flag if given, else the variable, else the file, else the default; and a note of which.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::environment::Environment;
use super::file::ConfigFile;
use crate::args::value::Value;
use crate::failure::{Failure, Result};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub(crate) enum Origin {
    /// The command line.
    Flag,
    /// A variable of the environment.
    Environment {
        /// Its name.
        name: String,
    },
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment { name } => write!(f, "environment {name}"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting as it was resolved, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Resolved {
    /// Its key.
    pub(crate) key: &'static str,
    /// Its value.
    #[serde(flatten)]
    pub(crate) value: Shown,
    /// Where it came from.
    #[serde(flatten)]
    pub(crate) origin: Origin,
}

/// A value as it is shown, secrets hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Shown {
    /// One value, or none.
    One {
        /// The value.
        value: Option<String>,
    },
    /// A list.
    Many {
        /// The values.
        value: Vec<String>,
    },
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One { value: None } => f.write_str("-"),
            Self::One { value: Some(value) } => f.write_str(value),
            Self::Many { value } if value.is_empty() => f.write_str("-"),
            Self::Many { value } => f.write_str(&value.join(", ")),
        }
    }
}

/// The sources beneath the flags, and the notes taken so far.
pub(crate) struct Layers<'a> {
    env: &'a Environment,
    file: Option<&'a ConfigFile>,
    resolved: Vec<Resolved>,
}

impl<'a> Layers<'a> {
    /// Settings from these sources.
    pub(crate) fn new(env: &'a Environment, file: Option<&'a ConfigFile>) -> Self {
        Self { env, file, resolved: Vec::new() }
    }

    /// A setting that always has a value.
    pub(crate) fn one<T: Value>(&mut self, key: &'static str, flag: Option<T>, default: T) -> Result<T> {
        let (value, origin) = match self.pick(key, flag)? {
            Some(found) => found,
            None => (default, Origin::Default),
        };
        self.note(key, Shown::One { value: Some(value.show()) }, origin);
        Ok(value)
    }

    /// A setting that may be absent.
    pub(crate) fn maybe<T: Value>(&mut self, key: &'static str, flag: Option<T>) -> Result<Option<T>> {
        let (value, origin) = match self.pick(key, flag)? {
            Some((value, origin)) => (Some(value), origin),
            None => (None, Origin::Default),
        };
        self.note(key, Shown::One { value: value.as_ref().map(Value::show) }, origin);
        Ok(value)
    }

    /// A setting that is a list; a flag that was not given is an empty one. In the environment commas part the values.
    pub(crate) fn many<T: Value>(
        &mut self,
        key: &'static str,
        flag: Option<Vec<T>>,
        default: &[&str],
    ) -> Result<Vec<T>> {
        let (values, origin) = match flag.filter(|values| !values.is_empty()) {
            Some(values) => (values, Origin::Flag),
            None => self.many_beneath(key, default)?,
        };
        self.note(key, Shown::Many { value: values.iter().map(Value::show).collect() }, origin);
        Ok(values)
    }

    /// What was resolved.
    pub(crate) fn finish(self) -> Vec<Resolved> {
        self.resolved
    }

    fn note(&mut self, key: &'static str, value: Shown, origin: Origin) {
        self.resolved.push(Resolved { key, value, origin });
    }

    fn pick<T: Value>(&self, key: &str, flag: Option<T>) -> Result<Option<(T, Origin)>> {
        if let Some(value) = flag {
            return Ok(Some((value, Origin::Flag)));
        }
        let Some((texts, origin)) = self.texts(key, false) else { return Ok(None) };
        match texts.as_slice() {
            [text] => Ok(Some((read(key, text, &origin)?, origin))),
            _ => Err(wrong(key, &origin, "a list where one value is wanted")),
        }
    }

    fn many_beneath<T: Value>(&self, key: &str, default: &[&str]) -> Result<(Vec<T>, Origin)> {
        let fallback = || (default.iter().map(|&text| text.to_owned()).collect(), Origin::Default);
        let (texts, origin) = self.texts(key, true).unwrap_or_else(fallback);
        let values: Result<Vec<T>> = texts.iter().map(|text| read(key, text, &origin)).collect();
        Ok((values?, origin))
    }

    /// The texts for a key of the uppermost source that has some.
    fn texts(&self, key: &str, list: bool) -> Option<(Vec<String>, Origin)> {
        let name = Environment::name_of(key);
        if let Some(text) = self.env.get(&name) {
            let texts = if list {
                text.split(',').map(|t| t.trim().to_owned()).collect()
            } else {
                vec![text.to_owned()]
            };
            return Some((texts, Origin::Environment { name }));
        }
        let file = self.file?;
        let entry = file.entries.get(key)?;
        Some((entry.values.clone(), Origin::File { path: file.path.clone(), line: entry.line }))
    }
}

fn read<T: Value>(key: &str, text: &str, origin: &Origin) -> Result<T> {
    T::read(text).map_err(|why| wrong(key, origin, &why))
}

fn wrong(key: &str, origin: &Origin, why: &str) -> Failure {
    match origin {
        Origin::Environment { name } => Failure::usage(format!("{name}: {why}")),
        _ => Failure::usage(format!("{origin}: {key}: {why}")),
    }
}
