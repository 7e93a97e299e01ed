//! Sparse regression: a crate of its own, because it is slow without optimization:
//! `cargo test --release --features sparse --test sparse`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "a test may fail loudly"
)]
#![allow(
    unreachable_pub,
    dead_code,
    reason = "nothing is reachable from outside a test, and it reads little of the references"
)]

mod convention;
mod criteria;
mod cross_validation;
mod datafit;
mod design;

mod first_order;
mod laws;
mod made;
mod prediction;
mod reach;
#[path = "../it/reference.rs"]
mod reference;
mod references;
mod relaxed;
mod stability;
mod table;
mod tool;
