//! Conjugate gradients, BFGS, L-BFGS, L-BFGS within bounds, symmetric rank one.

use std::cell::Cell;
use std::convert::Infallible;

use nalgebra::{SMatrix, SVector, vector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thalweg::line_search::{Backtracking, HagerZhang, Line, LineSearch, StrongWolfe, Verdict};
use thalweg::problem::{Counted, Forward, Objective, Problem, Quadratic, Smooth, gradient_fn};
use thalweg::smooth::{
    Bfgs, BfgsState, BoundedLbfgs, BoundedLbfgsState, ConjugateGradient, ConjugateGradientState, ConjugateRule, Lbfgs,
    LbfgsState, SymmetricRankOne, SymmetricRankOneState,
};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::functions::{Chain, Diagonal, Rosenbrock, point};

/// Counts what a search accepts: the iterations.
#[derive(Clone, Default)]
struct Watched<S> {
    search: S,
    accepted: Cell<u32>,
}

impl<T: Real, S: LineSearch<T>> LineSearch<T> for Watched<S> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.search.validate()
    }

    fn tell(&self, line: &mut Line<T>, value: T, slope: T) -> Verdict {
        let verdict = self.search.tell(line, value, slope);
        self.accepted.set(self.accepted.get() + u32::from(verdict == Verdict::Accept));
        verdict
    }
}

fn watched<S>(search: S) -> Watched<S> {
    Watched { search, accepted: Cell::new(0) }
}

/// Accepts where the slope has vanished but for rounding.
fn exact<T: Real>() -> StrongWolfe<T> {
    StrongWolfe { curvature: T::of_f64(1e9) * T::EPSILON, ..StrongWolfe::default() }
}

/// What is common to the memories.
trait Memory<T: Real, const N: usize> {
    fn x(&self) -> SVector<T, N>;
    fn value(&self) -> T;
}

macro_rules! memories {
    ($($state:ident $(<$extra:ident>)?),*) => { $(
        impl<T: Real, const N: usize $(, const $extra: usize)?> Memory<T, N> for $state<T, N $(, $extra)?> {
            fn x(&self) -> SVector<T, N> { *self.x() }
            fn value(&self) -> T { self.value() }
        }
    )* };
}
memories!(BfgsState, BoundedLbfgsState<M>, ConjugateGradientState, LbfgsState<M>, SymmetricRankOneState);

/// A check of one solve: who, status, where it ended, the value there, oracle calls.
type Check<'a, T, const N: usize> = &'a dyn Fn(&str, Status, SVector<T, N>, T, u64);

