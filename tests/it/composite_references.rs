//! Lasso, elastic net, MCP and SCAD on the small real designs of the reference data, and against brute force.

use nalgebra::SVector;
use thalweg::composite::{ProximalNewton, ProximalNewtonState};
use thalweg::penalty::{Each, ElasticNet, L1, Mcp, Scad, Separable};
use thalweg::problem::{Quadratic, Smooth};
use thalweg::{Criterion, Method, Status};

use crate::composite::{any, convex};
use crate::problems::point;
use crate::reference;

/// The mean loss of a standardised design: columns centred, divided by the root of their mean square; y centred.
fn standardised<const N: usize>(name: &str) -> Quadratic<f64, N> {
    let (_, rows) = reference::table(&reference::folder("sparse").unwrap().join(name).join("data.csv"));
    let n = rows.len() as f64;
    let column = |j: usize| {
        let mean = rows.iter().map(|row| row[j]).sum::<f64>() / n;
        let centred: Vec<f64> = rows.iter().map(|row| row[j] - mean).collect();
        let scale = (centred.iter().map(|x| x * x).sum::<f64>() / n).sqrt();
        (centred, scale)
    };
    let (y, _) = column(0);
    let columns: Vec<Vec<f64>> = (1..=N)
        .map(|j| {
            let (centred, scale) = column(j);
            centred.iter().map(|x| x / scale).collect()
        })
        .collect();
    let mut cost = Quadratic::zero();
    for (i, &target) in y.iter().enumerate() {
        cost.add_square(&SVector::from_fn(|j, _| columns[j][i]), target, 1.0 / n);
    }
    cost
}

/// The objective at the end of a path of 24 strengths from that at which all is zero, each started where the last one ended.
fn path<const N: usize, R: Separable<f64>>(
    cost: &Quadratic<f64, N>,
    largest: f64,
    strength: f64,
    penalty: impl Fn(f64) -> R,
) -> f64 {
    let mut x = SVector::zeros();
    for k in 0..24 {
        let at = largest * (strength / largest).powf(f64::from(k) / 23.0);
        let method = ProximalNewton { gap_tolerance: 1e-11, ..ProximalNewton::new(penalty(at)) };
        let mut state = ProximalNewtonState::new(x);
        let Ok(status) = method.run(&mut state, &mut cost.clone(), 100_000);
        assert_ne!(status, Status::Running);
        assert!(state.gap() <= 1e-8 * largest.max(1.0), "{status:?} {:e}", state.gap());
        x = *state.x();
        if k == 23 {
            return state.value();
        }
    }
    unreachable!()
}

fn design<const N: usize>(name: &str) -> u32 {
    let cost = standardised::<N>(name);
    let folder = reference::folder("sparse").unwrap().join(name);
    let mut reader = csv::Reader::from_path(folder.join("reference.csv")).unwrap();
    let mut seen = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let number = |k: usize| record[k].parse::<f64>().unwrap();
        let (parameter, ratio, strength, known) = (number(1), number(2), number(3), number(5));
        let largest = strength / ratio;
        let found = match &record[0] {
            "lasso" => path(&cost, largest, strength, |strength| Each(L1 { strength })),
            "enet0.5" => path(&cost, largest, strength, |l| Each(ElasticNet { strength: 0.5 * l, ridge: 0.5 * l })),
            name if name.starts_with("mcp") => {
                path(&cost, largest, strength, |strength| Each(Mcp { strength, reach: parameter }))
            }
            name if name.starts_with("scad") => {
                path(&cost, largest, strength, |strength| Each(Scad { strength, reach: parameter }))
            }
            other => panic!("{other}"),
        };
        assert!(found <= known * (1.0 + 1e-6), "{name}, {} at {ratio}: {found} above {known}", &record[0]);
        seen += 1;
    }
    seen
}

#[test]
fn the_paths_of_the_reference_designs() {
    if reference::folder("sparse").is_none() {
        return;
    }
    assert!(design::<8>("prostate") + design::<10>("diabetes") >= 20);
}

/// A random-looking quadratic with a diagonal of one.
fn correlated() -> Quadratic<f64, 4> {
    let mut cost = Quadratic::zero();
    for (row, target) in [
        ([1.0, 0.3, -0.2, 0.5], 2.0),
        ([-0.4, 1.1, 0.6, 0.1], -1.0),
        ([0.2, -0.7, 1.3, 0.4], 0.7),
        ([0.9, 0.2, 0.1, -1.2], 1.9),
        ([0.1, 0.8, -0.5, 0.3], 0.4),
        ([-0.6, 0.2, 0.9, 1.0], -0.3),
    ] {
        cost.add_square(&point(row), target, 0.25);
    }
    cost
}

