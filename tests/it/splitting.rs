//! Splitting methods against closed forms, known rates of convergence, and each other.

use nalgebra::{Matrix2, SMatrix, SVector, matrix, vector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thalweg::composite::{ProximalGradient, ProximalGradientState};
use thalweg::penalty::{Each, Interval, L1, Penalty, SquaredL2, Zero};
use thalweg::problem::{Smooth, gradient_fn};
use thalweg::splitting::{
    Admm, AdmmState, AlternatingProjections, AlternatingProjectionsState, Augmented, Coupled, DavisYin, Direct,
    DouglasRachford, DouglasRachfordState, Dykstra, DykstraState, Matrix, Operator, PrimalDual, PrimalDualState,
    Projections, Proximal, ProximalQuadratic, Sets, Simple,
};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::problems::{distance, point};

const CONVERGED: Status = Status::Converged(Criterion::Residual);

/// `a·x ≤ b` in the plane.
#[derive(Clone, Copy)]
struct Half([f64; 2], f64);

/// The line through the origin along a unit vector.
#[derive(Clone, Copy)]
struct Line([f64; 2]);

macro_rules! set {
    ($set:ident, $x:ident, $self:ident, $inside:expr, $project:block) => {
        impl Penalty<f64> for $set {
            fn value(&$self, $x: &[f64]) -> f64 {
                if $inside { 0.0 } else { f64::INFINITY }
            }
            fn prox(&$self, $x: &mut [f64], _: f64) $project
            fn convexity(&self) -> f64 {
                0.0
            }
            fn validate(&self) -> Result<(), ConfigError> {
                Ok(())
            }
        }
    };
}

set!(Half, x, self, self.0[0] * x[0] + self.0[1] * x[1] <= self.1, {
    let Half(a, b) = *self;
    let excess = (a[0] * x[0] + a[1] * x[1] - b).max(0.0) / (a[0] * a[0] + a[1] * a[1]);
    x[0] -= excess * a[0];
    x[1] -= excess * a[1];
});
set!(Line, x, self, (self.0[0] * x[1] - self.0[1] * x[0]).abs() < 1e-12, {
    let along = self.0[0] * x[0] + self.0[1] * x[1];
    x[0] = along * self.0[0];
    x[1] = along * self.0[1];
});

/// Two lines at 60 degrees.
const FIRST: Line = Line([1.0, 0.0]);
const SECOND: Line = Line([0.5, 0.866_025_403_784_438_6]);

/// structured.md D9: alternating projections contract by cos² of the angle a pass: 0.25⁵ after five.
#[test]
fn alternating_projections_contract_by_the_squared_cosine() {
    let mut state = AlternatingProjectionsState::<f64, 2, 2>::new(vector![1.0, 0.0]);
    let _ = AlternatingProjections::default().run(&mut state, &mut Sets([SECOND, FIRST]), 10).unwrap();
    assert!((state.x()[0] - 9.765_625e-4).abs() < 1e-15, "{}", state.x());
}

/// D9: Douglas-Rachford contracts by the cosine: `|w|` halves with every step.
#[test]
fn douglas_rachford_contracts_by_the_cosine() {
    let mut state = DouglasRachfordState::new(vector![1.0, 0.0]);
    let method = DouglasRachford { residual_tolerance: 0.0, ..DouglasRachford::new(SECOND) };
    let mut residuals = Vec::new();
    for _ in 0..12 {
        let _ = method.step(&mut state, &mut Simple(FIRST)).unwrap();
        residuals.push(state.residual());
    }
    for pair in residuals.windows(2) {
        assert!((pair[1] / pair[0] - 0.5).abs() < 1e-9, "{residuals:?}");
    }
}

/// D9: from (2, 1), projections end at (1, -1), Dykstra at the nearest point (½, -½).
#[test]
fn dykstra_finds_the_nearest_point_and_projections_another() {
    let mut sets = Sets([Half([0.0, 1.0], 0.0), Half([1.0, 1.0], 0.0)]);
    let (state, status): (AlternatingProjectionsState<f64, 2, 2>, _) =
        AlternatingProjections::default().solve(vector![2.0, 1.0], &mut sets, 1000).unwrap();
    assert_eq!((status, *state.x()), (CONVERGED, vector![1.0, -1.0]));
    let (state, status): (DykstraState<f64, 2, 2>, _) =
        Dykstra { residual_tolerance: 1e-14 }.solve(vector![2.0, 1.0], &mut sets, 1000).unwrap();
    assert_eq!(status, CONVERGED);
    assert!((state.x() - vector![0.5, -0.5]).amax() < 1e-12, "{}", state.x());
}

/// A box and a half-space: the nearest point by a fine search along the boundary.
#[test]
fn dykstra_with_sets_of_two_kinds() {
    let square = Each(Interval { lower: -1.0, upper: 1.0 });
    let half = Half([1.0, 2.0], 0.5);
    let from = vector![3.0, 0.8];
    let (state, status): (DykstraState<f64, 2, 2>, _) =
        Dykstra::default().solve(from, &mut Sets((square, half)), 10_000).unwrap();
    assert_eq!(status, CONVERGED);
    let best = (0..=200_000)
        .map(|k| -1.0 + f64::from(k) * 1e-5)
        .flat_map(|x| {
            [vector![x, (0.5 - x) / 2.0], vector![1.0, x.min(-0.25)], vector![x.min(0.0), 1.0 - f64::EPSILON]]
        })
        .filter(|x| square.value(x.as_slice()) + half.value(&[x[0], x[1] - 1e-12]) == 0.0)
        .map(|x| (x - from).norm())
        .fold(f64::INFINITY, f64::min);
    assert!(((state.x() - from).norm() - best).abs() < 1e-5, "{} {best}", state.x());
}

/// Without a common point: the verdict, and the distance that `AlternatingProjections` promises.
#[test]
fn sets_without_a_common_point_are_told() {
    let mut apart = Sets([Each(Interval { lower: 0.0, upper: 1.0 }), Each(Interval { lower: 2.0, upper: 3.0 })]);
    let (state, status): (AlternatingProjectionsState<f64, 1, 2>, _) =
        AlternatingProjections::default().solve(vector![-4.0], &mut apart, 1000).unwrap();
    assert_eq!(status, Status::Stalled(Stall::Infeasible));
    assert_eq!(state.residual(), 1.0);
    // Sets that touch in one point are not mistaken for it: a slow run goes on.
    let mut touching = Sets([Half([0.0, 1.0], 0.0), Half([1e-4, -1.0], 0.0)]);
    let (_, status): (AlternatingProjectionsState<f64, 2, 2>, _) =
        AlternatingProjections { residual_tolerance: 1e-9, ..Default::default() }
            .solve(vector![1e3, 0.3], &mut touching, 20_000)
            .unwrap();
    assert_ne!(status, Status::Stalled(Stall::Infeasible));
}

/// E3: `(x - 1)²/2 + |x/2|` has its minimum at x = ½ with y = 1.
#[test]
fn primal_dual_on_one_number() {
    let shifted = |x: f64| x - 1.0;
    #[derive(Clone, Copy)]
    struct Square;
    impl Penalty<f64> for Square {
        fn value(&self, x: &[f64]) -> f64 {
            0.5 * (x[0] - 1.0).powi(2)
        }
        fn prox(&self, x: &mut [f64], rate: f64) {
            x[0] = (x[0] + rate) / (1.0 + rate);
        }
        fn convexity(&self) -> f64 {
            1.0
        }
        fn validate(&self) -> Result<(), ConfigError> {
            Ok(())
        }
    }
    let method = PrimalDual::new(Square, Each(L1 { strength: 1.0 }), 1.0, 1.0);
    let (state, status): (PrimalDualState<f64, 1, 1>, _) =
        method.solve(vector![4.0], &mut Matrix(matrix![0.5]), 1000).unwrap();
    assert_eq!(status, CONVERGED);
    assert!((state.x()[0] - 0.5).abs() < 1e-7 && (state.multipliers()[0] - 1.0).abs() < 1e-7, "{}", state.x());
    assert!((shifted(state.x()[0]) + 0.5 * state.multipliers()[0]).abs() < 1e-7);
}

/// E11: the lasso of three rows, solution (5/12, 13/48), by every method.
fn small_lasso<T: Real>() {
    let a: SMatrix<T, 3, 2> = SMatrix::from_fn(|i, j| T::of_usize(2 * i + j + 1));
    let b = point::<T, 3>([1.0, 2.0, 4.0]);
    let expected = point::<T, 2>([5.0 / 12.0, 13.0 / 48.0]);
    let l1 = Each(L1 { strength: T::HALF });
    let tolerance = (T::of_f64(2e-2) * T::SQRT_EPSILON).max(T::of_f64(256.0) * T::EPSILON);
    let near = |x: &SVector<T, 2>, method: &str| {
        assert!(distance(x, &expected) <= 40.0 * tolerance.max(T::of_f64(30.0) * T::EPSILON).to_f64(), "{method}: {x}");
    };
    let (h, c) = (a.transpose() * a, -(a.transpose() * b));

    let method = DouglasRachford { rate: T::of_f64(0.2), residual_tolerance: tolerance, ..DouglasRachford::new(l1) };
    let (state, status) = method.solve(SVector::zeros(), &mut ProximalQuadratic::new(h, c).unwrap(), 5000).unwrap();
    assert_eq!(status, CONVERGED);
    near(state.x(), "Douglas-Rachford");

    // p(Kx) with K = I, and the residuals as p: ½‖z - b‖² with K = A.
    let method = Admm { residual_tolerance: tolerance, ..Admm::new(l1) };
    let mut direct = Direct(ProximalQuadratic::new(h, c).unwrap());
    let (state, status): (AdmmState<T, 2, 2>, _) = method.solve(SVector::zeros(), &mut direct, 5000).unwrap();
    assert_eq!(status, CONVERGED);
    near(state.x(), "ADMM");
    let mut coupled = Coupled::<T, 2, 2>::new(h, c, SMatrix::identity()).unwrap();
    let (again, _): (AdmmState<T, 2, 2>, _) = method.solve(SVector::zeros(), &mut coupled, 5000).unwrap();
    near(again.x(), "ADMM by a factor");

    let mut squares = gradient_fn(|x: &SVector<T, 2>, g: &mut SVector<T, 2>| {
        let r = a * x - b;
        *g = a.transpose() * r;
        T::HALF * r.dot(&r)
    });
    let method = DavisYin { residual_tolerance: tolerance, ..DavisYin::new(Each(Zero), l1) };
    let (state, status) = method.solve(SVector::zeros(), &mut squares, 20_000).unwrap();
    assert_eq!(status, CONVERGED);
    near(state.x(), "Davis-Yin");

    #[derive(Clone, Copy)]
    struct Residuals<T: Real>(SVector<T, 3>);
    impl<T: Real> Penalty<T> for Residuals<T> {
        fn value(&self, x: &[T]) -> T {
            x.iter().zip(&self.0).fold(T::ZERO, |sum, (&x, &b)| sum + T::HALF * (x - b).squared())
        }
        fn prox(&self, x: &mut [T], rate: T) {
            for (x, &b) in x.iter_mut().zip(&self.0) {
                *x = (*x + rate * b) / (T::ONE + rate);
            }
        }
        fn convexity(&self) -> T {
            T::ONE
        }
        fn validate(&self) -> Result<(), ConfigError> {
            Ok(())
        }
    }
    let mut map = Matrix(a);
    let Ok(norm) = map.norm(60);
    let rate = T::of_f64(0.99) / norm;
    let method = PrimalDual { residual_tolerance: tolerance, ..PrimalDual::new(l1, Residuals(b), rate, rate) };
    let (state, status): (PrimalDualState<T, 2, 3>, _) = method.solve(SVector::zeros(), &mut map, 20_000).unwrap();
    assert_eq!(status, CONVERGED);
    near(state.x(), "primal-dual");
}

#[test]
fn all_methods_solve_the_small_lasso() {
    small_lasso::<f32>();
    small_lasso::<f64>();
}

/// With no first penalty Davis-Yin is the proximal gradient method: the same iterates at the same rate.
#[test]
fn davis_yin_without_a_first_penalty_is_the_proximal_gradient_method() {
    let l1 = Each(L1 { strength: 0.3 });
    let mut bowl = gradient_fn(|x: &SVector<f64, 2>, g: &mut SVector<f64, 2>| {
        *g = vector![x[0] - 1.0, 0.3 * (x[1] + 2.0)];
        0.5 * (x[0] - 1.0).powi(2) + 0.15 * (x[1] + 2.0).powi(2)
    });
    let start = vector![5.0, 4.0];
    let method = DavisYin { residual_tolerance: 0.0, ..DavisYin::new(Each(Zero), l1) };
    let plain = ProximalGradient { growth: 1.0, gap_tolerance: 0.0, ..ProximalGradient::new(l1) };
    let (mut state, mut same) = (start.into(), ProximalGradientState::new(start));
    let _ = plain.step(&mut same, &mut bowl).unwrap();
    for _ in 0..20 {
        let _ = method.run(&mut state, &mut bowl, 2).unwrap();
        let _ = plain.step(&mut same, &mut bowl).unwrap();
        assert!((state.x() - same.x()).amax() < 1e-14);
    }
}

/// Three terms: a quadratic, an l1 norm and a box. The solution by brute force over a grid.
#[test]
fn davis_yin_on_three_terms() {
    let f = |x: &SVector<f64, 2>| 0.5 * (x[0] - 2.0).powi(2) + (x[1] + 1.5 + 0.5 * x[0]).powi(2);
    let mut smooth = gradient_fn(|x: &SVector<f64, 2>, g: &mut SVector<f64, 2>| {
        let second = x[1] + 1.5 + 0.5 * x[0];
        *g = vector![x[0] - 2.0 + second, 2.0 * second];
        f(x)
    });
    let (l1, square) = (Each(L1 { strength: 0.4 }), Each(Interval { lower: -0.7, upper: 1.0 }));
    let (state, status) = DavisYin::new(l1, square).solve(vector![0.0, 0.0], &mut smooth, 5000).unwrap();
    assert_eq!(status, CONVERGED);
    let total = |x: &SVector<f64, 2>| f(x) + l1.value(x.as_slice()) + square.value(x.as_slice());
    let grid = (0..=1700).flat_map(|i| (0..=1700).map(move |j| vector![f64::from(i), f64::from(j)] * 1e-3));
    let best = grid.map(|x| total(&x.add_scalar(-0.7))).fold(f64::INFINITY, f64::min);
    assert!(total(state.x()) <= best + 1e-9, "{} {best}", total(state.x()));
    assert_eq!(square.value(state.x().as_slice()), 0.0);
}

/// Total variation by ADMM and by the primal-dual method: the optimality conditions of structured.md F1a.
#[test]
fn total_variation_by_two_methods() {
    let v = vector![1.0, 3.0, 2.0, 8.0, 9.0, 7.0];
    let expected = vector![2.0, 2.5, 2.5, 23.0 / 3.0, 23.0 / 3.0, 23.0 / 3.0];
    let differences =
        SMatrix::<f64, 5, 6>::from_fn(|i, j| f64::from(u8::from(j == i + 1)) - f64::from(u8::from(j == i)));
    let l1 = Each(L1 { strength: 1.0 });
    let admm = Admm { residual_tolerance: 1e-10, ..Admm::new(l1) };
    let mut coupled = Coupled::<f64, 6, 5>::new(SMatrix::identity(), -v, differences).unwrap();
    let (state, status): (AdmmState<f64, 6, 5>, _) = admm.solve(SVector::zeros(), &mut coupled, 5000).unwrap();
    assert_eq!(status, CONVERGED);
    assert!((state.x() - expected).amax() < 1e-8, "{}", state.x());

    #[derive(Clone, Copy)]
    struct Near(SVector<f64, 6>);
    impl Penalty<f64> for Near {
        fn value(&self, x: &[f64]) -> f64 {
            x.iter().zip(&self.0).map(|(x, v)| 0.5 * (x - v).powi(2)).sum()
        }
        fn prox(&self, x: &mut [f64], rate: f64) {
            for (x, v) in x.iter_mut().zip(&self.0) {
                *x = (*x + rate * v) / (1.0 + rate);
            }
        }
        fn convexity(&self) -> f64 {
            1.0
        }
        fn validate(&self) -> Result<(), ConfigError> {
            Ok(())
        }
    }
    let mut map = Matrix(differences);
    let norm = map.norm(200).unwrap();
    assert!((norm - 2.0 * (core::f64::consts::PI * 5.0 / 12.0).sin()).abs() < 1e-6, "{norm}");
    let method = PrimalDual { residual_tolerance: 1e-10, ..PrimalDual::new(Near(v), l1, 0.5, 0.5) };
    let (state, status): (PrimalDualState<f64, 6, 5>, _) = method.solve(SVector::zeros(), &mut map, 20_000).unwrap();
    assert_eq!(status, CONVERGED);
    assert!((state.x() - expected).amax() < 1e-8, "{}", state.x());
}

/// Random positive definite quadratics with an l1 norm: stationary by the subdifferential, zeros exact, and both agree.
#[test]
fn splitting_ends_at_stationary_points() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    for _ in 0..20 {
        let a = SMatrix::<f64, 5, 5>::from_fn(|_, _| random.random_range(-1.0..1.0));
        let h = a.transpose() * a + SMatrix::identity() * 0.1;
        let c = SVector::<f64, 5>::from_fn(|_, _| random.random_range(-2.0..2.0));
        let l1 = Each(L1 { strength: 0.3 });
        let method = DouglasRachford { residual_tolerance: 1e-10, ..DouglasRachford::new(l1) };
        let (state, status) =
            method.solve(SVector::zeros(), &mut ProximalQuadratic::new(h, c).unwrap(), 100_000).unwrap();
        assert_eq!(status, CONVERGED);
        let x = *state.x();
        let gap = l1.gap(x.as_slice(), (h * x + c).as_mut_slice());
        assert!(gap < 1e-8, "{gap:e}");
        let method = Admm { residual_tolerance: 1e-10, ..Admm::new(l1) };
        let mut coupled = Coupled::<f64, 5, 5>::new(h, c, SMatrix::identity()).unwrap();
        let (state, status): (AdmmState<f64, 5, 5>, _) = method.solve(SVector::zeros(), &mut coupled, 100_000).unwrap();
        assert_eq!(status, CONVERGED);
        // The linear rate is that of the smallest eigenvalue, 0.1.
        assert!(distance(state.x(), &x) < 1e-6, "{} {x}", state.x());
    }
}

