//! Learning a relaxation from solve to solve, as a bandit does.
//!
//! K candidates ω; in round t one is drawn, a system is solved with it, and the cost, such as the number of iterations, is told.
//! With `η = 2/√t` and the sums `L_i` of `(cost - 1)/p_i` over the rounds in which i was drawn, in units of the mean of
//! `cost - 1`:
//!
//! `p_i = 4/(η (L_i - x))²`, with the x below all `L_i` that makes `Σ p_i = 1`.
//!
//! Whatever the costs, even if they change from round to round, the mean cost comes as close to that of the best candidate as
//! `√(K/t)` allows.
//!
//! Reference: Zimmert & Seldin, "Tsallis-INF: an optimal algorithm for stochastic and adversarial bandits", 2021, algorithm 1;
//! for relaxations: Khodak, Chow, Balcan & Talwalkar, "Learning to relax", 2024. x is found by Newton's method from
//! `min L_i - 2/η`, where `Σ p_i ≥ 1`: the sum is convex and grows there, so that the iteration falls to the root; from elsewhere
//! it may find another. Memory: 3K numbers.

use nalgebra::SVector;

use crate::linalg::{self, entries, entries_mut};
use crate::random::Generator;
use crate::real::Real;

/// Newton iterations for x at most.
const TRIALS: u32 = 60;

/// A learner of relaxations, or of any other parameter on a grid.
///
/// ```
/// use thalweg::smooth::RelaxationBandit;
/// let mut bandit = RelaxationBandit::new([1.2_f64, 1.5, 1.8], 1);
/// for _ in 0..3000 {
///     let omega = bandit.draw();
///     bandit.learn(if omega == 1.5 { 20.0 } else { 60.0 });
/// }
/// assert!(bandit.probabilities()[1] > 0.8);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct RelaxationBandit<T: Real, const K: usize> {
    /// ω.
    grid: SVector<T, K>,
    /// Sums of `(cost - 1)/p`.
    losses: SVector<T, K>,
    /// p of this round.
    probabilities: SVector<T, K>,
    /// The candidate of this round.
    drawn: usize,
    /// Rounds done.
    rounds: u32,
    /// The mean of `cost - 1`.
    mean: T,
    generator: Generator,
}

impl<T: Real, const K: usize> RelaxationBandit<T, K> {
    /// A learner over a grid of candidates, with a seed of its draws.
    #[must_use]
    pub fn new(grid: [T; K], seed: u64) -> Self {
        const { assert!(K > 0, "there is a candidate") };
        Self {
            grid: SVector::from(grid),
            losses: linalg::zeros(),
            probabilities: SVector::from_element(T::ONE / T::of_usize(K)),
            drawn: 0,
            rounds: 0,
            mean: T::ZERO,
            generator: Generator::new(seed),
        }
    }

    /// Draws the candidate of this round.
    pub fn draw(&mut self) -> T {
        let mut left: T = self.generator.uniform();
        self.drawn = K - 1;
        for (i, &p) in self.probabilities.iter().enumerate() {
            left -= p;
            if left < T::ZERO {
                self.drawn = i;
                break;
            }
        }
        entries(&self.grid).get(self.drawn).copied().unwrap_or(T::ONE)
    }

    /// Takes the cost of the last draw, 1 or more; one that is not finite is not counted.
    pub fn learn(&mut self, cost: T) {
        let loss = cost - T::ONE;
        if !loss.is_finite() {
            return;
        }
        if let (Some(sum), Some(&p)) =
            (entries_mut(&mut self.losses).get_mut(self.drawn), entries(&self.probabilities).get(self.drawn))
        {
            *sum += loss / p;
        }
        self.rounds = self.rounds.saturating_add(1);
        let rounds = T::of_f64(f64::from(self.rounds));
        self.mean += (loss - self.mean) / rounds;
        if self.mean > T::ZERO {
            self.weigh(T::TWO / (rounds + T::ONE).sqrt());
        }
    }

    /// p of the next draw, by candidate.
    #[must_use]
    pub const fn probabilities(&self) -> &[T; K] {
        entries(&self.probabilities)
    }

    /// The candidate that is drawn most often.
    #[must_use]
    pub fn favourite(&self) -> T {
        let pairs = self.grid.iter().zip(self.probabilities.iter());
        let (omega, _) = pairs.fold((T::ONE, T::ZERO), |most, (&g, &p)| if p > most.1 { (g, p) } else { most });
        omega
    }

    /// p from the sums.
    fn weigh(&mut self, eta: T) {
        let scaled = self.losses / self.mean;
        let least = scaled.iter().fold(T::INFINITY, |least, &loss| least.min(loss));
        let weight = |loss: T, x: T| T::of_f64(4.0) / (eta * (loss - x)).squared();
        // Relative to the least sum, whose digits x would lose.
        let mut x = -T::TWO / eta;
        for _ in 0..TRIALS {
            let (mut sum, mut slope) = (T::ZERO, T::ZERO);
            for &loss in scaled.iter() {
                let p = weight(loss - least, x);
                sum += p;
                slope += eta * p * p.sqrt();
            }
            let next = x - (sum - T::ONE) / slope;
            if !(next < x) {
                break;
            }
            x = next;
        }
        let weights = scaled.map(|loss| weight(loss - least, x));
        let sum = weights.iter().fold(T::ZERO, |sum, &p| sum + p);
        self.probabilities = weights / sum;
    }
}
