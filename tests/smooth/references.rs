//! Every method on the small problems of CUTEst and on those of Moré, Garbow & Hillstrom, f64 and f32: the committed table
//! `tests/smooth_references.md` and profile `tests/smooth_profile.svg`, which `THALWEG_BLESS=1` rewrites; slow without optimization:
//! `cargo test --release --test smooth references`.
//!
//! A method is one line of [`enter_all`].

use std::collections::BTreeMap;
use std::fmt::Write;

use nalgebra::SVector;
use thalweg::line_search::{HagerZhang, StrongWolfe};
use thalweg::problem::{Counted, Forward, Function};
use thalweg::smooth::{
    BarzilaiBorwein, BarzilaiBorweinState, Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState, ConjugateGradient,
    ConjugateGradientState, ConjugateRule, CubicRegularization, GradientDescent, GradientDescentState,
    KrylovSaddleFree, KrylovSaddleFreeState, Lbfgs, LbfgsState, NegativeCurvature, NegativeCurvatureState, Nesterov,
    NesterovState, NewtonCg, NewtonCgState, NewtonState, NewtonTrustRegion, Polyak, PolyakState, RegularizedNewton,
    SaddleFreeNewton, SymmetricRankOne, SymmetricRankOneState,
};
use thalweg::{Method, Real, Status};

use crate::cases::{BUDGET, Case, Outcome, Run, cases, methods, summary};
use crate::tape::Tape;
use crate::{profile, reference};

/// What is read of a memory.
pub trait Memory<T: Real, const N: usize> {
    fn x(&self) -> &SVector<T, N>;
    fn value(&self) -> T;
    /// None where it has not been asked for.
    fn gradient(&self) -> Option<&SVector<T, N>>;
}

macro_rules! memories {
    ($($state:ident $(<$extra:ident>)?),*) => { $(
        impl<T: Real, const N: usize $(, const $extra: usize)?> Memory<T, N> for $state<T, N $(, $extra)?> {
            fn x(&self) -> &SVector<T, N> {
                self.x()
            }
            fn value(&self) -> T {
                self.value()
            }
            fn gradient(&self) -> Option<&SVector<T, N>> {
                self.gradient().into()
            }
        }
    )* };
}

memories!(
    BarzilaiBorweinState,
    KrylovSaddleFreeState<K>,
    NegativeCurvatureState<K>,
    NesterovState,
    NewtonCgState,
    NewtonState,
    PolyakState,
    BfgsState,
    BoundedLbfgsState<M>,
    ConjugateGradientState,
    GradientDescentState,
    LbfgsState<M>,
    SymmetricRankOneState
);

/// All runs of one problem.
struct Field<'a, T: Real, const N: usize> {
    case: &'a Case,
    index: usize,
    runs: &'a mut Vec<Run>,
    start: SVector<T, N>,
    lower: SVector<T, N>,
    upper: SVector<T, N>,
    /// Of the scaled gradient.
    tolerance: T,
}

