//! The smooth family: the number of each method, equivalences, behaviour at saddles. The laws of all methods are in `tests/it/laws.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "a test may fail loudly"
)]
#![allow(unreachable_pub, dead_code, reason = "nothing is reachable from outside a test")]

mod acceleration;
mod anderson;
mod cases;
mod curvature;
mod diagnostics;
mod first_order;
mod functions;
mod line_methods;
mod line_search;
mod memories;
mod mirror;
mod newton;
mod newton_cg;
mod profile;
#[path = "../it/reference.rs"]
mod reference;
mod references;
mod saddles;
#[path = "../it/tape.rs"]
mod tape;
mod verdicts;
mod watched;
