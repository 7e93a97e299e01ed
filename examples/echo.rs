//! An echo canceller's impulse response: 32 taps of which four are not zero, from 64 noisy samples. The lasso makes them too small;
//! the minimax concave penalty (MCP) finds the same four without that bias.
//!
//! `cargo run --release --example echo`

#![allow(clippy::indexing_slicing, reason = "taps are counted below TAPS")]

use nalgebra::SVector;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use thalweg::composite::{Panoc, PanocState};
use thalweg::penalty::{Each, L1, Mcp, Penalty};
use thalweg::problem::Quadratic;
use thalweg::{Method, Status};

const TAPS: usize = 32;
const SAMPLES: u32 = 64;
const RESPONSE: [(usize, f64); 4] = [(3, 1.0), (9, -0.55), (17, 0.3), (26, 0.15)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut truth = SVector::<f64, TAPS>::zeros();
    for (delay, strength) in RESPONSE {
        truth[delay] = strength;
    }

    // Each sample is folded into a quadratic and forgotten: memory N² however many come.
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let noise = Normal::new(0.0, 0.02).map_err(|error| error.to_string())?;
    let mut loss = Quadratic::zero();
    let mut sent = SVector::<f64, TAPS>::zeros();
    for _ in 0..SAMPLES {
        sent = SVector::from_fn(|k, _| if k == 0 { if random.random() { 1.0 } else { -1.0 } } else { sent[k - 1] });
        loss.add_square(&sent, sent.dot(&truth) + noise.sample(&mut random), 1.0 / f64::from(SAMPLES));
    }

    let lasso = solve(Each(L1 { strength: 0.03 }), &mut loss)?;
    let mcp = solve(Each(Mcp { strength: 0.03, reach: 3.0 }), &mut loss)?;
    println!("tap   truth    lasso      MCP");
    for k in (0..TAPS).filter(|&k| truth[k] != 0.0 || lasso[k] != 0.0 || mcp[k] != 0.0) {
        println!("{k:3} {:7.3} {:8.4} {:8.4}", truth[k], lasso[k], mcp[k]);
    }
    let (biased, unbiased) = ((lasso - truth).amax(), (mcp - truth).amax());
    println!("largest error: lasso {biased:.4}, MCP {unbiased:.4}");
    assert!(mcp.iter().zip(&truth).all(|(found, true_tap)| (*found == 0.0) == (*true_tap == 0.0)));
    assert!(unbiased < 0.01 && biased > 0.02);
    Ok(())
}

fn solve<R: Penalty<f64>>(penalty: R, loss: &mut Quadratic<f64, TAPS>) -> Result<SVector<f64, TAPS>, String> {
    let mut state = PanocState::<f64, TAPS, 5>::new(SVector::zeros());
    let Ok(status) = Panoc::plus(penalty).run(&mut state, loss, 1000);
    if let Status::Converged(_) = status { Ok(*state.x()) } else { Err(format!("no end: {status:?}")) }
}
