//! Convex penalties of one number that shrink it: none, l1, squared l2, elastic net.

use crate::penalty::ScalarPenalty;
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = 0`: no penalty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Zero;

/// `p(x) = strength · |x|`, the lasso's (Tibshirani 1996).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct L1<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
}

/// `p(x) = strength · x²/2`, the ridge.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SquaredL2<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
}

/// `p(x) = strength · |x| + ridge · x²/2` (Zou & Hastie 2005).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ElasticNet<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
    /// μ. Zero or more, finite.
    pub ridge: T,
}

impl<T: Real> ScalarPenalty<T> for Zero {
    fn value(&self, _: T) -> T {
        T::ZERO
    }

    fn prox(&self, x: T, _: T) -> T {
        x
    }

    fn gap(&self, _: T, g: T) -> T {
        g.abs()
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

impl<T: Real> ScalarPenalty<T> for L1<T> {
    fn value(&self, x: T) -> T {
        self.strength * x.abs()
    }

    fn prox(&self, x: T, rate: T) -> T {
        soft(x, rate * self.strength)
    }

    fn gap(&self, x: T, g: T) -> T {
        corner_gap(x, g, self.strength, self.strength)
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

impl<T: Real> ScalarPenalty<T> for SquaredL2<T> {
    fn value(&self, x: T) -> T {
        T::HALF * self.strength * x.squared()
    }

    fn prox(&self, x: T, rate: T) -> T {
        x / (T::ONE + rate * self.strength)
    }

    fn gap(&self, x: T, g: T) -> T {
        (g + self.strength * x).abs()
    }

    fn convexity(&self) -> T {
        self.strength
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

impl<T: Real> ScalarPenalty<T> for ElasticNet<T> {
    fn value(&self, x: T) -> T {
        self.strength * x.abs() + T::HALF * self.ridge * x.squared()
    }

    fn prox(&self, x: T, rate: T) -> T {
        soft(x, rate * self.strength) / (T::ONE + rate * self.ridge)
    }

    fn gap(&self, x: T, g: T) -> T {
        corner_gap(x, g, self.strength, self.strength + self.ridge * x.abs())
    }

    fn convexity(&self) -> T {
        self.ridge
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)?;
        weight(self.ridge)
    }
}

/// The soft threshold `sign(x) max(|x| - t, 0)`; NaN stays NaN.
pub(crate) fn soft<T: Real>(x: T, t: T) -> T {
    if x.abs() <= t { T::ZERO } else { x - t.copysign(x) }
}

/// The distance of `-g` to the subdifferential of an even penalty: `[-corner, corner]` at zero, `slope · sign(x)` elsewhere.
pub(crate) fn corner_gap<T: Real>(x: T, g: T, corner: T, slope: T) -> T {
    if x == T::ZERO { excess(g.abs(), corner) } else { (g + slope.copysign(x)).abs() }
}

/// How far `a` lies above `limit`; NaN stays NaN.
pub(crate) fn excess<T: Real>(a: T, limit: T) -> T {
    if a <= limit { T::ZERO } else { a - limit }
}

/// A weight is zero or more, and finite.
pub(crate) fn weight<T: Real>(weight: T) -> Result<(), ConfigError> {
    if weight >= T::ZERO && weight.is_finite() { Ok(()) } else { Err(ConfigError::Weight) }
}

/// A scale is positive and finite.
pub(crate) fn positive<T: Real>(scale: T) -> Result<(), ConfigError> {
    if scale > T::ZERO && scale.is_finite() { Ok(()) } else { Err(ConfigError::NotPositive) }
}
