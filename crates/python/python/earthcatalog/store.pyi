"""Stores of the package's own, the same as obstore's: for catalogs without obstore, and for catalogs in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

class _Cloud:
    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        config: Mapping[str, Any] | None = None,
        client_options: Mapping[str, Any] | None = None,
        retry_config: Mapping[str, Any] | None = None,
        credential_provider: Any | None = None,
        **kwargs: Any,
    ) -> Self: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    @property
    def prefix(self) -> str | None: ...
    @property
    def config(self) -> Mapping[str, Any]: ...
    @property
    def client_options(self) -> Mapping[str, Any] | None: ...
    @property
    def credential_provider(self) -> Any | None: ...
    @property
    def retry_config(self) -> Mapping[str, Any] | None: ...

class S3Store(_Cloud):
    """A bucket of S3, or of a store that speaks as S3 does."""
    def __init__(
        self,
        bucket: str | None = None,
        *,
        prefix: str | None = None,
        config: Mapping[str, Any] | None = None,
        client_options: Mapping[str, Any] | None = None,
        retry_config: Mapping[str, Any] | None = None,
        credential_provider: Any | None = None,
        **kwargs: Any,
    ) -> None: ...

class GCSStore(_Cloud):
    """A bucket of Google Cloud Storage."""
    def __init__(
        self,
        bucket: str | None = None,
        *,
        prefix: str | None = None,
        config: Mapping[str, Any] | None = None,
        client_options: Mapping[str, Any] | None = None,
        retry_config: Mapping[str, Any] | None = None,
        credential_provider: Any | None = None,
        **kwargs: Any,
    ) -> None: ...

class AzureStore(_Cloud):
    """A container of Azure Blob Storage."""
    def __init__(
        self,
        container_name: str | None = None,
        *,
        prefix: str | None = None,
        config: Mapping[str, Any] | None = None,
        client_options: Mapping[str, Any] | None = None,
        retry_config: Mapping[str, Any] | None = None,
        credential_provider: Any | None = None,
        **kwargs: Any,
    ) -> None: ...

class HTTPStore:
    """A web server, which can be read."""
    def __init__(
        self,
        url: str,
        *,
        client_options: Mapping[str, Any] | None = None,
        retry_config: Mapping[str, Any] | None = None,
    ) -> None: ...
    @property
    def url(self) -> str: ...

class LocalStore:
    """A folder."""
    def __init__(
        self, prefix: str | Path | None = None, *, automatic_cleanup: bool = False, mkdir: bool = False
    ) -> None: ...
    @property
    def prefix(self) -> Path | str | None: ...

class MemoryStore:
    """Memory of this process."""
    def __init__(self) -> None: ...

def from_url(url: str, **kwargs: Any) -> S3Store | GCSStore | AzureStore | HTTPStore | LocalStore | MemoryStore: ...
