//! Bucket listings as a stream of objects: S3 inventories in Parquet and CSV.
