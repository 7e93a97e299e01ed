//! Made-up regressions.

use rand::{Rng, SeedableRng, rngs::StdRng};
use thalweg::sparse::design::Dense;

/// A dense matrix, column after column, and a signal in its first columns.
pub struct Made {
    pub n: usize,
    pub p: usize,
    pub x: Vec<f64>,
    pub signal: Vec<f64>,
    rng: StdRng,
}

impl Made {
    /// Neighbouring columns are correlated, none has mean zero, and their sizes differ.
    pub fn new(n: usize, p: usize, active: usize, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut x = vec![0.0; n * p];
        let mut last = vec![0.0; n];
        for j in 0..p {
            for i in 0..n {
                last[i] = 0.5 * last[i] + rng.random_range(-1.0..1.0);
                x[i + j * n] = last[i] * (1.0 + (j % 3) as f64) + 0.3 * j as f64;
            }
        }
        let mut signal = vec![0.0; n];
        for j in 0..active {
            let scale = 1.0 + (j % 3) as f64;
            for i in 0..n {
                signal[i] += (x[i + j * n] - 0.3 * j as f64) / scale;
            }
        }
        Self { n, p, x, signal, rng }
    }

    pub fn design(&self) -> Dense<'_, f64> {
        Dense::from_slice(&self.x, self.n, self.p).unwrap()
    }

    /// The signal and noise uniform in ±`noise`.
    pub fn response(&mut self, noise: f64) -> Vec<f64> {
        self.signal.iter().map(|s| s + self.rng.random_range(-noise..noise)).collect()
    }

    /// Ones with the logistic of the signal as their probability.
    pub fn classes(&mut self) -> Vec<f64> {
        self.signal.iter().map(|s| f64::from(u8::from(self.rng.random_bool(1.0 / (1.0 + (-s).exp()))))).collect()
    }

    pub fn uniform(&mut self, low: f64, high: f64) -> Vec<f64> {
        (0..self.n).map(|_| self.rng.random_range(low..high)).collect()
    }

    /// The rows for which `keep` holds.
    pub fn rows(&self, keep: impl Fn(usize) -> bool) -> (Vec<f64>, usize) {
        let kept: Vec<usize> = (0..self.n).filter(|&i| keep(i)).collect();
        ((0..self.p).flat_map(|j| kept.iter().map(move |i| i + j * self.n)).map(|k| self.x[k]).collect(), kept.len())
    }
}

pub fn pick<T: Copy>(all: &[T], keep: impl Fn(usize) -> bool) -> Vec<T> {
    (0..all.len()).filter(|&i| keep(i)).map(|i| all[i]).collect()
}

#[track_caller]
pub fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs())), "{a} {b}");
}
