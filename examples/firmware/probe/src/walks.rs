//! Every first-order method for smooth functions, with every kind of oracle.

use nalgebra::{SVector, vector};
use thalweg::penalty::{Each, Interval, L2Ball, Simplex, Zero};
use thalweg::problem::{
    Counted, Fault, Faulty, FixedPoint, Forward, GradientStep, Quadratic, Smooth, gradient_fn, map_fn,
};
use thalweg::smooth::{
    AcceleratedGradient, AcceleratedGradientState, Aggregation, Anderson, AndersonState, BarzilaiBorwein,
    BarzilaiBorweinState, DualAveraging, DualAveragingState, Entropy, Euclidean, FixedRate, FixedRateState,
    FractionalMemory, FractionalMemoryState, GeometricDescent, GeometricDescentState, HeavyBall, HeavyBallState,
    MirrorDescent, MirrorDescentState, MirrorMap, MirrorProx, MirrorProxState, Nesterov, NesterovState,
    NormalizedDescent, NormalizedDescentState, OverRelaxation, OverRelaxationState, PNorm, PerturbedDescent,
    PerturbedDescentState, Polyak, PolyakState, QuasarConvex, QuasarConvexState, RelaxationBandit, Restart,
    SpectralRate,
};
use thalweg::{Method, Real};

use crate::{Smile, any, see};

pub fn everything<T: Real>() {
    let bowl = || {
        gradient_fn(|x: &SVector<T, 2>, g: &mut SVector<T, 2>| {
            *g = *x;
            x.iter().fold(T::ZERO, |sum, x| sum + T::HALF * x.squared())
        })
    };
    let quadratic = || {
        let mut cost = any(Quadratic::<T, 2>::zero());
        cost.add_square(&start(), any(T::ONE), any(T::HALF));
        cost
    };
    plain(&mut bowl());
    momentum::<T, _>(&mut Forward(Smile));
    mirrored(any(Entropy), &mut bowl());
    mirrored::<T, _, _>(any(PNorm { p: any(T::of_f64(1.5)) }), &mut Forward(Smile));
    mirrored(any(Euclidean(Each(Zero))), &mut quadratic());
    mirrored(any(Euclidean(L2Ball { radius: any(T::ONE) })), &mut bowl());
    mirrored(any(Euclidean(Simplex { total: any(T::ONE) })), &mut bowl());
    mirrored(any(Euclidean(Each(Interval { lower: any(T::ZERO), upper: any(T::ONE) }))), &mut bowl());
    fixed(&mut map_fn(|x: &SVector<T, 2>| x * any(T::HALF)));
    fixed(&mut any(GradientStep { inner: Forward(Smile), rate: any(T::HALF) }));
    fixed(&mut Counted::new(GradientStep { inner: bowl(), rate: any(T::HALF) }));
    fixed(&mut any(Faulty::new(GradientStep { inner: bowl(), rate: any(T::HALF) }, Fault::Nan, 3)));
    relaxed(&mut quadratic());
}

fn start<T: Real>() -> SVector<T, 2> {
    any(vector![T::ONE, T::TWO])
}

/// Steps, runs and reads.
macro_rules! drive {
    ($method:expr, $state:ty, $problem:expr $(, $read:ident)*) => {{
        let (method, mut state) = (any($method), any(<$state>::from(start())));
        see(method.validate());
        see(method.step(&mut state, &mut *$problem));
        see(method.run(&mut state, &mut *$problem, any(10)));
        see((state.x(), state.value(), state.clone()));
        $(see(state.$read());)*
    }};
}

