//! Spatial catalogs of STAC items in GeoParquet and Apache Iceberg, without a server.
