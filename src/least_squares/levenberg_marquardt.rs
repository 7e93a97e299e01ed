//! Levenberg-Marquardt over streamed samples.
//!
//! Minimizes `F(x) = ½ Σ rᵢ(x)²` inside an optional box. One iteration:
//!
//! 1. the step `p` minimizes `½‖r + Jp‖²` subject to `‖Dp‖ ≤ Δ` and the box, `Dⱼ = max ‖Jⱼ‖` so far;
//! 2. all samples at `x + p` are streamed, a block a step, into cost, `JᵀJ` (or its square root) and `Jᵀr`;
//! 3. `ρ = (F(x) - F(x + p)) / (model decrease)`: accept if `ρ ≥ 10⁻⁴`; shrink Δ if `ρ ≤ ¼`, grow it if `ρ ≥ ¾`.
//!
//! Reference: Moré, "The Levenberg-Marquardt algorithm: implementation and theory" (1978), and MINPACK's `lmder` and
//! `lmpar`. Departures: the linearization is gathered with the trial cost, in one pass over the samples, and a pass ends as
//! soon as its partial cost exceeds the accepted one; there is no column pivoting, a singular model is regularized by
//! `Nε‖Jⱼ‖²` on the diagonal instead.
//!
//! Memory: two systems of N² + N scalars, three vectors and a block of four rows, whatever the number of samples. Work: one block of samples a
//! step, and O(N³) in the step that ends a pass.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, SquareRoot, System};
use crate::least_squares::bounds::{Bounds, Domain, Everywhere};
use crate::least_squares::trust_region::Model;
use crate::linalg;
use crate::problem::{Block, Rows};
use crate::real::Real;
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Parameters of the Levenberg-Marquardt method.
///
/// Beside the tolerances, two inequalities end a solve of `m` samples, with `p` the step and `P` the decrease it promises:
/// [`Stall::Flat`] in the place of [`Criterion::Decrease`] if `‖Dp‖ > ‖Dx‖/100`, `‖D(x + p)‖ > ‖Dx‖` and
/// `ε^1.5 F < P < ‖Dp‖²/200`; [`Stall::NoDescent`] if `p` is limited by Δ and `P ≤ 8ε√m F` or `Δ ≤ step_tolerance · ‖Dx‖`.
///
/// ```
/// use nalgebra::{Vector2, vector};
/// use thalweg::{Method, least_squares::LevenbergMarquardt, problem::row_fn};
/// let (t, y) = ([0.0, 1.0, 2.0, 3.0], [4.0, 2.0, 1.0, 0.5]); // y = a exp(-b t)
/// let mut problem = row_fn(4, |i, x: &Vector2<f64>, g: &mut Vector2<f64>| {
///     let e = libm::exp(-x[1] * t[i]);
///     *g = vector![e, -x[0] * t[i] * e];
///     x[0] * e - y[i]
/// });
/// let (fit, _) = LevenbergMarquardt::default().solve(vector![1.0, 0.1], &mut problem, 100).unwrap();
/// assert!((fit.x() - vector![4.0, 2.0_f64.ln()]).amax() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LevenbergMarquardt<T, D = Everywhere> {
    /// [`Criterion::Gradient`]: `|Jⱼᵀr| ≤ gradient_tolerance · ‖Jⱼ‖ · √(2F)` for every j that is not held at a bound.
    /// Zero or more; default ε.
    pub gradient_tolerance: T,
    /// [`Criterion::Decrease`]: the undamped model promises a decrease of at most `decrease_tolerance · F`, or one that
    /// rounding hides and a trial did not find. Zero or more; default 4ε. The remaining error is then at most `√(decrease_tolerance · (m - n))` standard errors.
    pub decrease_tolerance: T,
    /// [`Criterion::Step`]: the undamped step has `‖Dp‖ ≤ step_tolerance · ‖Dx‖`. Zero or more; default 2ε.
    pub step_tolerance: T,
    /// The first radius is `initial_radius · ‖Dx₀‖`, or `initial_radius` where that is zero. Positive; default 100.
    pub initial_radius: T,
    /// Where the parameters may lie.
    pub domain: D,
}

