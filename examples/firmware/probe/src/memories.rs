//! Dense and separable memories, and recursive least squares.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};
use thalweg::least_squares::{
    Accumulation, Covariance, DenseState, Dogleg, Everywhere, GaussNewton, GeodesicLevenbergMarquardt, GeodesicState,
    LevenbergMarquardt, Normal, Recursion, RecursiveLeastSquares, RecursiveState, Rotation, SeparableState, SquareRoot,
    Strategy,
};
use thalweg::problem::{
    Counted, Equations, Fault, Faulty, Forward, LeastSquares, Problem, Separable, SeparableModel, dense_fn,
};
use thalweg::{Method, Number, Real};

use crate::fits::analysis;
use crate::{any, see};

pub fn everything<T: Real>() {
    oracles::<T>();
    dense::<T, SquareRoot, 2, 2>();
    dense::<T, Normal, 2, 2>();
    dense::<T, SquareRoot, 9, 3>();
    dense::<T, Normal, 9, 3>();
    rotation::<T>();
    separable::<T, 2, 1, 3>();
    separable::<T, 3, 2, 5>();
    recursive::<T, Covariance, 1>();
    recursive::<T, Covariance, 4>();
    recursive::<T, Covariance, 7>();
    recursive::<T, SquareRoot, 1>();
    recursive::<T, SquareRoot, 4>();
    recursive::<T, SquareRoot, 7>();
    let at = || any(SVector::<T, 3>::repeat(T::ONE));
    see((RecursiveState::new(at(), &at()), RecursiveState::square_root(at(), &at())));
}

/// A dense block, and a sum of exponentials, over any number.
struct Wave;

impl<T: Real, const M: usize, const N: usize> Equations<T, M, N> for Wave {
    fn residuals<D: Number<Scalar = T>>(&self, x: &[D; N]) -> [D; M] {
        core::array::from_fn(|i| x.iter().fold(D::of(1.0), |sum, x| sum + x.scale(T::of_usize(i)).sin()))
    }
}

impl<T: Real, const L: usize, const N: usize> SeparableModel<T, L, N> for Wave {
    fn rows(&self) -> usize {
        any(20)
    }

    fn reading(&self, i: usize) -> T {
        T::of_usize(i).cos()
    }

    fn basis<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> [D; L] {
        core::array::from_fn(|k| x.iter().fold(D::of(1.0), |sum, x| sum + x.scale(T::of_usize(i + k)).exp()))
    }
}

type Dense<'a, T, const M: usize, const N: usize, E = Infallible> = &'a mut dyn LeastSquares<T, M, N, Error = E>;

fn oracles<T: Real>() {
    let closure = || {
        dense_fn(|x: &SVector<T, 2>, r: &mut SVector<T, 3>, j: &mut SMatrix<T, 3, 2>| {
            *r = SVector::repeat(x.iter().fold(T::ONE, |sum, x| sum + *x));
            *j = SMatrix::repeat(T::ONE);
        })
    };
    block(&mut closure());
    block(&mut &mut closure());
    block(&mut Counted::new(closure()));
    block(&mut any(Faulty::new(closure(), Fault::Nan, 3)));
    exponential::<T, _>(&mut Forward(Wave));
    exponential::<T, _>(&mut &mut Forward(Wave));
    exponential::<T, _>(&mut Counted::new(Forward(Wave)));
    exponential::<T, _>(&mut any(Faulty::new(Forward(Wave), Fault::Error, 3)));
}

fn block<T: Real, E>(problem: Dense<'_, T, 3, 2, E>) {
    let mut problem = any(problem);
    let (x, mut r, mut j) = (any(SVector::repeat(T::ONE)), SVector::zeros(), SMatrix::zeros());
    see(problem.residuals(&x, &mut r));
    see(problem.linearize(&x, &mut r, &mut j));
    see((r, j));
    let solved: Result<(DenseState<T, 3, 2>, _), _> = LevenbergMarquardt::default().solve(x, &mut problem, any(10));
    see(solved);
}

fn exponential<T: Real, E>(problem: &mut dyn Separable<T, 2, 1, Error = E>) {
    let mut problem = any(problem);
    let (x, mut phi, mut slopes) = (any(SVector::repeat(T::ONE)), SVector::zeros(), SMatrix::zeros());
    see(problem.rows());
    see(problem.basis(any(1), &x, &mut phi));
    see(problem.linearize(any(1), &x, &mut phi, &mut slopes));
    let solved: Result<(SeparableState<T, 2, 1, 3>, _), _> =
        LevenbergMarquardt::default().solve(x, &mut problem, any(10));
    see(solved);
}

