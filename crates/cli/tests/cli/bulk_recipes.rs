//! The recipes of docs/bulk.md, as they stand there: with stand-ins for the schedulers, which run jobs in any order and
//! some of them twice, and set the variables that the real ones set.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Answer, Bench};
use crate::rows::{leftovers, rows};

const DOCS: &str = include_str!("../../../../docs/bulk.md");

/// The jobs of an array in another order each time, one of them twice.
const ORDER: &str = "order() { shuf -i 0-$(($1 - 1)); echo 3; }\n";

/// Slurm says which job of how many; it prints the id of what it was given.
const SBATCH: &str = r#"
for word in "$@"; do case $word in --array=0-*) last=${word#--array=0-};; esac; done
while [ "$1" != --wrap ]; do shift; done
if [ -n "$last" ]; then
  export SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=$last SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=$((last + 1))
  for index in $(order $((last + 1))); do SLURM_ARRAY_TASK_ID=$index sh -c "$2" >>jobs.log || exit 1; done
else
  sh -c "$2" >>jobs.log || exit 1
fi
echo 4711
"#;

/// Kubernetes says which job; how many there are only the file knows.
const KUBECTL: &str = r#"
[ "$1" = apply ] || exit 0
completions=$(sed -n 's/^ *completions: //p' "$3")
words=$(sed -n 's/^ *args: \[\(.*\)\]$/\1/p' "$3" | tr -d '",')
for index in $(order "$completions"); do
  env -u EARTHCATALOG_CATALOG EARTHCATALOG_CATALOG="$(sed -n 's/.*EARTHCATALOG_CATALOG, value: "\(.*\)" .*/\1/p' "$3")" \
    JOB_COMPLETION_INDEX=$index earthcatalog $words >>jobs.log || exit 1
done
"#;

/// AWS Batch says both, and prints the id of what it was given.
const AWS: &str = r#"
while [ $# -gt 0 ]; do
  case $1 in
    --array-properties) size=${2#size=};;
    --container-overrides) words=$(echo "${2#command=}" | tr , ' ');;
  esac
  shift
done
if [ -n "$size" ]; then
  for index in $(order "$size"); do
    AWS_BATCH_JOB_ARRAY_INDEX=$index AWS_BATCH_JOB_ARRAY_SIZE=$size earthcatalog $words >>jobs.log || exit 1
  done
else
  earthcatalog $words >>jobs.log || exit 1
fi
echo 0a1b2c
"#;

/// The blocks of a kind below a heading, up to the next heading of its level.
fn blocks(heading: &str, kind: &str) -> Vec<String> {
    let (_, section) = DOCS.split_once(&format!("\n### {heading}\n")).unwrap();
    let section = section.split("\n### ").next().unwrap();
    let fence = format!("```{kind}\n");
    section.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A folder with a program that stands for a scheduler's, and ours.
fn programs(bench: &Bench, name: &str, body: &str) -> PathBuf {
    let path = bench.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{ORDER}{body}"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let folder = bench.path("bin");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_earthcatalog"), folder.join("earthcatalog")).unwrap();
    folder
}

/// With the test's catalog and inventory instead of those of the text.
fn here(text: &str, bench: &Bench, list: &str) -> String {
    let text = text.replace("s3://my-bucket/catalog", bench.base());
    text.replace("s3://my-bucket/inventory.parquet", &format!("{list} --chunk-size 3 --compact-rows 20"))
}

fn check(heading: &str, program: &str, body: &str) {
    let ingest = Bench::local();
    let list = ingest.write_items("g", 100);
    ingest.run(&["ingest", &list, "--map-bucket", &ingest.items_map()]).ended(0);
    let bench = Bench::local();
    let list = bench.write_items("g", 100);
    let folder = programs(&bench, program, body);
    for yaml in blocks(heading, "yaml") {
        let name = yaml.lines().next().unwrap().trim_start_matches("# ").to_owned();
        bench.write(&name, &here(&yaml, &bench, &list));
    }
    let [script] = blocks(heading, "sh").try_into().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &here(&script, &bench, &list)]).current_dir(bench.path("")).env_clear();
    shell.env("HOME", bench.path("")).env("EARTHCATALOG_MAP_BUCKET", bench.items_map());
    shell.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()));
    let answer = Answer::of(shell.output().unwrap());
    answer.ended(0).says(&[]);
    let log = std::fs::read_to_string(bench.path("jobs.log")).unwrap();
    // 34 tasks of staging for 20 jobs: some do two, and who comes again finds nothing to do.
    assert!(log.contains(": 2 tasks done here") && log.contains(": 0 tasks done here"), "{log}");
    assert_eq!(rows(&bench, None), rows(&ingest, None));
    assert_eq!(leftovers(&bench, None), ["report.json"]);
    assert_eq!(bench.json(0, &["bulk", "status"]), Value::Array(Vec::new()));
}

#[test]
fn slurm() {
    check("Slurm", "sbatch", SBATCH);
}

#[test]
fn kubernetes() {
    check("Kubernetes", "kubectl", KUBECTL);
}

#[test]
fn aws_batch() {
    check("AWS Batch", "aws", AWS);
}
