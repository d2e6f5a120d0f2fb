"""Opening a catalog."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from . import _inputs, _native, _stores
from ._catalog import Catalog
from ._errors import UsageError


@dataclass(frozen=True)
class Connection:
    """How a catalog is reached: what `open` was given. It may travel to another process, and holds what the store holds, so
    that its text shows the base alone."""

    base: str | None
    store: object = field(default=None, repr=False)
    anonymous: bool = False
    grid: str | None = None
    map_buckets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    storage_options: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    timeout: float | None = None
    unsafe_no_cas: bool = False
    lock_path: str | None = None

    def connect(self) -> _native.Catalog:
        """Opens it here. Without a grid to compare, nothing is asked of the store."""
        served: _stores.Served = []
        if self.store is not None:
            base, served = _stores.locate(self.store, self.base)
        elif self.base is None:
            raise UsageError("neither a store nor a base was given", 'e.g. open(base="s3://my-bucket/catalog")')
        else:
            base = self.base
        options = {
            "anonymous": self.anonymous,
            "map_buckets": self.map_buckets,
            "options": self.storage_options,
            "timeout": self.timeout,
            "unsafe_no_cas": self.unsafe_no_cas,
            "lock_path": self.lock_path,
        }
        return _native.open(base, served, json.dumps(options), self.grid)


def open(  # the name of the guide: `ec.open`
    store: object | None = None,
    base: str | os.PathLike[str] | None = None,
    *,
    anonymous: bool = False,
    grid: str | None = None,
    map_buckets: Mapping[str, str | os.PathLike[str]] | None = None,
    storage_options: Mapping[str, str] | None = None,
    timeout: timedelta | float | None = None,
    unsafe_no_cas: bool = False,
    lock_path: str | os.PathLike[str] | None = None,
) -> Catalog:
    """Opens the catalog at a base. It need not exist: the first ingest makes it.

    store: a store of obstore (`S3Store`, `GCSStore`, `AzureStore`, `HTTPStore`, `LocalStore`) or of `earthcatalog.store`. It
        serves the base, and every inventory and item in the same bucket, with its credentials and endpoint. None: the
        store is found by the base's URL, with credentials from the environment.
    base: the catalog's URL (`s3://bucket/prefix`, `gs://…`, `az://…`), a local path, or a key below the store's prefix.
        None: the root of the store.
    anonymous: send unsigned requests to all stores but the one given: for public buckets.
    grid: `s2:<level>`, `h3:<resolution>` or `geojson:<url>#<field>`, for a base where no catalog is yet; None is `s2:4` there.
    map_buckets: buckets of an inventory that are found elsewhere: a folder, a prefix, another endpoint.
    storage_options: settings of stores by the names of the environment's variables, such as `AWS_REGION`. They go before it.
    timeout: the limit for one request, in seconds; one minute if not given.
    unsafe_no_cas: write to a store that ignores conditional PUTs: two writers at once can then undo each other's commits.
    lock_path: another program's lock file, a URL or a path, which writers take too: that of earthcatalog 0.6.1 is `.lock` at the
        root of its store.

    Raises `UsageError` for a base that is none, or is not in the store, and for a grid that is not that of the catalog there.
    """
    if base is None and isinstance(store, (str, os.PathLike)):
        store, base = None, store
    connection = Connection(
        base=None if base is None else _inputs.text("base", base),
        store=store,
        anonymous=bool(anonymous),
        grid=grid,
        map_buckets=tuple((name, _inputs.text("map_buckets", url)) for name, url in (map_buckets or {}).items()),
        storage_options=tuple((str(name), str(value)) for name, value in (storage_options or {}).items()),
        timeout=timeout.total_seconds() if isinstance(timeout, timedelta) else timeout,
        unsafe_no_cas=bool(unsafe_no_cas),
        lock_path=None if lock_path is None else _inputs.text("lock_path", lock_path),
    )
    return Catalog(connection)
