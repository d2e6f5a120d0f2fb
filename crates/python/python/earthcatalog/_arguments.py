"""Options of calls, checked, as the native half reads them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from . import _inputs, _native
from ._inputs import Time

OWNER = f"earthcatalog {_native.__version__} (Python)"
"""What the lock says of who holds it."""


def ingest(
    inventory: str | os.PathLike[str],
    grid: str | None,
    *,
    mode: str = "auto",
    limit: int | None = None,
    since: Time | timedelta | None = None,
    until: Time | timedelta | None = None,
    update_hash_index: bool = True,
    suffixes: str | Sequence[str] = (".stac.json",),
    prefix: str | None = None,
    glob: str | None = None,
    min_size: int | str | None = None,
    max_size: int | str | None = None,
    bucket: str | None = None,
    columns: Sequence[str] | None = None,
    checksum: bool = True,
    memory: int | str | None = None,
    concurrency: int | None = None,
    assets: str = "auto",
    retry_rejected: bool = False,
    max_delete: str = "1%",
    dry_run: bool = False,
    lock: bool = True,
) -> dict[str, Any]:
    """A run; what they mean stands at `Catalog.ingest`."""
    ends = _inputs.texts("suffixes", suffixes)
    return {
        "inventory": _inputs.text("inventory", inventory),
        "grid": grid,
        "mode": mode,
        "limit": _inputs.whole("limit", limit, least=1),
        "since": _inputs.moment("since", since),
        "until": _inputs.moment("until", until),
        "suffixes": [] if "" in ends else ends,
        "prefix": prefix,
        "glob": glob,
        "min_size": _inputs.size("min_size", min_size),
        "max_size": _inputs.size("max_size", max_size),
        "bucket": bucket,
        "columns": None if columns is None else _inputs.texts("columns", columns),
        "checksum": bool(checksum),
        "concurrency": _inputs.whole("concurrency", concurrency, least=1),
        "assets": assets,
        "update_hash_index": bool(update_hash_index),
        "retry_rejected": bool(retry_rejected),
        "max_delete": max_delete,
        **upkeep(memory=memory, dry_run=dry_run, lock=lock),
    }


def upkeep(*, memory: int | str | None = None, dry_run: bool, lock: bool) -> dict[str, Any]:
    """What runs and maintenance have in common."""
    return {"memory": _inputs.size("memory", memory), "dry_run": bool(dry_run), "lock": bool(lock), "owner": OWNER}
