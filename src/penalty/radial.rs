//! Penalties of the Euclidean norm: all of a group or nothing.

use crate::linalg::norm_of;
use crate::penalty::scalar::{excess, soft, weight};
use crate::penalty::{Penalty, ScalarPenalty};
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = s(‖x‖₂)` with an even [`ScalarPenalty`] `s`: the group lasso of [`L1`](super::L1) (Yuan & Lin 2006), the group
/// MCP of [`Mcp`](super::Mcp), the group SCAD of [`Scad`](super::Scad) (Breheny & Huang 2015).
///
/// ```
/// use thalweg::penalty::{L1, Penalty, Radial};
/// let mut x = [3.0_f64, 4.0];
/// Radial(L1 { strength: 2.0 }).prox(&mut x, 1.0);
/// assert!((x[0] - 1.8).abs() < 1e-15 && (x[1] - 2.4).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Radial<S>(pub S);

/// `p(x) = strength · ‖x‖₁ + group_strength · ‖x‖₂`: zeros inside groups as well (Simon, Friedman, Hastie & Tibshirani 2013).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SparseGroup<T> {
    /// λ₁. Zero or more, finite.
    pub strength: T,
    /// λ₂. Zero or more, finite.
    pub group_strength: T,
}

impl<T: Real, S: ScalarPenalty<T>> Penalty<T> for Radial<S> {
    fn value(&self, x: &[T]) -> T {
        self.0.value(norm_of(x))
    }

    fn prox(&self, x: &mut [T], rate: T) {
        let norm = norm_of(x);
        if norm == T::ZERO {
            return;
        }
        let factor = self.0.prox(norm, rate) / norm;
        for x in x {
            *x *= factor;
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let norm = norm_of(x);
        if norm == T::ZERO {
            return self.0.gap(norm, norm_of(g));
        }
        let along = x.iter().zip(g.iter()).fold(T::ZERO, |sum, (&x, &g)| sum + x / norm * g);
        for (g, &x) in g.iter_mut().zip(x) {
            *g -= along * (x / norm);
        }
        norm_of(g).hypot(self.0.gap(norm, along))
    }

    fn convexity(&self) -> T {
        self.0.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.0.validate()
    }
}

impl<T: Real> Penalty<T> for SparseGroup<T> {
    fn value(&self, x: &[T]) -> T {
        let sum = x.iter().fold(T::ZERO, |sum, x| sum + x.abs());
        self.strength * sum + self.group_strength * norm_of(x)
    }

    fn prox(&self, x: &mut [T], rate: T) {
        for x in x.iter_mut() {
            *x = soft(*x, rate * self.strength);
        }
        let norm = norm_of(x);
        if norm == T::ZERO {
            return;
        }
        let factor = soft(norm, rate * self.group_strength) / norm;
        for x in x {
            *x *= factor;
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let norm = norm_of(x);
        for (g, &x) in g.iter_mut().zip(x) {
            *g = if x == T::ZERO {
                soft(*g, self.strength)
            } else {
                *g + self.strength.copysign(x) + self.group_strength * (x / norm)
            };
        }
        if norm == T::ZERO { excess(norm_of(g), self.group_strength) } else { norm_of(g) }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)?;
        weight(self.group_strength)
    }
}
