"""Bulk ingest: here, on a Dask cluster of processes, with workers that die, and with objects that cannot be had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import duckdb
import pytest
from conftest import ARCHIVE, FIXTURES, ending
from distributed import Client

import earthcatalog as ec
from earthcatalog._engines import _Dask

INVENTORY = FIXTURES / "inventory.parquet"
MAPS = {ARCHIVE: FIXTURES / "items"}


def rows(catalog):
    """Items by cell and year, as they come back: two catalogs of the same are equal in this."""
    found = duckdb.sql(
        f"SELECT id, grid_partition, year(datetime) FROM read_parquet({catalog.search_files()}, union_by_name = true)"
    ).fetchall()
    return sorted(map(str, found)), {id: catalog.get_json(id) for id in sorted({row[0] for row in found})[::10]}


@pytest.fixture(scope="module")
def client():
    with ending() as workers, Client(workers, set_as_default=False) as client:
        yield client


def test_a_bulk_run_is_an_ingest(empty, catalog):
    report = empty.bulk_ingest(INVENTORY, mode="full", chunk_size=10)
    expected = json.loads((FIXTURES / "expected.json").read_text())["inventory"]
    assert (report.listed, report.ingested, report.superseded) == (
        expected["listed"],
        expected["ingested"],
        expected["superseded"],
    )
    assert rows(empty) == rows(catalog)
    assert empty.unique_item_count() == catalog.unique_item_count()
    again = ec.bulk_ingest(empty, INVENTORY)
    assert (again.mode, again.ingested, again.known) == ("delta", 0, report.ingested + report.superseded)
    assert not empty.bulk_runs()


def test_the_client_that_create_client_makes(empty, catalog, client):
    made = []

    def create():
        assert empty.bulk_runs(), "the plan comes first"
        made.append(client)
        # What is made is closed at the end: this one is to be used again.
        close = lambda: made.append("closed")  # noqa: E731
        return SimpleNamespace(submit=client.submit, cancel=client.cancel, loop=client.loop, close=close)

    report = empty.bulk_ingest(INVENTORY, mode="full", chunk_size=10, create_client=create)
    assert made == [client, "closed"]
    assert report.ingested == catalog.unique_item_count() and rows(empty) == rows(catalog)


def test_the_client_that_there_is(empty, catalog, client, monkeypatch):
    import distributed

    keys = []
    submit = client.submit

    def spy(*args, key, **kwargs):
        keys.append(key)
        return submit(*args, key=key, **kwargs)

    monkeypatch.setattr(client, "submit", spy)
    monkeypatch.setattr(distributed, "default_client", lambda: client)
    empty.bulk_ingest(INVENTORY, mode="full", chunk_size=50)
    assert any("-stage-" in key for key in keys) and any("-write-" in key for key in keys)
    assert rows(empty) == rows(catalog)


def test_without_tasks_no_client_is_made(empty):
    def create():
        raise AssertionError("there is nothing to do")

    with pytest.raises(ec.NotFoundError):
        empty.bulk_ingest("no-such-inventory.parquet", create_client=create)
    with pytest.raises(ec.UsageError, match="no client of Dask"):
        empty.bulk_ingest(INVENTORY, create_client=object)


def test_workers_that_are_killed(empty, catalog):
    """Both workers are killed while tasks run, one after the other; their tasks are given out again."""
    done, kills = threading.Event(), []

    def kill(client):
        first = [pid for pid in client.run(os.getpid, on_error="ignore").values() if isinstance(pid, int)]
        for pid in first:
            if not done.wait(0.5):
                kills.append(pid)
                os.kill(pid, signal.SIGKILL)

    with ending() as workers:
        client = Client(workers, set_as_default=False)
        killer = threading.Thread(target=kill, args=(client,))

        def create():
            killer.start()
            return client

        report = empty.bulk_ingest(INVENTORY, mode="full", chunk_size=2, create_client=create)
        done.set()
        killer.join()
    assert kills and report.pending == 0 and rows(empty) == rows(catalog)


PENDING = "bucket,key\narchive,odd/point.stac.json\nnowhere,odd/multipoint.stac.json\n"


def test_what_cannot_be_fetched_is_pending(tmp_path):
    inventory = tmp_path / "inventory.csv"
    inventory.write_text(PENDING)
    base = tmp_path / "catalog"
    items = FIXTURES / "items"
    away = ec.open(
        base=base,
        map_buckets={"archive": items, "nowhere": "s3+http://127.0.0.1:9/nowhere"},
        anonymous=True,
        storage_options={"max_retries": "0"},
    )
    with pytest.raises(ec.PendingError, match="could not be fetched") as raised:
        away.bulk_ingest(inventory)
    assert "retry_pending=True" in raised.value.hint and "accept_rejected=True" in raised.value.hint
    (run,) = away.bulk_runs()
    assert away.bulk_status(run["run"]).pending == 1
    assert not away.exists()
    back = ec.open(base=base, map_buckets={"archive": items, "nowhere": items})
    report = back.bulk_ingest(inventory, retry_pending=True)
    assert (report.ingested, report.pending, report.rejected) == (2, 0, 0)


def test_what_cannot_be_fetched_is_accepted_as_rejected(tmp_path):
    inventory = tmp_path / "inventory.csv"
    inventory.write_text(PENDING)
    catalog = ec.open(
        base=tmp_path / "catalog",
        map_buckets={"archive": FIXTURES / "items", "nowhere": "s3+http://127.0.0.1:9/nowhere"},
        anonymous=True,
        storage_options={"max_retries": "0"},
    )
    report = catalog.bulk_ingest(inventory, accept_rejected=True)
    assert (report.ingested, report.pending, report.rejected) == (1, 0, 1)


def test_an_open_run_is_taken_up(empty, tmp_path):
    with pytest.raises(ec.UsageError, match="there is none"):
        empty.bulk_ingest(INVENTORY, skip_inventory=True)
    with pytest.raises(ec.FailedError, match="not that far"):
        empty.bulk_ingest(INVENTORY, mode="full", chunk_size=50, skip_ingest=True)
    report = empty.bulk_ingest(INVENTORY, mode="full", skip_inventory=True)
    assert report.ingested == empty.unique_item_count()
    with pytest.raises(ec.FailedError):
        empty.bulk_ingest(INVENTORY, mode="full", limit=3, skip_ingest=True)
    (run,) = empty.bulk_runs()
    empty.bulk_clean(run["run"])
    assert not empty.bulk_runs()


@pytest.mark.parametrize(
    "options",
    [
        {"chunk_size": 0},
        {"compact_rows": 0},
        {"staging_prefix": "warehouse"},
        {"no_such_option": 1},
        {"dry_run": True},
        {"base": "elsewhere"},
    ],
    ids=str,
)
def test_options_that_do_not_fit(empty, options):
    with pytest.raises(ec.UsageError):
        empty.bulk_ingest(INVENTORY, **options)


def test_a_bulk_run_deletes_nothing(empty):
    empty.bulk_ingest(INVENTORY, limit=3)
    with pytest.raises(ec.UsageError, match="cannot delete") as raised:
        empty.bulk_ingest(INVENTORY, mode="sync")
    assert 'catalog.ingest(…, mode="sync")' in raised.value.hint


class Future:
    def __init__(self, error=None):
        self.status = "finished" if error is None else "error"
        self.error = error

    def exception(self):
        return self.error


def dead(number):
    """An error of the cluster, not of a task."""
    from distributed.scheduler import KilledWorker

    return KilledWorker("task", SimpleNamespace(address="tcp://x"), number)


class Cluster:
    """A client whose workers answer as told."""

    def __init__(self, outcomes):
        self.outcomes = list(outcomes)
        self.submitted, self.cancelled = [], []

    def submit(self, function, *args, key, pure):
        self.submitted.append((key, args))
        return Future(self.outcomes.pop(0))

    def cancel(self, futures):
        self.cancelled += futures


@pytest.fixture
def completed(monkeypatch):
    class Completed(list):
        def __init__(self, futures, loop):
            super().__init__(futures)

        def __iter__(self):
            while self:
                yield self.pop(0)

        add = list.append

    monkeypatch.setattr("distributed.as_completed", Completed)


TASK = {"version": 1, "run": "r", "phase": "stage", "number": 7}


def test_a_task_is_given_out_again_where_that_may_help(completed):
    connection = ec.open(
        store=ec.store.S3Store("b", region="x", access_key_id="k", secret_access_key="hunter2"), base="c"
    )._connection
    client = Cluster([dead(1), ec.UnavailableError("no answer"), None])
    finished = []
    _Dask(connection, client).run([TASK], "{}", finished.append)
    assert finished == [TASK] and len(client.submitted) == 3
    keys = [key for key, _ in client.submitted]
    assert len(set(keys)) == 3 and all(key.startswith("earthcatalog-stage-r-7-") for key in keys)
    assert "hunter2" not in str(client.submitted)


def test_a_task_that_fails_ends_the_run(completed):
    client = Cluster([ec.UsageError("wrong"), None])
    with pytest.raises(ec.UsageError, match="wrong"):
        _Dask(None, client).run([TASK, TASK], "{}", lambda _: None)
    assert len(client.cancelled) == 1
    client = Cluster([dead(1)] * 10)
    with pytest.raises(ec.FailedError, match="failed on 10 workers"):
        _Dask(None, client).run([TASK], "{}", lambda _: None)


def test_backfill_is_a_bulk_run(tmp_path, server, archive):
    base = tmp_path / "catalog"
    command = [sys.executable, "-m", "earthcatalog.pipelines.backfill", "--inventory", "s3://bucket/inventory/full.parquet"]
    command += ["--catalog", str(base / "earthcatalog.db"), "--warehouse", str(base / "warehouse"), "--chunk-size", "50"]
    command += ["--compact-rows", "1000", "--fetch-concurrency", "16", "--staging-prefix", "staging"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "deprecated" in run.stderr and "catalog.bulk_ingest" in run.stderr
    assert json.loads(run.stdout)["ingested"] == archive["items"] == ec.open(base=base).unique_item_count()
    delta = subprocess.run([*command, "--delta", "--update-hash-index"], capture_output=True, text=True, timeout=120)
    assert json.loads(delta.stdout)["known"] == archive["objects"]
