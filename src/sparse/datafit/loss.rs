//! Datafits that are sums over observations: `F(η) = Σᵢ ωᵢ ℓ(yᵢ, ηᵢ + oᵢ)`, Σω = 1.
//!
//! The conjugate follows from the one of ℓ: `F*(u) = Σᵢ ωᵢ ℓ*(yᵢ, uᵢ / ωᵢ) - uᵢ oᵢ`; zero weight demands uᵢ = 0.
//! With q outputs the weights are of observations, and F is the sum of the outputs' averages.

use std::vec::Vec;

use super::weighting::{Weighting, checked_offset, finite, same_length, sum};
use super::{DataError, Datafit};

/// The loss `ℓ(y, η)` of one observation, a function of η.
///
/// An own loss needs no more than this; see [`Observed`].
pub trait Loss: Clone + Sync {
    /// `ℓ(y, η)`.
    fn value(&self, y: f64, eta: f64) -> f64;

    /// `ℓ'(y, η)`.
    fn slope(&self, y: f64, eta: f64) -> f64;

    /// Both, where they share work.
    fn value_and_slope(&self, y: f64, eta: f64) -> (f64, f64) {
        (self.value(y, eta), self.slope(y, eta))
    }

    /// `ℓ''(y, η)`, zero or more; from either side at a kink of the slope.
    fn curvature(&self, y: f64, eta: f64) -> f64;

    /// The supremum of `ℓ''`, if it is finite.
    fn curvature_bound(&self) -> Option<f64>;

    /// `ℓ*(y, u) = sup u η - ℓ(y, η)`, infinite outside the domain but for rounding.
    fn conjugate(&self, y: f64, u: f64) -> f64;

    /// The infimum over η, `-ℓ*(y, 0)`.
    fn saturated(&self, y: f64) -> f64 {
        0.0 - self.conjugate(y, 0.0)
    }

    /// Whether a finite y is a response this loss is made for.
    fn admits(&self, _y: f64) -> bool {
        true
    }

    /// The expected response at η: the inverse link.
    fn mean(&self, eta: f64) -> f64;

    /// Whether observations with this response only have nothing to fit ([`DataError::SingleClass`]).
    fn is_extreme(&self, _y: f64) -> bool {
        false
    }

    /// Whether ℓ is a quadratic in η.
    fn is_quadratic(&self) -> bool {
        false
    }

    /// Whether ℓ is convex and [`conjugate`](Loss::conjugate) is exact.
    fn has_conjugate(&self) -> bool {
        true
    }

    /// Whether the parameters of the loss are in their ranges ([`DataError::Parameter`]).
    fn is_valid(&self) -> bool {
        true
    }
}

/// Observations under a [`Loss`], weighted, with an offset, of one or several outputs.
///
/// ```
/// use thalweg::sparse::datafit::{Datafit, Logistic, Observed};
/// let fit = Observed::new(Logistic, &[0.0, 1.0, 1.0])?.weighted(&[2.0, 1.0, 1.0])?;
/// let mut slopes = [0.0; 3];
/// assert!((fit.slopes(&[0.0; 3], &mut slopes) - 2f64.ln()).abs() < 1e-15);
/// assert_eq!(slopes, [0.25, -0.125, -0.125]);
/// # Ok::<(), thalweg::sparse::datafit::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Observed<L> {
    loss: L,
    /// Output after output.
    responses: Vec<f64>,
    weighting: Weighting,
    offset: Option<Vec<f64>>,
    outputs: usize,
}

impl<L: Loss> Observed<L> {
    /// n observations of equal weight.
    ///
    /// # Errors
    /// If there are none, one is not finite or not admitted by the loss, or they leave nothing to fit.
    pub fn new(loss: L, responses: &[f64]) -> Result<Self, DataError> {
        Self::outputs(loss, responses, 1)
    }

    /// n observations of q outputs, output after output (n×q, column-major).
    ///
    /// # Errors
    /// As [`new`](Observed::new), for every output; [`DataError::Length`] if the length is no multiple of q.
    pub fn outputs(loss: L, responses: &[f64], outputs: usize) -> Result<Self, DataError> {
        if responses.is_empty() || outputs == 0 {
            return Err(DataError::Empty);
        }
        let n = responses.len() / outputs;
        same_length(n.max(1) * outputs, responses.len())?;
        finite(responses)?;
        if !loss.is_valid() {
            return Err(DataError::Parameter);
        }
        if let Some(i) = responses.iter().position(|&y| !loss.admits(y)) {
            return Err(DataError::Response(i));
        }
        Self { loss, responses: responses.to_vec(), weighting: Weighting::equal(n), offset: None, outputs }.varied()
    }

    /// With weights of the n observations, zero or more; they are divided by their sum.
    ///
    /// # Errors
    /// If the length is wrong, a weight is negative or not finite, all are zero, or what has weight leaves nothing to fit.
    pub fn weighted(self, weights: &[f64]) -> Result<Self, DataError> {
        let weighting = Weighting::new(weights, self.weighting.each.len())?;
        Self { weighting, ..self }.varied()
    }

