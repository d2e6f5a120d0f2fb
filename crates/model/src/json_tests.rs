use proptest::prelude::*;

use super::*;

fn round(text: &str) -> String {
    Json::parse(text.as_bytes()).unwrap().to_string()
}

fn wrong(text: &str, message: &str) {
    assert_eq!(Json::parse(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
}

#[test]
fn values_come_back() {
    for text in [
        "null",
        "true",
        "-0.10e+5",
        "[]",
        "{}",
        r#"{"a":[1,2.50,{"b":null}],"c":"x\"y\\z\n\t\u0001é😀"}"#,
        r#""a long string without anything special in it, of more than sixteen bytes""#,
    ] {
        assert_eq!(round(text), text);
    }
    assert_eq!(round(" { \"a\" : [ 1 , 2 ] } \r\n"), r#"{"a":[1,2]}"#);
    assert_eq!(round(r#""\u00e9\ud83d\ude00\/\b\f""#), "\"é😀/\\u0008\\u000c\"");
    assert_eq!(round("\u{feff}[1]"), "[1]");
}

#[test]
fn errors_say_where() {
    wrong("", "not JSON: the text ends too early at line 1 column 1");
    wrong("{\"a\":\n tru", "not JSON: the text ends too early at line 2 column 5");
    wrong("{\"a\":1,}", "not JSON: expected the name of a member at line 1 column 8");
    wrong("[1] x", "not JSON: expected the end of the text at line 1 column 5");
    wrong("[01]", "not JSON: expected ',' or ']' at line 1 column 3");
    wrong("[NaN]", "not JSON: expected a value at line 1 column 2");
    wrong("\"\\ud800\"", "not JSON: expected both halves of a surrogate pair at line 1 column 8");
    wrong("\"a\nb\"", "not JSON: expected no control character in a string at line 1 column 3");
    wrong("<?xml version=\"1.0\"?>", "not JSON: expected a value at line 1 column 1");
    wrong(
        "{\"a\":1,\"b\":{\"c\":1,\"c\":2}}",
        "the member \"c\" stands twice in one object at line 1 column 12",
    );
    wrong(&"[".repeat(200), "nested deeper than 128 at line 1 column 129");
    assert_eq!(Json::parse(b"\"\xff\"").unwrap_err().kind, JsonErrorKind::Utf8);
}

#[test]
fn many_members_may_not_repeat_either() {
    let members: Vec<String> = (0..40).map(|i| format!("\"m{}\":{i}", i % 39)).collect();
    let text = format!("{{{}}}", members.join(","));
    assert_eq!(Json::parse(text.as_bytes()).unwrap_err().kind, JsonErrorKind::Duplicate("m0".into()));
}

fn decimal(a: &str, b: &str, same: bool) {
    assert_eq!(same_decimal(a, b), same, "{a} {b}");
    assert_eq!(same_decimal(b, a), same, "{b} {a}");
}

#[test]
fn decimals_compare_exactly() {
    decimal("1e2", "100", true);
    decimal("100.0", "1.00e+2", true);
    decimal("-0", "0.000e9", true);
    decimal("0.1", "0.10000000000000000001", false);
    decimal("9007199254740993", "9007199254740992", false);
    decimal("1e400", "1e401", false);
    decimal("0.00012", "12e-5", true);
    decimal("1200", "12e2", true);
    decimal("10.01", "1001e-2", true);
    decimal("-1", "1", false);
    decimal("1e99999999999999999999", "1", false);
}

fn exact(text: &str, expected: bool) {
    let Json::Number(number) = Json::parse(text.as_bytes()).unwrap() else { panic!("{text}") };
    assert_eq!(number.is_exact(), expected, "{text}");
}

#[test]
fn doubles_say_what_they_lose() {
    exact("0.1", true);
    exact("16", true);
    exact("69.60720000000002", true);
    exact("69.60720000000001", false);
    exact("9007199254740992", true);
    exact("9007199254740993", false);
    exact("12345678901234567890", false);
    exact("0.1000000000000000055", false);
    exact("1e300", true);
    exact("1e999", false);
    exact("1e-999", false);
    exact("5e-324", true);
    exact("1.7976931348623157e308", true);
}

#[test]
fn integers_are_recognised_by_value() {
    let int = |text: &str| Json::parse(text.as_bytes()).unwrap().as_number().unwrap().as_i64();
    assert_eq!(int("16"), Some(16));
    assert_eq!(int("16.0"), Some(16));
    assert_eq!(int("1.6e1"), Some(16));
    assert_eq!(int("16.5"), None);
    assert_eq!(int("9223372036854775807"), Some(i64::MAX));
    assert_eq!(int("9223372036854775808"), None);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>()
            .prop_map(|f| serde_json::Number::from_f64(f).map_or(0.into(), serde_json::Value::Number)),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::hash_map(".*", inner, 0..8)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde_json(value in any_json()) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        let ours = Json::parse(text.as_bytes()).unwrap();
        let back: serde_json::Value = serde_json::from_str(&ours.to_string()).unwrap();
        prop_assert_eq!(back, serde_json::from_str::<serde_json::Value>(&text).unwrap());
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let strict = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
        if let Ok(json) = Json::parse(&bytes) {
            prop_assert!(strict || json.to_string().contains('e'));
        }
    }

    #[test]
    fn soup_of_json_agrees(text in r#"[\[\]{}",:0-9eE.+\-a\\u tfn]{0,24}"#) {
        let strict = serde_json::from_str::<serde_json::Value>(&text);
        match Json::parse(text.as_bytes()) {
            Ok(_) => prop_assert!(strict.is_ok() || text.contains(['e', 'E'])),
            Err(e) => prop_assert!(strict.is_err() || matches!(e.kind, JsonErrorKind::Duplicate(_))),
        }
    }

    #[test]
    fn a_walk_that_checks_takes_what_a_tree_takes(
        text in r#"[\[\]{}",:0-9eE.+\-a\\u tfn]{0,24}|(\{("[ab]": ?(1|"\\u0061"|\{\}|\[\]),? ?){0,4}\} ?){1,2}"#
    ) {
        let squeezed = Walk::checking(text.as_bytes(), String::new()).and_then(|mut walk| {
            walk.note(&mut Skeleton::default())?;
            walk.finish()
        });
        let tree = Json::parse(text.as_bytes());
        prop_assert_eq!(squeezed.is_some(), tree.is_ok());
        if let (Some(squeezed), Ok(tree)) = (squeezed, tree) {
            prop_assert!(Json::parse(squeezed.as_bytes()).unwrap() == tree);
            prop_assert!(text.contains('\\') || squeezed == tree.to_string());
        }
    }

    #[test]
    fn doubles_are_written_shortest(value in any::<f64>()) {
        let mut text = String::new();
        write_f64(value, &mut text);
        if value.is_finite() {
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            prop_assert!(Json::parse(text.as_bytes()).unwrap().as_number().unwrap().is_exact());
        }
    }
}
