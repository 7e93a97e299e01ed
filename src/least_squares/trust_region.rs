//! The step: minimize the quadratic model inside a scaled ball and a box.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, Damping, System};
use crate::least_squares::domain::Domain;
use crate::linalg::{self, entries, entries_mut};
use crate::real::Real;

/// What is known at the current point when a step is sought.
#[derive(Debug)]
pub struct Model<'a, T: Real, const N: usize, const A: usize, D> {
    pub(super) system: &'a System<T, N>,
    /// The scale `D` of the norm `‖D p‖`, positive.
    pub(super) scale: &'a SVector<T, N>,
    pub(super) x: &'a SVector<T, A>,
    pub(super) domain: &'a D,
}

/// How a step was made.
#[derive(Clone, Copy, Debug)]
pub struct Step<T> {
    pub(super) damping: T,
    /// The regularization of a singular model, else zero.
    pub(super) ridge: T,
    /// Whether it is the minimizer of the undamped model, which lies inside the radius.
    pub(super) free: bool,
}

impl<T: Real, const N: usize, const A: usize, D: Domain<T, N, A>> Model<'_, T, N, A, D> {
    /// Components at a bound that the negative gradient would cross.
    pub(super) fn held<K: Accumulation>(&self) -> [bool; N] {
        let mut held = [false; N];
        if D::BOUNDED {
            for (j, held) in held.iter_mut().enumerate() {
                let (down, up) = self.domain.room(self.x, j);
                let g = K::gradient(self.system, j);
                *held = down == up || (down >= T::ZERO && g >= T::ZERO) || (up <= T::ZERO && g <= T::ZERO);
            }
        }
        held
    }

    /// `‖D p‖`.
    pub(super) fn length(&self, p: &SVector<T, N>) -> T {
        linalg::scaled_norm(self.scale, p)
    }

    /// `D p`.
    pub(super) fn scaled(&self, p: &SVector<T, N>) -> SVector<T, N> {
        self.scale.component_mul(p)
    }

    /// `g = Jᵀr`.
    pub(super) fn gradient<K: Accumulation>(&self) -> SVector<T, N> {
        linalg::vector(|j| K::gradient(self.system, j))
    }

    /// The decrease `-gᵀp - ½‖Jp‖²` that the model promises, and the slope `gᵀp`.
    pub(super) fn promise<K: Accumulation>(&self, p: &SVector<T, N>) -> (T, T) {
        let slope = (0..N).fold(T::ZERO, |sum, j| sum + K::gradient(self.system, j) * entries(p)[j]);
        (-slope - T::HALF * K::curvature(self.system, p), slope)
    }

    /// Writes the minimizer of the model inside the bounds to `p`.
    pub(super) fn minimizer<K: Accumulation>(&self, p: &mut SVector<T, N>, scratch: &mut System<T, N>) -> Step<T> {
        self.step::<K>(T::INFINITY, T::ZERO, p, scratch)
    }

    /// Writes the step of length at most about `radius` to `p`, by Moré's iteration on the damping λ in
    /// `(JᵀJ + λD²) p = -g` (MINPACK `lmpar`; Moré 1978, §5), started from `damping`. `scratch` holds the factor.
    pub(super) fn step<K: Accumulation>(
        &self,
        radius: T,
        damping: T,
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T> {
        let held = self.held::<K>();
        let step = self.damped::<K>(radius, damping, &held, p, scratch);
        if D::BOUNDED {
            self.stop_at_bounds::<K>(step, held, p, scratch);
        }
        step
    }

    pub(super) fn damped<K: Accumulation>(
        &self,
        radius: T,
        damping: T,
        held: &[bool; N],
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T> {
        let tenth = T::of_f64(0.1);
        let floor = T::of_usize(N) * T::EPSILON;
        *p = linalg::zeros();
        let (mut ridge, mut lambda, mut lowest, mut highest) = (T::ZERO, T::ZERO, T::ZERO, T::INFINITY);
        let mut undamped = true;
        // Two factorizations at λ = 0 at the most, ten beyond it.
        for _ in 0..12 {
            let regular = self.factor::<K>(lambda, ridge, held, None, scratch);
            if !regular && undamped && ridge == T::ZERO {
                ridge = floor;
                continue;
            }
            let mut excess = T::INFINITY;
            if regular {
                K::minimize(scratch, p);
                excess = self.length(p) - radius;
            }
            if regular && excess <= tenth * radius && (undamped || excess >= -tenth * radius) {
                break;
            }
            let newton =
                if regular { lambda + self.newton(p, radius, scratch) } else { (T::of_f64(10.0) * lambda).max(floor) };
            if undamped {
                undamped = false;
                lowest = if regular { newton } else { T::ZERO };
                highest = self.steepest::<K>(held) / radius;
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
    fn steepest<K: Accumulation>(&self, held: &[bool; N]) -> T {
        (0..N)
            .filter(|&j| !held[j])
            .fold(T::ZERO, |sum, j| sum + (K::gradient(self.system, j) / entries(self.scale)[j]).squared())
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
    fn factor<K: Accumulation>(
        &self,
        lambda: T,
        ridge: T,
        held: &[bool; N],
        from: Option<&SVector<T, N>>,
        scratch: &mut System<T, N>,
    ) -> bool {
        K::factor(self.system, &Damping { lambda, ridge, scale: self.scale, held, from }, scratch)
    }

    /// Minimizes the damped model inside the box by the primal active-set method (Nocedal & Wright, algorithm 16.3): walk
    /// to the minimizer over the components that are not held, hold the first one that meets its bound, release the one
    /// that the model's gradient pulls inside most. Each leg lowers the model; 3N of them are the most.
    fn stop_at_bounds<K: Accumulation>(
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
                let (down, up) = self.domain.room(self.x, j);
                entries_mut(&mut from)[j] = if entries(&leg)[j] < T::ZERO { down } else { up };
                held[j] = true;
            } else if let Some(j) = self.pulled_inside::<K>(step, &from, &held)
                && j < N
            {
                held[j] = false;
            } else {
                break;
            }
            if held.iter().all(|held| *held) {
                leg = linalg::zeros();
            } else if self.factor::<K>(step.damping, step.ridge, &held, Some(&from), scratch) {
                K::minimize(scratch, &mut leg);
            } else {
                break;
            }
        }
        *p = from;
    }

    /// The fraction of a leg that stays in the box, and the component that ends it.
    fn first_bound(&self, from: &SVector<T, N>, leg: &SVector<T, N>, held: &[bool; N]) -> (T, Option<usize>) {
        let (from, leg) = (entries(from), entries(leg));
        let (mut fraction, mut blocking) = (T::ONE, None);
        for j in 0..N {
            if held[j] {
                continue;
            }
            let (down, up) = self.domain.room(self.x, j);
            let room = if leg[j] < T::ZERO { down } else { up } - from[j];
            if leg[j].abs() > room.abs() && room.abs() < fraction * leg[j].abs() {
                fraction = (room / leg[j]).max(T::ZERO);
                blocking = Some(j);
            }
        }
        (fraction, blocking)
    }

    /// The held component whose release lowers the damped model fastest in the scaled norm, if there is one.
    fn pulled_inside<K: Accumulation>(&self, step: Step<T>, from: &SVector<T, N>, held: &[bool; N]) -> Option<usize> {
        let damping = Damping { lambda: step.damping, ridge: step.ridge, scale: self.scale, held, from: None };
        let slopes = K::gradient_at(self.system, from);
        let (slopes, from, scale) = (entries(&slopes), entries(from), entries(self.scale));
        let mut most = None;
        let mut steepest = T::ZERO;
        for j in 0..N {
            if !held[j] {
                continue;
            }
            let (down, up) = self.domain.room(self.x, j);
            let norm = K::column_norm(self.system, j);
            let slope = (slopes[j] + damping.weight(j, norm.squared()) * from[j]) / scale[j];
            // Rounding in the slope must not release what the last leg just held.
            let limit =
                T::of_usize(N) * T::of_f64(8.0) * T::EPSILON * norm / scale[j] * linalg::norm(&self.system.vector);
            let low = from[j] - down < up - from[j];
            let inside = down < up && if low { slope < -limit } else { slope > limit };
            if inside && slope.abs() > steepest {
                steepest = slope.abs();
                most = Some(j);
            }
        }
        most
    }
}
