//! Oracles: what a problem answers when a method asks, and the wrappers that observe or change the answers.
//!
//! | wrapper | over | what it does |
//! |---|---|---|
//! | [`value_fn`], [`gradient_fn`], [`hessian_fn`], [`residual_fn`], [`row_fn`], [`dense_fn`] | closures | make an oracle of a closure |
//! | [`Quadratic`] | a matrix and a vector, or squares added one at a time | values, gradients, Hessians, blocks |
//! | [`Forward`] | a model over [`Number`](crate::real::Number) | exact derivatives by dual numbers |
//! | [`Differences`] | values or residuals | derivatives by finite differences |
//! | [`GradientDifferences`] | gradients | Hessians and products by finite differences |
//! | [`GaussNewtonCurvature`], [`FisherCurvature`] | a dense block, a finite sum | a positive semidefinite matrix for the Hessian |
//! | [`Stacked`] | samples of K residuals | hands them out as rows |
//! | [`Tangent`] | rows by coordinates | turns derivatives by coordinates into derivatives along a manifold |
//! | [`Robust`] | rows | a robust loss, second-order or reweighted |
//! | [`Orthogonal`] | a curve through measured points | rows of orthogonal distances: errors in both variables |
//! | [`Prior`] | rows | a Gaussian prior in information form |
//! | [`Quadratic`] | none | a quadratic function, its gradient and Hessian; linear least squares one sample at a time |
//! | [`map_fn`], [`GradientStep`] | a closure, a smooth function | a map whose fixed points are wanted |
//! | [`Cached`] | values and gradients | answers a repeated question from memory |
//! | [`Counted`] | any | counts evaluations |
//! | [`Mailbox`] | none | parks the question for somebody else to answer (ask/tell) |
//! | [`Faulty`] | any | fails or answers NaN at a chosen evaluation |

mod block;
mod cached;
mod closure;
mod counted;
mod curvature;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod difference;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod dual;
mod faulty;
mod fixed_point;
mod mailbox;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..K")]
mod orthogonal;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod partial;
mod prior;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod quadratic;
mod robust;
mod scale;
#[allow(clippy::indexing_slicing, reason = "indices are remainders by K")]
mod stacked;
mod tangent;

use nalgebra::{SMatrix, SVector};

pub use block::{Block, LANES};
pub use cached::Cached;
pub use closure::{
    DenseFn, GradientFn, HessianFn, ResidualFn, RowFn, ValueFn, dense_fn, gradient_fn, hessian_fn, residual_fn, row_fn,
    value_fn,
};
pub use counted::Counted;
pub use curvature::{FisherCurvature, GaussNewtonCurvature, HessianProducts};
pub use difference::{Differences, GradientDifferences, Mismatch, check_gradient, check_row};
pub use dual::{Dual, Equations, Forward, Function, Model, SeparableModel, VectorModel, hessian_product};
pub(crate) use dual::{take_apart, variables};
pub use faulty::{Fault, Faulty, Injected};
pub use fixed_point::{FixedPoint, GradientStep, MapFn, map_fn};
pub use mailbox::{Asked, Mailbox};
pub use orthogonal::{Curve, Orthogonal, Sample};
pub use partial::{FiniteSum, Partial};
pub use prior::Prior;
pub use quadratic::{Curved, Quadratic};
pub use robust::{Loss, LossAt, Robust};
pub(crate) use scale::median;
pub use scale::robust_scale;
pub use stacked::Stacked;
pub use tangent::Tangent;

use crate::real::Real;

/// What all oracles share: the error of an evaluation that could not be made.
pub trait Problem {
    /// `Infallible` for plain mathematics; a bus error, a missing answer or a full buffer for the real world.
    type Error;
}

/// A function of `N` variables.
pub trait Objective<T: Real, const N: usize>: Problem {
    /// The value at `x`. A value that is not finite rejects the point; it is not an error.
    ///
    /// # Errors
    /// Whatever keeps the oracle from answering; the method stays where it is and asks again at the next step.
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Self::Error>;
}

/// A function with its gradient.
pub trait Smooth<T: Real, const N: usize>: Objective<T, N> {
    /// The value at `x`, and the gradient written to `g`.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `g` may then hold anything.
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error>;
}

/// Residuals without derivatives; [`Differences`] makes [`Rows`] of them.
pub trait Residuals<T: Real, const N: usize>: Problem {
    /// The number of samples.
    fn rows(&self) -> usize;
    /// The residual of sample `i` at `x`.
    ///
    /// # Errors
    /// As for [`Objective::value`].
    fn residual(&mut self, i: usize, x: &SVector<T, N>) -> Result<T, Self::Error>;
}

/// A sum of squares over any number of samples, streamed: `F(x) = ½ Σ rᵢ(x)²`.
///
/// A point has `A` coordinates and `N` degrees of freedom, the same in a vector space; derivatives are taken with respect
/// to the latter (see [`Domain`](crate::least_squares::Domain), and [`Tangent`] for a problem that knows only the
/// coordinates).
///
/// An implementation *must* answer for any order and repetition of `i`, and *must not* change the number of rows during
/// a solve; it *may* hand out up to [`LANES`] samples at a time through [`block`](Self::block), which is where registers
/// and vector units earn their keep.
pub trait Rows<T: Real, const N: usize, const A: usize = N>: Problem {
    /// The number of samples.
    fn rows(&self) -> usize;

