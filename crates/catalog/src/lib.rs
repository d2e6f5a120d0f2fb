//! The table: append, replace, files, head. Apache Iceberg behind one SQLite file.
