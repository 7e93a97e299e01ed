//! Monotone sequences.

use crate::penalty::Penalty;
use crate::real::Real;
use crate::step::ConfigError;

/// The set `x₁ ≤ x₂ ≤ … ≤ xₙ`.
///
/// ```
/// use thalweg::penalty::{Isotonic, Penalty};
/// let mut x = [1.0, 3.0, 2.0, 0.0, 5.0];
/// Isotonic.prox(&mut x, 1.0);
/// assert!(x[..4].windows(2).all(|pair| pair[0] <= pair[1]) && x[4] == 5.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Isotonic;

impl<T: Real> Penalty<T> for Isotonic {
    fn value(&self, x: &[T]) -> T {
        if x.iter().zip(x.iter().skip(1)).all(|(a, b)| a <= b) { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        pool(x);
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// The nearest nondecreasing sequence, in place, by pooling adjacent violators (Ayer, Brunk, Ewing, Reid & Silverman 1955):
/// linear unless blocks merge again and again.
///
/// Everything before `start` is final so far, a block being a run of equal entries; the block from `start` on is known by
/// its mean and written when it ends.
pub(super) fn pool<T: Real>(x: &mut [T]) {
    let (mut start, mut mean, mut count) = (0, T::ZERO, 0);
    for i in 0..x.len() {
        let Some(&next) = x.get(i) else { return };
        if count == 0 || !(next < mean) {
            write(x, start, count, mean);
            (start, mean, count) = (i, next, 1);
            continue;
        }
        count += 1;
        mean += (next - mean) / T::of_usize(count);
        while let Some((&last, before)) = x.get(..start).and_then(|done| done.split_last()) {
            if !(last > mean) {
                break;
            }
            let length = 1 + before.iter().rev().take_while(|&&x| x == last).count();
            count += length;
            mean += (last - mean) * (T::of_usize(length) / T::of_usize(count));
            start = start.saturating_sub(length);
        }
    }
    write(x, start, count, mean);
}

fn write<T: Real>(x: &mut [T], start: usize, count: usize, value: T) {
    for x in x.iter_mut().skip(start).take(count) {
        *x = value;
    }
}
