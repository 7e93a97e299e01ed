//! A common point of several sets by projecting on one after the other.
//!
//! Finds x in `C₁ ∩ … ∩ C_K`. One step: `x ← x + θ (Pᵢx - x)`, i in cyclic order, with the relaxation θ.
//!
//! Reference: Bauschke & Borwein, "On projection algorithms for solving convex feasibility problems", 1996. Memory: two
//! vectors. Converges to a common point of convex sets, not the nearest one: that is [`Dykstra`](super::Dykstra)'s.

use core::convert::Infallible;

use nalgebra::SVector;

use crate::linalg::{self, entries_mut};
use crate::penalty::Penalty;
use crate::problem::Problem;
use crate::real::Real;
#[cfg(doc)]
use crate::step::Criterion;
use crate::step::{ConfigError, Method, Stall, Status};

/// K sets, each by its projection.
pub trait Projections<T: Real, const N: usize, const K: usize>: Problem {
    /// Overwrites x with the nearest point of set `i`, below K.
    ///
    /// # Errors
    /// Whatever keeps the oracle from answering; x may then hold anything.
    fn project(&mut self, i: usize, x: &mut SVector<T, N>) -> Result<(), Self::Error>;
}

/// Sets of the catalogue in [`penalty`](crate::penalty): an array of one kind, or a tuple of two or three kinds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sets<A>(pub A);

impl<A> Problem for Sets<A> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, const K: usize, R: Penalty<T>> Projections<T, N, K> for Sets<[R; K]> {
    fn project(&mut self, i: usize, x: &mut SVector<T, N>) -> Result<(), Infallible> {
        if let Some(set) = self.0.get(i) {
            set.prox(entries_mut(x), T::ONE);
        }
        Ok(())
    }
}

impl<T: Real, const N: usize, A: Penalty<T>, B: Penalty<T>> Projections<T, N, 2> for Sets<(A, B)> {
    fn project(&mut self, i: usize, x: &mut SVector<T, N>) -> Result<(), Infallible> {
        match i {
            0 => self.0.0.prox(entries_mut(x), T::ONE),
            _ => self.0.1.prox(entries_mut(x), T::ONE),
        }
        Ok(())
    }
}

impl<T: Real, const N: usize, A: Penalty<T>, B: Penalty<T>, C: Penalty<T>> Projections<T, N, 3> for Sets<(A, B, C)> {
    fn project(&mut self, i: usize, x: &mut SVector<T, N>) -> Result<(), Infallible> {
        match i {
            0 => self.0.0.prox(entries_mut(x), T::ONE),
            1 => self.0.1.prox(entries_mut(x), T::ONE),
            _ => self.0.2.prox(entries_mut(x), T::ONE),
        }
        Ok(())
    }
}

/// Parameters of alternating projections onto K convex sets.
///
/// ```
/// use thalweg::{Method, penalty::{Each, Interval}, splitting::{AlternatingProjections, AlternatingProjectionsState, Sets}};
/// use nalgebra::vector;
/// let mut sets = Sets([Each(Interval { lower: 0.0_f64, upper: 2.0 }), Each(Interval { lower: 1.0, upper: 3.0 })]);
/// let (state, status): (AlternatingProjectionsState<f64, 1, 2>, _) =
///     AlternatingProjections::default().solve(vector![-1.0], &mut sets, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && state.x()[0] == 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AlternatingProjections<T> {
    /// θ. In (0, 2); default 1.
    pub relaxation: T,
    /// [`Criterion::Residual`]: over one pass `‖Pᵢx - x‖ ≤ residual_tolerance · max(1, ‖x‖)` for every set.
    ///
    /// [`Stall::Infeasible`]: a pass moves x by at most `residual_tolerance · d`, where d is the largest such distance and not
    /// itself within tolerance. A common point of convex sets then lies at least `(2 - θ)θ d/(2 residual_tolerance)` away, if
    /// there is one. Zero or more; default √ε.
    pub residual_tolerance: T,
}

impl<T: Real> Default for AlternatingProjections<T> {
    fn default() -> Self {
        Self { relaxation: T::ONE, residual_tolerance: T::SQRT_EPSILON }
    }
}

impl<T: Real> AlternatingProjections<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.residual_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        if !(self.relaxation > T::ZERO && self.relaxation < T::TWO) {
            return Err(ConfigError::Relaxation);
        }
        Ok(())
    }
}

/// Memory of [`AlternatingProjections`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct AlternatingProjectionsState<T: Real, const N: usize, const K: usize> {
    /// x; every step brings it nearer to every common point.
    x: SVector<T, N>,
    /// x at the start of the pass.
    before: SVector<T, N>,
    /// The largest distance to a set in this pass.
    farthest: T,
    /// The set to project on.
    next: usize,
    /// The largest distance to a set in the last whole pass.
    residual: T,
    status: Status,
}

impl<T: Real, const N: usize, const K: usize> AlternatingProjectionsState<T, N, K> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { x, before: x, farthest: T::ZERO, next: 0, residual: T::INFINITY, status: Status::Running }
    }

    /// The last point.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.x
    }

    /// The largest distance to a set in the last whole pass; infinite before.
    #[must_use]
    pub const fn residual(&self) -> T {
        self.residual
    }
}

impl<T: Real, const N: usize, const K: usize, P: Projections<T, N, K>> Method<P, AlternatingProjectionsState<T, N, K>>
    for AlternatingProjections<T>
{
    fn step(&self, state: &mut AlternatingProjectionsState<T, N, K>, problem: &mut P) -> Result<Status, P::Error> {
        if state.status != Status::Running {
            return Ok(state.status);
        }
        if let Err(error) = self.validate() {
            state.status = Status::Stalled(Stall::Config(error));
            return Ok(state.status);
        }
        let mut nearest = state.x;
        problem.project(state.next, &mut nearest)?;
        let distance = linalg::norm(&(nearest - state.x));
        if !distance.is_finite() {
            state.status = Status::Stalled(Stall::NonFinite);
            return Ok(state.status);
        }
        // θ = 1 lands on the set exactly.
        state.x = nearest + (nearest - state.x) * (self.relaxation - T::ONE);
        state.farthest = state.farthest.max(distance);
        state.next += 1;
        if state.next >= K {
            let moved = linalg::norm(&(state.x - state.before));
            state.residual = state.farthest;
            let scale = linalg::norm(&state.x).max(T::ONE);
            if state.farthest <= self.residual_tolerance * scale {
                state.status = Status::Converged(crate::step::Criterion::Residual);
            } else if moved <= self.residual_tolerance * state.farthest {
                state.status = Status::Stalled(Stall::Infeasible);
            }
            state.before = state.x;
            state.farthest = T::ZERO;
            state.next = 0;
        }
        Ok(state.status)
    }
}

impl<T: Real, const N: usize, const K: usize> From<SVector<T, N>> for AlternatingProjectionsState<T, N, K> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
