//! Singular values of a small square matrix by one-sided Jacobi rotations.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns_mut, matrix, vector};
use crate::real::Real;

/// Singular values (unordered) and right singular vectors (columns of `v`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Svd<T, const N: usize> {
    pub(crate) values: SVector<T, N>,
    pub(crate) v: SMatrix<T, N, N>,
}

/// Hestenes' method: columns are rotated in pairs until all are orthogonal (Golub & Van Loan, §8.6.3). Small singular
/// values keep their relative accuracy when the columns are scaled alike. Bounded at 30 sweeps; 6 to 8 are usual.
pub(crate) fn svd<T: Real, const N: usize>(mut a: SMatrix<T, N, N>) -> Svd<T, N> {
    let a = columns_mut(&mut a);
    let mut directions: SMatrix<T, N, N> = matrix(|i, j| if i == j { T::ONE } else { T::ZERO });
    let v = columns_mut(&mut directions);
    for _ in 0..30 {
        let mut rotated = false;
        for p in 0..N {
            for q in p + 1..N {
                let (mut pp, mut qq, mut pq) = (T::ZERO, T::ZERO, T::ZERO);
                for i in 0..N {
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
                for m in [&mut *a, &mut *v] {
                    for i in 0..N {
                        let (x, y) = (m[p][i], m[q][i]);
                        m[p][i] = c * x - s * y;
                        m[q][i] = s * x + c * y;
                    }
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let values = vector(|j| (0..N).fold(T::ZERO, |sum, i| sum + a[j][i].squared()).sqrt());
    Svd { values, v: directions }
}
