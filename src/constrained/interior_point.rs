//! A primal-dual interior point method for small convex quadratic programs over second-order cones.
//!
//! With the scaling W of Nesterov and Todd, `λ = W z = W⁻¹ s`, the product ∘ and the identity e of the cones, and
//! `μ = sᵀz` over their number, one step solves the linearized conditions of optimality twice with one factorization:
//!
//! 1. predictor: all residuals to zero, `λ ∘ (W⁻¹Δs + W Δz) = -λ ∘ λ`; the rate α that
//!    keeps s and z in the cones would leave `sᵀz` at σ times what it is;
//! 2. corrector: the right-hand side becomes `σ³ μ e - λ ∘ λ - (W⁻¹Δs) ∘ (W Δz)` with the Δs and Δz of 1;
//! 3. move all variables by the common rate `min(1, boundary_fraction · what keeps s and z in the cones)`.
//!
//! Multipliers or points that run away are tested for being certificates.
//!
//! Reference: Mehrotra, "On the implementation of a primal-dual interior point method", 1992; Nocedal & Wright, "Numerical
//! optimization", 2006, §16.6; Vandenberghe, "The CVXOPT linear and quadratic cone program solvers", 2010, §5. A step is a
//! factorization, `½ M N² + N³/6` multiply-adds, and four solves; there are about ten to twenty, whatever the data. Memory:
//! `2 N + 2 E + 3 M` numbers, while a step runs `M N + 2 N² + N E + E²` more. For cones, or many rows at once; a
//! [`DualActiveSet`](crate::constrained::DualActiveSet) is smaller, exact, and starts from what it found before.

use core::convert::Infallible;

use nalgebra::SVector;

use crate::constrained::ConeProgram;
use crate::constrained::normal_equations::{NormalEquations, Triple};
use crate::constrained::scaling::{Scaling, add_identity, divide, lift, product, reach};
use crate::linalg::{self, dot_of, entries, entries_mut};
use crate::real::Real;
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Steps that do not lower the smallest residual by a tenth, after which there is no hope.
const PATIENCE: u8 = 30;

/// Parameters of the interior point method.
///
/// ```
/// use thalweg::{Method, constrained::{ConeProgram, InteriorPoint, InteriorPointState}};
/// use nalgebra::{Matrix2, matrix, vector};
/// // x₀² + x₁², x₀ + x₁ ≥ 1.
/// let mut program: ConeProgram<f64, 2, 1> = ConeProgram::new(Matrix2::identity() * 2.0, vector![0.0, 0.0]);
/// (program.rows, program.limits) = (matrix![-1.0, -1.0], vector![-1.0]);
/// let mut state = InteriorPointState::new(vector![0.0, 0.0]);
/// let _ = InteriorPoint::default().run(&mut state, &mut program, 50);
/// assert!((state.x() - vector![0.5, 0.5]).amax() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InteriorPoint<T> {
    /// [`Criterion::Residual`]: the [worst](crate::constrained::KktResidual::worst) of the three relative residuals that
    /// [`certify`](ConeProgram::certify) finds is at most `residual_tolerance`. Zero or more; default `ε^⅝`, 2e-10 in `f64`.
    pub residual_tolerance: T,
    /// The part of the way to the boundary of the cones that a step goes at most. In (0, 1); default 0.99.
    pub boundary_fraction: T,
}

impl<T: Real> Default for InteriorPoint<T> {
    fn default() -> Self {
        Self { residual_tolerance: T::SQRT_EPSILON * T::SQRT_EPSILON.sqrt().sqrt(), boundary_fraction: T::of_f64(0.99) }
    }
}

impl<T: Real> InteriorPoint<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.residual_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        if !(self.boundary_fraction > T::ZERO && self.boundary_fraction < T::ONE) {
            return Err(ConfigError::Fraction);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Check the data, choose s and z.
    Cold,
    /// Check the data; s and z are given.
    Warm,
    Iterate,
    Done(Status),
}

