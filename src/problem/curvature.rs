//! Products with the Hessian, and matrices that stand for it.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns_mut, multiply, multiply_adjoint};
use crate::problem::{
    Curved, FiniteSum, Forward, Function, LeastSquares, Objective, Problem, Quadratic, Smooth, hessian_product,
};
use crate::real::Real;

/// A function with its gradient and products of its Hessian with a vector.
///
/// Of a [`Function`] a user writes only f: [`Forward`] has gradients, Hessians and products.
///
/// ```
/// use thalweg::{Number, problem::{Forward, Function, HessianProducts}};
/// use nalgebra::{vector, Vector2};
/// struct Product;
/// impl Function<f64, 2> for Product {
///     fn value<D: Number<Scalar = f64>>(&self, x: &[D; 2]) -> D { x[0] * x[1] }
/// }
/// let mut hv = Vector2::zeros();
/// Forward(Product).product(&vector![3.0, 5.0], &vector![1.0, 2.0], &mut hv).unwrap();
/// assert_eq!(hv, vector![2.0, 1.0]);
/// ```
pub trait HessianProducts<T: Real, const N: usize>: Smooth<T, N> {
    /// `∇²f(x) v`, written to `hv`.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `hv` may then hold anything.
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), Self::Error>;
}

impl<T: Real, const N: usize, P: HessianProducts<T, N> + ?Sized> HessianProducts<T, N> for &mut P {
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), Self::Error> {
        (**self).product(x, v, hv)
    }
}

impl<T: Real, const N: usize> HessianProducts<T, N> for Quadratic<T, N> {
    fn product(&mut self, _: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), Self::Error> {
        multiply(&self.hessian, v, hv);
        Ok(())
    }
}

impl<T: Real, const N: usize, F: Function<T, N>> HessianProducts<T, N> for Forward<F> {
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), Self::Error> {
        (*hv, _) = hessian_product(&self.0, x, v);
        Ok(())
    }
}

/// `½ ‖r(x)‖²` of a dense block of `M` residuals, with `JᵀJ` for its Hessian: what is left of it where the residuals are small or
/// nearly linear, and positive semidefinite everywhere (Nocedal & Wright, Numerical Optimization, 2nd ed., eq. 10.5).
///
/// ```
/// use thalweg::{Method, problem::{GaussNewtonCurvature, dense_fn}, smooth::RegularizedNewton};
/// use nalgebra::{matrix, vector, Matrix2, Vector2};
/// let residuals = dense_fn(|x: &Vector2<f64>, r: &mut Vector2<f64>, j: &mut Matrix2<f64>| {
///     *r = vector![x[0] - 1.0, 10.0 * (x[1] - x[0] * x[0])];
///     *j = matrix![1.0, 0.0; -20.0 * x[0], 10.0];
/// });
/// let (state, _) = RegularizedNewton::default().solve(vector![-1.2, 1.0], &mut GaussNewtonCurvature::<_, 2>(residuals), 1000).unwrap();
/// assert!((state.x() - vector![1.0, 1.0]).norm() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GaussNewtonCurvature<P, const M: usize>(pub P);

impl<P: Problem, const M: usize> Problem for GaussNewtonCurvature<P, M> {
    type Error = P::Error;
}

impl<T: Real, const M: usize, const N: usize, P: LeastSquares<T, M, N>> Objective<T, N> for GaussNewtonCurvature<P, M> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, P::Error> {
        let mut r: SVector<T, M> = linalg::zeros();
        self.0.residuals(x, &mut r)?;
        Ok(T::HALF * linalg::dot(&r, &r))
    }
}

impl<T: Real, const M: usize, const N: usize, P: LeastSquares<T, M, N>> Smooth<T, N> for GaussNewtonCurvature<P, M> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        let (mut r, mut j): (SVector<T, M>, SMatrix<T, M, N>) = (linalg::zeros(), linalg::zeros());
        self.0.linearize(x, &mut r, &mut j)?;
        multiply_adjoint(&j, &r, g);
        Ok(T::HALF * linalg::dot(&r, &r))
    }
}

