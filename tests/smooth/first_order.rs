//! Gradient descent with fixed, normalized and spectral rates, momentum, acceleration.

use nalgebra::{SVector, vector};
use thalweg::problem::{Forward, Objective, Problem, Smooth, gradient_fn};
use thalweg::smooth::{
    BarzilaiBorwein, BarzilaiBorweinState, FixedRate, FixedRateState, GradientDescent, GradientDescentState, HeavyBall,
    HeavyBallState, Momentum, Nesterov, NesterovState, NormalizedDescent, NormalizedDescentState, Polyak, PolyakState,
    Restart, SpectralRate,
};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

use crate::functions::{Chain, Diagonal, ScalarNet, point};

const CONVERGED: Status = Status::Converged(Criterion::Gradient);

/// The distance of the Chain's start from its minimizer, squared.
const CHAIN_DISTANCE: f64 = 33.168_316_831_68;

fn value<const N: usize>(
    function: &mut impl Smooth<f64, N, Error = core::convert::Infallible>,
    x: &SVector<f64, N>,
) -> f64 {
    let Ok(value) = function.value(x);
    value
}

/// Backtracking asks for the value of a trial alone: what it calls the gradient is that at its point, or nothing.
#[test]
fn the_gradient_of_backtracking_is_never_stale() {
    let mut wall = gradient_fn(|x: &SVector<f64, 2>, g: &mut SVector<f64, 2>| {
        // Past the wall the gradient is not finite, and the value is.
        *g = if x[0] < 0.3 { vector![f64::NAN, f64::NAN] } else { vector![x[0], 10.0 * x[1]] };
        0.5 * x[0] * x[0] + 5.0 * x[1] * x[1]
    });
    for start in [vector![-1.0, 0.0], vector![1.0, 0.3], vector![0.31, 0.0]] {
        let (mut state, mut told, mut silent) = (GradientDescentState::new(start), 0, 0);
        assert_eq!(state.gradient(), None);
        for _ in 0..50 {
            let _ = GradientDescent::default().step(&mut state, &mut wall).unwrap();
            let mut g = SVector::zeros();
            let _ = wall.gradient(state.x(), &mut g).unwrap();
            match state.gradient() {
                Some(gradient) => told += usize::from(*gradient == g),
                None => silent += 1,
            }
        }
        assert_eq!(told + silent, 50, "a gradient of another point");
        assert!(silent > 0 && (start[0] < 0.0) == (told == 0));
    }
    let mut bowl = Forward(Diagonal::new([1.0, 10.0]));
    let (state, status): (GradientDescentState<f64, 2>, _) =
        GradientDescent::default().solve(vector![1.0, 1.0], &mut bowl, 1000).unwrap();
    assert!(status == CONVERGED && state.gradient().is_some_and(|g| g.amax() <= 1.5e-8));
}

/// Drori & Teboulle's quadratic: with `t = 2/(L + μ)` the error falls by exactly 9/11 an iteration.
fn exact_factor<T: Real>(error: f64) {
    let mut quadratic = Forward(Diagonal::new([1.0, 10.0]));
    let mut state = FixedRateState::<T, 2>::new(point([1.0, 1.0]));
    let method = FixedRate { gradient_tolerance: T::ZERO, ..FixedRate::new(T::of_f64(2.0 / 11.0)) };
    assert_eq!(method.run(&mut state, &mut quadratic, 51), Ok(Status::Running));
    let norm = state.iterate().map(T::to_f64).norm();
    assert!((norm / 6.208_779e-5 - 1.0).abs() < error, "{norm:e}");
}

#[test]
fn fixed_rate_has_its_exact_factor() {
    exact_factor::<f64>(1e-7);
    exact_factor::<f32>(1e-4);
}

