//! Robust losses.

use nalgebra::SVector;

use crate::problem::{Block, Problem, Rows};
use crate::real::Real;
use crate::step::ConfigError;

/// A loss `φ(z)` of the scaled residual `z = r/s`, `½z²` near zero; a sample costs `s² φ(z)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Loss {
    /// `½z²`.
    Squared,
    /// `½z²` up to one, then `|z| - ½` (Huber 1964).
    Huber,
    /// `√(1 + z²) - 1`.
    SoftL1,
    /// `½ ln(1 + z²)`.
    Cauchy,
    /// `(1 - (1 - z²)³)/6` up to one, then constant: samples beyond the scale have no influence (Beaton & Tukey 1974).
    Tukey,
    /// `½ z²/(1 + z²)` (Geman & McClure 1985).
    GemanMcClure,
    /// `½ min(z², 1)`: least squares of the samples within the scale, and a fixed price for the others (Blake & Zisserman
    /// 1987). Its corner makes it the hardest to minimize.
    TruncatedSquares,
}

/// A loss at one residual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossAt<T> {
    /// `φ(z)`.
    pub value: T,
    /// The weight `φ'(z)/z`.
    pub weight: T,
    /// `φ''(z)`, negative where the loss is concave.
    pub curvature: T,
}

impl Loss {
    /// Value, weight and curvature at `z`.
    pub fn at<T: Real>(self, z: T) -> LossAt<T> {
        let (square, one) = (z * z, T::ONE);
        let (value, weight, curvature) = match self {
            Self::Squared => (T::HALF * square, one, one),
            Self::Huber if square <= one => (T::HALF * square, one, one),
            Self::Huber => (z.abs() - T::HALF, one / z.abs(), T::ZERO),
            Self::SoftL1 => {
                let (size, root) = (z.abs(), one.hypot(z));
                (size * (size / (root + one)), one / root, one / root / root / root)
            }
            Self::Cauchy => {
                let weight = one / (one + square);
                let value = if square.is_finite() { T::HALF * square.ln_1p() } else { z.abs().ln() };
                (value, weight, (T::TWO * weight - one) * weight)
            }
            Self::Tukey if square <= one => {
                let rest = one - square;
                let value = square * (one - square + square * square / T::of_f64(3.0)) * T::HALF;
                (value, rest * rest, rest * (one - T::of_f64(5.0) * square))
            }
            Self::Tukey => (T::of_f64(1.0 / 6.0), T::ZERO, T::ZERO),
            Self::GemanMcClure => {
                let weight = one / (one + square);
                let value = if square < one { square * weight } else { one - weight };
                (T::HALF * value, weight * weight, (T::of_f64(4.0) * weight - T::of_f64(3.0)) * weight * weight)
            }
            Self::TruncatedSquares if square <= one => (T::HALF * square, one, one),
            Self::TruncatedSquares => (T::HALF, T::ZERO, T::ZERO),
        };
        LossAt { value, weight, curvature }
    }
}

/// Rows under a robust loss: `Σ s² φ(rᵢ/s)` instead of `½ Σ rᵢ²`.
///
/// Two treatments of the curvature, with the same cost and the same gradient:
///
/// - Second-order, the default (Triggs et al., "Bundle Adjustment: A Modern Synthesis", §4.3): a row enters the curvature
///   with `φ''`, the gradient with `φ'`, and the cost with `φ`. Where the loss is concave, or nearly flat, `φ''` is replaced
///   by a tenth of the weight `φ'/z`, which keeps the model positive; the cost alone decides what is accepted. Fast near a
///   solution.
/// - [Reweighted](Self::reweighted) (iteratively reweighted least squares, Holland & Welsch 1977): a row enters the
///   curvature with the weight `φ'/z`. The reweighted squares lie above the loss, so that full steps of a linear model
///   descend: steadier from far off and with many outliers, but of linear convergence, the slower the more samples lie
///   about the scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Robust<P, T> {
    inner: P,
    loss: Loss,
    scale: T,
    reweighted: bool,
}

impl<P, T: Real> Robust<P, T> {
    /// A loss with the scale `s`, in units of the residual: the size from which on residuals are distrusted.
    ///
    /// # Errors
    /// [`ConfigError::NotPositive`] if the scale is not positive and finite.
    pub fn new(inner: P, loss: Loss, scale: T) -> Result<Self, ConfigError> {
        let mut robust = Self { inner, loss, scale, reweighted: false };
        robust.set_scale(scale)?;
        Ok(robust)
    }

    /// The same rows with the weight as curvature.
    #[must_use]
    pub fn reweighted(self) -> Self {
        Self { reweighted: true, ..self }
    }

    /// The scale `s`.
    pub const fn scale(&self) -> T {
        self.scale
    }

    /// Changes the scale, for continuation: that is another problem, and a method's memory of this one ends.
    ///
    /// # Errors
    /// As for [`new`](Self::new); the scale is then as before.
    pub fn set_scale(&mut self, scale: T) -> Result<(), ConfigError> {
        if !(scale > T::ZERO && scale.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        self.scale = scale;
        Ok(())
    }

    /// The oracle under the loss.
    pub const fn inner(&self) -> &P {
        &self.inner
    }

    /// Rescales a row and its residual; the cost is returned.
    pub(crate) fn weigh<const N: usize>(&self, g: &mut SVector<T, N>, r: &mut T) -> T {
        let at = self.loss.at(*r / self.scale);
        let curvature = if self.reweighted { at.weight } else { at.curvature.max(T::of_f64(0.1) * at.weight) };
        if curvature > T::ZERO {
            let root = curvature.sqrt();
            *r *= at.weight / root;
            *g *= root;
        } else if r.is_finite() {
            *r = T::ZERO;
            *g = SVector::zeros();
        }
        self.scale * self.scale * at.value
    }
}

impl<P: Problem, T> Problem for Robust<P, T> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, const A: usize, P: Rows<T, N, A>> Rows<T, N, A> for Robust<P, T> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    /// The rescaled row; half its squared residual is not its cost, which only [`block`](Rows::block) tells.
    fn row(&mut self, i: usize, x: &SVector<T, A>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        let mut residual = self.inner.row(i, x, g)?;
        self.weigh(g, &mut residual);
        Ok(residual)
    }

    fn block(&mut self, first: usize, x: &SVector<T, A>, block: &mut Block<T, N>) -> Result<(), P::Error> {
        self.inner.block(first, x, block)?;
        block.map(|g, r| self.weigh(g, r));
        Ok(())
    }
}
