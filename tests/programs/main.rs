//! The Maros-Mészáros programs of the reference data, and the committed table `tests/quadratic_programs.md`, which
//! `THALWEG_BLESS=1` rewrites. A crate of its own, because it is slow without optimization: `cargo test --release --test programs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "a test may fail loudly"
)]
#![allow(
    unreachable_pub,
    dead_code,
    reason = "nothing is reachable from outside a test, and it reads little of the references"
)]

#[path = "../it/quadratic_cases.rs"]
mod quadratic_cases;
#[path = "../it/reference.rs"]
mod reference;

use std::path::PathBuf;

use nalgebra::SVector;
use thalweg::constrained::{DualActiveSet, DualActiveSetState, QuadraticProgram};
use thalweg::{Criterion, Method, Real, Stall, Status};

/// The proximities where the Hessian is not positive definite, of its largest entry: the second if the first does not end.
const PROXIMITIES: [f64; 2] = [1e-3, 1e-5];

/// Steps with each.
const BUDGET: u32 = 8_000;

/// Set, variables, constraints.
macro_rules! programs {
    ($table:ident, $T:ty, $($id:literal $n:literal $m:literal),*) => {
        fn $table() -> Vec<Line> {
            vec![$(line::<$T, $n, $m>($id)),*]
        }
    };
}

programs!(double, f64,
    "CVXQP1_S" 100 50, "DPKLO1" 133 77, "DUAL1" 85 1, "DUALC1" 9 215, "DUALC2" 7 229, "DUALC8" 8 503, "GENHS28" 10 8,
    "HS21" 2 1, "HS268" 5 5, "HS51" 5 3, "HS52" 5 3, "HS76" 4 3, "KSIP" 20 1001, "LOTSCHD" 12 7, "PRIMAL2" 649 96,
    "PRIMALC2" 231 7, "PRIMALC5" 287 8, "PRIMALC8" 520 8, "QADLITTL" 97 56, "QAFIRO" 32 27, "QE226" 282 223,
    "QGROW7" 301 140, "QISRAEL" 142 174, "QPCBLEND" 83 74, "QPCBOEI2" 143 166, "QSCAGR7" 140 129, "QSCORPIO" 358 388,
    "QSCTAP1" 480 300, "QSHARE1B" 225 117, "QSHARE2B" 79 96, "TAME" 2 1
);
programs!(single, f32,
    "DUALC1" 9 215, "DUALC2" 7 229, "DUALC8" 8 503, "GENHS28" 10 8, "HS21" 2 1, "HS268" 5 5, "HS51" 5 3, "HS52" 5 3,
    "HS76" 4 3, "KSIP" 20 1001, "LOTSCHD" 12 7, "QAFIRO" 32 27, "TAME" 2 1
);

/// One line of the table.
struct Line {
    id: &'static str,
    size: (usize, usize),
    scalar: &'static str,
    digits: f64,
    residual: f64,
    steps: u32,
    status: Status,
}

impl Line {
    fn text(&self) -> String {
        let Self { id, size: (n, m), scalar, digits, residual, steps, status } = self;
        // A power of ten, rounded up: the last bits are not the table's business.
        let residual = if *residual > 0.0 { residual.log10().ceil() } else { -17.0 };
        format!("| {id} | {n} | {m} | {scalar} | {digits:.0} | 1e{residual} | {steps} | {status:?} |\n")
    }
}

fn set(id: &str) -> PathBuf {
    reference::folder("qp-maros-meszaros").unwrap().join(id)
}

/// The data, on the heap.
fn load<const N: usize, const M: usize>(id: &str) -> Box<QuadraticProgram<f64, N, M>> {
    let mut program = Box::new(QuadraticProgram::<f64, N, M>::linear(SVector::zeros()));
    for row in reference::table(&set(id).join("P_upper.csv")).1 {
        program.hessian[(row[1] as usize, row[0] as usize)] = row[2];
    }
    for row in reference::table(&set(id).join("A.csv")).1 {
        program.rows[(row[0] as usize, row[1] as usize)] = row[2];
    }
    for (j, row) in reference::table(&set(id).join("vars.csv")).1.into_iter().enumerate() {
        (program.gradient[j], program.lower[j], program.upper[j]) = (row[0], row[1], row[2]);
    }
    for (i, row) in reference::table(&set(id).join("cons.csv")).1.into_iter().enumerate() {
        (program.row_lower[i], program.row_upper[i]) = (row[0], row[1]);
    }
    program
}

