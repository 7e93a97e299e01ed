//! The laws of `Method`, over every method, memory and scalar. A new method is one line of the table at the end.

use core::convert::Infallible;
use core::fmt::Debug;

use thalweg::composite::{
    CyclicState, FistaState, FractionalState, NonconvexAcceleratedState, PanocState, ProximalConjugateGradientState,
    ProximalGradientState, ProximalNewtonState, ProximalQuasiNewtonState, SpectralState, VarianceReducedState,
};
use thalweg::constrained::{AugmentedLagrangianState, DualActiveSetState, FrankWolfeState, InteriorPointState};
use thalweg::least_squares::{Accumulation, Fit, Gather, GraduatedState};
use thalweg::problem::{Counted, Fault, Faulty, Injected, Problem};
use thalweg::smooth::{
    AcceleratedGradientState, AndersonState, BarzilaiBorweinState, BfgsState, BoundedLbfgsState,
    ConjugateGradientState, DualAveragingState, FixedRateState, FractionalMemoryState, GeometricDescentState,
    GradientDescentState, HeavyBallState, KrylovSaddleFreeState, LbfgsState, MirrorDescentState, MirrorProxState,
    NegativeCurvatureState, NesterovState, NewtonCgState, NewtonState, NormalizedDescentState, OverRelaxationState,
    PerturbedDescentState, PolyakState, QuasarConvexState, SymmetricRankOneState,
};
use thalweg::splitting::{
    AdmmState, AlternatingProjectionsState, DavisYinState, DouglasRachfordState, DykstraState, PrimalDualState,
};
use thalweg::{Method, Real, Stall, Status};

/// Far more steps than any subject needs: a law that gets here has found a hang.
const HANG: u32 = 100_000;

/// What the laws read of a memory; `f64` holds both scalars exactly.
pub trait Memory: Clone + Restored {
    fn x(&self) -> Vec<f64>;
    fn value(&self) -> f64;
    /// Whether the value is that of the point alone; a residual may belong to multipliers as well.
    fn of_the_point() -> bool {
        true
    }
    /// The share of the value that rounding may add.
    fn rounding() -> f64 {
        0.0
    }
    /// A new memory that starts at the best point of this one.
    fn fresh(&self) -> Self;

    /// The bits of the best point and its value.
    fn bits(&self) -> Vec<u64> {
        self.x().into_iter().chain([self.value()]).map(f64::to_bits).collect()
    }
}

/// A smooth memory: the point and its value, which never rises.
macro_rules! smooth {
    ($($state:ident $(<$extra:ident>)?),*) => { $(
        impl<T: Real, const N: usize $(, const $extra: usize)?> Memory for $state<T, N $(, $extra)?>
        where
            Self: Restored,
        {
            fn x(&self) -> Vec<f64> {
                self.x().iter().map(|x| x.to_f64()).collect()
            }
            fn value(&self) -> f64 {
                self.value().to_f64()
            }
            fn rounding() -> f64 {
                128.0 * T::EPSILON.to_f64()
            }
            fn fresh(&self) -> Self {
                Self::new(*self.x())
            }
        }
    )* };
}

smooth!(GradientDescentState, KrylovSaddleFreeState<K>, NegativeCurvatureState<K>, NewtonCgState, NewtonState);

/// A composite memory: the point, the value, where rounding may hide a rise.
macro_rules! composite {
    ($($state:ident $(<$extra:ident>)?),*) => { $(
        impl<T: Real, const N: usize $(, const $extra: usize)?> Memory for $state<T, N $(, $extra)?>
        where
            Self: Restored,
        {
            fn x(&self) -> Vec<f64> {
                self.x().iter().map(|x| x.to_f64()).collect()
            }
            fn value(&self) -> f64 {
                self.value().to_f64()
            }
            fn rounding() -> f64 {
                128.0 * T::EPSILON.to_f64()
            }
            fn fresh(&self) -> Self {
                Self::new(*self.x())
            }
        }
    )* };
}

composite!(
    BfgsState,
    BoundedLbfgsState<M>,
    ConjugateGradientState,
    LbfgsState<M>,
    SymmetricRankOneState,
    CyclicState<B>,
    FistaState,
    FractionalState,
    FrankWolfeState<C>,
    NonconvexAcceleratedState,
    PanocState<M>,
    ProximalConjugateGradientState,
    ProximalGradientState,
    ProximalNewtonState,
    ProximalQuasiNewtonState,
    SpectralState<M>,
    VarianceReducedState<B>
);

composite!(
    AcceleratedGradientState,
    AndersonState<M>,
    BarzilaiBorweinState<M>,
    DualAveragingState,
    FixedRateState,
    FractionalMemoryState<Q>,
    GeometricDescentState,
    HeavyBallState,
    MirrorDescentState,
    MirrorProxState,
    NesterovState,
    NormalizedDescentState,
    OverRelaxationState,
    PerturbedDescentState,
    PolyakState,
    QuasarConvexState
);

/// A memory of a method that lowers no value: its smallest residual.
macro_rules! splitting {
    ($($state:ident $(<$extra:ident>)?: $residual:expr;)*) => { $(
        impl<T: Real, const N: usize $(, const $extra: usize)?> Memory for $state<T, N $(, $extra)?>
        where
            Self: Restored,
        {
            fn x(&self) -> Vec<f64> {
                self.x().iter().map(|x| x.to_f64()).collect()
            }
            fn value(&self) -> f64 {
                let residual: fn(&Self) -> T = $residual;
                residual(self).to_f64()
            }
            fn of_the_point() -> bool {
                false
            }
            fn fresh(&self) -> Self {
                Self::new(*self.x())
            }
        }
    )* };
}

