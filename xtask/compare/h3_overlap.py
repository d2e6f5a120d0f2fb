"""H3 coverings beside the overlapping mode of the package h3, and who is right where the two differ."""

import math

import h3
from cells import drawn
from ours import CASES, Checks, ask, rng
from shapely.geometry import Polygon


def footprint(random):
    """A turned square of 50 to 500 km between 75 S and 75 N, away from 180 degrees."""
    lon, lat, size = random.uniform(-150, 150), random.uniform(-75, 75), random.uniform(0.25, 2.5)
    turn = random.uniform(0, 2 * math.pi)
    angles = [turn + math.pi / 2 * k for k in range(4)]
    ring = [[lon + size * math.cos(a) / math.cos(math.radians(lat)), lat + size * math.sin(a)] for a in angles]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def theirs(geometry, resolution):
    outer = [(lat, lon) for lon, lat in geometry["coordinates"][0][:-1]]
    return set(h3.h3shape_to_cells_experimental(h3.LatLngPoly(outer), resolution, "overlap"))


def touches(cell, geometry):
    """True if the cell, drawn finely, shares a point with the geometry; None if it holds a pole."""
    outline = drawn(h3.cell_to_boundary(cell), geometry["coordinates"][0][0][0])
    return None if outline is None else outline.intersects(Polygon(geometry["coordinates"][0]))


def at_resolution(check, resolution, cases):
    totals = dict(both=0, ours_true=0, ours_false=0, theirs_true=0, theirs_false=0, unknown=0)
    for geometry, ours in zip(cases, ask(f"h3:{resolution}", cases), strict=True):
        ours, other = set(ours), theirs(geometry, resolution)
        totals["both"] += len(ours & other)
        for who, cells in (("ours", ours - other), ("theirs", other - ours)):
            for cell in cells:
                right = touches(cell, geometry)
                totals["unknown" if right is None else f"{who}_{str(right).lower()}"] += 1
    print(f"     h3:{resolution}: {totals}")
    check(f"h3:{resolution}: no cell that they have and that touches is missing here", totals["theirs_true"] == 0)
    ours = totals["both"] + totals["ours_true"] + totals["ours_false"]
    check(f"h3:{resolution}: false cells here under 1 %", totals["ours_false"] * 100 < ours, totals["ours_false"])


if __name__ == "__main__":
    check, random = Checks(), rng(2)
    cases = [footprint(random) for _ in range(CASES)]
    for resolution in (0, 1, 2, 3, 4):
        at_resolution(check, resolution, cases)
    check.end()
