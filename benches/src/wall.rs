//! Wall time of whole solves in f64 beside other crates: same data, same start, same final cost.
//!
//! The peers have their default tolerances, which are coarse; ours is `decrease: 4ε`, as in the device's figures.

#![allow(missing_docs)]

use std::convert::Infallible;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use criterion::Criterion;
use nalgebra::{SMatrix, SVector};
use thalweg::Method;
use thalweg::least_squares::{
    Accumulation, DenseState, Dogleg, GaussNewton, LevenbergMarquardt, Normal, SquareRoot, Strategy, StreamedState,
    Tolerances,
};
use thalweg::problem::{LeastSquares, Problem, Rows};

#[allow(dead_code)]
#[path = "../../examples/firmware/src/data.rs"]
mod data;
mod peers;
#[allow(dead_code)]
#[path = "../../examples/firmware/src/workload.rs"]
mod workload;

use workload::{EllipsoidFit, Fit, Misra1aFit, Model, SphereFit};

/// A problem of `M` residuals: residual and row of one sample.
pub trait Case<const M: usize, const N: usize> {
    fn row(&self, i: usize, x: &[f64; N]) -> (f64, [f64; N]);
}

impl<S: Model<f64, D, N>, const D: usize, const M: usize, const N: usize> Case<M, N> for Fit<S, f64, D, M, N> {
    #[inline(always)]
    fn row(&self, i: usize, x: &[f64; N]) -> (f64, [f64; N]) {
        let (residual, row) = S::row(&self.samples()[i], &(*x).into());
        (residual, row.into())
    }
}

struct Rosenbrock;

impl Case<2, 2> for Rosenbrock {
    #[inline(always)]
    fn row(&self, i: usize, &[x, y]: &[f64; 2]) -> (f64, [f64; 2]) {
        if i == 0 { (10.0 * (y - x * x), [-20.0 * x, 10.0]) } else { (1.0 - x, [-1.0, 0.0]) }
    }
}

/// All residuals at once, or one at a time.
struct Whole<'a, C>(&'a C);

impl<C> Problem for Whole<'_, C> {
    type Error = Infallible;
}

impl<C: Case<M, N>, const M: usize, const N: usize> LeastSquares<f64, M, N> for Whole<'_, C> {
    fn residuals(&mut self, x: &SVector<f64, N>, r: &mut SVector<f64, M>) -> Result<(), Infallible> {
        for (i, r) in r.iter_mut().enumerate() {
            *r = self.0.row(i, &x.data.0[0]).0;
        }
        Ok(())
    }

    fn linearize(
        &mut self,
        x: &SVector<f64, N>,
        r: &mut SVector<f64, M>,
        j: &mut SMatrix<f64, M, N>,
    ) -> Result<(), Infallible> {
        for i in 0..M {
            let (residual, row) = self.0.row(i, &x.data.0[0]);
            r[i] = residual;
            for (column, entry) in j.data.0.iter_mut().zip(row) {
                column[i] = entry;
            }
        }
        Ok(())
    }
}

struct Streamed<'a, C>(&'a C);

impl<C> Problem for Streamed<'_, C> {
    type Error = Infallible;
}

impl Rows<f64, 2> for Streamed<'_, Rosenbrock> {
    fn rows(&self) -> usize {
        2
    }

    fn row(&mut self, i: usize, x: &SVector<f64, 2>, g: &mut SVector<f64, 2>) -> Result<f64, Infallible> {
        let (residual, row) = self.0.row(i, &x.data.0[0]);
        *g = row.into();
        Ok(residual)
    }
}

const TOLERANCES: Tolerances<f64> =
    Tolerances { gradient: f64::EPSILON, decrease: 4.0 * f64::EPSILON, step: 2.0 * f64::EPSILON };

fn marquardt() -> LevenbergMarquardt<f64> {
    LevenbergMarquardt { tolerances: TOLERANCES, ..LevenbergMarquardt::default() }
}

fn newton() -> GaussNewton<f64> {
    GaussNewton { tolerances: TOLERANCES, ..GaussNewton::default() }
}

fn dogleg() -> Dogleg<f64> {
    Dogleg { tolerances: TOLERANCES, ..Dogleg::default() }
}

fn streamed<K: Accumulation, const N: usize>(
    method: impl Strategy<f64, N, N>,
    mut problem: impl Rows<f64, N, Error = Infallible>,
    start: [f64; N],
) -> f64 {
    let mut state: StreamedState<f64, N, K> = StreamedState::from_point(black_box(start).into());
    let Ok(_) = method.run(&mut state, &mut problem, 100_000);
    state.cost()
}

fn dense<K: Accumulation, C: Case<M, N>, const M: usize, const N: usize>(
    method: impl Strategy<f64, N, N>,
    case: &C,
    start: [f64; N],
) -> f64 {
    let mut state: DenseState<f64, M, N, K> = DenseState::from_point(black_box(start).into());
    let Ok(_) = method.run(&mut state, &mut Whole(case), 1000);
    state.cost()
}

/// Measures solvers that end at the same cost.
struct Race<'a> {
    criterion: &'a mut Criterion,
    problem: &'static str,
    cost: f64,
    names: Vec<&'static str>,
}

impl<'a> Race<'a> {
    fn new(criterion: &'a mut Criterion, problem: &'static str, cost: f64) -> Self {
        Self { criterion, problem, cost, names: Vec::new() }
    }

