//! Where the parameters may lie, as a policy of a method: everywhere, in a box, or on a manifold.
//!
//! A point has `A` coordinates and `N ≤ A` degrees of freedom. A step is given in the latter and [`Domain::retract`] makes a
//! point of it, so derivatives are taken with respect to a step at the current point. In a vector space `A = N` and a
//! step is added.

use nalgebra::SVector;

use crate::linalg::{entries, entries_mut};
use crate::real::{Number, Real};
use crate::step::ConfigError;

/// The set of admissible points with `A` coordinates and `N` degrees of freedom.
///
/// [`Everywhere`] costs nothing. Others: [`Bounds`], [`Affine`](super::Affine), [`UnitVector`](super::UnitVector),
/// [`Rotation`](super::Rotation), and [`Product`](super::Product) of any two.
pub trait Domain<T: Real, const N: usize, const A: usize = N>: Copy {
    /// Whether any bound exists; all work for bounds is compiled out otherwise.
    const BOUNDED: bool;

    /// How far degree of freedom `j` may be decreased (zero or less) and increased (zero or more) at `x`; infinite where
    /// there is no bound.
    fn room(&self, _x: &SVector<T, A>, _j: usize) -> (T, T) {
        (-T::INFINITY, T::INFINITY)
    }

    /// The point that a step from `x` leads to, over any [`Number`], so that it can be differentiated.
    fn retract<V: Number<Scalar = T>>(&self, x: &[T; A], step: &[V; N]) -> [V; A];

    /// As [`retract`](Self::retract) on numbers, followed by [`project`](Self::project); written to `to`.
    fn advance(&self, x: &SVector<T, A>, step: &SVector<T, N>, to: &mut SVector<T, A>) {
        *entries_mut(to) = self.retract(entries(x), entries(step));
        self.project(to);
    }

    /// What a step at `x` is compared with to call it short: `x` itself in a vector space, one radian for an angle.
    fn magnitude(&self, x: &SVector<T, A>) -> SVector<T, N>;

    /// Moves `x` to the nearest admissible point, and onto a bound that only rounding keeps it from.
    fn project(&self, x: &mut SVector<T, A>);

    /// Checks that the set is not empty.
    ///
    /// # Errors
    /// [`ConfigError::Bounds`] if a lower bound lies above its upper bound or is NaN.
    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// `x + step`.
#[inline(always)]
pub(super) fn add<T: Real, V: Number<Scalar = T>, const N: usize>(x: &[T; N], step: &[V; N]) -> [V; N] {
    let mut sum = *step;
    for (sum, &x) in sum.iter_mut().zip(x) {
        *sum = sum.offset(x);
    }
    sum
}

/// No bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Everywhere;

impl<T: Real, const N: usize> Domain<T, N> for Everywhere {
    const BOUNDED: bool = false;

    #[inline(always)]
    fn retract<V: Number<Scalar = T>>(&self, x: &[T; N], step: &[V; N]) -> [V; N] {
        add(x, step)
    }

    fn advance(&self, x: &SVector<T, N>, step: &SVector<T, N>, to: &mut SVector<T, N>) {
        for (to, (x, p)) in to.iter_mut().zip(x.iter().zip(step.iter())) {
            *to = *x + *p;
        }
    }

    fn magnitude(&self, x: &SVector<T, N>) -> SVector<T, N> {
        *x
    }

    fn project(&self, _: &mut SVector<T, N>) {}
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

    fn room(&self, x: &SVector<T, N>, j: usize) -> (T, T) {
        let (x, lower, upper) = (entries(x), entries(&self.lower), entries(&self.upper));
        if j < N { (lower[j] - x[j], upper[j] - x[j]) } else { (-T::INFINITY, T::INFINITY) }
    }

    #[inline(always)]
    fn retract<V: Number<Scalar = T>>(&self, x: &[T; N], step: &[V; N]) -> [V; N] {
        add(x, step)
    }

    fn magnitude(&self, x: &SVector<T, N>) -> SVector<T, N> {
        *x
    }

    fn project(&self, x: &mut SVector<T, N>) {
        for (x, (&lower, &upper)) in x.iter_mut().zip(self.lower.iter().zip(self.upper.iter())) {
            let rounding = T::of_f64(4.0) * T::EPSILON * x.abs();
            if *x - rounding <= lower {
                *x = lower;
            } else if *x + rounding >= upper {
                *x = upper;
            }
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let ordered = self.lower.iter().zip(self.upper.iter()).all(|(l, u)| l <= u);
        if ordered { Ok(()) } else { Err(ConfigError::Bounds) }
    }
}
