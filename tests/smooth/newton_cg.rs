//! The methods on products with the Hessian.

use nalgebra::{SVector, vector};
use thalweg::problem::{Forward, Function, GradientDifferences};
use thalweg::smooth::{
    KrylovSaddleFree, KrylovSaddleFreeState, NegativeCurvature, NegativeCurvatureState, NewtonCg, NewtonCgState,
};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

use crate::functions::{Chain, Diagonal, DoubleWell, Rosenbrock, point};
use crate::watched::Watched;

const CONVERGED: Status = Status::Converged(Criterion::Gradient);

#[test]
fn newton_cg_takes_about_thirty_iterations_on_rosenbrock() {
    let method = NewtonCg { gradient_tolerance: 1e-8, ..NewtonCg::default() };
    let mut problem = Watched::new(Forward(Rosenbrock));
    let (state, status): (NewtonCgState<f64, 2>, _) =
        method.solve(point(Rosenbrock::START), &mut problem, 1000).unwrap();
    assert_eq!((status, problem.hessians, problem.values), (CONVERGED, 0, 0));
    assert!((20..=35).contains(&problem.gradients), "{}", problem.gradients);
    assert!(problem.products <= 2 * problem.gradients, "two variables take two products: {}", problem.products);
    assert!((state.x() - vector![1.0, 1.0]).norm() < 1e-8);
    let (state, status): (NewtonCgState<f32, 2>, _) =
        NewtonCg::default().solve(point(Rosenbrock::START), &mut Forward(Rosenbrock), 1000).unwrap();
    assert!(status == CONVERGED && (state.x() - vector![1.0, 1.0]).norm() < 1e-2);
}

/// Conjugate gradients end after as many products as there are distinct eigenvalues.
#[test]
fn newton_cg_on_a_quadratic_with_three_curvatures() {
    // So flat that the forcing term asks for ten digits.
    let curvatures = [1.0, 1.0, 5.0, 5.0, 9.0, 9.0].map(|curvature| 1e-20 * curvature);
    let bowl = Diagonal { curvatures, centre: [0.2, -0.1, 0.3, 0.1, -0.2, 0.1] };
    let mut problem = Watched::new(Forward(bowl));
    let (state, status): (NewtonCgState<f64, 6>, _) =
        NewtonCg { initial_radius: 10.0, gradient_tolerance: 1e-32 }.solve(point([0.0; 6]), &mut problem, 100).unwrap();
    assert_eq!((status, problem.products, problem.gradients), (CONVERGED, 3, 2));
    assert!((state.x() - SVector::from(bowl.centre)).norm() < 1e-10);
}

#[test]
fn newton_cg_on_the_chain_and_from_gradients_alone() {
    let mut problem = Watched::new(Forward(Chain));
    let (state, status): (NewtonCgState<f64, 100>, _) =
        NewtonCg::default().solve(SVector::zeros(), &mut problem, 2000).unwrap();
    assert!(status == CONVERGED && (state.value() - Chain::LEAST).abs() < 1e-12);
    assert!(problem.gradients < 20, "{}", problem.gradients);
    let mut gradients = GradientDifferences::new(Forward(Rosenbrock));
    let (state, status): (NewtonCgState<f64, 2>, _) =
        NewtonCg::default().solve(point(Rosenbrock::START), &mut gradients, 1000).unwrap();
    assert!(status == CONVERGED && (state.x() - vector![1.0, 1.0]).norm() < 1e-6);
}

#[test]
fn newton_cg_leaves_the_saddle_of_the_double_well_after_a_perturbation() {
    let run = |start| {
        let (state, status): (NewtonCgState<f64, 2>, _) =
            NewtonCg::default().solve(point(start), &mut Forward(DoubleWell), 1000).unwrap();
        (state.value(), status)
    };
    assert_eq!(run([0.0, 0.0]), (0.0, CONVERGED), "without a gradient it stays");
    for y in [1e-7, -1e-6, 1e-3] {
        let (value, status) = run([0.0, y]);
        assert!(status == CONVERGED && (value + 0.25).abs() < 1e-14, "{status} {value}");
    }
}

