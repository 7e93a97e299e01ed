//! Accelerated gradient for quasar-convex functions, which only look convex towards their minimizers.
//!
//! Minimizes an `f` with `f* ≥ f(x) + ⟨∇f(x), x* - x⟩/γ` for all x and a γ in (0, 1] (star-convex for 1), whose gradient has the
//! Lipschitz constant L. Iteration `k = 0, 1, …`, from `y = z = x₀`, with `c = γ (k + 1)²/(2k + 3)`, `ε̃ = γε/2` and
//! `q(τ) = f(τ y + (1 - τ) z)`:
//!
//! 1. a τ in `[0, 1]` with `c q(τ) + τ q′(τ) ≤ c q(1) + ε̃`: the guess `1 - 2/(k + 2)`; else 1 if `q′(1) ≤ ε̃`; else 0 if
//!    `q(0) ≤ q(1) + ε̃/c`; else by bisection;
//! 2. `x = τ y + (1 - τ) z`, `g = ∇f(x)`; `z = z - γ (2k + 3)/(4L) g`, `y = x - g/L`.
//!
//! `f(y_K) - f* ≤ (½ + γ²/8) 4L ‖x₀ - x*‖²/(γ² (K + 1)²) + ε`.
//!
//! Reference: Hinder, Sidford & Sohoni, "Near-optimal methods for minimizing star-convex functions and beyond", 2020, sections 2
//! and 3; the order of the tests: the code of Fu, Xu & Wilson, "Accelerated stochastic optimization methods under
//! quasar-convexity", 2023. Memory: three points and two vectors. A gradient at y and one for each τ tried, mostly one. Choose it
//! where γ is known, as for generalized linear models and linear systems in identification;
//! [`AcceleratedGradient`](crate::smooth::AcceleratedGradient) for other functions that are not convex.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Bisections of one search at most.
const TRIALS: u32 = 100;

