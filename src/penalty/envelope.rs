//! The Moreau envelope: a penalty made smooth.

use core::convert::Infallible;

use nalgebra::SVector;

use crate::linalg::{dot, entries, entries_mut};
use crate::penalty::Penalty;
use crate::penalty::scalar::positive;
use crate::problem::{Objective, Problem, Smooth};
use crate::real::Real;
use crate::step::ConfigError;

/// `e(x) = min over z of p(z) + ‖z - x‖²/(2 rate)`, an oracle with the gradient `(x - prox(x))/rate`; same minimizers and
/// minimum as p (Moreau 1965).
///
/// ```
/// use thalweg::penalty::{Each, L1, MoreauEnvelope};
/// use thalweg::problem::Objective;
/// let mut huber = MoreauEnvelope { penalty: Each(L1 { strength: 1.0 }), rate: 0.5 };
/// assert_eq!(huber.value(&nalgebra::vector![0.25, -2.0]), Ok(0.0625 + 1.75));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MoreauEnvelope<P, T> {
    /// p.
    pub penalty: P,
    /// Positive, finite, below the penalty's rate limit; the gradient has the Lipschitz constant `1/rate` if p is convex.
    pub rate: T,
}

impl<T: Real, P: Penalty<T>> MoreauEnvelope<P, T> {
    /// Checks the documented ranges.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        positive(self.rate)?;
        if !(self.rate < self.penalty.rate_limit()) {
            return Err(ConfigError::NotPositive);
        }
        self.penalty.validate()
    }

    /// `prox(x)`, the point where the minimum is attained.
    pub fn prox<const N: usize>(&self, x: &SVector<T, N>) -> SVector<T, N> {
        let mut z = *x;
        self.penalty.prox(entries_mut(&mut z), self.rate);
        z
    }
}

impl<P, T> Problem for MoreauEnvelope<P, T> {
    type Error = Infallible;
}

impl<T: Real, P: Penalty<T>, const N: usize> Objective<T, N> for MoreauEnvelope<P, T> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Infallible> {
        let z = self.prox(x);
        let d = x - z;
        Ok(self.penalty.value(entries(&z)) + dot(&d, &d) / (T::TWO * self.rate))
    }
}

impl<T: Real, P: Penalty<T>, const N: usize> Smooth<T, N> for MoreauEnvelope<P, T> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Infallible> {
        let z = self.prox(x);
        let d = x - z;
        *g = d / self.rate;
        Ok(self.penalty.value(entries(&z)) + dot(&d, &d) / (T::TWO * self.rate))
    }
}
