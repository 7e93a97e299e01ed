//! Penalized regressions and their paths.

use core::ops::ControlFlow;

use std::time::Instant;
use std::vec;
use std::vec::Vec;

use crate::composite::Damping;
use crate::sparse::columns::Columns;
use crate::sparse::datafit::{DataError, Datafit};
use crate::sparse::design::{Design, Weights};
use crate::sparse::error::FitError;
use crate::sparse::first_order::FirstOrder;
use crate::sparse::local_linear;
use crate::sparse::model::Kernel;
use crate::sparse::solve::{Ended, Engine};
use crate::sparse::terms::{Penalties, Terms};

/// `minimize F(X̃β + b) + p(β; λ)`: a design, a datafit, and how the columns enter.
///
/// `x̃ⱼ = (xⱼ - mⱼ) / sⱼ` with the weighted mean m if `centred` and the weighted root mean square s of what is left if `scaled`; the
/// design itself is never changed or copied. A column without spread gets the coefficient zero.
#[derive(Clone, Debug)]
pub struct Regression<'a, D, F> {
    design: &'a D,
    datafit: F,
    intercept: bool,
    centred: bool,
    scaled: bool,
    threads: usize,
}

/// The values of λ, from large to small.
#[derive(Clone, Debug, PartialEq)]
pub enum Grid {
    /// `count` values from λmax to `ratio · λmax`, equally spaced by their logarithms.
    Geometric {
        /// One or more.
        count: usize,
        /// Above zero, below one.
        ratio: f64,
    },
    /// `count` values from λmax down to λmax / count, equally spaced.
    Linear {
        /// One or more.
        count: usize,
    },
    /// These multiples of λmax.
    Ratios(Vec<f64>),
    /// These values.
    Lambdas(Vec<f64>),
}

/// Which algorithm minimizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Solver {
    /// One of those below, by the shape of the problem.
    #[default]
    Automatic,
    /// Coordinate descent and Newton's method on the products of all columns: more observations than columns, squared loss.
    Gram,
    /// Coordinate descent and Newton's method on the products of the columns that were ever active: dense designs.
    ActiveSet,
    /// Coordinate descent on the residual with Anderson's extrapolation, on working sets: sparse designs.
    CoordinateDescent,
    /// Accelerated gradient for nonconvex penalties, on products with the design only.
    AcceleratedGradient(Damping),
    /// Proximal gradient with the rate 1/L, on products with the design only.
    ProximalGradient,
    /// Proximal conjugate gradient, on products with the design only.
    ConjugateGradient,
    /// Weighted l1 problems that approximate a nonconvex penalty from above, each as
    /// [`Automatic`](Solver::Automatic) would solve it.
    LocalLinear,
}

/// Parameters of a fit.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A fit ends when the distance of the negative gradient to the subdifferential is at most `tolerance · λmax` in every
    /// block. Positive.
    pub tolerance: f64,
    /// The algorithm.
    pub solver: Solver,
    /// Quadratic models, or hundreds of first-order iterations, at one λ. One or more.
    pub budget: usize,
    /// A path ends when this share of the null deviance is explained; 1 for never.
    pub saturation: f64,
    /// β to begin with, of length p, on the scale of the fit; empty for zero. Where the penalty is not convex, the start decides
    /// where a fit ends.
    pub start: Vec<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { tolerance: 1e-7, solver: Solver::Automatic, budget: 500, saturation: 1.0, start: Vec::new() }
    }
}

/// A λ further away than this share of the one before is approached through others.
const STRIDE: f64 = 0.75;

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitStatus {
    /// No gap above the tolerance, all columns checked.
    Converged,
    /// The budget was spent.
    Budget,
    /// Rounding hides all further descent.
    Rounding,
    /// Loss or gradient is not finite.
    NotFinite,
    /// The observer asked for an end.
    Interrupted,
}

/// Some entries of a vector, the others zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entries {
    /// Increasing.
    pub indices: Vec<usize>,
    /// As many.
    pub values: Vec<f64>,
}

