//! Accelerometers from means at rest in several positions.
//!
//! * [`PositionsFit`]: known directions of gravity, as in a six-position test on a level table. `m = S a + b` with a
//!   full matrix, 12 parameters; linear (IEEE Std 1293-2018, multipoint tumble).
//! * [`StaticFit`]: unknown directions; only the length of gravity is known. 9 parameters. Tedaldi, Pretto & Menegatti,
//!   "A robust and easy to implement method for IMU calibration without external equipments" (ICRA 2014), the sensor
//!   error model and the accelerometer's cost function.
//!
//! [`Calibrator`](super::Calibrator) fits the second model in other parameters, and chooses the samples itself.

use nalgebra::SVector;

use crate::calibration::model::Frame;
use crate::calibration::sample::range;
use crate::calibration::{cross, dot, length, linear, root};
use crate::linalg::entries;
use crate::problem::Model;
use crate::real::{Number, Real};

/// An accelerometer that reads `m = S a + b`.
///
/// ```
/// use thalweg::calibration::accelerometer::Affine;
/// let sensor = Affine { matrix: [[1.02, 0.01, 0.0], [0.0, 0.98, 0.02], [0.01, 0.0, 1.0]], offset: [0.1, 0.0, -0.2] };
/// let [x, y, z] = sensor.apply(sensor.reading([0.6, 0.0, -0.8_f64]));
/// assert!((x - 0.6).abs() < 1e-12 && y.abs() < 1e-12 && (z + 0.8).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Affine<T> {
    /// The rows of `S`, in units of the reading per unit of acceleration.
    pub matrix: [[T; 3]; 3],
    /// `b` in units of the reading.
    pub offset: [T; 3],
}

impl<T: Real> Affine<T> {
    /// The reading of an acceleration.
    #[must_use]
    pub fn reading(&self, acceleration: [T; 3]) -> [T; 3] {
        let [b0, b1, b2] = self.offset;
        let [s0, s1, s2] = self.matrix.map(|row| dot(row, acceleration));
        [s0 + b0, s1 + b1, s2 + b2]
    }

    /// The acceleration behind a reading, by Cramer's rule; not finite if `S` is singular.
    #[must_use]
    pub fn apply(&self, reading: [T; 3]) -> [T; 3] {
        let [s0, s1, s2] = self.matrix;
        let ([m0, m1, m2], [b0, b1, b2]) = (reading, self.offset);
        let (d0, d1, d2) = (m0 - b0, m1 - b1, m2 - b2);
        let (c0, c1, c2) = (cross(s1, s2), cross(s2, s0), cross(s0, s1));
        let inverse = T::ONE / dot(s0, c0);
        let axis = |a: T, b: T, c: T| (a * d0 + b * d1 + c * d2) * inverse;
        [axis(c0[0], c1[0], c2[0]), axis(c0[1], c1[1], c2[1]), axis(c0[2], c1[2], c2[2])]
    }
}

/// The fit of an [`Affine`] sensor: residuals in units of the reading, parameters the rows of `S` and then `b`. Rows
/// `3k`, `3k + 1` and `3k + 2` are the axes of position `k`.
#[derive(Clone, Copy, Debug)]
pub struct PositionsFit<'a, T> {
    positions: &'a [([T; 3], [T; 3])],
}

impl<'a, T: Real> PositionsFit<'a, T> {
    /// The true acceleration and the mean reading of each position.
    #[must_use]
    pub const fn new(positions: &'a [([T; 3], [T; 3])]) -> Self {
        Self { positions }
    }

    /// The exact minimizer.
    #[must_use]
    pub fn start(&self) -> SVector<T, 12> {
        let axis = |j: usize| {
            let rows =
                self.positions.iter().map(|([x, y, z], m)| ([*x, *y, *z, T::ONE], m.get(j).copied().unwrap_or(T::NAN)));
            *entries(&linear::minimize(rows))
        };
        let [[a0, a1, a2, a3], [b0, b1, b2, b3], [c0, c1, c2, c3]] = [axis(0), axis(1), axis(2)];
        SVector::from([a0, a1, a2, b0, b1, b2, c0, c1, c2, a3, b3, c3])
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, 12>) -> Affine<T> {
        let &[a0, a1, a2, b0, b1, b2, c0, c1, c2, a3, b3, c3] = entries(x);
        Affine { matrix: [[a0, a1, a2], [b0, b1, b2], [c0, c1, c2]], offset: [a3, b3, c3] }
    }
}

impl<T: Real> Model<T, 12> for PositionsFit<'_, T> {
    fn rows(&self) -> usize {
        3 * self.positions.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 12]) -> D {
        let Some((a, m)) = self.positions.get(i / 3) else { return D::constant(T::NAN) };
        let [a0, a1, a2, b0, b1, b2, c0, c1, c2, a3, b3, c3] = *x;
        let ([x, y, z], offset, reading) = match i % 3 {
            0 => ([a0, a1, a2], a3, m[0]),
            1 => ([b0, b1, b2], b3, m[1]),
            _ => ([c0, c1, c2], c3, m[2]),
        };
        (x.scale(a[0]) + y.scale(a[1]) + z.scale(a[2]) + offset).offset(-reading)
    }
}

