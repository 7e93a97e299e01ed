//! Dykstra's algorithm: the nearest point of an intersection of convex sets.
//!
//! Minimizes `‖x - v‖` over `C₁ ∩ … ∩ C_K`. One step, i in cyclic order, with a correction cᵢ for each set:
//! `x⁺ = Pᵢ(x + cᵢ)`, `cᵢ ← x + cᵢ - x⁺`.
//!
//! Reference: Boyle & Dykstra, "A method for finding projections onto the intersection of convex sets in Hilbert spaces",
//! 1986; the test of the end is Birgin & Raydan, "Robust stopping criteria for Dykstra's algorithm", 2005. Memory: K + 1
//! vectors. Linear convergence for polyhedra, sublinear where sets touch; without a common point it does not end.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns_mut, entries};
use crate::real::Real;
use crate::splitting::Projections;
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Parameters of Dykstra's algorithm.
///
/// ```
/// use thalweg::{Method, penalty::HalfSpace, splitting::{Dykstra, DykstraState, Sets}};
/// use nalgebra::vector;
/// let below = HalfSpace { normal: vector![0.0, 1.0], offset: 0.0 };
/// let left = HalfSpace { normal: vector![1.0, 1.0], offset: 0.0 };
/// let (state, _): (DykstraState<f64, 2, 2>, _) = Dykstra::default().solve(vector![2.0, 1.0], &mut Sets([below, left]), 500).unwrap();
/// assert!((state.x() - vector![0.5, -0.5]).amax() < 1e-7); // plain projections end at (1, -1)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dykstra<T> {
    /// [`Criterion::Residual`]: over one pass `√Σ‖Δcᵢ‖² ≤ residual_tolerance · max(1, ‖x‖)`. Zero or more; default √ε.
    pub residual_tolerance: T,
}

impl<T: Real> Default for Dykstra<T> {
    fn default() -> Self {
        Self { residual_tolerance: T::SQRT_EPSILON }
    }
}

impl<T: Real> Dykstra<T> {
    /// Checks the documented range; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// [`ConfigError::Tolerance`] if the tolerance is negative or NaN.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.residual_tolerance >= T::ZERO { Ok(()) } else { Err(ConfigError::Tolerance) }
    }
}

/// Memory of [`Dykstra`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct DykstraState<T: Real, const N: usize, const K: usize> {
    /// x.
    x: SVector<T, N>,
    /// cᵢ, as columns.
    corrections: SMatrix<T, N, K>,
    /// `Σ‖Δcᵢ‖²` of this pass.
    squares: T,
    /// The set to project on.
    next: usize,
    /// `√Σ‖Δcᵢ‖²` of the last whole pass.
    residual: T,
    status: Status,
}

impl<T: Real, const N: usize, const K: usize> DykstraState<T, N, K> {
    /// A memory at the point to be projected.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            x,
            corrections: linalg::zeros(),
            squares: T::ZERO,
            next: 0,
            residual: T::INFINITY,
            status: Status::Running,
        }
    }

    /// The last point, in the set last projected on.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.x
    }

    /// The change of the corrections in the last whole pass; infinite before.
    #[must_use]
    pub const fn residual(&self) -> T {
        self.residual
    }
}

impl<T: Real, const N: usize, const K: usize, P: Projections<T, N, K>> Method<P, DykstraState<T, N, K>> for Dykstra<T> {
    fn step(&self, state: &mut DykstraState<T, N, K>, problem: &mut P) -> Result<Status, P::Error> {
        if state.status != Status::Running {
            return Ok(state.status);
        }
        if let Err(error) = self.validate() {
            state.status = Status::Stalled(Stall::Config(error));
            return Ok(state.status);
        }
        if let Some(correction) = columns_mut(&mut state.corrections).get_mut(state.next) {
            let last = SVector::from(*correction);
            let from = state.x + last;
            let mut x = from;
            problem.project(state.next, &mut x)?;
            if !linalg::all_finite(&x) {
                state.status = Status::Stalled(Stall::NonFinite);
                return Ok(state.status);
            }
            let change = from - x - last;
            state.squares += linalg::dot(&change, &change);
            *correction = *entries(&(from - x));
            state.x = x;
            state.next += 1;
        }
        if state.next >= K {
            state.residual = state.squares.sqrt();
            if state.residual <= self.residual_tolerance * linalg::norm(&state.x).max(T::ONE) {
                state.status = Status::Converged(Criterion::Residual);
            }
            state.squares = T::ZERO;
            state.next = 0;
        }
        Ok(state.status)
    }
}

impl<T: Real, const N: usize, const K: usize> From<SVector<T, N>> for DykstraState<T, N, K> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
