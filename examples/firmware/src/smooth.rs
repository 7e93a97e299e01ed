//! The smooth methods on one function, for 2, 6 and 12 variables.

use core::convert::Infallible;
use core::hint::black_box;

use nalgebra::{SMatrix, SVector};
use thalweg::Method;
use thalweg::line_search::HagerZhang;
use thalweg::problem::{Curved, GradientStep, HessianProducts, Objective, Problem, Quadratic, Smooth};
use thalweg::smooth::{
    AcceleratedGradient, AcceleratedGradientState, Anderson, AndersonState, BarzilaiBorwein, BarzilaiBorweinState,
    Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState, ConjugateGradient, ConjugateGradientState, CubicRegularization,
    DualAveraging, DualAveragingState, Entropy, FixedRate, FixedRateState, FractionalMemory, FractionalMemoryState,
    GeometricDescent, GeometricDescentState, GradientDescent, GradientDescentState, HeavyBall, HeavyBallState,
    KrylovSaddleFree, KrylovSaddleFreeState, Lbfgs, LbfgsState, MirrorDescent, MirrorDescentState, MirrorProx,
    MirrorProxState, NaturalGradient, NegativeCurvature, NegativeCurvatureState, Nesterov, NesterovState, NewtonCg,
    NewtonCgState, NewtonState, NewtonTrustRegion, NormalizedDescent, NormalizedDescentState, OverRelaxation,
    OverRelaxationState, PerturbedDescent, PerturbedDescentState, Polyak, PolyakState, QuasarConvex, QuasarConvexState,
    RegularizedNewton, SaddleFreeNewton, SymmetricRankOne, SymmetricRankOneState,
};

use crate::workload::Answer;

/// `½ Σ xⱼ² + ½ Σ (xⱼ - xⱼ₊₁)² + ¼ Σ xⱼ⁴ - 2 x₀`: springs in a row, the first one pulled. Convexity 1, L below 8 on the way.
#[derive(Clone, Copy)]
pub struct Springs;

/// A bound of the curvature, and its inverse.
const LIPSCHITZ: f32 = 8.0;
const RATE: f32 = 1.0 / LIPSCHITZ;

impl Problem for Springs {
    type Error = Infallible;
}

impl<const N: usize> Objective<f32, N> for Springs {
    fn value(&mut self, x: &SVector<f32, N>) -> Result<f32, Infallible> {
        self.gradient(x, &mut SVector::zeros())
    }
}

impl<const N: usize> Smooth<f32, N> for Springs {
    fn gradient(&mut self, x: &SVector<f32, N>, g: &mut SVector<f32, N>) -> Result<f32, Infallible> {
        let (x, g) = (&x.data.0[0], &mut g.data.0[0]);
        let mut value = -2.0 * x[0];
        for j in 0..N {
            let square = x[j] * x[j];
            value += 0.5 * square + 0.25 * square * square;
            g[j] = x[j] + square * x[j];
        }
        for j in 1..N {
            let stretch = x[j] - x[j - 1];
            value += 0.5 * stretch * stretch;
            g[j] += stretch;
            g[j - 1] -= stretch;
        }
        g[0] -= 2.0;
        Ok(value)
    }
}

impl<const N: usize> Curved<f32, N> for Springs {
    fn hessian(
        &mut self,
        x: &SVector<f32, N>,
        g: &mut SVector<f32, N>,
        h: &mut SMatrix<f32, N, N>,
    ) -> Result<f32, Infallible> {
        let (point, h) = (&x.data.0[0], &mut h.data.0);
        *h = [[0.0; N]; N];
        for j in 0..N {
            h[j][j] += 1.0 + 3.0 * point[j] * point[j];
        }
        for j in 1..N {
            h[j][j] += 1.0;
            h[j - 1][j - 1] += 1.0;
            h[j][j - 1] -= 1.0;
            h[j - 1][j] -= 1.0;
        }
        self.gradient(x, g)
    }
}

