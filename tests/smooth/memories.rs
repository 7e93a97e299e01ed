//! Fractional memory, perturbed descent, over-relaxation and the bandit that learns it.

use nalgebra::{SMatrix, SVector, vector};
use thalweg::problem::{Forward, Quadratic};
use thalweg::smooth::{
    FixedRate, FixedRateState, FractionalMemory, FractionalMemoryState, OverRelaxation, OverRelaxationState,
    PerturbedDescent, PerturbedDescentState, RelaxationBandit,
};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::functions::{Diagonal, DoubleWell, MonkeySaddle, point};

/// Iterations to `‖g‖ < 1e-8` on `½x² + 50y²` from ones at the rate 0.01.
fn iterations<const P: usize>(order: f64) -> usize {
    let mut quadratic = Forward(Diagonal::new([1.0, 100.0]));
    let method = FractionalMemory {
        order,
        safeguard: false,
        gradient_tolerance: 0.0,
        patience: 10_000,
        ..FractionalMemory::new(0.01)
    };
    let mut state = FractionalMemoryState::<f64, 2, P>::new(vector![1.0, 1.0]);
    (0..5000)
        .find(|_| {
            let _ = method.step(&mut state, &mut quadratic).unwrap();
            state.iterate().component_mul(&vector![1.0, 100.0]).norm() < 1e-8
        })
        .expect("no end")
}

#[test]
fn fractional_memory_has_its_table() {
    for (order, expected) in [(1.0, 1833), (0.9, 2369), (1.2, 989), (1.5, 315), (1.7, 590), (1.9, 1783)] {
        assert_eq!(iterations::<20>(order), expected, "{order}");
    }
    assert_eq!(iterations::<5>(1.7), 201);
    assert_eq!((iterations::<1>(1.0), iterations::<5>(1.0)), (1833, 1833));
}

/// Of order 1, or with one point, it is gradient descent; the safeguard brings an eager order back.
#[test]
fn fractional_memory_without_past_is_gradient_descent() {
    let mut quadratic = Forward(Diagonal::new([1.0, 30.0]));
    let mut plain = FixedRateState::<f64, 2>::new(vector![1.0, 1.0]);
    let mut first = FractionalMemoryState::<f64, 2, 20>::new(vector![1.0, 1.0]);
    let mut alone = FractionalMemoryState::<f64, 2, 1>::new(vector![1.0, 1.0]);
    for _ in 0..50 {
        let _ = FixedRate::new(0.02).step(&mut plain, &mut quadratic).unwrap();
        let _ =
            FractionalMemory { order: 1.0, ..FractionalMemory::new(0.02) }.step(&mut first, &mut quadratic).unwrap();
        let _ =
            FractionalMemory { order: 1.6, ..FractionalMemory::new(0.02) }.step(&mut alone, &mut quadratic).unwrap();
        assert_eq!(plain.iterate(), first.iterate());
        assert!((plain.iterate() - alone.iterate()).amax() < 1e-15);
    }
    let steps = |safeguard| {
        let method = FractionalMemory { order: 1.9, safeguard, ..FractionalMemory::new(0.01) };
        let mut state = FractionalMemoryState::<f64, 2>::new(vector![1.0, 1.0]);
        let count = method.steps(&mut state, &mut Forward(Diagonal::new([1.0, 100.0]))).count();
        assert!(state.gradient().amax() < 1e-6);
        count
    };
    assert!(2 * steps(true) < steps(false), "{} {}", steps(true), steps(false));
}

/// From (1, 0) gradient descent ends at the saddle of the double well; a kick leads down to -¼.
fn leaves<T: Real>(digits: f64) {
    let (plain, _): (FixedRateState<T, 2>, _) =
        FixedRate::new(T::of_f64(0.1)).solve(point([1.0, 0.0]), &mut Forward(DoubleWell), 1000).unwrap();
    assert!(plain.x()[1] == T::ZERO && plain.value().to_f64() > -1e-6);
    for seed in 0..20 {
        let mut state = PerturbedDescentState::<T, 2>::seeded(point([1.0, 0.0]), seed);
        let method = PerturbedDescent::new(T::of_f64(0.1));
        let status = method.run(&mut state, &mut Forward(DoubleWell), 2000);
        assert_eq!(status, Ok(Status::Converged(Criterion::Gradient)), "{seed}");
        assert!((state.value().to_f64() + 0.25).abs() < digits && (state.x()[1].abs().to_f64() - 1.0).abs() < 1e-3);
    }
}

#[test]
fn a_kick_leaves_the_saddle() {
    leaves::<f64>(1e-14);
    leaves::<f32>(1e-6);
    // Started at the saddle itself.
    let (state, _): (PerturbedDescentState<f64, 2>, _) =
        PerturbedDescent::new(0.1).solve(vector![0.0, 0.0], &mut Forward(DoubleWell), 2000).unwrap();
    assert!((state.value() + 0.25).abs() < 1e-14);
    // A degenerate saddle, where f falls for ever; the budget is long enough for a flat start.
    let method = PerturbedDescent { radius: 0.1, ..PerturbedDescent::new(0.1) };
    let mut state = PerturbedDescentState::<f64, 2>::seeded(vector![0.0, 0.0], 2);
    let status = method.run(&mut state, &mut Forward(MonkeySaddle), 100_000).unwrap();
    assert!(status != Status::Running && state.value() < -1.0, "{status} {}", state.value());
}

