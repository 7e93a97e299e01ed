//! Composite methods: published numbers, equivalences, agreement, statuses.

use core::convert::Infallible;

use nalgebra::{SVector, matrix, vector};
use thalweg::composite::{
    CyclicBlockCoordinate, CyclicState, Fista, FistaState, FractionalCoordinate, FractionalRule, FractionalState,
    NonconvexAccelerated, NonconvexAcceleratedState, Panoc, PanocState, ProximalConjugateGradient,
    ProximalConjugateGradientState, ProximalGradient, ProximalGradientState, ProximalNewton, ProximalNewtonState,
    ProximalQuasiNewton, ProximalQuasiNewtonState, Restart, SpectralProjectedGradient, SpectralState,
    VarianceReducedCoordinate, VarianceReducedState,
};
use thalweg::penalty::{Each, L1, Mcp, Separable, Zero};
use thalweg::problem::{Counted, Curved, FiniteSum, Forward, Function, Problem, Quadratic, gradient_fn};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

use crate::problems::{Valley, point};

/// How a solve ended.
#[derive(Clone, Debug)]
pub struct Outcome<const N: usize> {
    pub name: &'static str,
    pub x: SVector<f64, N>,
    pub value: f64,
    pub gap: f64,
    pub calls: u64,
    pub status: Status,
}

const BUDGET: u32 = 1_000_000;

macro_rules! outcome {
    ($name:literal, $method:expr, $state:expr, $problem:expr) => {{
        let (mut state, mut problem) = ($state, Counted::new($problem));
        let method = $method;
        let Ok(status) = method.run(&mut state, &mut problem, BUDGET);
        Outcome {
            name: $name,
            x: state.x().map(|x| x.to_f64()),
            value: state.value().to_f64(),
            gap: state.gap().to_f64(),
            calls: problem.calls(),
            status,
        }
    }};
}

/// Every method for any convex penalty that is separable, on one problem.
pub fn convex<T, const N: usize, R, P>(
    penalty: R,
    problem: &P,
    start: SVector<T, N>,
    gap_tolerance: f64,
) -> Vec<Outcome<N>>
where
    T: Real,
    R: Separable<T> + Copy,
    P: Curved<T, N> + Problem<Error = Infallible> + Clone,
{
    let gap_tolerance = T::of_f64(gap_tolerance);
    let fista = |restart| Fista { gap_tolerance, restart, ..Fista::new(penalty) };
    // What compares values ends where rounding has the last word of them.
    let by_value = |restart| Fista { gap_tolerance: gap_tolerance.max(T::SQRT_EPSILON), ..fista(restart) };
    let mut outcomes = any(penalty, problem, start, gap_tolerance);
    outcomes.extend([
        outcome!("fista", fista(Restart::Gradient), FistaState::new(start), problem.clone()),
        outcome!("fista by value", by_value(Restart::Value), FistaState::new(start), problem.clone()),
        outcome!("monotone fista", by_value(Restart::Monotone), FistaState::new(start), problem.clone()),
        outcome!(
            "spectral",
            SpectralProjectedGradient { gap_tolerance, ..SpectralProjectedGradient::new(penalty) },
            SpectralState::<T, N, 10>::new(start),
            problem.clone()
        ),
    ]);
    outcomes
}

