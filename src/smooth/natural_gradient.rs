//! Natural gradient with a damped Fisher matrix.
//!
//! Minimizes a negative log-likelihood `f`. One iteration, with `g = ∇f(x)`, the Fisher matrix F of the model at x, a rate η and a
//! damping λ:
//!
//! 1. `d = -η (F + λI)⁻¹ g`;
//! 2. `ρ = (f(x) - f(x + d)) / (-gᵀd - ½ dᵀFd)`;
//! 3. `λ ← ⅔ λ` if `ρ > ¾`, `λ ← 3/2 λ` if `ρ < ¼`, `λ ← 4λ` if the step is not taken;
//! 4. `x ← x + d` if `ρ > 10⁻⁴`.
//!
//! Reference: Amari, "Natural gradient works efficiently in learning", 1998, theorem 1; the damping: Martens, "New insights and
//! perspectives on the natural gradient method", 2020, §6.1 and 8.5. Memory: one matrix and six vectors. One matrix an accepted point,
//! one gradient a trial. The oracle is any [`Curved`] that answers with F, the expectation of `∇log p ∇log pᵀ` over the *model's*
//! distribution: by hand through [`hessian_fn`](crate::problem::hessian_fn), where it equals the Gauss-Newton matrix by
//! [`GaussNewtonCurvature`](crate::problem::GaussNewtonCurvature). A small step does not depend on how the distribution is
//! parametrized. Choose [`RegularizedNewton`](crate::smooth::RegularizedNewton) where the scale of F is unknown.

use nalgebra::SVector;

use crate::problem::Curved;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::model::Model;
use crate::smooth::newton_state::{Answer, NewtonState, Rule};
use crate::step::{ConfigError, Method, Status};

/// Parameters of natural gradient.
///
/// Three heads in ten tosses, by log-odds t: `f = 10 ln(1 + eᵗ) - 3t`, `F = 10 p (1 - p)`.
///
/// ```
/// use thalweg::{Method, smooth::NaturalGradient, problem::hessian_fn};
/// use nalgebra::{matrix, vector, Vector1};
/// let mut coin = hessian_fn(|t: &Vector1<f64>, g, h| {
///     let p = 1.0 / (1.0 + (-t[0]).exp());
///     (*g, *h) = (vector![10.0 * p - 3.0], matrix![10.0 * p * (1.0 - p)]);
///     10.0 * t[0].exp().ln_1p() - 3.0 * t[0]
/// });
/// let (state, _) = NaturalGradient::default().solve(vector![0.0], &mut coin, 100).unwrap();
/// assert!((state.x()[0] - (3.0_f64 / 7.0).ln()).abs() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NaturalGradient<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the
    /// start. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// η. In (0, 2); default 1.
    pub rate: T,
    /// The first λ. Positive; default 10⁻³.
    pub initial_damping: T,
}

impl<T: Real> Default for NaturalGradient<T> {
    fn default() -> Self {
        Self { gradient_tolerance: T::SQRT_EPSILON, rate: T::ONE, initial_damping: T::of_f64(1e-3) }
    }
}

impl<T: Real> NaturalGradient<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.initial_damping)?;
        if self.rate > T::ZERO && self.rate < T::TWO { Ok(()) } else { Err(ConfigError::Relaxation) }
    }
}

impl<T: Real> Rule<T> for NaturalGradient<T> {
    fn check(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn opening(&self) -> T {
        self.initial_damping
    }

    /// Eigenvalues that rounding made negative count as zero.
    fn propose<const N: usize>(&self, model: &mut Model<T, N>, _: bool, damping: &mut T) -> SVector<T, N> {
        if let Some(factor) = model.factor(*damping) {
            return model.solve_by(&factor) * self.rate;
        }
        model.decompose();
        model.values.zip_map(&model.slopes, |value, slope| -self.rate * slope / (value.max(T::ZERO) + *damping))
    }

    fn accepts<const N: usize>(&self, _: &Model<T, N>, trial: &Answer<T>, damping: &mut T) -> bool {
        let kept = trial.decrease / trial.promised;
        let accepted = kept > T::of_f64(1e-4);
        if !accepted {
            *damping *= T::of_f64(4.0);
        } else if kept < T::of_f64(0.25) {
            *damping *= T::of_f64(1.5);
        } else if kept > T::of_f64(0.75) {
            *damping = (*damping * T::of_f64(2.0 / 3.0)).max(T::TINY);
        }
        accepted
    }
}

impl<T: Real, const N: usize, P: Curved<T, N>> Method<P, NewtonState<T, N>> for NaturalGradient<T> {
    fn step(&self, state: &mut NewtonState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        state.advance(self, problem)
    }
}
