//! Slices of any length, summed from the first entry on.

use crate::real::Real;

/// The scalar product of what the two have in common.
pub(crate) fn dot_of<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
}

/// The Euclidean norm, scaled by the largest entry where squares would leave the range.
pub(crate) fn norm_of<T: Real>(a: &[T]) -> T {
    let sum = |by: T| a.iter().fold(T::ZERO, |sum, &a| sum + (a * by).squared());
    let plain = sum(T::ONE);
    if plain.is_finite() && plain > T::TINY / T::EPSILON {
        return plain.sqrt();
    }
    let largest = a.iter().fold(T::ZERO, |m, &a| if a.abs() <= m { m } else { a.abs() });
    if largest > T::TINY && largest.is_finite() { largest * sum(T::ONE / largest).sqrt() } else { largest }
}
