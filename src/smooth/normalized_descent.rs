//! Normalized gradient descent, for functions whose curvature grows with their slope.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)`:
//!
//! `x⁺ = x - t g/‖g‖ᵇ`,
//!
//! with b between 0, which is [`FixedRate`](crate::smooth::FixedRate), and 1, whose steps all have the length t. It is meant for
//! f with `‖∇f(y) - ∇f(x)‖ ≤ (l₀ + l₁ max ‖∇f‖ᵃ) ‖y - x‖`, the maximum over the segment: polynomials of any degree have such
//! bounds with `a < 1`, and no gradient of theirs is Lipschitz. With `a ≤ b ≤ 1` and the rate of
//! [`safe`](NormalizedDescent::safe) every step lowers f by at least `½ t ‖g‖²⁻ᵇ` until `‖g‖ < ε`.
//!
//! Reference: Chen, Zhou, Liang & Lu, "Generalized-smooth nonconvex optimization is as efficient as smooth nonconvex
//! optimization", 2023, algorithm 1; the rate is smaller than the paper's constants ask and follows from its descent lemma.
//! Memory: two points. One gradient an iteration. Choose [`GradientDescent`](crate::smooth::GradientDescent) where values may be
//! compared.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Parameters of normalized gradient descent.
///
/// ```
/// use thalweg::{Method, smooth::NormalizedDescent, problem::gradient_fn};
/// use nalgebra::{SVector, vector};
/// let mut quartic = gradient_fn(|x: &SVector<f64, 1>, g| { *g = x.map(|x| 4.0 * x.powi(3)); x.map(|x| x.powi(4)).sum() });
/// let (state, status) = NormalizedDescent::new(0.05, 2.0 / 3.0).solve(vector![10.0_f64], &mut quartic, 200).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && state.x()[0] < 2e-3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NormalizedDescent<T> {
    /// t. Positive. After a point where f is not finite the solve goes on from the best point with half the rate.
    pub rate: T,
    /// b. Between 0 and 1.
    pub exponent: T,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> NormalizedDescent<T> {
    /// The default parameters with a rate and an exponent.
    pub const fn new(rate: T, exponent: T) -> Self {
        Self { rate, exponent, gradient_tolerance: T::SQRT_EPSILON, patience: PATIENCE }
    }

    /// The method with `b = a` and `t = εᵃ/max(1, K₀ + K₁ + 2 K₂)`, whose gradient falls below the `accuracy` ε ≤ 1, for the
    /// bounds l₀ and l₁ of the curvature and `a < 1`; `K₀ = l₀ (c + 1)`, `K₁ = l₁ c 3ᵃ`,
    /// `K₂ = l₁^(1/(1-a)) c 3ᵃ (1 - a)^(a/(1-a))`, `c = 2^(a²/(1-a))`.
    #[must_use]
    pub fn safe(accuracy: T, a: T, l0: T, l1: T) -> Self {
        let rest = T::ONE - a;
        let c = T::TWO.powf(a * a / rest);
        let spread = c * T::of_f64(3.0).powf(a);
        let last = l1.powf(T::ONE / rest) * spread * rest.powf(a / rest);
        let curvature = l0 * (c + T::ONE) + l1 * spread + T::TWO * last;
        // NaN stays NaN, which `validate` refuses; no curvature is negative.
        let sound = l0 >= T::ZERO && l1 >= T::ZERO;
        let curvature = if !sound {
            T::NAN
        } else if curvature < T::ONE {
            T::ONE
        } else {
            curvature
        };
        Self { gradient_tolerance: accuracy, ..Self::new(accuracy.powf(a) / curvature, a) }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.rate)?;
        if self.exponent >= T::ZERO && self.exponent <= T::ONE { Ok(()) } else { Err(ConfigError::Exponent) }
    }
}

/// Memory of [`NormalizedDescent`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct NormalizedDescentState<T: Real, const N: usize> {
    /// x, and the best of them.
    walk: Walk<T, N>,
}

impl<T: Real, const N: usize> NormalizedDescentState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x) }
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, NormalizedDescentState<T, N>> for NormalizedDescent<T> {
    fn step(&self, state: &mut NormalizedDescentState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, NormalizedDescentState<T, N>> for NormalizedDescent<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut NormalizedDescentState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn next(&self, state: &NormalizedDescentState<T, N>) -> SVector<T, N> {
        let Walk { at, caution, .. } = &state.walk;
        let norm = linalg::norm(&at.gradient);
        // At a stationary point that is not the best one the walk stands still.
        let scale = if norm > T::ZERO { norm.powf(self.exponent) } else { T::ONE };
        at.x - at.gradient * (self.rate * *caution / scale)
    }

    fn arrive(&self, state: &mut NormalizedDescentState<T, N>, point: Point<T, N>) -> Status {
        state.walk.at = point;
        Status::Running
    }
}

walked!(NormalizedDescentState);
