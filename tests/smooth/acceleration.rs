//! Accelerated gradient without convexity, quasar-convex functions, geometric descent.

use nalgebra::{SVector, vector};
use thalweg::problem::{Forward, Function, Smooth};
use thalweg::smooth::{
    AcceleratedGradient, AcceleratedGradientState, Aggregation, GeometricDescent, GeometricDescentState, QuasarConvex,
    QuasarConvexState,
};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

use crate::functions::{Chain, Diagonal, DoubleWell, Rosenbrock, point};

const CONVERGED: Status = Status::Converged(Criterion::Gradient);
const CHAIN_DISTANCE: f64 = 33.168_316_831_68;

fn ask<const N: usize>(function: &(impl Function<f64, N> + Copy), x: &SVector<f64, N>) -> (f64, SVector<f64, N>) {
    let mut gradient = SVector::zeros();
    let Ok(value) = Forward(*function).gradient(x, &mut gradient);
    (value, gradient)
}

/// Ghadimi & Lan's bounds after a hundred iterations on the Chain, and what is found below them.
#[test]
fn both_aggregations_keep_their_bounds_on_the_chain() {
    let run = |aggregation| {
        let method = AcceleratedGradient { aggregation, gradient_tolerance: 0.0, ..AcceleratedGradient::new(4.0) };
        let mut state = AcceleratedGradientState::<f64, 100>::new(SVector::zeros());
        let mut least = f64::INFINITY;
        for _ in 0..100 {
            let _ = method.step(&mut state, &mut Forward(Chain)).unwrap();
            least = least.min(ask(&Chain, state.iterate()).1.norm_squared());
        }
        (ask(&Chain, state.aggregate()).0 - Chain::LEAST, least)
    };
    let (gap, least) = run(Aggregation::Convex);
    assert!((gap - 0.010_089_1).abs() < 1e-7 && gap <= 4.0 * 4.0 * CHAIN_DISTANCE / 10_100.0, "{gap}");
    assert!((least / 5.076_9e-5 - 1.0).abs() < 1e-5 && least <= 96.0 * 16.0 * CHAIN_DISTANCE / 1_010_000.0, "{least}");
    let (_, least) = run(Aggregation::Cautious);
    assert!((least / 2.183_16e-3 - 1.0).abs() < 1e-5 && least <= 6.0 * 4.0 * -Chain::LEAST / 100.0, "{least}");
}

/// Where f is not convex the cautious sequence ends in a well.
#[test]
fn the_cautious_aggregation_finds_a_well() {
    let mut state = AcceleratedGradientState::<f64, 2>::new(vector![1.0, 0.1]);
    let status = AcceleratedGradient::new(11.0).run(&mut state, &mut Forward(DoubleWell), 10_000);
    assert_eq!(status, Ok(CONVERGED));
    assert!((state.value() + 0.25).abs() < 1e-12);
}

/// `Σ x²/(1 + x²)`: quasar-convex with γ = 2/(1 + R²) where no coordinate exceeds R; L = 2.
#[derive(Clone, Copy)]
struct Dips;

impl<T: Real, const N: usize> Function<T, N> for Dips {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; N]) -> D {
        x.iter().fold(D::of(0.0), |sum, &x| sum + x * x / (x * x).offset(T::ONE))
    }
}

/// The values at y are those of a program that asks as often as it likes; the bound and descent to zero.
#[test]
fn quasar_convexity_keeps_its_bound() {
    let (quasar, accuracy) = (0.2, 1e-6);
    let method = QuasarConvex { accuracy, gradient_tolerance: 0.0, ..QuasarConvex::new(2.0, quasar) };
    let mut state = QuasarConvexState::<f64, 3>::new(vector![3.0, -2.0, 1.0]);
    let bound = |k: u32| {
        let distance = 14.0;
        (0.5 + quasar * quasar / 8.0) * distance * 8.0 / (quasar * f64::from(k + 1)).powi(2) + accuracy
    };
    let mut asked = 0;
    for (k, expected) in
        [(1, 2.044_792_930_911_227), (10, 1.474_621_047_451_455_8), (20, 0.813_371_032_092_739), (30, 3.863e-11)]
    {
        while state.iterations() < k {
            let _ = method.step(&mut state, &mut Forward(Dips)).unwrap();
            asked += 1;
        }
        let (value, _) = ask(&Dips, state.proposal());
        assert!((value - expected).abs() < 1e-12, "{k}: {value}");
        assert!(value <= bound(k));
    }
    assert!(asked < 100, "{asked} gradients for 30 iterations");
    let (state, status): (QuasarConvexState<f32, 3>, _) =
        QuasarConvex::new(2.0, 0.2).solve(vector![3.0, -2.0, 1.0], &mut Forward(Dips), 1000).unwrap();
    assert!(status == CONVERGED && state.x().amax() < 1e-3);
}

