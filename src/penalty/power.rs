//! Powers `|x|^½` and `|x|^⅔`: infinitely steep at zero, so that small values vanish and large ones are hardly shrunk.
//!
//! A nonzero minimizer z of `½(z - x)² + t|z|^q` is `|x| wᵐ` with `wⁿ - w + κ = 0`; the largest root lies between 0.79 and 1
//! wherever it beats zero, and Newton's method falls onto it from 1. The thresholds are those of Xu, Chang, Xu & Zhang,
//! "L1/2 regularization: a thresholding representation theory and a fast solver", 2012, and Cao, Sun & Xu, "Fast image
//! deconvolution using closed-form thresholding formulas of Lq (q = ½, ⅔) regularization", 2013.

use crate::penalty::ScalarPenalty;
use crate::penalty::nonconvex::never;
use crate::penalty::scalar::weight;
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = strength · |x|^½`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HalfPower<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
}

/// `p(x) = strength · |x|^⅔`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TwoThirdsPower<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
}

impl<T: Real> ScalarPenalty<T> for HalfPower<T> {
    fn value(&self, x: T) -> T {
        self.strength * x.abs().sqrt()
    }

    fn prox(&self, x: T, rate: T) -> T {
        let (size, threshold) = (x.abs(), rate * self.strength);
        let power = size * size.sqrt();
        if power <= T::of_f64(1.5 * 1.224_744_871_391_589) * threshold {
            return T::ZERO;
        }
        let w = largest_root(3, T::HALF * threshold / power);
        x * w.squared()
    }

    fn gap(&self, x: T, g: T) -> T {
        let size = x.abs();
        steep_gap(self.strength, x, g, T::HALF / size.sqrt())
    }

    fn convexity(&self) -> T {
        never(self.strength)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

impl<T: Real> ScalarPenalty<T> for TwoThirdsPower<T> {
    fn value(&self, x: T) -> T {
        self.strength * cube_root(x.abs()).squared()
    }

    fn prox(&self, x: T, rate: T) -> T {
        let (size, threshold) = (x.abs(), rate * self.strength);
        let slope = T::of_f64(2.0 / 3.0) * threshold;
        let power = size * cube_root(size);
        if power <= T::of_f64(2.519_842_099_789_746) * slope {
            return T::ZERO;
        }
        let w = largest_root(4, slope / power);
        x * w.squared() * w
    }

    fn gap(&self, x: T, g: T) -> T {
        steep_gap(self.strength, x, g, T::of_f64(2.0 / 3.0) / cube_root(x.abs()))
    }

    fn convexity(&self) -> T {
        never(self.strength)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

/// The distance of `-g` to the subdifferential: the whole line at zero, `strength · slope · sign(x)` elsewhere.
fn steep_gap<T: Real>(strength: T, x: T, g: T, slope: T) -> T {
    if strength == T::ZERO {
        g.abs()
    } else if x == T::ZERO {
        T::ZERO
    } else {
        (g + (strength * slope).copysign(x)).abs()
    }
}

/// The largest root of `wⁿ - w + κ` below 1, for κ so small that there is one.
fn largest_root<T: Real>(n: i32, kappa: T) -> T {
    let mut w = T::ONE;
    for _ in 0..10 {
        let power = w.powi(n - 1);
        let next = w - (w * power - w + kappa) / (T::of_f64(f64::from(n)) * power - T::ONE);
        if next >= w {
            break;
        }
        w = next;
    }
    w
}

fn cube_root<T: Real>(size: T) -> T {
    size.powf(T::of_f64(1.0 / 3.0))
}
