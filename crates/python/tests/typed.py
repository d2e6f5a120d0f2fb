"""A program that uses the package, for mypy --strict to read; it is not run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import assert_type

from shapely.geometry import box

import earthcatalog as ec
from earthcatalog.store import MemoryStore, S3Store


def nightly(inventory: Path) -> int:
    """A delta, and what came of it."""
    catalog = ec.open(store=S3Store("my-bucket", region="us-west-2"), base="s3://my-bucket/catalog", grid="s2:4")
    assert_type(catalog, ec.Catalog)
    with catalog.lock("nightly"):
        report = catalog.ingest(inventory, mode="delta", since=datetime.now(UTC) - timedelta(days=2), lock=False)
    assert_type(report, ec.Report)
    assert_type(report.ingested, int)
    assert_type(report.snapshot_id, int | None)
    return report.rows


def ask() -> str:
    """Questions."""
    catalog = ec.open(store=MemoryStore(), base="catalog")
    paths: list[str] = catalog.search_files(box(-60, 60, -20, 85), start_datetime="2020-01-01")
    item = catalog.get("an id")
    info = catalog.info()
    assert_type(info.grid.type, str)
    assert_type(info.cells_for_geometry((0, 0, 1, 1)), list[str])
    held = catalog.lock.status()
    owner = held.owner if held is not None else "nobody"
    rows = [row["row_count"] for row in catalog.stats()]
    return f"{paths} {item} {owner} {rows}"


def in_one_call() -> None:
    """The module's functions."""
    try:
        ec.ingest("inventory.parquet", base="catalog", mode="full")
        ec.ingest(ec.open(base="catalog"), "inventory.parquet")
        ec.bulk_ingest(ec.open(base="catalog"), "inventory.parquet", create_client=None)
    except ec.LockedError as error:
        assert_type(error.hint, str | None)
