//! The laws of penalties, over all of them and both scalars.

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thalweg::Real;
use thalweg::penalty::{Conjugate, Convex, Penalty};

use super::subject::{Subject, table, uniform};

fn of<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::of_f64(x)).collect()
}

fn wide<T: Real>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

pub fn prox(penalty: &(impl Penalty<f64> + ?Sized), x: &[f64], rate: f64) -> Vec<f64> {
    let mut z = x.to_vec();
    penalty.prox(&mut z, rate);
    z
}

fn gap(penalty: &(impl Penalty<f64> + ?Sized), x: &[f64], g: &[f64]) -> f64 {
    penalty.gap(x, &mut g.to_vec())
}

/// Random points, and some with ties, zeros, or far out.
fn points(rng: &mut ChaCha8Rng, n: usize) -> Vec<Vec<f64>> {
    let mut points = vec![vec![0.0; n], vec![1.0; n], vec![-2.5; n], (0..n).map(|j| j as f64).collect()];
    for scale in [0.3, 1.0, 4.0, 4.0, 4.0, 30.0] {
        points.push(uniform(rng, n, scale));
        let mut rounded = uniform(rng, n, scale.min(4.0));
        rounded.iter_mut().for_each(|x| *x = x.round());
        points.push(rounded);
    }
    points
}

fn rates(subject: &Subject<f64>) -> Vec<f64> {
    let limit = subject.penalty.rate_limit();
    if limit.is_finite() && limit > 0.0 {
        vec![0.3 * limit, 0.95 * limit, limit, 1.1 * limit, 20.0 * limit]
    } else {
        vec![0.05, 0.7, 1.0, 9.0]
    }
}

/// Points of the domain by any means, for comparison with `z = prox(v)`.
fn rivals(subject: &Subject<f64>, rng: &mut ChaCha8Rng, v: &[f64], z: &[f64]) -> Vec<Vec<f64>> {
    let mut rivals = Vec::new();
    for _ in 0..20 {
        if let Some(member) = subject.member {
            rivals.push(member(rng));
        }
        let far = uniform(rng, v.len(), 5.0);
        rivals.push(prox(&*subject.penalty, &far, [0.01, 1.0, 5.0][rng.random_range(0..3)]));
        rivals.push(far);
        let width = 10.0_f64.powi(rng.random_range(-6..1));
        let near: Vec<f64> = z.iter().map(|z| z + width * rng.random_range(-1.0..1.0)).collect();
        rivals.push(prox(&*subject.penalty, &near, 1e-9));
        // Near, but with the zeros and equal values left as they are; and parts of v itself.
        rivals
            .push(z.iter().map(|&z| if rng.random() { z } else { z + width * rng.random_range(-1.0..1.0) }).collect());
        rivals.push(z.iter().map(|&z| z * (1.0 + width)).collect());
        rivals.push(v.iter().map(|&v| if rng.random() { v } else { 0.0 }).collect());
        let share = rng.random::<f64>();
        rivals.push(v.iter().map(|&v| v * share).collect());
    }
    rivals.push(vec![0.0; v.len()]);
    rivals.push(v.to_vec());
    rivals.retain(|u| subject.penalty.value(u).is_finite());
    rivals
}

