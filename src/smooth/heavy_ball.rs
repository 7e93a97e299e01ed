//! The heavy ball: gradient descent with momentum.
//!
//! Minimizes a smooth `f`. One iteration, with the rate t and the momentum b:
//!
//! `x⁺ = x - t ∇f(x) + b (x - x₋)`.
//!
//! On quadratic functions with curvatures between μ and L no fixed pair does better than `t = (2/(√L + √μ))²`,
//! `b = ((√L - √μ)/(√L + √μ))²`, [`for_quadratic`](HeavyBall::for_quadratic): the error falls by about √b an iteration. The same
//! pair can cycle for ever on another strongly convex function with the same bounds: the best point is kept then.
//!
//! Reference: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; Introduction to Optimization,
//! 1987, section 3.2; the cycle: Lessard, Recht & Packard, "Analysis and design of optimization algorithms via integral quadratic
//! constraints", 2016, section 4.6. Memory: two points and a vector. One gradient an iteration. Choose
//! [`Nesterov`](crate::smooth::Nesterov) where f is not nearly quadratic.

use nalgebra::SVector;

use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Restart, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Parameters of the heavy ball.
///
/// ```
/// use thalweg::{Method, smooth::HeavyBall, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut bowl = Quadratic { hessian: matrix![1.0, 0.0; 0.0, 100.0], linear: vector![-1.0, 0.0], constant: 0.5 };
/// let (state, status) = HeavyBall::for_quadratic(100.0, 1.0).solve(vector![0.0_f64, 1.0], &mut bowl, 150).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HeavyBall<T> {
    /// t. Positive. After a point where f is not finite the solve goes on from the best point with half the rate.
    pub rate: T,
    /// b. Zero or more, below 1.
    pub momentum: T,
    /// When the momentum is forgotten; the rate must then be below 2/L, as for gradient descent. Default [`Restart::Never`].
    pub restart: Restart,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> HeavyBall<T> {
    /// The default parameters with a rate and a momentum.
    pub const fn new(rate: T, momentum: T) -> Self {
        let gradient_tolerance = T::SQRT_EPSILON;
        Self { rate, momentum, restart: Restart::Never, gradient_tolerance, patience: PATIENCE }
    }

    /// The best pair for quadratic functions with curvatures between `convexity` and `lipschitz`, both positive.
    #[must_use]
    pub fn for_quadratic(lipschitz: T, convexity: T) -> Self {
        let (steep, flat) = (lipschitz.sqrt(), convexity.sqrt());
        Self::new((T::TWO / (steep + flat)).squared(), ((steep - flat) / (steep + flat)).squared())
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.rate)?;
        if self.momentum >= T::ZERO && self.momentum < T::ONE { Ok(()) } else { Err(ConfigError::Fraction) }
    }
}

/// Memory of [`HeavyBall`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct HeavyBallState<T: Real, const N: usize> {
    /// x, and the best of them.
    walk: Walk<T, N>,
    /// x₋.
    before: SVector<T, N>,
}

impl<T: Real, const N: usize> HeavyBallState<T, N> {
    /// A memory at a starting point, at rest.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x), before: x }
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, HeavyBallState<T, N>> for HeavyBall<T> {
    fn step(&self, state: &mut HeavyBallState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, HeavyBallState<T, N>> for HeavyBall<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut HeavyBallState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn depart(&self, state: &mut HeavyBallState<T, N>) {
        state.before = state.walk.at.x;
    }

    fn next(&self, state: &HeavyBallState<T, N>) -> SVector<T, N> {
        let Walk { at, caution, .. } = &state.walk;
        at.x - at.gradient * (self.rate * *caution) + (at.x - state.before) * self.momentum
    }

    fn arrive(&self, state: &mut HeavyBallState<T, N>, point: Point<T, N>) -> Status {
        let last = state.walk.at;
        let uphill = self.restart.holds(&point.gradient, &(point.x - last.x), point.value > last.value);
        state.before = if uphill { point.x } else { last.x };
        state.walk.at = point;
        Status::Running
    }
}

walked!(HeavyBallState);
