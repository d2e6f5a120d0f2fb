"""Catalogs that earthcatalog 0.6.1 itself makes, on local paths: what the scripts that begin with one share."""

import contextlib
import io
import json
import shutil
from pathlib import Path

from earthcatalog import store_config
from earthcatalog.config import GridConfig
from earthcatalog.hash_index import merge_hashes_from_parquets, write_hashes
from earthcatalog.pipelines import incremental
from obstore.store import LocalStore
from table import open_table

BUCKET = "archive"
HEADER = "bucket,key,size,last_modified_date,etag"
UPLOADED = "2026-01-01T00:00:00.000Z"


def put_object(archive, key, item):
    path = archive / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(item))


def list_objects(archive, keys, path, uploaded=UPLOADED):
    lines = [f"{BUCKET},{key},{(archive / key).stat().st_size},{uploaded},{uploaded}-{key}" for key in keys]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def make_catalog(base, archive, inventory, with_index, grid=None):
    """Has 0.6.1 ingest the inventory; its fetch is the one thing that is not its own."""
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    store_config.set_store(LocalStore(str(base)))
    store_config.set_catalog_key("earthcatalog.db")
    incremental._fetch_item = lambda _bucket, key: json.loads((archive / key).read_text())
    with contextlib.redirect_stdout(io.StringIO()):
        incremental.run(
            inventory_path=str(inventory),
            catalog_path=str(base / "earthcatalog.db"),
            warehouse_path=str(base / "warehouse"),
            chunk_size=30,
            grid_config=grid and GridConfig(type=grid[0], resolution=grid[1]),
        )
    if with_index:
        write_index(base)


def write_index(base):
    """Its index as its maintenance writes it: one column, the file beside the warehouse, named by a property."""
    _, table = open_table(base)
    files = table.inspect.files()["file_path"].to_pylist()
    hashes, _ = merge_hashes_from_parquets(files, set())
    path = Path(f"{base}/warehouse_id_hashes.parquet")
    write_hashes(hashes, LocalStore(str(base)), path.name)
    with table.transaction() as transaction:
        transaction.set_properties(**{"earthcatalog.hash_index_path": str(path)})
