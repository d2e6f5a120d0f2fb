"""What can go wrong: one class for each thing that a caller does about it."""

from __future__ import annotations

import re

_ARGUMENTS = {
    "`earthcatalog lock break`": "`catalog.lock.break_()`",
    "`earthcatalog history`": "`catalog.history()`",
    "`earthcatalog verify`": "`catalog.verify()`",
    "`earthcatalog regrid`": "`catalog.regrid()`",
    "`earthcatalog bulk status`": "`catalog.bulk_runs()`",
    "`earthcatalog bulk clean`": "`catalog.bulk_clean(run)`",
    "`earthcatalog ingest --mode sync`": '`catalog.ingest(…, mode="sync")`',
    "`earthcatalog ingest`": "`catalog.ingest(…)`",
    "--anonymous": "anonymous=True",
    "--unsafe-no-cas": "unsafe_no_cas=True",
    "--dry-run": "dry_run=True",
    "--retry-pending": "retry_pending=True",
    "--accept-rejected": "accept_rejected=True",
    "--no-checksum": "checksum=False",
    "--map-bucket =/folder": 'map_buckets={"": "/folder"}',
    "--bucket NAME": 'bucket="NAME"',
}
_STATUS = re.compile(r"`earthcatalog bulk status (\w+)`")
_BUCKET = re.compile(r"--map-bucket ([^\s=]+)=([^\s,;]+)")
_WITH_VALUE = re.compile(r"--(suffix|max-delete|mode|grid|columns|memory) ([^\s,;]+)")


def _in_python(text: str) -> str:
    """The advice of the command line in the words of this package."""
    for flag, argument in _ARGUMENTS.items():
        text = text.replace(flag, argument)
    text = _BUCKET.sub(r'map_buckets={"\1": "\2"}', text)
    return _WITH_VALUE.sub(_argument, _STATUS.sub(r'`catalog.bulk_status("\1")`', text))


def _argument(flag: re.Match[str]) -> str:
    name, value = flag[1].replace("-", "_"), flag[2]
    return f'suffixes=["{value}"]' if name == "suffix" else f'{name}="{value}"'


class EarthcatalogError(Exception):
    """Anything that ends a call. `message` is what happened, `hint` what to do about it, if that is known."""

    message: str
    hint: str | None

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message = _in_python(message)
        self.hint = None if hint is None else _in_python(hint)
        super().__init__(self.message if self.hint is None else f"{self.message}; {self.hint}")

    def __reduce__(self) -> tuple[type[EarthcatalogError], tuple[str, str | None]]:
        return type(self), (self.message, self.hint)


class UsageError(EarthcatalogError, ValueError):
    """Ask otherwise: an argument, a URL or a filter does not fit."""


class NotFoundError(EarthcatalogError, LookupError):
    """What was asked for is not there: a catalog, a bucket, an inventory, a hash index."""


class AccessDeniedError(EarthcatalogError):
    """The store or the file system refused: give other credentials or permissions."""


class UnavailableError(EarthcatalogError):
    """The store did not answer: try again later."""


class ConflictError(EarthcatalogError):
    """Another writer changed the catalog meanwhile: run again. Nothing was committed."""


class LockedError(ConflictError):
    """Another writer holds the lock: wait, or see `catalog.lock`."""


class PendingError(EarthcatalogError):
    """Objects of a bulk run could not be fetched: try again with `retry_pending`, or go on with `accept_rejected`."""


class StoppedError(EarthcatalogError):
    """The call was asked to stop, and did. Ctrl-C itself is `KeyboardInterrupt`."""


class FailedError(EarthcatalogError):
    """Something is wrong with the store, the data or the machine."""
