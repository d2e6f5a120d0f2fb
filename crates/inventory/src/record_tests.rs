//! The CSV splitter against cases and against the csv crate.

use proptest::prelude::*;

use super::*;

/// Gives a few bytes at a time, so that every boundary is met.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

fn all(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
    let mut records = Records::new(Dribble(text, 3));
    let mut found = Vec::new();
    while records.next().map_err(|e| format!("line {}: {}", e.line, e.message))? {
        let fields = (0..records.len()).map(|i| records.field(i).unwrap_or("<no UTF-8>".into()).into_owned());
        found.push((records.line(), fields.collect()));
    }
    Ok(found)
}

fn check(text: &str, expected: &[(u64, &[&str])]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, fields)| (*line, fields.iter().map(|f| (*f).to_owned()).collect()))
        .collect();
    assert_eq!(all(text.as_bytes()), Ok(expected), "{text:?}");
}

fn refused(text: &str, expected: &str) {
    assert_eq!(all(text.as_bytes()).unwrap_err(), expected, "{text:?}");
}

#[test]
fn records() {
    check("", &[]);
    check("\n\r\n", &[]);
    check("a,b\nc,d\n", &[(1, &["a", "b"]), (2, &["c", "d"])]);
    check("a,b\r\nc,d", &[(1, &["a", "b"]), (2, &["c", "d"])]);
    check("a,\n,b\n", &[(1, &["a", ""]), (2, &["", "b"])]);
    check("\u{feff}a,b\n", &[(1, &["a", "b"])]);
    check("\u{feff}\"a\",b\n", &[(1, &["a", "b"])]);
    check("\"a,1\",\"b\"\"q\"\"\"\n", &[(1, &["a,1", "b\"q\""])]);
    check("\"a\nb\",c\nd,e", &[(1, &["a\nb", "c"]), (3, &["d", "e"])]);
    check("\"a\"\r\n\"b\"\r", &[(1, &["a"]), (2, &["b"])]);
    check("a\n\n\nb\n", &[(1, &["a"]), (4, &["b"])]);
    check("a\"b,c\n", &[(1, &["a\"b", "c"])]);
    check("\"\",x\n", &[(1, &["", "x"])]);
    check("a,", &[(1, &["a", ""])]);
}

#[test]
fn what_is_no_csv_is_refused_with_its_line() {
    refused("a,b\n\"c,d\ne,f\n", "line 2: a quoted field has no end");
    refused("a\n\"b\"c\n", "line 2: there is text between a closing quote and the next comma");
}

#[test]
fn a_line_without_end_is_refused() {
    let text = format!("a\n\"{}", "x".repeat(3 << 20));
    assert!(all(text.as_bytes()).unwrap_err().contains("line 2: the line is longer than 1 MiB"));
}

#[test]
fn long_texts_cross_the_buffer() {
    let text: String = (0..60_000).map(|i| format!("bucket,key/{i},\"{i}\"\n")).collect();
    let mut records = Records::new(text.as_bytes());
    for i in 0..60_000u64 {
        assert!(records.next().unwrap());
        assert_eq!((records.line(), records.field(1).unwrap().into_owned()), (i + 1, format!("key/{i}")));
    }
    assert!(!records.next().unwrap());
}

proptest! {
    #[test]
    fn what_the_csv_crate_writes_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("[a-z,\"\n\r é]{0,6}", 3), 1..20),
    ) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let read: Vec<_> = all(&text).unwrap().into_iter().map(|(_, fields)| fields).collect();
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn nothing_makes_it_panic(text in prop::collection::vec(prop::sample::select(b"a,\"\n\r".to_vec()), 0..40)) {
        let _ = all(&text);
    }
}
