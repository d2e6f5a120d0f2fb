"""earthcatalog 0.6.1, the Python package of today, opens an H3 catalog of ours as it opens its own."""

import os
import shutil
from pathlib import Path

import duckdb
import duckdb_extension_httpfs
import duckdb_extension_spatial
import earthcatalog
from checks import Checks
from obstore.store import LocalStore
from shapely.geometry import Point, box

GREENLAND = (-60, 60, -20, 85)


def give_duckdb_its_extensions(home):
    """0.6.1 says INSTALL, which asks the network unless the files lie where DuckDB looks first: in a home of our own."""
    (platform,) = duckdb.sql("PRAGMA platform").fetchone()
    folder = home / ".duckdb/extensions" / f"v{duckdb.__version__}" / platform
    folder.mkdir(parents=True, exist_ok=True)
    for package in (duckdb_extension_spatial, duckdb_extension_httpfs):
        for extension in Path(package.__file__).parent.rglob("*.duckdb_extension"):
            shutil.copy(extension, folder)
    os.environ["HOME"] = str(home)


def main(check):
    catalog = earthcatalog.open(store=LocalStore(), base=str(check.base))
    info = catalog.info()
    check.equal("info: grid", (info.grid_type, info.grid_resolution), ("h3", 1))
    check.equal("unique_item_count", catalog.unique_item_count(), check.facts["count"]["unique_items"])
    stats = catalog.stats()
    check.equal("stats: rows", sum(row["row_count"] for row in stats), check.facts["count"]["rows"])
    check.equal("stats: files", sum(row["file_count"] for row in stats), len(check.facts["files"]))
    ours = {row["path"] for row in check.facts["files"]}
    greenland = catalog.search_files(box(*GREENLAND))
    check("search_files: an area", 0 < len(greenland) < len(ours) and set(greenland) <= ours, f"{len(greenland)} files")
    recent = catalog.search_files(box(*GREENLAND), start_datetime="2015-01-01")
    check("search_files: an area and a time", 0 < len(recent) < len(greenland), f"{len(recent)} files")
    check("search_files: a point", len(catalog.search_files(Point(-49.25, 69.17))) > 0)
    give_duckdb_its_extensions(check.base.parent / "home")
    found = catalog.duck_search(bbox=GREENLAND, datetime="2015-01-01/2026-12-31")
    check("duck_search: an area and a time", len(found) > 0 and (found["datetime"].dt.year >= 2015).all(), f"{len(found)} rows")



if __name__ == "__main__":
    Checks().run(main)
