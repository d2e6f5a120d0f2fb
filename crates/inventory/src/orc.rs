//! Listings in ORC, as S3 writes them: only the columns that mean something are read, a stripe at a time.

use std::sync::Arc;

use futures::stream::BoxStream;
use orc_rust::arrow_reader::ArrowReaderBuilder;
use orc_rust::projection::ProjectionMask;
use orc_rust::schema::TimestampPrecision;

use crate::batch::ObjectBatch;
use crate::error::{Error, Result};
use crate::form::Form;
use crate::open::Inventory;
use crate::pieces::Pieces;
use crate::pump::{self, Sink, Source};
use crate::tabular::{Turn, find_columns};

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

impl Inventory for OrcInventory {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        let (source, form) = (self.source.clone(), self.form.clone());
        pump::work(source.name.clone(), move |_| {
            let name = source.name.clone();
            let pieces = Pieces::new(source);
            move |sink: &Sink| {
                if let Err(error) = decode(name, &pieces, form, sink) {
                    sink.send(Err(pieces.take_error().unwrap_or(error)));
                }
            }
        })
    }

    fn name(&self) -> &str {
        &self.source.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }
}

fn decode(name: Arc<str>, pieces: &Pieces, form: Form, sink: &Sink) -> Result<()> {
    let damaged = |message: String| Error::Orc { name: name.to_string(), message };
    // Nanoseconds in 64 bits would end in 2262.
    let builder = ArrowReaderBuilder::try_new(pieces.clone())
        .map_err(|e| damaged(e.to_string()))?
        .with_timestamp_precision(TimestampPrecision::Microsecond);
    let schema = builder.schema();
    let columns = find_columns(&name, &schema, &form)?;
    let names: Vec<_> =
        columns.iter().filter_map(|(_, i)| schema.fields().get(*i)).map(|field| field.name()).collect();
    let mask = ProjectionMask::named_roots(builder.file_metadata().root_data_type(), &names);
    let reading = builder.with_projection(mask).with_batch_size(form.options.batch_rows).build();
    let mut turn = Turn::new(name.clone(), columns.iter().map(|(column, _)| *column).collect(), form);
    for batch in reading {
        let batch = batch.map_err(|e| damaged(e.to_string()))?;
        if batch.num_rows() > 0 && !sink.send(Ok(turn.batch(&batch)?)) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "orc_tests.rs"]
mod tests;
