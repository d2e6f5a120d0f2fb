//! The geometry that a text says, where it is a polygon as they nearly all are without a tree of the text.

use crate::geometry::{Dims, FromGeoJson, Geometry, GeometryError, Position, Shape};
use crate::json::{Json, Walk};

impl Geometry {
    /// As [`from_geojson`](Self::from_geojson), of the text of a JSON value.
    ///
    /// # Errors
    /// The same, and where the text is no JSON.
    pub fn from_geojson_text(text: &str) -> Result<Option<FromGeoJson>, GeometryError> {
        if let Some(read) = plain(text) {
            return Ok(Some(read));
        }
        let json = Json::parse(text.as_bytes()).map_err(|error| GeometryError(error.to_string()))?;
        Self::from_geojson(&json)
    }
}

/// A polygon or several, its type first, and nothing beside its coordinates. None for all else, right or wrong.
fn plain(text: &str) -> Option<FromGeoJson> {
    let (mut kind, mut shape, mut ordinates) = (None, None, Ordinates::default());
    let mut walk = Walk::of(text);
    walk.members(|walk, name| {
        match (&*name, kind.as_deref(), &shape) {
            ("type", None, _) => kind = Some(walk.string()?),
            ("coordinates", Some("Polygon"), None) => shape = Some(Shape::Polygon(ordinates.rings(walk)?)),
            ("coordinates", Some("MultiPolygon"), None) => {
                shape = Some(Shape::MultiPolygon(many(walk, |walk| ordinates.rings(walk))?));
            }
            _ => return None,
        }
        Some(())
    })?;
    let shape = shape.filter(|_| walk.is_done())?;
    let Ordinates { least, most, inexact } = ordinates;
    let dims = match most {
        2 => Dims::Xy,
        3 => Dims::Xyz,
        // None, or a measure.
        _ => return None,
    };
    Some(FromGeoJson { geometry: Geometry { shape, dims }, faithful: !inexact && least == most })
}

fn many<'a, T>(walk: &mut Walk<'a>, mut each: impl FnMut(&mut Walk<'a>) -> Option<T>) -> Option<Vec<T>> {
    let mut all = Vec::new();
    walk.elements(|walk, _| {
        all.push(each(walk)?);
        Some(())
    })?;
    Some(all)
}

/// How many ordinates positions have, and whether one is not what a double says.
struct Ordinates {
    least: usize,
    most: usize,
    inexact: bool,
}

impl Default for Ordinates {
    fn default() -> Self {
        Self { least: usize::MAX, most: 0, inexact: false }
    }
}

impl Ordinates {
    fn rings(&mut self, walk: &mut Walk<'_>) -> Option<Vec<Vec<Position>>> {
        many(walk, |walk| many(walk, |walk| self.position(walk)))
    }

    fn position(&mut self, walk: &mut Walk<'_>) -> Option<Position> {
        let mut ordinates = [f64::NAN; 3];
        let count = walk.elements(|walk, i| {
            let number = walk.number()?;
            let ordinate = ordinates.get_mut(i)?;
            *ordinate = Some(number.as_f64()).filter(|value| value.is_finite())?;
            self.inexact |= !number.is_exact();
            Some(())
        })?;
        self.least = self.least.min(count);
        self.most = self.most.max(count);
        let [x, y, z] = ordinates;
        (count >= 2).then_some(Position { x, y, z, m: f64::NAN })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, is_plain: bool) {
        let tree = Geometry::from_geojson(&Json::parse(text.as_bytes()).unwrap());
        assert_eq!(Geometry::from_geojson_text(text), tree, "{text}");
        assert_eq!(plain(text).is_some(), is_plain, "{text}");
    }

    #[test]
    fn a_text_says_what_its_tree_says() {
        check(
            r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9.25,9],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]}"#,
            true,
        );
        check(
            r#" { "type" : "MultiPolygon", "coordinates" : [[[[0,0,1],[9,0,1],[9,9,1],[0,0,1]]]] } "#,
            true,
        );
        check(r#"{"type":"Polygon","coordinates":[[[0,0],[9,0,1],[9,9],[0,0]]]}"#, true);
        check(r#"{"type":"Polygon","coordinates":[[[0.1000000000000000055,0],[9,0],[9,9],[0,0]]]}"#, true);
        check(r#"{"type":"Polygon","coordinates":[]}"#, false);
        check(r#"{"type":"Polygon","coordinates":[[]]}"#, false);
        check(r#"{"type":"Polygon","coordinates":[[[1,2,3,4]]]}"#, false);
        check(r#"{"type":"Polygon","coordinates":[[[1]]]}"#, false);
        check(r#"{"type":"Polygon","coordinates":[[[1,"2"]]]}"#, false);
        check(r#"{"type":"Polygon","coordinates":[[[1,1e999]]]}"#, false);
        check(r#"{"type":"Polygon","coordinates":[[[1,2]]],"crs":null}"#, false);
        check(r#"{"coordinates":[[[1,2]]],"type":"Polygon"}"#, false);
        check(r#"{"type":"Point","coordinates":[1,2]}"#, false);
        check("null", false);
        assert!(Geometry::from_geojson_text("{").is_err());
    }

    proptest! {
        #[test]
        fn any_text_says_what_its_tree_says(
            text in r#"\{"type":"(MultiP|P)olygon","coordinates":(\[){1,5}((0|1\.5|-2e3|"a"|\[|\]|\],\[),?){0,12}(\]){1,5}\}"#
        ) {
            if let Ok(tree) = Json::parse(text.as_bytes()) {
                prop_assert_eq!(Geometry::from_geojson_text(&text), Geometry::from_geojson(&tree));
            }
        }
    }
}
