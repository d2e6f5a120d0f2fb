//! Which source wins, what is shown, and what is refused.

use std::path::Path;

use super::*;

fn resolve(flags: &GlobalArgs, env: &[(&str, &str)], file: &str) -> Result<Settings> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    std::fs::write(&path, file).expect("written");
    let mut pairs = vec![("EARTHCATALOG_CONFIG", path.to_str().expect("UTF-8"))];
    pairs.extend(env);
    Settings::resolve(flags, &Given::default(), &Environment::from_pairs(pairs))
}

fn origin(settings: &Settings, key: &str) -> (String, String) {
    let found = settings.resolved.iter().find(|r| r.key == key).expect(key);
    let origin = match &found.origin {
        layers::Origin::File { line, .. } => format!("file:{line}"),
        other => other.to_string(),
    };
    (found.value.to_string(), origin)
}

fn check(flags: &GlobalArgs, env: &[(&str, &str)], file: &str, key: &str, expected: (&str, &str)) {
    let settings = resolve(flags, env, file).expect(key);
    let (value, from) = origin(&settings, key);
    assert_eq!((value.as_str(), from.as_str()), expected);
}

fn wrong(env: &[(&str, &str)], file: &str, parts: &[&str]) {
    let failure = resolve(&GlobalArgs::default(), env, file).expect_err(file);
    assert_eq!(failure.exit(), crate::exit::Exit::Usage);
    for part in parts {
        assert!(failure.to_string().contains(part), "{part} is not in: {failure}");
    }
}

#[test]
fn flags_over_environment_over_file_over_default() {
    let none = GlobalArgs::default();
    let flag = GlobalArgs { catalog: Some("s3://flag".into()), ..GlobalArgs::default() };
    let env = [("EARTHCATALOG_CATALOG", "s3://env")];
    let file = "# ours\ncatalog = \"s3://file\"";
    check(&flag, &env, file, "catalog", ("s3://flag", "flag"));
    check(&none, &env, file, "catalog", ("s3://env", "environment EARTHCATALOG_CATALOG"));
    check(&none, &[], file, "catalog", ("s3://file", "file:2"));
    check(&none, &[], "", "catalog", ("-", "default"));
}

#[test]
fn an_empty_variable_is_none() {
    check(&GlobalArgs::default(), &[("EARTHCATALOG_MEMORY", "")], "", "memory", ("1GiB", "default"));
}

#[test]
fn every_key_is_resolved_and_shown() {
    let settings = resolve(&GlobalArgs::default(), &[], "").expect("defaults");
    let keys: Vec<&str> = settings.resolved.iter().map(|r| r.key).collect();
    assert_eq!(keys, KEYS);
}

#[test]
fn lists_and_tables() {
    let none = GlobalArgs::default();
    let table = "[map-bucket]\nits-live-data = \"file:///data\"\nother = \"https://u:p@host/x?sig=1\"";
    check(&none, &[], table, "map-bucket", ("its-live-data=file:///data, other=https://host/x", "file:1"));
    check(&none, &[], "suffix = ['.json', \".stac\"]", "suffix", (".json, .stac", "file:1"));
    check(
        &none,
        &[("EARTHCATALOG_SUFFIX", ".a, .b")],
        "",
        "suffix",
        (".a, .b", "environment EARTHCATALOG_SUFFIX"),
    );
    check(&none, &[], "concurrency = 1_000", "concurrency", ("1000", "file:1"));
    check(&none, &[], "unsafe_no_cas = true", "unsafe-no-cas", ("true", "file:1"));
    check(&none, &[], "timeout = '90s'", "timeout", ("1m 30s", "file:1"));
}

#[test]
fn mistakes_name_their_line() {
    wrong(
        &[],
        "\n\nmemroy = '1GiB'",
        &["c.toml:3: unknown key \"memroy\"", "did you mean \"memory\"?", "catalog, lock-path, anonymous"],
    );
    wrong(&[], "a = [", &["c.toml:1:"]);
    wrong(&[], "catalog = 's3://x'\nmemory = 'much'", &["c.toml:2: memory: \"much\" is no size"]);
    wrong(&[], "memory = 1.5", &["c.toml:1: memory: a value of type float"]);
    wrong(&[], "memory = ['1GiB', '2GiB']", &["c.toml:1: memory: a list where one value is wanted"]);
    wrong(
        &[("EARTHCATALOG_PROGRESS", "loud")],
        "",
        &["EARTHCATALOG_PROGRESS: unknown way", "auto, bars, lines, json, none"],
    );
}

#[test]
fn a_named_file_must_be_there() {
    let flags = GlobalArgs { config: Some("/nowhere/x.toml".into()), ..GlobalArgs::default() };
    let failure = Settings::resolve(&flags, &Given::default(), &Environment::default()).expect_err("no file");
    assert!(failure.to_string().contains("no configuration file /nowhere/x.toml"), "{failure}");
}

#[test]
fn the_users_file_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("earthcatalog/config.toml");
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("made");
    std::fs::write(&path, "prefix = 'a/'").expect("written");
    let home = folder.path().to_str().expect("UTF-8");
    let settings = Settings::resolve(
        &GlobalArgs::default(),
        &Given::default(),
        &Environment::from_pairs([("XDG_CONFIG_HOME", home)]),
    );
    assert_eq!(settings.expect("settings").file, Some(path));
}

#[test]
fn storage_variables_are_shown_without_secrets() {
    let env = Environment::from_pairs([
        ("AWS_REGION", "us-west-2"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("AWS_ENDPOINT_URL", "http://u:p@localhost:9000"),
        ("HOME", "/root"),
        ("EARTHCATALOG_MEMROY", "1"),
    ]);
    let shown: Vec<(String, String)> = env.storage().into_iter().collect();
    let expected = [
        ("AWS_ENDPOINT_URL", "http://localhost:9000"),
        ("AWS_REGION", "us-west-2"),
        ("AWS_SECRET_ACCESS_KEY", "***"),
    ];
    assert_eq!(shown, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    assert_eq!(env.unknown(&KEYS), ["EARTHCATALOG_MEMROY"]);
}
