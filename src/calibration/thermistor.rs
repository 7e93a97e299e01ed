//! Thermistors: resistance to temperature.
//!
//! * [`SteinhartHart`], `1/T = A + B L (+ C₂ L²) + C L³` with `L = ln(R/Ω)`: Steinhart & Hart, "Calibration curves for
//!   thermistors", Deep-Sea Research 15 (1968). Over -40 to 125 °C three coefficients miss the tables of three
//!   data sheets by 0.07 to 0.5 K at most, four by 0.02 to 0.15 K.
//! * [`Exponential`], `R = a exp(b/(T + c))`, the form of Meyer's test problem (Moré, Garbow & Hillstrom 1981, no. 10).
//! * [`Beta`], `R = R₀ exp(β (1/T - 1/T₀))`: two parameters, good near `T₀`.
//!
//! Samples are pairs of temperature in kelvin and resistance in ohm. The fits work in centred and scaled parameters, so
//! that `f32` is enough; `parameters` and `sensor` translate. A resistance that is not positive makes its residual NaN.

use nalgebra::SVector;

use crate::calibration::linear;
use crate::calibration::sample::range;
use crate::linalg::{entries, vector};
use crate::problem::Model;
use crate::real::{Number, Real};

/// The unit of the reciprocal temperature, in K.
const ROOM: f64 = 300.0;

/// The coefficients of 1, L, L² and L³ of a Steinhart-Hart form of three or four terms.
fn cubic<D: Number, const N: usize>(x: &[D; N]) -> [D; 4] {
    const { assert!(N == 3 || N == 4, "three or four terms") };
    let at = |j: usize| x.get(j).copied().unwrap_or(D::of(0.0));
    if N == 3 { [at(0), at(1), D::of(0.0), at(2)] } else { [at(0), at(1), at(2), at(3)] }
}

/// The terms of three or four that a cubic has.
fn terms<T: Real, const N: usize>([a, b, c, d]: [T; 4]) -> SVector<T, N> {
    let all = if N == 3 { [a, b, d, d] } else { [a, b, c, d] };
    vector(|j| all.get(j).copied().unwrap_or(T::ZERO))
}

/// `p(u + by)` for the cubic `p(u)`.
fn shifted<T: Real>([a, b, c, d]: [T; 4], by: T) -> [T; 4] {
    let three = T::of_f64(3.0);
    [a + by * (b + by * (c + by * d)), b + by * (T::TWO * c + three * by * d), c + three * by * d, d]
}

/// A thermistor by its Steinhart-Hart coefficients, in 1/K: of `1, L, L³` for `N = 3`, of `1, L, L², L³` for `N = 4`.
///
/// ```
/// use thalweg::calibration::thermistor::SteinhartHart;
/// let sensor = SteinhartHart { coefficients: nalgebra::vector![1.1292e-3, 2.3411e-4, 8.7755e-8] };
/// assert!((sensor.temperature(10_000.0) - 298.15_f64).abs() < 0.05);
/// assert!((sensor.resistance(sensor.temperature(470.0)) - 470.0_f64).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct SteinhartHart<T: Real, const N: usize> {
    /// `A, B, (C₂,) C`.
    pub coefficients: SVector<T, N>,
}

impl<T: Real, const N: usize> SteinhartHart<T, N> {
    /// The temperature in K at a resistance in Ω; NaN for one that is not positive.
    #[must_use]
    pub fn temperature(&self, resistance: T) -> T {
        let [a, b, c, d] = cubic(entries(&self.coefficients));
        let l = resistance.ln();
        T::ONE / (a + l * (b + l * (c + l * d)))
    }

    /// The resistance in Ω at a temperature in K, by Newton's method from the root of `A + B L`.
    #[must_use]
    pub fn resistance(&self, temperature: T) -> T {
        let [a, b, c, d] = cubic(entries(&self.coefficients));
        let a = a - T::ONE / temperature;
        let mut l = -a / b;
        for _ in 0..30 {
            let slope = b + l * (T::TWO * c + T::of_f64(3.0) * l * d);
            let step = (a + l * (b + l * (c + l * d))) / slope;
            l -= step;
            if step.abs() <= T::EPSILON * l.abs() {
                break;
            }
        }
        l.exp()
    }
}

