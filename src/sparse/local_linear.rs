//! Local linear approximation: a nonconvex penalty is fitted as a sequence of weighted l1 (or group lasso) problems.
//!
//! Stage k minimizes `F(β) + Σ_b p_b′(‖β_b⁽ᵏ⁾‖) ‖β_b‖`, which lies above the objective where p is concave in the norm of a block, and
//! touches it at `β⁽ᵏ⁾`. Stages go on until β is stationary for p itself. Reference: Zou & Li, "One-step sparse estimates in
//! nonconcave penalized likelihood models", 2008, section 2.2. A convex penalty is fitted at once; one that is infinitely steep at zero
//! leaves zero where it is.

use core::ops::ControlFlow;

use std::vec::Vec;

use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::solve::{Ended, Engine};
use crate::sparse::terms::{Block, Terms};

/// As [`Engine::solve`]; the budget is that of a stage, and of stages.
pub(crate) fn solve<D: Design, F: Datafit, T: Terms>(
    engine: &mut Engine<'_, D, F>,
    terms: &T,
    tolerance: f64,
    budget: usize,
    proceed: &mut dyn FnMut() -> ControlFlow<()>,
) -> (Ended, f64) {
    if terms.is_convex() {
        return engine.solve(terms, tolerance, budget, true, proceed);
    }
    let mut worst = f64::INFINITY;
    for _ in 0..budget {
        let frozen = Frozen::at(terms, &engine.beta);
        let (ended, gap) = engine.solve(&frozen, 0.5 * tolerance, budget, true, proceed);
        if !matches!(ended, Ended::Converged | Ended::Rounding) {
            return (ended, gap);
        }
        worst = engine.largest_gap(terms);
        if worst <= tolerance {
            return (Ended::Converged, worst);
        }
        if ended == Ended::Rounding {
            return (ended, worst);
        }
    }
    (Ended::Budget, worst)
}

/// Goes to the minimizer of the tangent at zero: the lasso or group lasso that a folded penalty begins as.
pub(crate) fn start<D: Design, F: Datafit, T: Terms>(
    engine: &mut Engine<'_, D, F>,
    terms: &T,
    tolerance: f64,
    budget: usize,
    proceed: &mut dyn FnMut() -> ControlFlow<()>,
) {
    let frozen = Frozen::at(terms, &std::vec![0.0; engine.beta.len()]);
    engine.solve(&frozen, tolerance, budget, true, proceed);
}

/// `Σ_b w_b ‖x_b‖` within the bounds of a penalty.
struct Frozen<'t, T> {
    terms: &'t T,
    /// w.
    weights: Vec<f64>,
}

impl<'t, T: Terms> Frozen<'t, T> {
    /// With the slopes at β.
    fn at(terms: &'t T, beta: &[f64]) -> Self {
        let (mut x, mut g) = (Vec::new(), Vec::new());
        let weights = (0..terms.blocks())
            .map(|block| {
                x.clear();
                x.extend(terms.columns(block).iter().map(|j| beta[j]));
                if x.iter().all(|&x| x == 0.0) {
                    x[0] = f64::MIN_POSITIVE;
                }
                g.clear();
                g.resize(x.len(), 0.0);
                terms.gap(block, &x, &mut g)
            })
            .collect();
        Self { terms, weights }
    }
}

impl<T: Terms> Terms for Frozen<'_, T> {
    fn blocks(&self) -> usize {
        self.terms.blocks()
    }

    fn columns(&self, b: usize) -> Block<'_> {
        self.terms.columns(b)
    }

    fn block_of(&self, j: usize) -> usize {
        self.terms.block_of(j)
    }

    fn value(&self, b: usize, x: &[f64]) -> f64 {
        if self.terms.value(b, x).is_finite() { self.weights[b] * norm(x) } else { f64::INFINITY }
    }

    fn prox(&self, b: usize, x: &mut [f64], rate: f64) {
        let (size, shrink) = (norm(x), rate * self.weights[b]);
        let share = if size <= shrink { 0.0 } else { 1.0 - shrink / size };
        x.iter_mut().for_each(|x| *x *= share);
        if !self.terms.value(b, x).is_finite() {
            // At a vanishing rate only the bounds are left.
            self.terms.prox(b, x, f64::MIN_POSITIVE);
        }
    }

    fn gap(&self, b: usize, x: &[f64], g: &mut [f64]) -> f64 {
        let (size, weight) = (norm(x), self.weights[b]);
        if size == 0.0 {
            return (norm(g) - weight).max(0.0);
        }
        if x.len() == 1 && !self.is_interior(b, x[0]) {
            let mut z = [x[0] - g[0]];
            self.prox(b, &mut z, 1.0);
            return (x[0] - z[0]).abs();
        }
        g.iter_mut().zip(x).for_each(|(g, x)| *g += weight * x / size);
        norm(g)
    }

    fn is_convex(&self) -> bool {
        true
    }

    fn convexity(&self, _: usize) -> f64 {
        0.0
    }

    fn is_interior(&self, b: usize, x: f64) -> bool {
        self.terms.is_interior(b, x)
    }
}

fn norm(x: &[f64]) -> f64 {
    if let [x] = x { x.abs() } else { x.iter().map(|x| x * x).sum::<f64>().sqrt() }
}
