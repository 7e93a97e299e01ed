//! Methods that know the design only by the products `X̃β` and `X̃ᵀv`.
//!
//! The variable is β followed by the intercepts, which have no penalty. L bounds the curvature of F from above; it is computed once
//! for a path where the datafit has a bound that holds everywhere, and at the start of each fit where it has none.

mod accelerated;
mod conjugate_gradient;
mod curvature;
mod smooth;
mod split;

use core::ops::ControlFlow;

use std::vec::Vec;

use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::regression::Solver;
use crate::sparse::solve::{Ended, Engine};
use crate::sparse::terms::Terms;

use accelerated::{Momentum, Scheme};
use smooth::Smooth;
use split::Split;

/// Iterations to a unit of the budget: each costs about what a cycle of coordinate descent does.
const ITERATIONS: usize = 100;

/// A method, and L once it is known.
#[derive(Debug)]
pub(crate) struct FirstOrder {
    solver: Solver,
    bound: Option<f64>,
}

/// When to stop.
pub(super) struct Limits<'a> {
    pub(super) tolerance: f64,
    pub(super) iterations: usize,
    pub(super) proceed: &'a mut dyn FnMut() -> ControlFlow<()>,
}

/// L, and whether it holds everywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lipschitz {
    pub(super) constant: f64,
    pub(super) certain: bool,
}

impl FirstOrder {
    /// The method of this name, if it is one of first order.
    pub(crate) fn named(solver: Solver) -> Option<Self> {
        let is_known =
            matches!(solver, Solver::AcceleratedGradient(_) | Solver::ProximalGradient | Solver::ConjugateGradient);
        is_known.then_some(Self { solver, bound: None })
    }

    /// As [`Engine::solve`], over all columns; a unit of the budget is a hundred iterations.
    pub(crate) fn solve<D: Design, F: Datafit, T: Terms>(
        &mut self,
        engine: &mut Engine<'_, D, F>,
        terms: &T,
        tolerance: f64,
        budget: usize,
        proceed: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> (Ended, f64) {
        let mut limits = Limits { tolerance, iterations: budget.saturating_mul(ITERATIONS), proceed };
        loop {
            let ended = self.descend(engine, terms, &mut limits);
            let gap = engine.largest_gap(terms);
            if ended != Ended::Converged || !engine.leap(terms) {
                return (ended, gap);
            }
        }
    }

    /// Lowers the objective until no gap is above the tolerance.
    fn descend<D: Design, F: Datafit, T: Terms>(
        &mut self,
        engine: &mut Engine<'_, D, F>,
        terms: &T,
        limits: &mut Limits<'_>,
    ) -> Ended {
        let p = engine.columns.len();
        let mut start = engine.beta.clone();
        if engine.intercept {
            start.extend_from_slice(&engine.intercepts);
        }
        let mut smooth = Smooth::new(&engine.columns, engine.datafit, engine.intercept);
        let split = Split::new(terms, p);
        let mut lipschitz = self.lipschitz(&mut smooth, &engine.eta);
        lipschitz.constant = lipschitz.constant.max(split.concavity()).max(f64::MIN_POSITIVE);
        let before = limits.iterations;
        let (x, ended) = match self.solver {
            Solver::ConjugateGradient => conjugate_gradient::minimize(&mut smooth, &split, lipschitz, start, limits),
            solver => {
                let scheme = match solver {
                    Solver::AcceleratedGradient(damping) if split.is_folded() => Scheme::Damped(damping),
                    Solver::AcceleratedGradient(_) => Scheme::Restarted,
                    _ => Scheme::Plain,
                };
                Momentum::new(scheme, lipschitz, start).minimize(&mut smooth, &split, limits)
            }
        };
        engine.outer += before - limits.iterations;
        engine.correlations.passes += smooth.calls;
        engine.beta.copy_from_slice(&x[..p]);
        if engine.intercept {
            engine.intercepts.copy_from_slice(&x[p..]);
        }
        engine.refresh();
        ended
    }

    fn lipschitz<D: Design, F: Datafit>(&mut self, smooth: &mut Smooth<'_, '_, D, F>, eta: &[f64]) -> Lipschitz {
        if let Some(constant) = self.bound {
            return Lipschitz { constant, certain: true };
        }
        let (constant, certain) = curvature::largest(smooth, eta);
        self.bound = certain.then_some(constant);
        Lipschitz { constant, certain }
    }
}

impl<D: Design, F: Datafit> Engine<'_, D, F> {
    /// The largest gap of a block or an intercept, by a pass over all columns.
    pub(crate) fn largest_gap<T: Terms>(&mut self, terms: &T) -> f64 {
        self.correlations.pass(&self.columns, &self.rho);
        let (mut x, mut g) = (Vec::new(), Vec::new());
        (0..terms.blocks()).fold(self.imbalance(), |largest, block| {
            x.clear();
            x.extend(terms.columns(block).iter().map(|j| self.beta[j]));
            g.clear();
            g.extend(terms.columns(block).iter().map(|j| -self.correlations.estimate[j]));
            largest.max(terms.gap(block, &x, &mut g))
        })
    }

    /// Takes the block with the largest correlations that zero does not minimize, though it is stationary there, to its minimizer.
    fn leap<T: Terms>(&mut self, terms: &T) -> bool {
        let mut worst: Option<(f64, usize, Vec<f64>)> = None;
        for block in 0..terms.blocks() {
            let c: Vec<f64> = terms.columns(block).iter().map(|j| self.correlations.estimate[j]).collect();
            let zero = terms.columns(block).iter().all(|j| self.beta[j] == 0.0);
            if !zero || self.is_idle(terms, block, &c) {
                continue;
            }
            let mut g: Vec<f64> = c.iter().map(|c| -c).collect();
            let size = c.iter().map(|c| c * c).sum();
            let larger = worst.as_ref().is_none_or(|(most, ..)| size > *most);
            if larger && terms.gap(block, &std::vec![0.0; c.len()], &mut g) == 0.0 {
                worst = Some((size, block, c));
            }
        }
        let Some((_, block, mut z)) = worst else { return false };
        let curvature = self.block_curvature(terms, block);
        z.iter_mut().for_each(|z| *z /= curvature);
        terms.prox(block, &mut z, 1.0 / curvature);
        for (j, z) in terms.columns(block).iter().zip(&z) {
            self.beta[j] = *z;
        }
        let before = self.loss;
        self.refresh();
        let lower = self.loss + terms.value(block, &z) < before;
        if !lower {
            for j in terms.columns(block).iter() {
                self.beta[j] = 0.0;
            }
            self.refresh();
        }
        lower
    }
}