/// Cohen et al. 2021 in two variables: the sharpness settles below `2/t`, far below that of the nearest minimum when t is long.
#[test]
fn fixed_rate_settles_at_the_edge_of_stability() {
    for (rate, sharpness) in [(0.05, 9.1944), (0.15, 9.0989), (0.2, 8.7448), (0.25, 6.0841), (0.3, 2.7074)] {
        let method = FixedRate { gradient_tolerance: 0.0, ..FixedRate::new(rate) };
        let (state, _): (FixedRateState<f64, 2>, _) =
            method.solve(vector![3.0, 0.1], &mut Forward(ScalarNet), 2001).unwrap();
        let found = state.x().norm_squared();
        assert!((found - sharpness).abs() < 6e-5 && found <= 2.0 / rate, "{found}");
    }
}

/// A narrow minimum at 2.99 beside a wide one at zero: a long rate leaves the narrow one.
#[test]
fn long_rates_leave_narrow_minima() {
    let end = |rate: f64| {
        let mut wells = gradient_fn(|x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
            let (x, off) = (x[0], x[0] - 3.0);
            let well = 4.0 * Number::exp(-off * off / 0.02);
            g[0] = x + well * off / 0.01;
            0.5 * x * x - well
        });
        let method = FixedRate { gradient_tolerance: 0.0, patience: 5000, ..FixedRate::new(rate) };
        let (state, _): (FixedRateState<f64, 1>, _) = method.solve(vector![3.05], &mut wells, 2001).unwrap();
        (state.iterate()[0], state.value())
    };
    let (narrow, value) = end(0.004);
    assert!((narrow - 2.992_497_7).abs() < 1e-7 && (value - 0.488_76).abs() < 1e-5, "{narrow} {value}");
    let (wide, _) = end(0.1);
    assert!(wide.abs() < 1e-12, "{wide:e}");
}

#[test]
fn fixed_rate_keeps_its_bound_on_the_chain() {
    let (state, _): (FixedRateState<f64, 100>, _) =
        FixedRate::new(0.25).solve(SVector::zeros(), &mut Forward(Chain), 51).unwrap();
    let gap = state.value() - Chain::LEAST;
    assert!((gap - 0.051_119).abs() < 1e-6 && gap <= 4.0 * CHAIN_DISTANCE / 202.0, "{gap}");
}

/// Barzilai & Borwein's long rate on three curvatures; with a fixed rate it takes a hundred times as long.
#[test]
fn spectral_rates_need_ten_iterations() {
    let mut quadratic = Forward(Diagonal::new([1.0, 10.0, 100.0]));
    let steps = |spectral| {
        let method =
            BarzilaiBorwein { spectral, initial_rate: 0.01, gradient_tolerance: 0.0, ..BarzilaiBorwein::default() };
        let mut state: BarzilaiBorweinState<f64, 3> = vector![1.0, 1.0, 1.0].into();
        let mut quadratic = quadratic;
        (0..).find(|_| {
            let _ = method.step(&mut state, &mut quadratic).unwrap();
            state.gradient().norm() < 1e-8
        })
    };
    assert_eq!(steps(SpectralRate::Long), Some(10));
    for spectral in [SpectralRate::Short, SpectralRate::Adaptive(0.8)] {
        assert!(steps(spectral).unwrap() < 60, "{spectral:?} {:?}", steps(spectral));
    }
    let mut state = FixedRateState::<f64, 3>::new(point([1.0; 3]));
    let method = FixedRate { gradient_tolerance: 0.0, ..FixedRate::new(2.0 / 101.0) };
    let fixed = (0..).find(|_| {
        let _ = method.step(&mut state, &mut quadratic).unwrap();
        state.gradient().norm() < 1e-8
    });
    assert_eq!(fixed, Some(1152));
}

