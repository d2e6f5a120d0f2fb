//! What a file is by where it lies. What is in none of these places is not the catalog's, and stays.

/// The folders of a catalog in which garbage is looked for.
pub(super) const FOLDERS: [&str; 3] = ["warehouse", "warehouse_index", "runs"];

/// Where the table's own files are.
const TABLE: &str = "warehouse/earthcatalog/stac_items/";

/// What begins the path of every partition.
const PARTITION: &str = "warehouse/grid_partition=";

/// What a run leaves on purpose.
const REPORTS: [&str; 2] = ["report.json", "rejected.parquet"];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Metadata,
    Index,
    /// What a run leaves on purpose.
    Report,
    /// What a run would have taken away.
    Leftover,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Metadata => "metadata",
            Self::Index => "index",
            Self::Report | Self::Leftover => "run",
        }
    }
}

/// A file's kind, and the run it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) run: Option<String>,
}

impl Place {
    /// By the path relative to the base; None for what is not the catalog's.
    pub(super) fn of(rel: &str) -> Option<Self> {
        if let Some((run, name)) = rel.strip_prefix("runs/").and_then(|rest| rest.split_once('/')) {
            let kind = if REPORTS.contains(&name) { Kind::Report } else { Kind::Leftover };
            return Some(Self { kind, run: Some(run.to_owned()) });
        }
        let is_parquet = rel.ends_with(".parquet");
        let kind = if let Some(name) = rel.strip_prefix(TABLE) {
            if name.starts_with("metadata/") { Kind::Metadata } else { Kind::Data }
        } else if rel.starts_with(PARTITION) && is_parquet {
            Kind::Data
        } else if rel.starts_with("warehouse_index/") && is_parquet {
            Kind::Index
        } else {
            return None;
        };
        Some(Self { kind, run: None })
    }
}

impl Place {
    /// True if a bulk run made the file of that key: it is in the run's folder, or the run's id is in its name.
    pub(super) fn is_of(&self, run: &str, key: &str) -> bool {
        let name = key.rsplit('/').next().unwrap_or_default();
        self.run.as_deref() == Some(run) || name.contains(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_are() {
        let check = |rel: &str, expected: Option<Kind>| {
            assert_eq!(Place::of(rel).map(|place| place.kind), expected, "{rel}");
        };
        check("warehouse/grid_partition=4c/year=2020/x.parquet", Some(Kind::Data));
        check("warehouse/earthcatalog/stac_items/metadata/x.avro", Some(Kind::Metadata));
        check("warehouse/earthcatalog/stac_items/data/x.parquet", Some(Kind::Data));
        check("warehouse_index/ids-1.parquet", Some(Kind::Index));
        check("runs/r/report.json", Some(Kind::Report));
        check("runs/r/rejected.parquet", Some(Kind::Report));
        check("runs/r/staged/report.json", Some(Kind::Leftover));
        check("runs/r/plan.json", Some(Kind::Leftover));
        for other in [
            "earthcatalog.db",
            ".lock",
            "runs/notes.txt",
            "warehouse/notes.txt",
            "warehouse/other/table/metadata/x.avro",
            "warehouse/grid_partition=4c/README.md",
            "warehouse_index/README.md",
            "warehouse_id_hashes.parquet",
        ] {
            check(other, None);
        }
    }
}