/// Every method and variant on a problem.
fn each<T: Real, const N: usize, P>(problem: &P, start: SVector<T, N>, gradient_tolerance: T, check: Check<'_, T, N>)
where
    P: Smooth<T, N, Error = Infallible> + Clone,
{
    fn run<
        T: Real,
        const N: usize,
        P: Smooth<T, N, Error = Infallible> + Clone,
        S: Memory<T, N> + From<SVector<T, N>>,
    >(
        name: &str,
        method: &impl Method<Counted<P>, S>,
        (problem, start): (&P, SVector<T, N>),
        check: Check<'_, T, N>,
    ) {
        let mut problem = Counted::new(problem.clone());
        let Ok((state, status)) = method.solve(start, &mut problem, 20_000);
        check(name, status, state.x(), state.value(), problem.calls());
    }
    let on = (problem, start);
    let far = SVector::<T, N>::from_element(T::INFINITY);
    let conjugate = ConjugateGradient { gradient_tolerance, ..ConjugateGradient::default() };
    let (dense, limited) =
        (Bfgs { gradient_tolerance, ..Bfgs::default() }, Lbfgs { gradient_tolerance, ..Lbfgs::default() });
    let bounded = BoundedLbfgs { gradient_tolerance, ..BoundedLbfgs::new(-far, far) };
    let zhang = HagerZhang::default();
    for rule in [ConjugateRule::HagerZhang, ConjugateRule::PolakRibiere, ConjugateRule::DaiYuan] {
        let conjugate = ConjugateGradient { rule, ..conjugate };
        run::<_, N, _, ConjugateGradientState<T, N>>(&format!("{rule:?}"), &conjugate, on, check);
        let sharp = conjugate.searching(StrongWolfe { curvature: T::of_f64(0.1), ..StrongWolfe::default() });
        run::<_, N, _, ConjugateGradientState<T, N>>(&format!("{rule:?}, strong Wolfe"), &sharp, on, check);
    }
    run::<_, N, _, BfgsState<T, N>>("BFGS", &dense, on, check);
    run::<_, N, _, BfgsState<T, N>>("BFGS, Hager-Zhang", &dense.searching(zhang), on, check);
    run::<_, N, _, LbfgsState<T, N, 5>>("L-BFGS", &limited, on, check);
    run::<_, N, _, LbfgsState<T, N, 1>>("L-BFGS, one pair", &limited, on, check);
    run::<_, N, _, LbfgsState<T, N, 5>>("L-BFGS, backtracking", &limited.searching(Backtracking::default()), on, check);
    run::<_, N, _, BoundedLbfgsState<T, N, 5>>("bounded", &bounded, on, check);
    let rank_one = SymmetricRankOne { gradient_tolerance, ..SymmetricRankOne::default() };
    run::<_, N, _, SymmetricRankOneState<T, N>>("rank one", &rank_one, on, check);
}

/// A random convex quadratic with condition number about a hundred.
fn quadratic<const N: usize>(random: &mut ChaCha8Rng) -> Quadratic<f64, N> {
    let mut quadratic = Quadratic::zero();
    for k in 0..N {
        let row = SVector::from_fn(|_, _| random.random_range(-1.0..1.0));
        quadratic.add_square(&row, random.random_range(-3.0..3.0), 10_f64.powf(k as f64 / N as f64));
    }
    quadratic
}

#[test]
fn an_exact_search_ends_on_a_quadratic_within_n_iterations() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..20 {
        let problem = quadratic::<6>(&mut random);
        let start = SVector::<f64, 6>::from_fn(|_, _| random.random_range(-2.0..2.0));
        let mut gradient = SVector::zeros();
        problem.clone().gradient(&start, &mut gradient).unwrap();
        let gradient_tolerance = 1e-5 * gradient.amax();
        let ends = |name: &str, (status, iterations): (Status, u32)| {
            assert_eq!(status, Status::Converged(Criterion::Gradient), "{name}");
            assert!(iterations <= 6, "{name}: {iterations} iterations");
        };
        for rule in [ConjugateRule::HagerZhang, ConjugateRule::PolakRibiere, ConjugateRule::DaiYuan] {
            let method =
                ConjugateGradient { gradient_tolerance, rule, truncation: 1e-9, ..ConjugateGradient::default() };
            let method = method.searching(watched(exact()));
            let (_, status): (ConjugateGradientState<f64, 6>, _) =
                method.solve(start, &mut problem.clone(), 200).unwrap();
            ends(&format!("{rule:?}"), (status, method.search.accepted.get()));
        }
        let method = Bfgs { gradient_tolerance, ..Bfgs::default() }.searching(watched(exact()));
        let (_, status): (BfgsState<f64, 6>, _) = method.solve(start, &mut problem.clone(), 200).unwrap();
        ends("BFGS", (status, method.search.accepted.get()));
        let method = Lbfgs { gradient_tolerance, ..Lbfgs::default() }.searching(watched(exact()));
        let (_, status): (LbfgsState<f64, 6, 6>, _) = method.solve(start, &mut problem.clone(), 200).unwrap();
        ends("L-BFGS", (status, method.search.accepted.get()));
    }
}

#[test]
fn rosenbrock_takes_sixty_iterations_at_most() {
    fn iterations<S, M: Method<Forward<Rosenbrock>, S>>(
        method: &M,
        mut state: S,
        value: fn(&S) -> f64,
        accepted: &Cell<u32>,
    ) -> u32 {
        while value(&state) >= 1e-18 {
            assert_eq!(
                method.step(&mut state, &mut Forward(Rosenbrock)).unwrap(),
                Status::Running,
                "{:e}",
                value(&state)
            );
        }
        accepted.get()
    }
    let start = point(Rosenbrock::START);
    let tight = 0.0;
    let wolfe = watched(StrongWolfe::default());
    let dense = Bfgs { gradient_tolerance: tight, ..Bfgs::default() }.searching(wolfe.clone());
    let limited = Lbfgs { gradient_tolerance: tight, ..Lbfgs::default() }.searching(wolfe);
    let conjugate = ConjugateGradient { gradient_tolerance: tight, ..ConjugateGradient::default() };
    let search = watched(conjugate.search);
    let conjugate = conjugate.searching(search);
    let counts = [
        iterations(&dense, BfgsState::new(start), |s| s.value(), &dense.search.accepted),
        iterations(&limited, LbfgsState::<f64, 2, 10>::new(start), |s| s.value(), &limited.search.accepted),
        iterations(&conjugate, ConjugateGradientState::new(start), |s| s.value(), &conjugate.search.accepted),
    ];
    assert!(counts.iter().all(|&count| count <= 60), "{counts:?}");
    println!("BFGS, L-BFGS, conjugate gradient: {counts:?}");
}

