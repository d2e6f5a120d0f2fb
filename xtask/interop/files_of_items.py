"""Files of items that stac-geoparquet and rustac have written, and NDJSON that Python has: ours to ingest without a fetch."""

import gzip
import json
import math
import subprocess
from pathlib import Path

import rustac
import stac_geoparquet.arrow
from checks import Checks

ROOT = Path(__file__).resolve().parents[2]
# A member of an item that the specification has not (rustac drops it, stac-geoparquet makes a property of it), and one that
# rustac raises to 1.1.0.
FOREIGN = {"description", "stac_version"}


def originals():
    """The granules and scenes of the fixtures, by id."""
    items = {}
    for folder in ("velocity_image_pair", "sentinel-2", "landsat"):
        for path in sorted((ROOT / "fixtures/items" / folder).rglob("*.stac.json")):
            item = json.loads(path.read_text())
            items[item["id"]] = item
    return items


def write(folder, items):
    """The same items as each program writes them; the last is one of ours, made of another."""
    values = list(items.values())
    lines = "".join(json.dumps(item) + "\n" for item in values)
    (folder / "items.ndjson").write_text(lines)
    (folder / "items.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "collection.json").write_text(json.dumps({"type": "FeatureCollection", "features": values}, indent=2))
    rustac.write_sync(str(folder / "rustac.parquet"), values)
    rustac.write_sync(str(folder / "rustac.ndjson"), values)
    stac_geoparquet.arrow.to_parquet(
        stac_geoparquet.arrow.parse_stac_items_to_arrow(values), folder / "stac-geoparquet.parquet"
    )


def main(check):
    items = originals()
    write(check.base, items)
    for path in sorted(check.base.glob("*.*")):
        base = check.base / f"catalog-of-{path.name}"
        report = ours(check, base, "ingest", f"items:{path}")
        counts = {name: report[name] for name in ("listed", "ingested", "rejected", "superseded")}
        expected = {"listed": len(items), "ingested": len(items), "rejected": 0, "superseded": 0}
        check.equal(f"{path.name}: every item is in", counts, expected)
        exact = path.name in ("items.ndjson", "items.ndjson.gz", "collection.json")
        differ = {}
        for id in list(items)[::5]:
            found, original = ours(check, base, "get", id), items[id]
            if exact:
                difference = "" if found == original else "it is not equal"
            else:
                difference = unlike(without(found, FOREIGN), without(original, FOREIGN))
            if difference:
                differ[id] = difference
        check(f"{path.name}: items as they were", not differ, list(differ.items())[:2] or "")
        again = ours(check, base, "ingest", f"items:{path}")
        check.equal(f"{path.name}: known when it comes again", (again["known"], again["ingested"]), (len(items), 0))


def ours(check, base, command, *args):
    run = [*check.facts["command"], command, *args, "--catalog", str(base), "--json", "--quiet"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command} {args} ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def without(item, names):
    plain = {name: value for name, value in item.items() if name not in names}
    return {**plain, "properties": {name: v for name, v in item["properties"].items() if name not in names}}


def unlike(found, expected, at=""):
    """Where two JSON values differ, but for what a file of typed columns cannot keep: nulls, how a timestamp is written (rustac
    keeps milliseconds), the last digits of a number, and empty lists and objects of which no other row has any."""
    if isinstance(expected, dict) and isinstance(found, dict):
        names = {name for value in (found, expected) for name in value if value[name] not in (None, [], {})}
        return next(filter(None, (unlike(found.get(n), expected.get(n), f"{at}/{n}") for n in sorted(names))), "")
    if isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        pairs = enumerate(zip(found, expected, strict=True))
        return next(filter(None, (unlike(f, e, f"{at}/{i}") for i, (f, e) in pairs)), "")
    if is_number(found) and is_number(expected) and math.isclose(found, expected, rel_tol=1e-12):
        return ""
    if isinstance(found, str) and isinstance(expected, str) and instant(found) == instant(expected):
        return ""
    return "" if found == expected else f"{at}: {found!r}, expected {expected!r}"[:200]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def instant(text):
    """A timestamp to the millisecond, without zeros that say nothing; any other text as it is."""
    if len(text) < 20 or text[10] != "T":
        return text
    text = text.replace("+00:00", "Z").removesuffix("Z")[:23]
    return text.rstrip("0").rstrip(".") if "." in text else text


if __name__ == "__main__":
    Checks().run(main)
