//! How many iterations, and seconds, until the objective is near the lowest that any method meets, at one λ.

use std::error::Error;
use std::ops::ControlFlow;

use thalweg::composite::Damping;
use thalweg::penalty::Strength;
use thalweg::sparse::datafit::{Loss, Observed, Squared};
use thalweg::sparse::design::Dense;
use thalweg::sparse::{Fit, Grid, PerCoefficient, Regression, Settings, Solver};

use crate::halved::Halved;
use crate::simulation::{Data, Model, Source, generator};
use crate::watch::{Log, Watched};
use crate::{Failure, Shape};

/// The methods that are counted, in the order of the results.
pub const METHODS: [(&str, Solver); 3] = [
    ("accelerated, proposed", Solver::AcceleratedGradient(Damping::Recommended)),
    ("accelerated, original", Solver::AcceleratedGradient(Damping::Original)),
    ("proximal gradient", Solver::ProximalGradient),
];

/// Where the methods stop: hundreds of iterations, and a gap in units of the gradient.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub hundreds: usize,
    pub tolerance: f64,
}

/// One replicate: iterations and seconds of each method to the target, and of coordinate descent cycles and seconds to its end.
#[derive(Clone, Copy, Debug)]
pub struct Race {
    /// Infinite where the budget came first.
    pub iterations: [f64; 3],
    pub seconds: [f64; 3],
    pub cycles: f64,
    pub coordinate_seconds: f64,
    /// The objective of coordinate descent less the lowest of the others, over that.
    pub difference: f64,
}

/// Replicate `k` with n rows.
pub fn run(source: &Source, shape: Shape, rows: usize, effort: Effort, seed: u64, k: usize) -> Result<Race, Failure> {
    let mut rng = generator(seed, k);
    let beta = source.beta(&mut rng);
    let data = source.draw(rows, &beta, &mut rng);
    match (source.model, shape) {
        (Model::Linear, Shape::Scad) => race(&data, Squared, shape.scad(), 0.2, 3.0_f64.exp(), effort),
        (Model::Linear, Shape::Mcp) => race(&data, Squared, shape.mcp(), 0.2, 3.0_f64.exp(), effort),
        (Model::Logistic, Shape::Scad) => race(&data, Halved, shape.scad(), 0.02, (-4.0_f64).exp(), effort),
        (Model::Logistic, Shape::Mcp) => race(&data, Halved, shape.mcp(), 0.02, (-4.0_f64).exp(), effort),
    }
}

/// The race at one λ; whoever is within `near` of the lowest objective has arrived.
fn race<L: Loss, P: Strength<f64> + Sync>(
    data: &Data,
    loss: L,
    penalty: P,
    lambda: f64,
    near: f64,
    effort: Effort,
) -> Result<Race, Failure> {
    let design = Dense::new(data.x.as_ref()).map_err(|error| format!("{error:?}"))?;
    let penalties = PerCoefficient::new(penalty);
    let grid = Grid::Lambdas(vec![lambda]);
    let slopes = correlations(data, &loss);
    // The paper starts the linear model at the signs of the correlations, the logistic one at zero.
    let start = if loss.is_quadratic() { slopes.iter().map(|c| c.signum()).collect() } else { Vec::new() };
    // Its tolerance is absolute.
    let tolerance = effort.tolerance / slopes.iter().map(|c| c.abs()).fold(0.0, f64::max);
    let fit = |solver, start: &[f64], log: &Log| -> Result<Fit, Box<dyn Error + Send + Sync>> {
        let datafit = Watched { inner: Observed::new(loss.clone(), &data.y)?, log };
        let settings =
            Settings { tolerance, solver, budget: effort.hundreds, start: start.to_vec(), ..Settings::default() };
        let watched = Watched { inner: penalties.clone(), log };
        let mut path =
            Regression::new(&design, datafit)?.path(watched, &grid, &settings, &mut |_| ControlFlow::Continue(()))?;
        Ok(path.fits.remove(0))
    };
    let mut traces = Vec::new();
    for (_, solver) in METHODS {
        let log = Log::new();
        fit(solver, &start, &log)?;
        traces.push(log.into_objectives());
    }
    let lowest = traces.iter().flatten().map(|(objective, _)| *objective).fold(f64::INFINITY, f64::min);
    let arrivals: Vec<(f64, f64)> = traces
        .iter()
        .zip(METHODS)
        .map(|(trace, (_, solver))| match trace.iter().position(|(objective, _)| *objective <= lowest + near) {
            // Iteration k is seen at its x̲, but that of the proximal gradient at the x it starts from.
            Some(k) => ((k + usize::from(solver != Solver::ProximalGradient)) as f64, trace[k].1),
            None => (f64::INFINITY, f64::INFINITY),
        })
        .collect();
    let coordinate = fit(Solver::CoordinateDescent, &[], &Log::new())?;
    Ok(Race {
        iterations: std::array::from_fn(|m| arrivals[m].0),
        seconds: std::array::from_fn(|m| arrivals[m].1),
        cycles: coordinate.effort[1] as f64,
        coordinate_seconds: coordinate.seconds,
        difference: (coordinate.objective - lowest) / lowest.abs(),
    })
}

/// The slopes of the loss at zero.
fn correlations<L: Loss>(data: &Data, loss: &L) -> Vec<f64> {
    let n = data.y.len() as f64;
    let mean = data.y.iter().sum::<f64>() / n;
    // Of a canonical loss: ℓ′ falls by this for a unit of y.
    let scale = (loss.slope(0.0, 0.0) - loss.slope(1.0, 0.0)) / n;
    (0..data.x.ncols())
        .map(|j| data.y.iter().zip(data.x.col(j).iter()).map(|(y, x)| scale * x * (y - mean)).sum())
        .collect()
}
