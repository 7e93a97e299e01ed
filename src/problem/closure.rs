//! Oracles from closures, for plain mathematics that cannot fail.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, multiply};
use crate::problem::{Curved, HessianProducts, LeastSquares, Objective, Problem, Residuals, Rows, Smooth};
use crate::real::Real;

/// An objective from `f(x) -> value`; see [`value_fn`].
#[derive(Clone, Copy, Debug)]
pub struct ValueFn<F>(F);

/// A smooth objective from `f(x, g) -> value`; see [`gradient_fn`].
#[derive(Clone, Copy, Debug)]
pub struct GradientFn<F>(F);

/// A function with curvature from `f(x, g, h) -> value`; see [`hessian_fn`].
#[derive(Clone, Copy, Debug)]
pub struct HessianFn<F>(F);

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

/// A dense block from `f(x, r, j)`; see [`dense_fn`].
#[derive(Clone, Copy, Debug)]
pub struct DenseFn<F>(F);

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

/// A [`Curved`] function from a closure that returns the value at `x` and writes the gradient and the Hessian, or a matrix that stands
/// for it such as a Fisher matrix.
pub const fn hessian_fn<T: Real, const N: usize, F>(f: F) -> HessianFn<F>
where
    F: FnMut(&SVector<T, N>, &mut SVector<T, N>, &mut SMatrix<T, N, N>) -> T,
{
    HessianFn(f)
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

/// [`LeastSquares`] from a closure that writes the residuals and the Jacobian at `x`.
pub const fn dense_fn<T: Real, const M: usize, const N: usize, F>(f: F) -> DenseFn<F>
where
    F: FnMut(&SVector<T, N>, &mut SVector<T, M>, &mut SMatrix<T, M, N>),
{
    DenseFn(f)
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

impl<F> Problem for HessianFn<F> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, F> Objective<T, N> for HessianFn<F>
where
    F: FnMut(&SVector<T, N>, &mut SVector<T, N>, &mut SMatrix<T, N, N>) -> T,
{
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Infallible> {
        self.gradient(x, &mut linalg::zeros())
    }
}

impl<T: Real, const N: usize, F> Smooth<T, N> for HessianFn<F>
where
    F: FnMut(&SVector<T, N>, &mut SVector<T, N>, &mut SMatrix<T, N, N>) -> T,
{
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Infallible> {
        self.hessian(x, g, &mut linalg::zeros())
    }
}

impl<T: Real, const N: usize, F> Curved<T, N> for HessianFn<F>
where
    F: FnMut(&SVector<T, N>, &mut SVector<T, N>, &mut SMatrix<T, N, N>) -> T,
{
    fn hessian(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>, h: &mut SMatrix<T, N, N>) -> Result<T, Infallible> {
        Ok((self.0)(x, g, h))
    }
}

impl<T: Real, const N: usize, F> HessianProducts<T, N> for HessianFn<F>
where
    F: FnMut(&SVector<T, N>, &mut SVector<T, N>, &mut SMatrix<T, N, N>) -> T,
{
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), Infallible> {
        let mut h = linalg::zeros();
        self.hessian(x, &mut linalg::zeros(), &mut h)?;
        multiply(&h, v, hv);
        Ok(())
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

impl<F> Problem for DenseFn<F> {
    type Error = Infallible;
}

impl<T: Real, const M: usize, const N: usize, F> LeastSquares<T, M, N> for DenseFn<F>
where
    F: FnMut(&SVector<T, N>, &mut SVector<T, M>, &mut SMatrix<T, M, N>),
{
    fn residuals(&mut self, x: &SVector<T, N>, r: &mut SVector<T, M>) -> Result<(), Infallible> {
        self.linearize(x, r, &mut SMatrix::zeros())
    }

    fn linearize(
        &mut self,
        x: &SVector<T, N>,
        r: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<(), Infallible> {
        (self.0)(x, r, j);
        Ok(())
    }
}
