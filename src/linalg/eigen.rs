//! Eigenvalues of a small symmetric matrix by two-sided Jacobi rotations.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns_mut, matrix, vector};
use crate::real::Real;

/// Eigenvalues (unordered) and eigenvectors (columns of `vectors`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Eigen<T, const N: usize> {
    pub(crate) values: SVector<T, N>,
    pub(crate) vectors: SMatrix<T, N, N>,
}

/// The cyclic Jacobi method (Golub & Van Loan, §8.5.5) on a symmetric matrix. Bounded at 30 sweeps; 5 to 8 are usual.
pub(crate) fn eigen<T: Real, const N: usize>(mut a: SMatrix<T, N, N>) -> Eigen<T, N> {
    let a = columns_mut(&mut a);
    let mut vectors: SMatrix<T, N, N> = matrix(|i, j| if i == j { T::ONE } else { T::ZERO });
    let v = columns_mut(&mut vectors);
    for _ in 0..30 {
        let mut rotated = false;
        for p in 0..N {
            for q in p + 1..N {
                let (pp, qq, pq) = (a[p][p], a[q][q], a[q][p]);
                // Against the smaller entry, so that small eigenvalues beside large ones are found as well.
                if !(pq.abs() > T::EPSILON * T::HALF * (pp.abs() * qq.abs()).sqrt()) || !(pq.abs() > T::TINY) {
                    continue;
                }
                rotated = true;
                let theta = (qq - pp) / (T::TWO * pq);
                let t = T::ONE.copysign(theta) / (theta.abs() + T::ONE.hypot(theta));
                let c = T::ONE / T::ONE.hypot(t);
                let s = c * t;
                for i in 0..N {
                    let (x, y) = (a[p][i], a[q][i]);
                    a[p][i] = c * x - s * y;
                    a[q][i] = s * x + c * y;
                }
                for column in a.iter_mut() {
                    let (x, y) = (column[p], column[q]);
                    column[p] = c * x - s * y;
                    column[q] = s * x + c * y;
                }
                a[p][q] = T::ZERO;
                a[q][p] = T::ZERO;
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
    Eigen { values: vector(|j| a[j][j]), vectors }
}
