//! Fixed-size kernels. Their order of summation is part of the contract: the same bits on every machine.
//!
//! Matrices and vectors are indexed as arrays, [`columns`] and [`entries`], over bounds the compiler knows: nalgebra's own
//! index keeps its assertion where it is not inlined. The link probe checks that no panic is left.

mod cholesky;
mod eigen;
mod householder;
mod jacobi;
mod pairs;
mod product;
mod secant;
pub(crate) mod slice;
mod triangular;

use nalgebra::{ArrayStorage, SMatrix, SVector};

use crate::real::Real;

pub(crate) use cholesky::{add_outer_products, cholesky, semidefinite_root};
pub(crate) use eigen::{Eigen, eigen};
pub(crate) use householder::append_rows;
pub(crate) use jacobi::{svd, tall_svd};
pub(crate) use pairs::Pairs;
pub(crate) use product::{multiply, multiply_adjoint};
pub(crate) use secant::damped_update;
pub(crate) use triangular::{multiply_lower, multiply_symmetric, multiply_transposed, solve_lower, solve_transposed};

/// A zero matrix in a constant.
pub(crate) const fn zeros<T: Real, const R: usize, const C: usize>() -> SMatrix<T, R, C> {
    SMatrix::from_array_storage(ArrayStorage([[T::ZERO; R]; C]))
}

/// A matrix as its columns: `a[j][i]` is row i of column j.
#[inline(always)]
pub(crate) const fn columns<T, const R: usize, const C: usize>(a: &SMatrix<T, R, C>) -> &[[T; R]; C] {
    &a.data.0
}

/// As [`columns`], to write.
#[inline(always)]
pub(crate) const fn columns_mut<T, const R: usize, const C: usize>(a: &mut SMatrix<T, R, C>) -> &mut [[T; R]; C] {
    &mut a.data.0
}

/// A vector as an array.
#[inline(always)]
pub(crate) const fn entries<T, const N: usize>(a: &SVector<T, N>) -> &[T; N] {
    let [a] = &a.data.0;
    a
}

/// As [`entries`], to write.
#[inline(always)]
pub(crate) const fn entries_mut<T, const N: usize>(a: &mut SVector<T, N>) -> &mut [T; N] {
    let [a] = &mut a.data.0;
    a
}

/// A vector from its entries.
#[inline(always)]
pub(crate) fn vector<T: Real, const N: usize>(f: impl FnMut(usize) -> T) -> SVector<T, N> {
    SVector::from_array_storage(ArrayStorage([core::array::from_fn(f)]))
}

/// A matrix from its entries, `f(row, column)`.
#[inline(always)]
pub(crate) fn matrix<T: Real, const R: usize, const C: usize>(f: impl Fn(usize, usize) -> T) -> SMatrix<T, R, C> {
    SMatrix::from_array_storage(ArrayStorage(core::array::from_fn(|j| core::array::from_fn(|i| f(i, j)))))
}

/// The scalar product, summed from the first component on.
pub(crate) fn dot<T: Real, const N: usize>(a: &SVector<T, N>, b: &SVector<T, N>) -> T {
    a.iter().zip(b.iter()).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
}

/// `‖D a‖` with diagonal `D`, scaled by the largest component where squares would leave the range.
pub(crate) fn scaled_norm<T: Real, const N: usize>(d: &SVector<T, N>, a: &SVector<T, N>) -> T {
    let sum = |by: T| d.iter().zip(a.iter()).fold(T::ZERO, |sum, (&d, &a)| sum + (d * a * by).squared());
    let plain = sum(T::ONE);
    if plain.is_finite() && plain > T::TINY / T::EPSILON {
        return plain.sqrt();
    }
    let largest =
        d.iter().zip(a.iter()).fold(T::ZERO, |m, (&d, &a)| if (d * a).abs() <= m { m } else { (d * a).abs() });
    if largest > T::TINY && largest.is_finite() { largest * sum(T::ONE / largest).sqrt() } else { largest }
}

/// The Euclidean norm.
pub(crate) fn norm<T: Real, const N: usize>(a: &SVector<T, N>) -> T {
    scaled_norm(&SVector::from_element(T::ONE), a)
}

/// The largest magnitude; NaN if a component is.
pub(crate) fn max_abs<T: Real, const N: usize>(a: &SVector<T, N>) -> T {
    a.iter().fold(T::ZERO, |m, &a| if a.abs() <= m { m } else { a.abs() })
}

/// `-a`, written to `b`.
pub(crate) fn negate<T: Real, const N: usize>(a: &SVector<T, N>, b: &mut SVector<T, N>) {
    for (b, a) in b.iter_mut().zip(a.iter()) {
        *b = -*a;
    }
}

/// Whether every component is finite.
pub(crate) fn all_finite<T: Real, const N: usize>(a: &SVector<T, N>) -> bool {
    a.iter().all(|a| a.is_finite())
}

/// The scalar product of what two slices have in common.
pub(crate) fn dot_of<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
}

/// The Euclidean norm of a slice, scaled by the largest entry where squares would leave the range.
pub(crate) fn norm_of<T: Real>(a: &[T]) -> T {
    let sum = |by: T| a.iter().fold(T::ZERO, |sum, &a| sum + (a * by).squared());
    let plain = sum(T::ONE);
    if plain.is_finite() && plain > T::TINY / T::EPSILON {
        return plain.sqrt();
    }
    let largest = a.iter().fold(T::ZERO, |m, &a| if a.abs() <= m { m } else { a.abs() });
    if largest > T::TINY && largest.is_finite() { largest * sum(T::ONE / largest).sqrt() } else { largest }
}
