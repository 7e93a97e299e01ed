//! Blocks and sets against published values, slow twins and optimality conditions of their own.

use nalgebra::{SMatrix, SVector, vector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thalweg::penalty::{
    AffineSet, Cardinality, Each, ExponentialCone, Groups, HalfSpace, Interval, Isotonic, L0, L1, L1Ball, LInfinity,
    Mcp, MoreauEnvelope, Penalty, Permutahedron, Radial, Rotated, SecondOrderCone, Semidefinite, Separable, Simplex,
    SortedL1, Spectral, SumLargest, TotalVariation, Weighted,
};
use thalweg::problem::{Objective, check_gradient};
use thalweg::{ConfigError, Real};

use super::laws::{dot, minus, norm, prox};
use super::subject::uniform;

fn close(a: &[f64], b: &[f64]) {
    assert!(a.len() == b.len() && norm(&minus(a, b)) <= 1e-10, "{a:?} is not {b:?}");
}

#[test]
fn block_proximal_operators_take_published_values() {
    let strength = 1.0;
    close(&prox(&Radial(L1 { strength: 2.0 }), &[3.0, 4.0], 1.0), &[1.8, 2.4]);
    close(&prox(&Simplex { total: 1.0 }, &[0.5, 1.2, -0.3], 1.0), &[0.15, 0.85, 0.0]);
    close(&prox(&L1Ball { radius: 1.5 }, &[2.0, -1.0, 0.5], 1.0), &[1.25, -0.25, 0.0]);
    close(&prox(&LInfinity { strength }, &[2.0, -1.0, 0.5], 1.5), &[0.75, -0.75, 0.5]);
    close(&prox(&SecondOrderCone, &[3.0, 4.0, 1.0], 1.0), &[1.8, 2.4, 3.0]);
    let level = 23.0 / 3.0;
    close(
        &prox(&TotalVariation { strength }, &[1.0, 3.0, 2.0, 8.0, 9.0, 7.0], 1.0),
        &[2.0, 2.5, 2.5, level, level, level],
    );
    close(&prox(&Spectral::<_, 2, 2>(L1 { strength }), &[3.0, 1.0, 1.0, 3.0], 1.0), &[2.0, 1.0, 1.0, 2.0]);
    close(&prox(&Spectral::<_, 2, 2>(L0 { strength: 2.5 }), &[3.0, 1.0, 1.0, 3.0], 1.0), &[2.0; 4]);
    close(&prox(&SumLargest { strength, count: 1 }, &[3.0, 2.5, 0.0], 1.0), &[2.25, 2.25, 0.0]);
    close(&prox(&Isotonic, &[1.0, 3.0, 2.0, 0.0, 5.0], 1.0), &[1.0, 5.0 / 3.0, 5.0 / 3.0, 5.0 / 3.0, 5.0]);
    close(&prox(&Permutahedron { vertex: vector![3.0, 2.0, 1.0] }, &[9.0, 0.0, 5.0], 1.0), &[3.0, 1.0, 2.0]);
    close(&prox(&HalfSpace { normal: vector![1.0, 1.0], offset: 0.0 }, &[2.0, 1.0], 1.0), &[0.5, -0.5]);
}

/// `cⱼ = Σ_{i≤j} (yᵢ - xᵢ)` stays in the tube, ends at zero, and touches the side of every jump.
fn is_total_variation_minimum(y: &[f64], x: &[f64], tube: f64) {
    let rounding = 1e-12 * (1.0 + norm(y)) * y.len() as f64;
    let mut c = 0.0;
    for j in 0..y.len() {
        c += y[j] - x[j];
        let end = j + 1 == y.len();
        assert!(c.abs() <= if end { 0.0 } else { tube } + rounding, "{y:?} {x:?}");
        if !end && x[j + 1] != x[j] {
            assert!((c + tube * (x[j + 1] - x[j]).signum()).abs() <= rounding, "{y:?} {x:?}");
        }
    }
}

#[test]
fn total_variation_meets_its_optimality_conditions() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for n in [1, 2, 3, 5, 17, 100] {
        for tube in [1e-3, 0.3, 1.0, 7.0, 1e4] {
            for round in [false, true] {
                let mut y = uniform(&mut rng, n, 5.0);
                if round {
                    y.iter_mut().for_each(|y| *y = y.round());
                }
                let x = prox(&TotalVariation { strength: 2.0 * tube }, &y, 0.5);
                is_total_variation_minimum(&y, &x, tube);
            }
        }
    }
}

