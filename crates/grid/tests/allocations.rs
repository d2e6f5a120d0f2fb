//! Coverings allocate nothing once their buffers are large enough: counted by an allocator of this binary's own.

#![expect(clippy::unwrap_used, reason = "a test may end here")]
#![expect(unsafe_code, reason = "an allocator is unsafe by its nature; this one only counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use earthcatalog_grid::{CellId, Geometry, Grid, build};
use earthcatalog_model::geometry::{Position, Shape};

/// The system's allocator, which counts what each thread asks for.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends may still allocate.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A ring of so many positions around a place.
fn ring(lon: f64, lat: f64, size: f64, count: usize) -> Vec<Position> {
    let at = |i: usize| {
        let angle = std::f64::consts::TAU * (i % count) as f64 / count as f64;
        Position::xy(lon + 2.0 * size * angle.cos(), lat + size * angle.sin())
    };
    (0..=count).map(at).collect()
}

fn geometries() -> Vec<Geometry> {
    let footprint = vec![ring(-45.0, 66.0, 0.7, 16)];
    let with_hole = vec![ring(12.0, 47.0, 3.0, 40), ring(12.0, 47.0, 1.0, 70)];
    let coast = vec![ring(20.0, 50.0, 6.0, 5_000)];
    let shapes = vec![
        Shape::Point(Position::xy(12.3, 45.6)),
        Shape::Point(Position::xy(0.0, 0.0)),
        Shape::MultiPoint(ring(5.0, 5.0, 9.0, 12)),
        Shape::LineString(ring(100.0, -30.0, 4.0, 9)),
        Shape::Polygon(footprint.clone()),
        Shape::Polygon(coast),
        Shape::MultiPolygon(vec![footprint, with_hole]),
    ];
    let together = Shape::GeometryCollection(shapes.clone());
    shapes.into_iter().chain([together]).map(Geometry::xy).collect()
}

/// How often a covering asks for memory, the second time.
fn allocations(grid: &dyn Grid, geometry: &Geometry, cells: &mut Vec<CellId>) -> usize {
    let mut cover = || {
        cells.clear();
        let before = COUNT.get();
        grid.cover(geometry, cells).unwrap();
        COUNT.get() - before
    };
    cover();
    cover()
}

#[test]
fn the_allocator_counts() {
    let before = COUNT.get();
    assert_eq!(vec![1; 100].len(), 100);
    assert!(COUNT.get() > before);
}

#[test]
fn a_second_covering_allocates_nothing() {
    let mut cells = Vec::new();
    for spec in ["s2:0", "s2:4", "s2:8", "h3:0", "h3:1", "h3:3", "h3:5"] {
        let grid = build(&spec.parse().unwrap(), None).unwrap();
        for geometry in geometries() {
            let found = allocations(&*grid, &geometry, &mut cells);
            assert_eq!(found, 0, "{spec}: {geometry:.200?}");
            assert!(!cells.is_empty());
        }
    }
}
