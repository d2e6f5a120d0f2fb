//! What became of each object that a run fetched, for the index of objects.
//!
//! An item's fate is known only when all items of its id are. Until then its object is noted under the number of the
//! item, in a temporary file of records of one size, so that memory does not grow with the run.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

use earthcatalog_hash_index::{Fate, ObjectLog, ObjectRow};
use earthcatalog_model::{IdHash, KeyHash, ObjectRef, Rejection, Timestamp};

use crate::error::{Error, Result};

/// Bytes of a record: the hashes of key and id, the time, the length of the entity tag, the tag.
const RECORD: usize = 96;
const TAG_AT: usize = 41;

/// Stands for a time, and for a tag, that is not there.
const NO_TIME: i64 = i64::MIN;
const NO_TAG: u8 = u8::MAX;

/// See the module.
pub(crate) struct Fates {
    log: ObjectLog,
    staged: Staged,
    /// The ids that objects had before they changed.
    before: HashMap<KeyHash, IdHash>,
    /// Ids that an object had and has no more.
    left: HashSet<IdHash>,
    /// Ids that an object had and has still, in a new version.
    renewed: HashSet<IdHash>,
}

impl Fates {
    /// `memory`: bytes before the log goes to disk. `before`: the ids of objects that have changed since.
    pub(crate) fn new(memory: u64, before: HashMap<KeyHash, IdHash>) -> Result<Self> {
        let log = ObjectLog::new(memory, None);
        Ok(Self { log, staged: Staged::new()?, before, left: HashSet::new(), renewed: HashSet::new() })
    }

    /// An item was staged, the next by number.
    pub(crate) fn staged(&mut self, object: &ObjectRef, id: IdHash) -> Result<()> {
        self.note_staged(&row(object, Some(id), Fate::Ingested), id)
    }

    /// The same where only the hash of the object's name is at hand.
    pub(crate) fn staged_as(
        &mut self,
        key: KeyHash,
        id: IdHash,
        last_modified: Option<Timestamp>,
        etag: Option<String>,
    ) -> Result<()> {
        self.note_staged(&ObjectRow { key, id: Some(id), last_modified, etag, fate: Fate::Ingested }, id)
    }

    fn note_staged(&mut self, row: &ObjectRow, id: IdHash) -> Result<()> {
        match self.before.get(&row.key) {
            Some(old) if *old == id => self.renewed.insert(id),
            Some(old) => self.left.insert(*old),
            None => false,
        };
        self.staged.push(row)?;
        Ok(self.log.push(row)?)
    }

    /// An object was rejected. Where it was an item before, its rows stay, and it is remembered whose they are.
    /// One that could only not be read now is not remembered: the next delta asks for it again.
    pub(crate) fn rejected(&mut self, rejection: &Rejection) -> Result<()> {
        if !rejection.reason.is_lasting() {
            return Ok(());
        }
        let mut row = row(&rejection.object, None, Fate::Rejected);
        row.id = self.before.get(&row.key).copied();
        Ok(self.log.push(&row)?)
    }

    /// The item lost to another of its id.
    pub(crate) fn superseded(&mut self, seq: u64, winner: Option<u64>) -> Result<()> {
        let loser = self.staged.get(seq)?;
        // An object that is listed twice was fetched twice; it is the winner's too.
        if let Some(winner) = winner
            && self.staged.get(winner)?.key == loser.key
        {
            return Ok(());
        }
        Ok(self.log.push(&ObjectRow { fate: Fate::Superseded, ..loser })?)
    }

    /// The hash of the object's key.
    pub(crate) fn key_of(&mut self, seq: u64) -> Result<KeyHash> {
        Ok(self.staged.get(seq)?.key)
    }

    /// The id that a changed object had before.
    pub(crate) fn before(&self, key: &KeyHash) -> Option<&IdHash> {
        self.before.get(key)
    }

    /// The ids that objects had and have no more.
    pub(crate) fn left(&self) -> &HashSet<IdHash> {
        &self.left
    }

    /// The ids whose object is another version now, whatever its age says.
    pub(crate) fn renewed(&self) -> &HashSet<IdHash> {
        &self.renewed
    }

    /// What is now known of some other object.
    pub(crate) fn note(&mut self, row: &ObjectRow) -> Result<()> {
        Ok(self.log.push(row)?)
    }

    pub(crate) fn into_log(self) -> ObjectLog {
        self.log
    }
}

fn row(object: &ObjectRef, id: Option<IdHash>, fate: Fate) -> ObjectRow {
    ObjectRow {
        key: KeyHash::of(&object.bucket, &object.key),
        id,
        last_modified: object.last_modified,
        etag: object.etag.clone(),
        fate,
    }
}

/// The objects of the staged items, by number.
struct Staged {
    file: BufWriter<File>,
}