/// With a memory of one value the descent is monotone, with more it is not.
#[test]
fn the_memory_admits_rises() {
    fn rises<const M: usize>() -> usize {
        let mut quadratic = Forward(Diagonal::new([1.0, 10.0, 100.0, 1000.0]));
        let method = BarzilaiBorwein { spectral: SpectralRate::Long, initial_rate: 1e-3, ..BarzilaiBorwein::default() };
        let mut state = BarzilaiBorweinState::<f64, 4, M>::new(point([1.0; 4]));
        let (mut last, mut rises) = (f64::INFINITY, 0);
        while method.step(&mut state, &mut quadratic) == Ok(Status::Running) {
            let now = value(&mut quadratic, state.iterate());
            rises += usize::from(now > last);
            last = now;
        }
        rises
    }
    assert_eq!(rises::<1>(), 0);
    assert!(rises::<10>() > 0);
}

/// On `½ λ x²` the rate halves the distance; on `|x|`, where no gradient is Lipschitz, it is the distance.
#[test]
fn polyak_knows_how_far() {
    let mut bowl = gradient_fn(|x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
        *g = x * 7.0;
        3.5 * x[0] * x[0]
    });
    let mut state = PolyakState::new(vector![1.0]);
    assert_eq!(Polyak::new(0.0).run(&mut state, &mut bowl, 21), Ok(Status::Running));
    assert!((state.x()[0] * 2.0_f64.powi(20) - 1.0).abs() < 1e-12, "{}", state.x());
    let mut kink = gradient_fn(|x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
        *g = x.map(f64::signum);
        x[0].abs() + 2.0
    });
    let (state, status): (PolyakState<f64, 1>, _) = Polyak::new(2.0).solve(vector![-5.0], &mut kink, 3).unwrap();
    assert_eq!((state.x()[0], status), (0.0, Status::Converged(Criterion::Optimal)));
}

/// Polyak 1987: no iterate is farther from the minimizer, and the best of k values is within `2 L R²/k`.
#[test]
fn polyak_keeps_its_bounds_on_the_chain() {
    let solution = SVector::<f64, 100>::from_fn(|i, _| 1.0 - (i + 1) as f64 / 101.0);
    let mut state = PolyakState::new(SVector::zeros());
    let mut distance = f64::INFINITY;
    for k in 1..500 {
        let _ = Polyak::new(Chain::LEAST).step(&mut state, &mut Forward(Chain)).unwrap();
        let now = (state.iterate() - solution).norm_squared();
        assert!(now <= distance);
        distance = now;
        assert!(state.value() - Chain::LEAST <= 2.0 * 4.0 * CHAIN_DISTANCE / f64::from(k));
    }
    assert!((state.value() - Chain::LEAST) < 0.01, "{}", state.value() - Chain::LEAST);
}

/// A least value that is too low: the solve ends, at the best point.
#[test]
fn polyak_survives_a_wrong_bound() {
    let mut bowl = Forward(Diagonal::new([1.0, 30.0]));
    let (state, status): (PolyakState<f64, 2>, _) =
        Polyak::new(-1.0).solve(vector![1.0, 1.0], &mut bowl, 100_000).unwrap();
    assert!(status != Status::Running && state.value() < 15.5);
    for (least, relaxation, error) in [(f64::NAN, 1.0, ConfigError::Bounds), (0.0, 2.0, ConfigError::Relaxation)] {
        let (_, status): (PolyakState<f64, 2>, _) =
            Polyak { relaxation, ..Polyak::new(least) }.solve(vector![1.0, 1.0], &mut bowl, 10).unwrap();
        assert_eq!(status, Status::Stalled(Stall::Config(error)));
    }
}

/// Lessard, Recht & Packard 2016, section 4.6: strongly convex, μ = 1, L = 25, minimum 0 at 0.
fn bent<T: Real>() -> impl Smooth<T, 1, Error = core::convert::Infallible> {
    gradient_fn(|x: &SVector<T, 1>, g: &mut SVector<T, 1>| {
        let (x, c) = (x[0], T::of_f64(24.0));
        let (steep, half) = (T::of_f64(25.0), T::HALF);
        let (slope, value) = if x < T::ONE {
            (steep * x, half * steep * x * x)
        } else if x < T::TWO {
            (x + c, half * x * x + c * x - T::of_f64(12.0))
        } else {
            (steep * x - c, half * steep * x * x - c * x + T::of_f64(36.0))
        };
        g[0] = slope;
        value
    })
}