impl<const N: usize> HessianProducts<f32, N> for Springs {
    fn product(
        &mut self,
        x: &SVector<f32, N>,
        v: &SVector<f32, N>,
        hv: &mut SVector<f32, N>,
    ) -> Result<(), Infallible> {
        let (x, v, hv) = (&x.data.0[0], &v.data.0[0], &mut hv.data.0[0]);
        for j in 0..N {
            hv[j] = (1.0 + 3.0 * x[j] * x[j]) * v[j];
        }
        for j in 1..N {
            let stretch = v[j] - v[j - 1];
            hv[j] += stretch;
            hv[j - 1] -= stretch;
        }
        Ok(())
    }
}

/// The springs without their fourth powers, which over-relaxation takes.
fn linear<const N: usize>() -> Quadratic<f32, N> {
    let (mut hessian, mut linear) = (SMatrix::zeros(), SVector::zeros());
    let Ok(constant) = Springs.hessian(&SVector::zeros(), &mut linear, &mut hessian);
    Quadratic { hessian, linear, constant }
}

/// The least value, which Polyak's rate takes.
const fn least(variables: usize) -> f32 {
    match variables {
        2 => -1.021_484_9,
        6 => -0.982_373_3,
        _ => -0.982_354_6,
    }
}

/// Runs a method to its end, or for so many steps; a device also measures.
pub trait Runner {
    fn run<M: Method<P, S>, S, P: Problem<Error = Infallible>>(
        &mut self,
        name: &'static str,
        method: M,
        state: S,
        problem: P,
    ) -> S;
}

/// Steps at most.
pub const BUDGET: u32 = 400;

/// Runs without measuring, and hides from the optimizer what is run.
pub struct Plain;

impl Runner for Plain {
    fn run<M: Method<P, S>, S, P: Problem<Error = Infallible>>(
        &mut self,
        _: &'static str,
        method: M,
        state: S,
        problem: P,
    ) -> S {
        let (method, mut state, mut problem) = black_box((method, state, problem));
        let Ok(_) = method.run(&mut state, &mut problem, BUDGET);
        state
    }
}

/// A digest of every answer: its value, and all bits of its point.
pub struct Answers {
    digests: [[u32; 2]; RUNS],
    count: usize,
}

/// Methods and sizes.
const RUNS: usize = 30 * 3;

impl Answers {
    fn add<const N: usize>(&mut self, x: &SVector<f32, N>, value: f32) {
        if let Some(digest) = self.digests.get_mut(self.count) {
            *digest = [value.to_bits(), x.iter().fold(0, |mix: u32, x| mix.rotate_left(5) ^ x.to_bits())];
        }
        self.count += 1;
    }
}

impl Answer for Answers {
    fn words(&self) -> impl Iterator<Item = u32> {
        self.digests.iter().flatten().copied().chain([self.count as u32])
    }
}

