//! The fits along the path: from names to the types of the engine.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use thalweg::composite::Damping;
use thalweg::sparse::datafit::{
    Cox, DataError, Huber, Logistic, Loss, Multinomial, Observed, Poisson, Quantile, Squared, SquaredHinge, Ties,
};
use thalweg::sparse::design::{Csc, Dense, Stacked};
use thalweg::sparse::{
    Certificate, Criterion, CrossValidation, Datafit, Design, Entries, Fit, FitError, FitStatus, Folds, Grid, Path,
    PerCoefficient, Regression, Settings, Solver,
};

use crate::args::{Arguments, LossName, RuleName, SolverName};
use crate::observations::{Observations, Target};
use crate::shape::Shape;
use crate::table::Matrix;

/// Fits from the largest λ to the smallest.
pub struct Outcome {
    pub lambda_max: f64,
    pub steps: Vec<Step>,
    /// The place in `steps` that is recommended.
    pub chosen: usize,
    /// By which rule.
    pub rule: String,
    pub scores: Option<Scores>,
    /// The path ended before its time.
    pub interrupted: bool,
}

/// One λ.
pub struct Step {
    pub fit: Fit,
    /// Recomputed from the coefficients.
    pub certificate: Certificate,
    /// Intercepts and coefficients for the columns as they are, where they are reported.
    pub original: Option<(Vec<f64>, Entries)>,
}

/// How well each λ predicts what it has not seen.
pub struct Scores {
    pub folds: usize,
    /// Mean deviance and its standard error, NaN where no fold arrived.
    pub deviances: Vec<(f64, f64)>,
    /// Places in the path.
    pub best: Option<usize>,
    pub one_standard_error: Option<usize>,
}

/// Fits what the arguments ask for, until the flag is set.
///
/// # Errors
/// What is wrong with the data or the arguments.
pub fn fit(observations: &Observations, arguments: &Arguments, interrupt: &Arc<AtomicBool>) -> Result<Outcome, String> {
    let (n, p) = (observations.rows, observations.names.len());
    let task = Task { observations, arguments, interrupt };
    match &observations.matrix {
        Matrix::Dense(entries) => {
            let design = Dense::from_slice(entries, n, p).map_err(|error| format!("{error:?}"))?;
            task.of_design(design)
        }
        Matrix::Sparse(matrix) => task.of_design(Csc::new(matrix.as_ref())),
    }
}

struct Task<'a> {
    observations: &'a Observations,
    arguments: &'a Arguments,
    interrupt: &'a Arc<AtomicBool>,
}

