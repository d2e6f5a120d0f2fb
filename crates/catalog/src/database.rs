//! The pointer to a table in a SQLite file of PyIceberg's SqlCatalog: its two tables, and the one row that is ours.
//!
//! Two forms of `iceberg_tables` are in use: with the column `iceberg_type`, and (older) without. Both are read and
//! written as they are found; new files get the newer one.

use rusqlite::{Connection, OptionalExtension, Result, params};

/// The name of the catalog in the file: readers look rows up by it.
const CATALOG: &str = "earthcatalog";
const NAMESPACE: &str = "earthcatalog";
const TABLE: &str = "stac_items";

const CREATE: &str = "
    CREATE TABLE IF NOT EXISTS iceberg_tables (
        catalog_name VARCHAR(255) NOT NULL,
        table_namespace VARCHAR(255) NOT NULL,
        table_name VARCHAR(255) NOT NULL,
        metadata_location VARCHAR(1000),
        previous_metadata_location VARCHAR(1000),
        iceberg_type VARCHAR(5),
        PRIMARY KEY (catalog_name, table_namespace, table_name)
    );
    CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
        catalog_name VARCHAR(255) NOT NULL,
        namespace VARCHAR(255) NOT NULL,
        property_key VARCHAR(255) NOT NULL,
        property_value VARCHAR(1000) NOT NULL,
        PRIMARY KEY (catalog_name, namespace, property_key)
    );";

/// The location of the table's current metadata; None where the file has no such table.
pub(crate) fn pointer(database: &Connection) -> Result<Option<String>> {
    if !has_column(database, "metadata_location")? {
        return Ok(None);
    }
    let found = database.query_row(
        "SELECT metadata_location FROM iceberg_tables
         WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3",
        params![CATALOG, NAMESPACE, TABLE],
        |row| row.get::<_, Option<String>>(0),
    );
    Ok(found.optional()?.flatten())
}

/// Points to `next` where the pointer still is `seen`; tells whether it did. Tables that are missing are made.
pub(crate) fn swap(database: &Connection, seen: Option<&str>, next: &str) -> Result<bool> {
    database.execute_batch(CREATE)?;
    match seen {
        Some(seen) => replace(database, seen, next),
        None => insert(database, next),
    }
}

fn replace(database: &Connection, seen: &str, next: &str) -> Result<bool> {
    let changed = database.execute(
        "UPDATE iceberg_tables SET metadata_location = ?1, previous_metadata_location = ?2
         WHERE catalog_name = ?3 AND table_namespace = ?4 AND table_name = ?5 AND metadata_location = ?2",
        params![next, seen, CATALOG, NAMESPACE, TABLE],
    )?;
    Ok(changed == 1)
}

fn insert(database: &Connection, next: &str) -> Result<bool> {
    database.execute(
        "INSERT OR IGNORE INTO iceberg_namespace_properties (catalog_name, namespace, property_key, property_value)
         VALUES (?1, ?2, 'exists', 'true')",
        params![CATALOG, NAMESPACE],
    )?;
    let (column, value) =
        if has_column(database, "iceberg_type")? { (", iceberg_type", ", 'TABLE'") } else { ("", "") };
    let changed = database.execute(
        &format!(
            "INSERT OR IGNORE INTO iceberg_tables
             (catalog_name, table_namespace, table_name, metadata_location{column}) VALUES (?1, ?2, ?3, ?4{value})"
        ),
        params![CATALOG, NAMESPACE, TABLE, next],
    )?;
    Ok(changed == 1)
}

/// Whether `iceberg_tables` is there and has that column.
fn has_column(database: &Connection, name: &str) -> Result<bool> {
    let count: i64 = database.query_row(
        "SELECT count(*) FROM pragma_table_info('iceberg_tables') WHERE name = ?1",
        [name],
        |row| row.get(0),
    )?;
    Ok(count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_moves_only_from_what_was_seen() {
        let database = Connection::open_in_memory().unwrap();
        assert_eq!(pointer(&database).unwrap(), None);
        assert!(swap(&database, None, "a").unwrap());
        assert!(!swap(&database, None, "b").unwrap());
        assert!(!swap(&database, Some("b"), "c").unwrap());
        assert!(swap(&database, Some("a"), "b").unwrap());
        assert_eq!(pointer(&database).unwrap().as_deref(), Some("b"));
        let row: (String, String, String) = database
            .query_row(
                "SELECT previous_metadata_location, iceberg_type, table_name FROM iceberg_tables",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!(row, ("a".into(), "TABLE".into(), "stac_items".into()));
    }

    #[test]
    fn older_files_stay_as_they_are() {
        let database = Connection::open_in_memory().unwrap();
        database.execute_batch(&CREATE.replace(",\n        iceberg_type VARCHAR(5)", "")).unwrap();
        assert!(!has_column(&database, "iceberg_type").unwrap());
        assert!(swap(&database, None, "a").unwrap());
        assert!(swap(&database, Some("a"), "b").unwrap());
        assert_eq!(pointer(&database).unwrap().as_deref(), Some("b"));
        assert!(!has_column(&database, "iceberg_type").unwrap());
    }
}
