//! Nonconvex penalties of one number by closed formulas: counting, capped, logarithmic.

use crate::penalty::ScalarPenalty;
use crate::penalty::scalar::{corner_gap, positive, soft, weight};
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = strength` unless x is zero: counts what is not zero.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct L0<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
}

/// `p(x) = strength · min(|x|, cap)` (Zhang 2010, "Analysis of multi-stage convex relaxation").
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CappedL1<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
    /// The size from which on the penalty is constant. Positive, finite.
    pub cap: T,
}

/// `p(x) = strength · ln(1 + |x|/scale)` (Candès, Wakin & Boyd 2008, section 2.3).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogSum<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
    /// ε. Positive, finite.
    pub scale: T,
}

impl<T: Real> ScalarPenalty<T> for L0<T> {
    fn value(&self, x: T) -> T {
        if x == T::ZERO { T::ZERO } else { self.strength }
    }

    fn prox(&self, x: T, rate: T) -> T {
        if x.abs() <= (T::TWO * rate * self.strength).sqrt() { T::ZERO } else { x }
    }

    fn gap(&self, x: T, g: T) -> T {
        if x == T::ZERO && self.strength > T::ZERO { T::ZERO } else { g.abs() }
    }

    fn convexity(&self) -> T {
        never(self.strength)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

impl<T: Real> ScalarPenalty<T> for CappedL1<T> {
    fn value(&self, x: T) -> T {
        if x.abs() >= self.cap { self.strength * self.cap } else { self.strength * x.abs() }
    }

    fn prox(&self, x: T, rate: T) -> T {
        let threshold = rate * self.strength;
        let knee = if threshold < T::TWO * self.cap {
            self.cap + T::HALF * threshold
        } else {
            (T::TWO * threshold * self.cap).sqrt()
        };
        if x.abs() <= knee { soft(x, threshold) } else { x }
    }

    fn gap(&self, x: T, g: T) -> T {
        let steep = corner_gap(x, g, self.strength, self.strength);
        if x.abs() < self.cap {
            steep
        } else if x.abs() > self.cap {
            g.abs()
        } else {
            steep.min(g.abs())
        }
    }

    fn convexity(&self) -> T {
        never(self.strength)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)?;
        positive(self.cap)
    }
}

impl<T: Real> ScalarPenalty<T> for LogSum<T> {
    fn value(&self, x: T) -> T {
        self.strength * (x.abs() / self.scale).ln_1p()
    }

    fn prox(&self, x: T, rate: T) -> T {
        let (size, threshold, scale) = (x.abs(), rate * self.strength, self.scale);
        let corner = threshold / scale;
        let convex = corner <= scale;
        let edge = T::TWO * threshold.sqrt();
        if if convex { size <= corner } else { size + scale <= edge } {
            return T::ZERO;
        }
        // The larger root z of (z - size)(z + scale) + threshold, without cancellation.
        let half = size - scale;
        let root = if convex {
            half.hypot(T::TWO * scale.sqrt() * (size - corner).sqrt())
        } else {
            (size + scale - edge).sqrt() * (size + scale + edge).sqrt()
        };
        let z =
            if half >= T::ZERO { T::HALF * (half + root) } else { T::TWO * scale * (size - corner) / (root - half) };
        let worse = z * (T::HALF * z - size) + threshold * (z / scale).ln_1p() >= T::ZERO;
        if !convex && (z <= T::ZERO || worse) { T::ZERO } else { z.copysign(x) }
    }

    fn gap(&self, x: T, g: T) -> T {
        corner_gap(x, g, self.strength / self.scale, self.strength / (self.scale + x.abs()))
    }

    fn convexity(&self) -> T {
        -self.strength / self.scale.squared()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)?;
        positive(self.scale)
    }
}

/// The modulus of a penalty that no parabola makes convex.
pub(super) fn never<T: Real>(strength: T) -> T {
    if strength > T::ZERO { -T::INFINITY } else { T::ZERO }
}
