//! Cyclic block coordinate descent with proximal steps, by an oracle of partial gradients.
//!
//! Minimizes `F = f + p` for a separable p. For each block in turn, with its partial gradient `g` and its own rate t:
//!
//! 1. `z = prox_{t p}(x - t g)` on the block, all else unchanged;
//! 2. accept if `f(z) ≤ f(x) + ⟨g, z - x⟩ + ‖z - x‖²/(2t)`, else shorten t to what the values found, at least by half.
//!
//! Reference: Cai, Song, Wright & Diakonikolas, "Cyclic block coordinate descent with variance reduction for composite nonconvex
//! optimization", 2023, algorithm 1 (P-CCD); the rates by backtracking as in proximal gradient. F falls with every step. The
//! question about the next block is asked at the trial of this one, so that a block costs one partial gradient with value.
//! Memory: three vectors. Stops after a whole sweep at one and the same point has shown the gap. Choose it where a block costs much less than
//! a gradient, as with residuals kept by the oracle; for a quadratic f the subproblem of
//! [`ProximalNewton`](crate::composite::ProximalNewton) is exact coordinate descent with a maintained gradient.

use nalgebra::SVector;

use crate::composite::point::inside;
use crate::linalg::{self, entries};
use crate::penalty::Separable;
use crate::problem::Partial;
use crate::ranges::{at_least, tolerance};
use crate::real::{Real, haze, magnitude};
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Parameters of cyclic block coordinate descent.
///
/// ```
/// use thalweg::{Method, composite::{CyclicBlockCoordinate, CyclicState}, penalty::{Each, L1}, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut cost = Quadratic { hessian: matrix![2.0, 1.0; 1.0, 2.0], linear: vector![-3.0, -1.0], constant: 0.0 };
/// let method = CyclicBlockCoordinate::new(Each(L1 { strength: 0.5 }));
/// let mut state = CyclicState::<f64, 2, 1>::new(vector![0.0, 0.0]);
/// let status = method.run(&mut state, &mut cost, 1000).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.25, 0.0]).norm() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CyclicBlockCoordinate<T, R> {
    /// p.
    pub penalty: R,
    /// [`Criterion::Gap`]: `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The first rate of each block. Positive; default 1.
    pub initial_rate: T,
    /// The factor of a block's rate after an accepted step. At least 1 and finite; default 1.
    pub growth: T,
}

impl<T: Real, R: Separable<T>> CyclicBlockCoordinate<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self { penalty, gap_tolerance: T::SQRT_EPSILON, initial_rate: T::ONE, growth: T::ONE }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        at_least(T::ONE, self.growth)?;
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for the first block at the start.
    Start,
    /// Ask for the next block at the trial of this one.
    Trial,
    /// Ask for one block after the other at x.
    Verify,
    Done(Status),
}

/// Memory of [`CyclicBlockCoordinate`] with blocks of B coordinates; B divides N.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct CyclicState<T: Real, const N: usize, const B: usize = 1> {
    /// The best point.
    x: SVector<T, N>,
    /// `f(x)`.
    smooth: T,
    /// `F(x)`.
    value: T,
    /// `|F|` at the start.
    scale: T,
    /// The gap at x once it is known.
    gap: T,
    /// The rate of the block of each coordinate.
    rates: SVector<T, N>,
    /// The block whose turn it is, or which is verified.
    block: usize,
    /// Its partial gradient at x.
    gradient: SVector<T, B>,
    /// The sum of the squared gaps of the blocks of this sweep.
    swept: T,
    /// The gap of the last sweep.
    before: T,
    /// Whether this sweep has made a step that rounding does not hide.
    moved: bool,
    phase: Phase,
}

impl<T: Real, const N: usize, const B: usize> CyclicState<T, N, B> {
    /// A memory at a starting point; one outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        const { assert!(B > 0 && N.is_multiple_of(B), "B divides N") };
        Self {
            x,
            smooth: T::INFINITY,
            value: T::INFINITY,
            scale: T::INFINITY,
            gap: T::INFINITY,
            rates: linalg::zeros(),
            block: 0,
            gradient: linalg::zeros(),
            swept: T::ZERO,
            before: T::INFINITY,
            moved: false,
            phase: Phase::Start,
        }
    }

    /// The best point so far.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.x
    }

    /// `F` at [`x`](Self::x); infinite before the first step.
    #[must_use]
    pub const fn value(&self) -> T {
        self.value
    }

    /// The distance of `-∇f` to `∂p` at [`x`](Self::x) after convergence; infinite before.
    #[must_use]
    pub const fn gap(&self) -> T {
        self.gap
    }

    /// The block after this one.
    const fn next(&self) -> usize {
        let next = self.block.wrapping_add(1);
        if next < N / B { next } else { 0 }
    }
}

