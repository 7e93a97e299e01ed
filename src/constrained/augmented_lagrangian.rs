//! The augmented Lagrangian method: a smooth function under smooth constraints and bounds.
//!
//! Minimizes `f(x)` subject to `lower ≤ c(x) ≤ upper` and bounds on x. With multipliers y and weights μᵢ, and P the projection
//! onto `[lowerᵢ, upperᵢ]`,
//!
//! 1. minimize `φ(x) = f(x) + ½ Σ μᵢ (sᵢ - P sᵢ)²`, `sᵢ = cᵢ(x) + yᵢ/μᵢ`, within the bounds, up to a tolerance that falls tenfold
//!    from round to round;
//! 2. `yᵢ ← μᵢ (sᵢ - P sᵢ)`; raise the weights tenfold if violation and complementarity did not fall to a quarter.
//!
//! The inner step d minimizes `⟨∇φ, d⟩ + ½ dᵀ(B + Σ μᵢ ∇cᵢ∇cᵢᵀ)d` within the bounds, the sum over the constraints that push, with
//! a damped BFGS matrix B of the Lagrangian: the large weights are in the model exactly. A line search on φ follows.
//!
//! Reference: Rockafellar 1974 for inequalities; Birgin & Martínez, Practical Augmented Lagrangian Methods for Constrained
//! Optimization, 2014, algorithm 4.1, for the safeguards and the first weight; Nocedal & Wright, 2nd ed., (18.15), for B.
//! Memory: 2 N² + 2 M N numbers. One linearization a trial; a local method.

use nalgebra::{SMatrix, SVector};

use crate::constrained::kkt::{KktResidual, worse};
use crate::constrained::linearization::{Limits, Linearization, clamp};
use crate::constrained::{DualActiveSet, DualActiveSetState, NonlinearProgram, QuadraticProgram};
use crate::least_squares::Bounds;
use crate::linalg::{self, columns, columns_mut, entries};
use crate::real::Real;
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Parameters of the augmented Lagrangian method for N variables and M constraints.
///
/// ```
/// use thalweg::{Method, Number, constrained::{AugmentedLagrangian, ConstrainedFunction}, problem::Forward};
/// use nalgebra::vector;
/// struct Circle; // the lowest point of x₀ + x₁ on a circle
/// impl ConstrainedFunction<f64, 2, 1> for Circle {
///     fn evaluate<D: Number<Scalar = f64>>(&self, x: &[D; 2]) -> (D, [D; 1]) { (x[0] + x[1], [x[0] * x[0] + x[1] * x[1]]) }
/// }
/// let method = AugmentedLagrangian::new(vector![2.0], vector![2.0]);
/// let (state, _) = method.solve(vector![-2.0, 0.5], &mut Forward(Circle), 200).unwrap();
/// assert!((state.x() - vector![-1.0, -1.0]).amax() < 1e-6 && (state.multipliers()[0] - 0.5).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct AugmentedLagrangian<T: Real, const N: usize, const M: usize> {
    /// The lower limits of `c(x)`, or minus infinity.
    pub lower: SVector<T, M>,
    /// The upper limits of `c(x)`, or infinity; equal to the lower one for an equation.
    pub upper: SVector<T, M>,
    /// The bounds on x; every point that is evaluated lies within.
    pub bounds: Bounds<T, N>,
    /// [`Criterion::Residual`]: all residuals of [`KktResidual`] are at most this. Zero or
    /// more; default √ε.
    pub residual_tolerance: T,
}

impl<T: Real, const N: usize, const M: usize> AugmentedLagrangian<T, N, M> {
    /// Limits of the constraints, no bounds, the default tolerance.
    pub fn new(lower: SVector<T, M>, upper: SVector<T, M>) -> Self {
        let free = SVector::from_element(T::INFINITY);
        Self { lower, upper, bounds: Bounds::new(-free, free), residual_tolerance: T::SQRT_EPSILON }
    }

