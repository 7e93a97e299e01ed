//! Gradient descent with a fixed rate.
//!
//! Minimizes a smooth `f`. One iteration, with the rate t:
//!
//! `x⁺ = x - t ∇f(x)`.
//!
//! With `t = 1/L` and convex f, `f(x_k) - f* ≤ L ‖x₀ - x*‖²/(4k + 2)`; on a quadratic function with curvatures between μ and L,
//! `t = 2/(L + μ)` brings the error down by `(L - μ)/(L + μ)` an iteration. No minimum whose Hessian has an eigenvalue above `2/t` holds
//! the iterates: a long rate leaves narrow minima for wide ones, and settles at the edge of stability.
//!
//! Reference: Nesterov, Lectures on Convex Optimization, 2018, theorem 2.1.15; the constant `4k + 2`: Drori & Teboulle, "Performance of
//! first-order methods for smooth convex minimization", 2014, theorem 3.1; the edge of stability: Cohen et al., "Gradient descent on
//! neural networks typically occurs at the edge of stability", 2021. Memory: two points. One gradient an iteration, and no value is
//! compared. Choose it where L is known; [`GradientDescent`](crate::smooth::GradientDescent) where it is not.

use nalgebra::SVector;

use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Parameters of gradient descent with a fixed rate.
///
/// ```
/// use thalweg::{Method, smooth::FixedRate, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut bowl = gradient_fn(|x, g| { *g = x - vector![1.0, -2.0]; 0.5 * g.norm_squared() });
/// let (state, status) = FixedRate::new(0.5).solve(vector![0.0_f64, 0.0], &mut bowl, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, -2.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FixedRate<T> {
    /// t. Positive. After a point where f is not finite the solve goes on from the best point with half the rate.
    pub rate: T,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> FixedRate<T> {
    /// The default parameters with a rate.
    pub const fn new(rate: T) -> Self {
        Self { rate, gradient_tolerance: T::SQRT_EPSILON, patience: PATIENCE }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.rate)
    }
}

/// Memory of [`FixedRate`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct FixedRateState<T: Real, const N: usize> {
    /// x, and the best of them.
    walk: Walk<T, N>,
}

impl<T: Real, const N: usize> FixedRateState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x) }
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, FixedRateState<T, N>> for FixedRate<T> {
    fn step(&self, state: &mut FixedRateState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, FixedRateState<T, N>> for FixedRate<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut FixedRateState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn next(&self, state: &FixedRateState<T, N>) -> SVector<T, N> {
        state.walk.at.x - state.walk.at.gradient * (self.rate * state.walk.caution)
    }

    fn arrive(&self, state: &mut FixedRateState<T, N>, point: Point<T, N>) -> Status {
        state.walk.at = point;
        Status::Running
    }
}

walked!(FixedRateState);
