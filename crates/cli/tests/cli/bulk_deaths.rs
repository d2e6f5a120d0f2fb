//! SIGKILL of workers and drivers in the middle of a bulk run: others go on, and the end is that of an undisturbed run.

use std::process::Child;
use std::time::{Duration, Instant};

use earthcatalog_testkit::items::{csv_inventory, items, put_items};
use earthcatalog_testkit::s3::{Fault, Plan, S3Options, S3Server};
use serde_json::Value;

use crate::harness::{Answer, Bench};
use crate::rows::{Rows, leftovers, rows};

/// How much is killed; the environment may ask for more.
fn kills() -> usize {
    std::env::var("EARTHCATALOG_TEST_BULK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(4)
}

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }
}

/// The children of a process.
fn children(parent: u32) -> Vec<u32> {
    let stat = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let parent_of = |stat: &str| stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse::<u32>().ok();
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| parent_of(&stat(*pid)) == Some(parent)).collect()
}

/// The workers that have begun a task, by the store alone.
fn begun(bench: &Bench) -> Vec<u32> {
    let answer = bench.run(&["bulk", "status", "--json"]);
    let status: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
    let pids =
        ["stage", "write"].map(|phase| status[0][phase]["begun"].as_array().cloned().unwrap_or_default());
    pids.iter().flatten().filter_map(|begun| u32::try_from(begun["pid"].as_u64()?).ok()).collect()
}

fn kill(pid: u32, signal: &str) {
    // It may have ended by itself.
    let _ = std::process::Command::new("kill").args([signal, &pid.to_string()]).status();
}

fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
}

/// A server that takes its time, so that there is time to kill; items on it, and a catalog.
struct Scene {
    server: S3Server,
    bench: Bench,
    list: String,
    clean: Rows,
}

impl Scene {
    async fn new(n: usize, latency: u64) -> Self {
        let latency = Duration::from_millis(latency);
        let server = S3Server::start(S3Options { latency, ..S3Options::default() });
        let objects = put_items(&*server.store("bench-items"), "g", &items("g", n)).await.unwrap();
        let clean = Bench::at("s3://bench-catalog/clean", server.env());
        let list = csv_inventory("bench-items", &objects);
        clean.run(&["ingest", &clean.write("i.csv", &list)]).ended(0);
        let clean = rows(&clean, Some(&server));
        let bench = Bench::at("s3://bench-catalog/bulk", server.env());
        let list = bench.write("i.csv", &list);
        Self { server, bench, list, clean }
    }

    fn run<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let run = ["bulk", "run", &self.list, "--mode", "full", "--chunk-size", "10", "--concurrency", "16"];
        [&run[..], more].concat()
    }

    /// The end of it all is that of an undisturbed run, and nothing is left.
    fn check(&self) {
        assert_eq!(rows(&self.bench, Some(&self.server)), self.clean);
        assert_eq!(leftovers(&self.bench, Some(&self.server)), ["report.json"]);
        assert_eq!(self.bench.json(0, &["bulk", "status"]), Value::Array(Vec::new()));
    }

    /// After gc there are no files of rows but those of the table.
    fn check_garbage(&self) {
        self.bench.run(&["gc", "--grace", "1ms"]).ended(0);
        let files = self.bench.run(&["files"]).ended(0).stdout.lines().count();
        let warehouse = self.server.folder().join("bench-catalog/bulk/warehouse");
        assert_eq!(parquet_files(&warehouse), files);
        self.bench.run(&["verify"]).ended(0);
    }

    /// Begins a run, kills it after some time, and gives it up: nothing is left of it.
    fn give_up(&self, chance: &mut Chance) {
        let mut driver = self.bench.start(&self.run(&["--workers", "2"]));
        wait_for("work", || !begun(&self.bench).is_empty());
        std::thread::sleep(Duration::from_millis(chance.below(1500)));
        let workers = children(driver.id());
        driver.kill().unwrap();
        driver.wait().unwrap();
        wait_for("the workers' end", || !workers.iter().any(|pid| is_alive(*pid)));
        self.bench.run(&["lock", "break"]).ended(0);
        let status = self.bench.json(0, &["bulk", "status"]);
        let Some(run) = status[0]["run"].as_str() else { return };
        self.bench.run(&["bulk", "clean", run]).ended(0);
        assert_eq!(leftovers(&self.bench, Some(&self.server)), [""; 0]);
    }

    /// Runs it to its end, however often workers and drivers die before; how many of each did.
    fn drive(&self, chance: &mut Chance, kills: usize, drivers: usize) -> (usize, usize) {
        let (mut workers_killed, mut drivers_killed) = (0, 0);
        loop {
            let mut child = self.bench.start(&self.run(&["--workers", "2", "--retry-pending"]));
            while child.try_wait().unwrap().is_none() && workers_killed < kills {
                std::thread::sleep(Duration::from_millis(50 + chance.below(500)));
                let is_late = workers_killed + 1 == kills;
                if drivers_killed < drivers && (is_late || chance.below(4) == 0) {
                    kill(child.id(), "-KILL");
                    drivers_killed += 1;
                    break;
                }
                let pids = children(child.id());
                let Some(pid) = pids.get(chance.below(pids.len() as u64) as usize) else { continue };
                kill(*pid, "-KILL");
                workers_killed += 1;
            }
            let answer = Answer::await_(child);
            // Where one task was hit five times, the driver is right to ask for help.
            let is_hit = answer.code == Some(1) && answer.stderr.contains("died 5 times");
            if answer.code.is_some() && !is_hit {
                answer.ended(0);
                return (workers_killed, drivers_killed);
            }
            // One that died in its commit has left its lock.
            self.bench.run(&["lock", "break"]).ended(0);
        }
    }
}

