//! A triangular factor that absorbs rows: QR of a matrix that is never stored.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns_mut, entries_mut};
use crate::problem::LANES;
use crate::real::Real;

/// Given lower triangular `L` with `L Lᵀ = JᵀJ` and `z` with `L z = Jᵀr`, absorbs the rows `gₗ` with residuals `rₗ`, which
/// are destroyed. `Lᵀ` is the triangular factor of a QR factorization (Golub & Van Loan, Matrix Computations, §6.5.3:
/// appending rows), so `JᵀJ` is never formed and the accuracy is that of QR.
#[inline(always)]
pub(crate) fn append_rows<T: Real, const N: usize>(
    l: &mut SMatrix<T, N, N>,
    z: &mut SVector<T, N>,
    rows: &mut [SVector<T, N>; LANES],
    r: &mut [T; LANES],
) {
    let (l, z) = (columns_mut(l), entries_mut(z));
    let [g0, g1, g2, g3] = rows.each_mut().map(entries_mut);
    for j in 0..N {
        // Reflection I − τvvᵀ with v = (1, f/v0) that maps (L[j,j], f) to (diagonal, 0).
        let (f0, f1, f2, f3) = (g0[j], g1[j], g2[j], g3[j]);
        let below = f0 * f0 + f1 * f1 + f2 * f2 + f3 * f3;
        if below == T::ZERO {
            continue;
        }
        let pivot = l[j][j];
        let length = (pivot * pivot + below).sqrt();
        let (diagonal, v0) = if pivot > T::ZERO { (-length, pivot + length) } else { (length, pivot - length) };
        l[j][j] = diagonal;
        let (tau, inverse) = (-v0 / diagonal, T::ONE / v0);
        let (f0, f1, f2, f3) = (f0 * inverse, f1 * inverse, f2 * inverse, f3 * inverse);
        let reflect = |top: &mut T, h0: &mut T, h1: &mut T, h2: &mut T, h3: &mut T| {
            let s = (*top + f0 * *h0 + f1 * *h1 + f2 * *h2 + f3 * *h3) * tau;
            *top -= s;
            *h0 -= s * f0;
            *h1 -= s * f1;
            *h2 -= s * f2;
            *h3 -= s * f3;
        };
        for i in j + 1..N {
            reflect(&mut l[j][i], &mut g0[i], &mut g1[i], &mut g2[i], &mut g3[i]);
        }
        let [r0, r1, r2, r3] = r;
        reflect(&mut z[j], r0, r1, r2, r3);
    }
}