/// `xᵢ = max over j ≤ i of min over k ≥ i of the mean of yⱼ … yₖ`.
#[test]
fn isotonic_regression_is_the_largest_of_smallest_means() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for n in [1, 2, 4, 9, 30] {
        for _ in 0..50 {
            let mut y = uniform(&mut rng, n, 4.0);
            match rng.random_range(0..3) {
                0 => y.iter_mut().for_each(|y| *y = y.round()),
                1 => y.sort_by(|a, b| b.total_cmp(a)),
                _ => {}
            }
            let mean = |j: usize, k: usize| y[j..=k].iter().sum::<f64>() / (k - j + 1) as f64;
            let least = |j: usize, i: usize| (i..n).map(|k| mean(j, k)).fold(f64::INFINITY, f64::min);
            let twin: Vec<f64> =
                (0..n).map(|i| (0..=i).map(|j| least(j, i)).fold(f64::NEG_INFINITY, f64::max)).collect();
            close(&prox(&Isotonic, &y, 1.0), &twin);
        }
    }
}

/// Sorting as in Held, Wolfe & Crowder, on long and on hard inputs.
#[test]
fn the_simplex_without_sorting_is_that_with() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for n in [1, 2, 10, 200] {
        for (scale, total) in [(1.0, 1.0), (1e-3, 1.0), (1e6, 1.0), (3.0, 50.0)] {
            let y = uniform(&mut rng, n, scale);
            let mut sorted = y.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let (mut sum, mut theta) = (0.0, 0.0);
            for (k, &v) in sorted.iter().enumerate() {
                sum += v;
                let candidate = (sum - total) / (k + 1) as f64;
                if v > candidate {
                    theta = candidate;
                }
            }
            let twin: Vec<f64> = y.iter().map(|y| (y - theta).max(0.0)).collect();
            let x = prox(&Simplex { total }, &y, 1.0);
            assert!(norm(&minus(&x, &twin)) <= 1e-13 * n as f64 * (scale + total));
            assert!((x.iter().sum::<f64>() - total).abs() <= 1e-15 * n as f64 * total);
        }
    }
}

#[test]
fn semidefinite_projections_split_into_the_cone_and_its_polar() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for _ in 0..100 {
        let mut a = SMatrix::<f64, 5, 5>::from_column_slice(&uniform(&mut rng, 25, 3.0));
        a += a.transpose();
        let z = SMatrix::<f64, 5, 5>::from_column_slice(&prox(&Semidefinite::<5>, a.as_slice(), 1.0));
        let polar = a - z;
        assert!(z.symmetric_eigenvalues().min() > -1e-13 && polar.symmetric_eigenvalues().max() < 1e-13);
        assert!(z.dot(&polar).abs() < 1e-11);
    }
    // Graded by 1e12: the small eigenvalue is found beside the large one.
    let z = prox(&Semidefinite::<2>, &[1e6, 0.5, 0.5, -1e-6], 1.0);
    assert!((z[0] - 1e6).abs() < 1e-8 && (z[3] - 0.25e-6).abs() < 1e-9);
}

