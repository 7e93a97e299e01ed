//! Every penalty of a vector, with what the laws need to know of it.

use nalgebra::{SMatrix, SVector};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use thalweg::Real;
use thalweg::least_squares::Bounds;
use thalweg::penalty::{
    AffineSet, Blocks, CappedL1, CappedSimplex, Cardinality, Conjugate, Each, ElasticNet, Entropy, ExponentialCone,
    Groups, HalfPower, HalfSpace, Hinge, Huber, Hyperplane, Interval, Isotonic, L0, L1, L1Ball, L2Ball, LInfinity,
    LogBarrier, LogSum, Mcp, Penalty, Permutahedron, Quantile, Radial, Ridged, Rotated, Scad, Scaled, SecondOrderCone,
    Semidefinite, Simplex, SortedL1, SparseGroup, Spectral, SquaredL2, SumLargest, Tilted, TotalVariation, Translated,
    Weighted, Zero,
};

/// A point of a set, however chosen; by a way that has nothing to do with the projection.
pub type Member = fn(&mut ChaCha8Rng) -> Vec<f64>;

pub struct Subject<T> {
    pub name: String,
    /// The number of coordinates.
    pub size: usize,
    pub penalty: Box<dyn Penalty<T>>,
    /// Whether the gap is the distance to the subdifferential itself, not only the natural residual.
    pub exact: bool,
    /// For sets.
    pub member: Option<Member>,
}

pub fn uniform(rng: &mut ChaCha8Rng, n: usize, scale: f64) -> Vec<f64> {
    (0..n).map(|_| scale * rng.random_range(-1.0..1.0)).collect()
}

/// `Σ wᵢ vᵢ` with random convex weights, mostly at or near a vertex.
fn mixed(rng: &mut ChaCha8Rng, vertices: &[Vec<f64>]) -> Vec<f64> {
    let power = [1.0, 8.0, 100.0][rng.random_range(0..3)];
    let weights: Vec<f64> = vertices.iter().map(|_| rng.random::<f64>().powf(power)).collect();
    let total: f64 = weights.iter().sum::<f64>() + 1e-300;
    let coordinate = |j: usize| vertices.iter().zip(&weights).map(|(v, w)| v[j] * w / total).sum();
    (0..vertices[0].len()).map(coordinate).collect()
}

fn corners(n: usize, size: f64, signs: &[f64]) -> Vec<Vec<f64>> {
    let corner = |j: usize, sign: f64| (0..n).map(|i| if i == j { sign * size } else { 0.0 }).collect();
    (0..n).flat_map(|j| signs.iter().map(move |&sign| corner(j, sign))).collect()
}

fn simplex(rng: &mut ChaCha8Rng) -> Vec<f64> {
    mixed(rng, &corners(4, 1.5, &[1.0]))
}

fn capped(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut vertices = Vec::new();
    for i in 0..4 {
        for j in 0..4 {
            if i != j {
                vertices.push(
                    (0..4)
                        .map(|k| {
                            if k == i {
                                0.7
                            } else if k == j {
                                0.3
                            } else {
                                0.0
                            }
                        })
                        .collect(),
                );
            }
        }
    }
    mixed(rng, &vertices)
}

fn l1_ball(rng: &mut ChaCha8Rng) -> Vec<f64> {
    mixed(rng, &corners(4, 1.5, &[1.0, -1.0]))
}

fn l2_ball(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let u = uniform(rng, 4, 1.0);
    let norm = u.iter().map(|u| u * u).sum::<f64>().sqrt();
    let radius = 1.5 * rng.random::<f64>().powf(0.1);
    u.iter().map(|u| u / norm * radius).collect()
}

/// Points with `⟨(1, -2, 0.5), x⟩ = 0.75` up to `slack` below.
fn below_plane(rng: &mut ChaCha8Rng, slack: f64) -> Vec<f64> {
    let (x, y) = (rng.random_range(-5.0..5.0), rng.random_range(-5.0..5.0));
    vec![x, y, 2.0 * (0.75 - slack * rng.random::<f64>() - x + 2.0 * y)]
}

/// Solutions of `x + y + z + w = 1`, `x - z + 2w = 0.5`.
fn affine(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (z, w) = (rng.random_range(-5.0..5.0), rng.random_range(-5.0..5.0));
    let x = 0.5 + z - 2.0 * w;
    vec![x, 1.0 - x - z - w, z, w]
}

fn second_order(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut x = uniform(rng, 3, 4.0);
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.push(norm + if rng.random() { 0.0 } else { rng.random_range(0.0..3.0) });
    x
}

