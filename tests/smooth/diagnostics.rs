//! The diagnostics.

use nalgebra::{SMatrix, SVector, matrix, vector};
use thalweg::problem::{Fault, Faulty, Forward, Function, Injected, Objective, Quadratic, Smooth, value_fn};
use thalweg::smooth::diagnostics::{
    Hutchinson, PowerIteration, Sharpness, SpectralDensity, Spectrum, Stability, StraightPath, Surface, Verdict,
    path_coordinates, second_order,
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

/// Signs weigh the eigenvectors of a diagonal alike: one process of eleven products has every eigenvalue with the weight 1/11.
#[test]
fn the_density_of_a_diagonal_is_exact() {
    fn check<T: Real>(error: f64) {
        let mut problem = Watched::new(Forward(SPIKE));
        let mut density = SpectralDensity::<T, 11, 11, 1>::new(point([0.0; 11]), 4);
        assert!(
            [density.mean(), density.outlier_level(), density.share_above(T::ZERO)].iter().all(|x| x.to_f64().is_nan())
        );
        while !density.step(&mut problem).unwrap() {}
        assert_eq!((density.step(&mut problem), problem.products), (Ok(true), 11), "after the end no call");
        let near = |found: T, exact: f64| (found.to_f64() - exact).abs() < error * exact.max(1.0);
        for k in 0..=10 {
            let (level, above) = (f64::from(k) + 0.5, f64::from(11 - k) / 11.0);
            assert!(near(density.share_above(T::of_f64(level)), above), "above {level}");
        }
        let (least, largest) = density.range();
        assert!(near(density.mean(), 155.0 / 11.0) && near(least, 1.0) && near(largest, 100.0));
        // The median is 6, that of the distances to it 3.
        assert!(near(density.outlier_level(), 21.0), "{:?}", density.outlier_level());
        assert!(near(density.share_above(density.outlier_level()), 1.0 / 11.0), "one outlier");
        let normal = |off: f64| (-0.5 * off * off / 0.09).exp() / (0.3 * core::f64::consts::TAU.sqrt());
        for t in [1.0, 4.3, 10.2, 50.0, 100.0] {
            let exact = (1..=11).map(|k| normal(t - spike(k))).sum::<f64>() / 11.0;
            assert!(near(density.at(T::of_f64(t), T::of_f64(0.3)), exact), "at {t}");
        }
    }
    check::<f64>(1e-9);
    check::<f32>(2e-2);
}

/// With few products the moments are right all the same, and the outlier is found; the mass is one.
#[test]
fn a_few_products_have_the_moments() {
    let mut density = SpectralDensity::<f64, 11, 3, 8>::new(SVector::zeros(), 2);
    let mut problem = Watched::new(Forward(SPIKE));
    while !density.step(&mut problem).unwrap() {
        assert_eq!(density.processes(), problem.products as usize / 3);
    }
    assert_eq!((density.processes(), problem.products), (8, 24));
    assert!((density.mean() - 155.0 / 11.0).abs() < 1e-10, "{}", density.mean());
    assert!((density.range().1 - 100.0).abs() < 0.1 && (density.share_above(50.0) - 1.0 / 11.0).abs() < 1e-3);
    let mass: f64 = (-100..1300).map(|k| density.at(f64::from(k) / 10.0, 1.0)).sum::<f64>() / 10.0;
    assert!((mass - 1.0).abs() < 1e-6, "{mass}");
}

/// Of a full matrix the shares are right on average: three of five eigenvalues are positive.
#[test]
fn the_density_of_a_full_matrix() {
    let exact = symmetric().hessian.symmetric_eigenvalues();
    let mut density = SpectralDensity::<f64, 5, 5, 200>::new(SVector::zeros(), 9);
    while !density.step(&mut symmetric()).unwrap() {}
    for level in [-0.5, 0.0, 1.0] {
        let above = exact.iter().filter(|&&value| value > level).count() as f64 / 5.0;
        let found = density.share_above(level);
        // One probe is off by at most √(2/N) of it; four deviations of the mean of 200.
        assert!((found - above).abs() < 4.0 * (0.4_f64 / 200.0).sqrt(), "above {level}: {found} {above}");
    }
    assert!(density.range().0 >= exact.min() - 1e-12 && density.range().1 <= exact.max() + 1e-12);
    // An invariant subspace ends a process early; a NaN shows.
    let mut round = Watched::new(Forward(Diagonal::new([2.0, 2.0, 2.0])));
    let mut density = SpectralDensity::<f64, 3, 3, 2>::new(SVector::zeros(), 0);
    while !density.step(&mut round).unwrap() {}
    assert_eq!(round.products, 2);
    assert!((density.mean() - 2.0).abs() < 1e-14 && (density.outlier_level() - 2.0).abs() < 1e-14);
    let mut density = SpectralDensity::<f64, 5, 5, 1>::new(SVector::zeros(), 1);
    let before = density.clone();
    assert_eq!(density.step(&mut Faulty::new(symmetric(), Fault::Error, 0)), Err(Injected::Fault));
    assert_eq!(density, before);
    let mut faulty = Faulty::new(symmetric(), Fault::Nan, 2);
    while !density.step(&mut faulty).unwrap() {}
    assert!(density.mean().is_nan() && density.at(0.0, 1.0).is_nan() && density.outlier_level().is_nan());
    // In any process.
    for at in [0, 3, 6] {
        let mut density = SpectralDensity::<f64, 3, 3, 3>::new(SVector::zeros(), 1);
        let mut faulty = Faulty::new(Forward(Diagonal::new([1.0, 2.0, 10.0])), Fault::Nan, at);
        while !density.step(&mut faulty).unwrap() {}
        assert!(density.mean().is_nan() && density.outlier_level().is_nan(), "{at}: {}", density.outlier_level());
        assert_eq!(density.range(), (f64::INFINITY, f64::NEG_INFINITY));
    }
}

/// The plane through the minima of the double well and a point beside its saddle is the plane of the function.
#[test]
fn the_surface_of_the_double_well() {
    let mut problem = Watched::new(Forward(DoubleWell));
    let mut surface = Surface::new(vector![0.0, -1.0], vector![0.0, 1.0], vector![2.0, 0.5], [41, 21]);
    assert_eq!(surface.lowest(), None);
    let mut told = 0;
    while let Some(height) = surface.step(&mut problem).unwrap() {
        let x = vector![2.0 * height.beside, 2.0 * height.along - 1.0];
        assert!((height.value - Forward(DoubleWell).value(&x).unwrap()).abs() < 1e-13, "{height:?}");
        let (along, beside) = surface.coordinates(&x);
        assert!((along - height.along).abs() < 1e-14 && (beside - height.beside).abs() < 1e-14);
        if (height.along, height.beside) == (0.5, 0.0) {
            told += 1;
            assert_eq!(height.value, 0.0, "the saddle, 0.25 above the minima");
        }
    }
    assert_eq!((told, surface.step(&mut problem), problem.values), (1, Ok(None), 41 * 21), "after the end no call");
    let lowest = surface.lowest().unwrap();
    assert_eq!((lowest.along, lowest.beside, lowest.value), (0.0, 0.0, -0.25));
    assert_eq!(surface.coordinates(&vector![2.0, 0.5]), (0.75, 1.0));
    let mut single = Surface::new(point::<f32, 2>([0.0, -1.0]), point([0.0, 1.0]), point([2.0, 0.5]), [41, 21]);
    while single.step(&mut Forward(DoubleWell)).unwrap().is_some() {}
    assert_eq!(single.lowest().map(|lowest| lowest.value), Some(-0.25));
}

#[test]
fn surfaces_at_the_edges() {
    // Three points on a line, two of them the same, all the same: no number is lost.
    let [a, b] = [vector![1.0, 0.0], vector![3.0, 4.0]];
    for [a, b, c] in [[a, b, (a + b) * 0.5], [a, b, a], [a, a, b], [a, a, a]] {
        let mut surface = Surface::new(a, b, c, [3, 0]);
        let mut heights = Vec::new();
        while let Some(height) = surface.step(&mut Forward(Diagonal::new([1.0, 1.0]))).unwrap() {
            heights.push(height.value);
        }
        assert!(heights.len() == 6 && heights.iter().all(|value| value.is_finite()), "{heights:?}");
    }
    // What rounding leaves of a point on the line is no direction.
    let [from, to] = [vector![0.1, 0.2, 0.3], vector![0.3, 0.7, 1.9]];
    for c in [from + (to - from) * 0.37, to] {
        assert_eq!(Surface::new(from, to, c, [2, 2]).coordinates(&vector![1.0, 0.0, 0.0]).1, 0.0);
    }
    let mut surface = Surface::new(a, b, vector![0.0, 1.0], [2, 2]);
    let before = surface;
    assert_eq!(surface.step(&mut Faulty::new(Forward(DoubleWell), Fault::Error, 0)), Err(Injected::Fault));
    assert_eq!(surface, before);
    let hole = surface.step(&mut Faulty::new(Forward(DoubleWell), Fault::Nan, 0)).unwrap().unwrap();
    assert_eq!((hole.value, surface.lowest().map(|lowest| lowest.value)), (f64::INFINITY, Some(f64::INFINITY)));
}
