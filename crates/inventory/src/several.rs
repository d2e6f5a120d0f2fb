//! An inventory of several files, read side by side, in their order.

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

use crate::batch::ObjectBatch;
use crate::error::Result;
use crate::filter::Filter;
use crate::form::Form;
use crate::open::{Inventory, open_source};
use crate::pump::Source;

/// Files read at once: the one whose turn it is, and those after it.
const AHEAD: usize = 3;

/// Batches of a file that are handed on together, where they are there: whoever waits is woken once for them.
const TOGETHER: usize = 2;

/// So many times these, a file whose turn has not come yet has ready.
const READY: usize = 2;

/// The files that a manifest names.
#[derive(Debug)]
pub(crate) struct SeveralInventory {
    name: String,
    identity: String,
    files: Arc<[Source]>,
    form: Form,
}

impl SeveralInventory {
    pub(crate) fn new(name: String, identity: String, files: Vec<Source>, form: Form) -> Self {
        Self { name, identity, files: files.into(), form }
    }
}

impl Inventory for SeveralInventory {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        read(&self.files, &self.form, None)
    }

    fn batches_for(&self, filter: &Filter) -> BoxStream<'static, Result<ObjectBatch>> {
        read(&self.files, &self.form, Some(filter))
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }
}

fn read(
    files: &Arc<[Source]>,
    form: &Form,
    filter: Option<&Filter>,
) -> BoxStream<'static, Result<ObjectBatch>> {
    let (files, form, filter) = (files.clone(), form.clone(), filter.cloned());
    let started = (0..files.len()).map(move |i| {
        let (file, form, filter) = (files.get(i).cloned(), form.clone(), filter.clone());
        async move { file.map_or_else(|| stream::empty().boxed(), |file| start(file, form, filter)) }
    });
    let batches = stream::iter(started).buffered(AHEAD).flatten();
    until_error(batches.boxed())
}

/// Begins to read a file; what is read waits for its turn. Dropping the stream ends the reading.
fn start(file: Source, form: Form, filter: Option<Filter>) -> BoxStream<'static, Result<ObjectBatch>> {
    let (send, receive) = mpsc::channel(READY);
    tokio::spawn(async move {
        let batches = match open_source(file, &form).await {
            Ok(inventory) => match &filter {
                Some(filter) => inventory.batches_for(filter),
                None => inventory.batches(),
            },
            Err(error) => stream::iter([Err(error)]).boxed(),
        };
        let mut batches = batches.ready_chunks(TOGETHER);
        while let Some(together) = batches.next().await {
            if send.send(together).await.is_err() {
                break;
            }
        }
    });
    stream::unfold(receive, |mut receive| async { receive.recv().await.map(|batch| (batch, receive)) })
        .flat_map(stream::iter)
        .boxed()
}

/// The stream up to its first error, that included.
fn until_error(batches: BoxStream<'static, Result<ObjectBatch>>) -> BoxStream<'static, Result<ObjectBatch>> {
    let next = |state: Option<BoxStream<'static, Result<ObjectBatch>>>| async {
        let mut batches = state?;
        let batch = batches.next().await?;
        let rest = batch.is_ok().then_some(batches);
        Some((batch, rest))
    };
    stream::unfold(Some(batches), next).boxed()
}
