//! Every tolerance and every status by the inequality that its documentation gives.

use core::convert::Infallible;
use core::fmt::Debug;

use nalgebra::{Matrix2, SVector, Vector1, Vector2, vector};
use thalweg::least_squares::{
    Bounds, Dogleg, Domain, GaussNewton, LevenbergMarquardt, Strategy, StreamedState, Tolerances,
};
use thalweg::problem::{Counted, GradientFn, Loss, Prior, Robust, gradient_fn, row_fn};
use thalweg::smooth::{GradientDescent, GradientDescentState};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::problems::{Linear, point};

/// Two residuals, `x - x0 + c` and a constant, of norm one at `x0`: there the gradient is `c`, the cosine is `c`, the model
/// promises `c²` of the cost, and the step is `c`.
fn pair<T: Real>(x0: f64, c: f64) -> Linear<T, 1> {
    Linear::of(&[[1.0], [0.0]], &[x0 - c, (1.0 - c * c).sqrt()])
}

/// All tolerances zero but those that `set` changes.
fn exact<T: Real>(set: impl FnOnce(&mut Tolerances<T>)) -> LevenbergMarquardt<T> {
    let mut tolerances = Tolerances { gradient: T::ZERO, decrease: T::ZERO, step: T::ZERO };
    set(&mut tolerances);
    LevenbergMarquardt { tolerances, ..LevenbergMarquardt::default() }
}

/// The status after the pass over the start.
fn first<T: Real, D: Domain<T, 1>>(method: LevenbergMarquardt<T, D>, x0: f64, c: f64) -> Status {
    let mut state = StreamedState::new(point([x0]));
    let Ok(status) = method.run(&mut state, &mut pair::<T>(x0, c), 2);
    status
}

/// A bowl with its gradient, generic over the scalar.
fn slope<T: Real>(value: f64, slope: f64) -> GradientFn<impl FnMut(&Vector1<T>, &mut Vector1<T>) -> T> {
    gradient_fn(move |x: &Vector1<T>, g: &mut Vector1<T>| {
        *g = vector![T::of_f64(slope)];
        T::of_f64(value) + T::of_f64(slope) * x[0]
    })
}

/// Runs a check in both scalars.
macro_rules! in_both_scalars {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            self::generic::$name::<f32>();
            self::generic::$name::<f64>();
        }
    )* };
}

in_both_scalars! {
    gradient_tolerance
    gradient_tolerance_at_a_bound
    decrease_tolerance
    step_tolerance
    initial_radius
    gradient_descent_tolerance
    initial_rate_shrink_and_sufficient_decrease
    non_finite
    no_descent
    no_descent_beside_a_bound
    no_descent_where_the_numbers_end
    flat
    a_minimizer_at_the_origin_is_not_flat
    no_data
    config
    budget
}

/// The checks, over the scalar.
mod generic {
    use super::*;

    pub fn gradient_tolerance<T: Real>() {
        let method = exact(|tolerances| tolerances.gradient = T::of_f64(0.1));
        assert_eq!(first(method, 1000.0, 0.098), Status::Converged(Criterion::Gradient));
        assert_eq!(first(method, 1000.0, 0.102), Status::Running);
    }

    pub fn gradient_tolerance_at_a_bound<T: Real>() {
        let method = exact(|tolerances| tolerances.gradient = T::of_f64(0.1));
        let (low, here, high) = (point([0.0]), point([1000.0]), point([2000.0]));
        let held = method.within(Bounds::new(here, high));
        assert_eq!(first(held, 1000.0, 0.9), Status::Converged(Criterion::Gradient));
        let free = method.within(Bounds::new(low, here));
        assert_eq!(first(free, 1000.0, 0.9), Status::Running);
        let fixed = method.within(Bounds::new(here, here));
        assert_eq!(first(fixed, 1000.0, -0.9), Status::Converged(Criterion::Gradient));
    }

