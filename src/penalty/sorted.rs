//! Penalties that weigh entries by their rank.

use nalgebra::SVector;

use crate::linalg::{entries, vector};
use crate::penalty::Penalty;
use crate::penalty::isotonic::pool;
use crate::penalty::threshold::rounding;
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = Σ wⱼ |x|₍ⱼ₎`, the largest magnitude times the first weight and so on: SLOPE (Bogdan, van den Berg, Sabatti, Su &
/// Candès 2015). A slice of another length has an infinite value and is left as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct SortedL1<T: Real, const N: usize> {
    /// w, from the largest to the smallest. Zero or more, finite.
    pub weights: SVector<T, N>,
}

/// The convex hull of all permutations of a vector. A slice of another length is outside and is left as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Permutahedron<T: Real, const N: usize> {
    /// The vector, from its largest entry to its smallest. Finite.
    pub vertex: SVector<T, N>,
}

impl<T: Real, const N: usize> SortedL1<T, N> {
    /// The weights of OSCAR: `strength · Σ |xⱼ| + pairwise · Σ max(|xⱼ|, |xₖ|)` over all pairs (Bondell & Reich 2008).
    #[must_use]
    pub fn oscar(strength: T, pairwise: T) -> Self {
        Self { weights: vector(|j| strength + pairwise * T::of_usize(N.saturating_sub(j + 1))) }
    }
}

/// The keys of a slice from the smallest to the largest, with their places; `None` for another length.
fn ascending<T: Real, const N: usize>(x: &[T], key: impl Fn(T) -> T) -> Option<([T; N], [usize; N])> {
    let x = <&[T; N]>::try_from(x).ok()?;
    let mut keys = x.map(key);
    let mut places: [usize; N] = core::array::from_fn(|j| j);
    for _ in 0..N {
        let mut moved = false;
        for j in 1..N {
            if keys[j] < keys[j - 1] {
                (keys[j], keys[j - 1]) = (keys[j - 1], keys[j]);
                (places[j], places[j - 1]) = (places[j - 1], places[j]);
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    Some((keys, places))
}

/// Finite, and none larger than the one before.
fn descends<T: Real, const N: usize>(w: &SVector<T, N>) -> bool {
    w.iter().all(|w| w.is_finite()) && w.iter().zip(w.iter().skip(1)).all(|(a, b)| a >= b)
}

impl<T: Real, const N: usize> Penalty<T> for SortedL1<T, N> {
    fn value(&self, x: &[T]) -> T {
        let Some((sizes, _)) = ascending::<T, N>(x, |x| x.abs()) else { return T::INFINITY };
        sizes.iter().rev().zip(entries(&self.weights)).fold(T::ZERO, |sum, (&size, &w)| sum + w * size)
    }

    fn prox(&self, x: &mut [T], rate: T) {
        let Some((mut sizes, places)) = ascending::<T, N>(x, |x| x.abs()) else { return };
        for (size, &w) in sizes.iter_mut().rev().zip(entries(&self.weights)) {
            *size -= rate * w;
        }
        pool(&mut sizes);
        for (&size, &place) in sizes.iter().zip(&places) {
            if let Some(x) = x.get_mut(place) {
                *x = if size <= T::ZERO { T::ZERO } else { size.copysign(*x) };
            }
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let holds = descends(&self.weights) && self.weights.iter().all(|&w| w >= T::ZERO);
        if holds { Ok(()) } else { Err(ConfigError::Weight) }
    }
}

impl<T: Real, const N: usize> Penalty<T> for Permutahedron<T, N> {
    fn value(&self, x: &[T]) -> T {
        let Some((keys, _)) = ascending::<T, N>(x, |x| x) else { return T::INFINITY };
        let size = |v: &[T; N]| v.iter().fold(T::ZERO, |sum, v| sum + v.abs());
        let margin = rounding(N, size(&keys) + size(entries(&self.vertex)));
        let mut ahead = T::ZERO;
        for (&key, &w) in keys.iter().rev().zip(entries(&self.vertex)) {
            ahead += key - w;
            if !(ahead <= margin) {
                return T::INFINITY;
            }
        }
        if ahead >= -margin { T::ZERO } else { T::INFINITY }
    }

    /// What an isotonic regression of the sorted difference leaves (Lim & Wright 2016, section 3; Blondel, Teboul,
    /// Berthet & Djolonga 2020, proposition 3).
    fn prox(&self, x: &mut [T], _: T) {
        let Some((mut keys, places)) = ascending::<T, N>(x, |x| x) else { return };
        for (key, &w) in keys.iter_mut().rev().zip(entries(&self.vertex)) {
            *key -= w;
        }
        pool(&mut keys);
        for (&key, &place) in keys.iter().zip(&places) {
            if let Some(x) = x.get_mut(place) {
                *x -= key;
            }
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        if descends(&self.vertex) { Ok(()) } else { Err(ConfigError::Weight) }
    }
}
