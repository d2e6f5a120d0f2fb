//! Values that a flag, a variable or the configuration file can hold: one reading and one showing for all three.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::ValueEnum;
use earthcatalog::model::Timestamp;
use earthcatalog::{Assets, BucketMap, GridSpec, Mode, Share, scrub};

/// A value of a setting, read from text and shown as text without secrets.
pub(crate) trait Value: Sized {
    /// Reads the value; the error says what is allowed.
    fn read(text: &str) -> Result<Self, String>;
    /// Shows it, so that `read` would give it back; secrets are hidden.
    fn show(&self) -> String;
}

/// [`Value::read`] as clap wants it.
pub(crate) fn read<T: Value>(text: &str) -> Result<T, String> {
    T::read(text)
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// bars where stderr is a terminal, else lines
    #[default]
    Auto,
    /// a bar with rate and time left
    Bars,
    /// a line every few seconds
    Lines,
    /// one JSON object a line: {"event":"progress",…}
    Json,
    /// nothing
    None,
}

/// The form of log messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// lines for people
    #[default]
    Text,
    /// one JSON object a line
    Json,
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// Units of [`Size`], the largest first, so that a size is shown in the largest that divides it.
const UNITS: [(&str, u64); 13] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("T", 1 << 40),
    ("G", 1 << 30),
    ("M", 1 << 20),
    ("K", 1 << 10),
    ("B", 1),
];

impl Value for Size {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no size: use bytes or a unit, e.g. 512MB, 1.5GiB or 1073741824");
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(split);
        let bytes = factor(unit.trim()).and_then(|factor| scaled(number, factor)).ok_or_else(wrong)?;
        if bytes == 0 { Err("a size of zero is too small".to_owned()) } else { Ok(Self(bytes)) }
    }

    fn show(&self) -> String {
        let whole = UNITS.iter().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        whole.map_or(self.0.to_string(), |(unit, factor)| format!("{}{unit}", self.0 / factor))
    }
}

fn factor(unit: &str) -> Option<u64> {
    match unit {
        "" => Some(1),
        _ => UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, factor)| *factor),
    }
}

fn scaled(number: &str, factor: u64) -> Option<u64> {
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let bytes = number.parse::<f64>().ok()? * factor as f64;
    (bytes < u64::MAX as f64).then_some(bytes as u64)
}

impl Value for Mode {
    fn read(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for Share {
    fn read(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// The beginning of a time: a day, an instant, or so long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since(pub(crate) Timestamp);

/// Reads `2d`, `36h`, `90m` or `2w` as that long before now, all else as a time.
pub(crate) fn since(text: &str) -> Result<Since, String> {
    match ago(text) {
        None => Timestamp::read(text).map(Since).map_err(|e| format!("{e}, or how long ago, e.g. 2d or 36h")),
        Some(seconds) => {
            let micros = Timestamp::now().micros().saturating_sub(seconds.saturating_mul(1_000_000));
            Timestamp::from_micros(micros).map(Since).ok_or_else(|| format!("{text} ago is before all time"))
        }
    }
}

/// Seconds of a duration; None if it is none.
fn ago(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        'w' => 7 * 86_400,
        'd' => 86_400,
        'h' => 3600,
        'm' => 60,
        _ => return None,
    };
    let number: i64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    (number >= 0).then(|| number.saturating_mul(seconds))
}

impl Value for Assets {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "struct" => Ok(Self::Struct),
            "json" => Ok(Self::Json),
            _ => Err(format!("unknown layout of assets {text:?}: use auto, struct or json")),
        }
    }

    fn show(&self) -> String {
        let word = match self {
            Self::Auto => "auto",
            Self::Struct => "struct",
            Self::Json => "json",
        };
        word.to_owned()
    }
}

impl Value for GridSpec {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(shown)
    }

    fn show(&self) -> String {
        scrub(&self.to_string())
    }
}

impl Value for BucketMap {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(shown)
    }

    fn show(&self) -> String {
        scrub(&format!("{}={}", self.bucket, self.url))
    }
}

impl Value for Timestamp {
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text.trim())
            .map_err(|_| format!("{text:?} is no time: use 2026-04-28 or 2026-04-28T06:00:00Z"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for Duration {
    fn read(text: &str) -> Result<Self, String> {
        let seconds = text.trim().parse::<u32>().ok().map(|s| Self::from_secs(s.into()));
        let given = seconds.or_else(|| humantime::parse_duration(text.trim()).ok());
        given
            .filter(|d| !d.is_zero())
            .ok_or_else(|| format!("{text:?} is no time span: use e.g. 30s, 2m or 500ms"))
    }

    fn show(&self) -> String {
        humantime::format_duration(*self).to_string()
    }
}

impl Value for NonZeroUsize {
    fn read(text: &str) -> Result<Self, String> {
        text.trim().parse().map_err(|_| format!("{text:?} is no whole number of at least 1"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for bool {
    fn read(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(format!("{text:?} is neither true nor false")),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// Text is taken as it is. It may be a URL.
impl Value for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn show(&self) -> String {
        scrub(self)
    }
}

impl Value for ProgressMode {
    fn read(text: &str) -> Result<Self, String> {
        choice(text, "way to show progress")
    }

    fn show(&self) -> String {
        chosen(self)
    }
}

impl Value for LogFormat {
    fn read(text: &str) -> Result<Self, String> {
        choice(text, "form of log messages")
    }

    fn show(&self) -> String {
        chosen(self)
    }
}

fn choice<T: ValueEnum>(text: &str, what: &str) -> Result<T, String> {
    let allowed = || T::value_variants().iter().map(chosen).collect::<Vec<_>>().join(", ");
    T::from_str(text, false).map_err(|_| format!("unknown {what} {text:?}: use one of {}", allowed()))
}

fn chosen<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned())
}

fn shown(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
