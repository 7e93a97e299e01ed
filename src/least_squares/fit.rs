//! What all least-squares methods share: the best point with its linearization, and the judgement of a trial.
//!
//! Minimizes `F(x) = ½ Σ rᵢ(x)²` over a [`Domain`]. One iteration:
//!
//! 1. a [`Strategy`] chooses a step `p` with `‖Dp‖ ≤ Δ` from the quadratic model, `Dⱼ = max ‖Jⱼ‖` so far;
//! 2. a memory, such as [`StreamedState`](super::StreamedState), gathers cost, `JᵀJ` (or its square root)
//!    and `Jᵀr` at `x + p`;
//! 3. `ρ = (F(x) - F(x + p)) / (model decrease)`: accept if `ρ ≥ 10⁻⁴`, and adapt Δ.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, SquareRoot, System};
use crate::least_squares::domain::Domain;
use crate::least_squares::strategy::Strategy;
use crate::least_squares::trust_region::Model;
use crate::linalg::{self, entries};
use crate::real::Real;
use crate::step::{Criterion, Stall, Status};

/// Where a memory gathers the data of a trial.
pub trait Gather<T: Real> {
    /// Nothing gathered.
    const EMPTY: Self;
    /// The number of parameters that the memory eliminates.
    const ELIMINATED: usize = 0;

    /// The length of that part of the model which the eliminated parameters explain.
    fn explained(&self) -> T {
        T::ZERO
    }
}

/// Memory of a least-squares method: the best point, its cost and linearization, the trial under way, and in `G` what the
/// data pass through. Named [`StreamedState`](super::StreamedState), [`DenseState`](super::DenseState),
/// [`SeparableState`](super::SeparableState) and [`GeodesicState`](super::GeodesicState).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned, G: serde::Serialize + serde::de::DeserializeOwned"
    )
)]
pub struct Fit<T: Real, const N: usize, const A: usize, K, G> {
    /// The best point.
    pub(super) x: SVector<T, A>,
    /// `F(x)`, infinite before the start is evaluated.
    cost: T,
    /// The linearization at `x`.
    pub(super) system: System<T, N>,
    /// The number of samples in it.
    samples: usize,
    /// `D`: the largest column norms so far, one where a column has been zero throughout.
    pub(super) scale: SVector<T, N>,
    /// Δ, zero before the start is evaluated.
    radius: T,
    /// λ of the last step.
    pub(super) damping: T,
    /// The point being evaluated.
    pub(super) candidate: SVector<T, A>,
    /// The linearization being gathered there, or the factor of the damped model in between.
    pub(super) trial: System<T, N>,
    pub(super) trial_cost: T,
    /// The step to `candidate`, the decrease that the model promises for it, the slope along it, and `‖Dp‖`.
    pub(super) step: SVector<T, N>,
    promise: T,
    slope: T,
    pub(super) length: T,
    /// The cost from which on the trial has lost.
    ceiling: T,
    /// Whether rounding hides the promise from the cost, so that the slopes have to tell.
    pub(super) hidden: bool,
    /// The last promise that the slopes had to judge; the next must be smaller, so there is an end.
    resolved: T,
    /// Whether the step to `candidate` was not limited by Δ.
    free: bool,
    /// Whether that step is long, leads away, and promises little.
    drifting: bool,
    evaluations: u32,
    pub(super) status: Status,
    pub(super) memory: G,
    accumulation: core::marker::PhantomData<K>,
}

impl<T: Real, const N: usize, const A: usize, K, G: Gather<T>> Fit<T, N, A, K, G> {
    /// A memory at a starting point, where its kind is known from the type.
    #[must_use]
    pub const fn from_point(x: SVector<T, A>) -> Self {
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
            step: linalg::zeros(),
            promise: T::ZERO,
            slope: T::ZERO,
            length: T::ZERO,
            ceiling: T::INFINITY,
            hidden: false,
            resolved: T::INFINITY,
            free: false,
            drifting: false,
            evaluations: 0,
            status: Status::Running,
            memory: G::EMPTY,
            accumulation: core::marker::PhantomData,
        }
    }
}

impl<T: Real, const N: usize, const A: usize, K, G> Fit<T, N, A, K, G> {
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

