//! Multiples of a penalty, and a penalty with a parabola added.

use crate::penalty::scalar::{positive, weight};
use crate::penalty::{Penalty, ScalarPenalty, Separable};
use crate::real::Real;
use crate::step::ConfigError;

/// `factor · p(x)`, for a penalty of one number or of a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scaled<P, T> {
    /// p.
    pub penalty: P,
    /// The factor. Positive, finite.
    pub factor: T,
}

/// `p(x) + ridge · ‖x‖²/2`, for a penalty of one number or of a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ridged<P, T> {
    /// p.
    pub penalty: P,
    /// μ. Zero or more, finite.
    pub ridge: T,
}

impl<T: Real, P: ScalarPenalty<T>> ScalarPenalty<T> for Scaled<P, T> {
    fn value(&self, x: T) -> T {
        self.factor * self.penalty.value(x)
    }

    fn prox(&self, x: T, rate: T) -> T {
        self.penalty.prox(x, self.factor * rate)
    }

    fn gap(&self, x: T, g: T) -> T {
        self.factor * self.penalty.gap(x, g / self.factor)
    }

    fn convexity(&self) -> T {
        self.factor * self.penalty.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        positive(self.factor)?;
        self.penalty.validate()
    }
}

impl<T: Real, P: Penalty<T>> Penalty<T> for Scaled<P, T> {
    fn value(&self, x: &[T]) -> T {
        self.factor * self.penalty.value(x)
    }

    fn prox(&self, x: &mut [T], rate: T) {
        self.penalty.prox(x, self.factor * rate);
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        for g in g.iter_mut() {
            *g /= self.factor;
        }
        self.factor * self.penalty.gap(x, g)
    }

    fn convexity(&self) -> T {
        self.factor * self.penalty.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        positive(self.factor)?;
        self.penalty.validate()
    }
}

impl<T: Real, P: Separable<T>> Separable<T> for Scaled<P, T> {
    fn value_at(&self, j: usize, x: T) -> T {
        self.factor * self.penalty.value_at(j, x)
    }

    fn prox_at(&self, j: usize, x: T, rate: T) -> T {
        self.penalty.prox_at(j, x, self.factor * rate)
    }

    fn gap_at(&self, j: usize, x: T, g: T) -> T {
        self.factor * self.penalty.gap_at(j, x, g / self.factor)
    }
}

impl<T: Real, P> Ridged<P, T> {
    /// The factor by which the parabola shrinks point and rate.
    fn shrink(&self, rate: T) -> T {
        T::ONE / (T::ONE + rate * self.ridge)
    }
}

impl<T: Real, P: ScalarPenalty<T>> ScalarPenalty<T> for Ridged<P, T> {
    fn value(&self, x: T) -> T {
        self.penalty.value(x) + T::HALF * self.ridge * x.squared()
    }

    fn prox(&self, x: T, rate: T) -> T {
        let shrink = self.shrink(rate);
        self.penalty.prox(shrink * x, shrink * rate)
    }

    fn gap(&self, x: T, g: T) -> T {
        self.penalty.gap(x, g + self.ridge * x)
    }

    fn convexity(&self) -> T {
        self.penalty.convexity() + self.ridge
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.ridge)?;
        self.penalty.validate()
    }
}

impl<T: Real, P: Penalty<T>> Penalty<T> for Ridged<P, T> {
    fn value(&self, x: &[T]) -> T {
        self.penalty.value(x) + T::HALF * self.ridge * x.iter().fold(T::ZERO, |sum, x| sum + x.squared())
    }

    fn prox(&self, x: &mut [T], rate: T) {
        let shrink = self.shrink(rate);
        for x in x.iter_mut() {
            *x *= shrink;
        }
        self.penalty.prox(x, shrink * rate);
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        for (g, &x) in g.iter_mut().zip(x) {
            *g += self.ridge * x;
        }
        self.penalty.gap(x, g)
    }

    fn convexity(&self) -> T {
        self.penalty.convexity() + self.ridge
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.ridge)?;
        self.penalty.validate()
    }
}

impl<T: Real, P: Separable<T>> Separable<T> for Ridged<P, T> {
    fn value_at(&self, j: usize, x: T) -> T {
        self.penalty.value_at(j, x) + T::HALF * self.ridge * x.squared()
    }

    fn prox_at(&self, j: usize, x: T, rate: T) -> T {
        let shrink = self.shrink(rate);
        self.penalty.prox_at(j, shrink * x, shrink * rate)
    }

    fn gap_at(&self, j: usize, x: T, g: T) -> T {
        self.penalty.gap_at(j, x, g + self.ridge * x)
    }
}
