//! The problems as other crates want them, and their solvers with default tolerances. Each returns the final cost.

use std::convert::Infallible;
use std::hint::black_box;

use argmin::core::{Executor as ArgminExecutor, Jacobian as ArgminJacobian, Operator};
use argmin::solver::gaussnewton::GaussNewtonLS;
use argmin::solver::linesearch::{BacktrackingLineSearch, condition::ArmijoCondition};
use basin::{Executor, Jacobian, PointState, Residual};
use levenberg_marquardt::LeastSquaresProblem;
use nalgebra::{DMatrix, DVector};
use nalgebra_of_peer as peer;

use crate::Case;

fn parameters<const N: usize>(x: &[f64]) -> &[f64; N] {
    x.try_into().expect("as many parameters as at the start")
}

/// For `basin`, which evaluates into its own buffers.
struct Basin<'a, C, const M: usize, const N: usize>(&'a C);

impl<C: Case<M, N>, const M: usize, const N: usize> Residual for Basin<'_, C, M, N> {
    type Param = DVector<f64>;
    type Output = DVector<f64>;
    type Error = Infallible;

    fn residual(&self, x: &DVector<f64>) -> Result<DVector<f64>, Infallible> {
        let mut r = DVector::zeros(M);
        self.residual_into(x, &mut r)?;
        Ok(r)
    }

    fn residual_into(&self, x: &DVector<f64>, r: &mut DVector<f64>) -> Result<(), Infallible> {
        let x = parameters(x.as_slice());
        for (i, r) in r.iter_mut().enumerate() {
            *r = self.0.row(i, x).0;
        }
        Ok(())
    }
}

impl<C: Case<M, N>, const M: usize, const N: usize> Jacobian for Basin<'_, C, M, N> {
    type Jacobian = DMatrix<f64>;

    fn jacobian(&self, x: &DVector<f64>) -> Result<DMatrix<f64>, Infallible> {
        let mut j = DMatrix::zeros(M, N);
        self.jacobian_into(x, &mut j)?;
        Ok(j)
    }

    fn jacobian_into(&self, x: &DVector<f64>, j: &mut DMatrix<f64>) -> Result<(), Infallible> {
        let x = parameters(x.as_slice());
        for i in 0..M {
            for (k, g) in self.0.row(i, x).1.into_iter().enumerate() {
                j[(i, k)] = g;
            }
        }
        Ok(())
    }
}

pub fn basin<C: Case<M, N>, const M: usize, const N: usize>(case: &C, start: [f64; N]) -> f64 {
    let start = PointState::new(DVector::from_column_slice(&black_box(start)));
    let result = Executor::new(Basin(case), basin::LevenbergMarquardt::new(), start).max_iter(200).run();
    result.expect("no error in plain mathematics").cost()
}

/// For `argmin`.
struct Argmin<'a, C, const M: usize, const N: usize>(&'a C);

impl<C: Case<M, N>, const M: usize, const N: usize> Operator for Argmin<'_, C, M, N> {
    type Param = peer::DVector<f64>;
    type Output = peer::DVector<f64>;

    fn apply(&self, x: &peer::DVector<f64>) -> Result<peer::DVector<f64>, argmin::core::Error> {
        let x = parameters(x.as_slice());
        Ok(peer::DVector::from_fn(M, |i, _| self.0.row(i, x).0))
    }
}

impl<C: Case<M, N>, const M: usize, const N: usize> ArgminJacobian for Argmin<'_, C, M, N> {
    type Param = peer::DVector<f64>;
    type Jacobian = peer::DMatrix<f64>;

    fn jacobian(&self, x: &peer::DVector<f64>) -> Result<peer::DMatrix<f64>, argmin::core::Error> {
        let x = parameters(x.as_slice());
        let mut j = peer::DMatrix::zeros(M, N);
        for i in 0..M {
            for (k, g) in self.0.row(i, x).1.into_iter().enumerate() {
                j[(i, k)] = g;
            }
        }
        Ok(j)
    }
}

pub fn argmin<C: Case<M, N>, const M: usize, const N: usize>(case: &C, start: [f64; N]) -> f64 {
    type Vector = peer::DVector<f64>;
    let condition = ArmijoCondition::new(1e-4).expect("a fraction");
    let search = BacktrackingLineSearch::<Vector, Vector, _, f64>::new(condition);
    let start = Vector::from_column_slice(&black_box(start));
    let solve = ArgminExecutor::new(Argmin(case), GaussNewtonLS::new(search))
        .configure(|state| state.param(start).max_iters(200));
    let result = solve.ctrlc(false).run().expect("no error in plain mathematics");
    // It minimizes the norm.
    result.state().get_best_cost().powi(2) / 2.0
}

/// For `levenberg-marquardt`, whose static dimensions end at 127 rows.
struct Peer<'a, C, const M: usize, const N: usize> {
    case: &'a C,
    x: peer::SVector<f64, N>,
}

macro_rules! levenberg_marquardt {
    ($name:ident, $m:literal, $n:literal, $rows:ty, $residuals:expr, $jacobian:expr) => {
        impl<C: Case<$m, $n>> LeastSquaresProblem<f64, $rows, peer::Const<$n>> for Peer<'_, C, $m, $n> {
            type ResidualStorage = peer::Owned<f64, $rows>;
            type JacobianStorage = peer::Owned<f64, $rows, peer::Const<$n>>;
            type ParameterStorage = peer::ArrayStorage<f64, $n, 1>;

            fn set_params(&mut self, x: &peer::SVector<f64, $n>) {
                self.x = *x;
            }

            fn params(&self) -> peer::SVector<f64, $n> {
                self.x
            }

            fn residuals(&self) -> Option<peer::OVector<f64, $rows>> {
                let x = &self.x.data.0[0];
                let mut r: peer::OVector<f64, $rows> = $residuals;
                for (i, r) in r.iter_mut().enumerate() {
                    *r = self.case.row(i, x).0;
                }
                Some(r)
            }

            fn jacobian(&self) -> Option<peer::OMatrix<f64, $rows, peer::Const<$n>>> {
                let mut j: peer::OMatrix<f64, $rows, peer::Const<$n>> = $jacobian;
                for i in 0..$m {
                    for (k, g) in self.case.row(i, &self.x.data.0[0]).1.into_iter().enumerate() {
                        j[(i, k)] = g;
                    }
                }
                Some(j)
            }
        }

        pub fn $name<C: Case<$m, $n>>(case: &C, start: [f64; $n]) -> f64 {
            let problem: Peer<'_, C, $m, $n> = Peer { case, x: black_box(start).into() };
            levenberg_marquardt::LevenbergMarquardt::new().minimize(problem).1.objective_function
        }
    };
    ($name:ident, $m:literal, $n:literal) => {
        levenberg_marquardt!($name, $m, $n, peer::Const<$m>, peer::SVector::zeros(), peer::SMatrix::zeros());
    };
}

levenberg_marquardt!(marquardt_2_2, 2, 2);
levenberg_marquardt!(marquardt_14_2, 14, 2);
levenberg_marquardt!(marquardt_20_4, 20, 4);
levenberg_marquardt!(marquardt_120_9, 120, 9);
levenberg_marquardt!(
    marquardt_200_9,
    200,
    9,
    peer::Dyn,
    peer::DVector::zeros(200),
    peer::OMatrix::<f64, peer::Dyn, peer::U9>::zeros(200)
);
