//! The acceleration of Yang, Asgharian & Bhatnagar on fixed-size versions of their simulated designs, and the committed table
//! `tests/acceleration.md`, which `THALWEG_BLESS=1` rewrites.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use thalweg::composite::{
    Damping, NonconvexAccelerated, NonconvexAcceleratedState, ProximalGradient, ProximalGradientState,
};
use thalweg::penalty::{Each, Folded, Mcp, Scad};
use thalweg::problem::{Objective, Problem, Quadratic, Smooth};
use thalweg::{Method, Number, Status};

use crate::reference;

const SAMPLES: usize = 60;
const N: usize = 50;
const REPLICATES: u64 = 3;
const BUDGET: u32 = 300;

/// A design, the quadratic or logistic loss over `2n`, and its Lipschitz constant.
#[derive(Clone)]
struct Loss {
    rows: Vec<SVector<f64, N>>,
    y: Vec<f64>,
    quadratic: Option<Quadratic<f64, N>>,
    lipschitz: f64,
}

impl Problem for Loss {
    type Error = Infallible;
}

impl Objective<f64, N> for Loss {
    fn value(&mut self, x: &SVector<f64, N>) -> Result<f64, Infallible> {
        self.gradient(x, &mut SVector::zeros())
    }
}

impl Smooth<f64, N> for Loss {
    fn gradient(&mut self, x: &SVector<f64, N>, g: &mut SVector<f64, N>) -> Result<f64, Infallible> {
        if let Some(quadratic) = &mut self.quadratic {
            return quadratic.gradient(x, g);
        }
        *g = SVector::zeros();
        let mut value = 0.0;
        let scale = 0.5 / SAMPLES as f64;
        for (row, &y) in self.rows.iter().zip(&self.y) {
            let eta = row.iter().zip(x.iter()).fold(0.0, |sum, (&a, &x)| sum + a * x);
            let tail = Number::ln_1p(Number::exp(-eta.abs())) + eta.max(0.0);
            value += scale * (tail - y * eta);
            let pull = scale * (0.5 * Number::tanh(0.5 * eta) + 0.5 - y);
            for (g, &a) in g.iter_mut().zip(row.iter()) {
                *g += pull * a;
            }
        }
        Ok(value)
    }
}

/// Blocks of two coefficients between blocks of ten zeros, autoregressive columns, a signal-to-noise ratio of 5.
fn simulate(correlation: f64, logistic: bool, seed: u64) -> Loss {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut dice = ChaCha8Rng::seed_from_u64(!seed);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let blocks = if logistic {
        [(0.5, 1.0), (0.5, 1.0), (-0.5, 1.0), (-0.5, 1.0), (1.0, 1.0)]
    } else {
        [(0.5, 1.0), (5.0, 2.0), (10.0, 3.0), (20.0, 4.0), (50.0, 5.0)]
    };
    let mut beta = SVector::<f64, N>::zeros();
    for (k, (mean, deviation)) in blocks.into_iter().enumerate() {
        for j in 0..2 {
            beta[12 * k + j] = mean + deviation * normal();
        }
    }
    let covariance = SMatrix::<f64, N, N>::from_fn(|i, j| Number::powi(correlation, (i as i32 - j as i32).abs()));
    let noise = (beta.dot(&(covariance * beta)) / 5.0).sqrt();
    let mut rows = Vec::new();
    for _ in 0..SAMPLES {
        let mut row = SVector::<f64, N>::zeros();
        for j in 0..N {
            let past = if j == 0 { 0.0 } else { correlation * row[j - 1] };
            row[j] = past + if j == 0 { 1.0 } else { (1.0 - correlation * correlation).sqrt() } * normal();
        }
        rows.push(row);
    }
    let n = SAMPLES as f64;
    for j in 0..N {
        let mean = rows.iter().map(|row| row[j]).sum::<f64>() / n;
        let scale = (rows.iter().map(|row| Number::powi(row[j] - mean, 2)).sum::<f64>() / n).sqrt();
        rows.iter_mut().for_each(|row| row[j] = (row[j] - mean) / scale);
    }
    let mut y: Vec<f64> = rows.iter().map(|row| row.dot(&beta) + noise * normal()).collect();
    let mut quadratic = Quadratic::zero();
    for (row, &y) in rows.iter().zip(&y) {
        quadratic.add_square(row, y, 1.0 / n);
    }
    // The largest eigenvalue by the power method, from above to be safe.
    let mut v = SVector::<f64, N>::repeat(1.0);
    for _ in 0..300 {
        v = quadratic.hessian * v;
        v /= v.norm();
    }
    let largest = 1.01 * (quadratic.hessian * v).norm();
    if logistic {
        for y in &mut y {
            *y = if dice.random::<f64>() < 0.5 * (1.0 + Number::tanh(0.5 * *y)) { 1.0 } else { 0.0 };
        }
        return Loss { rows, y, quadratic: None, lipschitz: largest / 8.0 };
    }
    Loss { rows, y, quadratic: Some(quadratic), lipschitz: largest }
}

