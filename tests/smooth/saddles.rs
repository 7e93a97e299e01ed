//! Strict saddles: who leaves them, and who stays.

use nalgebra::{SMatrix, SVector, vector};
use thalweg::problem::{Curved, Forward, Function, Smooth};
use thalweg::smooth::diagnostics::{Verdict, second_order};
use thalweg::smooth::{
    CubicRegularization, GradientDescent, KrylovSaddleFree, KrylovSaddleFreeState, NegativeCurvature,
    NegativeCurvatureState, NewtonState, NewtonTrustRegion, RegularizedNewton, SaddleFreeNewton,
};
use thalweg::{Criterion, Method, Number, Real, Stall, Status};

use crate::functions::{DoubleWell, MonkeySaddle, point};

const CONVERGED: Status = Status::Converged(Criterion::Gradient);

/// `20 + Σ xᵢ² - 10 cos 2πxᵢ`: minima near the integers, saddles and maxima near the halves between them.
#[derive(Clone, Copy)]
struct Rastrigin;

impl<T: Real> Function<T, 2> for Rastrigin {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> D {
        x.iter().fold(D::of(20.0), |sum, &x| {
            sum + x * x - x.scale(T::of_f64(core::f64::consts::TAU)).cos().scale(T::of_f64(10.0))
        })
    }
}

/// `½ ‖W₂ W₁ - A‖²` with `A = diag(2, 1)`, W₁ and W₂ of two by two, column by column: a linear network of two layers. All its minima
/// have the value zero; zero, with 5/2, and the points of rank one, with ½ or 2, are strict saddles (Baldi & Hornik 1989).
#[derive(Clone, Copy)]
struct Layers;

impl Layers {
    /// `W₁ = W₂ = diag(a, b)`.
    fn diagonal(a: f64, b: f64) -> [f64; 8] {
        [a, 0.0, 0.0, b, a, 0.0, 0.0, b]
    }
}

impl<T: Real> Function<T, 8> for Layers {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; 8]) -> D {
        let mut sum = D::of(0.0);
        for i in 0..2 {
            for j in 0..2 {
                let wanted = D::of([[2.0, 0.0], [0.0, 1.0]][i][j]);
                let error = (0..2).fold(-wanted, |error, k| error + x[4 + i + 2 * k] * x[k + 2 * j]);
                sum = sum + error * error;
            }
        }
        sum.scale(T::HALF)
    }
}

/// The value after so many steps of gradient descent at a fixed rate.
fn descent<const N: usize, F: Function<f64, N>>(f: F, start: [f64; N], rate: f64, steps: u32) -> f64 {
    let (mut problem, mut x, mut g) = (Forward(f), point(start), SVector::zeros());
    for _ in 0..steps {
        problem.gradient(&x, &mut g).unwrap();
        x -= g * rate;
    }
    problem.gradient(&x, &mut g).unwrap()
}

/// The value after Newton's method without any safeguard, as far as the Hessian can be inverted.
fn newton<const N: usize, F: Function<f64, N>>(f: F, start: [f64; N]) -> f64 {
    let (mut problem, mut x) = (Forward(f), point(start));
    let (mut g, mut h) = (SVector::<f64, N>::zeros(), SMatrix::<f64, N, N>::zeros());
    for _ in 0..50 {
        problem.hessian(&x, &mut g, &mut h).unwrap();
        let Some(inverse) = h.try_inverse() else { break };
        x -= inverse * g;
    }
    problem.gradient(&x, &mut g).unwrap()
}

/// Runs every method that looks at the curvature of stationary points.
fn escape<T: Real, const N: usize, F: Function<T, N> + Copy>(f: F, start: [f64; N], check: impl Fn(&str, Status, f64)) {
    let mut problem = Forward(f);
    let mut state = NewtonState::new(point(start));
    let status = NewtonTrustRegion::default().run(&mut state, &mut problem, 10_000).unwrap();
    check("trust region", status, state.value().to_f64());
    let mut state = NewtonState::new(point(start));
    let status = SaddleFreeNewton::default().run(&mut state, &mut problem, 10_000).unwrap();
    check("saddle-free", status, state.value().to_f64());
    let mut state = NewtonState::new(point(start));
    let status = CubicRegularization::default().run(&mut state, &mut problem, 10_000).unwrap();
    check("cubic", status, state.value().to_f64());
    let mut state = KrylovSaddleFreeState::<T, N, N>::new(point(start));
    let status = KrylovSaddleFree::default().run(&mut state, &mut problem, 10_000).unwrap();
    check("krylov", status, state.value().to_f64());
    let mut state = NegativeCurvatureState::<T, N, N>::new(point(start));
    let status = NegativeCurvature::default().run(&mut state, &mut problem, 100_000).unwrap();
    check("negative curvature", status, state.value().to_f64());
}

