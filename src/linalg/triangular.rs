//! Products and solves with a lower triangular `L`; entries above the diagonal are never read.

use nalgebra::{SMatrix, SVector};

use crate::real::Real;

/// `L⁻¹ b` in place. The diagonal must not hold a zero.
pub(crate) fn solve_lower<T: Real, const N: usize>(l: &SMatrix<T, N, N>, b: &mut SVector<T, N>) {
    for j in 0..N {
        b[j] /= l[(j, j)];
        let x = b[j];
        for i in j + 1..N {
            b[i] -= l[(i, j)] * x;
        }
    }
}

/// `L⁻ᵀ b` in place. The diagonal must not hold a zero.
pub(crate) fn solve_transposed<T: Real, const N: usize>(l: &SMatrix<T, N, N>, b: &mut SVector<T, N>) {
    for j in (0..N).rev() {
        let mut sum = b[j];
        for i in j + 1..N {
            sum -= l[(i, j)] * b[i];
        }
        b[j] = sum / l[(j, j)];
    }
}

/// `Lᵀ b`.
pub(crate) fn multiply_transposed<T: Real, const N: usize>(l: &SMatrix<T, N, N>, b: &SVector<T, N>) -> SVector<T, N> {
    SVector::from_fn(|j, _| (j..N).fold(T::ZERO, |sum, i| sum + l[(i, j)] * b[i]))
}

/// `A b` for a symmetric matrix of which only the lower triangle is stored.
pub(crate) fn multiply_symmetric<T: Real, const N: usize>(a: &SMatrix<T, N, N>, b: &SVector<T, N>) -> SVector<T, N> {
    SVector::from_fn(|i, _| (0..N).fold(T::ZERO, |sum, j| sum + a[if i >= j { (i, j) } else { (j, i) }] * b[j]))
}
