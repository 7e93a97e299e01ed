//! Sine/cosine encoders and quadrature interferometers: two offsets, unequal amplitudes, a phase error.
//!
//! The raw signals are `c = p + R cos θ` and `s = q + R sin(θ - α)/r`; instead of a circle they trace an ellipse. The
//! correction is `c' = c - p`, `s' = (r (s - q) + c' sin α)/cos α`, the angle `atan2(s', c')`: Heydemann,
//! "Determination and correction of quadrature fringe measurement errors in interferometers", Applied Optics 20 (1981).
//!
//! The closed-form start is the algebraic ellipse of that paper; the fit minimizes `√(c'² + s'²) - R` instead, which
//! noise biases less and a robust loss can guard. Samples are pairs `(cosine, sine)` over a good part of a turn.

use nalgebra::SVector;

use crate::calibration::sample::range;
use crate::calibration::{linear, root};
use crate::linalg::entries;
use crate::problem::Model;
use crate::real::{Number, Real};

/// The errors of an encoder, and their correction.
///
/// ```
/// use thalweg::calibration::encoder::Encoder;
/// let encoder = Encoder { offset: [2050.0, 2031.0], amplitude: 1500.0, ratio: 1.03, phase: 0.02 };
/// let reading = encoder.reading(1.234);
/// assert!((encoder.angle(reading) - 1.234_f64).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Encoder<T> {
    /// `(p, q)`, the offsets of cosine and sine, in units of the reading.
    pub offset: [T; 2],
    /// `R`, the amplitude of the cosine, in units of the reading.
    pub amplitude: T,
    /// `r`, the amplitude of the cosine over that of the sine.
    pub ratio: T,
    /// `α`, the phase error in radians.
    pub phase: T,
}

/// `(c', s')` of a reading less its offsets.
fn corrected<D: Number>(c: D, s: D, ratio: D, phase: D) -> [D; 2] {
    [c, (s * ratio + c * phase.sin()) / phase.cos()]
}

impl<T: Real> Encoder<T> {
    /// The corrected signals `(R cos θ, R sin θ)` of a reading `(cosine, sine)`.
    #[must_use]
    pub fn apply(&self, [c, s]: [T; 2]) -> [T; 2] {
        corrected(c - self.offset[0], s - self.offset[1], self.ratio, self.phase)
    }

    /// The corrected angle of a reading `(cosine, sine)`, in radians.
    #[must_use]
    pub fn angle(&self, reading: [T; 2]) -> T {
        let [c, s] = self.apply(reading);
        s.atan2(c)
    }

    /// The reading at an angle in radians.
    #[must_use]
    pub fn reading(&self, angle: T) -> [T; 2] {
        let sine = (angle - self.phase).sin() / self.ratio;
        [self.offset[0] + self.amplitude * angle.cos(), self.offset[1] + self.amplitude * sine]
    }
}

/// The fit of an [`Encoder`]: parameters `(p, q, R, r, α)` with lengths in units of the cosine's half range and offsets
/// from the middle of the ranges; residuals in that unit too.
#[derive(Clone, Copy, Debug)]
pub struct EncoderFit<'a, T> {
    samples: &'a [[T; 2]],
    centre: [T; 2],
    /// Half the ranges of cosine and sine.
    width: [T; 2],
}

impl<'a, T: Real> EncoderFit<'a, T> {
    /// Readings `(cosine, sine)`.
    #[must_use]
    pub fn new(samples: &'a [[T; 2]]) -> Self {
        let (p, a) = range(samples.iter().map(|[c, _]| *c));
        let (q, b) = range(samples.iter().map(|[_, s]| *s));
        Self { samples, centre: [p, q], width: [a, b] }
    }

    /// A reading in the units of the fit.
    fn framed(&self, [c, s]: [T; 2]) -> [T; 2] {
        [(c - self.centre[0]) / self.width[0], (s - self.centre[1]) / self.width[0]]
    }

    /// The algebraic ellipse `A c² + B s² + C c s + D c + E s = 1`; the ranges of the signals where that is no ellipse.
    #[must_use]
    pub fn start(&self) -> SVector<T, 5> {
        let row = |sample: &[T; 2]| {
            let [c, s] = self.framed(*sample);
            ([c * c, s * s, c * s, c, s], T::ONE)
        };
        let conic = linear::minimize(self.samples.iter().map(row));
        let &[a, b, c, d, e] = entries(&conic);
        let two = T::TWO;
        let determinant = T::of_f64(4.0) * a * b - c * c;
        let (p, q) = ((c * e - two * b * d) / determinant, (c * d - two * a * e) / determinant);
        let sine = c / (two * (a * b).sqrt());
        let square = (T::ONE + a * p * p + b * q * q + c * p * q) / (a * (T::ONE - sine * sine));
        if a > T::ZERO && determinant > T::ZERO && square > T::ZERO && square.is_finite() {
            SVector::from([p, q, square.sqrt(), (b / a).sqrt(), sine.asin()])
        } else {
            SVector::from([T::ZERO, T::ZERO, T::ONE, self.width[0] / self.width[1], T::ZERO])
        }
    }

    /// The parameters of a sensor.
    #[must_use]
    pub fn parameters(&self, sensor: &Encoder<T>) -> SVector<T, 5> {
        let [p, q] = self.framed(sensor.offset);
        SVector::from([p, q, sensor.amplitude / self.width[0], sensor.ratio, sensor.phase])
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, 5>) -> Encoder<T> {
        let &[p, q, amplitude, ratio, phase] = entries(x);
        let unit = self.width[0];
        let offset = [self.centre[0] + p * unit, self.centre[1] + q * unit];
        Encoder { offset, amplitude: amplitude * unit, ratio, phase }
    }
}

impl<T: Real> Model<T, 5> for EncoderFit<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[p, q, amplitude, ratio, phase]: &[D; 5]) -> D {
        let Some(sample) = self.samples.get(i) else { return D::constant(T::NAN) };
        let [c, s] = self.framed(*sample);
        let [c, s] = corrected(D::constant(c) - p, D::constant(s) - q, ratio, phase);
        root(c * c + s * s) - amplitude
    }
}
