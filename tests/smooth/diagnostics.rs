//! The diagnostics.

use nalgebra::{SMatrix, SVector, matrix, vector};
use thalweg::problem::{Fault, Faulty, Forward, Function, Injected, Objective, Quadratic, Smooth, value_fn};
use thalweg::smooth::diagnostics::{
    Hutchinson, PowerIteration, Sharpness, Spectrum, Stability, StraightPath, Verdict, path_coordinates, second_order,
};
use thalweg::{Number, Real};

use crate::functions::{Chain, Diagonal, DoubleWell, MonkeySaddle, ScalarNet, point};
use crate::watched::Watched;

/// `diag(1, …, 10, 100)`.
const SPIKE: Diagonal<11> = Diagonal::new([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 100.0]);

/// A symmetric matrix of signs and eighths.
fn symmetric() -> Quadratic<f64, 5> {
    let a = SMatrix::<f64, 5, 5>::from_fn(|i, j| (((7 * i + 3 * j + i * j) % 11) as f64 - 5.0) / 8.0);
    Quadratic { hessian: a + a.transpose(), linear: SVector::zeros(), constant: 0.0 }
}

#[test]
fn lanczos_finds_the_spike_first_and_all_in_the_end() {
    for seed in 0..5 {
        let (mut problem, mut top) = (Watched::new(Forward(SPIKE)), f64::NEG_INFINITY);
        let mut spectrum = Spectrum::<f64, 11, 11>::new(SVector::zeros(), seed);
        assert!(spectrum.largest().value == f64::NEG_INFINITY && spectrum.least().value == f64::INFINITY);
        loop {
            let done = spectrum.step(&mut problem).unwrap();
            let (least, largest) = (spectrum.least(), spectrum.largest());
            assert!(largest.value >= top - 1e-12, "the largest Ritz value rises");
            assert!(least.value >= 1.0 - 1e-12 && largest.value <= 100.0 + 1e-10, "from within");
            assert!((1..=11).any(|k| (spike(k) - largest.value).abs() <= largest.error + 1e-10), "the bound");
            assert!((1..=11).any(|k| (spike(k) - least.value).abs() <= least.error + 1e-10), "the bound");
            top = largest.value;
            if spectrum.products() == 3 {
                assert!((top - 100.0).abs() < 1e-3 * 100.0);
            }
            if done {
                break;
            }
        }
        let mut values: Vec<_> = spectrum.values().iter().copied().collect();
        values.sort_by(f64::total_cmp);
        for (k, value) in values.iter().enumerate() {
            assert!((value - spike(k + 1)).abs() < 1e-10, "{value}");
        }
        assert!((spectrum.least_direction()[0].abs() - 1.0).abs() < 1e-10);
        assert_eq!((spectrum.step(&mut problem), problem.products), (Ok(true), 11), "after the end no call");
    }
}

fn spike(k: usize) -> f64 {
    if k == 11 { 100.0 } else { k as f64 }
}

#[test]
fn lanczos_of_a_full_matrix_in_both_scalars() {
    let exact = symmetric().hessian.symmetric_eigenvalues();
    let mut spectrum = Spectrum::<f64, 5, 9>::new(SVector::zeros(), 3);
    while !spectrum.step(&mut symmetric()).unwrap() {}
    assert_eq!(spectrum.products(), 5, "there are no more directions");
    assert!((spectrum.least().value - exact.min()).abs() < 1e-12);
    assert!((spectrum.largest().value - exact.max()).abs() < 1e-12);
    assert!(spectrum.values().iter().skip(5).all(|value| value.is_nan()));
    let v = spectrum.least_direction();
    assert!((symmetric().hessian * v - v * exact.min()).norm() < 1e-12);
    let single = Quadratic { hessian: symmetric().hessian.cast::<f32>(), linear: SVector::zeros(), constant: 0.0 };
    let mut spectrum = Spectrum::<f32, 5, 5>::new(SVector::zeros(), 3);
    while !spectrum.step(&mut single.clone()).unwrap() {}
    assert!((f64::from(spectrum.least().value) - exact.min()).abs() < 1e-5);
}

