//! Methods with each memory of rows, everywhere and in domains, and what is asked of a state.

use core::convert::Infallible;

use nalgebra::SVector;
use thalweg::least_squares::{
    Accumulation, Analysis, Bounds, Dogleg, Domain, Everywhere, GaussNewton, Graduated, GraduatedState,
    LevenbergMarquardt, Normal, SquareRoot, Strategy, StreamedState, Tolerances, certify,
};
use thalweg::problem::{Rows, row_fn};
use thalweg::{Method, Real};

use crate::{any, see};

pub fn everything<T: Real>() {
    see(any(Tolerances::<T>::default()).validate());
    least_squares::<T, SquareRoot, 2>();
    least_squares::<T, Normal, 2>();
    least_squares::<T, SquareRoot, 7>();
    least_squares::<T, Normal, 7>();
    let corner = || any(SVector::<T, 2>::repeat(T::ONE));
    graduated::<T, SquareRoot, _, 7>(any(Graduated::new(any(T::ONE))));
    graduated::<T, Normal, _, 2>(any(Graduated::new(any(T::ONE))));
    let solver = LevenbergMarquardt::default().within(Bounds::new(-corner(), corner()));
    let Graduated { scale, shrink, trials, .. } = any(Graduated::new(any(T::ONE)));
    graduated::<T, SquareRoot, _, 2>(Graduated { scale, shrink, trials, solver });
    see(GraduatedState::<T, 2>::new(corner()));
    see(GraduatedState::<T, 2, Normal>::normal(corner()));
}

fn rows<T: Real, const N: usize>() -> impl Rows<T, N, Error = Infallible> {
    row_fn(any(20), |i, x: &SVector<T, N>, g| {
        *g = SVector::from_fn(|j, _| T::of_usize(i + j).sin());
        x.iter().zip(g.iter()).fold(T::ONE, |sum, (x, g)| sum + *x * *g)
    })
}

/// All methods in one memory, everywhere and, where they know bounds, in a box.
fn least_squares<T: Real, K: Accumulation, const N: usize>() {
    let corner = || any(SVector::<T, N>::repeat(T::ONE));
    let bounds = any(Bounds::new(-corner(), corner()));
    let (marquardt, newton) = (any(LevenbergMarquardt::default()), any(GaussNewton::default()));
    solve::<T, K, _, N>(marquardt);
    solve::<T, K, _, N>(marquardt.within(bounds));
    solve::<T, K, _, N>(marquardt.within(Bounds::none().fix(any(1), any(T::ONE))));
    solve::<T, K, _, N>(newton);
    solve::<T, K, _, N>(newton.within(bounds));
    solve::<T, K, _, N>(any(Dogleg::default()));
    solve::<T, K, _, N>(any(Dogleg::default()).within(Everywhere));
}

fn solve<T: Real, K: Accumulation, S: Strategy<T, N, N>, const N: usize>(method: S) {
    let mut rows = rows::<T, N>();
    let mut problem: &mut dyn Rows<T, N, Error = _> = any(&mut rows);
    let start = || any(SVector::<T, N>::repeat(T::ONE));
    see((method.validate(), *method.tolerances(), method.initial_radius()));
    let mut state = StreamedState::<T, N, K>::from_point(start());
    see(method.step(&mut state, &mut problem));
    see(method.run(&mut state, &mut problem, any(10)));
    method.steps(&mut state, &mut problem).for_each(see);
    see((state.x(), state.cost(), state.status(), state.iterations(), state.samples(), state.clone()));
    see(method.solve(state.clone(), &mut problem, any(10)));
    see(method.solve(StreamedState::new(start()), &mut problem, any(10)));
    see(method.solve(StreamedState::normal(start()), &mut problem, any(10)));

    let mut x = start();
    let domain = method.domain();
    domain.project(&mut x);
    see((domain.room(&x, any(1)), domain.validate(), domain.magnitude(&x)));
    see(certify(&mut problem, &x, domain));
    see(certify(&mut problem, &x, &Everywhere));
    analysis(&any(state.analyse(domain)));
}

pub fn analysis<T: Real, const N: usize>(analysis: &Analysis<T, N>) {
    let (row, variance) = (any(SVector::<T, N>::repeat(T::ONE)), any(T::ONE));
    see((analysis.rank(), analysis.free(), analysis.condition(), analysis.residual_variance(), analysis.freedom()));
    see((analysis.weakest(), analysis.standard_errors(), analysis.correlation()));
    see((analysis.covariance(variance), analysis.prediction(&row, variance), analysis.observation(&row, variance)));
    see((analysis.leverage(&row), analysis.influence(&row, variance), analysis.studentized(&row, variance)));
    see((analysis.excitation(), analysis.least_excited()));
    see(analysis.clone() == *analysis);
}

fn graduated<T: Real, K: Accumulation, D: Domain<T, N>, const N: usize>(method: Graduated<T, D>) {
    let mut rows = rows::<T, N>();
    let mut problem: &mut dyn Rows<T, N, Error = _> = any(&mut rows);
    see(method.validate());
    let mut state = GraduatedState::<T, N, K>::from_point(any(SVector::repeat(T::ONE)));
    see(method.step(&mut state, &mut problem));
    see(method.run(&mut state, &mut problem, any(10)));
    method.steps(&mut state, &mut problem).for_each(see);
    see((state.x(), state.cost(), state.status(), state.scale(), state.levels()));
    see((state.level().cost(), state.clone()));
    see(method.solve(any(SVector::repeat(T::ONE)), &mut problem, any(10)));
}
