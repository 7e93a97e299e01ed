//! Sets that minimize linear functions.

use core::iter::repeat;

use crate::least_squares::Bounds;
use crate::linalg::norm_of;
use crate::penalty::{Each, Interval, L1Ball, L2Ball, Penalty, Simplex};
use crate::real::Real;

/// A compact convex set that minimizes linear functions.
pub trait LinearMinimization<T: Real>: Penalty<T> {
    /// Writes a minimizer of `⟨g, s⟩` over the set to s, a vertex where there is one.
    fn vertex(&self, g: &[T], s: &mut [T]);
}

impl<T: Real> LinearMinimization<T> for Simplex<T> {
    fn vertex(&self, g: &[T], s: &mut [T]) {
        one(s, first_largest(g.iter().map(|&g| -g)), |_| self.total);
    }
}

impl<T: Real> LinearMinimization<T> for L1Ball<T> {
    fn vertex(&self, g: &[T], s: &mut [T]) {
        let j = first_largest(g.iter().map(|&g| g.abs()));
        one(s, j, |j| (-self.radius).copysign(-g.get(j).copied().unwrap_or(T::ZERO)));
    }
}

impl<T: Real> LinearMinimization<T> for L2Ball<T> {
    fn vertex(&self, g: &[T], s: &mut [T]) {
        let length = norm_of(g);
        let factor = if length > T::ZERO { -self.radius / length } else { T::ZERO };
        for (s, &g) in s.iter_mut().zip(g) {
            *s = factor * g;
        }
    }
}

/// A finite interval.
impl<T: Real> LinearMinimization<T> for Each<Interval<T>> {
    fn vertex(&self, g: &[T], s: &mut [T]) {
        corner(g, s, repeat((&self.0.lower, &self.0.upper)));
    }
}

/// A finite box.
impl<T: Real, const N: usize> LinearMinimization<T> for Bounds<T, N> {
    fn vertex(&self, g: &[T], s: &mut [T]) {
        corner(g, s, self.lower.iter().zip(self.upper.iter()));
    }
}

fn corner<'a, T: Real>(g: &[T], s: &mut [T], sides: impl Iterator<Item = (&'a T, &'a T)>) {
    for ((s, &g), (&lower, &upper)) in s.iter_mut().zip(g).zip(sides) {
        *s = if g > T::ZERO { lower } else { upper };
    }
}

/// Zero but for place j.
fn one<T: Real>(s: &mut [T], j: usize, value: impl Fn(usize) -> T) {
    for (i, s) in s.iter_mut().enumerate() {
        *s = if i == j { value(j) } else { T::ZERO };
    }
}

fn first_largest<T: Real>(values: impl Iterator<Item = T>) -> usize {
    let best = values.enumerate().fold((0, -T::INFINITY), |best, (j, v)| if v > best.1 { (j, v) } else { best });
    best.0
}