splitting! {
    AdmmState<M>: |state| state.residual();
    AlternatingProjectionsState<K>: |state| state.residual();
    AugmentedLagrangianState<M>: |state| {
        let outside = state.certificate().primal > T::SQRT_EPSILON;
        state.certificate().worst() + if outside { T::of_f64(1e6) } else { T::ZERO }
    };
    DavisYinState: |state| state.residual();
    DouglasRachfordState: |state| state.residual();
    DualActiveSetState: |_| T::ZERO;
    PrimalDualState<M>: |state| state.residual();
}

impl<T: Real, const N: usize, const M: usize, const E: usize> Memory for InteriorPointState<T, N, M, E>
where
    Self: Restored,
{
    fn x(&self) -> Vec<f64> {
        self.x().iter().map(|x| x.to_f64()).collect()
    }
    fn value(&self) -> f64 {
        0.0
    }
    fn of_the_point() -> bool {
        false
    }
    fn fresh(&self) -> Self {
        Self::new(*self.x())
    }
}

/// The residual of a projection is how much the corrections moved, which does not fall from pass to pass.
impl<T: Real, const N: usize, const K: usize> Memory for DykstraState<T, N, K>
where
    Self: Restored,
{
    fn x(&self) -> Vec<f64> {
        self.x().iter().map(|x| x.to_f64()).collect()
    }
    fn value(&self) -> f64 {
        if self.residual().is_finite() { 0.0 } else { f64::INFINITY }
    }
    fn of_the_point() -> bool {
        false
    }
    fn fresh(&self) -> Self {
        Self::new(*self.x())
    }
}

impl<T: Real, const N: usize, const A: usize, K, G: Gather<T> + Clone> Memory for Fit<T, N, A, K, G>
where
    Self: Restored + Clone,
{
    fn x(&self) -> Vec<f64> {
        self.x().iter().map(|x| x.to_f64()).collect()
    }
    /// Twice what the inequality of `Tolerances` gives for the subjects.
    fn rounding() -> f64 {
        128.0 * T::EPSILON.to_f64()
    }
    fn value(&self) -> f64 {
        self.cost().to_f64()
    }
    fn fresh(&self) -> Self {
        Self::from_point(*self.x())
    }
}

impl<T: Real, const N: usize, K: Accumulation, const A: usize> Memory for GraduatedState<T, N, K, A>
where
    Self: Restored,
{
    fn x(&self) -> Vec<f64> {
        self.x().iter().map(|x| x.to_f64()).collect()
    }
    fn rounding() -> f64 {
        128.0 * T::EPSILON.to_f64()
    }
    fn value(&self) -> f64 {
        self.cost().to_f64()
    }
    fn fresh(&self) -> Self {
        Self::from_point(*self.x())
    }
}

/// Saved and read back, as across a reset.
pub trait Restored: Sized {
    fn restored(&self) -> Self;
}

#[cfg(feature = "serde")]
impl<S: serde::Serialize + serde::de::DeserializeOwned> Restored for S {
    fn restored(&self) -> Self {
        postcard::from_bytes(&postcard::to_stdvec(self).unwrap()).unwrap()
    }
}

#[cfg(not(feature = "serde"))]
impl<S: Clone> Restored for S {
    fn restored(&self) -> Self {
        self.clone()
    }
}

/// A method, a memory at its start, and a problem.
struct Subject<M, S, P> {
    method: M,
    start: S,
    problem: P,
}

/// How a solve ended: status, bits of the best point, steps taken.
#[derive(Debug, PartialEq)]
struct End {
    status: Status,
    bits: Vec<u64>,
    steps: u32,
}

impl<M, S, P> Subject<M, S, P>
where
    S: Memory,
    P: Problem<Error = Infallible> + Clone,
    M: Method<P, S>,
{
    /// The laws of methods whose problem is data that cannot fail.
    fn keep_time(&self) {
        self.slices_make_the_whole();
        self.a_saved_state_goes_on();
    }

    /// Steps to the end.
    fn finish(&self, mut state: S, problem: &mut P) -> End {
        for steps in 1..HANG {
            let Ok(status) = self.method.step(&mut state, problem);
            if status != Status::Running {
                return End { status, bits: state.bits(), steps };
            }
        }
        panic!("no end");
    }

    fn whole(&self) -> End {
        self.finish(self.start.clone(), &mut self.problem.clone())
    }

    /// The value at the best point of `state`, from a new memory there.
    fn value_again(&self, state: &S) -> f64 {
        let (mut fresh, mut problem) = (state.fresh(), self.problem.clone());
        while fresh.value() == f64::INFINITY {
            let Ok(status) = self.method.step(&mut fresh, &mut problem);
            assert!(!matches!(status, Status::Stalled(Stall::NonFinite)), "the best point has no value");
        }
        fresh.value()
    }

    fn the_value_is_that_of_the_point_and_never_rises(&self) {
        let (mut state, mut problem) = (self.start.clone(), self.problem.clone());
        let mut value = f64::INFINITY;
        loop {
            let before = state.bits();
            let Ok(status) = self.method.step(&mut state, &mut problem);
            assert!(state.value() <= value * (1.0 + S::rounding()), "from {value:e} to {:e}", state.value());
            value = state.value();
            if S::of_the_point() && state.bits() != before {
                assert_eq!(value, self.value_again(&state), "the value of another point");
            }
            if status != Status::Running {
                break;
            }
        }
    }

    fn slices_make_the_whole(&self) {
        let whole = self.whole();
        for slice in [1, 2, 3, 7, 64, HANG] {
            let (mut state, mut problem) = (self.start.clone(), self.problem.clone());
            assert_eq!(self.method.run(&mut state, &mut problem, 0), Ok(Status::Running), "a budget of nothing");
            let status = (0..HANG)
                .find_map(|_| {
                    let Ok(status) = self.method.run(&mut state, &mut problem, slice);
                    (status != Status::Running).then_some(status)
                })
                .expect("no end");
            assert_eq!((status, state.bits()), (whole.status, whole.bits.clone()), "slices of {slice}");
        }
    }

    fn a_saved_state_goes_on(&self) {
        let whole = self.whole();
        let (mut state, mut problem) = (self.start.clone(), self.problem.clone());
        for done in 0..=whole.steps {
            for copy in [state.clone(), state.restored()] {
                let end = self.finish(copy, &mut problem);
                assert_eq!((end.status, end.bits), (whole.status, whole.bits.clone()), "saved after {done} steps");
            }
            let Ok(_) = self.method.step(&mut state, &mut problem);
        }
    }
}

