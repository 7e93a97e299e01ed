//! How well the signals are found along a path of fifty values of λ, of which test data choose one.

use std::ops::ControlFlow;

use faer::Mat;
use thalweg::composite::Damping;
use thalweg::penalty::Strength;
use thalweg::sparse::datafit::{Datafit, Loss, Observed, Squared};
use thalweg::sparse::design::Dense;
use thalweg::sparse::{Design, Fit, Grid, PerCoefficient, Regression, Settings, Solver};

use crate::halved::Halved;
use crate::screen::Screened;
use crate::simulation::{COLUMNS, Data, Model, Source, generator};
use crate::{Failure, Shape};

const LAMBDAS: usize = 50;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The paper's method with its screening.
    Replica,
    /// All columns, checked: what the same λ and penalty give without the mistake.
    Correct(Solver),
}

/// Of the model that the test data choose.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// `‖β̂ - β‖² / ‖β‖²`.
    pub error: f64,
    /// The share of true signals among those found, and of true zeros among those not found.
    pub positive: f64,
    pub negative: f64,
    /// Coefficients found.
    pub size: f64,
    /// Columns along the path that violate stationarity.
    pub violations: f64,
    pub seconds: f64,
}

/// Replicate `k` with n rows to fit and as many to choose.
pub fn run(source: &Source, shape: Shape, rows: usize, mode: Mode, seed: u64, k: usize) -> Result<Recovery, Failure> {
    let mut rng = generator(seed, k);
    let beta = source.beta(&mut rng);
    let mut train = source.draw(rows, &beta, &mut rng);
    let test = source.draw(rows, &beta, &mut rng);
    let scales = standardize(&mut train.x);
    match (source.model, shape) {
        (Model::Linear, Shape::Scad) => path(&train, &test, &scales, Squared, shape.scad(), mode),
        (Model::Linear, Shape::Mcp) => path(&train, &test, &scales, Squared, shape.mcp(), mode),
        (Model::Logistic, Shape::Scad) => path(&train, &test, &scales, Halved, shape.scad(), mode),
        (Model::Logistic, Shape::Mcp) => path(&train, &test, &scales, Halved, shape.mcp(), mode),
    }
}

/// Columns to mean zero and mean square one; their means and scales.
fn standardize(x: &mut Mat<f64>) -> Vec<(f64, f64)> {
    let n = x.nrows() as f64;
    (0..x.ncols())
        .map(|j| {
            let mean = (0..x.nrows()).map(|i| x[(i, j)]).sum::<f64>() / n;
            let scale = ((0..x.nrows()).map(|i| (x[(i, j)] - mean).powi(2)).sum::<f64>() / n).sqrt();
            (0..x.nrows()).for_each(|i| x[(i, j)] = (x[(i, j)] - mean) / scale);
            (mean, scale)
        })
        .collect()
}

