//! From a query to the files that may hold its answer.

use earthcatalog_catalog::{Filter, Head, Table};
use earthcatalog_grid::Grid;
use earthcatalog_model::DataFile;

use crate::columns::Columns;
use crate::error::Result;
use crate::place::Place;
use crate::query::Query;

/// The files of the table at `head` that may hold an item the query asks for: none that does is left out, and some may
/// hold none.
///
/// Place is told by cells and by the boxes of files, time by the catalog (over the bounds of `datetime`,
/// `start_datetime` and `end_datetime`, never by year alone), ids by the bounds of `id`. `grid` must be the table's.
///
/// # Errors
/// When a position of the query's geometry is nowhere on Earth, or the table cannot be read.
pub async fn prune(table: &dyn Table, head: &Head, grid: &dyn Grid, query: &Query) -> Result<Vec<DataFile>> {
    let place = match &query.geometry {
        None => None,
        Some(geometry) => match Place::new(grid, geometry)? {
            Some(place) => Some(place),
            // Nothing touches an empty geometry.
            None => return Ok(Vec::new()),
        },
    };
    let files = table.files(head, &filter(query, place.as_ref())).await?;
    let columns = Columns::of(&head.schema);
    Ok(files.into_iter().filter(|file| may_match(file, &columns, query, place.as_ref())).collect())
}

fn filter(query: &Query, place: Option<&Place>) -> Filter {
    let time = (!query.time.is_all()).then_some((query.time.start, query.time.end));
    Filter { cells: place.and_then(|p| p.cells.clone()), time, ..Filter::default() }
}

fn may_match(file: &DataFile, columns: &Columns, query: &Query, place: Option<&Place>) -> bool {
    let touches = |place: &Place| columns.extent(file).is_none_or(|extent| place.may_touch(&extent));
    let by_id = query.ids.is_empty() || query.ids.iter().any(|id| columns.may_hold(file, id));
    by_id && place.is_none_or(touches)
}

#[cfg(test)]
#[path = "prune_tests.rs"]
mod tests;
