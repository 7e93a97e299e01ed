//! The Newton methods that hold a Hessian.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector, matrix, vector};
use thalweg::problem::{Curved, Forward, Function, GaussNewtonCurvature, Smooth, dense_fn, hessian_fn};
use thalweg::smooth::{
    CubicRegularization, NaturalGradient, NewtonState, NewtonTrustRegion, RegularizedNewton, RegularizedRule,
    SaddleFreeNewton,
};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

use crate::functions::{Diagonal, DoubleWell, MonkeySaddle, Rosenbrock, point};
use crate::watched::Watched;

const CONVERGED: Status = Status::Converged(Criterion::Gradient);

/// `μ ln Σ exp((aᵢᵀx - bᵢ)/μ)` with `aᵢⱼ = cos(ij)`, `bᵢ = sin i`, twenty terms, μ = 0.1.
#[derive(Clone, Copy, Debug)]
struct LogSumExp;

impl LogSumExp {
    const LEAST: f64 = 0.871_247_60;

    fn row(i: usize) -> [f64; 5] {
        core::array::from_fn(|j| ((i * (j + 1)) as f64).cos())
    }

    fn scores<D: Number<Scalar = f64>>(x: &[D; 5]) -> [D; 20] {
        core::array::from_fn(|k| {
            let sum = Self::row(k + 1).iter().zip(x).fold(D::of(0.0), |sum, (&a, &x)| sum + x.scale(a));
            sum.offset(-((k + 1) as f64).sin()).scale(10.0)
        })
    }
}

impl Function<f64, 5> for LogSumExp {
    fn value<D: Number<Scalar = f64>>(&self, x: &[D; 5]) -> D {
        let scores = Self::scores(x);
        let most = scores.iter().fold(f64::NEG_INFINITY, |most, score| most.max(score.real()));
        let sum = scores.iter().fold(D::of(0.0), |sum, &score| sum + score.offset(-most).exp());
        sum.ln().offset(most).scale(0.1)
    }
}

/// The curvature `(1/μ) Aᵀ diag(softmax) A`.
fn weighted() -> impl Curved<f64, 5, Error = Infallible> {
    hessian_fn(|x: &SVector<f64, 5>, g: &mut SVector<f64, 5>, h: &mut SMatrix<f64, 5, 5>| {
        let value = Forward(LogSumExp).gradient(x, g).unwrap();
        *h = SMatrix::zeros();
        for (k, score) in LogSumExp::scores(&<[f64; 5]>::from(*x)).iter().enumerate() {
            let a = SVector::from(LogSumExp::row(k + 1));
            *h += a * a.transpose() * (10.0 * (score - 10.0 * value).exp());
        }
        value
    })
}

fn solve<M, P, const N: usize>(method: &M, start: [f64; N], problem: P) -> (NewtonState<f64, N>, Status, Watched<P>)
where
    P: Curved<f64, N, Error = Infallible>,
    M: Method<Watched<P>, NewtonState<f64, N>>,
{
    let mut problem = Watched::new(problem);
    let Ok((state, status)) = method.solve(point(start), &mut problem, 100_000);
    (state, status, problem)
}

fn tight() -> RegularizedNewton<f64> {
    RegularizedNewton { gradient_tolerance: 1e-8, ..RegularizedNewton::default() }
}

/// The value and the Hessian at a point.
fn hessian<const N: usize, F: Function<f64, N>>(
    f: F,
    x: &SVector<f64, N>,
) -> (f64, SVector<f64, N>, SMatrix<f64, N, N>) {
    let (mut g, mut h) = (SVector::zeros(), SMatrix::zeros());
    let Ok(value) = Forward(f).hessian(x, &mut g, &mut h);
    (value, g, h)
}