/// A fit at one λ.
#[derive(Clone, Debug)]
pub struct Fit {
    /// λ.
    pub lambda: f64,
    /// β of the columns as they entered.
    pub coefficients: Entries,
    /// b of each output, on that scale.
    pub intercepts: Vec<f64>,
    /// `F + p`.
    pub objective: f64,
    /// F.
    pub loss: f64,
    /// The largest distance of the negative gradient of a block to the subdifferential, in units of the gradient.
    pub kkt: f64,
    /// The share of the null deviance that is explained.
    pub deviance: f64,
    /// The algorithm.
    pub solver: Solver,
    /// How it ended.
    pub status: FitStatus,
    /// Quadratic models or first-order iterations, cycles of coordinate descent, Newton steps, full passes over the design, for
    /// this λ.
    pub effort: [usize; 4],
    /// Wall time of this λ.
    pub seconds: f64,
}

/// Fits from the largest λ to the smallest.
#[derive(Clone, Debug)]
pub struct Path {
    /// The smallest λ at which every penalised coefficient is zero.
    pub lambda_max: f64,
    /// F of the null model, unpenalised coefficients fitted.
    pub null_loss: f64,
    /// One for each λ; fewer if the path ended early.
    pub fits: Vec<Fit>,
}

impl<'a, D: Design, F: Datafit> Regression<'a, D, F> {
    /// With an intercept, and columns centred and scaled.
    ///
    /// # Errors
    /// If there is nothing to fit, or the datafit has not as many rows as the design.
    pub fn new(design: &'a D, datafit: F) -> Result<Self, FitError> {
        if design.rows() == 0 || design.columns() == 0 {
            return Err(DataError::Empty.into());
        }
        if design.rows() != datafit.rows() || design.outputs() != datafit.outputs() {
            return Err(FitError::Lengths { what: "observations", expected: design.rows(), found: datafit.rows() });
        }
        Ok(Self { design, datafit, intercept: true, centred: true, scaled: true, threads: 1 })
    }

    /// Whether each output has an unpenalised intercept.
    #[must_use]
    pub fn intercept(self, intercept: bool) -> Self {
        Self { intercept, ..self }
    }

    /// Whether columns are centred.
    #[must_use]
    pub fn centred(self, centred: bool) -> Self {
        Self { centred, ..self }
    }

    /// Whether columns are scaled.
    #[must_use]
    pub fn scaled(self, scaled: bool) -> Self {
        Self { scaled, ..self }
    }

    /// How many threads share a pass over the design. The result has the same bits for any number.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// The datafit.
    pub fn datafit(&self) -> &F {
        &self.datafit
    }

    /// The same with other observations of the same shape, or other weights.
    #[must_use]
    pub fn with_datafit(&self, datafit: F) -> Self {
        let Self { design, intercept, centred, scaled, threads, .. } = *self;
        Self { design, datafit, intercept, centred, scaled, threads }
    }

