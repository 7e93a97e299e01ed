//! Functions that answer in parts: a block of the gradient, or one term of a sum.

use nalgebra::SVector;

use crate::linalg::{self, entries, entries_mut};
use crate::problem::{Dual, Forward, Function, Problem, Quadratic, Smooth};
use crate::real::Real;

/// A function of `N` variables in blocks of `B`, of which it can be asked one at a time; `B` divides `N`.
pub trait Partial<T: Real, const N: usize, const B: usize>: Problem {
    /// The value at `x`, and the derivatives by the variables `B · block` to `B · (block + 1) - 1` written to `g`.
    ///
    /// # Errors
    /// As for [`Objective::value`](crate::problem::Objective::value); `g` may then hold anything.
    fn partial(&mut self, block: usize, x: &SVector<T, N>, g: &mut SVector<T, B>) -> Result<T, Self::Error>;
}

/// The mean of any number of smooth functions, `f(x) = (1/n) Σ fᵢ(x)`, of which one is asked at a time.
pub trait FiniteSum<T: Real, const N: usize>: Problem {
    /// n.
    fn terms(&self) -> usize;

    /// `fᵢ(x)`, and its gradient written to `g`.
    ///
    /// # Errors
    /// As for [`Objective::value`](crate::problem::Objective::value); `g` may then hold anything.
    fn term(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error>;
}

impl<T: Real, const N: usize, const B: usize> Partial<T, N, B> for Quadratic<T, N> {
    fn partial(&mut self, block: usize, x: &SVector<T, N>, g: &mut SVector<T, B>) -> Result<T, Self::Error> {
        const { assert!(B > 0 && N.is_multiple_of(B), "B divides N") };
        let mut gradient = linalg::zeros();
        let value = self.gradient(x, &mut gradient)?;
        for (g, &part) in
            entries_mut(g).iter_mut().zip(entries(&gradient).chunks_exact(B).nth(block).unwrap_or_default())
        {
            *g = part;
        }
        Ok(value)
    }
}

impl<T: Real, const N: usize, const B: usize, F: Function<T, N>> Partial<T, N, B> for Forward<F> {
    fn partial(&mut self, block: usize, x: &SVector<T, N>, g: &mut SVector<T, B>) -> Result<T, Self::Error> {
        const { assert!(B > 0 && N.is_multiple_of(B), "B divides N") };
        let first = block.saturating_mul(B);
        let x = entries(x);
        let point: [Dual<T, B>; N] = core::array::from_fn(|j| Dual {
            value: x[j],
            gradient: core::array::from_fn(|k| if first.wrapping_add(k) == j { T::ONE } else { T::ZERO }),
        });
        let value = self.0.value(&point);
        *g = SVector::from(value.gradient);
        Ok(value.value)
    }
}

impl<T: Real, const N: usize, const B: usize, P: Partial<T, N, B> + ?Sized> Partial<T, N, B> for &mut P {
    fn partial(&mut self, block: usize, x: &SVector<T, N>, g: &mut SVector<T, B>) -> Result<T, Self::Error> {
        (**self).partial(block, x, g)
    }
}

impl<T: Real, const N: usize, P: FiniteSum<T, N> + ?Sized> FiniteSum<T, N> for &mut P {
    fn terms(&self) -> usize {
        (**self).terms()
    }

    fn term(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        (**self).term(i, x, g)
    }
}
