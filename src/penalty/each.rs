//! The same scalar penalty on every coordinate.

use crate::penalty::{Penalty, ScalarPenalty, Separable};
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = Σ s(xⱼ)` with one [`ScalarPenalty`] `s`.
///
/// ```
/// use thalweg::penalty::{Each, L1, Penalty};
/// let mut x = [3.0, -0.5, -2.0];
/// Each(L1 { strength: 1.0 }).prox(&mut x, 1.0);
/// assert_eq!(x, [2.0, 0.0, -1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Each<S>(pub S);

impl<T: Real, S: ScalarPenalty<T>> Penalty<T> for Each<S> {
    fn value(&self, x: &[T]) -> T {
        x.iter().fold(T::ZERO, |sum, &x| sum + self.0.value(x))
    }

    fn prox(&self, x: &mut [T], rate: T) {
        for x in x {
            *x = self.0.prox(*x, rate);
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        x.iter().zip(g).fold(T::ZERO, |sum, (&x, &mut g)| sum + self.0.gap(x, g).squared()).sqrt()
    }

    fn convexity(&self) -> T {
        self.0.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.0.validate()
    }
}

impl<T: Real, S: ScalarPenalty<T>> Separable<T> for Each<S> {
    fn value_at(&self, _: usize, x: T) -> T {
        self.0.value(x)
    }

    fn prox_at(&self, _: usize, x: T, rate: T) -> T {
        self.0.prox(x, rate)
    }

    fn gap_at(&self, _: usize, x: T, g: T) -> T {
        self.0.gap(x, g)
    }
}