fn path<L: Loss, P: Strength<f64> + Sync>(
    train: &Data,
    test: &Data,
    scales: &[(f64, f64)],
    loss: L,
    penalty: P,
    mode: Mode,
) -> Result<Recovery, Failure> {
    let dense = Dense::new(train.x.as_ref()).map_err(|error| format!("{error:?}"))?;
    let screened = Screened::new(dense);
    let datafit = Observed::new(loss.clone(), &train.y)?;
    let held_out = Observed::new(loss, &test.y)?;
    let regression = Regression::new(&screened, datafit.clone())?;
    // The paper's limits: 1000 iterations for the linear model, 500 for the logistic one.
    let hundreds = if datafit.is_quadratic() { 10 } else { 5 };
    let (solver, budget, tolerance) = match mode {
        Mode::Replica => (Solver::AcceleratedGradient(Damping::Recommended), hundreds, 1e-5),
        Mode::Correct(solver) => (solver, 500, 1e-4),
    };
    let settings = Settings { solver, budget, tolerance, ..Settings::default() };
    let (mut best, mut chosen) = (f64::INFINITY, None);
    let mut violations = 0.0;
    let mut first = f64::NAN;
    let mut eliminated = vec![true; COLUMNS];
    let mut observe = |fit: &Fit| {
        let (eta, intercept) = predictor(fit, &test.x, Some(scales));
        let deviance = held_out.value(&eta.iter().map(|eta| eta + intercept).collect::<Vec<_>>());
        if deviance < best {
            (best, chosen) = (deviance, Some(fit.clone()));
        }
        if first.is_nan() {
            first = fit.lambda;
        }
        if mode == Mode::Replica {
            let c = correlations(&datafit, fit, &train.x, &dense);
            violations += (0..COLUMNS).filter(|&j| !screened.is_kept(j) && c[j] > fit.lambda).count() as f64;
            // For the linear model the paper's code divides by 2n where the gradient of its loss is over n.
            let share = if datafit.is_quadratic() { 0.5 } else { 1.0 };
            let next = fit.lambda - first / LAMBDAS as f64;
            for (eliminated, c) in eliminated.iter_mut().zip(&c) {
                *eliminated &= share * c < 2.0 * next - fit.lambda;
            }
            screened.keep(|j| !eliminated[j]);
        }
        ControlFlow::Continue(())
    };
    let begun = std::time::Instant::now();
    let grid = Grid::Linear { count: LAMBDAS };
    let path = regression.path(PerCoefficient::new(penalty), &grid, &settings, &mut observe)?;
    let seconds = begun.elapsed().as_secs_f64();
    let chosen = chosen.ok_or("no fit")?;
    if path.fits.len() < LAMBDAS {
        return Err("the path ended early".into());
    }
    let found = chosen.coefficients.to_dense(COLUMNS);
    let error: f64 = (0..COLUMNS).map(|j| (found[j] / scales[j].1 - train.beta[j]).powi(2)).sum();
    let count = |positive: bool, signal: bool| {
        (0..COLUMNS).filter(|&j| (found[j] != 0.0) == positive && (train.beta[j] != 0.0) == signal).count() as f64
    };
    let size = chosen.coefficients.len() as f64;
    // In the paper's count the intercept is one of those found, and not a signal, for the true one is zero.
    let counted = if mode == Mode::Replica { size + 1.0 } else { size };
    Ok(Recovery {
        error: error / train.beta.iter().map(|beta| beta * beta).sum::<f64>(),
        positive: count(true, true) / counted.max(1.0),
        negative: count(false, false) / (COLUMNS as f64 - size),
        size: counted,
        violations,
        seconds,
    })
}

/// Xβ and b for other rows, whose columns are not yet standardized.
fn predictor(fit: &Fit, x: &Mat<f64>, scales: Option<&[(f64, f64)]>) -> (Vec<f64>, f64) {
    let mut eta = vec![0.0; x.nrows()];
    let mut intercept = fit.intercepts[0];
    for (&j, &b) in fit.coefficients.indices.iter().zip(&fit.coefficients.values) {
        let (mean, scale) = scales.map_or((0.0, 1.0), |scales| scales[j]);
        eta.iter_mut().enumerate().for_each(|(i, eta)| *eta += x[(i, j)] * b / scale);
        intercept -= b * mean / scale;
    }
    (eta, intercept)
}

/// The size of the gradient in every column.
fn correlations<L: Loss>(datafit: &Observed<L>, fit: &Fit, x: &Mat<f64>, dense: &Dense<'_, f64>) -> Vec<f64> {
    let (mut eta, intercept) = predictor(fit, x, None);
    eta.iter_mut().for_each(|eta| *eta += intercept);
    let mut slopes = vec![0.0; eta.len()];
    datafit.slopes(&eta, &mut slopes);
    let mut c = vec![0.0; COLUMNS];
    dense.dots(0..COLUMNS, &slopes, &mut c);
    c.iter_mut().for_each(|c| *c = c.abs());
    c
}
