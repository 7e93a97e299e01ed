//! Memory of a fit whose model is linear in some of its parameters, which are eliminated: variable projection.
//!
//! For `yᵢ ≈ Σₖ cₖ φₖ(tᵢ; x)` only `x` is searched, over `F(x) = min_c ½ ‖y - Φ(x) c‖²`. Two passes over the samples a trial:
//!
//! 1. rows `(φᵢ | yᵢ)` are folded into a triangle, which gives `c(x)` and `F(x)`;
//! 2. unless the trial has lost, rows `(φᵢ | (∂φᵢ/∂x)ᵀc | rᵢ)` are folded: the triangle that remains beneath the columns of `φ`
//!    is that of `P (∂Φ/∂x) c` with `P = I - ΦΦ⁺`, Kaufman's Jacobian of the reduced problem.
//!
//! Reference: Golub & Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
//! separate" (1973); Kaufman, "A variable projection method for solving separable nonlinear least squares problems" (1975);
//! Ruhe & Wedin, "Algorithms for separable nonlinear least squares problems" (1980), algorithm 2.
//!
//! No start for `c` is needed, and the search has fewer dimensions and fewer false minima. The full problem is the better
//! choice if the linear parameters are bounded.

use nalgebra::{SMatrix, SVector};

use crate::least_squares::accumulate::{Accumulate, Damping, SquareRoot, System};
use crate::least_squares::fit::{Fit, Gather};
use crate::least_squares::report::Analysis;
use crate::least_squares::strategy::Strategy;
use crate::linalg::{self, columns, columns_mut, dot, entries, entries_mut};
use crate::problem::{Block, Separable};
use crate::real::Real;
use crate::step::{Method, Status};

/// Memory of a least-squares method over a [`Separable`] problem with `L` linear and `N` other parameters; `W = L + N`, or
/// it does not compile.
///
/// ```
/// use nalgebra::vector;
/// use thalweg::{Method, Number, least_squares::{LevenbergMarquardt, SeparableState}, problem::{Forward, SeparableModel}};
/// struct Decay([f64; 5]); // c₀ exp(-x t) + c₁ at t = 0, 1, …
/// impl SeparableModel<f64, 2, 1> for Decay {
///     fn rows(&self) -> usize { 5 }
///     fn reading(&self, i: usize) -> f64 { self.0[i] }
///     fn basis<D: Number<Scalar = f64>>(&self, i: usize, x: &[D; 1]) -> [D; 2] { [x[0].scale(-(i as f64)).exp(), D::of(1.0)] }
/// }
/// let mut fit = SeparableState::<f64, 2, 1, 3>::new(vector![1.0]);
/// let _ = LevenbergMarquardt::default().run(&mut fit, &mut Forward(Decay([5.0, 3.0, 2.0, 1.5, 1.25])), 1000);
/// assert!((fit.x()[0] - 2.0_f64.ln()).abs() < 1e-12 && (fit.coefficients() - vector![4.0, 1.0]).amax() < 1e-12);
/// ```
pub type SeparableState<T, const L: usize, const N: usize, const W: usize> =
    Fit<T, N, N, SquareRoot, Projection<T, L, N, W>>;

/// Where the passes of a trial are.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Projection<T: Real, const L: usize, const N: usize, const W: usize> {
    /// The next sample.
    next: usize,
    /// Whether this is the second pass.
    joint: bool,
    /// Whether the columns of `Φ` are dependent at the trial point.
    deficient: bool,
    /// The triangle of `(φ | -y)` at the trial point.
    linear: System<T, L>,
    /// The triangle of `(φ | (∂φ/∂x)ᵀc | r)` at the trial point.
    trial: System<T, W>,
    /// That of the best point.
    best: System<T, W>,
    /// `c` at the trial point and at the best point.
    trial_coefficients: SVector<T, L>,
    coefficients: SVector<T, L>,
}

impl<T: Real, const L: usize, const N: usize, const W: usize> Gather<T> for Projection<T, L, N, W> {
    const EMPTY: Self = Self {
        next: 0,
        joint: false,
        deficient: false,
        linear: System::new(),
        trial: System::new(),
        best: System::new(),
        trial_coefficients: linalg::zeros(),
        coefficients: linalg::zeros(),
    };
    const ELIMINATED: usize = L;

    fn explained(&self) -> T {
        linalg::norm(&self.linear.vector)
    }
}

impl<T: Real, const L: usize, const N: usize, const W: usize> Projection<T, L, N, W> {
    /// Folds a row of the first pass; the cost it adds is returned.
    fn fold_linear(&mut self, phi: SVector<T, L>, reading: T) -> T {
        let mut block = Block::new();
        block.push(phi, -reading);
        SquareRoot::fold(&mut self.linear, &mut block);
        // What no combination of the columns so far explains.
        block.samples().fold(T::ZERO, |sum, (_, r)| sum + T::HALF * r.squared())
    }

    /// The regularization of dependent columns.
    fn ridge() -> T {
        T::of_usize(L) * T::EPSILON
    }

    /// Solves for the coefficients; a singular system is regularized as in a step.
    fn solve(&mut self) {
        let (scale, held) = (SVector::from_element(T::ONE), [false; L]);
        let mut factored = System::new();
        self.deficient = false;
        for ridge in [T::ZERO, Self::ridge()] {
            let damping = Damping { lambda: T::ZERO, ridge, scale: &scale, held: &held, from: None };
            if SquareRoot::factor(&self.linear, &damping, &mut factored) {
                SquareRoot::minimize(&factored, &mut self.trial_coefficients);
                return;
            }
            self.deficient = true;
        }
        self.trial_coefficients = linalg::zeros();
    }

