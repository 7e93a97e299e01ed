//! Recursive least squares against batch solutions by brute force, and where there is nothing to learn.

use nalgebra::{SMatrix, SVector, vector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use thalweg::least_squares::{Covariance, Recursion, RecursiveLeastSquares, RecursiveState, SquareRoot, Update};
use thalweg::{ConfigError, Real};

use crate::problems::{distance, point, wide};
use crate::reference;

fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

/// Samples `(φ, y)` of a model with parameters 1, 2, … and noise, exact in both scalars.
fn samples<const N: usize>(count: usize, noise: f64) -> Vec<(SVector<f64, N>, f64)> {
    let mut random = ChaCha8Rng::seed_from_u64(N as u64);
    let single = |value: f64| f64::from(value as f32);
    let mut sample = || {
        let phi = SVector::<f64, N>::from_fn(|_, _| single(normal(&mut random)));
        let truth: f64 = phi.iter().enumerate().map(|(j, phi)| (j + 1) as f64 * phi).sum();
        (phi, single(truth + noise * normal(&mut random)))
    };
    (0..count).map(|_| sample()).collect()
}

fn absorbed<T>(update: Update<T>) -> (T, T) {
    match update {
        Update::Absorbed { innovation, spread } => (innovation, spread),
        _ => panic!("a good sample was not absorbed"),
    }
}

fn learn<T: Real, const N: usize, K: Recursion>(
    method: RecursiveLeastSquares<f64>,
    start: (SVector<f64, N>, SVector<f64, N>),
    samples: &[(SVector<f64, N>, f64)],
) -> RecursiveState<T, N, K> {
    let method = RecursiveLeastSquares {
        forgetting: T::of_f64(method.forgetting),
        information_floor: T::of_f64(method.information_floor),
    };
    let mut state = RecursiveState::from_point(start.0.map(T::of_f64), &start.1.map(T::of_f64)).unwrap();
    for (phi, y) in samples {
        absorbed(method.update(&mut state, &phi.map(T::of_f64), T::of_f64(*y)));
    }
    state
}

/// The minimizer of `Σ λᵏ⁻ⁱ (yᵢ - φᵢᵀx)² + λᵏ (x - x₀)ᵀR₀(x - x₀)`, the inverse of its matrix, and its minimum.
fn batch<const N: usize>(
    forgetting: f64,
    (x0, variances): (SVector<f64, N>, SVector<f64, N>),
    samples: &[(SVector<f64, N>, f64)],
) -> (SVector<f64, N>, SMatrix<f64, N, N>, f64) {
    let weight = |i: usize| forgetting.powi((samples.len() - i) as i32);
    let prior = SMatrix::from_diagonal(&variances.map(|variance| weight(0) / variance));
    let (mut information, mut right) = (prior, prior * x0);
    for (i, (phi, y)) in samples.iter().enumerate() {
        information += phi * phi.transpose() * weight(i + 1);
        right += phi * (weight(i + 1) * y);
    }
    let covariance = information.try_inverse().unwrap();
    let x = covariance * right;
    let squares = samples.iter().enumerate().map(|(i, (phi, y))| weight(i + 1) * (y - phi.dot(&x)).powi(2));
    (x, covariance, squares.sum::<f64>() + (x - x0).dot(&(prior * (x - x0))))
}

fn close<const N: usize>(a: &SMatrix<f64, N, N>, b: &SMatrix<f64, N, N>, tolerance: f64) {
    assert!((a - b).amax() <= tolerance * b.amax(), "{a} {b}");
}

fn equals_the_batch<T: Real, const N: usize, K: Recursion>(forgetting: f64) {
    let (samples, start) = (samples::<N>(60, 0.25), (SVector::repeat(0.5), SVector::repeat(64.0)));
    let tolerance = 3e3 * T::EPSILON.to_f64();
    // Rounded first, so that both sides weigh alike.
    let forgetting = T::of_f64(forgetting).to_f64();
    let method = RecursiveLeastSquares { forgetting, information_floor: 0.0 };
    let state = learn::<T, N, K>(method, start, &samples);
    let (x, covariance, minimum) = batch(forgetting, start, &samples);
    assert!(distance(&x, &wide(state.x())) < tolerance, "{x} {}", state.x());
    close(&state.covariance(T::ONE).map(T::to_f64), &covariance, tolerance);
    let weights = (0..60).map(|i| forgetting.powi(i)).sum::<f64>() - forgetting.powi(60) * N as f64;
    let variance = state.residual_variance().to_f64();
    assert!((variance * weights / minimum - 1.0).abs() < tolerance, "{variance} of {minimum}");
    assert_eq!(state.samples(), 60);
}

#[test]
fn without_forgetting_it_is_the_batch_solution_with_the_prior() {
    fn sizes<T: Real, K: Recursion>() {
        equals_the_batch::<T, 1, K>(1.0);
        equals_the_batch::<T, 2, K>(1.0);
        equals_the_batch::<T, 3, K>(1.0);
        equals_the_batch::<T, 5, K>(1.0);
        equals_the_batch::<T, 8, K>(1.0);
    }
    sizes::<f32, Covariance>();
    sizes::<f64, Covariance>();
    sizes::<f32, SquareRoot>();
    sizes::<f64, SquareRoot>();
}

#[test]
fn with_forgetting_it_is_the_batch_solution_with_exponential_weights() {
    fn factors<T: Real, K: Recursion>() {
        equals_the_batch::<T, 1, K>(0.9);
        equals_the_batch::<T, 4, K>(0.9);
        equals_the_batch::<T, 3, K>(0.97);
        equals_the_batch::<T, 6, K>(0.97);
    }
    factors::<f32, Covariance>();
    factors::<f64, Covariance>();
    factors::<f32, SquareRoot>();
    factors::<f64, SquareRoot>();
}

/// The recursion written down with full matrices.
#[test]
fn a_floor_refills_information_and_both_memories_agree() {
    for (forgetting, information_floor) in [(0.95, 1.0), (0.8, 0.25), (0.5, 1e-3)] {
        let method = RecursiveLeastSquares { forgetting, information_floor };
        let samples = samples::<3>(80, 0.5);
        let start = (vector![0.0, 1.0, -1.0], vector![4.0, 0.25, 100.0]);
        let initial = SMatrix::from_diagonal(&start.1.map(|variance| 1.0 / variance));
        let (mut x, mut information) = (start.0, initial);
        for (phi, y) in &samples {
            information = information * forgetting + initial * ((1.0 - forgetting) * information_floor);
            information += phi * phi.transpose();
            x += information.try_inverse().unwrap() * phi * (y - phi.dot(&x));
        }
        let covariance = learn::<f64, 3, Covariance>(method, start, &samples);
        let root = learn::<f64, 3, SquareRoot>(method, start, &samples);
        assert!(distance(&x, covariance.x()) < 1e-12 && distance(&x, root.x()) < 1e-12);
        close(&covariance.covariance(1.0), &information.try_inverse().unwrap(), 1e-12);
        close(&root.covariance(1.0), &information.try_inverse().unwrap(), 1e-12);
        assert!((covariance.residual_variance() / root.residual_variance() - 1.0).abs() < 1e-12);
    }
}

/// Whether `P ≤ bound · P₀` and `P > 0`, as matrices.
fn within<T: Real, const N: usize, K: Recursion>(state: &RecursiveState<T, N, K>, bound: &SVector<f64, N>) -> bool {
    let covariance = state.covariance(T::ONE).map(T::to_f64);
    let room = SMatrix::from_diagonal(&(bound * (1.0 + 1e3 * T::EPSILON.to_f64()))) - covariance;
    room.cholesky().is_some() && covariance.cholesky().is_some()
}

fn rest_and_return<T: Real, K: Recursion>(phi: [f64; 2]) {
    let method = RecursiveLeastSquares { forgetting: T::of_f64(0.99), information_floor: T::of_f64(0.25) };
    let mut state = RecursiveState::<T, 2, K>::from_point(point([0.0, 0.0]), &point([100.0, 1.0])).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut excited = |state: &mut RecursiveState<T, 2, K>, truth: [f64; 2], count| {
        for _ in 0..count {
            let phi = [normal(&mut random), normal(&mut random)];
            let y = phi[0] * truth[0] + phi[1] * truth[1];
            absorbed(method.update(state, &point(phi), T::of_f64(y)));
        }
        let error = wide(state.x()) - SVector::from(truth);
        assert!(error.amax() < 2e-2, "{truth:?}: {error}");
    };
    excited(&mut state, [3.0, -1.0], 600);
    for k in 0..100_000 {
        absorbed(method.update(&mut state, &point(phi), T::of_f64(3.0 * phi[0] - phi[1])));
        assert!(k % 1000 != 0 || within(&state, &vector![400.0, 4.0]), "after {k} samples");
    }
    assert!((wide(state.x()) - vector![3.0, -1.0]).amax() < 2e-2, "the estimate drifted to {}", state.x());
    excited(&mut state, [-2.0, 5.0], 1000);
}

#[test]
fn without_excitation_the_covariance_is_bounded_and_the_estimate_recovers() {
    for phi in [[0.0, 0.0], [1.0, 0.0], [1.0, 0.5]] {
        rest_and_return::<f32, Covariance>(phi);
        rest_and_return::<f64, Covariance>(phi);
        rest_and_return::<f32, SquareRoot>(phi);
        rest_and_return::<f64, SquareRoot>(phi);
    }
}

#[test]
fn without_a_floor_the_covariance_winds_up() {
    let method = RecursiveLeastSquares { forgetting: 0.99, information_floor: 0.0 };
    let mut state = RecursiveState::new(vector![0.0, 0.0], &vector![1.0, 1.0]).unwrap();
    for _ in 0..1000 {
        absorbed(method.update(&mut state, &vector![1.0, 0.0], 1.0));
    }
    assert!((state.covariance(1.0)[(1, 1)] * 0.99_f64.powi(1000) - 1.0).abs() < 1e-9);
}

#[test]
fn the_direction_that_is_excited_keeps_forgetting() {
    let method = RecursiveLeastSquares { forgetting: 0.9, ..Default::default() };
    let mut state = RecursiveState::new(vector![0.0, 0.0], &vector![100.0, 100.0]).unwrap();
    let phi = vector![1.0, 0.5];
    for k in 0..10_000 {
        let y = f64::from(k) * 1e-3;
        absorbed(method.update(&mut state, &phi, y));
        // A ramp is followed at a distance of λ/(1 - λ) samples.
        assert!(k < 100 || (state.predict(&phi) - y + 9e-3).abs() < 1e-3, "{} {y}", state.predict(&phi));
    }
}

fn a_million<T: Real, K: Recursion>(forgetting: f64) {
    let method = RecursiveLeastSquares { forgetting: T::of_f64(forgetting), ..Default::default() };
    let mut state = RecursiveState::<T, 2, K>::from_point(point([0.0, 0.0]), &point([1e4, 1e4])).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    // Nearly collinear: the second component follows the first.
    let mut pair = || {
        let u: f64 = random.random_range(-1.0..1.0);
        [u, u + 0.05 * random.random_range(-1.0..1.0)]
    };
    let pairs: Vec<_> = (0..9973).map(|_| pair()).collect();
    for (k, phi) in pairs.iter().cycle().take(1_000_000).enumerate() {
        absorbed(method.update(&mut state, &point(*phi), T::of_f64(2.0 * phi[0] - phi[1])));
        assert!(k % 10_000 != 0 || within(&state, &vector![1e4, 1e4]), "after {k} samples");
    }
    let error = wide(state.x()) - vector![2.0, -1.0];
    assert!(error.amax() < 1e-2, "{error}");
}

#[test]
fn single_precision_stays_positive_definite_over_a_million_samples() {
    a_million::<f32, Covariance>(1.0);
    a_million::<f32, Covariance>(0.99);
}

#[test]
fn single_precision_stays_positive_definite_over_a_million_samples_in_the_square_root() {
    a_million::<f32, SquareRoot>(1.0);
    a_million::<f32, SquareRoot>(0.99);
}

#[test]
fn a_vague_prior_in_single_precision_is_for_the_square_root() {
    let samples = samples::<3>(40, 0.0);
    let start = (SVector::zeros(), SVector::repeat(1e12));
    let root = learn::<f32, 3, SquareRoot>(RecursiveLeastSquares::default(), start, &samples);
    assert!((wide(root.x()) - vector![1.0, 2.0, 3.0]).amax() < 1e-5, "{}", root.x());
    let covariance = learn::<f32, 3, Covariance>(RecursiveLeastSquares::default(), start, &samples);
    assert!(within(&root, &start.1) && covariance.covariance(1.0).iter().all(|entry| entry.is_finite()));
}

/// Where the prior is too vague for the covariance, rounding takes a variance whole: what is kept of it goes on learning, and
/// no spread falls below that of the noise.
fn learns_on<T: Real>(vague: f64) {
    let method = RecursiveLeastSquares::<T>::default();
    let mut state = RecursiveState::<T, 1>::new(point([0.0]), &point([vague])).unwrap();
    for y in core::iter::once(1.0).chain([3.0; 100]) {
        absorbed(method.update(&mut state, &point([1.0]), T::of_f64(y)));
        assert!(state.covariance(T::ONE)[0] > T::ZERO);
    }
    assert!((state.x()[0].to_f64() - 3.0).abs() < 0.05, "{}", state.x());
    let mut state = RecursiveState::<T, 3>::new(point([0.0; 3]), &point([vague; 3])).unwrap();
    for (phi, y) in samples::<3>(400, 0.0) {
        // Beyond what the memory is for, a sample may be refused.
        if let Update::Absorbed { spread, .. } = method.update(&mut state, &phi.map(T::of_f64), T::of_f64(y)) {
            assert!(spread >= T::ONE, "{spread:?}");
        }
    }
}

#[test]
fn a_variance_that_rounding_takes_is_not_lost() {
    for power in [8, 10, 12, 14] {
        learns_on::<f32>(10.0_f64.powi(power));
        learns_on::<f64>(10.0_f64.powi(power + 9));
    }
}

#[test]
fn a_drifting_parameter_is_tracked() {
    fn error<K: Recursion>(forgetting: f64) -> f64 {
        let method = RecursiveLeastSquares { forgetting, ..Default::default() };
        let mut state = RecursiveState::<f64, 2, K>::from_point(vector![0.0, 0.0], &vector![100.0, 100.0]).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let mut worst = 0.0_f64;
        for k in 0..4000 {
            let truth = vector![(f64::from(k) / 400.0).sin(), 1.0];
            let phi = vector![normal(&mut random), 1.0];
            let y = phi.dot(&truth) + 0.01 * normal(&mut random);
            absorbed(method.update(&mut state, &phi, y));
            worst = if k > 200 { worst.max((state.x() - truth).amax()) } else { worst };
        }
        worst
    }
    for tracked in [error::<Covariance>(0.95), error::<SquareRoot>(0.95)] {
        assert!(tracked < 0.12, "{tracked}");
    }
    assert!(error::<Covariance>(1.0) > 0.9, "without forgetting it is not");
}

#[test]
fn the_noise_is_estimated() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for (forgetting, tolerance) in [(1.0, 0.03), (0.999, 0.1)] {
        let method = RecursiveLeastSquares { forgetting, ..Default::default() };
        let mut state = RecursiveState::square_root(vector![0.0, 0.0], &vector![1e6, 1e6]).unwrap();
        for k in 0..5000 {
            assert_eq!(state.residual_variance() > 0.0, k > 2, "after {k} samples");
            let phi = vector![1.0, normal(&mut random)];
            absorbed(method.update(&mut state, &phi, 3.0 + 0.2 * normal(&mut random)));
        }
        assert!((state.residual_variance().sqrt() / 0.2 - 1.0).abs() < tolerance, "{}", state.residual_variance());
    }
}

