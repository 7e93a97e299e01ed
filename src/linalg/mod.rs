//! Fixed-size kernels. Their order of summation is part of the contract: the same bits on every machine.
//!
//! Loops run over array indices that the compiler can bound, so no panic path is left; the link probe checks it.

mod cholesky;
mod householder;
mod jacobi;
mod triangular;

use nalgebra::{ArrayStorage, SMatrix, SVector};

use crate::real::Real;

pub(crate) use cholesky::{add_outer_products, cholesky, semidefinite_root};
pub(crate) use householder::append_rows;
pub(crate) use jacobi::svd;
pub(crate) use triangular::{multiply_symmetric, multiply_transposed, solve_lower, solve_transposed};

/// A zero matrix in a constant.
pub(crate) const fn zeros<T: Real, const R: usize, const C: usize>() -> SMatrix<T, R, C> {
    SMatrix::from_array_storage(ArrayStorage([[T::ZERO; R]; C]))
}

/// The scalar product, summed from the first component on.
pub(crate) fn dot<T: Real, const N: usize>(a: &SVector<T, N>, b: &SVector<T, N>) -> T {
    a.iter().zip(b.iter()).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
}

/// The Euclidean norm, scaled only where squares would leave the range.
pub(crate) fn norm<T: Real, const N: usize>(a: &SVector<T, N>) -> T {
    let sum = dot(a, a);
    if sum.is_finite() && sum > T::TINY / T::EPSILON {
        return sum.sqrt();
    }
    let largest = max_abs(a);
    if !(largest > T::ZERO && largest.is_finite()) {
        return largest;
    }
    largest * a.iter().fold(T::ZERO, |sum, &a| sum + (a / largest).squared()).sqrt()
}

/// The largest magnitude; NaN if a component is.
pub(crate) fn max_abs<T: Real, const N: usize>(a: &SVector<T, N>) -> T {
    a.iter().fold(T::ZERO, |m, &a| if a.abs() <= m { m } else { a.abs() })
}

/// Whether every component is finite.
pub(crate) fn all_finite<T: Real, const N: usize>(a: &SVector<T, N>) -> bool {
    a.iter().all(|a| a.is_finite())
}
