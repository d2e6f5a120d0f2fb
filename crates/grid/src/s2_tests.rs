use super::*;

#[test]
fn squares_are_cells() {
    for (lon, lat) in [(0.1, 0.2), (100.0, 1.0), (1.0, 89.0), (179.0, 3.0), (-80.0, -20.0), (5.0, -88.0)] {
        for level in [0, 1, 5, 17, 30] {
            let id = CellID(hilbert(lon, lat)).parent(level);
            let cell = s2::cell::Cell::from(id);
            for (k, corner) in Square::of(id).corners().iter().enumerate() {
                let v = cell.vertex(k).0;
                let d = (v.x - corner[0]).abs() + (v.y - corner[1]).abs() + (v.z - corner[2]).abs();
                assert!(d < 1e-15, "{lon} {lat} {level} {k}: {d}");
            }
        }
    }
}

#[test]
fn nowhere_is_zero() {
    assert_eq!(hilbert(f64::NAN, 0.0), 0);
    assert_eq!(hilbert(0.0, f64::INFINITY), 0);
    assert_eq!(hilbert(0.0, 95.0), hilbert(0.0, 90.0));
}
