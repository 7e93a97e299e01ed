//! Every composite method with every kind of oracle.

use core::convert::Infallible;

use nalgebra::{SVector, vector};
use thalweg::composite::{
    CyclicBlockCoordinate, CyclicState, Damping, Fista, FistaState, FractionalCoordinate, FractionalRule,
    FractionalState, NonconvexAccelerated, NonconvexAcceleratedState, Panoc, PanocState, ProximalConjugateGradient,
    ProximalConjugateGradientState, ProximalGradient, ProximalGradientState, ProximalNewton, ProximalNewtonState,
    ProximalQuasiNewton, ProximalQuasiNewtonState, Restart, SpectralProjectedGradient, SpectralState,
    VarianceReducedCoordinate, VarianceReducedState,
};
use thalweg::penalty::{Each, Folded, Interval, L1, Mcp, Scad, Separable};
use thalweg::problem::{
    Counted, Curved, Fault, Faulty, FiniteSum, Forward, Function, Partial, Problem, Quadratic, Smooth, gradient_fn,
};
use thalweg::{Method, Number, Real};

use crate::{any, see};

pub fn everything<T: Real>() {
    let strength = || any(T::HALF);
    let l1 = || any(Each(L1 { strength: strength() }));
    let interval = || any(Each(Interval { lower: -strength(), upper: strength() }));
    let scad = || any(Scad { strength: strength(), reach: T::of_f64(3.7) });
    let mcp = || any(Mcp { strength: strength(), reach: T::of_f64(3.0) });
    let quadratic = || {
        let mut cost = any(Quadratic::<T, 4>::zero());
        cost.add_square(&start(), any(T::ONE), any(T::HALF));
        see(cost.lipschitz());
        cost
    };

    smooth(
        l1(),
        &mut gradient_fn(|x: &SVector<T, 4>, g: &mut SVector<T, 4>| {
            *g = *x;
            x.iter().fold(T::ZERO, |sum, x| sum + T::HALF * x.squared())
        }),
    );
    smooth(interval(), &mut Forward(Bowl));
    smooth(Each(scad()), &mut quadratic());
    folded(mcp(), &mut Counted::new(quadratic()));
    folded(scad(), &mut any(Faulty::new(quadratic(), Fault::Nan, 3)));
    curved(l1(), &mut Forward(Bowl));
    curved(interval(), &mut quadratic());
    curved(Each(mcp()), &mut Counted::new(quadratic()));
    curved(Each(mcp()), &mut any(Faulty::new(quadratic(), Fault::Error, 3)));
    blocks::<T, _, _, 1>(l1(), &mut Forward(Bowl));
    blocks::<T, _, _, 2>(Each(scad()), &mut quadratic());
    blocks::<T, _, _, 4>(interval(), &mut Counted::new(quadratic()));
    sums::<T, _, _, 1>(l1(), &mut Terms);
    sums::<T, _, _, 2>(interval(), &mut Counted::new(Terms));
    sums::<T, _, _, 4>(interval(), &mut any(Faulty::new(Terms, Fault::Nan, 3)));
    fractional(&mut quadratic());
}

/// A function over any number.
struct Bowl;

impl<T: Real> Function<T, 4> for Bowl {
    fn value<D: Number<Scalar = T>>(&self, &[a, b, c, d]: &[D; 4]) -> D {
        (a * b).exp() + c.powi(4) + (d - a) * (d - a)
    }
}

/// A sum of as many squares as nobody knows.
struct Terms;

impl Problem for Terms {
    type Error = Infallible;
}

impl<T: Real> FiniteSum<T, 4> for Terms {
    fn terms(&self) -> usize {
        any(9)
    }

    fn term(&mut self, i: usize, x: &SVector<T, 4>, g: &mut SVector<T, 4>) -> Result<T, Infallible> {
        *g = *x * T::of_usize(i);
        Ok(T::of_usize(i))
    }
}

fn start<T: Real>() -> SVector<T, 4> {
    any(vector![T::ONE, T::TWO, T::HALF, -T::ONE])
}

/// Steps, runs and reads.
macro_rules! drive {
    ($method:expr, $state:expr, $problem:expr) => {{
        let (method, mut state) = (any($method), any($state));
        see(method.validate());
        see(method.step(&mut state, &mut *$problem));
        see(method.run(&mut state, &mut *$problem, any(10)));
        see((state.x(), state.value(), state.clone()));
    }};
}

fn smooth<T: Real, R: Separable<T> + Copy, E>(penalty: R, problem: &mut dyn Smooth<T, 4, Error = E>) {
    let mut problem = any(problem);
    drive!(ProximalGradient::new(penalty), ProximalGradientState::from(start()), &mut problem);
    for restart in [Restart::Never, Restart::Gradient, Restart::Value, Restart::Monotone] {
        drive!(Fista { restart, ..Fista::new(penalty) }, FistaState::from(start()), &mut problem);
    }
    drive!(Panoc::new(penalty), PanocState::<T, 4, 5>::from(start()), &mut problem);
    drive!(Panoc::plus(penalty), PanocState::<T, 4, 1>::from(start()), &mut problem);
    drive!(ProximalQuasiNewton::new(penalty), ProximalQuasiNewtonState::from(start()), &mut problem);
    drive!(ProximalConjugateGradient::new(penalty), ProximalConjugateGradientState::from(start()), &mut problem);
    drive!(SpectralProjectedGradient::new(penalty), SpectralState::<T, 4, 10>::from(start()), &mut problem);
}

fn folded<T: Real, S: Folded<T> + Copy, E>(penalty: S, problem: &mut dyn Smooth<T, 4, Error = E>) {
    let mut problem = any(problem);
    for damping in [Damping::Recommended, Damping::Original] {
        let method = NonconvexAccelerated { damping, ..NonconvexAccelerated::new(penalty, any(T::ONE)) };
        drive!(method, NonconvexAcceleratedState::from(start()), &mut problem);
    }
}

fn curved<T: Real, R: Separable<T> + Copy, E>(penalty: R, problem: &mut dyn Curved<T, 4, Error = E>) {
    let mut problem = any(problem);
    drive!(ProximalNewton::new(penalty), ProximalNewtonState::from(start()), &mut problem);
}

fn blocks<T: Real, R: Separable<T> + Copy, E, const B: usize>(
    penalty: R,
    problem: &mut dyn Partial<T, 4, B, Error = E>,
) {
    let mut problem = any(problem);
    drive!(CyclicBlockCoordinate::new(penalty), CyclicState::<T, 4, B>::from(start()), &mut problem);
}

fn sums<T: Real, R: Separable<T> + Copy, E, const B: usize>(penalty: R, problem: &mut dyn FiniteSum<T, 4, Error = E>) {
    let mut problem = any(problem);
    let method = VarianceReducedCoordinate::new(penalty, any(T::HALF));
    drive!(method, VarianceReducedState::<T, 4, B>::seeded(start(), any(7)), &mut problem);
}

fn fractional<T: Real, E>(problem: &mut dyn Smooth<T, 4, Error = E>) {
    let mut problem = any(problem);
    for rule in [FractionalRule::Ratio, FractionalRule::Parametric] {
        let method = FractionalCoordinate { rule, ..FractionalCoordinate::new(start()) };
        drive!(method, FractionalState::from(start()), &mut problem);
    }
}
