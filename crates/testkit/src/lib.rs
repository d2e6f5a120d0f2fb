//! Faulty stores, an S3 server and items for earthcatalog's own tests. Never a dependency of released code.
//!
//! - [`s3::S3Server`]: an S3 server in the test process, whose conditional PUTs are true, with a fault plan.
//! - [`store::FailingStore`]: any object store, dying or failing ambiguously at operation n.
//! - [`items`]: small plausible STAC items.

pub mod items;
pub mod s3;
pub mod store;