impl<T: Real> Default for LevenbergMarquardt<T> {
    fn default() -> Self {
        Self {
            gradient_tolerance: T::EPSILON,
            decrease_tolerance: T::of_f64(4.0) * T::EPSILON,
            step_tolerance: T::TWO * T::EPSILON,
            initial_radius: T::of_f64(100.0),
            domain: Everywhere,
        }
    }
}

impl<T: Real> LevenbergMarquardt<T> {
    /// The same method inside a box. A start outside is projected onto it.
    pub fn within<const N: usize>(self, bounds: Bounds<T, N>) -> LevenbergMarquardt<T, Bounds<T, N>> {
        LevenbergMarquardt {
            gradient_tolerance: self.gradient_tolerance,
            decrease_tolerance: self.decrease_tolerance,
            step_tolerance: self.step_tolerance,
            initial_radius: self.initial_radius,
            domain: bounds,
        }
    }
}

impl<T: Real, D> LevenbergMarquardt<T, D> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate<const N: usize>(&self) -> Result<(), ConfigError>
    where
        D: Domain<T, N>,
    {
        for tolerance in [self.gradient_tolerance, self.decrease_tolerance, self.step_tolerance] {
            if !(tolerance >= T::ZERO) {
                return Err(ConfigError::Tolerance);
            }
        }
        if !(self.initial_radius > T::ZERO && self.initial_radius.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        self.domain.validate()
    }
}

/// Memory of [`LevenbergMarquardt`] over [`Rows`]: `K` says how samples are accumulated.
///
/// The default is [`SquareRoot`], made by [`new`](Self::new); [`normal`](StreamedState::normal) makes one that accumulates
/// the normal matrix.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct StreamedState<T: Real, const N: usize, K = SquareRoot> {
    /// The best point.
    pub(super) x: SVector<T, N>,
    /// `F(x)`, infinite before the first pass is complete.
    cost: T,
    /// The linearization at `x`.
    pub(super) system: System<T, N>,
    /// The number of samples in it.
    pub(super) samples: usize,
    /// `D`: the largest column norms so far, one where a column has been zero throughout.
    scale: SVector<T, N>,
    /// Δ, zero before the first pass is complete.
    radius: T,
    /// λ of the last step.
    damping: T,
    /// The point being evaluated.
    candidate: SVector<T, N>,
    /// The linearization being gathered there, or the factor of the damped model in between.
    trial: System<T, N>,
    trial_cost: T,
    /// The next sample of the pass.
    next: usize,
    /// The decrease that the model promises at `candidate`, and the slope towards it.
    promise: T,
    slope: T,
    /// Whether the step to `candidate` was not limited by Δ.
    free: bool,
    passes: u32,
    status: Status,
    #[cfg_attr(feature = "serde", serde(skip, default = "Block::new"))]
    block: Block<T, N>,
    accumulation: core::marker::PhantomData<K>,
}

impl<T: Real, const N: usize, K> StreamedState<T, N, K> {
    /// A memory at a starting point, where the accumulation is known from the type.
    #[must_use]
    pub const fn from_point(x: SVector<T, N>) -> Self {
        Self {
            x,
            cost: T::INFINITY,
            system: System::new(),
            samples: 0,
            scale: linalg::zeros(),
            radius: T::ZERO,
            damping: T::ZERO,
            candidate: x,
            trial: System::new(),
            trial_cost: T::ZERO,
            next: 0,
            promise: T::ZERO,
            slope: T::ZERO,
            free: false,
            passes: 0,
            status: Status::Running,
            block: Block::new(),
            accumulation: core::marker::PhantomData,
        }
    }

