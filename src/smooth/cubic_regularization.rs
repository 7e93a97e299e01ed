//! Newton's method with adaptive cubic regularization.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)`, `H = ∇²f(x)` and a weight M:
//!
//! 1. `h = argmin m(h) = gᵀh + ½ hᵀHh + (M/6) ‖h‖³`, globally: `h = -(H + λI)⁻¹g` with `λ = ½ M ‖h‖` and `H + λI ⪰ 0`, hard case
//!    included;
//! 2. accept and halve M if `f(x + h) ≤ f(x) + m(h)`, else double it.
//!
//! Reference: Nesterov & Polyak, "Cubic regularization of Newton method and its global performance", 2006, eq. 2.4 and §5.2; Cartis,
//! Gould & Toint, "Adaptive cubic regularisation methods", part I, 2011, §6.1. Memory: one matrix and six vectors. One Hessian an
//! accepted point, one gradient and some factors a trial, N³/3 operations each; where the Hessian is indefinite, 10 N³ for its
//! spectrum. `O(ε^(-3/2))` iterations to `‖g‖ ≤ ε`, the best of second-order methods; at a strict saddle the step follows the
//! negative curvature. Once M has been halved below the smallest number, there is no finite minimizer in sight. Choose
//! [`NewtonTrustRegion`](crate::smooth::NewtonTrustRegion) where third derivatives vary by orders of magnitude: a radius adapts
//! faster than M.

use nalgebra::SVector;

use crate::problem::Curved;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::model::Model;
use crate::smooth::newton_state::{Answer, NewtonState, Rule};
use crate::step::{ConfigError, Method, Status};

/// Parameters of cubic regularization.
///
/// ```
/// use thalweg::{Method, Number, smooth::CubicRegularization, problem::{Forward, Function}};
/// struct Well; // a saddle at the origin, minima at (0, ±1)
/// impl Function<f64, 2> for Well {
///     fn value<D: Number<Scalar = f64>>(&self, &[x, y]: &[D; 2]) -> D { (x * x - y * y).scale(0.5) + y.powi(4).scale(0.25) }
/// }
/// let (state, _) = CubicRegularization::default().solve(nalgebra::vector![0.0, 0.0], &mut Forward(Well), 100).unwrap();
/// assert!((state.value() + 0.25).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CubicRegularization<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the
    /// start, and `λ_min ≥ -curvature_tolerance · max |λ|`. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// A strict saddle is left while `λ_min < -curvature_tolerance · max |λ|`. Zero or more, infinity to accept any stationary
    /// point; default √ε.
    pub curvature_tolerance: T,
    /// The first M, of the order of the third derivatives of f. At least ε², so that M can be halved often; default 1.
    pub initial_weight: T,
}

impl<T: Real> Default for CubicRegularization<T> {
    fn default() -> Self {
        Self { gradient_tolerance: T::SQRT_EPSILON, curvature_tolerance: T::SQRT_EPSILON, initial_weight: T::ONE }
    }
}

impl<T: Real> CubicRegularization<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        tolerance(self.curvature_tolerance)?;
        at_least(T::EPSILON * T::EPSILON, self.initial_weight)
    }
}

impl<T: Real> Rule<T> for CubicRegularization<T> {
    fn check(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn curvature_tolerance(&self) -> T {
        self.curvature_tolerance
    }

    fn is_flat(&self, weight: T) -> bool {
        weight < T::TINY
    }

    fn opening(&self) -> T {
        self.initial_weight
    }

    fn propose<const N: usize>(&self, model: &mut Model<T, N>, _: bool, weight: &mut T) -> SVector<T, N> {
        model.cubic(*weight)
    }

    fn accepts<const N: usize>(&self, _: &Model<T, N>, trial: &Answer<T>, weight: &mut T) -> bool {
        let cubic = *weight / T::of_f64(6.0) * trial.length * trial.length * trial.length;
        let accepted = trial.decrease >= trial.promised - cubic;
        *weight *= if accepted { T::HALF } else { T::TWO };
        accepted
    }
}

impl<T: Real, const N: usize, P: Curved<T, N>> Method<P, NewtonState<T, N>> for CubicRegularization<T> {
    fn step(&self, state: &mut NewtonState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        state.advance(self, problem)
    }
}
