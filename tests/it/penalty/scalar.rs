//! Penalties of one number against brute force, in both scalars, at rates below, at and far beyond the rate limit.

use thalweg::penalty::{
    CappedL1, ElasticNet, Entropy, Folded, HalfPower, Hinge, Huber, Interval, L0, L1, LogBarrier, LogSum, Mcp,
    Quantile, Ridged, Scad, ScalarPenalty, Scaled, SquaredL2, TwoThirdsPower, Zero,
};
use thalweg::{ConfigError, Real};

pub type Named<T> = (String, Box<dyn ScalarPenalty<T>>);

/// Every penalty of one number, with several parameters each.
pub fn table<T: Real>() -> Vec<Named<T>> {
    let t = T::of_f64;
    let mut all: Vec<Named<T>> = Vec::new();
    macro_rules! add {
        ($($penalty:expr),* $(,)?) => { $( all.push((format!("{:?}", $penalty), Box::new($penalty))); )* };
    }
    add!(Zero);
    for strength in [t(0.0), t(0.3), t(1.0), t(2.5)] {
        let (half, two, four) = (t(0.5), t(2.0), t(3.7));
        add!(L1 { strength }, SquaredL2 { strength }, ElasticNet { strength, ridge: half }, L0 { strength });
        add!(HalfPower { strength }, TwoThirdsPower { strength }, CappedL1 { strength, cap: t(0.7) });
        add!(Scad { strength, reach: four }, Scad { strength, reach: t(1.5) });
        add!(Mcp { strength, reach: t(3.0) }, Mcp { strength, reach: half });
        add!(LogSum { strength, scale: half }, LogSum { strength, scale: two });
        add!(Huber { strength, width: half }, Hinge { strength }, Quantile { strength, level: t(0.2) });
        add!(Ridged { penalty: Mcp { strength, reach: two }, ridge: t(0.25) });
        add!(Ridged { penalty: Mcp { strength, reach: two }, ridge: t(2.0) });
        add!(Scaled { penalty: Scad { strength, reach: four }, factor: two });
        if strength > t(0.0) {
            add!(LogBarrier { strength }, Entropy { strength });
        }
    }
    let infinite = T::INFINITY;
    add!(Interval { lower: t(-1.0), upper: t(2.0) }, Interval { lower: t(0.5), upper: t(0.5) });
    add!(Interval::<T>::nonnegative(), Interval { lower: -infinite, upper: t(-0.25) });
    all
}

/// Where the graphs bend, and around.
fn points() -> Vec<f64> {
    let mut points: Vec<f64> = (-20..=20).map(|i| 0.341 * f64::from(i)).collect();
    points.extend([1e-6, -1e-6, 0.25, 0.5, 0.7, 1.0, 2.0, 3.7, -0.7, -1.0, -0.25, 25.0, -300.0]);
    points
}

fn rates(convexity: f64) -> Vec<f64> {
    let mut rates = vec![0.01, 0.2, 1.0, 7.0, 100.0];
    if convexity < 0.0 && convexity.is_finite() {
        rates.extend([0.5, 0.99, 1.0, 1.01, 2.0].map(|share| -share / convexity));
    }
    rates
}

/// The objective at the best point of a grid, refined around its three best places.
fn brute(objective: impl Fn(f64) -> f64, span: f64, kinks: &[f64]) -> f64 {
    let grid = (-200..=200).map(|i| span * f64::from(i) / 200.0);
    let mut grid: Vec<(f64, f64)> = grid.chain(kinks.iter().copied()).map(|z| (objective(z), z)).collect();
    grid.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut best = grid[0].0;
    for &(_, center) in &grid[..3] {
        let (mut center, mut width) = (center, span / 100.0);
        for _ in 0..8 {
            for i in -10..=10 {
                let z = center + width * f64::from(i) / 10.0;
                if objective(z) < objective(center) {
                    center = z;
                }
            }
            width *= 0.2;
        }
        best = best.min(objective(center));
    }
    best
}

