//! The echoes of a room, a line or a cable: an impulse response of 32 taps of which few are not zero, from 64 samples, learnt
//! and solved a bit every tick.

use nalgebra::{SVector, vector};
use thalweg::composite::{Panoc, PanocState};
use thalweg::penalty::{Each, Mcp};
use thalweg::problem::Quadratic;
use thalweg::{Method, Real, Status};

use crate::data::Random;
use crate::workload::Answer;

pub const TAPS: usize = 32;
const SAMPLES: usize = 64;

/// The response that is to be found: delay and strength.
pub const RESPONSE: [(usize, f64); 4] = [(3, 1.0), (9, -0.55), (17, 0.3), (26, 0.15)];

/// Signs that were sent and what was heard, `SAMPLES` of them.
pub fn heard() -> impl Iterator<Item = (f32, f32)> {
    let mut random = Random(32);
    let mut sent = [0.0; TAPS];
    (0..SAMPLES).map(move |_| {
        sent.rotate_right(1);
        sent[0] = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
        let echo = RESPONSE.iter().fold(0.01 * random.gauss(), |sum, &(delay, strength)| sum + strength * sent[delay]);
        (f32::of_f64(sent[0]), f32::of_f64(echo))
    })
}

/// What the device keeps.
pub struct Echo {
    /// The mean loss so far, the only trace of the samples.
    loss: Quadratic<f32, TAPS>,
    /// The last sent, the latest first.
    sent: SVector<f32, TAPS>,
    state: PanocState<f32, TAPS, 3>,
    ticks: u32,
    running: bool,
}

impl Echo {
    pub const fn new() -> Self {
        let zero = SVector::from_array_storage(nalgebra::ArrayStorage([[0.0; TAPS]]));
        Self { loss: Quadratic::zero(), sent: zero, state: PanocState::new(zero), ticks: 0, running: true }
    }

    /// A tick while samples come in.
    pub fn listen(&mut self, (sent, heard): (f32, f32)) {
        for tap in (1..TAPS).rev() {
            self.sent[tap] = self.sent[tap - 1];
        }
        self.sent[0] = sent;
        self.loss.add_square(&self.sent, heard, 1.0 / SAMPLES as f32);
    }

    /// A tick afterwards; whether there is more to do.
    pub fn tick(&mut self) -> bool {
        let method = Panoc::plus(Each(Mcp { strength: 0.03, reach: 3.0 }));
        let Ok(status) = method.step(&mut self.state, &mut self.loss);
        self.ticks += 1;
        self.running = status == Status::Running;
        self.running
    }

    /// The taps found.
    pub const fn taps(&self) -> &SVector<f32, TAPS> {
        self.state.x()
    }

    /// The number of taps, and the largest error of one.
    pub fn verdict(&self) -> SVector<f32, 2> {
        let mut truth = SVector::<f32, TAPS>::zeros();
        for (delay, strength) in RESPONSE {
            truth[delay] = f32::of_f64(strength);
        }
        let count = self.taps().iter().filter(|tap| **tap != 0.0).count();
        vector![count as f32, (self.taps() - truth).amax()]
    }
}

impl Default for Echo {
    fn default() -> Self {
        Self::new()
    }
}

impl Answer for Echo {
    fn words(&self) -> impl Iterator<Item = u32> {
        self.taps().iter().map(|tap| tap.to_bits()).chain([self.state.value().to_bits(), self.ticks])
    }
}
