//! Boxes: the same interval for every coordinate, or one for each.

use core::iter::repeat;

use crate::least_squares::Bounds;
use crate::linalg::entries;
use crate::penalty::scalar::excess;
use crate::penalty::{Penalty, ScalarPenalty, Separable};
use crate::real::Real;
use crate::step::ConfigError;

/// The set `lower ≤ x ≤ upper`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval<T> {
    /// The smallest admissible value, or minus infinity.
    pub lower: T,
    /// The largest admissible value, or infinity. At least `lower`; the two may be equal.
    pub upper: T,
}

impl<T: Real> Interval<T> {
    /// `x ≥ 0`.
    #[must_use]
    pub const fn nonnegative() -> Self {
        Self { lower: T::ZERO, upper: T::INFINITY }
    }

    /// `|x| ≤ radius`, for a radius of zero or more.
    #[must_use]
    pub fn symmetric(radius: T) -> Self {
        Self { lower: -radius, upper: radius }
    }

    /// The whole line.
    fn free() -> Self {
        Self { lower: -T::INFINITY, upper: T::INFINITY }
    }
}

impl<T: Real> ScalarPenalty<T> for Interval<T> {
    fn value(&self, x: T) -> T {
        if self.lower <= x && x <= self.upper { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: T, _: T) -> T {
        if x < self.lower {
            self.lower
        } else if x > self.upper {
            self.upper
        } else {
            x
        }
    }

    fn gap(&self, x: T, g: T) -> T {
        if !(self.lower <= x && x <= self.upper) {
            return T::INFINITY;
        }
        match (x == self.lower, x == self.upper) {
            (true, true) => T::ZERO,
            (true, false) => excess(-g, T::ZERO),
            (false, true) => excess(g, T::ZERO),
            (false, false) => g.abs(),
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let holds = self.lower <= self.upper && self.lower < T::INFINITY && self.upper > -T::INFINITY;
        if holds { Ok(()) } else { Err(ConfigError::Bounds) }
    }
}

/// The box as a set; coordinates beyond the last bound are free.
impl<T: Real, const N: usize> Penalty<T> for Bounds<T, N> {
    fn value(&self, x: &[T]) -> T {
        x.iter().zip(intervals(self)).fold(T::ZERO, |sum, (&x, interval)| sum + interval.value(x))
    }

    fn prox(&self, x: &mut [T], rate: T) {
        for (x, interval) in x.iter_mut().zip(intervals(self)) {
            *x = interval.prox(*x, rate);
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let gaps = x.iter().zip(g).zip(intervals(self)).map(|((&x, &mut g), interval)| interval.gap(x, g));
        gaps.fold(T::ZERO, |sum, gap| sum + gap.squared()).sqrt()
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        intervals(self).take(N).try_for_each(|interval| interval.validate())
    }
}

impl<T: Real, const N: usize> Separable<T> for Bounds<T, N> {
    fn value_at(&self, j: usize, x: T) -> T {
        interval(self, j).value(x)
    }

    fn prox_at(&self, j: usize, x: T, rate: T) -> T {
        interval(self, j).prox(x, rate)
    }

    fn gap_at(&self, j: usize, x: T, g: T) -> T {
        interval(self, j).gap(x, g)
    }
}

/// The interval of coordinate j.
fn interval<T: Real, const N: usize>(bounds: &Bounds<T, N>, j: usize) -> Interval<T> {
    match (entries(&bounds.lower).get(j), entries(&bounds.upper).get(j)) {
        (Some(&lower), Some(&upper)) => Interval { lower, upper },
        _ => Interval::free(),
    }
}

/// The intervals of all coordinates, and free ones after the last.
fn intervals<T: Real, const N: usize>(bounds: &Bounds<T, N>) -> impl Iterator<Item = Interval<T>> {
    let corners = entries(&bounds.lower).iter().zip(entries(&bounds.upper));
    corners.map(|(&lower, &upper)| Interval { lower, upper }).chain(repeat(Interval::free()))
}