#[test]
fn an_invariant_subspace_ends_it_and_a_move_begins_again() {
    let mut round = Watched::new(Forward(Diagonal::new([2.0, 2.0, 2.0])));
    let mut spectrum = Spectrum::<f64, 3, 3>::new(SVector::zeros(), 0);
    assert_eq!((spectrum.step(&mut round), spectrum.products()), (Ok(true), 1));
    assert!((spectrum.largest().value - 2.0).abs() < 1e-15 && spectrum.largest().error < 1e-14);
    let mut spectrum = Spectrum::<f64, 11, 3>::new(SVector::zeros(), 0);
    let mut errors = [0.0; 2];
    for error in &mut errors {
        while !spectrum.step(&mut Forward(SPIKE)).unwrap() {}
        *error = (spectrum.largest().value - 100.0).abs();
        spectrum.move_to(SVector::zeros());
    }
    assert!(errors[1] < 0.1 * errors[0], "a warm start is better: {errors:?}");
}

#[test]
fn an_error_changes_nothing_and_a_nan_shows() {
    let mut spectrum = Spectrum::<f64, 5, 5>::new(SVector::zeros(), 1);
    let before = spectrum.clone();
    let mut faulty = Faulty::new(symmetric(), Fault::Error, 0);
    assert_eq!(spectrum.step(&mut faulty), Err(Injected::Fault));
    assert_eq!(spectrum, before);
    let mut faulty = Faulty::new(symmetric(), Fault::Nan, 2);
    while !spectrum.step(&mut faulty).unwrap() {}
    assert!(spectrum.least().value.is_nan() && spectrum.largest().value.is_nan());
    let mut path = StraightPath::new(vector![0.0], vector![1.0], 5);
    let before = path;
    assert_eq!(path.step(&mut Faulty::new(Forward(Diagonal::new([1.0])), Fault::Error, 0)), Err(Injected::Fault));
    assert_eq!(format!("{path:?}"), format!("{before:?}"));
    let mut probe = Hutchinson::new(SVector::zeros(), 1);
    assert_eq!(probe.step(&mut Faulty::new(symmetric(), Fault::Error, 0)), Err(Injected::Fault));
    assert_eq!(probe, Hutchinson::new(SVector::zeros(), 1));
}

#[test]
fn power_iteration_finds_both_ends() {
    let exact = symmetric().hessian.symmetric_eigenvalues();
    let far = if exact.max() > -exact.min() { exact.max() } else { exact.min() };
    let mut power = PowerIteration::<f64, 5>::new(SVector::zeros(), 0.0, 1);
    assert!(power.ritz().value.is_nan());
    for _ in 0..2000 {
        power.step(&mut symmetric()).unwrap();
        assert!(exact.iter().any(|value| (value - power.ritz().value).abs() <= power.ritz().error + 1e-14));
    }
    assert!((power.ritz().value - far).abs() < 1e-12);
    let near = if far > 0.0 { exact.min() } else { exact.max() };
    let mut power = PowerIteration::new(SVector::zeros(), far, 1);
    for _ in 0..2000 {
        power.step(&mut symmetric()).unwrap();
    }
    assert!((power.ritz().value - near).abs() < 1e-12);
    assert!((symmetric().hessian * power.direction() - power.direction() * near).norm() < 1e-6);
}

#[test]
fn hutchinson_is_exact_for_a_diagonal_and_right_on_average() {
    let mut probe = Hutchinson::new(SVector::zeros(), 7);
    probe.step(&mut Forward(SPIKE)).unwrap();
    assert_eq!((probe.trace(), probe.diagonal()), (155.0, SVector::from(SPIKE.curvatures)));
    let h = symmetric().hessian;
    let mut probe = Hutchinson::new(SVector::zeros(), 7);
    let probes = 4000;
    for _ in 0..probes {
        probe.step(&mut symmetric()).unwrap();
    }
    let variance = 2.0 * (h.norm_squared() - h.diagonal().norm_squared()) / f64::from(probes);
    assert!((probe.trace() - h.trace()).abs() < 4.0 * variance.sqrt(), "{} {}", probe.trace(), h.trace());
    assert!((probe.diagonal() - h.diagonal()).amax() < 0.1);
    let before = Hutchinson::<f64, 5>::new(SVector::zeros(), 7);
    assert!(before.trace().is_nan());
}

