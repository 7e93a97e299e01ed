//! Mirror descent, dual averaging and mirror prox; the Frank-Wolfe bound on the same problem.

use nalgebra::{SVector, vector};
use thalweg::constrained::{FrankWolfe, FrankWolfeState};
use thalweg::penalty::{Each, Interval, L2Ball, Penalty, Simplex, Zero};
use thalweg::problem::{Forward, Objective, Smooth, gradient_fn};
use thalweg::smooth::{
    DualAveraging, DualAveragingState, Entropy, Euclidean, FixedRate, FixedRateState, MirrorDescent,
    MirrorDescentState, MirrorMap, MirrorProx, MirrorProxState, PNorm,
};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::functions::{Chain, Diagonal, point};

const CONVERGED: Status = Status::Converged(Criterion::Gap);

/// `⟨c, x⟩` with `cᵢ = i/10`.
fn costs<T: Real>() -> impl Smooth<T, 10, Error = core::convert::Infallible> {
    gradient_fn(|x: &SVector<T, 10>, g: &mut SVector<T, 10>| {
        *g = SVector::from_fn(|i, _| T::of_f64(i as f64 / 10.0));
        x.iter().zip(g.iter()).fold(T::ZERO, |sum, (&x, &g)| sum + x * g)
    })
}

/// Beck & Teboulle's method on the simplex: a thousand iterations at `√(2 ln 10/1000)`, below `√(2 ln 10/1000)` times the largest cost.
fn entropic<T: Real>(error: f64) {
    let rate = T::of_f64((2.0 * 10.0_f64.ln() / 1000.0).sqrt());
    let method = MirrorDescent { gap_tolerance: T::ZERO, ..MirrorDescent::new(Entropy, rate) };
    let mut state = MirrorDescentState::<T, 10>::new(SVector::from_element(T::of_f64(0.1)));
    let _ = method.run(&mut state, &mut costs(), 1000).unwrap();
    let Ok(average) = costs().value(state.average());
    let average: f64 = average.to_f64();
    assert!((average - 0.034_139_46).abs() < error && average <= 0.067_861_4, "{average}");
    assert!(state.value().to_f64() < average);
}

#[test]
fn entropic_descent_has_its_number() {
    entropic::<f64>(1e-8);
    entropic::<f32>(1e-5);
}

/// Where no projection is needed remembering the sum is the same as remembering the point.
#[test]
fn lazy_and_eager_agree_inside() {
    fn agree<X: MirrorMap<f64> + Copy>(map: X, start: SVector<f64, 4>) {
        let problem = || Forward(Diagonal { curvatures: [1.0, 2.0, 3.0, 4.0], centre: [0.3, -0.2, 0.8, 0.5] });
        let mut eager = MirrorDescentState::new(start);
        let mut lazy = DualAveragingState::new(start);
        for _ in 0..30 {
            let _ = MirrorDescent::new(map, 0.1).step(&mut eager, &mut problem()).unwrap();
            let _ = DualAveraging::new(map, 0.1).step(&mut lazy, &mut problem()).unwrap();
            assert!((eager.iterate() - lazy.iterate()).amax() < 1e-12);
            assert!((eager.average() - lazy.average()).amax() < 1e-12);
        }
    }
    agree(Entropy, SVector::from_element(0.25));
    agree(PNorm { p: 1.3 }, point([0.1, 0.2, -0.3, 0.4]));
    agree(Euclidean(Each(Zero)), point([0.1, 0.2, -0.3, 0.4]));
}

/// The identity for a mirror leaves gradient descent; `p = 2` is the identity.
#[test]
fn the_euclidean_mirror_is_flat() {
    let mut plain = FixedRateState::<f64, 5>::new(SVector::zeros());
    let mut mirrored = MirrorDescentState::<f64, 5>::new(SVector::zeros());
    let mut normed = MirrorDescentState::<f64, 5>::new(SVector::zeros());
    for _ in 0..50 {
        let _ = FixedRate::new(0.25).step(&mut plain, &mut Forward(Chain)).unwrap();
        let _ = MirrorDescent::new(Euclidean(Each(Zero)), 0.25).step(&mut mirrored, &mut Forward(Chain)).unwrap();
        let _ = MirrorDescent::new(PNorm { p: 2.0 }, 0.25).step(&mut normed, &mut Forward(Chain)).unwrap();
        assert_eq!(plain.iterate(), mirrored.iterate());
        assert!((plain.iterate() - normed.iterate()).amax() < 1e-14);
    }
}