/// Memory of [`InteriorPoint`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct InteriorPointState<T: Real, const N: usize, const M: usize, const E: usize = 0> {
    /// x where the residual was smallest.
    best: SVector<T, N>,
    /// y and z there.
    best_multipliers: (SVector<T, E>, SVector<T, M>),
    /// The smallest residual.
    residual: T,
    /// The last x.
    iterate: SVector<T, N>,
    y: SVector<T, E>,
    z: SVector<T, M>,
    s: SVector<T, M>,
    /// Steps since the smallest residual fell by a tenth.
    idle: u8,
    phase: Phase,
}

impl<T: Real, const N: usize, const M: usize, const E: usize> InteriorPointState<T, N, M, E> {
    /// A memory at a starting point. The first step takes `y = 0` and multiples of e for s and z, the larger of one and of
    /// the largest entry of `h - G x` and of `H x + c`.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self::start(x, linalg::zeros(), linalg::zeros(), Phase::Cold)
    }

    /// A memory at a starting point with s and z of one's own, inside of the cones, and `y = 0`.
    #[must_use]
    pub const fn inside(x: SVector<T, N>, s: SVector<T, M>, z: SVector<T, M>) -> Self {
        Self::start(x, s, z, Phase::Warm)
    }

    const fn start(x: SVector<T, N>, s: SVector<T, M>, z: SVector<T, M>, phase: Phase) -> Self {
        Self {
            best: x,
            best_multipliers: (linalg::zeros(), z),
            residual: T::INFINITY,
            iterate: x,
            y: linalg::zeros(),
            z,
            s,
            idle: 0,
            phase,
        }
    }

    /// The point with the smallest residual so far.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.best
    }

    /// The multipliers y of the equations and z of the rows there: `H x + c + Aᵀ y + Gᵀ z = 0`, z in the cones. After
    /// [`Stall::Infeasible`] the certificate: `Aᵀ y + Gᵀ z = 0` while `bᵀ y + hᵀ z = -1`, up to rounding.
    #[must_use]
    pub const fn multipliers(&self) -> (&SVector<T, E>, &SVector<T, M>) {
        (&self.best_multipliers.0, &self.best_multipliers.1)
    }

    /// The smallest residual so far, the worst of the three relative ones; infinite before the first step.
    #[must_use]
    pub const fn residual(&self) -> T {
        self.residual
    }
}

