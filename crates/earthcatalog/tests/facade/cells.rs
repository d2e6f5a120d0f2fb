//! The cells that a place touches, by the grid of a catalog.

use std::sync::Arc;

use earthcatalog::{Config, Covering, box_geometry, cell_list_sql, open_grid};
use earthcatalog_testkit::items::item;
use object_store::memory::InMemory;

use crate::bench::{Bench, full};

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_covers_by_its_own_grid() {
    let bench = Bench::new();
    let inventory = bench.inventory("c", &[item("c-1", 10.0, 50.0, "2020-05-01T12:00:00Z").to_string()]);
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    let place = box_geometry(5.0, 45.0, 15.0, 55.0).unwrap();
    assert!(catalog.cells_for_geometry(&place).await.is_err(), "there is no catalog yet");

    let mut run = full(&inventory);
    run.grid = Some("s2:10".parse().unwrap());
    catalog.ingest(&run, &()).await.unwrap();
    assert_eq!(catalog.grid().await.unwrap().spec().to_string(), "s2:10");
    let cells = catalog.cells_for_geometry(&place).await.unwrap();
    let rows = catalog.stats().await.unwrap();
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| cells.iter().any(|cell| cell.as_str() == row.grid_partition)));
    assert_eq!(catalog.covering(&place).await.unwrap().sql(), cell_list_sql(&cells));
    let world = box_geometry(-180.0, -90.0, 180.0, 90.0).unwrap();
    assert_eq!(catalog.covering(&world).await.unwrap(), Covering::All);
}

/// A grid of regions is read from its file, and what cannot be read is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_grid_without_a_catalog() {
    let bench = Bench::new();
    let region = r#"{"type":"Feature","id":"north","geometry":{"type":"Polygon","coordinates":[[[0,80],[90,80],[180,80],[-90,80],[0,80]]]}}"#;
    std::fs::write(bench.path().join("regions.geojson"), region).unwrap();
    let spec = |name: &str| format!("geojson:{}#id", bench.path().join(name).display()).parse().unwrap();
    let grid = open_grid(&spec("regions.geojson"), &Config::default()).await.unwrap();
    let pole = box_geometry(0.0, 90.0, 0.0, 90.0).unwrap();
    let cells = earthcatalog::cells_for_geometry(&*grid, &pole).unwrap();
    assert_eq!(cell_list_sql(&cells), "grid_partition IN ('north')");
    let missing = open_grid(&spec("nowhere.geojson"), &Config::default()).await.map(|_| ()).unwrap_err();
    assert!(missing.to_string().contains("nowhere.geojson"), "{missing}");
}
