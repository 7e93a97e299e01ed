//! Any function, any parameters, any sequence of answers, failures and NaNs: the laws of `Method` hold for the smooth methods.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nalgebra::{SMatrix, SVector};
use thalweg::line_search::{Backtracking, HagerZhang, StrongWolfe};
use thalweg::problem::{
    Curved, FixedPoint, Forward, Function, GradientStep, HessianProducts, Objective, Problem, Smooth,
};
use thalweg::smooth::{
    Anderson, AndersonState, BarzilaiBorwein, BarzilaiBorweinState, Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState,
    ConjugateGradient, ConjugateGradientState, ConjugateRule, CubicRegularization, FixedRate, FixedRateState,
    GradientDescent, GradientDescentState, HeavyBall, HeavyBallState, KrylovSaddleFree, KrylovSaddleFreeState, Lbfgs,
    LbfgsState, Momentum, NegativeCurvature, NegativeCurvatureState, Nesterov, NesterovState, NewtonCg, NewtonCgState,
    NewtonState, NewtonTrustRegion, NormalizedDescent, NormalizedDescentState, PerturbedDescent, PerturbedDescentState,
    Polyak, PolyakState, RegularizedNewton, Restart, SaddleFreeNewton, SpectralRate, SymmetricRankOne,
    SymmetricRankOneState,
};
use thalweg::{ConfigError, Method, Number, Real, Stall, Status};

/// Bytes alone are nearly always numbers of extreme size.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Figure {
    Tame(i16),
    Any(f32),
}

impl Figure {
    fn get<T: Real>(self) -> T {
        T::of_f64(match self {
            Self::Tame(v) => f64::from(v) / 4096.0,
            Self::Any(v) => f64::from(v),
        })
    }
}

/// φ: powers, bends, a kink, a limit at infinity, a slope without bound.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Shape {
    Power(u8),
    Exp,
    Cos,
    Abs,
    Tanh,
    Sqrt,
}

/// `scale · φ(⟨tilt, x⟩ + shift)`.
#[derive(Arbitrary, Debug)]
struct Term {
    shape: Shape,
    scale: Figure,
    tilt: [Figure; 2],
    shift: Figure,
}

/// What the oracle does when it is asked: it answers, fails, or answers NaN for a part.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Mood {
    Answer,
    Fail,
    Value,
    Gradient,
    Hessian,
}

#[derive(Arbitrary, Debug)]
struct Input {
    subject: u8,
    variant: u8,
    patience: u8,
    terms: Vec<Term>,
    start: [Figure; 2],
    corners: [[Figure; 2]; 2],
    /// In place of a default.
    parameters: [Option<Figure>; 4],
    moods: Vec<Mood>,
}

#[derive(Clone, Copy)]
struct Sum<'a>(&'a [Term]);

impl<T: Real> Function<T, 2> for Sum<'_> {
    fn value<D: Number<Scalar = T>>(&self, &[x, y]: &[D; 2]) -> D {
        self.0.iter().take(4).fold(D::of(0.0), |sum, term| {
            let [a, b] = term.tilt.map(Figure::get);
            let along = (x.scale(a) + y.scale(b)).offset(term.shift.get());
            let value = match term.shape {
                Shape::Power(exponent) => along.powi(i32::from(exponent % 5)),
                Shape::Exp => along.exp(),
                Shape::Cos => along.cos(),
                Shape::Abs => along.abs(),
                Shape::Tanh => along.tanh(),
                Shape::Sqrt => along.abs().sqrt(),
            };
            sum + value.scale(term.scale.get())
        })
    }
}

/// A function in a mood that changes from call to call.
struct Moody<'a> {
    function: Forward<Sum<'a>>,
    moods: core::slice::Iter<'a, Mood>,
    calls: u32,
    /// The question that failed: it must come again.
    unanswered: Option<[f64; 2]>,
    /// Nobody may ask outside.
    bounds: [[f64; 2]; 2],
    /// Of the gradient step that is accelerated.
    rate: f64,
}

#[derive(Clone, Copy)]
struct Failed;

impl Moody<'_> {
    /// Factors of value, gradient and Hessian: one or NaN.
    fn ask<T: Real>(&mut self, x: &SVector<T, 2>) -> Result<[T; 3], Failed> {
        self.calls += 1;
        let question = [x[0].to_f64(), x[1].to_f64()];
        if let Some(last) = self.unanswered.take() {
            assert_eq!(last.map(f64::to_bits), question.map(f64::to_bits), "another question after a failure");
        }
        let [lower, upper] = self.bounds;
        assert!((0..2).all(|j| !(question[j] < lower[j] || question[j] > upper[j])), "asked outside: {question:?}");
        let mood = self.moods.next();
        if mood == Some(&Mood::Fail) {
            self.unanswered = Some(question);
            return Err(Failed);
        }
        Ok([Mood::Value, Mood::Gradient, Mood::Hessian].map(|part| if mood == Some(&part) { T::NAN } else { T::ONE }))
    }
}

impl Problem for Moody<'_> {
    type Error = Failed;
}