/// Between the cone and its polar: the two parts are orthogonal, each in its own cone.
#[test]
fn exponential_cone_projections_split_into_the_cone_and_its_polar() {
    fn run<T: Real>(rounding: f64) {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for scale in [0.01, 1.0, 10.0, 100.0] {
            for _ in 0..500 {
                let v = uniform(&mut rng, 3, scale).iter().map(|&v| T::of_f64(v)).collect::<Vec<T>>();
                let mut z = v.clone();
                ExponentialCone.prox(&mut z, T::ONE);
                let z: Vec<f64> = z.iter().map(|z| z.to_f64()).collect();
                let v: Vec<f64> = v.iter().map(|v| v.to_f64()).collect();
                let polar = minus(&v, &z);
                let margin = rounding * (1.0 + norm(&v));
                assert!(dot(&z, &polar).abs() <= margin * (1.0 + norm(&v)), "{v:?}: {z:?}");
                let [x, y, last] = [z[0], z[1], z[2]];
                assert!(
                    y >= 0.0 && (y == 0.0 || y * (x / y).exp() <= last + margin * (1.0 + (x / y).exp())),
                    "{v:?}: {z:?}"
                );
                // The polar: x > 0 and x exp(y/x) ≤ -e z, or x = 0 and y, z ≤ 0.
                let [x, y, last] = [polar[0], polar[1], polar[2]];
                let curved =
                    x > 0.0 && x * (y / x).exp() <= -last * core::f64::consts::E + margin * (1.0 + (y / x).exp());
                let flat = x.abs() <= margin && y <= margin && last <= margin;
                assert!(curved || flat, "{v:?}: {polar:?}");
            }
        }
    }
    run::<f64>(1e-12);
    run::<f32>(3e-5);
}

/// Over all permutations and signs, the projection onto the hull is at least as near as any vertex, and OSCAR's weights
/// are its pairwise definition.
#[test]
fn oscar_is_the_sum_over_pairs() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let oscar = SortedL1::<f64, 5>::oscar(0.3, 0.7);
    for _ in 0..50 {
        let x = uniform(&mut rng, 5, 2.0);
        let mut sum = 0.0;
        for i in 0..5 {
            sum += 0.3 * x[i].abs();
            for j in 0..i {
                sum += 0.7 * x[i].abs().max(x[j].abs());
            }
        }
        assert!((oscar.value(&x) - sum).abs() < 1e-12);
    }
}

/// All supports of the size are tried.
#[test]
fn cardinality_and_sums_of_the_largest_try_every_subset() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for count in 0..=6 {
        for _ in 0..30 {
            let x: Vec<f64> = uniform(&mut rng, 6, 3.0).iter().map(|x| x.round()).collect();
            let subsets = || (0_u32..64).filter(|set| set.count_ones() == count);
            let chosen = |set: u32| (0..6).filter(move |j| set >> j & 1 == 1);
            let left = |set: u32| norm(&x) * norm(&x) - chosen(set).map(|j| x[j] * x[j]).sum::<f64>();
            let best = subsets().map(left).fold(f64::INFINITY, f64::min);
            let z = prox(&Cardinality { count: count as usize }, &x, 1.0);
            assert!(z.iter().filter(|z| **z != 0.0).count() <= count as usize);
            assert!((dot(&minus(&x, &z), &minus(&x, &z)) - best).abs() < 1e-12);
            let largest = subsets().map(|set| chosen(set).map(|j| x[j]).sum::<f64>()).fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(SumLargest { strength: 2.0, count: count as usize }.value(&x), 2.0 * largest);
        }
    }
}

