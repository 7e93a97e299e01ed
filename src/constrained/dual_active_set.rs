//! Dual active set for dense quadratic programs: a finite method, warm-started by what it found before.
//!
//! In the coordinates of [`FactoredProgram`] the program is `min ½ ‖w + v‖²` under limits of `M w`. With the working set W,
//! its multipliers λ of the right sign and `w = -v - M_Wᵀ λ`, one step is one change of the working set:
//!
//! 1. take the most violated constraint p; solve `M_W M_Wᵀ r = M_W m_p` with the recursive factors `L D Lᵀ`;
//! 2. move its multiplier up and those of W along `-r` until p holds (p enters W) or one of them vanishes (it leaves);
//! 3. if p depends on W and none vanishes, no point satisfies all constraints;
//! 4. when no constraint is violated, correct λ by what W still violates; then the point is optimal.
//!
//! A start from an old W and λ begins with 4, in which constraints with a multiplier of the wrong sign leave.
//!
//! Reference: Goldfarb & Idnani, "A numerically stable dual method for solving strictly convex quadratic programs", 1983;
//! Arnström, Bemporad & Axehill, "A dual active-set solver for embedded quadratic programming using recursive LDLᵀ updates",
//! 2022. Memory: N² + 7 N numbers. A step takes at most [`work`](DualActiveSet::work) multiply-adds. With proximity, an outer
//! proximal point loop solves semidefinite and linear programs.

use core::convert::Infallible;

use crate::constrained::FactoredProgram;
use crate::constrained::dual_active_state::{Candidate, DualActiveSetState, Phase};
use crate::constrained::emptiness::{infeasible, unbounded};
use crate::constrained::violation::Search;
use crate::constrained::working_set::Projection;
use crate::linalg::slice::{add_scaled, largest};
use crate::linalg::{self, entries, entries_mut};
use crate::real::Real;
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Corrections of the multipliers in a row.
const CORRECTIONS: u8 = 3;

/// Parameters of the dual active-set method.
///
/// ```
/// use thalweg::{Method, constrained::{DualActiveSet, DualActiveSetState, QuadraticProgram}};
/// use nalgebra::{matrix, vector};
/// let mut program = QuadraticProgram::<f64, 2, 1>::new(matrix![2.0, 0.0; 0.0, 2.0], vector![0.0, 0.0]);
/// (program.rows, program.row_lower) = (matrix![1.0, 1.0], vector![1.0]);
/// let mut factored = program.factor(0.0).unwrap();
/// let (state, _) = DualActiveSet::default().solve(vector![0.0, 0.0], &mut factored, 20).unwrap();
/// assert!((state.x() - vector![0.5, 0.5]).amax() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DualActiveSet<T> {
    /// A constraint is violated if its value is beyond its limit by more than `feasibility_tolerance · (max |w| + max |v|)`,
    /// constraints scaled to normals of length one. Zero or more; default `ε^¾`.
    ///
    /// Where that much, or what is left of the equations of the working set, exceeds `√ε` times the largest of v and the limits
    /// held, the end is [`Stall::NoDescent`] and not [`Criterion::Optimal`]: rounding may hide a violation there.
    pub feasibility_tolerance: T,
    /// A constraint depends on the working set if the squared distance of its normal to their span is at most this. Zero or
    /// more; default 16 ε.
    pub pivot_tolerance: T,
    /// With proximity only: the outer loop ends when `proximity · max |x - x_before| ≤ residual_tolerance · (max |f| +
    /// proximity · max |x|)`. Zero or more; default `ε^¾`.
    pub residual_tolerance: T,
}

impl<T: Real> Default for DualActiveSet<T> {
    fn default() -> Self {
        let tolerance = T::SQRT_EPSILON * T::SQRT_EPSILON.sqrt();
        Self {
            feasibility_tolerance: tolerance,
            pivot_tolerance: T::of_f64(16.0) * T::EPSILON,
            residual_tolerance: tolerance,
        }
    }
}

impl<T: Real> DualActiveSet<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let tolerances = [self.feasibility_tolerance, self.pivot_tolerance, self.residual_tolerance];
        if tolerances.iter().all(|&tolerance| tolerance >= T::ZERO) { Ok(()) } else { Err(ConfigError::Tolerance) }
    }
}