#[test]
fn trust_region_takes_about_thirty_iterations_on_rosenbrock() {
    let method = NewtonTrustRegion { gradient_tolerance: 1e-8, ..NewtonTrustRegion::default() };
    let (state, status, problem) = solve(&method, Rosenbrock::START, Forward(Rosenbrock));
    assert_eq!((status, problem.hessians, problem.gradients, problem.values), (CONVERGED, 24, 26, 0));
    assert!((state.x() - vector![1.0, 1.0]).norm() < 1e-8 && state.value() < 1e-20);
    let (state, status) =
        NewtonTrustRegion::<f32>::default().solve(point(Rosenbrock::START), &mut Forward(Rosenbrock), 100).unwrap();
    assert!(status == CONVERGED && (state.x() - vector![1.0, 1.0]).norm() < 1e-2);
}

#[test]
fn regularized_newton_counts_are_the_published_implementations() {
    let (state, status, problem) = solve(&tight(), Rosenbrock::START, Forward(Rosenbrock));
    assert_eq!((status, problem.hessians, problem.gradients), (CONVERGED, 45, 90));
    assert!((state.x() - vector![1.0, 1.0]).norm() < 1e-8 && state.value() < 1e-20);
}

#[test]
fn regularized_newton_counts_with_the_gauss_newton_matrix() {
    let residuals = dense_fn(|x: &SVector<f64, 2>, r: &mut SVector<f64, 2>, j: &mut SMatrix<f64, 2, 2>| {
        *r = vector![1.0 - x[0], 10.0 * (x[1] - x[0] * x[0])] * 2f64.sqrt();
        *j = matrix![-1.0, 0.0; -20.0 * x[0], 10.0] * 2f64.sqrt();
    });
    let (state, status, problem) = solve(&tight(), Rosenbrock::START, GaussNewtonCurvature::<_, 2>(residuals));
    assert_eq!((status, problem.hessians, problem.gradients), (CONVERGED, 44, 88));
    assert!((state.x() - vector![1.0, 1.0]).norm() < 1e-8 && state.value() < 1e-20);
}

#[test]
fn regularized_newton_counts_on_the_logarithm_of_a_sum_of_exponentials() {
    let (state, status, problem) = solve(&tight(), [0.0; 5], Forward(LogSumExp));
    assert_eq!((status, problem.hessians), (CONVERGED, 5));
    assert!((state.value() - LogSumExp::LEAST).abs() < 1e-8);
    let (state, status, problem) = solve(&tight(), [0.0; 5], weighted());
    assert_eq!((status, problem.hessians), (CONVERGED, 7));
    assert!((state.value() - LogSumExp::LEAST).abs() < 1e-8);
}

/// `aᵢ = max(|λᵢ|, floor · L) + shift · L` for positive definite matrices too, where a factor would do without eigenvalues.
#[test]
fn small_eigenvalues_are_lifted_to_the_floor() {
    let q = SMatrix::<f64, 2, 2>::new(0.6, -0.8, 0.8, 0.6);
    let h = q * matrix![1.0, 0.0; 0.0, 10.0] * q.transpose();
    for (floor, shift, expected) in [(0.05, 0.0, [1.0, 10.0]), (0.5, 0.0, [5.0, 10.0]), (0.05, 0.1, [2.0, 11.0])] {
        let method = SaddleFreeNewton { floor, shift, ..SaddleFreeNewton::default() };
        let found = q.transpose() * method.direction(&h, &(q * vector![1.0, 2.0]));
        let [a, b] = expected;
        assert!((found - vector![-1.0 / a, -2.0 / b]).norm() < 1e-13, "{floor} {shift}: {found}");
    }
}

