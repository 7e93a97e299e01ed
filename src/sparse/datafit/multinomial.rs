//! Multinomial regression with one linear predictor per class: `F(η) = Σᵢ ωᵢ (log Σₖ exp ηᵢₖ - Σₖ yᵢₖ ηᵢₖ)`, Σω = 1.
//!
//! The second derivative of a row, `diag(p) - p pᵀ`, has the absolute row sums `2 pₖ (1 - pₖ)`; by Gershgorin that diagonal is
//! no less, and never above ½. A constant added to all predictors of a row changes nothing: which of the equivalent
//! coefficients is found is left to the penalty, and unpenalized ones keep the shift of their start.

use std::vec;
use std::vec::Vec;

use super::weighting::{ROUNDING, Weighting, checked_offset, entropy, finite, same_length, sum};
use super::{DataError, Datafit};

/// Observations of one of q classes.
///
/// ```
/// use thalweg::sparse::datafit::{Datafit, Multinomial};
/// let fit = Multinomial::from_classes(&[0, 1, 2, 1], 3)?;
/// assert!((fit.value(&[0.0; 12]) - 3f64.ln()).abs() < 1e-15);
/// # Ok::<(), thalweg::sparse::datafit::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Multinomial {
    /// Probabilities, class after class.
    responses: Vec<f64>,
    weighting: Weighting,
    offset: Option<Vec<f64>>,
    classes: usize,
}

impl Multinomial {
    /// Probabilities of n observations, class after class (n×q, column-major); those of an observation sum to one.
    ///
    /// # Errors
    /// If there are none or less than two classes, one is negative or not finite, they do not sum to one, or a class is empty.
    pub fn new(probabilities: &[f64], classes: usize) -> Result<Self, DataError> {
        if probabilities.is_empty() || classes == 0 {
            return Err(DataError::Empty);
        }
        let n = probabilities.len() / classes;
        same_length(n.max(1) * classes, probabilities.len())?;
        finite(probabilities)?;
        if let Some(i) = probabilities.iter().position(|&y| y < 0.0) {
            return Err(DataError::Response(i));
        }
        for i in 0..n {
            let total: f64 = (0..classes).map(|k| probabilities[i + k * n]).sum();
            if !((total - 1.0).abs() <= ROUNDING * classes as f64) {
                return Err(DataError::Response(i));
            }
        }
        let responses = probabilities.to_vec();
        Self { responses, weighting: Weighting::equal(n), offset: None, classes }.varied()
    }

    /// n observations by the number of their class, below `classes`.
    ///
    /// # Errors
    /// If there are none, a number is too large, or a class is empty.
    pub fn from_classes(labels: &[usize], classes: usize) -> Result<Self, DataError> {
        let n = labels.len();
        if let Some(i) = labels.iter().position(|&label| label >= classes) {
            return Err(DataError::Response(i));
        }
        let mut probabilities = vec![0.0; n * classes];
        for (i, label) in labels.iter().enumerate() {
            probabilities[i + label * n] = 1.0;
        }
        Self::new(&probabilities, classes)
    }

    /// With weights of the n observations, zero or more; they are divided by their sum.
    ///
    /// # Errors
    /// If the length is wrong, a weight is negative or not finite, all are zero, or a class has no weight left.
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

    /// Itself, if every class occurs and one is not alone: the intercept of any other has no finite value.
    fn varied(self) -> Result<Self, DataError> {
        let weights = &self.weighting.each;
        let occurs = |k: &usize| {
            let responses = &self.responses[k * weights.len()..];
            weights.iter().zip(responses).any(|(&w, &y)| w > 0.0 && y > 0.0)
        };
        if (0..self.classes).filter(occurs).count() < 2 {
            return Err(DataError::SingleClass);
        }
        (0..self.classes).find(|k| !occurs(k)).map_or(Ok(()), |k| Err(DataError::EmptyClass(k)))?;
        Ok(self)
    }

    fn shifted(&self, eta: &[f64], index: usize) -> f64 {
        eta[index] + self.offset.as_ref().map_or(0.0, |offset| offset[index])
    }