#[test]
fn gaps_of_nonconvex_blocks_are_what_their_documentation_says() {
    let gap = |penalty: &dyn Penalty<f64>, x: &[f64], g: &[f64]| penalty.gap(x, &mut g.to_vec());
    let radial = Radial(Mcp { strength: 1.0, reach: 2.0 });
    // At (0.6, 0.8) the slope is 1 - 1/2 along x.
    assert!((gap(&radial, &[0.6, 0.8], &[-0.3, -0.4])).abs() < 1e-15);
    assert!((gap(&radial, &[0.6, 0.8], &[-0.3 - 0.8, -0.4 + 0.6]) - 1.0).abs() < 1e-15);
    assert!((gap(&radial, &[0.0, 0.0], &[3.0, 4.0]) - 4.0).abs() < 1e-15);
    let sparse = Cardinality { count: 2 };
    assert_eq!(gap(&sparse, &[1.0, 0.0, 2.0], &[3.0, 9.0, 4.0]), 5.0);
    assert_eq!(gap(&sparse, &[1.0, 0.0, 0.0], &[3.0, 4.0, 9.0]), 5.0);
    assert_eq!(gap(&sparse, &[1.0, 1.0, 1.0], &[0.0; 3]), f64::INFINITY);
    // diag(2, 0): free between the null spaces, else the gradient must vanish.
    let rank = Spectral::<_, 2, 2>(L0 { strength: 1.0 });
    let x = [2.0, 0.0, 0.0, 0.0];
    assert!(gap(&rank, &x, &[0.0, 0.0, 0.0, 7.0]) < 1e-14);
    assert!((gap(&rank, &x, &[1.0, 2.0, 2.0, 7.0]) - 3.0).abs() < 1e-14);
    let nuclear = Spectral::<_, 2, 2>(L1 { strength: 1.0 });
    assert!((gap(&nuclear, &x, &[-1.0, 2.0, 0.0, 3.0]) - 8.0_f64.sqrt()).abs() < 1e-14);
}

#[test]
fn envelopes_are_smooth_with_the_right_gradient() {
    let mut envelope = MoreauEnvelope { penalty: Radial(L1 { strength: 1.0 }), rate: 0.5 };
    let Ok(mismatch) = check_gradient(&mut envelope, &vector![1.0, -2.0, 0.3]);
    assert!(mismatch.relative < 1e-9, "{mismatch:?}");
    assert_eq!(envelope.value(&vector![0.3, 0.0, 0.4]), Ok(0.25));
    let bent = MoreauEnvelope { penalty: Each(Mcp { strength: 1.0, reach: 2.0 }), rate: 2.0 };
    assert_eq!(bent.validate(), Err(ConfigError::NotPositive));
    assert_eq!(MoreauEnvelope { rate: 1.9, ..bent }.validate(), Ok(()));
}

#[test]
fn affine_sets_name_dependent_rows() {
    let a = SMatrix::<f64, 2, 3>::from_row_slice(&[1.0, 2.0, 3.0, 2.0, 4.0, 6.0]);
    assert_eq!(AffineSet::new(a, vector![1.0, 2.0]), Err(ConfigError::Dependent));
    let nan = SMatrix::<f64, 1, 2>::from_row_slice(&[f64::NAN, 1.0]);
    assert_eq!(AffineSet::new(nan, SVector::from([0.0])), Err(ConfigError::Dependent));
    let more = SMatrix::<f64, 2, 1>::from_row_slice(&[1.0, 2.0]);
    assert_eq!(AffineSet::new(more, vector![0.0, 0.0]), Err(ConfigError::Dependent));
    let point = AffineSet::new(SMatrix::<f64, 1, 1>::from([[2.0]]), SVector::from([3.0])).unwrap();
    close(&prox(&point, &[9.0], 1.0), &[1.5]);
}

#[test]
fn parameters_of_blocks_outside_their_ranges_are_named() {
    let ascending = SortedL1 { weights: vector![1.0, 2.0] };
    assert_eq!(ascending.validate(), Err(ConfigError::Weight));
    assert_eq!(SortedL1 { weights: vector![1.0, -2.0] }.validate(), Err(ConfigError::Weight));
    assert_eq!(Permutahedron { vertex: vector![1.0, f64::NAN] }.validate(), Err(ConfigError::Weight));
    assert_eq!(HalfSpace { normal: vector![0.0, 0.0], offset: 1.0 }.validate(), Err(ConfigError::Dependent));
    assert_eq!(Simplex { total: 0.0 }.validate(), Err(ConfigError::NotPositive));
    let weighted = Weighted { penalty: L1 { strength: 1.0 }, weights: vector![1.0, -1.0] };
    assert_eq!(weighted.validate(), Err(ConfigError::Weight));
    let sheared = SMatrix::<f64, 2, 2>::from([[1.0, 0.0], [1.0, 1.0]]);
    assert_eq!(Rotated { penalty: Isotonic, rotation: sheared }.validate(), Err(ConfigError::Dependent));
}

