"""Bases in stores: obstore's, the package's own, and none; whose credentials are used, and that nobody sees them."""

from __future__ import annotations

import pickle
from datetime import timedelta

import obstore
import pytest
from conftest import ARCHIVE, FIXTURES
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store

import earthcatalog as ec
from earthcatalog import _stores

INVENTORY = FIXTURES / "inventory.csv"
MAPS = {ARCHIVE: FIXTURES / "items"}
SECRET = "hunter2-is-the-secret"


def s3(server, bucket, **options):
    """A store that knows of itself what others find in the environment."""
    return S3Store(
        bucket,
        endpoint=server.url,
        access_key_id="testkit",
        secret_access_key="testkit-secret",
        region="us-east-1",
        client_options={"allow_http": True},
        **options,
    )


@pytest.mark.parametrize(
    ("make", "base", "url"),
    [
        (lambda: S3Store("b", region="x"), "s3://b/cat", "s3://b/cat"),
        (lambda: S3Store("b", region="x"), "s3://b/cat/", "s3://b/cat/"),
        (lambda: S3Store("b", region="x"), "s3a://b/cat", "s3://b/cat"),
        (lambda: S3Store("b", region="x"), "cat", "s3://b/cat"),
        (lambda: S3Store("b", region="x"), None, "s3://b"),
        (lambda: S3Store("b", region="x", prefix="p/q"), "cat", "s3://b/p/q/cat"),
        (lambda: S3Store("b", region="x", prefix="p/q"), None, "s3://b/p/q"),
        (lambda: S3Store("b", region="x", prefix="p/q"), "s3://b/cat", "s3://b/cat"),
        (lambda: S3Store.from_url("s3://b/p", region="x"), "cat", "s3://b/p/cat"),
        (lambda: GCSStore("b"), "gs://b/cat", "gs://b/cat"),
        (lambda: AzureStore("c", account_name="a"), "az://c/cat", "az://c/cat"),
        (
            lambda: AzureStore("c", account_name="a"),
            "abfss://c@a.dfs.core.windows.net/cat",
            "abfss://c@a.dfs.core.windows.net/cat",
        ),
        (lambda: ec.store.MemoryStore(), None, "memory://store"),
        (lambda: ec.store.MemoryStore(), "cat", "memory://store/cat"),
        (lambda: ec.store.MemoryStore(), "memory://m/cat", "memory://m/cat"),
        (lambda: ec.store.S3Store("b", region="x"), "cat", "s3://b/cat"),
    ],
)
def test_where_a_base_is(make, base, url):
    assert _stores.locate(make(), base)[0] == url


@pytest.mark.parametrize(
    ("make", "base"),
    [
        (lambda: S3Store("b", region="x"), "s3://other/cat"),
        (lambda: S3Store("b", region="x"), "s3://bb/cat"),
        (lambda: S3Store("b", region="x"), "gs://b/cat"),
        (lambda: ec.store.MemoryStore(), "s3://b/cat"),
        (MemoryStore, "memory://m/cat"),
        (dict, "s3://b/cat"),
        (lambda: None, None),
    ],
)
def test_what_does_not_fit_is_refused(make, base):
    with pytest.raises(ec.UsageError):
        ec.open(store=make(), base=base)


def test_where_a_base_is_in_a_folder(tmp_path):
    for base in (None, "cat", tmp_path / "cat", f"file://{tmp_path}/cat"):
        given = None if base is None else str(base)
        for store in (LocalStore(tmp_path), LocalStore(str(tmp_path))):
            assert _stores.locate(store, given)[0] == (str(tmp_path) if base is None else f"{tmp_path}/cat")
    assert _stores.locate(LocalStore(), f"{tmp_path}/cat")[0] == f"{tmp_path}/cat"
    with pytest.raises(ec.UsageError):
        _stores.locate(LocalStore(), None)


def test_a_folder_store(tmp_path):
    store = LocalStore(tmp_path)
    ec.open(store=store, base="catalog", map_buckets=MAPS).ingest(INVENTORY, limit=10)
    assert (tmp_path / "catalog/earthcatalog.db").is_file()
    assert ec.open(tmp_path / "catalog").exists() and ec.open(str(tmp_path / "catalog")).exists()
    with pytest.raises(ec.UsageError, match="not in the store"):
        ec.open(store=store, base="/elsewhere")