/// A badly scaled problem: without adaptation ADMM needs many times the iterations.
#[test]
fn a_balanced_weight_spares_iterations() {
    let h = Matrix2::new(1e4, 0.0, 0.0, 3e4);
    let c = vector![-3e4, 1e3];
    let steps = |adaptations| {
        let method = Admm { adaptations, ..Admm::new(Each(L1 { strength: 5e3 })) };
        let mut problem = Coupled::<f64, 2, 2>::new(h, c, Matrix2::identity()).unwrap();
        let mut state = AdmmState::<f64, 2, 2>::new(SVector::zeros());
        let count = method.steps(&mut state, &mut problem).take(20_000).count();
        assert!(adaptations == 0 || (state.x() - vector![2.5, 0.0]).amax() < 1e-6, "{}", state.x());
        count
    };
    assert!(steps(100) * 20 < steps(0), "{} {}", steps(100), steps(0));
}

#[test]
fn bad_parameters_and_problems_are_told() {
    let l1 = Each(L1 { strength: 1.0 });
    let mut f = ProximalQuadratic::new(Matrix2::identity(), vector![0.0, 0.0]).unwrap();
    let mut end = |method: DouglasRachford<f64, Each<L1<f64>>>| method.solve(vector![1.0, 1.0], &mut f, 10).unwrap().1;
    let good = DouglasRachford::new(l1);
    for (method, error) in [
        (DouglasRachford { rate: 0.0, ..good }, ConfigError::NotPositive),
        (DouglasRachford { relaxation: 2.0, ..good }, ConfigError::Relaxation),
        (DouglasRachford { residual_tolerance: f64::NAN, ..good }, ConfigError::Tolerance),
        (DouglasRachford { penalty: Each(L1 { strength: -1.0 }), ..good }, ConfigError::Weight),
    ] {
        assert_eq!(end(method), Status::Stalled(Stall::Config(error)));
    }
    assert_eq!(
        ProximalQuadratic::new(Matrix2::new(1.0, 2.0, 2.0, 1.0), vector![0.0, 0.0]).err(),
        Some(ConfigError::Indefinite)
    );
    let flat = Coupled::<f64, 2, 1>::new(Matrix2::zeros(), vector![0.0, 0.0], matrix![1.0, 1.0]);
    assert_eq!(flat.err(), Some(ConfigError::Dependent));
    let (_, status) = good.solve(vector![f64::NAN, 1.0], &mut f, 10).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
    // Rates too long for the norm of the map: divergence ends in a status, at a finite point.
    let method = PrimalDual::new(Each(SquaredL2 { strength: 1.0 }), l1, 1e3, 1e3);
    let mut map = Matrix(matrix![3.0, 1.0; 1.0, 3.0]);
    let (state, status): (PrimalDualState<f64, 2, 2>, _) = method.solve(vector![1.0, 2.0], &mut map, 100_000).unwrap();
    assert!(state.x().iter().all(|x| x.is_finite()) && status != CONVERGED, "{status:?}");
}

