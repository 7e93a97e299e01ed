//! Model-predictive control: a cart is brought to rest at the origin, inputs and speeds within limits, by a quadratic program
//! that is solved every tick, warm-started with what held at the tick before.
//!
//! Over a horizon of N ticks the cost `Σ 10 p² + v² + 0.1 u²` of positions, speeds and inputs is a quadratic function of the
//! inputs alone: `H` and `A` never change and are factored once; the state enters the gradient and the limits.

use nalgebra::{SMatrix, SVector};
use thalweg::constrained::{DualActiveSet, DualActiveSetState, QuadraticProgram};
use thalweg::{ConfigError, Criterion, Method, Status};

const N: usize = 20;
const TICK: f64 = 0.1;
const SPEED: f64 = 1.5;
const INPUT: f64 = 2.0;
/// Steps a tick: with [`DualActiveSet::work`], the longest tick is known in advance.
const BUDGET: u32 = 40;

fn main() -> Result<(), ConfigError> {
    let speed = SMatrix::<f64, N, N>::from_fn(|k, j| if j <= k { TICK } else { 0.0 });
    let place = SMatrix::<f64, N, N>::from_fn(|k, j| if j <= k { TICK * TICK * ((k - j) as f64 + 0.5) } else { 0.0 });
    let hessian = place.transpose() * place * 10.0 + speed.transpose() * speed + SMatrix::identity() * 0.1;
    let mut program = QuadraticProgram::<f64, N, N>::new(hessian, SVector::zeros());
    (program.lower, program.upper) = (SVector::repeat(-INPUT), SVector::repeat(INPUT));
    program.rows = speed;

    let mut factored = program.factor(0.0)?;
    let mut state = DualActiveSetState::new(SVector::zeros());
    let (mut p, mut v) = (5.0, 0.0);
    let (mut fastest, mut most_steps): (f64, u32) = (0.0, 0);
    for tick in 0..100 {
        let free = SVector::<f64, N>::from_fn(|k, _| p + v * TICK * (k + 1) as f64);
        factored.set_gradient(&(place.transpose() * free * 10.0 + speed.transpose() * SVector::repeat(v)));
        let (lower, upper) = (SVector::repeat(-SPEED - v), SVector::repeat(SPEED - v));
        factored.set_row_limits(&lower, &upper)?;
        state.restart();

        let (mut steps, mut status) = (0, Status::Running);
        while status == Status::Running && steps < BUDGET {
            let Ok(after) = DualActiveSet::default().step(&mut state, &mut factored);
            (steps, status) = (steps + 1, after);
        }
        assert_eq!(status, Status::Converged(Criterion::Optimal), "tick {tick}");

        let u = state.x()[0];
        (p, v) = (p + TICK * v + 0.5 * TICK * TICK * u, v + TICK * u);
        (fastest, most_steps) = (fastest.max(v.abs()), most_steps.max(steps));
        if tick % 10 == 9 {
            println!(
                "{:4.1} s: position {p:7.4}, speed {v:7.4}, input {u:7.4}, {steps} steps",
                TICK * (tick + 1) as f64
            );
        }
    }
    let work = BUDGET as usize * DualActiveSet::work(N, N);
    println!("at most {BUDGET} steps and {work} multiply-adds a tick; the longest took {most_steps} steps");
    assert!(p.abs() < 1e-3 && v.abs() < 1e-3, "the cart is at {p} with {v}");
    assert!(fastest <= SPEED + 1e-9 && fastest > SPEED - 1e-6, "the limit is used and kept: {fastest}");
    Ok(())
}
