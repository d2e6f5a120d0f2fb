"""An S3 server with an archive in it, and catalogs on it, in folders and in memory."""

from __future__ import annotations

import io
import os
import subprocess
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import dask
import obstore
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster
from obstore.store import S3Store

import earthcatalog as ec

FIXTURES = Path(os.environ["EARTHCATALOG_TEST_FIXTURES"])
ARCHIVE = "earthcatalog-fixtures"
NOW = datetime.now(UTC).replace(microsecond=0)


class Server:
    """The server of testkit in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [os.environ["EARTHCATALOG_TEST_S3_SERVER"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = self.process.stdout.readline().strip()
        self.env = {
            "AWS_ACCESS_KEY_ID": "testkit",
            "AWS_SECRET_ACCESS_KEY": "testkit-secret",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
        }

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def server():
    server = Server()
    os.environ.update(server.env)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def archive(server):
    """Items in `earthcatalog-fixtures` under short keys, inventories of them in `bucket`."""
    listed = pq.read_table(FIXTURES / "inventory.parquet")
    listed = listed.filter([key.endswith(".stac.json") for key in listed["key"].to_pylist()])
    items = S3Store(ARCHIVE)
    keys = [f"items/{number:04}.stac.json" for number in range(len(listed))]
    for key, name in zip(keys, listed["key"].to_pylist(), strict=True):
        obstore.put(items, key, (FIXTURES / "items" / name).read_bytes())
    full = replaced(listed, "key", keys)
    put_inventory("inventory/full.parquet", full)
    # What was uploaded again today: ten granules.
    today = replaced(full.slice(40, 10), "last_modified_date", [NOW] * 10)
    for name in ("delta/daily.parquet", "delta/2026-04-28.parquet", "delta.parquet"):
        put_inventory(name, today)
    # Of the fixtures' two versions of one item the older is superseded.
    return {"objects": len(keys), "items": len(keys) - 1}


def replaced(table, name, values):
    """The table with other values in a column."""
    at = table.schema.get_field_index(name)
    field = table.schema.field(at)
    return table.set_column(at, field, pa.array(values, field.type))


def put_inventory(key, table) -> None:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    obstore.put(S3Store("bucket"), key, sink.getvalue())


def cluster():
    """Two workers, each a process. A worker that was killed is waited for as long as a busy machine needs to start another:
    by default Dask gives one up that is lost now and was lost fifteen seconds ago."""
    dask.config.set({"distributed.deploy.lost-worker-timeout": "600s"})
    return LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0")


@contextmanager
def ending():
    """Such a cluster, and its end. Dask waits for ever for a worker that was killed while it was being started."""
    workers = cluster()
    try:
        yield workers
    finally:
        with suppress(TimeoutError):
            workers.close(timeout=20)
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if any("multiprocessing.spawn" in word for word in process.cmdline()):
                    process.kill()


@pytest.fixture(scope="session")
def catalog(tmp_path_factory):
    """A catalog in a folder that all tests read and none changes."""
    base = tmp_path_factory.mktemp("shared") / "catalog"
    catalog = ec.open(base=base, map_buckets={ARCHIVE: FIXTURES / "items"})
    catalog.ingest(FIXTURES / "inventory.parquet", mode="full", progress=False)
    return catalog


@pytest.fixture
def empty(tmp_path):
    """A base with nothing there yet."""
    return ec.open(base=tmp_path / "catalog", map_buckets={ARCHIVE: FIXTURES / "items"})