    pub fn decrease_tolerance<T: Real>() {
        let method = exact(|tolerances| tolerances.decrease = T::of_f64(0.01));
        assert_eq!(first(method, 1000.0, 0.098), Status::Converged(Criterion::Decrease));
        assert_eq!(first(method, 1000.0, 0.102), Status::Running);
    }

    pub fn step_tolerance<T: Real>() {
        let method = exact(|tolerances| tolerances.step = T::of_f64(0.01));
        assert_eq!(first(method, 10.0, 0.098), Status::Converged(Criterion::Step));
        assert_eq!(first(method, 10.0, 0.102), Status::Running);
    }

    pub fn initial_radius<T: Real>() {
        for (x0, scaled) in [(3.0, 3.0), (0.0, 1.0)] {
            let mut asked: Vec<f64> = Vec::new();
            let mut problem = row_fn(1, |_, x: &Vector1<T>, g: &mut Vector1<T>| {
                asked.push(x[0].to_f64());
                *g = vector![T::ONE];
                x[0] - T::of_f64(1e4)
            });
            let method = LevenbergMarquardt { initial_radius: T::of_f64(10.0), ..LevenbergMarquardt::default() };
            let mut state = StreamedState::new(point([x0]));
            assert_eq!(method.run(&mut state, &mut problem, 2), Ok(Status::Running));
            let length = (asked[1] - asked[0]) / (10.0 * scaled);
            assert!((0.9..=1.1).contains(&length), "{length} radii");
        }
    }

    pub fn gradient_descent_tolerance<T: Real>() {
        let method = GradientDescent { gradient_tolerance: T::of_f64(0.1), ..GradientDescent::default() };
        for (value, gradient, status) in [
            (0.0, 0.099, Status::Converged(Criterion::Gradient)),
            (0.0, -0.101, Status::Running),
            (-50.0, 4.9, Status::Converged(Criterion::Gradient)),
            (50.0, 5.1, Status::Running),
        ] {
            let mut state = GradientDescentState::new(point([0.0]));
            assert_eq!(method.step(&mut state, &mut slope::<T>(value, gradient)), Ok(status), "{value} {gradient}");
        }
    }

    /// On a line of slope one, every rate is accepted and the next is `1/shrink` times as long; on `½ x² · 1.9` from one, the
    /// rate 1 leads to a decrease of 0.19 of the 3.61 that the slope promises.
    pub fn initial_rate_shrink_and_sufficient_decrease<T: Real>() {
        let method = GradientDescent { initial_rate: T::of_f64(0.5), shrink: T::of_f64(0.25), ..Default::default() };
        let mut state = GradientDescentState::new(point([0.0]));
        for x in [-0.5, -2.5, -10.5] {
            assert_eq!(method.run(&mut state, &mut slope::<T>(0.0, 1.0), 2), Ok(Status::Running));
            assert_eq!(state.x()[0].to_f64(), x);
        }
        let mut bowl = gradient_fn(|x: &Vector1<T>, g: &mut Vector1<T>| {
            let a = T::of_f64(1.9);
            *g = vector![a * x[0]];
            T::HALF * a * x[0] * x[0]
        });
        for (sufficient, accepted) in [(0.04, true), (0.06, false)] {
            let method = GradientDescent { sufficient_decrease: T::of_f64(sufficient), ..Default::default() };
            let mut state = GradientDescentState::new(point([1.0]));
            assert_eq!(method.run(&mut state, &mut bowl, 2), Ok(Status::Running));
            assert_eq!(state.x()[0] != T::ONE, accepted);
        }
    }

