//! A few consecutive samples, the unit in which least squares is streamed.

use nalgebra::SVector;

use crate::linalg::zeros;
use crate::real::Real;

/// The most samples a [`Block`] holds. The same on every machine, because it fixes the order of summation.
pub const LANES: usize = 4;

/// Up to [`LANES`] samples: for each its residual `r`, its row `g = ∂r/∂x`, and its cost.
///
/// A sample adds `g gᵀ` to the curvature, `r g` to the gradient and its cost to the total. The cost is `½ r²` unless a
/// loss says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<T, const N: usize> {
    rows: [SVector<T, N>; LANES],
    residuals: [T; LANES],
    cost: T,
    len: usize,
}

impl<T: Real, const N: usize> Block<T, N> {
    /// An empty block.
    #[must_use]
    pub const fn new() -> Self {
        Self { rows: [zeros(); LANES], residuals: [T::ZERO; LANES], cost: T::ZERO, len: 0 }
    }

    /// Adds a sample; `false` if the block was full.
    #[inline(always)]
    pub fn push(&mut self, row: SVector<T, N>, residual: T) -> bool {
        self.push_with_cost(row, residual, T::HALF * residual * residual)
    }

    /// Adds a sample whose cost is not half its squared residual; `false` if the block was full.
    #[inline(always)]
    pub fn push_with_cost(&mut self, row: SVector<T, N>, residual: T, cost: T) -> bool {
        let (Some(r), Some(g)) = (self.residuals.get_mut(self.len), self.rows.get_mut(self.len)) else {
            return false;
        };
        *r = residual;
        *g = row;
        self.cost += cost;
        self.len += 1;
        true
    }

    /// The number of samples.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no sample.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The summed cost of the samples.
    #[must_use]
    pub const fn cost(&self) -> T {
        self.cost
    }

    /// The samples as (row, residual).
    pub fn samples(&self) -> impl Iterator<Item = (&SVector<T, N>, T)> {
        self.rows.iter().zip(self.residuals).take(self.len)
    }

    /// Forgets the samples.
    pub fn clear(&mut self) {
        self.cost = T::ZERO;
        self.len = 0;
    }

    /// Replaces each sample by what `f` makes of its row and residual: (row, residual, cost).
    pub(crate) fn map(&mut self, mut f: impl FnMut(&mut SVector<T, N>, &mut T) -> T) {
        self.cost = T::ZERO;
        for (g, r) in self.rows.iter_mut().zip(&mut self.residuals).take(self.len) {
            self.cost += f(g, r);
        }
    }

    /// All lanes; the unused ones are zeroed, and a zero row adds nothing.
    #[inline(always)]
    pub(crate) fn lanes(&mut self) -> (&mut [SVector<T, N>; LANES], &mut [T; LANES]) {
        if self.len < LANES {
            for (g, r) in self.rows.iter_mut().zip(&mut self.residuals).skip(self.len) {
                *g = zeros();
                *r = T::ZERO;
            }
        }
        (&mut self.rows, &mut self.residuals)
    }
}

impl<T: Real, const N: usize> Default for Block<T, N> {
    fn default() -> Self {
        Self::new()
    }
}
