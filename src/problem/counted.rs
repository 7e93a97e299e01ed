//! Counting evaluations.

use nalgebra::{SMatrix, SVector};

use crate::problem::{
    Block, Curved, FiniteSum, FixedPoint, HessianProducts, LeastSquares, Objective, Partial, Problem, Residuals, Rows,
    Separable, Smooth,
};
use crate::real::Real;

/// Counts the answers of an oracle; questions it could not answer are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted<P> {
    /// The oracle.
    pub inner: P,
    /// Values, single residuals, vectors of residuals and points (proximal operators, projections, products, maps) answered.
    pub values: u64,
    /// Gradients, Jacobians, Hessians, products with a Hessian or a transpose answered.
    pub gradients: u64,
    /// Blocks of rows answered.
    pub blocks: u64,
    /// Rows answered, singly or in blocks.
    pub rows: u64,
}

impl<P> Counted<P> {
    /// Counts from zero.
    pub const fn new(inner: P) -> Self {
        Self { inner, values: 0, gradients: 0, blocks: 0, rows: 0 }
    }

    /// All oracle calls: values, gradients or Jacobians, and blocks of rows.
    pub const fn calls(&self) -> u64 {
        self.values + self.gradients + self.blocks
    }
}

impl<P: Problem> Problem for Counted<P> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Objective<T, N>> Objective<T, N> for Counted<P> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, P::Error> {
        let value = self.inner.value(x)?;
        self.values += 1;
        Ok(value)
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Smooth<T, N> for Counted<P> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        let value = self.inner.gradient(x, g)?;
        self.gradients += 1;
        Ok(value)
    }
}

impl<T: Real, const N: usize, P: Curved<T, N>> Curved<T, N> for Counted<P> {
    fn hessian(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>, h: &mut SMatrix<T, N, N>) -> Result<T, P::Error> {
        let value = self.inner.hessian(x, g, h)?;
        self.gradients += 1;
        Ok(value)
    }
}

impl<T: Real, const N: usize, P: HessianProducts<T, N>> HessianProducts<T, N> for Counted<P> {
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), P::Error> {
        self.inner.product(x, v, hv)?;
        self.gradients += 1;
        Ok(())
    }
}

impl<T: Real, const N: usize, P: Residuals<T, N>> Residuals<T, N> for Counted<P> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn residual(&mut self, i: usize, x: &SVector<T, N>) -> Result<T, P::Error> {
        let residual = self.inner.residual(i, x)?;
        self.values += 1;
        Ok(residual)
    }
}

impl<T: Real, const N: usize, const A: usize, P: Rows<T, N, A>> Rows<T, N, A> for Counted<P> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn row(&mut self, i: usize, x: &SVector<T, A>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        let residual = self.inner.row(i, x, g)?;
        self.rows += 1;
        Ok(residual)
    }

    fn block(&mut self, first: usize, x: &SVector<T, A>, block: &mut Block<T, N>) -> Result<(), P::Error> {
        self.inner.block(first, x, block)?;
        self.blocks += 1;
        self.rows += block.len() as u64;
        Ok(())
    }
}

impl<T: Real, const M: usize, const N: usize, const A: usize, P> LeastSquares<T, M, N, A> for Counted<P>
where
    P: LeastSquares<T, M, N, A>,
{
    fn residuals(&mut self, x: &SVector<T, A>, r: &mut SVector<T, M>) -> Result<(), P::Error> {
        self.inner.residuals(x, r)?;
        self.values += 1;
        Ok(())
    }

    fn linearize(
        &mut self,
        x: &SVector<T, A>,
        r: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<(), P::Error> {
        self.inner.linearize(x, r, j)?;
        self.gradients += 1;
        Ok(())
    }
}

impl<T: Real, const L: usize, const N: usize, P: Separable<T, L, N>> Separable<T, L, N> for Counted<P> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn basis(&mut self, i: usize, x: &SVector<T, N>, phi: &mut SVector<T, L>) -> Result<T, P::Error> {
        let reading = self.inner.basis(i, x, phi)?;
        self.values += 1;
        Ok(reading)
    }

    fn linearize(
        &mut self,
        i: usize,
        x: &SVector<T, N>,
        phi: &mut SVector<T, L>,
        slopes: &mut SMatrix<T, L, N>,
    ) -> Result<T, P::Error> {
        let reading = self.inner.linearize(i, x, phi, slopes)?;
        self.gradients += 1;
        Ok(reading)
    }
}

impl<T: Real, const N: usize, const B: usize, P: Partial<T, N, B>> Partial<T, N, B> for Counted<P> {
    fn partial(&mut self, block: usize, x: &SVector<T, N>, g: &mut SVector<T, B>) -> Result<T, P::Error> {
        let value = self.inner.partial(block, x, g)?;
        self.gradients += 1;
        Ok(value)
    }
}

impl<T: Real, const N: usize, P: FiniteSum<T, N>> FiniteSum<T, N> for Counted<P> {
    fn terms(&self) -> usize {
        self.inner.terms()
    }

    fn term(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        let value = self.inner.term(i, x, g)?;
        self.gradients += 1;
        Ok(value)
    }
}

impl<T: Real, const N: usize, P: FixedPoint<T, N>> FixedPoint<T, N> for Counted<P> {
    fn map(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        let merit = self.inner.map(x, g)?;
        self.values += 1;
        Ok(merit)
    }
}
