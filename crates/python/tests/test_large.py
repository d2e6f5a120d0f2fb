"""Many items on a Dask cluster whose workers are killed, row for row what one process makes: `cargo xtask soak dask`."""

from __future__ import annotations

import os
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import obstore
import pyarrow.parquet as pq
import pytest
from conftest import cluster, replaced
from distributed import Client
from obstore.store import S3Store

import earthcatalog as ec

FOLDER = os.environ.get("EARTHCATALOG_TEST_LARGE")
KILLS = int(os.environ.get("EARTHCATALOG_TEST_KILLS", "30"))
pytestmark = pytest.mark.skipif(FOLDER is None, reason="it is large: cargo xtask soak dask")


@pytest.fixture(scope="module")
def inventory(server, tmp_path_factory):
    """The items on the S3 server under short keys, and an inventory of them."""
    listed = pq.read_table(Path(FOLDER) / "inventory.parquet")
    listed = listed.filter([key.endswith(".stac.json") for key in listed["key"].to_pylist()])
    keys = [f"{number // 1000:04}/{number % 1000:04}.stac.json" for number in range(len(listed))]
    store = S3Store("large")

    def put(pair):
        obstore.put(store, pair[0], (Path(FOLDER) / "items" / pair[1]).read_bytes())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, zip(keys, listed["key"].to_pylist(), strict=True)))
    path = tmp_path_factory.mktemp("large") / "inventory.parquet"
    pq.write_table(replaced(replaced(listed, "key", keys), "bucket", ["large"] * len(keys)), path)
    return path


@pytest.fixture(scope="module")
def single(inventory, tmp_path_factory):
    catalog = ec.open(base=tmp_path_factory.mktemp("single") / "catalog")
    catalog.ingest(inventory, mode="full")
    return catalog


def same(one, other):
    """Row for row, column by column."""
    tables = [f"read_parquet({catalog.search_files()}, union_by_name = true)" for catalog in (one, other)]
    columns = [sorted(row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM {table}").fetchall()) for table in tables]
    assert columns[0] == columns[1]
    names = ", ".join(f'"{name}"' for name in columns[0])
    for left, right in (tables, tables[::-1]):
        left_over = f"SELECT {names} FROM {left} EXCEPT ALL SELECT {names} FROM {right}"
        assert duckdb.sql(f"SELECT count(*) FROM ({left_over})").fetchone() == (0,)


def tidied(base):
    """Nothing is left of a run but what it says of itself."""
    return {path.name for path in (base / "runs").rglob("*") if path.is_file()} <= {"report.json", "rejected.parquet"}


def test_two_workers(inventory, single, tmp_path):
    catalog = ec.open(base=tmp_path / "catalog")
    report = catalog.bulk_ingest(inventory, mode="full", chunk_size=1000, create_client=lambda: Client(cluster()))
    assert report.pending == 0
    same(catalog, single)
    assert tidied(tmp_path / "catalog")


def test_workers_that_are_killed_at_random(inventory, single, tmp_path):
    done, killed, chance = threading.Event(), [], random.Random(7)

    def kill(client):
        # Dask gives a worker up that dies while it is being started: only those are killed that were there a moment ago.
        known = set()
        while len(killed) < KILLS and not done.wait(chance.uniform(1, 2)):
            pids = {pid for pid in client.run(os.getpid, on_error="ignore").values() if isinstance(pid, int)}
            for pid in sorted(pids & known)[:1]:
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)
            known = pids

    def create():
        client = Client(cluster())
        threading.Thread(target=kill, args=(client,), daemon=True).start()
        return client

    catalog = ec.open(base=tmp_path / "catalog")
    for _ in range(20):
        try:
            report = catalog.bulk_ingest(inventory, mode="full", chunk_size=200, create_client=create)
            break
        except ec.FailedError as error:
            # A task may lose one worker after another: the same call takes the run up.
            assert "workers" in str(error)
    done.set()
    print(f"{len(killed)} workers were killed")
    assert killed and report.pending == 0
    same(catalog, single)
    assert tidied(tmp_path / "catalog")
    assert catalog.verify().is_right
