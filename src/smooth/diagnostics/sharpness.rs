//! Whether gradient descent at a fixed rate η runs at the edge of stability.
//!
//! On a quadratic with largest curvature S the iteration contracts while `η S/2 < 1`, so that it can settle only in minima with
//! `S ≤ 2/η`. On other functions S rises until `η S/2 ≈ 1` and stays there, while f falls, but not monotonically.
//!
//! Reference: Cohen, Kaur, Li, Kolter & Talwalkar, "Gradient descent on neural networks typically occurs at the edge of stability", 2021.
//! Feed it every value, and S every so many steps, from [`Spectrum`](super::Spectrum) or [`PowerIteration`](super::PowerIteration); of a
//! squared loss the largest eigenvalue of the Gauss-Newton matrix does.

use crate::real::Real;

/// How gradient descent runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stability {
    /// `η S/2 < 1`.
    Stable,
    /// `η S/2 < 1`, and S has risen since it was last told, by more than √ε of it.
    Sharpening,
    /// `0.95 ≤ η S/2 ≤ 1.05`, and f has risen at least once since S was last told before.
    Edge,
    /// `η S/2 ≥ 1`, and none of the others.
    Unstable,
    /// `η S/2 > 1`, and f has risen ten times in a row or is not finite.
    Diverging,
}

/// A monitor that is told values and sharpness.
///
/// ```
/// use thalweg::smooth::diagnostics::{Sharpness, Stability};
/// let mut monitor = Sharpness::new(0.1_f64);
/// monitor.tell_value(1.0);
/// monitor.tell_sharpness(12.0);
/// assert!(monitor.stability() == Stability::Stable && (monitor.ratio() - 0.6).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Sharpness<T: Real> {
    /// η.
    rate: T,
    /// f, last told.
    value: T,
    /// Rises of f in a row.
    rises: u32,
    /// Whether f has risen since S was told.
    risen: bool,
    /// The same, for the time between the last two S.
    rose: bool,
    /// S, and the one before.
    sharpness: T,
    before: T,
}

impl<T: Real> Sharpness<T> {
    /// For gradient descent at a rate.
    #[must_use]
    pub const fn new(rate: T) -> Self {
        Self { rate, value: T::INFINITY, rises: 0, risen: false, rose: false, sharpness: T::ZERO, before: T::INFINITY }
    }

    /// f at the next iterate.
    pub fn tell_value(&mut self, value: T) {
        // NaN counts as a rise.
        if value <= self.value {
            self.rises = 0;
        } else {
            self.rises = self.rises.saturating_add(1);
            self.risen = true;
        }
        self.value = value;
    }

    /// S, the largest eigenvalue of the Hessian at the last iterate.
    pub fn tell_sharpness(&mut self, sharpness: T) {
        (self.before, self.sharpness) =
            (if self.sharpness > T::ZERO { self.sharpness } else { T::INFINITY }, sharpness);
        (self.rose, self.risen) = (self.risen, false);
    }

    /// `η S/2`, by the S last told; zero before.
    #[must_use]
    pub fn ratio(&self) -> T {
        T::HALF * self.rate * self.sharpness
    }

    /// How it runs.
    #[must_use]
    pub fn stability(&self) -> Stability {
        let ratio = self.ratio();
        if ratio > T::ONE && (self.rises >= 10 || !self.value.is_finite()) {
            Stability::Diverging
        } else if (ratio - T::ONE).abs() <= T::of_f64(0.05) && (self.rose || self.risen) {
            Stability::Edge
        } else if !(ratio < T::ONE) {
            Stability::Unstable
        } else if self.sharpness > self.before * (T::ONE + T::SQRT_EPSILON) {
            Stability::Sharpening
        } else {
            Stability::Stable
        }
    }
}
