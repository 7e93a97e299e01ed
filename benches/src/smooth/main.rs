//! Smooth methods on the reference problems beside other crates: the committed table `benches/SMOOTH.md`, which
//! `benches/run smooth` rewrites. Measured as `tests/smooth/references.rs` does, but by the oracle and the same for all.

#![allow(missing_docs)]

use std::fmt::Write;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use nalgebra::SVector;
use thalweg::line_search::HagerZhang;
use thalweg::smooth::{
    Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState, ConjugateGradient, ConjugateGradientState, Lbfgs, LbfgsState,
    NewtonCg, NewtonCgState, NewtonState, NewtonTrustRegion, SymmetricRankOne, SymmetricRankOneState,
};
use thalweg::{Method, Status};

mod argmin;
mod basin;
#[allow(dead_code)]
#[path = "../../../tests/smooth/cases.rs"]
mod cases;
mod oracle;
#[allow(dead_code)]
#[path = "../../../tests/it/reference.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../tests/it/tape.rs"]
mod tape;

use cases::{Case, Outcome, Run};
use oracle::{Ask, Oracle};

/// All runs on one problem.
pub struct Runs<'a, const N: usize> {
    case: &'a Case,
    index: usize,
    all: &'a mut Vec<Run>,
}

/// Where peers enter their solvers.
pub trait Enter {
    fn variables(&self) -> usize;
    /// A solve says how it ended if the oracle did not end it; a panic is a stall.
    fn enter(&mut self, method: &'static str, solve: &mut dyn FnMut(&dyn Ask) -> Outcome);
}

impl<const N: usize> Enter for Runs<'_, N> {
    fn variables(&self) -> usize {
        N
    }

    fn enter(&mut self, method: &'static str, solve: &mut dyn FnMut(&dyn Ask) -> Outcome) {
        self.run(method, |oracle| solve(oracle));
    }
}

impl<const N: usize> Runs<'_, N> {
    fn run(&mut self, method: &'static str, solve: impl FnOnce(&Oracle<'_, N>) -> Outcome) {
        let oracle = Oracle::new(self.case);
        let ended = catch_unwind(AssertUnwindSafe(|| solve(&oracle))).unwrap_or(Outcome::Stalled);
        let (outcome, evaluations) = (oracle.outcome().unwrap_or(ended), oracle.evaluations());
        self.all.push(Run { method, case: self.index, outcome, evaluations, effort: oracle.calls() });
    }

    fn enter_ours<S>(&mut self, name: &'static str, method: impl for<'b> Method<&'b Oracle<'b, N>, S>, mut state: S) {
        self.run(name, |oracle| match method.run(&mut state, &mut &*oracle, u32::MAX) {
            Ok(Status::Converged(_)) => Outcome::Early,
            _ => Outcome::Stalled,
        });
    }

    fn enter_all(&mut self) {
        let of = |x: &[f64]| SVector::<f64, N>::from_column_slice(x);
        let start = of(&self.case.start);
        let bounded = BoundedLbfgs::new(of(&self.case.lower), of(&self.case.upper));
        let bounded = BoundedLbfgs { gradient_tolerance: 0.0, ..bounded };
        let zhang = HagerZhang::default();
        let memory = BoundedLbfgsState::<f64, N, 10>::new(start);
        self.enter_ours("bounded L-BFGS", bounded, memory.clone());
        self.enter_ours("bounded L-BFGS, Hager-Zhang", bounded.searching(zhang), memory);
        basin::enter_bounded(self);
        if self.case.is_bounded() {
            return;
        }
        let limited = Lbfgs { gradient_tolerance: 0.0, ..Lbfgs::default() };
        let dense = Bfgs { gradient_tolerance: 0.0, ..Bfgs::default() };
        let conjugate = ConjugateGradient { gradient_tolerance: 0.0, ..ConjugateGradient::default() };
        let rank_one = SymmetricRankOne { gradient_tolerance: 0.0, ..SymmetricRankOne::default() };
        let trust = NewtonTrustRegion { gradient_tolerance: 0.0, ..NewtonTrustRegion::default() };
        let products = NewtonCg { gradient_tolerance: 0.0, ..NewtonCg::default() };
        self.enter_ours("L-BFGS", limited, LbfgsState::<f64, N, 10>::new(start));
        self.enter_ours("L-BFGS, Hager-Zhang", limited.searching(zhang), LbfgsState::<f64, N, 10>::new(start));
        self.enter_ours("BFGS", dense, BfgsState::new(start));
        self.enter_ours("BFGS, Hager-Zhang", dense.searching(zhang), BfgsState::new(start));
        self.enter_ours("conjugate gradient", conjugate, ConjugateGradientState::new(start));
        self.enter_ours("symmetric rank one", rank_one, SymmetricRankOneState::new(start));
        self.enter_ours("Newton, trust region", trust, NewtonState::new(start));
        self.enter_ours("Newton-CG", products, NewtonCgState::new(start));
        basin::enter_free(self);
        argmin::enter_all(self);
    }
}