/// Every oracle behind a reference, as a user hands it on.
fn by_reference(
    mut f: impl Proximal<f64, 2, Error = core::convert::Infallible>,
    mut g: impl Augmented<f64, 2, 2, Error = core::convert::Infallible>,
    mut k: impl Operator<f64, 2, 2, Error = core::convert::Infallible>,
    mut sets: impl Projections<f64, 2, 2, Error = core::convert::Infallible>,
    mut smooth: impl Smooth<f64, 2, Error = core::convert::Infallible>,
) {
    let l1 = Each(L1 { strength: 1.0 });
    let start = vector![1.0, 1.0];
    let Ok((state, _)) = DouglasRachford::new(l1).solve(start, &mut &mut f, 500);
    assert!(state.x().amax() < 1e-7);
    let Ok((state, _)): Result<(AdmmState<f64, 2, 2>, _), _> = Admm::new(l1).solve(start, &mut &mut g, 500);
    assert!(state.x().amax() < 1e-7);
    let Ok((state, _)): Result<(PrimalDualState<f64, 2, 2>, _), _> =
        PrimalDual::new(l1, l1, 0.5, 0.5).solve(start, &mut &mut k, 500);
    assert!(state.x().amax() < 1e-7);
    let Ok((state, _)): Result<(DykstraState<f64, 2, 2>, _), _> = Dykstra::default().solve(start, &mut &mut sets, 500);
    assert!(state.x().amax() < 1e-7);
    let Ok((state, _)) = DavisYin::new(l1, l1).solve(start, &mut &mut smooth, 500);
    assert!(state.x().amax() < 1e-7);
}

#[test]
fn oracles_behind_references() {
    let zero = Each(Interval { lower: 0.0, upper: 0.0 });
    let f = ProximalQuadratic::new(Matrix2::identity(), vector![0.5, 0.5]).unwrap();
    let g = Coupled::<f64, 2, 2>::new(Matrix2::identity(), vector![0.5, 0.5], Matrix2::identity()).unwrap();
    let smooth = gradient_fn(|x: &SVector<f64, 2>, g: &mut SVector<f64, 2>| {
        *g = *x;
        0.5 * x.norm_squared()
    });
    by_reference(f, g, Matrix(Matrix2::identity()), Sets([zero, zero]), smooth);
}
