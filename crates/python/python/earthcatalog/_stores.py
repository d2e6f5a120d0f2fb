"""obstore's stores as the native half's own, and where in them a base is.

A store of obstore is an object of another library, compiled on its own: what can be taken over is how it was made. It is made
again here without its prefix, so that it serves its whole bucket, and every URL of that bucket: the base, the inventory, the
items. Nothing of its configuration is shown or logged.
"""

from __future__ import annotations

import os
from typing import Any

from . import _native
from ._errors import UsageError

_KINDS = ("S3Store", "GCSStore", "AzureStore", "HTTPStore", "LocalStore", "MemoryStore")
_BUCKET_KEYS = ("bucket", "bucket_name", "container_name", "container")
_SCHEMES = {"S3Store": ("s3",), "GCSStore": ("gs",), "AzureStore": ("az", "azure", "adl", "abfs")}
_MEMORY = "memory://store"

Served = list[tuple[str, Any]]


def locate(store: object, base: str | None) -> tuple[str, Served]:
    """The URL of a base in a store, and the stores by the URLs that they serve."""
    match _kind(store):
        case "LocalStore":
            return _local(store, base), []
        case "MemoryStore":
            return _memory(store, base)
        case "HTTPStore":
            return _http(store, base)
        case kind:
            return _bucket(kind, store, base)


def _kind(store: object) -> str:
    names = [cls.__name__ for cls in type(store).__mro__]
    for kind in _KINDS:
        if kind in names:
            return kind
    raise UsageError(
        f"store is a {type(store).__name__}, which is no store",
        f"use one of obstore.store or earthcatalog.store ({', '.join(_KINDS)}), or leave it out and give a URL as base",
    )


def _made_with(store: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments that make the same store again."""
    args, named = store.__getnewargs_ex__()
    return tuple(args), dict(named)


def _made(kind: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The store, made again. What is said of a failure is its first line: the rest may hold the configuration."""
    try:
        return getattr(_native.store, kind)(*args, **named)
    except Exception as error:
        reason = str(error).partition("\n")[0]
    raise UsageError(f"this {kind} cannot be made again here: {reason}", "give the URL alone, as base, and storage_options")


def _bucket(kind: str, store: Any, base: str | None) -> tuple[str, Served]:
    args, named = _made_with(store)
    prefix = str(named.pop("prefix", None) or "").strip("/")
    config = named.get("config") or {}
    bucket = next((str(config[key]) for key in _BUCKET_KEYS if key in config), None)
    if bucket is None:
        raise UsageError(f"this {kind} names no bucket", "make the store with its bucket's name")
    roots = [f"{scheme}://{bucket}" for scheme in _SCHEMES[kind]]
    account = config.get("account_name") or config.get("storage_account_name")
    if kind == "AzureStore" and account:
        roots += [f"{scheme}://{bucket}@{account}.dfs.core.windows.net" for scheme in ("abfs", "abfss")]
    made = _made(kind, args, named)
    return _within(kind, roots, prefix, base), [(root, made) for root in roots]


def _within(kind: str, roots: list[str], prefix: str, base: str | None) -> str:
    """A URL is taken as it is if it lies in the store; all else is a key below the store's prefix."""
    if base is not None and "://" in base:
        url = "s3://" + base.removeprefix("s3a://") if base.startswith("s3a://") else base
        if any(url == root or url.startswith(root + "/") for root in roots):
            return url
        raise UsageError(
            f"the base {_shown(base)} is not in the store, which is {roots[0]}",
            f"give a store of the base's own bucket, or a base below {roots[0]}",
        )
    return "/".join(part for part in (roots[0], prefix, _key(base)) if part)


def _key(base: str | None) -> str:
    return (base or "").strip("/")


def _shown(url: str) -> str:
    """A URL without what may be a secret."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.split("?", 1)[0].partition("/")
    return f"{scheme}://{host.rsplit('@', 1)[-1]}{slash}{path}"


def _local(store: Any, base: str | None) -> str:
    """A folder: catalogs in folders are written by the native half itself, which locks their files."""
    prefix = getattr(store, "prefix", None)
    folder = None if prefix is None else os.path.abspath(str(prefix))
    if base is None:
        if folder is None:
            raise UsageError("neither the store nor a base names a folder", 'give base="/path/of/the/catalog"')
        return folder
    path = base.removeprefix("file://")
    if folder is None:
        return path
    if not base.startswith("file://") and not os.path.isabs(path):
        return os.path.join(folder, path)
    if os.path.commonpath([folder, os.path.abspath(path)]) != folder:
        raise UsageError(f"the base {path} is not in the store, which is {folder}")
    return path


def _memory(store: Any, base: str | None) -> tuple[str, Served]:
    if not isinstance(store, _native.store.MemoryStore):
        raise UsageError(
            "the objects of this MemoryStore are in another library's memory",
            "use earthcatalog.store.MemoryStore(), or a folder",
        )
    if base is None or "://" not in base:
        return "/".join(part for part in (_MEMORY, _key(base)) if part), [(_MEMORY, store)]
    if not base.startswith("memory://") or base == "memory://":
        raise UsageError(f"the base {_shown(base)} is not in the store, which is in memory", f"use {_MEMORY}/…")
    root = "memory://" + base.removeprefix("memory://").split("/", 1)[0]
    return base, [(root, store)]


def _http(store: Any, base: str | None) -> tuple[str, Served]:
    args, named = _made_with(store)
    root = str(store.url).rstrip("/")
    made = _made("HTTPStore", args, named)
    return _within("HTTPStore", [root], "", base), [(root, made)]