fn parquet_files(folder: &std::path::Path) -> usize {
    let entries = folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
    let count = |path: std::path::PathBuf| match path.is_dir() {
        true => parquet_files(&path),
        false => usize::from(path.extension().is_some_and(|extension| extension == "parquet")),
    };
    entries.map(count).sum()
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let clock = Instant::now();
    while !is_so() {
        assert!(clock.elapsed() < Duration::from_secs(60), "{what} has not come");
        std::thread::sleep(Duration::from_millis(30));
    }
}

fn children_of(driver: &Child, n: usize) -> Vec<u32> {
    let mut found = Vec::new();
    wait_for("the workers", || {
        found = children(driver.id());
        found.len() >= n
    });
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_is_replaced() {
    let scene = Scene::new(80, 40).await;
    let driver = scene.bench.start(&scene.run(&["--workers", "2"]));
    let mut killed = Vec::new();
    for _ in 0..3 {
        wait_for("a worker at work", || {
            let ours = children(driver.id());
            let pid = begun(&scene.bench).into_iter().find(|pid| ours.contains(pid) && !killed.contains(pid));
            pid.inspect(|pid| kill(*pid, "-KILL")).map(|pid| killed.push(pid)).is_some()
        });
    }
    let answer = Answer::await_(driver);
    answer.ended(0).says(&["warning: a worker was killed by signal 9", "is given out again"]);
    scene.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_driver_takes_its_workers_with_it() {
    let scene = Scene::new(60, 40).await;
    let mut driver = scene.bench.start(&scene.run(&["--workers", "2"]));
    let workers = children_of(&driver, 2);
    wait_for("work", || !begun(&scene.bench).is_empty());
    let status = scene.bench.run(&["bulk", "status"]);
    for part in ["run ", "stage", " of 6 tasks done", "begun", "not resolved yet"] {
        assert!(status.ended(0).stdout.contains(part), "{part} is not in {status:#?}");
    }
    driver.kill().unwrap();
    driver.wait().unwrap();
    wait_for("the workers' end", || !workers.iter().any(|pid| is_alive(*pid)));
    let again = scene.bench.run(&scene.run(&["--workers", "1"]));
    again.ended(0).says(&["it goes on from where it was"]);
    scene.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_workers_and_leaves_the_work() {
    let scene = Scene::new(60, 40).await;
    let driver = scene.bench.start(&scene.run(&["--workers", "2"]));
    let workers = children_of(&driver, 2);
    wait_for("work", || !begun(&scene.bench).is_empty());
    kill(driver.id(), "-INT");
    let answer = Answer::await_(driver);
    answer.ended(130).says(&["what is done stays", "the same command goes on with it"]);
    assert!(!answer.stderr.contains("given out again"), "{answer:#?}");
    assert!(!workers.iter().any(|pid| is_alive(*pid)));
    assert!(scene.bench.content().is_none());
    scene.bench.run(&scene.run(&[])).ended(0);
    scene.check();
}

#[test]
fn a_driver_that_dies_at_any_moment() {
    let (clean, bench) = (Bench::local(), Bench::local());
    let [_, list] = [&clean, &bench].map(|bench| bench.write_items("g", 120));
    let (map, mut chance) = (bench.items_map(), Chance(7));
    clean.run(&["ingest", "g.csv", "--map-bucket", &clean.items_map()]).ended(0);
    let run =
        ["bulk", "run", &list, "--mode", "full", "--chunk-size", "8", "--workers", "2", "--map-bucket", &map];
    for moment in 0..kills() as u64 {
        let mut driver = bench.start(&run);
        std::thread::sleep(Duration::from_millis(50 + 150 * moment + chance.below(200)));
        driver.kill().unwrap();
        driver.wait().unwrap();
        bench.run(&["lock", "break"]).ended(0);
    }
    bench.run(&run).ended(0);
    assert_eq!(rows(&bench, None), rows(&clean, None));
    assert_eq!(leftovers(&bench, None), ["report.json"]);
    assert_eq!(bench.json(0, &["bulk", "status"]), Value::Array(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_costs_five_workers_ends_the_run() {
    let scene = Scene::new(10, 40).await;
    let mut driver = scene.bench.start(&scene.run(&["--workers", "1"]));
    while driver.try_wait().unwrap().is_none() {
        children(driver.id()).into_iter().for_each(|pid| kill(pid, "-KILL"));
        std::thread::sleep(Duration::from_millis(20));
    }
    let answer = Answer::await_(driver);
    let parts =
        ["task 0 of the phase stage", "died 5 times", "was killed by signal 9", "--workers", "run-task"];
    answer.ended(1).says(&parts);
    scene.bench.run(&scene.run(&["--workers", "1"])).ended(0);
    scene.check();
}

#[test]
fn a_task_that_fails_is_tried_again_and_then_ends_the_run() {
    let bench = Bench::local();
    let (list, map) = (bench.write_items("g", 40), bench.items_map());
    let options = [&list, "--chunk-size", "4", "--map-bucket", &map];
    let planned = bench.json(0, &[&["bulk", "plan"], &options[..]].concat());
    let chunk = format!("catalog/runs/{}/chunks/00003.parquet", planned["run"].as_str().unwrap());
    let (chunk, aside) = (bench.path(&chunk), bench.path("aside"));
    std::fs::rename(&chunk, &aside).unwrap();
    let run = [&["bulk", "run", "--workers", "2"], &options[..]].concat();
    let answer = bench.run(&run);
    answer.ended(1).says(&["warning: task 3 failed and is tried again: ", "error: ", "00003.parquet"]);
    assert_eq!(answer.stderr.matches("tried again").count(), 2, "{answer:#?}");
    std::fs::rename(&aside, &chunk).unwrap();
    assert_eq!(bench.json(0, &run)["ingested"], 40);
}

/// Workers and drivers die, requests fail: `cargo xtask soak bulk` has more of it.
#[tokio::test(flavor = "multi_thread")]
async fn bulk_chaos() {
    let (n, mut chance) = (60 + 50 * kills(), Chance(3));
    let (mut workers, mut drivers, mut rounds) = (0, 0, 0);
    while workers < kills() {
        let scene = Scene::new(n, 2).await;
        scene.give_up(&mut chance);
        let faults = vec![Fault::SlowDown, Fault::ResetBefore, Fault::Truncate, Fault::Internal];
        scene.server.faults().set(Plan::seeded(11 + rounds, 0.05, faults));
        let killed = scene.drive(&mut chance, kills() - workers, 1 + kills() / 6);
        let met = scene.server.faults().met();
        scene.server.faults().clear();
        println!("{n} items: {} workers and {} drivers killed, {met} requests failed", killed.0, killed.1);
        assert!(met > 0);
        scene.check();
        scene.check_garbage();
        (workers, drivers, rounds) = (workers + killed.0, drivers + killed.1, rounds + 1);
        assert!(rounds < 20, "{workers} workers killed in {rounds} runs");
    }
    println!("{workers} workers and {drivers} drivers killed in {rounds} runs");
}
