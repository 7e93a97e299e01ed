//! Quasi-Newton updates.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{all_finite, columns_mut, dot, matrix, multiply, zeros};
use crate::real::Real;

/// Updates a positive definite matrix B with the change y of a gradient along s, damped so that it stays so (Nocedal & Wright,
/// 2nd ed., procedure 18.2). The first pair with positive curvature sets the scale (6.20). A pair without curvature or out of
/// range is left out.
pub(crate) fn damped_update<T: Real, const N: usize>(
    b: &mut SMatrix<T, N, N>,
    scaled: &mut bool,
    s: &SVector<T, N>,
    y: &SVector<T, N>,
) {
    let (bend, length) = (dot(s, y), dot(s, s));
    if !*scaled && bend > T::ZERO {
        let stiffness = dot(y, y) / bend;
        if stiffness.is_finite() {
            *b = matrix(|i, j| if i == j { stiffness } else { T::ZERO });
            *scaled = true;
        }
    }
    let mut product = zeros();
    multiply(b, s, &mut product);
    let stiff = dot(s, &product);
    let fifth = T::of_f64(0.2) * stiff;
    let share = if bend >= fifth { T::ONE } else { (stiff - fifth) / (stiff - bend) };
    let y = *y * share + product * (T::ONE - share);
    let bend = dot(s, &y);
    let steady = T::EPSILON * length;
    if !(stiff > steady && bend > steady && stiff.is_finite() && bend.is_finite() && all_finite(&y)) {
        return;
    }
    for (column, (&by, &product_j)) in columns_mut(b).iter_mut().zip(y.iter().zip(product.iter())) {
        for (b, (&y, &product)) in column.iter_mut().zip(y.iter().zip(product.iter())) {
            *b += y * by / bend - product * product_j / stiff;
        }
    }
}
