//! Newton's method in a trust region, with the exact step.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)`, `H = ∇²f(x)` and a radius Δ:
//!
//! 1. `p = argmin gᵀp + ½ pᵀHp` over `‖p‖ ≤ Δ`, globally, hard case included;
//! 2. `ρ = (f(x) - f(x + p)) / (-gᵀp - ½ pᵀHp)`;
//! 3. `Δ ← ¼ ‖p‖` if `ρ < ¼`, `Δ ← 2Δ` if `ρ > ¾` and p ends on the boundary;
//! 4. `x ← x + p` if `ρ > 0.1`. Where rounding hides both decreases, a smaller gradient decides.
//!
//! Reference: Moré & Sorensen, "Computing a trust region step", 1983; the radius: Nocedal & Wright, Numerical Optimization, 2nd ed.,
//! algorithm 4.1. Memory: one matrix and six vectors. One Hessian an accepted point, one gradient and some factors a trial, N³/3
//! operations each; where the Hessian is indefinite or nearly so, 10 N³ for its spectrum. Converges quadratically, and to second-order
//! points: at a strict saddle the step follows the negative curvature. Choose it for small N whenever Hessians are at hand;
//! [`NewtonCg`](crate::smooth::NewtonCg) where N² numbers are too many.

use nalgebra::SVector;

use crate::problem::Curved;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::model::Model;
use crate::smooth::newton_state::{Answer, NewtonState, Rule};
use crate::smooth::trust_region::adapt_radius;
use crate::step::{ConfigError, Method, Status};

/// Parameters of Newton's method in a trust region.
///
/// ```
/// use thalweg::{Method, Number, smooth::NewtonTrustRegion, problem::{Forward, Function}};
/// struct Well; // a saddle at the origin, minima at (0, ±1)
/// impl Function<f64, 2> for Well {
///     fn value<D: Number<Scalar = f64>>(&self, &[x, y]: &[D; 2]) -> D { (x * x - y * y).scale(0.5) + y.powi(4).scale(0.25) }
/// }
/// let (state, _) = NewtonTrustRegion::default().solve(nalgebra::vector![0.0, 0.0], &mut Forward(Well), 100).unwrap();
/// assert!((state.value() + 0.25).abs() < 1e-12 && state.eigenvalues().min() > 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NewtonTrustRegion<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the
    /// start, and `λ_min ≥ -curvature_tolerance · max |λ|`. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// A strict saddle is left while `λ_min < -curvature_tolerance · max |λ|`. Zero or more, infinity to accept any stationary
    /// point; default √ε.
    pub curvature_tolerance: T,
    /// The first Δ. Positive; default 1.
    pub initial_radius: T,
}

impl<T: Real> Default for NewtonTrustRegion<T> {
    fn default() -> Self {
        Self { gradient_tolerance: T::SQRT_EPSILON, curvature_tolerance: T::SQRT_EPSILON, initial_radius: T::ONE }
    }
}

impl<T: Real> NewtonTrustRegion<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        tolerance(self.curvature_tolerance)?;
        at_least(T::ZERO, self.initial_radius)
    }
}

impl<T: Real> Rule<T> for NewtonTrustRegion<T> {
    fn check(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn curvature_tolerance(&self) -> T {
        self.curvature_tolerance
    }

    fn opening(&self) -> T {
        self.initial_radius
    }

    fn propose<const N: usize>(&self, model: &mut Model<T, N>, _: bool, radius: &mut T) -> SVector<T, N> {
        model.in_ball(*radius)
    }

    fn accepts<const N: usize>(&self, _: &Model<T, N>, trial: &Answer<T>, radius: &mut T) -> bool {
        adapt_radius(trial.decrease, trial.promised, trial.length, radius)
    }
}

impl<T: Real, const N: usize, P: Curved<T, N>> Method<P, NewtonState<T, N>> for NewtonTrustRegion<T> {
    fn step(&self, state: &mut NewtonState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        state.advance(self, problem)
    }
}