#[test]
fn every_method_solves_the_standard_functions() {
    fn check<T: Real>(slack: f64) {
        let converged = |name: &str, status, _: u64| {
            assert_eq!(status, Status::Converged(Criterion::Gradient), "{name}");
        };
        each::<T, 2, _>(
            &Forward(Rosenbrock),
            point(Rosenbrock::START),
            T::SQRT_EPSILON,
            &|name, status, x, _, calls| {
                converged(name, status, calls);
                assert!((x[0].to_f64() - 1.0).abs() < slack, "{name}: {x}");
            },
        );
        let bowl = Diagonal { curvatures: [1.0, 10.0, 1e3, 1e4], centre: [1.0, -1.0, 2.0, 0.5] };
        each::<T, 4, _>(&Forward(bowl), SVector::zeros(), T::SQRT_EPSILON, &|name, status, x, _, calls| {
            converged(name, status, calls);
            assert!((x[0].to_f64() - 1.0).abs() < slack && (x[3].to_f64() - 0.5).abs() < slack, "{name}: {x}");
        });
        each::<T, 20, _>(&Forward(Chain), SVector::zeros(), T::SQRT_EPSILON, &|name, status, _, value, calls| {
            converged(name, status, calls);
            assert!((value.to_f64() + 0.5 * 20.0 / 21.0).abs() < slack, "{name}: {value}");
        });
    }
    check::<f64>(1e-5);
    check::<f32>(2e-1);
}

#[test]
fn a_gradient_of_a_hundredth_of_root_epsilon_is_reached_beside_a_large_value() {
    let lifted = gradient_fn(|x: &SVector<f64, 2>, g: &mut SVector<f64, 2>| {
        let value = Forward(Rosenbrock).gradient(x, g).unwrap();
        value + 1e3
    });
    each(&Closure(lifted), point(Rosenbrock::START), 1e-12, &|name, status, x, _, _| {
        assert_eq!(status, Status::Converged(Criterion::Gradient), "{name}: {x}");
        assert!((x - vector![1.0, 1.0]).amax() < 1e-7, "{name}: {x}");
    });
}

/// A closure as an oracle that can be cloned.
#[derive(Clone)]
struct Closure<F>(F);

impl<F: Problem> Problem for Closure<F> {
    type Error = F::Error;
}
impl<T: Real, const N: usize, F: Smooth<T, N>> Objective<T, N> for Closure<F> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, F::Error> {
        self.0.value(x)
    }
}
impl<T: Real, const N: usize, F: Smooth<T, N>> Smooth<T, N> for Closure<F> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, F::Error> {
        self.0.gradient(x, g)
    }
}

/// A function of one variable from value and derivative.
#[derive(Clone, Copy)]
struct One(fn(f64) -> (f64, f64));

impl Problem for One {
    type Error = Infallible;
}
impl<T: Real> Objective<T, 1> for One {
    fn value(&mut self, x: &SVector<T, 1>) -> Result<T, Infallible> {
        Ok(T::of_f64(self.0(x[0].to_f64()).0))
    }
}
impl<T: Real> Smooth<T, 1> for One {
    fn gradient(&mut self, x: &SVector<T, 1>, g: &mut SVector<T, 1>) -> Result<T, Infallible> {
        let (value, slope) = self.0(x[0].to_f64());
        g[0] = T::of_f64(slope);
        Ok(T::of_f64(value))
    }
}

