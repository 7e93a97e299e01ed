//! Singular values of a small matrix by one-sided Jacobi rotations.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns_mut, matrix, vector};
use crate::real::Real;

/// Singular values (unordered) and right singular vectors (columns of `v`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Svd<T, const N: usize> {
    pub(crate) values: SVector<T, N>,
    pub(crate) v: SMatrix<T, N, N>,
}

/// [`tall_svd`] of a square matrix.
pub(crate) fn svd<T: Real, const N: usize>(a: SMatrix<T, N, N>) -> Svd<T, N> {
    tall_svd(a)
}

/// The decomposition of a matrix with at least as many rows as columns.
///
/// Hestenes' method: columns are rotated in pairs until all are orthogonal (Golub & Van Loan, §8.6.3). Small singular
/// values keep their relative accuracy when the columns are scaled alike. Bounded at 30 sweeps; 6 to 8 are usual.
pub(crate) fn tall_svd<T: Real, const R: usize, const N: usize>(mut a: SMatrix<T, R, N>) -> Svd<T, N> {
    let a = columns_mut(&mut a);
    let mut directions: SMatrix<T, N, N> = matrix(|i, j| if i == j { T::ONE } else { T::ZERO });
    let v = columns_mut(&mut directions);
    for _ in 0..30 {
        let mut rotated = false;
        for p in 0..N {
            for q in p + 1..N {
                let (mut pp, mut qq, mut pq) = (T::ZERO, T::ZERO, T::ZERO);
                for i in 0..R {
                    pp += a[p][i].squared();
                    qq += a[q][i].squared();
                    pq += a[p][i] * a[q][i];
                }
                if !(pq.abs() > T::EPSILON * (pp * qq).sqrt()) {
                    continue;
                }
                rotated = true;
                let zeta = (qq - pp) / (T::TWO * pq);
                let t = T::ONE.copysign(zeta) / (zeta.abs() + (T::ONE + zeta * zeta).sqrt());
                let c = T::ONE / (T::ONE + t * t).sqrt();
                let s = c * t;
                for i in 0..R {
                    let (x, y) = (a[p][i], a[q][i]);
                    a[p][i] = c * x - s * y;
                    a[q][i] = s * x + c * y;
                }
                for i in 0..N {
                    let (x, y) = (v[p][i], v[q][i]);
                    v[p][i] = c * x - s * y;
                    v[q][i] = s * x + c * y;
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let values = vector(|j| (0..R).fold(T::ZERO, |sum, i| sum + a[j][i].squared()).sqrt());
    Svd { values, v: directions }
}
