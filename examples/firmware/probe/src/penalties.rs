//! Penalties, sets and their calculus.

use nalgebra::{SMatrix, SVector, matrix, vector};
use thalweg::Real;
use thalweg::least_squares::Bounds;
use thalweg::penalty::{
    AffineSet, Blocks, CappedL1, CappedSimplex, Cardinality, Conjugate, Convex, Each, ElasticNet, Entropy,
    ExponentialCone, Folded, Groups, HalfPower, HalfSpace, Hinge, Huber, Hyperplane, Interval, Isotonic, L0, L1,
    L1Ball, L2Ball, LInfinity, LogBarrier, LogSum, Mcp, MoreauEnvelope, Penalty, Permutahedron, Quantile, Radial,
    Ridged, Rotated, Scad, ScalarConvex, ScalarPenalty, Scaled, SecondOrderCone, Semidefinite, Separable, Simplex,
    SortedL1, SparseGroup, Spectral, SquaredL2, Strength, SumLargest, Tilted, TotalVariation, Translated,
    TwoThirdsPower, Weighted, Zero,
};
use thalweg::problem::Smooth;

use crate::{any, see};

pub fn everything<T: Real>() {
    scalars::<T>();
    blocks::<T>();
    sets::<T>();
    calculus::<T>();
}

fn scalar<T: Real>(penalty: &dyn ScalarPenalty<T>) {
    let penalty = any(penalty);
    let x = any(T::ONE);
    see((penalty.value(x), penalty.prox(x, any(T::HALF)), penalty.gap(x, any(T::TWO))));
    see((penalty.convexity(), penalty.validate()));
}

/// On slices of unknown length.
fn block<T: Real>(penalty: &dyn Penalty<T>) {
    let penalty = any(penalty);
    let (mut x, mut g) = (any([T::ONE; 20]), any([T::TWO; 20]));
    let (Some(x), Some(g)) = (x.get_mut(..any(9)), g.get_mut(..any(9))) else { return };
    see(penalty.value(x));
    see(penalty.gap(x, g));
    penalty.prox(x, any(T::HALF));
    see((x, g));
    see((penalty.convexity(), penalty.rate_limit(), penalty.validate()));
}

fn separable<T: Real>(penalty: &dyn Separable<T>) {
    let penalty = any(penalty);
    let (j, x) = (any(2), any(T::ONE));
    see((penalty.value_at(j, x), penalty.prox_at(j, x, any(T::HALF)), penalty.gap_at(j, x, any(T::TWO))));
}

fn scalars<T: Real>() {
    let strength = any(T::ONE);
    let two = any(T::TWO);
    scalar::<T>(&Zero);
    conjugable::<T>(&Zero);
    macro_rules! each {
        ($($penalty:expr),*) => { $( scalar::<T>(&$penalty); block::<T>(&Each($penalty)); separable::<T>(&Each($penalty)); )* };
    }
    each!(L1 { strength }, SquaredL2 { strength }, ElasticNet { strength, ridge: two }, L0 { strength });
    each!(HalfPower { strength }, TwoThirdsPower { strength }, CappedL1 { strength, cap: two });
    each!(Scad { strength, reach: two }, Mcp { strength, reach: two }, LogSum { strength, scale: two });
    each!(Huber { strength, width: two }, Hinge { strength }, Quantile { strength, level: any(T::HALF) });
    each!(LogBarrier { strength }, Entropy { strength }, Interval { lower: -two, upper: two });
    each!(Interval::<T>::nonnegative(), Interval::symmetric(two));
    each!(Scaled { penalty: L1 { strength }, factor: two }, Ridged { penalty: L1 { strength }, ridge: two });
    macro_rules! conjugates {
        ($($penalty:expr),*) => { $( conjugable::<T>(&$penalty); )* };
    }
    conjugates!(L1 { strength }, SquaredL2 { strength }, ElasticNet { strength, ridge: two }, Hinge { strength });
    conjugates!(Huber { strength, width: two }, Quantile { strength, level: any(T::HALF) }, LogBarrier { strength });
    conjugates!(Entropy { strength }, Interval { lower: -two, upper: two });
    folded(&L1 { strength });
    folded(&Scad { strength, reach: two });
    folded(&Mcp { strength, reach: two });
    see(Mcp { strength, reach: two }.strengthened(two));
    see(ElasticNet { strength, ridge: two }.strengthened(two));
}

fn conjugable<T: Real>(penalty: &dyn ScalarConvex<T>) {
    see(any(penalty).conjugate(any(T::ONE)));
}

