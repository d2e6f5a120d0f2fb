"""Cells as polygons in the plane, their great-circle sides drawn finely."""

import math

from shapely.geometry import Polygon

STEPS = 100


def vector(lat, lon):
    lat, lon = math.radians(lat), math.radians(lon)
    return (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))


def drawn(corners, near):
    """The polygon of corners (latitude, longitude), longitudes near a given one; None if a pole is in it."""
    vectors = [vector(*corner) for corner in corners]
    ring = []
    for a, b in zip(vectors, vectors[1:] + vectors[:1]):
        for i in range(STEPS):
            t = i / STEPS
            x, y, z = (p * (1 - t) + q * t for p, q in zip(a, b))
            lon, last = math.degrees(math.atan2(y, x)), ring[-1][0] if ring else near
            ring.append((lon - 360 * round((lon - last) / 360), math.degrees(math.atan2(z, math.hypot(x, y)))))
    return Polygon(ring) if abs(ring[-1][0] - ring[0][0]) < 180 else None