/// Every method for any separable penalty, folded ones included.
pub fn any<T, const N: usize, R, P>(penalty: R, problem: &P, start: SVector<T, N>, gap_tolerance: T) -> Vec<Outcome<N>>
where
    T: Real,
    R: Separable<T> + Copy,
    P: Curved<T, N> + Problem<Error = Infallible> + Clone,
{
    vec![
        outcome!(
            "proximal gradient",
            ProximalGradient { gap_tolerance, ..ProximalGradient::new(penalty) },
            ProximalGradientState::new(start),
            problem.clone()
        ),
        outcome!(
            "panoc",
            Panoc { gap_tolerance, ..Panoc::new(penalty) },
            PanocState::<T, N, 5>::new(start),
            problem.clone()
        ),
        outcome!(
            "panoc+",
            Panoc { gap_tolerance, ..Panoc::plus(penalty) },
            PanocState::<T, N, 5>::new(start),
            problem.clone()
        ),
        outcome!(
            "conjugate gradient",
            ProximalConjugateGradient { gap_tolerance, ..ProximalConjugateGradient::new(penalty) },
            ProximalConjugateGradientState::new(start),
            problem.clone()
        ),
        outcome!(
            "newton",
            ProximalNewton { gap_tolerance, ..ProximalNewton::new(penalty) },
            ProximalNewtonState::new(start),
            problem.clone()
        ),
        outcome!(
            "quasi-newton",
            ProximalQuasiNewton { gap_tolerance, ..ProximalQuasiNewton::new(penalty) },
            ProximalQuasiNewtonState::new(start),
            problem.clone()
        ),
    ]
}

/// ½‖Ax - b‖² with A = [[1, 2], [3, 4], [5, 6]] and b = (1, 2, 4): structured.md E11, F = 0.4427083333 with λ = ½.
pub fn three_rows<T: Real>() -> Quadratic<T, 2> {
    let mut cost = Quadratic::zero();
    for (row, target) in [([1.0, 2.0], 1.0), ([3.0, 4.0], 2.0), ([5.0, 6.0], 4.0)] {
        cost.add_square(&point(row), T::of_f64(target), T::ONE);
    }
    cost
}

pub fn l1<T: Real>(strength: f64) -> Each<L1<T>> {
    Each(L1 { strength: T::of_f64(strength) })
}

/// Five squares, `½ (aᵢ x₀ + bᵢ x₁ - yᵢ)²`, as a mean.
#[derive(Clone, Copy, Debug)]
pub struct Terms;

impl Terms {
    const ROWS: [[f64; 3]; 5] =
        [[1.0, 0.5, 2.0], [0.2, -1.0, 0.4], [-0.7, 0.9, 0.1], [1.3, 0.1, 1.0], [0.4, 0.8, -0.6]];

    /// The same function as a quadratic.
    pub fn whole<T: Real>() -> Quadratic<T, 2> {
        let mut cost = Quadratic::zero();
        for [a, b, y] in Self::ROWS {
            cost.add_square(&point([a, b]), T::of_f64(y), T::of_f64(0.2));
        }
        cost
    }
}

impl Problem for Terms {
    type Error = Infallible;
}

impl<T: Real> FiniteSum<T, 2> for Terms {
    fn terms(&self) -> usize {
        Self::ROWS.len()
    }

    fn term(&mut self, i: usize, x: &SVector<T, 2>, g: &mut SVector<T, 2>) -> Result<T, Infallible> {
        let [a, b, y] = Self::ROWS[i].map(T::of_f64);
        let r = a * x[0] + b * x[1] - y;
        *g = vector![a * r, b * r];
        Ok(T::HALF * r * r)
    }
}

#[test]
fn the_lasso_of_three_rows() {
    for outcome in convex(l1(0.5), &three_rows::<f64>(), vector![0.0, 0.0], 1e-11) {
        let near = if outcome.name.contains("fista") { 1e-7 } else { 1e-10 };
        assert!((outcome.x - vector![5.0 / 12.0, 13.0 / 48.0]).amax() < near, "{outcome:?}");
        assert!((outcome.value - 0.442_708_333_333_333_3).abs() < 1e-12, "{outcome:?}");
    }
    for outcome in convex(l1(0.5), &three_rows::<f32>(), vector![0.0, 0.0], 1e-4) {
        assert!((outcome.x - vector![5.0 / 12.0, 13.0 / 48.0]).amax() < 2e-3, "{outcome:?}");
        assert!((outcome.value - 0.442_708_333).abs() < 1e-5, "{outcome:?}");
    }
    let panoc = outcome!(
        "panoc",
        Panoc { gap_tolerance: 1e-10, ..Panoc::new(l1(0.5)) },
        PanocState::<f64, 2, 5>::new(vector![0.0, 0.0]),
        three_rows()
    );
    assert!(panoc.calls <= 50, "two calls for each of at most 25 iterations: {panoc:?}");
}