impl DualActiveSet<()> {
    /// The multiply-adds that one step takes at most with `variables` and `rows`, a solve of at most `budget` steps
    /// `budget` times that: a bound of the worst tick that is known in advance.
    ///
    /// With n variables and m rows a first step, the most expensive one, takes `½ n²` for the shift, `4 n²` for the point and
    /// the residuals, `n²` for two triangular solves and `½ n² + m n` for all values; with proximity `n² + m n` more. What is
    /// linear, and the padding to fours, is below `24 (n + m)`.
    #[must_use]
    pub const fn work(variables: usize, rows: usize) -> usize {
        7 * variables * variables + 2 * rows * variables + 24 * (variables + rows)
    }
}

impl<T: Real, const N: usize, const M: usize> Method<FactoredProgram<T, N, M>, DualActiveSetState<T, N>>
    for DualActiveSet<T>
{
    fn step(
        &self,
        state: &mut DualActiveSetState<T, N>,
        program: &mut FactoredProgram<T, N, M>,
    ) -> Result<Status, Infallible> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => match self.validate() {
                Err(error) => Status::Stalled(Stall::Config(error)),
                Ok(()) => self.start(state, program),
            },
            Phase::Build => self.build(state, program),
            Phase::Settle => self.settle(state, program),
            Phase::Exchange => self.exchange(state, program),
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real> DualActiveSet<T> {
    fn start<const N: usize, const M: usize>(
        &self,
        state: &mut DualActiveSetState<T, N>,
        program: &FactoredProgram<T, N, M>,
    ) -> Status {
        if !state.recenter(program) {
            return Status::Stalled(Stall::NonFinite);
        }
        state.set.set_sides();
        // A limit that is gone is no reason to stay.
        let gone = state.set.active().iter().position(|&active| !program.limit(active).is_finite());
        if let Some(gone) = gone {
            state.set.remove(gone);
            return Status::Running;
        }
        if state.set.pending().is_some() {
            state.phase = Phase::Build;
            return Status::Running;
        }
        self.settle(state, program)
    }

    /// Factors the next listed constraint, or drops it.
    fn build<const N: usize, const M: usize>(
        &self,
        state: &mut DualActiveSetState<T, N>,
        program: &FactoredProgram<T, N, M>,
    ) -> Status {
        let Some((active, multiplier)) = state.set.pending() else { return self.settle(state, program) };
        let mut projection = Projection::new();
        state.set.project(program, active.constraint, &mut projection);
        let Projection { row, pivot, .. } = &projection;
        let bounded = program.limit(active).is_finite();
        if !(bounded && *pivot > self.pivot_tolerance && state.set.push(active, multiplier, row, *pivot)) {
            state.set.remove(state.set.count());
        }
        Status::Running
    }

    /// Step 4: moves λ to where W holds exactly, unless a multiplier would change its sign on the way and leaves.
    fn settle<const N: usize, const M: usize>(
        &self,
        state: &mut DualActiveSetState<T, N>,
        program: &FactoredProgram<T, N, M>,
    ) -> Status {
        state.refresh(program);
        let (mut correction, worst) = state.residual(program);
        state.error = worst;
        if state.holds(worst) {
            state.corrections = CORRECTIONS;
            return self.price(state, program);
        }
        state.set.forward(&mut correction);
        state.set.divide(&mut correction);
        state.set.backward(&mut correction);
        let (rate, blocking) = state.ratio(program, &correction, T::ZERO, T::ONE);
        state.set.update(rate, &correction);
        if let Some(leaving) = blocking {
            state.set.remove(leaving);
            state.phase = Phase::Settle;
            return Status::Running;
        }
        state.corrections += 1;
        state.value = -T::ONE;
        state.refresh(program);
        self.price(state, program)
    }

    /// The most violated constraint becomes the candidate; without one, W must hold up to rounding.
    fn price<const N: usize, const M: usize>(
        &self,
        state: &mut DualActiveSetState<T, N>,
        program: &FactoredProgram<T, N, M>,
    ) -> Status {
        let threshold = self.feasibility_tolerance * state.size();
        let mut search = Search { threshold, most: T::ZERO, found: None };
        let (mut bounds, mut rows) = ([T::ZERO; N], [T::ZERO; M]);
        program.values(entries(&state.w), &mut bounds, &mut rows);
        let [bound_limits, row_limits] = program.all_limits();
        search.scan(&state.set, 0, &bounds, bound_limits);
        search.scan(&state.set, N, &rows, row_limits);
        if !program.unscale_point(&bounds, entries_mut(&mut state.x)) {
            return Status::Stalled(Stall::NonFinite);
        }
        let Some((active, violation)) = search.found else {
            let mut settled = state.corrections >= CORRECTIONS;
            if !settled && state.corrections > 0 {
                state.error = state.residual(program).1;
                settled = state.holds(state.error);
            }
            if settled {
                return self.finish(state, program);
            }
            state.phase = Phase::Settle;
            return Status::Running;
        };
        let value = entries(&state.w).iter().zip(entries(&state.v)).fold(T::ZERO, |s, (&w, &v)| s + (w + v).squared());
        if value > state.value {
            (state.value, state.idle) = (value, 0);
        } else {
            state.idle = state.idle.saturating_add(1);
            if usize::from(state.idle) > 2 * N + 10 {
                return Status::Stalled(Stall::NoDescent);
            }
        }
        state.candidate = Candidate { active, violation, multiplier: T::ZERO };
        state.phase = Phase::Exchange;
        Status::Running
    }

    /// Steps 1 to 3.
    fn exchange<const N: usize, const M: usize>(
        &self,
        state: &mut DualActiveSetState<T, N>,
        program: &FactoredProgram<T, N, M>,
    ) -> Status {
        let Candidate { active, violation, multiplier } = state.candidate;
        let mut projection = Projection::new();
        state.set.project(program, active.constraint, &mut projection);
        let Projection { row, nearest: direction, rest, pivot } = &mut projection;
        let pivot = *pivot;
        let sign = if active.upper { T::ONE } else { -T::ONE };
        for d in direction.iter_mut().take(state.set.count()) {
            *d *= -sign;
        }
        let independent = pivot > self.pivot_tolerance && state.set.count() < N;
        let mut full = if independent { violation / pivot } else { T::INFINITY };
        let floor = T::of_f64(16.0) * T::EPSILON;
        let (mut rate, blocking) = state.ratio(program, direction, floor, full);
        if blocking.is_none() && !independent {
            // Nearly dependent is not infeasible while the point it takes is not out of this world.
            let reach = state.size() / T::SQRT_EPSILON;
            if !(pivot > T::ZERO && violation <= pivot.sqrt() * reach && state.set.count() < N) {
                for d in direction.iter_mut() {
                    if d.abs() <= floor {
                        *d = T::ZERO;
                    }
                }
                state.set.assign(direction);
                state.candidate.multiplier = sign;
                return Status::Stalled(if infeasible(state, program) { Stall::Infeasible } else { Stall::NoDescent });
            }
            full = violation / pivot;
            rate = full;
        }
        state.set.update(rate, direction);
        add_scaled(entries_mut(&mut state.w), -sign * rate, rest);
        state.corrections = 0;
        if let Some(leaving) = blocking {
            state.set.remove(leaving);
            state.candidate.multiplier += sign * rate;
            if independent {
                state.candidate.violation -= rate * pivot;
            }
            return Status::Running;
        }
        state.set.push(active, multiplier + sign * rate, row, pivot);
        self.price(state, program)
    }

    /// No constraint is violated: the end, or the next round of the proximal point method.
    fn finish<const N: usize, const M: usize>(
        &self,
        state: &mut DualActiveSetState<T, N>,
        program: &FactoredProgram<T, N, M>,
    ) -> Status {
        // Beside a point or multipliers far beyond what the data are made of, rounding may hide what is a violation beside
        // the data.
        let hidden = (self.feasibility_tolerance * state.size()).max(state.error);
        if hidden > T::SQRT_EPSILON * state.reach(program) {
            return Status::Stalled(Stall::NoDescent);
        }
        let proximity = program.proximity();
        let (d, f) = (state.x - state.center, largest(entries(program.gradient())));
        let moved = proximity * linalg::max_abs(&d);
        if moved <= self.residual_tolerance * (f + proximity * linalg::max_abs(&state.x)) {
            return Status::Converged(Criterion::Optimal);
        }
        if state.centered && unbounded(program, &d, &(state.w - state.before)) {
            return Status::Stalled(Stall::Unbounded);
        }
        (state.before, state.center, state.centered) = (state.w, state.x, true);
        if !state.recenter(program) {
            return Status::Stalled(Stall::NonFinite);
        }
        state.phase = Phase::Settle;
        Status::Running
    }
}
