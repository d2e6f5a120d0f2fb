//! From a stream to a blocking writer: batches are read here and written on a thread of its own.

use arrow_array::RecordBatch;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::parquet_out::Summary;

/// Batches between the two.
const AHEAD: usize = 4;

/// Writes all batches. After an error on either side the other ends too; what was written then has no footer.
pub(crate) async fn drain<W: Send + 'static>(
    mut batches: BoxStream<'static, Result<RecordBatch>>,
    mut writer: W,
    write: fn(&mut W, &RecordBatch) -> Result<()>,
    finish: fn(W) -> Result<Summary>,
) -> Result<Summary> {
    let (send, mut receive) = mpsc::channel::<RecordBatch>(AHEAD);
    let (whole, is_whole) = tokio::sync::oneshot::channel();
    let task = tokio::task::spawn_blocking(move || {
        while let Some(batch) = receive.blocking_recv() {
            write(&mut writer, &batch)?;
        }
        // Where reading failed there is to be no footer: half a file must not look like a whole one.
        is_whole.blocking_recv().map_err(|_| Error::Worker { what: "read the index" })?;
        finish(writer)
    });
    while let Some(batch) = batches.try_next().await? {
        if send.send(batch).await.is_err() {
            break;
        }
    }
    drop(send);
    let _ = whole.send(());
    task.await.map_err(|_| Error::Worker { what: "write the index" })?
}
