//! Tunes the gains of a speed controller on a running motor: one experiment a second, the optimizer waits.
//!
//! BFGS asks for values and gradients through a mailbox. The plant answers when it can: a second under the gains in question, and four
//! more around them for the gradient. Between seconds nothing blocks. The session is paused, and the device loses its power and
//! goes on from a copy of the optimizer's memory; the gains come out bit for bit as those of an undisturbed session.

#![allow(clippy::panic, reason = "an example may fail loudly")]

use nalgebra::{Vector2, vector};
use thalweg::problem::{Asked, Mailbox};
use thalweg::smooth::{Bfgs, BfgsState};
use thalweg::{Method, Number, Status};

/// Experiments: the gains in question, then both sides of each.
const EXPERIMENTS: usize = 5;
/// How far to the sides, in the logarithm of a gain.
const SPACING: f32 = 0.03;

/// A motor with an amplifier that lags, under proportional-integral control of its speed.
#[derive(Clone, Copy)]
struct Motor;

impl Motor {
    /// One second after a step of the set point: the integral of the squared error, and of the squared change of the drive.
    fn experiment(self, logarithms: &Vector2<f32>) -> f32 {
        let (dt, lag, inertia, gain) = (1e-3_f32, 0.01, 0.12, 2.0);
        let [proportional, integral] = [Number::exp(logarithms.x), Number::exp(logarithms.y)];
        let (mut speed, mut drive, mut sum, mut cost) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
        for _ in 0..1000 {
            let error = 1.0 - speed;
            sum += error * dt;
            let change = (proportional * error + integral * sum - drive) / lag;
            drive += change * dt;
            speed += (gain * drive - speed) / inertia * dt;
            cost += (error * error + 2e-5 * change * change) * dt;
        }
        cost
    }
}

/// The seconds of an open question.
#[derive(Clone, Default)]
struct Bench {
    costs: [f32; EXPERIMENTS],
    done: usize,
}

impl Bench {
    /// Uses this second for the open question, and answers it with the last one.
    fn second(&mut self, motor: Motor, mailbox: &mut Mailbox<f32, 2>) {
        let Some((gains, _)) = mailbox.question() else { return };
        let sides = [
            vector![0.0, 0.0],
            vector![SPACING, 0.0],
            vector![-SPACING, 0.0],
            vector![0.0, SPACING],
            vector![0.0, -SPACING],
        ];
        let (Some(cost), Some(side)) = (self.costs.get_mut(self.done), sides.get(self.done)) else { return };
        *cost = motor.experiment(&(gains + side));
        self.done += 1;
        if self.done == EXPERIMENTS {
            let [value, right, left, above, below] = self.costs;
            mailbox.tell_gradient(value, vector![right - left, above - below] / (2.0 * SPACING));
            self.done = 0;
        }
    }
}

/// What happens to a session after some seconds.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    Nothing,
    /// Nobody steps the optimizer for a while; the motor runs on.
    Pause,
    /// Mailbox and bench are lost; the optimizer's memory was copied before.
    PowerLoss,
}

/// Seconds until the end, and the optimizer's memory.
fn session(events: impl Fn(u32) -> Event) -> (u32, Status, BfgsState<f32, 2>) {
    let method = Bfgs { gradient_tolerance: 2e-4, ..Bfgs::default() };
    let mut state = BfgsState::new(vector![0.0_f32, 0.0]);
    let (mut mailbox, mut bench) = (Mailbox::new(), Bench::default());
    // What a device would keep in memory that outlives its power.
    let mut kept = state.clone();
    for second in 0..3600 {
        match events(second) {
            Event::Pause => continue,
            Event::PowerLoss => (state, mailbox, bench) = (kept.clone(), Mailbox::new(), Bench::default()),
            Event::Nothing => {}
        }
        match method.step(&mut state, &mut mailbox) {
            Err(Asked) => bench.second(Motor, &mut mailbox),
            Ok(Status::Running) => kept = state.clone(),
            Ok(status) => return (second, status, state),
        }
    }
    (3600, Status::Running, state)
}

fn main() {
    let (seconds, status, state) = session(|_| Event::Nothing);
    let gains = |state: &BfgsState<f32, 2>| state.x().map(Number::exp);
    let start = Motor.experiment(&vector![0.0, 0.0]);
    println!(
        "after {seconds} s: {status}; gains {:.3} and {:.3}, cost {:.5} instead of {start:.5}",
        gains(&state).x,
        gains(&state).y,
        state.value()
    );
    let (longer, again, disturbed) = session(|second| match second {
        20..60 => Event::Pause,
        97 => Event::PowerLoss,
        _ => Event::Nothing,
    });
    println!(
        "with a pause of 40 s and a loss of power: {longer} s, {again}; gains {:.3} and {:.3}",
        gains(&disturbed).x,
        gains(&disturbed).y
    );
    assert!(matches!(status, Status::Converged(_)), "{status}");
    assert!(state.value() < 0.6 * start);
    assert_eq!((state.x(), state.value(), status), (disturbed.x(), disturbed.value(), again));
    assert!(longer > seconds + 40);
}
