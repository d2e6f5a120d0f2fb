//! Which item ids and object versions a catalog already holds: sorted Parquet, streamed.
