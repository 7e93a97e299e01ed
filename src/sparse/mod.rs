//! Large sparse regression on a host: feature `sparse`.

#![allow(
    clippy::indexing_slicing,
    reason = "shapes are checked where data enters; a heap is at hand here, and so are bounds checks"
)]

mod certificate;
mod columns;
mod coordinate;
mod correlations;
pub mod datafit;
pub mod design;
mod error;
mod factor;
mod first_order;
mod gram;
mod local_linear;
mod model;
mod path;
mod regression;
mod residual;
mod solve;
mod terms;

pub use certificate::{Certificate, Certifier};
pub use datafit::Datafit;
pub use design::{Design, Weights};
pub use error::FitError;
pub use regression::{Entries, Fit, FitStatus, Grid, Path, Regression, Settings, Solver};
pub use terms::{Block, CoefficientTerms, GroupPenalty, GroupTerms, Penalties, PerCoefficient, PerGroup, Terms};
