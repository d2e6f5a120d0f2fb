"""The lock of a catalog, which saves writers from doing the same work twice. Correctness never rests on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ._records import Lock

if TYPE_CHECKING:
    from . import _native


class CatalogLock:
    """Who holds the lock, taking it, and away with it."""

    def __init__(self, native: _native.Catalog) -> None:
        self._native = native

    def status(self) -> Lock | None:
        """Who holds it; None if nobody does."""
        return _lock(self._native.lock_status())

    def break_(self) -> Lock | None:
        """Takes it from whoever holds it, and says who did: for writers that have died."""
        return _lock(self._native.lock_break())

    @contextmanager
    def __call__(self, owner: str, ttl_hours: float = 12.0) -> Iterator[_native.Lease]:
        """Holds it for several calls: `with catalog.lock("nightly"): catalog.ingest(…, lock=False)`.

        Others may take it over after `ttl_hours`, unless `renew()` of what `with` gives starts its time anew. Raises `LockedError`
        where another holds it.
        """
        lease = self._native.lock_acquire(owner, float(ttl_hours))
        try:
            yield lease
        finally:
            lease.release()

    def __repr__(self) -> str:
        return f"<lock of {self._native.base!r}>"


def _lock(text: str | None) -> Lock | None:
    return None if text is None else Lock(json.loads(text))
