//! Frank-Wolfe with away steps: a smooth function over a compact convex set that is cheap to minimize linear functions over.
//!
//! Minimizes f over C. x is a convex combination of C stored atoms. One iteration, with `g = ∇f(x)`:
//!
//! 1. s minimizes `⟨g, ·⟩` over the set, v maximizes it over the atoms;
//! 2. `d = s - x`, or away from the worst atom, `d = x - v`, if that is steeper, with the longest γ that keeps the weights
//!    positive;
//! 3. `γ = ⟨-g, d⟩/(L‖d‖²)` at most that; double L until `f(x + γd) ≤ f(x) - γ⟨-g, d⟩ + ½γ²L‖d‖²`.
//!
//! `⟨g, x - s⟩` bounds `f(x) - min f` for convex f: the certificate on which it stops.
//!
//! Reference: Lacoste-Julien & Jaggi, "On the global linear convergence of Frank-Wolfe optimization variants", 2015,
//! algorithm 1; the search for L is Pedregosa, Negiar, Askari & Jaggi, "Linearly convergent Frank-Wolfe with backtracking
//! line-search", 2020. Memory: C + 3 vectors. Linear over polytopes with away steps; without (`C = 0`) the error falls like
//! 1/k. No projection: choose [`SpectralProjectedGradient`](crate::composite) where one is cheap.

use nalgebra::{SMatrix, SVector};

use crate::constrained::LinearMinimization;
use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::Smooth;
use crate::real::{Real, haze, magnitude};
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Parameters of the Frank-Wolfe method.
///
/// ```
/// use thalweg::{Method, constrained::{FrankWolfe, FrankWolfeState}, penalty::Simplex, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![0.9, 0.7, -0.2]; 0.5 * g.norm_squared() });
/// let method = FrankWolfe::new(Simplex { total: 1.0 });
/// let (state, _): (FrankWolfeState<f64, 3, 4>, _) = method.solve(vector![0.0, 0.0, 1.0], &mut distance, 500).unwrap();
/// assert!((state.x() - vector![0.6, 0.4, 0.0]).amax() < 1e-4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FrankWolfe<T, S> {
    /// The set.
    pub set: S,
    /// [`Criterion::Gap`]: `⟨g, x - s⟩ ≤ gap_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The first L, a guess at the curvature of f. Positive; default 1.
    pub initial_curvature: T,
}

impl<T: Real, S: LinearMinimization<T>> FrankWolfe<T, S> {
    /// The default parameters with a set.
    pub const fn new(set: S) -> Self {
        Self { set, gap_tolerance: T::SQRT_EPSILON, initial_curvature: T::ONE }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.gap_tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        if !(self.initial_curvature > T::ZERO && self.initial_curvature.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        self.set.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for value and gradient at `x`.
    Linearize,
    /// Ask for value and gradient at `x + γd`.
    Trial,
    Done(Status),
}

/// Memory of [`FrankWolfe`] with room for C atoms, none or at least two; none means no away steps. When there is no room,
/// all but the new one become one atom.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct FrankWolfeState<T: Real, const N: usize, const C: usize> {
    /// The best point, the weighted sum of the atoms.
    x: SVector<T, N>,
    /// `f(x)`.
    value: T,
    /// `|f|` at the start.
    scale: T,
    /// `∇f(x)`.
    gradient: SVector<T, N>,
    /// The atoms, as columns.
    atoms: SMatrix<T, N, C>,
    /// Their weights, zero for an empty place.
    weights: SVector<T, C>,
    /// L, zero before the first trial.
    curvature: T,
    /// `⟨g, x - s⟩`.
    gap: T,
    phase: Phase,
}

impl<T: Real, const N: usize, const C: usize> FrankWolfeState<T, N, C> {
    /// A memory at a starting point; one outside the set is moved to its projection.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        const { assert!(C != 1, "one atom cannot be left") };
        Self {
            x,
            value: T::INFINITY,
            scale: T::INFINITY,
            gradient: linalg::zeros(),
            atoms: linalg::zeros(),
            weights: linalg::zeros(),
            curvature: T::ZERO,
            gap: T::INFINITY,
            phase: Phase::Linearize,
        }
    }

