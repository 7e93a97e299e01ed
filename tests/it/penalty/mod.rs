//! Penalties: every formula against brute force, spot values, laws.

mod laws;
mod scalar;
mod sets;
mod subject;
