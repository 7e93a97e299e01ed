//! What all least-squares methods share: the best point with its linearization, and the judgement of a trial.
//!
//! Minimizes `F(x) = ½ Σ rᵢ(x)²` over a [`Domain`]. One iteration:
//!
//! 1. a [`Strategy`] chooses a step `p` with `‖Dp‖ ≤ Δ` from the quadratic model, `Dⱼ = max ‖Jⱼ‖` so far;
//! 2. a memory ([`Streamed`](super::StreamedState), [`Dense`](super::DenseState)) gathers cost, `JᵀJ` (or its square root)
//!    and `Jᵀr` at `x + p`;
//! 3. `ρ = (F(x) - F(x + p)) / (model decrease)`: accept if `ρ ≥ 10⁻⁴`, and adapt Δ.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, System};
use crate::least_squares::domain::Domain;
use crate::least_squares::trust_region::{Model, Step};
use crate::linalg::{self, entries, entries_mut};
use crate::real::Real;
use crate::step::{ConfigError, Criterion, Stall, Status};

/// When a least-squares method is done.
///
/// Beside the tolerances, two inequalities end a solve of `m` samples, with `p` the step and `P` the decrease it promises:
/// [`Stall::Flat`] in the place of [`Criterion::Decrease`] if `‖Dp‖ > ‖Dx‖/100`, `‖D(x + p)‖ > ‖Dx‖` and
/// `ε^1.5 F < P < ‖Dp‖²/200`; [`Stall::NoDescent`] if `p` is limited by Δ and `P ≤ 8ε√m F` or `Δ ≤ step · ‖Dx‖`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tolerances<T> {
    /// [`Criterion::Gradient`]: `|Jⱼᵀr| ≤ gradient · ‖Jⱼ‖ · √(2F)` for every j that is not held at a bound. Zero or more;
    /// default ε.
    pub gradient: T,
    /// [`Criterion::Decrease`]: the undamped model promises a decrease of at most `decrease · F`, or one that rounding hides
    /// and a trial did not find. Zero or more; default 4ε. The remaining error is then at most `√(decrease · (m - n))`
    /// standard errors.
    pub decrease: T,
    /// [`Criterion::Step`]: the undamped step has `‖Dp‖ ≤ step · ‖Dx‖`. Zero or more; default 2ε.
    pub step: T,
}

impl<T: Real> Default for Tolerances<T> {
    fn default() -> Self {
        Self { gradient: T::EPSILON, decrease: T::of_f64(4.0) * T::EPSILON, step: T::TWO * T::EPSILON }
    }
}

impl<T: Real> Tolerances<T> {
    /// Checks the documented ranges.
    ///
    /// # Errors
    /// [`ConfigError::Tolerance`] if one is negative or NaN.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Self { gradient, decrease, step } = *self;
        let valid = [gradient, decrease, step].iter().all(|tolerance| *tolerance >= T::ZERO);
        if valid { Ok(()) } else { Err(ConfigError::Tolerance) }
    }
}

/// How a least-squares method steps: [`LevenbergMarquardt`](super::LevenbergMarquardt), [`Dogleg`](super::Dogleg) or
/// [`GaussNewton`](super::GaussNewton). Sealed by the types in its signatures, so that it may change.
pub trait Strategy<T: Real, const N: usize, const A: usize> {
    /// Where the parameters may lie.
    type Domain: Domain<T, N, A>;

    /// Where the parameters may lie.
    fn domain(&self) -> &Self::Domain;

    /// When to stop.
    fn tolerances(&self) -> &Tolerances<T>;

    /// Whether Δ is a search along the full step, which every iteration starts with, and not a trust region.
    const LINE_SEARCH: bool = false;

    /// The first Δ relative to `‖Dx₀‖`; not used by a line search.
    fn initial_radius(&self) -> T {
        T::ONE
    }

