//! Large sparse regression on a host: feature `sparse`.

#![allow(
    clippy::indexing_slicing,
    reason = "shapes are checked where data enters; a heap is at hand here, and so are bounds checks"
)]

mod certificate;
mod columns;
mod convention;
mod coordinate;
mod correlations;
mod criteria;
mod cross_validation;
pub mod datafit;
pub mod design;
mod error;
mod factor;
mod first_order;
mod folds;
mod gram;
mod local_linear;
mod model;
mod parallel;
mod path;
mod prediction;
mod reach;
mod regression;
mod relaxed;
mod residual;
mod shuffle;
mod slope;
mod solve;
mod stability;
mod table;
mod terms;

pub use certificate::{Certificate, Certifier};
pub use convention::{Concavity, Convention, Form, LossScale, Multipliers, Restated, Stated};
pub use criteria::Criterion;
pub use cross_validation::{CrossValidation, Score};
pub use datafit::Datafit;
pub use design::{Design, Weights};
pub use error::FitError;
pub use folds::Folds;
pub use prediction::Predictor;
pub use reach::Reach;
pub use regression::{Entries, Fit, FitStatus, Grid, Path, Regression, Settings, Solver};
pub use slope::{Slope, SlopeTerms};
pub use stability::Stability;
pub use table::{CoefficientTable, NamedCoefficient};
pub use terms::{Block, CoefficientTerms, GroupPenalty, GroupTerms, Penalties, PerCoefficient, PerGroup, Terms};