/// The values of the best point after each iteration.
macro_rules! trace {
    ($method:expr, $state:expr, $problem:expr) => {{
        let (mut state, mut problem, mut values) = ($state, $problem, Vec::new());
        for _ in 0..BUDGET {
            let Ok(status) = $method.step(&mut state, &mut problem);
            values.push(state.value());
            if status != Status::Running {
                break;
            }
        }
        values
    }};
}

/// Iterations to the common objective: recommended damping, original damping, proximal gradient.
fn iterations<S: Folded<f64> + Copy>(penalty: S, loss: &Loss, slack: f64, logistic: bool) -> [u32; 3] {
    let mut start = SVector::zeros();
    if !logistic {
        loss.clone().gradient(&SVector::zeros(), &mut start).unwrap();
        start = start.map(|g| -1.0_f64.copysign(g));
    }
    let damped = |damping| {
        let method =
            NonconvexAccelerated { damping, gap_tolerance: 1e-9, ..NonconvexAccelerated::new(penalty, loss.lipschitz) };
        trace!(method, NonconvexAcceleratedState::new(start), loss.clone())
    };
    let initial_rate = 1.0 / loss.lipschitz.max(-penalty.convexity());
    let plain =
        ProximalGradient { initial_rate, growth: 1.0, gap_tolerance: 1e-9, ..ProximalGradient::new(Each(penalty)) };
    let traces = [
        damped(Damping::Recommended),
        damped(Damping::Original),
        trace!(plain, ProximalGradientState::new(start), loss.clone()),
    ];
    let least = traces.iter().map(|values| values[values.len() - 1]).fold(f64::INFINITY, f64::min);
    traces.map(|values| values.iter().position(|&value| value <= least + slack).map_or(BUDGET, |k| k as u32))
}

fn median(mut counts: Vec<u32>) -> u32 {
    counts.sort_unstable();
    counts[counts.len() / 2]
}

const HEAD: &str = "\
# Acceleration for folded penalties

Median iterations, over three simulated designs of 60 samples and 50 coefficients, until the objective of the best point is within e³
(linear) or e⁻⁴ (logistic) of the best final one, as Yang, Asgharian & Bhatnagar count, at most 300; SCAD with a = 3.7 and MCP with γ = 3,
λ = 0.2 (linear) and 0.02 (logistic), correlation τ between neighbours. Proximal gradient takes the exact proximal operator at the rate
1/L. Regenerated by `cargo test acceleration` with `THALWEG_BLESS=1`.

| loss | penalty | τ | recommended damping | original damping | proximal gradient | original / recommended | proximal gradient / recommended |
|---|---|---:|---:|---:|---:|---:|---:|
";

#[test]
fn the_table_of_acceleration_is_up_to_date() {
    let mut table = String::from(HEAD);
    for logistic in [false, true] {
        let (name, strength, slack) =
            if logistic { ("logistic", 0.02, (-4.0_f64).exp()) } else { ("linear", 0.2, 3.0_f64.exp()) };
        for folded in ["SCAD", "MCP"] {
            for correlation in [0.1, 0.5, 0.9] {
                let counts: Vec<[u32; 3]> = (0..REPLICATES)
                    .map(|seed| {
                        let loss = simulate(correlation, logistic, seed);
                        if folded == "SCAD" {
                            iterations(Scad { strength, reach: 3.7 }, &loss, slack, logistic)
                        } else {
                            iterations(Mcp { strength, reach: 3.0 }, &loss, slack, logistic)
                        }
                    })
                    .collect();
                let [ours, original, plain] =
                    core::array::from_fn(|k| median(counts.iter().map(|counts| counts[k]).collect()));
                let ratio = |count: u32| f64::from(count) / f64::from(ours);
                table += &format!(
                    "| {name} | {folded} | {correlation} | {ours} | {original} | {plain} | {:.2} | {:.2} |\n",
                    ratio(original),
                    ratio(plain)
                );
                assert!(ours < original, "{name} {folded} {correlation}: {counts:?}");
                assert!(ours <= plain, "{name} {folded} {correlation}: {counts:?}");
            }
        }
    }
    reference::same_as_committed("acceleration.md", &table);
}
