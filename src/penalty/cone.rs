//! The second-order cone and the cone of positive semidefinite matrices.

use nalgebra::SMatrix;

use crate::linalg::{columns, columns_mut, eigen, entries, matrix, norm_of, zeros};
use crate::penalty::Penalty;
use crate::penalty::threshold::rounding;
use crate::real::Real;
use crate::step::ConfigError;

/// The set `‖(x₁ … xₙ₋₁)‖₂ ≤ xₙ`, up to rounding: the last entry bounds the norm of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SecondOrderCone;

/// The symmetric positive semidefinite N×N matrices, up to rounding, as slices of N² entries in columns.
///
/// The projection of a matrix that is not symmetric is that of its symmetric part. A slice of another length is outside,
/// and its projection is the slice itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Semidefinite<const N: usize>;

impl<T: Real> Penalty<T> for SecondOrderCone {
    fn value(&self, x: &[T]) -> T {
        let Some((&bound, rest)) = x.split_last() else { return T::ZERO };
        let norm = norm_of(rest);
        if norm <= bound + rounding(x.len(), norm) { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        let Some((bound, rest)) = x.split_last_mut() else { return };
        let norm = norm_of(rest);
        if norm <= *bound {
            return;
        }
        // Inside the polar cone, nothing is left.
        let height = if norm <= -*bound { T::ZERO } else { T::HALF * (norm + *bound) };
        let factor = if norm > T::ZERO { height / norm } else { T::ONE };
        *bound = height;
        for x in rest {
            *x *= factor;
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// The slice as a matrix, if it has the length for it.
pub(super) fn as_matrix<T: Real, const R: usize, const C: usize>(x: &[T]) -> Option<SMatrix<T, R, C>> {
    let mut a = zeros();
    let entries = columns_mut::<T, R, C>(&mut a).as_flattened_mut();
    if entries.len() != x.len() {
        return None;
    }
    for (a, &x) in entries.iter_mut().zip(x) {
        *a = x;
    }
    Some(a)
}

/// Writes a matrix to a slice of its length.
pub(super) fn write<T: Real, const R: usize, const C: usize>(a: &SMatrix<T, R, C>, x: &mut [T]) {
    for (x, &a) in x.iter_mut().zip(columns(a).as_flattened()) {
        *x = a;
    }
}

fn symmetric_part<T: Real, const N: usize>(a: &SMatrix<T, N, N>) -> SMatrix<T, N, N> {
    let a = columns(a);
    matrix(|i, j| T::HALF * (a[j][i] + a[i][j]))
}

impl<T: Real, const N: usize> Penalty<T> for Semidefinite<N> {
    fn value(&self, x: &[T]) -> T {
        let Some(a) = as_matrix::<T, N, N>(x) else { return T::INFINITY };
        let margin = rounding(N * N, norm_of(x));
        let (rows, eigenvalues) = (columns(&a), eigen(symmetric_part(&a)).values);
        let symmetric = (0..N).all(|i| (0..N).all(|j| (rows[j][i] - rows[i][j]).abs() <= margin));
        if symmetric && eigenvalues.iter().all(|&value| value >= -margin) { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        let Some(a) = as_matrix::<T, N, N>(x) else { return };
        let mut part = symmetric_part(&a);
        let found = eigen(part);
        if found.values.iter().any(|&value| value < T::ZERO) {
            // From the positive part alone, so that its rounding is relative to what is left.
            part = zeros();
            let sum = columns_mut(&mut part);
            for (&value, v) in entries(&found.values).iter().zip(columns(&found.vectors)) {
                if value > T::ZERO {
                    for j in 0..N {
                        for i in 0..N {
                            sum[j][i] += value * v[i] * v[j];
                        }
                    }
                }
            }
        }
        write(&part, x);
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}
