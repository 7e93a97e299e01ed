//! Large sparse regression on a host: feature `sparse`.
//!
//! `minimize F(X̃β + b) + p(β; λ)` along values of λ. F is a [`Datafit`], the loss of the observations averaged by their weights; X̃ the columns of
//! a [`Design`], centred and scaled on the fly; b an intercept without penalty; p comes from a prototype of strength 1
//! ([`PerCoefficient`], [`PerGroup`], [`Slope`]). A [`Regression`] holds the data, [`path`](Regression::path) fits, and the penalties are
//! those of [`penalty`](crate::penalty).
//!
//! One measure ends every fit: the distance of the negative gradient to the subdifferential, in each block, below
//! `tolerance · λmax`, after all columns have been checked.
//!
//! | part | where |
//! |---|---|
//! | data | [`design`], [`datafit`] |
//! | fit | [`Regression`], [`Grid`], [`Settings`], [`Solver`]; [`Path`] of [`Fit`]s |
//! | proof | [`Certifier`], [`Certificate`] |
//! | choice | [`cross_validate`](Regression::cross_validate), [`Criterion`], [`Stability`], relaxed refits |
//! | use | [`Predictor`], [`CoefficientTable`], [`Convention`] |
//!
//! How a fit goes (`solve`): a working set of blocks; on it a quadratic model of F, kept as a matrix (`gram`) or as a residual
//! (`residual`); descent on model and penalty (`coordinate`); a step that lowers the true objective; a check of all other
//! columns (`correlations`), whose violators join the working set. Where it pays, a λ far away is approached through others,
//! and the strong rule screens (`way`).

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
mod way;

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
