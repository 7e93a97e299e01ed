//! Cyclic block coordinate descent with variance reduction, for finite sums.
//!
//! Minimizes `F = (1/n) Σ fᵢ + p` for a separable p. For each block j in turn, at the point x that holds this cycle's blocks before j
//! and the last cycle's from j on, and x₋ the same one cycle earlier:
//!
//! 1. `v_j = ∇_j f(x)` by all n terms with probability `b/(n + b)`, and always in the first cycle;
//!    else `v_j += (1/b) Σ (∇_j fᵢ(x) - ∇_j fᵢ(x₋))` over b random terms;
//! 2. `x_j = prox_{t p}(x_j - t v_j)`.
//!
//! Reference: Cai, Song, Wright & Diakonikolas, "Cyclic block coordinate descent with variance reduction for composite nonconvex
//! optimization", ICML 2023, algorithm 2 (VRO-CCD), with the estimator of Li, Bao, Zhang & Richtárik, "PAGE", 2021. Where all terms are asked the value and
//! the whole gradient at x come with them: there the best point is found and the gap tested, and there the rate is halved, and the
//! solve begun again at the best point, when many such points in a row bring nothing better. Memory: eight vectors. One term a step. The generator of the random
//! terms is part of the memory: the same seed, the same solve. Choose it where n is large and terms are dear.

use nalgebra::SVector;

use crate::composite::point::{Point, inside, readable};
use crate::linalg;
use crate::penalty::Separable;
use crate::problem::FiniteSum;
use crate::random::Generator;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// How many full gradients in a row may bring nothing better before the rate is halved.
const PATIENCE: u32 = 8;

/// Parameters of variance-reduced cyclic coordinate descent.
///
/// ```
/// use thalweg::composite::VarianceReducedCoordinate;
/// use thalweg::penalty::{Each, L1};
/// let method = VarianceReducedCoordinate::new(Each(L1 { strength: 0.1_f32 }), 0.5);
/// assert_eq!(method.validate(), Ok(()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VarianceReducedCoordinate<T, R> {
    /// p.
    pub penalty: R,
    /// t, at most about `1/L` with the Lipschitz constant of the blocks together. Positive.
    pub rate: T,
    /// b, the terms of a small batch; about `√n`. Zero counts as one; default 4.
    pub batch: u32,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
}

impl<T: Real, R: Separable<T>> VarianceReducedCoordinate<T, R> {
    /// The default parameters with a penalty and a rate.
    pub const fn new(penalty: R, rate: T) -> Self {
        Self { penalty, rate, batch: 4, gap_tolerance: T::SQRT_EPSILON }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.rate)?;
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for the first term at the start.
    Start,
    /// Ask for all terms at x.
    Full,
    /// Ask for a random term at x.
    Here,
    /// Ask for the same term at x₋.
    Before,
    Done(Status),
}

/// Memory of [`VarianceReducedCoordinate`] with blocks of B coordinates; B divides N.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct VarianceReducedState<T: Real, const N: usize, const B: usize = 1> {
    best: Point<T, N>,
    /// x.
    x: SVector<T, N>,
    /// x₋.
    before: SVector<T, N>,
    /// v.
    estimate: SVector<T, N>,
    /// The sum of the gradients, or of their differences, so far.
    sum: SVector<T, N>,
    /// The sum of the values so far.
    total: T,
    /// Terms summed so far.
    summed: usize,
    /// The random term.
    term: usize,
    /// The block whose turn it is.
    block: usize,
    /// Whether the first cycle is over.
    warm: bool,
    /// What `rate` is multiplied with.
    caution: T,
    /// Full gradients since the best point last changed.
    fruitless: u32,
    generator: Generator,
    phase: Phase,
}

impl<T: Real, const N: usize, const B: usize> VarianceReducedState<T, N, B> {
    /// A memory at a starting point with seed 1; a point outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self::seeded(x, 1)
    }

    /// As [`new`](Self::new), with a seed of the random terms.
    #[must_use]
    pub const fn seeded(x: SVector<T, N>, seed: u64) -> Self {
        const { assert!(B > 0 && N.is_multiple_of(B), "B divides N") };
        Self {
            best: Point::new(x),
            x,
            before: x,
            estimate: linalg::zeros(),
            sum: linalg::zeros(),
            total: T::ZERO,
            summed: 0,
            term: 0,
            block: 0,
            warm: false,
            caution: T::ONE,
            fruitless: 0,
            generator: Generator::new(seed),
            phase: Phase::Start,
        }
    }

    /// Begins again at the best point with half the rate.
    fn retreat(&mut self) -> Status {
        self.caution *= T::HALF;
        if !(self.caution > T::EPSILON) {
            return Status::Stalled(Stall::NoDescent);
        }
        (self.x, self.before) = (self.best.x, self.best.x);
        (self.block, self.warm, self.fruitless) = (0, false, 0);
        self.collect(Phase::Full);
        Status::Running
    }

    /// Opens a sum.
    fn collect(&mut self, phase: Phase) {
        (self.sum, self.total, self.summed, self.phase) = (linalg::zeros(), T::ZERO, 0, phase);
    }
}