fn prox_is_global<T: Real>() {
    for (number, exact) in table::<T>().into_iter().zip(table::<f64>()) {
        let (name, penalty) = number;
        for rate in rates(penalty.convexity().to_f64()) {
            for x in points() {
                let z = penalty.prox(T::of_f64(x), T::of_f64(rate)).to_f64();
                let objective = |z: f64| 0.5 * (z - x).powi(2) + rate * exact.1.value(z);
                let best =
                    brute(objective, 1.5 * x.abs() + 4.0 + 3.0 * rate.min(3.0), &[0.0, 0.5, 1.0, -1.0, -0.25, x, 2.0]);
                // Rounding of z moves the objective by its slope at worst, when z lies on a bound; of x too.
                let rounding = 20.0 * T::EPSILON.to_f64() * (x * x + best.abs() + rate + 1.0);
                assert!(exact.1.value(z).is_finite(), "{name}: {z} is outside");
                assert!(
                    objective(z) <= best + rounding,
                    "{name} at {x}, rate {rate}: {z} has {} > {best}",
                    objective(z)
                );
            }
        }
    }
}

#[test]
fn scalar_proximal_operators_are_global() {
    prox_is_global::<f64>();
    prox_is_global::<f32>();
}

#[test]
fn scalar_proximal_operators_take_published_values() {
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 5e-11, "{a} is not {b}");
    let strength = 1.0;
    close(Scad { strength, reach: 3.7 }.prox(2.5, 1.0), 1.7941176471);
    close(Mcp { strength, reach: 3.0 }.prox(2.5, 1.0), 2.25);
    close(HalfPower { strength }.prox(2.0, 1.0), 1.6053779405);
    close(LogSum { strength, scale: 0.5 }.prox(3.0, 1.0), 2.6861406616);
    close(Huber { strength, width: 0.5 }.prox(3.0, 1.0), 2.0);
    close(LogBarrier { strength }.prox(1.0, 0.5), 1.3660254038);
    close(Entropy { strength }.prox(1.0, 0.5), 0.6874112641);
    close(ElasticNet { strength, ridge: 0.5 }.prox(3.0, 1.0), 4.0 / 3.0);
}

/// Parameters and arguments within a few units of the last place of one another, where roots meet and branches tie: in f32
/// the proximal point is a minimizer up to rounding, told in f64.
#[test]
fn roots_that_meet() {
    fn ulps(x: f32, count: i32) -> f32 {
        f32::from_bits(x.to_bits().wrapping_add_signed(count))
    }
    macro_rules! check {
        ($x:expr, $rate:expr, $($name:ident { $($field:ident: $value:expr),* }),*) => { $(
            let (x, rate) = ($x, $rate);
            let penalty = $name::<f32> { $($field: $value),* };
            let exact = $name::<f64> { $($field: f64::from($value)),* };
            let objective = |z: f64| 0.5 * (z - f64::from(x)).powi(2) + f64::from(rate) * exact.value(z);
            let (z, best) = (penalty.prox(x, rate), exact.prox(f64::from(x), f64::from(rate)));
            let least = objective(best).min(objective(0.0)).min(objective(f64::from(x)));
            let size = 1.0 + f64::from(x).powi(2) + f64::from(rate) * exact.value(f64::from(x));
            let excess = (objective(f64::from(z)) - least) / size;
            assert!(excess < 2e-6, "{penalty:?} at {x} with rate {rate}: {z} for {best}, {excess:e}");
        )* };
    }
    for base in [0.185_784_31_f32, 0.5, 1.0, 2.0, 3.7] {
        let multiples = [0.5, 1.0, 2.0];
        for (i, j, k) in (-4..=4).flat_map(|i| (-4..=4).flat_map(move |j| (-1..=1).map(move |k| (i, j, k)))) {
            for (rate, multiple) in
                [base, 1.0, base * base, 1.0 / base].into_iter().flat_map(|r| multiples.map(|m| (r, m)))
            {
                let (x, v, w, rate) = (ulps(base * multiple, i), ulps(base, j), base, ulps(rate, k));
                check!(
                    x,
                    rate,
                    CappedL1 { strength: v, cap: w },
                    LogSum { strength: v, scale: w },
                    Mcp { strength: v, reach: w }
                );
                check!(
                    x,
                    rate,
                    Scad { strength: v, reach: ulps(1.0 + w, 1) },
                    Huber { strength: v, width: w },
                    L0 { strength: v }
                );
                check!(
                    x,
                    rate,
                    HalfPower { strength: v },
                    TwoThirdsPower { strength: v },
                    ElasticNet { strength: v, ridge: w }
                );
                check!(
                    x,
                    rate,
                    Entropy { strength: v },
                    LogBarrier { strength: v },
                    Hinge { strength: v },
                    L1 { strength: v }
                );
                check!(
                    x,
                    rate,
                    LogSum { strength: w, scale: v },
                    Mcp { strength: w, reach: v },
                    CappedL1 { strength: w, cap: v }
                );
            }
        }
    }
}

