//! Oracles from closures, for plain mathematics that cannot fail.

use core::convert::Infallible;

use nalgebra::SVector;

use crate::problem::{Objective, Problem, Residuals, Rows, Smooth};
use crate::real::Real;

/// An objective from `f(x) -> value`; see [`value_fn`].
#[derive(Clone, Copy, Debug)]
pub struct ValueFn<F>(F);

/// A smooth objective from `f(x, g) -> value`; see [`gradient_fn`].
#[derive(Clone, Copy, Debug)]
pub struct GradientFn<F>(F);

/// Residuals from `f(i, x) -> residual`; see [`residual_fn`].
#[derive(Clone, Copy, Debug)]
pub struct ResidualFn<F> {
    rows: usize,
    residual: F,
}

/// Rows from `f(i, x, g) -> residual`; see [`row_fn`].
#[derive(Clone, Copy, Debug)]
pub struct RowFn<F> {
    rows: usize,
    row: F,
}

/// An [`Objective`] from a closure that returns the value at `x`.
pub const fn value_fn<T: Real, const N: usize, F: FnMut(&SVector<T, N>) -> T>(f: F) -> ValueFn<F> {
    ValueFn(f)
}

/// A [`Smooth`] objective from a closure that returns the value at `x` and writes the gradient.
pub const fn gradient_fn<T: Real, const N: usize, F: FnMut(&SVector<T, N>, &mut SVector<T, N>) -> T>(
    f: F,
) -> GradientFn<F> {
    GradientFn(f)
}

/// [`Residuals`] from a closure that returns the residual of sample `i` at `x`.
pub const fn residual_fn<T: Real, const N: usize, F: FnMut(usize, &SVector<T, N>) -> T>(
    rows: usize,
    residual: F,
) -> ResidualFn<F> {
    ResidualFn { rows, residual }
}

/// [`Rows`] from a closure that returns the residual of sample `i` at `x` and writes its row.
pub const fn row_fn<T: Real, const N: usize, F: FnMut(usize, &SVector<T, N>, &mut SVector<T, N>) -> T>(
    rows: usize,
    row: F,
) -> RowFn<F> {
    RowFn { rows, row }
}

impl<F> Problem for ValueFn<F> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, F: FnMut(&SVector<T, N>) -> T> Objective<T, N> for ValueFn<F> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Infallible> {
        Ok((self.0)(x))
    }
}

impl<F> Problem for GradientFn<F> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, F: FnMut(&SVector<T, N>, &mut SVector<T, N>) -> T> Objective<T, N> for GradientFn<F> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Infallible> {
        Ok((self.0)(x, &mut SVector::zeros()))
    }
}

impl<T: Real, const N: usize, F: FnMut(&SVector<T, N>, &mut SVector<T, N>) -> T> Smooth<T, N> for GradientFn<F> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Infallible> {
        Ok((self.0)(x, g))
    }
}

impl<F> Problem for ResidualFn<F> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, F: FnMut(usize, &SVector<T, N>) -> T> Residuals<T, N> for ResidualFn<F> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn residual(&mut self, i: usize, x: &SVector<T, N>) -> Result<T, Infallible> {
        Ok((self.residual)(i, x))
    }
}

impl<F> Problem for RowFn<F> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, F: FnMut(usize, &SVector<T, N>, &mut SVector<T, N>) -> T> Rows<T, N> for RowFn<F> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Infallible> {
        Ok((self.row)(i, x, g))
    }
}
