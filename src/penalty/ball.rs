//! Norm balls, and the largest magnitude, whose dual the l1 ball is. The l∞ ball is `Each(Interval::symmetric(radius))`.

use crate::linalg::norm_of;
use crate::penalty::Penalty;
use crate::penalty::scalar::{excess, positive, weight};
use crate::penalty::threshold::{multiplier, rounding, simplex_threshold};
use crate::real::Real;
use crate::step::ConfigError;

/// The set `‖x‖₁ ≤ radius`, up to rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct L1Ball<T> {
    /// Positive, finite.
    pub radius: T,
}

/// The set `‖x‖₂ ≤ radius`, up to rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct L2Ball<T> {
    /// Positive, finite.
    pub radius: T,
}

/// `p(x) = strength · max |xⱼ|`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LInfinity<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
}

impl<T: Real> Penalty<T> for L1Ball<T> {
    fn value(&self, x: &[T]) -> T {
        if sum_of_sizes(x) <= self.radius + rounding(x.len(), self.radius) { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        if sum_of_sizes(x) > self.radius {
            let (top, theta) = simplex_threshold(x.iter().map(|x| x.abs()), self.radius);
            for x in x {
                *x = excess(x.abs() - top, theta).copysign(*x);
            }
        }
    }

    /// Exact: on the boundary, the normal cone is `τ sign(xⱼ)` where `xⱼ` is not zero and at most τ in size elsewhere.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let (sum, margin) = (sum_of_sizes(x), rounding(x.len(), self.radius));
        if !(sum <= self.radius + margin) {
            return T::INFINITY;
        }
        if sum < self.radius - margin {
            return norm_of(g);
        }
        let outward = |x: T, g: T| if x == T::ZERO { (g.abs(), false) } else { (-g * T::ONE.copysign(x), true) };
        let tau = multiplier(x.iter().zip(g.iter()).map(|(&x, &g)| outward(x, g))).max(T::ZERO);
        for (g, &x) in g.iter_mut().zip(x) {
            let (out, always) = outward(x, *g);
            *g = if always { out - tau } else { excess(out, tau) };
        }
        norm_of(g)
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        positive(self.radius)
    }
}

impl<T: Real> Penalty<T> for L2Ball<T> {
    fn value(&self, x: &[T]) -> T {
        if norm_of(x) <= self.radius + rounding(x.len(), self.radius) { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        let norm = norm_of(x);
        if norm > self.radius {
            for x in x {
                *x = *x / norm * self.radius;
            }
        }
    }

    /// Exact: on the boundary, the normal cone is the ray through x.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let (norm, margin) = (norm_of(x), rounding(x.len(), self.radius));
        if !(norm <= self.radius + margin) {
            return T::INFINITY;
        }
        let along = x.iter().zip(g.iter()).fold(T::ZERO, |sum, (&x, &g)| sum + x / norm * g);
        if norm >= self.radius - margin && along < T::ZERO {
            for (g, &x) in g.iter_mut().zip(x) {
                *g -= along * (x / norm);
            }
        }
        norm_of(g)
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        positive(self.radius)
    }
}

impl<T: Real> Penalty<T> for LInfinity<T> {
    fn value(&self, x: &[T]) -> T {
        self.strength * largest(x)
    }

    /// By Moreau's identity: what a projection onto the l1 ball leaves, every magnitude cut at one height.
    fn prox(&self, x: &mut [T], rate: T) {
        let radius = rate * self.strength;
        let height = if sum_of_sizes(x) > radius {
            let (top, theta) = simplex_threshold(x.iter().map(|x| x.abs()), radius);
            top + theta
        } else {
            T::ZERO
        };
        for x in x {
            if x.abs() > height {
                *x = height.copysign(*x);
            }
        }
    }

    /// Exact: `∂p(x)` is λ times the convex hull of `sign(xⱼ) eⱼ` over the largest entries, equal up to rounding, and the l1 ball of radius λ at zero.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let height = largest(x);
        if height == T::ZERO {
            self.prox(g, T::ONE);
            return norm_of(g);
        }
        let height = height - rounding(1, height);
        let outward = |(&x, &g): (&T, &T)| (x.abs() >= height).then(|| -g * T::ONE.copysign(x));
        let (top, theta) = simplex_threshold(x.iter().zip(g.iter()).filter_map(outward), self.strength);
        for (g, x) in g.iter_mut().zip(x) {
            if let Some(out) = outward((x, g)) {
                *g = out - excess(out - top, theta);
            }
        }
        norm_of(g)
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

fn sum_of_sizes<T: Real>(x: &[T]) -> T {
    x.iter().fold(T::ZERO, |sum, x| sum + x.abs())
}

/// The largest magnitude; NaN if an entry is.
fn largest<T: Real>(x: &[T]) -> T {
    x.iter().fold(T::ZERO, |m, x| if x.abs() <= m { m } else { x.abs() })
}