/// The result lies in the domain and no rival is better; for a convex penalty, the subgradient inequality holds, which
/// says the same without a margin that grows with the distance.
fn prox_is_optimal<T: Real>() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let epsilon = T::EPSILON.to_f64();
    for (subject, exact) in table::<T>().into_iter().zip(table::<f64>()) {
        for rate in rates(&exact) {
            for v in points(&mut rng, exact.size) {
                let v = wide(&of::<T>(&v));
                let mut z = of::<T>(&v);
                subject.penalty.prox(&mut z, T::of_f64(rate));
                if exact.name.contains("Conjugate") && !subject.penalty.value(&z).is_finite() {
                    // Moreau's identity leaves the rounding of v; a second time, that of z.
                    let once = wide(&z);
                    subject.penalty.prox(&mut z, T::EPSILON * T::EPSILON);
                    assert!(norm(&minus(&once, &wide(&z))) <= 20.0 * epsilon * (1.0 + norm(&v)), "{}", exact.name);
                }
                assert!(
                    subject.penalty.value(&z).is_finite(),
                    "{} at {v:?}, rate {rate}: {z:?} is outside",
                    exact.name
                );
                let z = wide(&z);
                // In exact numbers, the constraint may be broken by what T cannot resolve.
                let value = subject.penalty.value(&of::<T>(&z)).to_f64();
                let slope: Vec<f64> = minus(&v, &z).iter().map(|d| d / rate).collect();
                let convex = exact.penalty.convexity() >= 0.0;
                for u in rivals(&exact, &mut rng, &v, &z) {
                    let other = exact.penalty.value(&u);
                    let scale = 1.0 + norm(&v) + norm(&z) + norm(&u);
                    if convex {
                        let lead = dot(&slope, &minus(&u, &z)) - (other - value);
                        let rounding = 200.0 * epsilon * (scale * scale * (1.0 + 1.0 / rate) + other.abs());
                        assert!(
                            lead <= rounding,
                            "{} at {v:?}, rate {rate}: {z:?} loses {lead:e} to {u:?}",
                            exact.name
                        );
                    } else {
                        let objective = |x: &[f64], value| 0.5 * dot(&minus(x, &v), &minus(x, &v)) + rate * value;
                        let lead = objective(&z, value) - objective(&u, other);
                        let rounding = 200.0 * epsilon * (scale * scale + rate * (1.0 + other.abs()));
                        assert!(
                            lead <= rounding,
                            "{} at {v:?}, rate {rate}: {z:?} loses {lead:e} to {u:?}",
                            exact.name
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn no_rival_beats_a_proximal_point() {
    prox_is_optimal::<f64>();
    prox_is_optimal::<f32>();
}

/// `(v - prox(v))/rate` is a subgradient at `prox(v)`.
fn fixed_points_have_no_gap<T: Real>() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for (subject, exact) in table::<T>().into_iter().zip(table::<f64>()) {
        for rate in rates(&exact) {
            for v in points(&mut rng, exact.size) {
                let (v, t) = (of::<T>(&v), T::of_f64(rate));
                let mut z = v.clone();
                subject.penalty.prox(&mut z, t);
                let mut g: Vec<T> = z.iter().zip(&v).map(|(&z, &v)| (z - v) / t).collect();
                let gap = subject.penalty.gap(&z, &mut g).to_f64();
                if exact.name.contains("Entropy") && z.iter().any(|&z| z.to_f64() < 1e-30) {
                    continue; // below what T can represent
                }
                let scale = (1.0 + norm(&wide(&v)) + norm(&wide(&z))) * (1.0 + 1.0 / rate);
                // Barriers are steep where rounding moves the point; the natural residual is not.
                let steep =
                    if exact.name.contains("Log") || exact.name.contains("Entropy") || exact.name.contains("Power") {
                        200.0
                    } else {
                        1.0
                    };
                let limit = 100.0 * steep * T::EPSILON.to_f64() * scale;
                assert!(
                    gap <= limit,
                    "{} at {v:?}, rate {rate}: {z:?} leaves a gap of {gap:e} > {limit:e}",
                    exact.name
                );
            }
        }
    }
}

#[test]
fn fixed_points_of_proximal_operators_have_no_gap() {
    fixed_points_have_no_gap::<f64>();
    fixed_points_have_no_gap::<f32>();
}

/// Of a convex penalty: `‖x - prox(x - t g, t)‖/t` rises to the distance of `-g` to the subdifferential as t falls, and is
/// the natural residual at t = 1.
#[test]
fn gaps_are_distances_to_the_subdifferential() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for subject in table::<f64>().into_iter().filter(|subject| subject.penalty.convexity() >= 0.0) {
        let penalty = &*subject.penalty;
        let mut positive = 0;
        for x in points(&mut rng, subject.size) {
            for start in [x.clone(), prox(penalty, &x, 1.0)] {
                if !penalty.value(&start).is_finite() {
                    assert!(!subject.exact || gap(penalty, &start, &x) == f64::INFINITY, "{}", subject.name);
                    continue;
                }
                if subject.name.contains("Entropy") && start.iter().any(|&x| x < 1e-2) {
                    continue; // too steep for the differences
                }
                for g in points(&mut rng, subject.size) {
                    let residual = |t: f64| {
                        let ahead: Vec<f64> = start.iter().zip(&g).map(|(x, g)| x - t * g).collect();
                        norm(&minus(&start, &prox(penalty, &ahead, t))) / t
                    };
                    let (found, fine) = (gap(penalty, &start, &g), residual(1e-7));
                    positive += i32::from(found > 0.1);
                    let same = if subject.exact {
                        (found - fine).abs()
                    } else {
                        (found - residual(1.0)).abs().max(found - fine)
                    };
                    let loose =
                        if subject.name.contains("Log") || subject.name.contains("Entropy") { 1e-3 } else { 1e-5 };
                    assert!(
                        same <= loose * (1.0 + found + norm(&g)),
                        "{} at {start:?}, {g:?}: {found} is not {fine}",
                        subject.name
                    );
                }
            }
        }
        assert!(
            positive > 0
                || subject.name.contains("0.75, 0.75")
                || subject.size == 1
                || subject.name.contains("cap: 0.75"),
            "{}",
            subject.name
        );
    }
}

/// Firm nonexpansiveness: `⟨P(a) - P(b), a - b⟩ ≥ ‖P(a) - P(b)‖²`, and with a modulus μ of convexity `(1 + t μ)` times that.
#[test]
fn proximal_operators_are_firmly_nonexpansive() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for subject in table::<f64>() {
        let modulus = subject.penalty.convexity();
        for rate in rates(&subject).into_iter().filter(|rate| 1.0 + rate * modulus > 1e-9) {
            let points = points(&mut rng, subject.size);
            for a in &points {
                for b in &points {
                    let d = minus(&prox(&*subject.penalty, a, rate), &prox(&*subject.penalty, b, rate));
                    let product = dot(&d, &minus(a, b));
                    let rounding = 1e-12 * (1.0 + dot(a, a) + dot(b, b)) * (1.0 + rate);
                    assert!(
                        product >= (1.0 + rate * modulus) * dot(&d, &d) - rounding,
                        "{}: {a:?} {b:?}",
                        subject.name
                    );
                }
            }
        }
    }
}

/// A second projection moves nothing but rounding, and the projection of a member is the member.
#[test]
fn projections_are_idempotent() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for subject in table::<f64>() {
        let Some(member) = subject.member else { continue };
        for v in points(&mut rng, subject.size) {
            let once = prox(&*subject.penalty, &v, 1.0);
            assert_eq!(once, prox(&*subject.penalty, &v, 0.01), "{}: a projection has no rate", subject.name);
            let moved = norm(&minus(&once, &prox(&*subject.penalty, &once, 1.0)));
            assert!(moved <= 1e-14 * (1.0 + norm(&v)), "{}: {moved:e}", subject.name);
            let inside = member(&mut rng);
            assert_eq!(subject.penalty.value(&inside), 0.0, "{}: {inside:?}", subject.name);
            let moved = norm(&minus(&inside, &prox(&*subject.penalty, &inside, 1.0)));
            assert!(moved <= 1e-13 * (1.0 + norm(&inside)), "{}: {moved:e}", subject.name);
            // What is clearly moved was outside.
            let distance = norm(&minus(&once, &v));
            assert_eq!(
                subject.penalty.value(&v) == 0.0,
                distance <= 1e-12 * (1.0 + norm(&v)),
                "{}: {v:?}",
                subject.name
            );
        }
    }
}

/// `p - ½μ‖x‖²` lies below its chords, and with a larger μ somewhere above one.
#[test]
fn moduli_are_the_largest() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for subject in table::<f64>() {
        let (modulus, mut sagging) = (subject.penalty.convexity(), false);
        let larger = if modulus.is_finite() { modulus + 0.1 * (1.0 + modulus.abs()) } else { -5.0 };
        for _ in 0..3000 {
            let n = subject.size;
            let scale = [1.0, 0.02, 3.0, 60.0][rng.random_range(0..4)];
            let a = match subject.member {
                Some(member) => member(&mut rng),
                None => uniform(&mut rng, n, scale),
            };
            let a: Vec<f64> = match subject.member {
                None if rng.random() => a.iter().map(|&a| if rng.random() { 0.0 } else { a }).collect(),
                _ => a,
            };
            let width = [1e-3, 0.1, 1.0][rng.random_range(0..3)];
            let b = match (subject.member, rng.random_range(0..3)) {
                (Some(member), _) => member(&mut rng),
                // Along a ray, or one coordinate only, or anywhere.
                (None, 0) => a.iter().map(|a| a * (1.0 + width)).collect(),
                (None, 1) => {
                    let j = rng.random_range(0..n);
                    (0..n).map(|i| a[i] + if i == j { width } else { 0.0 }).collect()
                }
                (None, _) => minus(&a, &uniform(&mut rng, n, width)),
            };
            let middle: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 0.5 * (a + b)).collect();
            let [pa, pb, pm] = [&a, &b, &middle].map(|x| subject.penalty.value(x));
            if !(pa + pb).is_finite() {
                continue;
            }
            let length = dot(&minus(&a, &b), &minus(&a, &b)) / 8.0;
            let rounding = 1e-14 * (1.0 + pa.abs() + pb.abs() + dot(&a, &a));
            if modulus.is_finite() {
                assert!(0.5 * (pa + pb) - pm >= modulus * length - rounding, "{}: {a:?} {b:?}", subject.name);
            }
            sagging |= 0.5 * (pa + pb) - pm < larger * length - rounding;
        }
        // The modulus of a conjugate is only a bound, and a set of one point has none.
        assert!(sagging || subject.name.contains("Conjugate") || subject.size <= 2, "{}", subject.name);
    }
}

