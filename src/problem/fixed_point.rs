//! Maps whose fixed points are wanted.

use core::convert::Infallible;

use nalgebra::SVector;

use crate::linalg;
use crate::problem::{Problem, Smooth};
use crate::real::Real;

/// A map `x ↦ G(x)` of `N` variables.
pub trait FixedPoint<T: Real, const N: usize>: Problem {
    /// Writes `G(x)` to `g`; returned is the merit of x, lower the better: what an iteration of G brings down, such as `f(x)` for a
    /// gradient step on f, or `‖G(x) - x‖` where nothing else is known. A merit that is not finite rejects the point; it is not an error.
    ///
    /// # Errors
    /// As for [`Objective::value`](crate::problem::Objective::value); `g` may then hold anything.
    fn map(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error>;
}

/// A [`FixedPoint`] from a closure; see [`map_fn`].
#[derive(Clone, Copy, Debug)]
pub struct MapFn<F>(F);

/// A [`FixedPoint`] from a closure that returns `G(x)`; its merit is `‖G(x) - x‖`.
pub const fn map_fn<T: Real, const N: usize, F: FnMut(&SVector<T, N>) -> SVector<T, N>>(f: F) -> MapFn<F> {
    MapFn(f)
}

impl<F> Problem for MapFn<F> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, F: FnMut(&SVector<T, N>) -> SVector<T, N>> FixedPoint<T, N> for MapFn<F> {
    fn map(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Infallible> {
        *g = (self.0)(x);
        Ok(linalg::norm(&(*g - x)))
    }
}

/// The gradient step `G(x) = x - rate · ∇f(x)` of a smooth function, whose fixed points are stationary; its merit is f.
///
/// ```
/// use thalweg::problem::{FixedPoint, GradientStep, gradient_fn};
/// use nalgebra::{Vector2, vector};
/// let bowl = gradient_fn(|x: &Vector2<f64>, g| { *g = *x; 0.5 * x.norm_squared() });
/// let mut g = vector![0.0, 0.0];
/// assert_eq!(GradientStep { inner: bowl, rate: 0.5 }.map(&vector![2.0, 4.0], &mut g), Ok(10.0));
/// assert_eq!(g, vector![1.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientStep<P, T> {
    /// f.
    pub inner: P,
    /// Positive; at most about `1/L` with the Lipschitz constant of ∇f.
    pub rate: T,
}

impl<P: Problem, T> Problem for GradientStep<P, T> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Smooth<T, N>> FixedPoint<T, N> for GradientStep<P, T> {
    fn map(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        let value = self.inner.gradient(x, g)?;
        *g = x - *g * self.rate;
        Ok(value)
    }
}

impl<T: Real, const N: usize, P: FixedPoint<T, N> + ?Sized> FixedPoint<T, N> for &mut P {
    fn map(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        (**self).map(x, g)
    }
}