/// The closed formulas with trigonometric and hyperbolic functions, of Xu et al. and Cao et al.
#[test]
fn powers_agree_with_their_closed_formulas() {
    for i in 1..200 {
        let (s, t) = (0.05 * f64::from(i), 0.8_f64);
        if s > 1.5 * t.powf(2.0 / 3.0) {
            let phi = (0.25 * t * (s / 3.0).powf(-1.5)).acos();
            let z = 2.0 / 3.0 * s * (1.0 + (2.0 / 3.0 * (core::f64::consts::PI - phi)).cos());
            assert!((HalfPower { strength: t }.prox(s, 1.0) - z).abs() < 1e-14 * s);
        }
        if s > 2.0 * (2.0 * t / 3.0).powf(0.75) {
            let angle = (27.0 / 16.0 * s * s * (2.0 * t).powf(-1.5)).acosh() / 3.0;
            let a = 2.0 / 3.0_f64.sqrt() * (2.0 * t).powf(0.25) * angle.cosh().sqrt();
            let z = (0.5 * (a + (2.0 * s / a - a * a).sqrt())).powi(3);
            assert!((TwoThirdsPower { strength: t }.prox(s, 1.0) - z).abs() < 1e-13 * s);
        }
    }
}

/// At the jump both minimizers are as good; zero is returned, and the other one right above.
#[test]
fn ties_go_to_the_minimizer_nearer_zero() {
    let jumps: [(Box<dyn ScalarPenalty<f64>>, f64, f64); 5] = [
        (Box::new(L0 { strength: 2.0 }), 1.0, 2.0),
        (Box::new(Mcp { strength: 1.0, reach: 1.0 }), 4.0, 2.0),
        (Box::new(Scad { strength: 1.0, reach: 3.0 }), 9.0, 6.0),
        (Box::new(CappedL1 { strength: 2.0, cap: 1.0 }), 4.0, 4.0),
        (Box::new(HalfPower { strength: 8.0 }), 1.0, 6.0),
    ];
    for (penalty, rate, jump) in jumps {
        for x in [jump, -jump] {
            assert_eq!(penalty.prox(x * (1.0 - 1e-15), rate), 0.0);
            assert!(penalty.prox(x * (1.0 + 1e-14), rate).abs() > 0.5 * jump);
        }
    }
    assert_eq!(L0 { strength: 2.0 }.prox(2.0, 1.0), 0.0);
    assert_eq!(Mcp { strength: 1.0, reach: 1.0 }.prox(-2.0, 4.0), 0.0);
    assert_eq!(Scad { strength: 1.0, reach: 3.0 }.prox(6.0, 9.0), 0.0);
    let capped = CappedL1 { strength: 1.0, cap: 2.0 };
    assert_eq!((capped.prox(2.5, 1.0), capped.prox(2.51, 1.0)), (1.5, 2.51));
}