fn folded<T: Real>(penalty: &dyn Folded<T>) {
    see((any(penalty).strength(), any(penalty).concave_slope(any(T::ONE))));
}

/// A convex penalty and its dual.
fn convex<T: Real>(penalty: impl Convex<T>) {
    block::<T>(&penalty);
    see(penalty.conjugate(any([T::ONE; 20]).get(..any(9)).unwrap_or_default()));
    block::<T>(&any(Conjugate::<_, 9>(penalty)));
}

fn blocks<T: Real>() {
    let (strength, two) = (any(T::ONE), any(T::TWO));
    convex::<T>(Each(Huber { strength, width: two }));
    convex::<T>(Radial(L1 { strength }));
    convex::<T>(LInfinity { strength });
    block::<T>(&Radial(Mcp { strength, reach: two }));
    block::<T>(&Radial(Scad { strength, reach: two }));
    block::<T>(&SparseGroup { strength, group_strength: two });
    block::<T>(&SumLargest { strength, count: any(3) });
    block::<T>(&TotalVariation { strength });
    block::<T>(&any(SortedL1::<T, 9>::oscar(strength, two)));
    block::<T>(&Spectral::<_, 3, 3>(L1 { strength }));
    block::<T>(&Spectral::<_, 9, 1>(Mcp { strength, reach: two }));
    block::<T>(&Spectral::<_, 1, 9>(L0 { strength }));
    block::<T>(&Spectral::<_, 4, 2>(L0 { strength }));
}

fn sets<T: Real>() {
    let (radius, two) = (any(T::ONE), any(T::TWO));
    convex::<T>(L1Ball { radius });
    convex::<T>(L2Ball { radius });
    convex::<T>(Simplex { total: radius });
    convex::<T>(SecondOrderCone);
    convex::<T>(any(Bounds::<T, 9>::none()));
    separable::<T>(&any(Bounds::<T, 9>::none()));
    block::<T>(&CappedSimplex { total: radius, cap: two });
    block::<T>(&any(HalfSpace { normal: SVector::<T, 9>::from_element(radius), offset: two }));
    block::<T>(&any(Hyperplane { normal: SVector::<T, 9>::from_element(radius), offset: two }));
    let rows = any(SMatrix::<T, 2, 3>::from_element(two));
    match AffineSet::new(rows, any(vector![two, radius])) {
        Ok(set) => block::<T>(&any(set)),
        Err(error) => see(error),
    }
    block::<T>(&ExponentialCone);
    block::<T>(&Semidefinite::<3>);
    block::<T>(&Isotonic);
    block::<T>(&any(Permutahedron { vertex: SVector::<T, 9>::from_element(radius) }));
    block::<T>(&any(Cardinality { count: 3 }));
}

fn calculus<T: Real>() {
    let (strength, two) = (any(T::ONE), any(T::TWO));
    let l1 = L1 { strength };
    let mcp = Mcp { strength, reach: two };
    let shift = any(SVector::<T, 9>::from_element(two));
    let weighted = any(Weighted { penalty: mcp, weights: shift });
    block::<T>(&weighted);
    separable::<T>(&weighted);
    block::<T>(&Scaled { penalty: Radial(l1), factor: two });
    separable::<T>(&Scaled { penalty: Each(l1), factor: two });
    block::<T>(&Ridged { penalty: Radial(l1), ridge: two });
    separable::<T>(&Ridged { penalty: Each(l1), ridge: two });
    block::<T>(&any(Tilted { penalty: Radial(l1), tilt: shift }));
    separable::<T>(&any(Tilted { penalty: Each(l1), tilt: shift }));
    block::<T>(&any(Translated { penalty: Radial(l1), center: shift }));
    separable::<T>(&any(Translated { penalty: Each(l1), center: shift }));
    let rotation = any(matrix![T::ZERO, T::ONE; -T::ONE, T::ZERO]);
    block::<T>(&any(Rotated { penalty: Radial(l1), rotation }));
    block::<T>(&any(Groups { penalty: Radial(mcp), sizes: [1, 3] }));
    let halves = any(Blocks::<_, _, 4> { first: Each(l1), rest: Each(mcp) });
    block::<T>(&halves);
    separable::<T>(&halves);

    let mut envelope = any(MoreauEnvelope { penalty: Radial(l1), rate: two });
    let (x, mut g) = (any(SVector::<T, 3>::zeros()), SVector::<T, 3>::zeros());
    see((envelope.validate(), envelope.prox(&x)));
    crate::descend(&mut any(MoreauEnvelope { penalty: Each(l1), rate: two }));
    see(envelope.gradient(&x, &mut g));
    see(g);
}
