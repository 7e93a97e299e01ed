//! Gyroscopes from turns between poses at rest, with a calibrated accelerometer as the reference.
//!
//! The rate is `ω = s M (m - m₀) - d`: nominal scale `s` and resting reading `m₀` are given, the matrix `M` (three
//! scales and six misalignments) and the rest of the bias `d` are fitted. Integrated over a turn, the rates carry the
//! direction of gravity before it to the one after it: Tedaldi, Pretto & Menegatti, "A robust and easy to implement
//! method for IMU calibration without external equipments" (ICRA 2014), the gyroscope's cost function. Departure: a
//! sample is taken as the mean rate of its period and rotates gravity exactly, instead of quaternions by Runge-Kutta.
//!
//! Every pass integrates all turns. Turns about each axis, through large angles and with gravity across the axis, tell
//! all twelve parameters; a rotation about the vertical tells nothing. Where turns are short, `d` is told from the
//! resting reading only: hold it by a [`Prior`](crate::problem::Prior).

use core::convert::Infallible;

use nalgebra::SVector;

use crate::calibration::cross;
use crate::linalg::entries;
use crate::problem::{Block, Dual, Problem, Rows};
use crate::real::{Number, Real};

/// A gyroscope: `ω = matrix (m - resting) - drift`.
///
/// ```
/// use thalweg::calibration::gyroscope::Gyroscope;
/// let matrix = [[1e-3, 0.0, 0.0], [0.0, 1.1e-3, 0.0], [1e-5, 0.0, 0.9e-3]];
/// let sensor = Gyroscope { matrix, resting: [32_768.0; 3], drift: [0.0; 3] };
/// assert_eq!(sensor.apply([32_768.0; 3]), [0.0_f64; 3]);
/// assert_eq!(sensor.alignment()[2][0], 0.01);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Gyroscope<T> {
    /// The rows of `s M`, in rad/s per unit of the reading.
    pub matrix: [[T; 3]; 3],
    /// `m₀`, the reading at rest.
    pub resting: [T; 3],
    /// `d` in rad/s.
    pub drift: [T; 3],
}

impl<T: Real> Gyroscope<T> {
    /// The rate behind a reading, in rad/s.
    #[must_use]
    pub fn apply(&self, reading: [T; 3]) -> [T; 3] {
        rate(self.matrix, self.drift, difference(reading, self.resting))
    }

    /// The scale of each axis, in rad/s per unit of the reading.
    #[must_use]
    pub fn scale(&self) -> [T; 3] {
        let [[x, ..], [_, y, _], [.., z]] = self.matrix;
        [x, y, z]
    }

    /// The alignment matrix, `matrix` with each column divided by its scale: ones on the diagonal, angles beside it.
    #[must_use]
    pub fn alignment(&self) -> [[T; 3]; 3] {
        let [x, y, z] = self.scale();
        self.matrix.map(|[a, b, c]| [a / x, b / y, c / z])
    }
}

fn difference<T: Real>([a, b, c]: [T; 3], [x, y, z]: [T; 3]) -> [T; 3] {
    [a - x, b - y, c - z]
}

/// `M m - d`.
fn rate<D: Number>(matrix: [[D; 3]; 3], drift: [D; 3], [m0, m1, m2]: [D::Scalar; 3]) -> [D; 3] {
    let [a, b, c] = matrix.map(|[x, y, z]| x.scale(m0) + y.scale(m1) + z.scale(m2));
    let [x, y, z] = drift;
    [a - x, b - y, c - z]
}

/// A vector turned by a rotation vector in radians (Rodrigues).
fn turned<D: Number>(vector: [D; 3], by: [D; 3]) -> [D; 3] {
    let [x, y, z] = by;
    let square = x * x + y * y + z * z;
    // sin φ/φ and (1 - cos φ)/φ²; the series has no root, which has no derivative at rest.
    let (sine, cosine) = if square.real() < D::Scalar::of_f64(0.03) {
        let fold = |below: D, factor: f64| D::of(1.0) - square.scale(D::Scalar::of_f64(1.0 / factor)) * below;
        let sine = [72.0, 42.0, 20.0, 6.0].into_iter().fold(D::of(1.0), fold);
        let cosine = [90.0, 56.0, 30.0, 12.0].into_iter().fold(D::of(1.0), fold);
        (sine, cosine.scale(<D::Scalar as Real>::HALF))
    } else {
        let angle = square.sqrt();
        (angle.sin() / angle, (D::of(1.0) - angle.cos()) / square)
    };
    let once = cross(by, vector);
    let twice = cross(by, once);
    let [[v0, v1, v2], [a0, a1, a2], [b0, b1, b2]] = [vector, once, twice];
    [v0 + sine * a0 + cosine * b0, v1 + sine * a1 + cosine * b1, v2 + sine * a2 + cosine * b2]
}