    /// Folds a row of the second pass; the cost it adds is returned.
    fn fold_joint(&mut self, phi: &SVector<T, L>, slopes: &SMatrix<T, L, N>, reading: T) -> T {
        const { assert!(W == L + N, "W is the number of all parameters") }
        let c = &self.trial_coefficients;
        let mut row: SVector<T, W> = linalg::zeros();
        let by_x = columns(slopes).iter().map(|column| dot(&SVector::from(*column), c));
        for (entry, value) in entries_mut(&mut row).iter_mut().zip(phi.iter().copied().chain(by_x)) {
            *entry = value;
        }
        let mut block = Block::new();
        block.push(row, dot(phi, c) - reading);
        let cost = block.cost();
        SquareRoot::fold(&mut self.trial, &mut block);
        cost
    }

    /// The triangle beneath the columns of `φ`. What rounding leaves of a dependent column hides a direction of the data,
    /// which the regularization brings back.
    fn reduce(&self, into: &mut System<T, N>) {
        if self.deficient {
            Self::beneath(&self.regularized(), into);
        } else {
            Self::beneath(&self.trial, into);
        }
    }

    #[inline(never)]
    fn regularized(&self) -> System<T, W> {
        let mut system = System::new();
        system.copy_from(&self.trial);
        for k in 0..L {
            let norm = SquareRoot::column_norm(&self.linear, k);
            let weight = Self::ridge().sqrt() * if norm > T::ZERO { norm } else { T::ONE };
            let mut block = Block::new();
            block.push(linalg::vector(|j| if j == k { weight } else { T::ZERO }), T::ZERO);
            SquareRoot::fold(&mut system, &mut block);
        }
        system
    }

    fn beneath(system: &System<T, W>, into: &mut System<T, N>) {
        let below = columns(&system.matrix).iter().zip(entries(&system.vector)).skip(L);
        let rows = columns_mut(&mut into.matrix).iter_mut().zip(entries_mut(&mut into.vector));
        for ((to, z), (from, value)) in rows.zip(below) {
            *z = *value;
            for (to, from) in to.iter_mut().zip(from.iter().skip(L)) {
                *to = *from;
            }
        }
    }
}

impl<T: Real, const L: usize, const N: usize, const W: usize> SeparableState<T, L, N, W> {
    /// A memory at a starting point of the parameters that are not linear.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self::from_point(x)
    }

    /// The linear parameters at the best point.
    #[must_use]
    pub const fn coefficients(&self) -> &SVector<T, L> {
        &self.memory.coefficients
    }

    /// Analyses all parameters at the best point, the linear ones first.
    #[must_use]
    pub fn analyse_all(&self) -> Analysis<T, W> {
        Analysis::new::<SquareRoot>(&self.memory.best, [false; W], T::TWO * self.cost(), self.samples(), 0)
    }
}

impl<T: Real, const L: usize, const N: usize, const W: usize, S, P> Method<P, SeparableState<T, L, N, W>> for S
where
    S: Strategy<T, N, N>,
    P: Separable<T, L, N>,
{
    fn step(&self, fit: &mut SeparableState<T, L, N, W>, problem: &mut P) -> Result<Status, P::Error> {
        if fit.status != Status::Running {
            return Ok(fit.status);
        }
        let samples = problem.rows();
        let mut phi = SVector::zeros();
        if fit.memory.joint {
            let mut slopes = SMatrix::zeros();
            let reading = problem.linearize(fit.memory.next, &fit.candidate, &mut phi, &mut slopes)?;
            let cost = fit.memory.fold_joint(&phi, &slopes, reading);
            if fit.memory.deficient {
                fit.trial_cost += cost;
            }
            fit.memory.next += 1;
            if fit.memory.next >= samples {
                fit.memory.reduce(&mut fit.trial);
                fit.finish(self, samples, samples);
            }
            return Ok(fit.status);
        }
        if fit.memory.next == 0 {
            fit.begin(self, samples);
            if fit.status != Status::Running {
                return Ok(fit.status);
            }
        }
        let reading = problem.basis(fit.memory.next, &fit.candidate, &mut phi)?;
        fit.trial_cost += fit.memory.fold_linear(phi, reading);
        fit.memory.next += 1;
        let seen = fit.memory.next;
        if fit.lost() {
            fit.finish(self, seen, samples);
        } else if seen >= samples {
            fit.memory.solve();
            if fit.memory.deficient {
                // The triangle has lost what it hides.
                fit.trial_cost = T::ZERO;
            }
            fit.memory.next = 0;
            fit.memory.joint = true;
        }
        Ok(fit.status)
    }
}

impl<T: Real, const L: usize, const N: usize, const W: usize> SeparableState<T, L, N, W> {
    /// Ends the passes of a trial.
    fn finish<S: Strategy<T, N, N>>(&mut self, strategy: &S, seen: usize, samples: usize) {
        if self.judge(strategy, seen, samples) {
            self.memory.coefficients = self.memory.trial_coefficients;
            self.memory.best.copy_from(&self.memory.trial);
        }
        self.memory.linear.clear();
        self.memory.trial.clear();
        self.memory.next = 0;
        self.memory.joint = false;
    }
}
