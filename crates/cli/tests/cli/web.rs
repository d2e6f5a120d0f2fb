//! Inventories on a web server that knows of no ranges, such as Python's `http.server`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::harness::{Bench, fixtures};

/// Serves a folder on loopback until it is dropped, each request by a connection of its own.
struct Web {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Web {
    fn of(folder: PathBuf) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (address, ended) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let is_over = ended.clone();
        let serving = std::thread::spawn(move || {
            for asked in listener.incoming() {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                // A client may go before it has all.
                let _ = asked.and_then(|asked| answer(&folder, asked));
            }
        });
        Self { address, ended, serving: Some(serving) }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes it, so that it sees that.
        let _ = TcpStream::connect(self.address);
        self.serving.take().map(JoinHandle::join);
    }
}

/// Gives the whole, whatever part was asked for.
fn answer(folder: &Path, mut asked: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(asked.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let mut words = request.split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let head = "Last-Modified: Sat, 01 Mar 2025 00:00:00 GMT\r\nConnection: close\r\n";
    let Ok(body) = fs::read(folder.join(path.trim_start_matches('/'))) else {
        return write!(asked, "HTTP/1.1 404 Not Found\r\n{head}Content-Length: 0\r\n\r\n");
    };
    write!(asked, "HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n", body.len())?;
    if method == Some("GET") { asked.write_all(&body) } else { Ok(()) }
}

#[test]
fn a_web_server_without_ranges_is_read() {
    let bench = Bench::local();
    let web = Web::of(fixtures().join("inventories"));
    let cat = |source: &str| bench.run(&["inventory", "cat", source]).ended(0).stdout.clone();
    let here = |path: &str| cat(fixtures().join("inventories").join(path).to_str().unwrap());
    for path in ["expected.ndjson", "s3/csv/2026-04-28T01-00Z/manifest.json"] {
        assert_eq!(cat(&web.url(path)), here(path), "{path}");
    }
    // Parquet is read from its end.
    let answer = bench.run(&["inventory", "cat", &web.url("s3/parquet/2026-04-28T01-00Z/manifest.json")]);
    answer.ended(1).says(&[
        "failed to read the inventory http",
        "part-0.parquet as Parquet",
        "Range request not supported",
    ]);
    let answer = bench.run(&["inventory", "cat", &web.url("s3/csv/none.csv")]);
    answer.ended(1).says(&["failed to read the inventory http://127.0.0.1:", "none.csv"]);
}
