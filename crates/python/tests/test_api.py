"""What the package's calls take, give and raise."""

from __future__ import annotations

import json
import logging
import pickle
from datetime import UTC, date, datetime, timedelta

import pandas
import pytest
from conftest import ARCHIVE, FIXTURES
from shapely.geometry import box, shape

import earthcatalog as ec
from earthcatalog._errors import _in_python

EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
INVENTORY = FIXTURES / "inventory.parquet"


def test_a_report_is_a_mapping_with_attributes(empty):
    report = empty.ingest(INVENTORY, mode="full")
    assert isinstance(report, ec.Report)
    assert {name: report[name] for name in ("listed", "filtered", "ingested")} == {
        name: EXPECTED["inventory"][name] for name in ("listed", "filtered", "ingested")
    }
    assert report.ingested == report["ingested"] == dict(report)["ingested"]
    assert report.listed == (
        report.filtered + report.known + report.superseded + report.rejected + report.pending + report.ingested
    )
    assert "<table>" in report._repr_html_() and "ingested" in repr(report)
    assert pickle.loads(pickle.dumps(report)) == report
    with pytest.raises(AttributeError, match="no_such"):
        report.no_such


def test_what_is_known_is_not_fetched_again(empty):
    full = ec.ingest(empty, INVENTORY, mode="full")
    again = ec.ingest(INVENTORY, base=empty.base)
    assert (again.mode, again.ingested, again.known) == ("delta", 0, full.ingested + full.superseded)


def test_rejections_are_counted_and_listed(empty):
    report = empty.ingest(FIXTURES / "inventory-all.parquet", mode="full")
    assert report.rejected == EXPECTED["inventory-all"]["rejected"]
    assert sum(report.rejected_by_reason.values()) == report.rejected
    assert len(pandas.read_parquet(report.rejected_path)) == report.rejected


def test_rejections_are_logged_where_someone_listens(empty, caplog):
    with caplog.at_level(logging.INFO, logger="earthcatalog"):
        report = empty.ingest(FIXTURES / "inventory-all.parquet", mode="full")
    assert sum("rejected" in record.message for record in caplog.records) == report.rejected


def test_a_dry_run_writes_nothing(empty):
    report = empty.ingest(INVENTORY, dry_run=True)
    assert report.dry_run and report.snapshot_id is None and not empty.exists()


def test_stats_are_rows(catalog):
    stats = catalog.stats()
    frame = pandas.DataFrame(stats)
    assert list(frame.columns) == ["grid_partition", "year", "row_count", "file_count", "total_bytes"]
    assert isinstance(stats, list) and isinstance(stats[0], dict)
    assert frame["row_count"].sum() == catalog.counts().rows == catalog.info().table.rows
    assert "<table>" in stats._repr_html_()


def test_info(catalog):
    info = catalog.info()
    assert (info.grid.type, info.grid.resolution, info.grid.spec) == ("s2", 4, "s2:4")
    assert (catalog.grid_type, catalog.grid_resolution) == ("s2", 4)
    assert info.hash_index.unique_items == catalog.unique_item_count() == EXPECTED["inventory"]["ingested"]
    assert info["grid"]["type"] == "s2" and info.to_dict()["grid"]["type"] == "s2"
    assert "s2:4" in info._repr_html_() and "s2:4" in catalog._repr_html_() and catalog.base in repr(catalog)
    fiji = (177, -19, -179, -16)
    assert info.cells_for_geometry(fiji) == catalog.cells_for_geometry(fiji) == ["6e1", "6e3", "71d", "71f"]
    assert info.cell_list_sql(fiji) == "grid_partition IN ('6e1', '6e3', '71d', '71f')"


GREENLAND = box(-60, 60, -20, 85)


@pytest.mark.parametrize(
    "area",
    [
        GREENLAND,
        GREENLAND.wkt,
        GREENLAND.__geo_interface__,
        json.dumps(GREENLAND.__geo_interface__),
        {"type": "Feature", "geometry": GREENLAND.__geo_interface__, "properties": {}},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": GREENLAND.__geo_interface__}]},
        (-60, 60, -20, 85),
        [-60.0, 60.0, -20.0, 85.0],
        (-60, 60, 0, -20, 85, 3000),
        pandas.Series([-60, 60, -20, 85]).to_numpy(),
        shape(GREENLAND.__geo_interface__),
    ],
)
def test_areas(catalog, area):
    found = catalog.search_files(area)
    assert found == catalog.search_files((-60, 60, -20, 85))
    assert 0 < len(found) < len(catalog.search_files())


