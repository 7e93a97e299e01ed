//! Gradient descent with Polyak's rate, for functions whose least value is known.
//!
//! Minimizes a convex `f` with known `f* = min f`. One iteration, with `g = ∇f(x)`:
//!
//! `x⁺ = x - (f(x) - f*)/‖g‖² g`.
//!
//! No iterate is farther from a minimizer than the one before: `‖x⁺ - x*‖² ≤ ‖x - x*‖² - (f(x) - f*)²/‖g‖²`, for kinks as well. With an
//! L-Lipschitz gradient the best of k values is within `2 L ‖x₀ - x*‖²/k` of f*.
//!
//! Reference: Polyak, Introduction to Optimization, 1987, section 5.3.2. Memory: two points. One gradient an iteration. Choose it where
//! f* is known, as for feasibility, residuals that can vanish, and models that can fit their data.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::ranges::tolerance;
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Criterion, Method, Status};

/// Parameters of gradient descent with Polyak's rate.
///
/// ```
/// use thalweg::{Method, smooth::Polyak, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut bowl = gradient_fn(|x, g| { *g = x - vector![1.0, -2.0]; 0.5 * g.norm_squared() });
/// let (state, status) = Polyak::new(0.0).solve(vector![0.0_f64, 0.0], &mut bowl, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, -2.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Polyak<T> {
    /// f*. Finite. A point that is not above it ends the solve as [`Criterion::Optimal`]; with a bound below the least value the
    /// iterates do not settle, and the best one is what remains.
    pub least: T,
    /// What the rate is multiplied with. Strictly between 0 and 2; default 1.
    pub relaxation: T,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> Polyak<T> {
    /// The default parameters with the least value.
    pub const fn new(least: T) -> Self {
        Self { least, relaxation: T::ONE, gradient_tolerance: T::SQRT_EPSILON, patience: PATIENCE }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        if !self.least.is_finite() {
            return Err(ConfigError::Bounds);
        }
        if self.relaxation > T::ZERO && self.relaxation < T::TWO { Ok(()) } else { Err(ConfigError::Relaxation) }
    }
}

/// Memory of [`Polyak`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct PolyakState<T: Real, const N: usize> {
    /// x, and the best of them.
    walk: Walk<T, N>,
}

impl<T: Real, const N: usize> PolyakState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x) }
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, PolyakState<T, N>> for Polyak<T> {
    fn step(&self, state: &mut PolyakState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, PolyakState<T, N>> for Polyak<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut PolyakState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        match best.status(self.gradient_tolerance) {
            Status::Running if best.value <= self.least => Status::Converged(Criterion::Optimal),
            status => status,
        }
    }

    fn next(&self, state: &PolyakState<T, N>) -> SVector<T, N> {
        let Point { x, value, gradient, .. } = &state.walk.at;
        // By norms: the square of a small one is zero.
        let norm = linalg::norm(gradient);
        let length = self.relaxation * state.walk.caution * ((*value - self.least) / norm);
        x - (gradient / norm) * length
    }

    fn arrive(&self, state: &mut PolyakState<T, N>, point: Point<T, N>) -> Status {
        state.walk.at = point;
        Status::Running
    }
}

walked!(PolyakState);
