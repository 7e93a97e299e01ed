//! Normal matrices: accumulation and the Cholesky factorization, lower triangle only.

use nalgebra::{SMatrix, SVector};

use crate::problem::LANES;
use crate::real::Real;

/// Adds `Σ gₗ gₗᵀ` to the lower triangle of `a` and `Σ rₗ gₗ` to `b`.
///
/// Columns are contiguous and the four products of an entry are summed in lane order, so that the inner loop maps to
/// vector units without changing the result.
#[inline(always)]
pub(crate) fn add_outer_products<T: Real, const N: usize>(
    a: &mut SMatrix<T, N, N>,
    b: &mut SVector<T, N>,
    rows: &[SVector<T, N>; LANES],
    r: &[T; LANES],
) {
    let [g0, g1, g2, g3] = rows;
    for j in 0..N {
        let (f0, f1, f2, f3) = (g0[j], g1[j], g2[j], g3[j]);
        b[j] = b[j] + r[0] * f0 + r[1] * f1 + r[2] * f2 + r[3] * f3;
        for i in j..N {
            a[(i, j)] = a[(i, j)] + f0 * g0[i] + f1 * g1[i] + f2 * g2[i] + f3 * g3[i];
        }
    }
}

/// Overwrites the lower triangle of a symmetric matrix with its Cholesky factor; `false` at a pivot that is not above
/// `floor` times its diagonal entry, with the matrix left half done.
pub(crate) fn cholesky<T: Real, const N: usize>(a: &mut SMatrix<T, N, N>, floor: T) -> bool {
    let mut diagonal = [T::ZERO; N];
    for (j, d) in diagonal.iter_mut().enumerate() {
        *d = a[(j, j)];
    }
    for (j, d) in diagonal.iter().enumerate() {
        let pivot = a[(j, j)];
        if !(pivot > floor * *d && pivot > T::ZERO) {
            return false;
        }
        let root = pivot.sqrt();
        let inverse = T::ONE / root;
        a[(j, j)] = root;
        for i in j + 1..N {
            a[(i, j)] *= inverse;
        }
        for k in j + 1..N {
            let factor = a[(k, j)];
            for i in k..N {
                a[(i, k)] = a[(i, k)] - a[(i, j)] * factor;
            }
        }
    }
    true
}

/// The lower triangular `L` with `L Lᵀ = a` for a symmetric positive semidefinite matrix, zero columns where a pivot
/// vanishes; `None` if the matrix is indefinite or not finite.
pub(crate) fn semidefinite_root<T: Real, const N: usize>(a: &SMatrix<T, N, N>) -> Option<SMatrix<T, N, N>> {
    let rounding = T::of_usize(N) * T::of_f64(4.0) * T::EPSILON;
    let mut l: SMatrix<T, N, N> = crate::linalg::zeros();
    for j in 0..N {
        let pivot = (0..j).fold(a[(j, j)], |sum, k| sum - l[(j, k)].squared());
        if !(pivot.is_finite() && pivot >= -rounding * a[(j, j)].abs()) {
            return None;
        }
        let root = if pivot > rounding * a[(j, j)] { pivot.sqrt() } else { T::ZERO };
        l[(j, j)] = root;
        for i in j + 1..N {
            let rest = (0..j).fold(a[(i, j)], |sum, k| sum - l[(i, k)] * l[(j, k)]);
            if root > T::ZERO {
                l[(i, j)] = rest / root;
            } else if !(rest.squared() <= rounding * a[(i, i)].abs() * a[(j, j)].abs().max(rounding)) {
                return None;
            }
        }
    }
    Some(l)
}
