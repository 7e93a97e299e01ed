//! The return of a cell to rest after a load.
//!
//! `v(t) = v∞ + a₁ exp(-t/τ₁) + a₂ exp(-t/τ₂)`, the free response of two RC elements in series (Plett, Battery
//! Management Systems I, ch. 2). Linear in `v∞, a₁, a₂`: the start tries pairs of time constants on a geometric grid
//! over the samples, each with its exact linear part.

use nalgebra::SVector;

use crate::calibration::linear;
use crate::linalg::entries;
use crate::problem::Model;
use crate::real::{Number, Real};

/// The smallest time constant of the start is the length of the samples over two to this power.
const OCTAVES: i32 = 8;

/// A fitted relaxation; the faster element first.
///
/// ```
/// use thalweg::calibration::battery::Relaxation;
/// let cell = Relaxation { rest: 3.7, amplitude: [-0.02, -0.05], time: [5.0, 60.0] };
/// assert!((cell.voltage(0.0) - 3.63_f64).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Relaxation<T> {
    /// `v∞`, the voltage at rest, in V.
    pub rest: T,
    /// `a₁, a₂` in V.
    pub amplitude: [T; 2],
    /// `τ₁ ≤ τ₂` in s.
    pub time: [T; 2],
}

impl<T: Real> Relaxation<T> {
    /// The voltage at a time in s after the load.
    #[must_use]
    pub fn voltage(&self, time: T) -> T {
        let [a, b] = self.amplitude;
        let [fast, slow] = self.time;
        self.rest + a * (-time / fast).exp() + b * (-time / slow).exp()
    }
}

/// The fit of a [`Relaxation`]: residuals in V, parameters `(v∞, a₁, a₂, ln τ₁/s, ln τ₂/s)` with `s` the length of the
/// samples.
#[derive(Clone, Copy, Debug)]
pub struct RelaxationFit<'a, T> {
    samples: &'a [(T, T)],
    length: T,
}

impl<'a, T: Real> RelaxationFit<'a, T> {
    /// Samples of time in s since the load ended and voltage in V.
    #[must_use]
    pub fn new(samples: &'a [(T, T)]) -> Self {
        Self { samples, length: samples.iter().fold(T::ZERO, |length, (t, _)| length.max(*t)) }
    }

    /// The best of 36 pairs of time constants, two passes over the samples each.
    #[must_use]
    pub fn start(&self) -> SVector<T, 5> {
        let (mut best, mut least) = ([T::ZERO; 5], T::INFINITY);
        for fast in 1..=OCTAVES {
            for slow in 0..fast {
                let [fast, slow] = [fast, slow].map(|octave| T::of_f64(-core::f64::consts::LN_2 * f64::from(octave)));
                let fade = |t: T, logarithm: T| (-(t / self.length) * (-logarithm).exp()).exp();
                let row = |(t, v): &(T, T)| ([T::ONE, fade(*t, fast), fade(*t, slow)], *v);
                let x = linear::minimize(self.samples.iter().map(row));
                let &[rest, a, b] = entries(&x);
                let candidate = [rest, a, b, fast, slow];
                let residual = |i: usize| self.residual(i, &candidate);
                let cost = (0..self.rows()).fold(T::ZERO, |sum, i| sum + residual(i).squared());
                if cost < least {
                    (best, least) = (candidate, cost);
                }
            }
        }
        SVector::from(best)
    }

    /// The cell of parameters.
    #[must_use]
    pub fn cell(&self, x: &SVector<T, 5>) -> Relaxation<T> {
        let &[rest, a, b, fast, slow] = entries(x);
        let [s, t] = [fast, slow].map(|logarithm| self.length * logarithm.exp());
        let (amplitude, time) = if s <= t { ([a, b], [s, t]) } else { ([b, a], [t, s]) };
        Relaxation { rest, amplitude, time }
    }
}

impl<T: Real> Model<T, 5> for RelaxationFit<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[rest, a, b, fast, slow]: &[D; 5]) -> D {
        let Some(&(t, v)) = self.samples.get(i) else { return D::constant(T::NAN) };
        let fade = |logarithm: D| (-logarithm).exp().scale(-(t / self.length)).exp();
        (rest + a * fade(fast) + b * fade(slow)).offset(-v)
    }
}
