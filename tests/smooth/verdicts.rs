//! Functions on which a verdict is easily wrong: falling without bound, flat, kinked, scaled far up or down.

use core::convert::Infallible;

use nalgebra::{SVector, vector};
use thalweg::line_search::Backtracking;
use thalweg::problem::{Counted, FiniteSum, FisherCurvature, Forward, Function, Problem};
use thalweg::smooth::{
    Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState, CubicRegularization, GradientDescent, GradientDescentState,
    Lbfgs, LbfgsState, NaturalGradient, NegativeCurvature, NegativeCurvatureState, NewtonCg, NewtonCgState,
    NewtonState, NormalizedDescent, PerturbedDescent, PerturbedDescentState, RegularizedNewton, SaddleFreeNewton,
};
use thalweg::{Method, Number, Real, Stall, Status};

use crate::functions::{DoubleWell, Rosenbrock, point};

/// A function times a factor.
#[derive(Clone, Copy)]
struct Times<F>(f64, F);

impl<T: Real, const N: usize, F: Function<T, N>> Function<T, N> for Times<F> {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; N]) -> D {
        self.1.value(x).scale(T::of_f64(self.0))
    }
}

/// `-x`.
#[derive(Clone, Copy)]
struct Slide;

impl<T: Real> Function<T, 1> for Slide {
    fn value<D: Number<Scalar = T>>(&self, &[x]: &[D; 1]) -> D {
        -x
    }
}

/// `|x|`.
#[derive(Clone, Copy)]
struct Kink;

impl<T: Real> Function<T, 1> for Kink {
    fn value<D: Number<Scalar = T>>(&self, &[x]: &[D; 1]) -> D {
        x.abs()
    }
}

fn end<S, P: Problem<Error = Infallible>>(method: &impl Method<P, S>, state: &mut S, mut problem: P) -> Status {
    let Ok(status) = method.run(state, &mut problem, 20_000);
    status
}

#[test]
fn a_large_function_in_a_narrow_box_is_not_flat() {
    fn check<T: Real>(factor: f64) {
        let method = BoundedLbfgs::new(point::<T, 2>([-2.0; 2]), point([2.0; 2]));
        let mut state = BoundedLbfgsState::<T, 2, 5>::new(point(Rosenbrock::START));
        let status = end(&method, &mut state, Forward(Times(factor, Rosenbrock)));
        let far = state.x().iter().fold(0.0, |far: f64, x| far.max((x.to_f64() - 1.0).abs()));
        assert!(far < 0.01, "{factor:e}: {status:?} at {:?}", state.x());
    }
    for factor in [1.0, 1e6, 1e9] {
        check::<f32>(factor);
        check::<f64>(factor);
    }
}