impl Task<'_> {
    fn of_design<D: Design + Copy>(&self, design: D) -> Result<Outcome, String> {
        let arguments = self.arguments;
        match &self.observations.target {
            Target::Numbers(y) => match arguments.loss {
                LossName::Logistic => self.of_loss(design, Logistic, y),
                LossName::Poisson => self.of_loss(design, Poisson, y),
                LossName::Huber => self.of_loss(design, Huber { threshold: arguments.threshold.unwrap_or(1.0) }, y),
                LossName::Quantile => {
                    let smoothing = arguments.threshold.unwrap_or(0.01);
                    self.of_loss(design, Quantile { level: arguments.level, smoothing }, y)
                }
                LossName::Hinge => self.of_loss(design, SquaredHinge, y),
                _ => self.of_loss(design, Squared, y),
            },
            Target::Classes(classes, labels) => {
                if self.observations.offset.is_some() {
                    return Err(
                        "--offset does not go with --loss multinomial, which has a predictor for each class".into()
                    );
                }
                let design = Stacked::new(design, labels.len()).map_err(|error| format!("{error:?}"))?;
                let datafit = Multinomial::from_classes(classes, labels.len());
                self.follow(&design, self.completed(datafit, Multinomial::weighted, Multinomial::offset)?)
            }
            Target::Times(times, events) => {
                let datafit = Cox::new(times, events, Ties::Efron);
                self.follow(&design, self.completed(datafit, Cox::weighted, Cox::offset)?)
            }
        }
    }

    fn of_loss<D: Design, L: Loss>(&self, design: D, loss: L, y: &[f64]) -> Result<Outcome, String> {
        let datafit = Observed::new(loss, y);
        self.follow(&design, self.completed(datafit, Observed::weighted, Observed::offset)?)
    }

    /// The datafit with its weights and offset.
    fn completed<F>(
        &self,
        datafit: Result<F, DataError>,
        weighted: impl Fn(F, &[f64]) -> Result<F, DataError>,
        offset: impl Fn(F, &[f64]) -> Result<F, DataError>,
    ) -> Result<F, String> {
        let weigh = |datafit| match &self.observations.weights {
            Some(weights) => weighted(datafit, weights),
            None => Ok(datafit),
        };
        let shift = |datafit| match &self.observations.offset {
            Some(shift) => offset(datafit, shift),
            None => Ok(datafit),
        };
        datafit.and_then(weigh).and_then(shift).map_err(|error| error.to_string())
    }

    fn follow<D: Design, F: Datafit>(&self, design: &D, datafit: F) -> Result<Outcome, String> {
        self.path(design, datafit).map_err(|error| error.to_string())
    }

    fn path<D: Design, F: Datafit>(&self, design: &D, datafit: F) -> Result<Outcome, FitError> {
        let arguments = self.arguments;
        let all = || thread::available_parallelism().map_or(1, usize::from);
        // An intercept stands for the means of the columns: centred, they are only better conditioned.
        let regression = Regression::new(design, datafit)?
            .intercept(!arguments.no_intercept)
            .centred(!(arguments.no_standardize && arguments.no_intercept))
            .scaled(!arguments.no_standardize)
            .threads(arguments.threads.map_or_else(all, usize::from));
        let settings = Settings {
            tolerance: arguments.tol,
            solver: solver(arguments.solver),
            sweeps: arguments.sweeps.into(),
            interrupt: Some(Arc::clone(self.interrupt)),
            ..Settings::default()
        };
        let grid = self.grid();
        let penalties = PerCoefficient::new(Shape::new(arguments));
        let folds = arguments.cv.map(|count| self.folds(count.into())).transpose()?;
        let bar = bar(grid.lambdas(1.0).len() * (1 + folds.as_ref().map_or(0, Folds::count)));
        let watch = |_: &Fit| {
            bar.inc(1);
            ControlFlow::Continue(())
        };
        let (path, scores) = match &folds {
            Some(folds) => {
                let watch = |_, fit: &Fit| watch(fit);
                let validation = regression.cross_validate(penalties.clone(), &grid, &settings, folds, &watch)?;
                let scores = Scores::of(&validation);
                (validation.path, Some(scores))
            }
            None => (regression.path(penalties.clone(), &grid, &settings, &mut |fit| watch(fit))?, None),
        };
        bar.finish_and_clear();
        let (chosen, rule) = self.choice(&regression, &path, scores.as_ref());
        let original =
            |k: usize, fit: &Fit| (arguments.all_coefficients || k == chosen).then(|| regression.original_scale(fit));
        let certifier = regression.certifier(penalties)?;
        let step =
            |(k, fit): (usize, Fit)| Step { certificate: certifier.certify(&fit), original: original(k, &fit), fit };
        Ok(Outcome {
            lambda_max: path.lambda_max,
            steps: path.fits.into_iter().enumerate().map(step).collect(),
            chosen,
            rule,
            scores,
            interrupted: self.interrupt.load(Ordering::Relaxed),
        })
    }

    /// Folds with their share of each class.
    fn folds(&self, count: usize) -> Result<Folds, FitError> {
        let (n, seed) = (self.observations.rows, self.arguments.seed);
        match &self.observations.target {
            Target::Numbers(y) if matches!(self.arguments.loss, LossName::Logistic | LossName::Hinge) => {
                Folds::stratified(y, count, seed)
            }
            Target::Numbers(_) => Folds::random(n, count, seed),
            Target::Classes(classes, _) => Folds::stratified(classes, count, seed),
            Target::Times(_, events) => Folds::stratified(events, count, seed),
        }
    }

    /// The λ that is recommended, and why; the smallest if the rule has no answer.
    fn choice<D: Design, F: Datafit>(
        &self,
        regression: &Regression<'_, D, F>,
        path: &Path,
        scores: Option<&Scores>,
    ) -> (usize, String) {
        let usual = if scores.is_some() { RuleName::Best } else { RuleName::Ebic };
        let by = |criterion| regression.best_by(path, criterion);
        let (chosen, rule) = match self.arguments.choose.unwrap_or(usual) {
            RuleName::Best => (scores.and_then(|scores| scores.best), "smallest cross-validated deviance"),
            RuleName::OneSe => {
                (scores.and_then(|scores| scores.one_standard_error), "within one standard error of the best deviance")
            }
            RuleName::Aic => (by(Criterion::Aic), "smallest AIC"),
            RuleName::Bic => (by(Criterion::Bic), "smallest BIC"),
            RuleName::Ebic => (by(Criterion::Ebic { gamma: 1.0 }), "smallest EBIC; --cv chooses by what is held out"),
            RuleName::Last => (None, ""),
        };
        match chosen {
            Some(chosen) => (chosen, rule.into()),
            None => (path.fits.len().saturating_sub(1), "the smallest of the path".into()),
        }
    }

    fn grid(&self) -> Grid {
        let Arguments { lambda_ratios, lambdas, min_ratio, .. } = self.arguments;
        if lambda_ratios.is_empty() {
            let usual = if self.observations.names.len() > self.observations.rows { 0.01 } else { 0.001 };
            Grid::Geometric {
                count: usize::try_from(*lambdas).unwrap_or(usize::MAX),
                ratio: min_ratio.unwrap_or(usual),
            }
        } else {
            let mut ratios = lambda_ratios.clone();
            ratios.sort_by(|a, b| b.total_cmp(a));
            Grid::Ratios(ratios)
        }
    }
}

