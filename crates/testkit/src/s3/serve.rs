//! Requests in, faults applied, s3s-fs behind a lock for each path.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH, TRAILER,
    TRANSFER_ENCODING,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::sync::RwLock;

use super::conn::Conn;
use super::faults::{Fault, Faults};
use super::{ACCESS_KEY, S3Options};

type Body = BoxBody<Bytes, io::Error>;
type Answer = Result<Response<Body>, io::Error>;

/// What all connections share.
pub(super) struct State {
    pub faults: Faults,
    pub requests: AtomicU64,
    service: S3Service,
    folder: PathBuf,
    options: S3Options,
    /// One lock for each path: writers alone, readers together.
    paths: Mutex<HashMap<String, Arc<RwLock<()>>>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("options", &self.options).finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn new(folder: &Path, mut options: S3Options) -> io::Result<Self> {
        let files = s3s_fs::FileSystem::new(folder).map_err(|e| io::Error::other(format!("{e:?}")))?;
        let faults = Faults::default();
        faults.set(std::mem::take(&mut options.faults));
        Ok(Self {
            faults,
            requests: AtomicU64::new(0),
            service: S3ServiceBuilder::new(files).build(),
            folder: folder.to_owned(),
            options,
            paths: Mutex::default(),
        })
    }

    fn path_lock(&self, path: &str) -> Arc<RwLock<()>> {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(paths.entry(path.to_owned()).or_default())
    }
}

/// Serves until it is dropped.
pub(super) async fn run(listener: TcpListener, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let reset = Arc::new(AtomicBool::new(false));
        let io = TokioIo::new(Conn::new(stream, Arc::clone(&reset)));
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(Arc::clone(&state), Arc::clone(&reset), request));
        tokio::spawn(async move {
            let _ = http1::Builder::new().serve_connection(io, service).await;
        });
    }
}

async fn answer(state: Arc<State>, reset: Arc<AtomicBool>, request: Request<Incoming>) -> Answer {
    state.requests.fetch_add(1, Ordering::Relaxed);
    let fault = state.faults.decide(request.method().as_str(), request.uri().path());
    tokio::time::sleep(state.options.latency).await;
    match &fault {
        Some(Fault::SlowDown) => return refuse(request, StatusCode::SERVICE_UNAVAILABLE, "SlowDown").await,
        Some(Fault::Internal) => {
            return refuse(request, StatusCode::INTERNAL_SERVER_ERROR, "InternalError").await;
        }
        Some(Fault::Denied) => return refuse(request, StatusCode::FORBIDDEN, "AccessDenied").await,
        Some(Fault::ErrorIn200) => return refuse(request, StatusCode::OK, "InternalError").await,
        Some(Fault::Empty) => return Ok(Response::new(full(Bytes::new()))),
        Some(Fault::ResetBefore) => return cut(&reset),
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        _ => {}
    }
    let done = forward(&state, request).await?;
    match fault {
        Some(Fault::ResetAfter) => cut(&reset),
        Some(Fault::CloseAfter) => Err(io::Error::other("closed by the plan")),
        Some(Fault::InternalAfter) => Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError")),
        Some(Fault::Truncate) => Ok(truncated(done, &reset)),
        Some(Fault::Stall(time)) => stall(time, done).await,
        _ => Ok(done.map(full)),
    }
}

async fn stall(time: Duration, done: Response<Bytes>) -> Answer {
    tokio::time::sleep(time).await;
    Ok(done.map(full))
}

fn cut(reset: &AtomicBool) -> Answer {
    reset.store(true, Ordering::SeqCst);
    Err(io::Error::other("reset by the plan"))
}

/// An error, after the request's body was taken: else the client would see a broken pipe instead.
async fn refuse(request: Request<Incoming>, status: StatusCode, code: &str) -> Answer {
    let _ = request.into_body().collect().await;
    Ok(error(status, code))
}

fn error(status: StatusCode, code: &str) -> Response<Body> {
    error_bytes(status, code).map(full)
}