/// The bound of the projected subgradient method, `R G/√k`, on a function with a kink at its minimizer on a ball.
#[test]
fn projected_subgradients_keep_their_bound() {
    let kink = || {
        gradient_fn(|x: &SVector<f64, 3>, g: &mut SVector<f64, 3>| {
            let off = x - vector![0.5, -0.2, 0.1];
            *g = off.map(f64::signum);
            off.abs().sum()
        })
    };
    let (radius, steepest, k) = (2.0, 3.0_f64.sqrt(), 400);
    let method = MirrorDescent::new(Euclidean(L2Ball { radius: 1.0 }), radius / (steepest * f64::from(k).sqrt()));
    let mut state = MirrorDescentState::<f64, 3>::new(vector![-0.6, 0.7, -0.3]);
    let _ = method.run(&mut state, &mut kink(), k as u32).unwrap();
    let Ok(average) = kink().value(state.average());
    assert!(average <= radius * steepest / f64::from(k).sqrt(), "{average}");
}

/// Bubeck 2015, theorem 4.4: `L R²/k` for the average, L in the sum of magnitudes the largest curvature.
#[test]
fn mirror_prox_keeps_its_bound() {
    let problem = || Forward(Diagonal::new(std::array::from_fn::<_, 10, _>(|i| 1.0 + i as f64)));
    let least = 0.5 / (1..=10).map(|c| 1.0 / f64::from(c)).sum::<f64>();
    let method = MirrorProx { gap_tolerance: 0.0, ..MirrorProx::new(Entropy, 0.1) };
    let mut state = MirrorProxState::<f64, 10>::new(SVector::from_element(0.1));
    for k in [10_u32, 100] {
        while method.step(&mut state, &mut problem()) == Ok(Status::Running) && state.iterations() < k {}
        let Ok(value) = problem().value(state.average());
        let gap = value - least;
        assert!(gap <= 10.0 * 10.0_f64.ln() / f64::from(k) && gap >= -1e-15, "{k}: {gap}");
    }
}

/// With the identity for a mirror a coordinate of curvature λ is multiplied by `1 - tλ + t²λ²`: two steps of gradient descent
/// would make it `(1 - tλ)²`.
#[test]
fn mirror_prox_looks_ahead() {
    let (curvatures, rate) = ([1.0, 3.0], 0.2_f64);
    let mut state = MirrorProxState::<f64, 2>::new(vector![1.0, -1.0]);
    let method = MirrorProx::new(Euclidean(Each(Zero)), rate);
    let _ = method.run(&mut state, &mut Forward(Diagonal::new(curvatures)), 1 + 2 * 10).unwrap();
    let factors = curvatures.map(|c| (1.0 - rate * c + (rate * c).powi(2)).powi(10));
    assert!((state.iterate() - vector![factors[0], -factors[1]]).amax() < 1e-15, "{}", state.iterate());
}

/// All three and every map end at the same point of the simplex, or of a box.
fn agree<T: Real>(digits: f64) {
    let problem = || Forward(Diagonal { curvatures: [1.0, 2.0, 4.0], centre: [0.9, 0.6, -0.5] });
    let start = || point::<T, 3>([0.3, 0.3, 0.4]);
    fn rate<T: Real>() -> T {
        T::of_f64(0.2)
    }
    let solution = point::<T, 3>([0.566_666_666_7, 0.433_333_333_3, 0.0]);
    let close = |x: &SVector<T, 3>, status: Status| {
        assert_eq!(status, CONVERGED);
        assert!((x - solution).map(T::to_f64).amax() < digits, "{x}");
    };
    let (state, status): (MirrorDescentState<T, 3>, _) =
        MirrorDescent::new(Entropy, rate()).solve(start(), &mut problem(), 5000).unwrap();
    close(state.x(), status);
    let (state, status): (DualAveragingState<T, 3>, _) =
        DualAveraging::new(Entropy, rate()).solve(start(), &mut problem(), 5000).unwrap();
    close(state.x(), status);
    let (state, status): (MirrorProxState<T, 3>, _) =
        MirrorProx::new(Entropy, rate()).solve(start(), &mut problem(), 5000).unwrap();
    close(state.x(), status);
    let simplex = Euclidean(Simplex { total: T::ONE });
    let (state, status): (MirrorDescentState<T, 3>, _) =
        MirrorDescent::new(simplex, rate()).solve(start(), &mut problem(), 5000).unwrap();
    close(state.x(), status);
    let (state, status): (MirrorProxState<T, 3>, _) =
        MirrorProx::new(simplex, rate()).solve(start(), &mut problem(), 5000).unwrap();
    close(state.x(), status);
    let interval = Euclidean(Each(Interval { lower: T::ZERO, upper: T::HALF }));
    let (state, status): (MirrorDescentState<T, 3>, _) =
        MirrorDescent::new(interval, rate()).solve(point([7.0, 7.0, 7.0]), &mut problem(), 5000).unwrap();
    assert_eq!((status, *state.x()), (CONVERGED, point([0.5, 0.5, 0.0])));
}

