//! From a URL to an object store: credentials, bucket maps, conditional replace, leases.
