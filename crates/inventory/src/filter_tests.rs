//! What passes, what is counted, what is said.

use earthcatalog_model::ObjectRef;

use super::*;
use crate::batch::ObjectBatch;

fn object(key: &str) -> ObjectRef {
    ObjectRef::new("b", key)
}

fn run(filter: &Filter, objects: &[ObjectRef]) -> (Vec<Verdict>, Selector) {
    let batch: ObjectBatch = objects.iter().collect();
    let mut selector = filter.start();
    let verdicts = batch.iter().map(|view| selector.take(&view)).collect();
    (verdicts, selector)
}

fn check(filter: &Filter, object: ObjectRef, expected: Verdict) {
    assert_eq!(run(filter, std::slice::from_ref(&object)).0, [expected], "{object:?} by {filter:?}");
}

#[test]
fn verdicts() {
    let default = Filter::default();
    check(&default, object("a.stac.json"), Verdict::Take);
    check(&default, object("a.STAC.json"), Verdict::Skip(Skipped::Suffix));
    check(&default, object("a.nc"), Verdict::Skip(Skipped::Suffix));
    check(&Filter { suffixes: vec![], ..Filter::default() }, object("a.nc"), Verdict::Take);
    let two = Filter { suffixes: vec![".json".to_owned(), ".geojson".to_owned()], ..Filter::default() };
    check(&two, object("x.geojson"), Verdict::Take);
    let prefix = Filter { prefix: Some("v2/".to_owned()), ..Filter::default() };
    check(&prefix, object("v2/a.stac.json"), Verdict::Take);
    check(&prefix, object("v1/a.stac.json"), Verdict::Skip(Skipped::Prefix));
    let marker = ObjectRef { is_delete_marker: Some(true), ..object("a.stac.json") };
    check(&default, marker, Verdict::Skip(Skipped::DeleteMarker));
    let old = ObjectRef { is_latest: Some(false), ..object("a.stac.json") };
    check(&default, old, Verdict::Skip(Skipped::OldVersion));
}

#[test]
fn until_glob_and_size() {
    let at = |text: &str| Timestamp::parse(text).ok();
    let until = Filter { until: at("2020-01-01"), ..Filter::everything() };
    let dated = |text| ObjectRef { last_modified: at(text), ..object("a") };
    check(&until, dated("2019-12-31T23:59:59.999999Z"), Verdict::Take);
    check(&until, dated("2020-01-01"), Verdict::Skip(Skipped::Newer));
    check(&until, object("a"), Verdict::Take);
    let glob = Filter { glob: "a/*.json".parse().ok(), ..Filter::everything() };
    check(&glob, object("a/b.json"), Verdict::Take);
    check(&glob, object("a/b/c.json"), Verdict::Skip(Skipped::Glob));
    let sizes = Filter { min_size: Some(2), max_size: Some(3), ..Filter::everything() };
    let sized = |size| ObjectRef { size: Some(size), ..object("a") };
    check(&sizes, sized(1), Verdict::Skip(Skipped::Size));
    check(&sizes, sized(2), Verdict::Take);
    check(&sizes, sized(3), Verdict::Take);
    check(&sizes, sized(4), Verdict::Skip(Skipped::Size));
    check(&sizes, object("a"), Verdict::Take);
    let (_, selector) = run(&sizes, &[sized(4)]);
    assert!(selector.summary().contains("1 have another size"), "{}", selector.summary());
}

#[test]
fn versions_are_taken_where_they_are_asked_for() {
    let all = Filter { all_versions: true, ..Filter::everything() };
    for object in [
        ObjectRef { is_delete_marker: Some(true), ..object("a") },
        ObjectRef { is_latest: Some(false), ..object("a") },
    ] {
        check(&all, object.clone(), Verdict::Take);
        assert!(matches!(run(&Filter::everything(), &[object]).0[..], [Verdict::Skip(_)]));
    }
}

#[test]
fn since_keeps_the_instant_itself_and_the_undated() {
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let filter = Filter { since: Some(at("2020-01-01")), ..Filter::default() };
    let dated = |text| ObjectRef { last_modified: Some(at(text)), ..object("a.stac.json") };
    check(&filter, dated("2020-01-01"), Verdict::Take);
    check(&filter, dated("2019-12-31T23:59:59.999999Z"), Verdict::Skip(Skipped::Older));
    check(&filter, object("a.stac.json"), Verdict::Take);
}

#[test]
fn the_limit_counts_what_passes() {
    let filter = Filter { limit: Some(1), ..Filter::default() };
    let keys = ["a.nc", "a.stac.json", "b.nc", "b.stac.json"].map(object);
    let (verdicts, selector) = run(&filter, &keys);
    assert_eq!(verdicts, [Verdict::Skip(Skipped::Suffix), Verdict::Take, Verdict::End, Verdict::End]);
    assert_eq!((selector.listed(), selector.taken(), selector.filtered()), (2, 1, 1));
    check(&Filter { limit: Some(0), ..Filter::default() }, object("a.stac.json"), Verdict::End);
}

#[test]
fn the_summary_says_what_there_is() {
    let mut objects = vec![object("a.png"); 4000];
    objects.extend(vec![object("a.nc"); 1000]);
    let (_, selector) = run(&Filter::default(), &objects);
    assert_eq!(selector.summary(), "no key ends in .stac.json; the inventory has: .png 4,000, .nc 1,000");
    assert_eq!(selector.suffixes_seen(), [(".png".to_owned(), 4000), (".nc".to_owned(), 1000)]);
    let (_, selector) = run(&Filter::default(), &[]);
    assert_eq!(selector.summary(), "the inventory lists no objects");
    let prefix = Filter { prefix: Some("v2/".to_owned()), ..Filter::default() };
    let (_, selector) = run(&prefix, &[object("README"), object("v1/a.stac.json")]);
    assert_eq!(
        selector.summary(),
        "1 keys do not end in .stac.json but in: (none) 1; 1 keys do not begin with \"v2/\""
    );
    let (_, selector) = run(&Filter::default(), &[object("a.stac.json")]);
    assert_eq!((selector.summary().as_str(), selector.skipped(Skipped::Prefix)), ("all 1 pass", 0));
}
