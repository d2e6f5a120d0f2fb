use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::objects_index::tests::object;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_last_of_a_key_holds(rows in prop::collection::vec(object(0..50), 0..300), memory in 0u64..8_000) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = ObjectLog::new(memory, Some(dir.path().to_path_buf()));
        let mut model = BTreeMap::new();
        for row in rows {
            log.push(&row).unwrap();
            model.insert(row.key, row);
        }
        prop_assert_eq!(log.is_empty(), model.is_empty());
        let ours: Vec<ObjectRow> = log.finish().unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(ours, model.into_values().collect::<Vec<_>>());
        prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
