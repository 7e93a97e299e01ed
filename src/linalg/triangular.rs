//! Products and solves with a lower triangular `L`; entries above the diagonal are never read.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns, entries, entries_mut, vector, zeros};
use crate::real::Real;

/// `L⁻¹ b` in place. The diagonal must not hold a zero.
pub(crate) fn solve_lower<T: Real, const N: usize>(l: &SMatrix<T, N, N>, b: &mut SVector<T, N>) {
    let (l, b) = (columns(l), entries_mut(b));
    for j in 0..N {
        b[j] /= l[j][j];
        let x = b[j];
        for i in j + 1..N {
            b[i] -= l[j][i] * x;
        }
    }
}

/// `L⁻ᵀ b` in place. The diagonal must not hold a zero.
pub(crate) fn solve_transposed<T: Real, const N: usize>(l: &SMatrix<T, N, N>, b: &mut SVector<T, N>) {
    let (l, b) = (columns(l), entries_mut(b));
    for j in (0..N).rev() {
        let mut sum = b[j];
        for i in j + 1..N {
            sum -= l[j][i] * b[i];
        }
        b[j] = sum / l[j][j];
    }
}

/// `L b`.
pub(crate) fn multiply_lower<T: Real, const N: usize>(l: &SMatrix<T, N, N>, b: &SVector<T, N>) -> SVector<T, N> {
    let mut product = zeros();
    for (j, (column, &b)) in columns(l).iter().zip(entries(b)).enumerate() {
        for (entry, &l) in entries_mut(&mut product).iter_mut().zip(column).skip(j) {
            *entry += l * b;
        }
    }
    product
}

/// `Lᵀ b`.
pub(crate) fn multiply_transposed<T: Real, const N: usize>(l: &SMatrix<T, N, N>, b: &SVector<T, N>) -> SVector<T, N> {
    let (l, b) = (columns(l), entries(b));
    vector(|j| (j..N).fold(T::ZERO, |sum, i| sum + l[j][i] * b[i]))
}

/// `A b` for a symmetric matrix of which only the lower triangle is stored.
pub(crate) fn multiply_symmetric<T: Real, const N: usize>(a: &SMatrix<T, N, N>, b: &SVector<T, N>) -> SVector<T, N> {
    let (a, b) = (columns(a), entries(b));
    vector(|i| (0..N).fold(T::ZERO, |sum, j| sum + if i >= j { a[j][i] } else { a[i][j] } * b[j]))
}
