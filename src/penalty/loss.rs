//! Convex losses of one number, for splitting methods and for penalties that grow slowly or on one side only.

use crate::penalty::ScalarPenalty;
use crate::penalty::scalar::{excess, positive, weight};
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = strength · x²/(2 width)` up to the width, then `strength · (|x| - width/2)` (Huber 1964).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Huber<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
    /// δ. Positive, finite.
    pub width: T,
}

/// `p(x) = strength · max(0, 1 - x)`, of support vector machines.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Hinge<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
}

/// `p(x) = strength · (level · max(x, 0) + (1 - level) · max(-x, 0))`, the pinball loss (Koenker & Bassett 1978).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Quantile<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
    /// τ. Strictly between 0 and 1.
    pub level: T,
}

impl<T: Real> ScalarPenalty<T> for Huber<T> {
    fn value(&self, x: T) -> T {
        let size = x.abs();
        if size <= self.width {
            T::HALF * self.strength * size * (size / self.width)
        } else {
            self.strength * (size - T::HALF * self.width)
        }
    }

    fn prox(&self, x: T, rate: T) -> T {
        let threshold = rate * self.strength;
        if x.abs() <= self.width + threshold {
            x / (T::ONE + threshold / self.width)
        } else {
            x - threshold.copysign(x)
        }
    }

    fn gap(&self, x: T, g: T) -> T {
        let slope = if x.abs() <= self.width { x / self.width } else { T::ONE.copysign(x) };
        (g + self.strength * slope).abs()
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)?;
        positive(self.width)
    }
}

impl<T: Real> ScalarPenalty<T> for Hinge<T> {
    fn value(&self, x: T) -> T {
        self.strength * excess(T::ONE, x)
    }

    fn prox(&self, x: T, rate: T) -> T {
        let threshold = rate * self.strength;
        if x < T::ONE - threshold {
            x + threshold
        } else if x < T::ONE {
            T::ONE
        } else {
            x
        }
    }

    fn gap(&self, x: T, g: T) -> T {
        if x < T::ONE {
            (g - self.strength).abs()
        } else if x > T::ONE {
            g.abs()
        } else {
            excess(g, self.strength) + excess(-g, T::ZERO)
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

impl<T: Real> Quantile<T> {
    /// The slopes left and right of zero, without sign.
    fn slopes(&self) -> (T, T) {
        (self.strength * (T::ONE - self.level), self.strength * self.level)
    }
}

impl<T: Real> ScalarPenalty<T> for Quantile<T> {
    fn value(&self, x: T) -> T {
        let (below, above) = self.slopes();
        if x < T::ZERO { -x * below } else { x * above }
    }

    fn prox(&self, x: T, rate: T) -> T {
        let (below, above) = self.slopes();
        if x < T::ZERO { -excess(-x, rate * below) } else { excess(x, rate * above) }
    }

    fn gap(&self, x: T, g: T) -> T {
        let (below, above) = self.slopes();
        if x < T::ZERO {
            (g - below).abs()
        } else if x > T::ZERO {
            (g + above).abs()
        } else {
            excess(g, below) + excess(-g, above)
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)?;
        if self.level > T::ZERO && self.level < T::ONE { Ok(()) } else { Err(ConfigError::Fraction) }
    }
}
