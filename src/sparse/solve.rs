//! The fit at one λ: a working set, a quadratic model of the datafit on it, a step that lowers the true objective, and a check
//! of every column before the end. For a quadratic datafit the model is exact; otherwise this is a proximal Newton method
//! (Lee, Sun & Saunders 2014) that keeps its second derivative while it still contracts.

use core::ops::ControlFlow;

use std::vec;
use std::vec::Vec;

use crate::sparse::columns::{Columns, shift};
use crate::sparse::coordinate::{Effort, Working};
use crate::sparse::correlations::Correlations;
use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::model::{Kernel, Model};
use crate::sparse::regression::Entries;
use crate::sparse::terms::Terms;

/// A model is renewed when a step on it leaves more than this share of the gap.
const CONTRACTION: f64 = 0.4;

/// Cycles of coordinate descent on one model.
const CYCLES: usize = 1000;

/// A fit has come to rest after this many models that lowered neither the gap by a tenth nor the objective visibly.
const PATIENCE: usize = 15;

/// How a fit at one λ ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Converged,
    Budget,
    Rounding,
    NotFinite,
    Interrupted,
}

/// The point, the model and what is known of all columns.
#[derive(Debug)]
pub(crate) struct Engine<'a, D, F> {
    pub(crate) columns: Columns<'a, D>,
    pub(crate) datafit: &'a F,
    pub(crate) intercept: bool,
    /// β, on the scale of the columns.
    pub(crate) beta: Vec<f64>,
    pub(crate) intercepts: Vec<f64>,
    /// η and ρ = -∂F/∂η; behind β if the model is closed.
    pub(crate) eta: Vec<f64>,
    pub(crate) rho: Vec<f64>,
    pub(crate) loss: f64,
    pub(crate) correlations: Correlations,
    /// The correlations at the λ before, to extrapolate from.
    pub(crate) previous: Vec<f64>,
    working: Working,
    /// The gradient at the present point, for the first columns of the working set.
    known: Vec<f64>,
    /// Whether a block is in the working set.
    member: Vec<bool>,
    model: Model,
    /// The largest curvature in units of the weights, if there is one and the datafit is not quadratic.
    bound: Option<f64>,
    /// The correlations, intercepts and loss at β = 0, from which a closed model counts.
    origin: Option<(Vec<f64>, Vec<f64>, f64)>,
    pub(crate) effort: Effort,
    pub(crate) outer: usize,
}

impl<'a, D: Design, F: Datafit> Engine<'a, D, F> {
    /// At β = 0 with the intercepts that fit best.
    pub(crate) fn new(columns: Columns<'a, D>, datafit: &'a F, intercept: bool, kernel: Kernel, blocks: usize) -> Self {
        let (n, p) = (datafit.rows(), columns.len());
        let intercept = intercept && datafit.has_intercept();
        let mut engine = Self {
            datafit,
            intercept,
            beta: vec![0.0; p],
            intercepts: vec![0.0; datafit.outputs()],
            eta: vec![0.0; n],
            rho: vec![0.0; n],
            loss: 0.0,
            correlations: Correlations::default(),
            previous: Vec::new(),
            working: Working::default(),
            known: Vec::new(),
            member: vec![false; blocks],
            model: Model::new(kernel, intercept),
            bound: None,
            origin: None,
            effort: Effort::default(),
            outer: 0,
            columns,
        };
        engine.evaluate();
        if !datafit.is_quadratic() {
            let mut bounds = vec![0.0; n];
            if datafit.curvature_bounds(&mut bounds) {
                let ratios =
                    bounds.chunks(datafit.weights().len()).flat_map(|bounds| bounds.iter().zip(datafit.weights()));
                engine.bound = Some(ratios.map(|(b, w)| if *w > 0.0 { b / w } else { 0.0 }).fold(0.0, f64::max));
            }
        }
        for _ in 0..100 {
            engine.model.weigh(datafit, &engine.eta);
            if engine.imbalance() <= 1e-15 {
                break;
            }
            let moved = engine.step(&[], &mut [], 0.0, |_| 0.0)
                || (engine.model.majorize(datafit) && engine.step(&[], &mut [], 0.0, |_| 0.0));
            if !moved {
                break;
            }
        }
        engine
    }

    /// F and ρ at η.
    fn evaluate(&mut self) {
        self.known.clear();
        self.loss = self.datafit.slopes(&self.eta, &mut self.rho);
        self.rho.iter_mut().for_each(|r| *r = -*r);
    }

