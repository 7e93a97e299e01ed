//! Simplices, and the sum of the largest entries, whose dual they are.

use crate::linalg::norm_of;
use crate::penalty::Penalty;
use crate::penalty::scalar::{excess, positive, weight};
use crate::penalty::threshold::{capped_threshold, levels, multiplier, rounding, simplex_threshold};
use crate::real::Real;
use crate::step::ConfigError;

/// The set `x ≥ 0`, `Σ xⱼ = total`. A point belongs to it if the sum is right up to rounding.
///
/// ```
/// use thalweg::penalty::{Penalty, Simplex};
/// let mut x = [0.5_f64, 1.2, -0.3];
/// Simplex { total: 1.0 }.prox(&mut x, 1.0);
/// assert!((x[0] - 0.15).abs() < 1e-15 && (x[1] - 0.85).abs() < 1e-15 && x[2] == 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Simplex<T> {
    /// The sum. Positive, finite.
    pub total: T,
}

/// The set `0 ≤ x ≤ cap`, `Σ xⱼ = total`; empty if `total` exceeds `n · cap`. A point belongs to it if the sum is right up to rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CappedSimplex<T> {
    /// The sum. Zero or more, finite.
    pub total: T,
    /// The largest entry. Positive, finite.
    pub cap: T,
}

/// `p(x) = strength ·` the sum of the `count` largest entries; the largest entry with a count of 1. With fewer entries
/// than that, the sum of all.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SumLargest<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
    /// k.
    pub count: usize,
}

impl<T: Real> Penalty<T> for Simplex<T> {
    fn value(&self, x: &[T]) -> T {
        let inside = x.iter().all(|&x| x >= T::ZERO) && sums_to(x, self.total);
        if inside { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        let (top, theta) = simplex_threshold(x.iter().copied(), self.total);
        for x in x {
            *x = excess(*x - top, theta);
        }
    }

    /// Exact: the normal cone is `{τ1 - s : s ≥ 0, sⱼ = 0 where xⱼ > 0}`.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        if self.value(x) > T::ZERO {
            return T::INFINITY;
        }
        let tau = multiplier(x.iter().zip(g.iter()).map(|(&x, &g)| (-g, x > T::ZERO)));
        for (g, &x) in g.iter_mut().zip(x) {
            *g = if x > T::ZERO { *g + tau } else { excess(-*g, tau) };
        }
        norm_of(g)
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        positive(self.total)
    }
}

impl<T: Real> Penalty<T> for CappedSimplex<T> {
    fn value(&self, x: &[T]) -> T {
        let inside = x.iter().all(|&x| x >= T::ZERO && x <= self.cap) && sums_to(x, self.total);
        if inside { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        project_capped(x, self.cap, self.total, |_, z| z);
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.total)?;
        positive(self.cap)
    }
}

impl<T: Real> Penalty<T> for SumLargest<T> {
    fn value(&self, x: &[T]) -> T {
        let (mut sum, mut left) = (T::ZERO, self.count);
        for (level, times) in levels(x.iter().copied()) {
            if left == 0 {
                break;
            }
            sum += T::of_usize(times.min(left)) * level;
            left -= times.min(left);
        }
        self.strength * sum
    }

    /// By Moreau's identity: the penalty is the support function of a capped simplex.
    fn prox(&self, x: &mut [T], rate: T) {
        let cap = rate * self.strength;
        let total = cap * T::of_usize(self.count.min(x.len()));
        project_capped(x, cap, total, |x, z| x - z);
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

/// Whether the entries sum to `total` up to rounding.
fn sums_to<T: Real>(x: &[T], total: T) -> bool {
    let sum = x.iter().fold(T::ZERO, |sum, &x| sum + x);
    (sum - total).abs() <= rounding(x.len(), total)
}

/// Overwrites every entry x, whose projection onto the capped simplex is z, with `f(x, z)`.
fn project_capped<T: Real>(x: &mut [T], cap: T, total: T, f: impl Fn(T, T) -> T) {
    let (theta, correction) = capped_threshold(x.iter().copied(), cap, total);
    for x in x {
        let z = *x - theta - correction;
        *x = f(
            *x,
            if z <= T::ZERO {
                T::ZERO
            } else if z >= cap {
                cap
            } else {
                z
            },
        );
    }
}