    /// The best point evaluated so far; the start before the first pass over the samples is complete.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.x
    }

    /// `½ Σ rᵢ²` at [`x`](Self::x); infinite before the first pass over the samples is complete.
    #[must_use]
    pub const fn cost(&self) -> T {
        self.cost
    }

    /// The status after the last step.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The points evaluated so far, the start and rejected ones included.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.passes
    }

    /// The number of samples behind [`cost`](Self::cost); zero before the first pass is complete.
    #[must_use]
    pub const fn samples(&self) -> usize {
        self.samples
    }
}

impl<T: Real, const N: usize> StreamedState<T, N> {
    /// A square-root memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self::from_point(x)
    }
}

impl<T: Real, const N: usize> StreamedState<T, N, crate::least_squares::Normal> {
    /// A normal-matrix memory at a starting point.
    #[must_use]
    pub const fn normal(x: SVector<T, N>) -> Self {
        Self::from_point(x)
    }
}

impl<T: Real, const N: usize, K: Accumulation, D, P> Method<P, StreamedState<T, N, K>> for LevenbergMarquardt<T, D>
where
    D: Domain<T, N>,
    P: Rows<T, N>,
{
    fn step(&self, state: &mut StreamedState<T, N, K>, problem: &mut P) -> Result<Status, P::Error> {
        if state.status != Status::Running {
            return Ok(state.status);
        }
        let samples = problem.rows();
        if state.next == 0 && state.cost == T::INFINITY {
            if let Err(error) = self.validate() {
                state.status = Status::Stalled(Stall::Config(error));
                return Ok(state.status);
            }
            if samples == 0 {
                state.status = Status::Stalled(Stall::NoData);
                return Ok(state.status);
            }
            state.candidate = state.x;
            self.domain.project(&mut state.candidate);
        }
        state.block.clear();
        problem.block(state.next, &state.candidate, &mut state.block)?;
        state.next = state.next.saturating_add(state.block.len().max(1));
        state.trial_cost += state.block.cost();
        K::fold(&mut state.trial, &mut state.block);

        // Costs only grow: a partial sum that is not below the accepted cost has lost already.
        let lost = !(state.trial_cost < state.cost);
        if lost || state.next >= samples {
            state.passes = state.passes.saturating_add(1);
            state.status = self.judge(state, lost, samples);
        }
        Ok(state.status)
    }
}

impl<T: Real, D> LevenbergMarquardt<T, D> {
    /// Accepts or rejects the candidate of a finished pass and prepares the next one.
    fn judge<const N: usize, K: Accumulation>(
        &self,
        state: &mut StreamedState<T, N, K>,
        lost: bool,
        samples: usize,
    ) -> Status
    where
        D: Domain<T, N>,
    {
        let first = state.cost == T::INFINITY;
        let finite =
            (0..N).all(|j| K::column_norm(&state.trial, j).is_finite() && K::gradient(&state.trial, j).is_finite());
        let tested = finite && state.trial_cost.is_finite();
        if first {
            if !tested {
                return Status::Stalled(Stall::NonFinite);
            }
            self.accept(state, samples);
            return self.propose(state, true);
        }
        // A pass that ended early is extrapolated, only to choose how far to retreat.
        let (seen, all) = (T::of_usize(state.next.min(samples)), T::of_usize(samples));
        let decrease = state.cost - state.trial_cost * (all / seen);
        let ratio = if tested && !lost { decrease / state.promise } else { -T::ONE };
        let length = linalg::scaled_norm(&state.scale, &(state.candidate - state.x));
        let (quarter, tenth) = (T::of_f64(0.25), T::of_f64(0.1));
        if !(ratio > quarter) {
            let interpolated = T::HALF * state.slope / (state.slope + decrease);
            let shrink = if tested && interpolated > tenth { interpolated.min(T::HALF) } else { tenth };
            state.radius = shrink * state.radius.min(T::of_f64(10.0) * length);
            state.damping /= shrink;
        } else if state.damping == T::ZERO || ratio >= T::of_f64(0.75) {
            state.radius = T::TWO * length;
            state.damping = T::HALF * state.damping;
        }
        let accepted = ratio >= T::of_f64(1e-4);
        if accepted {
            self.accept(state, samples);
        } else if state.free && state.promise <= noise(state) {
            return Status::Converged(Criterion::Decrease);
        }
        self.propose(state, accepted)
    }