    /// The decrease of the cost that rounding of the sum hides.
    fn noise(&self) -> T {
        T::of_f64(8.0) * T::EPSILON * T::of_usize(self.samples).sqrt() * self.cost
    }
}

impl<T: Real, const N: usize, const A: usize, K: Accumulation, G: Gather<T>> Fit<T, N, A, K, G> {
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

    /// Whether the cost gathered so far is too high; costs only grow.
    pub(super) fn lost(&self) -> bool {
        !(self.trial_cost < self.ceiling)
    }

    /// Whether the trial is better by the slopes along the step where rounding hides it from the cost: `|g(x + p)ᵀp|` is at
    /// most 0.9 `|gᵀp|` (the approximate Wolfe conditions of Hager & Zhang 2005, §4).
    fn flatter(&self) -> bool {
        let slope = (0..N).fold(T::ZERO, |sum, j| sum + K::gradient(&self.trial, j) * entries(&self.step)[j]);
        slope.abs() <= T::of_f64(0.9) * self.slope.abs()
    }

    /// Whether `|Jⱼᵀr| ≤ tolerance · ‖Jⱼ‖ √(2F)` for every j that is not held at a bound.
    fn stationary<D: Domain<T, N, A>>(&self, domain: &D, tolerance: T) -> bool {
        let model = Model { system: &self.system, scale: &self.scale, x: &self.x, domain };
        let (held, limit) = (model.held::<K>(), tolerance * (T::TWO * self.cost).sqrt());
        (0..N).all(|j| held[j] || K::gradient(&self.system, j).abs() <= limit * K::column_norm(&self.system, j))
    }

    /// Accepts or rejects the candidate, of whose `samples` the first `seen` have been gathered, and prepares the next one;
    /// whether it was accepted.
    pub(super) fn judge<S: Strategy<T, N, A>>(&mut self, strategy: &S, seen: usize, samples: usize) -> bool {
        self.evaluations = self.evaluations.saturating_add(1);
        let finite =
            (0..N).all(|j| K::column_norm(&self.trial, j).is_finite() && K::gradient(&self.trial, j).is_finite());
        let tested = finite && self.trial_cost.is_finite();
        let first = self.cost == T::INFINITY;
        let accepted = if first { tested } else { self.compare(strategy, tested, seen, samples) };
        if first && !tested {
            self.status = Status::Stalled(Stall::NonFinite);
        }
        if accepted {
            self.accept(samples);
        }
        if self.status == Status::Running {
            self.propose(strategy, accepted);
        }
        accepted
    }

