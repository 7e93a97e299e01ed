//! Fault injection, for tests and simulation.

use nalgebra::{SMatrix, SVector};

use crate::problem::{
    Block, Curved, FiniteSum, FixedPoint, HessianProducts, LeastSquares, Objective, Partial, Problem, Residuals, Rows,
    Separable, Smooth,
};
use crate::real::Real;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The evaluation fails with [`Injected::Fault`].
    Error,
    /// The evaluation answers NaN.
    Nan,
}

/// The error of a [`Faulty`] oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injected<E> {
    /// The injected fault.
    Fault,
    /// The oracle's own error.
    Inner(E),
}

/// An oracle with one fault, at evaluation number `at` (from zero); every other evaluation is the inner one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faulty<P> {
    /// The oracle.
    pub inner: P,
    fault: Fault,
    at: u64,
    evaluations: u64,
}

impl<P: Problem> Faulty<P> {
    /// A fault at evaluation `at`.
    pub const fn new(inner: P, fault: Fault, at: u64) -> Self {
        Self { inner, fault, at, evaluations: 0 }
    }

    /// Evaluations so far, the failed one included.
    pub const fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Counts an evaluation; whether it must answer NaN.
    pub(crate) fn strike(&mut self) -> Result<bool, Injected<P::Error>> {
        let struck = self.evaluations == self.at;
        self.evaluations += 1;
        match self.fault {
            Fault::Error if struck => Err(Injected::Fault),
            Fault::Error => Ok(false),
            Fault::Nan => Ok(struck),
        }
    }
}

impl<P: Problem> Problem for Faulty<P> {
    type Error = Injected<P::Error>;
}

impl<T: Real, const N: usize, P: Objective<T, N>> Objective<T, N> for Faulty<P> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let value = self.inner.value(x).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { value })
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Smooth<T, N> for Faulty<P> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let value = self.inner.gradient(x, g).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { value })
    }
}

impl<T: Real, const N: usize, P: Curved<T, N>> Curved<T, N> for Faulty<P> {
    fn hessian(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        h: &mut SMatrix<T, N, N>,
    ) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let value = self.inner.hessian(x, g, h).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { value })
    }
}

impl<T: Real, const N: usize, P: HessianProducts<T, N>> HessianProducts<T, N> for Faulty<P> {
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), Self::Error> {
        let struck = self.strike()?;
        self.inner.product(x, v, hv).map_err(Injected::Inner)?;
        if struck {
            *hv = SVector::from_element(T::NAN);
        }
        Ok(())
    }
}

impl<T: Real, const N: usize, P: Residuals<T, N>> Residuals<T, N> for Faulty<P> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn residual(&mut self, i: usize, x: &SVector<T, N>) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let residual = self.inner.residual(i, x).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { residual })
    }
}

impl<T: Real, const N: usize, const A: usize, P: Rows<T, N, A>> Rows<T, N, A> for Faulty<P> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn row(&mut self, i: usize, x: &SVector<T, A>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let residual = self.inner.row(i, x, g).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { residual })
    }

    fn block(&mut self, first: usize, x: &SVector<T, A>, block: &mut Block<T, N>) -> Result<(), Self::Error> {
        let struck = self.strike()?;
        self.inner.block(first, x, block).map_err(Injected::Inner)?;
        if struck {
            block.map(|_, r| {
                *r = T::NAN;
                T::NAN
            });
        }
        Ok(())
    }
}

impl<T: Real, const M: usize, const N: usize, const A: usize, P> LeastSquares<T, M, N, A> for Faulty<P>
where
    P: LeastSquares<T, M, N, A>,
{
    fn residuals(&mut self, x: &SVector<T, A>, r: &mut SVector<T, M>) -> Result<(), Self::Error> {
        let struck = self.strike()?;
        self.inner.residuals(x, r).map_err(Injected::Inner)?;
        if struck {
            *r = SVector::from_element(T::NAN);
        }
        Ok(())
    }

    fn linearize(
        &mut self,
        x: &SVector<T, A>,
        r: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<(), Self::Error> {
        let struck = self.strike()?;
        self.inner.linearize(x, r, j).map_err(Injected::Inner)?;
        if struck {
            *r = SVector::from_element(T::NAN);
        }
        Ok(())
    }
}

impl<T: Real, const L: usize, const N: usize, P: Separable<T, L, N>> Separable<T, L, N> for Faulty<P> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn basis(&mut self, i: usize, x: &SVector<T, N>, phi: &mut SVector<T, L>) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let reading = self.inner.basis(i, x, phi).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { reading })
    }

    fn linearize(
        &mut self,
        i: usize,
        x: &SVector<T, N>,
        phi: &mut SVector<T, L>,
        slopes: &mut SMatrix<T, L, N>,
    ) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let reading = self.inner.linearize(i, x, phi, slopes).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { reading })
    }
}

impl<T: Real, const N: usize, const B: usize, P: Partial<T, N, B>> Partial<T, N, B> for Faulty<P> {
    fn partial(&mut self, block: usize, x: &SVector<T, N>, g: &mut SVector<T, B>) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let value = self.inner.partial(block, x, g).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { value })
    }
}

impl<T: Real, const N: usize, P: FiniteSum<T, N>> FiniteSum<T, N> for Faulty<P> {
    fn terms(&self) -> usize {
        self.inner.terms()
    }

    fn term(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let value = self.inner.term(i, x, g).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { value })
    }
}

impl<T: Real, const N: usize, P: FixedPoint<T, N>> FixedPoint<T, N> for Faulty<P> {
    fn map(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        let struck = self.strike()?;
        let merit = self.inner.map(x, g).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { merit })
    }
}
