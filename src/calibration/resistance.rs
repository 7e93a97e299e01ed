//! Platinum resistance thermometers by the Callendar-Van Dusen equation.
//!
//! `R = R₀ (1 + A t + B t²)` from 0 °C on, `R = R₀ (1 + A t + B t² + C (t - 100) t³)` below, `t` in °C: IEC 60751.
//! In `R₀, R₀A, R₀B, R₀C` the fit is linear: the start is its answer, and the method adds bounds, priors, robust losses
//! and the analysis of errors.

use nalgebra::SVector;

use crate::calibration::linear;
use crate::linalg::{entries, vector};
use crate::problem::Model;
use crate::real::{Number, Real};

/// `A` of IEC 60751, in 1/°C.
pub const STANDARD_A: f64 = 3.9083e-3;
/// `B` of IEC 60751, in 1/°C².
pub const STANDARD_B: f64 = -5.775e-7;
/// `C` of IEC 60751, in 1/°C⁴.
pub const STANDARD_C: f64 = -4.183e-12;

/// The unit of temperature inside the fit, in °C.
const HUNDRED: f64 = 100.0;

/// A platinum thermometer.
///
/// ```
/// use thalweg::calibration::resistance::Platinum;
/// let sensor = Platinum::standard(100.0_f64);
/// assert!((sensor.resistance(100.0) - 138.51).abs() < 0.005);
/// assert!((sensor.temperature(60.26) + 100.0).abs() < 0.02);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Platinum<T> {
    /// The resistance at 0 °C, in Ω.
    pub resistance: T,
    /// `A` in 1/°C.
    pub a: T,
    /// `B` in 1/°C².
    pub b: T,
    /// `C` in 1/°C⁴, used below 0 °C.
    pub c: T,
}

impl<T: Real> Platinum<T> {
    /// A thermometer of the standard, by its resistance at 0 °C in Ω.
    #[must_use]
    pub fn standard(resistance: T) -> Self {
        let [a, b, c] = [STANDARD_A, STANDARD_B, STANDARD_C].map(T::of_f64);
        Self { resistance, a, b, c }
    }

    /// The resistance in Ω at a temperature in °C.
    #[must_use]
    pub fn resistance(&self, temperature: T) -> T {
        let t = temperature;
        let below = if t < T::ZERO { self.c * (t - T::of_f64(HUNDRED)) * t } else { T::ZERO };
        self.resistance * (T::ONE + t * (self.a + t * (self.b + below)))
    }

    /// The temperature in °C at a resistance in Ω: the root of the quadratic, improved by Newton's method below 0 °C.
    /// NaN for a resistance that the quadratic does not reach.
    #[must_use]
    pub fn temperature(&self, resistance: T) -> T {
        let excess = (resistance - self.resistance) / self.resistance;
        let root = (self.a * self.a + T::of_f64(4.0) * self.b * excess).sqrt();
        let mut t = T::TWO * excess / (self.a + root);
        if t < T::ZERO {
            let (hundred, four) = (T::of_f64(HUNDRED), T::of_f64(4.0));
            for _ in 0..4 {
                let cubic = self.c * (t - hundred) * t;
                let value = t * (self.a + t * (self.b + cubic)) - excess;
                let slope = self.a + t * (T::TWO * self.b + self.c * t * (four * t - T::of_f64(3.0) * hundred));
                t -= value / slope;
            }
        }
        t
    }
}

/// The fit of a [`Platinum`] thermometer: residuals in Ω, parameters `R₀ (1, 100 A, 100² B, 100⁴ C)` in Ω.
///
/// `N = 3` without `C`, which samples from 0 °C on do not determine, `N = 4` with it.
#[derive(Clone, Copy, Debug)]
pub struct PlatinumFit<'a, T, const N: usize> {
    samples: &'a [(T, T)],
}

impl<'a, T: Real, const N: usize> PlatinumFit<'a, T, N> {
    /// Samples of temperature in °C and resistance in Ω.
    #[must_use]
    pub const fn new(samples: &'a [(T, T)]) -> Self {
        const { assert!(N == 3 || N == 4, "R₀, A, B and perhaps C") };
        Self { samples }
    }

    fn basis(temperature: T) -> [T; N] {
        let t = temperature / T::of_f64(HUNDRED);
        let below = if t < T::ZERO { (t - T::ONE) * t * t * t } else { T::ZERO };
        let mut basis = [T::ZERO; N];
        for (place, value) in basis.iter_mut().zip([T::ONE, t, t * t, below]) {
            *place = value;
        }
        basis
    }

    /// The exact minimizer.
    #[must_use]
    pub fn start(&self) -> SVector<T, N> {
        linear::minimize(self.samples.iter().map(|(t, r)| (Self::basis(*t), *r)))
    }

    /// The parameters of a sensor.
    #[must_use]
    pub fn parameters(&self, sensor: &Platinum<T>) -> SVector<T, N> {
        let hundred = T::of_f64(HUNDRED);
        let relative = [T::ONE, sensor.a * hundred, sensor.b * hundred.powi(2), sensor.c * hundred.powi(4)];
        vector(|j| relative.get(j).map_or(T::ZERO, |x| sensor.resistance * *x))
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, N>) -> Platinum<T> {
        let at = |j: usize| entries(x).get(j).copied().unwrap_or(T::ZERO);
        let (resistance, hundred) = (at(0), T::of_f64(HUNDRED));
        let unit = resistance * hundred;
        Platinum { resistance, a: at(1) / unit, b: at(2) / (unit * hundred), c: at(3) / (unit * hundred.powi(3)) }
    }
}

impl<T: Real, const N: usize> Model<T, N> for PlatinumFit<'_, T, N> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> D {
        let Some(&(t, r)) = self.samples.get(i) else { return D::constant(T::NAN) };
        x.iter().zip(Self::basis(t)).fold(D::constant(-r), |sum, (x, basis)| sum + x.scale(basis))
    }
}