impl<M, S, P> Subject<M, S, P>
where
    S: Memory,
    P: Problem<Error = Infallible> + Clone,
    M: Method<P, S> + Method<Counted<P>, S> + Method<Faulty<P>, S>,
{
    fn obey(&self) {
        self.keep_time();
        self.one_call_a_step();
        self.the_value_is_that_of_the_point_and_never_rises();
        self.an_error_changes_nothing();
        self.a_nan_is_survived();
    }

    fn one_call_a_step(&self) {
        let (mut state, mut problem) = (self.start.clone(), Counted::new(self.problem.clone()));
        let status = loop {
            let before = problem.calls();
            let Ok(status) = self.method.step(&mut state, &mut problem);
            assert!(problem.calls() <= before + 1, "a step made {} calls", problem.calls() - before);
            if status != Status::Running {
                break status;
            }
        };
        let (calls, bits) = (problem.calls(), state.bits());
        for _ in 0..3 {
            assert_eq!(self.method.step(&mut state, &mut problem), Ok(status), "the end is not the end");
            assert_eq!((problem.calls(), state.bits()), (calls, bits.clone()), "work after the end");
        }
        assert_eq!(self.method.steps(&mut state, &mut problem).count(), 1);
    }

    /// The number of evaluations of an undisturbed solve.
    fn evaluations(&self) -> u64 {
        let (mut state, mut problem) = (self.start.clone(), Faulty::new(self.problem.clone(), Fault::Error, u64::MAX));
        while self.method.step(&mut state, &mut problem) == Ok(Status::Running) {}
        problem.evaluations()
    }

    fn an_error_changes_nothing(&self) {
        let whole = self.whole();
        for at in 0..self.evaluations() {
            let (mut state, mut problem) = (self.start.clone(), Faulty::new(self.problem.clone(), Fault::Error, at));
            let (mut steps, mut failed) = (0, false);
            let status = loop {
                let before = state.bits();
                match self.method.step(&mut state, &mut problem) {
                    Err(error) => {
                        assert_eq!(error, Injected::Fault);
                        assert_eq!(state.bits(), before, "the fault at {at} moved the point");
                        failed = true;
                    }
                    Ok(status) => {
                        steps += 1;
                        if status != Status::Running {
                            break status;
                        }
                    }
                }
            };
            assert!(failed);
            assert_eq!(End { status, bits: state.bits(), steps }, whole, "after the fault at {at}");
        }
    }

    fn a_nan_is_survived(&self) {
        let start_value = self.value_again(&self.start);
        for at in 0..self.evaluations() {
            let (mut state, mut problem) = (self.start.clone(), Faulty::new(self.problem.clone(), Fault::Nan, at));
            let Ok(status) = self.method.run(&mut state, &mut problem, HANG) else { panic!("an error out of nowhere") };
            assert!(status != Status::Running, "NaN at {at}: no end");
            assert!(state.x().iter().all(|x| x.is_finite()), "NaN at {at}: {:?}", state.x());
            if state.value() == f64::INFINITY {
                assert_eq!(status, Status::Stalled(Stall::NonFinite), "NaN at {at}");
            } else {
                assert!(state.value() <= start_value, "NaN at {at}: worse than the start");
                if S::of_the_point() {
                    assert_eq!(state.value(), self.value_again(&state), "NaN at {at}: the value of another point");
                }
            }
        }
    }
}

/// One subject a line, in both scalars: `name: method, memory at its start, problem`.
macro_rules! subjects {
    ($laws:ident: $($name:ident: $method:expr, $start:expr, $problem:expr;)*) => { $(
        mod $name {
            use super::table::*;

            #[test]
            fn f32() {
                type T = f32;
                super::Subject { method: $method, start: $start, problem: $problem }.$laws();
            }

            #[test]
            fn f64() {
                type T = f64;
                super::Subject { method: $method, start: $start, problem: $problem }.$laws();
            }
        }
    )* };
}