/// The lasso by enumeration: for each of the 3⁴ patterns of signs the stationary point, if its signs are those.
fn enumerated(cost: &Quadratic<f64, 4>, strength: f64) -> (SVector<f64, 4>, f64) {
    let mut best = (SVector::zeros(), cost.constant);
    for pattern in 0..81_u32 {
        let signs: [f64; 4] = core::array::from_fn(|j| f64::from(pattern / 3_u32.pow(j as u32) % 3) - 1.0);
        let support: Vec<usize> = (0..4).filter(|&j| signs[j] != 0.0).collect();
        // Gauss-Jordan on the support.
        let k = support.len();
        let mut a: Vec<Vec<f64>> = support
            .iter()
            .map(|&i| {
                let row = support.iter().map(|&j| cost.hessian[(i, j)]);
                row.chain([-cost.linear[i] - strength * signs[i]]).collect()
            })
            .collect();
        for p in 0..k {
            let pivot = a[p].clone();
            for (i, row) in a.iter_mut().enumerate() {
                let factor = if i == p { 1.0 - 1.0 / pivot[p] } else { row[p] / pivot[p] };
                for (value, pivot) in row.iter_mut().zip(&pivot) {
                    *value -= factor * pivot;
                }
            }
        }
        let mut x = SVector::zeros();
        for (row, &j) in a.iter().zip(&support) {
            x[j] = row[k];
        }
        if (0..4).all(|j| x[j] * signs[j] >= 0.0) {
            let g: SVector<f64, 4> = cost.hessian * x + cost.linear * 2.0;
            let value = 0.5 * g.dot(&x) + cost.constant + strength * x.lp_norm(1);
            if value < best.1 {
                best = (x, value);
            }
        }
    }
    best
}

#[test]
fn all_methods_agree_with_enumeration() {
    let cost = correlated();
    for strength in [0.05, 0.2, 0.5, 1.0] {
        let (x, value) = enumerated(&cost, strength);
        for outcome in convex(Each(L1 { strength }), &cost, point([0.5, -0.5, 0.5, -0.5]), 1e-10) {
            assert!((outcome.value - value).abs() < 1e-10, "{strength}: {outcome:?}, not {value}");
            assert!((outcome.x - x).amax() < 1e-6, "{strength}: {outcome:?}, not {x}");
        }
    }
}

#[test]
fn all_methods_agree_on_elastic_nets_and_boxes() {
    let cost = correlated();
    let penalty = Each(ElasticNet { strength: 0.2, ridge: 0.3 });
    let outcomes = convex(penalty, &cost, point([0.0; 4]), 1e-10);
    for outcome in &outcomes {
        let near = if outcome.name.contains("fista") { 1e-7 } else { 1e-8 };
        assert!((outcome.x - outcomes[0].x).amax() < near, "{outcome:?}, {:?}", outcomes[0]);
    }
    let outcomes = convex(Each(thalweg::penalty::Interval { lower: -0.2, upper: 0.6 }), &cost, point([3.0; 4]), 1e-10);
    for outcome in &outcomes {
        let near = if outcome.name.contains("fista") { 1e-7 } else { 1e-8 };
        assert!((outcome.x - outcomes[0].x).amax() < near, "{outcome:?}, {:?}", outcomes[0]);
    }
}

#[test]
fn folded_penalties_end_at_stationary_points() {
    let cost = correlated();
    for start in [[0.0; 4], [2.0, -1.0, 1.0, 3.0]] {
        let mcp = any(Each(Mcp { strength: 0.3, reach: 3.0 }), &cost, point(start), 1e-9);
        let scad = any(Each(Scad { strength: 0.3, reach: 3.7 }), &cost, point(start), 1e-9);
        for outcome in mcp.iter().chain(&scad) {
            assert_eq!(outcome.status, Status::Converged(Criterion::Gap), "{outcome:?}");
            assert!(outcome.gap <= 1e-8, "{outcome:?}");
        }
    }
}

/// The contrast of the module's documentation: subgradient steps at a fixed rate.
fn subgradient(cost: &Quadratic<f64, 4>, strength: f64) -> SVector<f64, 4> {
    let mut x = SVector::zeros();
    for _ in 0..1000 {
        let mut g = SVector::zeros();
        cost.clone().gradient(&x, &mut g).unwrap();
        x -= (g + x.map(|x: f64| strength * x.signum())) * 0.1;
    }
    x
}

#[test]
fn subgradients_give_no_zeros_and_more_where_less_was_meant() {
    let cost = correlated();
    let mut proximal = Vec::new();
    for strength in [0.2, 0.5, 20.0] {
        let rough = subgradient(&cost, strength);
        let method = ProximalNewton::new(Each(L1 { strength }));
        let Ok((state, _)) = method.solve(SVector::zeros(), &mut cost.clone(), 1000);
        let zeros = state.x().iter().filter(|&&x| x == 0.0).count();
        assert!(rough.iter().all(|&x| x != 0.0), "{rough}");
        proximal.push((rough.lp_norm(1), state.x().lp_norm(1), zeros));
    }
    let [(low_rough, low, some), (_, middle, more), (high_rough, high, all)] = proximal[..] else { panic!() };
    eprintln!("{proximal:?}");
    assert!(high_rough > low_rough, "{proximal:?}");
    assert!(low > middle && middle > high && high == 0.0 && some >= 1 && more >= some && all == 4, "{proximal:?}");
}
