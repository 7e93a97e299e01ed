//! Penalized regressions and their paths.

use core::ops::ControlFlow;

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::vec;
use std::vec::Vec;

use crate::composite::Damping;
use crate::sparse::columns::{Column, Columns};
use crate::sparse::datafit::{DataError, Datafit};
use crate::sparse::design::{Design, Weights};
use crate::sparse::error::FitError;
use crate::sparse::path;
use crate::sparse::solve::Ended;
use crate::sparse::terms::Penalties;

/// `minimize F(X̃β + b) + p(β; λ)`: a design, a datafit, and how the columns enter.
///
/// `x̃ⱼ = (xⱼ - mⱼ) / sⱼ` with the weighted mean m if `centred` and the weighted root mean square s of what is left if `scaled`; the
/// design itself is never changed or copied. A column without spread gets the coefficient zero.
#[derive(Clone, Debug)]
pub struct Regression<'a, D, F> {
    pub(crate) design: &'a D,
    datafit: F,
    pub(crate) intercept: bool,
    centred: bool,
    scaled: bool,
    pub(crate) threads: usize,
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
    /// Coordinate descent on the residual with Anderson's extrapolation, on working sets: sparse designs, and dense ones
    /// with more columns than rows for a few λ at a loose tolerance.
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
    /// Over a grid of a nonconvex penalty: sweeps down, up, down again, and then from the lasso that the penalty is at zero, round and
    /// round, of which the best fits are kept. One or more.
    pub sweeps: usize,
    /// Whether a λ far below the one before is approached through others, as a path would: fits of nonconvex penalties end in better
    /// minimizers, and take longer. It makes no difference where λ follows λ closely.
    pub gradual: bool,
    /// When true, a fit ends as interrupted at the next quadratic model, and the path with it.
    pub interrupt: Option<Arc<AtomicBool>>,
    /// β to begin with, of length p, on the scale of the fit; empty for zero. Where the penalty is not convex, the start decides
    /// where a fit ends.
    pub start: Vec<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tolerance: 1e-7,
            solver: Solver::Automatic,
            budget: 200,
            saturation: 1.0,
            sweeps: 1,
            gradual: true,
            interrupt: None,
            start: Vec::new(),
        }
    }
}

/// Up to this many values of λ do not pay for the products of all columns.
const FEW: usize = 5;

/// A tolerance that coordinate descent reaches soon.
const ROUGH: f64 = 3e-4;

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

impl From<Ended> for FitStatus {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Converged => Self::Converged,
            Ended::Budget => Self::Budget,
            Ended::Rounding => Self::Rounding,
            Ended::NotFinite => Self::NotFinite,
            Ended::Interrupted => Self::Interrupted,
        }
    }
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

    fn weights<'w>(&self, each: &'w [f64]) -> Weights<'w> {
        match self.datafit.uniform_weight() {
            Some(weight) => Weights::Uniform(weight),
            None => Weights::Each(each),
        }
    }

    /// The columns before they are read.
    pub(crate) fn unread(&self) -> Columns<'a, D> {
        Columns::new(self.design, self.centred, self.scaled, self.threads > 1)
    }

    /// Reads the columns, and on the way their products with v, unless it is empty.
    pub(crate) fn read(&self, columns: &mut Columns<'a, D>, v: &[f64]) -> Vec<f64> {
        let each = self.datafit.weights().repeat(self.datafit.outputs());
        columns.read(self.weights(&each), v)
    }

    pub(crate) fn columns(&self) -> Columns<'a, D> {
        let mut columns = self.unread();
        self.read(&mut columns, &[]);
        columns
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
        if self.threads > 1
            && let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build()
        {
            let penalties = &penalties;
            return pool.install(move || path::follow(self, penalties, grid, settings, observer));
        }
        path::follow(self, &penalties, grid, settings, observer)
    }

    /// The algorithm for this shape, for so many λ.
    pub(crate) fn choose(&self, settings: &Settings, blocks: usize, convex: bool, count: usize) -> Solver {
        let (n, p) = (self.design.rows(), self.design.columns());
        // Products of columns pay only where many λ or digits are asked of them.
        let rough = convex && n < p && count <= FEW && settings.tolerance >= ROUGH;
        match settings.solver {
            Solver::Gram if self.datafit.is_quadratic() => Solver::Gram,
            Solver::Gram => Solver::ActiveSet,
            Solver::Automatic => {
                if blocks < p && blocks == 1 {
                    Solver::AcceleratedGradient(Damping::Recommended)
                } else if self.datafit.is_quadratic() && n > p && p <= 4000 && (count > FEW || !self.design.is_dense())
                {
                    Solver::Gram
                } else if self.design.is_dense() && !rough {
                    Solver::ActiveSet
                } else {
                    Solver::CoordinateDescent
                }
            }
            other => other,
        }
    }

    /// Intercepts and coefficients for the design as it is.
    #[must_use]
    pub fn original_scale(&self, fit: &Fit) -> (Vec<f64>, Entries) {
        let each = self.datafit.weights().repeat(self.datafit.outputs());
        let weights = self.weights(&each);
        let mut intercepts = fit.intercepts.clone();
        let mut coefficients = fit.coefficients.clone();
        for (&j, value) in coefficients.indices.iter().zip(&mut coefficients.values) {
            let column = Column::measure(self.design, j, weights, self.centred, self.scaled);
            *value *= column.factor;
            intercepts[self.design.output(j)] -= *value * column.centre;
        }
        (intercepts, coefficients)
    }
}

impl Fit {
    /// Whether there is nothing left to gain: converged, or stopped by rounding.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.status, FitStatus::Converged | FitStatus::Rounding)
    }
}

impl Entries {
    /// The pairs of index and value.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f64)> {
        self.indices.iter().copied().zip(self.values.iter().copied())
    }

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
    /// Whether the flag lets fits go on.
    pub(crate) fn proceed(&self) -> ControlFlow<()> {
        match &self.interrupt {
            Some(flag) if flag.load(Ordering::Relaxed) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    pub(crate) fn validate(&self, p: usize) -> Result<(), FitError> {
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            return Err(FitError::Setting("tolerance"));
        }
        if self.budget == 0 {
            return Err(FitError::Setting("budget"));
        }
        if self.sweeps == 0 {
            return Err(FitError::Setting("sweeps"));
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
    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Geometric { count, .. } | Self::Linear { count } => *count,
            Self::Ratios(values) | Self::Lambdas(values) => values.len(),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), FitError> {
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