/// The distance of `-g` to what the one-sided slopes span: between them where p bends up, the two themselves where it
/// bends down.
fn brute_gap(penalty: &dyn ScalarPenalty<f64>, x: f64, g: f64) -> f64 {
    let h = 1e-7 * x.abs().max(1e-2);
    let here = penalty.value(x);
    if !here.is_finite() {
        return f64::INFINITY;
    }
    let unbounded = |slope: f64| if slope.abs() > 1e3 { f64::INFINITY.copysign(slope) } else { slope };
    let left = unbounded((here - penalty.value(x - h)) / h);
    let right = unbounded((penalty.value(x + h) - here) / h);
    if left <= right { (left + g).max(-g - right).max(0.0) } else { (left + g).abs().min((right + g).abs()) }
}

#[test]
fn scalar_gaps_measure_the_distance_to_the_subdifferential() {
    for ((name, penalty), (_, single)) in table::<f64>().into_iter().zip(table::<f32>()) {
        for x in points().into_iter().filter(|x| x.abs() > 1e-3 || *x == 0.0) {
            for g in [-3.0, -1.0, -0.4, 0.0, 0.1, 0.5, 2.5] {
                let (gap, brute) = (penalty.gap(x, g), brute_gap(&*penalty, x, g));
                let same = gap == brute || (gap - brute).abs() <= 1e-4;
                assert!(same || (name.contains("Entropy") && x == 0.0), "{name} at {x}, {g}: {gap} is not {brute}");
                #[allow(clippy::cast_possible_truncation)]
                let (x32, rounded) = (x as f32, f64::from(x as f32));
                let (gap32, gap) = (f64::from(single.gap(x32, g as f32)), penalty.gap(rounded, g));
                let at_an_end = f64::from(x32) != x && name.contains("Capped");
                assert!(
                    gap32 == gap || (gap32 - gap).abs() <= 1e-5 * (1.0 + gap) || at_an_end,
                    "{name}: {gap32} is not {gap}"
                );
            }
        }
    }
}

fn fixed_points_have_no_gap<T: Real>() {
    for (name, penalty) in table::<T>() {
        for rate in rates(penalty.convexity().to_f64()) {
            for x in points() {
                let (x, rate) = (T::of_f64(x), T::of_f64(rate));
                let z = penalty.prox(x, rate);
                let gap = penalty.gap(z, (z - x) / rate).to_f64();
                let scale = x.abs().max(z.abs()) / rate + T::ONE;
                // The slope of a barrier follows the rounding of z by its curvature.
                let steep = if name.contains("Log") || name.contains("Entropy") || name.contains("Power") {
                    (penalty.gap(z * (T::ONE + T::EPSILON), (z - x) / rate) / T::EPSILON).to_f64()
                } else {
                    0.0
                };
                let rounding = T::EPSILON.to_f64() * (20.0 * scale.to_f64() + 8.0 * steep);
                assert!(gap <= rounding, "{name} at {x}, rate {rate}: {z} leaves a gap of {gap} > {rounding}");
            }
        }
    }
}

#[test]
fn scalar_fixed_points_have_no_gap() {
    fixed_points_have_no_gap::<f64>();
    fixed_points_have_no_gap::<f32>();
}

/// `p - ½μx²` bends up everywhere, and with a larger μ somewhere down.
#[test]
fn scalar_moduli_are_the_largest() {
    for (name, penalty) in table::<f64>() {
        if name.contains("lower: 0.5, upper: 0.5") {
            continue; // a point: every modulus does
        }
        let modulus = penalty.convexity();
        let mut places: Vec<f64> = points();
        places.extend([1e-3, 1e-4, 2e-4, 1.0001, 1e3, 1e5, 0.3001, 0.6999, 0.7001, 1.499, 3.0]);
        let bend = |mu: f64| {
            let q = |x: f64| penalty.value(x) - 0.5 * mu * x * x;
            let mut least = f64::INFINITY;
            for &x in &places {
                for h in [1e-4, 1e-2, 0.3, 2.0] {
                    let h = h * x.abs().max(1.0);
                    let rounding = 1e-14 * (1.0 + q(x).abs() + mu.abs() * x * x);
                    let sides = q(x + h) + q(x - h);
                    if sides.is_finite() && q(x).is_finite() {
                        least = least.min((sides - 2.0 * q(x) + rounding) / (h * h));
                    }
                }
            }
            least
        };
        if modulus == f64::NEG_INFINITY {
            assert!(bend(-100.0) < 0.0, "{name}");
        } else {
            assert!(bend(modulus) >= 0.0, "{name}: {}", bend(modulus));
            assert!(bend(modulus + 0.05 * (1.0 + modulus.abs())) < 0.0, "{name}");
        }
    }
}