fn exponential(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (slope, y) = (rng.random_range(-6.0..4.0), rng.random_range(0.0..3.0));
    let z = y * f64::exp(slope) + if rng.random() { 0.0 } else { rng.random_range(0.0..3.0) };
    if rng.random_range(0..4) == 0 { vec![-z, 0.0, y] } else { vec![slope * y, y, z] }
}

fn gram(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let rank = rng.random_range(1..=3);
    let mut sum = [0.0; 9];
    for _ in 0..rank {
        let v = uniform(rng, 3, 2.0);
        for i in 0..3 {
            for j in 0..3 {
                sum[3 * j + i] += v[i] * v[j];
            }
        }
    }
    sum.to_vec()
}

fn sorted(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut x = uniform(rng, 5, 4.0);
    x.sort_by(f64::total_cmp);
    if rng.random() {
        x[2] = x[1];
    }
    x
}

fn permuted(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let w = [2.0, 0.5, -1.0];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    mixed(rng, &orders.map(|order| order.map(|i| w[i]).to_vec()))
}

fn boxed(rng: &mut ChaCha8Rng) -> Vec<f64> {
    vec![rng.random_range(-1.0..=0.5), rng.random_range(0.25..9.0), 0.5]
}

fn sparse(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut x = uniform(rng, 4, 4.0);
    x[rng.random_range(0..2)] = 0.0;
    x[rng.random_range(2..4)] = 0.0;
    x
}