/// A turn between two poses at rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn<'a, T> {
    /// The direction of gravity before it, of unit length, in sensor axes.
    pub before: [T; 3],
    /// The direction of gravity after it.
    pub after: [T; 3],
    /// The raw readings in between, one a period.
    pub readings: &'a [[T; 3]],
}

/// The fit of a [`Gyroscope`]: residuals the components of the direction of gravity, parameters the rows of `M` and
/// then `d` in rad/s. Rows `3k`, `3k + 1` and `3k + 2` are the axes of turn `k`.
#[derive(Clone, Copy, Debug)]
pub struct GyroscopeFit<'a, T> {
    turns: &'a [Turn<'a, T>],
    period: T,
    resting: [T; 3],
    scale: T,
}

impl<'a, T: Real> GyroscopeFit<'a, T> {
    /// The turns, the sampling period in s, the mean reading at rest, and the nominal scale in rad/s per unit of the
    /// reading.
    #[must_use]
    pub const fn new(turns: &'a [Turn<'a, T>], period: T, resting: [T; 3], scale: T) -> Self {
        Self { turns, period, resting, scale }
    }

    /// The nominal sensor.
    #[must_use]
    pub fn start(&self) -> SVector<T, 12> {
        let (zero, one) = (T::ZERO, T::ONE);
        SVector::from([one, zero, zero, zero, one, zero, zero, zero, one, zero, zero, zero])
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, 12>) -> Gyroscope<T> {
        let &[a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2] = entries(x);
        let matrix = [[a0, a1, a2], [b0, b1, b2], [c0, c1, c2]].map(|row| row.map(|m| m * self.scale));
        Gyroscope { matrix, resting: self.resting, drift: [d0, d1, d2] }
    }

    /// The residuals of a turn with their derivatives; NaN for a turn that does not exist.
    fn residuals(&self, k: usize, x: &SVector<T, 12>) -> [Dual<T, 12>; 3] {
        let Some(turn) = self.turns.get(k) else { return [Dual::constant(T::NAN); 3] };
        let x = entries(x);
        let variable = |j: usize| Dual::<T, 12>::variable(x.get(j).copied().unwrap_or(T::NAN), j);
        let row = |j: usize| [variable(j), variable(j + 1), variable(j + 2)];
        let (matrix, drift) = ([row(0), row(3), row(6)], row(9));
        let mut gravity = turn.before.map(Dual::constant);
        for reading in turn.readings {
            let nominal = difference(*reading, self.resting).map(|m| m * self.scale);
            // What stands still in the world turns backwards in the sensor's axes.
            gravity = turned(gravity, rate(matrix, drift, nominal).map(|omega| omega.scale(-self.period)));
        }
        let ([u, v, w], [a, b, c]) = (gravity, turn.after);
        [u.offset(-a), v.offset(-b), w.offset(-c)]
    }
}

impl<T> Problem for GyroscopeFit<'_, T> {
    type Error = Infallible;
}

impl<T: Real> Rows<T, 12> for GyroscopeFit<'_, T> {
    fn rows(&self) -> usize {
        3 * self.turns.len()
    }

    fn row(&mut self, i: usize, x: &SVector<T, 12>, g: &mut SVector<T, 12>) -> Result<T, Infallible> {
        let [u, v, w] = self.residuals(i / 3, x);
        let residual = match i % 3 {
            0 => u,
            1 => v,
            _ => w,
        };
        *g = SVector::from(residual.gradient);
        Ok(residual.value)
    }

    /// The rest of a turn, from one integration.
    fn block(&mut self, first: usize, x: &SVector<T, 12>, block: &mut Block<T, 12>) -> Result<(), Infallible> {
        for residual in self.residuals(first / 3, x).into_iter().skip(first % 3) {
            block.push(SVector::from(residual.gradient), residual.value);
        }
        Ok(())
    }
}
