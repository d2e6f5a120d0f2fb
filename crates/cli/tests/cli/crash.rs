//! kill -9 at any moment: the catalog is as before or as after, and a second run ends as one clean run would.

use std::time::{Duration, Instant};

use crate::harness::{Bench, Content};

/// Moments at which the program is killed; the environment may ask for more.
fn moments() -> u32 {
    std::env::var("EARTHCATALOG_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(10)
}

/// What readers see after one clean run, and how long that took.
fn clean(csv: &dyn Fn(&Bench) -> String) -> (Content, Duration) {
    let bench = Bench::local();
    let csv = csv(&bench);
    let clock = Instant::now();
    bench.run(&["ingest", &csv, "--mode", "full", "--map-bucket", &bench.items_map()]).ended(0);
    let took = clock.elapsed();
    (bench.content(), took)
}

/// Spreads the moments over the run and a little beyond, not evenly: the same ones every time.
fn moment(i: u32, took: Duration) -> Duration {
    let fraction = f64::from(i.wrapping_mul(2_654_435_761) >> 16) / f64::from(1u32 << 16);
    took.mul_f64(1.1 * fraction)
}

#[test]
fn killed_at_any_moment() {
    let many = |bench: &Bench| bench.write_items("new", 400);
    let (after, took) = clean(&many);
    for i in 0..moments() {
        let bench = Bench::local();
        let new = many(&bench);
        let map = bench.items_map();
        if i % 2 == 1 {
            let old = bench.write_items("old", 15);
            bench.run(&["ingest", &old, "--map-bucket", &map]).ended(0);
        }
        let before = bench.content();
        let mut child = bench.start(&["ingest", &new, "--mode", "full", "--map-bucket", &map]);
        std::thread::sleep(moment(i, took));
        child.kill().unwrap();
        child.wait().unwrap();
        let seen = bench.content();
        assert!(seen == before || seen == after, "{i}: {seen:?} is neither {before:?} nor {after:?}");
        bench.run(&["lock", "break"]).ended(0);
        bench.run(&["ingest", &new, "--mode", "full", "--map-bucket", &map]).ended(0);
        assert_eq!(bench.content(), after, "{i}");
    }
}
