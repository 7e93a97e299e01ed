//! Large sparse regression on a host: feature `sparse`.

#![allow(
    clippy::indexing_slicing,
    reason = "shapes are checked where data enters; a heap is at hand here, and so are bounds checks"
)]

pub mod datafit;
pub mod design;

pub use datafit::Datafit;
pub use design::{Design, Weights};
