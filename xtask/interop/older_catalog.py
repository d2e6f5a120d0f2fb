"""A catalog that earthcatalog 0.6.1 itself has made: ours to read, extend, compact and cover anew, and still its own."""

import contextlib
import io
import json
import subprocess
from pathlib import Path

import earthcatalog
from checks import Checks
from make_earthcatalog import BUCKET, list_objects, make_catalog, put_object
from obstore.store import LocalStore
from table import open_table

ROOT = Path(__file__).resolve().parents[2]
ITEMS = ROOT / "fixtures/items"
CHANGED, OLDER, TWINS = 10, 5, 20
NEW = ("odd/multipolygon", "odd/across-180-jumping", "odd/hole")
GREENLAND = "-60,60,-20,85"


class Ours:
    """Our command line on one catalog."""

    def __init__(self, check, base, archive):
        self.check, self.base, self.archive = check, base, archive

    def __call__(self, command, *args, expected=0):
        run = [*self.check.facts["command"], command, *args, "--catalog", str(self.base), "--json", "--quiet"]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != expected:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def item(self, id):
        return self("get", id)

    def delta(self, inventory):
        return self("ingest", str(inventory), "--mode", "delta", "--map-bucket", f"{BUCKET}={self.archive}")


def first_items(archive):
    """60 granules in the columns that 0.6.1 has (it ends with the first `date_dt` that is no whole number), and the last 20
    once more under other ids: in files of their own, beside those of the first."""
    items = {}
    for path in sorted((ITEMS / "velocity_image_pair").rglob("*.stac.json")):
        item = json.loads(path.read_text())
        item["properties"]["date_dt"] = round(item["properties"]["date_dt"])
        items[f"velocity/{path.name}"] = item
    for key, item in list(items.items())[-TWINS:]:
        items[key.replace("velocity", "twin")] = {**item, "id": item["id"] + "_twin"}
    for key, item in items.items():
        put_object(archive, key, item)
    return items


def delta_of(archive, first, path):
    """Newer and older versions of items that are there, and new ones, as other objects."""
    items = {}
    for i, (key, item) in enumerate(list(first.items())[: CHANGED + OLDER]):
        item = json.loads(json.dumps(item))
        item["properties"]["version"] = "newer" if i < CHANGED else "older"
        item["properties"]["updated"] = "2026-12-01T00:00:00Z" if i < CHANGED else "1999-01-01T00:00:00Z"
        items[key.replace("velocity", "changed")] = item
    for name in NEW:
        items[f"new/{Path(name).name}.stac.json"] = json.loads((ITEMS / f"{name}.stac.json").read_text())
    for key, item in items.items():
        put_object(archive, key, item)
    return items, list_objects(archive, items, path, "2026-12-02T00:00:00.000Z")


def readers_agree(check, base, ours, when):
    """PyIceberg reads every row, with every column of the schema; 0.6.1 opens it and counts the same."""
    count = ours("count")
    _, table = open_table(base)
    rows = table.scan().to_arrow()
    check.equal(f"{when}: PyIceberg's rows", rows.num_rows, count["rows"])
    mapped = {field["field-id"] for field in json.loads(table.properties["schema.name-mapping.default"])}
    columns = {field.field_id for field in table.schema().fields}
    check.equal(f"{when}: columns without a mapped name", columns - mapped, set())
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = earthcatalog.open(store=LocalStore(), base=str(base))
    check.equal(f"{when}: 0.6.1's rows", sum(row["row_count"] for row in theirs.stats()), count["rows"])
    if count["unique_items"] is not None:
        check.equal(f"{when}: ids, each once", len(set(rows["id"].to_pylist())), count["unique_items"])
        check.equal(f"{when}: 0.6.1's items", theirs.unique_item_count(), count["unique_items"])
    pairs = list(zip(rows["id"].to_pylist(), rows["grid_partition"].to_pylist(), strict=True))
    check.equal(f"{when}: rows that are there twice", len(pairs) - len(set(pairs)), 0)
    return count


def kinds(report):
    return {problem["kind"] for problem in report["first_problems"]}


def life(check, base, archive, first, with_index):
    inventory = list_objects(archive, first, base.parent / "first.csv")
    make_catalog(base, archive, inventory, with_index, ("h3", 1) if with_index else None)
    ours = Ours(check, base, archive)
    check.equal("grid", ours("info")["grid"]["spec"], "h3:1")
    count = readers_agree(check, base, ours, "as made")
    check.equal("items", count["unique_items"], len(first) if with_index else None)
    check.equal("stats: rows", sum(row["row_count"] for row in ours("stats")), count["rows"])
    all_files, files = ours("files"), ours("files", "--bbox", GREENLAND)
    check("files of an area", 0 < len(files) < len(all_files), f"{len(files)} of {len(all_files)}")
    one = next(iter(first.values()))
    found = ours.item(one["id"])
    check("get: an item's assets and geometry", all(found[part] == one[part] for part in ("assets", "geometry", "bbox")))

    items, inventory = delta_of(archive, first, base.parent / "delta.csv")
    report = ours.delta(inventory)
    found = {name: report[name] for name in ("updated", "superseded", "ingested", "rejected")}
    check.equal("delta", found, {"updated": CHANGED, "superseded": OLDER, "ingested": CHANGED + len(NEW), "rejected": 0})
    count = readers_agree(check, base, ours, "after the delta")
    check.equal("items", count["unique_items"], len(first) + len(NEW))
    versions = [ours.item(item["id"])["properties"]["version"] for item in list(items.values())[: CHANGED + OLDER : 7]]
    check("the newer version is there, the older is not", versions[0] == "newer" and versions[-1] != "older", versions)
    check.equal("the same delta again: known", ours.delta(inventory)["known"], len(items))

    done = ours("compact", "--min-files", "2")
    check("compact merges", done["files_before"] > 0)
    last = open_table(base)[1].current_snapshot().summary.operation.value
    check.equal("its snapshot rewrites", (last, done["duplicates"]), ("replace", 0))
    readers_agree(check, base, ours, "after compact")
    check.equal("verify misses cells, and nothing else", kinds(ours("verify", "--full", expected=1)), {"cell"})

    done = ours("regrid")
    check.equal("regrid: items", done["items"], len(first) + len(NEW))
    count = readers_agree(check, base, ours, "after regrid")
    check.equal("regrid: rows", done["rows"], count["rows"])
    check.equal("verify finds nothing", ours("verify", "--full")["problems"], 0)
    check.equal("one snapshot replaced all", len([file for file in ours("files")]), done["files"])
    check.equal("the delta once more: known", ours.delta(inventory)["known"], len(items))


def main(check):
    archive = check.base / "archive"
    first = first_items(archive)
    for name, with_index in (("with", True), ("without", False)):
        print(f"{name} its index")
        life(check, check.base / name / "catalog", archive, first, with_index)


if __name__ == "__main__":
    Checks().run(main)