fn error_bytes(status: StatusCode, code: &str) -> Response<Bytes> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>by the test's plan</Message></Error>"
    );
    let mut response = Response::new(Bytes::from(xml));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}

/// The headers of the whole, half of the body, and the end of the connection.
fn truncated(done: Response<Bytes>, reset: &Arc<AtomicBool>) -> Response<Body> {
    let reset = Arc::clone(reset);
    let (mut parts, bytes) = done.into_parts();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let half = bytes.slice(..bytes.len() / 2);
    let first = futures::stream::once(async move { Ok(Frame::data(half)) });
    let last = futures::stream::once(async move {
        // So that the half is on its way before the reset overtakes it.
        tokio::time::sleep(Duration::from_millis(20)).await;
        reset.store(true, Ordering::SeqCst);
        Err(io::Error::other("truncated by the plan"))
    });
    Response::from_parts(parts, BodyExt::boxed(StreamBody::new(first.chain(last))))
}

/// The real answer, whole: the lock of the path is held until it is read.
async fn forward(state: &State, request: Request<Incoming>) -> io::Result<Response<Bytes>> {
    let (mut parts, body) = request.into_parts();
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if let Some(refusal) = prepare(state, &parts.method, parts.uri.path(), &mut parts.headers) {
        return Ok(refusal);
    }
    let lock = state.path_lock(parts.uri.path());
    let request = Request::from_parts(parts, s3s::Body::from(bytes));
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let _together = lock.read().await;
        call(state, request).await
    } else {
        let _alone = lock.write().await;
        call(state, request).await
    }
}

async fn call(state: &State, request: Request<s3s::Body>) -> io::Result<Response<Bytes>> {
    let head = request.method() == Method::HEAD;
    let response = state.service.call(request).await.map_err(|e| io::Error::other(format!("{e:?}")))?;
    let (mut parts, body) = response.into_parts();
    for header in [TRANSFER_ENCODING, TRAILER] {
        parts.headers.remove(header);
    }
    let bytes = BodyExt::collect(body).await.map_err(|e| io::Error::other(e.to_string()))?.to_bytes();
    if !head {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    Ok(Response::from_parts(parts, bytes))
}

/// What comes before s3s: the key is checked, the bucket made, conditions turned into what was asked for.
fn prepare(state: &State, method: &Method, path: &str, headers: &mut HeaderMap) -> Option<Response<Bytes>> {
    if let Some(signed) = headers.remove(AUTHORIZATION) {
        let known = signed.to_str().is_ok_and(|text| text.contains(&format!("Credential={ACCESS_KEY}/")));
        if !known {
            return Some(error_bytes(StatusCode::FORBIDDEN, "InvalidAccessKeyId"));
        }
    }
    if !make_bucket(&state.folder, path) {
        return Some(error_bytes(StatusCode::NOT_FOUND, "NoSuchBucket"));
    }
    if state.options.ignore_conditions && method == Method::PUT {
        headers.remove(IF_MATCH);
        headers.remove(IF_NONE_MATCH);
    }
    if state.options.bare_etags { bare_only(headers) } else { None }
}

/// A quoted tag never matches; a bare one is what s3s wants quoted.
fn bare_only(headers: &mut HeaderMap) -> Option<Response<Bytes>> {
    let tag = headers.get(IF_MATCH)?.to_str().unwrap_or_default().to_owned();
    if tag.starts_with('"') {
        return Some(error_bytes(StatusCode::PRECONDITION_FAILED, "PreconditionFailed"));
    }
    let quoted = HeaderValue::try_from(format!("\"{tag}\"")).ok()?;
    headers.insert(IF_MATCH, quoted);
    None
}

/// Makes the bucket that is named; false for one that is never there.
fn make_bucket(folder: &Path, path: &str) -> bool {
    let bucket = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let plain = bucket.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if plain && !bucket.is_empty() && !bucket.starts_with("no-such-") {
        let _ = std::fs::create_dir_all(folder.join(bucket));
    }
    !bucket.starts_with("no-such-")
}
