//! K-fold cross-validation of a path.
//!
//! A fold is trained on the same design with weight zero on the observations held out, at the values of λ of the path of all the
//! data. What is held out is judged by the excess `E(η) = F(η) - inf F` with the deviance
//!
//! ```text
//! 2 (E(η) - w E₋(η)) / (1 - w)      E of all the data, E₋ of the training part, w its share of the weights
//! ```
//!
//! For a sum over observations that is the deviance of those held out: the mean squared error, or twice the mean excess of the
//! negative log-likelihood. For Cox's partial likelihood, which is no such sum, it is the difference of Verweij & van Houwelingen
//! (1993): risk sets stay as large as they are in the data.
//!
//! Means over folds are weighted by what is held out, and the standard error is `sqrt(weighted mean of (dₖ - mean)² / (N - 1))` over
//! the N folds that arrived, as in glmnet.

use core::ops::ControlFlow;

use std::vec;
use std::vec::Vec;

use crate::sparse::columns::shift;
use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::error::FitError;
use crate::sparse::folds::Folds;
use crate::sparse::parallel::ordered;
use crate::sparse::regression::{Fit, FitStatus, Grid, Path, Regression, Settings};
use crate::sparse::terms::Penalties;

/// How well a λ predicts what is held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// λ.
    pub lambda: f64,
    /// The mean deviance over the folds that arrived at this λ; NaN if none did.
    pub mean: f64,
    /// Its standard error; NaN for less than two folds.
    pub standard_error: f64,
    /// How many folds arrived: their paths were not cut short, and the fit converged (or stopped at rounding).
    pub folds: usize,
}

/// A path with the scores of its values of λ.
#[derive(Clone, Debug)]
pub struct CrossValidation {
    /// The path of all the data.
    pub path: Path,
    /// One for each λ of the path.
    pub scores: Vec<Score>,
    /// The deviance of each fold at each λ, `None` where it did not arrive.
    pub deviances: Vec<Vec<Option<f64>>>,
}

