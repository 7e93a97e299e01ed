//! Memory of a fit to any number of samples, streamed a block at a time.
//!
//! The linearization is gathered with the trial cost, in one pass over the samples, and a pass ends as soon as its partial
//! cost exceeds the accepted one. Memory: two systems of N² + N scalars, a few vectors and a block of four rows, whatever
//! the number of samples. Work: one block of samples a step, and O(N³) in the step that ends a pass.

use core::ops::Deref;

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, Normal, SquareRoot};
use crate::least_squares::fit::{Fit, Strategy};
use crate::problem::{Block, Rows};
use crate::real::Real;
use crate::step::{Method, Status};

/// Memory of a least-squares method over [`Rows`]: `K` says how samples are accumulated, `A` how many coordinates a point
/// has.
///
/// The default is [`SquareRoot`], made by [`new`](Self::new); [`normal`](StreamedState::normal) makes one that accumulates
/// the normal matrix. What a fit has found is read through [`Fit`].
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct StreamedState<T: Real, const N: usize, K = SquareRoot, const A: usize = N> {
    fit: Fit<T, N, K, A>,
    /// The next sample of the pass.
    next: usize,
    #[cfg_attr(feature = "serde", serde(skip, default = "Block::new"))]
    block: Block<T, N>,
}

impl<T: Real, const N: usize, K, const A: usize> StreamedState<T, N, K, A> {
    /// A memory at a starting point, where the accumulation is known from the type.
    #[must_use]
    pub const fn from_point(x: SVector<T, A>) -> Self {
        Self { fit: Fit::at(x), next: 0, block: Block::new() }
    }
}

impl<T: Real, const N: usize, const A: usize> StreamedState<T, N, SquareRoot, A> {
    /// A square-root memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, A>) -> Self {
        Self::from_point(x)
    }
}

impl<T: Real, const N: usize, const A: usize> StreamedState<T, N, Normal, A> {
    /// A normal-matrix memory at a starting point.
    #[must_use]
    pub const fn normal(x: SVector<T, A>) -> Self {
        Self::from_point(x)
    }
}

impl<T: Real, const N: usize, K, const A: usize> Deref for StreamedState<T, N, K, A> {
    type Target = Fit<T, N, K, A>;

    fn deref(&self) -> &Self::Target {
        &self.fit
    }
}

impl<T: Real, const N: usize, K, const A: usize, S, P> Method<P, StreamedState<T, N, K, A>> for S
where
    K: Accumulation,
    S: Strategy<T, N, A>,
    P: Rows<T, N, A>,
{
    fn step(&self, state: &mut StreamedState<T, N, K, A>, problem: &mut P) -> Result<Status, P::Error> {
        let StreamedState { fit, next, block } = state;
        if fit.status != Status::Running {
            return Ok(fit.status);
        }
        let samples = problem.rows();
        if *next == 0 {
            fit.begin(self, samples);
            if fit.status != Status::Running {
                return Ok(fit.status);
            }
        }
        block.clear();
        problem.block(*next, &fit.candidate, block)?;
        *next = next.saturating_add(block.len().max(1));
        fit.trial_cost += block.cost();
        K::fold(&mut fit.trial, block);
        if fit.lost() || *next >= samples {
            fit.judge(self, *next, samples);
            *next = 0;
        }
        Ok(fit.status)
    }
}

impl<T: Real, const N: usize, const A: usize> From<SVector<T, A>> for StreamedState<T, N, SquareRoot, A> {
    fn from(start: SVector<T, A>) -> Self {
        Self::new(start)
    }
}
