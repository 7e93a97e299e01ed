//! Memory of a fit to any number of samples, streamed a block at a time.
//!
//! The linearization is gathered with the trial cost, in one pass over the samples, and a pass ends as soon as its partial
//! cost exceeds the accepted one. Memory: two systems of N² + N scalars, a few vectors and a block of four rows, whatever
//! the number of samples. Work: one block of samples a step, and O(N³) in the step that ends a pass.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, Normal, SquareRoot};
use crate::least_squares::fit::{Fit, Gather};
use crate::least_squares::strategy::Strategy;
use crate::problem::{Block, Rows};
use crate::real::Real;
use crate::step::{Method, Status};

/// Memory of a least-squares method over [`Rows`]: `K` says how samples are accumulated, `A` how many coordinates a point
/// has.
///
/// The default is [`SquareRoot`], made by [`new`](Fit::new); [`normal`](Fit::normal) makes one that accumulates the normal
/// matrix.
pub type StreamedState<T, const N: usize, K = SquareRoot, const A: usize = N> = Fit<T, N, A, K, Stream<T, N>>;

/// Where a pass over the samples is.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = ""))]
pub struct Stream<T: Real, const N: usize> {
    /// The next sample.
    next: usize,
    #[cfg_attr(feature = "serde", serde(skip, default = "Block::new"))]
    block: Block<T, N>,
}

impl<T: Real, const N: usize> Gather<T> for Stream<T, N> {
    const EMPTY: Self = Self { next: 0, block: Block::new() };
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

impl<T: Real, const N: usize, K, const A: usize, S, P> Method<P, StreamedState<T, N, K, A>> for S
where
    K: Accumulation,
    S: Strategy<T, N, A>,
    P: Rows<T, N, A>,
{
    fn step(&self, fit: &mut StreamedState<T, N, K, A>, problem: &mut P) -> Result<Status, P::Error> {
        if fit.status != Status::Running {
            return Ok(fit.status);
        }
        let samples = problem.rows();
        if fit.memory.next == 0 {
            fit.begin(self, samples);
            if fit.status != Status::Running {
                return Ok(fit.status);
            }
        }
        let Stream { next, block } = &mut fit.memory;
        block.clear();
        problem.block(*next, &fit.candidate, block)?;
        *next = next.saturating_add(block.len().max(1));
        fit.trial_cost += block.cost();
        K::fold(&mut fit.trial, block);
        let seen = *next;
        if fit.lost() || seen >= samples {
            fit.judge(self, seen, samples);
            fit.memory.next = 0;
        }
        Ok(fit.status)
    }
}
