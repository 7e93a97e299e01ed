//! Douglas-Rachford splitting: two functions, each by its proximal operator.
//!
//! Minimizes `f(x) + p(x)`. One iteration from w, with the rate t and the relaxation θ:
//!
//! 1. `x = prox_{t f}(w)`, the oracle's answer;
//! 2. `y = prox_{t p}(2x - w)`;
//! 3. `w ← w + θ (y - x)`.
//!
//! `(x - y)/t` is a subgradient of f at x plus one of p at y, so both vanish together. The answer is y, never w. With two sets
//! it finds a common point, or the pair of nearest points.
//!
//! Reference: Lions & Mercier, "Splitting algorithms for the sum of two nonlinear operators", 1979; Eckstein & Bertsekas 1992
//! for θ. Memory: three vectors. Converges for convex f and p at any rate, linearly on polyhedral problems; choose a method of
//! [`composite`](crate::composite) where f has a gradient.

use nalgebra::SVector;

use crate::linalg::{self, entries_mut};
use crate::penalty::Penalty;
use crate::real::Real;
use crate::splitting::Proximal;
use crate::splitting::best::{Best, moved, relative};
#[cfg(doc)]
use crate::step::Criterion;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of Douglas-Rachford splitting.
///
/// ```
/// use thalweg::{Method, penalty::{Each, L1}, splitting::{DouglasRachford, ProximalQuadratic}};
/// use nalgebra::{matrix, vector};
/// let mut f = ProximalQuadratic::new(matrix![2.0, 1.0; 1.0, 2.0], vector![-3.0, -1.0]).unwrap();
/// let method = DouglasRachford::new(Each(L1 { strength: 0.5 }));
/// let (state, _) = method.solve(vector![0.0, 0.0], &mut f, 1000).unwrap();
/// assert!((state.x() - vector![1.25_f64, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DouglasRachford<T, R> {
    /// p.
    pub penalty: R,
    /// t. Positive; default 1. It does not decide whether the method converges, but how fast.
    pub rate: T,
    /// θ. In (0, 2); default 1.
    pub relaxation: T,
    /// [`Criterion::Residual`]: `‖x - y‖ ≤ residual_tolerance · max(1, ‖y‖)` and
    /// `(‖x - y‖ + ε‖y‖)/t ≤ residual_tolerance · max(1, ‖w - x‖/t)`. Zero or more; default √ε.
    pub residual_tolerance: T,
}

impl<T: Real, R: Penalty<T>> DouglasRachford<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self { penalty, rate: T::ONE, relaxation: T::ONE, residual_tolerance: T::SQRT_EPSILON }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.residual_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        if !(self.rate > T::ZERO && self.rate.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        if !(self.relaxation > T::ZERO && self.relaxation < T::TWO) {
            return Err(ConfigError::Relaxation);
        }
        self.penalty.validate()
    }
}

/// Memory of [`DouglasRachford`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct DouglasRachfordState<T: Real, const N: usize> {
    /// y where the residual was smallest.
    best: Best<T, N>,
    /// w.
    governing: SVector<T, N>,
    status: Status,
}

impl<T: Real, const N: usize> DouglasRachfordState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Best::new(x), governing: x, status: Status::Running }
    }

    /// y, where the residual was smallest so far.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.best.x
    }

    /// The smallest residual so far, the larger of the two relative ones; infinite before the first step.
    #[must_use]
    pub const fn residual(&self) -> T {
        self.best.residual
    }
}

impl<T: Real, const N: usize, R: Penalty<T>, P: Proximal<T, N>> Method<P, DouglasRachfordState<T, N>>
    for DouglasRachford<T, R>
{
    fn step(&self, state: &mut DouglasRachfordState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        if state.status != Status::Running {
            return Ok(state.status);
        }
        if let Err(error) = self.validate() {
            state.status = Status::Stalled(Stall::Config(error));
            return Ok(state.status);
        }
        let w = state.governing;
        let mut x = w;
        problem.prox(&mut x, self.rate)?;
        let mut y = x * T::TWO - w;
        self.penalty.prox(entries_mut(&mut y), self.rate);
        let apart = linalg::norm(&(x - y));
        let dual_scale = linalg::norm(&(w - x)) / self.rate;
        let residual = relative(apart, linalg::norm(&y), moved(apart, &y, self.rate), dual_scale);
        state.status = state.best.judge(&y, residual, self.residual_tolerance);
        state.governing = w + (y - x) * self.relaxation;
        Ok(state.status)
    }
}

impl<T: Real, const N: usize> From<SVector<T, N>> for DouglasRachfordState<T, N> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
