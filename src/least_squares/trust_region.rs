//! The step: minimize the quadratic model inside a scaled ball and a box.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, Damping, System};
use crate::least_squares::bounds::Domain;
use crate::linalg;
use crate::real::Real;

/// What is known at the current point when a step is sought.
pub(super) struct Model<'a, T: Real, const N: usize, D> {
    pub(super) system: &'a System<T, N>,
    pub(super) gradient: &'a SVector<T, N>,
    /// The scale `D` of the norm `‖D p‖`.
    pub(super) scale: &'a SVector<T, N>,
    pub(super) x: &'a SVector<T, N>,
    pub(super) domain: &'a D,
}

/// A step and the damping that made it.
pub(super) struct Step<T, const N: usize> {
    pub(super) p: SVector<T, N>,
    pub(super) damping: T,
}

impl<T: Real, const N: usize, D: Domain<T, N>> Model<'_, T, N, D> {
    /// Components at a bound that the negative gradient would cross.
    pub(super) fn held(&self) -> [bool; N] {
        let mut held = [false; N];
        if D::BOUNDED {
            for (j, held) in held.iter_mut().enumerate() {
                let (lower, upper) = self.domain.interval(j);
                let (x, g) = (self.x[j], self.gradient[j]);
                *held = lower == upper || (x <= lower && g >= T::ZERO) || (x >= upper && g <= T::ZERO);
            }
        }
        held
    }

    /// `‖D p‖`.
    pub(super) fn length(&self, p: &SVector<T, N>) -> T {
        linalg::norm(&p.component_mul(self.scale))
    }

    /// The decrease `-gᵀp - ½‖Jp‖²` that the model promises, and the slope `gᵀp`.
    pub(super) fn promise<A: Accumulation>(&self, p: &SVector<T, N>) -> (T, T) {
        let slope = linalg::dot(self.gradient, p);
        (-slope - T::HALF * A::curvature(self.system, p), slope)
    }

    /// The step of length at most about `radius`, by Moré's iteration on the damping λ in `(JᵀJ + λD²) p = -g` (MINPACK
    /// `lmpar`; Moré 1978, §5), started from `damping`. `scratch` holds the factor.
    pub(super) fn step<A: Accumulation>(&self, radius: T, damping: T, scratch: &mut System<T, N>) -> Step<T, N> {
        let held = self.held();
        let mut step = self.damped::<A>(radius, damping, &held, scratch);
        if D::BOUNDED {
            self.stop_at_bounds::<A>(&mut step, held, scratch);
        }
        step
    }

    fn damped<A: Accumulation>(
        &self,
        radius: T,
        damping: T,
        held: &[bool; N],
        scratch: &mut System<T, N>,
    ) -> Step<T, N> {
        let tenth = T::of_f64(0.1);
        let regular = self.factor::<A>(T::ZERO, held, &linalg::zeros(), scratch);
        let mut p = linalg::zeros();
        let mut length = T::INFINITY;
        let mut lowest = T::of_usize(N) * T::EPSILON;
        if regular {
            p = A::minimizer(scratch);
            length = self.length(&p);
            if length - radius <= tenth * radius {
                return Step { p, damping: T::ZERO };
            }
            lowest = self.newton(&p, length, radius, scratch);
        }
        let mut free_gradient = self.gradient.component_div(self.scale);
        for (g, held) in free_gradient.iter_mut().zip(held) {
            if *held {
                *g = T::ZERO;
            }
        }
        let steepest = linalg::norm(&free_gradient);
        let mut highest = steepest / radius;
        if !(highest > T::ZERO) {
            highest = T::TINY / radius.min(tenth);
        }
        highest = highest.max(lowest);
        let mut lambda = damping.max(lowest).min(highest);
        if !(lambda > T::ZERO) {
            lambda = steepest / length;
        }
        for _ in 0..10 {
            lambda = lambda.max(T::of_f64(1e-3) * highest * T::EPSILON);
            if !self.factor::<A>(lambda, held, &linalg::zeros(), scratch) {
                lambda = (lambda * T::of_f64(10.0)).max(T::EPSILON);
                continue;
            }
            p = A::minimizer(scratch);
            length = self.length(&p);
            let excess = length - radius;
            let at_floor = !regular && lambda <= lowest && excess <= T::ZERO;
            if excess.abs() <= tenth * radius || at_floor {
                break;
            }
            if excess > T::ZERO {
                lowest = lowest.max(lambda);
            } else {
                highest = highest.min(lambda);
            }
            lambda = lowest.max(lambda + self.newton(&p, length, radius, scratch));
            if lambda > highest {
                highest = lambda;
            }
        }
        Step { p, damping: lambda }
    }

    /// The Newton correction of λ in `‖D p(λ)‖ = radius`: `excess / (radius ‖L⁻¹ D² p / ‖Dp‖‖²)`.
    fn newton(&self, p: &SVector<T, N>, length: T, radius: T, factored: &System<T, N>) -> T {
        let mut q = p.component_mul(self.scale).component_mul(self.scale) / length;
        linalg::solve_lower(&factored.matrix, &mut q);
        (length - radius) / (radius * linalg::dot(&q, &q))
    }

    fn factor<A: Accumulation>(
        &self,
        lambda: T,
        held: &[bool; N],
        from: &SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> bool {
        let weights = self.scale * lambda.sqrt();
        A::factor(self.system, &Damping { weights: &weights, held, from }, scratch)
    }

    /// Walks the damped model's minimizers inside the box: to the first bound, hold that component, on to the minimizer
    /// in the remaining ones. Each leg lowers the damped model; there are at most N.
    fn stop_at_bounds<A: Accumulation>(&self, step: &mut Step<T, N>, mut held: [bool; N], scratch: &mut System<T, N>) {
        let mut from: SVector<T, N> = linalg::zeros();
        let mut leg = step.p;
        for _ in 0..N {
            let (mut fraction, mut blocking) = (T::ONE, None);
            for (j, held) in held.iter().enumerate() {
                if *held {
                    continue;
                }
                let (lower, upper) = self.domain.interval(j);
                let bound = if leg[j] < T::ZERO { lower } else { upper };
                let room = (bound - self.x[j]) - from[j];
                if leg[j].abs() > room.abs() && room.abs() < fraction * leg[j].abs() {
                    fraction = (room / leg[j]).max(T::ZERO);
                    blocking = Some(j);
                }
            }
            from += leg * fraction;
            let Some(j) = blocking else { break };
            if let Some(held) = held.get_mut(j) {
                *held = true;
            }
            let (lower, upper) = self.domain.interval(j);
            from[j] = if leg[j] < T::ZERO { lower } else { upper } - self.x[j];
            if held.iter().all(|held| *held) || !self.factor::<A>(step.damping, &held, &from, scratch) {
                break;
            }
            leg = A::minimizer(scratch);
        }
        step.p = from;
    }
}