    /// Writes a step of length at most about `radius` to `p`, which holds zeros. `scratch` is free.
    fn step<K: Accumulation>(
        &self,
        model: &Model<'_, T, N, A, Self::Domain>,
        radius: T,
        damping: T,
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T>;

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    fn validate(&self) -> Result<(), ConfigError> {
        self.tolerances().validate()?;
        let radius = self.initial_radius();
        if !(radius > T::ZERO && radius.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        self.domain().validate()
    }
}

/// The best point of a fit, its cost, and the linearization there; and the trial under way.
///
/// Every memory of a least-squares method dereferences to it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Fit<T: Real, const N: usize, K, const A: usize = N> {
    /// The best point.
    x: SVector<T, A>,
    /// `F(x)`, infinite before the start is evaluated.
    cost: T,
    /// The linearization at `x`.
    system: System<T, N>,
    /// The number of samples in it.
    samples: usize,
    /// `D`: the largest column norms so far, one where a column has been zero throughout.
    scale: SVector<T, N>,
    /// Δ, zero before the start is evaluated.
    radius: T,
    /// λ of the last step.
    damping: T,
    /// The point being evaluated.
    pub(super) candidate: SVector<T, A>,
    /// The linearization being gathered there, or the factor of the damped model in between.
    pub(super) trial: System<T, N>,
    pub(super) trial_cost: T,
    /// The decrease that the model promises at `candidate`, the slope towards it, and `‖Dp‖`.
    promise: T,
    slope: T,
    length: T,
    /// Whether the step to `candidate` was not limited by Δ.
    free: bool,
    evaluations: u32,
    pub(super) status: Status,
    accumulation: core::marker::PhantomData<K>,
}

impl<T: Real, const N: usize, K, const A: usize> Fit<T, N, K, A> {
    pub(super) const fn at(x: SVector<T, A>) -> Self {
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
            promise: T::ZERO,
            slope: T::ZERO,
            length: T::ZERO,
            free: false,
            evaluations: 0,
            status: Status::Running,
            accumulation: core::marker::PhantomData,
        }
    }

    /// The best point evaluated so far; the start before it is evaluated.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, A> {
        &self.x
    }

    /// `½ Σ rᵢ²` at [`x`](Self::x); infinite before the start is evaluated.
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
        self.evaluations
    }

    /// The number of samples behind [`cost`](Self::cost); zero before the start is evaluated.
    #[must_use]
    pub const fn samples(&self) -> usize {
        self.samples
    }

    /// The linearization at the best point.
    pub(super) const fn system(&self) -> &System<T, N> {
        &self.system
    }

    /// The decrease of the cost that rounding hides.
    fn noise(&self) -> T {
        T::of_f64(8.0) * T::EPSILON * T::of_usize(self.samples).sqrt() * self.cost
    }
}

impl<T: Real, const N: usize, K: Accumulation, const A: usize> Fit<T, N, K, A> {
    /// Before the first evaluation: checks the parameters and projects the start.
    pub(super) fn begin<S: Strategy<T, N, A>>(&mut self, strategy: &S, samples: usize) {
        if self.cost < T::INFINITY {
            return;
        }
        if let Err(error) = strategy.validate() {
            self.status = Status::Stalled(Stall::Config(error));
        } else if samples == 0 {
            self.status = Status::Stalled(Stall::NoData);
        } else {
            self.candidate = self.x;
            strategy.domain().project(&mut self.candidate);
        }
    }

    /// Whether the cost gathered so far is not below the accepted one; costs only grow.
    pub(super) fn lost(&self) -> bool {
        !(self.trial_cost < self.cost)
    }

    /// Accepts or rejects the candidate, of whose `samples` the first `seen` have been gathered, and prepares the next one.
    pub(super) fn judge<S: Strategy<T, N, A>>(&mut self, strategy: &S, seen: usize, samples: usize) {
        self.evaluations = self.evaluations.saturating_add(1);
        let lost = self.lost();
        let finite =
            (0..N).all(|j| K::column_norm(&self.trial, j).is_finite() && K::gradient(&self.trial, j).is_finite());
        let tested = finite && self.trial_cost.is_finite();
        if self.cost == T::INFINITY {
            if tested {
                self.accept(samples);
                self.propose(strategy, true);
            } else {
                self.status = Status::Stalled(Stall::NonFinite);
            }
            return;
        }
        // A pass that ended early is extrapolated, only to choose how far to retreat.
        let decrease = self.cost - self.trial_cost * (T::of_usize(samples) / T::of_usize(seen.min(samples)));
        let ratio = if tested && !lost { decrease / self.promise } else { -T::ONE };
        let (quarter, tenth) = (T::of_f64(0.25), T::of_f64(0.1));
        let accepted = ratio >= T::of_f64(1e-4);
        if accepted && S::LINE_SEARCH {
            self.radius = T::INFINITY;
        } else if !(ratio > quarter) {
            // The minimizer of the parabola through both costs and the slope.
            let interpolated = T::HALF * self.slope / (self.slope + decrease);
            let shrink = if tested && interpolated > tenth { interpolated.min(T::HALF) } else { tenth };
            self.radius = shrink * self.radius.min(T::of_f64(10.0) * self.length);
            self.damping /= shrink;
        } else if self.damping == T::ZERO || ratio >= T::of_f64(0.75) {
            self.radius = T::TWO * self.length;
            self.damping = T::HALF * self.damping;
        }
        if accepted {
            self.accept(samples);
        } else if self.free && self.promise <= self.noise() {
            self.status = Status::Converged(Criterion::Decrease);
            return;
        }
        self.propose(strategy, accepted);
    }