fn line<T: Real, const N: usize, const M: usize>(id: &'static str) -> Line {
    let job = move || solve::<T, N, M>(id);
    // Fixed sizes travel over the stack.
    std::thread::Builder::new().stack_size(256 << 20).spawn(job).unwrap().join().unwrap()
}

fn solve<T: Real, const N: usize, const M: usize>(id: &'static str) -> Line {
    let data = load::<N, M>(id);
    let program = Box::new(crate::quadratic_cases::rounded::<T, N, M>(&data));
    let largest = program.hessian.iter().fold(T::ZERO, |m, h| m.max(h.abs()));
    let proximities = PROXIMITIES.map(|proximity| largest * T::of_f64(proximity));
    let proximities = if program.factor(T::ZERO).is_ok() { &[T::ZERO][..] } else { &proximities };
    let attempt = |&proximity: &T| {
        let mut factored = Box::new(program.factor(proximity).unwrap());
        let mut state = Box::new(DualActiveSetState::<T, N>::new(SVector::zeros()));
        let (mut steps, mut status) = (0, Status::Running);
        while status == Status::Running && steps < BUDGET {
            let Ok(after) = DualActiveSet::default().step(&mut state, &mut factored);
            (steps, status) = (steps + 1, after);
        }
        (factored, state, steps, status)
    };
    let mut last = attempt(&proximities[0]);
    if last.3 == Status::Running && proximities.len() > 1 {
        last = attempt(&proximities[1]);
    }
    let (factored, state, steps, status) = last;
    let (z, y) = state.multipliers(&factored);
    let x = state.x().map(|x| x.to_f64());
    let residual = data.certify(&x, &z.map(|z| z.to_f64()), &y.map(|y| y.to_f64()));
    let meta = reference::meta(&set(id));
    let wanted = reference::number(&meta["reference"]["objective"]);
    let found = residual.objective + reference::number(&meta["constant"]);
    let digits = -((found - wanted).abs() / (1.0 + wanted.abs())).max(1e-16).log10();
    let scalar = if T::EPSILON.to_f64() < 1e-10 { "f64" } else { "f32" };
    Line { id, size: (N, M), scalar, digits: digits.floor().max(0.0), residual: residual.worst(), steps, status }
}

const HEAD: &str = "\
# Quadratic programs of Maros and Mészáros

The dual active set with default settings; where the Hessian is not positive definite beyond rounding, with a proximity of a
thousandth of its largest entry, or of 10⁻⁵ of it where that does not end in 8000 steps. Correct digits of the objective (of
one plus its magnitude); the largest residual of the optimality conditions, relative as `KktResidual` says, rounded up to a power of ten; steps, of all proximal rounds.
Regenerated by `cargo test --release --test programs` with `THALWEG_BLESS=1`.

| id | n | m | scalar | digits | residual | steps | status |
|---|---:|---:|---|---:|---:|---:|---|
";

#[test]
#[cfg_attr(debug_assertions, ignore = "slow without optimization")]
fn the_table_of_quadratic_programs_is_up_to_date() {
    if reference::sets("qp-maros-meszaros").is_empty() {
        return;
    }
    let mut table = String::from(HEAD);
    let lines: Vec<_> = double().into_iter().chain(single()).collect();
    table.extend(lines.iter().map(Line::text));
    for line in &lines {
        let bar = if line.scalar == "f64" { 1e-8 } else { 1e-3 };
        // In f32 rounding may keep a good point from its verdict.
        let honest = line.scalar == "f32" && line.status == Status::Stalled(Stall::NoDescent);
        let optimal = honest || line.status == Status::Converged(Criterion::Optimal);
        assert!(optimal && line.residual <= bar, "{}", line.text());
    }
    reference::same_as_committed("quadratic_programs.md", &table);
}
