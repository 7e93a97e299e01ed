//! The methods and the paths they take.

use clap::ValueEnum;
use nalgebra::Vector2;
use thalweg::problem::{Counted, Forward};
use thalweg::smooth::{
    BarzilaiBorwein, BarzilaiBorweinState, Bfgs, BfgsState, ConjugateGradient, ConjugateGradientState,
    CubicRegularization, GradientDescent, GradientDescentState, HeavyBall, HeavyBallState, Lbfgs, LbfgsState,
    NegativeCurvature, NegativeCurvatureState, Nesterov, NesterovState, NewtonCg, NewtonCgState, NewtonState,
    NewtonTrustRegion, PerturbedDescent, PerturbedDescentState, RegularizedNewton, SaddleFreeNewton, SymmetricRankOne,
    SymmetricRankOneState,
};
use thalweg::{Method, Status};

use crate::functions::Landscape;

type Oracle = Counted<Forward<Landscape>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    GradientDescent,
    BarzilaiBorwein,
    HeavyBall,
    Nesterov,
    PerturbedDescent,
    ConjugateGradient,
    Bfgs,
    Lbfgs,
    SymmetricRankOne,
    NewtonTrustRegion,
    NewtonCg,
    SaddleFreeNewton,
    RegularizedNewton,
    CubicRegularization,
    NegativeCurvature,
}

/// The best points of a run, one after the other.
#[derive(Debug)]
pub struct Trail {
    pub name: Name,
    pub points: Vec<Vector2<f64>>,
    pub value: f64,
    pub steps: u32,
    pub evaluations: u64,
    pub status: Status,
}

impl Trail {
    pub fn end(&self) -> Vector2<f64> {
        self.points.last().copied().unwrap_or_default()
    }
}

impl Name {
    pub fn title(self) -> String {
        self.to_possible_value().map(|value| value.get_name().replace('-', " ")).unwrap_or_default()
    }

    /// Runs the method and writes down every new best point.
    pub fn follow(self, function: Landscape, start: Vector2<f64>, budget: u32) -> Trail {
        let rate = 2e-3;
        macro_rules! trail {
            ($method:expr, $state:ty) => {{
                let mut state = <$state>::new(start);
                self.record($method, &mut state, function, start, budget, |state| (*state.x(), state.value()))
            }};
        }
        match self {
            Self::GradientDescent => trail!(GradientDescent::default(), GradientDescentState<f64, 2>),
            Self::BarzilaiBorwein => trail!(BarzilaiBorwein::default(), BarzilaiBorweinState<f64, 2>),
            Self::HeavyBall => trail!(HeavyBall::new(0.5 * rate, 0.9), HeavyBallState<f64, 2>),
            Self::Nesterov => {
                trail!(Nesterov { backtracking: true, ..Nesterov::new(1.0) }, NesterovState<f64, 2>)
            }
            Self::PerturbedDescent => trail!(PerturbedDescent::new(rate), PerturbedDescentState<f64, 2>),
            Self::ConjugateGradient => trail!(ConjugateGradient::default(), ConjugateGradientState<f64, 2>),
            Self::Bfgs => trail!(Bfgs::default(), BfgsState<f64, 2>),
            Self::Lbfgs => trail!(Lbfgs::default(), LbfgsState<f64, 2, 5>),
            Self::SymmetricRankOne => trail!(SymmetricRankOne::default(), SymmetricRankOneState<f64, 2>),
            Self::NewtonTrustRegion => trail!(NewtonTrustRegion::default(), NewtonState<f64, 2>),
            Self::NewtonCg => trail!(NewtonCg::default(), NewtonCgState<f64, 2>),
            Self::SaddleFreeNewton => trail!(SaddleFreeNewton::default(), NewtonState<f64, 2>),
            Self::RegularizedNewton => trail!(RegularizedNewton::default(), NewtonState<f64, 2>),
            Self::CubicRegularization => trail!(CubicRegularization::default(), NewtonState<f64, 2>),
            Self::NegativeCurvature => {
                trail!(NegativeCurvature::default(), NegativeCurvatureState<f64, 2, 2>)
            }
        }
    }

    fn record<S, M: Method<Oracle, S>>(
        self,
        method: M,
        state: &mut S,
        function: Landscape,
        start: Vector2<f64>,
        budget: u32,
        read: impl Fn(&S) -> (Vector2<f64>, f64),
    ) -> Trail {
        let mut oracle = Counted::new(Forward(function));
        let (mut points, mut steps, mut status) = (vec![start], 0, Status::Running);
        while status == Status::Running && steps < budget {
            let Ok(now) = method.step(state, &mut oracle);
            (status, steps) = (now, steps + 1);
            if points.last() != Some(&read(state).0) {
                points.push(read(state).0);
            }
        }
        Trail { name: self, points, value: read(state).1, steps, evaluations: oracle.calls(), status }
    }
}