#[test]
fn the_heavy_ball_cycles() {
    let method = HeavyBall::for_quadratic(25.0, 1.0);
    assert!((method.rate - 1.0 / 9.0).abs() < 1e-16 && (method.momentum - 4.0 / 9.0).abs() < 1e-16);
    let mut state = HeavyBallState::<f64, 1>::new(vector![3.3]);
    assert_eq!(method.run(&mut state, &mut bent(), 300), Ok(Status::Running));
    let cycle = [2.115_918_367_3, 0.646_530_612_2, -1.802_448_979_6];
    let first = cycle.iter().position(|x| (x - state.iterate()[0]).abs() < 1e-9).expect("no cycle");
    for k in 1..10 {
        assert_eq!(method.step(&mut state, &mut bent()), Ok(Status::Running));
        assert!((state.iterate()[0] - cycle[(first + k) % 3]).abs() < 1e-9, "{}", state.iterate());
    }
    assert_eq!(method.run(&mut state, &mut bent(), 3000), Ok(Status::Stalled(Stall::NoDescent)));
    for restart in [Restart::Gradient, Restart::Value] {
        let (state, status): (HeavyBallState<f64, 1>, _) =
            HeavyBall { restart, ..HeavyBall::new(0.04, 0.9) }.solve(vector![3.3], &mut bent(), 300).unwrap();
        assert!(status == CONVERGED && state.x()[0].abs() < 1e-8, "{restart:?} {status} {}", state.x());
    }
    let (state, status): (NesterovState<f64, 1>, _) =
        Nesterov::strongly_convex(25.0, 1.0).solve(vector![3.3], &mut bent(), 300).unwrap();
    assert!(status == CONVERGED && state.x()[0].abs() < 1e-8);
    let (state, status): (NesterovState<f32, 1>, _) =
        Nesterov::strongly_convex(25.0, 1.0).solve(vector![3.3], &mut bent(), 300).unwrap();
    assert!(status == CONVERGED && state.x()[0].abs() < 1e-4);
}

/// Polyak 1964: on a quadratic function the error falls by √b = (√κ - 1)/(√κ + 1) an iteration in the long run; here √κ = 10.
#[test]
fn the_heavy_ball_has_its_factor() {
    let mut quadratic = Forward(Diagonal::new([1.0, 20.0, 100.0]));
    let mut state = HeavyBallState::<f64, 3>::new(point([1.0; 3]));
    let method = HeavyBall { gradient_tolerance: 0.0, ..HeavyBall::for_quadratic(100.0, 1.0) };
    let _ = method.run(&mut state, &mut quadratic, 51).unwrap();
    let before = state.iterate().norm();
    let _ = method.run(&mut state, &mut quadratic, 50).unwrap();
    let factor = (state.iterate().norm() / before).powf(0.02);
    assert!((factor - 9.0 / 11.0).abs() < 0.02, "{factor}");
}

/// Without momentum the three are one method.
#[test]
fn without_momentum_all_are_gradient_descent() {
    let mut chain = Forward(Chain);
    let mut plain = FixedRateState::<f64, 5>::new(SVector::zeros());
    let mut ball = HeavyBallState::<f64, 5>::new(SVector::zeros());
    let mut nesterov = NesterovState::<f64, 5>::new(SVector::zeros());
    let mut normalized = NormalizedDescentState::<f64, 5>::new(SVector::zeros());
    let still = Nesterov { momentum: Momentum::Constant(0.0), ..Nesterov::new(4.0) };
    for _ in 0..40 {
        let _ = FixedRate::new(0.25).step(&mut plain, &mut chain).unwrap();
        let _ = HeavyBall::new(0.25, 0.0).step(&mut ball, &mut chain).unwrap();
        let _ = still.step(&mut nesterov, &mut chain).unwrap();
        let _ = NormalizedDescent::new(0.25, 0.0).step(&mut normalized, &mut chain).unwrap();
        assert_eq!(plain.iterate(), ball.iterate());
        assert_eq!(plain.iterate(), nesterov.iterate());
        assert_eq!(plain.iterate(), normalized.iterate());
    }
}

