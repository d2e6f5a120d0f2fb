//! Listings in ORC, as S3 writes them: only the columns that mean something are read, a stripe at a time; stripes that a filter
//! cannot take anything of are not.

mod stripes;

use std::sync::Arc;

use futures::stream::BoxStream;
use orc_rust::arrow_reader::ArrowReaderBuilder;
use orc_rust::projection::ProjectionMask;
use orc_rust::schema::TimestampPrecision;

use crate::batch::ObjectBatch;
use crate::bounds::{self, Part};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::form::Form;
use crate::open::Inventory;
use crate::pieces::Pieces;
use crate::pump::{self, Sink, Source};
use crate::tabular::{Turn, find_columns};
use stripes::StripeBounds;

/// A listing in one ORC file. Its columns are looked at with the first batch.
#[derive(Debug)]
pub(crate) struct OrcInventory {
    source: Source,
    identity: String,
    form: Form,
}

impl OrcInventory {
    pub(crate) fn new(source: Source, identity: String, form: &Form) -> Self {
        Self { source, identity, form: form.clone() }
    }
}

impl OrcInventory {
    fn read(&self, filter: Option<Filter>) -> BoxStream<'static, Result<ObjectBatch>> {
        let (source, form) = (self.source.clone(), self.form.clone());
        pump::work(source.name.clone(), move |_| {
            let name = source.name.clone();
            let pieces = Pieces::new(source);
            move |sink: &Sink| {
                if let Err(error) = decode(name, &pieces, form, filter.as_ref(), sink) {
                    sink.send(Err(pieces.take_error().unwrap_or(error)));
                }
            }
        })
    }
}

impl Inventory for OrcInventory {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        self.read(None)
    }

    fn batches_for(&self, filter: &Filter) -> BoxStream<'static, Result<ObjectBatch>> {
        self.read(Some(filter.clone()).filter(bounds::is_of_use))
    }

    fn name(&self) -> &str {
        &self.source.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }
}

fn decode(name: Arc<str>, pieces: &Pieces, form: Form, filter: Option<&Filter>, sink: &Sink) -> Result<()> {
    let damaged = |message: String| Error::Orc { name: name.to_string(), message };
    let open = || {
        // Nanoseconds in 64 bits would end in 2262.
        let builder = ArrowReaderBuilder::try_new(pieces.clone()).map_err(|e| damaged(e.to_string()))?;
        Ok(builder.with_timestamp_precision(TimestampPrecision::Microsecond))
    };
    let mut builder = open()?;
    let schema = builder.schema();
    let columns = find_columns(&name, &schema, &form)?;
    let names: Vec<_> =
        columns.iter().filter_map(|(_, i)| schema.fields().get(*i)).map(|field| field.name()).collect();
    let mask = ProjectionMask::named_roots(builder.file_metadata().root_data_type(), &names);
    let stripes = builder.file_metadata().stripe_metadatas().to_vec();
    let parts = match filter {
        None => vec![Part::Read(0..stripes.len())],
        Some(filter) => {
            let of =
                StripeBounds::of(builder.file_metadata().root_data_type(), &schema, &columns, form.dialect);
            bounds::parts(filter, stripes.iter().map(|stripe| (stripe.number_of_rows(), of.bounds(stripe))))
        }
    };
    let rows = form.options.batch_rows;
    let mut turn = Turn::new(name.clone(), columns.iter().map(|(column, _)| *column).collect(), form);
    for part in &parts {
        let run = match part {
            Part::Read(run) => run.clone(),
            Part::LeftOut(rows, reason) => {
                turn.pass(*rows);
                if !sink.send(Ok(ObjectBatch::left_out(*rows, *reason))) {
                    return Ok(());
                }
                continue;
            }
        };
        if run.len() < stripes.len() {
            let begins = |stripe: usize| stripes.get(stripe).map(|s| s.offset() as usize);
            let end = begins(run.end).unwrap_or(usize::MAX);
            builder = builder.with_file_byte_range(begins(run.start).unwrap_or(0)..end);
        }
        let reading = builder.with_projection(mask.clone()).with_batch_size(rows).build();
        for batch in reading {
            let batch = batch.map_err(|e| damaged(e.to_string()))?;
            if batch.num_rows() > 0 && !sink.send(Ok(turn.batch(&batch)?)) {
                return Ok(());
            }
        }
        builder = open()?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "orc_tests.rs"]
mod tests;
