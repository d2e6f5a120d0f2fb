//! What can go wrong in a grid.

/// Why there is no covering, outline, grid or normal form.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// The text names no grid.
    #[error(
        "unknown grid {given:?}: use s2:<level 0 to 30>, h3:<resolution 0 to 15> or geojson:<url>#<field>"
    )]
    Spec {
        /// The text.
        given: String,
    },
    /// A position that is nowhere on Earth.
    #[error("{path}: {what}")]
    Position {
        /// Where in the geometry, e.g. `coordinates[0][3]`.
        path: String,
        /// What is wrong there, e.g. `latitude 95 is beyond 90`.
        what: String,
    },
    /// The covering has more cells than anyone could mean; the grid is too fine for the geometry.
    #[error("the geometry touches more than {limit} cells of {spec}: use a coarser grid")]
    TooManyCells {
        /// The grid.
        spec: String,
        /// The most that a covering may have.
        limit: usize,
    },
    /// No cell of this grid has this name.
    #[error("{cell:?} is no cell of {spec}")]
    UnknownCell {
        /// The name.
        cell: String,
        /// The grid.
        spec: String,
    },
    /// A file of regions that cannot be used.
    #[error("failed to read the regions: {what}")]
    Regions {
        /// What is wrong, and in which feature.
        what: String,
    },
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, GridError>;
