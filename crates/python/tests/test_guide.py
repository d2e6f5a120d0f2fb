"""The operational guide's snippets, in its order, as they stand there; and those of docs/python.md.

Three things stand for others: the environment names the S3 server's endpoint (the buckets are made by their names), `coiled` is
a cluster of processes on this machine, and DuckDB's packaged extensions are loaded instead of installed from the network.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import duckdb_extension_httpfs
import duckdb_extension_spatial
import pytest
from conftest import FIXTURES, cluster

OPEN = """
import earthcatalog as ec
from obstore.store import S3Store

store = S3Store(bucket="my-bucket", region="us-west-2")
catalog = ec.open(store=store, base="s3://my-bucket/catalog")
"""

BULK = """
catalog.bulk_ingest("s3://bucket/inventory/full.parquet", mode="full",
                     create_client=lambda: coiled.Client(n_workers=100))
"""

SINGLE = """
catalog.ingest("s3://bucket/inventory/full.parquet", mode="full")
"""

DAILY = """
catalog.ingest("s3://bucket/delta/daily.parquet", mode="delta",
          update_hash_index=True)
"""

BULK_WORKERS = """
catalog.bulk_ingest("s3://bucket/inventory/full.parquet", mode="full",
               create_client=lambda: coiled.Client(
                   n_workers=20,
                   vm_type="m6i.xlarge",
               ))
"""

SINGLE_CHUNKS = """
catalog.ingest("s3://bucket/inventory/full.parquet", mode="full",
          chunk_size=10000, update_hash_index=True)
"""

DATED = """
catalog.ingest("s3://bucket/delta/2026-04-28.parquet",
          mode="delta",
          update_hash_index=True)
"""

SINCE = """
from datetime import UTC, datetime, timedelta

catalog.ingest("s3://bucket/delta.parquet", mode="delta",
          since=datetime.now(UTC) - timedelta(days=2),
          update_hash_index=True)
"""

VERIFICATION = """
catalog.stats()              # per-partition row/file counts from Iceberg manifests
catalog.unique_item_count()  # unique STAC items (hash index footer, no full scan)
catalog.info()               # grid metadata and catalog info object
"""

SEARCH = """
from shapely.geometry import box
import duckdb

greenland = box(-60, 60, -20, 85)
paths = catalog.search_files(greenland, start_datetime="2020-01-01")

con = duckdb.connect()
con.execute("INSTALL spatial; LOAD spatial;")
df = con.execute(f\"\"\"
    SELECT id, platform, datetime
    FROM read_parquet({paths})
    WHERE ST_Intersects(geometry, ST_GeomFromText('{greenland.wkt}'))
    LIMIT 10
\"\"\").df()
"""


def packaged(package, name):
    (path,) = Path(package.__file__).parent.rglob(f"{name}.duckdb_extension")
    return path


def loads(server):
    """What stands for INSTALL: the extensions from their packages, and the server's endpoint."""
    endpoint = server.url.removeprefix("http://")
    return (
        f"LOAD '{packaged(duckdb_extension_spatial, 'spatial')}'; LOAD '{packaged(duckdb_extension_httpfs, 'httpfs')}';"
        f"CREATE SECRET (TYPE s3, KEY_ID 'testkit', SECRET 'testkit-secret', REGION 'us-east-1', ENDPOINT '{endpoint}', "
        "USE_SSL false, URL_STYLE 'path');"
    )


@pytest.fixture(scope="module")
def session(server, archive):
    """The names that a reader of the guide has, one snippet after another."""
    from distributed import Client

    def client(n_workers, vm_type=None):
        return Client(cluster())

    names = {"coiled": SimpleNamespace(Client=client)}
    exec(OPEN, names)
    return names


def test_bulk_backfill(session, archive):
    exec(BULK, session)
    assert session["catalog"].unique_item_count() == archive["items"]
    exec(BULK_WORKERS, session)
    assert session["catalog"].unique_item_count() == archive["items"]


def test_single_node_backfill(session, archive):
    exec(SINGLE, session)
    assert session["catalog"].unique_item_count() == archive["items"]
    exec(SINGLE_CHUNKS, session)
    assert session["catalog"].unique_item_count() == archive["items"]


def test_daily_deltas(session, archive):
    exec(DAILY, session)
    exec(DATED, session)
    exec(SINCE, session)
    assert session["catalog"].unique_item_count() == archive["items"]
    assert len(session["catalog"].history()) >= 2


def test_verification(session, archive):
    exec(VERIFICATION, session)
    stats = session["catalog"].stats()
    assert sum(row["row_count"] for row in stats) == session["catalog"].info().table.rows


def test_search_in_duckdb(session, server):
    snippet = SEARCH.replace("INSTALL spatial; LOAD spatial;", loads(server))
    assert snippet != SEARCH
    exec(snippet, session)
    assert list(session["df"].columns) == ["id", "platform", "datetime"]
    assert 0 < len(session["df"]) <= 10


def test_the_snippets_of_our_own_guide(session, server, archive):
    text = (FIXTURES.parent / "docs/python.md").read_text()
    snippets = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(snippets) >= 3
    for snippet in snippets:
        snippet = snippet.replace("INSTALL spatial; LOAD spatial;", loads(server))
        exec(snippet.replace('catalog.at("2026-04-28")', "catalog.at(catalog.history()[0]['snapshot_id'])"), session)
    assert session["catalog"].unique_item_count() == archive["items"]
    assert len(session["df"]) > 10