    fn run(&mut self, name: &'static str, mut solve: impl FnMut() -> f64) -> &mut Self {
        let cost = solve();
        let same = (cost - self.cost).abs() <= (1e-8 * self.cost).max(1e-12);
        assert!(same, "{}: {name} ends at {cost:e}, not at {:e}", self.problem, self.cost);
        self.criterion.benchmark_group(self.problem).bench_function(name, |b| b.iter(|| black_box(solve())));
        self.names.push(name);
        self
    }
}

/// What ours take of the fastest peer's time, by the best of the samples that criterion has written: what other work on the
/// machine adds is not of interest.
fn ratios(problem: &str, names: &[&str]) {
    let times: Vec<_> = names.iter().filter_map(|name| Some((*name, best(problem, name)?))).collect();
    let (ours, peers): (Vec<_>, Vec<_>) = times.into_iter().partition(|(name, _)| name.starts_with("thalweg"));
    let Some((peer, fastest)) = peers.into_iter().min_by(|(_, a), (_, b)| a.total_cmp(b)) else { return };
    for (name, time) in ours {
        println!("| {problem} | {name} | {:.2} | {peer} | {:.2} |", time / 1e3, time / fastest);
    }
}

/// In nanoseconds.
fn best(problem: &str, name: &str) -> Option<f64> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let file = target.join("criterion").join(problem).join(name).join("new/sample.json");
    let text = fs::read_to_string(file).ok()?;
    let numbers = |key| -> Option<Vec<f64>> {
        let (list, _) = text.split_once(key)?.1.split_once('[')?.1.split_once(']')?;
        list.split(',').map(|number| number.trim().parse().ok()).collect()
    };
    let (iterations, times) = (numbers("\"iters\"")?, numbers("\"times\"")?);
    times.iter().zip(iterations).map(|(time, count)| time / count).min_by(f64::total_cmp)
}

/// What all problems have in common.
macro_rules! race {
    ($race:ident, $fit:expr, $streamed:expr, $start:expr, $peer:path) => {
        $race
            .run("thalweg, normal", || streamed::<Normal, _>(marquardt(), $streamed, $start))
            .run("thalweg, square root", || streamed::<SquareRoot, _>(marquardt(), $streamed, $start))
            .run("thalweg, Gauss-Newton", || streamed::<Normal, _>(newton(), $streamed, $start))
            .run("thalweg, dogleg", || streamed::<Normal, _>(dogleg(), $streamed, $start))
            .run("basin", || peers::basin(black_box($fit), $start))
            .run("argmin", || peers::argmin(black_box($fit), $start))
            .run("levenberg-marquardt", || $peer(black_box($fit), $start))
    };
}

macro_rules! race_dense {
    ($race:ident, $fit:expr, $start:expr) => {
        $race
            .run("thalweg, dense, normal", || dense::<Normal, _, _, _>(marquardt(), black_box($fit), $start))
            .run("thalweg, dense, square root", || dense::<SquareRoot, _, _, _>(marquardt(), black_box($fit), $start))
            .run("thalweg, dense, Gauss-Newton", || dense::<Normal, _, _, _>(newton(), black_box($fit), $start))
    };
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(40)
        .configure_from_args();
    let ellipsoid_start = EllipsoidFit::<f64, 200>::start().into();
    let mut table = Vec::new();

    // Costs from independent solvers; Misra1a's is half the certified sum of squares.
    let fit = &EllipsoidFit::<f64, 200>::prepare();
    let mut ellipsoid = Race::new(&mut criterion, "ellipsoid 200", 1.106_570_657e-2);
    race!(ellipsoid, fit, black_box(fit), ellipsoid_start, peers::marquardt_200_9);
    table.push((ellipsoid.problem, ellipsoid.names));

    let fit = &EllipsoidFit::<f64, 120>::prepare();
    let mut ellipsoid = Race::new(&mut criterion, "ellipsoid 120", 7.090_263_654e-3);
    race!(ellipsoid, fit, black_box(fit), ellipsoid_start, peers::marquardt_120_9);
    table.push((ellipsoid.problem, ellipsoid.names));

    let fit = &SphereFit::<f64, 20>::prepare();
    let start = SphereFit::<f64, 20>::start().into();
    let cost = streamed::<SquareRoot, _>(LevenbergMarquardt::default(), fit, start);
    let mut sphere = Race::new(&mut criterion, "sphere", cost);
    race!(sphere, fit, black_box(fit), start, peers::marquardt_20_4);
    race_dense!(sphere, fit, start);
    table.push((sphere.problem, sphere.names));

    let fit = &Misra1aFit::<f64>::prepare();
    for (name, start) in [("misra1a far", [500.0, 1e-4]), ("misra1a near", [250.0, 5e-4])] {
        let mut misra1a = Race::new(&mut criterion, name, 1.245_513_889_4e-1 / 2.0);
        race!(misra1a, fit, black_box(fit), start, peers::marquardt_14_2);
        race_dense!(misra1a, fit, start);
        table.push((misra1a.problem, misra1a.names));
    }

    let (fit, start) = (&Rosenbrock, [-1.2, 1.0]);
    let mut rosenbrock = Race::new(&mut criterion, "rosenbrock", 0.0);
    race!(rosenbrock, fit, Streamed(black_box(fit)), start, peers::marquardt_2_2);
    race_dense!(rosenbrock, fit, start);
    table.push((rosenbrock.problem, rosenbrock.names));

    criterion.final_summary();
    println!("\n| problem | method | µs | fastest peer | ours / peer |\n|---|---|---|---|---|");
    table.iter().for_each(|(problem, names)| ratios(problem, names));
}
