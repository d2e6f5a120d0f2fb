//! Edges sorted into bands of latitude, so that those near a parallel are found without looking at all.

use earthcatalog_model::geometry::Position;

/// The numbers of edges, by band.
#[derive(Default)]
pub(crate) struct Bands {
    south: f64,
    per_degree: f64,
    /// Where the edges of each band begin in the list of all, and where the last ends.
    starts: Vec<u32>,
    edges: Vec<u32>,
}

/// As many edges as a band has on average, if each were in one.
const PER_BAND: usize = 4;

impl Bands {
    pub(crate) fn new(edges: &[[Position; 2]]) -> Self {
        let mut bands = Self::default();
        bands.fill(edges);
        bands
    }

    /// Sorts these edges in place of those that it held.
    pub(crate) fn fill(&mut self, edges: &[[Position; 2]]) {
        let lats = || edges.iter().flatten().map(|p| p.y);
        let (south, north) = (lats().fold(f64::INFINITY, f64::min), lats().fold(f64::NEG_INFINITY, f64::max));
        let count = edges.len() / PER_BAND + 1;
        let per_degree = count as f64 / (north - south).max(f64::MIN_POSITIVE);
        self.per_degree = if per_degree.is_finite() { per_degree } else { 0.0 };
        self.south = south;
        self.starts.clear();
        self.starts.resize(count + 1, 0);
        self.sort(edges);
    }

    /// Counts, adds up, and puts each edge into its places.
    fn sort(&mut self, edges: &[[Position; 2]]) {
        let range = |bands: &Self, [a, b]: &[Position; 2]| bands.between(a.y.min(b.y), a.y.max(b.y));
        for edge in edges {
            let bands = range(self, edge);
            self.starts.get_mut(bands).into_iter().flatten().for_each(|count| *count += 1);
        }
        let mut total = 0;
        for start in &mut self.starts {
            total += *start;
            *start = total;
        }
        self.edges.clear();
        self.edges.resize(total as usize, 0);
        // From the last to the first, so that each band lists its edges in order and ends up at its start.
        for (i, edge) in edges.iter().enumerate().rev() {
            for band in range(self, edge) {
                let Some(start) = self.starts.get_mut(band) else { continue };
                *start -= 1;
                if let Some(slot) = self.edges.get_mut(*start as usize) {
                    *slot = i as u32;
                }
            }
        }
    }

    /// The bands that reach into a range of latitudes.
    fn between(&self, south: f64, north: f64) -> std::ops::RangeInclusive<usize> {
        let last = self.starts.len().saturating_sub(2);
        let band = |lat: f64| (((lat - self.south) * self.per_degree) as usize).min(last);
        band(south)..=band(north)
    }

    /// The numbers of the edges that may cross a parallel, in order.
    pub(crate) fn at(&self, lat: f64) -> &[u32] {
        self.numbers(*self.between(lat, lat).start())
    }

    /// The numbers of the edges in a range of latitudes, some more than once.
    pub(crate) fn in_range(&self, south: f64, north: f64) -> impl Iterator<Item = &u32> {
        self.between(south, north).flat_map(|band| self.numbers(band))
    }

    fn numbers(&self, band: usize) -> &[u32] {
        let bounds = self.starts.get(band).zip(self.starts.get(band + 1));
        bounds.and_then(|(start, end)| self.edges.get(*start as usize..*end as usize)).unwrap_or_default()
    }
}
