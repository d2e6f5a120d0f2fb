//! An S3 server in the test process: s3s-fs behind a lock for each path, so that its conditional PUTs are true.
//!
//! It runs on threads of its own, so that it serves tests of any runtime and child processes as well, and stops
//! when it is dropped. Buckets come into being when they are first named, except those called `no-such-…`.

mod conn;
mod faults;
mod serve;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use faults::{Fault, Faults, Plan, Request};
use serve::State;

/// The only access key that the server knows; unsigned requests are served too.
pub const ACCESS_KEY: &str = "testkit";
/// Its secret. Signatures are not checked.
pub const SECRET_KEY: &str = "testkit-secret";

/// How a server behaves. The default is a good server.
#[derive(Debug, Default)]
pub struct S3Options {
    /// What goes wrong, until [`Faults::set`] says otherwise.
    pub faults: Plan,
    /// Take no notice of `If-Match` and `If-None-Match` on PUT, as some stores do.
    pub ignore_conditions: bool,
    /// Accept only an entity tag without quotes in `If-Match`, as Ceph's RGW does.
    pub bare_etags: bool,
    /// Wait so long before every answer.
    pub latency: Duration,
}

/// A running server; it stops when dropped, and its objects are gone.
#[derive(Debug)]
pub struct S3Server {
    url: String,
    state: Arc<State>,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl S3Server {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// If there is no temporary folder, port or thread to be had.
    #[expect(clippy::expect_used, reason = "a test whose server does not start has failed")]
    pub fn start(options: S3Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = Arc::new(State::new(folder.path(), options).expect("a file system for the objects"));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("s3-server")
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener that can be polled");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let serving = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    () = serve::run(listener, serving) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(Duration::from_millis(200));
        });
        Self { url, state, folder, stop: Some(stop), thread: Some(thread) }
    }

    /// `http://127.0.0.1:port`, the endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder with the buckets, for a look at what is really there.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A client for a bucket, which retries as the real one does but without waiting long.
    ///
    /// # Panics
    /// If no client can be made.
    pub fn store(&self, bucket: &str) -> Arc<dyn ObjectStore> {
        self.store_with(bucket, quick_retries(), Duration::from_secs(5))
    }

    /// A client with retries and a time limit for requests of one's own.
    ///
    /// # Panics
    /// If no client can be made.
    #[expect(clippy::expect_used, reason = "a test that has no client has failed")]
    pub fn store_with(&self, bucket: &str, retry: RetryConfig, timeout: Duration) -> Arc<dyn ObjectStore> {
        let client = ClientOptions::new().with_allow_http(true).with_timeout(timeout);
        let store = AmazonS3Builder::new()
            .with_client_options(client)
            .with_retry(retry)
            .with_endpoint(&self.url)
            .with_region("us-east-1")
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(SECRET_KEY)
            .with_bucket_name(bucket)
            .build();
        Arc::new(store.expect("a client"))
    }

    /// The environment by which another process finds this server; also good as `StoreOptions::extra`.
    pub fn env(&self) -> Vec<(String, String)> {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_ENDPOINT_URL", &self.url),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
    }

    /// What goes wrong, to be changed while the server runs.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// How many requests came in.
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::Relaxed)
    }
}

/// Ten retries within two seconds.
pub fn quick_retries() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(5),
        max_backoff: Duration::from_millis(200),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries: 10, retry_timeout: Duration::from_secs(30) }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
#[path = "s3_tests.rs"]
mod tests;
