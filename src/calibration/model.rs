//! The measurement model: readings of a vector of constant length lie on an ellipsoid.

use core::convert::Infallible;

use nalgebra::{Matrix3, SVector, Vector3};

use crate::problem::{Block, LANES, Problem, Rows};
use crate::real::Real;

/// How rich the model is: the rungs of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rung {
    /// Offset and one scale: 4 parameters.
    Sphere,
    /// Offset and a scale for each axis: 6 parameters.
    Axes,
    /// Offset and a full correction matrix: 9 parameters.
    Ellipsoid,
}

/// Where samples are moved to before they are fitted: `z = (m - centre) / length`, of order one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(super) struct Frame<T: Real> {
    pub(super) centre: [T; 3],
    pub(super) length: T,
}

/// The parameters `θ = (s, e₁, e₂, u₀₁, u₀₂, u₁₂, b₀, b₁, b₂)` of
/// `U = [s u₀₁ u₀₂; 0 s+e₁ u₁₂; 0 0 s+e₂]`: with `e` and `u` fixed at zero a sphere, with `u` an axis-aligned ellipsoid.
pub(super) type Theta<T> = SVector<T, 9>;

/// `U` of a parameter vector.
pub(super) fn matrix<T: Real>(theta: &Theta<T>) -> Matrix3<T> {
    let [s, e1, e2, u01, u02, u12, ..] = theta.data.0[0];
    let zero = T::ZERO;
    Matrix3::new(s, u01, u02, zero, s + e1, u12, zero, zero, s + e2)
}

/// `b` of a parameter vector.
pub(super) fn centre<T: Real>(theta: &Theta<T>) -> Vector3<T> {
    let [.., b0, b1, b2] = theta.data.0[0];
    Vector3::new(b0, b1, b2)
}

/// The residuals `r = ‖U(z - b)‖ - 1`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Samples<'a, T: Real> {
    pub(super) samples: &'a [[T; 3]],
    pub(super) frame: Frame<T>,
}

impl<T: Real> Samples<'_, T> {
    #[inline(always)]
    fn evaluate(&self, m: &[T; 3], theta: &Theta<T>) -> (Theta<T>, T) {
        let [s, e1, e2, u01, u02, u12, b0, b1, b2] = theta.data.0[0];
        let [c0, c1, c2] = self.frame.centre;
        let inverse = T::ONE / self.frame.length;
        let (d0, d1, d2) = ((m[0] - c0) * inverse - b0, (m[1] - c1) * inverse - b1, (m[2] - c2) * inverse - b2);
        let (u11, u22) = (s + e1, s + e2);
        let (v0, v1, v2) = (s * d0 + u01 * d1 + u02 * d2, u11 * d1 + u12 * d2, u22 * d2);
        let length = (v0 * v0 + v1 * v1 + v2 * v2).sqrt();
        // The residual has no derivative at the centre; zero is in its subdifferential.
        let scale = if length > T::ZERO { T::ONE / length } else { T::ZERO };
        let (w0, w1, w2) = (v0 * scale, v1 * scale, v2 * scale);
        let row = [
            w0 * d0 + w1 * d1 + w2 * d2,
            w1 * d1,
            w2 * d2,
            w0 * d1,
            w0 * d2,
            w1 * d2,
            -(s * w0),
            -(u01 * w0 + u11 * w1),
            -(u02 * w0 + u12 * w1 + u22 * w2),
        ];
        (SVector::from(row), length - T::ONE)
    }
}

impl<T: Real> Problem for Samples<'_, T> {
    type Error = Infallible;
}

impl<T: Real> Rows<T, 9> for Samples<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn row(&mut self, i: usize, x: &Theta<T>, g: &mut Theta<T>) -> Result<T, Infallible> {
        let Some(m) = self.samples.get(i) else { return Ok(T::NAN) };
        let (row, residual) = self.evaluate(m, x);
        *g = row;
        Ok(residual)
    }

    fn block(&mut self, first: usize, x: &Theta<T>, block: &mut Block<T, 9>) -> Result<(), Infallible> {
        for m in self.samples.iter().skip(first).take(LANES) {
            let (row, residual) = self.evaluate(m, x);
            block.push(row, residual);
        }
        Ok(())
    }
}
