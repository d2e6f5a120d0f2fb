//! Real items of many collections, in one table, and each of them back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use earthcatalog::model::Json;
use object_store::memory::InMemory;

use crate::bench::{Bench, full};

/// The items by id (the last of each), and all bodies; nothing where the folder is absent.
fn bodies() -> Vec<String> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/real-items");
    let folder = std::env::var_os("EARTHCATALOG_REAL_ITEMS").map_or(default, Into::into);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: no real items in {}", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut bodies = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("ndjson") => bodies.extend(text.lines().map(str::to_owned)),
            Some("json") => bodies.push(text),
            _ => {}
        }
    }
    bodies.retain(|body| !body.trim().is_empty());
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn they_come_back_as_they_went_in() {
    let bodies = bodies();
    if bodies.is_empty() {
        return;
    }
    let bench = Bench::new();
    let inventory = bench.inventory("real", &bodies);
    let mut run = full(&inventory);
    for grid in ["s2:4", "h3:1"] {
        run.grid = Some(grid.parse().unwrap());
        let catalog = bench.catalog(Arc::new(InMemory::new())).await;
        let report = catalog.ingest(&run, &()).await.unwrap();
        println!("{grid}: {report:?}");
        assert_eq!(report.ledger.rejected, 0, "{:?}", report.rejected_by_reason);
        let mut of_id: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for body in &bodies {
            let json = Json::parse(body.as_bytes()).unwrap();
            let id = json.get("id").and_then(Json::as_str).unwrap().to_owned();
            of_id.entry(id).or_default().push(body);
        }
        assert_eq!(report.ledger.ingested, of_id.len() as u64);
        // Some of them: each look-up opens a file of a table of many columns. The writer's tests have all.
        for (id, versions) in of_id.iter().step_by(29) {
            let back = catalog.get(id).await.unwrap().unwrap();
            let back = Json::parse(back.as_bytes()).unwrap();
            let same = |body: &&&String| Json::parse(body.as_bytes()).unwrap().same(&back);
            assert!(versions.iter().any(|body| same(&body)), "{grid}: {id} is {back}");
        }
    }
}
