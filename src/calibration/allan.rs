//! Noise coefficients from an Allan deviation.
//!
//! `σ²(τ) = 3Q²/τ² + N²/τ + (2 ln 2/π) B² + K²τ/3 + R²τ²/2`: quantization, white noise (angle or velocity random walk),
//! bias instability, rate random walk, rate ramp. IEEE Std 952-1997, annex C.
//!
//! * [`AllanFit`]: linear in the squared coefficients, which [`AllanFit::bounds`] keeps from being negative; residuals
//!   relative to the measured variance. Convex: what is zero there is not seen in the curve.
//! * [`AllanLogFit`]: residuals `ln σ² - ln σ²(measured)`, over the coefficients that the first fit found.
//!
//! Samples are pairs of averaging time in s and deviation, both positive.

use nalgebra::SVector;

use crate::calibration::linear;
use crate::calibration::sample::range;
use crate::least_squares::Bounds;
use crate::linalg::{entries, vector};
use crate::problem::Model;
use crate::real::{Number, Real};

/// The variance of unit coefficients at an averaging time.
fn basis<T: Real>(tau: T) -> [T; 5] {
    let flicker = T::of_f64(2.0 * core::f64::consts::LN_2 * core::f64::consts::FRAC_1_PI);
    [T::of_f64(3.0) / (tau * tau), T::ONE / tau, flicker, tau / T::of_f64(3.0), T::HALF * tau * tau]
}

/// Noise coefficients; `u` is the unit of the deviation.
///
/// ```
/// use thalweg::calibration::allan::Noise;
/// let gyroscope = Noise { quantization: 0.0, white: 0.003, instability: 1e-4, walk: 0.0, ramp: 0.0 };
/// assert!((gyroscope.deviation(1.0) - 0.003_f64).abs() < 1e-5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Noise<T> {
    /// `Q` in u·s.
    pub quantization: T,
    /// `N` in u·√s.
    pub white: T,
    /// `B` in u.
    pub instability: T,
    /// `K` in u/√s.
    pub walk: T,
    /// `R` in u/s.
    pub ramp: T,
}

impl<T: Real> Noise<T> {
    /// The Allan deviation at an averaging time in s.
    #[must_use]
    pub fn deviation(&self, tau: T) -> T {
        let Self { quantization, white, instability, walk, ramp } = *self;
        let coefficients = [quantization, white, instability, walk, ramp];
        // Unsquared, the coefficients of a good clock are at the edge of single precision.
        let largest = coefficients.iter().fold(T::TINY, |largest, x| largest.max(x.abs()));
        let terms = coefficients.iter().zip(basis(tau));
        largest * terms.fold(T::ZERO, |sum, (x, basis)| sum + (*x / largest).squared() * basis).sqrt()
    }
}

/// The linear fit: parameters the squares of the coefficients, in units of the smallest deviation and of the geometric
/// middle of the averaging times.
#[derive(Clone, Copy, Debug)]
pub struct AllanFit<'a, T> {
    samples: &'a [(T, T)],
    time: T,
    deviation: T,
}

impl<'a, T: Real> AllanFit<'a, T> {
    /// Samples of averaging time in s and Allan deviation.
    #[must_use]
    pub fn new(samples: &'a [(T, T)]) -> Self {
        let (middle, _) = range(samples.iter().map(|(tau, _)| tau.ln()));
        let deviation = samples.iter().fold(T::INFINITY, |least, (_, sigma)| least.min(*sigma));
        Self { samples, time: middle.exp(), deviation }
    }

    /// Nothing negative: the domain of the fit.
    #[must_use]
    pub fn bounds(&self) -> Bounds<T, 5> {
        Bounds::new(SVector::zeros(), SVector::from_element(T::INFINITY))
    }

    /// The minimizer without bounds, with what is negative set to zero.
    #[must_use]
    pub fn start(&self) -> SVector<T, 5> {
        let row = |sample: &(T, T)| {
            let (basis, variance) = self.framed(*sample);
            (basis.map(|basis| basis / variance), T::ONE)
        };
        linear::minimize(self.samples.iter().map(row)).map(|x| x.max(T::ZERO))
    }

