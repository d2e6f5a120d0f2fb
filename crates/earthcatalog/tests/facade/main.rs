//! The whole job by way of the facade: stores that die, items of every kind, input that is bad.

#[cfg(test)]
mod archive;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod cells;
#[cfg(test)]
mod compaction;
#[cfg(test)]
mod deaths;
#[cfg(test)]
mod index;
#[cfg(test)]
mod left_behind;
#[cfg(test)]
mod model;
#[cfg(test)]
mod real_items;
#[cfg(test)]
mod regrid;
#[cfg(test)]
mod tidying;