    /// The residual of sample `i` at `x`, and its derivatives `∂r/∂xⱼ` written to `g`.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `g` may then hold anything.
    fn row(&mut self, i: usize, x: &SVector<T, A>, g: &mut SVector<T, N>) -> Result<T, Self::Error>;

    /// Samples from `first` on, pushed to the empty `block`: at least one, at most as many as there are and as fit.
    /// Provided: one, from [`row`](Self::row).
    ///
    /// # Errors
    /// As for [`row`](Self::row); the block is then discarded.
    fn block(&mut self, first: usize, x: &SVector<T, A>, block: &mut Block<T, N>) -> Result<(), Self::Error> {
        let mut g = SVector::<T, N>::zeros();
        let residual = self.row(first, x, &mut g)?;
        block.push(g, residual);
        Ok(())
    }
}

/// Samples with `K` residuals each, streamed; [`Stacked`] makes [`Rows`] of them.
pub trait VectorRows<T: Real, const K: usize, const N: usize, const A: usize = N>: Problem {
    /// The number of samples.
    fn rows(&self) -> usize;

    /// The residuals of sample `i` at `x`, written to `r`, and the derivatives of each, written to `g`.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `r` and `g` may then hold anything.
    fn row(
        &mut self,
        i: usize,
        x: &SVector<T, A>,
        r: &mut SVector<T, K>,
        g: &mut [SVector<T, N>; K],
    ) -> Result<(), Self::Error>;
}

/// A small sum of squares with all `M` residuals at once: `F(x) = ½ Σ rᵢ(x)²`.
pub trait LeastSquares<T: Real, const M: usize, const N: usize, const A: usize = N>: Problem {
    /// The residuals at `x`, written to `r`.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `r` may then hold anything.
    fn residuals(&mut self, x: &SVector<T, A>, r: &mut SVector<T, M>) -> Result<(), Self::Error>;

    /// The residuals at `x` and the Jacobian `∂rᵢ/∂xⱼ`, written to `r` and `j`.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `r` and `j` may then hold anything.
    fn linearize(
        &mut self,
        x: &SVector<T, A>,
        r: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<(), Self::Error>;
}

/// A model `yᵢ ≈ Σₖ cₖ φₖ(tᵢ; x)` that is linear in the `L` coefficients `c`; `x` are its `N` other parameters.
pub trait Separable<T: Real, const L: usize, const N: usize>: Problem {
    /// The number of samples.
    fn rows(&self) -> usize;

    /// The basis functions of sample `i` at `x`, written to `phi`; the reading `yᵢ` is returned.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `phi` may then hold anything.
    fn basis(&mut self, i: usize, x: &SVector<T, N>, phi: &mut SVector<T, L>) -> Result<T, Self::Error>;

    /// As [`basis`](Self::basis), with the derivatives `∂φₖ/∂xⱼ` written to row k, column j of `slopes`.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `phi` and `slopes` may then hold anything.
    fn linearize(
        &mut self,
        i: usize,
        x: &SVector<T, N>,
        phi: &mut SVector<T, L>,
        slopes: &mut SMatrix<T, L, N>,
    ) -> Result<T, Self::Error>;
}

impl<P: Problem + ?Sized> Problem for &mut P {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Objective<T, N> + ?Sized> Objective<T, N> for &mut P {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Self::Error> {
        (**self).value(x)
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N> + ?Sized> Smooth<T, N> for &mut P {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        (**self).gradient(x, g)
    }
}

impl<T: Real, const N: usize, P: Residuals<T, N> + ?Sized> Residuals<T, N> for &mut P {
    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn residual(&mut self, i: usize, x: &SVector<T, N>) -> Result<T, Self::Error> {
        (**self).residual(i, x)
    }
}

impl<T: Real, const N: usize, const A: usize, P: Rows<T, N, A> + ?Sized> Rows<T, N, A> for &mut P {
    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn row(&mut self, i: usize, x: &SVector<T, A>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        (**self).row(i, x, g)
    }

    fn block(&mut self, first: usize, x: &SVector<T, A>, block: &mut Block<T, N>) -> Result<(), Self::Error> {
        (**self).block(first, x, block)
    }
}

impl<T: Real, const M: usize, const N: usize, const A: usize, P> LeastSquares<T, M, N, A> for &mut P
where
    P: LeastSquares<T, M, N, A> + ?Sized,
{
    fn residuals(&mut self, x: &SVector<T, A>, r: &mut SVector<T, M>) -> Result<(), Self::Error> {
        (**self).residuals(x, r)
    }

    fn linearize(
        &mut self,
        x: &SVector<T, A>,
        r: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<(), Self::Error> {
        (**self).linearize(x, r, j)
    }
}

impl<T: Real, const L: usize, const N: usize, P: Separable<T, L, N> + ?Sized> Separable<T, L, N> for &mut P {
    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn basis(&mut self, i: usize, x: &SVector<T, N>, phi: &mut SVector<T, L>) -> Result<T, Self::Error> {
        (**self).basis(i, x, phi)
    }

    fn linearize(
        &mut self,
        i: usize,
        x: &SVector<T, N>,
        phi: &mut SVector<T, L>,
        slopes: &mut SMatrix<T, L, N>,
    ) -> Result<T, Self::Error> {
        (**self).linearize(i, x, phi, slopes)
    }
}