/// structured.md F4: H = [[2, 1], [1, 2]], b = (3, 1), ½‖x‖₁.
#[test]
fn the_coordinates_of_a_quadratic() {
    let cost = Quadratic { hessian: matrix![2.0, 1.0; 1.0, 2.0], linear: vector![-3.0, -1.0], constant: 0.0 };
    for outcome in convex(l1(0.5), &cost, vector![0.0, 0.0], 1e-8) {
        assert!((outcome.x - vector![1.25, 0.0]).amax() < 1e-7, "{outcome:?}");
        assert!((outcome.value + 1.5625).abs() < 1e-12, "{outcome:?}");
    }
    let cyclic = outcome!(
        "cyclic",
        CyclicBlockCoordinate { gap_tolerance: 1e-10, ..CyclicBlockCoordinate::new(l1(0.5)) },
        CyclicState::<f64, 2, 1>::new(vector![0.0, 0.0]),
        cost
    );
    assert!((cyclic.x - vector![1.25, 0.0]).amax() < 1e-9 && cyclic.calls < 100, "{cyclic:?}");
}

/// On a quadratic the subproblem is the problem: two Hessians, one at the start and one to confirm.
#[test]
fn newton_on_a_quadratic_is_one_subproblem() {
    let method = ProximalNewton { gap_tolerance: 1e-10, forcing: 0.0, ..ProximalNewton::new(l1(0.5)) };
    let outcome = outcome!("newton", method, ProximalNewtonState::new(vector![0.0, 0.0]), Terms::whole::<f64>());
    assert_eq!((outcome.calls, outcome.status), (2, Status::Converged(Criterion::Gap)), "{outcome:?}");
}

/// Without inertia, and without a search, the iterates are those of proximal gradient, bit for bit.
#[test]
fn without_its_own_idea_a_method_is_proximal_gradient() {
    let start = point([-0.5, 1.0]);
    let growth = 1.1;
    let fista = Fista { inertia: 0.0, growth, ..Fista::new(l1(0.3)) };
    let plain = ProximalGradient { growth, ..ProximalGradient::new(l1(0.3)) };
    let (mut a, mut b) = (FistaState::<f64, 2>::new(start), ProximalGradientState::new(start));
    for _ in 0..40 {
        let Ok(left) = fista.step(&mut a, &mut Forward(Valley));
        let Ok(right) = plain.step(&mut b, &mut Forward(Valley));
        assert_eq!((a.x(), left), (b.x(), right));
    }
    let panoc = Panoc { halvings: 0, relaxation: 0.999_999_999, initial_rate: 0.05, ..Panoc::new(l1(0.3)) };
    let plain = ProximalGradient { growth: 1.0, initial_rate: 0.05, ..ProximalGradient::new(l1(0.3)) };
    let (mut a, mut b) = (PanocState::<f64, 2, 3>::new(start), ProximalGradientState::new(start));
    for _ in 0..40 {
        let Ok(left) = panoc.step(&mut a, &mut Forward(Valley));
        let Ok(right) = plain.step(&mut b, &mut Forward(Valley));
        assert_eq!((a.x(), left), (b.x(), right));
    }
}

#[test]
fn the_first_step_of_the_damped_recursion() {
    // α₁ = 2/(1 + √5), x̲₁ = x₀, then x̄ and x by hand: f = ½ (x - 3)², λ = 1, L = 1.
    let mut seen = Vec::new();
    let mut f = gradient_fn(|x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
        seen.push(x[0]);
        g[0] = x[0] - 3.0;
        0.5 * g[0] * g[0]
    });
    let method = NonconvexAccelerated::new(L1 { strength: 1.0 }, 1.0);
    let mut state = NonconvexAcceleratedState::new(vector![0.0]);
    for _ in 0..2 {
        let _ = method.step(&mut state, &mut f).unwrap();
    }
    let alpha_1 = 2.0 / (1.0 + 5.0_f64.sqrt());
    let alpha_2 = 2.0 / (1.0 + (1.0 + 4.0 / (alpha_1 * alpha_1)).sqrt());
    let (x, aggregate) = (0.99 / alpha_1 * 2.0, 0.99 * 2.0);
    let middle = (1.0 - alpha_2) * aggregate + alpha_2 * x;
    assert_eq!(seen[0], 0.0);
    assert!((seen[1] - middle).abs() < 1e-14, "{seen:?}");
}

