//! What a least-squares method is to its memories: how it steps, and when it is done.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, System};
use crate::least_squares::domain::Domain;
use crate::least_squares::trust_region::{Model, Step};
use crate::real::Real;
use crate::step::ConfigError;
#[cfg(doc)]
use crate::step::{Criterion, Stall};

/// When a least-squares method is done.
///
/// Beside the tolerances, two inequalities end a solve of `m` samples, with `p` the step and `P` the decrease it promises:
/// [`Stall::Flat`] if `‖Dp‖ > ‖Dx‖/100`, `‖D(x + p)‖ > ‖Dx‖`, `ε^1.5 F < P < ‖Dp‖²/200` and `P ≤ F · max(4ε, decrease)`
/// or rounding hides `P` and a trial did not find it;
/// [`Stall::NoDescent`] if `p` is limited by Δ and `P ≤ 8ε√m F` or `Δ ≤ step · ‖Dx‖`.
///
/// Where rounding hides the promise, `P ≤ ε (8√m F + ‖Dx‖ √(2F))`, the cost cannot tell a better point from a worse one. The
/// slope along the step decides there, and the cost may rise by that much; it never does otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tolerances<T> {
    /// [`Criterion::Gradient`]: `|Jⱼᵀr| ≤ gradient · ‖Jⱼ‖ · √(2F)` for every j that is not held at a bound. Zero or more;
    /// default ε.
    pub gradient: T,
    /// [`Criterion::Decrease`]: the undamped model promises a decrease of at most `decrease · F`, or one that rounding hides
    /// and a trial did not find. Zero or more; default ε^1.5. The remaining error is then about `√(decrease · (m - n))`
    /// standard errors: 4ε is enough for statistics and saves a pass or two.
    pub decrease: T,
    /// [`Criterion::Step`]: the undamped step has `‖Dp‖ ≤ step · ‖Dx‖`, or `16Nε ‖Dx‖` where the model is singular. Zero or
    /// more; default 2ε.
    pub step: T,
}

impl<T: Real> Default for Tolerances<T> {
    fn default() -> Self {
        Self { gradient: T::EPSILON, decrease: T::EPSILON * T::SQRT_EPSILON, step: T::TWO * T::EPSILON }
    }
}

impl<T: Real> Tolerances<T> {
    /// Checks the documented ranges.
    ///
    /// # Errors
    /// [`ConfigError::Tolerance`] if one is negative or NaN.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Self { gradient, decrease, step } = *self;
        let valid = [gradient, decrease, step].iter().all(|tolerance| *tolerance >= T::ZERO);
        if valid { Ok(()) } else { Err(ConfigError::Tolerance) }
    }
}

/// How a least-squares method steps: [`LevenbergMarquardt`](super::LevenbergMarquardt), [`Dogleg`](super::Dogleg) or
/// [`GaussNewton`](super::GaussNewton). Sealed by the types in its signatures, so that it may change.
pub trait Strategy<T: Real, const N: usize, const A: usize> {
    /// Where the parameters may lie.
    type Domain: Domain<T, N, A>;

    /// Where the parameters may lie.
    fn domain(&self) -> &Self::Domain;

    /// When to stop.
    fn tolerances(&self) -> &Tolerances<T>;

    /// Whether Δ is a search along the full step, which every iteration starts with, and not a trust region.
    const LINE_SEARCH: bool = false;

    /// The first Δ relative to `‖Dx₀‖`; not used by a line search.
    fn initial_radius(&self) -> T {
        T::ONE
    }

    /// Writes a step of length at most about `radius` to `p`, zeros if there is none. `scratch` is free.
    fn choose<K: Accumulation>(
        &self,
        model: &Model<'_, T, N, A, Self::Domain>,
        radius: T,
        damping: T,
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T>;

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    fn validate(&self) -> Result<(), ConfigError> {
        self.tolerances().validate()?;
        let radius = self.initial_radius();
        if !(radius > T::ZERO && radius.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        self.domain().validate()
    }
}
