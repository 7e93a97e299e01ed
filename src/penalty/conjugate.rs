//! Conjugates: dual penalties and sets from the proximal operators of the primal ones.

use crate::least_squares::Bounds;
use crate::linalg::{entries, norm_of};
use crate::penalty::scalar::excess;
use crate::penalty::threshold::rounding;
use crate::penalty::{
    Each, ElasticNet, Entropy, Hinge, Huber, Interval, L1, L1Ball, L2Ball, LInfinity, LogBarrier, Penalty, Quantile,
    Radial, ScalarPenalty, SecondOrderCone, Simplex, SquaredL2, Zero,
};
use crate::real::Real;
use crate::step::ConfigError;

/// A closed convex penalty of one number that knows its conjugate.
pub trait ScalarConvex<T: Real>: ScalarPenalty<T> {
    /// `p*(y) = sup over x of xy - p(x)`; infinite beyond the domain, whose ends are taken up to rounding.
    fn conjugate(&self, y: T) -> T;
}

/// A closed convex penalty of a vector that knows its conjugate.
pub trait Convex<T: Real>: Penalty<T> {
    /// `p*(y) = sup over x of ⟨x, y⟩ - p(x)`; infinite beyond the domain, whose ends are taken up to rounding.
    fn conjugate(&self, y: &[T]) -> T;
}

/// `p*`, with the proximal operator of Moreau's identity, `prox_{t p*}(x) = x - t prox_{p/t}(x/t)`.
///
/// It sees slices of N entries; one of another length has an infinite value and is left as it is. Its modulus of convexity
/// is given as zero, a lower bound.
///
/// ```
/// use thalweg::penalty::{Conjugate, Each, L1, Penalty};
/// let mut y = [3.0, -0.5];
/// Conjugate::<_, 2>(Each(L1 { strength: 1.0 })).prox(&mut y, 1.0);
/// assert_eq!(y, [1.0, -0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Conjugate<P, const N: usize>(pub P);

impl<T: Real, P: Convex<T>, const N: usize> Penalty<T> for Conjugate<P, N> {
    fn value(&self, x: &[T]) -> T {
        if x.len() == N { self.0.conjugate(x) } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], rate: T) {
        let Ok(x) = <&mut [T; N]>::try_from(x) else { return };
        let mut z = x.map(|x| x / rate);
        self.0.prox(&mut z, T::ONE / rate);
        for (x, z) in x.iter_mut().zip(z) {
            *x -= rate * z;
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.0.validate()
    }
}

/// Zero between the ends, up to rounding, and infinite beyond.
fn inside<T: Real>(y: T, lower: T, upper: T) -> T {
    let margin = rounding(1, lower.abs().max(upper.abs()));
    if y >= lower - margin && y <= upper + margin { T::ZERO } else { T::INFINITY }
}

/// `a/b` with `0/0 = 0`.
fn share<T: Real>(a: T, b: T) -> T {
    if a == T::ZERO { T::ZERO } else { a / b }
}

impl<T: Real> ScalarConvex<T> for Zero {
    fn conjugate(&self, y: T) -> T {
        if y == T::ZERO { T::ZERO } else { T::INFINITY }
    }
}

impl<T: Real> ScalarConvex<T> for L1<T> {
    fn conjugate(&self, y: T) -> T {
        inside(y, -self.strength, self.strength)
    }
}

impl<T: Real> ScalarConvex<T> for SquaredL2<T> {
    fn conjugate(&self, y: T) -> T {
        share(T::HALF * y.squared(), self.strength)
    }
}

impl<T: Real> ScalarConvex<T> for ElasticNet<T> {
    fn conjugate(&self, y: T) -> T {
        share(T::HALF * excess(y.abs(), self.strength).squared(), self.ridge)
    }
}

impl<T: Real> ScalarConvex<T> for Huber<T> {
    fn conjugate(&self, y: T) -> T {
        inside(y, -self.strength, self.strength) + share(T::HALF * self.width * y.squared(), self.strength)
    }
}

impl<T: Real> ScalarConvex<T> for Hinge<T> {
    fn conjugate(&self, y: T) -> T {
        inside(y, -self.strength, T::ZERO) + y
    }
}

impl<T: Real> ScalarConvex<T> for Quantile<T> {
    fn conjugate(&self, y: T) -> T {
        inside(y, -self.strength * (T::ONE - self.level), self.strength * self.level)
    }
}

impl<T: Real> ScalarConvex<T> for LogBarrier<T> {
    fn conjugate(&self, y: T) -> T {
        if y < T::ZERO { self.strength * ((self.strength / -y).ln() - T::ONE) } else { T::INFINITY }
    }
}

impl<T: Real> ScalarConvex<T> for Entropy<T> {
    fn conjugate(&self, y: T) -> T {
        self.strength * (y / self.strength - T::ONE).exp()
    }
}

impl<T: Real> ScalarConvex<T> for Interval<T> {
    fn conjugate(&self, y: T) -> T {
        if y > T::ZERO {
            y * self.upper
        } else if y < T::ZERO {
            y * self.lower
        } else {
            y
        }
    }
}

impl<T: Real, S: ScalarConvex<T>> Convex<T> for Each<S> {
    fn conjugate(&self, y: &[T]) -> T {
        y.iter().fold(T::ZERO, |sum, &y| sum + self.0.conjugate(y))
    }
}

/// For an even penalty, as [`Radial`] demands.
impl<T: Real, S: ScalarConvex<T>> Convex<T> for Radial<S> {
    fn conjugate(&self, y: &[T]) -> T {
        self.0.conjugate(norm_of(y))
    }
}

impl<T: Real, const N: usize> Convex<T> for Bounds<T, N> {
    fn conjugate(&self, y: &[T]) -> T {
        let corners = entries(&self.lower).iter().zip(entries(&self.upper));
        let support = |(&y, (&lower, &upper)): (&T, (&T, &T))| Interval { lower, upper }.conjugate(y);
        y.iter().zip(corners).map(support).fold(T::ZERO, |sum, value| sum + value)
    }
}

impl<T: Real> Convex<T> for L1Ball<T> {
    fn conjugate(&self, y: &[T]) -> T {
        LInfinity { strength: self.radius }.value(y)
    }
}

impl<T: Real> Convex<T> for L2Ball<T> {
    fn conjugate(&self, y: &[T]) -> T {
        self.radius * norm_of(y)
    }
}

impl<T: Real> Convex<T> for LInfinity<T> {
    fn conjugate(&self, y: &[T]) -> T {
        L1Ball { radius: self.strength }.value(y)
    }
}

impl<T: Real> Convex<T> for Simplex<T> {
    fn conjugate(&self, y: &[T]) -> T {
        self.total * y.iter().fold(-T::INFINITY, |top, &y| if y <= top { top } else { y })
    }
}

/// The polar cone.
impl<T: Real> Convex<T> for SecondOrderCone {
    fn conjugate(&self, y: &[T]) -> T {
        let Some((&bound, rest)) = y.split_last() else { return T::ZERO };
        let norm = norm_of(rest);
        if norm <= -bound + rounding(y.len(), norm) { T::ZERO } else { T::INFINITY }
    }
}