    /// Recomputes η, ρ and F from the coefficients.
    pub(crate) fn refresh(&mut self) {
        self.eta.fill(0.0);
        let beta = &self.beta;
        self.columns.add(beta.iter().copied().enumerate().filter(|&(_, b)| b != 0.0), &mut self.eta);
        shift(&mut self.eta, &self.intercepts);
        self.evaluate();
    }

    /// The slope of F in the intercepts.
    pub(crate) fn imbalance(&self) -> f64 {
        if !self.intercept {
            return 0.0;
        }
        let segment = self.rho.len() / self.intercepts.len();
        self.rho.chunks(segment).map(|rho| rho.iter().sum::<f64>().abs()).fold(0.0, f64::max)
    }

    /// Whether the model is exact and has every column, so that the observations need not be looked at.
    fn is_closed(&self) -> bool {
        self.origin.is_some()
    }

    /// Goes to given coefficients.
    pub(crate) fn start<T: Terms>(&mut self, terms: &T, coefficients: &Entries, intercepts: &[f64]) {
        self.beta.fill(0.0);
        for (j, value) in coefficients.iter() {
            self.beta[j] = value;
        }
        self.intercepts.copy_from_slice(intercepts);
        self.correlations.error = f64::INFINITY;
        if self.is_closed() {
            self.count_from_origin();
        } else {
            let mut blocks: Vec<usize> = coefficients.indices.iter().map(|&j| terms.block_of(j)).collect();
            blocks.dedup();
            self.refresh();
            self.admit(terms, &blocks);
        }
    }

    /// Puts every column into an exact model.
    pub(crate) fn close<T: Terms>(&mut self, terms: &T) {
        let all: Vec<usize> = (0..terms.blocks()).collect();
        self.admit(terms, &all);
        let origin = self.working.columns.iter().map(|&j| self.correlations.estimate[j]).collect();
        self.origin = Some((origin, self.intercepts.clone(), self.loss));
    }

    /// Begins at β, but for columns without spread, which have no coefficients.
    pub(crate) fn begin<T: Terms>(&mut self, terms: &T, beta: &[f64]) {
        for ((own, &given), &square) in self.beta.iter_mut().zip(beta).zip(&self.columns.squares) {
            *own = if square > 0.0 { given } else { 0.0 };
        }
        let nonzero = |&block: &usize| terms.columns(block).iter().any(|j| self.beta[j] != 0.0);
        let blocks: Vec<usize> = (0..terms.blocks()).filter(nonzero).collect();
        self.known.clear();
        self.correlations.error = f64::INFINITY;
        self.admit(terms, &blocks);
        if self.is_closed() { self.count_from_origin() } else { self.refresh() }
    }

    /// Adds blocks to the working set.
    pub(crate) fn admit<T: Terms>(&mut self, terms: &T, blocks: &[usize]) {
        for &block in blocks {
            if !self.member[block] {
                self.member[block] = true;
                self.working.push(terms, block);
            }
        }
        self.model.extend(&self.columns, &self.working);
    }

    /// Drops the blocks that are zero and far from entering; the gradient is that on the working set.
    fn prune<T: Terms>(&mut self, terms: &T, gradient: &[f64]) {
        let (mut working, mut kept) = (Working::default(), Vec::new());
        for (block, places) in self.working.iter() {
            let active = places.clone().any(|k| self.beta[self.working.columns[k]] != 0.0);
            let near: Vec<f64> = gradient[places.clone()].iter().map(|g| -1.2 * g).collect();
            if active || !self.is_idle(terms, block, &near) {
                working.push(terms, block);
                kept.extend(places);
            } else {
                self.member[block] = false;
            }
        }
        self.model.retain(&kept);
        self.known = kept.iter().map(|&k| gradient[k]).collect();
        self.working = working;
    }

    /// Drops what has become idle, if that is much.
    pub(crate) fn tidy<T: Terms>(&mut self, terms: &T) {
        let active = self.working.columns.iter().filter(|&&j| self.beta[j] != 0.0).count();
        if !self.is_closed() && 10 * self.working.columns.len() > 13 * active + 500 {
            let gradient = self.gradient();
            self.prune(terms, &gradient);
        }
    }

    /// Whether zero is the minimizer of a block whose correlations are c, along it and globally.
    pub(crate) fn is_idle<T: Terms>(&self, terms: &T, block: usize, c: &[f64]) -> bool {
        let curvature = self.block_curvature(terms, block);
        if curvature == 0.0 {
            return true;
        }
        let settles = |z: &mut [f64]| {
            z.iter_mut().for_each(|z| *z /= curvature);
            terms.prox(block, z, 1.0 / curvature);
            z.iter().all(|&z| z == 0.0)
        };
        if let [c] = *c { settles(&mut [c]) } else { settles(&mut c.to_vec()) }
    }

