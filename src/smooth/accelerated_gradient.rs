//! Accelerated gradient that does no harm where f is not convex.
//!
//! Minimizes an `f` whose gradient has the Lipschitz constant L. Iteration `k = 1, 2, …`, with `α = 2/(k + 1)` and `β = 1/(2L)`:
//!
//! 1. `x̲ = (1 - α) x̄ + α x`, `g = ∇f(x̲)`;
//! 2. `x = x - λ_k g`, `x̄ = x̲ - β g`,
//!
//! with `λ_k = (1 + α/4) β` for any f: `min ‖g‖² ≤ 6L (f(x₀) - f*)/K`; or with `λ_k = k β/2` for convex f:
//! `f(x̄) - f* ≤ 4L ‖x₀ - x*‖²/(K (K + 1))` and `min ‖g‖² ≤ 96 L² ‖x₀ - x*‖²/(K² (K + 1))`.
//!
//! Reference: Ghadimi & Lan, "Accelerated gradient methods for nonconvex nonlinear and stochastic programming", 2016, algorithm 1
//! with corollary 1. Memory: two points and two vectors. One gradient an iteration, at x̲; the best x̲ is the best point. Choose
//! [`Nesterov`](crate::smooth::Nesterov) for convex f, [`NonconvexAccelerated`](crate::composite::NonconvexAccelerated) where
//! there is a penalty.

use nalgebra::SVector;

use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// The sequence `λ_k`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Aggregation {
    /// `(1 + α/4) β`: any f.
    #[default]
    Cautious,
    /// `k β/2`: convex f.
    Convex,
}

/// Parameters of the accelerated gradient method.
///
/// ```
/// use thalweg::{Method, smooth::AcceleratedGradient, problem::gradient_fn};
/// use nalgebra::{SVector, vector};
/// let mut waves = gradient_fn(|x: &SVector<f64, 2>, g| { *g = x.map(|x| x + 1.5 * x.cos()); x.map(|x| 0.5 * x * x + 1.5 * x.sin()).sum() });
/// let (state, status) = AcceleratedGradient::new(2.5).solve(vector![2.0_f64, -2.0], &mut waves, 10_000).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && state.gradient().amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AcceleratedGradient<T> {
    /// L. Positive. After a point where f is not finite the solve goes on from the best point with twice the L.
    pub lipschitz: T,
    /// `λ_k`; default [`Aggregation::Cautious`].
    pub aggregation: Aggregation,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> AcceleratedGradient<T> {
    /// The default parameters with L.
    pub const fn new(lipschitz: T) -> Self {
        Self { lipschitz, aggregation: Aggregation::Cautious, gradient_tolerance: T::SQRT_EPSILON, patience: PATIENCE }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.lipschitz)
    }
}

/// Memory of [`AcceleratedGradient`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct AcceleratedGradientState<T: Real, const N: usize> {
    /// x̲, and the best of them.
    walk: Walk<T, N>,
    /// x.
    x: SVector<T, N>,
    /// x̄.
    aggregate: SVector<T, N>,
    /// Iterations done.
    count: u32,
}

impl<T: Real, const N: usize> AcceleratedGradientState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x), x, aggregate: x, count: 0 }
    }

    /// x̄, of which the bound on the values speaks; nobody has looked at it.
    #[must_use]
    pub const fn aggregate(&self) -> &SVector<T, N> {
        &self.aggregate
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, AcceleratedGradientState<T, N>> for AcceleratedGradient<T> {
    fn step(&self, state: &mut AcceleratedGradientState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, AcceleratedGradientState<T, N>> for AcceleratedGradient<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut AcceleratedGradientState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn depart(&self, state: &mut AcceleratedGradientState<T, N>) {
        (state.x, state.aggregate, state.count) = (state.walk.at.x, state.walk.at.x, 0);
        self.advance(state);
    }

    fn next(&self, state: &AcceleratedGradientState<T, N>) -> SVector<T, N> {
        let (_, alpha) = Self::damping(state);
        state.aggregate * (T::ONE - alpha) + state.x * alpha
    }

    fn arrive(&self, state: &mut AcceleratedGradientState<T, N>, point: Point<T, N>) -> Status {
        state.walk.at = point;
        self.advance(state);
        Status::Running
    }
}

walked!(AcceleratedGradientState);

impl<T: Real> AcceleratedGradient<T> {
    /// k of the next iteration, and its α.
    fn damping<const N: usize>(state: &AcceleratedGradientState<T, N>) -> (T, T) {
        let k = T::of_f64(f64::from(state.count)) + T::ONE;
        (k, T::TWO / (k + T::ONE))
    }

    /// Step 2, with x̲ where the walk stands.
    fn advance<const N: usize>(&self, state: &mut AcceleratedGradientState<T, N>) {
        let (k, alpha) = Self::damping(state);
        let short = T::HALF * state.walk.caution / self.lipschitz;
        let long = match self.aggregation {
            Aggregation::Cautious => short + T::of_f64(0.25) * alpha * short,
            Aggregation::Convex => T::HALF * k * short,
        };
        state.x -= state.walk.at.gradient * long;
        state.aggregate = state.walk.at.x - state.walk.at.gradient * short;
        state.count = state.count.saturating_add(1);
    }
}