impl<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>
    Method<ConeProgram<T, N, M, E, C, K>, InteriorPointState<T, N, M, E>> for InteriorPoint<T>
{
    fn step(
        &self,
        state: &mut InteriorPointState<T, N, M, E>,
        program: &mut ConeProgram<T, N, M, E, C, K>,
    ) -> Result<Status, Infallible> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Iterate => self.iterate(state, program),
            Phase::Cold | Phase::Warm => match self.validate() {
                Err(error) => Status::Stalled(Stall::Config(error)),
                Ok(()) => self.start(state, program),
            },
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real> InteriorPoint<T> {
    fn start<const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
        &self,
        state: &mut InteriorPointState<T, N, M, E>,
        program: &ConeProgram<T, N, M, E, C, K>,
    ) -> Status {
        if !(program.is_finite() && linalg::all_finite(&state.iterate)) {
            return Status::Stalled(Stall::NonFinite);
        }
        if linalg::semidefinite_root(&program.hessian).is_none() {
            return Status::Stalled(Stall::Config(ConfigError::Indefinite));
        }
        if state.phase == Phase::Cold {
            let slope = linalg::multiply_symmetric(&program.hessian, &state.iterate) + program.gradient;
            let (primal, dual) = (linalg::max_abs(&program.slack(&state.iterate)), linalg::max_abs(&slope));
            (state.s, state.z) = (linalg::zeros(), linalg::zeros());
            add_identity::<T, M, C, K>(entries_mut(&mut state.s), primal.max(T::ONE));
            add_identity::<T, M, C, K>(entries_mut(&mut state.z), dual.max(T::ONE));
        }
        state.phase = Phase::Iterate;
        self.iterate(state, program)
    }

    /// One iteration, and what its end shows.
    fn iterate<const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
        &self,
        state: &mut InteriorPointState<T, N, M, E>,
        program: &ConeProgram<T, N, M, E, C, K>,
    ) -> Status {
        if !self.advance(state, program) {
            return Status::Stalled(Stall::NoDescent);
        }
        let residual = program.certify(&state.iterate, &state.y, &state.z).worst();
        state.idle = if residual < T::of_f64(0.9) * state.residual { 0 } else { state.idle.saturating_add(1) };
        if residual < state.residual {
            (state.best, state.best_multipliers, state.residual) = (state.iterate, (state.y, state.z), residual);
        }
        if state.residual <= self.residual_tolerance {
            return Status::Converged(Criterion::Residual);
        }
        if let Some(size) = infeasible(state, program) {
            state.best_multipliers = (state.y / size, state.z / size);
            return Status::Stalled(Stall::Infeasible);
        }
        if unbounded(state, program) {
            return Status::Stalled(Stall::Unbounded);
        }
        if state.idle > PATIENCE { Status::Stalled(Stall::NoDescent) } else { Status::Running }
    }

    /// Steps 1 to 3; `false` if rounding leaves nowhere to go.
    fn advance<const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
        &self,
        state: &mut InteriorPointState<T, N, M, E>,
        program: &ConeProgram<T, N, M, E, C, K>,
    ) -> bool {
        let Some(scaling) = Scaling::<T, M, C, K>::new(entries(&state.s), entries(&state.z)) else { return false };
        let Some(equations) = NormalEquations::new(program, &scaling) else { return false };
        let mut lambda = state.z;
        scaling.stretch(entries_mut(&mut lambda));
        let gap = linalg::dot(&lambda, &lambda);
        let target = residuals(state, program, &scaling);

        let found = equations.solve(program, &Triple { z: target.z + lambda, ..target });
        let change = -lambda - found.z;
        let rate = common_rate::<T, M, C, K>(&lambda, &change, &found.z, T::ONE);
        let left = if gap > T::ZERO {
            (T::ONE - rate + rate * rate * linalg::dot(&change, &found.z) / gap).max(T::ZERO).min(T::ONE)
        } else {
            T::ZERO
        };
        let mean = gap / T::of_usize(const { M.saturating_sub(C * K) + C }).max(T::ONE);

        let mut aim = [T::ZERO; M];
        add_identity::<T, M, C, K>(&mut aim, left * left * left * mean);
        let second = product::<T, M, C, K>(entries(&change), entries(&found.z));
        for (aim, &second) in aim.iter_mut().zip(&second) {
            *aim -= second;
        }
        divide::<T, M, C, K>(entries(&lambda), &mut aim);
        let aim = SVector::from(aim) - lambda;
        let found = equations.solve(program, &Triple { z: target.z - aim, ..target });
        let (mut s, mut z) = (aim - found.z, found.z);
        let rate = common_rate::<T, M, C, K>(&lambda, &s, &z, self.boundary_fraction);
        scaling.stretch(entries_mut(&mut s));
        scaling.shrink(entries_mut(&mut z));

        let (x, y) = (state.iterate + found.x * rate, state.y + found.y * rate);
        let (mut s, mut z) = (state.s + s * rate, state.z + z * rate);
        lift::<T, M, C, K>(entries_mut(&mut s));
        lift::<T, M, C, K>(entries_mut(&mut z));
        let finite =
            linalg::all_finite(&x) && linalg::all_finite(&y) && linalg::all_finite(&s) && linalg::all_finite(&z);
        if finite {
            (state.iterate, state.y, state.s, state.z) = (x, y, s, z);
        }
        finite
    }
}

