//! The alternating direction method of multipliers, scaled form, with over-relaxation and a balanced weight.
//!
//! Minimizes `f(x) + p(Kx)`. One iteration from z and the scaled multipliers u, with the weight ρ and the relaxation θ:
//!
//! 1. x minimizes `f(x) + ½ρ‖Kx - z + u‖²`, the oracle's answer;
//! 2. `k = θ Kx + (1 - θ) z`, `z⁺ = prox_{p/ρ}(k + u)`, `u⁺ = u + k - z⁺`;
//! 3. among the first iterations, double ρ if `‖Kx - z⁺‖ > 10 ρ‖z⁺ - z‖`, halve it if the other way round.
//!
//! Reference: Boyd, Parikh, Chu, Peleato & Eckstein, "Distributed optimization and statistical learning via the alternating
//! direction method of multipliers", 2011, §3.1.1, 3.3, 3.4.1 and 3.4.3. Memory: one vector of N, three of M. Converges for
//! convex f and p; quick to a few digits, linear beyond where the problem is polyhedral.

use nalgebra::SVector;

use crate::linalg::{self, entries_mut};
use crate::penalty::Penalty;
use crate::real::Real;
use crate::splitting::Augmented;
use crate::splitting::best::{Best, relative};
#[cfg(doc)]
use crate::step::Criterion;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the alternating direction method of multipliers.
///
/// ```
/// use thalweg::{Method, penalty::{Each, L1}, splitting::{Admm, AdmmState, Coupled}};
/// use nalgebra::{Matrix2, matrix, vector};
/// // ½‖x - (1, 3)‖² + ½|x₀ - x₁|: two readings pulled together.
/// let mut f = Coupled::<f64, 2, 1>::new(Matrix2::identity(), vector![-1.0, -3.0], matrix![1.0, -1.0]).unwrap();
/// let admm = Admm::new(Each(L1 { strength: 0.5 }));
/// let (state, _): (AdmmState<f64, 2, 1>, _) = admm.solve(vector![0.0, 0.0], &mut f, 500).unwrap();
/// assert!((state.x() - vector![1.5, 2.5]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Admm<T, R> {
    /// p, a penalty of M numbers.
    pub penalty: R,
    /// The first ρ. Positive; default 1.
    pub initial_weight: T,
    /// The number of iterations in which ρ may change; default 100.
    pub adaptations: u32,
    /// θ. In (0, 2); default 1.6.
    pub relaxation: T,
    /// [`Criterion::Residual`]: `‖Kx - z⁺‖ ≤ residual_tolerance · max(1, ‖z⁺‖)` and
    /// `ρ‖Kx - z + u - u⁺‖ ≤ residual_tolerance · max(1, ρ‖u⁺‖)`, which is `ρ‖z⁺ - z‖` for θ = 1: measured in the space of
    /// Kx, so scale K to a norm of about one. Zero or more; default √ε.
    pub residual_tolerance: T,
}

impl<T: Real, R: Penalty<T>> Admm<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self {
            penalty,
            initial_weight: T::ONE,
            adaptations: 100,
            relaxation: T::of_f64(1.6),
            residual_tolerance: T::SQRT_EPSILON,
        }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.residual_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        if !(self.initial_weight > T::ZERO && self.initial_weight.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        if !(self.relaxation > T::ZERO && self.relaxation < T::TWO) {
            return Err(ConfigError::Relaxation);
        }
        self.penalty.validate()
    }
}

/// Memory of [`Admm`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct AdmmState<T: Real, const N: usize, const M: usize> {
    /// x where the residual was smallest.
    best: Best<T, N>,
    /// z.
    image: SVector<T, M>,
    /// u.
    multipliers: SVector<T, M>,
    /// ρ, zero before the first step.
    weight: T,
    iterations: u32,
    status: Status,
}

impl<T: Real, const N: usize, const M: usize> AdmmState<T, N, M> {
    /// A memory at a starting point; the method itself starts from `z = u = 0`.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            best: Best::new(x),
            image: linalg::zeros(),
            multipliers: linalg::zeros(),
            weight: T::ZERO,
            iterations: 0,
            status: Status::Running,
        }
    }

    /// x where the residual was smallest so far.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.best.x
    }

    /// The last z, the argument of p.
    #[must_use]
    pub const fn image(&self) -> &SVector<T, M> {
        &self.image
    }

    /// The smallest residual so far, the larger of the two relative ones; infinite before the first step.
    #[must_use]
    pub const fn residual(&self) -> T {
        self.best.residual
    }
}

impl<T: Real, const N: usize, const M: usize, R: Penalty<T>, P: Augmented<T, N, M>> Method<P, AdmmState<T, N, M>>
    for Admm<T, R>
{
    fn step(&self, state: &mut AdmmState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
        if state.status != Status::Running {
            return Ok(state.status);
        }
        if let Err(error) = self.validate() {
            state.status = Status::Stalled(Stall::Config(error));
            return Ok(state.status);
        }
        let weight = if state.weight > T::ZERO { state.weight } else { self.initial_weight };
        let (z, u) = (state.image, state.multipliers);
        let (mut x, mut image) = (state.best.x, linalg::zeros());
        problem.minimize(&(z - u), weight, &mut x, &mut image)?;
        let relaxed = image * self.relaxation + z * (T::ONE - self.relaxation);
        let mut next = relaxed + u;
        self.penalty.prox(entries_mut(&mut next), T::ONE / weight);
        let multipliers = u + relaxed - next;
        let primal = linalg::norm(&(image - next));
        // What is left of 0 ∈ ∂f(x) + ρKᵀu⁺.
        let dual = weight * linalg::norm(&(u + image - z - multipliers));
        let residual = relative(primal, linalg::norm(&next), dual, weight * linalg::norm(&multipliers));
        state.status = state.best.judge(&x, residual, self.residual_tolerance);
        state.image = next;
        state.multipliers = multipliers;
        state.weight = weight;
        if state.iterations < self.adaptations {
            state.iterations += 1;
            let moved = weight * linalg::norm(&(next - z));
            let factor = if primal > T::of_f64(10.0) * moved {
                T::TWO
            } else if moved > T::of_f64(10.0) * primal {
                T::HALF
            } else {
                T::ONE
            };
            state.weight *= factor;
            state.multipliers /= factor;
        }
        Ok(state.status)
    }
}

impl<T: Real, const N: usize, const M: usize> From<SVector<T, N>> for AdmmState<T, N, M> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
