//! `config show`: every setting, its value and where it came from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::table::Table;
use crate::settings::environment::Environment;
use crate::settings::layers::Resolved;
use crate::settings::{KEYS, Settings};

#[derive(Serialize)]
struct Document<'a> {
    file: Option<&'a PathBuf>,
    settings: &'a [Resolved],
    storage_environment: BTreeMap<String, String>,
    unknown_environment: Vec<String>,
}

/// Prints the settings.
pub(crate) fn run(settings: &Settings, env: &Environment, output: &mut Output) -> Result<Exit> {
    let document = Document {
        file: settings.file.as_ref(),
        settings: &settings.resolved,
        storage_environment: env.storage(),
        unknown_environment: env.unknown(&KEYS),
    };
    if output.is_json() {
        output.document(&document)?
    } else {
        output.text(&text(&document))?
    }
    Ok(Exit::Done)
}

fn text(document: &Document<'_>) -> String {
    let mut table = Table::new(&["setting", "value", "from"]);
    for setting in document.settings {
        table.row([setting.key.to_owned(), setting.value.to_string(), setting.origin.to_string()]);
    }
    for (name, value) in &document.storage_environment {
        table.row([name.clone(), value.clone(), "environment, read by storage".to_owned()]);
    }
    for name in &document.unknown_environment {
        table.row([name.clone(), String::new(), "environment, unknown and ignored".to_owned()]);
    }
    let file = document.file.map_or("none".to_owned(), |path| path.display().to_string());
    format!("{}\nconfiguration file: {file}\n", table.render())
}
