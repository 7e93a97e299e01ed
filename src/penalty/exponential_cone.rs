//! The exponential cone.
//!
//! A point outside both the cone and its polar splits into `s (ρ, 1, e^ρ) + d (1, 1 - ρ, -e^{-ρ})`, the projections onto the
//! two; the first two coordinates give s and d from ρ, and the third is an increasing function of ρ on the interval where
//! both are positive. Friberg, "Projection onto the exponential cone: a univariate root-finding problem", 2023.

use crate::linalg::norm_of;
use crate::penalty::Penalty;
use crate::penalty::threshold::rounding;
use crate::real::Real;
use crate::step::ConfigError;

/// The closure of `{(x, y, z) : y > 0, y exp(x/y) ≤ z}`, up to rounding. A slice of another length than 3 is outside, and
/// its projection is the slice itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExponentialCone;

impl<T: Real> Penalty<T> for ExponentialCone {
    fn value(&self, x: &[T]) -> T {
        let &[a, b, c] = x else { return T::INFINITY };
        let margin = rounding(3, norm_of(x));
        if contains(a, b, c, margin) { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        let [a, b, c] = x else { return };
        (*a, *b, *c) = project(*a, *b, *c);
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// Whether the point, or one `margin` away, lies in the cone.
fn contains<T: Real>(x: T, y: T, z: T, margin: T) -> bool {
    // On the flat face y = 0.
    let flat = x <= margin && y.abs() <= margin && z >= -margin;
    let slope = (x / y).exp();
    flat || (y > T::ZERO && y * slope - z <= margin * (T::ONE + slope * (T::ONE + (x / y).abs())))
}

fn project<T: Real>(x: T, y: T, z: T) -> (T, T, T) {
    if !(x + y + z).is_finite() || contains(x, y, z, T::ZERO) {
        return (x, y, z);
    }
    let polar_curve = x > T::ZERO && x * (y / x).exp() <= -z * T::of_f64(core::f64::consts::E);
    if polar_curve || (x == T::ZERO && y <= T::ZERO && z <= T::ZERO) {
        return (T::ZERO, T::ZERO, T::ZERO);
    }
    if x <= T::ZERO && y <= T::ZERO {
        return (x, T::ZERO, if z < T::ZERO { T::ZERO } else { z });
    }
    let split = |rho: T| {
        let determinant = rho * (rho - T::ONE) + T::ONE;
        ((y - (T::ONE - rho) * x) / determinant, (x - rho * y) / determinant)
    };
    let third = |rho: T| {
        let (s, d) = split(rho);
        s * rho.exp() - d * (-rho).exp() - z
    };
    // s > 0 above 1 - y/x for x > 0; d > 0 below x/y for y > 0. With only one end, the other is searched for.
    let (mut low, mut high) = (T::ONE - y / x, x / y);
    if !(x > T::ZERO) {
        low = search(high, -T::ONE, |rho| third(rho) < T::ZERO);
    } else if !(y > T::ZERO) {
        high = search(low, T::ONE, |rho| third(rho) > T::ZERO);
    }
    for _ in 0..200 {
        let middle = T::HALF * (low + high);
        if !(middle > low && middle < high) {
            break;
        }
        if third(middle) < T::ZERO {
            low = middle;
        } else {
            high = middle;
        }
    }
    let rho = T::HALF * (low + high);
    let (s, d) = split(rho);
    let slope = rho.exp();
    let (y, z) = if rho > T::ZERO {
        // Where the exponential is steep, s may be smaller than the resolution of ρ, and the third coordinate tells it.
        let third = (z + d / slope).max(T::ZERO);
        (third / slope, third)
    } else {
        (s.max(T::ZERO), s.max(T::ZERO) * slope)
    };
    (rho * y, y, z)
}

/// The first point on a doubling walk from `start` at which `found` holds; the exponential ends it long before the bound.
fn search<T: Real>(start: T, direction: T, found: impl Fn(T) -> bool) -> T {
    let mut width = direction;
    for _ in 0..40 {
        if found(start + width) {
            break;
        }
        width *= T::TWO;
    }
    start + width
}