/// Gradient descent on `½ (ab - 1)²` from (3, 0.1) ends where the sharpness is at most `2/η`; the flow would end at 9.21.
#[test]
fn sharpness_where_gradient_descent_settles() {
    for (rate, expected) in [(0.05, 9.1944), (0.15, 9.0989), (0.2, 8.7448), (0.25, 6.0841), (0.3, 2.7074)] {
        let (mut problem, mut x, mut g) = (Forward(ScalarNet), vector![3.0, 0.1], SVector::zeros());
        let (mut monitor, mut spectrum) = (Sharpness::new(rate), Spectrum::<f64, 2, 2>::new(x, 1));
        for step in 0..2000 {
            monitor.tell_value(problem.gradient(&x, &mut g).unwrap());
            if step % 50 == 0 {
                spectrum.move_to(x);
                while !spectrum.step(&mut problem).unwrap() {}
                monitor.tell_sharpness(spectrum.largest().value);
            }
            x -= g * rate;
        }
        let settled = monitor.ratio() * 2.0 / rate;
        assert!((settled - expected).abs() < 1e-4, "{rate}: {settled}");
        assert!((x.norm_squared() - expected).abs() < 1e-4 && settled <= 2.0 / rate);
        assert_eq!(monitor.stability(), Stability::Stable);
    }
}

/// `½x² - 4 exp(-(x - 3)²/0.02)` has a narrow well near 3 of curvature about 401.
#[test]
fn a_large_rate_leaves_a_narrow_well() {
    struct Wells;
    impl Function<f64, 1> for Wells {
        fn value<D: Number<Scalar = f64>>(&self, &[x]: &[D; 1]) -> D {
            let off = x.offset(-3.0);
            (x * x).scale(0.5) - (off * off).scale(-50.0).exp().scale(4.0)
        }
    }
    let run = |rate: f64| {
        let (mut x, mut g) = (vector![3.05], SVector::zeros());
        for _ in 0..2000 {
            Forward(Wells).gradient(&x, &mut g).unwrap();
            x -= g * rate;
        }
        (x[0], Forward(Wells).value(&x).unwrap())
    };
    let (x, value) = run(0.004);
    assert!((x - 2.992_497_7).abs() < 1e-6 && (value - 0.488_76).abs() < 1e-5, "{x} {value}");
    let sharp = second_order(&mut Forward(Wells), &vector![x], 1e-6, 1e-8).unwrap().least;
    assert!((390.0..405.0).contains(&sharp) && 0.004 * sharp / 2.0 < 1.0 && 0.1 * sharp / 2.0 > 1.0, "{sharp}");
    assert!(run(0.1).0.abs() < 1e-12);
}

#[test]
fn each_kind_of_stability() {
    let mut monitor = Sharpness::new(0.5);
    assert_eq!((monitor.ratio(), monitor.stability()), (0.0, Stability::Stable));
    monitor.tell_sharpness(2.0);
    assert_eq!((monitor.ratio(), monitor.stability()), (0.5, Stability::Stable));
    monitor.tell_sharpness(3.0);
    assert_eq!(monitor.stability(), Stability::Sharpening);
    monitor.tell_sharpness(2.5);
    assert_eq!(monitor.stability(), Stability::Stable);
    for value in [3.0, 2.0, 2.1, 1.5] {
        monitor.tell_value(value);
    }
    monitor.tell_sharpness(3.9);
    assert_eq!(monitor.stability(), Stability::Edge);
    monitor.tell_sharpness(4.1);
    assert_eq!(monitor.stability(), Stability::Unstable, "f has not risen since");
    monitor.tell_value(1.6);
    assert_eq!(monitor.stability(), Stability::Edge);
    monitor.tell_sharpness(5.0);
    for rise in 1..10 {
        assert_eq!(monitor.stability(), Stability::Unstable, "{rise} rises");
        monitor.tell_value(1.6 + f64::from(rise));
    }
    assert_eq!(monitor.stability(), Stability::Diverging);
    let mut monitor = Sharpness::new(0.5);
    monitor.tell_sharpness(5.0);
    monitor.tell_value(f64::NAN);
    assert_eq!(monitor.stability(), Stability::Diverging);
}

#[test]
fn the_barrier_between_the_minima_of_the_double_well() {
    let mut problem = Watched::new(Forward(DoubleWell));
    let mut path = StraightPath::new(vector![0.0, -1.0], vector![0.0, 1.0], 41);
    while !path.step(&mut problem).unwrap() {}
    assert_eq!((path.step(&mut problem), problem.values), (Ok(true), 43), "after the end no call");
    assert_eq!((path.barrier(), path.height(), path.is_monotone()), (0.25, 0.25, false));
    assert_eq!(path.lowest(), (0.0, -0.25));
    let mut path = StraightPath::new(point::<f32, 2>([0.0, -1.0]), point([0.0, 1.0]), 41);
    while !path.step(&mut Forward(DoubleWell)).unwrap() {}
    assert_eq!(path.barrier(), 0.25);
}

