//! Who may depend on whom. The table is ARCHITECTURE.md's picture in a form that a machine reads.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Complaint;
use crate::Result;
use crate::process;

/// The vocabulary, under everything.
const MODEL: &str = "earthcatalog-model";
/// Tests only.
const TESTKIT: &str = "earthcatalog-testkit";

const MOVE: &str =
    "move a type down to model, or the coordination up to pipeline (ARCHITECTURE.md, \"Layers\")";

/// Each crate of the workspace and the crates of the workspace that it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    (MODEL, &[]),
    ("earthcatalog-store", &[MODEL]),
    ("earthcatalog-inventory", &[MODEL]),
    ("earthcatalog-fetch", &[MODEL]),
    ("earthcatalog-grid", &[MODEL]),
    ("earthcatalog-hash-index", &[MODEL, "earthcatalog-store"]),
    ("earthcatalog-writer", &[MODEL]),
    ("earthcatalog-catalog", &[MODEL, "earthcatalog-store"]),
    ("earthcatalog-pipeline", BELOW_PIPELINE),
    ("earthcatalog-search", BELOW_PIPELINE),
    ("earthcatalog", BELOW_FACADE),
    ("earthcatalog-cli", &[MODEL, "earthcatalog"]),
    ("earthcatalog-python", &[MODEL, "earthcatalog"]),
    ("earthcatalog-benches", EVERYTHING),
    (TESTKIT, &[MODEL]),
    ("xtask", &[MODEL]),
];

const BELOW_PIPELINE: &[&str] = &[
    MODEL,
    "earthcatalog-store",
    "earthcatalog-inventory",
    "earthcatalog-fetch",
    "earthcatalog-grid",
    "earthcatalog-hash-index",
    "earthcatalog-writer",
    "earthcatalog-catalog",
];

const BELOW_FACADE: &[&str] = &[
    MODEL,
    "earthcatalog-store",
    "earthcatalog-inventory",
    "earthcatalog-fetch",
    "earthcatalog-grid",
    "earthcatalog-hash-index",
    "earthcatalog-writer",
    "earthcatalog-catalog",
    "earthcatalog-pipeline",
    "earthcatalog-search",
];

const EVERYTHING: &[&str] = &[
    MODEL,
    "earthcatalog-store",
    "earthcatalog-inventory",
    "earthcatalog-fetch",
    "earthcatalog-grid",
    "earthcatalog-hash-index",
    "earthcatalog-writer",
    "earthcatalog-catalog",
    "earthcatalog-pipeline",
    "earthcatalog-search",
    "earthcatalog",
    TESTKIT,
];

/// Libraries that one crate alone speaks to.
const ONE_HOME: &[(&str, &str)] = &[
    ("iceberg", "earthcatalog-catalog"),
    ("pyo3", "earthcatalog-python"),
    ("indicatif", "earthcatalog-cli"),
];

/// Crates that people take alone, and what must not come with them.
const LIGHT: &[(&str, &str)] = &[("earthcatalog-grid", "iceberg"), ("earthcatalog-inventory", "iceberg")];

/// What `cargo metadata` tells, as far as we ask.
#[derive(Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// None, `dev` or `build`.
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

/// Asks cargo, for this machine's platform alone (others' crates would be downloaded); the lock file is taken as it is.
pub(super) fn metadata() -> Result<Metadata> {
    let version = process::text(process::command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|l| l.strip_prefix("host: ")).ok_or("rustc -vV names no host")?;
    let mut cargo = process::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
    Ok(serde_json::from_str(&process::text(&mut cargo)?)?)
}

pub(super) fn check(metadata: &Metadata) -> Vec<Complaint> {
    let ours: Vec<&Package> =
        metadata.packages.iter().filter(|p| metadata.workspace_members.contains(&p.id)).collect();
    let names: BTreeSet<&str> = ours.iter().map(|p| p.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in &ours {
        complaints.extend(package.dependencies.iter().filter_map(|d| arrow(package, d, &names)));
        complaints.extend(package.dependencies.iter().filter_map(|d| away_from_home(package, d)));
    }
    complaints.extend(LIGHT.iter().filter_map(|(package, library)| carries(metadata, package, library)));
    complaints
}

fn manifest(package: &Package) -> String {
    let folder = match package.name.as_str() {
        own @ ("xtask" | "earthcatalog") => own,
        name => name.strip_prefix("earthcatalog-").unwrap_or(name),
    };
    if matches!(folder, "xtask" | "benches") {
        format!("{folder}/Cargo.toml")
    } else {
        format!("crates/{folder}/Cargo.toml")
    }
}

/// A dependency of one crate of ours on another that the table does not have.
fn arrow(package: &Package, dependency: &Dependency, ours: &BTreeSet<&str>) -> Option<Complaint> {
    let to = dependency.name.as_str();
    if !ours.contains(to) {
        return None;
    }
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
        let what = format!("{} is in no layer", package.name);
        return Some(Complaint::new(
            manifest(package),
            what,
            "give it a line in the table of xtask/src/tidy/layers.rs",
        ));
    };
    let dev = dependency.kind.as_deref() == Some("dev");
    if allowed.contains(&to) || (dev && to == TESTKIT) {
        return None;
    }
    if to == TESTKIT {
        let what = format!("{} ships with {TESTKIT}", package.name);
        return Some(Complaint::new(manifest(package), what, "testkit is for [dev-dependencies]"));
    }
    Some(Complaint::new(manifest(package), format!("{} may not depend on {to}", package.name), MOVE))
}

