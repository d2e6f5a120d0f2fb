"""How notebooks show things: tables of names and values, and of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_MOST_ROWS = 50


def pairs(title: str, values: Mapping[str, Any]) -> str:
    """A table of names and values; what is a mapping itself is a table in it."""
    rows = "".join(f"<tr><th style='text-align:left'>{escape(k)}</th><td>{_cell(v)}</td></tr>" for k, v in values.items())
    return f"<table><caption style='text-align:left'><b>{escape(title)}</b></caption>{rows}</table>"


def rows(title: str, values: Sequence[Mapping[str, Any]]) -> str:
    """A table of rows, its first fifty."""
    columns: Iterable[str] = values[0].keys() if values else ()
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{_cell(v)}</td>" for v in row.values()) + "</tr>" for row in values[:_MOST_ROWS])
    more = len(values) - _MOST_ROWS
    note = f"<p>and {more:,} more</p>" if more > 0 else ""
    return f"<table><caption style='text-align:left'><b>{escape(title)}</b></caption><tr>{head}</tr>{body}</table>{note}"


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        inner = "".join(f"<tr><td>{escape(str(k))}</td><td>{_cell(v)}</td></tr>" for k, v in value.items())
        return f"<table>{inner}</table>" if inner else ""
    if isinstance(value, bool) or not isinstance(value, int):
        return escape("" if value is None else str(value))
    return f"{value:,}" if abs(value) >= 10_000 and abs(value) < 10**15 else str(value)
