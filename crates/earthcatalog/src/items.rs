//! Items that come from one file, and need no fetch.

#![expect(
    clippy::result_large_err,
    reason = "an answer's good side holds an object as well, and is no smaller"
)]

use std::sync::Arc;

use async_trait::async_trait;
use earthcatalog_fetch::{Failure, Fetch, Fetched};
use earthcatalog_inventory::{ItemsFile, ItemsSource, NoItem, RowItem};
use earthcatalog_model::{ObjectRef, Reason, Rejection};
use earthcatalog_store::Stores;

use crate::error::Result;

/// Items given out in one go.
const BATCH: usize = 32;

/// Opens a file of items, which is read to its end here.
pub(crate) async fn open(stores: &Stores, url: &str) -> Result<Arc<ItemsFile>> {
    let folder = stores.folder(url)?;
    let object = folder.named();
    let source =
        ItemsSource { store: folder.place.store, path: folder.place.path, url: url.to_owned(), object };
    let file = earthcatalog_inventory::open_items(source, |batch| {
        let rows = earthcatalog_writer::rows_of_others(batch).map_err(|e| e.to_string())?;
        Ok(rows.into_iter().map(of_row).collect())
    });
    Ok(Arc::new(file.await?))
}

fn of_row(row: earthcatalog_writer::ItemRow) -> RowItem {
    let json = row.json;
    match row.source {
        Some(source) => {
            RowItem { json, href: source.href, last_modified: source.last_modified, etag: source.etag }
        }
        None => RowItem { json, ..RowItem::default() },
    }
}

/// Gives the items of a file to who asks for its objects.
pub(crate) struct FetchItems(pub(crate) Arc<ItemsFile>);

#[async_trait]
impl Fetch for FetchItems {
    async fn fetch(&self, object: &ObjectRef) -> std::result::Result<Fetched, Failure> {
        let answers = self.fetch_batch(std::slice::from_ref(object)).await;
        answers.into_iter().next().unwrap_or_else(|| Err(lost("no answer")))
    }

    fn batch_size(&self, _object: &ObjectRef) -> usize {
        BATCH
    }

    async fn fetch_batch(&self, objects: &[ObjectRef]) -> Vec<std::result::Result<Fetched, Failure>> {
        let (file, wanted) = (self.0.clone(), objects.to_vec());
        let reading = move || wanted.into_iter().map(|object| get(&file, object)).collect::<Vec<_>>();
        match tokio::task::spawn_blocking(reading).await {
            Ok(answers) => answers,
            Err(error) => objects.iter().map(|_| Err(lost(&error.to_string()))).collect(),
        }
    }
}

fn lost(message: &str) -> Failure {
    Failure::Retryable { message: format!("the thread that reads the items ended: {message}") }
}

fn get(file: &ItemsFile, object: ObjectRef) -> std::result::Result<Fetched, Failure> {
    let rejected =
        |object, reason, message: String| Failure::Rejected(Rejection::new(object, reason, message));
    match file.item(&object) {
        Ok(Ok(body)) => Ok(Fetched { object, body }),
        Ok(Err(NoItem::TooLong(message))) => Err(rejected(object, Reason::TooLarge, message.to_owned())),
        Ok(Err(NoItem::Unreadable(message))) => {
            Err(rejected(object, Reason::NotAnItem, format!("the row is no item: {message}")))
        }
        Err(error) => Err(Failure::Fatal {
            message: error.to_string(),
            hint: "see whether there is room for temporary files, which TMPDIR says the place of".to_owned(),
        }),
    }
}
