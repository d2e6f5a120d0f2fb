"""Spatial catalogs of STAC items in GeoParquet and Apache Iceberg, without a server.

    import earthcatalog as ec

    catalog = ec.open(base="s3://my-bucket/catalog")
    catalog.ingest("s3://my-bucket/inventory/full.parquet", mode="full")
    paths = catalog.search_files((-60, 60, -20, 85), start_datetime="2020")

Units are degrees for coordinates, bytes for sizes, seconds for durations; times are UTC unless they say otherwise. Errors are
subclasses of `EarthcatalogError`, one for each thing that a caller does about them.
"""

from __future__ import annotations

from . import store
from ._bulk import bulk_ingest
from ._catalog import Catalog, ingest
from ._errors import (
    AccessDeniedError,
    ConflictError,
    EarthcatalogError,
    FailedError,
    LockedError,
    NotFoundError,
    PendingError,
    StoppedError,
    UnavailableError,
    UsageError,
)
from ._native import __version__
from ._open import open
from ._records import GridInfo, HashIndexInfo, Info, Lock, Report, Rows, SnapshotInfo, TableInfo

__all__ = [
    "AccessDeniedError",
    "Catalog",
    "ConflictError",
    "EarthcatalogError",
    "FailedError",
    "GridInfo",
    "HashIndexInfo",
    "Info",
    "Lock",
    "LockedError",
    "NotFoundError",
    "PendingError",
    "Report",
    "Rows",
    "SnapshotInfo",
    "StoppedError",
    "TableInfo",
    "UnavailableError",
    "UsageError",
    "__version__",
    "bulk_ingest",
    "ingest",
    "open",
    "store",
]
