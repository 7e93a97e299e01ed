//! The primal-dual hybrid gradient method of Chambolle and Pock: two penalties and a linear map between them.
//!
//! Minimizes `q(x) + p(Kx)`. One iteration from x, y and the last `x₋`, with the rates t and s:
//!
//! 1. `y⁺ = prox_{s p*}(y + s K(2x - x₋))`, by Moreau's identity from the proximal operator of p;
//! 2. `x⁺ = prox_{t q}(x - t Kᵀy⁺)`.
//!
//! `(x - x⁺)/t` is a subgradient of q at `x⁺` plus `Kᵀy⁺`; `(y - y⁺)/s + K(2x - x₋ - x⁺)` one of p* at `y⁺` minus `Kx⁺`.
//! Both vanish at a solution, and only there.
//!
//! Reference: Chambolle & Pock, "A first-order primal-dual algorithm for convex problems with applications to imaging", 2011,
//! algorithm 1 with θ = 1. Memory: three vectors of N, four of M. Two products an iteration and no inverse; choose ADMM where
//! a factorization is cheap.

use nalgebra::SVector;

use crate::linalg::{self, entries_mut};
use crate::penalty::Penalty;
use crate::real::Real;
use crate::splitting::Operator;
use crate::splitting::best::{Best, moved, relative};
#[cfg(doc)]
use crate::step::Criterion;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the primal-dual hybrid gradient method.
///
/// ```
/// use thalweg::{Method, penalty::{Each, L1, Zero}, splitting::{Matrix, PrimalDual, PrimalDualState}};
/// use nalgebra::{matrix, vector};
/// let map = Matrix(matrix![1.0; -1.0]); // |x - 0| + |-x - 0| has its minimum at zero
/// let method = PrimalDual::new(Each(Zero), Each(L1 { strength: 1.0 }), 0.5, 0.5);
/// let (state, _): (PrimalDualState<f64, 1, 2>, _) = method.solve(vector![3.0], &mut { map }, 1000).unwrap();
/// assert!(state.x()[0].abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PrimalDual<T, Q, R> {
    /// q, a convex penalty of N numbers.
    pub primal: Q,
    /// p, a convex penalty of M numbers.
    pub dual: R,
    /// t. Positive.
    pub primal_rate: T,
    /// s. Positive, and `s t ‖K‖² ≤ 1`; see [`Operator::norm`].
    pub dual_rate: T,
    /// [`Criterion::Residual`]: the two residuals above are at most `residual_tolerance` times `max(1, ‖Kᵀy⁺‖)` and
    /// `max(1, ‖Kx⁺‖)`. Zero or more; default √ε.
    pub residual_tolerance: T,
}

impl<T: Real, Q: Penalty<T>, R: Penalty<T>> PrimalDual<T, Q, R> {
    /// The two penalties and rates, with the default tolerance.
    pub const fn new(primal: Q, dual: R, primal_rate: T, dual_rate: T) -> Self {
        Self { primal, dual, primal_rate, dual_rate, residual_tolerance: T::SQRT_EPSILON }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error. The norm of K is the
    /// caller's to know.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.residual_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        for rate in [self.primal_rate, self.dual_rate] {
            if !(rate > T::ZERO && rate.is_finite()) {
                return Err(ConfigError::NotPositive);
            }
        }
        self.primal.validate()?;
        self.dual.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for `Kx`.
    Apply,
    /// Ask for `Kᵀy`.
    Adjoint,
    Done(Status),
}

/// Memory of [`PrimalDual`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct PrimalDualState<T: Real, const N: usize, const M: usize> {
    /// x where the residual was smallest.
    best: Best<T, N>,
    /// x.
    x: SVector<T, N>,
    /// y.
    y: SVector<T, M>,
    /// `Kx`.
    image: SVector<T, M>,
    /// A subgradient of p* at y.
    slope: SVector<T, M>,
    /// The residual of x, relative.
    primal: T,
    /// Whether an iteration is complete.
    begun: bool,
    phase: Phase,
}

impl<T: Real, const N: usize, const M: usize> PrimalDualState<T, N, M> {
    /// A memory at a starting point, with `y = 0`.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            best: Best::new(x),
            x,
            y: linalg::zeros(),
            image: linalg::zeros(),
            slope: linalg::zeros(),
            primal: T::INFINITY,
            begun: false,
            phase: Phase::Apply,
        }
    }

    /// x where the residual was smallest so far.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.best.x
    }

    /// The last y, the multipliers of Kx.
    #[must_use]
    pub const fn multipliers(&self) -> &SVector<T, M> {
        &self.y
    }

    /// The smallest residual so far, the larger of the two relative ones; infinite before the first.
    #[must_use]
    pub const fn residual(&self) -> T {
        self.best.residual
    }
}

impl<T, const N: usize, const M: usize, Q, R, P> Method<P, PrimalDualState<T, N, M>> for PrimalDual<T, Q, R>
where
    T: Real,
    Q: Penalty<T>,
    R: Penalty<T>,
    P: Operator<T, N, M>,
{
    fn step(&self, state: &mut PrimalDualState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
        if let Phase::Done(status) = state.phase {
            return Ok(status);
        }
        let status = if let Err(error) = self.validate() {
            Status::Stalled(Stall::Config(error))
        } else if state.phase == Phase::Apply {
            let mut image = linalg::zeros();
            problem.apply(&state.x, &mut image)?;
            self.ascend(state, image)
        } else {
            let mut image = linalg::zeros();
            problem.adjoint(&state.y, &mut image)?;
            let mut x = state.x - image * self.primal_rate;
            self.primal.prox(entries_mut(&mut x), self.primal_rate);
            let residual = moved(linalg::norm(&(state.x - x)), &x, self.primal_rate);
            state.primal = residual / linalg::norm(&image).max(T::ONE);
            state.x = x;
            state.begun = true;
            state.phase = Phase::Apply;
            Status::Running
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, Q: Penalty<T>, R: Penalty<T>> PrimalDual<T, Q, R> {
    /// Judges the last iteration, then moves y, with `Kx` at hand.
    fn ascend<const N: usize, const M: usize>(
        &self,
        state: &mut PrimalDualState<T, N, M>,
        image: SVector<T, M>,
    ) -> Status {
        let reach = if state.begun {
            let residual = linalg::norm(&(state.slope - image)) / linalg::norm(&image).max(T::ONE);
            let residual = relative(residual, T::ONE, state.primal, T::ONE);
            let x = state.x;
            let status = state.best.judge(&x, residual, self.residual_tolerance);
            if status != Status::Running {
                return status;
            }
            image * T::TWO - state.image
        } else {
            image
        };
        // prox_{s p*}(v) = v - s prox_{p/s}(v/s).
        let v = state.y / self.dual_rate + reach;
        let mut inner = v;
        self.dual.prox(entries_mut(&mut inner), T::ONE / self.dual_rate);
        state.slope = inner;
        state.y = (v - inner) * self.dual_rate;
        state.image = image;
        state.phase = Phase::Adjoint;
        Status::Running
    }
}

impl<T: Real, const N: usize, const M: usize> From<SVector<T, N>> for PrimalDualState<T, N, M> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