/// In Rosenbrock's valley the guess fails time and again, and bisections of one and two halvings follow.
#[test]
fn quasar_convexity_bisects() {
    let method = QuasarConvex { accuracy: 1e-6, gradient_tolerance: 0.0, ..QuasarConvex::new(3000.0, 0.5) };
    let mut state = QuasarConvexState::<f64, 2>::new(vector![2.0, 2.0]);
    for (k, expected) in [(17, 0.217_506_625_387_277_9), (30, 0.215_309_121_385_188_65), (40, 0.212_700_495_031_868_83)]
    {
        while state.iterations() < k {
            let _ = method.step(&mut state, &mut Forward(Rosenbrock)).unwrap();
        }
        let (value, _) = ask(&Rosenbrock, state.proposal());
        assert!((value - expected).abs() < 1e-9, "{k}: {value}");
    }
}

/// Where f is not quasar-convex the solve ends, no worse than it began.
#[test]
fn quasar_convexity_survives_other_functions() {
    for seed in 0..40 {
        let start = vector![f64::from(seed % 7) - 3.0, f64::from(seed % 5) - 2.0];
        let mut state = QuasarConvexState::<f64, 2>::new(start);
        let status = QuasarConvex::new(12.0, 0.9).run(&mut state, &mut Forward(DoubleWell), 20_000).unwrap();
        assert_ne!(status, Status::Running);
        assert!(state.value() <= ask(&DoubleWell, &start).0);
    }
}

fn linspace() -> Diagonal<20> {
    Diagonal::new(std::array::from_fn(|i| 1.0 + 99.0 * i as f64 / 19.0))
}

/// Bubeck, Lee & Singh: `R² ≤ (1 - √(α/β)) R²` of before, and the minimizer in every ball; the radii from a program with exact searches.
#[test]
fn the_ball_shrinks_around_the_minimizer() {
    let method = GeometricDescent { gradient_tolerance: 1e-9, ..GeometricDescent::new(100.0, 1.0) };
    let mut state = GeometricDescentState::<f64, 20>::new(SVector::from_element(1.0));
    let mut problem = Forward(linspace());
    let mut radii = vec![];
    let mut last = f64::INFINITY;
    while method.step(&mut state, &mut problem) == Ok(Status::Running) {
        let radius = state.distance_bound();
        assert!(state.centre().norm() <= radius * (1.0 + 1e-9), "{} {radius}", state.centre().norm());
        if radius != last {
            radii.push(radius * radius);
            assert!(last == f64::INFINITY || radius * radius <= 0.9 * last * last * (1.0 + 1e-12));
            last = radius;
        }
    }
    assert!(state.x().norm() < 1e-8);
    for (k, expected) in [(1, 4_293.356_523_381_04), (10, 2.178_077_534_825_167), (40, 9.077_403_759_474_446e-4)] {
        assert!((radii[k] / expected - 1.0).abs() < 1e-6, "{k}: {:e}", radii[k]);
    }
}

/// A function that is not quadratic: the search takes more than two secants, the ball holds the minimizer all the same.
#[test]
fn the_ball_holds_the_minimizer_of_other_functions() {
    #[derive(Clone, Copy)]
    struct Soft;
    impl<T: Real, const N: usize> Function<T, N> for Soft {
        /// `Σ ½x² + cᵢ √(1 + x²)`: curvatures between 1 and 51.
        fn value<D: Number<Scalar = T>>(&self, x: &[D; N]) -> D {
            x.iter().enumerate().fold(D::of(0.0), |sum, (i, &x)| {
                let root = (x * x).offset(T::ONE).sqrt();
                sum + (x * x).scale(T::HALF) + root.scale(T::of_f64(10.0 * i as f64))
            })
        }
    }
    fn check<T: Real>(rounding: f64) {
        let mut state = GeometricDescentState::<T, 6>::new(point([4.0, -3.0, 2.0, -1.0, 5.0, -6.0]));
        let mut problem = Forward(Soft);
        let status = loop {
            let status = GeometricDescent::new(T::of_f64(51.0), T::ONE).step(&mut state, &mut problem).unwrap();
            let distance = state.centre().map(T::to_f64).norm();
            assert!(distance <= state.distance_bound().to_f64() + rounding, "{distance} {}", state.distance_bound());
            if status != Status::Running {
                break status;
            }
        };
        assert_eq!(status, CONVERGED);
    }
    check::<f64>(1e-12);
    check::<f32>(1e-2);
}

#[test]
fn parameters_out_of_range_are_told() {
    let mut problem = Forward(DoubleWell);
    let start = vector![1.0, 1.0];
    for (lipschitz, convexity, error) in [(1.0, 2.0, ConfigError::Bounds), (1.0, 0.0, ConfigError::NotPositive)] {
        let (_, status): (GeometricDescentState<f64, 2>, _) =
            GeometricDescent::new(lipschitz, convexity).solve(start, &mut problem, 5).unwrap();
        assert_eq!(status, Status::Stalled(Stall::Config(error)));
    }
    let (_, status): (QuasarConvexState<f64, 2>, _) =
        QuasarConvex::new(1.0, 1.1).solve(start, &mut problem, 5).unwrap();
    assert_eq!(status, Status::Stalled(Stall::Config(ConfigError::Fraction)));
    let (_, status): (AcceleratedGradientState<f64, 2>, _) =
        AcceleratedGradient::new(f64::NAN).solve(start, &mut problem, 5).unwrap();
    assert_eq!(status, Status::Stalled(Stall::Config(ConfigError::NotPositive)));
}
