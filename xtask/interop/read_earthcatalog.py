"""earthcatalog 0.6.1, the Python package of today, opens an H3 catalog of ours as it opens its own."""

import earthcatalog
from checks import Checks
from obstore.store import LocalStore
from shapely.geometry import Point, box


def main(check):
    catalog = earthcatalog.open(store=LocalStore(), base=str(check.base))
    info = catalog.info()
    check.equal("info: grid", (info.grid_type, info.grid_resolution), ("h3", 1))
    check.equal("unique_item_count", catalog.unique_item_count(), check.facts["count"]["unique_items"])
    stats = catalog.stats()
    check.equal("stats: rows", sum(row["row_count"] for row in stats), check.facts["count"]["rows"])
    check.equal("stats: files", sum(row["file_count"] for row in stats), len(check.facts["files"]))
    ours = {row["path"] for row in check.facts["files"]}
    greenland = catalog.search_files(box(-60, 60, -20, 85))
    check("search_files: an area", 0 < len(greenland) < len(ours) and set(greenland) <= ours, f"{len(greenland)} files")
    recent = catalog.search_files(box(-60, 60, -20, 85), start_datetime="2015-01-01")
    check("search_files: an area and a time", 0 < len(recent) < len(greenland), f"{len(recent)} files")
    missing = {row["path"] for row in check.facts["files_greenland"]} - ours
    check("search_files: ours agree with themselves", not missing, missing or "")
    check("search_files: a point", len(catalog.search_files(Point(-49.25, 69.17))) > 0)


if __name__ == "__main__":
    Checks().run(main)
