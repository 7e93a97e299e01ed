//! Problems that know the coordinates of a manifold but not its degrees of freedom.

use nalgebra::SVector;

use crate::least_squares::Domain;
use crate::linalg::entries;
use crate::problem::{Block, Dual, Problem, Rows};
use crate::real::Real;

/// Rows with derivatives by the `A` coordinates as rows with derivatives by the `N` degrees of freedom of a domain: the
/// chain rule through [`Domain::retract`].
///
/// Losses and priors go inside, where a prior speaks of coordinates.
///
/// ```
/// use nalgebra::{Vector2, Vector3, vector};
/// use thalweg::{Method, least_squares::{LevenbergMarquardt, StreamedState, UnitVector}, problem::{Tangent, row_fn}};
/// // The direction nearest to (1, 2, 2).
/// let inner = row_fn(3, |i, x: &Vector3<f64>, g: &mut Vector3<f64>| { *g = Vector3::ith(i, 1.0); x[i] - [1.0, 2.0, 2.0][i] });
/// let mut fit: StreamedState<f64, 2, _, 3> = StreamedState::new(vector![1.0, 0.0, 0.0]);
/// let _ = LevenbergMarquardt::default().within(UnitVector).run(&mut fit, &mut Tangent::new(inner, UnitVector), 100);
/// assert!((fit.x() - vector![1.0, 2.0, 2.0] / 3.0).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tangent<P, D> {
    inner: P,
    domain: D,
}

impl<P, D> Tangent<P, D> {
    /// A problem and the domain of the method that solves it.
    pub const fn new(inner: P, domain: D) -> Self {
        Self { inner, domain }
    }

    /// The derivatives of each coordinate by the degrees of freedom at `x`.
    fn basis<T: Real, const N: usize, const A: usize>(&self, x: &SVector<T, A>) -> [SVector<T, N>; A]
    where
        D: Domain<T, N, A>,
    {
        let step = core::array::from_fn(|j| Dual::<T, N>::variable(T::ZERO, j));
        self.domain.retract(entries(x), &step).map(|coordinate| SVector::from(coordinate.gradient))
    }
}

/// `Bᵀ g`.
fn project<T: Real, const N: usize, const A: usize>(basis: &[SVector<T, N>; A], g: &SVector<T, A>) -> SVector<T, N> {
    basis.iter().zip(entries(g)).fold(SVector::zeros(), |sum, (b, &g)| sum + b * g)
}

impl<P: Problem, D> Problem for Tangent<P, D> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, const A: usize, P: Rows<T, A>, D: Domain<T, N, A>> Rows<T, N, A> for Tangent<P, D> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn row(&mut self, i: usize, x: &SVector<T, A>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        let mut by_coordinate = SVector::zeros();
        let residual = self.inner.row(i, x, &mut by_coordinate)?;
        *g = project(&self.basis(x), &by_coordinate);
        Ok(residual)
    }

    fn block(&mut self, first: usize, x: &SVector<T, A>, block: &mut Block<T, N>) -> Result<(), P::Error> {
        let mut inner = Block::<T, A>::new();
        self.inner.block(first, x, &mut inner)?;
        let basis = self.basis(x);
        let mut cost = inner.cost();
        for (g, r) in inner.samples() {
            block.push_with_cost(project(&basis, g), r, cost);
            cost = T::ZERO;
        }
        Ok(())
    }
}
