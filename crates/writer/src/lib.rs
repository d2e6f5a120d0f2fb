//! STAC items to typed columns to GeoParquet files, and the way back.
