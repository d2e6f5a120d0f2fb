//! Where settings come from, as `config show` tells it.

use crate::harness::Bench;

fn setting(document: &serde_json::Value, key: &str) -> serde_json::Value {
    let settings = document["settings"].as_array().unwrap();
    settings.iter().find(|s| s["key"] == key).unwrap_or_else(|| panic!("no {key}")).clone()
}

#[test]
fn each_value_with_its_origin() {
    let bench = Bench::local().with("EARTHCATALOG_MEMORY", "2GiB").with("AWS_SECRET_ACCESS_KEY", "hush");
    bench.write("earthcatalog.toml", "grid = \"h3:1\"\nmemory = \"3GiB\"\nanonymous = true\n");
    let document = bench.json(0, &["config", "show", "--anonymous=false"]);
    assert_eq!(setting(&document, "grid")["value"], "h3:1");
    assert_eq!(setting(&document, "grid")["line"], 1);
    assert_eq!(setting(&document, "memory")["value"], "2GiB");
    assert_eq!(setting(&document, "memory")["name"], "EARTHCATALOG_MEMORY");
    assert_eq!(setting(&document, "anonymous")["from"], "flag");
    assert_eq!(setting(&document, "concurrency")["from"], "default");
    assert_eq!(document["storage_environment"]["AWS_SECRET_ACCESS_KEY"], "***");
    let text = bench.run(&["config", "show"]).ended(0).stdout.clone();
    assert!(
        text.contains("environment EARTHCATALOG_MEMORY") && text.contains("earthcatalog.toml:1"),
        "{text}"
    );
    assert!(!text.contains("hush"));
}

#[test]
fn a_mistake_in_the_file_names_its_line() {
    let bench = Bench::local();
    bench.write("earthcatalog.toml", "# ours\ngird = \"h3:1\"\n");
    bench
        .run(&["stats"])
        .ended(2)
        .says(&["earthcatalog.toml:2: unknown key \"gird\"", "did you mean \"grid\"?"]);
}

#[test]
fn settings_work_as_flags_do() {
    let bench = Bench::local();
    let csv = bench.write_items("g", 3);
    bench.write("c.toml", &format!("suffix = ''\nmap-bucket = {{ bench = {:?} }}\n", bench.path("items")));
    let bench = bench.with("EARTHCATALOG_CONFIG", "c.toml").with("EARTHCATALOG_GRID", "s2:1");
    let report = bench.json(0, &["ingest", &csv]);
    assert_eq!((report["ingested"].as_u64(), report["grid"].as_str()), (Some(3), Some("s2:1")));
}

#[test]
fn log_filters_are_checked() {
    let bench = Bench::local().with("EARTHCATALOG_LOG", "earthcatalog=loud");
    bench.run(&["stats"]).ended(2).says(&["is no log filter", "hint: "]);
}
