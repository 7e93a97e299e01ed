//! Proximal gradient with backtracking: the smallest composite method, to read first.
//!
//! Minimizes `F = f + p`. One iteration, with `g = ∇f(x)` and the rate t:
//!
//! 1. try `z = prox_{t p}(x - t g)`;
//! 2. accept if `f(z) ≤ f(x) + ⟨g, z - x⟩ + ‖z - x‖²/(2t)`, else shorten t to what the values found, at least by half.
//!
//! Reference: Beck & Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems", 2009, section
//! 3 (ISTA with backtracking). F falls with every step, for nonconvex f and p alike. Memory: two vectors. One value with
//! gradient a trial; linear convergence at a rate that the conditioning sets, and identification of zeros on the way. Choose
//! an accelerated or a second-order method when the conditioning is bad.

use nalgebra::SVector;

use crate::linalg::{self, entries, entries_mut};
use crate::penalty::Penalty;
use crate::problem::Smooth;
use crate::real::Real;
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Parameters of the proximal gradient method.
///
/// ```
/// use thalweg::{Method, composite::ProximalGradient, penalty::{Each, L1}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![3.0, 0.2]; 0.5 * g.norm_squared() });
/// let method = ProximalGradient::new(Each(L1 { strength: 1.0 }));
/// let (state, status) = method.solve(vector![0.0_f64, 1.0], &mut distance, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && *state.x() == vector![2.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProximalGradient<T, R> {
    /// p.
    pub penalty: R,
    /// [`Criterion::Gap`]: `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, |F|)`. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The first rate tried. Positive; default 1.
    pub initial_rate: T,
    /// The factor of the rate after an accepted step. At least 1 and finite; default 1.1.
    pub growth: T,
}

impl<T: Real, R: Penalty<T>> ProximalGradient<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self { penalty, gap_tolerance: T::SQRT_EPSILON, initial_rate: T::ONE, growth: T::of_f64(1.1) }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.gap_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        let rate = self.initial_rate;
        if !(rate > T::ZERO && rate.is_finite() && self.growth >= T::ONE && self.growth.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for value and gradient at `x`.
    Linearize,
    /// Ask for value and gradient at `prox(x - rate · gradient)`.
    Trial,
    Done(Status),
}

/// Memory of [`ProximalGradient`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct ProximalGradientState<T: Real, const N: usize> {
    /// The best point.
    x: SVector<T, N>,
    /// `f(x)`.
    smooth: T,
    /// `F(x)`.
    value: T,
    /// `∇f(x)`.
    gradient: SVector<T, N>,
    /// `t`, zero before the first trial.
    rate: T,
    phase: Phase,
}

impl<T: Real, const N: usize> ProximalGradientState<T, N> {
    /// A memory at a starting point; one outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            x,
            smooth: T::INFINITY,
            value: T::INFINITY,
            gradient: linalg::zeros(),
            rate: T::ZERO,
            phase: Phase::Linearize,
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

    /// `∇f` at [`x`](Self::x).
    #[must_use]
    pub const fn gradient(&self) -> &SVector<T, N> {
        &self.gradient
    }
}

impl<T: Real, const N: usize, R: Penalty<T>, P: Smooth<T, N>> Method<P, ProximalGradientState<T, N>>
    for ProximalGradient<T, R>
{
    fn step(&self, state: &mut ProximalGradientState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let mut gradient = linalg::zeros();
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Linearize => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = inside(&self.penalty, &state.x, self.initial_rate);
                    let smooth = problem.gradient(&start, &mut gradient)?;
                    let value = smooth + self.penalty.value(entries(&start));
                    state.x = start;
                    state.rate = self.initial_rate;
                    if value.is_finite() && linalg::all_finite(&gradient) {
                        self.accept(state, start, smooth, gradient)
                    } else {
                        Status::Stalled(Stall::NonFinite)
                    }
                }
            }
            Phase::Trial => {
                let mut trial = state.x - state.gradient * state.rate;
                self.penalty.prox(entries_mut(&mut trial), state.rate);
                if trial == state.x {
                    Status::Stalled(Stall::NoDescent)
                } else {
                    let smooth = problem.gradient(&trial, &mut gradient)?;
                    self.judge(state, trial, smooth, gradient)
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, R: Penalty<T>> ProximalGradient<T, R> {
    /// Step 2, after the oracle's answer.
    fn judge<const N: usize>(
        &self,
        state: &mut ProximalGradientState<T, N>,
        trial: SVector<T, N>,
        smooth: T,
        gradient: SVector<T, N>,
    ) -> Status {
        let d = trial - state.x;
        let rise = smooth - state.smooth - linalg::dot(&state.gradient, &d);
        let length = linalg::dot(&d, &d);
        let finite = rise.is_finite() && linalg::all_finite(&gradient);
        let hidden = length <= haze(state.smooth, smooth) * state.rate;
        if finite && hidden {
            // Values cannot tell the points apart; curvature along the step and the distance to stationarity can.
            let bends = linalg::dot(&(gradient - state.gradient), &d);
            if bends * state.rate <= length {
                let nearer = self.gap(&trial, &gradient) < self.gap(&state.x, &state.gradient);
                return if nearer {
                    self.accept(state, trial, smooth, gradient)
                } else {
                    Status::Stalled(Stall::NoDescent)
                };
            }
        } else if finite && T::TWO * state.rate * rise <= length {
            state.rate *= self.growth;
            return self.accept(state, trial, smooth, gradient);
        }
        let found = length / (T::TWO * rise);
        let half = T::HALF * state.rate;
        state.rate = if found > T::ZERO && found < half { found } else { half };
        Status::Running
    }

    fn gap<const N: usize>(&self, x: &SVector<T, N>, gradient: &SVector<T, N>) -> T {
        let mut g = *gradient;
        self.penalty.gap(entries(x), entries_mut(&mut g))
    }

    fn accept<const N: usize>(
        &self,
        state: &mut ProximalGradientState<T, N>,
        x: SVector<T, N>,
        smooth: T,
        gradient: SVector<T, N>,
    ) -> Status {
        state.x = x;
        state.smooth = smooth;
        state.value = smooth + self.penalty.value(entries(&x));
        state.gradient = gradient;
        state.phase = Phase::Trial;
        if self.gap(&x, &gradient) <= self.gap_tolerance * state.value.abs().max(T::ONE) {
            return Status::Converged(Criterion::Gap);
        }
        Status::Running
    }
}

/// The point itself, or where the proximal operator moves it if it is outside the penalty's domain.
pub(crate) fn inside<T: Real, const N: usize, R: Penalty<T>>(penalty: &R, x: &SVector<T, N>, rate: T) -> SVector<T, N> {
    let mut start = *x;
    if !penalty.value(entries(x)).is_finite() {
        penalty.prox(entries_mut(&mut start), rate);
    }
    start
}

/// What rounding makes of the difference of two values.
pub(crate) fn haze<T: Real>(a: T, b: T) -> T {
    T::of_f64(8.0) * T::EPSILON * a.abs().max(b.abs())
}

impl<T: Real, const N: usize> From<SVector<T, N>> for ProximalGradientState<T, N> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
