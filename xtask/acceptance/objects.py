"""Objects of the server, without our code: `objects.py upload` puts the fixtures there, `objects.py keys BUCKET` lists."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checks import client

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
ITEMS = "earthcatalog-fixtures"
INVENTORIES = "inventories"
CATALOG = "catalog"


def upload():
    s3 = client()
    for bucket in (ITEMS, INVENTORIES, CATALOG):
        s3.create_bucket(Bucket=bucket)
    items = FIXTURES / "items"
    objects = [(ITEMS, path.relative_to(items).as_posix(), path) for path in items.rglob("*") if path.is_file()]
    objects += [(INVENTORIES, path.name, path) for path in FIXTURES.glob("inventory*")]

    def put(bucket, key, path):
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: put(*one), objects))
    print(f"{len(objects)} objects", flush=True)


def keys(bucket):
    for page in client().get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            print(one["Key"])


if __name__ == "__main__":
    {"upload": upload, "keys": keys}[sys.argv[1]](*sys.argv[2:])