@pytest.mark.parametrize(
    "area",
    ["nowhere", {"type": "Circle"}, (1, 2, 3), ("1", 2, 3, 4), 5, object(), "POLYGON EMPTY", (0, 95, 1, 96), {"type": object()},
     {"type": "Point", "coordinates": [float("nan"), 0]}],
)  # fmt: skip
def test_what_is_no_area_is_refused(catalog, area):
    with pytest.raises(ec.UsageError):
        catalog.search_files(area)


@pytest.mark.parametrize(
    "start",
    ["2020-01-01", "2020", "2020-01", date(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC), "2020-01-01T00:00:00Z",
     "2020-01-01T01:00:00+01:00"],
)  # fmt: skip
def test_times(catalog, start):
    found = catalog.search_files(GREENLAND, start_datetime=start)
    assert found == catalog.search_files(GREENLAND, start_datetime="2020-01-01T00:00:00Z")
    assert len(found) < len(catalog.search_files(GREENLAND))
    both = catalog.search_files(GREENLAND, start, "2021")
    assert 0 < len(both) < len(found)


@pytest.mark.parametrize("start", [datetime(2020, 1, 1), "yesterday", 2020, "2020/2021", "2021-13"])
def test_what_is_no_time_is_refused(catalog, start):
    with pytest.raises(ec.UsageError):
        catalog.search_files(start_datetime=start)
    with pytest.raises(ec.UsageError):
        catalog.search_files(start_datetime="2021", end_datetime="2020")


def test_files_are_a_list_in_sql():
    from earthcatalog._records import Files

    files = Files(["s3://b/it's", "c:\\x"])
    assert f"{files}" == str(files) == "['s3://b/it''s', 'c:\\x']"
    assert files == ["s3://b/it's", "c:\\x"] and f"{Files()}" == "[]"


def test_items_come_back(catalog):
    item = catalog.get("odd-around-south-pole")
    written = json.loads((FIXTURES / "items/odd/around-south-pole.stac.json").read_text())
    assert item == written == json.loads(catalog.get_json("odd-around-south-pole"))
    assert catalog.get("no such id") is None and catalog.get_json("no such id") is None


@pytest.mark.parametrize(
    "since",
    ["2d", "2026-11-01", timedelta(days=2), datetime.now(UTC) - timedelta(days=2), date.today()],
)
def test_since(empty, since):
    empty.ingest(INVENTORY, mode="full")
    report = empty.ingest(INVENTORY, mode="delta", since="2000-01-01")
    assert report.known > 0
    report = empty.ingest(INVENTORY, mode="delta", since=since)
    assert report.filtered == report.listed


@pytest.mark.parametrize(
    "options",
    [
        {"since": datetime(2026, 1, 1)},
        {"since": "soon"},
        {"since": 5},
        {"since": timedelta(days=10**9 - 1)},
        {"limit": 0},
        {"limit": "ten"},
        {"limit": 1.5},
        {"limit": True},
        {"chunk_size": 0},
        {"memory": "lots"},
        {"memory": -1},
        {"mode": "fast"},
        {"assets": "columns"},
        {"max_delete": "half"},
        {"glob": "["},
        {"suffixes": [1]},
        {"mode": object()},
        {"prefix": 5},
    ],
    ids=str,
)
def test_options_that_do_not_fit(empty, options):
    with pytest.raises(ec.UsageError):
        empty.ingest(INVENTORY, **options)
    assert not empty.exists()


def test_a_naive_time_says_what_to_do(empty):
    with pytest.raises(ec.UsageError, match="no time zone") as raised:
        empty.ingest(INVENTORY, since=datetime(2026, 1, 1))
    assert "UTC" in raised.value.hint and isinstance(raised.value, ValueError)


