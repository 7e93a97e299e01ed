//! Wall time of the ellipsoid fit in f64 beside two other crates: same data, same start, default tolerances of each, same
//! final cost.

#![allow(missing_docs)]

use std::convert::Infallible;
use std::hint::black_box;

use basin::{Executor, Jacobian, PointState, Residual};
use criterion::{Criterion, criterion_group, criterion_main};
use levenberg_marquardt::LeastSquaresProblem;
use nalgebra::{DMatrix, DVector};
use nalgebra_of_peer as peer;
use thalweg::Method;
use thalweg::least_squares::{Accumulation, LevenbergMarquardt, Normal, SquareRoot, StreamedState};

#[allow(dead_code)]
#[path = "../../examples/firmware/src/data.rs"]
mod data;
#[allow(dead_code)]
#[path = "../../examples/firmware/src/workload.rs"]
mod workload;

use workload::{Ellipsoid, EllipsoidFit, Model};

const START: [f64; 9] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
/// From an independent solver, 200 samples.
const COST: f64 = 1.106_570_657e-2;

fn samples<const M: usize>() -> Vec<[f64; 3]> {
    data::ellipsoid().take(M).collect()
}

/// Residual and row of one sample, for the peers.
#[inline(always)]
fn row(m: &[f64; 3], x: &[f64; 9]) -> (f64, [f64; 9]) {
    let (residual, row) = <Ellipsoid as Model<f64, 3, 9>>::row(m, &(*x).into());
    (residual, row.into())
}

fn thalweg<K: Accumulation, const M: usize>(fit: &EllipsoidFit<f64, M>) -> f64 {
    let mut state: StreamedState<f64, 9, K> = StreamedState::from_point(black_box(START).into());
    let Ok(_) = LevenbergMarquardt::default().run(&mut state, &mut { fit }, 100_000);
    state.cost()
}

/// The problem for `basin`, which evaluates into its own buffers.
struct Basin<'a>(&'a [[f64; 3]]);

fn nine(x: &DVector<f64>) -> &[f64; 9] {
    x.as_slice().try_into().expect("nine parameters")
}

impl Residual for Basin<'_> {
    type Param = DVector<f64>;
    type Output = DVector<f64>;
    type Error = Infallible;

    fn residual(&self, x: &DVector<f64>) -> Result<DVector<f64>, Infallible> {
        let mut r = DVector::zeros(self.0.len());
        self.residual_into(x, &mut r)?;
        Ok(r)
    }

    fn residual_into(&self, x: &DVector<f64>, r: &mut DVector<f64>) -> Result<(), Infallible> {
        for (r, m) in r.iter_mut().zip(self.0) {
            *r = row(m, nine(x)).0;
        }
        Ok(())
    }
}

impl Jacobian for Basin<'_> {
    type Jacobian = DMatrix<f64>;

    fn jacobian(&self, x: &DVector<f64>) -> Result<DMatrix<f64>, Infallible> {
        let mut j = DMatrix::zeros(self.0.len(), 9);
        self.jacobian_into(x, &mut j)?;
        Ok(j)
    }

    fn jacobian_into(&self, x: &DVector<f64>, j: &mut DMatrix<f64>) -> Result<(), Infallible> {
        for (i, m) in self.0.iter().enumerate() {
            for (k, g) in row(m, nine(x)).1.into_iter().enumerate() {
                j[(i, k)] = g;
            }
        }
        Ok(())
    }
}

fn basin(samples: &[[f64; 3]]) -> f64 {
    let start = PointState::new(DVector::from_column_slice(&black_box(START)));
    let result = Executor::new(Basin(samples), basin::LevenbergMarquardt::new(), start).max_iter(100).run();
    result.expect("no error in plain mathematics").cost()
}

/// The problem for `levenberg-marquardt`; 200 rows are more than its static dimensions hold.
struct Peer<'a> {
    samples: &'a [[f64; 3]],
    x: peer::SVector<f64, 9>,
}

impl LeastSquaresProblem<f64, peer::Dyn, peer::U9> for Peer<'_> {
    type ResidualStorage = peer::VecStorage<f64, peer::Dyn, peer::U1>;
    type JacobianStorage = peer::VecStorage<f64, peer::Dyn, peer::U9>;
    type ParameterStorage = peer::ArrayStorage<f64, 9, 1>;

    fn set_params(&mut self, x: &peer::SVector<f64, 9>) {
        self.x = *x;
    }

    fn params(&self) -> peer::SVector<f64, 9> {
        self.x
    }

    fn residuals(&self) -> Option<peer::DVector<f64>> {
        let x = &self.x.data.0[0];
        Some(peer::DVector::from_iterator(self.samples.len(), self.samples.iter().map(|m| row(m, x).0)))
    }

    fn jacobian(&self) -> Option<peer::OMatrix<f64, peer::Dyn, peer::U9>> {
        let mut j = peer::OMatrix::<f64, peer::Dyn, peer::U9>::zeros(self.samples.len());
        for (i, m) in self.samples.iter().enumerate() {
            for (k, g) in row(m, &self.x.data.0[0]).1.into_iter().enumerate() {
                j[(i, k)] = g;
            }
        }
        Some(j)
    }
}

fn levenberg_marquardt(samples: &[[f64; 3]]) -> f64 {
    let problem = Peer { samples, x: black_box(START).into() };
    levenberg_marquardt::LevenbergMarquardt::new().minimize(problem).1.objective_function
}

fn ellipsoid(criterion: &mut Criterion) {
    let (fit, samples) = (EllipsoidFit::<f64, 200>::prepare(), samples::<200>());
    let root: fn(&EllipsoidFit<f64, 200>) -> f64 = thalweg::<SquareRoot, 200>;
    for (name, cost) in [
        ("normal", thalweg::<Normal, 200>(&fit)),
        ("square root", root(&fit)),
        ("basin", basin(&samples)),
        ("levenberg-marquardt", levenberg_marquardt(&samples)),
    ] {
        assert!((cost / COST - 1.0).abs() < 1e-8, "{name} ends at {cost:e}");
    }
    let mut group = criterion.benchmark_group("ellipsoid 200");
    group.bench_function("thalweg, normal", |b| b.iter(|| thalweg::<Normal, 200>(black_box(&fit))));
    group.bench_function("thalweg, square root", |b| b.iter(|| root(black_box(&fit))));
    group.bench_function("basin", |b| b.iter(|| basin(black_box(&samples))));
    group.bench_function("levenberg-marquardt", |b| b.iter(|| levenberg_marquardt(black_box(&samples))));
    group.finish();
}

criterion_group!(benches, ellipsoid);
criterion_main!(benches);