impl<T: Real, const N: usize> Field<'_, T, N> {
    /// The scaled gradient, or what the bounds leave of it.
    fn gap(&self, memory: &impl Memory<T, N>) -> f64 {
        let Some(gradient) = memory.gradient() else { return f64::INFINITY };
        let room = self.lower.iter().zip(self.upper.iter());
        let parts = memory.x().iter().zip(gradient.iter()).zip(room);
        let left = parts.map(|((&x, &g), (&l, &u))| g.max(x - u).min(x - l).to_f64().abs());
        left.fold(0.0, f64::max) / memory.value().to_f64().abs().max(1.0)
    }

    fn enter<S: Memory<T, N>>(
        &mut self,
        name: &'static str,
        method: &impl Method<Counted<Forward<Tape>>, S>,
        mut state: S,
    ) {
        let mut problem = Counted::new(Forward(self.case.tape.clone()));
        let (mut steps, mut status) = (0, Status::Running);
        let single = T::EPSILON.to_f64() > 1e-10;
        let slack = if single { 1e-3 } else { 1e-6 } * self.case.least.abs().max(1.0);
        let outcome = loop {
            let value = state.value().to_f64();
            if value - self.case.least <= slack {
                break Outcome::Best;
            }
            if value.is_finite() && self.gap(&state) <= self.tolerance.to_f64() {
                break Outcome::Other;
            }
            match status {
                Status::Running if problem.calls() < BUDGET => {}
                Status::Running => break Outcome::Budget,
                Status::Stalled(_) => break Outcome::Stalled,
                Status::Converged(_) => break Outcome::Early,
            }
            status = method.step(&mut state, &mut problem).unwrap();
            steps += 1;
        };
        self.runs.push(Run { method: name, case: self.index, outcome, evaluations: problem.calls(), effort: steps });
    }

    fn enter_all(&mut self) {
        let Self { start, lower, upper, tolerance: gradient_tolerance, .. } = *self;
        let conjugate = ConjugateGradient { gradient_tolerance, ..ConjugateGradient::default() };
        let bounded = BoundedLbfgs { gradient_tolerance, ..BoundedLbfgs::new(lower, upper) };
        let (dense, limited) =
            (Bfgs { gradient_tolerance, ..Bfgs::default() }, Lbfgs { gradient_tolerance, ..Lbfgs::default() });
        let exact = StrongWolfe { curvature: T::of_f64(0.1), ..StrongWolfe::default() };
        let zhang = HagerZhang::default();

        self.enter("bounded L-BFGS", &bounded, BoundedLbfgsState::<T, N, 10>::new(start));
        self.enter("bounded L-BFGS, Hager-Zhang", &bounded.searching(zhang), BoundedLbfgsState::<T, N, 10>::new(start));
        if self.case.is_bounded() {
            return;
        }
        let polak = ConjugateGradient { rule: ConjugateRule::PolakRibiere, ..conjugate };
        let yuan = ConjugateGradient { rule: ConjugateRule::DaiYuan, ..conjugate };
        self.enter(
            "gradient descent",
            &GradientDescent { gradient_tolerance, ..GradientDescent::default() },
            GradientDescentState::new(start),
        );
        self.enter("conjugate gradient", &conjugate, ConjugateGradientState::new(start));
        self.enter("conjugate gradient, strong Wolfe", &conjugate.searching(exact), ConjugateGradientState::new(start));
        self.enter("conjugate gradient, Polak-Ribière", &polak.searching(exact), ConjugateGradientState::new(start));
        self.enter("conjugate gradient, Dai-Yuan", &yuan, ConjugateGradientState::new(start));
        self.enter("BFGS", &dense, BfgsState::new(start));
        self.enter("BFGS, Hager-Zhang", &dense.searching(zhang), BfgsState::new(start));
        self.enter(
            "symmetric rank one",
            &SymmetricRankOne { gradient_tolerance, ..SymmetricRankOne::default() },
            SymmetricRankOneState::new(start),
        );
        self.enter("L-BFGS", &limited, LbfgsState::<T, N, 10>::new(start));
        self.enter("L-BFGS, Hager-Zhang", &limited.searching(zhang), LbfgsState::<T, N, 10>::new(start));
        self.enter_first_order(start, gradient_tolerance);
        self.enter_second_order(start, gradient_tolerance);
    }
}

impl<T: Real, const N: usize> Field<'_, T, N> {
    /// Those that need no constant of the function but, for Polyak's rate, its lowest value.
    fn enter_first_order(&mut self, start: SVector<T, N>, gradient_tolerance: T) {
        let spectral = BarzilaiBorwein { gradient_tolerance, ..BarzilaiBorwein::default() };
        let nesterov = Nesterov { gradient_tolerance, backtracking: true, ..Nesterov::new(T::ONE) };
        let polyak = Polyak { gradient_tolerance, ..Polyak::new(T::of_f64(self.case.least)) };
        self.enter("Barzilai-Borwein", &spectral, BarzilaiBorweinState::new(start));
        self.enter("Nesterov, backtracking", &nesterov, NesterovState::new(start));
        self.enter("Polyak's rate, f* known", &polyak, PolyakState::new(start));
    }

    /// A product with a Hessian counts as much as a Hessian: one.
    fn enter_second_order(&mut self, start: SVector<T, N>, gradient_tolerance: T) {
        let trust = NewtonTrustRegion { gradient_tolerance, ..NewtonTrustRegion::default() };
        let products = NewtonCg { gradient_tolerance, ..NewtonCg::default() };
        let free = SaddleFreeNewton { gradient_tolerance, ..SaddleFreeNewton::default() };
        let krylov = KrylovSaddleFree { gradient_tolerance, ..KrylovSaddleFree::default() };
        let regularized = RegularizedNewton { gradient_tolerance, ..RegularizedNewton::default() };
        let cubic = CubicRegularization { gradient_tolerance, ..CubicRegularization::default() };
        let negative = NegativeCurvature { gradient_tolerance, ..NegativeCurvature::default() };
        self.enter("Newton, trust region", &trust, NewtonState::new(start));
        self.enter("Newton-CG", &products, NewtonCgState::new(start));
        self.enter("saddle-free Newton", &free, NewtonState::new(start));
        self.enter("saddle-free Newton, 3 Krylov vectors", &krylov, KrylovSaddleFreeState::<T, N, 3>::new(start));
        self.enter("regularized Newton", &regularized, NewtonState::new(start));
        self.enter("cubic regularization", &cubic, NewtonState::new(start));
        self.enter("negative curvature, 3 Krylov vectors", &negative, NegativeCurvatureState::<T, N, 3>::new(start));
    }
}