impl Staged {
    fn new() -> Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile().map_err(Error::Temporary)?) })
    }

    fn push(&mut self, row: &ObjectRow) -> Result<()> {
        self.file.write_all(&encode(row)).map_err(Error::Temporary)
    }

    fn get(&mut self, seq: u64) -> Result<ObjectRow> {
        let mut record = [0; RECORD];
        self.read(seq, &mut record).map_err(Error::Temporary)?;
        Ok(decode(&record))
    }

    fn read(&mut self, seq: u64, record: &mut [u8; RECORD]) -> std::io::Result<()> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(seq * RECORD as u64))?;
        file.read_exact(record)?;
        file.seek(SeekFrom::End(0)).map(drop)
    }
}

fn encode(row: &ObjectRow) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    let time = row.last_modified.map_or(NO_TIME, Timestamp::micros);
    // A tag too long for its place is one that is not known: the time still tells a change.
    let tag = row.etag.as_deref().map(str::as_bytes).filter(|tag| tag.len() <= RECORD - TAG_AT);
    let length = tag.map_or(NO_TAG, |tag| u8::try_from(tag.len()).unwrap_or(NO_TAG));
    let parts = [
        &row.key.0[..],
        &row.id.unwrap_or_default().0,
        &time.to_le_bytes(),
        &[length],
        tag.unwrap_or_default(),
    ];
    record.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    record
}

fn decode(record: &[u8; RECORD]) -> ObjectRow {
    let hash = |at: usize| record.get(at..at + 16).and_then(|b| b.try_into().ok()).unwrap_or_default();
    let time = record.get(32..40).and_then(|b| b.try_into().ok()).map_or(NO_TIME, i64::from_le_bytes);
    let length = record.get(40).copied().filter(|length| *length != NO_TAG).map(usize::from);
    let tag = length.and_then(|length| record.get(TAG_AT..TAG_AT + length));
    ObjectRow {
        key: KeyHash(hash(0)),
        id: Some(IdHash(hash(16))),
        last_modified: Some(time).filter(|time| *time != NO_TIME).and_then(Timestamp::from_micros),
        etag: tag.map(|tag| String::from_utf8_lossy(tag).into_owned()),
        fate: Fate::Ingested,
    }
}

#[cfg(test)]
mod tests {
    use earthcatalog_model::Reason;

    use super::*;

    fn object(key: &str, etag: Option<&str>, modified: Option<i64>) -> ObjectRef {
        let etag = etag.map(str::to_owned);
        let last_modified = modified.and_then(Timestamp::from_micros);
        ObjectRef { etag, last_modified, ..ObjectRef::new("b", key) }
    }

    fn rejection(key: &str, reason: Reason) -> Rejection {
        Rejection::new(object(key, None, None), reason, "as asked")
    }

    fn fates(before: &[(&str, &str)]) -> Fates {
        let before = before.iter().map(|(key, id)| (KeyHash::of("b", key), IdHash::of(id))).collect();
        Fates::new(1 << 20, before).unwrap()
    }

    fn rows(fates: Fates) -> HashMap<KeyHash, ObjectRow> {
        fates.into_log().finish().unwrap().map(|row| row.unwrap()).map(|row| (row.key, row)).collect()
    }

    #[test]
    fn records_give_back_what_they_were_given() {
        let long = "x".repeat(55);
        for etag in [None, Some(""), Some("abc"), Some(long.as_str())] {
            for modified in [None, Some(0), Some(-5), Some(1_600_000_000_000_000)] {
                let given = row(&object("k", etag, modified), Some(IdHash::of("a")), Fate::Ingested);
                assert_eq!(decode(&encode(&given)), given);
            }
        }
        let longer = row(&object("k", Some(&"x".repeat(56)), None), Some(IdHash::of("a")), Fate::Ingested);
        assert_eq!(decode(&encode(&longer)).etag, None);
    }

    #[test]
    fn the_loser_of_an_id_is_superseded_but_not_the_same_object_again() {
        let mut fates = fates(&[]);
        for key in ["one", "two", "one"] {
            fates.staged(&object(key, None, Some(1)), IdHash::of("a")).unwrap();
        }
        fates.superseded(1, Some(2)).unwrap();
        fates.superseded(0, Some(2)).unwrap();
        let rows = rows(fates);
        assert_eq!(rows[&KeyHash::of("b", "one")].fate, Fate::Ingested);
        let two = &rows[&KeyHash::of("b", "two")];
        assert_eq!((two.fate, two.id), (Fate::Superseded, Some(IdHash::of("a"))));
    }

    #[test]
    fn an_object_that_changed_leaves_its_old_id_unless_it_was_rejected() {
        let mut fates = fates(&[("same", "a"), ("other", "b"), ("bad", "c")]);
        fates.staged(&object("same", None, None), IdHash::of("a")).unwrap();
        fates.staged(&object("other", None, None), IdHash::of("x")).unwrap();
        fates.rejected(&rejection("bad", Reason::NotJson)).unwrap();
        fates.rejected(&rejection("away", Reason::Unreadable)).unwrap();
        assert_eq!(fates.left(), &HashSet::from([IdHash::of("b")]));
        let rows = rows(fates);
        let bad = &rows[&KeyHash::of("b", "bad")];
        assert_eq!((bad.fate, bad.id), (Fate::Rejected, Some(IdHash::of("c"))));
        assert!(!rows.contains_key(&KeyHash::of("b", "away")), "it is asked for again");
    }
}
