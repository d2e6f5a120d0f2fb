//! A bulk run step by step, as an array of jobs does it: any order, some twice, and what is said at each step.

use serde_json::Value;

use crate::harness::Bench;
use crate::rows::{leftovers, rows};

fn plan(bench: &Bench, stem: &str, n: usize) -> Value {
    let list = bench.write_items(stem, n);
    bench.json(0, &["bulk", "plan", &list, "--chunk-size", "5"])
}

fn bench() -> Bench {
    let bench = Bench::local();
    let map = bench.items_map();
    bench.with("EARTHCATALOG_MAP_BUCKET", &map)
}

fn task(bench: &Bench, phase: &str, index: usize, of: usize) -> Value {
    let (index, of) = (index.to_string(), of.to_string());
    bench.json(0, &["bulk", "run-task", "--phase", phase, "--index", &index, "--of", &of])
}

#[test]
fn tasks_in_any_order_and_some_twice() {
    let (bench, ingest) = (bench(), bench());
    ingest.run(&["ingest", &ingest.write_items("g", 42)]).ended(0);
    let planned = plan(&bench, "g", 42);
    assert_eq!(
        (&planned["stage_tasks"], &planned["objects"], &planned["mode"]),
        (&9.into(), &42.into(), &"full".into())
    );
    let again = bench.run(&["bulk", "plan", &bench.path("g.csv").display().to_string(), "--chunk-size", "5"]);
    again.ended(0).says(&["it goes on from where it was"]);
    assert!(again.stdout.ends_with(": full, s2:4; 42 objects in 9 tasks of staging\n"), "{again:#?}");
    let too_early = bench.run(&["bulk", "run-task", "--phase", "write", "--index", "0"]);
    too_early.ended(1).says(&["not that far", "not resolved"]);
    bench.run(&["bulk", "resolve"]).ended(1).says(&["9 of 9 chunks are not staged", "bulk status"]);
    let done = |value: Value| value["tasks"].as_array().unwrap().len();
    assert_eq!([3, 0, 3, 2, 1, 0].map(|index| done(task(&bench, "stage", index, 4))), [2, 3, 0, 2, 2, 0]);
    assert_eq!(done(task(&bench, "stage", 17, 20)), 0);
    let resolved = bench.json(0, &["bulk", "resolve"]);
    let (tasks, undone) = (resolved["write_tasks"].as_u64().unwrap(), resolved["undone"].as_u64().unwrap());
    assert!(tasks > 0 && undone == tasks, "{resolved:#}");
    assert_eq!((&resolved["ingested"], &resolved["pending"]), (&42.into(), &0.into()));
    bench.run(&["bulk", "run-task", "--phase", "write", "--index", "0"]).ended(0);
    let written = (0..3).map(|index| done(task(&bench, "write", index, 3)) as u64).sum::<u64>();
    assert_eq!(written, tasks - 1);
    let run = planned["run"].as_str().unwrap();
    let report = bench.json(0, &["bulk", "register", "--run", run]);
    assert_eq!((&report["run_id"], &report["ingested"]), (&planned["run"], &42.into()));
    assert_eq!(rows(&bench, None), rows(&ingest, None));
    assert_eq!(leftovers(&bench, None), ["report.json"]);
    // Jobs that come late, and a second end.
    let late = ["bulk", "run-task", "--run", run, "--phase", "stage", "--index", "0"];
    assert_eq!(done(bench.json(0, &late)), 0);
    assert_eq!(bench.json(0, &["bulk", "register", "--run", run]), report);
}

#[test]
fn the_run_is_named_where_several_are_open() {
    let bench = bench();
    let runs =
        [plan(&bench, "a", 4), plan(&bench, "b", 7)].map(|plan| plan["run"].as_str().unwrap().to_owned());
    let said = bench.run(&["bulk", "register"]);
    said.ended(2).says(&["2 bulk runs are open", &runs[0], &runs[1], "--run", "bulk clean"]);
    let status = bench.json(0, &["bulk", "status"]);
    assert_eq!(status.as_array().unwrap().len(), 2);
    assert_eq!(bench.json(0, &["bulk", "status", &runs[1]])["objects"], 7);
    bench.run(&["bulk", "run-task", "--run", &runs[1], "--phase", "stage", "--index", "0"]).ended(0);
    let cleaned = bench.run(&["bulk", "clean", &runs[1]]);
    assert!(cleaned.ended(0).stdout.starts_with(&format!("run {} is given up: ", runs[1])), "{cleaned:#?}");
    bench.run(&["bulk", "clean", &runs[0]]).ended(0);
    assert_eq!(leftovers(&bench, None), [""; 0]);
    assert!(bench.content().is_none());
}

#[test]
fn the_index_comes_from_the_scheduler() {
    let bench = bench();
    plan(&bench, "g", 12);
    let run = |env: &[(&str, &str)], more: &[&str]| {
        let mut command = bench.command(&[&["bulk", "run-task", "--phase", "stage"], more].concat());
        crate::harness::Answer::of(command.envs(env.iter().copied()).output().unwrap())
    };
    run(&[], &[]).ended(2).says(&["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "--index"]);
    run(&[("JOB_COMPLETION_INDEX", "x")], &[]).ended(2).says(&["JOB_COMPLETION_INDEX"]);
    run(&[], &["--index", "4", "--of", "4"]).ended(2).says(&["numbered from 0 to 3"]);
    let answer = run(&[("JOB_COMPLETION_INDEX", "2")], &[]);
    assert!(answer.ended(0).stdout.contains("stage: 1 task done here, 2 left for others"), "{answer:#?}");
    let slurm =
        [("SLURM_ARRAY_TASK_ID", "1"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "2")];
    let answer = run(&slurm, &[]);
    assert!(answer.ended(0).stdout.contains("1 task done here, 1 left"), "{answer:#?}");
    let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "1"), ("AWS_BATCH_JOB_ARRAY_SIZE", "2")];
    assert!(run(&batch, &[]).ended(0).stdout.contains("1 task done here, 0 left"));
    assert_eq!(run(&batch, &["--index", "0"]).ended(0).stdout.matches("0 tasks done here").count(), 1);
}

#[test]
fn retried_step_by_step() {
    let bench = bench();
    let list = bench.write_items("g", 8);
    let path = bench.path("items/g/g-0002.stac.json");
    let content = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&path, &path).unwrap();
    bench.run(&["bulk", "plan", &list]).ended(0);
    bench.run(&["bulk", "retry"]).ended(1).says(&["chunk 0 is not staged"]);
    task(&bench, "stage", 0, 1);
    bench.run(&["bulk", "resolve"]).ended(1).says(&["1 objects", "g-0002", "--accept-rejected"]);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, content).unwrap();
    assert_eq!(bench.json(0, &["bulk", "retry"])["stage_tasks"], 1);
    let status = bench.run(&["bulk", "status"]);
    assert!(status.ended(0).stdout.contains("1 of 2 tasks done"), "{status:#?}");
    task(&bench, "stage", 1, 2);
    assert!(bench.run(&["bulk", "retry"]).ended(0).stdout.ends_with("nothing is pending\n"));
    assert_eq!(bench.json(0, &["bulk", "register"])["ingested"], 8);
}
