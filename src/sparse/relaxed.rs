//! Fits without the shrinkage of their penalty.

use std::vec::Vec;

use crate::penalty::L1;
use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::error::FitError;
use crate::sparse::model::Kernel;
use crate::sparse::regression::{Entries, Fit, Path, Regression, Settings};
use crate::sparse::solve::Engine;
use crate::sparse::terms::{Penalties, PerCoefficient};

impl<D: Design, F: Datafit> Regression<'_, D, F> {
    /// The path with the coefficients `φ β + (1 - φ) β°`, and intercepts likewise, where β° minimizes F alone over the support of
    /// β (Hastie, Tibshirani & Tibshirani 2017, eq. 3): φ = 1 is the path itself, φ = 0 the refit.
    ///
    /// Bounds are not kept. A support that separates classes, or has more columns than there are observations, has no finite or
    /// no unique refit; a status other than `Converged`, or a deviance near one, tells. In the fits, loss, objective and deviance
    /// are those of the blend, the objective without penalty; status and gap are those of the refit.
    ///
    /// # Errors
    /// [`FitError::Setting`] unless φ is from 0 to 1.
    pub fn relaxed(&self, path: &Path, blend: f64, settings: &Settings) -> Result<Path, FitError> {
        if !(0.0..=1.0).contains(&blend) {
            return Err(FitError::Setting("blend"));
        }
        settings.validate(self.design.columns())?;
        let p = self.design.columns();
        // At λ = 0 nothing is penalized; the working set alone says what is in the model.
        let free = PerCoefficient::new(L1 { strength: 1.0 }).with_coefficients(p)?;
        let terms = free.at(0.0);
        let tolerance = settings.tolerance * path.lambda_max;
        let saturated = self.datafit().saturated();
        let mut columns = self.columns();
        let mut fits = Vec::with_capacity(path.fits.len());
        for fit in &path.fits {
            let mut engine = Engine::new(columns, self.datafit(), self.intercept, Kernel::Gram, p);
            engine.start(&terms, &fit.coefficients, &fit.intercepts);
            let (ended, kkt) = engine.solve(&terms, tolerance, settings.budget, false, &mut || settings.proceed());
            for (refit, b) in engine.beta.iter_mut().zip(fit.coefficients.to_dense(p)) {
                *refit = blend * b + (1.0 - blend) * *refit;
            }
            for (refit, b) in engine.intercepts.iter_mut().zip(&fit.intercepts) {
                *refit = blend * b + (1.0 - blend) * *refit;
            }
            engine.refresh();
            let Engine { columns: returned, beta, intercepts, loss, .. } = engine;
            columns = returned;
            let range = path.null_loss - saturated;
            fits.push(Fit {
                coefficients: Entries::of(&beta),
                intercepts,
                objective: loss,
                loss,
                kkt,
                deviance: if range > 0.0 { (path.null_loss - loss) / range } else { 0.0 },
                status: ended.into(),
                ..fit.clone()
            });
        }
        Ok(Path { fits, ..path.clone() })
    }
}
