//! Linear least squares in one pass: the closed-form starts of the sensor models.

use nalgebra::SVector;

use crate::linalg::{append_rows, columns, entries_mut, zeros};
use crate::problem::LANES;
use crate::real::Real;

/// The minimizer of `Σ (gᵀx - y)²` over rows `(g, y)`, by a QR factorization that absorbs rows as they come. A
/// parameter that the rows do not tell from those before it is zero.
pub(super) fn minimize<T: Real, const N: usize>(mut rows: impl Iterator<Item = ([T; N], T)>) -> SVector<T, N> {
    let (mut root, mut x) = (zeros(), zeros());
    let mut more = true;
    while more {
        let (mut g, mut y) = ([zeros(); LANES], [T::ZERO; LANES]);
        for (g, y) in g.iter_mut().zip(&mut y) {
            let Some((row, value)) = rows.next() else {
                more = false;
                break;
            };
            *g = SVector::from(row);
            *y = value;
        }
        append_rows(&mut root, &mut x, &mut g, &mut y);
    }
    let (l, z) = (columns(&root), entries_mut(&mut x));
    for j in (0..N).rev() {
        let mut rest = z[j];
        for i in j + 1..N {
            rest -= l[j][i] * z[i];
        }
        let norm = l.iter().fold(T::ZERO, |sum, column| sum + column[j].squared()).sqrt();
        let undetermined = l[j][j].abs() <= T::of_usize(4 * N) * T::EPSILON * norm;
        z[j] = if undetermined { T::ZERO } else { rest / l[j][j] };
    }
    x
}
