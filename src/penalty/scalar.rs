//! Penalties of one number.

use crate::penalty::ScalarPenalty;
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = 0`: no penalty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Zero;

/// `p(x) = strength · |x|`, the lasso's.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct L1<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
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
        if x == T::ZERO { (g.abs() - self.strength).max(T::ZERO) } else { (g + self.strength.copysign(x)).abs() }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

/// The soft threshold `sign(x) max(|x| - t, 0)`; NaN stays NaN.
pub(crate) fn soft<T: Real>(x: T, t: T) -> T {
    if x.abs() <= t { T::ZERO } else { x - t.copysign(x) }
}

/// A weight is zero or more, and finite.
pub(crate) fn weight<T: Real>(weight: T) -> Result<(), ConfigError> {
    if weight >= T::ZERO && weight.is_finite() { Ok(()) } else { Err(ConfigError::Weight) }
}