#[test]
fn a_convex_function_has_no_barrier() {
    let (from, to) = (SVector::<f64, 10>::from_element(2.0), SVector::from_fn(|i, _| -(i as f64)));
    let mut path = StraightPath::new(from, to, 101);
    while !path.step(&mut Forward(Chain)).unwrap() {}
    assert!(path.barrier() <= 1e-13, "{:e}", path.barrier());
    // Down to a minimum: monotone, and the minimum is the end.
    let bowl = Diagonal { curvatures: [1.0, 4.0], centre: [1.0, 2.0] };
    let mut path = StraightPath::new(vector![0.0, 0.0], vector![1.0, 2.0], 41);
    while !path.step(&mut Forward(bowl)).unwrap() {}
    assert_eq!((path.is_monotone(), path.height(), path.lowest()), (true, 0.0, (1.0, 0.0)));
    let mut path = StraightPath::new(vector![0.0, 0.0], vector![2.0, 4.0], 41);
    while !path.step(&mut Forward(bowl)).unwrap() {}
    assert!(!path.is_monotone() && path.lowest() == (0.5, 0.0));
}

#[test]
fn a_hole_in_the_domain_is_an_infinite_barrier() {
    let mut hole = value_fn(|x: &SVector<f64, 1>| if x[0].abs() < 0.1 { f64::NAN } else { x[0] * x[0] });
    let mut path = StraightPath::new(vector![-1.0], vector![1.0], 0);
    while !path.step(&mut hole).unwrap() {}
    assert_eq!(path.barrier(), 0.0, "two points see nothing");
    let mut path = StraightPath::new(vector![-1.0], vector![1.0], 41);
    while !path.step(&mut hole).unwrap() {}
    assert_eq!((path.barrier(), path.lowest().1.is_finite()), (f64::INFINITY, true));
}

#[test]
fn coordinates_along_a_path() {
    let (a, b) = (vector![1.0, 0.0, 0.0], vector![1.0, 2.0, 0.0]);
    assert_eq!(path_coordinates(&a, &b, &vector![4.0, 1.5, 4.0]), (1.5, 5.0));
}

#[test]
fn the_kind_of_a_stationary_point() {
    fn verdict<T: Real, const N: usize>(f: impl Function<T, N>, x: [f64; N]) -> (Verdict, f64) {
        let found = second_order(&mut Forward(f), &point(x), T::SQRT_EPSILON, T::SQRT_EPSILON).unwrap();
        (found.verdict, found.least.to_f64())
    }
    fn both<T: Real>() {
        assert_eq!(verdict::<T, 2>(DoubleWell, [0.0, 0.0]), (Verdict::Saddle { index: 1 }, -1.0));
        assert_eq!(verdict::<T, 2>(DoubleWell, [0.0, 1.0]), (Verdict::Minimum, 1.0));
        assert_eq!(verdict::<T, 2>(DoubleWell, [0.0, 0.5]).0, Verdict::NotStationary);
        assert_eq!(verdict::<T, 2>(MonkeySaddle, [0.0, 0.0]), (Verdict::Degenerate, 0.0));
        assert_eq!(verdict::<T, 2>(Diagonal::new([-2.0, -1.0]), [0.0, 0.0]), (Verdict::Maximum, -2.0));
        assert_eq!(verdict::<T, 3>(Diagonal::new([-2.0, 0.0, -3.0]), [0.0; 3]).0, Verdict::Saddle { index: 2 });
        assert_eq!(verdict::<T, 2>(Diagonal::new([1.0, 1e-9]), [0.0, 0.0]).0, Verdict::Degenerate);
        assert_eq!(verdict::<T, 2>(DoubleWell, [f64::INFINITY, 0.0]).0, Verdict::NonFinite);
    }
    both::<f32>();
    both::<f64>();
    let mut problem =
        Watched::new(Quadratic { hessian: matrix![0.0, 1.0; 1.0, 0.0], linear: vector![0.0, 0.0], constant: 0.0 });
    let found = second_order(&mut problem, &vector![0.0, 0.0], 1e-8, 1e-8).unwrap();
    assert_eq!((found.verdict, found.gradient, problem.hessians), (Verdict::Saddle { index: 1 }, 0.0, 1));
}
