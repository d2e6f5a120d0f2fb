"""Stores of the package's own, the same as obstore's: for catalogs without obstore, and for catalogs in memory."""

from __future__ import annotations

from . import _native

AzureStore = _native.store.AzureStore
GCSStore = _native.store.GCSStore
HTTPStore = _native.store.HTTPStore
LocalStore = _native.store.LocalStore
MemoryStore = _native.store.MemoryStore
S3Store = _native.store.S3Store
from_url = _native.store.from_url

__all__ = ["AzureStore", "GCSStore", "HTTPStore", "LocalStore", "MemoryStore", "S3Store", "from_url"]
