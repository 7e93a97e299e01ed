//! Nonlinear programs as oracles.

use nalgebra::{SMatrix, SVector};

use crate::problem::{Counted, Faulty, Forward, Injected, Problem, take_apart, variables};
use crate::real::{Number, Real};

/// A smooth function of N variables with M smooth constraint functions: `minimize f(x)`, `lower ≤ c(x) ≤ upper`. The limits
/// are the method's to know.
pub trait NonlinearProgram<T: Real, const N: usize, const M: usize>: Problem {
    /// The value `f(x)`; its gradient, `c(x)` and the Jacobian `∂cᵢ/∂xⱼ` written to `g`, `c` and `j`.
    ///
    /// # Errors
    /// Whatever keeps the oracle from answering; `g`, `c` and `j` may then hold anything.
    fn linearize(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        c: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<T, Self::Error>;
}

/// A nonlinear program written once over any [`Number`]; [`Forward`] derives it.
pub trait ConstrainedFunction<T: Real, const N: usize, const M: usize> {
    /// `f(x)` and `c(x)`.
    fn evaluate<D: Number<Scalar = T>>(&self, x: &[D; N]) -> (D, [D; M]);
}

impl<T: Real, const N: usize, const M: usize, F: ConstrainedFunction<T, N, M>> NonlinearProgram<T, N, M>
    for Forward<F>
{
    fn linearize(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        c: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<T, Self::Error> {
        let (value, constraints) = self.0.evaluate(&variables(x));
        *g = SVector::from(value.gradient);
        take_apart(constraints, c, j);
        Ok(value.value)
    }
}

impl<T: Real, const N: usize, const M: usize, P> NonlinearProgram<T, N, M> for &mut P
where
    P: NonlinearProgram<T, N, M> + ?Sized,
{
    fn linearize(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        c: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<T, P::Error> {
        (**self).linearize(x, g, c, j)
    }
}

impl<T: Real, const N: usize, const M: usize, P: NonlinearProgram<T, N, M>> NonlinearProgram<T, N, M> for Counted<P> {
    fn linearize(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        c: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<T, P::Error> {
        let value = self.inner.linearize(x, g, c, j)?;
        self.gradients += 1;
        Ok(value)
    }
}

impl<T: Real, const N: usize, const M: usize, P: NonlinearProgram<T, N, M>> NonlinearProgram<T, N, M> for Faulty<P> {
    fn linearize(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        c: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<T, Injected<P::Error>> {
        let struck = self.strike()?;
        let value = self.inner.linearize(x, g, c, j).map_err(Injected::Inner)?;
        Ok(if struck { T::NAN } else { value })
    }
}
