//! Penalties: every formula against brute force, spot values, laws.

mod scalar;
