"""Normal forms beside those of antimeridian: its own published cases, and generated rings across 180 degrees and around poles."""

import json
import math
import subprocess
import tarfile
import warnings
from sys import executable

import antimeridian
import shapely
from ours import CASES, FOLDER, Checks, ask, rng
from shapely.geometry import mapping, shape

VERSION = "0.4.9"

# Its own cases that come out otherwise, and why; docs/grids.md says more.
KNOWN = {
    "force-north-pole": "without its flags its own result crosses itself; so does the input",
    "issues-124": "a clockwise ring: the pole on its left there, the nearer pole here",
    "issues-164": "a clockwise ring: the pole on its left there, the nearer pole here",
    "issues-171": "it loses one of two holes",
    "issues-182": "an error there (the result is invalid); the input is planar and stays here",
    "overlap": "without its flags its own result crosses itself; so does the input",
}


def published():
    """The input files of the package's own tests, from its source on PyPI."""
    name = f"antimeridian-{VERSION}"
    archive = FOLDER / f"{name}.tar.gz"
    if not archive.exists():
        pip = [executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--no-binary", "antimeridian", f"antimeridian=={VERSION}", "-d", FOLDER], check=True)
    with tarfile.open(archive) as files:
        members = [m for m in files.getmembers() if f"{name}/tests/data/input/" in m.name and m.name.endswith(".json")]
        return {m.name.rsplit("/", 1)[1][:-5]: json.load(files.extractfile(m)) for m in sorted(members, key=lambda m: m.name)}


def theirs(geometry):
    """Their normal form; edges straight in longitude and latitude, as ours. None where they give none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return shape(antimeridian.fix_shape(geometry, great_circle=False))
    except Exception:
        return None


def difference(ours, other):
    """The part of the area (or length) in which the two differ."""
    ours, other = (g if g.is_valid else shapely.make_valid(g) for g in (ours, other))
    size = max(ours.area, other.area) or max(ours.length, other.length) or 1.0
    apart = ours.symmetric_difference(other)
    return (apart.area if max(ours.area, other.area) else apart.length) / size


def geometries(document):
    if document["type"] == "FeatureCollection":
        return [f["geometry"] for f in document["features"]]
    return [document.get("geometry", document)]


def on_published(check):
    differ = {}
    cases = published()
    for name, document in cases.items():
        for geometry, ours in zip(geometries(document), ask("normalise", geometries(document)), strict=True):
            other = theirs(geometry)
            if isinstance(ours, str) or other is None:
                differ[name] = 1.0
            elif (apart := difference(shape(ours), other)) > 1e-6:
                differ[name] = apart
    check(f"{len(cases)} published cases, the same in", len(cases) >= 34, len(cases) - len(differ))
    for name, apart in sorted(differ.items()):
        check(f"{name} differs by {apart:.2g}", name in KNOWN, KNOWN.get(name, "not known why"))


def star(random, lon, lat, size):
    count = random.randint(3, 12)
    turn = [2 * math.pi * (i + random.uniform(-0.3, 0.3)) / count for i in range(count)]
    radius = [size * random.uniform(0.4, 1.0) for _ in turn]
    return [[lon + 1.5 * r * math.cos(a), max(-89.0, min(89.0, lat + r * math.sin(a)))] for a, r in zip(turn, radius)]


def wrapped(ring):
    ring = [[(x + 180) % 360 - 180, y] for x, y in ring]
    return [*ring, ring[0]]


def across_180(random):
    lon, lat, size = 180 + random.uniform(-3, 3), random.uniform(-70, 70), random.uniform(0.5, 15)
    outer = star(random, lon, lat, size)
    rings = [wrapped(outer)]
    if random.random() < 0.4:
        rings.append(wrapped([[lon + 0.3 * (x - lon), lat + 0.3 * (y - lat)] for x, y in reversed(outer)]))
    return {"type": "Polygon", "coordinates": rings}


def around_a_pole(random):
    """Counterclockwise as seen from outside, and around the nearer pole, so that both readings of a ring agree."""
    north = random.random() < 0.5
    count, middle, start = random.randint(4, 16), random.uniform(20, 85), random.uniform(-180, 180)
    ring = [[start + 360 * i / count, middle + random.uniform(-0.3, 0.3) * min(90 - middle, 15)] for i in range(count)]
    ring = ring if north else [[x, -y] for x, y in reversed(ring)]
    return {"type": "Polygon", "coordinates": [wrapped(ring)]}


def on_generated(check, name, make, random):
    cases = [make(random) for _ in range(CASES)]
    same, none, worst = 0, 0, []
    for geometry, ours in zip(cases, ask("normalise", cases), strict=True):
        other = theirs(geometry)
        if other is None:
            none += 1
        elif isinstance(ours, str) or (apart := difference(shape(ours), other)) > 1e-6:
            worst.append((geometry, ours, mapping(other)))
        else:
            same += 1
    check(f"{name}: the same in", not worst, f"{same} of {CASES}, {none} without a result there")
    for geometry, ours, other in worst[:3]:
        print(f"     {json.dumps(geometry)}\n     ours  {json.dumps(ours)}\n     other {json.dumps(other)}")


if __name__ == "__main__":
    check, random = Checks(), rng(1)
    on_published(check)
    on_generated(check, "across 180", across_180, random)
    on_generated(check, "around a pole", around_a_pole, random)
    check.end()
