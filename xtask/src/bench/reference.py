"""Has earthcatalog 0.6.1 ingest an inventory from local files: `reference.py INVENTORY ITEMS CATALOG`. Prints what it made.

Its own code but for the fetch, which reads a file in place of an object, as ours does, and rounds `date_dt`: it ends with the first
that is no whole number.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

import pyarrow.parquet
from earthcatalog import store_config
from earthcatalog.config import GridConfig
from earthcatalog.pipelines import incremental
from obstore.store import LocalStore

inventory, items, base = (Path(word).absolute() for word in sys.argv[1:])
base.mkdir(parents=True)
store_config.set_store(LocalStore(str(base)))
store_config.set_catalog_key("earthcatalog.db")


def fetch(_bucket, key):
    item = json.loads((items / key).read_text())
    if "date_dt" in item["properties"]:
        item["properties"]["date_dt"] = round(item["properties"]["date_dt"])
    return item


incremental._fetch_item = fetch
with contextlib.redirect_stdout(io.StringIO()):
    incremental.run(
        inventory_path=str(inventory),
        catalog_path=str(base / "earthcatalog.db"),
        warehouse_path=str(base / "warehouse"),
        grid_config=GridConfig(type="h3", resolution=1),
    )
files = list((base / "warehouse").rglob("*.parquet"))
rows = sum(pyarrow.parquet.read_metadata(file).num_rows for file in files)
print(json.dumps({"files": len(files), "rows": rows}))