#[test]
fn solves_end_at_the_edges() {
    fn check<T: Real>(expect: fn(&str, Status, f64), f: fn(f64) -> (f64, f64), start: f64) {
        each::<T, 1, _>(&One(f), point([start]), T::SQRT_EPSILON, &|name, status, x, _, _| {
            assert!(status != Status::Running, "{name} from {start}: no end at {x}");
            assert!(x[0].is_finite(), "{name}");
            expect(name, status, x[0].to_f64());
        });
    }
    fn both(expect: fn(&str, Status, f64), f: fn(f64) -> (f64, f64), start: f64) {
        check::<f64>(expect, f, start);
        check::<f32>(expect, f, start);
    }
    let converges =
        |name: &str, status: Status, _: f64| assert_eq!(status, Status::Converged(Criterion::Gradient), "{name}");
    both(converges, |x| (x * x, 2.0 * x), 3.0);
    both(converges, |x| (x * x, 2.0 * x), 0.0);
    both(converges, |_| (7.0, 0.0), 1.0);
    // Where it is not finite, the walk turns back.
    both(converges, |x| (x - x.ln(), 1.0 - 1.0 / x), 20.0);
    both(converges, |x| (-x - (2.0 - x).ln(), -1.0 + 1.0 / (2.0 - x)), 1.9);
    // Steep and flat.
    both(converges, |x| (1e12 * x * x, 2e12 * x), 1.0);
    both(converges, |x| ((x - 3.0).powi(4), 4.0 * (x - 3.0).powi(3)), -2.0);
    both(|name, status, _| assert_eq!(status, Status::Stalled(Stall::NonFinite), "{name}"), |_| (f64::NAN, 1.0), 1.0);
    both(
        |name, status, _| assert_eq!(status, Status::Stalled(Stall::NonFinite), "{name}"),
        |_| (1.0, f64::INFINITY),
        1.0,
    );
    both(
        |name, status, x| assert!(matches!(status, Status::Stalled(_)) && x == 1.0, "{name}: {status:?}"),
        |x| (x, -1.0),
        1.0,
    );
    both(|_, _, _| {}, |x| (-x, -1.0), 1.0);
    both(|_, _, _| {}, |x| (-x * x, -2.0 * x), 1.0);
    both(|_, _, _| {}, |x| (x * x * x, 3.0 * x * x), 1.0);
    both(|_, _, _| {}, |x| (-x.exp(), -x.exp()), 1.0);
    both(|_, _, _| {}, |x| (x.abs(), x.signum()), 0.7);
}

#[test]
fn a_value_that_falls_without_bound_is_called_so() {
    let fall = gradient_fn(|x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
        g[0] = -1.0;
        -x[0]
    });
    let unbounded = Status::Stalled(Stall::Unbounded);
    let mut fall = Closure(fall);
    let (_, status): (BfgsState<f64, 1>, _) = Bfgs::default().solve(vector![0.0], &mut fall, 1000).unwrap();
    assert_eq!(status, unbounded);
    let (_, status): (ConjugateGradientState<f64, 1>, _) =
        ConjugateGradient::default().solve(vector![0.0], &mut fall, 1000).unwrap();
    assert_eq!(status, unbounded);
    let within = BoundedLbfgs::new(vector![f64::NEG_INFINITY], vector![1e6]);
    let (state, status): (BoundedLbfgsState<f64, 1, 3>, _) = within.solve(vector![0.0], &mut fall, 1000).unwrap();
    assert_eq!((state.x()[0], status), (1e6, Status::Converged(Criterion::Gradient)));
}