/// What is missing to the linear conditions, that of the rows scaled.
fn residuals<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
    state: &InteriorPointState<T, N, M, E>,
    program: &ConeProgram<T, N, M, E, C, K>,
    scaling: &Scaling<T, M, C, K>,
) -> Triple<T, N, M, E> {
    let (mut from_rows, mut from_equations, mut equated) = (linalg::zeros(), linalg::zeros(), linalg::zeros());
    linalg::multiply_adjoint(&program.rows, &state.z, &mut from_rows);
    linalg::multiply_adjoint(&program.equations, &state.y, &mut from_equations);
    linalg::multiply(&program.equations, &state.iterate, &mut equated);
    let curved = linalg::multiply_symmetric(&program.hessian, &state.iterate);
    let mut rows = program.slack(&state.iterate) - state.s;
    scaling.shrink(entries_mut(&mut rows));
    Triple { x: -(curved + program.gradient + from_equations + from_rows), y: program.targets - equated, z: rows }
}

/// The rate that keeps s and z in the cones, at most one.
fn common_rate<T: Real, const M: usize, const C: usize, const K: usize>(
    lambda: &SVector<T, M>,
    s: &SVector<T, M>,
    z: &SVector<T, M>,
    fraction: T,
) -> T {
    let (lambda, s, z) = (entries(lambda), entries(s), entries(z));
    (fraction * reach::<T, M, C, K>(lambda, s).min(reach::<T, M, C, K>(lambda, z))).min(T::ONE)
}

/// `-(bᵀ y + hᵀ z)` where that excludes every feasible point of less than `1/√ε` times the size of x: for such a point it
/// is at most `(Aᵀ y + Gᵀ z)ᵀ x`.
fn infeasible<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
    state: &InteriorPointState<T, N, M, E>,
    program: &ConeProgram<T, N, M, E, C, K>,
) -> Option<T> {
    let (mut from_rows, mut from_equations) = (linalg::zeros(), linalg::zeros());
    linalg::multiply_adjoint(&program.rows, &state.z, &mut from_rows);
    linalg::multiply_adjoint(&program.equations, &state.y, &mut from_equations);
    let products = state.y.iter().zip(program.targets.iter()).chain(state.z.iter().zip(program.limits.iter()));
    let (mut size, mut terms) = (T::ZERO, T::ZERO);
    for (&multiplier, &limit) in products {
        size -= multiplier * limit;
        terms += (multiplier * limit).abs();
    }
    let rest = sum_of_magnitudes(&(from_rows + from_equations)) * (T::ONE + linalg::max_abs(&state.iterate));
    (size > T::SQRT_EPSILON * terms && rest <= T::SQRT_EPSILON * size).then_some(size)
}

/// Whether x, far out, is a direction in which the objective falls without end, as far as multipliers of less than `1/√ε`
/// times the size of y and z can tell: for such multipliers `-cᵀ x` is at most `xᵀ H x' + yᵀ A x + zᵀ(G x + s)`.
fn unbounded<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
    state: &InteriorPointState<T, N, M, E>,
    program: &ConeProgram<T, N, M, E, C, K>,
) -> bool {
    let (mut values, mut equated) = (linalg::zeros(), linalg::zeros());
    linalg::multiply(&program.rows, &state.iterate, &mut values);
    linalg::multiply(&program.equations, &state.iterate, &mut equated);
    let curved = linalg::multiply_symmetric(&program.hessian, &state.iterate);
    let rest = sum_of_magnitudes(&curved) + sum_of_magnitudes(&equated) + sum_of_magnitudes(&(values + state.s));
    let multipliers = T::ONE + linalg::max_abs(&state.y).max(linalg::max_abs(&state.z));
    let fall = -dot_of(entries(&program.gradient), entries(&state.iterate));
    fall > T::ZERO && rest * multipliers <= T::SQRT_EPSILON * fall
}

fn sum_of_magnitudes<T: Real, const N: usize>(a: &SVector<T, N>) -> T {
    a.iter().fold(T::ZERO, |sum, &a| sum + a.abs())
}

impl<T: Real, const N: usize, const M: usize, const E: usize> From<SVector<T, N>> for InteriorPointState<T, N, M, E> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
