//! Datafits: how well a linear predictor η = offset + Xβ + b fits the observations.

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
}

impl core::fmt::Display for DataError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{self:?}")
    }
}