    fn columns(&self) -> Columns<'a, D> {
        let weights = match self.datafit.uniform_weight() {
            Some(weight) => Weights::Uniform(weight),
            None => Weights::Each(self.datafit.weights()),
        };
        Columns::new(self.design, weights, self.centred, self.scaled, self.threads > 1)
    }

    /// Fits along a grid of λ, each from the fit before. The observer sees every fit and may end the path.
    ///
    /// # Errors
    /// What is wrong with penalty, grid or settings. Whatever happens later is told by the statuses.
    pub fn path<P: Penalties>(
        &self,
        penalties: P,
        grid: &Grid,
        settings: &Settings,
        observer: &mut (dyn FnMut(&Fit) -> ControlFlow<()> + Send),
    ) -> Result<Path, FitError> {
        let penalties = penalties.with_coefficients(self.design.columns())?;
        settings.validate(self.design.columns())?;
        grid.validate()?;
        if self.threads > 1 {
            if let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build() {
                let penalties = &penalties;
                return pool.install(move || self.follow(penalties, grid, settings, observer));
            }
        }
        self.follow(&penalties, grid, settings, observer)
    }

    fn follow<P: Penalties>(
        &self,
        penalties: &P,
        grid: &Grid,
        settings: &Settings,
        observer: &mut (dyn FnMut(&Fit) -> ControlFlow<()> + Send),
    ) -> Result<Path, FitError> {
        let solver = self.choose(settings.solver);
        let sparse = solver == Solver::LocalLinear && !self.design.is_dense();
        let kernel = if sparse || solver == Solver::CoordinateDescent { Kernel::Residual } else { Kernel::Gram };
        let mut first_order = FirstOrder::named(solver);
        let any = penalties.at(1.0);
        let blocks = any.blocks();
        let mut engine = Engine::new(self.columns(), &self.datafit, self.intercept, kernel, blocks);
        let proceed: &mut dyn FnMut() -> ControlFlow<()> = &mut || ControlFlow::Continue(());
        let free: Vec<usize> = (0..blocks).filter(|&b| penalties.is_free(b)).collect();
        if solver == Solver::Gram {
            engine.close(&any);
        }
        if !free.is_empty() {
            engine.admit(&any, &free);
            engine.solve(&any, 1e-12, settings.budget, true, proceed);
        }
        let lambda_max = engine.lambda_max(penalties)?;
        let (null_loss, saturated) = (engine.loss, self.datafit.saturated());
        let tolerance = settings.tolerance * lambda_max;
        let mut path = Path { lambda_max, null_loss, fits: Vec::new() };
        let mut at = lambda_max;
        if !settings.start.is_empty() {
            engine.begin(&any, &settings.start);
            at = 0.0;
        }
        for lambda in grid.lambdas(lambda_max) {
            let begun = Instant::now();
            let before = [engine.outer, engine.effort.epochs, engine.effort.newton, engine.correlations.passes];
            let terms = penalties.at(lambda);
            let (ended, kkt) = if let Some(method) = &mut first_order {
                method.solve(&mut engine, &terms, tolerance, settings.budget, proceed)
            } else {
                // A long way is gone in strides, roughly: near solutions make small working sets.
                while solver != Solver::LocalLinear && lambda < STRIDE * at {
                    at *= STRIDE;
                    let terms = penalties.at(at);
                    engine.foresee(&terms);
                    engine.solve(&terms, (0.05 * at).max(tolerance), settings.budget, false, proceed);
                }
                engine.foresee(&terms);
                if solver == Solver::LocalLinear {
                    local_linear::solve(&mut engine, &terms, tolerance, settings.budget, proceed)
                } else {
                    engine.solve(&terms, tolerance, settings.budget, false, proceed)
                }
            };
            at = lambda;
            let after = [engine.outer, engine.effort.epochs, engine.effort.newton, engine.correlations.passes];
            let coefficients = Entries::of(&engine.beta);
            let penalty: f64 = engine.penalty(&terms);
            let deviance =
                if null_loss > saturated { (null_loss - engine.loss) / (null_loss - saturated) } else { 0.0 };
            let fit = Fit {
                lambda,
                coefficients,
                intercepts: engine.intercepts.clone(),
                objective: engine.loss + penalty,
                loss: engine.loss,
                kkt,
                deviance,
                solver,
                status: match ended {
                    Ended::Converged => FitStatus::Converged,
                    Ended::Budget => FitStatus::Budget,
                    Ended::Rounding => FitStatus::Rounding,
                    Ended::NotFinite => FitStatus::NotFinite,
                    Ended::Interrupted => FitStatus::Interrupted,
                },
                effort: core::array::from_fn(|i| after[i] - before[i]),
                seconds: begun.elapsed().as_secs_f64(),
            };
            let end = observer(&fit).is_break() || fit.deviance >= settings.saturation;
            path.fits.push(fit);
            if end {
                break;
            }
        }
        Ok(path)
    }

    /// The algorithm for this shape.
    fn choose(&self, wanted: Solver) -> Solver {
        let (n, p) = (self.design.rows(), self.design.columns());
        match wanted {
            Solver::Gram if self.datafit.is_quadratic() => Solver::Gram,
            Solver::Gram => Solver::ActiveSet,
            Solver::Automatic => {
                if self.datafit.is_quadratic() && n > p && p <= 4000 {
                    Solver::Gram
                } else if self.design.is_dense() {
                    Solver::ActiveSet
                } else {
                    Solver::CoordinateDescent
                }
            }
            other => other,
        }
    }

    /// Coefficients and intercepts for the design as it is.
    #[must_use]
    pub fn original_scale(&self, fit: &Fit) -> (Vec<f64>, Entries) {
        let columns = self.columns();
        let mut terms: Vec<(usize, f64)> =
            fit.coefficients.indices.iter().copied().zip(fit.coefficients.values.iter().copied()).collect();
        let mut intercepts = fit.intercepts.clone();
        columns.unscale(&mut terms, &mut intercepts);
        let (indices, values) = terms.into_iter().unzip();
        (intercepts, Entries { indices, values })
    }
}

