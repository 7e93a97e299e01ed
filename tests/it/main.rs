//! Integration tests, one crate: laws over all methods, equivalences, published references, faults, bad input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "a test may fail loudly"
)]
#![allow(unreachable_pub, reason = "nothing is reachable from outside a test")]

mod augmented_lagrangian;
mod bundle;
mod calibrate;
mod calibrator;
mod camera;
mod catalogue;
mod composite;
mod composite_acceleration;
mod composite_references;
mod curve_fit;
mod degenerate;
mod domains;
mod equivalence;
mod frank_wolfe;
mod graduated;
mod hock_schittkowski;
mod interior_point;
mod laws;
mod nist;
mod orthogonal;
mod penalty;
mod problems;
mod quadratic;
mod quadratic_cases;
mod quadratic_states;
mod quadratic_verdicts;
mod real;
mod recursive;
mod reference;
mod report;
mod robust;
mod sensors;
mod separable;
mod splitting;
mod status;
mod tape;
