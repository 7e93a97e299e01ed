//! Penalties with parameters and arguments of any floats: no panic, no hang, and a proximal point no worse than its argument.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nalgebra::SVector;
use thalweg::Real;
use thalweg::penalty::{
    CappedL1, CappedSimplex, Cardinality, Each, ElasticNet, Entropy, ExponentialCone, HalfPower, Hinge, Huber,
    Interval, Isotonic, L0, L1, L1Ball, L2Ball, LInfinity, LogBarrier, LogSum, Mcp, Penalty, Quantile, Radial, Scad,
    SecondOrderCone, Semidefinite, Simplex, SortedL1, SparseGroup, SumLargest, TotalVariation, TwoThirdsPower,
};

#[derive(Arbitrary, Debug)]
struct Input {
    x: [f32; 4],
    strength: f32,
    shape: f32,
    rate: f32,
    count: u8,
}

fn check<T: Real, R: Penalty<T>>(penalty: R, input: &Input) {
    let of = |x: f32| T::of_f64(f64::from(x));
    let (x, rate) = (input.x.map(of), of(input.rate));
    let mut z = x;
    penalty.prox(&mut z, rate);
    penalty.gap(&z, &mut x.clone());
    let sizes = [input.rate, input.strength, input.shape];
    let moderate = |x: &f32| x.is_finite() && x.abs() < 1e6;
    let sound = penalty.validate().is_ok() && input.rate > 1e-6;
    if !(sound && input.x.iter().chain(&sizes).all(moderate)) {
        return;
    }
    assert!(z.iter().all(|z| z.is_finite()), "{z:?}");
    let moved = z.iter().zip(&x).fold(T::ZERO, |sum, (&z, &x)| sum + T::HALF * (z - x).squared());
    let (before, after) = (rate * penalty.value(&x), moved + rate * penalty.value(&z));
    if before.is_finite() && after.is_finite() {
        let size = x.iter().fold(before.abs().max(moved), |sum, &x| sum + x.squared()) + T::ONE;
        // Some proximal operators add and subtract the strength.
        let weight = (rate * of(input.strength)).abs().max(T::ONE);
        assert!(
            after <= before + T::of_f64(1e4) * T::EPSILON * size * weight,
            "{}: {after:e} after {before:e}",
            core::any::type_name::<R>()
        );
    }
}

fn all<T: Real>(input: &Input) {
    let of = |x: f32| T::of_f64(f64::from(x));
    let (strength, shape, count) = (of(input.strength), of(input.shape), usize::from(input.count));
    check::<T, _>(Each(CappedL1 { strength, cap: shape }), input);
    check::<T, _>(Each(ElasticNet { strength, ridge: shape }), input);
    check::<T, _>(Each(Entropy { strength }), input);
    check::<T, _>(Each(HalfPower { strength }), input);
    check::<T, _>(Each(Hinge { strength }), input);
    check::<T, _>(Each(Huber { strength, width: shape }), input);
    check::<T, _>(Each(Interval { lower: strength, upper: shape }), input);
    check::<T, _>(Each(L0 { strength }), input);
    check::<T, _>(Each(L1 { strength }), input);
    check::<T, _>(Each(LogBarrier { strength }), input);
    check::<T, _>(Each(LogSum { strength, scale: shape }), input);
    check::<T, _>(Each(Mcp { strength, reach: shape }), input);
    check::<T, _>(Each(Quantile { strength, level: shape }), input);
    check::<T, _>(Each(Scad { strength, reach: shape }), input);
    check::<T, _>(Each(TwoThirdsPower { strength }), input);
    check::<T, _>(Radial(Mcp { strength, reach: shape }), input);
    check::<T, _>(SparseGroup { strength, group_strength: shape }, input);
    check::<T, _>(CappedSimplex { total: strength, cap: shape }, input);
    check::<T, _>(Cardinality { count }, input);
    check::<T, _>(ExponentialCone, input);
    check::<T, _>(Isotonic, input);
    check::<T, _>(L1Ball { radius: strength }, input);
    check::<T, _>(L2Ball { radius: strength }, input);
    check::<T, _>(LInfinity { strength }, input);
    check::<T, _>(SecondOrderCone, input);
    check::<T, _>(Semidefinite::<2>, input);
    check::<T, _>(Simplex { total: strength }, input);
    check::<T, _>(SortedL1 { weights: SVector::from([shape, shape, strength, strength]) }, input);
    check::<T, _>(SumLargest { strength, count }, input);
    check::<T, _>(TotalVariation { strength }, input);
}

fuzz_target!(|input: Input| {
    all::<f32>(&input);
    all::<f64>(&input);
});