/// `2 L R²/(k + 1)²`, with L known and with L found.
#[test]
fn nesterov_keeps_its_bound_on_the_chain() {
    let bound = |k: f64| 2.0 * 4.0 * CHAIN_DISTANCE / (k + 1.0).powi(2);
    let plain = Nesterov { restart: Restart::Never, ..Nesterov::new(4.0) };
    let mut state = NesterovState::<f64, 100>::new(SVector::zeros());
    let _ = plain.run(&mut state, &mut Forward(Chain), 50).unwrap();
    let gap = value(&mut Forward(Chain), state.proposal()) - Chain::LEAST;
    assert!((gap - 0.015_222_3).abs() < 1e-7 && gap <= bound(50.0), "{gap}");
    // With the right L from the start backtracking changes nothing but the count.
    let mut searched = NesterovState::<f64, 100>::new(SVector::zeros());
    let method = Nesterov { backtracking: true, ..plain };
    for _ in 0..300 {
        let _ = method.step(&mut searched, &mut Forward(Chain)).unwrap();
        if searched.proposal() == state.proposal() {
            break;
        }
    }
    assert_eq!(searched.proposal(), state.proposal());
    // From a guess that is far too low L is at most twice too large; a dozen trials find it.
    let mut found = NesterovState::<f64, 100>::new(SVector::zeros());
    let _ = Nesterov { lipschitz: 1e-3, ..method }.run(&mut found, &mut Forward(Chain), 13 + 100).unwrap();
    assert!(found.value() - Chain::LEAST <= 2.0 * bound(49.0), "{}", found.value() - Chain::LEAST);
}

/// O'Donoghue & Candès: on a badly conditioned quadratic function restarts bring back linear convergence, like the right constant.
#[test]
fn restarts_are_as_good_as_the_right_constant() {
    let mut quadratic = Forward(Diagonal::new([1.0, 30.0, 1000.0]));
    let mut steps = |method: Nesterov<f64>| {
        let mut state = NesterovState::<f64, 3>::new(point([1.0; 3]));
        let count = method.steps(&mut state, &mut quadratic).count();
        // f₀ = (1 + 30 + 1000)/2, and f < 1 at the end.
        assert!(state.value() < 1.0 && state.gradient().amax() <= method.gradient_tolerance);
        count
    };
    let never = steps(Nesterov { restart: Restart::Never, ..Nesterov::new(1000.0) });
    let adaptive = steps(Nesterov::new(1000.0));
    let constant = steps(Nesterov::strongly_convex(1000.0, 1.0));
    assert!(adaptive < never && adaptive < 3 * constant, "{never} {adaptive} {constant}");
}