/// A library used outside the crate that is its home.
fn away_from_home(package: &Package, dependency: &Dependency) -> Option<Complaint> {
    let of =
        |library: &str| dependency.name == library || dependency.name.starts_with(&format!("{library}-"));
    let (library, home) = ONE_HOME.iter().find(|(library, _)| of(library))?;
    let what = format!("{} uses {} (only {home} may speak to {library})", package.name, dependency.name);
    (package.name != *home)
        .then(|| Complaint::new(manifest(package), what, "go through the home crate's own types"))
}

/// A crate that brings a library along, at whatever depth.
fn carries(metadata: &Metadata, package: &str, library: &str) -> Option<Complaint> {
    let start = metadata.packages.iter().find(|p| p.name == package)?;
    let nodes: BTreeMap<&str, &Node> = metadata.resolve.nodes.iter().map(|n| (n.id.as_str(), n)).collect();
    let heavy: BTreeSet<&str> =
        metadata.packages.iter().filter(|p| p.name == library).map(|p| p.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut next = vec![start.id.as_str()];
    while let Some(id) = next.pop() {
        if heavy.contains(id) {
            let what = format!("{package} brings {library} along");
            let fix = "it is to be usable alone: `cargo tree -p <crate> -i iceberg -e normal` shows the way";
            return Some(Complaint::new(manifest(start), what, fix));
        }
        if seen.insert(id) {
            let edges = nodes.get(id).into_iter().flat_map(|n| &n.deps);
            next.extend(
                edges.filter(|e| e.dep_kinds.iter().any(|k| k.kind.is_none())).map(|e| e.pkg.as_str()),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The complaints about a workspace in which `package` depends on `on`, which depends on iceberg.
    fn complaints(package: &str, on: &str, kind: Option<&str>) -> Result<Vec<String>> {
        let metadata = json!({
            "packages": [
                {"id": "a", "name": package, "dependencies": [{"name": on, "kind": kind}]},
                {"id": "b", "name": on, "dependencies": []},
                {"id": "c", "name": "iceberg", "dependencies": []},
            ],
            "workspace_members": if on.starts_with("earthcatalog") { vec!["a", "b"] } else { vec!["a"] },
            "resolve": {"nodes": [
                {"id": "a", "deps": [{"pkg": "b", "dep_kinds": [{"kind": kind}]}]},
                {"id": "b", "deps": [{"pkg": "c", "dep_kinds": [{"kind": null}]}]},
            ]},
        });
        Ok(check(&serde_json::from_value(metadata)?).into_iter().map(|c| c.what).collect())
    }

    #[test]
    fn arrows_point_down() -> Result<()> {
        for (package, on, kind, expected) in [
            ("earthcatalog-writer", "earthcatalog-model", None, None),
            ("earthcatalog-catalog", "earthcatalog-store", None, None),
            ("earthcatalog-writer", "earthcatalog-testkit", Some("dev"), None),
            (
                "earthcatalog-writer",
                "earthcatalog-testkit",
                None,
                Some("earthcatalog-writer ships with earthcatalog-testkit"),
            ),
            (
                "earthcatalog-writer",
                "earthcatalog-store",
                None,
                Some("earthcatalog-writer may not depend on earthcatalog-store"),
            ),
            (
                "earthcatalog-fetch",
                "earthcatalog-pipeline",
                None,
                Some("earthcatalog-fetch may not depend on earthcatalog-pipeline"),
            ),
            ("earthcatalog-new", "earthcatalog-model", None, Some("earthcatalog-new is in no layer")),
            ("earthcatalog-grid", "earthcatalog-model", None, Some("earthcatalog-grid brings iceberg along")),
            ("earthcatalog-grid", "earthcatalog-testkit", Some("dev"), None),
        ] {
            assert_eq!(
                complaints(package, on, kind)?.first().map(String::as_str),
                expected,
                "{package} -> {on}"
            );
        }
        Ok(())
    }

    #[test]
    fn libraries_stay_at_home() -> Result<()> {
        assert_eq!(complaints("earthcatalog-catalog", "iceberg", None)?, Vec::<String>::new());
        assert_eq!(complaints("earthcatalog-search", "iceberg-datafusion", None)?.len(), 1);
        assert_eq!(complaints("earthcatalog-pipeline", "indicatif", None)?.len(), 1);
        Ok(())
    }
}
