//! Penalties that keep a number positive: the logarithmic barrier and the negative entropy.

use crate::penalty::ScalarPenalty;
use crate::penalty::scalar::positive;
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = -strength · ln x`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogBarrier<T> {
    /// λ. Positive, finite.
    pub strength: T,
}

/// `p(x) = strength · x ln x`, zero at zero.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entropy<T> {
    /// λ. Positive, finite.
    pub strength: T,
}

impl<T: Real> ScalarPenalty<T> for LogBarrier<T> {
    fn value(&self, x: T) -> T {
        if x > T::ZERO { -self.strength * x.ln() } else { T::INFINITY }
    }

    fn prox(&self, x: T, rate: T) -> T {
        let threshold = rate * self.strength;
        let root = x.hypot(T::TWO * threshold.sqrt());
        at_least_tiny(if x < T::ZERO { T::TWO * threshold / (root - x) } else { T::HALF * (x + root) })
    }

    fn gap(&self, x: T, g: T) -> T {
        if x > T::ZERO { (g - self.strength / x).abs() } else { T::INFINITY }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        positive(self.strength)
    }
}

impl<T: Real> ScalarPenalty<T> for Entropy<T> {
    fn value(&self, x: T) -> T {
        if x > T::ZERO {
            self.strength * x * x.ln()
        } else if x == T::ZERO {
            T::ZERO
        } else {
            T::INFINITY
        }
    }

    /// With the threshold t and `y = z/t`, stationarity is `y + ln y = x/t - 1 - ln t`, whose left side is concave: Newton's
    /// method from below rises to the root.
    fn prox(&self, x: T, rate: T) -> T {
        let threshold = rate * self.strength;
        let target = x / threshold - T::ONE - threshold.ln();
        if !target.is_finite() {
            return if x > T::ZERO { x } else { at_least_tiny(x) };
        }
        let mut y = if target > T::ONE {
            target - target.ln()
        } else {
            let power = target.exp();
            power / (T::ONE + power)
        };
        if y < T::TINY {
            return T::TINY;
        }
        for _ in 0..20 {
            let next = y + y * (target - y - y.ln()) / (T::ONE + y);
            if !(next > y) {
                break;
            }
            y = next;
        }
        at_least_tiny(threshold * y)
    }

    fn gap(&self, x: T, g: T) -> T {
        if x > T::ZERO { (g + self.strength * (x.ln() + T::ONE)).abs() } else { T::INFINITY }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        positive(self.strength)
    }
}

/// Where a positive result would round to zero, the smallest positive number; NaN stays NaN.
fn at_least_tiny<T: Real>(x: T) -> T {
    if x < T::TINY { T::TINY } else { x }
}