    /// The same within bounds on x.
    #[must_use]
    pub const fn within(self, bounds: Bounds<T, N>) -> Self {
        Self { bounds, ..self }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.residual_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        let limits = [(self.lower.as_slice(), self.upper.as_slice()), (self.low(), self.high())];
        let possible = |(&l, &u): (&T, &T)| l <= u && l < T::INFINITY && u > -T::INFINITY;
        let sound = limits.iter().all(|(lower, upper)| lower.iter().zip(*upper).all(possible));
        if sound { Ok(()) } else { Err(ConfigError::Bounds) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for the linearization at `x`.
    Linearize,
    /// Ask for it at `x + rate · d`.
    Trial,
    Done(Status),
}

/// Memory of [`AugmentedLagrangian`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct AugmentedLagrangianState<T: Real, const N: usize, const M: usize> {
    /// Where the conditions were met best.
    best: SVector<T, N>,
    /// The multipliers there.
    multipliers: SVector<T, M>,
    /// The residuals there.
    certificate: KktResidual<T>,
    /// The current point.
    at: Linearization<T, N, M>,
    /// y.
    estimate: SVector<T, M>,
    /// `1/max(1, max |∂cᵢ/∂xⱼ|)` at the start.
    scales: SVector<T, M>,
    /// `μᵢ/scaleᵢ²`.
    weight: T,
    /// B.
    curvature: SMatrix<T, N, N>,
    /// Whether B has seen a step.
    curved: bool,
    /// The stationarity at which a round ends.
    tolerance: T,
    /// Violation and complementarity at the end of the last round.
    progress: T,
    /// Whether a step has been accepted in this round.
    moved: bool,
    /// d.
    direction: SVector<T, N>,
    rate: T,
    phase: Phase,
}

impl<T: Real, const N: usize, const M: usize> AugmentedLagrangianState<T, N, M> {
    /// A memory at a starting point, projected onto the bounds, with multipliers zero.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        let certificate = KktResidual {
            objective: T::INFINITY,
            primal: T::INFINITY,
            dual: T::INFINITY,
            complementarity: T::INFINITY,
        };
        let (g, c, j) = (linalg::zeros(), linalg::zeros(), linalg::zeros());
        Self {
            best: x,
            multipliers: linalg::zeros(),
            certificate,
            at: Linearization { x, f: T::INFINITY, g, c, j },
            estimate: linalg::zeros(),
            scales: linalg::zeros(),
            weight: T::ZERO,
            curvature: linalg::zeros(),
            curved: false,
            tolerance: T::ZERO,
            progress: T::INFINITY,
            moved: false,
            direction: linalg::zeros(),
            rate: T::ONE,
            phase: Phase::Linearize,
        }
    }

    /// A memory that starts from multipliers known from a problem alike.
    #[must_use]
    pub fn warm(x: SVector<T, N>, multipliers: SVector<T, M>) -> Self {
        Self { estimate: multipliers, ..Self::new(x) }
    }

    /// Where the optimality conditions were met best so far, among points within the constraints once one was.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.best
    }

    /// The multipliers y of the constraints there: `∇f + Jᵀy = 0` up to the multipliers of the bounds. Zero or more at an
    /// upper limit, zero or less at a lower one.
    #[must_use]
    pub const fn multipliers(&self) -> &SVector<T, M> {
        &self.multipliers
    }

    /// f and the residuals there; infinite before the first step.
    #[must_use]
    pub const fn certificate(&self) -> &KktResidual<T> {
        &self.certificate
    }
}