/// The rule of slopes, beside the loop of the authors' program in the plain: `λ = H ‖g‖`, H divided or multiplied by four, at least 10⁻⁵.
#[test]
fn the_convex_rule_is_the_published_loop() {
    let method = RegularizedNewton { rule: RegularizedRule::Convex, gradient_tolerance: 1e-8, ..tight() };
    let (state, status, problem) = solve(&method, [0.0; 5], Forward(LogSumExp));
    assert_eq!(status, CONVERGED);
    assert!((state.value() - LogSumExp::LEAST).abs() < 1e-8, "{}", state.value());
    let (mut x, mut h, mut trials) = (SVector::<f64, 5>::zeros(), 1.0, 0);
    loop {
        let (_, g, hessian) = hessian(LogSumExp, &x);
        if g.amax() <= 1e-8 {
            break;
        }
        loop {
            let damping = h * g.norm();
            let next = x - (hessian + SMatrix::identity() * damping).lu().solve(&g).unwrap();
            let (mut slope, mut problem) = (SVector::zeros(), Forward(LogSumExp));
            let Ok(_) = problem.gradient(&next, &mut slope);
            trials += 1;
            if slope.dot(&(x - next)) >= slope.norm_squared() / (4.0 * damping) {
                (x, h) = (next, (h / 4.0).max(1e-5));
                break;
            }
            h *= 4.0;
        }
    }
    assert!((state.x() - x).norm() < 1e-7, "{} {x}", state.x());
    assert_eq!(problem.gradients, trials);
    // Where f is not convex, no value rises.
    let well = RegularizedNewton { rule: RegularizedRule::Convex, ..tight() };
    let mut state = NewtonState::new(point([0.3, 0.1]));
    let mut last = f64::INFINITY;
    while well.step(&mut state, &mut Forward(DoubleWell)) == Ok(Status::Running) {
        assert!(state.value() <= last);
        last = state.value();
    }
    assert!((state.value() + 0.25).abs() < 1e-12, "{}", state.value());
}

/// `γ` has the unit of x: a multiple of f takes the same way.
#[test]
fn regularized_newton_does_not_see_the_unit_of_f() {
    struct Times;
    impl Function<f64, 2> for Times {
        fn value<D: Number<Scalar = f64>>(&self, x: &[D; 2]) -> D {
            Function::<f64, 2>::value(&Rosenbrock, x).scale(1024.0)
        }
    }
    let (mut a, mut b) = (NewtonState::new(point(Rosenbrock::START)), NewtonState::new(point(Rosenbrock::START)));
    for _ in 0..60 {
        let _ = tight().step(&mut a, &mut Forward(Rosenbrock)).unwrap();
        let _ = tight().step(&mut b, &mut Forward(Times)).unwrap();
        assert!((a.x() - b.x()).norm() < 1e-12 && a.control() == b.control());
    }
}

#[test]
fn saddle_free_newton_without_a_radius_overshoots_from_the_double_well() {
    let method = SaddleFreeNewton { floor: 1e-2, ..SaddleFreeNewton::default() };
    let mut x = vector![1.0, 1e-3];
    for step in 1..=22 {
        let (_, g, h) = hessian(DoubleWell, &x);
        x += method.direction(&h, &g);
        if step == 10 {
            assert!((x[1] - 14.043_711_722_93).abs() < 1e-9, "{}", x[1]);
        }
    }
    assert!((x - vector![0.0, 1.0]).norm() < 1e-12);
    let (state, status, _) = solve(&method, [1.0, 1e-3], Forward(DoubleWell));
    assert!(status == CONVERGED && (state.value() + 0.25).abs() < 1e-15 && state.x()[1] > 0.0);
}

#[test]
fn saddle_free_newton_leaves_the_monkey_saddle_at_step_seven() {
    let method = SaddleFreeNewton { floor: 1e-3, initial_radius: 1e6, ..SaddleFreeNewton::default() };
    let mut state = NewtonState::new(point([0.1, 0.05]));
    let mut problem = Watched::new(Forward(MonkeySaddle));
    let (mut newton, mut slow) = (vector![0.1, 0.05], vector![0.1, 0.05]);
    while problem.gradients < 7 {
        assert_eq!(method.step(&mut state, &mut problem), Ok(Status::Running));
        assert!(problem.gradients == 7 || state.value() > -1.0);
    }
    assert!((state.value() + 2.236_671_589_44).abs() < 1e-9);
    for step in 1..=352 {
        let (_, g, h) = hessian(MonkeySaddle, &newton);
        let halved = newton - h.try_inverse().unwrap() * g;
        assert!((halved - newton * 0.5).norm() <= 1e-12 * newton.norm());
        newton = if step < 100 { halved } else { newton };
        slow -= hessian(MonkeySaddle, &slow).1 * 0.01;
        assert_eq!(hessian(MonkeySaddle, &slow).0 < -1.0, step == 352);
    }
}

