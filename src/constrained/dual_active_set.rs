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

use nalgebra::SVector;

use crate::constrained::working_set::{Projection, WorkingSet};
use crate::constrained::{Active, FactoredProgram};
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// New data: shift, sides of the working set.
    Start,
    /// Factor the next listed constraint.
    Build,
    /// Correct λ by what W violates.
    Settle,
    /// Bring the candidate into W.
    Exchange,
    Done(Status),
}

/// The violated constraint on its way into the working set.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Candidate<T> {
    active: Active,
    violation: T,
    multiplier: T,
}

/// Memory of [`DualActiveSet`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct DualActiveSetState<T: Real, const N: usize> {
    /// The minimizer on the working set.
    x: SVector<T, N>,
    /// Where the proximal term is centred.
    center: SVector<T, N>,
    /// v.
    v: SVector<T, N>,
    /// `R x`.
    w: SVector<T, N>,
    /// `R` times the centre, after the first proximal round.
    before: SVector<T, N>,
    /// Whether this is not the first proximal round.
    centered: bool,
    /// W and λ.
    set: WorkingSet<T, N>,
    candidate: Candidate<T>,
    /// `‖w + v‖²`, which every full step raises.
    value: T,
    /// Full steps since it rose.
    idle: u16,
    /// Corrections since the last change of W.
    corrections: u8,
    phase: Phase,
}