def test_the_grid_of_a_new_base(tmp_path):
    base = tmp_path / "catalog"
    maps = {ARCHIVE: FIXTURES / "items"}
    ec.open(base=base, grid="h3:1", map_buckets=maps).ingest(INVENTORY, limit=20)
    assert ec.open(base=base, grid="h3:1").info().grid.spec == "h3:1"
    with pytest.raises(ec.UsageError, match="h3:1, not s2:4"):
        ec.open(base=base, grid="s2:4")
    with pytest.raises(ec.UsageError, match="unknown grid"):
        ec.open(base=base, grid="hexagons")


def test_nothing_there(empty, tmp_path):
    for ask in (empty.stats, empty.info, empty.unique_item_count, empty.search_files, empty.compact, empty.history):
        with pytest.raises(ec.NotFoundError, match="no catalog") as raised:
            ask()
        assert isinstance(raised.value, LookupError) and "catalog.ingest" in raised.value.hint
    assert "no catalog yet" in empty._repr_html_()
    with pytest.raises(ec.NotFoundError):
        empty.ingest(tmp_path / "no-inventory.parquet")


def test_errors_travel_between_processes():
    error = ec.LockedError("locked", "wait, or `earthcatalog lock break`")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.message, again.hint) == (ec.LockedError, "locked", "wait, or `catalog.lock.break_()`")
    assert issubclass(ec.LockedError, ec.ConflictError) and issubclass(ec.ConflictError, ec.EarthcatalogError)


def test_the_lock(empty):
    assert empty.lock.status() is None
    with empty.lock("nightly", ttl_hours=1) as lease:
        held = empty.lock.status()
        assert (held.owner, held.stale) == ("nightly", False)
        with pytest.raises(ec.LockedError, match="nightly") as raised:
            empty.ingest(INVENTORY, limit=5)
        assert "catalog.lock.break_()" in str(raised.value)
        lease.renew()
        empty.ingest(INVENTORY, limit=5, lock=False)
    assert empty.lock.status() is None and empty.lock.break_() is None


def test_a_dead_writers_lock_is_broken(empty):
    held = empty.lock("dead")
    held.__enter__()
    assert empty.lock.break_().owner == "dead"
    with pytest.raises(ec.ConflictError):
        held.__exit__(None, None, None)


def test_another_programs_lock_is_taken_too(tmp_path):
    other = tmp_path / "store/.lock"
    catalog = ec.open(base=tmp_path / "catalog", map_buckets={ARCHIVE: FIXTURES / "items"}, lock_path=other)
    elsewhere = ec.open(base=tmp_path / "store")
    with elsewhere.lock("older program"):
        assert catalog.lock.status().path == str(other)
        with pytest.raises(ec.LockedError, match="older program"):
            catalog.ingest(INVENTORY, limit=5)
    catalog.ingest(INVENTORY, limit=5)
    assert catalog.lock.status() is None and not other.exists()


def test_keeping_it_tidy(empty):
    for limit in (10, 20, 30, 40, 50):
        empty.ingest(INVENTORY, mode="delta", limit=limit)
    before = empty.counts()
    assert empty.compact(dry_run=True).dry_run
    compacted = empty.compact(min_files=2, progress=False)
    assert compacted.files_after < compacted.files_before
    assert empty.counts() == before
    assert len(empty.history()) == 6
    first = empty.history()[0]["snapshot_id"]
    assert empty.at(first).counts().rows < before.rows
    assert empty.at(datetime.now(UTC)).stats() == empty.stats()
    with pytest.raises(ec.UsageError, match="no snapshot"):
        empty.at(1).stats()
    assert len(empty.expire(keep_last=1).expired) == 5
    assert empty.gc(grace=timedelta(0)).deleted > 0
    verified = empty.verify(full=True)
    assert verified.is_right and verified.problems == 0
    regridded = empty.regrid("s2:2")
    assert regridded.grid == "s2:2" and empty.info().grid.spec == "s2:2"


def test_a_running_event_loop_is_no_obstacle(catalog):
    import asyncio

    async def notebook():
        return catalog.unique_item_count()

    assert asyncio.run(notebook()) == catalog.unique_item_count()


def test_threads(catalog):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        assert len({len(files) for files in pool.map(lambda _: catalog.search_files(GREENLAND), range(32))}) == 1


def test_hints_name_arguments():
    advice = _in_python("a copy elsewhere is named by --map-bucket b=URL, or use --max-delete 5%")
    assert advice == 'a copy elsewhere is named by map_buckets={"b": "URL"}, or use max_delete="5%"'