/// A slice of another length than the type's: outside, and left alone.
#[test]
fn slices_of_another_length_are_left_alone() {
    let x = [1.0, 2.0, 3.0];
    let fixed: [&dyn Penalty<f64>; 6] = [
        &SortedL1 { weights: vector![1.0, 0.5] },
        &Semidefinite::<2>,
        &Spectral::<_, 2, 2>(L1 { strength: 1.0 }),
        &ExponentialCone,
        &HalfSpace { normal: vector![1.0, 1.0], offset: 0.0 },
        &Permutahedron { vertex: vector![1.0, 0.5] },
    ];
    for penalty in fixed.into_iter().filter(|penalty| penalty.value(&[1.0, 1.0, 9.0]).is_infinite()) {
        assert_eq!(prox(penalty, &x, 1.0), x);
        assert_eq!(penalty.value(&x), f64::INFINITY);
    }
}

/// What coordinate descent sees is what the others see.
#[test]
fn coordinates_agree_with_the_whole() {
    fn check(penalty: &impl Separable<f64>, n: usize) {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        for _ in 0..50 {
            let (x, g) = (uniform(&mut rng, n, 3.0), uniform(&mut rng, n, 3.0));
            let z: Vec<f64> = (0..n).map(|j| penalty.prox_at(j, x[j], 0.7)).collect();
            assert_eq!(prox(penalty, &x, 0.7), z);
            let sum: f64 = (0..n).map(|j| penalty.value_at(j, z[j])).sum();
            let square: f64 = (0..n).map(|j| penalty.gap_at(j, z[j], g[j]).powi(2)).sum();
            assert!((penalty.value(&z) - sum).abs() < 1e-12);
            assert!((penalty.gap(&z, &mut g.clone()) - square.sqrt()).abs() < 1e-12);
        }
    }
    use thalweg::least_squares::Bounds;
    use thalweg::penalty::{Blocks, Ridged, Scaled, Tilted, Translated};
    let l1 = L1 { strength: 1.0 };
    let mcp = Mcp { strength: 1.0, reach: 3.0 };
    check(&Each(mcp), 3);
    check(&Bounds::new(vector![-1.0, 0.0, 0.5], vector![1.0, f64::INFINITY, 0.5]), 3);
    check(&Weighted { penalty: mcp, weights: vector![1.0, 0.0, 2.0] }, 4);
    check(&Scaled { penalty: Each(mcp), factor: 2.0 }, 3);
    check(&Ridged { penalty: Each(mcp), ridge: 0.5 }, 3);
    check(&Tilted { penalty: Each(l1), tilt: vector![1.0, -2.0] }, 3);
    check(&Translated { penalty: Each(Interval::symmetric(1.0)), center: vector![1.0, -2.0, 0.0] }, 3);
    check(&Blocks::<_, _, 2> { first: Each(l1), rest: Each(mcp) }, 4);
}

#[test]
fn groups_are_cut_as_told() {
    let groups = Groups { penalty: LInfinity { strength: 1.0 }, sizes: [1, 3, 2] };
    // 1 | 2 3 4 | 5 6 | 7 8 | 9
    let x: Vec<f64> = (1..=9).map(f64::from).collect();
    assert_eq!(groups.value(&x), 1.0 + 4.0 + 6.0 + 8.0 + 9.0);
    assert_eq!(Groups { penalty: LInfinity { strength: 1.0 }, sizes: [0] }.value(&[1.0, 2.0]), 3.0);
    assert_eq!(Groups { penalty: LInfinity { strength: 1.0 }, sizes: [] }.value(&[1.0, 2.0]), 3.0);
}