/// Every method whose name is wanted, at some sizes.
macro_rules! methods {
    ($wanted:path, $runner:ident: $($n:literal)*) => {{
        let mut answers = Answers { digests: [[0; 2]; RUNS], count: 0 };
        $(sized! { $wanted, $runner, answers, $n:
            "gradient descent" GradientDescent::default(), GradientDescentState<f32, $n>, Springs;
            "fixed rate" FixedRate::new(RATE), FixedRateState<f32, $n>, Springs;
            "Barzilai-Borwein" BarzilaiBorwein::default(), BarzilaiBorweinState<f32, $n>, Springs;
            "normalized" NormalizedDescent::new(RATE, 0.5), NormalizedDescentState<f32, $n>, Springs;
            "heavy ball" HeavyBall::new(RATE, 0.5), HeavyBallState<f32, $n>, Springs;
            "Nesterov" Nesterov::new(LIPSCHITZ), NesterovState<f32, $n>, Springs;
            "accelerated gradient" AcceleratedGradient::new(LIPSCHITZ), AcceleratedGradientState<f32, $n>, Springs;
            "quasar-convex" QuasarConvex::new(LIPSCHITZ, 1.0), QuasarConvexState<f32, $n>, Springs;
            "geometric descent" GeometricDescent::new(LIPSCHITZ, 1.0), GeometricDescentState<f32, $n>, Springs;
            "perturbed descent" PerturbedDescent::new(RATE), PerturbedDescentState<f32, $n>, Springs;
            "fractional memory" FractionalMemory::new(RATE), FractionalMemoryState<f32, $n, 8>, Springs;
            "Anderson" Anderson::default(), AndersonState<f32, $n, 3>, GradientStep { inner: Springs, rate: RATE };
            "conjugate gradient" ConjugateGradient::default(), ConjugateGradientState<f32, $n>, Springs;
            "Polyak" Polyak::new(least($n)), PolyakState<f32, $n>, Springs;
            "mirror descent" MirrorDescent::new(Entropy, RATE), MirrorDescentState<f32, $n>, Springs;
            "dual averaging" DualAveraging::new(Entropy, RATE), DualAveragingState<f32, $n>, Springs;
            "mirror prox" MirrorProx::new(Entropy, RATE), MirrorProxState<f32, $n>, Springs;
            "over-relaxation" OverRelaxation::new(1.2), OverRelaxationState<f32, $n>, linear();
            "BFGS" Bfgs::default(), BfgsState<f32, $n>, Springs;
            "L-BFGS" Lbfgs::default().searching(HagerZhang::default()), LbfgsState<f32, $n, 5>, Springs;
            "bounded L-BFGS" BoundedLbfgs::new(SVector::repeat(-1.0), SVector::repeat(0.5)),
                BoundedLbfgsState<f32, $n, 5>, Springs;
            "symmetric rank one" SymmetricRankOne::default(), SymmetricRankOneState<f32, $n>, Springs;
            "Newton, trust region" NewtonTrustRegion::default(), NewtonState<f32, $n>, Springs;
            "Newton-CG" NewtonCg::default(), NewtonCgState<f32, $n>, Springs;
            "natural gradient" NaturalGradient::default(), NewtonState<f32, $n>, Springs;
            "saddle-free Newton" SaddleFreeNewton::default(), NewtonState<f32, $n>, Springs;
            "regularized Newton" RegularizedNewton::default(), NewtonState<f32, $n>, Springs;
            "cubic regularization" CubicRegularization::default(), NewtonState<f32, $n>, Springs;
            "saddle-free Newton, Krylov" KrylovSaddleFree::default(), KrylovSaddleFreeState<f32, $n, 2>, Springs;
            "negative curvature" NegativeCurvature::default(), NegativeCurvatureState<f32, $n, 2>, Springs;
        })*
        answers
    }};
}

macro_rules! sized {
    ($wanted:path, $runner:ident, $answers:ident, $n:literal: $($name:literal $method:expr, $state:ty, $problem:expr;)*) => { $(
        if const { $wanted($name) } {
            let start = <$state>::new(SVector::zeros());
            let state = $runner.run(concat!($name, " | ", $n), $method, start, $problem);
            $answers.add(state.x(), state.value());
        }
    )* };
}

/// Every method at every size.
pub fn all(runner: &mut impl Runner) -> Answers {
    const fn any(_: &str) -> bool {
        true
    }
    methods!(any, runner: 2 6 12)
}

/// For six variables the method, if any, that the environment named `METHOD` when this was compiled.
pub fn chosen(runner: &mut impl Runner) -> Answers {
    const fn is_method(name: &str) -> bool {
        let (Some(method), name) = (option_env!("METHOD"), name.as_bytes()) else { return false };
        let method = method.as_bytes();
        let mut i = 0;
        while i < name.len() && i < method.len() && name[i] == method[i] {
            i += 1;
        }
        i == name.len() && i == method.len()
    }
    methods!(is_method, runner: 6)
}