/// At a minimum the kick brings nothing, and the point it started from is the answer.
#[test]
fn a_minimum_withstands_the_kick() {
    let (state, status): (PerturbedDescentState<f64, 2>, _) =
        PerturbedDescent::new(0.5).solve(vector![0.0, 0.0], &mut Forward(Diagonal::new([1.0, 2.0])), 2000).unwrap();
    assert_eq!((status, state.value()), (Status::Converged(Criterion::Gradient), 0.0));
    let method = PerturbedDescent { radius: -1.0, ..PerturbedDescent::new(0.5) };
    let (_, status): (PerturbedDescentState<f64, 2>, _) =
        method.solve(vector![0.0, 0.0], &mut Forward(Diagonal::new([1.0, 2.0])), 20).unwrap();
    assert_eq!(status, Status::Stalled(Stall::Config(ConfigError::NotPositive)));
}

/// The five-point Laplacian on 10 × 10 points with ones on the right.
fn laplacian<T: Real>() -> Quadratic<T, 100> {
    let hessian = SMatrix::from_fn(|i, j| {
        let apart = (i / 10).abs_diff(j / 10) + (i % 10).abs_diff(j % 10);
        T::of_f64(if i == j {
            4.0
        } else if apart == 1 {
            -1.0
        } else {
            0.0
        })
    });
    Quadratic { hessian, linear: -SVector::from_element(T::ONE), constant: T::ZERO }
}

fn sweeps(relaxation: f64, system: &mut Quadratic<f64, 100>) -> usize {
    let method = OverRelaxation { residual_tolerance: 1e-8, ..OverRelaxation::new(relaxation) };
    let mut state = OverRelaxationState::new(SVector::zeros());
    // The first step looks at the start.
    let count = method.steps(&mut state, system).count() - 1;
    assert!((state.gradient()).norm() < 1e-8 * 10.0);
    count
}

#[test]
fn relaxations_have_their_table() {
    let mut system = laplacian();
    let best = OverRelaxation::optimal((core::f64::consts::PI / 11.0).cos()).relaxation;
    assert!(
        (best - 1.560_387_921_3).abs() < 1e-10
            && (best - 2.0 / (1.0 + (core::f64::consts::PI / 11.0).sin())).abs() < 1e-14
    );
    for (relaxation, expected) in [
        (1.0, 223),
        (1.2, 145),
        (1.4, 88),
        (1.5, 62),
        (1.55, 46),
        (best, 41),
        (1.6, 43),
        (1.7, 58),
        (1.8, 89),
        (1.9, 187),
    ] {
        assert_eq!(sweeps(relaxation, &mut system), expected, "{relaxation}");
    }
}

/// Five thousand rounds over twenty candidates: over forty seeds another program with another generator has 48.5 ± 0.9 sweeps a
/// solve, 44.7 ± 0.7 in the last thousand; by chance alone it is 126.
#[test]
fn the_bandit_learns_the_relaxation() {
    let mut system = laplacian();
    let grid: [f64; 20] = std::array::from_fn(|i| 1.0 + 0.05 * i as f64);
    let costs = grid.map(|relaxation| sweeps(relaxation, &mut system) as f64);
    assert_eq!(costs.iter().copied().fold(f64::INFINITY, f64::min), 43.0);
    assert!((costs.iter().sum::<f64>() / 20.0 - 126.0).abs() < 1.0);
    let (mut all, mut late) = (0.0, 0.0);
    for seed in 1..=10 {
        let mut bandit = RelaxationBandit::new(grid, seed);
        let mut total = 0.0;
        for round in 0..5000 {
            let relaxation = bandit.draw();
            let cost = costs[grid.iter().position(|&g| g == relaxation).unwrap()];
            bandit.learn(cost);
            assert!((bandit.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-12);
            total += cost / 5000.0;
            late += if round < 4000 { 0.0 } else { cost / 10_000.0 };
        }
        all += total / 10.0;
        assert!(total > 47.0 && total < 51.0, "{seed}: {total}");
        assert!((bandit.favourite() - 1.6).abs() < 1e-12);
    }
    assert!((all - 48.5).abs() < 0.9 && (late - 44.7).abs() < 0.7, "{all} {late}");
}

/// Gauss and Seidel in f32, systems without a minimum, bad parameters.
#[test]
fn systems_are_told_apart() {
    let (state, status): (OverRelaxationState<f32, 100>, _) =
        OverRelaxation::new(1.5).solve(SVector::zeros(), &mut laplacian(), 200).unwrap();
    assert_eq!(status, Status::Converged(Criterion::Residual));
    assert!(state.gradient().norm() < 1e-2);
    let end = |a: f64, b: f64, c: f64| {
        let mut system =
            Quadratic { hessian: SMatrix::<f64, 2, 2>::new(a, b, b, c), linear: vector![1.0, 1.0], constant: 0.0 };
        let (_, status): (OverRelaxationState<f64, 2>, _) =
            OverRelaxation::new(1.2).solve(vector![0.0, 0.0], &mut system, 100_000).unwrap();
        status
    };
    assert_eq!(end(2.0, 1.0, 2.0), Status::Converged(Criterion::Residual));
    // Indefinite with a positive diagonal, with a negative entry on it, and singular.
    assert_eq!(end(1.0, 2.0, 1.0), Status::Stalled(Stall::Unbounded));
    assert_eq!(end(1.0, 0.0, -1.0), Status::Stalled(Stall::Unbounded));
    assert_eq!(end(1.0, 0.0, 0.0), Status::Stalled(Stall::Unbounded));
    let (_, status): (OverRelaxationState<f64, 2>, _) =
        OverRelaxation::new(2.0).solve(vector![0.0, 0.0], &mut Quadratic::zero(), 10).unwrap();
    assert_eq!(status, Status::Stalled(Stall::Config(ConfigError::Relaxation)));
    let (_, status): (OverRelaxationState<f64, 2>, _) =
        OverRelaxation::new(1.0).solve(vector![f64::NAN, 0.0], &mut Quadratic::zero(), 10).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
}