impl Scores {
    fn of(validation: &CrossValidation) -> Self {
        Self {
            folds: validation.deviances.len(),
            deviances: validation.scores.iter().map(|score| (score.mean, score.standard_error)).collect(),
            best: validation.best(),
            one_standard_error: validation.one_standard_error(),
        }
    }
}

const fn solver(name: SolverName) -> Solver {
    match name {
        SolverName::Automatic => Solver::Automatic,
        SolverName::Gram => Solver::Gram,
        SolverName::ActiveSet => Solver::ActiveSet,
        SolverName::CoordinateDescent => Solver::CoordinateDescent,
        SolverName::AcceleratedGradient => Solver::AcceleratedGradient(Damping::Recommended),
        SolverName::ProximalGradient => Solver::ProximalGradient,
        SolverName::ConjugateGradient => Solver::ConjugateGradient,
        SolverName::LocalLinear => Solver::LocalLinear,
    }
}

/// The name of an algorithm.
pub const fn named(solver: Solver) -> &'static str {
    match solver {
        Solver::Automatic => "automatic",
        Solver::Gram => "gram",
        Solver::ActiveSet => "active-set",
        Solver::CoordinateDescent => "coordinate-descent",
        Solver::AcceleratedGradient(_) => "accelerated-gradient",
        Solver::ProximalGradient => "proximal-gradient",
        Solver::ConjugateGradient => "conjugate-gradient",
        Solver::LocalLinear => "local-linear",
    }
}

/// Why a fit ended before its tolerance.
pub const fn lacking(status: FitStatus) -> Option<&'static str> {
    match status {
        FitStatus::Converged => None,
        FitStatus::Budget => Some("the budget was spent"),
        FitStatus::Rounding => Some("rounding hides further descent"),
        FitStatus::NotFinite => Some("loss or gradient is not finite"),
        FitStatus::Interrupted => Some("interrupted"),
    }
}

/// A bar on the standard error, if that is a terminal.
fn bar(fits: usize) -> ProgressBar {
    let bar = ProgressBar::new(fits as u64);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} fits, {elapsed}, {eta} left");
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}
