//! Rows of a listing as bytes, for a temporary file.

use earthcatalog_model::Timestamp;

use crate::batch::ObjectBatch;
use crate::build::{BatchBuilder, Row};

/// Which of the optional values follow.
const SIZE: u8 = 1;
const LAST_MODIFIED: u8 = 2;
const ETAG: u8 = 4;
const VERSION: u8 = 8;

/// Appends a row. What versioned listings say of versions is not kept, but for the version's name.
pub(crate) fn push(row: &Row<'_>, out: &mut Vec<u8>) {
    let flag = |there: bool, bit| if there { bit } else { 0 };
    let flags = flag(row.size.is_some(), SIZE)
        | flag(row.last_modified.is_some(), LAST_MODIFIED)
        | flag(row.etag.is_some(), ETAG)
        | flag(row.version_id.is_some(), VERSION);
    out.push(flags);
    text(row.bucket, out);
    text(row.key, out);
    out.extend(row.size.iter().flat_map(|size| size.to_le_bytes()));
    out.extend(row.last_modified.iter().flat_map(|time| time.micros().to_le_bytes()));
    row.etag.iter().for_each(|etag| text(etag, out));
    row.version_id.iter().for_each(|version| text(version, out));
}

fn text(text: &str, out: &mut Vec<u8>) {
    // No name is longer than 4 GiB.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.extend(length.to_le_bytes());
    out.extend(text.as_bytes().iter().take(length as usize));
}

/// The rows; None where these are not whole rows.
pub(crate) fn unpack(mut bytes: &[u8]) -> Option<ObjectBatch> {
    let mut builder = BatchBuilder::default();
    while !bytes.is_empty() {
        let rest = &mut bytes;
        let flags = take::<1>(rest)?[0];
        let has = |bit| flags & bit != 0;
        let (bucket, key) = (take_text(rest)?, take_text(rest)?);
        let size = if has(SIZE) { Some(u64::from_le_bytes(take(rest)?)) } else { None };
        let micros = if has(LAST_MODIFIED) { Some(i64::from_le_bytes(take(rest)?)) } else { None };
        let etag = if has(ETAG) { Some(take_text(rest)?) } else { None };
        let version_id = if has(VERSION) { Some(take_text(rest)?) } else { None };
        let last_modified = micros.and_then(Timestamp::from_micros);
        builder.push(&Row { bucket, key, size, last_modified, etag, version_id, ..Row::default() });
    }
    Some(builder.finish())
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let length = u32::from_le_bytes(take(bytes)?) as usize;
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    std::str::from_utf8(head).ok()
}

#[cfg(test)]
mod tests {
    use earthcatalog_model::ObjectRef;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back(
            names in prop::collection::vec(("\\PC{0,9}", "\\PC{1,40}"), 0..9),
            size in any::<Option<u64>>(),
            etag in "\\PC{1,9}",
        ) {
            let object = |(i, (bucket, key)): (usize, (String, String))| ObjectRef {
                size: size.filter(|_| i % 2 == 0),
                last_modified: Timestamp::from_micros(1_700_000_000_000_000 + i as i64).filter(|_| i % 3 == 0),
                etag: Some(etag.clone()).filter(|_| i % 2 == 1),
                version_id: Some("v".to_owned()).filter(|_| i % 3 == 1),
                ..ObjectRef::new(bucket, key)
            };
            let objects: Vec<_> = names.into_iter().enumerate().map(object).collect();
            let mut bytes = Vec::new();
            objects.iter().for_each(|object| push(&Row::of(object), &mut bytes));
            let back: Vec<_> = unpack(&bytes).unwrap().iter().map(|view| view.to_ref()).collect();
            let bare = |mut object: ObjectRef| {
                object.etag = object.etag.map(|etag| etag.trim_matches('"').to_owned());
                object
            };
            prop_assert_eq!(back, objects.into_iter().map(bare).collect::<Vec<_>>());
            if let Some((_, cut)) = bytes.split_last() {
                prop_assert!(unpack(cut).is_none());
            }
        }
    }
}