#[test]
fn floor_and_shift_of_saddle_free_newton() {
    let (h, g) = (matrix![-4.0, 0.0; 0.0, 0.01], vector![2.0, 0.5]);
    let method = SaddleFreeNewton { floor: 0.25, shift: 0.5, ..SaddleFreeNewton::default() };
    assert_eq!(method.direction(&h, &g), vector![-2.0 / 6.0, -0.5 / 3.0]);
}

/// `h = (-1 - √13)/6`, with the model at -0.6099274683 there.
#[test]
fn cubic_step_of_one_variable() {
    struct Hill;
    impl<T: Real> Function<T, 1> for Hill {
        fn value<D: Number<Scalar = T>>(&self, &[x]: &[D; 1]) -> D {
            x - (x * x).scale(T::HALF)
        }
    }
    let method = CubicRegularization { initial_weight: 6.0, ..CubicRegularization::default() };
    let (mut state, mut problem) = (NewtonState::new(point([0.0])), Forward(Hill));
    let _ = method.run(&mut state, &mut problem, 2).unwrap();
    let h = state.x()[0];
    assert!((h + 0.767_591_879_244).abs() < 1e-12, "{h}");
    assert!((h - 0.5 * h * h + h.abs().powi(3) + 0.609_927_468_3).abs() < 1e-10);
    assert_eq!(state.control(), 3.0, "f lies below the model");
}

/// `-x + (c/6) x³` keeps what a model of weight M promises exactly where `c ≤ M`.
#[test]
fn cubic_model_decides() {
    struct Cubic(f64);
    impl Function<f64, 1> for Cubic {
        fn value<D: Number<Scalar = f64>>(&self, &[x]: &[D; 1]) -> D {
            (x * x * x).scale(self.0 / 6.0) - x
        }
    }
    let method = CubicRegularization { initial_weight: 2.0, ..CubicRegularization::default() };
    for (third, x, weight) in [(1.99, 1.0, 1.0), (2.01, 0.0, 4.0)] {
        let mut state = NewtonState::new(point([0.0]));
        let _ = method.run(&mut state, &mut Forward(Cubic(third)), 2).unwrap();
        assert!((state.x()[0] - x).abs() < 1e-14 && state.control() == weight, "{third}: {}", state.x()[0]);
    }
}

#[test]
fn saddle_free_newton_on_rosenbrock() {
    let (state, status, problem) = solve(&SaddleFreeNewton::default(), Rosenbrock::START, Forward(Rosenbrock));
    assert!(status == CONVERGED && state.value() < 1e-16 && problem.gradients < 60, "{}", problem.gradients);
}

#[test]
fn cubic_regularization_on_rosenbrock() {
    let method = CubicRegularization { gradient_tolerance: 1e-8, ..CubicRegularization::default() };
    let (state, status, problem) = solve(&method, Rosenbrock::START, Forward(Rosenbrock));
    assert!(status == CONVERGED && state.value() < 1e-18 && problem.gradients < 100, "{}", problem.gradients);
}

/// The negative log-likelihood of a Gaussian by mean and logarithm of its deviation, for a sample of mean 2 and variance ¼, with the
/// Fisher matrix `diag(1/s², 2)`.
fn gaussian() -> impl Curved<f64, 2, Error = Infallible> {
    hessian_fn(|x: &SVector<f64, 2>, g: &mut SVector<f64, 2>, h: &mut SMatrix<f64, 2, 2>| {
        let precision = (-2.0 * x[1]).exp();
        let spread = 0.25 + (x[0] - 2.0).powi(2);
        *g = vector![(x[0] - 2.0) * precision, 1.0 - spread * precision];
        *h = matrix![precision, 0.0; 0.0, 2.0];
        x[1] + 0.5 * spread * precision
    })
}

