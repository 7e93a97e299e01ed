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

mod bundle;
mod calibrate;
mod calibrator;
mod camera;
mod catalogue;
mod curve_fit;
mod degenerate;
mod domains;
mod equivalence;
mod graduated;
mod laws;
mod nist;
mod orthogonal;
mod problems;
mod quadratic;
mod quadratic_cases;
mod quadratic_catalogue;
mod quadratic_states;
mod real;
mod recursive;
mod reference;
mod report;
mod robust;
mod sensors;
mod separable;
mod status;
mod tape;