    /// With an offset of n q entries, added to η.
    ///
    /// # Errors
    /// If the length is wrong or an entry is not finite.
    pub fn offset(self, offset: &[f64]) -> Result<Self, DataError> {
        let offset = Some(checked_offset(offset, self.responses.len())?);
        Ok(Self { offset, ..self })
    }

    /// The loss.
    pub fn loss(&self) -> &L {
        &self.loss
    }

    /// The responses, n×q, column-major.
    pub fn responses(&self) -> &[f64] {
        &self.responses
    }

    /// Itself, unless an output has but one response and that is extreme.
    fn varied(self) -> Result<Self, DataError> {
        let weights = &self.weighting.each;
        for responses in self.responses.chunks(weights.len()) {
            let mut present = responses.iter().zip(weights).filter(|&(_, &w)| w > 0.0).map(|(&y, _)| y);
            let first = present.next().ok_or(DataError::Empty)?;
            if self.loss.is_extreme(first) && present.all(|y| y - first == 0.0) {
                return Err(DataError::SingleClass);
            }
        }
        Ok(self)
    }

    /// `Σ term(i, yᵢ, ωᵢ, ηᵢ + oᵢ)` over all outputs.
    fn sum_over(&self, eta: &[f64], mut term: impl FnMut(usize, f64, f64, f64) -> f64) -> f64 {
        let weights = &self.weighting.each[..];
        let n = weights.len();
        let mut total = 0.0;
        for start in (0..self.responses.len()).step_by(n) {
            let y = &self.responses[start..start + n];
            let eta = &eta[start..start + n];
            total += match &self.offset {
                Some(offset) => {
                    let offset = &offset[start..start + n];
                    sum(n, |i| term(start + i, y[i], weights[i], eta[i] + offset[i]))
                }
                None => sum(n, |i| term(start + i, y[i], weights[i], eta[i])),
            };
        }
        total
    }
}

/// `w x`, zero for zero weight even if x is infinite.
fn weigh(weight: f64, x: f64) -> f64 {
    if weight > 0.0 { weight * x } else { 0.0 }
}

impl<L: Loss> Datafit for Observed<L> {
    fn rows(&self) -> usize {
        self.responses.len()
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn value(&self, eta: &[f64]) -> f64 {
        self.sum_over(eta, |_, y, weight, eta| weigh(weight, self.loss.value(y, eta)))
    }

    fn slopes(&self, eta: &[f64], slopes: &mut [f64]) -> f64 {
        let slopes = &mut slopes[..self.responses.len()];
        self.sum_over(eta, |i, y, weight, eta| {
            let (value, slope) = self.loss.value_and_slope(y, eta);
            slopes[i] = weigh(weight, slope);
            weigh(weight, value)
        })
    }

    fn curvatures(&self, eta: &[f64], curvatures: &mut [f64]) {
        let curvatures = &mut curvatures[..self.responses.len()];
        self.sum_over(eta, |i, y, weight, eta| {
            curvatures[i] = weigh(weight, self.loss.curvature(y, eta));
            0.0
        });
    }

    fn curvature_bounds(&self, bounds: &mut [f64]) -> bool {
        let Some(bound) = self.loss.curvature_bound() else { return false };
        for bounds in bounds.chunks_mut(self.weighting.each.len()) {
            for (out, weight) in bounds.iter_mut().zip(&self.weighting.each) {
                *out = weight * bound;
            }
        }
        true
    }

    fn is_quadratic(&self) -> bool {
        self.loss.is_quadratic()
    }

    fn has_conjugate(&self) -> bool {
        self.loss.has_conjugate()
    }

    fn conjugate(&self, u: &[f64]) -> f64 {
        let n = self.weighting.each.len();
        let offset = |i: usize| self.offset.as_ref().map_or(0.0, |offset| offset[i]);
        let term = |i: usize| match self.weighting.each[i % n] {
            weight if weight > 0.0 => weight * self.loss.conjugate(self.responses[i], u[i] / weight) - u[i] * offset(i),
            _ if u[i] == 0.0 => 0.0,
            _ => f64::INFINITY,
        };
        sum(self.responses.len(), term)
    }

    fn saturated(&self) -> f64 {
        let n = self.weighting.each.len();
        let of_output = |y: &[f64]| sum(n, |i| weigh(self.weighting.each[i], self.loss.saturated(y[i])));
        self.responses.chunks(n).map(of_output).sum()
    }

    fn weights(&self) -> &[f64] {
        &self.weighting.each
    }

    fn uniform_weight(&self) -> Option<f64> {
        self.weighting.uniform
    }

    fn reweighted(&self, weights: &[f64]) -> Result<Self, DataError> {
        self.clone().weighted(weights)
    }

    fn predict(&self, eta: &[f64], mean: &mut [f64]) {
        self.sum_over(eta, |i, _, _, eta| {
            mean[i] = self.loss.mean(eta);
            0.0
        });
    }
}