#[test]
fn started_at_the_saddle_of_the_double_well() {
    let check = |name: &str, status, value: f64| {
        assert!(status == CONVERGED && (value + 0.25).abs() < 1e-6, "{name}: {status} {value}");
    };
    escape::<f64, 2, _>(DoubleWell, [0.0, 0.0], check);
    escape::<f32, 2, _>(DoubleWell, [0.0, 0.0], check);
    // On the ridge the gradient knows nothing of the way down.
    escape::<f64, 2, _>(DoubleWell, [1.0, 0.0], check);
    let (state, status) = GradientDescent::default().solve(point([0.0; 2]), &mut Forward(DoubleWell), 100).unwrap();
    assert_eq!((state.value(), status), (0.0, CONVERGED));
    let (state, status) = RegularizedNewton::default().solve(point([0.0; 2]), &mut Forward(DoubleWell), 100).unwrap();
    assert_eq!((state.value(), status), (0.0, CONVERGED));
    assert!(descent(DoubleWell, [1.0, 0.0], 0.1, 1000).abs() < 1e-20 && newton(DoubleWell, [1.0, 1e-3]).abs() < 1e-20);
}

/// The inequality of `curvature_tolerance`: the ratio of the eigenvalues is -1, so a tolerance above one accepts the saddle.
#[test]
fn curvature_tolerance_decides_what_is_a_saddle() {
    for (curvature_tolerance, least) in [(0.99, -0.25), (1.01, 0.0), (f64::INFINITY, 0.0)] {
        let mut problem = Forward(DoubleWell);
        let method = NewtonTrustRegion { curvature_tolerance, ..NewtonTrustRegion::default() };
        let (state, status) = method.solve(point([0.0; 2]), &mut problem, 100).unwrap();
        assert!(status == CONVERGED && (state.value() - least).abs() < 1e-12);
        let method = SaddleFreeNewton { curvature_tolerance, ..SaddleFreeNewton::default() };
        let (state, status) = method.solve(point([0.0; 2]), &mut problem, 100).unwrap();
        assert!(status == CONVERGED && (state.value() - least).abs() < 1e-12);
        let method = CubicRegularization { curvature_tolerance, ..CubicRegularization::default() };
        let (state, status) = method.solve(point([0.0; 2]), &mut problem, 100).unwrap();
        assert!(status == CONVERGED && (state.value() - least).abs() < 1e-12);
        let method = KrylovSaddleFree { curvature_tolerance, ..KrylovSaddleFree::default() };
        let mut state = KrylovSaddleFreeState::<_, 2, 2>::new(point([0.0; 2]));
        assert_eq!(method.run(&mut state, &mut problem, 1000), Ok(CONVERGED));
        assert!((state.value() - least).abs() < 1e-12);
        let method = NegativeCurvature { curvature_tolerance, ..NegativeCurvature::default() };
        let mut state = NegativeCurvatureState::<_, 2, 2>::new(point([0.0; 2]));
        assert_eq!(method.run(&mut state, &mut problem, 1000), Ok(CONVERGED));
        assert!((state.value() - least).abs() < 1e-12);
    }
}

/// Newton's iterate halves towards the saddle, gradient descent creeps; the others pass it.
#[test]
fn attracted_by_the_monkey_saddle() {
    let start = [0.1, 0.05];
    assert!(newton(MonkeySaddle, start).abs() < 1e-20);
    assert!(descent(MonkeySaddle, start, 0.01, 300) > -1.0);
    fn pass<M: Method<Forward<MonkeySaddle>, NewtonState<f64, 2>>>(name: &str, method: M) {
        let mut state = NewtonState::new(point([0.1, 0.05]));
        for _ in 0..60 {
            if state.value() < -1.0 {
                return;
            }
            assert_eq!(method.step(&mut state, &mut Forward(MonkeySaddle)), Ok(Status::Running), "{name}");
        }
        panic!("{name}: {}", state.value());
    }
    pass("saddle-free", SaddleFreeNewton::default());
    pass("regularized", RegularizedNewton::default());
    pass("trust region", NewtonTrustRegion::default());
    pass("cubic", CubicRegularization::default());
}

