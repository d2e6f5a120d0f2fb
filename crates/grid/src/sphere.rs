//! Places and short arcs on the unit sphere, and how far a straight line in longitude and latitude strays from one.

/// A vector, or a point of the unit sphere.
pub(crate) type V3 = [f64; 3];

pub(crate) fn dot(a: &V3, b: &V3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn add(a: &V3, b: &V3) -> V3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn sub(a: &V3, b: &V3) -> V3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// The square of the length.
pub(crate) fn square(a: &V3) -> f64 {
    dot(a, a)
}

pub(crate) fn scale(a: &V3, k: f64) -> V3 {
    [a[0] * k, a[1] * k, a[2] * k]
}

/// The vector of length one in that direction; zero if the square of its length is too small a number to be told from it.
pub(crate) fn unit(a: &V3) -> V3 {
    let square = square(a);
    if square < SMALLEST { [0.0; 3] } else { scale(a, 1.0 / square.sqrt()) }
}

/// Below this, numbers lose their digits.
const SMALLEST: f64 = 1e-290;

fn cross(a: &V3, b: &V3) -> V3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The unit normal of the plane through the centre, a and b. Sum times difference keeps its precision where a and b
/// are micrometres apart: the plane then still goes through both.
pub(crate) fn normal(a: &V3, b: &V3) -> V3 {
    unit(&cross(&add(a, b), &sub(b, a)))
}

/// Longitude and latitude of a point, degrees.
pub(crate) fn lon_lat(v: &V3) -> (f64, f64) {
    (v[1].atan2(v[0]).to_degrees(), v[2].atan2(v[0].hypot(v[1])).to_degrees())
}

/// A position in degrees and on the unit sphere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    pub(crate) v: V3,
}

impl Place {
    pub(crate) fn new(lon: f64, lat: f64) -> Self {
        let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
        let (sin_lon, cos_lon) = lon.to_radians().sin_cos();
        Self { lon, lat, v: [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat] }
    }
}

/// A stretch of a line that is straight in longitude and latitude, beside the great-circle arc between its ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) a: Place,
    pub(crate) b: Place,
    /// A ball in space that holds all of it.
    middle: V3,
    reach: f64,
    /// It leaves the arc between its ends by no more than this, radians (while it is [short](Piece::is_short)).
    pub(crate) stray: f64,
    /// The unit normal of the plane of the arc; zero where the ends coincide.
    pub(crate) normal: V3,
    /// No less than its length, radians.
    length: f64,
}

/// The estimate of how far a line strays is of second order: arcs stay shorter than this, and a tenth is added.
const SHORT: f64 = 0.25;
const MARGIN: f64 = 1.1;

impl Piece {
    pub(crate) fn new(a: Place, b: Place) -> Self {
        let d_lon = (b.lon - a.lon).to_radians().abs();
        let d_lat = (b.lat - a.lat).to_radians().abs();
        let sin = a.v[2].abs().max(b.v[2].abs());
        let cos_d_lon = widest(&a, &b) * d_lon;
        let length = (d_lat * d_lat + cos_d_lon * cos_d_lon).sqrt();
        // The covariant acceleration of (lon, lat) = (a + b t, c + d t) on the sphere has the components
        // sin cos b² northwards and -2 sin b d eastwards; a curve strays an eighth of it from its chord.
        let stray = MARGIN * sin * d_lon * (cos_d_lon * cos_d_lon + 4.0 * d_lat * d_lat).sqrt() / 8.0;
        // Towards the centre of the sphere it bends too.
        let reach = 0.5 * square(&sub(&a.v, &b.v)).sqrt() + stray + MARGIN * length * length / 8.0;
        Self { a, b, middle: scale(&add(&a.v, &b.v), 0.5), reach, stray, normal: normal(&a.v, &b.v), length }
    }

    /// A single point.
    pub(crate) fn point(p: Place) -> Self {
        Self { a: p, b: p, middle: p.v, reach: 0.0, stray: 0.0, normal: [0.0; 3], length: 0.0 }
    }

