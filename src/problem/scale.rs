//! The scale of residuals among which some are outliers.

use crate::real::Real;

/// `1.4826 · median |rᵢ|`: the standard deviation of normal residuals, and hardly more with up to half of them outliers
/// (Rousseeuw & Leroy, Robust Regression and Outlier Detection, §1.1). Huber's loss goes with 1.345 times it, Cauchy's
/// with 2.385, Tukey's with 4.685 (each 95 % efficient).
///
/// `residuals` hands out an iterator over all residuals, up to 82 times: the median is found by bisection, without a copy.
/// Residuals that are not finite are left out. Zero if there are none; next to zero, which is no scale, if half of them are
/// zero.
///
/// ```
/// let residuals = [0.1_f64, -0.2, 0.05, 90.0, -0.1];
/// assert_eq!(thalweg::problem::robust_scale(|| residuals.iter().copied()), 1.4826 * 0.1);
/// ```
pub fn robust_scale<T: Real, I: Iterator<Item = T>>(residuals: impl Fn() -> I) -> T {
    T::of_f64(1.4826) * median(|| residuals().map(|r| r.abs()).filter(|r| r.is_finite()))
}

/// The lower median of `values`, by bisection over a repeatable iterator: no copy, no sort.
///
/// Returns zero for an empty iterator. Values must be finite. 80 halvings are exact or at rounding level for data
/// whose spread is above 2⁻⁵⁰ of their range.
pub(crate) fn median<T: Real, I: Iterator<Item = T>>(values: impl Fn() -> I) -> T {
    let (mut low, mut high) = (T::INFINITY, -T::INFINITY);
    let mut count = 0_usize;
    for value in values() {
        low = low.min(value);
        high = high.max(value);
        count += 1;
    }
    if count == 0 {
        return T::ZERO;
    }
    let half = count.div_ceil(2);
    for _ in 0..80 {
        let middle = low + (high - low) * T::HALF;
        if !(middle > low && middle < high) {
            break;
        }
        if values().filter(|value| *value <= middle).count() >= half {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
