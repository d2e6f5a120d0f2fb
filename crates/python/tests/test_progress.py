"""Progress: to tqdm where it is wanted, to nobody else."""

from __future__ import annotations

import logging
import sys

import pytest
from conftest import FIXTURES

import earthcatalog as ec
from earthcatalog import _log
from earthcatalog._progress import Progress


def test_a_run_shows_itself_in_tqdm(empty, capsys):
    empty.ingest(FIXTURES / "inventory.csv", mode="full", progress=True)
    shown = capsys.readouterr()
    assert "fetching" in shown.err or "writing" in shown.err
    assert shown.out == ""


def test_nobody_looks_nothing_shows(empty, capsys):
    empty.ingest(FIXTURES / "inventory.csv", mode="full")
    assert capsys.readouterr() == ("", "")


def test_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ec.UsageError, match="tqdm"):
        Progress(True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with Progress(None) as shown:
        shown('{"event": "progress", "files": 0, "selected": 1, "fetched": 1, "listing_done": true}')


def test_tasks_are_counted(capsys):
    with Progress(True) as shown:
        for done in range(4):
            shown.count("staging", done, 3)
    assert "staging" in capsys.readouterr().err


def test_warnings_go_to_logging(caplog):
    with Progress(False) as shown:
        shown('{"event": "warning", "message": "50 % are left"}')
    _log.native("earthcatalog_store::lease", False, "taking over")
    _log.native("earthcatalog_store::lease", True, "100 % lost")
    said = [(record.name, record.levelno, record.message) for record in caplog.records]
    assert said == [
        ("earthcatalog", logging.WARNING, "50 % are left"),
        ("earthcatalog.store.lease", logging.WARNING, "taking over"),
        ("earthcatalog.store.lease", logging.ERROR, "100 % lost"),
    ]


def test_what_the_crates_warn_of_is_logged(empty, caplog):
    held = empty.lock("dead", ttl_hours=0)
    held.__enter__()
    empty.ingest(FIXTURES / "inventory.csv", limit=5)
    with pytest.raises(ec.ConflictError, match="lost the lock"):
        held.__exit__(None, None, None)
    assert any("taking over a lock" in record.message and "dead" in record.message for record in caplog.records)
