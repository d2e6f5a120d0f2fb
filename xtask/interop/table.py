"""The catalog's table as PyIceberg opens it: the SQLite file and plain names, nothing of ours."""

from pyiceberg.catalog.sql import SqlCatalog


def open_table(base):
    catalog = SqlCatalog("earthcatalog", uri=f"sqlite:///{base}/earthcatalog.db", warehouse=f"{base}/warehouse")
    return catalog, catalog.load_table("earthcatalog.stac_items")