    pub fn non_finite<T: Real>() {
        for (residual, entry) in [(T::NAN, T::ONE), (T::INFINITY, T::ONE), (T::HALF, T::NAN), (T::HALF, -T::INFINITY)] {
            let mut rows = row_fn(2, |i, _: &Vector1<T>, g: &mut Vector1<T>| {
                *g = vector![if i == 1 { entry } else { T::ONE }];
                if i == 1 { residual } else { T::ONE }
            });
            stalls(&LevenbergMarquardt::default(), StreamedState::new(point([1.0])), &mut rows, Stall::NonFinite);
            stalls(&LevenbergMarquardt::default(), StreamedState::normal(point([1.0])), &mut rows, Stall::NonFinite);
            for loss in
                [Loss::Huber, Loss::SoftL1, Loss::Cauchy, Loss::Tukey, Loss::GemanMcClure, Loss::TruncatedSquares]
            {
                let mut robust = Robust::new(&mut rows, loss, T::ONE).unwrap();
                stalls(&LevenbergMarquardt::default(), StreamedState::new(point([1.0])), &mut robust, Stall::NonFinite);
            }
            let mut smooth = gradient_fn(|_: &Vector1<T>, g: &mut Vector1<T>| {
                *g = vector![entry];
                residual
            });
            stalls(&GradientDescent::default(), GradientDescentState::new(point([1.0])), &mut smooth, Stall::NonFinite);
        }
    }

    /// Derivatives of the wrong sign: no length of step decreases anything.
    pub fn no_descent<T: Real>() {
        for (x0, far) in [(10.0, 3.0), (0.0, 3.0), (1.0, 0.1), (1e-3, 50.0)] {
            let mut rows = row_fn(2, |i, x: &Vector1<T>, g: &mut Vector1<T>| {
                *g = vector![if i == 0 { -T::ONE } else { T::ZERO }];
                if i == 0 { x[0] - T::of_f64(x0 + far) } else { T::ONE }
            });
            stalls(&LevenbergMarquardt::default(), StreamedState::new(point([x0])), &mut rows, Stall::NoDescent);
            stalls(&LevenbergMarquardt::default(), StreamedState::normal(point([x0])), &mut rows, Stall::NoDescent);
            stalls(&GaussNewton::default(), StreamedState::new(point([x0])), &mut rows, Stall::NoDescent);
            stalls(&Dogleg::default(), StreamedState::new(point([x0])), &mut rows, Stall::NoDescent);
        }
        let mut smooth = gradient_fn(|x: &Vector1<T>, g: &mut Vector1<T>| {
            *g = vector![-x[0]];
            T::HALF * x[0] * x[0]
        });
        stalls(&GradientDescent::default(), GradientDescentState::new(point([1.0])), &mut smooth, Stall::NoDescent);
    }

    /// A bound so near that rounding hides the whole step, a slope of the wrong sign: the gradient is far from zero, so that is
    /// no minimum.
    pub fn no_descent_beside_a_bound<T: Real>() {
        let mut rows = row_fn(2, |i, x: &Vector1<T>, g: &mut Vector1<T>| {
            *g = vector![if i == 0 { -T::ONE } else { T::ZERO }];
            if i == 0 { x[0] + T::TWO } else { T::ONE }
        });
        let room = T::of_f64(9.0) * T::EPSILON;
        let method = LevenbergMarquardt::default().within(Bounds::new(point([0.0]), vector![T::ONE + room]));
        stalls(&method, StreamedState::new(point([1.0])), &mut rows, Stall::NoDescent);
        stalls(&method, StreamedState::normal(point([1.0])), &mut rows, Stall::NoDescent);
    }

    pub fn no_descent_where_the_numbers_end<T: Real>() {
        let method = GradientDescent { gradient_tolerance: T::ZERO, ..GradientDescent::default() };
        let mut state = GradientDescentState::new(point([1.0]));
        let Ok(status) = method.run(&mut state, &mut slope::<T>(0.0, 1e-2), 100_000);
        assert_eq!(status, Status::Stalled(Stall::NoDescent));
        assert!(state.x()[0].is_finite());
    }