impl<T: Real, const N: usize, const B: usize, R: Separable<T>, P: FiniteSum<T, N>>
    Method<P, VarianceReducedState<T, N, B>> for VarianceReducedCoordinate<T, R>
{
    fn step(&self, state: &mut VarianceReducedState<T, N, B>, problem: &mut P) -> Result<Status, P::Error> {
        let mut gradient = linalg::zeros();
        let terms = problem.terms();
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start | Phase::Full if terms == 0 => Status::Stalled(Stall::NoData),
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = inside(&self.penalty, &state.x, self.rate);
                    let value = problem.term(0, &start, &mut gradient)?;
                    (state.x, state.before) = (start, start);
                    self.gather(state, terms, value, &gradient)
                }
            }
            Phase::Full => {
                let value = problem.term(state.summed, &state.x, &mut gradient)?;
                self.gather(state, terms, value, &gradient)
            }
            Phase::Here => {
                problem.term(state.term, &state.x, &mut gradient)?;
                state.sum += gradient;
                state.phase = Phase::Before;
                Status::Running
            }
            Phase::Before => {
                problem.term(state.term, &state.before, &mut gradient)?;
                state.sum -= gradient;
                state.summed = state.summed.saturating_add(1);
                self.sample(state, terms)
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, R: Separable<T>> VarianceReducedCoordinate<T, R> {
    /// Adds a term to the full gradient; at the last one, what is known of x.
    fn gather<const N: usize, const B: usize>(
        &self,
        state: &mut VarianceReducedState<T, N, B>,
        terms: usize,
        value: T,
        gradient: &SVector<T, N>,
    ) -> Status {
        state.phase = Phase::Full;
        state.sum += gradient;
        state.total += value;
        state.summed = state.summed.saturating_add(1);
        if state.summed < terms {
            return Status::Running;
        }
        let share = T::ONE / T::of_usize(terms);
        let point = Point::of(&self.penalty, state.x, state.total * share, state.sum * share);
        let better = point.improve(&mut state.best);
        let status = state.best.status(self.gap_tolerance);
        if status != Status::Running {
            return status;
        }
        if !point.is_smooth() {
            return state.retreat();
        }
        state.fruitless = if better { 0 } else { state.fruitless.saturating_add(1) };
        if state.fruitless > PATIENCE {
            return state.retreat();
        }
        let first = state.block.wrapping_mul(B);
        for (v, &g) in state.estimate.iter_mut().zip(point.gradient.iter()).skip(first).take(B) {
            *v = g;
        }
        self.advance(state, terms)
    }

    /// Goes on with the small batch, or ends it.
    fn sample<const N: usize, const B: usize>(
        &self,
        state: &mut VarianceReducedState<T, N, B>,
        terms: usize,
    ) -> Status {
        let batch = self.batch.max(1) as usize;
        if state.summed < batch {
            state.term = state.generator.below(terms);
            state.phase = Phase::Here;
            return Status::Running;
        }
        let share = T::ONE / T::of_usize(batch);
        let first = state.block.wrapping_mul(B);
        for (v, &sum) in state.estimate.iter_mut().zip(state.sum.iter()).skip(first).take(B) {
            *v += sum * share;
        }
        if linalg::all_finite(&state.estimate) { self.advance(state, terms) } else { state.retreat() }
    }

    /// Step 2, and how the next block is to be estimated.
    fn advance<const N: usize, const B: usize>(
        &self,
        state: &mut VarianceReducedState<T, N, B>,
        terms: usize,
    ) -> Status {
        let rate = self.rate * state.caution;
        let first = state.block.wrapping_mul(B);
        let block = state.x.iter_mut().zip(state.before.iter_mut()).zip(state.estimate.iter()).enumerate();
        for (j, ((x, before), &v)) in block.skip(first).take(B) {
            *before = *x;
            *x = self.penalty.prox_at(j, *x - rate * v, rate);
        }
        let next = state.block.wrapping_add(1);
        state.block = if next < N / B { next } else { 0 };
        state.warm |= state.block == 0;
        let batch = self.batch.max(1) as usize;
        let full = !state.warm || state.generator.below(terms.saturating_add(batch)) < batch;
        state.collect(if full { Phase::Full } else { Phase::Here });
        if !full {
            state.term = state.generator.below(terms);
        }
        Status::Running
    }
}

readable!(VarianceReducedState, B);
