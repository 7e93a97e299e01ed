//! Successive over-relaxation: one coordinate after the other to its minimum, and a little farther.
//!
//! Minimizes `½ xᵀH x + cᵀx` for positive definite H, which solves `H x = -c`. One iteration is one sweep, j from 1 to N:
//!
//! `x_j = x_j - ω (H x + c)_j/H_jj`,
//!
//! with the entries that have been done already. For every ω between 0 and 2 the value falls with every coordinate. With β the
//! spectral radius of Jacobi's iteration and coordinates that can be coloured red and black, `ω = 1 + (β/(1 + √(1 - β²)))²` is
//! best, [`optimal`](OverRelaxation::optimal); where β is not known, [`RelaxationBandit`](crate::smooth::RelaxationBandit) learns
//! ω from solve to solve.
//!
//! Reference: Young, "Iterative methods for solving partial difference equations of elliptic type", 1954; Golub & Van Loan,
//! Matrix Computations, 4th ed., section 11.2. Memory: two points. A sweep and a product with H an iteration. Choose it for
//! linear systems whose neighbours repeat, tick for tick, from the last solution.

use nalgebra::SVector;

use crate::linalg::{self, columns, dot_of, entries, entries_mut};
use crate::problem::Quadratic;
use crate::ranges::tolerance;
use crate::real::Real;
use crate::smooth::point::{Point, readable};
use crate::smooth::walk::PATIENCE;
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Parameters of successive over-relaxation.
///
/// ```
/// use thalweg::{Method, smooth::{OverRelaxation, OverRelaxationState}, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut system = Quadratic { hessian: matrix![4.0, 1.0; 1.0, 3.0], linear: -vector![1.0, 2.0], constant: 0.0 };
/// let (state, status): (OverRelaxationState<f64, 2>, _) = OverRelaxation::new(1.1).solve(vector![0.0, 0.0], &mut system, 50).unwrap();
/// assert_eq!(status, thalweg::Status::Converged(thalweg::Criterion::Residual));
/// assert!((state.x() - vector![1.0, 7.0] / 11.0).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OverRelaxation<T> {
    /// ω. Strictly between 0 and 2; 1 is the method of Gauss and Seidel.
    pub relaxation: T,
    /// [`Criterion::Residual`]: `‖H x + c‖ ≤ residual_tolerance · ‖H x₀ + c‖`. Zero or more; default √ε.
    pub residual_tolerance: T,
}

impl<T: Real> OverRelaxation<T> {
    /// The default parameters with ω.
    pub const fn new(relaxation: T) -> Self {
        Self { relaxation, residual_tolerance: T::SQRT_EPSILON }
    }

    /// The best ω for red-black matrices, from the spectral radius of `1 - D⁻¹H`, below 1.
    #[must_use]
    pub fn optimal(jacobi_radius: T) -> Self {
        let root = ((T::ONE - jacobi_radius) * (T::ONE + jacobi_radius)).sqrt();
        Self::new(T::ONE + (jacobi_radius / (T::ONE + root)).squared())
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.residual_tolerance)?;
        if self.relaxation > T::ZERO && self.relaxation < T::TWO { Ok(()) } else { Err(ConfigError::Relaxation) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Look at the start.
    Start,
    /// Sweep.
    Sweep,
    Done(Status),
}

/// Memory of [`OverRelaxation`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct OverRelaxationState<T: Real, const N: usize> {
    /// The best x.
    best: Point<T, N>,
    /// x.
    at: Point<T, N>,
    /// `‖H x₀ + c‖`.
    scale: T,
    /// Sweeps since the best point last changed.
    fruitless: u32,
    phase: Phase,
}

impl<T: Real, const N: usize> OverRelaxationState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        let start = Point::new(x);
        Self { best: start, at: start, scale: T::INFINITY, fruitless: 0, phase: Phase::Start }
    }
}

impl<T: Real, const N: usize> Method<Quadratic<T, N>, OverRelaxationState<T, N>> for OverRelaxation<T> {
    fn step(
        &self,
        state: &mut OverRelaxationState<T, N>,
        problem: &mut Quadratic<T, N>,
    ) -> Result<Status, core::convert::Infallible> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = Point::measure(state.at.x, problem)?;
                    if start.is_finite() {
                        start.replace(&mut state.best);
                        (state.at, state.scale) = (start, linalg::norm(&start.gradient));
                        state.phase = Phase::Sweep;
                        self.status(state)
                    } else {
                        Status::Stalled(Stall::NonFinite)
                    }
                }
            }
            Phase::Sweep => match self.swept(state.at.x, problem) {
                Some(x) if x == state.at.x => Status::Stalled(Stall::NoDescent),
                Some(x) => {
                    state.at = Point::measure(x, problem)?;
                    let better = state.at.improve(&mut state.best);
                    state.fruitless = if better { 0 } else { state.fruitless.saturating_add(1) };
                    self.status(state)
                }
                None => Status::Stalled(Stall::Unbounded),
            },
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

readable!(OverRelaxationState);

impl<T: Real> OverRelaxation<T> {
    fn status<const N: usize>(&self, state: &OverRelaxationState<T, N>) -> Status {
        if linalg::norm(&state.best.gradient) <= self.residual_tolerance * state.scale {
            Status::Converged(Criterion::Residual)
        } else if !state.at.is_finite() {
            // No coordinate raises the value: it fell out of range.
            Status::Stalled(Stall::Unbounded)
        } else if state.fruitless > PATIENCE {
            Status::Stalled(Stall::NoDescent)
        } else {
            Status::Running
        }
    }

    /// x after one sweep; nothing if the value falls without bound along a coordinate.
    fn swept<const N: usize>(&self, mut x: SVector<T, N>, problem: &Quadratic<T, N>) -> Option<SVector<T, N>> {
        for (j, (column, &c)) in columns(&problem.hessian).iter().zip(problem.linear.iter()).enumerate() {
            let slope = dot_of(column, entries(&x)) + c;
            let curvature = column.get(j).copied().unwrap_or(T::ZERO);
            if curvature > T::ZERO {
                if let Some(x) = entries_mut(&mut x).get_mut(j) {
                    *x -= self.relaxation * (slope / curvature);
                }
            } else if curvature < T::ZERO || slope != T::ZERO {
                return None;
            }
        }
        Some(x)
    }
}
