//! Every method of second order with every kind of oracle, and the diagnostics.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector, vector};
use thalweg::problem::{
    Counted, Curved, Fault, Faulty, FiniteSum, FisherCurvature, Forward, Function, GaussNewtonCurvature,
    GradientDifferences, HessianProducts, LeastSquares, Objective, Problem, Quadratic, Smooth, dense_fn, hessian_fn,
};
use thalweg::smooth::diagnostics::{
    Hutchinson, PowerIteration, Sharpness, SpectralDensity, Spectrum, StraightPath, Surface, path_coordinates,
    second_order,
};
use thalweg::smooth::{
    CubicRegularization, KrylovSaddleFree, KrylovSaddleFreeState, NaturalGradient, NegativeCurvature,
    NegativeCurvatureState, NewtonCg, NewtonCgState, NewtonState, NewtonTrustRegion, RegularizedNewton,
    RegularizedRule, SaddleFreeNewton,
};
use thalweg::{Method, Number, Real};

use crate::{any, see};

pub fn everything<T: Real>() {
    let block = || {
        dense_fn(|x: &SVector<T, 3>, r: &mut SVector<T, 5>, j: &mut SMatrix<T, 5, 3>| {
            *r = SVector::from_element(x[0] * x[1]);
            *j = SMatrix::from_element(x[2]);
        })
    };
    let matrix = || {
        hessian_fn(|x: &SVector<T, 3>, g: &mut SVector<T, 3>, h: &mut SMatrix<T, 3, 3>| {
            *g = *x;
            *h = SMatrix::identity();
            x.iter().fold(T::ZERO, |sum, x| sum + T::HALF * x.squared())
        })
    };
    curved::<T, _>(&mut Forward(Bowl));
    curved(&mut any(Quadratic::<T, 3>::zero()));
    curved(&mut matrix());
    curved(&mut Counted::new(matrix()));
    curved(&mut any(Faulty::new(matrix(), Fault::Nan, 3)));
    curved(&mut GaussNewtonCurvature::<_, 5>(block()));
    curved::<T, _>(&mut FisherCurvature(Terms));
    curved::<T, _>(&mut any(GradientDifferences::new(Forward(Bowl))));
    products::<T, _>(&mut Forward(Bowl));
    products(&mut any(Quadratic::<T, 3>::zero()));
    products(&mut matrix());
    products(&mut Counted::new(matrix()));
    products(&mut any(Faulty::new(matrix(), Fault::Error, 3)));
    products(&mut GaussNewtonCurvature::<_, 5>(block()));
    products::<T, _>(&mut FisherCurvature(Terms));
    products::<T, _>(&mut any(GradientDifferences::new(Forward(Bowl))));
    residuals::<T, _>(&mut block());
    monitors::<T, _>(&mut Forward(Bowl));
}

/// A function over any number.
struct Bowl;

impl<T: Real> Function<T, 3> for Bowl {
    fn value<D: Number<Scalar = T>>(&self, &[a, b, c]: &[D; 3]) -> D {
        (a * b).exp() + c.powi(4) + (c - a) * (c - a)
    }
}

/// A sum of as many squares as nobody knows.
struct Terms;

impl Problem for Terms {
    type Error = Infallible;
}

impl<T: Real> FiniteSum<T, 3> for Terms {
    fn terms(&self) -> usize {
        any(9)
    }

    fn term(&mut self, i: usize, x: &SVector<T, 3>, g: &mut SVector<T, 3>) -> Result<T, Infallible> {
        *g = *x * T::of_usize(i);
        Ok(T::of_usize(i))
    }
}

fn start<T: Real>() -> SVector<T, 3> {
    any(vector![T::ONE, T::TWO, T::HALF])
}

/// Steps, runs and reads.
macro_rules! drive {
    ($method:expr, $state:expr, $problem:expr) => {{
        let (method, mut state) = (any($method), any($state));
        see(method.validate());
        see(method.step(&mut state, &mut *$problem));
        see(method.run(&mut state, &mut *$problem, any(10)));
        see((state.x(), state.value(), state.gradient(), state.clone()));
        state
    }};
}

fn curved<T: Real, E>(problem: &mut dyn Curved<T, 3, Error = E>) {
    let mut problem = any(problem);
    let state = drive!(NewtonTrustRegion::default(), NewtonState::from(start()), &mut problem);
    see((state.control(), state.eigenvalues()));
    let free = any(SaddleFreeNewton::default());
    see(free.direction(&any(SMatrix::<T, 3, 3>::identity()), &start()));
    drive!(free, NewtonState::from(start()), &mut problem);
    drive!(CubicRegularization::default(), NewtonState::from(start()), &mut problem);
    let rule = any(RegularizedRule::Convex);
    drive!(RegularizedNewton { rule, ..RegularizedNewton::default() }, NewtonState::from(start()), &mut problem);
    drive!(NaturalGradient::default(), NewtonState::from(start()), &mut problem);
    see(second_order(&mut problem, &start(), any(T::HALF), any(T::HALF)));
}

fn products<T: Real, E>(problem: &mut dyn HessianProducts<T, 3, Error = E>) {
    let mut problem = any(problem);
    let state = drive!(NewtonCg::default(), NewtonCgState::from(start()), &mut problem);
    see(state.radius());
    let state = drive!(KrylovSaddleFree::default(), KrylovSaddleFreeState::<T, 3, 2>::from(start()), &mut problem);
    see(state.radius());
    drive!(NegativeCurvature::default(), NegativeCurvatureState::<T, 3, 4>::from(start()), &mut problem);

    let mut spectrum = any(Spectrum::<T, 3, 4>::new(start(), any(1)));
    see((spectrum.step(&mut problem), spectrum.products(), spectrum.values(), spectrum.least(), spectrum.largest()));
    see(spectrum.least_direction());
    spectrum.move_to(start());
    see(&spectrum);
    let mut density = any(SpectralDensity::<T, 3, 2, 2>::new(start(), any(1)));
    see((density.step(&mut problem), density.processes(), density.at(any(T::ONE), any(T::HALF)), density.mean()));
    see((density.share_above(any(T::ONE)), density.range(), density.outlier_level(), density.clone()));
    let mut power = any(PowerIteration::new(start(), any(T::HALF), any(1)));
    see((power.step(&mut problem), power.ritz(), *power.direction()));
    let mut probe = any(Hutchinson::new(start(), any(1)));
    see((probe.step(&mut problem), probe.diagonal(), probe.trace()));
}

/// What the block itself answers.
fn residuals<T: Real, P: LeastSquares<T, 5, 3>>(problem: &mut P) {
    let mut wrapped = GaussNewtonCurvature::<_, 5>(problem);
    see(wrapped.value(&start()).is_ok());
    see(wrapped.gradient(&start(), &mut start()).is_ok());
    see(FisherCurvature(Terms).value(&start::<T>()));
}

fn monitors<T: Real, E>(problem: &mut dyn Objective<T, 3, Error = E>) {
    let mut problem = any(problem);
    let mut monitor = any(Sharpness::new(any(T::HALF)));
    monitor.tell_value(any(T::ONE));
    monitor.tell_sharpness(any(T::ONE));
    see((monitor.ratio(), monitor.stability()));
    let mut path = any(StraightPath::new(start(), start(), any(41)));
    see(path.step(&mut problem));
    see((path.barrier(), path.height(), path.is_monotone(), path.lowest()));
    let mut surface = any(Surface::new(start(), start(), start(), any([5, 5])));
    see(surface.step(&mut problem));
    see((surface.coordinates(&start()), surface.lowest()));
    see(path_coordinates(&start::<T>(), &start(), &start()));
}