impl<T: Real, const N: usize> DualActiveSetState<T, N> {
    /// A memory with an empty working set. The point is the first centre of the proximal point method; without proximity it
    /// does not matter.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        let active = Active { constraint: u16::MAX, upper: false };
        Self {
            x,
            center: x,
            v: linalg::zeros(),
            w: linalg::zeros(),
            before: linalg::zeros(),
            centered: false,
            set: WorkingSet::new(),
            candidate: Candidate { active, violation: T::ZERO, multiplier: T::ZERO },
            value: T::ZERO,
            idle: 0,
            corrections: 0,
            phase: Phase::Start,
        }
    }

    /// The solution once converged; before, the minimizer on the working set, which violates constraints outside of it.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.x
    }

    /// The constraints that hold with equality.
    #[must_use]
    pub fn working_set(&self) -> &[Active] {
        self.set.active()
    }

    /// The multipliers z of the bounds and y of the general constraints: `H x + f + z + Aᵀ y = 0`. After
    /// [`Stall::Infeasible`] the certificate: `z + Aᵀ y = 0`, while the limits that the signs name sum to less than zero.
    #[must_use]
    pub fn multipliers<const M: usize>(&self, program: &FactoredProgram<T, N, M>) -> (SVector<T, N>, SVector<T, M>) {
        let (mut z, mut y) = (linalg::zeros(), linalg::zeros());
        for (active, &multiplier) in self.set.iter() {
            program.unscale(active.constraint, multiplier, &mut z, &mut y);
        }
        if self.phase == Phase::Done(Status::Stalled(Stall::Infeasible)) {
            program.unscale(self.candidate.active.constraint, self.candidate.multiplier, &mut z, &mut y);
        }
        (z, y)
    }

    /// Goes on from the working set and its multipliers after the gradient or limits changed; from nothing after
    /// [`Stall::NonFinite`].
    pub fn restart(&mut self) {
        if self.phase == Phase::Done(Status::Stalled(Stall::NonFinite)) {
            *self = Self::new(linalg::zeros());
        }
        self.center = self.x;
        self.centered = false;
        self.phase = Phase::Start;
    }

    /// As [`restart`](Self::restart), after `H` or `A` changed: the working set is factored again, a constraint a step.
    pub fn rebuild(&mut self) {
        self.set.unfactor();
        self.restart();
    }

    /// Adds a constraint to the working set with which the next solve starts, j for the bounds of variable j, N + i for
    /// general constraint i; `false` if it is there already or N are.
    ///
    /// A guess may be wrong: what should not be in the set leaves it.
    pub fn guess(&mut self, active: Active) -> bool {
        let added = !self.set.contains(usize::from(active.constraint)) && self.set.list(active);
        self.restart();
        added
    }

    /// `w = -v - M_Wᵀ λ`.
    fn refresh<const M: usize>(&mut self, program: &FactoredProgram<T, N, M>) {
        linalg::negate(&self.v, &mut self.w);
        program.combine(self.set.active(), self.set.multipliers(), -T::ONE, entries_mut(&mut self.w));
    }

    /// `M_W w - b_W`, and the largest magnitude of it.
    fn residual<const M: usize>(&self, program: &FactoredProgram<T, N, M>) -> ([T; N], T) {
        let mut residual = [T::ZERO; N];
        program.multiply(self.set.active(), entries(&self.w), &mut residual);
        for (residual, active) in residual.iter_mut().zip(self.set.active()) {
            let (lower, upper, _) = program.limits(active.constraint);
            *residual -= if active.upper { upper } else { lower };
        }
        let worst = largest(&residual);
        (residual, worst)
    }

    /// How large the terms are of which values are sums.
    fn size(&self) -> T {
        largest(entries(&self.w)) + largest(entries(&self.v))
    }

    /// Up to which rate the multipliers keep their signs along a direction, and which one stops it.
    fn ratio<const M: usize>(
        &self,
        program: &FactoredProgram<T, N, M>,
        direction: &[T; N],
        floor: T,
        limit: T,
    ) -> (T, Option<usize>) {
        let (mut rate, mut blocking) = (limit, None);
        for (i, ((active, &multiplier), &d)) in self.set.iter().zip(direction).enumerate() {
            let towards_zero = if active.upper { -d } else { d };
            if towards_zero > floor && multiplier.abs() < rate * towards_zero {
                let (lower, upper, _) = program.limits(active.constraint);
                if lower < upper {
                    (rate, blocking) = (multiplier.abs() / towards_zero, Some(i));
                }
            }
        }
        (rate, blocking)
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
        if !program.shift(&state.center, &mut state.v) {
            return Status::Stalled(Stall::NonFinite);
        }
        state.set.set_sides();
        (state.value, state.idle, state.corrections) = (-T::ONE, 0, 0);
        // A limit that is gone is no reason to stay.
        let gone = state.set.active().iter().position(|active| {
            let (lower, upper, _) = program.limits(active.constraint);
            !(if active.upper { upper } else { lower }).is_finite()
        });
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
        let (lower, upper, _) = program.limits(active.constraint);
        let mut projection = Projection::new();
        state.set.project(program, active.constraint, &mut projection);
        let Projection { row, pivot, .. } = &projection;
        let bounded = (if active.upper { upper } else { lower }).is_finite();
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
        if holds(state, worst) {
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
        program.unscale_point(&bounds, entries_mut(&mut state.x));
        if !linalg::all_finite(&state.x) {
            return Status::Stalled(Stall::NonFinite);
        }
        let Some((active, violation)) = search.found else {
            if state.corrections >= CORRECTIONS || state.corrections > 0 && holds(state, state.residual(program).1) {
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
        for d in direction.iter_mut() {
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
                return infeasible(state, direction, sign);
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
        if !program.shift(&state.center, &mut state.v) {
            return Status::Stalled(Stall::NonFinite);
        }
        (state.value, state.idle, state.corrections, state.phase) = (-T::ONE, 0, 0, Phase::Settle);
        Status::Running
    }
}

/// The most violated constraint.
struct Search<T> {
    /// What is not a violation.
    threshold: T,
    most: T,
    found: Option<(Active, T)>,
}

impl<T: Real> Search<T> {
    fn scan<const N: usize>(&mut self, set: &WorkingSet<T, N>, first: usize, values: &[T], limits: (&[T], &[T])) {
        for (i, (&value, (&lower, &upper))) in values.iter().zip(limits.0.iter().zip(limits.1)).enumerate() {
            if value - upper > self.threshold || lower - value > self.threshold {
                self.consider(set, first + i, value, lower, upper);
            }
        }
    }

    #[inline(never)]
    fn consider<const N: usize>(&mut self, set: &WorkingSet<T, N>, constraint: usize, value: T, lower: T, upper: T) {
        let above = value > upper;
        let violation = if above { value - upper } else { lower - value };
        // Equations first: they never leave.
        let weight = if lower < upper { violation } else { violation / T::EPSILON };
        if weight > self.most && !set.contains(constraint) {
            let constraint = u16::try_from(constraint).unwrap_or(u16::MAX);
            self.most = weight;
            self.found = Some((Active { constraint, upper: above }, violation));
        }
    }
}

/// Whether the objective falls for ever along d, with `R d` given: no curvature, no limit on the way, a falling slope.
fn unbounded<T: Real, const N: usize, const M: usize>(
    program: &FactoredProgram<T, N, M>,
    d: &SVector<T, N>,
    image: &SVector<T, N>,
) -> bool {
    let square = program.proximity() * linalg::dot(d, d);
    let curvature = linalg::dot(image, image) - square;
    let slope = linalg::dot(program.gradient(), d);
    let mut free = curvature.abs() <= T::SQRT_EPSILON * square
        && slope < -T::SQRT_EPSILON * largest(entries(program.gradient())) * largest(entries(d));
    if free {
        let rounding = T::SQRT_EPSILON * largest(entries(image));
        let (mut bounds, mut rows) = ([T::ZERO; N], [T::ZERO; M]);
        program.values(entries(image), &mut bounds, &mut rows);
        let [bound_limits, row_limits] = program.all_limits();
        for (values, (lower, upper)) in [(bounds.as_slice(), bound_limits), (&rows, row_limits)] {
            for (&value, (lower, upper)) in values.iter().zip(lower.iter().zip(upper)) {
                free &= !(value > rounding && upper.is_finite() || value < -rounding && lower.is_finite());
            }
        }
    }
    free
}

/// Whether W holds up to the rounding of its terms.
fn holds<T: Real, const N: usize>(state: &DualActiveSetState<T, N>, residual: T) -> bool {
    residual <= T::of_f64(16.0) * T::EPSILON * (state.size() + largest(state.set.multipliers()))
}

/// Leaves the certificate in the multipliers.
fn infeasible<T: Real, const N: usize>(state: &mut DualActiveSetState<T, N>, direction: &[T; N], sign: T) -> Status {
    state.set.assign(direction);
    state.candidate.multiplier = sign;
    Status::Stalled(Stall::Infeasible)
}

impl<T: Real, const N: usize> From<SVector<T, N>> for DualActiveSetState<T, N> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