    fn accept<const N: usize, K: Accumulation>(&self, state: &mut StreamedState<T, N, K>, samples: usize) {
        state.system.copy_from(&state.trial);
        state.x = state.candidate;
        state.cost = state.trial_cost;
        state.samples = samples;
        for (j, scale) in state.scale.iter_mut().enumerate() {
            let norm = K::column_norm(&state.system, j);
            if norm > *scale {
                *scale = norm;
            } else if *scale == T::ZERO {
                *scale = T::ONE;
            }
        }
    }

    /// Tests for convergence at `x`, the point just accepted or kept after a rejection; if none holds, chooses the next
    /// candidate.
    fn propose<const N: usize, K: Accumulation>(&self, state: &mut StreamedState<T, N, K>, accepted: bool) -> Status
    where
        D: Domain<T, N>,
    {
        let noise = noise(state);
        let model = Model { system: &state.system, scale: &state.scale, x: &state.x, domain: &self.domain };

        let limit = self.gradient_tolerance * (T::TWO * state.cost).sqrt();
        let held = model.held::<K>();
        let stationary = |j: usize| K::gradient(&state.system, j).abs() <= limit * K::column_norm(&state.system, j);
        if (0..N).all(|j| held[j] || stationary(j)) {
            return Status::Converged(Criterion::Gradient);
        }
        let size = model.length(&state.x);
        if state.radius == T::ZERO {
            state.radius = if size > T::ZERO { self.initial_radius * size } else { self.initial_radius };
        }
        // `candidate` holds the step first, then the point. A radius so small that no decrease can be seen says nothing about
        // the point, unless a rejection made it so small.
        let mut enlargements = if accepted { 20 } else { 0 };
        let (step, promise, slope) = loop {
            let step = model.step::<K>(state.radius, state.damping, &mut state.candidate, &mut state.trial);
            let (promise, slope) = model.promise::<K>(&state.candidate);
            if step.free || promise > noise || enlargements == 0 {
                break (step, promise, slope);
            }
            enlargements -= 1;
            state.radius *= T::of_f64(1e3);
            state.damping = T::ZERO;
        };
        let length = model.length(&state.candidate);
        state.candidate += state.x;
        self.domain.project(&mut state.candidate);
        if step.free {
            if length <= self.step_tolerance * size {
                return Status::Converged(Criterion::Step);
            }
            if promise <= self.decrease_tolerance * state.cost {
                // A cost that still sees the step at the scale of D has a minimum nearby, however long the step beside x.
                let fading = promise < T::of_f64(5e-3) * length * length;
                let away = fading && length > T::of_f64(1e-2) * size && model.length(&state.candidate) > size;
                let moving = away && promise > T::EPSILON * T::SQRT_EPSILON * state.cost;
                return if moving { Status::Stalled(Stall::Flat) } else { Status::Converged(Criterion::Decrease) };
            }
        } else if state.radius <= self.step_tolerance * size || !(promise > noise) {
            return Status::Stalled(Stall::NoDescent);
        }
        if !(promise > T::ZERO) {
            return Status::Stalled(Stall::NoDescent);
        }
        if state.passes <= 1 {
            state.radius = state.radius.min(length);
        }
        state.damping = step.damping;
        state.free = step.free;
        state.promise = promise;
        state.slope = slope;
        state.trial.clear();
        state.trial_cost = T::ZERO;
        state.next = 0;
        Status::Running
    }
}

/// The decrease of the cost that rounding hides.
fn noise<T: Real, const N: usize, K>(state: &StreamedState<T, N, K>) -> T {
    T::of_f64(8.0) * T::EPSILON * T::of_usize(state.samples).sqrt() * state.cost
}

impl<T: Real, const N: usize> From<SVector<T, N>> for StreamedState<T, N> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