/// structured.md F5: `((x - 2)²/2 + 1)/|x|` is least at √6, and PCD goes x ↦ 2 + F(x).
#[test]
fn a_ratio_of_one_variable() {
    for rule in [FractionalRule::Ratio, FractionalRule::Parametric] {
        let mut numerator = gradient_fn(|x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
            g[0] = x[0] - 2.0;
            0.5 * g[0] * g[0] + 1.0
        });
        let method = FractionalCoordinate {
            rule,
            proximity: 0.0,
            step_tolerance: 1e-12,
            ..FractionalCoordinate::new(vector![1.0])
        };
        let mut state = FractionalState::new(vector![1.0]);
        let mut path = Vec::new();
        for status in method.steps(&mut state.clone(), &mut numerator) {
            let Ok(_) = status;
        }
        while method.step(&mut state, &mut numerator) == Ok(Status::Running) {
            path.push(state.x()[0]);
        }
        assert!((state.x()[0] - 2.449_489_742_8).abs() < 1e-9, "{state:?}");
        assert!((state.value() - 0.449_489_742_783_178).abs() < 1e-12);
        if rule == FractionalRule::Parametric {
            for (found, wanted) in path[1..].iter().zip([3.5, 2.607_142_857_1, 2.454_256_360_1, 2.449_494_371_6]) {
                assert!((found - wanted).abs() < 1e-9, "{path:?}");
            }
        }
    }
}

#[test]
fn variance_reduction_reaches_the_minimizer_of_the_mean() {
    let exact = any(l1(0.05), &Terms::whole::<f64>(), vector![0.0, 0.0], 1e-12).pop().unwrap();
    for seed in 0..5 {
        let method = VarianceReducedCoordinate { gap_tolerance: 1e-9, ..VarianceReducedCoordinate::new(l1(0.05), 0.5) };
        let mut state = VarianceReducedState::<f64, 2, 1>::seeded(vector![0.0, 0.0], seed);
        let Ok(status) = method.run(&mut state, &mut Terms, BUDGET);
        assert_eq!(status, Status::Converged(Criterion::Gap), "{state:?}");
        assert!((state.x() - exact.x).amax() < 1e-8, "{:?} {:?}", state.x(), exact);
    }
}

/// What each method says of a problem, as `(status, x)`.
fn verdicts(
    penalty: Each<L1<f64>>,
    f: impl FnMut(&SVector<f64, 1>, &mut SVector<f64, 1>) -> f64 + Clone,
    start: f64,
) -> Vec<(Status, f64)> {
    macro_rules! verdict {
        ($method:expr, $state:expr) => {{
            let mut state = $state;
            let Ok(status) = $method.run(&mut state, &mut gradient_fn(f.clone()), 100_000);
            (status, state.x()[0])
        }};
    }
    let x = vector![start];
    vec![
        verdict!(ProximalGradient::new(penalty), ProximalGradientState::new(x)),
        verdict!(Fista::new(penalty), FistaState::new(x)),
        verdict!(Panoc::new(penalty), PanocState::<f64, 1, 5>::new(x)),
        verdict!(Panoc::plus(penalty), PanocState::<f64, 1, 0>::new(x)),
        verdict!(ProximalQuasiNewton::new(penalty), ProximalQuasiNewtonState::new(x)),
        verdict!(ProximalConjugateGradient::new(penalty), ProximalConjugateGradientState::new(x)),
        verdict!(SpectralProjectedGradient::new(penalty), SpectralState::<f64, 1, 5>::new(x)),
        verdict!(NonconvexAccelerated::new(penalty.0, 1.0), NonconvexAcceleratedState::new(x)),
    ]
}

