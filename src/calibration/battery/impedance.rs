//! The impedance of a cell: series resistance and inductance, and one RC element.
//!
//! `Z(ω) = R₀ + jωL + R₁/(1 + jωR₁C)`. Residuals are the real and imaginary parts of `(Z - measured)/|measured|`, the
//! modulus weighting usual for spectra over decades (Orazem & Tribollet, Electrochemical Impedance Spectroscopy).

use nalgebra::SVector;

use crate::linalg::entries;
use crate::problem::Model;
use crate::real::{Number, Real};

/// The unit of inductance inside the fit, in H.
const MICRO: f64 = 1e-6;

/// A measured impedance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImpedanceSample<T> {
    /// The frequency in Hz, positive.
    pub frequency: T,
    /// Real and imaginary part in Ω.
    pub impedance: [T; 2],
}

/// A fitted cell.
///
/// ```
/// use thalweg::calibration::battery::Impedance;
/// let cell = Impedance { series: 0.02, inductance: 0.0, resistance: 0.03, capacitance: 1.0 };
/// let [real, imaginary] = cell.at(0.0_f64);
/// assert!((real - 0.05).abs() < 1e-12 && imaginary == 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Impedance<T> {
    /// `R₀` in Ω.
    pub series: T,
    /// `L` in H.
    pub inductance: T,
    /// `R₁` in Ω.
    pub resistance: T,
    /// `C` in F.
    pub capacitance: T,
}

impl<T: Real> Impedance<T> {
    /// Real and imaginary part in Ω at a frequency in Hz.
    #[must_use]
    pub fn at(&self, frequency: T) -> [T; 2] {
        let omega = angular(frequency);
        let [real, imaginary] = element(self.resistance, self.capacitance.scale(omega));
        [self.series + real, imaginary + self.inductance * omega]
    }
}

/// `2πf`.
fn angular<T: Real>(frequency: T) -> T {
    T::of_f64(core::f64::consts::TAU) * frequency
}

/// `R/(1 + jRb)`.
fn element<D: Number>(resistance: D, susceptance: D) -> [D; 2] {
    let w = resistance * susceptance;
    let real = resistance / (w * w).offset(<D::Scalar as Real>::ONE);
    [real, -(w * real)]
}

/// The fit of an [`Impedance`]: parameters `(R₀/Ω, L/µH, R₁/Ω, ln C/F)`. Rows `2k` and `2k + 1` are the real and
/// imaginary part of sample `k`.
#[derive(Clone, Copy, Debug)]
pub struct ImpedanceFit<'a, T> {
    samples: &'a [ImpedanceSample<T>],
}

impl<'a, T: Real> ImpedanceFit<'a, T> {
    /// A spectrum, in any order.
    #[must_use]
    pub const fn new(samples: &'a [ImpedanceSample<T>]) -> Self {
        Self { samples }
    }

    /// The resistances from the real parts at the ends of the spectrum, the capacitance from the frequency at which the
    /// imaginary part is lowest, no inductance. NaN without samples.
    #[must_use]
    pub fn start(&self) -> SVector<T, 4> {
        let nothing = ImpedanceSample { frequency: T::NAN, impedance: [T::NAN; 2] };
        let pick = |better: fn(&ImpedanceSample<T>, &ImpedanceSample<T>) -> bool| {
            self.samples.iter().copied().reduce(|a, b| if better(&b, &a) { b } else { a }).unwrap_or(nothing)
        };
        let slowest = pick(|a, b| a.frequency < b.frequency);
        let fastest = pick(|a, b| a.frequency > b.frequency);
        let lowest = pick(|a, b| a.impedance[1] < b.impedance[1]);
        let resistance = slowest.impedance[0] - fastest.impedance[0];
        let capacitance = T::ONE / (angular(lowest.frequency) * resistance.abs());
        SVector::from([fastest.impedance[0], T::ZERO, resistance, capacitance.ln()])
    }

    /// The cell of parameters.
    #[must_use]
    pub fn cell(&self, x: &SVector<T, 4>) -> Impedance<T> {
        let &[series, inductance, resistance, logarithm] = entries(x);
        Impedance { series, inductance: inductance * T::of_f64(MICRO), resistance, capacitance: logarithm.exp() }
    }
}

impl<T: Real> Model<T, 4> for ImpedanceFit<'_, T> {
    fn rows(&self) -> usize {
        2 * self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[series, inductance, resistance, logarithm]: &[D; 4]) -> D {
        let Some(sample) = self.samples.get(i / 2) else { return D::constant(T::NAN) };
        let omega = angular(sample.frequency);
        let [real, imaginary] = element(resistance, logarithm.exp().scale(omega));
        let [measured_real, measured_imaginary] = sample.impedance;
        let part = if i.is_multiple_of(2) {
            (series + real).offset(-measured_real)
        } else {
            (imaginary + inductance.scale(omega * T::of_f64(MICRO))).offset(-measured_imaginary)
        };
        part.scale(T::ONE / measured_real.hypot(measured_imaginary))
    }
}
