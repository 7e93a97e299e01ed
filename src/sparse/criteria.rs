//! Information criteria: a fit and its complexity in one number, smaller being better.
//!
//! `-2 log L + c(df)` with as many degrees of freedom as there are intercepts and coefficients other than zero (Zou, Hastie &
//! Tibshirani 2007 for the lasso). For a squared loss `-2 log L = n q log(RSS / (n q))`, the variance profiled out, but for a
//! constant; for any other it is `2 n F`, less that of the saturated model. n counts the observations of positive weight, q is the
//! number of outputs.

use std::vec::Vec;

use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::regression::{Fit, Path, Regression};

/// What a degree of freedom costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Criterion {
    /// `2 df` (Akaike 1974).
    Aic,
    /// `df log n` (Schwarz 1978).
    Bic,
    /// `df log n + 2 γ log C(p, k)` for k of p coefficients (Chen & Chen 2008): for p above n.
    Ebic {
        /// γ, from 0 (as BIC) to 1.
        gamma: f64,
    },
}

impl<D: Design, F: Datafit> Regression<'_, D, F> {
    /// The criterion of a fit; minus infinity for a squared loss of zero.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts")]
    pub fn criterion(&self, fit: &Fit, criterion: Criterion) -> f64 {
        let datafit = self.datafit();
        let (n, q) = (datafit.weights().iter().filter(|&&w| w > 0.0).count() as f64, datafit.outputs() as f64);
        let excess = fit.loss - datafit.saturated();
        let misfit = if datafit.is_quadratic() { n * q * (2.0 * excess / q).ln() } else { 2.0 * n * excess };
        let intercepts = if self.intercept && datafit.has_intercept() { datafit.outputs() } else { 0 };
        let df = (fit.coefficients.len() + intercepts) as f64;
        misfit
            + match criterion {
                Criterion::Aic => 2.0 * df,
                Criterion::Bic => df * n.ln(),
                Criterion::Ebic { gamma } => {
                    df * n.ln() + 2.0 * gamma * log_choices(self.design.columns(), fit.coefficients.len())
                }
            }
    }

    /// The index of the fit with the smallest criterion; of those that converged and do not interpolate. `None` if there is none.
    #[must_use]
    pub fn best_by(&self, path: &Path, criterion: Criterion) -> Option<usize> {
        let scores: Vec<f64> = path.fits.iter().map(|fit| self.criterion(fit, criterion)).collect();
        let eligible = (0..scores.len()).filter(|&k| scores[k].is_finite() && path.fits[k].is_settled());
        eligible.min_by(|&a, &b| scores[a].total_cmp(&scores[b]))
    }
}

/// `log C(p, k)`.
#[allow(clippy::cast_precision_loss, reason = "counts")]
fn log_choices(p: usize, k: usize) -> f64 {
    (1..=k.min(p - k)).map(|i| ((p + 1 - i) as f64 / i as f64).ln()).sum()
}