    /// The best point so far, in the set up to rounding.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.x
    }

    /// `f` at [`x`](Self::x); infinite before the first step.
    #[must_use]
    pub const fn value(&self) -> T {
        self.value
    }

    /// `⟨g, x - s⟩`: the minimum of a convex f over the set is not below `value - gap`.
    #[must_use]
    pub const fn gap(&self) -> T {
        self.gap
    }

    /// The place and the slope `⟨g, v⟩` of the atom with the largest.
    fn worst(&self) -> Option<(usize, T)> {
        let mut worst = None;
        for (k, (atom, &weight)) in columns(&self.atoms).iter().zip(entries(&self.weights)).enumerate() {
            let slope = atom.iter().zip(entries(&self.gradient)).fold(T::ZERO, |sum, (&a, &g)| sum + a * g);
            if weight > T::ZERO && !worst.is_some_and(|(_, most)| slope <= most) {
                worst = Some((k, slope));
            }
        }
        worst
    }

    /// The atoms after a step of γ from x towards s, which joins them.
    fn towards(&mut self, s: &SVector<T, N>, gamma: T) {
        let weights = entries_mut(&mut self.weights);
        for weight in weights.iter_mut() {
            *weight *= T::ONE - gamma;
        }
        let mut place = None;
        for (k, (atom, weight)) in columns_mut(&mut self.atoms).iter_mut().zip(weights.iter_mut()).enumerate() {
            if *weight > T::ZERO && atom == entries(s) {
                *weight += gamma;
                return;
            }
            if !(*weight > T::ZERO) && place.is_none() {
                place = Some(k);
            }
        }
        if let Some(k) = place {
            self.put(k, s, gamma);
        } else {
            // No room: x as it was becomes one atom.
            let whole = self.x;
            self.weights = linalg::zeros();
            self.put(0, &whole, T::ONE - gamma);
            self.put(1, s, gamma);
        }
    }

    fn put(&mut self, k: usize, atom: &SVector<T, N>, weight: T) {
        if let (Some(place), Some(w)) =
            (columns_mut(&mut self.atoms).get_mut(k), entries_mut(&mut self.weights).get_mut(k))
        {
            *place = *entries(atom);
            *w = weight;
        }
    }

    /// The weight of atom i after a step of γ away from atom k, which leaves if γ was as long as could be.
    fn left(i: usize, weight: T, k: usize, gamma: T, dropped: bool) -> T {
        match i == k {
            true if dropped => T::ZERO,
            true => weight - gamma * (T::ONE - weight),
            false => weight * (T::ONE + gamma),
        }
    }

    /// x after such a step, from the atoms: `x + γ(x - v)` would leave the set by rounding.
    fn combined(&self, k: usize, gamma: T, dropped: bool) -> SVector<T, N> {
        let (mut x, mut total): (SVector<T, N>, T) = (linalg::zeros(), T::ZERO);
        for (i, (atom, &weight)) in columns(&self.atoms).iter().zip(entries(&self.weights)).enumerate() {
            if weight > T::ZERO {
                let weight = Self::left(i, weight, k, gamma, dropped);
                for (x, &a) in entries_mut(&mut x).iter_mut().zip(atom) {
                    *x += a * weight;
                }
                total += weight;
            }
        }
        x / total
    }

    /// The atoms after such a step.
    fn away(&mut self, k: usize, gamma: T, dropped: bool) {
        for (i, weight) in entries_mut(&mut self.weights).iter_mut().enumerate() {
            *weight = Self::left(i, *weight, k, gamma, dropped);
        }
    }
}

/// A direction of step 2.
struct Direction<T: Real, const N: usize> {
    d: SVector<T, N>,
    /// `⟨-g, d⟩`.
    descent: T,
    /// The longest γ.
    longest: T,
    /// The atom to leave, or none and the new one.
    from: Option<usize>,
    s: SVector<T, N>,
}