/// What the lines of the table are written with.
#[allow(unused_imports, reason = "not every line needs everything")]
mod table {
    pub use nalgebra::{SMatrix, SVector};
    pub use thalweg::composite::{
        CyclicBlockCoordinate, CyclicState, Damping, Fista, FistaState, FractionalCoordinate, FractionalRule,
        FractionalState, NonconvexAccelerated, NonconvexAcceleratedState, Panoc, PanocState, ProximalConjugateGradient,
        ProximalConjugateGradientState, ProximalGradient, ProximalGradientState, ProximalNewton, ProximalNewtonState,
        ProximalQuasiNewton, ProximalQuasiNewtonState, Restart, SpectralProjectedGradient, SpectralState,
        VarianceReducedCoordinate, VarianceReducedState,
    };
    pub use thalweg::constrained::{
        AugmentedLagrangian, AugmentedLagrangianState, ConstrainedFunction, DualActiveSet, DualActiveSetState,
        FactoredProgram, FrankWolfe, FrankWolfeState, QuadraticProgram,
    };
    pub use thalweg::constrained::{ConeProgram, InteriorPoint, InteriorPointState};
    pub use thalweg::least_squares::{
        Affine, Bounds, DenseState, Dogleg, GaussNewton, GeodesicLevenbergMarquardt, GeodesicState, Graduated,
        GraduatedState, LevenbergMarquardt, Normal, Rotation, SeparableState, SquareRoot, StreamedState,
    };
    pub use thalweg::line_search::{Backtracking, HagerZhang, StrongWolfe};
    pub use thalweg::penalty::Simplex;
    pub use thalweg::penalty::{Each, Interval, L1, Mcp};
    pub use thalweg::problem::{
        FisherCurvature, Forward, GaussNewtonCurvature, GradientDifferences, Loss, Prior, Robust, Stacked, Tangent,
    };
    pub use thalweg::problem::{Function, GradientStep, Quadratic};
    pub use thalweg::smooth::{
        AcceleratedGradient, AcceleratedGradientState, Aggregation, Anderson, AndersonState, BarzilaiBorwein,
        BarzilaiBorweinState, Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState, ConjugateGradient,
        ConjugateGradientState, ConjugateRule, CubicRegularization, DualAveraging, DualAveragingState, Entropy,
        Euclidean, FixedRate, FixedRateState, FractionalMemory, FractionalMemoryState, GeometricDescent,
        GeometricDescentState, GradientDescent, GradientDescentState, HeavyBall, HeavyBallState, KrylovSaddleFree,
        KrylovSaddleFreeState, Lbfgs, LbfgsState, MirrorDescent, MirrorDescentState, MirrorProx, MirrorProxState,
        NaturalGradient, NegativeCurvature, NegativeCurvatureState, Nesterov, NesterovState, NewtonCg, NewtonCgState,
        NewtonState, NewtonTrustRegion, NormalizedDescent, NormalizedDescentState, OverRelaxation, OverRelaxationState,
        PNorm, PerturbedDescent, PerturbedDescentState, Polyak, PolyakState, QuasarConvex, QuasarConvexState,
        RegularizedNewton, RegularizedRule, SaddleFreeNewton, SpectralRate, SymmetricRankOne, SymmetricRankOneState,
    };
    pub use thalweg::splitting::{
        Admm, AdmmState, AlternatingProjections, AlternatingProjectionsState, Coupled, DavisYin, DavisYinState, Direct,
        DouglasRachford, DouglasRachfordState, Dykstra, DykstraState, Matrix, PrimalDual, PrimalDualState,
        ProximalQuadratic, Sets,
    };
    pub use thalweg::{Number, Real};

    pub use crate::composite::Terms;
    pub use crate::domains::{Pairs, Triples, Whole};
    pub use crate::problems::{Decay, Fours, Valley, point};

    pub fn dense<T: Real, K>() -> DenseState<T, 9, 3, K> {
        DenseState::from_point(point(Decay::START))
    }

    /// The asymptote is a fifth of the amplitude.
    pub fn fifth<T: Real>() -> Affine<T, 1, 2, 3> {
        Affine::new(&point::<T, 3>([1.0, 0.0, -5.0]).transpose(), &point([0.0])).unwrap()
    }

    pub fn start<T: Real, K>() -> StreamedState<T, 3, K> {
        StreamedState::from_point(point(Decay::START))
    }

    /// A box with an active bound at the solution.
    pub fn tight<T: Real>() -> Bounds<T, 3> {
        Bounds::new(point([0.0, 0.0, -1.0]), point([2.5, 10.0, 5.0]))
    }

    pub fn cauchy<T: Real, P>(inner: P) -> Robust<P, T> {
        Robust::new(inner, Loss::Cauchy, T::of_f64(0.1)).unwrap()
    }

    pub fn lasso<T: Real>() -> Each<L1<T>> {
        Each(L1 { strength: T::of_f64(0.3) })
    }

    pub fn mcp<T: Real>() -> Mcp<T> {
        Mcp { strength: T::of_f64(0.3), reach: T::of_f64(3.0) }
    }

    /// A box whose upper bound is active at the solution.
    pub fn low<T: Real>() -> Each<Interval<T>> {
        Each(Interval { lower: T::of_f64(-1.0), upper: T::of_f64(0.6) })
    }

    pub fn restarted<T: Real>(restart: Restart) -> Fista<T, Each<L1<T>>> {
        Fista { gap_tolerance: T::of_f64(1e-3), restart, ..Fista::new(lasso()) }
    }

    pub fn damped<T: Real>(damping: Damping) -> NonconvexAccelerated<T, Mcp<T>> {
        let gap_tolerance = T::of_f64(1e-2);
        NonconvexAccelerated { gap_tolerance, damping, ..NonconvexAccelerated::new(mcp(), T::of_f64(20.0)) }
    }

    pub fn conjugate<T: Real>(rule: ConjugateRule) -> ConjugateGradient<T, StrongWolfe<T>> {
        ConjugateGradient { rule, ..ConjugateGradient::default() }.searching(StrongWolfe::default())
    }

