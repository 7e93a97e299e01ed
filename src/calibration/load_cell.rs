//! Load cells: a bridge reading against load, with nonlinearity and temperature effects.
//!
//! `reading = zero + zero_drift τ + (span + span_drift τ) w + quadratic w² + cubic w³`, with `w = load/capacity` and
//! `τ = temperature - reference`. These are the terms of a load cell's data sheet (OIML R 60 names them: nonlinearity,
//! temperature effect on minimum dead load output and on sensitivity). The fit is linear: the start is its answer, and
//! the method adds bounds, priors, robust losses and the analysis of errors. Terms that the samples do not determine
//! are fixed at zero by [`Bounds::fix`](crate::least_squares::Bounds::fix).

use nalgebra::SVector;

use crate::calibration::linear;
use crate::linalg::entries;
use crate::problem::Model;
use crate::real::{Number, Real};

/// A load cell; readings in any unit, called counts here.
///
/// ```
/// use thalweg::calibration::load_cell::LoadCell;
/// let cell = LoadCell { capacity: 5.0, reference: 20.0, zero: 120.0, span: 8e5, quadratic: 160.0, cubic: -80.0,
///     zero_drift: 2.0, span_drift: -12.0 };
/// assert!((cell.load(cell.reading(3.7, 31.0), 31.0) - 3.7_f64).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LoadCell<T> {
    /// The load at full scale, positive.
    pub capacity: T,
    /// The reference temperature, in K or °C.
    pub reference: T,
    /// The reading without load, in counts.
    pub zero: T,
    /// The linear part of the reading at full scale, in counts.
    pub span: T,
    /// The quadratic part at full scale, in counts.
    pub quadratic: T,
    /// The cubic part at full scale, in counts.
    pub cubic: T,
    /// The change of `zero`, in counts per kelvin.
    pub zero_drift: T,
    /// The change of `span`, in counts per kelvin.
    pub span_drift: T,
}

impl<T: Real> LoadCell<T> {
    /// The reading of a load at a temperature.
    #[must_use]
    pub fn reading(&self, load: T, temperature: T) -> T {
        let (w, tau) = (load / self.capacity, temperature - self.reference);
        let span = self.span + self.span_drift * tau;
        self.zero + self.zero_drift * tau + w * (span + w * (self.quadratic + w * self.cubic))
    }

    /// The load behind a reading at a temperature, by Newton's method from the linear part.
    #[must_use]
    pub fn load(&self, reading: T, temperature: T) -> T {
        let tau = temperature - self.reference;
        let span = self.span + self.span_drift * tau;
        let signal = reading - self.zero - self.zero_drift * tau;
        let mut w = signal / span;
        for _ in 0..6 {
            let value = w * (span + w * (self.quadratic + w * self.cubic)) - signal;
            let slope = span + w * (T::TWO * self.quadratic + T::of_f64(3.0) * w * self.cubic);
            w -= value / slope;
        }
        w * self.capacity
    }
}

/// The fit of a [`LoadCell`]: residuals in counts, parameters `(zero, span, quadratic, cubic, zero_drift, span_drift)`.
#[derive(Clone, Copy, Debug)]
pub struct LoadCellFit<'a, T> {
    samples: &'a [(T, T, T)],
    capacity: T,
    reference: T,
}

impl<'a, T: Real> LoadCellFit<'a, T> {
    /// Samples of load, temperature and reading; the load at full scale and the reference temperature.
    #[must_use]
    pub const fn new(samples: &'a [(T, T, T)], capacity: T, reference: T) -> Self {
        Self { samples, capacity, reference }
    }

    fn basis(&self, load: T, temperature: T) -> [T; 6] {
        let (w, tau) = (load / self.capacity, temperature - self.reference);
        [T::ONE, w, w * w, w * w * w, tau, tau * w]
    }

    /// The exact minimizer where no parameter is fixed; a term without information is zero.
    #[must_use]
    pub fn start(&self) -> SVector<T, 6> {
        linear::minimize(self.samples.iter().map(|(load, t, reading)| (self.basis(*load, *t), *reading)))
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, 6>) -> LoadCell<T> {
        let &[zero, span, quadratic, cubic, zero_drift, span_drift] = entries(x);
        let Self { capacity, reference, .. } = *self;
        LoadCell { capacity, reference, zero, span, quadratic, cubic, zero_drift, span_drift }
    }
}

impl<T: Real> Model<T, 6> for LoadCellFit<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 6]) -> D {
        let Some(&(load, t, reading)) = self.samples.get(i) else { return D::constant(T::NAN) };
        x.iter().zip(self.basis(load, t)).fold(D::constant(-reading), |sum, (x, basis)| sum + x.scale(basis))
    }
}
