//! Newton's method, regularized in proportion to the gradient.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)`, a matrix H and a radius γ:
//!
//! 1. `λ = ‖g‖/(γ + min(γ, 10⁻⁸))`; halve γ until `H + λI` is positive definite;
//! 2. `x⁺ = x - (H + λI)⁻¹ g`;
//! 3. accept if `f(x) - f(x⁺) ≥ ‖∇f(x⁺)‖²/(8λ)` and double γ, else halve it.
//!
//! For convex f there is a rule of slopes: accept if `⟨∇f(x⁺), x - x⁺⟩ ≥ ‖∇f(x⁺)‖²/(4λ)` and quadruple γ, up to 10⁵, else quarter it. It
//! implies a decrease, and needs none that rounding would hide.
//!
//! γ estimates the radius within which `g + H h` is the gradient up to a relative error of `‖h‖/γ`. H may be any matrix that
//! stands for the Hessian: [`GaussNewtonCurvature`](crate::problem::GaussNewtonCurvature),
//! [`FisherCurvature`](crate::problem::FisherCurvature), or your own. Reference: Semenov, Jaggi & Doikov, "Gradient-normalized
//! smoothness for optimization with approximate Hessians", 2025, the adaptive search of its authors' program. Memory: one matrix and six
//! vectors. One Hessian an accepted point, one gradient a trial. Near a strict saddle λ exceeds the negative curvature, so the step is
//! one of descent and leaves; started at one, it stays: choose [`NewtonTrustRegion`](crate::smooth::NewtonTrustRegion) for that.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Curved;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::model::Model;
use crate::smooth::newton_state::{Answer, NewtonState, Rule};
use crate::step::{ConfigError, Method, Status};

/// What step 3 compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RegularizedRule {
    /// Values; for any f.
    #[default]
    General,
    /// Slopes; for convex f. A value that rises is refused as well, since it shows that f is not.
    Convex,
}

/// Parameters of regularized Newton.
///
/// ```
/// use thalweg::{Method, Number, smooth::RegularizedNewton, problem::{Forward, Function}};
/// struct Bowl;
/// impl Function<f64, 1> for Bowl {
///     fn value<D: Number<Scalar = f64>>(&self, &[x]: &[D; 1]) -> D { x.exp() - x.scale(2.0) }
/// }
/// let (state, _) = RegularizedNewton::default().solve(nalgebra::vector![3.0], &mut Forward(Bowl), 100).unwrap();
/// assert!((state.x()[0] - 2.0_f64.ln()).abs() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegularizedNewton<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the
    /// start. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// The first γ. Positive; default 1.
    pub initial_radius: T,
    /// Which steps are taken. Default [`RegularizedRule::General`].
    pub rule: RegularizedRule,
}

impl<T: Real> Default for RegularizedNewton<T> {
    fn default() -> Self {
        Self { gradient_tolerance: T::SQRT_EPSILON, initial_radius: T::ONE, rule: RegularizedRule::General }
    }
}

impl<T: Real> RegularizedNewton<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.initial_radius)
    }
}

/// λ.
fn damping<T: Real, const N: usize>(model: &Model<T, N>, radius: T) -> T {
    linalg::norm(&model.slopes) / (radius + radius.min(T::of_f64(1e-8)))
}

impl<T: Real> Rule<T> for RegularizedNewton<T> {
    fn check(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn opening(&self) -> T {
        self.initial_radius
    }

    fn propose<const N: usize>(&self, model: &mut Model<T, N>, _: bool, radius: &mut T) -> SVector<T, N> {
        if let Some(step) = model.solve(damping(model, *radius)) {
            return step;
        }
        model.decompose();
        let least = model.least();
        while !(least + damping(model, *radius) > T::ZERO) && *radius > T::TINY {
            *radius *= T::HALF;
        }
        model.shifted(damping(model, *radius))
    }

    fn accepts<const N: usize>(&self, model: &Model<T, N>, trial: &Answer<T>, radius: &mut T) -> bool {
        let share = trial.slope * (trial.slope / (T::of_f64(4.0) * damping(model, *radius)));
        let (accepted, factor, widest) = match self.rule {
            // An infinite radius could not be halved.
            RegularizedRule::General => (trial.decrease >= T::HALF * share, T::TWO, T::ONE / T::TINY),
            RegularizedRule::Convex => (
                trial.decrease > T::ZERO && trial.fall >= share,
                T::of_f64(4.0),
                self.initial_radius.max(T::of_f64(1e5)),
            ),
        };
        *radius = if accepted { (*radius * factor).min(widest) } else { *radius / factor };
        accepted
    }
}

impl<T: Real, const N: usize, P: Curved<T, N>> Method<P, NewtonState<T, N>> for RegularizedNewton<T> {
    fn step(&self, state: &mut NewtonState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        state.advance(self, problem)
    }
}