/// The fit of a [`SteinhartHart`] form: residuals in K, parameters in `u = (L - centre)/width` and `300 K/T`.
///
/// ```
/// use thalweg::{Method, least_squares::LevenbergMarquardt, problem::Forward};
/// use thalweg::calibration::thermistor::SteinhartHartFit;
/// let samples = [(273.15, 32_650.0), (298.15, 10_000.0), (323.15, 3602.0), (348.15, 1481.0_f32)]; // K, Ω
/// let fit = SteinhartHartFit::<f32, 3>::new(&samples);
/// let (state, _) = LevenbergMarquardt::default().solve(fit.start(), &mut Forward(fit), 1000).unwrap();
/// let sensor = fit.sensor(state.x());
/// assert!((sensor.temperature(10_000.0) - 298.15).abs() < 0.1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SteinhartHartFit<'a, T, const N: usize> {
    samples: &'a [(T, T)],
    centre: T,
    width: T,
}

impl<'a, T: Real, const N: usize> SteinhartHartFit<'a, T, N> {
    /// Samples of temperature in K and resistance in Ω.
    #[must_use]
    pub fn new(samples: &'a [(T, T)]) -> Self {
        let (centre, width) = range(samples.iter().map(|(_, r)| r.ln()));
        Self { samples, centre, width }
    }

    /// Without an L² term in `L`, the cubic in `u` has one that is bound to its leading term:
    /// `u³ + 3 (centre/width) u²`.
    fn bond(&self) -> T {
        if N == 3 { T::of_f64(3.0) * self.centre / self.width } else { T::ZERO }
    }

    /// The values of the basis at a resistance.
    fn basis(&self, resistance: T) -> [T; N] {
        let u = (resistance.ln() - self.centre) / self.width;
        *entries(&terms([T::ONE, u, u * u, u * u * (u + self.bond())]))
    }

    /// The exact minimizer for residuals in `1/T`.
    #[must_use]
    pub fn start(&self) -> SVector<T, N> {
        linear::minimize(self.samples.iter().map(|(t, r)| (self.basis(*r), T::of_f64(ROOM) / *t)))
    }

    /// The parameters of a sensor.
    #[must_use]
    pub fn parameters(&self, sensor: &SteinhartHart<T, N>) -> SVector<T, N> {
        let (room, h) = (T::of_f64(ROOM), self.width);
        let [a, b, c, d] = shifted(cubic(entries(&sensor.coefficients)), self.centre);
        let d = room * d * h * h * h;
        terms([room * a, room * b * h, room * c * h * h - self.bond() * d, d])
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, N>) -> SteinhartHart<T, N> {
        let (room, h) = (T::of_f64(ROOM), self.width);
        let [a, b, c, d] = cubic(entries(x));
        let c = c + self.bond() * d;
        let scaled = [a / room, b / (room * h), c / (room * h * h), d / (room * h * h * h)];
        SteinhartHart { coefficients: terms(shifted(scaled, -self.centre)) }
    }
}

impl<T: Real, const N: usize> Model<T, N> for SteinhartHartFit<'_, T, N> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> D {
        let Some(&(t, r)) = self.samples.get(i) else { return D::constant(T::NAN) };
        let basis = self.basis(r);
        let sum = x.iter().zip(basis).fold(D::of(0.0), |sum, (x, basis)| sum + x.scale(basis));
        (D::of(ROOM) / sum).offset(-t)
    }
}

/// A thermistor by two parameters: `R = R₀ exp(β (1/T - 1/T₀))`.
///
/// ```
/// use thalweg::calibration::thermistor::Beta;
/// let sensor = Beta { resistance: 10_000.0, reference: 298.15, beta: 3950.0 };
/// assert!((sensor.temperature(sensor.resistance(310.0)) - 310.0_f64).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Beta<T> {
    /// `R₀` in Ω.
    pub resistance: T,
    /// `T₀` in K.
    pub reference: T,
    /// `β` in K.
    pub beta: T,
}

impl<T: Real> Beta<T> {
    /// The temperature in K at a resistance in Ω; NaN for one that is not positive.
    #[must_use]
    pub fn temperature(&self, resistance: T) -> T {
        self.reference / (T::ONE + self.reference / self.beta * (resistance / self.resistance).ln())
    }

    /// The resistance in Ω at a temperature in K.
    #[must_use]
    pub fn resistance(&self, temperature: T) -> T {
        self.resistance * (self.beta / self.reference * (self.reference / temperature - T::ONE)).exp()
    }
}

