//! Grids of named regions: the features of a GeoJSON FeatureCollection (RFC 7946 §3.3).

use std::collections::BTreeMap;

use earthcatalog_model::geometry::Shape;
use earthcatalog_model::{CellId, Geometry, Json};
use rstar::{AABB, RTree, RTreeObject};

use crate::planar::{self, Plane};
use crate::{Grid, GridError, GridSpec, Result, normalise, spec};

/// Regions, which may overlap, and outside of which there is nothing. A region is named by a property of its feature,
/// text or number; features of one name are one region.
pub struct Regions {
    url: String,
    field: String,
    tree: RTree<Piece>,
    shapes: BTreeMap<CellId, Vec<Geometry>>,
}

/// One connected part of a region.
struct Piece {
    name: CellId,
    plane: Plane,
}

impl RTreeObject for Piece {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.plane.envelope()
    }
}

impl std::fmt::Debug for Regions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Regions({}, {} regions)", self.spec(), self.shapes.len())
    }
}

impl Regions {
    /// The regions of a file, whose bytes are given, with names from the property `field` (or, where no feature has
    /// it and `field` is `id`, from the feature's own id).
    ///
    /// # Errors
    /// If it is no FeatureCollection, a feature has no name or a geometry that cannot be understood.
    pub fn read(url: &str, field: &str, bytes: &[u8]) -> Result<Self> {
        let json = Json::parse(bytes).map_err(|e| wrong(e.to_string()))?;
        let mut shapes = BTreeMap::<CellId, Vec<Geometry>>::new();
        for (i, feature) in features(&json)?.iter().enumerate() {
            if let Some((name, geometry)) =
                region(feature, field).map_err(|what| wrong(format!("feature {i}: {what}")))?
            {
                shapes.entry(name).or_default().push(geometry);
            }
        }
        let mut pieces = Vec::new();
        for (name, geometry) in shapes.iter().flat_map(|(name, all)| all.iter().map(move |g| (name, g))) {
            let planes = Plane::of_shape(&geometry.shape);
            pieces.extend(planes.into_iter().map(|plane| Piece { name: name.clone(), plane }));
        }
        let tree = RTree::bulk_load(pieces);
        Ok(Self { url: url.to_owned(), field: field.to_owned(), tree, shapes })
    }

    /// How many regions there are.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// True if there are no regions.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }
}

fn wrong(what: String) -> GridError {
    GridError::Regions { what }
}

fn features<'a>(json: &'a Json<'a>) -> Result<&'a [Json<'a>]> {
    match json.get("type").and_then(Json::as_str) {
        Some("FeatureCollection") => json.get("features").and_then(Json::elements),
        Some("Feature") => Some(std::slice::from_ref(json)),
        _ => None,
    }
    .ok_or_else(|| wrong("it is no GeoJSON FeatureCollection".to_owned()))
}

/// Name and geometry of a feature; None without a geometry.
fn region(feature: &Json<'_>, field: &str) -> std::result::Result<Option<(CellId, Geometry)>, String> {
    let property = feature.get("properties").and_then(|properties| properties.get(field));
    let own_id = || feature.get("id").filter(|_| field == "id");
    let name = match property.or_else(own_id) {
        Some(Json::String(text)) if !text.is_empty() => CellId::new(text),
        Some(Json::Number(number)) => CellId::new(number.text()),
        Some(other) => {
            return Err(format!("its property {field:?} is {}, not a name or number", other.kind()));
        }
        None => return Err(format!("it has no property {field:?}")),
    };
    let found =
        Geometry::from_geojson(feature.get("geometry").unwrap_or(&Json::Null)).map_err(|e| e.to_string())?;
    let Some(found) = found else { return Ok(None) };
    let found = normalise::normalise(&found.geometry).map_err(|e| e.to_string())?;
    Ok(found.map(|normalised| (name, normalised.geometry)))
}

impl Grid for Regions {
    fn spec(&self) -> GridSpec {
        GridSpec::GeoJson { url: self.url.clone(), field: self.field.clone() }
    }

    fn cover(&self, geometry: &Geometry, cells: &mut Vec<CellId>) -> Result<()> {
        let Some(geometry) = normalise::ready(geometry)? else { return Ok(()) };
        let start = cells.len();
        for plane in planar::with_aliases(Plane::of_shape(&geometry.shape)) {
            let near = self.tree.locate_in_envelope_intersecting(&plane.envelope());
            cells.extend(near.filter(|piece| piece.plane.touches(&plane)).map(|piece| piece.name.clone()));
        }
        let mut found = cells.split_off(start);
        found.sort();
        found.dedup();
        cells.append(&mut found);
        Ok(())
    }

    fn outline(&self, cell: &CellId) -> Result<Geometry> {
        let unknown = || {
            crate::unknown_cell(
                cell,
                &GridSpec::GeoJson { url: spec::without_secrets(&self.url), field: self.field.clone() },
            )
        };
        match self.shapes.get(cell).map(Vec::as_slice) {
            None | Some([]) => Err(unknown()),
            Some([one]) => Ok(one.clone()),
            Some(all) => Ok(merged(all)),
        }
    }
}

/// Several geometries as one: a MultiPolygon if they are polygons all.
fn merged(all: &[Geometry]) -> Geometry {
    let mut polygons = Vec::new();
    for geometry in all {
        match &geometry.shape {
            Shape::Polygon(rings) => polygons.push(rings.clone()),
            Shape::MultiPolygon(more) => polygons.extend_from_slice(more),
            _ => return collected(all),
        }
    }
    let dims = dims(all);
    Geometry { shape: Shape::MultiPolygon(polygons), dims }
}

fn collected(all: &[Geometry]) -> Geometry {
    let shapes = all.iter().map(|geometry| geometry.shape.clone()).collect();
    Geometry { shape: Shape::GeometryCollection(shapes), dims: dims(all) }
}

/// What all of them have.
fn dims(all: &[Geometry]) -> earthcatalog_model::geometry::Dims {
    use earthcatalog_model::geometry::Dims;
    let has = |dims| all.iter().all(|geometry| geometry.dims == dims);
    if has(Dims::Xyzm) {
        Dims::Xyzm
    } else if has(Dims::Xyz) {
        Dims::Xyz
    } else {
        Dims::Xy
    }
}

#[cfg(test)]
#[path = "regions_tests.rs"]
mod tests;