/// `p(z) + p*(y) = ⟨z, y⟩` for `z + y = x` by the two proximal operators, each found from the other penalty.
#[test]
fn moreau_splits_into_penalty_and_conjugate() {
    use thalweg::penalty::{Each, L1, L1Ball, LInfinity, LogBarrier, Radial, SecondOrderCone, Simplex};
    fn check<P: Convex<f64> + Copy + core::fmt::Debug>(penalty: P) {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for x in points(&mut rng, 3) {
            let (z, mut y) = (prox(&penalty, &x, 1.0), prox(&Conjugate::<_, 3>(penalty), &x, 1.0));
            let sum: Vec<f64> = z.iter().zip(&y).map(|(z, y)| z + y).collect();
            assert!(norm(&minus(&sum, &x)) <= 1e-14 * (1.0 + norm(&x)));
            if penalty.conjugate(&y).is_infinite() {
                y = prox(&Conjugate::<_, 3>(penalty), &y, 1e-6); // the rounding of x
            }
            let young = penalty.value(&z) + penalty.conjugate(&y) - dot(&z, &y);
            assert!(young.abs() <= 1e-13 * (1.0 + dot(&x, &x)), "{penalty:?} at {x:?}: {z:?} and {y:?}: {young:e}");
        }
    }
    check(Each(L1 { strength: 0.7 }));
    check(Each(LogBarrier { strength: 0.7 }));
    check(Radial(L1 { strength: 0.7 }));
    check(L1Ball { radius: 0.7 });
    check(LInfinity { strength: 0.7 });
    check(Simplex { total: 0.7 });
    check(SecondOrderCone);
    // Not by the identity but by name: the two are each other's conjugates.
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for x in points(&mut rng, 3) {
        let (ball, norm_of) = (L1Ball { radius: 0.7 }, Conjugate::<_, 3>(LInfinity { strength: 0.7 }));
        assert!(norm(&minus(&prox(&ball, &x, 3.0), &prox(&norm_of, &x, 3.0))) < 1e-13 * (1.0 + norm(&x)));
    }
}

#[test]
fn parameters_in_the_table_are_valid() {
    for subject in table::<f64>() {
        assert_eq!(subject.penalty.validate(), Ok(()), "{}", subject.name);
    }
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -4.0..4.0,
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(1.0), Just(f64::MIN_POSITIVE), Just(f64::MAX), Just(-f64::MAX)],
        1 => any::<f64>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Slices of any length and content are survived.
    #[test]
    fn anything_is_survived(x in prop::collection::vec(any_number(), 0..11), g in prop::collection::vec(any_number(), 11), rate in prop_oneof![any_number(), 0.0..10.0]) {
        fn run<T: Real>(x: &[f64], g: &[f64], rate: f64) {
            for subject in table::<T>() {
                let (mut z, mut g) = (of::<T>(x), of::<T>(&g[..x.len()]));
                let value = subject.penalty.value(&z);
                let gap = subject.penalty.gap(&z, &mut g);
                assert!(!(gap < T::ZERO), "{}: {gap} with {value}", subject.name);
                subject.penalty.prox(&mut z, T::of_f64(rate));
            }
        }
        run::<f64>(&x, &g, rate);
        run::<f32>(&x, &g, rate);
    }
}