impl<T: Real> Objective<T, 2> for Moody<'_> {
    fn value(&mut self, x: &SVector<T, 2>) -> Result<T, Failed> {
        let [v, _, _] = self.ask(x)?;
        let Ok(value) = self.function.value(x);
        Ok(value * v)
    }
}

impl<T: Real> Smooth<T, 2> for Moody<'_> {
    fn gradient(&mut self, x: &SVector<T, 2>, g: &mut SVector<T, 2>) -> Result<T, Failed> {
        let [v, slope, _] = self.ask(x)?;
        let Ok(value) = self.function.gradient(x, g);
        *g *= slope;
        Ok(value * v)
    }
}

impl<T: Real> Curved<T, 2> for Moody<'_> {
    fn hessian(&mut self, x: &SVector<T, 2>, g: &mut SVector<T, 2>, h: &mut SMatrix<T, 2, 2>) -> Result<T, Failed> {
        let [v, slope, bend] = self.ask(x)?;
        let Ok(value) = self.function.hessian(x, g, h);
        *g *= slope;
        *h *= bend;
        Ok(value * v)
    }
}

impl<T: Real> HessianProducts<T, 2> for Moody<'_> {
    fn product(&mut self, x: &SVector<T, 2>, v: &SVector<T, 2>, hv: &mut SVector<T, 2>) -> Result<(), Failed> {
        let [_, _, bend] = self.ask(x)?;
        let Ok(()) = self.function.product(x, v, hv);
        *hv *= bend;
        Ok(())
    }
}

impl<T: Real> FixedPoint<T, 2> for Moody<'_> {
    fn map(&mut self, x: &SVector<T, 2>, g: &mut SVector<T, 2>) -> Result<T, Failed> {
        let rate = T::of_f64(self.rate);
        GradientStep { inner: self, rate }.map(x, g)
    }
}

/// Steps through all moods and on; `read` gives the best point and its value.
fn drive<'a, T: Real, S>(
    (method, valid): (&impl Method<Moody<'a>, S>, Result<(), ConfigError>),
    mut state: S,
    problem: &mut Moody<'a>,
    read: impl Fn(&S) -> (SVector<T, 2>, T),
) {
    let finite = |x: &SVector<T, 2>| x.iter().all(|x| x.is_finite());
    let start_is_finite = finite(&read(&state).0);
    let mut least = T::INFINITY;
    for _ in 0..problem.moods.len() + 200 {
        let ((x, value), before) = (read(&state), problem.calls);
        let result = method.step(&mut state, problem);
        let ((next, lower), calls) = (read(&state), problem.calls);
        assert!(calls - before <= 1, "more than one call");
        // Rounding may hide a rise, but such steps must not add up.
        let hidden = T::of_f64(128.0) * T::EPSILON * least.abs().max(lower.abs());
        assert!(lower <= least + hidden, "worse: {lower:e} after {least:e}");
        least = least.min(lower);
        assert!(finite(&next) || !start_is_finite, "{next} is not finite");
        let Ok(again) = problem.function.value(&next);
        assert!(lower == T::INFINITY || lower == again, "{lower:e} is not the value {again:e} of the point");
        match (result, valid) {
            (Ok(status), Err(error)) => {
                assert!(status == Status::Stalled(Stall::Config(error)) && calls == 0, "{status}")
            }
            (Ok(status), Ok(())) => assert!(!matches!(status, Status::Stalled(Stall::Config(_))), "{status}"),
            (Err(Failed), _) => assert!(lower == value && (next == x || !start_is_finite), "a failure moved x"),
        }
        if let Ok(end @ (Status::Converged(_) | Status::Stalled(_))) = result {
            let early = matches!(end, Status::Stalled(Stall::NonFinite | Stall::Config(_)));
            assert!(lower.is_finite() || early, "{end} without a value");
            assert!(method.step(&mut state, problem).is_ok_and(|again| again == end), "the end is not the end");
            assert!(problem.calls == calls && read(&state).1 == lower, "work after the end");
            return;
        }
    }
}

/// Drives one of the methods, each on a line with the memory it starts with.
macro_rules! drive_one {
    ($place:expr, $start:expr, $problem:expr; $($method:expr, $memory:expr;)*) => {
        let place = usize::from($place) % [$(stringify!($memory)),*].len();
        let mut places = 0..;
        $(if places.next() == Some(place) {
            let method = $method;
            return drive((&method, method.validate()), $memory($start), $problem, |state| (*state.x(), state.value()));
        })*
    };
}