impl<T: Real, const N: usize, const C: usize, S: LinearMinimization<T>, P: Smooth<T, N>>
    Method<P, FrankWolfeState<T, N, C>> for FrankWolfe<T, S>
{
    fn step(&self, state: &mut FrankWolfeState<T, N, C>, problem: &mut P) -> Result<Status, P::Error> {
        let mut gradient = linalg::zeros();
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Linearize => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let mut start = state.x;
                    if !self.set.value(entries(&start)).is_finite() {
                        self.set.prox(entries_mut(&mut start), T::ONE);
                    }
                    let value = problem.gradient(&start, &mut gradient)?;
                    if value.is_finite() && linalg::all_finite(&gradient) && linalg::all_finite(&start) {
                        state.scale = value.abs();
                        state.put(0, &start, T::ONE);
                        state.curvature = self.initial_curvature;
                        self.accept(state, start, value, gradient)
                    } else {
                        Status::Stalled(Stall::NonFinite)
                    }
                }
            }
            Phase::Trial => {
                let direction = self.direction(state);
                let length = linalg::dot(&direction.d, &direction.d);
                let full = direction.descent >= direction.longest * state.curvature * length;
                let gamma = if full { direction.longest } else { direction.descent / (state.curvature * length) };
                let trial = match direction.from {
                    Some(k) => state.combined(k, gamma, full),
                    None if full => direction.s,
                    None => state.x + direction.d * gamma,
                };
                if trial == state.x || !(gamma > T::ZERO) {
                    Status::Stalled(Stall::NoDescent)
                } else {
                    let value = problem.gradient(&trial, &mut gradient)?;
                    let bound =
                        state.value - gamma * direction.descent + T::HALF * gamma * gamma * state.curvature * length;
                    // Where rounding hides the decrease, a slope that is not yet uphill shows it for convex f.
                    let hidden = value <= state.value + haze(value, state.value)
                        && linalg::dot(&gradient, &direction.d) <= T::ZERO;
                    let finite = value.is_finite() && linalg::all_finite(&gradient) && linalg::all_finite(&trial);
                    if (value <= bound || hidden) && finite {
                        match direction.from {
                            Some(k) => state.away(k, gamma, full),
                            None => state.towards(&direction.s, gamma),
                        }
                        state.curvature *= T::of_f64(0.9);
                        self.accept(state, trial, value, gradient)
                    } else {
                        state.curvature *= T::TWO;
                        Status::Running
                    }
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, S: LinearMinimization<T>> FrankWolfe<T, S> {
    /// Step 1 and 2.
    fn direction<const N: usize, const C: usize>(&self, state: &FrankWolfeState<T, N, C>) -> Direction<T, N> {
        let g = &state.gradient;
        let mut s = linalg::zeros();
        self.set.vertex(entries(g), entries_mut(&mut s));
        let d = s - state.x;
        let towards = Direction { d, descent: -linalg::dot(g, &d), longest: T::ONE, from: None, s };
        let Some((k, slope)) = state.worst() else { return towards };
        let (Some(&weight), Some(atom)) = (entries(&state.weights).get(k), columns(&state.atoms).get(k)) else {
            return towards;
        };
        let descent = slope - linalg::dot(g, &state.x);
        if towards.descent >= descent || !(weight < T::ONE) {
            return towards;
        }
        let d = state.x - SVector::from(*atom);
        Direction { d, descent, longest: weight / (T::ONE - weight), from: Some(k), s }
    }

    fn accept<const N: usize, const C: usize>(
        &self,
        state: &mut FrankWolfeState<T, N, C>,
        x: SVector<T, N>,
        value: T,
        gradient: SVector<T, N>,
    ) -> Status {
        state.x = x;
        state.value = value;
        state.gradient = gradient;
        state.phase = Phase::Trial;
        let mut s = linalg::zeros();
        self.set.vertex(entries(&gradient), entries_mut(&mut s));
        state.gap = linalg::dot(&gradient, &(x - s));
        if state.gap <= self.gap_tolerance * magnitude(value, state.scale) {
            return Status::Converged(Criterion::Gap);
        }
        Status::Running
    }
}

impl<T: Real, const N: usize, const C: usize> From<SVector<T, N>> for FrankWolfeState<T, N, C> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