#[test]
fn saddles_of_rastrigin() {
    // The stationary points between two minima, and between four.
    let half = 0.502_546_006_858_254;
    let mut found = Vec::new();
    for (start, index) in [([half, 0.0], 1), ([0.0, -half], 1), ([half, half], 2)] {
        // Newton's method polishes the point; it is attracted to it.
        let stationary = {
            let (mut x, mut g, mut h) = (point(start), SVector::<f64, 2>::zeros(), SMatrix::zeros());
            for _ in 0..5 {
                Forward(Rastrigin).hessian(&x, &mut g, &mut h).unwrap();
                x -= vector![g[0] / h[(0, 0)], g[1] / h[(1, 1)]];
            }
            <[f64; 2]>::from(x)
        };
        let certificate = second_order(&mut Forward(Rastrigin), &point(stationary), 1e-8, 1e-8).unwrap();
        let expected = if index == 2 { Verdict::Maximum } else { Verdict::Saddle { index } };
        assert_eq!(certificate.verdict, expected);
        let saddle = Function::<f64, 2>::value(&Rastrigin, &stationary);
        escape::<f64, 2, _>(Rastrigin, stationary, |name, status, value| {
            // Values of twenty hide the last digits from a method without second derivatives.
            let ended =
                status == CONVERGED || name == "negative curvature" && status == Status::Stalled(Stall::NoDescent);
            assert!(ended && value < saddle - 1.0, "{name}: {status} {value} from {saddle}");
        });
        let near = stationary.map(|x| x + 1e-6);
        let (state, status) =
            RegularizedNewton::<f64>::default().solve(point(near), &mut Forward(Rastrigin), 1000).unwrap();
        assert!(status == CONVERGED && state.value() < saddle - 1.0);
        assert!((descent(Rastrigin, stationary, 1e-3, 20) - saddle).abs() < 1e-9);
        assert!((newton(Rastrigin, near) - saddle).abs() < 1e-9);
        found.push(saddle);
    }
    assert!(found[2] > found[0] + 1.0);
}

#[test]
fn saddles_of_a_linear_network() {
    let root = 2f64.sqrt();
    for (start, value, index) in
        [([0.0; 8], 2.5, 4), (Layers::diagonal(root, 0.0), 0.5, 1), (Layers::diagonal(0.0, 1.0), 2.0, 2)]
    {
        let certificate = second_order(&mut Forward(Layers), &point(start), 1e-8, 1e-8).unwrap();
        assert_eq!(certificate.verdict, Verdict::Saddle { index }, "{value}");
        let here = Function::<f64, 8>::value(&Layers, &start);
        assert!((here - value).abs() < 1e-14);
        // From the saddle itself.
        escape::<f64, 8, _>(Layers, start, |name, status, found| {
            assert!(status == CONVERGED && found < 1e-10, "{name} from {value}: {status} {found}");
        });
        // From beside it, where the gradient is small but tells the way.
        let near: [f64; 8] = core::array::from_fn(|i| start[i] + 1e-4 * ((i * i + 1) as f64).sin());
        let ends = [
            SaddleFreeNewton::<f64>::default().solve(point(near), &mut Forward(Layers), 1000).unwrap(),
            RegularizedNewton::<f64>::default().solve(point(near), &mut Forward(Layers), 1000).unwrap(),
        ];
        for (state, status) in ends {
            assert!(status == CONVERGED && state.value() < 1e-10, "from {value}: {status} {}", state.value());
        }
        assert!((descent(Layers, start, 1e-2, 2000) - value).abs() < 1e-6, "descent started at {value} stays");
        assert!((descent(Layers, near, 1e-2, 100) - value).abs() < 1e-3, "descent beside {value} hardly moves");
        assert!((newton(Layers, start) - value).abs() < 1e-14, "Newton started at {value} stays");
        // Elsewhere the Hessian is singular along a manifold of saddles.
        assert!(value < 2.5 || (newton(Layers, near) - value).abs() < 1e-14, "Newton beside {value} is drawn to it");
    }
}
