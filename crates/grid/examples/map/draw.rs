//! A geometry and its covering as SVG.
//!
//! Azimuthal and equidistant around the middle of the geometry, so that a pole and the 180th meridian look like any place.

use std::fmt::Write;

use earthcatalog_grid::{CellId, Geometry, Grid, cells_for_geometry, normalise};
use earthcatalog_model::geometry::{Position, Shape};

/// The picture's side, and how much of the way to its border the cells reach.
const SIDE: f64 = 480.0;
const FILLED: f64 = 0.95;

/// A projection around a place, radians to the picture's units.
struct Projection {
    lon: f64,
    sin_lat: f64,
    cos_lat: f64,
    scale: f64,
}

impl Projection {
    fn around((lon, lat): (f64, f64)) -> Self {
        let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
        Self { lon, sin_lat, cos_lat, scale: 1.0 }
    }

    /// Snyder, Map Projections, 25-2 to 25-4.
    fn at(&self, lon: f64, lat: f64) -> (f64, f64) {
        let (sin_lon, cos_lon) = (lon - self.lon).to_radians().sin_cos();
        let (sin, cos) = lat.to_radians().sin_cos();
        let (east, north) = (cos * sin_lon, self.cos_lat * sin - self.sin_lat * cos * cos_lon);
        let distance = east.hypot(north).atan2(self.sin_lat * sin + self.cos_lat * cos * cos_lon);
        let k = self.scale * distance / east.hypot(north).max(f64::MIN_POSITIVE);
        (k * east, -k * north)
    }

    /// A path along lines that are straight in longitude and latitude.
    fn path(&self, line: &[Position]) -> String {
        let mut path = String::new();
        for (a, b) in line.iter().zip(&line[1..]) {
            let steps = ((b.x - a.x).hypot(b.y - a.y) / 2.0).ceil().max(1.0);
            let places = (0..steps as u32).map(|i| f64::from(i) / steps);
            places.for_each(|t| self.add((a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)), &mut path));
        }
        line.last().into_iter().for_each(|end| self.add((end.x, end.y), &mut path));
        path
    }

    fn add(&self, (lon, lat): (f64, f64), path: &mut String) {
        let (x, y) = self.at(lon, lat);
        let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" });
    }
}

/// The lines and rings of a shape. Sides along ±180° and along a pole are cuts, not sides.
fn lines(shape: &Shape) -> Vec<Vec<Position>> {
    let is_cut =
        |a: &Position, b: &Position| (a.x == b.x && a.x.abs() == 180.0) || (a.y == b.y && a.y.abs() == 90.0);
    let mut found = Vec::new();
    let mut add = |line: &[Position]| {
        found.extend(line.chunk_by(|a, b| !is_cut(a, b)).filter(|part| part.len() > 1).map(<[_]>::to_vec));
    };
    match shape {
        Shape::LineString(line) => add(line),
        Shape::Polygon(lines) | Shape::MultiLineString(lines) => lines.iter().for_each(|line| add(line)),
        Shape::MultiPolygon(polygons) => polygons.iter().flatten().for_each(|ring| add(ring)),
        Shape::GeometryCollection(shapes) => found.extend(shapes.iter().flat_map(lines)),
        Shape::Point(_) | Shape::MultiPoint(_) => {}
    }
    found
}

/// The middle of the geometry: the direction of the sum of its positions.
fn middle(geometry: &Geometry) -> (f64, f64) {
    let mut sum = [0.0; 3];
    geometry.positions(&mut |p| {
        let ((sin_lon, cos_lon), (sin, cos)) = (p.x.to_radians().sin_cos(), p.y.to_radians().sin_cos());
        sum = [sum[0] + cos * cos_lon, sum[1] + cos * sin_lon, sum[2] + sin];
    });
    (sum[1].atan2(sum[0]).to_degrees(), sum[2].atan2(sum[0].hypot(sum[1])).to_degrees())
}

/// Meridians and parallels, every tenth.
fn graticule() -> impl Iterator<Item = Vec<Position>> {
    let at = |lon: i32, lat: i32| Position::xy(f64::from(lon), f64::from(lat));
    let meridian = move |i: i32| (-45..=45).map(move |k| at(10 * i, 2 * k)).collect();
    let parallel = move |i: i32| (-90..=90).map(move |k| at(2 * k, 10 * i)).collect();
    (-17..=18).map(meridian).chain((-8..=8).map(parallel))
}

/// The picture of a geometry and its covering, as SVG.
pub(crate) fn map(grid: &dyn Grid, geometry: &Geometry) -> earthcatalog_grid::Result<String> {
    let mut projection = Projection::around(middle(geometry));
    let cells = cells_for_geometry(grid, geometry)?;
    let outline = |cell: &CellId| grid.outline(cell).map(|outline| (cell.clone(), lines(&outline.shape)));
    let outlines = cells.iter().map(outline).collect::<earthcatalog_grid::Result<Vec<_>>>()?;
    let positions = outlines.iter().flat_map(|(_, lines)| lines).flatten();
    let reach =
        positions.map(|p| projection.at(p.x, p.y)).fold(0.0, |most: f64, (x, y)| most.max(x.hypot(y)));
    projection.scale = 0.5 * SIDE * FILLED / reach.max(1e-12);

    let half = 0.5 * SIDE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-{half} -{half} {SIDE} {SIDE}\" fill=\"none\">\n\
         <rect x=\"-{half}\" y=\"-{half}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"#fff\"/>\n"
    );
    let mut draw = |line: &[Position], style: &str, title: &str| {
        let path = projection.path(line);
        let _ = writeln!(svg, "<path d=\"{path}\" {style}><title>{title}</title></path>");
    };
    let is_near = |p: &Position| {
        let (x, y) = projection.at(p.x, p.y);
        x.hypot(y) < SIDE
    };
    for line in graticule() {
        let at_180 = line.iter().all(|p| p.x == 180.0);
        let (style, title) = if at_180 { ("stroke=\"#c33\"", "180°") } else { ("stroke=\"#ddd\"", "10°") };
        let visible = line.chunk_by(|a, b| is_near(a) && is_near(b)).filter(|part| part.len() > 1);
        visible.for_each(|part| draw(part, style, title));
    }
    for (cell, lines) in &outlines {
        lines.iter().for_each(|line| draw(line, "stroke=\"#27a\" stroke-width=\"1.5\"", cell.as_str()));
    }
    if let Some(normal) = normalise(geometry)? {
        let style = "stroke=\"#000\" stroke-width=\"2\"";
        lines(&normal.geometry.shape).iter().for_each(|line| draw(line, style, "geometry"));
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
