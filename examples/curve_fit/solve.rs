//! The fit itself, at any number of parameters up to sixteen and in either scalar.

use nalgebra::SVector;
use thalweg::least_squares::{Analysis, Bounds, LevenbergMarquardt, StreamedState, certify};
use thalweg::problem::{Counted, Forward, Loss, Model, Robust, Rows};
use thalweg::{Method, Number, Real, Stall, Status};

use crate::formula::Formula;

/// More parameters are refused.
pub const MOST: usize = 16;
/// Points evaluated before the fit is given up for now.
const BUDGET: u32 = 10_000;

/// A parameter before the fit.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub start: f64,
    pub lower: f64,
    pub upper: f64,
    pub fixed: bool,
}

/// What a name of the formula stands for.
#[derive(Clone, Copy, Debug)]
pub enum Meaning {
    Column(usize),
    Parameter(usize),
}

/// A formula to fit to data.
#[derive(Clone, Debug)]
pub struct Task {
    pub formula: Formula,
    /// The meaning of the formula's names.
    pub meanings: Vec<Meaning>,
    pub parameters: Vec<Parameter>,
    pub columns: Vec<Vec<f64>>,
    pub response: Vec<f64>,
    pub sigma: Option<Vec<f64>>,
    pub loss: Loss,
    pub scale: f64,
}

/// A point of the fitted curve.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub x: f64,
    pub value: f64,
    /// The standard deviation of `value`, and of a new observation there; not finite if not determined.
    pub deviation: f64,
    pub observation: f64,
}

/// A fitted task, in double precision whatever it was computed in.
#[derive(Clone, Debug)]
pub struct Fit {
    pub status: Status,
    /// Whether the residuals are but the rounding of the response: what is left has no minimum to converge to.
    pub exact: bool,
    pub params: Vec<f64>,
    /// NaN where the data say nothing.
    pub errors: Vec<f64>,
    pub correlation: Vec<Vec<f64>>,
    pub cost: f64,
    pub rss: f64,
    pub freedom: usize,
    /// NaN without degrees of freedom.
    pub deviation: f64,
    pub certificate: f64,
    pub rank: usize,
    pub free: usize,
    pub weakest: Vec<f64>,
    pub excitation: Vec<f64>,
    pub least_excited: Option<usize>,
    /// Whether a parameter was fixed or ended at a bound.
    pub known: Vec<bool>,
    pub evaluations: u64,
    pub iterations: u32,
    /// The model's values at the samples.
    pub fitted: Vec<f64>,
    /// The most influential sample and its Cook's distance.
    pub influence: Option<(usize, f64)>,
    /// The curve over the abscissas asked for, where one column carries them.
    pub curve: Vec<Point>,
}

impl Fit {
    /// Whether the method says so, or could not go on because there is nothing left to explain.
    pub fn converged(&self) -> bool {
        let stalled = self.status == Status::Stalled(Stall::NoDescent);
        matches!(self.status, Status::Converged(_)) || (stalled && self.exact)
    }
}

/// The task in its scalar.
struct Samples<'a, T> {
    task: &'a Task,
    columns: Vec<Vec<T>>,
    response: Vec<T>,
    /// `1/σ`.
    weights: Option<Vec<T>>,
}

impl<'a, T: Real> Samples<'a, T> {
    fn of(task: &'a Task) -> Self {
        let narrow = |column: &Vec<f64>| column.iter().map(|value| T::of_f64(*value)).collect::<Vec<_>>();
        let weights = task.sigma.as_ref().map(|sigma| sigma.iter().map(|s| T::of_f64(1.0 / s)).collect());
        Self { task, columns: task.columns.iter().map(narrow).collect(), response: narrow(&task.response), weights }
    }

    /// The formula where the columns have the values `at`.
    fn value<D: Number<Scalar = T>>(&self, at: impl Fn(usize) -> T, x: &[D]) -> D {
        self.task.formula.value(|name| match self.task.meanings[name] {
            Meaning::Column(k) => D::constant(at(k)),
            Meaning::Parameter(j) => x[j],
        })
    }
}

impl<T: Real, const N: usize> Model<T, N> for Samples<'_, T> {
    fn rows(&self) -> usize {
        self.response.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> D {
        let residual = D::constant(self.response[i]) - self.value(|k| self.columns[k][i], x);
        match &self.weights {
            Some(weights) => residual.scale(weights[i]),
            None => residual,
        }
    }
}

/// The curve as a model of its own, for its gradient.
#[derive(Clone, Copy)]
struct Curve<'a, T> {
    samples: &'a Samples<'a, T>,
    grid: &'a [f64],
}

impl<T: Real, const N: usize> Model<T, N> for Curve<'_, T> {
    fn rows(&self) -> usize {
        self.grid.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> D {
        self.samples.value(|_| T::of_f64(self.grid[i]), x)
    }
}

