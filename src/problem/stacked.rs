//! Samples of several residuals as rows.

use nalgebra::SVector;

use crate::linalg::entries;
use crate::problem::{Block, LANES, Problem, Rows, VectorRows};
use crate::real::Real;

/// [`VectorRows`] as [`Rows`]: row `iK + k` is residual `k` of sample `i`.
///
/// A block holds as many whole samples as fit, so a sample of up to [`LANES`] residuals is evaluated once a pass, a larger
/// one once for every [`LANES`] residuals.
///
/// ```
/// use nalgebra::vector;
/// use thalweg::{Number, problem::{Forward, Rows, Stacked, VectorModel}};
/// struct Circle; // two residuals each of three samples
/// impl VectorModel<f64, 2, 1> for Circle {
///     fn rows(&self) -> usize { 3 }
///     fn residuals<D: Number<Scalar = f64>>(&self, i: usize, x: &[D; 1]) -> [D; 2] { [x[0].cos(), x[0].sin().scale(i as f64)] }
/// }
/// assert_eq!(Rows::<f64, 1>::rows(&Stacked::<_, 2>(Forward(Circle))), 6);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stacked<P, const K: usize>(pub P);

impl<P: Problem, const K: usize> Problem for Stacked<P, K> {
    type Error = P::Error;
}

impl<T: Real, const K: usize, const N: usize, const A: usize, P> Rows<T, N, A> for Stacked<P, K>
where
    P: VectorRows<T, K, N, A>,
{
    fn rows(&self) -> usize {
        self.0.rows().saturating_mul(K)
    }

    fn row(&mut self, i: usize, x: &SVector<T, A>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        const { assert!(K > 0, "a sample has at least one residual") }
        let (mut r, mut rows) = (SVector::zeros(), [SVector::zeros(); K]);
        self.0.row(i / K, x, &mut r, &mut rows)?;
        let found = rows.iter().zip(entries(&r)).nth(i % K);
        Ok(found.map_or(T::NAN, |(row, &residual)| {
            *g = *row;
            residual
        }))
    }

    fn block(&mut self, first: usize, x: &SVector<T, A>, block: &mut Block<T, N>) -> Result<(), P::Error> {
        const { assert!(K > 0, "a sample has at least one residual") }
        let (mut sample, mut done) = (first / K, first % K);
        loop {
            let (mut r, mut rows) = (SVector::zeros(), [SVector::zeros(); K]);
            self.0.row(sample, x, &mut r, &mut rows)?;
            for (g, &r) in rows.iter().zip(entries(&r)).skip(done) {
                if !block.push(*g, r) {
                    return Ok(());
                }
            }
            (sample, done) = (sample + 1, 0);
            if block.len() + K > LANES || sample >= self.0.rows() {
                return Ok(());
            }
        }
    }
}
