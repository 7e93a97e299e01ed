//! Products of a matrix with a vector.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns, entries, entries_mut};
use crate::real::Real;

/// `A b`, written to `product`, column by column.
pub(crate) fn multiply<T: Real, const M: usize, const N: usize>(
    a: &SMatrix<T, M, N>,
    b: &SVector<T, N>,
    product: &mut SVector<T, M>,
) {
    let product = entries_mut(product);
    *product = [T::ZERO; M];
    for (column, &b) in columns(a).iter().zip(entries(b)) {
        for (p, &a) in product.iter_mut().zip(column) {
            *p += a * b;
        }
    }
}

/// `Aᵀ b`, written to `product`.
pub(crate) fn multiply_adjoint<T: Real, const M: usize, const N: usize>(
    a: &SMatrix<T, M, N>,
    b: &SVector<T, M>,
    product: &mut SVector<T, N>,
) {
    for (p, column) in entries_mut(product).iter_mut().zip(columns(a)) {
        *p = column.iter().zip(entries(b)).fold(T::ZERO, |sum, (&a, &b)| sum + a * b);
    }
}