/// Fits the task; the curve is evaluated over `grid`.
///
/// # Errors
/// Too many parameters, or a loss scale outside the range of the scalar.
pub fn fit<T: Real>(task: &Task, grid: &[f64]) -> Result<Fit, String> {
    macro_rules! dispatch {
        ($($n:literal)*) => {
            match task.parameters.len() {
                $($n => solve::<T, $n>(task, grid),)*
                n => Err(format!("{n} parameters, fixed ones included: at most {MOST} are supported")),
            }
        };
    }
    dispatch!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

fn solve<T: Real, const N: usize>(task: &Task, grid: &[f64]) -> Result<Fit, String> {
    let column = |f: fn(&Parameter) -> f64| SVector::<T, N>::from_fn(|j, _| T::of_f64(f(&task.parameters[j])));
    let start = column(|p| p.start);
    let bounds = Bounds::new(
        column(|p| if p.fixed { p.start } else { p.lower }),
        column(|p| if p.fixed { p.start } else { p.upper }),
    );
    let samples = Samples::<T>::of(task);
    let mut state: StreamedState<T, N> = StreamedState::new(start);
    let method = LevenbergMarquardt::default().within(bounds);
    // The scale of the squared loss changes nothing; one changes not even the rounding.
    let scale = if task.loss == Loss::Squared { T::ONE } else { T::of_f64(task.scale) };
    let robust = Robust::new(Forward(samples), task.loss, scale).map_err(|error| format!("--loss-scale: {error}"))?;
    let mut problem = Counted::new(robust);
    let mut status = Status::Running;
    while status == Status::Running && state.iterations() < BUDGET {
        let Ok(next) = method.run(&mut state, &mut problem, u32::try_from(task.response.len()).unwrap_or(u32::MAX));
        status = next;
    }
    let (evaluations, x, analysis) = (problem.rows, *state.x(), state.analyse(&bounds));
    let Ok(certificate) = certify(&mut problem, &x, &bounds);

    let samples = &problem.inner.inner().0;
    let point: [T; N] = x.into();
    let residuals: Vec<f64> = (0..task.response.len()).map(|i| samples.residual::<T>(i, &point).to_f64()).collect();
    let sigma = |i: usize| task.sigma.as_ref().map_or(1.0, |sigma| sigma[i]);
    let fitted = residuals.iter().enumerate().map(|(i, r)| task.response[i] - r * sigma(i)).collect();
    let cost = state.cost().to_f64();
    let rss = if task.loss == Loss::Squared { 2.0 * cost } else { residuals.iter().map(|r| r * r).sum() };

    let size: f64 = task.response.iter().enumerate().map(|(i, y)| (y / sigma(i)).powi(2)).sum();
    let mut fit = Fit {
        status,
        exact: rss <= (64.0 * T::EPSILON.to_f64()).powi(2) * size,
        params: widened(&x),
        errors: Vec::new(),
        correlation: Vec::new(),
        cost,
        rss,
        freedom: analysis.freedom(),
        deviation: f64::NAN,
        certificate: certificate.scaled_gradient.to_f64(),
        rank: analysis.rank(),
        free: analysis.free(),
        weakest: analysis.weakest().map_or(Vec::new(), |direction| widened(&direction)),
        excitation: widened(&analysis.excitation()),
        least_excited: analysis.least_excited(),
        known: (0..N).map(|j| x[j] <= bounds.lower[j] || x[j] >= bounds.upper[j]).collect(),
        evaluations,
        iterations: state.iterations(),
        fitted,
        influence: None,
        curve: curve(Curve { samples, grid }, &x, &analysis),
    };
    if analysis.freedom() > 0 {
        fit.deviation = analysis.residual_variance().sqrt().to_f64();
    }
    uncertainty(&mut fit, &analysis);
    fit.influence = influence(&mut problem, &x, &analysis);
    Ok(fit)
}

fn widened<T: Real, const N: usize>(x: &SVector<T, N>) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

/// Standard errors and correlations, NaN where the data determine nothing.
fn uncertainty<T: Real, const N: usize>(fit: &mut Fit, analysis: &Analysis<T, N>) {
    let (errors, correlation) = (analysis.standard_errors(), analysis.correlation());
    let blind = |j: usize| !fit.known[j] && fit.excitation[j] == 0.0;
    let errors = (0..N).map(|j| match (fit.known[j], blind(j) || fit.freedom == 0) {
        (true, _) => 0.0,
        (false, true) => f64::NAN,
        (false, false) => errors[j].to_f64(),
    });
    let entry = |i: usize, j: usize| if blind(i) || blind(j) { f64::NAN } else { correlation[(i, j)].to_f64() };
    let correlation = (0..N).map(|i| (0..N).map(|j| entry(i, j)).collect()).collect();
    (fit.errors, fit.correlation) = (errors.collect(), correlation);
}

fn curve<T: Real, const N: usize>(curve: Curve<'_, T>, x: &SVector<T, N>, analysis: &Analysis<T, N>) -> Vec<Point> {
    let variance = analysis.residual_variance();
    let mut rows = Forward(curve);
    let points = curve.grid.iter().enumerate().map(|(i, at)| {
        let mut g = SVector::zeros();
        let Ok(value) = rows.row(i, x, &mut g);
        let (deviation, observation) = (analysis.prediction(&g, variance), analysis.observation(&g, variance));
        Point { x: *at, value: value.to_f64(), deviation: deviation.to_f64(), observation: observation.to_f64() }
    });
    points.collect()
}

/// Under a robust loss, that of the reweighted rows.
fn influence<T: Real, const N: usize, P>(
    problem: &mut P,
    x: &SVector<T, N>,
    analysis: &Analysis<T, N>,
) -> Option<(usize, f64)>
where
    P: Rows<T, N, Error = core::convert::Infallible>,
{
    let mut distances = Vec::new();
    for i in 0..problem.rows() {
        let mut g = SVector::zeros();
        let Ok(r) = problem.row(i, x, &mut g);
        distances.push((i, analysis.influence(&g, r).to_f64()));
    }
    distances.into_iter().filter(|(_, d)| !d.is_nan()).max_by(|a, b| a.1.total_cmp(&b.1))
}