fn plain<T: Real, E>(problem: &mut dyn Smooth<T, 2, Error = E>) {
    let mut problem = any(problem);
    let one = || any(T::ONE);
    drive!(FixedRate::new(one()), FixedRateState<T, 2>, &mut problem, iterate);
    drive!(Polyak::new(one()), PolyakState<T, 2>, &mut problem, iterate);
    for spectral in [SpectralRate::Long, SpectralRate::Short, SpectralRate::Adaptive(any(T::HALF))] {
        let method = BarzilaiBorwein { spectral, ..BarzilaiBorwein::default() };
        drive!(method, BarzilaiBorweinState<T, 2>, &mut problem, iterate);
    }
    drive!(NormalizedDescent::new(one(), one()), NormalizedDescentState<T, 2>, &mut problem, iterate);
    drive!(NormalizedDescent::safe(one(), any(T::HALF), one(), one()), NormalizedDescentState<T, 2>, &mut problem);
    drive!(FractionalMemory::new(one()), FractionalMemoryState<T, 2, 5>, &mut problem, iterate);
    drive!(PerturbedDescent::new(one()), PerturbedDescentState<T, 2>, &mut problem, iterate);
    see(PerturbedDescentState::seeded(start::<T>(), any(7)));
}

fn momentum<T: Real, E>(problem: &mut dyn Smooth<T, 2, Error = E>) {
    let mut problem = any(problem);
    let (one, two) = (|| any(T::ONE), || any(T::TWO));
    for restart in [Restart::Never, Restart::Gradient, Restart::Value] {
        let ball = HeavyBall { restart, ..HeavyBall::new(one(), any(T::HALF)) };
        drive!(ball, HeavyBallState<T, 2>, &mut problem, iterate);
        let nesterov = Nesterov { restart, backtracking: any(true), ..Nesterov::new(one()) };
        drive!(nesterov, NesterovState<T, 2>, &mut problem, iterate, proposal);
    }
    drive!(HeavyBall::for_quadratic(two(), one()), HeavyBallState<T, 2>, &mut problem);
    drive!(Nesterov::strongly_convex(two(), one()), NesterovState<T, 2>, &mut problem);
    for aggregation in [Aggregation::Cautious, Aggregation::Convex] {
        let method = AcceleratedGradient { aggregation, ..AcceleratedGradient::new(one()) };
        drive!(method, AcceleratedGradientState<T, 2>, &mut problem, iterate, aggregate);
    }
    let geometric = GeometricDescent::new(two(), one());
    drive!(geometric, GeometricDescentState<T, 2>, &mut problem, iterate, centre, distance_bound);
    drive!(QuasarConvex::new(two(), one()), QuasarConvexState<T, 2>, &mut problem, iterate, iterations, proposal);
}

fn mirrored<T: Real, X: MirrorMap<T> + Copy, E>(map: X, problem: &mut dyn Smooth<T, 2, Error = E>) {
    let mut problem = any(problem);
    let rate = || any(T::HALF);
    drive!(MirrorDescent::new(map, rate()), MirrorDescentState<T, 2>, &mut problem, iterate, average);
    drive!(DualAveraging::new(map, rate()), DualAveragingState<T, 2>, &mut problem, iterate, average);
    drive!(MirrorProx::new(map, rate()), MirrorProxState<T, 2>, &mut problem, iterate, average, iterations);
}

fn fixed<T: Real, E>(problem: &mut dyn FixedPoint<T, 2, Error = E>) {
    let mut problem = any(problem);
    drive!(Anderson::default(), AndersonState<T, 2, 3>, &mut problem, iterate, residual);
    drive!(Anderson::default(), AndersonState<T, 2, 0>, &mut problem, iterate, residual);
}

fn relaxed<T: Real>(problem: &mut Quadratic<T, 2>) {
    drive!(OverRelaxation::new(any(T::ONE)), OverRelaxationState<T, 2>, problem, gradient);
    drive!(OverRelaxation::optimal(any(T::HALF)), OverRelaxationState<T, 2>, problem);
    let mut bandit = any(RelaxationBandit::new(any([T::ONE, T::HALF, T::TWO]), any(3)));
    see(bandit.draw());
    bandit.learn(any(T::TWO));
    see((bandit.probabilities(), bandit.favourite(), bandit.clone()));
}
