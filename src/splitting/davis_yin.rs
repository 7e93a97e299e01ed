//! Davis-Yin three-operator splitting with a line search: a smooth function and two penalties.
//!
//! Minimizes `f(x) + q(x) + p(x)`. One iteration from `x` with a subgradient u of q there, `g = ∇f(x)` and the rate t:
//!
//! 1. try `y = prox_{t p}(x - t(u + g))`; halve t until `f(y) ≤ f(x) + ⟨g, d⟩ + ‖d‖²/(2t)` or
//!    `⟨∇f(y) - g, d⟩ ≤ ‖d‖²/t`, with `d = y - x`: the same for a quadratic, but rounding spoils the first near a solution;
//! 2. `x⁺ = prox_{t q}(y + t u)`, `u⁺ = u + (y - x⁺)/t`.
//!
//! `(x - y)/t` is `g + u` plus a subgradient of p at y. The answer is y.
//!
//! Reference: Davis & Yin, "A three-operator splitting scheme and its optimization applications", 2017; the line search is
//! Pedregosa & Gidel, "Adaptive three operator splitting", 2018, algorithm 1. Memory: five vectors; two gradients an
//! iteration. Converges for convex f, q and p. With `q = 0` it is the proximal gradient method, with `f = 0` Douglas-Rachford.

use nalgebra::SVector;

use crate::linalg::{self, entries_mut};
use crate::penalty::Penalty;
use crate::problem::Smooth;
use crate::real::Real;
use crate::splitting::best::{Best, moved, relative};
#[cfg(doc)]
use crate::step::Criterion;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of Davis-Yin splitting.
///
/// ```
/// use thalweg::{Method, penalty::{Each, L1}, problem::gradient_fn, splitting::DavisYin};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![3.0, 0.2]; 0.5 * g.norm_squared() });
/// let l1 = Each(L1 { strength: 0.5 }); // twice, as two penalties
/// let (state, _) = DavisYin::new(l1, l1).solve(vector![0.0_f64, 0.0], &mut distance, 500).unwrap();
/// assert!((state.x() - vector![2.0, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DavisYin<T, Q, R> {
    /// q.
    pub first: Q,
    /// p; the answer lies in its domain.
    pub second: R,
    /// The first rate tried; it only falls. Positive; default 1.
    pub initial_rate: T,
    /// [`Criterion::Residual`]: `‖x - y‖ ≤ residual_tolerance · max(1, ‖y‖)` and
    /// `(‖x - y‖ + ε‖y‖)/t ≤ residual_tolerance · max(1, ‖u + g‖)`. Zero or more; default √ε.
    pub residual_tolerance: T,
}

impl<T: Real, Q: Penalty<T>, R: Penalty<T>> DavisYin<T, Q, R> {
    /// The default parameters with two penalties.
    pub const fn new(first: Q, second: R) -> Self {
        Self { first, second, initial_rate: T::ONE, residual_tolerance: T::SQRT_EPSILON }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.residual_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        if !(self.initial_rate > T::ZERO && self.initial_rate.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        self.first.validate()?;
        self.second.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for value and gradient at `x`.
    Linearize,
    /// Ask for value and gradient at `y`.
    Trial,
    Done(Status),
}

/// Memory of [`DavisYin`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct DavisYinState<T: Real, const N: usize> {
    /// y where the residual was smallest.
    best: Best<T, N>,
    /// x.
    x: SVector<T, N>,
    /// u, a subgradient of q at x.
    slope: SVector<T, N>,
    /// `f(x)`.
    smooth: T,
    /// `∇f(x)`.
    gradient: SVector<T, N>,
    /// t, zero before the first step.
    rate: T,
    phase: Phase,
}

impl<T: Real, const N: usize> DavisYinState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            best: Best::new(x),
            x,
            slope: linalg::zeros(),
            smooth: T::INFINITY,
            gradient: linalg::zeros(),
            rate: T::ZERO,
            phase: Phase::Linearize,
        }
    }

    /// y, where the residual was smallest so far.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.best.x
    }

    /// The smallest residual so far, the larger of the two relative ones; infinite before the first.
    #[must_use]
    pub const fn residual(&self) -> T {
        self.best.residual
    }
}

impl<T: Real, const N: usize, Q: Penalty<T>, R: Penalty<T>, P: Smooth<T, N>> Method<P, DavisYinState<T, N>>
    for DavisYin<T, Q, R>
{
    fn step(&self, state: &mut DavisYinState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Linearize => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    self.linearize(state, problem)?
                }
            }
            Phase::Trial => {
                let force = state.slope + state.gradient;
                let mut y = state.x - force * state.rate;
                self.second.prox(entries_mut(&mut y), state.rate);
                let mut gradient = linalg::zeros();
                let value = problem.gradient(&y, &mut gradient)?;
                self.judge(state, y, &force, value, &gradient)
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, Q: Penalty<T>, R: Penalty<T>> DavisYin<T, Q, R> {
    fn linearize<const N: usize, P: Smooth<T, N>>(
        &self,
        state: &mut DavisYinState<T, N>,
        problem: &mut P,
    ) -> Result<Status, P::Error> {
        let first = state.rate == T::ZERO;
        let (mut x, mut slope) = (state.x, state.slope);
        if first {
            self.first.prox(entries_mut(&mut x), self.initial_rate);
            slope = (state.x - x) / self.initial_rate;
        }
        let mut gradient = linalg::zeros();
        let value = problem.gradient(&x, &mut gradient)?;
        if !value.is_finite() || !linalg::all_finite(&gradient) {
            return Ok(Status::Stalled(Stall::NonFinite));
        }
        if first {
            (state.x, state.slope, state.rate) = (x, slope, self.initial_rate);
        }
        (state.smooth, state.gradient, state.phase) = (value, gradient, Phase::Trial);
        Ok(Status::Running)
    }

    /// Steps 1 and 2, after the answer at y.
    fn judge<const N: usize>(
        &self,
        state: &mut DavisYinState<T, N>,
        y: SVector<T, N>,
        force: &SVector<T, N>,
        value: T,
        gradient: &SVector<T, N>,
    ) -> Status {
        let d = y - state.x;
        let (t, length) = (state.rate, linalg::dot(&d, &d));
        let rise = value - state.smooth - linalg::dot(&state.gradient, &d);
        let bends = linalg::dot(&(gradient - state.gradient), &d);
        if !(T::TWO * t * rise <= length || (value.is_finite() && t * bends <= length)) {
            state.rate *= T::HALF;
            return if state.rate > T::ZERO { Status::Running } else { Status::Stalled(Stall::NoDescent) };
        }
        let apart = linalg::norm(&d);
        let residual = relative(apart, linalg::norm(&y), moved(apart, &y, t), linalg::norm(force));
        let status = state.best.judge(&y, residual, self.residual_tolerance);
        if status == Status::Running && y == state.x {
            return Status::Stalled(Stall::NoDescent);
        }
        let w = y + state.slope * t;
        state.x = w;
        self.first.prox(entries_mut(&mut state.x), t);
        state.slope = (w - state.x) / t;
        state.phase = Phase::Linearize;
        status
    }
}

impl<T: Real, const N: usize> From<SVector<T, N>> for DavisYinState<T, N> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