#[test]
fn what_falls_without_bound_has_not_converged() {
    fn check<T: Real>() {
        let slide = |factor| Forward(Times(factor, Slide));
        for factor in [1.0, 1e-2, 1e-3] {
            let mut state = GradientDescentState::<T, 1>::new(point([0.0]));
            let status = end(&GradientDescent::default(), &mut state, slide(factor));
            assert!(matches!(status, Status::Stalled(_)), "gradient descent, {factor}: {status:?}");
            let mut state = NegativeCurvatureState::<T, 1, 1>::new(point([0.0]));
            let status = end(&NegativeCurvature::default(), &mut state, slide(factor));
            assert!(matches!(status, Status::Stalled(_)), "negative curvature, {factor}: {status:?}");
        }
        let mut state = BfgsState::<T, 1>::new(point([0.0]));
        assert_eq!(end(&Bfgs::default(), &mut state, slide(1.0)), Status::Stalled(Stall::Unbounded));
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn a_kink_and_a_saddle_end_a_solve() {
    fn check<T: Real>() {
        let mut state = NewtonState::<T, 1>::new(point([0.7]));
        let status = end(&RegularizedNewton::default(), &mut state, Forward(Kink));
        assert!(matches!(status, Status::Stalled(_)), "regularized: {status:?}");
        let mut state = NewtonState::<T, 1>::new(point([0.7]));
        let status = end(&SaddleFreeNewton::default(), &mut state, Forward(Kink));
        assert_eq!(status, Status::Stalled(Stall::NoDescent), "saddle-free: the minimizer is at hand");
        let mut state = NewtonState::<T, 2>::new(point([0.0, 1e-9]));
        let status = end(&RegularizedNewton::default(), &mut state, Forward(Times(100.0, DoubleWell)));
        assert!(status != Status::Running, "beside a saddle");
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn perturbed_descent_converges_where_it_stands() {
    let mut state = PerturbedDescentState::<f64, 2>::new(vector![0.0, 0.0]);
    let method = PerturbedDescent { escape_budget: 2000, ..PerturbedDescent::new(0.1) };
    let bowl =
        thalweg::problem::Quadratic { hessian: nalgebra::Matrix2::identity(), ..thalweg::problem::Quadratic::zero() };
    let status = end(&method, &mut state, bowl);
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
}

#[test]
fn the_unit_of_f_does_not_matter_to_pairs() {
    fn calls<T: Real>(factor: f64) -> u64 {
        let method = Lbfgs { gradient_tolerance: T::ZERO, ..Lbfgs::default() };
        let (mut state, mut oracle) =
            (LbfgsState::<T, 2, 5>::new(point(Rosenbrock::START)), Counted::new(Forward(Times(factor, Rosenbrock))));
        while state.value() > T::of_f64(1e-4 * factor) && oracle.calls() < 2000 {
            let Ok(_) = method.step(&mut state, &mut oracle);
        }
        oracle.calls()
    }
    let [f32s, f64s] = [calls::<f32>(1.0), calls::<f64>(1.0)];
    assert!(calls::<f32>(1e-10) <= 2 * f32s && calls::<f64>(1e-18) <= 2 * f64s);
}

#[test]
fn a_gradient_that_is_not_a_number_is_never_followed() {
    /// `0.1 ‖x‖ + ½ ‖x - (3, 0)‖²`: no gradient at the origin.
    struct Cone;
    impl Function<f64, 2> for Cone {
        fn value<D: Number<Scalar = f64>>(&self, &[x, y]: &[D; 2]) -> D {
            let off = x.offset(-3.0);
            assert!(!x.real().is_nan() && !y.real().is_nan(), "asked at a point that is not one");
            (x * x + y * y).sqrt().scale(0.1) + (off * off + y * y).scale(0.5)
        }
    }
    let method = Lbfgs::default().searching(Backtracking::default());
    let mut state = LbfgsState::<f64, 2, 3>::new(vector![-1.0, 0.0]);
    let status = end(&method, &mut state, Forward(Cone));
    assert!(status != Status::Running && state.value() <= 8.1);
}

#[test]
fn large_curvatures_and_radii_stay_in_range() {
    let mut state = NewtonState::<f32, 1>::new(vector![1.0]);
    let steep = thalweg::problem::Quadratic { hessian: SVector::from([2e20]), ..thalweg::problem::Quadratic::zero() };
    assert!(matches!(end(&CubicRegularization::default(), &mut state, steep), Status::Converged(_)));
    let mut state = NewtonCgState::<f64, 2>::new(vector![1.0, 0.1]);
    let wide = NewtonCg { initial_radius: 1e200, ..NewtonCg::default() };
    assert!(matches!(end(&wide, &mut state, Forward(DoubleWell)), Status::Converged(_)));
    for [a, l0, l1] in
        [[f64::NAN, 0.0, 1.0], [0.0, -1.0, 1.0], [0.5, 1.0, -1.0], [0.0, 1.0, -1.0], [0.5, f64::NAN, 1.0]]
    {
        let rate = NormalizedDescent::safe(0.1, a, l0, l1);
        assert!(rate.validate().is_err(), "{rate:?}");
    }
    assert_eq!(NormalizedDescent::safe(0.1, 0.5, 0.0, 0.0).validate(), Ok(()));
}

#[test]
fn a_mean_of_no_terms_is_not_minimized() {
    struct Nothing;
    impl Problem for Nothing {
        type Error = Infallible;
    }
    impl FiniteSum<f64, 1> for Nothing {
        fn terms(&self) -> usize {
            0
        }
        fn term(&mut self, _: usize, _: &SVector<f64, 1>, _: &mut SVector<f64, 1>) -> Result<f64, Infallible> {
            unreachable!("there is no term")
        }
    }
    let mut state = NewtonState::<f64, 1>::new(vector![1.0]);
    let status = end(&NaturalGradient::default(), &mut state, FisherCurvature(Nothing));
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
}

#[test]
fn an_infinite_point_is_never_the_best() {
    /// `-3e38 tanh(2e-38 (x + y))`: nearly flat up to the largest numbers.
    struct Shelf;
    impl Function<f32, 2> for Shelf {
        fn value<D: Number<Scalar = f32>>(&self, &[x, y]: &[D; 2]) -> D {
            (x + y).scale(2e-38).tanh().scale(-3e38)
        }
    }
    let mut descent = GradientDescentState::<f32, 2>::new(vector![0.0, 0.0]);
    let _ = end(&GradientDescent::default(), &mut descent, Forward(Shelf));
    let mut dense = BfgsState::<f32, 2>::new(vector![0.0, 0.0]);
    let _ = end(&Bfgs::default(), &mut dense, Forward(Shelf));
    for x in [descent.x(), dense.x()] {
        assert!(x.iter().all(|x| x.is_finite()), "{x:?}");
    }
}

#[test]
fn a_start_that_is_not_a_number_is_no_corner() {
    let method = BoundedLbfgs::new(vector![-1.0, -1.0], vector![2.0, 2.0]);
    for start in [vector![f64::NAN, 0.0], vector![0.0, f64::NAN]] {
        let mut state = BoundedLbfgsState::<f64, 2, 3>::new(start);
        let status = end(&method, &mut state, Forward(DoubleWell));
        assert_eq!((status, state.value()), (Status::Stalled(Stall::NonFinite), f64::INFINITY));
    }
    // An infinite one has a nearest point.
    let mut state = BoundedLbfgsState::<f64, 2, 3>::new(vector![f64::INFINITY, f64::NEG_INFINITY]);
    let status = end(&method, &mut state, Forward(DoubleWell));
    assert!(matches!(status, Status::Converged(_)) && state.value() == -0.25, "{status:?} {}", state.value());
}

/// M has to be halved 80 times in f32, and doubled as often, without a verdict before its time.
#[test]
fn a_small_cubic_weight_is_no_verdict() {
    let small = f64::EPSILON * f64::EPSILON;
    let method = CubicRegularization { initial_weight: small, ..CubicRegularization::default() };
    let mut state = NewtonState::<f64, 2>::new(point(Rosenbrock::START));
    let status = end(&method, &mut state, Forward(Rosenbrock));
    assert!(matches!(status, Status::Converged(_)) && state.value() < 1e-15, "{status:?} {}", state.value());
    // So small that the method would end for it, not for what f does.
    let none = CubicRegularization { initial_weight: 1e-307, ..method };
    assert_eq!(none.validate(), Err(thalweg::ConfigError::NotPositive));
    /// The double well, far up; nobody may ask out of the range.
    struct Guarded;
    impl Function<f32, 2> for Guarded {
        fn value<D: Number<Scalar = f32>>(&self, x: &[D; 2]) -> D {
            assert!(x.iter().all(|x| x.real().is_finite()), "asked out of the range");
            Times(1e26, DoubleWell).value(x)
        }
    }
    // The first step from a saddle leaves the range.
    let single = CubicRegularization { initial_weight: 2e-14_f32, ..CubicRegularization::default() };
    let mut state = NewtonState::<f32, 2>::new(point([0.0, 0.0]));
    let status = end(&single, &mut state, Forward(Guarded));
    assert!(status != Status::Running && state.value() < -0.249e26, "{status:?} {}", state.value());
}
