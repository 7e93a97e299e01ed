//! Where the parameters may lie: everywhere, or in a box.

use nalgebra::SVector;

use crate::linalg::{entries, entries_mut};
use crate::real::Real;
use crate::step::ConfigError;

/// The set of admissible points, as a policy: [`Everywhere`] costs nothing.
pub trait Domain<T: Real, const N: usize>: Copy {
    /// Whether any bound exists; all work for bounds is compiled out otherwise.
    const BOUNDED: bool;

    /// The bounds of component `j`, infinite where there are none.
    fn interval(&self, j: usize) -> (T, T);

    /// Checks that the set is not empty.
    ///
    /// # Errors
    /// [`ConfigError::Bounds`] if a lower bound lies above its upper bound or is NaN.
    fn validate(&self) -> Result<(), ConfigError>;

    /// Moves `x` to the nearest admissible point, and onto a bound that only rounding keeps it from.
    fn project(&self, x: &mut SVector<T, N>) {
        if Self::BOUNDED {
            for (j, x) in x.iter_mut().enumerate() {
                let (lower, upper) = self.interval(j);
                let rounding = T::of_f64(4.0) * T::EPSILON * x.abs();
                if *x - rounding <= lower {
                    *x = lower;
                } else if *x + rounding >= upper {
                    *x = upper;
                }
            }
        }
    }
}

/// No bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Everywhere;

impl<T: Real, const N: usize> Domain<T, N> for Everywhere {
    const BOUNDED: bool = false;

    fn interval(&self, _: usize) -> (T, T) {
        (-T::INFINITY, T::INFINITY)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// A box `lower ≤ x ≤ upper`; components may be infinite, and equal bounds fix a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Bounds<T: Real, const N: usize> {
    /// The smallest admissible values.
    pub lower: SVector<T, N>,
    /// The largest admissible values.
    pub upper: SVector<T, N>,
}

impl<T: Real, const N: usize> Bounds<T, N> {
    /// A box from its two corners.
    #[must_use]
    pub const fn new(lower: SVector<T, N>, upper: SVector<T, N>) -> Self {
        Self { lower, upper }
    }

    /// The whole space, to be narrowed.
    #[must_use]
    pub fn none() -> Self {
        Self::new(SVector::from_element(-T::INFINITY), SVector::from_element(T::INFINITY))
    }

    /// The same box with parameter `j` fixed; an index beyond the last parameter changes nothing.
    #[must_use]
    pub fn fix(mut self, j: usize, value: T) -> Self {
        for corner in [&mut self.lower, &mut self.upper] {
            if let Some(bound) = entries_mut(corner).get_mut(j) {
                *bound = value;
            }
        }
        self
    }
}

impl<T: Real, const N: usize> Domain<T, N> for Bounds<T, N> {
    const BOUNDED: bool = true;

    fn interval(&self, j: usize) -> (T, T) {
        let (lower, upper) = (entries(&self.lower), entries(&self.upper));
        if j < N { (lower[j], upper[j]) } else { (-T::INFINITY, T::INFINITY) }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let ordered = self.lower.iter().zip(self.upper.iter()).all(|(l, u)| l <= u);
        if ordered { Ok(()) } else { Err(ConfigError::Bounds) }
    }
}