/// Parameters of accelerated gradient for quasar-convex functions.
///
/// ```
/// use thalweg::{Method, smooth::QuasarConvex, problem::gradient_fn};
/// use nalgebra::{SVector, vector};
/// let mut well = gradient_fn(|x: &SVector<f64, 2>, g| { *g = x.map(|x| 2.0 * x / (1.0 + x * x).powi(2)); x.map(|x| x * x / (1.0 + x * x)).sum() });
/// let (state, status) = QuasarConvex::new(2.0, 0.2).solve(vector![3.0_f64, -2.0], &mut well, 500).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && state.x().amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct QuasarConvex<T> {
    /// L. Positive. After a point where f is not finite the solve goes on from the best point with twice the L.
    pub lipschitz: T,
    /// γ, or a lower bound. In (0, 1].
    pub quasar: T,
    /// ε. Positive; default √ε of the scalar.
    pub accuracy: T,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> QuasarConvex<T> {
    /// The default parameters with L and γ.
    pub const fn new(lipschitz: T, quasar: T) -> Self {
        Self { lipschitz, quasar, accuracy: T::SQRT_EPSILON, gradient_tolerance: T::SQRT_EPSILON, patience: PATIENCE }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.lipschitz)?;
        at_least(T::ZERO, self.accuracy)?;
        if self.quasar > T::ZERO && self.quasar <= T::ONE { Ok(()) } else { Err(ConfigError::Fraction) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stage {
    /// Ask at y.
    Leader,
    /// Ask at the guess.
    Guess,
    /// Ask at z.
    Origin,
    /// Ask at the upper end of the bisection.
    Edge,
    /// Ask in its middle.
    Bisect,
}

/// Memory of [`QuasarConvex`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct QuasarConvexState<T: Real, const N: usize> {
    /// x, and the best of all points.
    walk: Walk<T, N>,
    /// y as it was measured last.
    leader: Point<T, N>,
    /// y.
    proposal: SVector<T, N>,
    /// z.
    z: SVector<T, N>,
    /// k.
    count: u32,
    /// τ.
    share: T,
    /// Between which τ the bisection is.
    bracket: (T, T),
    /// q at the first upper end.
    edge: T,
    /// Bisections of this search.
    tried: u32,
    stage: Stage,
}

impl<T: Real, const N: usize> QuasarConvexState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            walk: Walk::new(x),
            leader: Point::new(x),
            proposal: x,
            z: x,
            count: 0,
            share: T::ONE,
            bracket: (T::ZERO, T::ONE),
            edge: T::INFINITY,
            tried: 0,
            stage: Stage::Leader,
        }
    }

    /// Iterations done since the start, or since a point where f is not finite.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.count
    }

    /// y, of which the bound speaks.
    #[must_use]
    pub const fn proposal(&self) -> &SVector<T, N> {
        &self.proposal
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, QuasarConvexState<T, N>> for QuasarConvex<T> {
    fn step(&self, state: &mut QuasarConvexState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, QuasarConvexState<T, N>> for QuasarConvex<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut QuasarConvexState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn depart(&self, state: &mut QuasarConvexState<T, N>) {
        (state.z, state.count) = (state.walk.at.x, 0);
        self.take(state, state.walk.at);
    }

    fn next(&self, state: &QuasarConvexState<T, N>) -> SVector<T, N> {
        match state.stage {
            Stage::Leader => state.proposal,
            Stage::Origin => state.z,
            _ => state.proposal * state.share + state.z * (T::ONE - state.share),
        }
    }

    fn arrive(&self, state: &mut QuasarConvexState<T, N>, point: Point<T, N>) -> Status {
        match state.stage {
            Stage::Leader => {
                state.leader = point;
                let apart = linalg::max_abs(&(point.x - state.z));
                if apart <= T::EPSILON * linalg::max_abs(&point.x) {
                    self.take(state, point);
                } else {
                    state.share = T::ONE - T::TWO / (T::of_f64(f64::from(state.count)) + T::TWO);
                    state.stage = Stage::Guess;
                }
            }
            _ if self.is_good(state, &point) => self.take(state, point),
            Stage::Guess if Self::slope(state, &state.leader) <= self.slack() => self.take(state, state.leader),
            Stage::Guess => state.stage = Stage::Origin,
            Stage::Origin => {
                let way = state.proposal - state.z;
                let shortest = self.slack() / (self.steepness(state) * linalg::dot(&way, &way));
                state.share = T::ONE - shortest.min(T::ONE);
                state.stage = Stage::Edge;
            }
            Stage::Edge => {
                (state.edge, state.bracket, state.tried) = (point.value, (T::ZERO, state.share), 0);
                state.share *= T::HALF;
                state.stage = Stage::Bisect;
            }
            Stage::Bisect => {
                let (low, high) = state.bracket;
                state.bracket = if point.value <= state.edge { (low, state.share) } else { (state.share, high) };
                state.share = T::HALF * (state.bracket.0 + state.bracket.1);
                state.tried = state.tried.saturating_add(1);
                if state.tried >= TRIALS {
                    self.take(state, point);
                }
            }
        }
        Status::Running
    }
}

walked!(QuasarConvexState);

impl<T: Real> QuasarConvex<T> {
    /// L.
    fn steepness<const N: usize>(&self, state: &QuasarConvexState<T, N>) -> T {
        self.lipschitz / state.walk.caution
    }

    /// ε̃.
    fn slack(&self) -> T {
        T::HALF * self.quasar * self.accuracy
    }

    /// `2k + 3`.
    fn stride<const N: usize>(state: &QuasarConvexState<T, N>) -> T {
        T::TWO * T::of_f64(f64::from(state.count)) + T::of_f64(3.0)
    }

    /// c.
    fn weight<const N: usize>(&self, state: &QuasarConvexState<T, N>) -> T {
        let k = T::of_f64(f64::from(state.count)) + T::ONE;
        self.quasar * (k / Self::stride(state)) * k
    }

    /// q′ at a measured point.
    fn slope<const N: usize>(state: &QuasarConvexState<T, N>, point: &Point<T, N>) -> T {
        linalg::dot(&point.gradient, &(state.proposal - state.z))
    }

    /// The inequality of step 1.
    fn is_good<const N: usize>(&self, state: &QuasarConvexState<T, N>, point: &Point<T, N>) -> bool {
        // At z the product with τ = 0 is left.
        let share = if state.stage == Stage::Origin { T::ZERO } else { state.share };
        let rise = self.weight(state) * (point.value - state.leader.value);
        rise + share * Self::slope(state, point) <= self.slack()
    }

    /// Step 2.
    fn take<const N: usize>(&self, state: &mut QuasarConvexState<T, N>, x: Point<T, N>) {
        let steepness = self.steepness(state);
        state.z -= x.gradient * (self.quasar * Self::stride(state) / (T::of_f64(4.0) * steepness));
        state.proposal = x.x - x.gradient / steepness;
        state.walk.at = x;
        state.count = state.count.saturating_add(1);
        state.stage = Stage::Leader;
    }
}
