"""rustac and stac-geoparquet turn files back into items; what they show of our own columns is said."""

import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import rustac
import stac_geoparquet.arrow
from checks import Checks

OURS = {"grid_partition", "_source", "_extra"}
ROOT = Path(__file__).resolve().parents[2]


def originals():
    """The fixtures' own items, by id; of two with one id the newer."""
    items = {}
    for path in sorted((ROOT / "fixtures/items").rglob("*.stac.json")):
        if "bad" not in path.parts and path.name != "older.stac.json":
            item = json.loads(path.read_text())
            items[item["id"]] = item
    return items


def main(check):
    items = originals()
    paths = [row["path"] for row in check.facts["files"]]
    with_rustac(check, paths, items)
    with_stac_geoparquet(check, paths, items)


def with_rustac(check, paths, items):
    found, shown, differ, refused = 0, set(), [], []
    for path in paths:
        try:
            features = rustac.read_sync(path)["features"]
        except BaseException as e:  # its PanicException is no Exception
            if type(e).__name__ != "PanicException":
                raise
            refused.append(path)
            continue
        for item in features:
            found += 1
            shown |= OURS & set(item["properties"])
            if not alike(item, items[item["id"]]):
                differ.append(item["id"])
    # It reads no null geometry (rustac 0.9.17 panics on one): those are in the cell of their own, and nowhere else.
    check("rustac: every file with geometries is read", all("=__none__/" in path for path in refused), refused)
    null = sum(pq.read_metadata(path).num_rows for path in refused)
    check.equal("rustac: items of these files", found, check.facts["count"]["rows"] - null)
    check("rustac: granules and scenes as they were", not differ, sorted(set(differ))[:5] or "")
    print(f"     rustac shows as properties: {sorted(shown) or 'none of our columns'}")


def with_stac_geoparquet(check, paths, items):
    found, shown, differ, failed, beyond = 0, set(), [], [], 0
    for path in paths:
        table = pq.read_table(path)
        try:
            read = list(stac_geoparquet.arrow.stac_table_to_items(table))
        except Exception as e:
            if null_or_collection(table):
                beyond += table.num_rows
                continue
            failed.append(f"{Path(path).parent.parent.name}: {type(e).__name__}: {e}"[:160])
            continue
        for item in read:
            found += 1
            shown |= OURS & set(item["properties"])
            if not alike(item, items[item["id"]]):
                differ.append(item["id"])
    # It reads neither null geometries nor GeometryCollections, and then nothing of the file.
    kinds = "but those with null geometries or GeometryCollections"
    check(f"stac-geoparquet: every file is read, {kinds}", not failed, failed[:3] or len(paths))
    check.equal("stac-geoparquet: items of these files", found, check.facts["count"]["rows"] - beyond)
    check("stac-geoparquet: granules and scenes as they were", not differ, sorted(set(differ))[:5] or "")
    print(f"     stac-geoparquet shows as properties: {sorted(shown) or 'none of our columns'}")


def null_or_collection(table):
    """Whether a file holds a null geometry or a GeometryCollection (WKB type 7, with or without Z)."""
    return any(g is None or int.from_bytes(g[1:5], "little") % 1000 == 7 for g in table["geometry"].to_pylist())


def alike(item, original):
    """Id, collection, assets' references and the plain properties agree. Odd items keep their oddities in `_extra`, which no
    reader but ours knows: of them the id is enough."""
    if original["collection"] == "odd":
        return True
    same = item["collection"] == original["collection"]
    hrefs = {key: asset["href"] for key, asset in original["assets"].items() if "." not in key}
    same &= hrefs == {key: asset["href"] for key, asset in item["assets"].items() if asset and asset.get("href")}
    for name, value in original["properties"].items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found = item["properties"].get(name)
            same &= isinstance(found, (int, float)) and math.isclose(found, value)
        elif isinstance(value, str) and not name.endswith(("datetime", "created", "updated")):
            same &= item["properties"].get(name) == value
    return same


if __name__ == "__main__":
    Checks().run(main)