/// x⁴ from 10, where a fixed rate explodes: `x_k = 10 (1 - 0.05 · 4^⅓)^k` exactly.
#[test]
fn normalized_descent_tames_a_quartic() {
    let quartic = || {
        gradient_fn(|x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
            *g = x.map(|x| 4.0 * x * x * x);
            x[0] * x[0] * x[0] * x[0]
        })
    };
    let mut state = NormalizedDescentState::new(vector![10.0]);
    let method = NormalizedDescent { gradient_tolerance: 0.0, ..NormalizedDescent::new(0.05, 2.0 / 3.0) };
    let _ = method.run(&mut state, &mut quartic(), 101).unwrap();
    assert!((state.x()[0] / 2.561_591_1e-3 - 1.0).abs() < 1e-7, "{}", state.x());

    let l1 = 12.0 / 4.0_f64.powf(2.0 / 3.0);
    let method = NormalizedDescent::safe(0.1, 2.0 / 3.0, 0.0, l1);
    let curvature = 0.1_f64.powf(2.0 / 3.0) / method.rate;
    assert!((curvature - 150.757).abs() < 1e-3, "{curvature}");
    let mut state = NormalizedDescentState::new(vector![2.0]);
    let mut steps = 0;
    let status = loop {
        let (before, norm) = (state.value(), state.gradient().norm());
        let status = method.step(&mut state, &mut quartic()).unwrap();
        if before.is_finite() {
            assert!(before - state.value() >= 0.5 * method.rate * norm.powf(4.0 / 3.0));
            steps += 1;
        }
        if status != Status::Running {
            break status;
        }
    };
    assert_eq!((status, steps), (CONVERGED, 847));
    assert!(state.gradient().norm() <= 0.1);
}

/// A fixed rate that overflows is halved until it does not.
#[test]
fn a_rate_that_overflows_is_halved() {
    let mut quartic = gradient_fn(|x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
        *g = x.map(|x| 4.0 * x * x * x);
        x[0].powi(4)
    });
    let method = FixedRate { gradient_tolerance: 0.1, ..FixedRate::new(0.01) };
    let (state, status): (FixedRateState<f64, 1>, _) = method.solve(vector![11.0], &mut quartic, 10_000).unwrap();
    assert_eq!(status, CONVERGED);
    assert!(state.x()[0].abs() < 0.3);
}

/// What is read of a memory of one variable.
trait Best<T>: From<SVector<T, 1>> {
    fn best(&self) -> (T, T);
}

macro_rules! best {
    ($($state:ident),*) => { $(
        impl<T: Real> Best<T> for $state<T, 1> {
            fn best(&self) -> (T, T) {
                (self.x()[0], self.value())
            }
        }
    )* };
}

best!(FixedRateState, PolyakState, HeavyBallState, NesterovState, NormalizedDescentState, BarzilaiBorweinState);

/// How a solve in one variable ends.
fn end<T: Real, S: Best<T>, M: Method<P, S>, P: Smooth<T, 1, Error = core::convert::Infallible>>(
    method: &M,
    start: T,
    mut problem: P,
) -> Status {
    let (state, status) = method.solve(SVector::<T, 1>::new(start), &mut problem, 100_000).unwrap();
    let (x, value) = state.best();
    assert!(status == Status::Stalled(Stall::NonFinite) || (x.is_finite() || !start.is_finite()) && value.is_finite());
    status
}

fn edges<T: Real, S: Best<T>>(method: &(impl Method<Edge<T>, S> + core::fmt::Debug)) {
    let stalled = Status::Stalled(Stall::NonFinite);
    assert_eq!(end(method, T::ONE, Edge::Flat), CONVERGED, "{method:?}");
    assert_eq!(end(method, T::ZERO, Edge::Hill), CONVERGED, "{method:?}");
    assert_eq!(end(method, T::NAN, Edge::Hill), stalled, "{method:?}");
    assert_eq!(end(method, T::INFINITY, Edge::Hill), stalled, "{method:?}");
    for problem in [Edge::Hill, Edge::Bowl(T::of_f64(1e9)), Edge::Bowl(T::of_f64(30.0))] {
        for start in [1e-3, 1.0, 1e3] {
            let status = end(method, T::of_f64(start), problem);
            assert_ne!(status, Status::Running, "{method:?} {problem:?} {start}");
        }
    }
}

/// Functions of one variable that are hard in one way each.
#[derive(Clone, Copy, Debug)]
enum Edge<T> {
    /// 1.
    Flat,
    /// `-x⁴`.
    Hill,
    /// `½ λ x²`.
    Bowl(T),
}

