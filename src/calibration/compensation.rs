//! Temperature compensation: offset and gain of a sensor as polynomials in temperature.
//!
//! `reading = offset(t) + (1 + gain(t)) · value`, each polynomial of its own degree in `u = (t - centre)/width`, which
//! runs from -1 to 1 over the samples and keeps the fit well-conditioned in `f32`. The fit is linear: the start is its
//! answer, and the method adds bounds, priors, robust losses and the analysis of errors.

use nalgebra::SVector;

use crate::calibration::linear;
use crate::calibration::sample::range;
use crate::linalg::{entries, vector};
use crate::problem::Model;
use crate::real::{Number, Real};

/// A polynomial of degree `N - 1` in `(t - centre)/width`; zero for `N = 0`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Polynomial<T: Real, const N: usize> {
    /// The temperature of the centre.
    pub centre: T,
    /// The unit of temperature, positive.
    pub width: T,
    /// The coefficients, constant first.
    pub coefficients: SVector<T, N>,
}

impl<T: Real, const N: usize> Polynomial<T, N> {
    /// The value at a temperature, by Horner's rule.
    #[must_use]
    pub fn at(&self, temperature: T) -> T {
        let u = (temperature - self.centre) / self.width;
        entries(&self.coefficients).iter().rev().fold(T::ZERO, |sum, c| sum * u + *c)
    }
}

/// A sensor with an offset of `P` and a gain of `Q` coefficients.
///
/// ```
/// use nalgebra::vector;
/// use thalweg::calibration::compensation::{Compensation, Polynomial};
/// let offset = Polynomial { centre: 20.0, width: 50.0, coefficients: vector![1.5, 0.2] };
/// let gain = Polynomial { centre: 20.0, width: 50.0, coefficients: vector![0.01] };
/// let sensor = Compensation { offset, gain };
/// assert!((sensor.apply(sensor.reading(7.0, -5.0), -5.0) - 7.0_f64).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Compensation<T: Real, const P: usize, const Q: usize> {
    /// The offset, in units of the reading.
    pub offset: Polynomial<T, P>,
    /// The gain less one.
    pub gain: Polynomial<T, Q>,
}

impl<T: Real, const P: usize, const Q: usize> Compensation<T, P, Q> {
    /// The value behind a reading at a temperature.
    #[must_use]
    pub fn apply(&self, reading: T, temperature: T) -> T {
        (reading - self.offset.at(temperature)) / (T::ONE + self.gain.at(temperature))
    }

    /// The reading of a value at a temperature.
    #[must_use]
    pub fn reading(&self, value: T, temperature: T) -> T {
        self.offset.at(temperature) + (T::ONE + self.gain.at(temperature)) * value
    }
}

/// The fit of a [`Compensation`]: residuals in units of the reading, parameters the `P` coefficients of the offset,
/// then the `Q` of the gain, `N = P + Q`. With `P = 0` the offset is zero, with `Q = 0` the gain is one.
#[derive(Clone, Copy, Debug)]
pub struct CompensationFit<'a, T, const P: usize, const Q: usize, const N: usize> {
    samples: &'a [(T, T, T)],
    centre: T,
    width: T,
}

impl<'a, T: Real, const P: usize, const Q: usize, const N: usize> CompensationFit<'a, T, P, Q, N> {
    /// Samples of temperature, true value and reading.
    #[must_use]
    pub fn new(samples: &'a [(T, T, T)]) -> Self {
        const { assert!(N == P + Q, "P coefficients of the offset and Q of the gain") };
        let (centre, width) = range(samples.iter().map(|(t, ..)| *t));
        Self { samples, centre, width }
    }

    fn basis(&self, temperature: T, value: T) -> [T; N] {
        let u = (temperature - self.centre) / self.width;
        let mut basis = [T::ZERO; N];
        let (mut offset, mut gain) = (T::ONE, value);
        for (j, place) in basis.iter_mut().enumerate() {
            let power = if j < P { &mut offset } else { &mut gain };
            *place = *power;
            *power *= u;
        }
        basis
    }

    /// The exact minimizer.
    #[must_use]
    pub fn start(&self) -> SVector<T, N> {
        linear::minimize(self.samples.iter().map(|(t, value, reading)| (self.basis(*t, *value), *reading - *value)))
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, N>) -> Compensation<T, P, Q> {
        let Self { centre, width, .. } = *self;
        let at = |j: usize| entries(x).get(j).copied().unwrap_or(T::ZERO);
        Compensation {
            offset: Polynomial { centre, width, coefficients: vector(at) },
            gain: Polynomial { centre, width, coefficients: vector(|j| at(P + j)) },
        }
    }
}

impl<T: Real, const P: usize, const Q: usize, const N: usize> Model<T, N> for CompensationFit<'_, T, P, Q, N> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> D {
        let Some(&(t, value, reading)) = self.samples.get(i) else { return D::constant(T::NAN) };
        let basis = self.basis(t, value);
        x.iter().zip(basis).fold(D::constant(value - reading), |sum, (x, basis)| sum + x.scale(basis))
    }
}