#[test]
fn all_mirrors_find_the_solution() {
    agree::<f64>(1e-7);
    agree::<f32>(2e-3);
}

/// Large gradients do not overflow the exponential, starts outside are moved inside, NaN and bad parameters are told.
#[test]
fn edges_are_told() {
    let steep = || {
        gradient_fn(|x: &SVector<f32, 2>, g: &mut SVector<f32, 2>| {
            *g = vector![1e6, -1e6];
            1e6 * (x[0] - x[1])
        })
    };
    let (state, status): (MirrorDescentState<f32, 2>, _) =
        MirrorDescent::new(Entropy, 1.0).solve(vector![30.0, 29.6], &mut steep(), 100).unwrap();
    assert_eq!((status, *state.x()), (CONVERGED, vector![0.0, 1.0]));
    let (state, status): (MirrorDescentState<f64, 1>, _) =
        MirrorDescent::new(Entropy, 1.0).solve(vector![1.0], &mut Forward(Diagonal::new([1.0])), 100).unwrap();
    assert_eq!((status, state.x()[0]), (CONVERGED, 1.0));
    let mut bowl = Forward(Diagonal::new([1.0, 1.0]));
    let mut refused = |map: PNorm<f64>, rate, error| {
        let (_, status): (MirrorDescentState<f64, 2>, _) =
            MirrorDescent::new(map, rate).solve(vector![1.0, 1.0], &mut bowl, 5).unwrap();
        assert_eq!(status, Status::Stalled(Stall::Config(error)));
    };
    refused(PNorm { p: 1.0 }, 1.0, ConfigError::Exponent);
    refused(PNorm { p: 2.1 }, 1.0, ConfigError::Exponent);
    refused(PNorm { p: 2.0 }, 0.0, ConfigError::NotPositive);
    let (_, status): (MirrorDescentState<f64, 2>, _) =
        MirrorDescent::new(PNorm { p: 2.0 }, 0.1).solve(vector![f64::NAN, 1.0], &mut bowl, 5).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
}

/// `∇Φ` and back, at both ends of the range.
#[test]
fn maps_have_inverses() {
    for p in [1.05, 1.5, 2.0] {
        for scale in [1e-150_f64, 1.0, 1e150] {
            let x = [3.0 * scale, -2.0 * scale, 0.0, 0.5 * scale];
            let mut there = x;
            PNorm { p }.to_dual(&mut there);
            PNorm { p }.to_primal(&mut there);
            assert!(x.iter().zip(there).all(|(x, y)| (x - y).abs() < 1e-12 * scale), "{p} {there:?}");
        }
    }
    let mut x = [0.2_f64, 0.5, 0.3];
    Entropy.to_dual(&mut x);
    Entropy.to_primal(&mut x);
    assert!(x.iter().zip([0.2, 0.5, 0.3]).all(|(x, y)| (x - y).abs() < 1e-15_f64));
    assert_eq!(Simplex { total: 1.0 }.value(&x), 0.0);
}

/// Frank & Wolfe's bound `2 L D²/(k + 1)` with D² = 2 on `½ ‖x‖²` over the simplex from a corner.
#[test]
fn frank_wolfe_keeps_its_bound_from_a_corner() {
    let mut bowl = Forward(Diagonal::new([1.0; 10]));
    let method = FrankWolfe { gap_tolerance: 0.0, ..FrankWolfe::new(Simplex { total: 1.0 }) };
    let mut start = SVector::zeros();
    start[0] = 1.0;
    let mut state = FrankWolfeState::<f64, 10, 0>::new(start);
    for k in 1..=1000 {
        let _ = method.step(&mut state, &mut bowl).unwrap();
        assert!(state.value() - 0.05 <= 4.0 / f64::from(k + 1));
    }
}