#[test]
fn natural_gradient_after_twenty_steps() {
    let least = 0.5f64.ln() + 0.5;
    let method = NaturalGradient { rate: 0.5, initial_damping: 1e-8, gradient_tolerance: 0.0 };
    let (mut state, mut problem) = (NewtonState::new(point([0.0, 1.0])), Watched::new(gaussian()));
    let _ = method.run(&mut state, &mut problem, 40).unwrap();
    assert_eq!((problem.hessians, problem.gradients), (20, 20));
    assert!(((state.value() - least) / 9.8117e-9 - 1.0).abs() < 1e-5, "{:e}", state.value() - least);
    let _ = method.run(&mut state, &mut problem, 40).unwrap();
    assert!((state.value() - least).abs() < 1e-15);
    let (mut slow, mut g) = (point([0.0, 1.0]), SVector::zeros());
    for _ in 0..60 {
        gaussian().gradient(&slow, &mut g).unwrap();
        slow -= g * 0.1;
    }
    let left = gaussian().gradient(&slow, &mut g).unwrap() - least;
    assert!((left / 3.7e-5 - 1.0).abs() < 0.02, "{left:e}");
}

/// A small step by `(m, s)` and one by `(m, ln s)` arrive at the same distribution up to the square of the rate.
#[test]
fn natural_gradient_does_not_see_the_parameters() {
    let apart = |rate: f64| {
        let by_deviation = hessian_fn(|x: &SVector<f64, 2>, g: &mut SVector<f64, 2>, h: &mut SMatrix<f64, 2, 2>| {
            let spread = 0.25 + (x[0] - 2.0).powi(2);
            *g = vector![(x[0] - 2.0) / (x[1] * x[1]), 1.0 / x[1] - spread / x[1].powi(3)];
            *h = matrix![1.0, 0.0; 0.0, 2.0] / (x[1] * x[1]);
            x[1].ln() + 0.5 * spread / (x[1] * x[1])
        });
        let method = NaturalGradient { rate, initial_damping: 1e-12, ..NaturalGradient::default() };
        let (a, _) = method.solve(vector![0.0, 1.5], &mut { by_deviation }, 2).unwrap();
        let (b, _) = method.solve(vector![0.0, 1.5f64.ln()], &mut gaussian(), 2).unwrap();
        (a.x()[0] - b.x()[0]).hypot(a.x()[1] - b.x()[1].exp())
    };
    let (coarse, fine) = (apart(1e-2), apart(1e-3));
    assert!(fine > 0.0 && (coarse / fine / 100.0 - 1.0).abs() < 0.1, "{coarse:e} {fine:e}");
}

/// Runs a check for each method.
macro_rules! every {
    ($check:ident, $t:ident) => {
        $check(NewtonTrustRegion::<$t>::default());
        $check(SaddleFreeNewton::<$t>::default());
        $check(CubicRegularization::<$t>::default());
        $check(RegularizedNewton::<$t>::default());
        $check(NaturalGradient::<$t>::default());
    };
}

#[test]
fn edges() {
    fn check<T: Real, M>(method: M)
    where
        M: Method<Forward<Diagonal<1>>, NewtonState<T, 1>>
            + Method<Forward<Diagonal<3>>, NewtonState<T, 3>>
            + Method<Forward<Line>, NewtonState<T, 1>>
            + Method<Forward<Root>, NewtonState<T, 1>>,
    {
        // Started at the minimum, in one variable.
        let mut bowl = Forward(Diagonal { curvatures: [3.0], centre: [2.0] });
        let (state, status) = method.solve(point([2.0]), &mut bowl, 10).unwrap();
        assert_eq!((status, state.x()[0].to_f64()), (CONVERGED, 2.0));
        let (state, status) = method.solve(point([-5.0]), &mut bowl, 1000).unwrap();
        assert!(status == CONVERGED && (state.x()[0].to_f64() - 2.0).abs() < 1e-3);
        // Badly scaled.
        let mut narrow = Forward(Diagonal { curvatures: [1e-2, 1.0, 1e4], centre: [1.0; 3] });
        let (state, status) = method.solve(point([0.0; 3]), &mut narrow, 100_000).unwrap();
        assert!(matches!(status, CONVERGED | Status::Stalled(Stall::NoDescent)), "{status}");
        assert!(state.gradient().iter().all(|g| g.to_f64().abs() <= 1e-3), "{status} {}", state.gradient());
        // Flat.
        let mut flat = Forward(Diagonal { curvatures: [0.0], centre: [0.0] });
        assert_eq!(method.solve(point([7.0]), &mut flat, 10).unwrap().1, CONVERGED);
        // Without a bound: it ends, far down.
        let (state, status) = method.solve(point([0.0]), &mut Forward(Line), 100_000).unwrap();
        assert!(matches!(status, Status::Stalled(_)) && state.value().to_f64() < -1e6, "{status} {}", state.value());
        // Outside the domain.
        let (_, status) = method.solve(point([-1.0]), &mut Forward(Root), 10).unwrap();
        assert_eq!(status, Status::Stalled(Stall::NonFinite));
        // Trials outside the domain are rejected.
        let (state, status) = method.solve(point([3.0]), &mut Forward(Root), 1000).unwrap();
        assert!(status == CONVERGED && (state.x()[0].to_f64() - 0.25).abs() < 2e-3, "{status} {}", state.x()[0]);
    }
    every!(check, f32);
    every!(check, f64);
}

