"""The older command lines."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import FIXTURES

import earthcatalog as ec
from earthcatalog import _legacy


def incremental(*args, env=None):
    command = [sys.executable, "-m", "earthcatalog.pipelines.incremental", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)


def test_incremental_is_an_ingest(tmp_path, server, archive):
    base = tmp_path / "catalog"
    args = ["--inventory", "s3://bucket/inventory/full.parquet", "--catalog", base / "earthcatalog.db"]
    args += ["--warehouse", base / "warehouse", "--workers", 8, "--chunk-size", 100, "--limit", 20, "--batch-add-files"]
    run = incremental(*args)
    assert run.returncode == 0, run.stderr
    assert "deprecated" in run.stderr and "catalog.ingest" in run.stderr
    report = json.loads(run.stdout)
    assert report["ingested"] + report["superseded"] == 20
    assert ec.open(base=base).info().grid.spec == "h3:1"
    again = incremental(*args, "--since", "2000-01-01")
    assert json.loads(again.stdout)["known"] == 20


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "--inventory"),
        (["--inventory", "x", "--catalog", "c", "--no-such"], "--no-such"),
        (["--inventory", "x", "--catalog", "c", "--inv", "y"], "--inv"),
        (["--inventory", "x", "--catalog", "a/other.db"], "earthcatalog.db"),
        (["--inventory", "x", "--catalog", "a/earthcatalog.db", "--warehouse", "b/warehouse"], "lie in a/warehouse"),
        (["--inventory", "x", "--catalog", "c", "--h3-resolution", "99"], "unknown grid"),
        (["--inventory", "x", "--catalog", "c", "--limit", "ten"], "--limit"),
        (["--inventory", "x", "--catalog", "c", "--since", "soon"], "soon"),
    ],
)
def test_what_cannot_be_translated_is_a_clear_error(args, said, tmp_path):
    command = [sys.executable, "-m", "earthcatalog.pipelines.incremental", *args]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("catalog", "warehouse", "base"),
    [
        ("s3://b/p/earthcatalog.db", "s3://b/p/warehouse", "s3://b/p"),
        ("s3://b/p", None, "s3://b/p"),
        ("/data/earthcatalog.db", "/data/warehouse/", "/data"),
        ("/earthcatalog.db", "/warehouse", "/"),
        ("earthcatalog.db", "warehouse", "."),
        ("earthcatalog.db", "./warehouse", "."),
    ],
)
def test_the_base_of_a_database_and_a_warehouse(catalog, warehouse, base):
    assert _legacy._base(catalog, warehouse) == base


@pytest.mark.parametrize("name", ["backfill", "incremental"])
def test_help(name):
    command = [sys.executable, "-m", f"earthcatalog.pipelines.{name}", "--help"]
    text = subprocess.check_output(command, text=True, timeout=60)
    assert "--inventory" in text and "--catalog" in text


def test_an_import_warns_of_nothing():
    code = "import warnings; warnings.simplefilter('error'); import earthcatalog.pipelines.backfill, earthcatalog.pipelines.incremental"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert FIXTURES.is_dir()