def test_a_catalog_in_memory():
    store = ec.store.MemoryStore()
    catalog = ec.open(store=store, base="catalog", map_buckets=MAPS)
    report = catalog.ingest(INVENTORY, mode="full")
    assert ec.open(store=store, base="catalog").unique_item_count() == report.ingested
    assert not ec.open(store=ec.store.MemoryStore(), base="catalog").exists()


def test_the_stores_credentials_serve_the_whole_bucket(server, monkeypatch):
    for name in server.env:
        monkeypatch.delenv(name, raising=False)
    store = s3(server, "one-bucket", prefix="archive")
    obstore.put(store, "point.stac.json", (FIXTURES / "items/odd/point.stac.json").read_bytes())
    obstore.put(store, "inventory.csv", b"bucket,key\none-bucket,archive/point.stac.json\n")
    # The inventory and the item lie beside the base, all three are the store's.
    catalog = ec.open(store=store, base="s3://one-bucket/catalogs/a")
    report = catalog.ingest("s3://one-bucket/archive/inventory.csv")
    assert (report.ingested, report.rejected) == (1, 0)
    assert all(path.startswith("s3://one-bucket/catalogs/a/warehouse/") for path in catalog.search_files())
    relative = ec.open(store=store, base="below").base
    assert relative == "s3://one-bucket/archive/below"


def test_without_a_store_the_environment_counts(server):
    catalog = ec.open(base="s3://env-bucket/catalog", map_buckets=MAPS)
    items = catalog.ingest(INVENTORY, limit=5).ingested
    assert items > 0
    assert ec.open(store=s3(server, "env-bucket"), base="catalog").unique_item_count() == items
    assert ec.open(base="s3://env-bucket/catalog", storage_options=server.env).unique_item_count() == items


def test_secrets_are_not_shown(server, monkeypatch, caplog):
    store = S3Store(
        "b",
        endpoint="http://127.0.0.1:9",
        access_key_id="key",
        secret_access_key=SECRET,
        region="x",
        client_options={"allow_http": True, "connect_timeout": "1s"},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
    )
    catalog = ec.open(store=store, base="catalog")
    with pytest.raises(ec.UnavailableError) as raised:
        catalog.exists()
    shown = [repr(catalog), catalog.base, str(raised.value), repr(raised.value), repr(catalog._connection), caplog.text]
    with pytest.raises(ec.UsageError) as raised:
        ec.open(base=f"https://me:{SECRET}@host/catalog")
    with pytest.raises(ec.UsageError) as other:
        ec.open(store=store, base=f"s3://me:{SECRET}@other/catalog?sig={SECRET}")
    shown += [str(raised.value), str(other.value)]
    assert not any(SECRET in text for text in shown)


def test_a_store_that_cannot_be_made_again():
    class S3Store:
        def __getnewargs_ex__(self):
            return (), {"config": {"bucket": "b", "no_such_key": SECRET}}

    with pytest.raises(ec.UsageError, match="no_such_key") as raised:
        ec.open(store=S3Store(), base="catalog")
    assert SECRET not in str(raised.value) and raised.value.__cause__ is None


def test_a_connection_travels(server):
    catalog = ec.open(store=s3(server, "travel-bucket"), base="catalog", map_buckets=MAPS)
    items = catalog.ingest(INVENTORY, limit=5).ingested
    again = pickle.loads(pickle.dumps(catalog._connection))
    assert again.connect().unique_item_count() == items


def test_denied_and_missing(server, tmp_path):
    with pytest.raises(ec.NotFoundError, match="no such bucket|no catalog|not found"):
        ec.open(store=s3(server, "no-such-bucket"), base="catalog").stats()
    with pytest.raises(ec.UsageError):
        ec.open(base="ftp://host/catalog")
    with pytest.raises(ec.UsageError):
        ec.open(base="s3://b/c", storage_options={"NO_SUCH_OPTION": "1"})