    /// The basis and the measured variance, in the units of the fit.
    fn framed(&self, (tau, sigma): (T, T)) -> ([T; 5], T) {
        (basis(tau / self.time), (sigma / self.deviation).squared())
    }

    /// The unit of each coefficient.
    fn units(&self) -> [T; 5] {
        let (time, root, one) = (self.time, self.time.sqrt(), T::ONE);
        [time, root, one, one / root, one / time].map(|unit| self.deviation * unit)
    }

    /// The parameters of a noise.
    #[must_use]
    pub fn parameters(&self, noise: &Noise<T>) -> SVector<T, 5> {
        let Noise { quantization, white, instability, walk, ramp } = *noise;
        let mut x = [quantization, white, instability, walk, ramp];
        for (x, unit) in x.iter_mut().zip(self.units()) {
            *x = (*x / unit).squared();
        }
        SVector::from(x)
    }

    /// The noise of parameters.
    #[must_use]
    pub fn noise(&self, x: &SVector<T, 5>) -> Noise<T> {
        let mut coefficients = self.units();
        for (unit, x) in coefficients.iter_mut().zip(entries(x)) {
            *unit *= x.sqrt();
        }
        let [quantization, white, instability, walk, ramp] = coefficients;
        Noise { quantization, white, instability, walk, ramp }
    }
}

impl<T: Real> Model<T, 5> for AllanFit<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 5]) -> D {
        let Some(sample) = self.samples.get(i) else { return D::constant(T::NAN) };
        let (basis, variance) = self.framed(*sample);
        x.iter().zip(basis).fold(D::of(-1.0), |sum, (x, basis)| sum + x.scale(basis / variance))
    }
}

/// The logarithmic fit: parameters the logarithms of those of [`AllanFit`], over its positive ones.
#[derive(Clone, Copy, Debug)]
pub struct AllanLogFit<'a, T> {
    inner: AllanFit<'a, T>,
    terms: [bool; 5],
}

impl<'a, T: Real> AllanLogFit<'a, T> {
    /// A fit of the terms that are positive in `x`, the answer of the linear one.
    #[must_use]
    pub fn new(inner: AllanFit<'a, T>, x: &SVector<T, 5>) -> Self {
        Self { inner, terms: entries(x).map(|x| x > T::ZERO) }
    }

    /// The terms left out are fixed at zero.
    #[must_use]
    pub fn bounds(&self) -> Bounds<T, 5> {
        let left_out = self.terms.iter().enumerate().filter(|(_, term)| !**term);
        left_out.fold(Bounds::none(), |bounds, (j, _)| bounds.fix(j, T::ZERO))
    }

    /// The logarithms of the answer of the linear fit.
    #[must_use]
    pub fn start(&self, x: &SVector<T, 5>) -> SVector<T, 5> {
        x.map(|x| if x > T::ZERO { x.ln() } else { T::ZERO })
    }

    /// The noise of parameters.
    #[must_use]
    pub fn noise(&self, p: &SVector<T, 5>) -> Noise<T> {
        let p = entries(p);
        self.inner.noise(&vector(|j| match (p.get(j), self.terms.get(j)) {
            (Some(p), Some(true)) => p.exp(),
            _ => T::ZERO,
        }))
    }
}

impl<T: Real> Model<T, 5> for AllanLogFit<'_, T> {
    fn rows(&self) -> usize {
        self.inner.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, p: &[D; 5]) -> D {
        let Some(sample) = self.inner.samples.get(i) else { return D::constant(T::NAN) };
        let (basis, variance) = self.inner.framed(*sample);
        let terms = p.iter().zip(basis).zip(self.terms).filter(|(_, term)| *term);
        let sum = terms.fold(D::of(0.0), |sum, ((p, basis), _)| sum + p.exp().scale(basis / variance));
        sum.ln()
    }
}