    /// Writes the probabilities of row i, strided as η, and returns its loss.
    fn row(&self, i: usize, eta: &[f64], probabilities: &mut [f64]) -> f64 {
        let indices = || (i..self.responses.len()).step_by(self.weighting.each.len());
        let most = indices().fold(f64::NEG_INFINITY, |most, index| most.max(self.shifted(eta, index)));
        let (mut total, mut linear) = (0.0, 0.0);
        for index in indices() {
            // Both less the maximum, so that a large common shift costs no digits.
            let shifted = self.shifted(eta, index) - most;
            let response = self.responses[index];
            linear += if response > 0.0 { response * shifted } else { 0.0 };
            probabilities[index] = shifted.exp();
            total += probabilities[index];
        }
        for index in indices() {
            probabilities[index] /= total;
        }
        total.ln() - linear
    }

    /// Writes all probabilities and returns F.
    fn predict_with_value(&self, eta: &[f64], probabilities: &mut [f64]) -> f64 {
        sum(self.weighting.each.len(), |i| {
            let value = self.row(i, eta, probabilities);
            if self.is_weightless(i) { 0.0 } else { self.weighting.each[i] * value }
        })
    }

    fn is_weightless(&self, i: usize) -> bool {
        self.weighting.each[i] <= 0.0
    }
}

impl Datafit for Multinomial {
    fn rows(&self) -> usize {
        self.responses.len()
    }

    fn outputs(&self) -> usize {
        self.classes
    }

    fn value(&self, eta: &[f64]) -> f64 {
        self.predict_with_value(eta, &mut vec![0.0; eta.len()])
    }

    fn slopes(&self, eta: &[f64], slopes: &mut [f64]) -> f64 {
        let n = self.weighting.each.len();
        let value = self.predict_with_value(eta, slopes);
        for (index, slope) in slopes.iter_mut().enumerate() {
            *slope = self.weighting.each[index % n] * (*slope - self.responses[index]);
        }
        value
    }

    fn curvatures(&self, eta: &[f64], curvatures: &mut [f64]) {
        let n = self.weighting.each.len();
        self.predict_with_value(eta, curvatures);
        for (index, p) in curvatures.iter_mut().enumerate() {
            *p = self.weighting.each[index % n] * 2.0 * *p * (1.0 - *p).max(0.0);
        }
    }

    fn curvature_bounds(&self, bounds: &mut [f64]) -> bool {
        for bounds in bounds.chunks_mut(self.weighting.each.len()) {
            for (out, weight) in bounds.iter_mut().zip(&self.weighting.each) {
                *out = 0.5 * weight;
            }
        }
        true
    }

    fn has_conjugate(&self) -> bool {
        true
    }

    /// `Σᵢ ωᵢ Σₖ v log v - ⟨u, o⟩` at `v = y + u / ωᵢ` on the simplex, but for rounding.
    fn conjugate(&self, u: &[f64]) -> f64 {
        let n = self.weighting.each.len();
        let slack = ROUNDING * self.classes as f64;
        sum(n, |i| {
            let weight = self.weighting.each[i];
            let (mut total, mut value, mut outside) = (0.0, 0.0, false);
            for index in (i..self.responses.len()).step_by(n) {
                if self.is_weightless(i) {
                    outside |= u[index] != 0.0;
                    continue;
                }
                let v = self.responses[index] + u[index] / weight;
                outside |= !(v >= -slack);
                total += v;
                value += weight * entropy(v) - u[index] * self.offset.as_ref().map_or(0.0, |offset| offset[index]);
            }
            outside |= !self.is_weightless(i) && !((total - 1.0).abs() <= slack);
            if outside { f64::INFINITY } else { value }
        })
    }

    fn saturated(&self) -> f64 {
        let n = self.weighting.each.len();
        0.0 - sum(self.responses.len(), |index| self.weighting.each[index % n] * entropy(self.responses[index]))
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
        self.predict_with_value(eta, mean);
    }
}