/// With as many vectors as variables the subspace is everything.
#[test]
fn krylov_with_all_vectors_is_newton_on_a_convex_quadratic() {
    let bowl = Diagonal { curvatures: [1.0, 3.0, 9.0], centre: [0.2, -0.1, 0.3] };
    let mut problem = Watched::new(Forward(bowl));
    let mut state = KrylovSaddleFreeState::<f64, 3, 3>::new(point([0.0; 3]));
    let status = KrylovSaddleFree::default().run(&mut state, &mut problem, 100).unwrap();
    assert_eq!((status, problem.products, problem.gradients), (CONVERGED, 6, 2), "the last three certify");
    assert!((state.x() - SVector::from(bowl.centre)).norm() < 1e-12);
}

/// One vector and the step outside of it make the whole of Newton's step where all curvatures agree.
#[test]
fn krylov_step_outside_the_subspace() {
    let round = Diagonal { curvatures: [3.0; 4], centre: [0.2, -0.1, 0.3, 0.1] };
    let mut problem = Watched::new(Forward(round));
    let mut state = KrylovSaddleFreeState::<f64, 4, 1>::new(point([0.0; 4]));
    let status = KrylovSaddleFree::default().run(&mut state, &mut problem, 100).unwrap();
    assert_eq!((status, problem.products, problem.gradients), (CONVERGED, 2, 2));
}

#[test]
fn krylov_with_few_vectors() {
    let mut problem = Watched::new(Forward(Chain));
    let mut state = KrylovSaddleFreeState::<f64, 20, 6>::new(SVector::zeros());
    let status = KrylovSaddleFree::default().run(&mut state, &mut problem, 100_000).unwrap();
    let least = -10.0 / 21.0;
    assert!(status == CONVERGED && (state.value() - least).abs() < 1e-12, "{status} {}", state.value() - least);
    assert!(problem.products < 300, "{}", problem.products);
    let mut state = KrylovSaddleFreeState::<f64, 2, 1>::new(point(Rosenbrock::START));
    let status = KrylovSaddleFree::default().run(&mut state, &mut Forward(Rosenbrock), 100_000).unwrap();
    assert!(state.value() < 1e-10, "{status} {}", state.value());
    let mut state = KrylovSaddleFreeState::<f32, 2, 2>::new(point(Rosenbrock::START));
    let status = KrylovSaddleFree::default().run(&mut state, &mut Forward(Rosenbrock), 100_000).unwrap();
    assert!((state.x() - vector![1.0, 1.0]).norm() < 1e-2, "{status} {}", state.x());
}