#[test]
fn bad_input_ends_in_an_honest_status() {
    let bowl = |x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
        g[0] = x[0] - 3.0;
        0.5 * g[0] * g[0]
    };
    for (status, x) in verdicts(l1(1.0), bowl, 0.0) {
        assert!(status == Status::Converged(Criterion::Gap) && (x - 2.0).abs() < 1e-7, "{status:?} {x}");
    }
    for (status, _) in verdicts(
        l1(1.0),
        |_, g| {
            g[0] = f64::NAN;
            f64::NAN
        },
        0.0,
    ) {
        assert_eq!(status, Status::Stalled(Stall::NonFinite));
    }
    for (status, _) in verdicts(
        l1(1.0),
        |_, g| {
            g[0] = f64::INFINITY;
            0.0
        },
        0.0,
    ) {
        assert_eq!(status, Status::Stalled(Stall::NonFinite));
    }
    for (status, _) in verdicts(l1(-1.0), bowl, 0.0) {
        assert_eq!(status, Status::Stalled(Stall::Config(ConfigError::Weight)));
    }
    let crossed =
        SpectralProjectedGradient { rate_floor: 1.0, rate_ceiling: 0.5, ..SpectralProjectedGradient::new(l1(1.0)) };
    assert_eq!(crossed.validate(), Err(ConfigError::Bounds));
    for (status, x) in verdicts(
        l1(0.0),
        |_, g| {
            g[0] = 0.0;
            7.0
        },
        5.0,
    ) {
        assert_eq!((status, x), (Status::Converged(Criterion::Gap), 5.0), "a constant is flat everywhere");
    }
    // A gradient of the wrong sign: no method goes uphill, all give up.
    for (status, x) in verdicts(
        l1(0.1),
        |x, g| {
            g[0] = 3.0 - x[0];
            0.5 * (x[0] - 3.0).powi(2)
        },
        0.0,
    ) {
        assert!(matches!(status, Status::Stalled(_) | Status::Running), "{status:?}");
        assert!(0.5 * (x - 3.0).powi(2) + 0.1 * x.abs() <= 4.5 + 1e-11, "{status:?} {x}");
    }
}

/// `-x` with a penalty that does not hold it: the gap is 0.9 for ever, however large F grows.
#[test]
fn what_falls_without_bound_has_not_converged() {
    let slide = |factor: f64| {
        move |x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
            g[0] = -factor;
            -factor * x[0]
        }
    };
    for factor in [1.0, 1e3] {
        for (k, (status, x)) in verdicts(l1(0.1), slide(factor), 0.0).into_iter().enumerate() {
            assert!(
                !matches!(status, Status::Converged(_)) && x.is_finite(),
                "{factor}, method {k}: {status:?} at {x}"
            );
        }
    }
}

/// A cliff: the step leaves the range, and out there the value is finite and the lowest of all.
#[test]
fn an_infinite_point_is_never_the_best() {
    struct Cliff;
    impl Function<f64, 1> for Cliff {
        fn value<D: Number<Scalar = f64>>(&self, &[x]: &[D; 1]) -> D {
            x.tanh().scale(-1e308)
        }
    }
    let mut cliff = Forward(Cliff);
    let mcp = Mcp { strength: 0.1, reach: 3.0 };
    let mut state = NonconvexAcceleratedState::new(vector![0.0]);
    let Ok(status) = NonconvexAccelerated::new(mcp, 1e-3).run(&mut state, &mut cliff, 1000);
    assert!(state.x()[0].is_finite(), "accelerated: {status:?} at {}", state.x());
    let mut state = CyclicState::<f64, 1, 1>::new(vector![0.0]);
    let method = CyclicBlockCoordinate { initial_rate: 10.0, ..CyclicBlockCoordinate::new(Each(Zero)) };
    let Ok(status) = method.run(&mut state, &mut cliff, 1000);
    assert!(state.x()[0].is_finite(), "cyclic: {status:?} at {}", state.x());
}