impl<D: Design, F: Datafit> Regression<'_, D, F> {
    /// Fits the path of all the data, then that of every fold, [`threads`](Regression::threads) folds at a time; the bits do not
    /// depend on the number. The observer sees every fit, with its fold or `None` for all the data, and may end that path.
    ///
    /// # Errors
    /// Those of [`path`](Regression::path); [`FitError::EmptyFold`] for a fold without weight; [`FitError::Fold`] if what a fold
    /// leaves cannot be fitted, such as a single class.
    pub fn cross_validate<P: Penalties + Clone>(
        &self,
        penalties: P,
        grid: &Grid,
        settings: &Settings,
        folds: &Folds,
        observer: &(dyn Fn(Option<usize>, &Fit) -> ControlFlow<()> + Sync),
    ) -> Result<CrossValidation, FitError> {
        let weights = self.datafit().weights();
        let labels = folds.labels();
        if labels.len() != weights.len() {
            return Err(FitError::Lengths { what: "labels of folds", expected: weights.len(), found: labels.len() });
        }
        let mut shares = vec![0.0; folds.count()];
        labels.iter().zip(weights).for_each(|(&label, weight)| shares[label] += weight);
        if let Some(k) = shares.iter().position(|&share| !(share > 0.0)) {
            return Err(FitError::EmptyFold(k));
        }
        let fold = |k: usize| -> Result<Self, FitError> {
            let left: Vec<f64> =
                labels.iter().zip(weights).map(|(&label, &w)| if label == k { 0.0 } else { w }).collect();
            let trained = self.datafit().reweighted(&left).map_err(|error| FitError::Fold(k, error))?;
            Ok(self.with_datafit(trained).threads(1))
        };
        let trained = (0..folds.count()).map(fold).collect::<Result<Vec<_>, _>>()?;
        let path = self.path(penalties.clone(), grid, settings, &mut |fit| observer(None, fit))?;
        let lambdas: Vec<f64> = path.fits.iter().map(|fit| fit.lambda).collect();
        let held_out = |k: usize| {
            let observer = |fit: &Fit| observer(Some(k), fit);
            self.held_out(&trained[k], shares[k], penalties.clone(), &lambdas, settings, &observer)
        };
        let deviances = ordered(self.threads, folds.count(), held_out).into_iter().collect::<Result<Vec<_>, _>>()?;
        let scores = lambdas.iter().enumerate().map(|(k, &lambda)| Score::at(k, lambda, &deviances, &shares)).collect();
        Ok(CrossValidation { path, scores, deviances })
    }

    /// The deviances of what a fold leaves out, a share of all weights.
    fn held_out<P: Penalties>(
        &self,
        fold: &Self,
        share: f64,
        penalties: P,
        lambdas: &[f64],
        settings: &Settings,
        observer: &(dyn Fn(&Fit) -> ControlFlow<()> + Sync),
    ) -> Result<Vec<Option<f64>>, FitError> {
        let (all, trained) = (self.datafit(), fold.datafit());
        let (least, least_trained) = (all.saturated(), trained.saturated());
        let columns = fold.columns();
        let mut eta = vec![0.0; all.rows()];
        let judge = |fit: &Fit| {
            eta.fill(0.0);
            columns.add(fit.coefficients.iter(), &mut eta);
            shift(&mut eta, &fit.intercepts);
            let excess = all.value(&eta) - least - (1.0 - share) * (trained.value(&eta) - least_trained);
            let deviance = 2.0 * excess / share;
            (fit.is_settled() && deviance.is_finite()).then_some(deviance)
        };
        let mut watch =
            |fit: &Fit| if fit.status == FitStatus::NotFinite { ControlFlow::Break(()) } else { observer(fit) };
        let path = fold.path(penalties, &Grid::Lambdas(lambdas.to_vec()), settings, &mut watch)?;
        let mut deviances: Vec<Option<f64>> = path.fits.iter().map(judge).collect();
        deviances.resize(lambdas.len(), None);
        Ok(deviances)
    }
}

impl Score {
    /// Of the λ number k.
    fn at(k: usize, lambda: f64, deviances: &[Vec<Option<f64>>], shares: &[f64]) -> Self {
        let arrived = || deviances.iter().zip(shares).filter_map(|(fold, &share)| fold[k].map(|d| (d, share)));
        let folds = arrived().count();
        let total: f64 = arrived().map(|(_, share)| share).sum();
        let mean = arrived().map(|(d, share)| share * d).sum::<f64>() / total;
        let variance = arrived().map(|(d, share)| share * (d - mean) * (d - mean)).sum::<f64>() / total;
        #[allow(clippy::cast_precision_loss, reason = "a few folds")]
        let standard_error = if folds > 1 { (variance / (folds - 1) as f64).sqrt() } else { f64::NAN };
        Self { lambda, mean, standard_error, folds }
    }
}

impl CrossValidation {
    /// The λ of the smallest mean, as an index of the path; of those where all folds arrived. `None` if there is none.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        self.complete().min_by(|&a, &b| self.scores[a].mean.total_cmp(&self.scores[b].mean))
    }

    /// The largest λ whose mean is within one standard error of the smallest (Breiman, Friedman, Olshen & Stone 1984, section
    /// 3.4.3), as an index of the path; of those where all folds arrived.
    #[must_use]
    pub fn one_standard_error(&self) -> Option<usize> {
        let best = self.scores[self.best()?];
        let near = self.complete().filter(|&k| self.scores[k].mean <= best.mean + best.standard_error);
        near.max_by(|&a, &b| self.scores[a].lambda.total_cmp(&self.scores[b].lambda))
    }

    /// Where all folds arrived, and the fit of all the data too.
    fn complete(&self) -> impl Iterator<Item = usize> {
        (0..self.scores.len())
            .filter(|&k| self.scores[k].folds == self.deviances.len() && self.path.fits[k].is_settled())
    }
}
