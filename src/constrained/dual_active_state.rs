//! What a dual active set remembers between steps.

use nalgebra::SVector;

use crate::constrained::working_set::WorkingSet;
use crate::constrained::{Active, FactoredProgram};
use crate::linalg::slice::largest;
use crate::linalg::{self, entries, entries_mut};
use crate::real::Real;
use crate::step::{Stall, Status};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Phase {
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
pub(super) struct Candidate<T> {
    pub(super) active: Active,
    pub(super) violation: T,
    pub(super) multiplier: T,
}

/// Memory of [`DualActiveSet`](crate::constrained::DualActiveSet).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct DualActiveSetState<T: Real, const N: usize> {
    /// The minimizer on the working set.
    pub(super) x: SVector<T, N>,
    /// Where the proximal term is centred.
    pub(super) center: SVector<T, N>,
    /// v.
    pub(super) v: SVector<T, N>,
    /// Its largest magnitude.
    pub(super) shift: T,
    /// `R x`.
    pub(super) w: SVector<T, N>,
    /// `R` times the centre, after the first proximal round.
    pub(super) before: SVector<T, N>,
    /// Whether this is not the first proximal round.
    pub(super) centered: bool,
    /// W and λ.
    pub(super) set: WorkingSet<T, N>,
    pub(super) candidate: Candidate<T>,
    /// `‖w + v‖²`, which every full step raises.
    pub(super) value: T,
    /// Full steps since it rose.
    pub(super) idle: u16,
    /// Corrections since the last change of W.
    pub(super) corrections: u8,
    /// By how much W does not hold, when it was last looked at.
    pub(super) error: T,
    pub(super) phase: Phase,
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
            shift: T::ZERO,
            w: linalg::zeros(),
            before: linalg::zeros(),
            centered: false,
            set: WorkingSet::new(),
            candidate: Candidate { active, violation: T::ZERO, multiplier: T::ZERO },
            value: T::ZERO,
            idle: 0,
            corrections: 0,
            error: T::ZERO,
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
            self.x = linalg::zeros();
            self.set.clear();
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

    /// New v for the centre; `false` if it is not finite.
    pub(super) fn recenter<const M: usize>(&mut self, program: &FactoredProgram<T, N, M>) -> bool {
        let finite = program.shift(&self.center, &mut self.v);
        self.shift = largest(entries(&self.v));
        (self.value, self.idle, self.corrections) = (-T::ONE, 0, 0);
        finite
    }

    /// `w = -v - M_Wᵀ λ`.
    pub(super) fn refresh<const M: usize>(&mut self, program: &FactoredProgram<T, N, M>) {
        linalg::negate(&self.v, &mut self.w);
        program.combine(self.set.active(), self.set.multipliers(), -T::ONE, entries_mut(&mut self.w));
    }

    /// `M_W w - b_W`, and the largest magnitude of it.
    pub(super) fn residual<const M: usize>(&self, program: &FactoredProgram<T, N, M>) -> ([T; N], T) {
        let mut residual = [T::ZERO; N];
        program.multiply(self.set.active(), entries(&self.w), 0, &mut residual);
        for (residual, &active) in residual.iter_mut().zip(self.set.active()) {
            *residual -= program.limit(active);
        }
        let worst = largest(&residual);
        (residual, worst)
    }

    /// How large the terms are of which values are sums.
    pub(super) fn size(&self) -> T {
        largest(entries(&self.w)) + self.shift
    }

    /// How large the data are: v, and the limits in W.
    pub(super) fn reach<const M: usize>(&self, program: &FactoredProgram<T, N, M>) -> T {
        self.set.active().iter().fold(self.shift, |most, &active| most.max(program.limit(active).abs()))
    }

    /// Up to which rate the multipliers keep their signs along a direction, and which one stops it.
    pub(super) fn ratio<const M: usize>(
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

    /// Whether W holds up to the rounding of its terms.
    pub(super) fn holds(&self, residual: T) -> bool {
        residual <= T::of_f64(16.0) * T::EPSILON * (self.size() + largest(self.set.multipliers()))
    }
}

impl<T: Real, const N: usize> From<SVector<T, N>> for DualActiveSetState<T, N> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
