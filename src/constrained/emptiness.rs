//! Proofs that a quadratic program has no solution.

use nalgebra::SVector;

use crate::constrained::FactoredProgram;
use crate::constrained::dual_active_state::DualActiveSetState;
use crate::linalg::slice::{largest, product};
use crate::linalg::{self, entries};
use crate::real::Real;

/// Whether the objective falls for ever along the step d of a proximal round, with `R d` given: no curvature, no limit on the
/// way, and nothing but the gradient f against the proximal term, `fᵀd = -ε‖d‖²` up to rounding.
pub(super) fn unbounded<T: Real, const N: usize, const M: usize>(
    program: &FactoredProgram<T, N, M>,
    d: &SVector<T, N>,
    image: &SVector<T, N>,
) -> bool {
    let square = program.proximity() * linalg::dot(d, d);
    let curvature = linalg::dot(image, image) - square;
    let slope = linalg::dot(program.gradient(), d);
    let haze = T::of_f64(64.0) * T::EPSILON;
    let mut free = curvature.abs() <= T::SQRT_EPSILON * square
        && (slope + square).abs() <= T::of_f64(0.01) * T::SQRT_EPSILON * square
        && square > T::ZERO;
    if free {
        let rounding = haze * largest(entries(image));
        for constraint in program.constraints() {
            let (value, (lower, upper, _)) = (program.value(constraint, entries(image)), program.limits(constraint));
            free &= !(value > rounding && upper.is_finite() || value < -rounding && lower.is_finite());
        }
    }
    free
}

/// Farkas: the normals of W by their multipliers and that of the candidate cancel, while their limits sum to less than
/// zero, and to less than rounding and what is left of the normals could make of it.
pub(super) fn infeasible<T: Real, const N: usize, const M: usize>(
    state: &DualActiveSetState<T, N>,
    program: &FactoredProgram<T, N, M>,
) -> bool {
    let mut rest = [T::ZERO; N];
    let last = [(&state.candidate.active, &state.candidate.multiplier)];
    let (mut sum, mut size) = (T::ZERO, T::ZERO);
    for (active, &multiplier) in state.set.iter().chain(last) {
        program.combine(core::slice::from_ref(active), &[multiplier], T::ONE, &mut rest);
        if multiplier != T::ZERO {
            let term = multiplier * program.limit(*active);
            sum += term;
            size += term.abs();
        }
    }
    sum < -(T::of_f64(16.0) * T::EPSILON * size + product(&rest, &rest).sqrt() * state.size())
}