fn refuses<T: Real, K: Recursion>() {
    let method = RecursiveLeastSquares { forgetting: T::of_f64(0.9), ..Default::default() };
    let mut state = RecursiveState::<T, 2, K>::from_point(point([1.0, 2.0]), &point([4.0, 4.0])).unwrap();
    let (innovation, spread) = absorbed(method.update(&mut state, &point([1.0, 0.0]), T::of_f64(3.0)));
    assert_eq!((innovation.to_f64(), (spread.to_f64() - 5.0).abs() < 1e-5), (2.0, true));
    let before = format!("{state:?}");
    for bad in [T::NAN, T::INFINITY, -T::INFINITY] {
        for phi in [[1.0, 1.0], [0.0, 0.0]] {
            assert_eq!(method.update(&mut state, &point(phi), bad), Update::Refused);
        }
        assert_eq!(method.update(&mut state, &SVector::from([T::ONE, bad]), T::ONE), Update::Refused);
        let wrong = RecursiveLeastSquares { forgetting: bad, ..method };
        assert_eq!(wrong.update(&mut state, &point([1.0, 1.0]), T::ONE), Update::Invalid(ConfigError::Fraction));
        let variances = SVector::from([T::ONE, bad]);
        assert!(RecursiveState::<T, 2, K>::from_point(point([0.0; 2]), &variances).is_err());
    }
    // Finite, but its square is not.
    assert_eq!(method.update(&mut state, &SVector::repeat(T::ONE / T::TINY), T::ONE), Update::Refused);
    assert_eq!(before, format!("{state:?}"));
    for (forgetting, information_floor) in [(0.0, 1.0), (-0.5, 1.0), (1.5, 1.0), (0.5, -0.1), (0.5, 1.1)] {
        let (forgetting, information_floor) = (T::of_f64(forgetting), T::of_f64(information_floor));
        assert_eq!(RecursiveLeastSquares { forgetting, information_floor }.validate(), Err(ConfigError::Fraction));
    }
    for bad in [T::ZERO, -T::ONE, T::TINY * T::of_f64(1e-3)] {
        let variances = SVector::from([T::ONE, bad]);
        let refused = RecursiveState::<T, 2, K>::from_point(point([0.0; 2]), &variances);
        assert_eq!(refused.err(), Some(ConfigError::NotPositive));
    }
}

