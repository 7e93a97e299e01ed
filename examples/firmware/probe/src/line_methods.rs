//! Line searches, and the smooth methods that learn curvature from gradients.

use core::convert::Infallible;

use nalgebra::{SVector, vector};
use thalweg::line_search::{Backtracking, HagerZhang, Line, LineSearch, StrongWolfe, Verdict};
use thalweg::problem::{Counted, Forward, Function, Smooth, gradient_fn};
use thalweg::smooth::{
    Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState, ConjugateGradient, ConjugateGradientState, ConjugateRule, Lbfgs,
    LbfgsState, SymmetricRankOne, SymmetricRankOneState,
};
use thalweg::{Method, Number, Real};

use crate::{any, see};

pub fn everything<T: Real>() {
    search(any(Backtracking::<T>::default()));
    search(any(StrongWolfe::<T>::default()));
    search(any(HagerZhang::<T>::default()));
    methods::<T, Infallible>(&mut gradient_fn(|x: &SVector<T, 4>, g: &mut SVector<T, 4>| {
        *g = *x;
        x.iter().fold(T::ZERO, |sum, x| sum + T::HALF * x.squared())
    }));
    methods::<T, Infallible>(&mut Counted::new(Forward(Bowl)));
}

fn search<T: Real>(search: impl LineSearch<T>) {
    see(search.validate());
    let mut line = any(Line::begin(any(T::ONE), any(-T::ONE), any(T::HALF)).within(any(T::TWO)));
    while search.tell(&mut line, any(T::ONE), any(T::HALF)) == Verdict::Ask {
        see((line.rate(), line.slope()));
    }
}

/// A function over any number.
struct Bowl;

impl<T: Real> Function<T, 4> for Bowl {
    fn value<D: Number<Scalar = T>>(&self, &[a, b, c, d]: &[D; 4]) -> D {
        (a * b).exp() + c.powi(4) + (d - a) * (d - a)
    }
}

/// Steps, runs and reads.
macro_rules! drive {
    ($method:expr, $state:ty, $problem:expr) => {{
        let start: SVector<T, 4> = any(vector![T::ONE, T::TWO, T::HALF, -T::ONE]);
        let (method, mut state) = (any($method), any(<$state>::from(start)));
        see(method.validate());
        see(method.step(&mut state, &mut *$problem));
        see(method.run(&mut state, &mut *$problem, any(10)));
        see((state.x(), state.value(), state.gradient(), state.clone()));
    }};
}

fn methods<T: Real, E>(problem: &mut dyn Smooth<T, 4, Error = E>) {
    let mut problem = any(problem);
    let (zhang, wolfe) = (HagerZhang::<T>::default(), StrongWolfe::<T>::default());
    for rule in [ConjugateRule::HagerZhang, ConjugateRule::PolakRibiere, ConjugateRule::DaiYuan] {
        let method = ConjugateGradient { rule: any(rule), ..ConjugateGradient::default() };
        drive!(method, ConjugateGradientState<T, 4>, &mut problem);
        drive!(method.searching(wolfe), ConjugateGradientState<T, 4>, &mut problem);
    }
    drive!(Bfgs::default(), BfgsState<T, 4>, &mut problem);
    drive!(Bfgs::default().searching(zhang), BfgsState<T, 4>, &mut problem);
    drive!(Lbfgs::default(), LbfgsState<T, 4, 5>, &mut problem);
    drive!(Lbfgs::default().searching(Backtracking::default()), LbfgsState<T, 4, 1>, &mut problem);
    let corner = SVector::<T, 4>::from_element(any(T::TWO));
    let bounded = BoundedLbfgs::new(-corner, corner);
    drive!(bounded, BoundedLbfgsState<T, 4, 5>, &mut problem);
    drive!(bounded.searching(zhang), BoundedLbfgsState<T, 4, 3>, &mut problem);
    drive!(SymmetricRankOne::default(), SymmetricRankOneState<T, 4>, &mut problem);
}