/// `-x`.
#[derive(Clone, Copy)]
struct Line;

impl<T: Real> Function<T, 1> for Line {
    fn value<D: Number<Scalar = T>>(&self, &[x]: &[D; 1]) -> D {
        -x
    }
}

/// `x - √x`, least at ¼.
#[derive(Clone, Copy)]
struct Root;

impl<T: Real> Function<T, 1> for Root {
    fn value<D: Number<Scalar = T>>(&self, &[x]: &[D; 1]) -> D {
        x - x.sqrt()
    }
}

#[test]
fn parameters_outside_their_ranges() {
    fn invalid<M: Method<Forward<DoubleWell>, NewtonState<f64, 2>>>(method: M, error: ConfigError) {
        let (state, status) = method.solve(point([1.0, 1.0]), &mut Forward(DoubleWell), 10).unwrap();
        assert_eq!((status, state.value()), (Status::Stalled(Stall::Config(error)), f64::INFINITY));
    }
    let newton = NewtonTrustRegion::default();
    invalid(NewtonTrustRegion { gradient_tolerance: -1.0, ..newton }, ConfigError::Tolerance);
    invalid(NewtonTrustRegion { curvature_tolerance: f64::NAN, ..newton }, ConfigError::Tolerance);
    invalid(NewtonTrustRegion { initial_radius: 0.0, ..newton }, ConfigError::NotPositive);
    let free = SaddleFreeNewton::default();
    invalid(SaddleFreeNewton { floor: 0.0, ..free }, ConfigError::NotPositive);
    invalid(SaddleFreeNewton { shift: -1.0, ..free }, ConfigError::Tolerance);
    invalid(CubicRegularization { initial_weight: -1.0, ..CubicRegularization::default() }, ConfigError::NotPositive);
    invalid(
        RegularizedNewton { initial_radius: f64::INFINITY, ..RegularizedNewton::default() },
        ConfigError::NotPositive,
    );
    invalid(NaturalGradient { rate: 2.0, ..NaturalGradient::default() }, ConfigError::Relaxation);
    invalid(NaturalGradient { initial_damping: 0.0, ..NaturalGradient::default() }, ConfigError::NotPositive);
}

/// On a convex quadratic, within the radius, both are Newton's method: one step.
#[test]
fn a_convex_quadratic_takes_one_step() {
    let bowl = Diagonal { curvatures: [1.0, 20.0], centre: [3.0, -1.0] };
    let newton = NewtonTrustRegion { initial_radius: 10.0, ..NewtonTrustRegion::default() };
    let free = SaddleFreeNewton { initial_radius: 10.0, ..SaddleFreeNewton::default() };
    for (state, status, problem) in [solve(&newton, [0.0; 2], Forward(bowl)), solve(&free, [0.0; 2], Forward(bowl))] {
        assert_eq!((status, problem.gradients), (CONVERGED, 1));
        assert!((state.x() - vector![3.0, -1.0]).norm() < 1e-14);
    }
}
