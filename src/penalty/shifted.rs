//! A penalty with a linear term, around another center, or in other coordinates.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns, dot_of, entries, entries_mut, max_abs, vector};
use crate::penalty::threshold::rounding;
use crate::penalty::{Penalty, Separable};
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) + ⟨tilt, x⟩`; coordinates beyond the last of the tilt have none.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "T: Real + serde::Serialize, P: serde::Serialize",
        deserialize = "T: Real + serde::de::DeserializeOwned, P: serde::Deserialize<'de>"
    ))
)]
pub struct Tilted<P, T: Real, const N: usize> {
    /// p.
    pub penalty: P,
    /// Finite.
    pub tilt: SVector<T, N>,
}

/// `p(x - center)`. A slice of another length has an infinite value and is left as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "T: Real + serde::Serialize, P: serde::Serialize",
        deserialize = "T: Real + serde::de::DeserializeOwned, P: serde::Deserialize<'de>"
    ))
)]
pub struct Translated<P, T: Real, const N: usize> {
    /// p.
    pub penalty: P,
    /// Finite.
    pub center: SVector<T, N>,
}

/// `p(Q x)` with an orthogonal matrix Q. A slice of another length has an infinite value and is left as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "T: Real + serde::Serialize, P: serde::Serialize",
        deserialize = "T: Real + serde::de::DeserializeOwned, P: serde::Deserialize<'de>"
    ))
)]
pub struct Rotated<P, T: Real, const N: usize> {
    /// p.
    pub penalty: P,
    /// Q. `QᵀQ` is the identity up to rounding.
    pub rotation: SMatrix<T, N, N>,
}

/// A vector of finite entries, else the complaint.
fn finite<T: Real, const N: usize>(v: &SVector<T, N>) -> Result<(), ConfigError> {
    if crate::linalg::all_finite(v) { Ok(()) } else { Err(ConfigError::Weight) }
}

impl<T: Real, P: Penalty<T>, const N: usize> Penalty<T> for Tilted<P, T, N> {
    fn value(&self, x: &[T]) -> T {
        self.penalty.value(x) + dot_of(entries(&self.tilt), x)
    }

    fn prox(&self, x: &mut [T], rate: T) {
        for (x, &tilt) in x.iter_mut().zip(entries(&self.tilt)) {
            *x -= rate * tilt;
        }
        self.penalty.prox(x, rate);
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        for (g, &tilt) in g.iter_mut().zip(entries(&self.tilt)) {
            *g += tilt;
        }
        self.penalty.gap(x, g)
    }

    fn convexity(&self) -> T {
        self.penalty.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        finite(&self.tilt)?;
        self.penalty.validate()
    }
}

impl<T: Real, P: Separable<T>, const N: usize> Separable<T> for Tilted<P, T, N> {
    fn value_at(&self, j: usize, x: T) -> T {
        self.penalty.value_at(j, x) + entry(&self.tilt, j) * x
    }

    fn prox_at(&self, j: usize, x: T, rate: T) -> T {
        self.penalty.prox_at(j, x - rate * entry(&self.tilt, j), rate)
    }

    fn gap_at(&self, j: usize, x: T, g: T) -> T {
        self.penalty.gap_at(j, x, g + entry(&self.tilt, j))
    }
}

/// Entry j, zero beyond the last.
fn entry<T: Real, const N: usize>(v: &SVector<T, N>, j: usize) -> T {
    entries(v).get(j).copied().unwrap_or_default()
}

impl<T: Real, P, const N: usize> Translated<P, T, N> {
    /// `x - center`.
    fn centered(&self, x: &[T]) -> Option<[T; N]> {
        let mut x = *<&[T; N]>::try_from(x).ok()?;
        for (x, &center) in x.iter_mut().zip(entries(&self.center)) {
            *x -= center;
        }
        Some(x)
    }
}

impl<T: Real, P: Penalty<T>, const N: usize> Penalty<T> for Translated<P, T, N> {
    fn value(&self, x: &[T]) -> T {
        self.centered(x).map_or(T::INFINITY, |x| self.penalty.value(&x))
    }

    fn prox(&self, x: &mut [T], rate: T) {
        let Some(mut z) = self.centered(x) else { return };
        self.penalty.prox(&mut z, rate);
        for ((x, &z), &center) in x.iter_mut().zip(&z).zip(entries(&self.center)) {
            *x = z + center;
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        self.centered(x).map_or(T::INFINITY, |x| self.penalty.gap(&x, g))
    }

    fn convexity(&self) -> T {
        self.penalty.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        finite(&self.center)?;
        self.penalty.validate()
    }
}

impl<T: Real, P: Separable<T>, const N: usize> Separable<T> for Translated<P, T, N> {
    fn value_at(&self, j: usize, x: T) -> T {
        self.penalty.value_at(j, x - entry(&self.center, j))
    }

    fn prox_at(&self, j: usize, x: T, rate: T) -> T {
        let center = entry(&self.center, j);
        self.penalty.prox_at(j, x - center, rate) + center
    }

    fn gap_at(&self, j: usize, x: T, g: T) -> T {
        self.penalty.gap_at(j, x - entry(&self.center, j), g)
    }
}

impl<T: Real, P, const N: usize> Rotated<P, T, N> {
    /// `Q x`.
    fn turned(&self, x: &[T]) -> Option<SVector<T, N>> {
        let x = <&[T; N]>::try_from(x).ok()?;
        let mut sum = vector(|_| T::ZERO);
        for (column, &x) in columns(&self.rotation).iter().zip(x) {
            for (sum, &q) in entries_mut(&mut sum).iter_mut().zip(column) {
                *sum += q * x;
            }
        }
        Some(sum)
    }
}

impl<T: Real, P: Penalty<T>, const N: usize> Penalty<T> for Rotated<P, T, N> {
    fn value(&self, x: &[T]) -> T {
        self.turned(x).map_or(T::INFINITY, |x| self.penalty.value(entries(&x)))
    }

    fn prox(&self, x: &mut [T], rate: T) {
        let Some(mut z) = self.turned(x) else { return };
        self.penalty.prox(entries_mut(&mut z), rate);
        for (x, column) in x.iter_mut().zip(columns(&self.rotation)) {
            *x = dot_of(column, entries(&z));
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let (Some(mut x), Some(mut g)) = (self.turned(x), self.turned(g)) else { return T::INFINITY };
        // Rounding turns a zero into nearly one, where the subdifferential is another.
        let haze = rounding(N, T::TWO) * max_abs(&x);
        for x in entries_mut(&mut x).iter_mut().filter(|x| x.abs() <= haze) {
            *x = T::ZERO;
        }
        self.penalty.gap(entries(&x), entries_mut(&mut g))
    }

    fn convexity(&self) -> T {
        self.penalty.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let q = columns(&self.rotation);
        let margin = rounding(N, T::TWO);
        let orthogonal = q.iter().enumerate().all(|(i, a)| {
            let expected = |j| if i == j { T::ONE } else { T::ZERO };
            q.iter().enumerate().all(|(j, b)| (dot_of(a, b) - expected(j)).abs() <= margin)
        });
        if !orthogonal {
            return Err(ConfigError::Dependent);
        }
        self.penalty.validate()
    }
}
