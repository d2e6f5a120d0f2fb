//! The real program, run as users run it: on local folders and on S3, to its end and into the middle.

#[cfg(test)]
mod bulk;
#[cfg(test)]
mod bulk_deaths;
#[cfg(test)]
mod bulk_drivers;
#[cfg(test)]
mod bulk_recipes;
#[cfg(test)]
mod bulk_steps;
#[cfg(test)]
mod cells;
#[cfg(test)]
mod config;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod delta;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod help;
#[cfg(test)]
mod inventory;
#[cfg(test)]
mod item_files;
#[cfg(test)]
mod items;
#[cfg(test)]
mod live;
#[cfg(test)]
mod locking;
#[cfg(test)]
mod maintenance;
#[cfg(test)]
mod pipes;
#[cfg(test)]
mod progress;
#[cfg(test)]
mod race;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod web;