#[test]
fn what_is_not_finite_changes_nothing() {
    refuses::<f32, Covariance>();
    refuses::<f64, Covariance>();
    refuses::<f32, SquareRoot>();
    refuses::<f64, SquareRoot>();
}

/// A platinum thermometer, `R = R₀(1 + At + Bt²)`, one entry of its table at a time, against the stored batch solution.
#[test]
fn a_platinum_thermometer_as_published() {
    let Some(folder) = reference::folder("thermistor") else { return };
    let set = folder.join("pt100-hot");
    let (meta, (_, rows)) = (reference::meta(&set), reference::table(&set.join("data.csv")));
    let numbers = |key: &str| reference::numbers(&meta, "callendar_van_dusen", key);
    let (params, errors) = (numbers("params"), numbers("std_err"));
    let sse = reference::number(&meta["callendar_van_dusen"]["sse"]);
    let mut state = RecursiveState::square_root(SVector::zeros(), &SVector::repeat(1e16)).unwrap();
    for row in &rows {
        let t = row[0] / 100.0;
        absorbed(RecursiveLeastSquares::default().update(&mut state, &vector![1.0, t, t * t], row[1]));
    }
    let [r0, a, b] = [state.x()[0], state.x()[1], state.x()[2]];
    let found = [r0, a / r0 / 100.0, b / r0 / 1e4];
    for (found, published) in found.iter().zip(params) {
        assert!((found / published - 1.0).abs() < 1e-11, "{found} {published}");
    }
    assert!((state.residual_variance() * 83.0 / sse - 1.0).abs() < 1e-7, "{}", state.residual_variance());
    let error = state.covariance(state.residual_variance())[(0, 0)].sqrt();
    assert!((error / errors[0] - 1.0).abs() < 1e-7, "{error} {}", errors[0]);
}