    /// The residuals fall towards a limit at infinity that none of them reaches.
    pub fn flat<T: Real>() {
        let mut exponential = row_fn(2, |i, x: &Vector1<T>, g: &mut Vector1<T>| {
            let fade = (-x[0]).exp();
            *g = vector![if i == 0 { -fade } else { T::ZERO }];
            if i == 0 { fade } else { T::ONE }
        });
        stalls(&LevenbergMarquardt::default(), StreamedState::new(point([0.5])), &mut exponential, Stall::Flat);
        stalls(&LevenbergMarquardt::default(), StreamedState::normal(point([0.5])), &mut exponential, Stall::Flat);
        let mut rational = row_fn(2, |i, x: &Vector1<T>, g: &mut Vector1<T>| {
            let fall = T::ONE / (T::ONE + x[0]);
            *g = vector![if i == 0 { -fall * fall } else { T::ZERO }];
            if i == 0 { fall } else { T::ONE }
        });
        stalls(&LevenbergMarquardt::default(), StreamedState::new(point([0.5])), &mut rational, Stall::Flat);
    }

    /// Steps that shrink with the iterate are not flatness: the minimizer of `Σ sinh(x ∓ 1)²` is zero.
    pub fn a_minimizer_at_the_origin_is_not_flat<T: Real>() {
        for x0 in [0.9, 0.5, 0.3, 0.1, 0.01, 1e-3] {
            let mut rows = row_fn(2, |i, x: &Vector1<T>, g: &mut Vector1<T>| {
                let u = x[0] + if i == 0 { T::ONE } else { -T::ONE };
                *g = vector![u.cosh()];
                u.sinh()
            });
            let mut state = StreamedState::new(point([x0]));
            let Ok(status) = LevenbergMarquardt::default().run(&mut state, &mut rows, 1000);
            assert!(matches!(status, Status::Converged(_)), "from {x0}: {status:?} at {:e}", state.x()[0]);
        }
    }

    pub fn no_data<T: Real>() {
        let mut empty = Linear::<T, 2>::of(&[], &[]);
        stalls(&LevenbergMarquardt::default(), StreamedState::new(point([1.0, 2.0])), &mut empty, Stall::NoData);
        stalls(&LevenbergMarquardt::default(), StreamedState::normal(point([1.0, 2.0])), &mut empty, Stall::NoData);
    }

    pub fn config<T: Real>() {
        let (nan, half) = (T::NAN, T::HALF);
        let descent = GradientDescent::<T>::default();
        let marquardt = LevenbergMarquardt::<T>::default();
        for bad in [nan, -half] {
            let tolerance = ConfigError::Tolerance;
            descent_fails(GradientDescent { gradient_tolerance: bad, ..descent }, tolerance);
            marquardt_fails(exact(|tolerances| tolerances.gradient = bad), tolerance);
            marquardt_fails(exact(|tolerances| tolerances.decrease = bad), tolerance);
            marquardt_fails(exact(|tolerances| tolerances.step = bad), tolerance);
        }
        for bad in [nan, -half, T::ZERO, T::INFINITY] {
            descent_fails(GradientDescent { initial_rate: bad, ..descent }, ConfigError::NotPositive);
            marquardt_fails(LevenbergMarquardt { initial_radius: bad, ..marquardt }, ConfigError::NotPositive);
            assert_eq!(Robust::new((), Loss::Huber, bad), Err(ConfigError::NotPositive));
        }
        for bad in [nan, -half, T::ZERO, T::ONE, T::TWO] {
            descent_fails(GradientDescent { shrink: bad, ..descent }, ConfigError::Fraction);
            descent_fails(GradientDescent { sufficient_decrease: bad, ..descent }, ConfigError::Fraction);
        }
        for (lower, upper) in [(nan, half), (half, nan), (T::ONE, half)] {
            let bounds = Bounds::new(vector![-half, lower], vector![half, upper]);
            marquardt_fails(marquardt.within(bounds), ConfigError::Bounds);
        }
        let (mean, off) = (Vector2::zeros(), T::of_f64(1.01));
        for bad in [Matrix2::new(nan, nan, nan, nan), -Matrix2::identity(), Matrix2::new(T::ONE, off, off, T::ONE)] {
            assert_eq!(Prior::new((), mean, &bad).unwrap_err(), ConfigError::Indefinite, "{bad}");
        }
        assert_eq!(Prior::new((), mean, &Matrix2::repeat(T::INFINITY)).unwrap_err(), ConfigError::Indefinite);
        for bad in [nan, -half, T::INFINITY] {
            assert_eq!(Prior::independent((), mean, &vector![half, bad]).unwrap_err(), ConfigError::Indefinite);
        }
        assert_eq!(Bounds::<T, 2>::none().fix(2, half), Bounds::none());
    }