fn dense<T: Real, K: Accumulation, const M: usize, const N: usize>() {
    fn solve<T: Real, K: Accumulation, S: Strategy<T, N, N>, const M: usize, const N: usize>(method: &S) {
        let mut inner = Forward(Wave);
        let mut problem: Dense<'_, T, M, N> = any(&mut inner);
        let mut state = DenseState::<T, M, N, K>::from_point(any(SVector::repeat(T::ONE)));
        see(method.step(&mut state, &mut problem));
        see(method.run(&mut state, &mut problem, any(10)));
        see((state.x(), state.cost(), state.status(), state.iterations(), state.samples(), state.clone()));
        analysis(&any(state.analyse(&Everywhere)));
    }
    solve::<T, K, _, M, N>(&any(LevenbergMarquardt::default()));
    solve::<T, K, _, M, N>(&any(GaussNewton::default()));
    solve::<T, K, _, M, N>(&any(Dogleg::default()));

    let method = any(GeodesicLevenbergMarquardt::default());
    see(method.validate());
    let mut inner = Forward(Wave);
    let mut problem: Dense<'_, T, M, N> = any(&mut inner);
    let mut state = GeodesicState::<T, M, N, K>::from_point(any(SVector::repeat(T::ONE)));
    see(method.step(&mut state, &mut problem));
    see(method.run(&mut state, &mut problem, any(10)));
    see((state.x(), state.cost(), state.clone()));
    analysis(&any(state.analyse(&Everywhere)));
}

/// A dense block on a manifold.
fn rotation<T: Real>() {
    struct Turned;
    impl Problem for Turned {
        type Error = Infallible;
    }
    impl<T: Real> LeastSquares<T, 6, 3, 4> for Turned {
        fn residuals(&mut self, x: &SVector<T, 4>, r: &mut SVector<T, 6>) -> Result<(), Infallible> {
            *r = SVector::repeat(x.iter().fold(T::ONE, |sum, x| sum + *x));
            Ok(())
        }

        fn linearize(
            &mut self,
            x: &SVector<T, 4>,
            r: &mut SVector<T, 6>,
            j: &mut SMatrix<T, 6, 3>,
        ) -> Result<(), Infallible> {
            *j = any(SMatrix::repeat(T::ONE));
            self.residuals(x, r)
        }
    }
    let mut inner = Turned;
    let mut problem: &mut dyn LeastSquares<T, 6, 3, 4, Error = Infallible> = any(&mut inner);
    let mut state = DenseState::<T, 6, 3, SquareRoot, 4>::from_point(any(SVector::repeat(T::ONE)));
    see(any(LevenbergMarquardt::default()).within(Rotation).run(&mut state, &mut problem, any(10)));
    see((state.x(), state.analyse(&Rotation)));
}

fn separable<T: Real, const L: usize, const N: usize, const W: usize>() {
    fn solve<T: Real, S: Strategy<T, N, N>, const L: usize, const N: usize, const W: usize>(method: &S) {
        let mut inner = Forward(Wave);
        let mut problem: &mut dyn Separable<T, L, N, Error = Infallible> = any(&mut inner);
        let mut state = SeparableState::<T, L, N, W>::new(any(SVector::repeat(T::ONE)));
        see(method.step(&mut state, &mut problem));
        see(method.run(&mut state, &mut problem, any(10)));
        see((state.x(), state.coefficients(), state.cost(), state.clone()));
        analysis(&any(state.analyse(&Everywhere)));
        analysis(&any(state.analyse_all()));
    }
    solve::<T, _, L, N, W>(&any(LevenbergMarquardt::default()));
    solve::<T, _, L, N, W>(&any(GaussNewton::default()));
    solve::<T, _, L, N, W>(&any(Dogleg::default()));
}

fn recursive<T: Real, K: Recursion, const N: usize>() {
    let at = || any(SVector::<T, N>::repeat(T::ONE));
    let method = any(RecursiveLeastSquares::<T>::default());
    see(method.validate());
    if let Ok(mut state) = RecursiveState::<T, N, K>::from_point(at(), &at()) {
        see(method.update(&mut state, &at(), any(T::ONE)));
        see((state.x(), state.samples(), state.predict(&at()), state.residual_variance()));
        see((state.covariance(any(T::ONE)), state.clone()));
    }
}
