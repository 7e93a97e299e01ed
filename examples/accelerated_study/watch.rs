//! The objective at every iteration, seen by wrapping the oracles: the datafit tells the loss at a point, the penalty its terms there.
//!
//! What is seen ends with the first descent. Where the loss is less curved than the penalty, zero may be stationary in a coordinate
//! without being its minimizer; the crate then takes the minimizer and descends again, the paper's methods do not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use thalweg::sparse::datafit::DataError;
use thalweg::sparse::{Block, Datafit, FitError, Penalties, Terms};

/// What was seen: the loss last computed, the sum of penalties so far, and objectives with their times.
#[derive(Debug)]
pub struct Log {
    begun: Instant,
    seen: Mutex<Seen>,
    /// Whether a proximal operator was evaluated since the last objective. A descent has the soft threshold for all of them.
    proximal: AtomicBool,
}

#[derive(Debug, Default)]
struct Seen {
    loss: f64,
    penalty: f64,
    objectives: Vec<(f64, f64)>,
    ended: bool,
}

impl Log {
    pub fn new() -> Self {
        Self { begun: Instant::now(), seen: Mutex::default(), proximal: AtomicBool::new(false) }
    }

    /// Objectives, and seconds since the beginning.
    pub fn into_objectives(self) -> Vec<(f64, f64)> {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner).objectives
    }

    fn with(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A datafit, or a penalty, that is watched.
#[derive(Clone, Copy)]
pub struct Watched<'l, T> {
    pub inner: T,
    pub log: &'l Log,
}

impl<F: Datafit> Datafit for Watched<'_, F> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn value(&self, eta: &[f64]) -> f64 {
        self.inner.value(eta)
    }

    fn slopes(&self, eta: &[f64], slopes: &mut [f64]) -> f64 {
        let loss = self.inner.slopes(eta, slopes);
        self.log.with(|seen| seen.loss = loss);
        loss
    }

    fn curvatures(&self, eta: &[f64], curvatures: &mut [f64]) {
        self.inner.curvatures(eta, curvatures);
    }

    fn curvature_bounds(&self, bounds: &mut [f64]) -> bool {
        self.inner.curvature_bounds(bounds)
    }

    fn is_quadratic(&self) -> bool {
        self.inner.is_quadratic()
    }

    fn has_conjugate(&self) -> bool {
        self.inner.has_conjugate()
    }

    fn conjugate(&self, u: &[f64]) -> f64 {
        self.inner.conjugate(u)
    }

    fn saturated(&self) -> f64 {
        self.inner.saturated()
    }

    fn weights(&self) -> &[f64] {
        self.inner.weights()
    }

    fn uniform_weight(&self) -> Option<f64> {
        self.inner.uniform_weight()
    }

    fn reweighted(&self, weights: &[f64]) -> Result<Self, DataError> {
        Ok(Self { inner: self.inner.reweighted(weights)?, log: self.log })
    }

    fn predict(&self, eta: &[f64], mean: &mut [f64]) {
        self.inner.predict(eta, mean);
    }
}

impl<P: Penalties> Penalties for Watched<'_, P> {
    type At<'a>
        = Watched<'a, P::At<'a>>
    where
        Self: 'a;

    fn at(&self, lambda: f64) -> Self::At<'_> {
        Watched { inner: self.inner.at(lambda), log: self.log }
    }

    fn is_free(&self, b: usize) -> bool {
        self.inner.is_free(b)
    }

    fn with_coefficients(self, p: usize) -> Result<Self, FitError> {
        Ok(Self { inner: self.inner.with_coefficients(p)?, log: self.log })
    }
}

impl<T: Terms> Terms for Watched<'_, T> {
    fn blocks(&self) -> usize {
        self.inner.blocks()
    }

    fn columns(&self, b: usize) -> Block<'_> {
        self.inner.columns(b)
    }

    fn block_of(&self, j: usize) -> usize {
        self.inner.block_of(j)
    }

    fn value(&self, b: usize, x: &[f64]) -> f64 {
        let value = self.inner.value(b, x);
        self.log.with(|seen| {
            seen.penalty = if b == 0 { value } else { seen.penalty + value };
            if b + 1 == self.blocks() {
                seen.ended |= self.log.proximal.swap(false, Ordering::Relaxed) && !seen.objectives.is_empty();
                if !seen.ended {
                    seen.objectives.push((seen.loss + seen.penalty, self.log.begun.elapsed().as_secs_f64()));
                }
            }
        });
        value
    }

    fn prox(&self, b: usize, x: &mut [f64], rate: f64) {
        self.log.proximal.store(true, Ordering::Relaxed);
        self.inner.prox(b, x, rate);
    }

    fn gap(&self, b: usize, x: &[f64], g: &mut [f64]) -> f64 {
        self.inner.gap(b, x, g)
    }

    fn is_convex(&self) -> bool {
        self.inner.is_convex()
    }

    fn convexity(&self, b: usize) -> f64 {
        self.inner.convexity(b)
    }

    fn is_interior(&self, b: usize, x: f64) -> bool {
        self.inner.is_interior(b, x)
    }
}
