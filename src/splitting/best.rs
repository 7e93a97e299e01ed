//! The best point of a method whose value does not fall from step to step.

use nalgebra::SVector;

use crate::linalg;
use crate::real::Real;
use crate::step::{Criterion, Stall, Status};

/// The point with the smallest residual so far, where a residual relative to its scale is one number.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(super) struct Best<T: Real, const N: usize> {
    /// Where the residual is smallest.
    pub x: SVector<T, N>,
    /// The residual there, infinite at first.
    pub residual: T,
}

impl<T: Real, const N: usize> Best<T, N> {
    pub(super) const fn new(x: SVector<T, N>) -> Self {
        Self { x, residual: T::INFINITY }
    }

    /// Keeps the better point, and tells how the method stands. Infinity and NaN end it.
    pub(super) fn judge(&mut self, x: &SVector<T, N>, residual: T, tolerance: T) -> Status {
        if !residual.is_finite() || !linalg::all_finite(x) {
            return Status::Stalled(Stall::NonFinite);
        }
        if residual < self.residual {
            self.x = *x;
            self.residual = residual;
        }
        if residual <= tolerance { Status::Converged(Criterion::Residual) } else { Status::Running }
    }
}

/// The residual of an inclusion at the rate t, `(‖moved‖ + ε‖x‖)/t`: at a rate too short to move x nothing is known.
pub(super) fn moved<T: Real, const N: usize>(by: T, x: &SVector<T, N>, rate: T) -> T {
    (by + T::EPSILON * linalg::norm(x)) / rate
}

/// The larger of a primal and a dual residual, each relative to `max(1, scale)`; NaN if one is.
pub(super) fn relative<T: Real>(primal: T, primal_scale: T, dual: T, dual_scale: T) -> T {
    let primal = primal / primal_scale.max(T::ONE);
    let dual = dual / dual_scale.max(T::ONE);
    if primal <= dual { dual } else { primal + T::ZERO * dual }
}