    /// An exhausted budget is not an end, and no budget asks nothing.
    pub fn budget<T: Real>() {
        let mut problem = Counted::new(Linear::<T, 1>::of(&[[1.0], [1.0]], &[1.0, 3.0]));
        let mut state = StreamedState::new(point([0.0]));
        let method = LevenbergMarquardt::default();
        for budget in [0, 1, 2] {
            assert_eq!(method.run(&mut state, &mut problem, budget), Ok(Status::Running));
        }
        assert_eq!((problem.calls(), state.status()), (3, Status::Running));
        assert!(matches!(method.run(&mut state, &mut problem, 100), Ok(Status::Converged(_))));
        assert!((state.x()[0] - T::TWO).abs() <= T::of_f64(4.0) * T::EPSILON);
    }
}

/// The solve ends in this stall with the start's numbers or better ones, all finite.
fn stalls<T, const N: usize, M, S, P>(method: &M, mut state: S, problem: &mut P, stall: Stall)
where
    T: Real,
    P: thalweg::problem::Problem<Error = Infallible>,
    M: Method<P, S>,
    S: Point<T, N> + Debug,
{
    let Ok(status) = method.run(&mut state, problem, 100_000);
    assert_eq!(status, Status::Stalled(stall), "{state:?}");
    assert!(state.point().iter().all(|x| x.is_finite()), "{state:?}");
}

/// The best point of a memory.
trait Point<T, const N: usize> {
    fn point(&self) -> &SVector<T, N>;
}

impl<T: Real, const N: usize, K> Point<T, N> for StreamedState<T, N, K> {
    fn point(&self) -> &SVector<T, N> {
        self.x()
    }
}

impl<T: Real, const N: usize> Point<T, N> for GradientDescentState<T, N> {
    fn point(&self) -> &SVector<T, N> {
        self.x()
    }
}

fn descent_fails<T: Real>(method: GradientDescent<T>, error: ConfigError) {
    assert_eq!(method.validate(), Err(error));
    let mut problem = Counted::new(slope::<T>(0.0, 1.0));
    let mut state = GradientDescentState::new(point([1.0]));
    assert_eq!(method.run(&mut state, &mut problem, 10), Ok(Status::Stalled(Stall::Config(error))));
    assert_eq!((problem.calls(), state.x()[0]), (0, T::ONE));
}

fn marquardt_fails<T: Real, D: Domain<T, 2>>(method: LevenbergMarquardt<T, D>, error: ConfigError) {
    assert_eq!(Strategy::<T, 2, 2>::validate(&method), Err(error));
    let mut problem = Counted::new(Linear::<T, 2>::of(&[[1.0, 0.0], [0.0, 1.0]], &[1.0, 1.0]));
    let mut state = StreamedState::new(point([1.0, 1.0]));
    assert_eq!(method.run(&mut state, &mut problem, 10), Ok(Status::Stalled(Stall::Config(error))));
    assert_eq!((problem.calls(), state.x()[0]), (0, T::ONE));
}