#[test]
fn folded_penalties_split_into_l1_and_a_concave_half() {
    fn check<P: Folded<f64>>(penalty: P) {
        let h = |x: f64| penalty.value(x) - penalty.strength() * x.abs();
        for x in points() {
            let slope = (h(x + 1e-6) - h(x - 1e-6)) / 2e-6;
            assert!((penalty.concave_slope(x) - slope).abs() < 1e-5);
            assert!(
                penalty.gap(x, -penalty.concave_slope(x) - penalty.strength() * if x < 0.0 { -1.0 } else { 1.0 })
                    < 1e-12
            );
        }
    }
    check(L1 { strength: 0.7 });
    check(Scad { strength: 0.7, reach: 3.7 });
    check(Mcp { strength: 0.7, reach: 3.0 });
}

#[test]
fn scalar_input_that_is_not_a_number_stays_so() {
    for (name, penalty) in table::<f64>() {
        for rate in [0.1, 10.0] {
            assert!(penalty.prox(f64::NAN, rate).is_nan(), "{name}");
            for x in [f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -f64::MAX, f64::MIN_POSITIVE] {
                let z = penalty.prox(x, rate);
                let turned = z * x < 0.0 && penalty.value(x).is_finite();
                assert!(!z.is_nan() && !turned, "{name} at {x}: {z}");
            }
        }
    }
}

#[test]
fn scalar_parameters_outside_their_ranges_are_named() {
    let (bad, inside) = ([-1.0, f64::NAN, f64::INFINITY], 1.0);
    for strength in bad {
        let weights = [
            L1 { strength }.validate(),
            SquaredL2 { strength }.validate(),
            ElasticNet { strength, ridge: inside }.validate(),
            ElasticNet { strength: inside, ridge: strength }.validate(),
            L0 { strength }.validate(),
            HalfPower { strength }.validate(),
            TwoThirdsPower { strength }.validate(),
            CappedL1 { strength, cap: inside }.validate(),
            LogSum { strength, scale: inside }.validate(),
            Scad { strength, reach: 3.7 }.validate(),
            Mcp { strength, reach: 3.0 }.validate(),
            Huber { strength, width: inside }.validate(),
            Hinge { strength }.validate(),
            Quantile { strength, level: 0.5 }.validate(),
            ScalarPenalty::validate(&Ridged { penalty: Zero, ridge: strength }),
        ];
        assert_eq!(weights, [Err(ConfigError::Weight); 15]);
        let scales = [
            LogBarrier { strength }.validate(),
            Entropy { strength }.validate(),
            CappedL1 { strength: inside, cap: strength }.validate(),
            LogSum { strength: inside, scale: strength }.validate(),
            Scad { strength: inside, reach: strength }.validate(),
            Mcp { strength: inside, reach: strength }.validate(),
            Huber { strength: inside, width: strength }.validate(),
            ScalarPenalty::validate(&Scaled { penalty: Zero, factor: strength }),
        ];
        assert_eq!(scales, [Err(ConfigError::NotPositive); 8]);
    }
    for level in [0.0, 1.0, f64::NAN] {
        assert_eq!(Quantile { strength: inside, level }.validate(), Err(ConfigError::Fraction));
    }
    for (lower, upper) in [(1.0, 0.0), (f64::NAN, 0.0), (f64::INFINITY, f64::INFINITY)] {
        assert_eq!(Interval { lower, upper }.validate(), Err(ConfigError::Bounds));
    }
    for (name, penalty) in table::<f64>() {
        assert_eq!(penalty.validate(), Ok(()), "{name}");
    }
}
