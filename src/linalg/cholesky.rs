//! Normal matrices: accumulation and the Cholesky factorization, lower triangle only.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns, columns_mut, entries, entries_mut, zeros};
use crate::problem::LANES;
use crate::real::Real;

/// Adds `Σ gₗ gₗᵀ` to the lower triangle of `a` and `Σ rₗ gₗ` to `b`.
///
/// Each entry adds its four products in lane order; two columns share the loads of a row. Neither the tiling nor vector
/// units change the result.
#[inline(always)]
pub(crate) fn add_outer_products<T: Real, const N: usize>(
    a: &mut SMatrix<T, N, N>,
    b: &mut SVector<T, N>,
    rows: &[SVector<T, N>; LANES],
    r: &[T; LANES],
) {
    let (a, b) = (columns_mut(a), entries_mut(b));
    let add = |sum: &mut T, f: [T; LANES], h: [T; LANES]| {
        *sum = *sum + f[0] * h[0] + f[1] * h[1] + f[2] * h[2] + f[3] * h[3];
    };
    let mut j = 0;
    while j + 1 < N {
        let (left, right) = (lanes(rows, j), lanes(rows, j + 1));
        add(&mut b[j], left, *r);
        add(&mut b[j + 1], right, *r);
        add(&mut a[j][j], left, left);
        add(&mut a[j][j + 1], left, right);
        add(&mut a[j + 1][j + 1], right, right);
        for i in j + 2..N {
            let h = lanes(rows, i);
            add(&mut a[j][i], left, h);
            add(&mut a[j + 1][i], right, h);
        }
        j += 2;
    }
    if j < N {
        let last = lanes(rows, j);
        add(&mut b[j], last, *r);
        add(&mut a[j][j], last, last);
    }
}

/// Column j of a block. Not a closure: without inlining its bounds checks would stay.
#[inline(always)]
fn lanes<T: Real, const N: usize>([g0, g1, g2, g3]: &[SVector<T, N>; LANES], j: usize) -> [T; LANES] {
    [entries(g0)[j], entries(g1)[j], entries(g2)[j], entries(g3)[j]]
}

/// Overwrites the lower triangle of a symmetric matrix with its Cholesky factor; `false` at a pivot that is not above
/// `floor` times its diagonal entry, with the matrix left half done.
pub(crate) fn cholesky<T: Real, const N: usize>(a: &mut SMatrix<T, N, N>, floor: T) -> bool {
    let a = columns_mut(a);
    let mut diagonal = [T::ZERO; N];
    for (j, d) in diagonal.iter_mut().enumerate() {
        *d = a[j][j];
    }
    for (j, d) in diagonal.iter().enumerate() {
        let pivot = a[j][j];
        if !(pivot > floor * *d && pivot > T::ZERO) {
            return false;
        }
        let root = pivot.sqrt();
        let inverse = T::ONE / root;
        a[j][j] = root;
        for i in j + 1..N {
            a[j][i] *= inverse;
        }
        for k in j + 1..N {
            let factor = a[j][k];
            for i in k..N {
                a[k][i] -= a[j][i] * factor;
            }
        }
    }
    true
}

/// The lower triangular `L` with `L Lᵀ = a` for a symmetric positive semidefinite matrix, zero columns where a pivot
/// vanishes; `None` if the matrix is indefinite or not finite.
pub(crate) fn semidefinite_root<T: Real, const N: usize>(a: &SMatrix<T, N, N>) -> Option<SMatrix<T, N, N>> {
    let rounding = T::of_usize(N) * T::of_f64(4.0) * T::EPSILON;
    let a = columns(a);
    let mut root: SMatrix<T, N, N> = zeros();
    let l = columns_mut(&mut root);
    for j in 0..N {
        let pivot = (0..j).fold(a[j][j], |sum, k| sum - l[k][j].squared());
        if !(pivot.is_finite() && pivot >= -rounding * a[j][j].abs()) {
            return None;
        }
        let diagonal = if pivot > rounding * a[j][j] { pivot.sqrt() } else { T::ZERO };
        l[j][j] = diagonal;
        for i in j + 1..N {
            let rest = (0..j).fold(a[j][i], |sum, k| sum - l[k][i] * l[k][j]);
            if diagonal > T::ZERO {
                l[j][i] = rest / diagonal;
            } else if !(rest.squared() <= rounding * a[i][i].abs() * a[j][j].abs().max(rounding)) {
                return None;
            }
        }
    }
    Some(root)
}
