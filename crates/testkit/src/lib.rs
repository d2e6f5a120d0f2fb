//! Generators, faulty stores, an S3 server and contract suites for earthcatalog's own tests.