#[test]
fn parameters_outside_their_ranges_end_the_solve() {
    fn refused<S, M: Method<Forward<Rosenbrock>, S>>(method: &M, mut state: S, error: ConfigError) {
        let status = method.step(&mut state, &mut Forward(Rosenbrock)).unwrap();
        assert_eq!(status, Status::Stalled(Stall::Config(error)));
    }
    let (start, conjugate) = (vector![0.0, 0.0], ConjugateGradient::<f64>::default());
    let negative = ConjugateGradient { gradient_tolerance: -1.0, ..conjugate };
    refused(&negative, ConjugateGradientState::new(start), ConfigError::Tolerance);
    refused(
        &ConjugateGradient { truncation: 0.0, ..conjugate },
        ConjugateGradientState::new(start),
        ConfigError::NotPositive,
    );
    let nowhere = SymmetricRankOne { initial_radius: 0.0, ..SymmetricRankOne::default() };
    refused(&nowhere, SymmetricRankOneState::new(start), ConfigError::NotPositive);
    let sloppy = StrongWolfe { curvature: 1.0, ..StrongWolfe::default() };
    refused(&Bfgs::default().searching(sloppy), BfgsState::new(start), ConfigError::Fraction);
    refused(&Lbfgs::default().searching(sloppy), LbfgsState::<f64, 2, 3>::new(start), ConfigError::Fraction);
    let inf = f64::INFINITY;
    for (lower, upper) in [
        (vector![0.0, 1.0], vector![1.0, 0.9]),
        (vector![f64::NAN, 0.0], vector![1.0, 1.0]),
        (vector![inf, 0.0], vector![inf, 1.0]),
    ] {
        let crossed = BoundedLbfgs::new(lower, upper);
        refused(&crossed, BoundedLbfgsState::<f64, 2, 3>::new(start), ConfigError::Bounds);
    }
}

#[test]
fn without_bounds_the_bounded_method_is_l_bfgs() {
    let far = vector![f64::INFINITY, f64::INFINITY];
    let (free, bounded) = (Lbfgs::default(), BoundedLbfgs::new(-far, far));
    let start = point(Rosenbrock::START);
    let (mut a, mut b) = (LbfgsState::<f64, 2, 4>::new(start), BoundedLbfgsState::<f64, 2, 4>::new(start));
    for _ in 0..30 {
        let ends = [
            free.step(&mut a, &mut Forward(Rosenbrock)).unwrap(),
            bounded.step(&mut b, &mut Forward(Rosenbrock)).unwrap(),
        ];
        assert_eq!(ends, [Status::Running; 2]);
        assert!((a.x() - b.x()).amax() < 1e-9, "{} {}", a.x(), b.x());
    }
}

/// Refuses questions outside a box.
struct Within<P, const N: usize> {
    inner: P,
    lower: SVector<f64, N>,
    upper: SVector<f64, N>,
}

impl<P: Problem, const N: usize> Problem for Within<P, N> {
    type Error = P::Error;
}
impl<P: Smooth<f64, N>, const N: usize> Objective<f64, N> for Within<P, N> {
    fn value(&mut self, x: &SVector<f64, N>) -> Result<f64, P::Error> {
        self.gradient(x, &mut SVector::zeros())
    }
}
impl<P: Smooth<f64, N>, const N: usize> Smooth<f64, N> for Within<P, N> {
    fn gradient(&mut self, x: &SVector<f64, N>, g: &mut SVector<f64, N>) -> Result<f64, P::Error> {
        assert!((0..N).all(|j| self.lower[j] <= x[j] && x[j] <= self.upper[j]), "outside: {x}");
        self.inner.gradient(x, g)
    }
}

/// The least value in a box by all choices of which variables lie on which bound.
fn brute<const N: usize>(problem: &Quadratic<f64, N>, lower: &SVector<f64, N>, upper: &SVector<f64, N>) -> f64 {
    let mut least = f64::INFINITY;
    for choice in 0..3_usize.pow(N as u32) {
        let side = |j: usize| choice / 3_usize.pow(j as u32) % 3;
        // Rows of a fixed variable say where it is fixed.
        let (mut a, mut b) = (problem.hessian, -problem.linear);
        for j in 0..N {
            if side(j) > 0 {
                a.row_mut(j).fill(0.0);
                a[(j, j)] = 1.0;
                b[j] = if side(j) == 1 { lower[j] } else { upper[j] };
            }
        }
        let Some(inverse) = invert(a) else { continue };
        let x = inverse * b;
        if (0..N).all(|j| x[j].is_finite() && lower[j] - 1e-9 <= x[j] && x[j] <= upper[j] + 1e-9) {
            least = least.min(problem.clone().value(&x).unwrap());
        }
    }
    least
}

