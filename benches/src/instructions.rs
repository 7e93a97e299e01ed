//! Host instructions of whole solves of fixed size, evaluations included, in f64.

#![allow(missing_docs)]

use std::convert::Infallible;
use std::hint::black_box;

use gungraun::prelude::*;
use nalgebra::{SVector, vector};
use thalweg::Method;
use thalweg::least_squares::{Accumulation, LevenbergMarquardt, Normal, SquareRoot, StreamedState};
use thalweg::problem::{Rows, row_fn};

#[allow(dead_code)]
#[path = "../../examples/firmware/src/data.rs"]
mod data;
#[allow(dead_code)]
#[path = "../../examples/firmware/src/workload.rs"]
mod workload;

use workload::{EllipsoidFit, SphereFit};

#[inline(always)]
fn solve<K: Accumulation, const N: usize>(
    start: SVector<f64, N>,
    mut problem: impl Rows<f64, N, Error = Infallible>,
) -> f64 {
    let mut state: StreamedState<f64, N, K> = StreamedState::from_point(black_box(start));
    let Ok(status) = LevenbergMarquardt::default().run(&mut state, &mut problem, 100_000);
    assert!(matches!(status, thalweg::Status::Converged(_)));
    state.cost()
}

/// NIST Misra1a: `y = b0 (1 - exp(-b1 x))`.
fn misra1a() -> impl Rows<f64, 2, Error = Infallible> {
    const X: [f64; 14] =
        [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0];
    const Y: [f64; 14] =
        [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78];
    row_fn(14, |i, b: &SVector<f64, 2>, g: &mut SVector<f64, 2>| {
        let fade = libm::exp(-b[1] * X[i]);
        *g = vector![fade - 1.0, -b[0] * X[i] * fade];
        Y[i] - b[0] * (1.0 - fade)
    })
}

fn rosenbrock() -> impl Rows<f64, 2, Error = Infallible> {
    row_fn(2, |i, x: &SVector<f64, 2>, g: &mut SVector<f64, 2>| {
        if i == 0 {
            *g = vector![-20.0 * x[0], 10.0];
            10.0 * (x[1] - x[0] * x[0])
        } else {
            *g = vector![-1.0, 0.0];
            1.0 - x[0]
        }
    })
}

#[library_benchmark]
#[bench::samples_200(EllipsoidFit::prepare())]
fn ellipsoid_normal(fit: EllipsoidFit<f64, 200>) -> f64 {
    solve::<Normal, 9>(EllipsoidFit::<f64, 200>::start(), black_box(&fit))
}

#[library_benchmark]
#[bench::samples_200(EllipsoidFit::prepare())]
fn ellipsoid_square_root(fit: EllipsoidFit<f64, 200>) -> f64 {
    solve::<SquareRoot, 9>(EllipsoidFit::<f64, 200>::start(), black_box(&fit))
}

#[library_benchmark]
#[bench::samples_20(SphereFit::prepare())]
fn sphere_normal(fit: SphereFit<f64, 20>) -> f64 {
    solve::<Normal, 4>(SphereFit::<f64, 20>::start(), black_box(&fit))
}

#[library_benchmark]
#[bench::samples_20(SphereFit::prepare())]
fn sphere_square_root(fit: SphereFit<f64, 20>) -> f64 {
    solve::<SquareRoot, 4>(SphereFit::<f64, 20>::start(), black_box(&fit))
}

#[library_benchmark]
#[bench::far(vector![500.0, 1e-4])]
#[bench::near(vector![250.0, 5e-4])]
fn misra1a_normal(start: SVector<f64, 2>) -> f64 {
    solve::<Normal, 2>(start, misra1a())
}

#[library_benchmark]
#[bench::far(vector![500.0, 1e-4])]
#[bench::near(vector![250.0, 5e-4])]
fn misra1a_square_root(start: SVector<f64, 2>) -> f64 {
    solve::<SquareRoot, 2>(start, misra1a())
}

#[library_benchmark]
#[bench::classic(vector![-1.2, 1.0])]
fn rosenbrock_normal(start: SVector<f64, 2>) -> f64 {
    solve::<Normal, 2>(start, rosenbrock())
}

#[library_benchmark]
#[bench::classic(vector![-1.2, 1.0])]
fn rosenbrock_square_root(start: SVector<f64, 2>) -> f64 {
    solve::<SquareRoot, 2>(start, rosenbrock())
}

library_benchmark_group!(
    name = solves,
    benchmarks = [
        ellipsoid_normal,
        ellipsoid_square_root,
        sphere_normal,
        sphere_square_root,
        misra1a_normal,
        misra1a_square_root,
        rosenbrock_normal,
        rosenbrock_square_root
    ]
);

main!(library_benchmark_groups = solves);
