//! Datafits: how well a linear predictor η = offset + Xβ + b fits the observations.

mod cox;
mod loss;
mod losses;
mod multinomial;
mod smoothed;
mod weighting;

use core::fmt;

pub use cox::{Cox, Ties};
pub use loss::{Loss, Observed};
pub use losses::{Logistic, Poisson, Squared, SquaredHinge};
pub use multinomial::Multinomial;
pub use smoothed::{Huber, Quantile};

/// A loss `F(η)` of n observations by q outputs, output after output, averaged by weights that sum to one.
///
/// The offset is part of the datafit: η here is `Xβ + b` alone. Vectors have [`rows`](Datafit::rows) entries, n q.
pub trait Datafit: Sync + Sized {
    /// n q, the length of η.
    fn rows(&self) -> usize;

    /// q: 1 but for several outputs.
    fn outputs(&self) -> usize {
        1
    }

    /// `F(η)`.
    fn value(&self, eta: &[f64]) -> f64;

    /// Overwrites `slopes` with `∂F/∂η` and returns `F(η)`.
    fn slopes(&self, eta: &[f64], slopes: &mut [f64]) -> f64;

    /// Overwrites `curvatures` with the diagonal of the second derivative at η, or with a diagonal that is no less where that
    /// one is not diagonal; zero or more.
    fn curvatures(&self, eta: &[f64], curvatures: &mut [f64]);

    /// Overwrites `bounds` with upper bounds of the second derivative everywhere; `false` if there are none.
    fn curvature_bounds(&self, bounds: &mut [f64]) -> bool;

    /// Whether F is a quadratic with diagonal second derivative, so that [`curvatures`](Datafit::curvatures) is exact.
    fn is_quadratic(&self) -> bool {
        false
    }

    /// Whether F is convex and [`conjugate`](Datafit::conjugate) is known, so that duality gaps exist.
    fn has_conjugate(&self) -> bool;

    /// `F*(u) = sup ⟨u, η⟩ - F(η)`; infinite outside the domain.
    fn conjugate(&self, u: &[f64]) -> f64;

    /// The infimum of F over all η: the loss of the saturated model.
    fn saturated(&self) -> f64;

    /// Whether a constant added to η (of one output) can change F. Not so for partial likelihoods.
    fn has_intercept(&self) -> bool {
        true
    }

    /// The weights of the n observations, summing to one.
    fn weights(&self) -> &[f64];

    /// The weight of every observation if all are the same.
    fn uniform_weight(&self) -> Option<f64>;

    /// The same observations with other weights, zero or more; they are divided by their sum.
    ///
    /// # Errors
    /// If they are no weights, or what has weight leaves nothing to fit.
    fn reweighted(&self, weights: &[f64]) -> Result<Self, DataError>;

    /// Overwrites `mean` with the expected response at η (with the offset): the inverse link.
    fn predict(&self, eta: &[f64], mean: &mut [f64]);
}

/// What is wrong with observations.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DataError {
    /// No observations, or no columns.
    Empty,
    /// Two lengths that should agree: the one expected, the one found.
    Length(usize, usize),
    /// An entry is not finite: its index.
    NotFinite(usize),
    /// A response outside the range of the loss: its index.
    Response(usize),
    /// A weight is negative, or all are zero: the index, or the number of weights.
    Weight(usize),
    /// All observations of positive weight have the same response, and the loss has no finite fit for that.
    SingleClass,
    /// No observation of positive weight belongs to a class: its number.
    EmptyClass(usize),
    /// A parameter of the loss is outside its range.
    Parameter,
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no observations or no columns: give at least one of each"),
            Self::Length(expected, found) => write!(f, "{found} entries where {expected} are needed"),
            Self::NotFinite(i) => write!(f, "entry {i} is NaN or infinite: remove or impute it"),
            Self::Response(i) => {
                write!(f, "response {i} is outside the range of the loss: recode it or choose another loss")
            }
            Self::Weight(i) => {
                write!(f, "weight {i} is negative, or all {i} are zero: give zero or more, and one above zero")
            }
            Self::SingleClass => f.write_str("all responses of positive weight are the same: there is nothing to fit"),
            Self::EmptyClass(k) => write!(f, "class {k} has no observation of positive weight: leave it out"),
            Self::Parameter => f.write_str("a parameter of the loss is outside its range"),
        }
    }
}

impl core::error::Error for DataError {}