impl<D: Design, F: Datafit> Engine<'_, D, F> {
    /// The smallest λ at which zero minimizes every penalised block, from the null model.
    fn lambda_max<P: Penalties>(&mut self, penalties: &P) -> Result<f64, FitError> {
        if self.correlations.passes == 0 {
            self.correlations.pass(&self.columns, &self.rho);
        }
        let blocks = penalties.at(1.0).blocks();
        let mut lambda: f64 = 0.0;
        for block in (0..blocks).filter(|&b| !penalties.is_free(b)) {
            let c: Vec<f64> = penalties.at(1.0).columns(block).iter().map(|j| self.correlations.estimate[j]).collect();
            let idle = |lambda: f64| self.is_idle(&penalties.at(lambda), block, &c);
            if idle(lambda) {
                continue;
            }
            let mut above = c.iter().map(|c| c.abs()).fold(lambda, f64::max);
            for _ in 0..100 {
                if idle(above) {
                    break;
                }
                above *= 2.0;
            }
            let mut below = lambda;
            for _ in 0..200 {
                let middle = 0.5 * (below + above);
                if middle <= below || middle >= above {
                    break;
                }
                if idle(middle) { above = middle } else { below = middle }
            }
            lambda = above;
        }
        if lambda > 0.0 && lambda.is_finite() { Ok(lambda) } else { Err(FitError::NothingToPenalize) }
    }

    /// Lets in what is expected to move at the next λ.
    fn foresee<T: Terms>(&mut self, terms: &T) {
        self.tidy(terms);
        let expected = self.expected(terms, 1.0);
        self.admit(terms, &expected);
    }

    /// p(β).
    fn penalty<T: Terms>(&self, terms: &T) -> f64 {
        let mut x = Vec::new();
        (0..terms.blocks())
            .map(|block| {
                x.clear();
                x.extend(terms.columns(block).iter().map(|j| self.beta[j]));
                if x.iter().all(|&x| x == 0.0) { 0.0 } else { terms.value(block, &x) }
            })
            .sum()
    }
}

impl Entries {
    /// The entries of a vector that are not zero.
    #[must_use]
    pub fn of(vector: &[f64]) -> Self {
        let (indices, values) = vector.iter().copied().enumerate().filter(|&(_, x)| x != 0.0).unzip();
        Self { indices, values }
    }

    /// The vector, of length p.
    #[must_use]
    pub fn to_dense(&self, p: usize) -> Vec<f64> {
        let mut vector = vec![0.0; p];
        for (&j, &x) in self.indices.iter().zip(&self.values) {
            vector[j] = x;
        }
        vector
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

impl Settings {
    fn validate(&self, p: usize) -> Result<(), FitError> {
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            return Err(FitError::Setting("tolerance"));
        }
        if self.budget == 0 {
            return Err(FitError::Setting("budget"));
        }
        if !(self.saturation > 0.0) {
            return Err(FitError::Setting("saturation"));
        }
        if !self.start.is_empty() && self.start.len() != p {
            return Err(FitError::Lengths { what: "start", expected: p, found: self.start.len() });
        }
        if !self.start.iter().all(|b| b.is_finite()) {
            return Err(FitError::Setting("start"));
        }
        Ok(())
    }
}

impl Grid {
    fn validate(&self) -> Result<(), FitError> {
        match self {
            Self::Geometric { count, ratio } if *count == 0 || !(*ratio > 0.0 && *ratio < 1.0) => {
                Err(FitError::Setting("grid"))
            }
            Self::Linear { count: 0 } => Err(FitError::Setting("grid")),
            Self::Ratios(values) | Self::Lambdas(values) => {
                if values.is_empty() {
                    return Err(FitError::Setting("grid"));
                }
                match values.iter().position(|v| !(*v >= 0.0 && v.is_finite())) {
                    Some(k) => Err(FitError::Lambda(k)),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// The values, given λmax.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a grid has few values")]
    pub fn lambdas(&self, lambda_max: f64) -> Vec<f64> {
        match self {
            Self::Geometric { count, ratio } => {
                let last = count.saturating_sub(1).max(1) as f64;
                (0..*count).map(|k| lambda_max * ratio.powf(k as f64 / last)).collect()
            }
            Self::Linear { count } => (0..*count).map(|k| lambda_max * (1.0 - k as f64 / *count as f64)).collect(),
            Self::Ratios(ratios) => ratios.iter().map(|ratio| lambda_max * ratio).collect(),
            Self::Lambdas(lambdas) => lambdas.clone(),
        }
    }
}
