//! The types of STAC core, common metadata and the well-known extensions. What is not here is inferred.
//!
//! Sources: STAC Item and common metadata 1.1.0; the extensions eo, view, proj, sat, sar, raster, file, scientific,
//! processing, product, timestamps, grid, mgrs, landsat, storage, in their newest stable versions.

use earthcatalog_model::{Field, Type};

/// The type of a property or of an asset's member by its name; None where it must be inferred.
pub(crate) fn type_of(name: &str) -> Option<Type> {
    let ty = match name {
        "datetime"
        | "start_datetime"
        | "end_datetime"
        | "created"
        | "updated"
        | "published"
        | "expires"
        | "unpublished"
        | "processing:datetime" => Type::Timestamptz,
        "title"
        | "description"
        | "license"
        | "platform"
        | "constellation"
        | "mission"
        | "type"
        | "href"
        | "rel"
        | "data_type"
        | "unit"
        | "proj:code"
        | "proj:wkt2"
        | "sat:platform_international_designator"
        | "sat:orbit_state"
        | "sar:instrument_mode"
        | "sar:frequency_band"
        | "sar:product_type"
        | "sar:observation_direction"
        | "file:checksum"
        | "file:byte_order"
        | "sci:doi"
        | "sci:citation"
        | "processing:level"
        | "processing:facility"
        | "processing:lineage"
        | "product:type"
        | "product:timeliness"
        | "grid:code"
        | "mgrs:latitude_band"
        | "mgrs:grid_square"
        | "landsat:wrs_path"
        | "landsat:wrs_row"
        | "landsat:wrs_type"
        | "landsat:collection_category" => Type::String,
        "keywords" | "instruments" | "roles" | "sar:polarizations" => Field::list(Type::String),
        "gsd"
        | "nodata"
        | "eo:cloud_cover"
        | "eo:snow_cover"
        | "view:off_nadir"
        | "view:incidence_angle"
        | "view:azimuth"
        | "view:sun_azimuth"
        | "view:sun_elevation"
        | "sar:center_frequency"
        | "sar:resolution_range"
        | "sar:resolution_azimuth"
        | "sar:pixel_spacing_range"
        | "sar:pixel_spacing_azimuth"
        | "sar:looks_equivalent_number" => Type::Double,
        "proj:epsg" | "sat:absolute_orbit" | "sat:relative_orbit" | "sar:looks_range"
        | "sar:looks_azimuth" | "file:size" | "file:header_size" | "mgrs:utm_zone" => Type::Long,
        "proj:bbox" | "proj:shape" | "proj:transform" => Field::list(Type::Double),
        "providers" => Field::list(provider()),
        _ => return None,
    };
    Some(ty)
}

fn text(name: &str) -> Field {
    Field::new(name, Type::String)
}

fn provider() -> Type {
    let roles = Field::new("roles", Field::list(Type::String));
    Type::Struct(vec![text("name"), text("description"), roles, text("url")])
}

/// The columns of links that are always there (STAC Item spec, "Link Object").
pub(crate) fn link() -> Vec<Field> {
    vec![text("href"), text("rel"), text("type"), text("title")]
}

/// The columns of an asset that are always there (STAC Item spec, "Asset Object").
pub(crate) fn asset() -> Vec<Field> {
    let roles = Field::new("roles", Field::list(Type::String));
    vec![text("href"), text("title"), text("description"), text("type"), roles]
}

/// The box around a geometry, named as GeoParquet's covering names it.
pub(crate) fn bbox() -> Type {
    Type::Struct(["xmin", "ymin", "xmax", "ymax"].map(|side| Field::new(side, Type::Double)).into())
}

/// Where an item came from.
pub(crate) fn source() -> Type {
    Type::Struct(vec![text("href"), Field::new("last_modified", Type::Timestamptz), text("etag")])
}

/// Properties that are columns in every file: the temporal ones and the rest of common metadata.
pub(crate) const COMMON: [&str; 15] = [
    "datetime",
    "start_datetime",
    "end_datetime",
    "created",
    "updated",
    "title",
    "description",
    "keywords",
    "license",
    "providers",
    "platform",
    "instruments",
    "constellation",
    "mission",
    "gsd",
];