/// All of them.
pub fn table<T: Real>() -> Vec<Subject<T>> {
    let t = T::of_f64;
    let mut all: Vec<Subject<T>> = Vec::new();
    macro_rules! add {
        ($size:expr, $exact:expr, $member:expr, $penalty:expr) => {{
            let penalty = $penalty;
            let (name, penalty) = (format!("{penalty:?}"), Box::new(penalty));
            all.push(Subject { name, size: $size, penalty, exact: $exact, member: $member });
        }};
    }
    let (half, one, two) = (t(0.5), t(1.0), t(2.0));
    let (l1, mcp, scad) =
        (L1 { strength: one }, Mcp { strength: one, reach: two }, Scad { strength: t(0.8), reach: t(3.0) });
    let weights: SVector<T, 3> = SVector::from([two, T::ZERO, half]);

    add!(3, true, None, Each(Zero));
    add!(3, true, None, Each(l1));
    add!(3, true, None, Each(ElasticNet { strength: half, ridge: one }));
    add!(3, true, None, Each(Huber { strength: one, width: half }));
    add!(3, true, None, Each(Quantile { strength: one, level: t(0.3) }));
    add!(3, true, None, Each(LogBarrier { strength: one }));
    add!(3, true, None, Each(Entropy { strength: one }));
    add!(3, true, Some(|rng| uniform(rng, 3, 1.25)), Each(Interval::symmetric(t(1.25))));
    add!(
        3,
        true,
        Some(boxed),
        Bounds::new(SVector::from([-one, t(0.25), half]), SVector::from([half, T::INFINITY, half]))
    );
    add!(3, true, None, Each(mcp));
    add!(3, true, None, Each(scad));
    add!(3, true, None, Each(L0 { strength: one }));
    add!(3, true, None, Each(CappedL1 { strength: one, cap: one }));
    add!(3, true, None, Each(LogSum { strength: one, scale: half }));
    add!(3, true, None, Each(HalfPower { strength: one }));

    add!(4, true, None, Radial(l1));
    add!(4, true, None, Radial(SquaredL2 { strength: half }));
    add!(4, true, None, Radial(Huber { strength: one, width: half }));
    add!(4, true, None, Radial(mcp));
    add!(4, true, None, Radial(scad));
    add!(4, true, None, Radial(L0 { strength: two }));
    add!(4, true, None, SparseGroup { strength: half, group_strength: one });
    add!(4, true, None, LInfinity { strength: one });
    add!(1, true, None, LInfinity { strength: one });
    add!(4, true, Some(l1_ball), L1Ball { radius: t(1.5) });
    add!(4, true, Some(l2_ball), L2Ball { radius: t(1.5) });
    add!(4, true, Some(simplex), Simplex { total: t(1.5) });
    add!(1, true, Some(|_| vec![1.5]), Simplex { total: t(1.5) });
    add!(4, false, Some(capped), CappedSimplex { total: one, cap: t(0.7) });
    add!(2, false, Some(|_| vec![0.75, 0.75]), CappedSimplex { total: t(1.5), cap: t(0.75) });
    add!(4, false, None, SumLargest { strength: one, count: 2 });
    add!(4, false, None, SumLargest { strength: half, count: 1 });
    add!(2, false, None, SumLargest { strength: half, count: 5 });

    let normal = SVector::from([one, -two, half]);
    add!(3, true, Some(|rng| below_plane(rng, 5.0)), HalfSpace { normal, offset: t(0.75) });
    add!(3, true, Some(|rng| below_plane(rng, 0.0)), Hyperplane { normal, offset: t(0.75) });
    let a = SMatrix::<T, 2, 4>::from_row_slice(&[one, one, one, one, one, T::ZERO, -one, two]);
    add!(4, true, Some(affine), AffineSet::new(a, SVector::from([one, half])).unwrap());
    add!(4, false, Some(second_order), SecondOrderCone);
    add!(1, false, Some(|rng| vec![rng.random_range(0.0..3.0)]), SecondOrderCone);
    add!(3, false, Some(exponential), ExponentialCone);
    add!(9, false, Some(gram), Semidefinite::<3>);
    add!(1, false, Some(|rng| vec![rng.random_range(0.0..3.0)]), Semidefinite::<1>);
    add!(6, true, None, Spectral::<_, 3, 2>(l1));
    add!(6, true, None, Spectral::<_, 2, 3>(l1));
    add!(4, true, None, Spectral::<_, 2, 2>(mcp));
    add!(6, true, None, Spectral::<_, 2, 3>(L0 { strength: one }));
    add!(6, false, None, TotalVariation { strength: one });
    add!(5, false, Some(sorted), Isotonic);
    add!(3, false, None, SortedL1 { weights: SVector::from([two, one, half]) });
    add!(4, false, None, SortedL1::<T, 4>::oscar(t(0.3), t(0.2)));
    add!(3, false, Some(permuted), Permutahedron { vertex: SVector::from([two, half, -one]) });
    add!(4, true, Some(sparse), Cardinality { count: 2 });

    add!(3, true, None, Weighted { penalty: l1, weights });
    add!(3, true, None, Weighted { penalty: mcp, weights });
    add!(3, true, None, Weighted { penalty: Hinge { strength: one }, weights });
    add!(4, true, None, Scaled { penalty: Radial(l1), factor: half });
    add!(4, true, None, Scaled { penalty: Radial(mcp), factor: two });
    add!(4, true, None, Ridged { penalty: LInfinity { strength: one }, ridge: half });
    add!(4, true, None, Ridged { penalty: Radial(mcp), ridge: t(0.25) });
    add!(3, true, None, Tilted { penalty: Each(l1), tilt: SVector::from([half, -two, T::ZERO]) });
    add!(4, true, None, Translated { penalty: Radial(l1), center: SVector::from([half, -two, T::ZERO, one]) });
    // A reflection, from the vector (1, 2, 2).
    let rotation = SMatrix::<T, 3, 3>::from_fn(|i, j| {
        let u = [1.0, 2.0, 2.0];
        t(if i == j { 1.0 } else { 0.0 } - 2.0 / 9.0 * u[i] * u[j])
    });
    add!(3, true, None, Rotated { penalty: Radial(l1), rotation });
    add!(3, false, None, Rotated { penalty: SumLargest { strength: one, count: 1 }, rotation });
    add!(7, true, None, Groups { penalty: Radial(l1), sizes: [2] });
    add!(7, true, None, Groups { penalty: Radial(scad), sizes: [1, 3, 2] });
    add!(5, true, None, Blocks::<_, _, 2> { first: Each(l1), rest: LInfinity { strength: one } });
    add!(4, true, None, Blocks::<_, _, 2> { first: Each(Zero), rest: Each(mcp) });

    add!(3, false, None, Conjugate::<_, 3>(Each(l1)));
    add!(3, false, None, Conjugate::<_, 3>(Each(SquaredL2 { strength: two })));
    add!(3, false, None, Conjugate::<_, 3>(Each(ElasticNet { strength: half, ridge: one })));
    add!(3, false, None, Conjugate::<_, 3>(Each(Huber { strength: one, width: half })));
    add!(3, false, None, Conjugate::<_, 3>(Each(Hinge { strength: one })));
    add!(3, false, None, Conjugate::<_, 3>(Each(Quantile { strength: one, level: t(0.3) })));
    add!(3, false, None, Conjugate::<_, 3>(Each(LogBarrier { strength: one })));
    add!(3, false, None, Conjugate::<_, 3>(Each(Entropy { strength: one })));
    add!(3, false, None, Conjugate::<_, 3>(Each(Interval { lower: -one, upper: two })));
    add!(3, false, None, Conjugate::<_, 3>(Radial(l1)));
    add!(3, false, None, Conjugate::<_, 3>(L1Ball { radius: two }));
    add!(3, false, None, Conjugate::<_, 3>(L2Ball { radius: two }));
    add!(3, false, None, Conjugate::<_, 3>(LInfinity { strength: two }));
    add!(3, false, None, Conjugate::<_, 3>(Simplex { total: two }));
    add!(3, false, None, Conjugate::<_, 3>(SecondOrderCone));
    all
}