/// The first step along negative curvature is granted at `t ≤ 3|θ|/(2ρ)`: for the double well, with `θ = -1`, at t = 1.
#[test]
fn negative_curvature_from_the_ridge() {
    let mut problem = Watched::new(Forward(DoubleWell));
    let mut state = NegativeCurvatureState::<f64, 2, 2>::new(point([1.0, 0.0]));
    let status = NegativeCurvature::default().run(&mut state, &mut problem, 1000).unwrap();
    assert!(status == CONVERGED && (state.value() + 0.25).abs() < 1e-14);
    assert!((state.x() - vector![0.0, state.x()[1].signum()]).norm() < 1e-7);
    assert_eq!(problem.products, 4, "two at the saddle, two at the minimum");
    assert!(problem.gradients <= 40, "{}", problem.gradients);
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

macro_rules! edges {
    ($name:ident: $method:expr, $one:ty, $three:ty) => {
        #[test]
        fn $name() {
            fn check<T: Real>() {
                let mut bowl = Forward(Diagonal { curvatures: [3.0], centre: [2.0] });
                let mut state = <$one>::new(point([2.0]));
                assert_eq!($method.run(&mut state, &mut bowl, 10), Ok(CONVERGED));
                let mut state = <$one>::new(point([-5.0]));
                assert_eq!($method.run(&mut state, &mut bowl, 1000), Ok(CONVERGED));
                assert!((state.x()[0].to_f64() - 2.0).abs() < 1e-3);
                let mut narrow = Forward(Diagonal { curvatures: [0.1, 1.0, 1e2], centre: [1.0; 3] });
                let mut state = <$three>::new(point([0.0; 3]));
                let status = $method.run(&mut state, &mut narrow, 100_000).unwrap();
                assert!(matches!(status, CONVERGED | Status::Stalled(Stall::NoDescent)), "{status}");
                assert!(state.gradient().iter().all(|g| g.to_f64().abs() <= 1e-2), "{}", state.gradient());
                let mut state = <$one>::new(point([7.0]));
                let mut flat = Forward(Diagonal { curvatures: [0.0], centre: [0.0] });
                assert_eq!($method.run(&mut state, &mut flat, 10), Ok(CONVERGED));
                let mut state = <$one>::new(point([0.0]));
                let status = $method.run(&mut state, &mut Forward(Line), 100_000).unwrap();
                assert!(matches!(status, Status::Stalled(_)) && state.value().to_f64() < -1e6, "{status}");
                let mut state = <$one>::new(point([-1.0]));
                let status = $method.run(&mut state, &mut Forward(Root), 10).unwrap();
                assert_eq!(status, Status::Stalled(Stall::NonFinite));
                let mut state = <$one>::new(point([3.0]));
                let status = $method.run(&mut state, &mut Forward(Root), 1000).unwrap();
                assert!(status == CONVERGED && (state.x()[0].to_f64() - 0.25).abs() < 2e-3, "{status}");
            }
            check::<f32>();
            check::<f64>();
        }
    };
}

edges!(newton_cg_at_the_edges: NewtonCg::default(), NewtonCgState::<T, 1>, NewtonCgState::<T, 3>);
edges!(krylov_at_the_edges: KrylovSaddleFree::default(), KrylovSaddleFreeState::<T, 1, 2>, KrylovSaddleFreeState::<T, 3, 2>);
edges!(negative_curvature_at_the_edges: NegativeCurvature::default(), NegativeCurvatureState::<T, 1, 1>,
    NegativeCurvatureState::<T, 3, 2>);

#[test]
fn parameters_outside_their_ranges() {
    let stalled = |error| Ok(Status::Stalled(Stall::Config(error)));
    let mut problem = Forward(DoubleWell);
    let start = point([1.0, 1.0]);
    let mut run = |method: NewtonCg<f64>| method.run(&mut NewtonCgState::new(start), &mut problem, 9);
    assert_eq!(run(NewtonCg { gradient_tolerance: f64::NAN, ..NewtonCg::default() }), stalled(ConfigError::Tolerance));
    assert_eq!(run(NewtonCg { initial_radius: -1.0, ..NewtonCg::default() }), stalled(ConfigError::NotPositive));
    let mut run =
        |method: KrylovSaddleFree<f64>| method.run(&mut KrylovSaddleFreeState::<_, 2, 2>::new(start), &mut problem, 9);
    let krylov = KrylovSaddleFree::default();
    assert_eq!(run(KrylovSaddleFree { gradient_tolerance: -1.0, ..krylov }), stalled(ConfigError::Tolerance));
    assert_eq!(run(KrylovSaddleFree { curvature_tolerance: -1.0, ..krylov }), stalled(ConfigError::Tolerance));
    assert_eq!(run(KrylovSaddleFree { floor: 0.0, ..krylov }), stalled(ConfigError::NotPositive));
    assert_eq!(run(KrylovSaddleFree { initial_radius: 0.0, ..krylov }), stalled(ConfigError::NotPositive));
    let mut run = |method: NegativeCurvature<f64>| {
        method.run(&mut NegativeCurvatureState::<_, 2, 2>::new(start), &mut problem, 9)
    };
    let descent = NegativeCurvature::default();
    assert_eq!(run(NegativeCurvature { gradient_tolerance: -1.0, ..descent }), stalled(ConfigError::Tolerance));
    assert_eq!(run(NegativeCurvature { curvature_tolerance: -1.0, ..descent }), stalled(ConfigError::Tolerance));
    assert_eq!(run(NegativeCurvature { initial_rate: 0.0, ..descent }), stalled(ConfigError::NotPositive));
    assert_eq!(run(NegativeCurvature { initial_length: 0.0, ..descent }), stalled(ConfigError::NotPositive));
    assert_eq!(run(NegativeCurvature { sufficient_decrease: 1.0, ..descent }), stalled(ConfigError::Fraction));
}
