//! The data of the paper: Toeplitz columns, five blocks of signals, noise by its ratio to the signal.

use faer::Mat;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, StandardNormal};

pub const COLUMNS: usize = 2050;
const BLOCK: usize = 10;
const ZEROS: usize = 500;

/// What the response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Model {
    Linear,
    Logistic,
}

/// Where the data come from.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub model: Model,
    /// τ: columns j and k correlate by τ to the power |j - k|.
    pub correlation: f64,
    /// The variance of the signal over that of the noise.
    pub ratio: f64,
}

/// Observations to fit and to choose λ with.
#[derive(Debug)]
pub struct Data {
    pub x: Mat<f64>,
    pub y: Vec<f64>,
    pub beta: Vec<f64>,
}

impl Source {
    /// The coefficients of one replicate.
    pub fn beta(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let blocks = match self.model {
            Model::Linear => [(0.5, 1.0), (5.0, 2.0), (10.0, 3.0), (20.0, 4.0), (50.0, 5.0)],
            Model::Logistic => [(0.5, 1.0), (0.5, 1.0), (-0.5, 1.0), (-0.5, 1.0), (1.0, 1.0)],
        };
        let mut beta = vec![0.0; COLUMNS];
        for (b, (mean, deviation)) in blocks.into_iter().enumerate() {
            let start = b * (BLOCK + ZEROS);
            let normal = Normal::new(mean, deviation).expect("a finite deviation");
            beta[start..start + BLOCK].iter_mut().for_each(|beta| *beta = normal.sample(rng));
        }
        beta
    }

    /// Rows with these coefficients.
    pub fn draw(&self, rows: usize, beta: &[f64], rng: &mut ChaCha8Rng) -> Data {
        let active: Vec<usize> = (0..COLUMNS).filter(|&j| beta[j] != 0.0).collect();
        let covariance = |j: usize, k: usize| self.correlation.powi(i32::try_from(j.abs_diff(k)).unwrap_or(i32::MAX));
        let variance: f64 =
            active.iter().flat_map(|&j| active.iter().map(move |&k| beta[j] * beta[k] * covariance(j, k))).sum();
        let deviation = (variance / self.ratio).sqrt();
        let mut x = Mat::zeros(rows, COLUMNS);
        let mut y = vec![0.0; rows];
        for i in 0..rows {
            let mut entry: f64 = rng.sample(StandardNormal);
            for j in 0..COLUMNS {
                if j > 0 {
                    let fresh: f64 = rng.sample(StandardNormal);
                    entry = self.correlation * entry + (1.0 - self.correlation * self.correlation).sqrt() * fresh;
                }
                x[(i, j)] = entry;
                y[i] += beta[j] * entry;
            }
            let noise: f64 = rng.sample(StandardNormal);
            y[i] += deviation * noise;
            if self.model == Model::Logistic {
                let draw: f64 = rng.random();
                y[i] = f64::from(u8::from(draw < 1.0 / (1.0 + (-y[i]).exp())));
            }
        }
        Data { x, y, beta: beta.to_vec() }
    }
}

/// A generator of its own for every replicate.
pub fn generator(seed: u64, replicate: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(replicate as u64);
    rng
}
