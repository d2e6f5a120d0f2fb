//! The geometry that a text says, where it is a polygon as they nearly all are without a tree of the text.

use crate::geometry::{FromGeoJson, Geometry, GeometryError, Position, Reader, Shape};
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
    let (mut kind, mut shape, mut reader) = (None, None, Reader::default());
    let mut walk = Walk::of(text);
    walk.members(|walk, name| {
        match (&*name, kind.as_deref(), &shape) {
            ("type", None, _) => kind = Some(walk.string()?),
            ("coordinates", Some("Polygon"), None) => shape = Some(Shape::Polygon(rings(walk, &mut reader)?)),
            ("coordinates", Some("MultiPolygon"), None) => {
                shape = Some(Shape::MultiPolygon(many(walk, |walk| rings(walk, &mut reader))?));
            }
            _ => return None,
        }
        Some(())
    })?;
    let shape = shape.filter(|_| walk.is_done())?;
    reader.finish(shape)
}

fn many<'a, T>(walk: &mut Walk<'a>, mut each: impl FnMut(&mut Walk<'a>) -> Option<T>) -> Option<Vec<T>> {
    let mut all = Vec::new();
    walk.elements(|walk, _| {
        all.push(each(walk)?);
        Some(())
    })?;
    Some(all)
}

fn rings(walk: &mut Walk<'_>, reader: &mut Reader) -> Option<Vec<Vec<Position>>> {
    many(walk, |walk| many(walk, |walk| position(walk, reader)))
}

fn position(walk: &mut Walk<'_>, reader: &mut Reader) -> Option<Position> {
    let mut ordinates = [f64::NAN; 4];
    let count = walk.elements(|walk, i| {
        let ordinate = ordinates.get_mut(i)?;
        *ordinate = reader.finite(&walk.number()?)?;
        Some(())
    })?;
    (count >= 2).then(|| reader.positioned(ordinates, count))
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
        check(r#"{"type":"Polygon","coordinates":[[[1,2,3,4]]]}"#, true);
        check(r#"{"type":"Polygon","coordinates":[[[1,2,3,4,5]]]}"#, false);
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
