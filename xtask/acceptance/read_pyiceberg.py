"""PyIceberg reads the catalog from the server: `read_pyiceberg.py BASE ROWS ITEMS SNAPSHOTS`."""

import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from checks import Checks, client
from pyiceberg.catalog.sql import SqlCatalog


def open_table(base, folder):
    """The SQLite file is fetched, everything that it names is read where it is."""
    url = urlsplit(base)
    client().download_file(url.netloc, f"{url.path.lstrip('/')}/earthcatalog.db", f"{folder}/earthcatalog.db")
    storage = {
        "s3.endpoint": os.environ["AWS_ENDPOINT_URL"],
        "s3.access-key-id": os.environ["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "s3.region": os.environ["AWS_REGION"],
    }
    uri = f"sqlite:///{folder}/earthcatalog.db"
    catalog = SqlCatalog("earthcatalog", uri=uri, warehouse=f"{base}/warehouse", **storage)
    return catalog.load_table("earthcatalog.stac_items")


def main(check):
    base, rows, items, snapshots = sys.argv[1], *map(int, sys.argv[2:5])
    with tempfile.TemporaryDirectory() as folder:
        table = open_table(base, Path(folder))
        ids = table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist()
    check.equal("rows", len(ids), rows)
    check.equal("unique ids", len(set(ids)), items)
    check.equal("snapshots", len(table.snapshots()), snapshots)


if __name__ == "__main__":
    Checks().run(main)