/// The fit of a [`Beta`] form, linear: residuals in `ln R`, parameters `(ln R₀, β/T₀)`.
#[derive(Clone, Copy, Debug)]
pub struct BetaFit<'a, T> {
    samples: &'a [(T, T)],
    reference: T,
}

impl<'a, T: Real> BetaFit<'a, T> {
    /// Samples of temperature in K and resistance in Ω, and the reference temperature `T₀` in K.
    #[must_use]
    pub const fn new(samples: &'a [(T, T)], reference: T) -> Self {
        Self { samples, reference }
    }

    /// The exact minimizer.
    #[must_use]
    pub fn start(&self) -> SVector<T, 2> {
        linear::minimize(self.samples.iter().map(|(t, r)| ([T::ONE, self.reference / *t - T::ONE], r.ln())))
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, 2>) -> Beta<T> {
        let &[resistance, beta] = entries(x);
        Beta { resistance: resistance.exp(), reference: self.reference, beta: beta * self.reference }
    }
}

impl<T: Real> Model<T, 2> for BetaFit<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[resistance, beta]: &[D; 2]) -> D {
        let Some(&(t, r)) = self.samples.get(i) else { return D::constant(T::NAN) };
        (resistance + beta.scale(self.reference / t - T::ONE)).offset(-r.ln())
    }
}

/// A thermistor by `R = a exp(b/(T + c))`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Exponential<T> {
    /// `a` in Ω.
    pub a: T,
    /// `b` in K.
    pub b: T,
    /// `c` in K.
    pub c: T,
}

impl<T: Real> Exponential<T> {
    /// The temperature in K at a resistance in Ω; NaN for one that is not positive.
    #[must_use]
    pub fn temperature(&self, resistance: T) -> T {
        self.b / (resistance / self.a).ln() - self.c
    }

    /// The resistance in Ω at a temperature in K.
    #[must_use]
    pub fn resistance(&self, temperature: T) -> T {
        self.a * (self.b / (temperature + self.c)).exp()
    }
}

/// The fit of an [`Exponential`] form: residuals relative to `R`, parameters `(ln R/Rₘ at Tₘ, b/Tₘ, c/Tₘ)` for the
/// middle `(Tₘ, Rₘ)` of the samples, which takes the large exponent out.
#[derive(Clone, Copy, Debug)]
pub struct ExponentialFit<'a, T> {
    samples: &'a [(T, T)],
    temperature: T,
    resistance: T,
}

impl<'a, T: Real> ExponentialFit<'a, T> {
    /// Samples of temperature in K and resistance in Ω.
    #[must_use]
    pub fn new(samples: &'a [(T, T)]) -> Self {
        let (temperature, _) = range(samples.iter().map(|(t, _)| *t));
        let (logarithm, _) = range(samples.iter().map(|(_, r)| r.ln()));
        Self { samples, temperature, resistance: logarithm.exp() }
    }

    /// The [`Beta`] form, `c = 0`, that minimizes residuals in `ln R`.
    #[must_use]
    pub fn start(&self) -> SVector<T, 3> {
        let row = |(t, r): &(T, T)| ([T::ONE, self.temperature / *t - T::ONE], (*r / self.resistance).ln());
        let x = linear::minimize(self.samples.iter().map(row));
        let &[level, b] = entries(&x);
        SVector::from([level, b, T::ZERO])
    }

    /// The parameters of a sensor.
    #[must_use]
    pub fn parameters(&self, sensor: &Exponential<T>) -> SVector<T, 3> {
        let exponent = sensor.b / (self.temperature + sensor.c);
        let level = (sensor.a / self.resistance).ln() + exponent;
        SVector::from([level, sensor.b / self.temperature, sensor.c / self.temperature])
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, 3>) -> Exponential<T> {
        let &[level, b, c] = entries(x);
        let a = self.resistance * (level - b / (T::ONE + c)).exp();
        Exponential { a, b: b * self.temperature, c: c * self.temperature }
    }
}

impl<T: Real> Model<T, 3> for ExponentialFit<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[level, b, c]: &[D; 3]) -> D {
        let Some(&(t, r)) = self.samples.get(i) else { return D::constant(T::NAN) };
        let t = t / self.temperature;
        let difference = b.scale(T::ONE - t) / (c.offset(t) * c.offset(T::ONE));
        (level + difference).offset(-(r / self.resistance).ln()).exp_m1()
    }
}