fn sized<T: Real, const N: usize>(case: &Case, index: usize, runs: &mut Vec<Run>) {
    let of = |x: &[f64]| SVector::from_iterator(x.iter().map(|&x| T::of_f64(x)));
    let tolerance = if T::EPSILON.to_f64() > 1e-10 { T::SQRT_EPSILON } else { T::of_f64(1e-8) };
    let (start, lower, upper) = (of(&case.start), of(&case.lower), of(&case.upper));
    Field::<T, N> { case, index, runs, start, lower, upper, tolerance }.enter_all();
}

fn all<T: Real>(cases: &[Case]) -> Vec<Run> {
    let mut runs = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        macro_rules! dispatch {
            ($($n:literal)*) => { match case.start.len() { $($n => sized::<T, $n>(case, index, &mut runs),)* n => panic!("{n} variables") } };
        }
        dispatch!(1 2 3 4 5 6 8 9 10 12 20);
    }
    runs
}

/// Per problem: the fewest evaluations, and who failed and how.
fn by_problem(cases: &[Case], runs: &[Run]) -> String {
    let mut text =
        String::from("| problem | N | bounds | fewest evaluations | by | no success |\n|---|---:|---|---:|---|---|\n");
    for (index, case) in cases.iter().enumerate() {
        let mine = runs.iter().filter(|run| run.case == index);
        let best = mine.clone().filter(|run| run.outcome == Outcome::Best).min_by_key(|run| run.evaluations);
        let (fewest, by) = best.map_or(("–".into(), "–"), |run| (run.evaluations.to_string(), run.method));
        let mut failures: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for run in mine.filter(|run| run.outcome != Outcome::Best) {
            failures.entry(run.outcome.name()).or_default().push(run.method);
        }
        let failures: Vec<_> = failures.iter().map(|(name, who)| format!("{name}: {}", who.join("; "))).collect();
        let bounds = if case.is_bounded() { "yes" } else { "" };
        writeln!(
            text,
            "| {} | {} | {bounds} | {fewest} | {by} | {} |",
            case.name,
            case.start.len(),
            failures.join(". ")
        )
        .unwrap();
    }
    text
}

#[test]
fn tapes_reproduce_their_starts() {
    for case in cases() {
        macro_rules! dispatch {
            ($($n:literal)*) => { match case.start.len() { $($n => check::<$n>(&case),)* n => panic!("{n} variables") } };
        }
        dispatch!(1 2 3 4 5 6 8 9 10 12 20);
    }
    fn check<const N: usize>(case: &Case) {
        let x: [f64; N] = core::array::from_fn(|j| case.start[j]);
        assert!(Function::<f64, N>::value(&case.tape, &x).is_finite(), "{}", case.name);
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "slow without optimization")]
fn table_is_committed() {
    let cases = cases();
    if cases.is_empty() {
        return;
    }
    let (double, single) = std::thread::scope(|scope| {
        let single = scope.spawn(|| all::<f32>(&cases));
        (all::<f64>(&cases), single.join().unwrap())
    });
    let mut text = String::from(
        "# Smooth methods on CUTEst and Moré, Garbow & Hillstrom\n\n\
        Best: `f - f* ≤ 10⁻⁶ max(1, |f*|)` (f32: 10⁻³), where f* is the lowest known value. Other minimum: `max |gⱼ| ≤ 10⁻⁸ max(1, |f|)` (f32: √ε), where\n\
        bounds cut the gradient. An evaluation is an oracle call; they are counted until one of both holds, at most 5000. Medians are of the\n\
        successes. Generated by `tests/smooth/references.rs`.\n",
    );
    for (scalar, runs) in [("f64", &double), ("f32", &single)] {
        let (bounded, free): (Vec<usize>, Vec<usize>) = (0..cases.len()).partition(|&i| cases[i].is_bounded());
        for (kind, set) in [("Unconstrained", free), ("Bounded", bounded)] {
            let runs: Vec<Run> = runs.iter().filter(|run| set.contains(&run.case)).map(|run| Run { ..*run }).collect();
            write!(text, "\n## {kind}, {scalar}\n\n{}", summary(&runs, "steps")).unwrap();
        }
    }
    write!(text, "\n## By problem, f64\n\n{}", by_problem(&cases, &double)).unwrap();
    write!(text, "\n## By problem, f32\n\n{}", by_problem(&cases, &single)).unwrap();
    let free: Vec<&Run> = double.iter().filter(|run| !cases[run.case].is_bounded()).collect();
    reference::same_as_committed("smooth_profile.svg", &profile::draw(&methods(&double), &free));
    reference::same_as_committed("smooth_references.md", &text);
}