impl<T: Real, const N: usize, const M: usize, P: NonlinearProgram<T, N, M>> Method<P, AugmentedLagrangianState<T, N, M>>
    for AugmentedLagrangian<T, N, M>
{
    fn step(&self, state: &mut AugmentedLagrangianState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Linearize => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let mut at = state.at.clone();
                    self.clip(&mut at.x);
                    at.f = problem.linearize(&at.x, &mut at.g, &mut at.c, &mut at.j)?;
                    self.open(state, at)
                }
            }
            Phase::Trial => {
                let mut at = state.at.clone();
                at.x += state.direction * state.rate;
                self.clip(&mut at.x);
                if at.x == state.at.x {
                    self.stuck(state)
                } else {
                    at.f = problem.linearize(&at.x, &mut at.g, &mut at.c, &mut at.j)?;
                    self.judge(state, at)
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, const N: usize, const M: usize> AugmentedLagrangian<T, N, M> {
    fn low(&self) -> &[T] {
        self.bounds.lower.as_slice()
    }

    fn high(&self) -> &[T] {
        self.bounds.upper.as_slice()
    }

    const fn limits(&self) -> Limits<'_, T, N, M> {
        Limits { lower: &self.lower, upper: &self.upper, bounds: &self.bounds }
    }

    fn clip(&self, x: &mut SVector<T, N>) {
        for ((x, &low), &high) in x.iter_mut().zip(self.low()).zip(self.high()) {
            *x = clamp(*x, low, high);
        }
    }

    /// The first linearization: scales and weights.
    fn open(&self, state: &mut AugmentedLagrangianState<T, N, M>, at: Linearization<T, N, M>) -> Status {
        if !at.is_finite() || !state.estimate.iter().all(|y| y.is_finite()) {
            return Status::Stalled(Stall::NonFinite);
        }
        state.scales =
            linalg::vector(|i| T::ONE / columns(&at.j).iter().fold(T::ONE, |most, column| most.max(column[i].abs())));
        let mut squares = T::ZERO;
        for i in 0..M {
            let c = entries(&at.c)[i];
            let distance = c - clamp(c, entries(&self.lower)[i], entries(&self.upper)[i]);
            squares += (entries(&state.scales)[i] * distance).squared();
        }
        let ten = T::of_f64(10.0);
        state.weight =
            (ten * at.f.abs().max(T::ONE) / (T::HALF * squares).max(T::ONE)).max(T::of_f64(1e-6)).min(T::of_f64(1e3));
        state.tolerance = T::of_f64(0.1);
        state.at = at;
        self.settle(state)
    }

    /// `μᵢ`.
    fn weight(&self, state: &AugmentedLagrangianState<T, N, M>, i: usize) -> T {
        state.weight * entries(&state.scales)[i].squared()
    }

    /// `μᵢ (sᵢ - P sᵢ)`, the multipliers that a point proposes.
    fn push(&self, state: &AugmentedLagrangianState<T, N, M>, c: &SVector<T, M>) -> SVector<T, M> {
        linalg::vector(|i| {
            let weight = self.weight(state, i);
            let s = entries(c)[i] + entries(&state.estimate)[i] / weight;
            weight * (s - clamp(s, entries(&self.lower)[i], entries(&self.upper)[i]))
        })
    }

    /// `φ`.
    fn merit(&self, state: &AugmentedLagrangianState<T, N, M>, at: &Linearization<T, N, M>) -> T {
        let push = self.push(state, &at.c);
        (0..M).fold(at.f, |sum, i| sum + T::HALF * entries(&push)[i].squared() / self.weight(state, i))
    }

    /// At a new point: the end of the solve, of a round, or the next direction.
    fn settle(&self, state: &mut AugmentedLagrangianState<T, N, M>) -> Status {
        // Every round either ends the solve, raises the weights or lowers the tolerance, down to that of the solve.
        for _ in 0..40 {
            let push = self.push(state, &state.at.c);
            let certificate = state.at.certify(&self.limits(), &push);
            let within = |certificate: &KktResidual<T>| certificate.primal <= self.residual_tolerance;
            let (now, before) = (within(&certificate), within(&state.certificate));
            if now && !before || now == before && certificate.worst() < state.certificate.worst() {
                state.best = state.at.x;
                state.multipliers = push;
                state.certificate = certificate;
            }
            if certificate.worst() <= self.residual_tolerance {
                return Status::Converged(Criterion::Residual);
            }
            if state.at.stationarity(&self.bounds, &push) > state.tolerance.max(self.residual_tolerance) {
                return self.aim(state, &push);
            }
            let status = self.advance(state, push, &certificate);
            if status != Status::Running {
                return status;
            }
        }
        Status::Stalled(Stall::NoDescent)
    }

    /// Step 2, at the end of a round.
    fn advance(
        &self,
        state: &mut AugmentedLagrangianState<T, N, M>,
        push: SVector<T, M>,
        certificate: &KktResidual<T>,
    ) -> Status {
        let mut progress = T::ZERO;
        for i in 0..M {
            let (c, weight) = (entries(&state.at.c)[i], self.weight(state, i));
            let s = c + entries(&state.estimate)[i] / weight;
            let distance = c - clamp(s, entries(&self.lower)[i], entries(&self.upper)[i]);
            progress = worse(progress, entries(&state.scales)[i] * distance.abs());
        }
        let most = T::of_f64(100.0) / T::SQRT_EPSILON;
        state.estimate = push.map(|y| clamp(y, -most, most));
        if progress > T::of_f64(0.25) * state.progress && progress > self.residual_tolerance {
            let far = certificate.primal > T::SQRT_EPSILON.sqrt() && state.weight >= T::of_f64(1e4);
            if far && state.at.is_trapped(&self.limits(), &state.scales) {
                return Status::Stalled(Stall::Infeasible);
            }
            state.weight *= T::of_f64(10.0);
        }
        state.progress = progress;
        state.tolerance = (state.tolerance * T::of_f64(0.1)).max(self.residual_tolerance);
        state.moved = false;
        if state.weight > T::of_f64(0.01) / T::EPSILON { Status::Stalled(Stall::NoDescent) } else { Status::Running }
    }

    /// The direction: a quadratic program within the bounds.
    fn aim(&self, state: &mut AugmentedLagrangianState<T, N, M>, push: &SVector<T, M>) -> Status {
        let slope = state.at.g + state.at.force(push);
        if !state.curved {
            // A first step of length about one.
            let size = linalg::max_abs(&slope).max(T::SQRT_EPSILON);
            state.curvature = SMatrix::identity() * size;
        }
        let mut hessian = state.curvature;
        for i in 0..M {
            if entries(push)[i] != T::ZERO {
                let weight = self.weight(state, i);
                let row: [T; N] = core::array::from_fn(|j| columns(&state.at.j)[j][i]);
                for (column, &b) in columns_mut(&mut hessian).iter_mut().zip(&row) {
                    for (entry, &a) in column.iter_mut().zip(&row) {
                        *entry += weight * a * b;
                    }
                }
            }
        }
        let largest = (0..N).fold(T::ZERO, |most, j| most.max(columns(&hessian)[j][j]));
        let mut ridge = T::ZERO;
        for _ in 0..6 {
            let mut program = QuadraticProgram::<T, N, 0>::new(hessian, slope);
            for j in 0..N {
                columns_mut(&mut program.hessian)[j][j] += ridge * largest;
            }
            program.lower = self.bounds.lower - state.at.x;
            program.upper = self.bounds.upper - state.at.x;
            if let Ok(mut factored) = program.factor(T::ZERO) {
                let mut solution = DualActiveSetState::new(linalg::zeros());
                let solver = DualActiveSet::default();
                for _ in 0..8 * N + 40 {
                    let Ok(status) = solver.step(&mut solution, &mut factored);
                    if status != Status::Running {
                        break;
                    }
                }
                state.direction = *solution.x();
                if linalg::dot(&slope, &state.direction) < T::ZERO {
                    state.rate = T::ONE;
                    state.phase = Phase::Trial;
                    return Status::Running;
                }
            }
            ridge = (ridge * T::of_f64(100.0)).max(T::of_f64(64.0) * T::EPSILON);
        }
        // The projected gradient, where the model fails.
        let mut end = state.at.x - slope / largest.max(T::ONE);
        self.clip(&mut end);
        state.direction = end - state.at.x;
        state.rate = T::ONE;
        state.phase = Phase::Trial;
        Status::Running
    }

    /// The line search on φ, after the oracle's answer.
    fn judge(&self, state: &mut AugmentedLagrangianState<T, N, M>, to: Linearization<T, N, M>) -> Status {
        let push = self.push(state, &state.at.c);
        let slope = linalg::dot(&(state.at.g + state.at.force(&push)), &state.direction) * state.rate;
        let (before, after) = (self.merit(state, &state.at), self.merit(state, &to));
        let change = after - before;
        let accepted = to.is_finite() && after.is_finite() && {
            let hidden = change.abs() <= T::of_f64(8.0) * T::EPSILON * before.abs().max(after.abs());
            let push = self.push(state, &to.c);
            let end = linalg::dot(&(to.g + to.force(&push)), &state.direction) * state.rate;
            change <= T::of_f64(1e-4) * slope || (hidden && end.abs() <= slope.abs())
        };
        if !accepted {
            // The minimum of the parabola through what is known, safeguarded.
            let guess = -T::HALF * slope / (change - slope);
            let factor = if guess > T::of_f64(0.1) && guess < T::HALF { guess } else { T::of_f64(0.2) };
            state.rate *= factor;
            return if state.rate > T::EPSILON { Status::Running } else { self.stuck(state) };
        }
        // What changed of the Lagrangian's gradient.
        let y = self.push(state, &to.c);
        let change = to.g - state.at.g + to.force(&y) - state.at.force(&y);
        let s = to.x - state.at.x;
        linalg::damped_update(&mut state.curvature, &mut state.curved, &s, &change);
        state.at = to;
        state.moved = true;
        self.settle(state)
    }

    /// No step lowers φ any more: the round ends as it is, and the solve with it if nothing has moved since the last.
    fn stuck(&self, state: &mut AugmentedLagrangianState<T, N, M>) -> Status {
        let push = self.push(state, &state.at.c);
        if state.curved {
            // The matrix may be to blame.
            state.curved = false;
            return self.aim(state, &push);
        }
        if !state.moved {
            return Status::Stalled(Stall::NoDescent);
        }
        let certificate = state.at.certify(&self.limits(), &push);
        match self.advance(state, push, &certificate) {
            Status::Running => self.settle(state),
            status => status,
        }
    }
}

impl<T: Real, const N: usize, const M: usize> From<SVector<T, N>> for AugmentedLagrangianState<T, N, M> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
