//! A problem with a known answer, for when there are no data.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::observations::{Observations, Target};
use crate::table::Matrix;

const ROWS: usize = 200;
const COLUMNS: usize = 500;
/// Of neighbouring columns.
const CORRELATION: f64 = 0.5;
/// The columns that matter, and how much.
pub const TRUTH: [(usize, f64); 8] =
    [(10, 2.0), (70, -1.5), (130, 1.5), (190, -2.0), (250, 1.0), (310, 1.25), (370, -1.0), (430, 1.75)];

/// Observations of unit noise.
pub fn observations() -> Observations {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut entries = vec![0.0; ROWS * COLUMNS];
    let mut before = vec![0.0; ROWS];
    let innovation = (1.0 - CORRELATION * CORRELATION).sqrt();
    for (j, column) in entries.chunks_exact_mut(ROWS).enumerate() {
        for (entry, before) in column.iter_mut().zip(&mut before) {
            let fresh: f64 = random.sample(StandardNormal);
            *entry = if j == 0 { fresh } else { CORRELATION * *before + innovation * fresh };
            *before = *entry;
        }
    }
    let target = (0..ROWS).map(|i| {
        let noise: f64 = random.sample(StandardNormal);
        noise + TRUTH.iter().map(|(j, beta)| beta * entries[j * ROWS + i]).sum::<f64>()
    });
    let target = Target::Numbers(target.collect());
    Observations {
        title: "built-in problem".into(),
        names: (0..COLUMNS).map(|j| format!("x{j}")).collect(),
        rows: ROWS,
        matrix: Matrix::Dense(entries),
        target,
        weights: None,
        offset: None,
        notes: Vec::new(),
    }
}