    /// True if the stray can be trusted.
    pub(crate) fn is_short(&self) -> bool {
        self.length <= SHORT
    }

    /// The two halves of it.
    pub(crate) fn halves(&self) -> [Self; 2] {
        let middle = Place::new(0.5 * self.a.lon + 0.5 * self.b.lon, 0.5 * self.a.lat + 0.5 * self.b.lat);
        [Self::new(self.a, middle), Self::new(middle, self.b)]
    }

    /// False only if no point of it is within `radius` (radians) of the unit vector `centre`.
    pub(crate) fn may_reach(&self, centre: &V3, radius: f64) -> bool {
        // A chord is no longer than its angle, and a sine no larger.
        let near = radius + self.reach + ROUNDING;
        square(&sub(centre, &self.middle)) <= near * near
            && dot(centre, &self.normal).abs() <= radius + self.stray + ROUNDING
    }

    /// True only if a point of it is within `radius` of the centre.
    pub(crate) fn does_reach(&self, centre: &V3, radius: f64) -> bool {
        let within = |v: &V3| square(&sub(centre, v)) <= radius * radius;
        within(&self.a.v) || within(&self.b.v)
    }
}

/// What the last bits of unit vectors may hide.
pub(crate) const ROUNDING: f64 = 4e-15;

/// The largest cosine of a latitude between two places.
fn widest(a: &Place, b: &Place) -> f64 {
    if (a.lat < 0.0) != (b.lat < 0.0) {
        return 1.0;
    }
    let cos = |p: &Place| (p.v[0] * p.v[0] + p.v[1] * p.v[1]).sqrt();
    cos(a).max(cos(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The measured distance of a stretch from its arc's plane.
    fn strays(piece: &Piece) -> f64 {
        let at = |t: f64| {
            let mix = |a: f64, b: f64| a * (1.0 - t) + b * t;
            Place::new(mix(piece.a.lon, piece.b.lon), mix(piece.a.lat, piece.b.lat))
        };
        (0..=100).map(|i| dot(&at(f64::from(i) / 100.0).v, &piece.normal).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn stray_is_bounded() {
        for lat in [-89.9, -60.0, -10.0, 0.0, 0.1, 45.0, 80.0, 89.0] {
            for (d_lon, d_lat) in
                [(1.0, 0.0), (10.0, 1.0), (0.1, 8.0), (5.0, -5.0), (12.0, 0.05), (170.0, 0.1), (359.0, 0.0)]
            {
                let piece = Piece::new(
                    Place::new(-20.0, lat),
                    Place::new(-20.0 + d_lon, f64::clamp(lat + d_lat, -90.0, 90.0)),
                );
                if piece.is_short() {
                    assert!(
                        strays(&piece) <= piece.stray + 1e-15,
                        "{lat} {d_lon} {d_lat}: {} {}",
                        strays(&piece),
                        piece.stray
                    );
                }
            }
        }
    }

    #[test]
    fn meridians_do_not_stray() {
        assert_eq!(Piece::new(Place::new(20.0, -80.0), Place::new(20.0, 80.0)).stray, 0.0);
    }

    /// Points so close that the square of their distance is no number any more have no plane through them.
    #[test]
    fn normals_of_hardly_any_arc_are_zero() {
        let normal = |lat: f64| normal(&Place::new(0.0, 0.0).v, &Place::new(0.0, lat).v);
        for lat in [0.0, 1e-300, 1e-200, 1e-160, 5e-324] {
            assert_eq!(normal(lat), [0.0; 3], "{lat}");
        }
        assert!((square(&normal(1e-140)) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn normals_of_tiny_arcs_are_precise() {
        let (a, b) = (Place::new(12.0, 47.0).v, Place::new(12.000_001, 47.000_001).v);
        let n = normal(&a, &b);
        assert!(dot(&n, &a).abs() < 1e-15 && dot(&n, &b).abs() < 1e-15);
    }
}