    pub fn sampled<T: Real>() -> VarianceReducedCoordinate<T, Each<L1<T>>> {
        let gap_tolerance = T::of_f64(1e-2);
        VarianceReducedCoordinate { gap_tolerance, batch: 2, ..VarianceReducedCoordinate::new(lasso(), T::ONE) }
    }

    pub fn ratio<T: Real>(rule: FractionalRule) -> FractionalCoordinate<T, 2> {
        FractionalCoordinate { strength: T::of_f64(0.1), rule, ..FractionalCoordinate::new(point([0.7, 0.6])) }
    }

    /// Where the methods of this table for composite problems start.
    pub fn slope<T: Real>() -> SVector<T, 2> {
        point([-0.5, 1.0])
    }

    pub fn bowl<T: Real>() -> ProximalQuadratic<T, 2> {
        ProximalQuadratic::new(SMatrix::from_iterator(of([2.0, 1.0, 1.0, 2.0])), point([-3.0, -1.0])).unwrap()
    }

    pub fn map<T: Real>() -> SMatrix<T, 3, 2> {
        SMatrix::from_iterator(of([1.0, 0.0, 1.0, -1.0, 2.0, 0.5]))
    }

    pub fn coupled<T: Real>() -> Coupled<T, 2, 3> {
        Coupled::new(SMatrix::identity(), point([-3.0, 1.0]), map()).unwrap()
    }

    fn of<T: Real, const K: usize>(values: [f64; K]) -> Vec<T> {
        values.iter().map(|&value| T::of_f64(value)).collect()
    }

    pub fn convex<T: Real>() -> Quadratic<T, 2> {
        let mut quadratic = Quadratic::zero();
        quadratic.add_square(&point([1.0, 2.0]), T::ONE, T::ONE);
        quadratic.add_square(&point([1.0, -1.0]), T::TWO, T::ONE);
        quadratic
    }

    pub fn around<T: Real>() -> Bounds<T, 2> {
        Bounds::new(point([-1.0, 0.1]), point([1.0, 2.0]))
    }

    pub fn program<T: Real>(proximity: T) -> FactoredProgram<T, 2, 3> {
        let mut program = QuadraticProgram::new(SMatrix::identity(), point([-3.0, 1.0]));
        (program.rows, program.row_lower, program.row_upper) = (map(), point([-1.0; 3]), point([0.5, 0.7, 0.9]));
        program.factor(proximity).unwrap()
    }

    pub fn cone<T: Real>() -> ConeProgram<T, 2, 3> {
        let mut program = ConeProgram::new(SMatrix::identity(), point([-3.0, 1.0]));
        (program.rows, program.limits) = (map(), point([0.5, 0.7, 0.9]));
        program
    }

    /// A valley, and how far from the origin.
    #[derive(Clone)]
    pub struct Ring;

    impl<T: Real> ConstrainedFunction<T, 2, 1> for Ring {
        fn evaluate<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> (D, [D; 1]) {
            (Function::<T, 2>::value(&Valley, x), [x[0] * x[0] + x[1] * x[1]])
        }
    }

    pub fn prior<T: Real, P>(inner: P) -> Prior<P, T, 3> {
        Prior::independent(inner, point([3.0, 0.5, 1.0]), &point([1.0, 0.0, 4.0])).unwrap()
    }
}