    fn accept(&mut self, samples: usize) {
        self.system.copy_from(&self.trial);
        self.x = self.candidate;
        self.cost = self.trial_cost;
        self.samples = samples;
        for (j, scale) in self.scale.iter_mut().enumerate() {
            let norm = K::column_norm(&self.system, j);
            if norm > *scale {
                *scale = norm;
            } else if *scale == T::ZERO {
                *scale = T::ONE;
            }
        }
    }

    /// Tests for convergence at `x`, the point just accepted or kept after a rejection; if none holds, chooses the next
    /// candidate.
    fn propose<S: Strategy<T, N, A>>(&mut self, strategy: &S, accepted: bool) {
        let (tolerances, domain, noise) = (strategy.tolerances(), strategy.domain(), self.noise());
        let model = Model { system: &self.system, scale: &self.scale, x: &self.x, domain };

        let limit = tolerances.gradient * (T::TWO * self.cost).sqrt();
        let held = model.held::<K>();
        let stationary = |j: usize| K::gradient(&self.system, j).abs() <= limit * K::column_norm(&self.system, j);
        if (0..N).all(|j| held[j] || stationary(j)) {
            self.status = Status::Converged(Criterion::Gradient);
            return;
        }
        let size = model.length(&domain.magnitude(&self.x));
        if self.radius == T::ZERO {
            self.radius = strategy.initial_radius() * if size > T::ZERO { size } else { T::ONE };
            if S::LINE_SEARCH {
                self.radius = T::INFINITY;
            }
        }
        // A radius so small that no decrease can be seen says nothing about the point, unless a rejection made it so small.
        let mut enlargements = if accepted { 20 } else { 0 };
        let mut p = linalg::zeros();
        let (step, promise, slope) = loop {
            let step = strategy.step::<K>(&model, self.radius, self.damping, &mut p, &mut self.trial);
            let (promise, slope) = model.promise::<K>(&p);
            if step.free || promise > noise || enlargements == 0 {
                break (step, promise, slope);
            }
            enlargements -= 1;
            self.radius *= T::of_f64(1e3);
            self.damping = T::ZERO;
        };
        self.length = model.length(&p);
        *entries_mut(&mut self.candidate) = domain.retract(entries(&self.x), entries(&p));
        domain.project(&mut self.candidate);
        if step.free {
            if self.length <= tolerances.step * size {
                self.status = Status::Converged(Criterion::Step);
                return;
            }
            if promise <= tolerances.decrease * self.cost {
                // A cost that still sees the step at the scale of D has a minimum nearby, however long the step beside x.
                let fading = promise < T::of_f64(5e-3) * self.length * self.length;
                let long = fading && self.length > T::of_f64(1e-2) * size;
                let away = long && model.length(&domain.magnitude(&self.candidate)) > size;
                let moving = away && promise > T::EPSILON * T::SQRT_EPSILON * self.cost;
                self.status =
                    if moving { Status::Stalled(Stall::Flat) } else { Status::Converged(Criterion::Decrease) };
                return;
            }
        } else if self.radius <= tolerances.step * size || !(promise > noise) {
            self.status = Status::Stalled(Stall::NoDescent);
            return;
        }
        if !(promise > T::ZERO) {
            self.status = Status::Stalled(Stall::NoDescent);
            return;
        }
        if self.evaluations <= 1 {
            self.radius = self.radius.min(self.length);
        }
        self.damping = step.damping;
        self.free = step.free;
        self.promise = promise;
        self.slope = slope;
        self.trial.clear();
        self.trial_cost = T::ZERO;
    }
}
