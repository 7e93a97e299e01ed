//! Robust summaries of samples, without memory of their own.

use crate::real::Real;

/// Whether many samples sit exactly at the end of an axis while the other components vary: a clipped reading.
pub(super) fn saturated<T: Real>(samples: &[[T; 3]], length: T) -> bool {
    (0..3).any(|axis| {
        let of = |m: &[T; 3]| m.get(axis).copied().unwrap_or(T::ZERO);
        let other = |m: &[T; 3]| m.get((axis + 1) % 3).copied().unwrap_or(T::ZERO);
        let ends = samples.iter().fold((T::INFINITY, -T::INFINITY), |(l, h), m| (l.min(of(m)), h.max(of(m))));
        // Readings that hardly vary along the axis lie on a plane; they are not clipped.
        if ends.1 - ends.0 <= T::of_f64(0.2) * length {
            return false;
        }
        [ends.0, ends.1].into_iter().any(|end| {
            let (mut count, mut low, mut high) = (0_usize, T::INFINITY, -T::INFINITY);
            for m in samples.iter().filter(|m| of(m) == end) {
                count += 1;
                low = low.min(other(m));
                high = high.max(other(m));
            }
            // A coarse reading has as many neighbours one step inside.
            let inside =
                samples.iter().map(of).filter(|m| *m != end).map(|m| (m - end).abs()).fold(T::INFINITY, T::min);
            let beside = samples.iter().filter(|m| (of(m) - end).abs() == inside).count();
            count > 3 * beside && count >= 8 && count * 50 >= samples.len() && high - low > T::of_f64(0.2) * length
        })
    })
}

/// The root mean square distance from a centre.
pub(super) fn spread<T: Real>(samples: &[[T; 3]], [c0, c1, c2]: [T; 3]) -> T {
    let square = |m: &[T; 3]| (m[0] - c0).squared() + (m[1] - c1).squared() + (m[2] - c2).squared();
    (samples.iter().fold(T::ZERO, |sum, m| sum + square(m)) / T::of_usize(samples.len())).sqrt()
}

/// The middle of the range of `values`, and half its width; a width of one where nothing varies.
pub(super) fn range<T: Real>(values: impl Iterator<Item = T>) -> (T, T) {
    let (low, high) = values.fold((T::INFINITY, -T::INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let half = T::HALF * (high - low);
    if half > T::ZERO && half.is_finite() {
        (low + half, half)
    } else if low.is_finite() {
        (low, T::ONE)
    } else {
        (T::ZERO, T::ONE)
    }
}
