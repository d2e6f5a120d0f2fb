"""S2 coverings of boxes and points beside s2sphere, which has no polygons: its exact test of a rectangle and a cell."""

import math

import s2sphere
from cells import drawn
from ours import CASES, Checks, ask, rng
from shapely.geometry import box


def rectangle(random):
    lon, lat = random.uniform(-180, 180), math.degrees(math.asin(random.uniform(-1, 1)))
    width, height = 10 ** random.uniform(-2, 1.3), 10 ** random.uniform(-2, 1)
    return lon, max(-90.0, lat - height), lon + width, min(90.0, lat + height)


def as_geometry(sides):
    west, south, east, north = sides
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def candidates(rect, level):
    """All cells of the level that may touch, by the bounds of cells from the faces down."""
    found, queue = [], [s2sphere.CellId.from_face_pos_level(face, 0, 0) for face in range(6)]
    while queue:
        cell = queue.pop()
        if not rect.may_intersect(s2sphere.Cell(cell)):
            continue
        if cell.level() == level:
            found.append(cell)
        else:
            queue.extend(cell.children())
    return found


def theirs(sides, level):
    west, south, east, north = sides
    corners = [s2sphere.LatLng.from_degrees(lat, lon).normalized() for lat, lon in ((south, west), (north, east))]
    rect = s2sphere.LatLngRect.from_point_pair(*corners)
    return {c.to_token() for c in candidates(rect, level) if rect.intersects(s2sphere.Cell(c))}


def touches(token, sides):
    """True if the cell, drawn finely, shares a point with the box; None if it holds a pole."""
    cell = s2sphere.Cell(s2sphere.CellId.from_token(token))
    corners = [s2sphere.LatLng.from_point(cell.get_vertex(k)) for k in range(4)]
    outline = drawn([(c.lat().degrees, c.lng().degrees) for c in corners], 0.5 * (sides[0] + sides[2]))
    return None if outline is None else outline.buffer(1e-9).intersects(box(*sides))


def at_level(check, level, cases):
    totals = dict(both=0, ours_true=0, ours_false=0, theirs_true=0, theirs_false=0, unknown=0)
    answers = ask(f"s2:{level}", [as_geometry(sides) for sides in cases])
    for sides, ours in zip(cases, answers, strict=True):
        ours, other = set(ours), theirs(sides, level)
        totals["both"] += len(ours & other)
        for who, cells in (("ours", ours - other), ("theirs", other - ours)):
            for token in cells:
                right = touches(token, sides)
                totals["unknown" if right is None else f"{who}_{str(right).lower()}"] += 1
    print(f"     s2:{level}: {totals}")
    check(f"s2:{level}: no cell that they have and that touches is missing here", totals["theirs_true"] == 0)
    ours = totals["both"] + totals["ours_true"] + totals["ours_false"]
    check(f"s2:{level}: false cells here under 1 %", totals["ours_false"] * 100 < ours, totals["ours_false"])


def of_points(check, random):
    points = [(random.uniform(-180, 180), math.degrees(math.asin(random.uniform(-1, 1)))) for _ in range(CASES)]
    for level in (0, 4, 12, 30):
        answers = ask(f"s2:{level}", [{"type": "Point", "coordinates": list(p)} for p in points])
        expected = [s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(y, x)).parent(level).to_token() for x, y in points]
        wrong = sum(token not in cells for token, cells in zip(expected, answers, strict=True))
        check(f"s2:{level}: cells of points that are not ours", wrong == 0, wrong)


if __name__ == "__main__":
    check, random = Checks(), rng(3)
    of_points(check, random)
    for level, count in ((2, CASES), (4, CASES), (6, max(1, CASES // 5))):
        at_level(check, level, [rectangle(random) for _ in range(count)])
    check.end()
