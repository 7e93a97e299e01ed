//! Penalties of singular values: the nuclear norm, the rank and their like.

use nalgebra::SMatrix;

use crate::linalg::{columns, columns_mut, entries, matrix, tall_svd, zeros};
use crate::penalty::cone::{as_matrix, write};
use crate::penalty::{Penalty, ScalarPenalty};
use crate::real::Real;
use crate::step::ConfigError;

/// `p(X) = Σ s(σᵢ)` over the singular values of an R×C matrix with an even [`ScalarPenalty`] `s`: the nuclear norm of
/// [`L1`](super::L1), the rank of [`L0`](super::L0). X is a slice of R·C entries in columns; a slice of another length has an
/// infinite value and is left as it is.
///
/// Value and proximal operator by von Neumann's trace inequality; the subdifferential of Lewis & Sendov, "Nonsmooth analysis
/// of singular values", 2005, at nonzero singular values where `s` is differentiable. A singular value counts as zero where
/// rounding could have made it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Spectral<S, const R: usize, const C: usize>(pub S);

/// The singular value decomposition of a matrix with no more columns than rows; a wide one is handed over transposed.
struct Triplets<T, const R: usize, const C: usize> {
    /// Right singular vectors.
    right: SMatrix<T, C, C>,
    /// Left singular vectors times singular values.
    left: SMatrix<T, R, C>,
    values: [T; C],
    /// What rounding may make of a zero.
    margin: T,
}

fn triplets<T: Real, const R: usize, const C: usize>(a: &SMatrix<T, R, C>) -> Triplets<T, R, C> {
    let found = tall_svd(*a);
    let (a, v) = (columns(a), columns(&found.v));
    let mut left = zeros();
    for (left, v) in columns_mut(&mut left).iter_mut().zip(v) {
        for (a, &v) in a.iter().zip(v) {
            for (left, &a) in left.iter_mut().zip(a) {
                *left += a * v;
            }
        }
    }
    let values = *entries(&found.values);
    let largest = values.iter().fold(T::ZERO, |m, &s| m.max(s));
    let margin = T::of_f64(4.0) * T::EPSILON * T::of_usize(R + C) * largest;
    Triplets { right: found.v, left, values, margin }
}

/// `Σ factor(σⱼ) (A vⱼ) vⱼᵀ`.
fn rebuilt<T: Real, const R: usize, const C: usize>(a: &SMatrix<T, R, C>, factor: impl Fn(T) -> T) -> SMatrix<T, R, C> {
    let found = triplets(a);
    let mut sum = zeros();
    for ((&value, left), right) in found.values.iter().zip(columns(&found.left)).zip(columns(&found.right)) {
        let factor = factor(value);
        for (sum, &v) in columns_mut(&mut sum).iter_mut().zip(right) {
            for (sum, &u) in sum.iter_mut().zip(left) {
                *sum += factor * u * v;
            }
        }
    }
    sum
}

fn transposed<T: Real, const R: usize, const C: usize>(a: &SMatrix<T, R, C>) -> SMatrix<T, C, R> {
    let a = columns(a);
    matrix(|i, j| a[i][j])
}

/// The gap at `a` with no more columns than rows: `-G` is measured against `U₁ diag(s′) V₁ᵀ + W`, where W acts between the
/// null spaces and has singular values in `∂s(0)`.
fn gap<T: Real, S: ScalarPenalty<T>, const R: usize, const C: usize>(
    penalty: &S,
    a: &SMatrix<T, R, C>,
    g: &SMatrix<T, R, C>,
) -> T {
    let found = triplets(a);
    let (mut inner, mut outer) = (*g, *g);
    let mut square = T::ZERO;
    for ((&value, left), right) in found.values.iter().zip(columns(&found.left)).zip(columns(&found.right)) {
        if value <= found.margin {
            continue;
        }
        let along = columns(g).iter().zip(right).fold(T::ZERO, |sum, (column, &v)| {
            sum + v * column.iter().zip(left).fold(T::ZERO, |sum, (&m, &u)| sum + m * (u / value))
        });
        square += penalty.gap(value, along).squared();
        for (inner, &v) in columns_mut(&mut inner).iter_mut().zip(right) {
            for (inner, &u) in inner.iter_mut().zip(left) {
                *inner -= along * (u / value) * v;
            }
        }
        // Both projections onto the null spaces, one singular vector after the other.
        let mut across = [T::ZERO; C];
        for (across, column) in across.iter_mut().zip(columns(&outer)) {
            *across = column.iter().zip(left).fold(T::ZERO, |sum, (&m, &u)| sum + m * (u / value));
        }
        let outer = columns_mut(&mut outer);
        for (column, &across) in outer.iter_mut().zip(&across) {
            for (m, &u) in column.iter_mut().zip(left) {
                *m -= across * (u / value);
            }
        }
        for i in 0..R {
            let along = outer.iter().zip(right).fold(T::ZERO, |sum, (column, &v)| sum + column[i] * v);
            for (column, &v) in outer.iter_mut().zip(right) {
                column[i] -= along * v;
            }
        }
    }
    for (inner, outer) in inner.iter_mut().zip(outer.iter()) {
        *inner -= *outer;
    }
    square += inner.iter().fold(T::ZERO, |sum, m| sum + m.squared());
    let rest = tall_svd(outer).values.iter().fold(T::ZERO, |sum, &value| sum + penalty.gap(T::ZERO, value).squared());
    (square + rest).sqrt()
}

impl<T: Real, S: ScalarPenalty<T>, const R: usize, const C: usize> Penalty<T> for Spectral<S, R, C> {
    fn value(&self, x: &[T]) -> T {
        let Some(a) = as_matrix::<T, R, C>(x) else { return T::INFINITY };
        let sum = |values: &[T], margin| {
            let values = values.iter().map(|&value| if value <= margin { T::ZERO } else { value });
            values.fold(T::ZERO, |sum, value| sum + self.0.value(value))
        };
        if R < C {
            let found = triplets(&transposed(&a));
            sum(&found.values, found.margin)
        } else {
            let found = triplets(&a);
            sum(&found.values, found.margin)
        }
    }

    fn prox(&self, x: &mut [T], rate: T) {
        let Some(a) = as_matrix::<T, R, C>(x) else { return };
        let factor = |value: T| if value == T::ZERO { T::ZERO } else { self.0.prox(value, rate) / value };
        if R < C {
            write(&transposed(&rebuilt(&transposed(&a), factor)), x);
        } else {
            write(&rebuilt(&a, factor), x);
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let (Some(a), Some(g)) = (as_matrix::<T, R, C>(x), as_matrix::<T, R, C>(g)) else { return T::INFINITY };
        if R < C { gap(&self.0, &transposed(&a), &transposed(&g)) } else { gap(&self.0, &a, &g) }
    }

    fn convexity(&self) -> T {
        self.0.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.0.validate()
    }
}
