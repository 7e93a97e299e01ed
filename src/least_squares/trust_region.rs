//! The step: minimize the quadratic model inside a scaled ball and a box.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, Damping, System};
use crate::least_squares::bounds::Domain;
use crate::linalg::{self, entries, entries_mut};
use crate::real::Real;

/// What is known at the current point when a step is sought.
pub(super) struct Model<'a, T: Real, const N: usize, D> {
    pub(super) system: &'a System<T, N>,
    /// The scale `D` of the norm `‖D p‖`, positive.
    pub(super) scale: &'a SVector<T, N>,
    pub(super) x: &'a SVector<T, N>,
    pub(super) domain: &'a D,
}

/// How a step was made.
#[derive(Clone, Copy)]
pub(super) struct Step<T> {
    pub(super) damping: T,
    /// The regularization of a singular model, else zero.
    ridge: T,
    /// Whether it is the minimizer of the undamped model, which lies inside the radius.
    pub(super) free: bool,
}

impl<T: Real, const N: usize, D: Domain<T, N>> Model<'_, T, N, D> {
    /// Components at a bound that the negative gradient would cross.
    pub(super) fn held<A: Accumulation>(&self) -> [bool; N] {
        let mut held = [false; N];
        if D::BOUNDED {
            for (j, held) in held.iter_mut().enumerate() {
                let (lower, upper) = self.domain.interval(j);
                let (x, g) = (entries(self.x)[j], A::gradient(self.system, j));
                *held = lower == upper || (x <= lower && g >= T::ZERO) || (x >= upper && g <= T::ZERO);
            }
        }
        held
    }

    /// `‖D p‖`.
    pub(super) fn length(&self, p: &SVector<T, N>) -> T {
        linalg::scaled_norm(self.scale, p)
    }

    /// The decrease `-gᵀp - ½‖Jp‖²` that the model promises, and the slope `gᵀp`.
    pub(super) fn promise<A: Accumulation>(&self, p: &SVector<T, N>) -> (T, T) {
        let slope = (0..N).fold(T::ZERO, |sum, j| sum + A::gradient(self.system, j) * entries(p)[j]);
        (-slope - T::HALF * A::curvature(self.system, p), slope)
    }

    /// Writes the step of length at most about `radius` to `p`, by Moré's iteration on the damping λ in
    /// `(JᵀJ + λD²) p = -g` (MINPACK `lmpar`; Moré 1978, §5), started from `damping`. `scratch` holds the factor.
    pub(super) fn step<A: Accumulation>(
        &self,
        radius: T,
        damping: T,
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T> {
        let held = self.held::<A>();
        let step = self.damped::<A>(radius, damping, &held, p, scratch);
        if D::BOUNDED {
            self.stop_at_bounds::<A>(step, held, p, scratch);
        }
        step
    }

    fn damped<A: Accumulation>(
        &self,
        radius: T,
        damping: T,
        held: &[bool; N],
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T> {
        let tenth = T::of_f64(0.1);
        let floor = T::of_usize(N) * T::EPSILON;
        let (mut ridge, mut lambda, mut lowest, mut highest) = (T::ZERO, T::ZERO, T::ZERO, T::INFINITY);
        let mut undamped = true;
        // Two factorizations at λ = 0 at the most, ten beyond it.
        for _ in 0..12 {
            let regular = self.factor::<A>(lambda, ridge, held, None, scratch);
            if !regular && undamped && ridge == T::ZERO {
                ridge = floor;
                continue;
            }
            let mut excess = T::INFINITY;
            if regular {
                A::minimize(scratch, p);
                excess = self.length(p) - radius;
            }
            if excess <= tenth * radius && (undamped || excess >= -tenth * radius) {
                break;
            }
            let newton =
                if regular { lambda + self.newton(p, radius, scratch) } else { (T::of_f64(10.0) * lambda).max(floor) };
            if undamped {
                undamped = false;
                lowest = if regular { newton } else { T::ZERO };
                highest = self.steepest::<A>(held) / radius;
                if !(highest > T::ZERO) {
                    highest = T::TINY / radius.min(tenth);
                }
                highest = highest.max(lowest);
                lambda = damping.max(lowest).min(highest);
            } else {
                if excess > T::ZERO {
                    lowest = lowest.max(lambda);
                } else {
                    highest = highest.min(lambda);
                }
                lambda = newton.max(lowest);
            }
            lambda = lambda.max(T::of_f64(1e-3) * T::EPSILON * highest);
        }
        Step { damping: lambda, ridge, free: undamped }
    }

    /// `‖D⁻¹g‖` over the components that are not held.
    fn steepest<A: Accumulation>(&self, held: &[bool; N]) -> T {
        (0..N)
            .filter(|&j| !held[j])
            .fold(T::ZERO, |sum, j| sum + (A::gradient(self.system, j) / entries(self.scale)[j]).squared())
            .sqrt()
    }

    /// The Newton correction of λ in `‖D p(λ)‖ = radius`: `excess / (radius ‖L⁻¹ D² p / ‖Dp‖‖²)`.
    #[inline(never)]
    fn newton(&self, p: &SVector<T, N>, radius: T, factored: &System<T, N>) -> T {
        let length = self.length(p);
        let (p, scale) = (entries(p), entries(self.scale));
        let mut q = linalg::vector(|j| p[j] * scale[j].squared() / length);
        linalg::solve_lower(&factored.matrix, &mut q);
        (length - radius) / (radius * linalg::dot(&q, &q))
    }

    // Unrolled, its temporaries would be on the stack of every step.
    #[inline(never)]
    fn factor<A: Accumulation>(
        &self,
        lambda: T,
        ridge: T,
        held: &[bool; N],
        from: Option<&SVector<T, N>>,
        scratch: &mut System<T, N>,
    ) -> bool {
        A::factor(self.system, &Damping { lambda, ridge, scale: self.scale, held, from }, scratch)
    }

    /// Minimizes the damped model inside the box by the primal active-set method (Nocedal & Wright, algorithm 16.3): walk
    /// to the minimizer over the components that are not held, hold the first one that meets its bound, release the one
    /// that the model's gradient pulls inside most. Each leg lowers the model; 3N of them are the most.
    fn stop_at_bounds<A: Accumulation>(
        &self,
        step: Step<T>,
        mut held: [bool; N],
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) {
        let mut from: SVector<T, N> = linalg::zeros();
        let mut leg = *p;
        for _ in 0..3 * N {
            let (fraction, blocking) = self.first_bound(&from, &leg, &held);
            from += leg * fraction;
            if let Some(j) = blocking
                && j < N
            {
                let (lower, upper) = self.domain.interval(j);
                let bound = if entries(&leg)[j] < T::ZERO { lower } else { upper };
                entries_mut(&mut from)[j] = bound - entries(self.x)[j];
                held[j] = true;
            } else if let Some(j) = self.pulled_inside::<A>(step, &from, &held)
                && j < N
            {
                held[j] = false;
            } else {
                break;
            }
            if held.iter().all(|held| *held) {
                leg = linalg::zeros();
            } else if self.factor::<A>(step.damping, step.ridge, &held, Some(&from), scratch) {
                A::minimize(scratch, &mut leg);
            } else {
                break;
            }
        }
        *p = from;
    }

    /// The fraction of a leg that stays in the box, and the component that ends it.
    fn first_bound(&self, from: &SVector<T, N>, leg: &SVector<T, N>, held: &[bool; N]) -> (T, Option<usize>) {
        let (x, from, leg) = (entries(self.x), entries(from), entries(leg));
        let (mut fraction, mut blocking) = (T::ONE, None);
        for j in 0..N {
            if held[j] {
                continue;
            }
            let (lower, upper) = self.domain.interval(j);
            let room = (if leg[j] < T::ZERO { lower } else { upper } - x[j]) - from[j];
            if leg[j].abs() > room.abs() && room.abs() < fraction * leg[j].abs() {
                fraction = (room / leg[j]).max(T::ZERO);
                blocking = Some(j);
            }
        }
        (fraction, blocking)
    }

    /// The held component whose release lowers the damped model fastest in the scaled norm, if there is one.
    fn pulled_inside<A: Accumulation>(&self, step: Step<T>, from: &SVector<T, N>, held: &[bool; N]) -> Option<usize> {
        let damping = Damping { lambda: step.damping, ridge: step.ridge, scale: self.scale, held, from: None };
        let slopes = A::gradient_at(self.system, from);
        let (slopes, x, from, scale) = (entries(&slopes), entries(self.x), entries(from), entries(self.scale));
        let mut most = None;
        let mut steepest = T::ZERO;
        for j in 0..N {
            if !held[j] {
                continue;
            }
            let (lower, upper) = self.domain.interval(j);
            let norm = A::column_norm(self.system, j);
            let slope = (slopes[j] + damping.weight(j, norm.squared()) * from[j]) / scale[j];
            // Rounding in the slope must not release what the last leg just held.
            let limit =
                T::of_usize(N) * T::of_f64(8.0) * T::EPSILON * norm / scale[j] * linalg::norm(&self.system.vector);
            let at = x[j] + from[j];
            let inside = lower < upper && if at - lower < upper - at { slope < -limit } else { slope > limit };
            if inside && slope.abs() > steepest {
                steepest = slope.abs();
                most = Some(j);
            }
        }
        most
    }
}
