"""DuckDB reads the files that `files` lists, with the spatial extension, and finds what lies in an area."""

from pathlib import Path

import duckdb
import duckdb_extension_spatial
import shapely
from checks import Checks

GREENLAND = "POLYGON ((-60 60, -20 60, -20 85, -60 85, -60 60))"


def connect():
    con = duckdb.connect()
    (extension,) = Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")
    con.execute(f"LOAD '{extension}'")
    return con


def main(check):
    con = connect()
    paths = [row["path"] for row in check.facts["files"]]
    check("files are there", all(Path(p).is_file() for p in paths), len(paths))
    read = "read_parquet(?, union_by_name = true)"
    (rows, unique) = con.execute(f"SELECT count(*), count(DISTINCT id) FROM {read}", [paths]).fetchone()
    check.equal("rows", rows, check.facts["count"]["rows"])
    check.equal("unique ids", unique, check.facts["count"]["unique_items"])
    kind = con.execute(f"SELECT typeof(geometry) FROM {read} LIMIT 1", [paths]).fetchone()[0]
    check("geometry is a geometry", kind.startswith("GEOMETRY"), kind)
    some = [row["path"] for row in check.facts["files_greenland"]]
    check("a box prunes files", 0 < len(some) < len(paths), f"{len(some)} of {len(paths)}")
    query = f"SELECT DISTINCT id FROM {read} WHERE ST_Intersects(geometry, ST_GeomFromText('{GREENLAND}')) ORDER BY id"
    of_some, of_all = (con.execute(query, [p]).fetchall() for p in (some, paths))
    check("what lies in the box is in the files that are left", of_some == of_all and of_some, f"{len(of_some)} items")
    brute(check, con, read, paths, of_all)
    struct = con.execute(f"SELECT count(*) FROM {read} WHERE bbox.xmin <= bbox.xmax AND _source.href IS NOT NULL", [paths]).fetchone()[0]
    located = con.execute(f"SELECT count(*) FROM {read} WHERE geometry IS NOT NULL", [paths]).fetchone()[0]
    check.equal("bbox and _source are structs", struct, located)


def brute(check, con, read, paths, found):
    """The same question, asked of shapely row by row."""
    area = shapely.from_wkt(GREENLAND)
    wkb = con.execute(f"SELECT DISTINCT id, ST_AsWKB(geometry) FROM {read} WHERE geometry IS NOT NULL", [paths]).fetchall()
    ids = sorted({i for i, g in wkb if shapely.intersects(area, shapely.from_wkb(bytes(g)))})
    check.equal("shapely agrees", [i for (i,) in found] == ids, True)


if __name__ == "__main__":
    Checks().run(main)