    /// The curvature of F along a block, typically.
    pub(crate) fn block_curvature<T: Terms>(&self, terms: &T, block: usize) -> f64 {
        let typical = self.bound.unwrap_or_else(|| self.typical_curvature());
        typical * terms.columns(block).iter().map(|j| self.columns.squares[j]).fold(0.0, f64::max)
    }

    /// The mean of the model's weights in units of those of the observations.
    fn typical_curvature(&self) -> f64 {
        let outputs = self.model.totals.len().max(1);
        #[allow(clippy::cast_precision_loss, reason = "a few outputs")]
        let mean = self.model.totals.iter().sum::<f64>() / outputs as f64;
        if mean > 0.0 { mean } else { 1.0 }
    }

    /// The blocks outside the working set that zero does not minimize, the worst first, and the largest gap among those that are
    /// let pass because it is within the tolerance.
    fn violators<T: Terms>(&mut self, terms: &T, tolerance: f64) -> (Vec<usize>, f64) {
        self.correlations.bound(&self.rho, self.datafit.weights());
        let mut doubtful = self.doubtful(terms);
        if self.correlations.error > 0.0 {
            if doubtful.len() > terms.blocks() / 8 {
                self.correlations.pass(&self.columns, &self.rho);
                doubtful = self.doubtful(terms);
            } else {
                self.correlate(terms, &doubtful);
            }
        }
        let mut tolerated: f64 = 0.0;
        let mut found: Vec<(f64, usize)> = Vec::new();
        for block in doubtful {
            let c: Vec<f64> = terms.columns(block).iter().map(|j| self.correlations.estimate[j]).collect();
            if !self.is_idle(terms, block, &c) {
                let mut g: Vec<f64> = c.iter().map(|c| -c).collect();
                let gap = terms.gap(block, &vec![0.0; g.len()], &mut g);
                if gap > tolerance || gap == 0.0 {
                    found.push((gap, block));
                } else {
                    tolerated = tolerated.max(gap);
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        (found.into_iter().map(|(_, block)| block).collect(), tolerated)
    }

    /// Sets the correlations of some blocks to what they are.
    pub(crate) fn correlate<T: Terms>(&mut self, terms: &T, blocks: &[usize]) {
        let mut listed = Vec::new();
        blocks.iter().for_each(|&block| listed.extend(terms.columns(block).iter()));
        for (&j, c) in listed.iter().zip(self.columns.dots_of(&listed, &self.rho)) {
            self.correlations.estimate[j] = c;
        }
    }

    /// The blocks outside the working set that are not known to be idle.
    fn doubtful<T: Terms>(&self, terms: &T) -> Vec<usize> {
        let Correlations { estimate, error, .. } = &self.correlations;
        let mut c = Vec::new();
        (0..terms.blocks())
            .filter(|&block| {
                if self.member[block] {
                    return false;
                }
                let mut either = false;
                c.clear();
                for j in terms.columns(block).iter() {
                    let room = error * self.columns.squares[j].sqrt();
                    either |= estimate[j].abs() < room;
                    c.push((estimate[j].abs() + room).copysign(estimate[j]));
                }
                !self.is_idle(terms, block, &c)
                    || (either && {
                        c.iter_mut().for_each(|c| *c = -*c);
                        !self.is_idle(terms, block, &c)
                    })
            })
            .collect()
    }

    /// Takes in what is expected to leave zero at the next λ, if the correlations go on as they did from the one before.
    pub(crate) fn anticipate<T: Terms>(&mut self, terms: &T) {
        self.tidy(terms);
        let outside = if self.correlations.estimate.is_empty() { Vec::new() } else { self.outside() };
        let (estimate, previous) = (&self.correlations.estimate, &self.previous);
        let ahead = |_, j: usize| previous.get(j).map_or(estimate[j], |previous| 2.0 * estimate[j] - previous);
        let entering = self.entering(terms, &outside, ahead);
        self.previous.clone_from(&self.correlations.estimate);
        self.admit(terms, &entering);
    }

    /// The blocks that are not in the working set.
    pub(crate) fn outside(&self) -> Vec<usize> {
        (0..self.member.len()).filter(|&block| !self.member[block]).collect()
    }

    /// Those of some blocks that leave zero if `ahead` gives the correlation of a column of a block: as many as there is room
    /// for, the largest first.
    pub(crate) fn entering<T: Terms>(
        &self,
        terms: &T,
        blocks: &[usize],
        ahead: impl Fn(usize, usize) -> f64,
    ) -> Vec<usize> {
        let mut c = Vec::new();
        let mut found: Vec<(f64, usize)> = Vec::new();
        for &block in blocks {
            c.clear();
            c.extend(terms.columns(block).iter().map(|j| ahead(block, j)));
            if !self.is_idle(terms, block, &c) {
                found.push((c.iter().map(|c| c * c).sum(), block));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(self.room(0));
        found.into_iter().map(|(_, block)| block).collect()
    }

    /// How many blocks may enter at once: as many as there are, or more with every check of all columns, so that these are few.
    fn room(&self, checked: usize) -> usize {
        self.working.blocks.len().max(50 << (2 * checked).min(6))
    }

    /// The gradient on the working set; what is known of it at this point is not computed again.
    fn gradient(&mut self) -> Vec<f64> {
        if let Some((origin, ..)) = &self.origin {
            self.model.gram.set_gradient_from(origin, self.working.columns.iter().map(|&j| self.beta[j]));
            return self.model.gram.gradients().to_vec();
        }
        let Self { columns, working, rho, known, .. } = self;
        known.extend(columns.dots_of(&working.columns[known.len()..], rho).into_iter().map(|c| -c));
        known.clone()
    }

    /// Moves towards x, at places of the working set, as far as the objective falls; `false`, and no move, if it does not. The
    /// gradient is that at the present point, and `penalty` the value of the penalty at places.
    fn step(&mut self, gradient: &[f64], x: &mut [f64], start: f64, penalty: impl Fn(&[f64]) -> f64) -> bool {
        let before: Vec<f64> = self.working.columns[..x.len()].iter().map(|&j| self.beta[j]).collect();
        let d: Vec<f64> = x.iter().zip(&before).map(|(x, b)| x - b).collect();
        let changes = self.model.intercepts(&self.columns, &self.working, &d, &self.rho);
        let mut direction = vec![0.0; self.eta.len()];
        let moved = self.working.columns.iter().zip(&d).filter(|(_, d)| **d != 0.0);
        self.columns.add(moved.map(|(&j, &d)| (j, d)), &mut direction);
        shift(&mut direction, &changes);
        let (eta, rho, loss) = (self.eta.clone(), self.rho.clone(), self.loss);
        let slope = gradient.iter().zip(&d).map(|(g, d)| g * d).sum::<f64>() + penalty(x) - start;
        let mut fraction = 1.0;
        for _ in 0..30 {
            for ((new, old), d) in self.eta.iter_mut().zip(&eta).zip(&direction) {
                *new = old + fraction * d;
            }
            if fraction < 1.0 {
                x.iter_mut().zip(&before).zip(&d).for_each(|((x, b), d)| *x = b + fraction * d);
            }
            self.evaluate();
            let bar = loss + start + 1e-4 * fraction * slope.min(0.0) + 4e-15 * (loss.abs() + start.abs());
            if self.loss + penalty(x) <= bar {
                for (&j, &x) in self.working.columns.iter().zip(x.iter()) {
                    self.beta[j] = x;
                }
                self.intercepts.iter_mut().zip(&changes).for_each(|(b, change)| *b += fraction * change);
                return true;
            }
            fraction *= 0.5;
        }
        (self.eta, self.rho, self.loss) = (eta, rho, loss);
        x.copy_from_slice(&before);
        false
    }

    /// Minimizes at one λ until no gap is above `tolerance`, and returns the largest; without a check, on the working set alone.
    pub(crate) fn solve<T: Terms>(
        &mut self,
        terms: &T,
        tolerance: f64,
        budget: usize,
        check: bool,
        proceed: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> (Ended, f64) {
        let exact = self.datafit.is_quadratic();
        let (mut last, mut stubborn, mut worst) = (f64::INFINITY, 0, f64::INFINITY);
        // Steps for which upper bounds of the curvature still stand in for the curvature.
        let mut bounded = 0_usize;
        let (mut least, mut mark, mut idle) = (f64::INFINITY, f64::INFINITY, 0_usize);
        let mut checked = 0;
        for _ in 0..budget {
            if proceed().is_break() {
                return (Ended::Interrupted, worst);
            }
            self.outer += 1;
            let mut gradient = self.gradient();
            let mut x: Vec<f64> = self.working.columns.iter().map(|&j| self.beta[j]).collect();
            let mut scratch = Vec::new();
            let mut restless = false;
            let mut gap = if self.is_closed() { 0.0 } else { self.imbalance() };
            for (block, places) in self.working.iter() {
                scratch.clear();
                scratch.extend_from_slice(&gradient[places.clone()]);
                if !terms.is_convex() && x[places.clone()].iter().all(|&x| x == 0.0) {
                    // Zero can be stationary, or even steep, and yet no minimizer.
                    let c: Vec<f64> = gradient[places.clone()].iter().map(|g| -g).collect();
                    restless |= !self.is_idle(terms, block, &c);
                }
                gap = terms.gap(block, &x[places], &mut scratch).max(gap);
            }
            if !(gap.is_finite() && self.loss.is_finite()) {
                return (Ended::NotFinite, gap);
            }
            worst = gap;
            if gap < 0.9 * least {
                (least, mark, idle) = (gap, f64::INFINITY, 0);
            } else {
                idle += 1;
                if idle % PATIENCE == 0 {
                    let now = self.loss + self.penalty(terms);
                    if mark.is_finite() && !(now < mark - 1e-9 * mark.abs()) {
                        return (Ended::Rounding, gap);
                    }
                    mark = now;
                }
            }
            if gap <= tolerance && !(restless && idle < PATIENCE) {
                if self.is_closed() || !check {
                    return (Ended::Converged, gap);
                }
                let (mut violators, tolerated) = self.violators(terms, tolerance);
                if violators.is_empty() {
                    return (Ended::Converged, gap.max(tolerated));
                }
                violators.truncate(self.room(checked));
                checked += 1;
                self.admit(terms, &violators);
                (last, worst, least) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
                continue;
            }
            bounded = bounded.saturating_sub(1);
            if !exact && bounded == 0 && (gap > CONTRACTION * last || self.model.centres.is_empty()) {
                self.prune(terms, &gradient);
                self.model.weigh(self.datafit, &self.eta);
                self.model.extend(&self.columns, &self.working);
                gradient = self.gradient();
                x = self.working.columns.iter().map(|&j| self.beta[j]).collect();
            }
            last = gap;
            let inner = if exact { 0.3 * tolerance } else { (0.05 * gap).max(0.3 * tolerance) };
            let (rho, columns) = (&self.rho, &self.columns);
            // By the largest curvature a coordinate moves as in a descent on the datafit itself. Without that, a jump over a
            // barrier of the penalty would rest on a curvature that holds only nearby.
            let floors: Vec<f64> = match self.bound {
                Some(bound) if !terms.is_convex() => {
                    self.working.columns.iter().map(|&j| bound * columns.squares[j]).collect()
                }
                _ => Vec::new(),
            };
            let effort =
                self.model.descend(columns, terms, &self.working, &mut x, &gradient, rho, &floors, inner, CYCLES);
            self.effort.epochs += effort.epochs;
            self.effort.newton += effort.newton;
            if self.is_closed() {
                for (&j, &x) in self.working.columns.iter().zip(&x) {
                    self.beta[j] = x;
                }
                self.count_from_origin();
                stubborn += 1;
                if stubborn > 5 {
                    return (Ended::Rounding, gap);
                }
                continue;
            }
            let working = self.working.clone();
            let penalty = |x: &[f64]| working.iter().map(|(block, places)| terms.value(block, &x[places])).sum::<f64>();
            let start = penalty(&working.columns.iter().map(|&j| self.beta[j]).collect::<Vec<_>>());
            if self.step(&gradient, &mut x, start, penalty) {
                stubborn = 0;
            } else {
                stubborn += 1;
                if stubborn > 1 || !self.model.majorize(self.datafit) {
                    return (Ended::Rounding, gap);
                }
                bounded = 10;
                self.model.extend(&self.columns, &self.working);
            }
        }
        (Ended::Budget, worst)
    }

    /// Loss and intercepts of a closed model.
    fn count_from_origin(&mut self) {
        let Some((origin, intercepts, loss)) = &self.origin else { return };
        let x: Vec<f64> = self.working.columns.iter().map(|&j| self.beta[j]).collect();
        self.model.gram.set_gradient_from(origin, x.iter().copied());
        let fall: f64 =
            self.model.gram.gradients().iter().zip(origin).zip(&x).map(|((g, c), x)| 0.5 * (g - c) * x).sum();
        let changes = self.model.intercepts(&self.columns, &self.working, &x, &self.rho);
        self.loss = loss + fall;
        self.intercepts = intercepts.iter().zip(&changes).map(|(b, change)| b + change).collect();
    }
}
