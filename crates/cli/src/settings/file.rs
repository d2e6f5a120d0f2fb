//! The configuration file: where it is looked for, and its keys with the lines that they stand on.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::KEYS;
use super::environment::Environment;
use super::suggest::closest;
use crate::failure::{Failure, Result};

/// The name of the file in the working directory.
const LOCAL: &str = "earthcatalog.toml";

/// A configuration file, read but not yet understood: texts by key.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) entries: BTreeMap<String, Entry>,
}

/// A key's values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The line of the key, from 1.
    pub(crate) line: usize,
    /// One text, or those of a list; `NAME=value` for the members of a table.
    pub(crate) values: Vec<String>,
}

impl ConfigFile {
    /// Reads the file that was named, else the first that is there of `./earthcatalog.toml` and the user's.
    pub(crate) fn find(named: Option<&Path>, env: &Environment) -> Result<Option<Self>> {
        let named =
            named.map(Path::to_path_buf).or_else(|| env.get("EARTHCATALOG_CONFIG").map(PathBuf::from));
        if let Some(path) = named {
            return match text_of(&path)? {
                Some(text) => Self::parse(path, &text).map(Some),
                None => Err(Failure::usage(format!("there is no configuration file {}", path.display()))),
            };
        }
        for path in usual_places(env) {
            if let Some(text) = text_of(&path)? {
                return Self::parse(path, &text).map(Some);
            }
        }
        Ok(None)
    }

    /// Understands the text of a file as far as keys go.
    pub(crate) fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let at = |offset: usize| line_of(text, offset);
        let table = DeTable::parse(text).map_err(|error| {
            let line = at(error.span().map_or(0, |span| span.start));
            Failure::usage(format!("{}:{line}: {}", path.display(), error.message()))
        })?;
        let mut entries = BTreeMap::new();
        for (key, value) in table.get_ref() {
            let line = at(key.span().start);
            let name = known(key.get_ref()).map_err(|hint| unknown(&path, line, key.get_ref(), &hint))?;
            let values = texts(value.get_ref())
                .map_err(|why| Failure::usage(format!("{}:{line}: {name}: {why}", path.display())))?;
            entries.insert(name.to_owned(), Entry { line, values });
        }
        Ok(Self { path, entries })
    }
}

fn usual_places(env: &Environment) -> Vec<PathBuf> {
    let user = match (env.get("XDG_CONFIG_HOME"), env.get("HOME")) {
        (Some(folder), _) => Some(PathBuf::from(folder)),
        (None, Some(home)) => Some(Path::new(home).join(".config")),
        (None, None) => None,
    };
    let user = user.map(|folder| folder.join("earthcatalog").join("config.toml"));
    [PathBuf::from(LOCAL)].into_iter().chain(user).collect()
}

/// The file's text; None where there is no such file.
fn text_of(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Failure::usage(format!("cannot read the configuration file {}", path.display()))
            .caused_by(&error)),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}

/// The key, with `_` forgiven for `-`; else a suggestion.
fn known(key: &str) -> Result<&'static str, String> {
    let dashed = key.replace('_', "-");
    let found = KEYS.iter().find(|known| **known == dashed).copied();
    found.ok_or_else(|| match closest(&dashed, &KEYS) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "`earthcatalog config show` prints them all".to_owned(),
    })
}

fn unknown(path: &Path, line: usize, key: &str, hint: &str) -> Failure {
    Failure::usage(format!("{}:{line}: unknown key {key:?}; allowed are {}", path.display(), KEYS.join(", ")))
        .hint(hint)
}

/// The texts of a value.
fn texts(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    match value {
        DeValue::Array(values) => {
            values.iter().map(|value| text(value.get_ref()).map(Cow::into_owned)).collect()
        }
        DeValue::Table(table) => {
            table.iter().map(|(name, value)| pair(name.get_ref(), value.get_ref())).collect()
        }
        single => Ok(vec![text(single)?.into_owned()]),
    }
}

fn pair(name: &str, value: &DeValue<'_>) -> Result<String, String> {
    Ok(format!("{name}={}", text(value)?))
}

fn text<'a>(value: &'a DeValue<'_>) -> Result<Cow<'a, str>, String> {
    match value {
        DeValue::String(text) => Ok(Cow::Borrowed(text)),
        DeValue::Boolean(yes) => Ok(Cow::Borrowed(if *yes { "true" } else { "false" })),
        DeValue::Integer(number) if number.radix() == 10 => Ok(Cow::Owned(number.as_str().replace('_', ""))),
        DeValue::Datetime(time) => Ok(Cow::Owned(time.to_string())),
        other => Err(format!("a value of type {} cannot stand here", other.type_str())),
    }
}