/// By Gauss and Jordan.
fn invert<const N: usize>(mut a: SMatrix<f64, N, N>) -> Option<SMatrix<f64, N, N>> {
    let mut inverse = SMatrix::<f64, N, N>::identity();
    for j in 0..N {
        let pivot = (j..N).max_by(|&p, &q| a[(p, j)].abs().total_cmp(&a[(q, j)].abs()))?;
        if a[(pivot, j)] == 0.0 {
            return None;
        }
        a.swap_rows(j, pivot);
        inverse.swap_rows(j, pivot);
        let scale = 1.0 / a[(j, j)];
        (0..N).for_each(|k| (a[(j, k)], inverse[(j, k)]) = (a[(j, k)] * scale, inverse[(j, k)] * scale));
        for i in (0..N).filter(|&i| i != j) {
            let by = a[(i, j)];
            (0..N).for_each(|k| {
                a[(i, k)] -= by * a[(j, k)];
                inverse[(i, k)] -= by * inverse[(j, k)];
            });
        }
    }
    Some(inverse)
}

#[test]
fn quadratics_in_boxes_agree_with_brute_force_and_no_question_leaves_the_box() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for trial in 0..300 {
        let inner = quadratic::<5>(&mut random);
        let bound = |random: &mut ChaCha8Rng, far: f64| {
            if random.random_bool(0.2) { far } else { random.random_range(-2.0..2.0) }
        };
        let mut lower = SVector::<f64, 5>::from_fn(|_, _| bound(&mut random, f64::NEG_INFINITY));
        let upper = SVector::<f64, 5>::from_fn(|j, _| bound(&mut random, f64::INFINITY).max(lower[j]));
        if trial % 7 == 0 && upper[0].is_finite() {
            lower[0] = upper[0];
        }
        let start = SVector::from_fn(|_, _| random.random_range(-4.0..4.0));
        let least = brute(&inner, &lower, &upper);
        let method = BoundedLbfgs { gradient_tolerance: 1e-9, ..BoundedLbfgs::new(lower, upper) };
        let mut problem = Within { inner, lower, upper };
        let (state, status): (BoundedLbfgsState<f64, 5, 4>, _) = method.solve(start, &mut problem, 2000).unwrap();
        assert!(status != Status::Running, "{trial}");
        assert!(
            (state.value() - least).abs() < 1e-7 * (1.0 + least.abs()),
            "{trial}: {status:?} {} {least}",
            state.value()
        );
        let zhang = method.searching(HagerZhang::default());
        let (state, _): (BoundedLbfgsState<f64, 5, 4>, _) = zhang.solve(start, &mut problem, 2000).unwrap();
        assert!((state.value() - least).abs() < 1e-7 * (1.0 + least.abs()), "{trial}: {} {least}", state.value());
    }
}

/// The matrix is exact on a quadratic after N independent steps (Nocedal & Wright, theorem 6.1): one more step is Newton's.
#[test]
fn symmetric_rank_one_ends_on_a_quadratic_in_n_steps_and_one() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for indefinite in [false, true] {
        for _ in 0..20 {
            let mut problem = Counted::new(quadratic::<5>(&mut random));
            let start = SVector::<f64, 5>::from_fn(|_, _| random.random_range(-2.0..2.0));
            if indefinite {
                problem.inner.hessian[(0, 0)] -= 40.0;
                let (state, status): (SymmetricRankOneState<f64, 5>, _) =
                    SymmetricRankOne::default().solve(start, &mut problem, 400).unwrap();
                assert!(
                    !matches!(status, Status::Converged(_)) && state.value() < -1e6,
                    "{status:?} {}",
                    state.value()
                );
                continue;
            }
            let method = SymmetricRankOne { gradient_tolerance: 1e-6, initial_radius: 1e3 };
            let (_, status): (SymmetricRankOneState<f64, 5>, _) = method.solve(start, &mut problem, 100).unwrap();
            assert_eq!(status, Status::Converged(Criterion::Gradient));
            assert!(problem.calls() <= 1 + 5 + 1 + 2, "{} calls", problem.calls());
        }
    }
}

/// From beside a saddle the rank one update sees the negative curvature.
#[test]
fn symmetric_rank_one_leaves_a_saddle() {
    let start = point([1.0, 1e-6]);
    let method = SymmetricRankOne { initial_radius: 0.1, ..SymmetricRankOne::default() };
    let (state, status): (SymmetricRankOneState<f64, 2>, _) =
        method.solve(start, &mut Forward(crate::functions::DoubleWell), 200).unwrap();
    assert_eq!(status, Status::Converged(Criterion::Gradient));
    assert!((state.value() + 0.25).abs() < 1e-12, "{}", state.value());
}