impl<T: Real, const M: usize, const N: usize, P: LeastSquares<T, M, N>> Curved<T, N> for GaussNewtonCurvature<P, M> {
    fn hessian(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>, h: &mut SMatrix<T, N, N>) -> Result<T, P::Error> {
        let (mut r, mut j): (SVector<T, M>, SMatrix<T, M, N>) = (linalg::zeros(), linalg::zeros());
        self.0.linearize(x, &mut r, &mut j)?;
        multiply_adjoint(&j, &r, g);
        for (column, a) in columns_mut(h).iter_mut().zip(linalg::columns(&j)) {
            for (h, b) in column.iter_mut().zip(linalg::columns(&j)) {
                *h = linalg::dot_of(a, b);
            }
        }
        Ok(T::HALF * linalg::dot(&r, &r))
    }
}

impl<T: Real, const M: usize, const N: usize, P> HessianProducts<T, N> for GaussNewtonCurvature<P, M>
where
    P: LeastSquares<T, M, N>,
{
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), P::Error> {
        let (mut r, mut j): (SVector<T, M>, SMatrix<T, M, N>) = (linalg::zeros(), linalg::zeros());
        self.0.linearize(x, &mut r, &mut j)?;
        multiply(&j, v, &mut r);
        multiply_adjoint(&j, &r, hv);
        Ok(())
    }
}

/// The mean of n functions with the empirical Fisher matrix `(1/n) Σ ∇fᵢ ∇fᵢᵀ` for its Hessian, positive semidefinite everywhere.
///
/// An oracle call asks for all n terms: the inner oracle must answer at once. The labels of the data enter the matrix; it is the
/// Fisher matrix of a model only near a fit (Kunstner, Balles & Hennig, "Limitations of the empirical Fisher approximation", 2019).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FisherCurvature<P>(pub P);

impl<P> FisherCurvature<P> {
    /// The mean value and gradient; every gradient of a term is handed to `visit` with the weight 1/n.
    fn sum<T: Real, const N: usize>(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        mut visit: impl FnMut(&SVector<T, N>, T),
    ) -> Result<T, P::Error>
    where
        P: FiniteSum<T, N>,
    {
        let weight = T::ONE / T::of_usize(self.0.terms());
        // The mean of nothing is no number: no solve must converge on it.
        let nothing = if self.0.terms() == 0 { T::NAN } else { T::ZERO };
        let (mut value, mut part) = (nothing, linalg::zeros());
        *g = linalg::zeros();
        for i in 0..self.0.terms() {
            value += weight * self.0.term(i, x, &mut part)?;
            *g += part * weight;
            visit(&part, weight);
        }
        Ok(value)
    }
}

impl<P: Problem> Problem for FisherCurvature<P> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: FiniteSum<T, N>> Objective<T, N> for FisherCurvature<P> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, P::Error> {
        self.sum(x, &mut linalg::zeros(), |_, _| {})
    }
}

impl<T: Real, const N: usize, P: FiniteSum<T, N>> Smooth<T, N> for FisherCurvature<P> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        self.sum(x, g, |_, _| {})
    }
}

impl<T: Real, const N: usize, P: FiniteSum<T, N>> Curved<T, N> for FisherCurvature<P> {
    fn hessian(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>, h: &mut SMatrix<T, N, N>) -> Result<T, P::Error> {
        *h = linalg::zeros();
        self.sum(x, g, |part, weight| {
            for (column, &a) in columns_mut(h).iter_mut().zip(part.iter()) {
                for (h, &b) in column.iter_mut().zip(part.iter()) {
                    *h += weight * (a * b);
                }
            }
        })
    }
}

impl<T: Real, const N: usize, P: FiniteSum<T, N>> HessianProducts<T, N> for FisherCurvature<P> {
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), P::Error> {
        *hv = linalg::zeros();
        self.sum(x, &mut linalg::zeros(), |part, weight| *hv += part * (weight * linalg::dot(part, v)))?;
        Ok(())
    }
}
