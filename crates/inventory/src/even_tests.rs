//! Columns read one by one against records read one by one.

use std::sync::Arc;

use earthcatalog_model::ObjectRef;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::build::BatchBuilder;
use crate::csv::Csv;
use crate::form::Form;
use crate::ndjson::Ndjson;
use crate::open::OpenOptions;
use crate::sections::{Parsed, Rows, Section, Worker};
use crate::texts::{Text, Texts};

fn section(text: &str, start: usize, is_last: bool) -> Section {
    Section { text: Arc::new(Text::of(text.into())), start, is_last }
}

fn form(bucket: Option<&str>, url_encoded: bool) -> Form {
    let options = OpenOptions {
        default_bucket: bucket.map(str::to_owned),
        url_encoded: Some(url_encoded),
        batch_rows: 3,
        ..OpenOptions::default()
    };
    Form { options: Arc::new(options), ..Form::default() }
}

/// All that can be told of it.
fn told(parsed: Parsed) -> (Vec<ObjectRef>, usize, u64, Option<String>) {
    assert!(parsed.batches.iter().all(|batch| (1..=3).contains(&batch.len())));
    let objects = parsed.batches.iter().flat_map(|batch| batch.iter().map(|view| view.to_ref()));
    (objects.collect(), parsed.rest, parsed.lines, parsed.wrong)
}

const NAMES: [&str; 8] =
    ["bucket", "key", "size", "last_modified", "is_latest", "is_delete_marker", "x", "etag"];

fn record() -> impl Strategy<Value = [String; 8]> {
    (
        prop_oneof![20 => Just("b"), 1 => select(vec!["c", "", "é"])],
        prop_oneof![20 => Just("k"), 1 => select(vec!["", "k+1", "%41", "%4", "é/k", "k\"", " "])],
        prop_oneof![
            10 => Just("7"),
            5 => Just(""),
            1 => select(vec!["07", "+7", " 7", "1234567890123456789", "18446744073709551615", "x"]),
        ],
        prop_oneof![
            10 => Just("2020-01-02T03:04:05.678Z"),
            5 => Just(""),
            1 => select(vec!["2020-01-02", " 2020-01-02", "now"]),
        ],
        prop_oneof![10 => Just(""), 5 => Just("true"), 1 => select(vec!["FALSE", "0", "maybe"])],
        prop_oneof![10 => Just("false"), 5 => Just("")],
        prop_oneof![10 => Just("x"), 1 => select(vec!["", "y,z", "\"\"", "\\", "\t"])],
        prop_oneof![10 => Just("e"), 5 => Just(""), 1 => Just("a b")],
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h].map(str::to_owned))
}

fn bare(record: &[String; 8]) -> String {
    record.join(",") + "\n"
}

fn quoted(record: &[String; 8]) -> String {
    format!("\"{}\"\n", record.join("\",\""))
}

/// Members in the order of the names; an empty one is left out of some lines.
fn object(record: &[String; 8], leave_out: bool) -> String {
    let members = NAMES.iter().zip(record).filter(|(_, value)| !leave_out || !value.is_empty());
    let members = members.map(|(name, value)| match *name {
        "size" if !value.is_empty() => format!("\"size\":{value}"),
        "is_latest" | "is_delete_marker" if !value.is_empty() => format!("\"{name}\": {value}"),
        _ => format!("\"{name}\":\"{value}\""),
    });
    format!("{{{}}}\n", members.collect::<Vec<_>>().join(","))
}

/// Others, of which some have a field too few, and for it another byte that is looked at.
fn other() -> impl Strategy<Value = String> {
    select(vec![
        "\n",
        "b,k\n",
        "\"b\",",
        "b,k,1,,,,,\r\n",
        "b,k,1,,,,\r\n",
        "b,k\",1,,,,\n",
        "b,k 1,2,,,,\n",
        "{}\n",
        ",,,,,,,\n",
        "b,k,1,,,,",
    ])
    .prop_map(str::to_owned)
}

/// Records that are mostly of one form.
fn text(write: fn(&[String; 8]) -> String) -> impl Strategy<Value = String> {
    let record = prop_oneof![30 => record().prop_map(move |record| write(&record)), 1 => other()];
    vec(record, 0..24).prop_map(|records| records.concat())
}

fn check_csv(text: &str, start: usize, is_last: bool, form: &Form) -> Result<(), TestCaseError> {
    let section = section(text, start, is_last);
    let csv = Csv::named("x", &NAMES, form, form.options.url_encoded == Some(true)).unwrap();
    let parsed = csv.parse(&section, &mut Worker::default());
    let expected = csv.by_record(&section, Parsed::of(&section), &mut BatchBuilder::default());
    prop_assert_eq!(told(parsed), told(expected), "{:?}", text);
    Ok(())
}

proptest! {
    #[test]
    fn csv_is_as_if_read_by_record(
        text in prop_oneof![text(bare), text(quoted)],
        skip in any::<bool>(), is_last in any::<bool>(), url_encoded in any::<bool>(), bucket in any::<bool>(),
    ) {
        let start = if skip { text.find('\n').map_or(0, |end| end + 1) } else { 0 };
        check_csv(&text, start, is_last, &form(bucket.then_some("d"), url_encoded))?;
    }

    #[test]
    fn ndjson_is_as_if_read_by_line(
        text in prop_oneof![
            text(|record| object(record, false)),
            text(|record| object(record, true)),
            text(|record| object(&record.clone().map(|value| if value.is_empty() { "1".into() } else { value }), false)),
        ],
        is_last in any::<bool>(), bucket in any::<bool>(),
    ) {
        let section = section(&text, 0, is_last);
        let form = form(bucket.then_some("d"), false);
        let ndjson = Ndjson(&form);
        let parsed = ndjson.parse(&section, &mut Worker::default());
        let expected = ndjson.by_line(&section, Parsed::of(&section), &mut BatchBuilder::default());
        prop_assert_eq!(told(parsed), told(expected), "{:?}", text);
    }
}

proptest! {
    #[test]
    fn sizes_are_what_they_say(before in "[ -~]{0,9}", text in "[0-9]{0,21}|[ -~]{0,9}|[0-9]{0,7}[:/\u{80}\u{ff}\u{fffd}][0-9]{0,7}", behind in ",{0,9}") {
        let digits = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let place = before.len()..before.len() + text.len();
        let all = before + &text + &behind;
        prop_assert_eq!(super::number(&all, place), text.parse().ok().filter(|_| digits), "{}", all);
    }
}

/// Rows are not only the same: they are read in the way that is to be tested.
#[test]
fn what_is_even_is_read_so() {
    let form = form(None, true);
    let csv = Csv::named("x", &NAMES, &form, true).unwrap();
    check_is_even(&csv, "b,k,1,,,,,e\n");
    check_is_even(&csv, "\"b\",\"k\",\"1\",\"\",\"\",\"\",\"\",\"e\"\r\n");
    check_is_even(&Ndjson(&form), "{\"key\":\"k\", \"bucket\":\"b\",\"size\":12,\"is_latest\":true}\n");
}

fn check_is_even(rows: &impl Rows, line: &str) {
    let text = line.repeat(5);
    let parsed = rows.parse(&section(&text, 0, false), &mut Worker::default());
    assert!(parsed.batches.iter().all(|batch| matches!(batch.key, Texts::Cells(_))), "{line}");
    let (objects, rest, lines, wrong) = told(parsed);
    assert_eq!((objects.len(), rest, lines, wrong), (5, text.len(), 5, None), "{line}");
}