subjects! {
    obey:
    gradient_descent: GradientDescent::<T>::default(), GradientDescentState::new(point([-0.5, 1.0])), Forward(Valley);
    conjugate_gradient: ConjugateGradient::<T>::default(), ConjugateGradientState::new(slope()), Forward(Valley);
    conjugate_gradient_polak_ribiere: conjugate::<T>(ConjugateRule::PolakRibiere), ConjugateGradientState::new(slope()), Forward(Valley);
    conjugate_gradient_dai_yuan: conjugate::<T>(ConjugateRule::DaiYuan), ConjugateGradientState::new(slope()), Forward(Valley);
    bfgs: Bfgs::<T>::default(), BfgsState::new(slope()), Forward(Valley);
    bfgs_hager_zhang: Bfgs::<T>::default().searching(HagerZhang::default()), BfgsState::new(slope()), Forward(Valley);
    lbfgs: Lbfgs::<T>::default(), LbfgsState::<T, 2, 3>::new(slope()), Forward(Valley);
    lbfgs_backtracking: Lbfgs::<T>::default().searching(Backtracking::default()), LbfgsState::<T, 2, 3>::new(slope()), Forward(Valley);
    bounded_lbfgs: BoundedLbfgs::new(point::<T, 2>([-1.0; 2]), point([0.6; 2])), BoundedLbfgsState::<T, 2, 3>::new(slope()), Forward(Valley);
    bounded_lbfgs_free: BoundedLbfgs::new(point::<T, 2>([-1.0; 2]), point([f64::INFINITY; 2])), BoundedLbfgsState::<T, 2, 3>::new(slope()),
        Forward(Valley);
    symmetric_rank_one: SymmetricRankOne::<T>::default(), SymmetricRankOneState::new(slope()), Forward(Valley);
    newton_trust_region: NewtonTrustRegion::<T>::default(), NewtonState::new(slope()), Forward(Valley);
    saddle_free_newton: SaddleFreeNewton::<T>::default(), NewtonState::new(slope()), Forward(Valley);
    cubic_regularization: CubicRegularization::<T>::default(), NewtonState::new(slope()), Forward(Valley);
    regularized_newton: RegularizedNewton::<T>::default(), NewtonState::new(slope()), Forward(Valley);
    regularized_newton_convex: RegularizedNewton::<T> { rule: RegularizedRule::Convex, ..RegularizedNewton::default() }, NewtonState::new(slope()), Forward(Valley);
    trust_region_of_residuals: NewtonTrustRegion::<T>::default(), NewtonState::new(point(Decay::START)), GaussNewtonCurvature::<_, 9>(Forward(Whole));
    regularized_newton_of_residuals: RegularizedNewton::<T>::default(), NewtonState::new(point(Decay::START)), GaussNewtonCurvature::<_, 9>(Forward(Whole));
    natural_gradient_of_residuals: NaturalGradient::<T>::default(), NewtonState::new(point(Decay::START)), GaussNewtonCurvature::<_, 9>(Forward(Whole));
    newton_cg_of_residuals: NewtonCg::<T>::default(), NewtonCgState::new(point(Decay::START)), GaussNewtonCurvature::<_, 9>(Forward(Whole));
    trust_region_by_differences: NewtonTrustRegion::<T>::default(), NewtonState::new(slope()), GradientDifferences::new(Forward(Valley));
    saddle_free_by_differences: SaddleFreeNewton::<T>::default(), NewtonState::new(slope()), GradientDifferences::new(Forward(Valley));
    cubic_regularization_by_differences: CubicRegularization::<T>::default(), NewtonState::new(slope()), GradientDifferences::new(Forward(Valley));
    newton_cg_by_differences: NewtonCg::<T>::default(), NewtonCgState::new(slope()), GradientDifferences::new(Forward(Valley));
    natural_gradient: NaturalGradient::<T>::default(), NewtonState::new(slope()), FisherCurvature(Terms);
    newton_cg: NewtonCg::<T>::default(), NewtonCgState::new(slope()), Forward(Valley);
    krylov_saddle_free: KrylovSaddleFree::<T>::default(), KrylovSaddleFreeState::<T, 2, 2>::new(slope()), Forward(Valley);
    krylov_saddle_free_narrow: KrylovSaddleFree::<T>::default(), KrylovSaddleFreeState::<T, 2, 1>::new(slope()), Forward(Valley);
    negative_curvature: NegativeCurvature::<T>::default(), NegativeCurvatureState::<T, 2, 2>::new(slope()), Forward(Valley);
    fixed_rate: FixedRate { gradient_tolerance: T::of_f64(1e-2), ..FixedRate::new(T::of_f64(0.05)) }, FixedRateState::new(slope()), Forward(Valley);
    fixed_rate_too_long: FixedRate { patience: 50, ..FixedRate::new(T::of_f64(0.5)) }, FixedRateState::new(slope()), Forward(Valley);
    polyak: Polyak::new(T::ONE), PolyakState::new(slope()), Forward(Valley);
    polyak_relaxed: Polyak { relaxation: T::of_f64(1.9), patience: 50, ..Polyak::new(T::HALF) }, PolyakState::new(slope()), Forward(Valley);
    barzilai_borwein: BarzilaiBorwein::<T>::default(), BarzilaiBorweinState::<T, 2, 10>::new(slope()), Forward(Valley);
    barzilai_borwein_monotone: BarzilaiBorwein::<T> { spectral: SpectralRate::Short, ..BarzilaiBorwein::default() },
        BarzilaiBorweinState::<T, 2, 1>::new(slope()), Forward(Valley);
    heavy_ball: HeavyBall::new(T::of_f64(0.05), T::of_f64(0.8)), HeavyBallState::new(slope()), Forward(Valley);
    heavy_ball_restarted: HeavyBall { restart: thalweg::smooth::Restart::Value, ..HeavyBall::new(T::of_f64(0.05), T::of_f64(0.8)) },
        HeavyBallState::new(slope()), Forward(Valley);
    nesterov: Nesterov::new(T::of_f64(20.0)), NesterovState::new(slope()), Forward(Valley);
    nesterov_constant: Nesterov::strongly_convex(T::of_f64(20.0), T::ONE), NesterovState::new(slope()), Forward(Valley);
    nesterov_backtracking: Nesterov { backtracking: true, ..Nesterov::new(T::ONE) }, NesterovState::new(slope()), Forward(Valley);
    normalized_descent: NormalizedDescent { gradient_tolerance: T::of_f64(0.1), ..NormalizedDescent::new(T::of_f64(0.05), T::HALF) },
        NormalizedDescentState::new(slope()), Forward(Valley);
    accelerated_gradient: AcceleratedGradient { gradient_tolerance: T::of_f64(1e-2), ..AcceleratedGradient::new(T::of_f64(20.0)) },
        AcceleratedGradientState::new(slope()), Forward(Valley);
    accelerated_gradient_convex: AcceleratedGradient { aggregation: Aggregation::Convex, gradient_tolerance: T::of_f64(1e-2),
        ..AcceleratedGradient::new(T::of_f64(20.0)) }, AcceleratedGradientState::new(slope()), Forward(Valley);
    quasar_convex: QuasarConvex::new(T::of_f64(20.0), T::HALF), QuasarConvexState::new(slope()), Forward(Valley);
    geometric_descent: GeometricDescent { patience: 100, ..GeometricDescent::new(T::of_f64(20.0), T::HALF) }, GeometricDescentState::new(slope()), Forward(Valley);
    mirror_descent: MirrorDescent::new(Entropy, T::of_f64(0.1)), MirrorDescentState::new(point([0.3, 0.7])), Forward(Valley);
    mirror_descent_in_a_box: MirrorDescent::new(Euclidean(low::<T>()), T::of_f64(0.1)), MirrorDescentState::new(slope()), Forward(Valley);
    mirror_descent_by_norm: MirrorDescent { gap_tolerance: T::of_f64(1e-2), ..MirrorDescent::new(PNorm { p: T::of_f64(1.5) }, T::of_f64(0.05)) },
        MirrorDescentState::new(slope()), Forward(Valley);
    dual_averaging: DualAveraging::new(Entropy, T::of_f64(0.1)), DualAveragingState::new(point([0.3, 0.7])), Forward(Valley);
    dual_averaging_in_a_box: DualAveraging { patience: 100, ..DualAveraging::new(Euclidean(low::<T>()), T::of_f64(0.1)) },
        DualAveragingState::new(slope()), Forward(Valley);
    mirror_prox: MirrorProx::new(Entropy, T::of_f64(0.1)), MirrorProxState::new(point([0.3, 0.7])), Forward(Valley);
    fractional_memory: FractionalMemory { gradient_tolerance: T::of_f64(1e-2), ..FractionalMemory::new(T::of_f64(0.05)) },
        FractionalMemoryState::<T, 2, 5>::new(slope()), Forward(Valley);
    perturbed_descent: PerturbedDescent { gradient_tolerance: T::of_f64(1e-2), ..PerturbedDescent::new(T::of_f64(0.05)) },
        PerturbedDescentState::new(slope()), Forward(Valley);
    anderson: Anderson::<T>::default(), AndersonState::<T, 2, 2>::new(slope()), GradientStep { inner: Forward(Valley), rate: T::of_f64(0.05) };
    anderson_too_long: Anderson::<T> { patience: 50, ..Anderson::default() }, AndersonState::<T, 2, 1>::new(slope()),
        GradientStep { inner: Forward(Valley), rate: T::HALF };
    proximal_gradient: ProximalGradient::new(lasso::<T>()), ProximalGradientState::new(point([-0.5, 1.0])), Forward(Valley);
    fista: Fista::new(lasso::<T>()), FistaState::new(slope()), Forward(Valley);
    fista_never: restarted::<T>(Restart::Never), FistaState::new(slope()), Forward(Valley);
    fista_value: restarted::<T>(Restart::Value), FistaState::new(slope()), Forward(Valley);
    fista_monotone: restarted::<T>(Restart::Monotone), FistaState::new(slope()), Forward(Valley);
    fista_in_a_box: Fista::new(low::<T>()), FistaState::new(slope()), Forward(Valley);
    nonconvex_accelerated: damped::<T>(Damping::Recommended), NonconvexAcceleratedState::new(slope()), Forward(Valley);
    nonconvex_accelerated_original: damped::<T>(Damping::Original), NonconvexAcceleratedState::new(slope()), Forward(Valley);
    panoc: Panoc::new(lasso::<T>()), PanocState::<T, 2, 3>::new(slope()), Forward(Valley);
    panoc_plus: Panoc::plus(lasso::<T>()), PanocState::<T, 2, 3>::new(slope()), Forward(Valley);
    panoc_in_a_box: Panoc::new(low::<T>()), PanocState::<T, 2, 3>::new(slope()), Forward(Valley);
    panoc_folded: Panoc::plus(Each(mcp::<T>())), PanocState::<T, 2, 3>::new(slope()), Forward(Valley);
    proximal_newton: ProximalNewton::new(lasso::<T>()), ProximalNewtonState::new(slope()), Forward(Valley);
    proximal_newton_folded: ProximalNewton::new(Each(mcp::<T>())), ProximalNewtonState::new(slope()), Forward(Valley);
    proximal_quasi_newton: ProximalQuasiNewton::new(lasso::<T>()), ProximalQuasiNewtonState::new(slope()), Forward(Valley);
    proximal_quasi_newton_in_a_box: ProximalQuasiNewton::new(low::<T>()), ProximalQuasiNewtonState::new(slope()),
        Forward(Valley);
    spectral: SpectralProjectedGradient::new(low::<T>()), SpectralState::<T, 2, 4>::new(slope()), Forward(Valley);
    spectral_lasso: SpectralProjectedGradient::new(lasso::<T>()), SpectralState::<T, 2, 4>::new(slope()), Forward(Valley);
    proximal_conjugate_gradient: ProximalConjugateGradient::new(lasso::<T>()), ProximalConjugateGradientState::new(slope()),
        Forward(Valley);
    cyclic: CyclicBlockCoordinate::new(lasso::<T>()), CyclicState::<T, 2, 1>::new(slope()), Forward(Valley);
    one_block: CyclicBlockCoordinate::new(low::<T>()), CyclicState::<T, 2, 2>::new(slope()), Forward(Valley);
    variance_reduced: sampled::<T>(), VarianceReducedState::<T, 2, 1>::new(slope()), Terms;
    fractional: ratio::<T>(FractionalRule::Parametric), FractionalState::new(slope()), Terms::whole::<T>();
    fractional_by_ratio: ratio::<T>(FractionalRule::Ratio), FractionalState::new(slope()), Terms::whole::<T>();
    square_root: LevenbergMarquardt::<T>::default(), start::<T, SquareRoot>(), Forward(Decay);
    normal: LevenbergMarquardt::<T>::default(), start::<T, Normal>(), Forward(Decay);
    square_root_blocks: LevenbergMarquardt::<T>::default(), start::<T, SquareRoot>(), Fours(Forward(Decay));
    normal_blocks: LevenbergMarquardt::<T>::default(), start::<T, Normal>(), Fours(Forward(Decay));
    dense_square_root: LevenbergMarquardt::<T>::default(), dense::<T, SquareRoot>(), Forward(Whole);
    dense_normal: LevenbergMarquardt::<T>::default(), dense::<T, Normal>(), Forward(Whole);
    vectors: LevenbergMarquardt::<T>::default(), start::<T, SquareRoot>(), Stacked::<_, 3>(Forward(Triples));
    gauss_newton: GaussNewton::<T>::default(), start::<T, SquareRoot>(), Forward(Decay);
    gauss_newton_dense: GaussNewton::<T>::default(), dense::<T, SquareRoot>(), Forward(Whole);
    gauss_newton_bounded: GaussNewton::<T>::default().within(tight()), start::<T, Normal>(), Forward(Decay);
    dogleg: Dogleg::<T>::default(), start::<T, SquareRoot>(), Forward(Decay);
    dogleg_dense: Dogleg::<T>::default(), dense::<T, Normal>(), Forward(Whole);
    with_an_equation: LevenbergMarquardt::<T>::default().within(fifth()),
        StreamedState::<T, 2, SquareRoot, 3>::new(point(Decay::START)), Tangent::new(Forward(Decay), fifth());
    on_a_manifold: LevenbergMarquardt::<T>::default().within(Rotation),
        StreamedState::<T, 3, SquareRoot, 4>::new(point([1.0, 0.0, 0.0, 0.0])), Tangent::new(Forward(Pairs::seen().0), Rotation);
    geodesic: GeodesicLevenbergMarquardt::<T>::default(), GeodesicState::<T, 9, 3>::from_point(point(Decay::START)),
        Forward(Whole);
    graduated: Graduated::<T>::new(T::of_f64(0.3)), GraduatedState::<T, 3, SquareRoot>::from_point(point(Decay::START)),
        Forward(Decay);
    graduated_normal: Graduated::<T>::new(T::of_f64(0.3)), GraduatedState::<T, 3, Normal>::from_point(point(Decay::START)),
        prior::<T, _>(Fours(Forward(Decay)));
    reweighted: LevenbergMarquardt::<T>::default(), start::<T, SquareRoot>(), cauchy::<T, _>(Forward(Decay)).reweighted();
    separable: LevenbergMarquardt::<T>::default(), SeparableState::<T, 2, 1, 3>::new(point([1.0])), Forward(Decay);
    within_bounds: LevenbergMarquardt::<T>::default().within(tight()), start::<T, SquareRoot>(), Forward(Decay);
    with_a_robust_loss: LevenbergMarquardt::<T>::default(), start::<T, SquareRoot>(), cauchy::<T, _>(Forward(Decay));
    with_a_prior: LevenbergMarquardt::<T>::default(), start::<T, SquareRoot>(), prior::<T, _>(Forward(Decay));
    square_root_together: LevenbergMarquardt::<T>::default().within(tight()), start::<T, SquareRoot>(),
        prior::<T, _>(cauchy::<T, _>(Forward(Decay)));
    normal_together: LevenbergMarquardt::<T>::default().within(tight()), start::<T, Normal>(),
        prior::<T, _>(cauchy::<T, _>(Fours(Forward(Decay))));
    douglas_rachford: DouglasRachford::new(lasso::<T>()), DouglasRachfordState::new(slope()), bowl::<T>();
    admm: Admm::new(lasso::<T>()), AdmmState::<T, 2, 2>::new(slope()), Direct(bowl::<T>());
    admm_coupled: Admm::new(lasso::<T>()), AdmmState::<T, 2, 3>::new(slope()), coupled::<T>();
    primal_dual: PrimalDual::new(low::<T>(), lasso::<T>(), T::of_f64(0.3), T::of_f64(0.3)),
        PrimalDualState::<T, 2, 3>::new(slope()), Matrix(map::<T>());
    davis_yin: DavisYin::new(low::<T>(), lasso::<T>()), DavisYinState::new(slope()), convex::<T>();
    alternating_projections: AlternatingProjections::default(), AlternatingProjectionsState::<T, 2, 2>::new(point([3.0, 2.0])),
        Sets((low::<T>(), Simplex { total: T::ONE }));
    dykstra: Dykstra::default(), DykstraState::<T, 2, 2>::new(point([3.0, 2.0])), Sets((low::<T>(), Simplex { total: T::ONE }));
    frank_wolfe: FrankWolfe::new(Simplex { total: T::ONE }), FrankWolfeState::<T, 2, 3>::new(slope()), Forward(Valley);
    frank_wolfe_plain: FrankWolfe { gap_tolerance: T::of_f64(0.02), ..FrankWolfe::new(low::<T>()) }, FrankWolfeState::<T, 2, 0>::new(slope()), Forward(Valley);
    augmented_lagrangian: AugmentedLagrangian::new(point::<T, 1>([0.5]), point([0.5])), AugmentedLagrangianState::new(slope()),
        Forward(Ring);
    augmented_lagrangian_bounded: AugmentedLagrangian::new(point::<T, 1>([-5.0]), point([0.5])).within(around()),
        AugmentedLagrangianState::new(slope()), Forward(Ring);
}

subjects! {
    keep_time:
    dual_active_set: DualActiveSet::<T>::default(), DualActiveSetState::new(slope()), program::<T>(T::ZERO);
    over_relaxation: OverRelaxation::new(T::of_f64(1.3)), OverRelaxationState::new(slope()), convex::<T>();
    interior_point: InteriorPoint::<T>::default(), InteriorPointState::<T, 2, 3>::new(slope()), cone::<T>();
    dual_active_set_proximal: DualActiveSet::<T>::default(), DualActiveSetState::new(slope()), program::<T>(T::HALF);
}
