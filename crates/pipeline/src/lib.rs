//! Plan, stage, write, register: ingest as a set of functions over the layers below.