impl<T: Real, const N: usize, const B: usize, R: Separable<T>, P: Partial<T, N, B>> Method<P, CyclicState<T, N, B>>
    for CyclicBlockCoordinate<T, R>
{
    fn step(&self, state: &mut CyclicState<T, N, B>, problem: &mut P) -> Result<Status, P::Error> {
        let mut gradient = linalg::zeros();
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = inside(&self.penalty, &state.x, self.initial_rate);
                    let smooth = problem.partial(0, &start, &mut gradient)?;
                    let value = smooth + self.penalty.value(entries(&start));
                    if value.is_finite() && linalg::all_finite(&gradient) && linalg::all_finite(&start) {
                        state.scale = value.abs();
                        (state.x, state.smooth, state.value, state.gradient) = (start, smooth, value, gradient);
                        state.rates = SVector::from_element(self.initial_rate);
                        state.swept = self.squared_gap(state, 0, &gradient);
                        state.phase = Phase::Trial;
                        Status::Running
                    } else {
                        Status::Stalled(Stall::NonFinite)
                    }
                }
            }
            Phase::Trial => {
                let trial = self.trial(state);
                let smooth = problem.partial(state.next(), &trial, &mut gradient)?;
                self.judge(state, &trial, smooth, &gradient)
            }
            Phase::Verify => {
                let smooth = problem.partial(state.block, &state.x, &mut gradient)?;
                self.verify(state, smooth, &gradient)
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, R: Separable<T>> CyclicBlockCoordinate<T, R> {
    /// Step 1.
    fn trial<const N: usize, const B: usize>(&self, state: &CyclicState<T, N, B>) -> SVector<T, N> {
        let mut trial = state.x;
        let first = state.block.wrapping_mul(B);
        let block = trial.iter_mut().zip(state.rates.iter()).enumerate().skip(first).zip(state.gradient.iter());
        for ((j, (x, &rate)), &g) in block {
            *x = self.penalty.prox_at(j, *x - rate * g, rate);
        }
        trial
    }

    /// Step 2, after the oracle's answer about the next block.
    fn judge<const N: usize, const B: usize>(
        &self,
        state: &mut CyclicState<T, N, B>,
        trial: &SVector<T, N>,
        smooth: T,
        gradient: &SVector<T, B>,
    ) -> Status {
        let first = state.block.wrapping_mul(B);
        let d = *trial - state.x;
        let length = linalg::dot(&d, &d);
        let along = d.iter().skip(first).zip(state.gradient.iter()).fold(T::ZERO, |sum, (&d, &g)| sum + d * g);
        let rate = entries(&state.rates).get(first).copied().unwrap_or(T::ONE);
        let rise = smooth - state.smooth - along;
        let slack = haze(state.smooth, smooth);
        let value = smooth + self.penalty.value(entries(trial));
        let finite = value.is_finite() && linalg::all_finite(gradient) && linalg::all_finite(trial);
        let holds = finite && T::TWO * rate * rise <= length + slack * rate;
        let factor = if holds {
            self.growth
        } else {
            let found = length / (T::TWO * rise) / rate;
            if found > T::ZERO && found < T::HALF { found } else { T::HALF }
        };
        for rate in state.rates.iter_mut().skip(first).take(B) {
            *rate *= factor;
        }
        if !holds {
            // Not even a step of nothing has a value: the oracle contradicts itself.
            let stuck = *trial == state.x;
            return if stuck { Status::Stalled(Stall::NoDescent) } else { Status::Running };
        }
        state.moved |= length > slack * rate;
        (state.x, state.smooth, state.value, state.gradient) = (*trial, smooth, value, *gradient);
        state.block = state.next();
        if state.block == 0 {
            let swept = state.swept.sqrt();
            state.swept = T::ZERO;
            if self.is_small(state, swept) {
                state.phase = Phase::Verify;
                return Status::Running;
            }
            if !state.moved && !(swept < state.before) {
                return Status::Stalled(Stall::NoDescent);
            }
            state.before = swept;
            state.moved = false;
        }
        state.swept += self.squared_gap(state, state.block, gradient);
        Status::Running
    }

    /// Sums up the gap at x; the sweeps go on where it is too large.
    fn verify<const N: usize, const B: usize>(
        &self,
        state: &mut CyclicState<T, N, B>,
        smooth: T,
        gradient: &SVector<T, B>,
    ) -> Status {
        if state.block == 0 {
            state.gradient = *gradient;
        }
        if !(smooth.is_finite() && linalg::all_finite(gradient)) {
            return Status::Stalled(Stall::NonFinite);
        }
        state.swept += self.squared_gap(state, state.block, gradient);
        state.block = state.next();
        if state.block > 0 {
            return Status::Running;
        }
        let gap = state.swept.sqrt();
        if self.is_small(state, gap) {
            state.gap = gap;
            return Status::Converged(Criterion::Gap);
        }
        if !state.moved {
            return Status::Stalled(Stall::NoDescent);
        }
        state.moved = false;
        state.swept = self.squared_gap(state, 0, &state.gradient);
        state.phase = Phase::Trial;
        Status::Running
    }

    fn is_small<const N: usize, const B: usize>(&self, state: &CyclicState<T, N, B>, gap: T) -> bool {
        gap <= self.gap_tolerance * magnitude(state.value, state.scale)
    }

    /// The squared gap of one block at x.
    fn squared_gap<const N: usize, const B: usize>(
        &self,
        state: &CyclicState<T, N, B>,
        block: usize,
        gradient: &SVector<T, B>,
    ) -> T {
        let coordinates = state.x.iter().enumerate().skip(block.wrapping_mul(B)).zip(gradient.iter());
        coordinates.fold(T::ZERO, |sum, ((j, &x), &g)| sum + self.penalty.gap_at(j, x, g).squared())
    }
}

impl<T: Real, const N: usize, const B: usize> From<SVector<T, N>> for CyclicState<T, N, B> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