fn run<T: Real>(input: &Input) {
    let any = |i: usize, usual: f64| input.parameters[i].map_or(T::of_f64(usual), Figure::get);
    let point = |x: [Figure; 2]| SVector::<T, 2>::from(x.map(Figure::get));
    let [lower, upper] = input.corners.map(point);
    let (patience, third) = (u32::from(input.patience), usize::from(input.variant % 3));
    let restart = [Restart::Never, Restart::Gradient, Restart::Value][third];
    let rule = [ConjugateRule::HagerZhang, ConjugateRule::PolakRibiere, ConjugateRule::DaiYuan][third];
    let spectral = [SpectralRate::Long, SpectralRate::Short, SpectralRate::Adaptive(any(2, 0.8))][third];
    let momentum = [Momentum::Growing, Momentum::Constant(any(2, 0.5))][usize::from(input.variant / 3 % 2)];
    let root = T::SQRT_EPSILON.to_f64();
    let gradient_tolerance = any(0, root);
    let (initial_radius, curvature_tolerance, floor) = (any(1, 1.0), any(2, root), any(3, root));
    let wolfe = StrongWolfe { sufficient_decrease: any(1, 1e-4), curvature: any(2, 0.9) };
    let hager_zhang = HagerZhang { curvature: any(1, 0.9), rise: any(2, 1e-6), ..HagerZhang::default() };
    let backtracking = Backtracking { sufficient_decrease: any(1, 1e-4) };
    let mut problem = Moody {
        function: Forward(Sum(&input.terms)),
        moods: input.moods.iter(),
        calls: 0,
        unanswered: None,
        bounds: [[f64::NEG_INFINITY; 2], [f64::INFINITY; 2]],
        rate: any(1, 0.1).to_f64(),
    };
    drive_one! {
        input.subject, point(input.start), &mut problem;
        GradientDescent { gradient_tolerance, initial_rate: any(1, 1.0), shrink: any(2, 0.5), sufficient_decrease: any(3, 1e-4) }, GradientDescentState::new;
        FixedRate { rate: any(1, 0.1), gradient_tolerance, patience }, FixedRateState::new;
        BarzilaiBorwein { spectral, initial_rate: any(1, 1.0), rate_floor: any(3, 1e-10), gradient_tolerance, patience, ..BarzilaiBorwein::default() }, BarzilaiBorweinState::<T, 2, 3>::new;
        Nesterov { momentum, restart, backtracking: input.variant < 128, gradient_tolerance, patience, ..Nesterov::new(any(1, 1.0)) }, NesterovState::new;
        HeavyBall { restart, gradient_tolerance, patience, ..HeavyBall::new(any(1, 0.1), any(2, 0.8)) }, HeavyBallState::new;
        Polyak { relaxation: any(1, 1.0), gradient_tolerance, patience, ..Polyak::new(any(2, 0.0)) }, PolyakState::new;
        NormalizedDescent { gradient_tolerance, patience, ..NormalizedDescent::new(any(1, 0.1), any(2, 0.5)) }, NormalizedDescentState::new;
        PerturbedDescent { radius: any(2, 0.01), escape_budget: 5, escape_decrease: any(3, root), gradient_tolerance, patience, ..PerturbedDescent::new(any(1, 0.1)) }, PerturbedDescentState::new;
        Anderson { residual_tolerance: any(0, root), mixing: any(2, 1.0), independence: any(3, 0.01 * root), patience }, AndersonState::<T, 2, 2>::new;
        ConjugateGradient { gradient_tolerance, rule, truncation: any(1, 0.01), cycle: 2, ..ConjugateGradient::default() }, ConjugateGradientState::new;
        ConjugateGradient { gradient_tolerance, rule, ..ConjugateGradient::default() }.searching(wolfe), ConjugateGradientState::new;
        Bfgs { gradient_tolerance, search: wolfe }, BfgsState::new;
        Bfgs { gradient_tolerance, search: hager_zhang }, BfgsState::new;
        Lbfgs { gradient_tolerance, search: wolfe }, LbfgsState::<T, 2, 3>::new;
        Lbfgs { gradient_tolerance, search: backtracking }, LbfgsState::<T, 2, 3>::new;
        {
            problem.bounds = [lower, upper].map(|corner| [corner[0].to_f64(), corner[1].to_f64()]);
            BoundedLbfgs { gradient_tolerance, search: wolfe, lower, upper }
        }, BoundedLbfgsState::<T, 2, 3>::new;
        SymmetricRankOne { gradient_tolerance, initial_radius }, SymmetricRankOneState::new;
        NewtonTrustRegion { gradient_tolerance, curvature_tolerance, initial_radius }, NewtonState::new;
        NewtonCg { gradient_tolerance, initial_radius }, NewtonCgState::new;
        SaddleFreeNewton { gradient_tolerance, curvature_tolerance, floor, initial_radius, shift: T::ZERO }, NewtonState::new;
        KrylovSaddleFree { gradient_tolerance, curvature_tolerance, floor, initial_radius }, KrylovSaddleFreeState::<T, 2, 2>::new;
        KrylovSaddleFree { gradient_tolerance, curvature_tolerance, floor, initial_radius }, KrylovSaddleFreeState::<T, 2, 1>::new;
        RegularizedNewton { gradient_tolerance, initial_radius, ..RegularizedNewton::default() }, NewtonState::new;
        CubicRegularization { gradient_tolerance, curvature_tolerance, initial_weight: any(1, 1.0) }, NewtonState::new;
        NegativeCurvature { gradient_tolerance, curvature_tolerance, initial_length: any(1, 1.0), sufficient_decrease: any(3, 1e-4), ..NegativeCurvature::default() }, NegativeCurvatureState::<T, 2, 2>::new;
    }
}

fuzz_target!(|input: Input| {
    run::<f32>(&input);
    run::<f64>(&input);
});
