//! Folded concave penalties: as steep as l1 at zero, flat far out, so that large values are not shrunk.
//!
//! Beyond the rate limit the proximal operator jumps; its branches there compare the two local minimizers.

use crate::penalty::scalar::{corner_gap, positive, soft, weight};
use crate::penalty::{L1, ScalarPenalty};
use crate::real::Real;
use crate::step::ConfigError;

/// A penalty `p(x) = λ|x| + h(x)` with a concave and continuously differentiable `h`: methods that can only soften take `h`
/// to the smooth part.
pub trait Folded<T: Real>: ScalarPenalty<T> {
    /// λ, the slope at zero.
    fn strength(&self) -> T;

    /// `h′(x)`: zero at zero, and Lipschitz with constant `-convexity()`.
    fn concave_slope(&self, x: T) -> T;
}

/// Smoothly clipped absolute deviation (Fan & Li 2001, eq. 2.7): slope λ up to λ, then falling in proportion, zero beyond aλ.
///
/// ```
/// use thalweg::penalty::{Scad, ScalarPenalty};
/// let scad = Scad { strength: 1.0, reach: 3.7 };
/// assert_eq!((scad.prox(0.9, 1.0), scad.prox(1.5, 1.0), scad.prox(4.0, 1.0)), (0.0, 0.5, 4.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scad<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
    /// a: the penalty is constant beyond `reach · strength`. Above 1 and finite; 3.7 is usual.
    pub reach: T,
}

/// Minimax concave penalty (Zhang 2010, eq. 2.1): `λ|x| - x²/(2γ)` up to γλ, then constant.
///
/// ```
/// use thalweg::penalty::{Mcp, ScalarPenalty};
/// let mcp = Mcp { strength: 1.0, reach: 2.0 };
/// assert_eq!((mcp.prox(0.9, 1.0), mcp.prox(1.5, 1.0), mcp.prox(4.0, 1.0)), (0.0, 1.0, 4.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mcp<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
    /// γ: the penalty is constant beyond `reach · strength`. Positive, finite; 3 is usual.
    pub reach: T,
}

impl<T: Real> ScalarPenalty<T> for Scad<T> {
    fn value(&self, x: T) -> T {
        let (size, l, a) = (x.abs(), self.strength, self.reach);
        if size <= l {
            l * size
        } else if size < a * l {
            l * size - T::HALF * (size - l).squared() / (a - T::ONE)
        } else if size >= a * l {
            T::HALF * (a + T::ONE) * l.squared()
        } else {
            T::NAN
        }
    }

    fn prox(&self, x: T, rate: T) -> T {
        let (size, l, a) = (x.abs(), self.strength, self.reach);
        if rate > a + T::ONE {
            return if size <= l * (rate * (a + T::ONE)).sqrt() { T::ZERO } else { x };
        }
        let room = a - T::ONE - rate;
        let knee = if room > T::ZERO { (T::ONE + rate) * l } else { T::HALF * (a + T::ONE + rate) * l };
        if size <= knee {
            soft(x, rate * l)
        } else if room > T::ZERO && size <= a * l {
            (((a - T::ONE) * size - rate * a * l) / room).max(l).min(size).copysign(x)
        } else {
            x
        }
    }

    fn gap(&self, x: T, g: T) -> T {
        corner_gap(x, g, self.strength, self.slope(x.abs()))
    }

    fn convexity(&self) -> T {
        if self.strength > T::ZERO { -T::ONE / (self.reach - T::ONE) } else { T::ZERO }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)?;
        positive(self.reach - T::ONE)
    }
}

impl<T: Real> Scad<T> {
    /// `p′` at a positive size.
    fn slope(&self, size: T) -> T {
        let (l, a) = (self.strength, self.reach);
        if size <= l { l } else { kept((a * l - size) / (a - T::ONE)) }
    }
}

impl<T: Real> ScalarPenalty<T> for Mcp<T> {
    fn value(&self, x: T) -> T {
        let (size, l, reach) = (x.abs(), self.strength, self.reach);
        if size <= reach * l {
            size * (l - T::HALF * size / reach)
        } else if size > reach * l {
            T::HALF * reach * l.squared()
        } else {
            T::NAN
        }
    }

    fn prox(&self, x: T, rate: T) -> T {
        let (size, l, reach) = (x.abs(), self.strength, self.reach);
        if rate >= reach {
            return if size <= l * (reach * rate).sqrt() { T::ZERO } else { x };
        }
        if size <= rate * l {
            T::ZERO
        } else if size <= reach * l {
            let shrunk = soft(size, rate * l) / (T::ONE - rate / reach);
            shrunk.min(size).copysign(x)
        } else {
            x
        }
    }

    fn gap(&self, x: T, g: T) -> T {
        corner_gap(x, g, self.strength, self.slope(x.abs()))
    }

    fn convexity(&self) -> T {
        if self.strength > T::ZERO { -T::ONE / self.reach } else { T::ZERO }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)?;
        positive(self.reach)
    }
}

impl<T: Real> Mcp<T> {
    /// `p′` at a positive size.
    fn slope(&self, size: T) -> T {
        kept(self.strength - size / self.reach)
    }
}

/// The positive part; NaN stays NaN.
fn kept<T: Real>(a: T) -> T {
    if a <= T::ZERO { T::ZERO } else { a }
}

impl<T: Real> Folded<T> for L1<T> {
    fn strength(&self) -> T {
        self.strength
    }

    fn concave_slope(&self, _: T) -> T {
        T::ZERO
    }
}

impl<T: Real> Folded<T> for Scad<T> {
    fn strength(&self) -> T {
        self.strength
    }

    fn concave_slope(&self, x: T) -> T {
        -(self.strength - self.slope(x.abs())).copysign(x)
    }
}

impl<T: Real> Folded<T> for Mcp<T> {
    fn strength(&self) -> T {
        self.strength
    }

    fn concave_slope(&self, x: T) -> T {
        -(self.strength - self.slope(x.abs())).copysign(x)
    }
}
