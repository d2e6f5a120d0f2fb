//! Coverings of geometries by grid cells that miss nothing: S2, H3, GeoJSON regions.
