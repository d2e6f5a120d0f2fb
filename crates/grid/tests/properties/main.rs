//! What must hold of coverings, tried on random geometries.
//!
//! An everyday run takes some thousands of cases; `cargo xtask soak grid` takes millions.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod cells;
#[cfg(test)]
mod coverings;
#[cfg(test)]
mod fixed;
#[cfg(test)]
mod geometries;
#[cfg(test)]
mod nonsense;
#[cfg(test)]
mod pairs;
#[cfg(test)]
mod planar;
#[cfg(test)]
mod points;
#[cfg(test)]
mod poles;
#[cfg(test)]
mod random;
#[cfg(test)]
mod real;
#[cfg(test)]
mod regions;
#[cfg(test)]
mod tightness;
#[cfg(test)]
mod unions;