/// An accelerometer with misaligned axes: `u = K (m - b)` with diagonal `K`, and the acceleration
/// `(u₀ - α_yz u₁ + α_zy u₂, u₁ - α_zx u₂, u₂)`.
///
/// ```
/// use thalweg::calibration::accelerometer::Accelerometer;
/// let sensor = Accelerometer { misalignment: [0.0; 3], scale: [0.0024; 3], bias: [33_000.0; 3] };
/// let [.., z] = sensor.apply([33_000.0, 33_000.0, 37_000.0_f64]);
/// assert!((z - 9.6).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Accelerometer<T> {
    /// `(α_yz, α_zy, α_zx)` in radians.
    pub misalignment: [T; 3],
    /// The diagonal of `K`, acceleration per unit of the reading.
    pub scale: [T; 3],
    /// `b` in units of the reading.
    pub bias: [T; 3],
}

/// The acceleration in orthogonal axes.
fn aligned<D: Number>([yz, zy, zx]: [D; 3], [u, v, w]: [D; 3]) -> [D; 3] {
    [u - yz * v + zy * w, v - zx * w, w]
}

impl<T: Real> Accelerometer<T> {
    /// The acceleration behind a reading.
    #[must_use]
    pub fn apply(&self, [m0, m1, m2]: [T; 3]) -> [T; 3] {
        let ([s0, s1, s2], [b0, b1, b2]) = (self.scale, self.bias);
        aligned(self.misalignment, [s0 * (m0 - b0), s1 * (m1 - b1), s2 * (m2 - b2)])
    }
}

/// The fit of an [`Accelerometer`]: residuals `g - ‖a‖` in the unit of gravity, parameters `(α_yz, α_zy, α_zx)`, scales
/// in units of gravity over the half range of the readings, and biases from the middle of their ranges in half ranges.
///
/// Nine poses or more, spread over all directions.
#[derive(Clone, Copy, Debug)]
pub struct StaticFit<'a, T: Real> {
    means: &'a [[T; 3]],
    gravity: T,
    frame: Frame<T>,
}

impl<'a, T: Real> StaticFit<'a, T> {
    /// The mean reading of each pose, and the length of gravity in the unit wanted.
    #[must_use]
    pub fn new(means: &'a [[T; 3]], gravity: T) -> Self {
        let axis = |j: usize| range(means.iter().filter_map(move |m| m.get(j).copied()));
        let [(c0, h0), (c1, h1), (c2, h2)] = [axis(0), axis(1), axis(2)];
        Self { means, gravity, frame: Frame { centre: [c0, c1, c2], length: h0.max(h1).max(h2) } }
    }

    /// No misalignment, equal scales, biases in the middle of the ranges.
    #[must_use]
    pub fn start(&self) -> SVector<T, 9> {
        let (zero, one) = (T::ZERO, T::ONE);
        SVector::from([zero, zero, zero, one, one, one, zero, zero, zero])
    }

    /// The parameters of a sensor.
    #[must_use]
    pub fn parameters(&self, sensor: &Accelerometer<T>) -> SVector<T, 9> {
        let ([yz, zy, zx], [b0, b1, b2]) = (sensor.misalignment, sensor.bias);
        let (Frame { centre: [c0, c1, c2], length }, unit) = (self.frame, self.gravity);
        let [s0, s1, s2] = sensor.scale.map(|s| s * length / unit);
        SVector::from([yz, zy, zx, s0, s1, s2, (b0 - c0) / length, (b1 - c1) / length, (b2 - c2) / length])
    }

    /// The sensor of parameters.
    #[must_use]
    pub fn sensor(&self, x: &SVector<T, 9>) -> Accelerometer<T> {
        let &[yz, zy, zx, s0, s1, s2, b0, b1, b2] = entries(x);
        let Frame { centre: [c0, c1, c2], length } = self.frame;
        Accelerometer {
            misalignment: [yz, zy, zx],
            scale: [s0, s1, s2].map(|s| s * self.gravity / length),
            bias: [c0 + b0 * length, c1 + b1 * length, c2 + b2 * length],
        }
    }

    /// The root mean square of `‖a‖ - g` of a sensor over the poses, in the unit of gravity.
    #[must_use]
    pub fn deviation(&self, sensor: &Accelerometer<T>) -> T {
        let square = |m: &[T; 3]| (length(sensor.apply(*m)) - self.gravity).squared();
        (self.means.iter().map(square).fold(T::ZERO, |sum, x| sum + x) / T::of_usize(self.means.len())).sqrt()
    }
}

impl<T: Real> Model<T, 9> for StaticFit<'_, T> {
    fn rows(&self) -> usize {
        self.means.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[yz, zy, zx, s0, s1, s2, b0, b1, b2]: &[D; 9]) -> D {
        let Some(m) = self.means.get(i) else { return D::constant(T::NAN) };
        let Frame { centre: [c0, c1, c2], length } = self.frame;
        let axis = |m: T, c: T, s: D, b: D| s * (D::constant((m - c) / length) - b);
        let raw = [axis(m[0], c0, s0, b0), axis(m[1], c1, s1, b1), axis(m[2], c2, s2, b2)];
        let [u, v, w] = aligned([yz, zy, zx], raw);
        (D::of(1.0) - root(u * u + v * v + w * w)).scale(self.gravity)
    }
}