    /// Whether the candidate is better; adapts Δ and λ.
    fn compare<S: Strategy<T, N, A>>(&mut self, strategy: &S, tested: bool, seen: usize, samples: usize) -> bool {
        let lost = self.lost();
        // A pass that ended early is extrapolated, only to choose how far to retreat.
        let decrease = self.cost - self.trial_cost * (T::of_usize(samples) / T::of_usize(seen.min(samples)));
        let ratio = if tested && !lost { decrease / self.promise } else { -T::ONE };
        let (quarter, tenth) = (T::of_f64(0.25), T::of_f64(0.1));
        let better = ratio >= T::of_f64(1e-4);
        let flatter = !better && self.hidden && tested && !lost && self.flatter();
        let accepted = better || flatter;
        if self.hidden {
            self.resolved = self.promise;
        }
        if !accepted && self.free && self.promise <= self.noise() {
            self.status = if self.drifting {
                Status::Stalled(Stall::Flat)
            } else if self.stationary(strategy.domain(), (T::TWO * self.noise() / self.cost).sqrt()) {
                Status::Converged(Criterion::Decrease)
            } else {
                // A singular model promises less than its gradient.
                Status::Stalled(Stall::NoDescent)
            };
            return false;
        }
        if flatter || better && S::LINE_SEARCH {
            self.radius = T::INFINITY;
        } else if !(ratio > quarter) {
            // The minimizer of the parabola through both costs and the slope.
            let interpolated = T::HALF * self.slope / (self.slope + decrease);
            let shrink = if tested && interpolated > tenth { interpolated.min(T::HALF) } else { tenth };
            // A full step that failed is not asked for again.
            let tried = if S::LINE_SEARCH { self.length } else { self.radius.min(T::of_f64(10.0) * self.length) };
            self.radius = shrink * tried;
            self.damping /= shrink;
        } else if self.free || ratio >= T::of_f64(0.75) {
            self.radius = T::TWO * self.length;
            self.damping = T::HALF * self.damping;
        }
        accepted
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
        let (tolerances, domain) = (strategy.tolerances(), strategy.domain());
        let noise = self.noise();
        if self.stationary(domain, tolerances.gradient) {
            self.status = Status::Converged(Criterion::Gradient);
            return;
        }
        let model = Model { system: &self.system, scale: &self.scale, x: &self.x, domain };
        let size = model.length(&domain.magnitude(&self.x));
        // Residuals are rounded too, differences of numbers of the size of Dx: what the cost may hide, and the slopes show.
        let haze = noise + T::EPSILON * (size + self.memory.explained()) * (T::TWO * self.cost).sqrt();
        if self.radius == T::ZERO {
            self.radius = strategy.initial_radius() * if size > T::ZERO { size } else { T::ONE };
            if S::LINE_SEARCH {
                self.radius = T::INFINITY;
            }
        }
        // A radius so small that no decrease can be seen says nothing about the point, unless a rejection made it so small.
        let mut enlargements = if accepted { 20 } else { 0 };
        let (mut radius, mut damping, mut limited) = (self.radius, self.damping, false);
        let mut step = loop {
            let step = strategy.choose::<K>(&model, radius, damping, &mut self.step, &mut self.trial);
            (self.promise, self.slope) = model.promise::<K>(&self.step);
            if step.free || self.promise > noise || limited {
                break step;
            }
            damping = T::ZERO;
            if enlargements > 0 {
                enlargements -= 1;
                radius *= T::of_f64(1e3);
                self.radius = radius;
            } else {
                // Rejected down to here by rounding, if the whole step promises no more than that.
                limited = true;
                radius = T::INFINITY;
            }
        };
        if limited {
            step.free = self.promise <= haze && self.promise < self.resolved;
        }
        self.length = model.length(&self.step);
        domain.advance(&self.x, &self.step, &mut self.candidate);
        if step.free {
            // Where the model is singular, what it cannot resolve is no reason to move on.
            let blur = if step.ridge > T::ZERO { T::of_usize(16 * N) * T::EPSILON } else { T::ZERO };
            if self.length <= tolerances.step.max(blur) * size {
                self.status = Status::Converged(Criterion::Step);
                return;
            }
            // A cost that still sees the step at the scale of D has a minimum nearby, however long the step beside x.
            let fading = self.promise < T::of_f64(5e-3) * self.length * self.length
                && self.promise > T::EPSILON * T::SQRT_EPSILON * self.cost;
            let long = fading && self.length > T::of_f64(1e-2) * size;
            self.drifting = long && model.length(&domain.magnitude(&self.candidate)) > size;
            let rounding = T::of_f64(4.0) * T::EPSILON;
            if self.drifting && self.promise <= tolerances.decrease.max(rounding) * self.cost {
                self.status = Status::Stalled(Stall::Flat);
                return;
            }
            if self.promise <= tolerances.decrease * self.cost {
                self.status = Status::Converged(Criterion::Decrease);
                return;
            }
        } else if limited || self.radius <= tolerances.step * size {
            self.status = Status::Stalled(Stall::NoDescent);
            return;
        }
        if !(self.promise > T::ZERO) {
            self.status = Status::Stalled(Stall::NoDescent);
            return;
        }
        self.hidden = step.free && self.promise <= haze && self.promise < self.resolved;
        self.ceiling = if self.hidden { self.cost + haze } else { self.cost };
        self.free = step.free;
        self.damping = step.damping;
        if self.evaluations <= 1 {
            self.radius = self.radius.min(self.length);
        }
        self.trial.clear();
        self.trial_cost = T::ZERO;
    }
}

impl<T: Real, const N: usize, const A: usize, G: Gather<T>> From<SVector<T, A>> for Fit<T, N, A, SquareRoot, G> {
    fn from(start: SVector<T, A>) -> Self {
        Self::from_point(start)
    }
}