impl<T> Problem for Edge<T> {
    type Error = core::convert::Infallible;
}

impl<T: Real> Objective<T, 1> for Edge<T> {
    fn value(&mut self, x: &SVector<T, 1>) -> Result<T, Self::Error> {
        self.gradient(x, &mut SVector::zeros())
    }
}

impl<T: Real> Smooth<T, 1> for Edge<T> {
    fn gradient(&mut self, x: &SVector<T, 1>, g: &mut SVector<T, 1>) -> Result<T, Self::Error> {
        let x = x[0];
        let (value, slope) = match *self {
            Self::Flat => (T::ONE, T::ZERO),
            Self::Hill => (-x.powi(4), -T::of_f64(4.0) * x.powi(3)),
            Self::Bowl(curvature) => (T::HALF * curvature * x * x, curvature * x),
        };
        g[0] = slope;
        Ok(value)
    }
}

fn all_edges<T: Real>() {
    edges::<T, FixedRateState<T, 1>>(&FixedRate::new(T::of_f64(0.1)));
    edges::<T, PolyakState<T, 1>>(&Polyak::new(T::of_f64(-1.0)));
    edges::<T, HeavyBallState<T, 1>>(&HeavyBall::new(T::of_f64(0.1), T::HALF));
    edges::<T, NesterovState<T, 1>>(&Nesterov::new(T::of_f64(10.0)));
    edges::<T, NesterovState<T, 1>>(&Nesterov { backtracking: true, ..Nesterov::new(T::ONE) });
    edges::<T, NormalizedDescentState<T, 1>>(&NormalizedDescent::new(T::of_f64(0.1), T::HALF));
    edges::<T, BarzilaiBorweinState<T, 1>>(&BarzilaiBorwein::default());
}

#[test]
fn edges_are_told() {
    all_edges::<f32>();
    all_edges::<f64>();
}

#[test]
fn parameters_out_of_range_are_told() {
    fn refused<S: Best<f64>>(method: &impl Method<Edge<f64>, S>, error: ConfigError) {
        let (_, status) = method.solve(vector![1.0], &mut Edge::Hill, 10).unwrap();
        assert_eq!(status, Status::Stalled(Stall::Config(error)));
    }
    use ConfigError::{Bounds, Exponent, Fraction, NotPositive, Tolerance};
    refused::<FixedRateState<f64, 1>>(&FixedRate::new(0.0), NotPositive);
    refused::<FixedRateState<f64, 1>>(&FixedRate { gradient_tolerance: f64::NAN, ..FixedRate::new(1.0) }, Tolerance);
    refused::<HeavyBallState<f64, 1>>(&HeavyBall::new(f64::INFINITY, 0.0), NotPositive);
    refused::<HeavyBallState<f64, 1>>(&HeavyBall::new(1.0, 1.0), Fraction);
    refused::<NesterovState<f64, 1>>(&Nesterov::new(-1.0), NotPositive);
    let momentum = Momentum::Constant(1.0);
    refused::<NesterovState<f64, 1>>(&Nesterov { momentum, ..Nesterov::new(1.0) }, Fraction);
    refused::<NormalizedDescentState<f64, 1>>(&NormalizedDescent::new(1.0, 1.5), Exponent);
    let spectral = SpectralRate::Adaptive(1.0);
    refused::<BarzilaiBorweinState<f64, 1>>(&BarzilaiBorwein { spectral, ..BarzilaiBorwein::default() }, Fraction);
    refused::<BarzilaiBorweinState<f64, 1>>(
        &BarzilaiBorwein { rate_ceiling: 0.0, ..BarzilaiBorwein::default() },
        NotPositive,
    );
    let crossed = BarzilaiBorwein { rate_floor: 1.0, rate_ceiling: 0.5, ..BarzilaiBorwein::default() };
    refused::<BarzilaiBorweinState<f64, 1>>(&crossed, Bounds);
}
