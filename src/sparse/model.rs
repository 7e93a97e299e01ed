//! The quadratic model of the datafit on a working set.

use std::vec;
use std::vec::Vec;

use crate::sparse::columns::Columns;
use crate::sparse::coordinate::{Effort, Working, descend};
use crate::sparse::datafit::Datafit;
use crate::sparse::design::{Design, Weights};
use crate::sparse::gram::Gram;
use crate::sparse::residual::Residual;
use crate::sparse::terms::Terms;

/// The least weight, as a share of its upper bound.
const TRACE: f64 = 1e-9;

/// How a model keeps its second derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// The matrix of the working set.
    Gram,
    /// A vector over the observations.
    Residual,
}

/// Weights W of the observations, and for every column of the working set its centre, `Σ wᵢ xᵢⱼ` and `Σ wᵢ x̃ᵢⱼ²`.
///
/// An intercept is eliminated: columns are centred at their mean under W.
#[derive(Debug)]
pub(crate) struct Model {
    kernel: Kernel,
    intercept: bool,
    /// W, or empty for the weights of a quadratic datafit if they are all the same.
    curvatures: Vec<f64>,
    uniform: f64,
    /// The sum of W over each output.
    pub(crate) totals: Vec<f64>,
    pub(crate) centres: Vec<f64>,
    moments: Vec<[f64; 2]>,
    pub(crate) gram: Gram,
}

impl Model {
    /// A model without columns.
    pub(crate) fn new(kernel: Kernel, intercept: bool) -> Self {
        Self {
            kernel,
            intercept,
            curvatures: Vec::new(),
            uniform: 0.0,
            totals: Vec::new(),
            centres: Vec::new(),
            moments: Vec::new(),
            gram: Gram::default(),
        }
    }

    /// Forgets the columns.
    pub(crate) fn clear(&mut self) {
        self.centres.clear();
        self.moments.clear();
        self.gram.clear();
    }

    /// Keeps the columns at these places, in increasing order.
    pub(crate) fn retain(&mut self, kept: &[usize]) {
        self.centres = kept.iter().map(|&k| self.centres[k]).collect();
        self.moments = kept.iter().map(|&k| self.moments[k]).collect();
        if self.kernel == Kernel::Gram {
            self.gram.retain(kept);
        }
    }

    /// Takes the curvatures of the datafit at η for weights; the columns are forgotten.
    pub(crate) fn weigh<F: Datafit>(&mut self, datafit: &F, eta: &[f64]) {
        self.clear();
        match datafit.uniform_weight() {
            Some(weight) if datafit.is_quadratic() => {
                self.uniform = weight;
                self.curvatures.clear();
                #[allow(clippy::cast_precision_loss, reason = "a count of observations")]
                let total = weight * (eta.len() / datafit.outputs()) as f64;
                self.totals = vec![total; datafit.outputs()];
            }
            _ => {
                self.curvatures.resize(eta.len(), 0.0);
                datafit.curvatures(eta, &mut self.curvatures);
                // Where a loss is flat, a trace of its largest curvature keeps the model from running off.
                let mut bounds = vec![0.0; eta.len()];
                if datafit.curvature_bounds(&mut bounds) {
                    self.curvatures.iter_mut().zip(&bounds).for_each(|(w, bound)| *w = w.max(TRACE * bound));
                }
                self.sum_up(datafit.outputs());
            }
        }
    }

    /// Takes upper bounds of the curvature for weights, so that no step can raise the datafit above its model; `false` if there
    /// are none.
    pub(crate) fn majorize<F: Datafit>(&mut self, datafit: &F) -> bool {
        self.clear();
        self.curvatures.resize(datafit.rows(), 0.0);
        let bounded = datafit.curvature_bounds(&mut self.curvatures);
        self.sum_up(datafit.outputs());
        bounded
    }

    fn sum_up(&mut self, outputs: usize) {
        let segment = self.curvatures.len() / outputs;
        self.totals = self.curvatures.chunks(segment).map(|w| w.iter().sum()).collect();
    }

    fn weights(&self) -> Weights<'_> {
        if self.curvatures.is_empty() { Weights::Uniform(self.uniform) } else { Weights::Each(&self.curvatures) }
    }

    /// Takes in the columns of the working set that it does not have yet.
    pub(crate) fn extend<D: Design>(&mut self, columns: &Columns<'_, D>, working: &Working) {
        for &j in &working.columns[self.centres.len()..] {
            let total = self.totals[columns.design.output(j)];
            let weights = self.weights();
            let (centre, moment) = if self.curvatures.is_empty() && (columns.is_centred() || !self.intercept) {
                (columns.centre(j), [columns.centre(j) * total, columns.squares[j]])
            } else {
                let [sum, _] = columns.design.moments(j, weights);
                let centre = if self.intercept && total > 0.0 { sum / total } else { columns.centre(j) };
                let factor = columns.factor(j);
                (centre, [sum, columns.design.spread(j, centre, weights) * factor * factor])
            };
            self.centres.push(centre);
            self.moments.push(moment);
        }
        if self.kernel == Kernel::Gram {
            let mut gram = core::mem::take(&mut self.gram);
            gram.extend(columns, &working.columns, &self.centres, self.weights());
            self.gram = gram;
        }
    }

    /// Lowers model and penalty from x, where the datafit has this gradient and ρ.
    #[allow(clippy::too_many_arguments, reason = "the point, the problem and the bounds on effort")]
    pub(crate) fn descend<D: Design, T: Terms>(
        &mut self,
        columns: &Columns<'_, D>,
        terms: &T,
        working: &Working,
        x: &mut [f64],
        gradient: &[f64],
        rho: &[f64],
        floors: &[f64],
        tolerance: f64,
        budget: usize,
    ) -> Effort {
        match self.kernel {
            Kernel::Gram => {
                self.gram.set_gradient(gradient);
                descend(&mut self.gram, terms, working, x, floors, tolerance, budget)
            }
            Kernel::Residual => {
                let mut residual =
                    Residual::new(columns, working, &self.centres, &self.moments, self.weights(), &self.totals, rho);
                descend(&mut residual, terms, working, x, floors, tolerance, budget)
            }
        }
    }

    /// What a step d on the working set, and the imbalance of ρ, change the intercepts by.
    pub(crate) fn intercepts<D: Design>(
        &self,
        columns: &Columns<'_, D>,
        working: &Working,
        d: &[f64],
        rho: &[f64],
    ) -> Vec<f64> {
        let outputs = self.totals.len();
        if !self.intercept {
            return vec![0.0; outputs];
        }
        let segments = rho.chunks(rho.len() / outputs).zip(&self.totals);
        let mut changes: Vec<f64> =
            segments.map(|(rho, &total)| if total > 0.0 { rho.iter().sum::<f64>() / total } else { 0.0 }).collect();
        for ((&j, &d), &centre) in working.columns.iter().zip(d).zip(&self.centres) {
            changes[columns.design.output(j)] -= d * columns.factor(j) * (centre - columns.centre(j));
        }
        changes
    }
}