fn run_all(cases: &[Case]) -> Vec<Run> {
    let mut all = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        macro_rules! dispatch {
            ($($n:literal)*) => { match case.start.len() {
                $($n => Runs::<'_, $n> { case, index, all: &mut all }.enter_all(),)*
                n => panic!("{n} variables"),
            } };
        }
        dispatch!(1 2 3 4 5 6 8 9 10 12 20);
    }
    all
}

/// For each peer and each of ours: the median over the problems that both solve of the evaluations of ours in multiples of
/// the peer's, and how many problems these are.
fn ratios(runs: &[Run], ours: &[&'static str]) -> String {
    let mut text = format!("| peer | {} |\n|---|{}\n", ours.join(" | "), "---:|".repeat(ours.len()));
    let solved = |method: &str, case| {
        let run = runs.iter().find(|run| run.method == method && run.case == case)?;
        run.succeeded().then_some(run.evaluations as f64)
    };
    for peer in cases::methods(runs).into_iter().filter(|name| name.starts_with("basin") || name.starts_with("argmin"))
    {
        write!(text, "| {peer} |").unwrap();
        for mine in ours {
            let cases = runs.iter().filter(|run| run.method == peer).map(|run| run.case);
            let mut both: Vec<f64> = cases.filter_map(|case| Some(solved(mine, case)? / solved(peer, case)?)).collect();
            both.sort_by(f64::total_cmp);
            match both.get(both.len() / 2) {
                Some(median) => write!(text, " {median:.2} ({}) |", both.len()).unwrap(),
                None => text += " – |",
            }
        }
        text += "\n";
    }
    text
}

fn main() {
    let cases = cases::cases();
    if cases.is_empty() {
        println!("Smooth methods beside peers: not measured, the reference data are not beside the project.");
        return;
    }
    let runs = run_all(&cases);
    let mut text = String::from(
        "# Smooth methods beside other crates\n\n\
        The f64 problems and the inequalities of `tests/smooth_references.md`. The oracle counts, the same for all: a point counts once, whatever of\n\
        value, gradient and Hessian is asked there and how often; a product with a Hessian counts once. It ends a run at the first point that\n\
        satisfies an inequality, so that no method's own tolerance matters, and after 5000 evaluations. Calls: every question, where value and\n\
        gradient are one if they are asked together. Medians are of the successes; as those of a method that fails where it is hard are low,\n\
        the second table compares on the same problems. Methods without a crate's name are ours. Defaults, but ten pairs in L-BFGS; a panic\n\
        counts as stalled. basin 3.2, argmin 0.11. Generated by `benches/run smooth`.\n",
    );
    let (bounded, free): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| cases[run.case].is_bounded());
    let pairs: [&[_]; 2] = [
        &["bounded L-BFGS", "L-BFGS", "BFGS", "BFGS, Hager-Zhang", "Newton, trust region"],
        &["bounded L-BFGS", "bounded L-BFGS, Hager-Zhang"],
    ];
    for ((kind, runs), ours) in [("Unconstrained", &free), ("Bounded", &bounded)].into_iter().zip(pairs) {
        write!(text, "\n## {kind}\n\n{}", cases::summary(runs, "calls")).unwrap();
        write!(
            text,
            "\nMedian of ours in multiples of the peer's, over the problems that both solve (their number):\n\n{}",
            ratios(runs, ours)
        )
        .unwrap();
    }
    fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/SMOOTH.md"), &text).expect("the table is written");
    print!("{text}");
}
