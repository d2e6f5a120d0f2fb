"""What users hand over, as texts that the native half reads: times, sizes, spans, geometries."""

from __future__ import annotations

import json
import operator
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ._errors import UsageError

Time = datetime | date | str
Span = timedelta | str

_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([wdhms])\s*")
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_UNITS = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
    "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40,
}  # fmt: skip


def instant(name: str, value: Time) -> str:
    """A point in time. A datetime must say its zone: without one it is anybody's guess which hour is meant."""
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise UsageError(
                f"{name}={value!r} has no time zone",
                "say which is meant, e.g. datetime.now(UTC) or value.replace(tzinfo=UTC)",
            )
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value.strip()
    raise UsageError(f"{name}={value!r} is no time", "use a datetime with a time zone, a date or a text")


def moment(name: str, value: Time | timedelta | None) -> str | None:
    """A point in time, or so long before now: a timedelta, or `2d`, `36h`, `90m`, `2w`."""
    if value is None:
        return None
    if isinstance(value, timedelta) or (isinstance(value, str) and _SPAN.fullmatch(value)):
        try:
            return (datetime.now(UTC) - timedelta(seconds=seconds(name, value))).isoformat()
        except OverflowError:
            raise UsageError(f"{name}={value!r} is before all time") from None
    return instant(name, value)


def seconds(name: str, value: Span) -> float:
    """A span of time."""
    if isinstance(value, timedelta):
        length = value.total_seconds()
    else:
        found = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise UsageError(f"{name}={value!r} is no span of time", "use a timedelta, or a text such as 7d, 36h or 90m")
        length = float(found[1]) * _SECONDS[found[2]]
    if length < 0:
        raise UsageError(f"{name}={value!r} is negative")
    return length


def interval(start: Time | None, end: Time | None) -> str | None:
    """`A/B`, open where nothing is given; `2020` and `2020-05` are whole years and months."""
    if start is None and end is None:
        return None
    ends = (
        ".." if start is None else instant("start_datetime", start),
        ".." if end is None else instant("end_datetime", end),
    )
    for text in ends:
        if "/" in text:
            raise UsageError(f"{text!r} is no time", "give the ends one by one: start_datetime, end_datetime")
    return "/".join(ends)


def size(name: str, value: int | str | None) -> int | None:
    """Bytes, or a text with a unit: 512MB, 1.5GiB."""
    if value is None:
        return None
    if isinstance(value, str):
        found = _SIZE.fullmatch(value)
        factor = _UNITS.get(found[2].lower()) if found else None
        if found is None or factor is None:
            raise UsageError(f"{name}={value!r} is no size", "use bytes or a unit, e.g. 512MB, 1.5GiB or 1073741824")
        value = int(float(found[1]) * factor)
    return whole(name, value, least=1)


def whole(name: str, value: int | None, least: int = 0) -> int | None:
    """A whole number of at least `least`, or None."""
    if value is None:
        return None
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = -1
    if not least <= number < 2**63:
        raise UsageError(f"{name}={value!r} is no whole number of at least {least}")
    return number


def text(name: str, value: str | os.PathLike[str]) -> str:
    """A URL or a local path."""
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        if isinstance(path, str):
            return path
    raise UsageError(f"{name}={value!r} is neither a URL nor a path")


def texts(name: str, value: str | Sequence[str] | None) -> list[str]:
    """Several texts, or one."""
    if value is None:
        return []
    values = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(one, str) for one in values):
        raise UsageError(f"{name}={value!r} is no list of texts")
    return values


def area(value: object) -> tuple[str, bool] | None:
    """A geometry as the native half takes it, and whether it is a box.

    Taken are: anything with `__geo_interface__` (shapely, geopandas), a GeoJSON mapping, GeoJSON or WKT as text, and a box
    (west, south, east, north) in degrees, in which west > east crosses 180°.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value, False
    found = getattr(value, "__geo_interface__", value)
    if isinstance(found, Mapping):
        return _geojson(found), False
    if isinstance(found, Sequence) or hasattr(found, "tolist"):
        return _box(found), True
    raise UsageError(
        f"a {type(value).__name__} is no geometry",
        "use a shapely geometry, GeoJSON, WKT, or (west, south, east, north)",
    )


def _geojson(value: Mapping[str, Any]) -> str:
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise UsageError(f"no geometry: {error}") from None


def _plain(value: object) -> object:
    """Arrays and numbers of numpy, and mappings that are no dict."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is no JSON")


def _box(value: Any) -> str:
    numbers = value.tolist() if hasattr(value, "tolist") else list(value)
    if len(numbers) not in (4, 6) or not all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
        raise UsageError(f"{value!r} is no box", "use (west, south, east, north) in degrees")
    return ",".join(repr(float(n)) for n in numbers)
