//! The S3 server of our tests for programs that are no Rust: it prints its URL, and serves until its standard input ends.
#![expect(clippy::print_stdout, reason = "its URL is what others wait for")]

use std::io::Read;

use earthcatalog_testkit::s3::{S3Options, S3Server};

fn main() -> std::io::Result<()> {
    let server = S3Server::start(S3Options::default());
    println!("{}", server.url());
    std::io::stdin().read_to_end(&mut Vec::new()).map(drop)
}
