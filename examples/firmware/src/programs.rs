//! The measured quadratic programs, and model-predictive control with them.

use nalgebra::{SMatrix, SVector};
use thalweg::constrained::{DualActiveSet, DualActiveSetState, FactoredProgram, QuadraticProgram};
use thalweg::{Criterion, Method, Real, Status};

use crate::data::Random;
use crate::workload::{Answer, Solution};

/// A program, solved from nothing and again after its gradient grew by a hundredth.
pub struct Program<const N: usize, const M: usize> {
    data: QuadraticProgram<f32, N, M>,
    solver: Solver<N, M>,
}

/// What a device keeps of a program.
struct Solver<const N: usize, const M: usize> {
    program: FactoredProgram<f32, N, M>,
    state: DualActiveSetState<f32, N>,
    steps: u32,
    optimal: bool,
}

/// Ten variables in a box.
pub fn boxed() -> QuadraticProgram<f32, 10, 0> {
    let mut random = Random(777);
    let mut g = [[0.0; 10]; 10];
    for entry in g.iter_mut().flatten() {
        *entry = 2.0 * random.uniform() - 1.0;
    }
    let hessian = SMatrix::from_fn(|i, j| {
        let sum: f64 = g.iter().fold(0.0, |sum, row| sum + row[i] * row[j]);
        f32::of_f64(if i == j { sum + 0.1 } else { sum })
    });
    let gradient = SVector::from_fn(|_, _| f32::of_f64(4.0 * random.uniform() - 2.0));
    let mut data = QuadraticProgram::new(hessian, gradient);
    (data.lower, data.upper) = (SVector::repeat(-0.3), SVector::repeat(0.5));
    data
}

/// A double integrator over thirty ticks.
pub fn horizon() -> QuadraticProgram<f32, 30, 30> {
    let [by_position, _] = gradients::<30>();
    let mut data = regulation();
    data.gradient = by_position.map(|g| f32::of_f64(5.0 * g));
    data
}

/// The value at an arbitrary point: all data used, nothing solved.
pub fn evaluate<const N: usize, const M: usize>(data: &QuadraticProgram<f32, N, M>) -> Solution<N> {
    let x = data.lower.map(|x| x + 0.1);
    let rows = data.row_values(&x).iter().zip(data.row_lower.iter()).fold(0.0, |sum, (a, b)| sum + (a - b));
    Solution { x, cost: data.objective(&x) + rows, iterations: 0 }
}

impl<const N: usize, const M: usize> Program<N, M> {
    pub const fn new(data: QuadraticProgram<f32, N, M>) -> Self {
        Self { data, solver: Solver::new() }
    }

    pub fn set_up(&mut self) {
        let _ = self.solver.program.prepare(&self.data, 0.0);
    }

    pub fn solve(&mut self) {
        self.solver.run(1000);
    }

    /// As a control loop does it: another gradient, the working set kept.
    pub fn solve_again(&mut self) {
        self.data.gradient.iter_mut().for_each(|f| *f *= 1.01);
        self.solver.program.set_gradient(&self.data.gradient);
        self.solver.state.restart();
        self.solver.run(1000);
    }

    /// What was found last; no step counts that did not end at the optimum.
    pub fn solution(&self) -> Solution<N> {
        let Solver { state, steps, optimal, .. } = &self.solver;
        Solution { x: *state.x(), cost: self.data.objective(state.x()), iterations: if *optimal { *steps } else { 0 } }
    }
}

impl<const N: usize, const M: usize> Solver<N, M> {
    const fn new() -> Self {
        let state = DualActiveSetState::new(SMatrix::from_array_storage(nalgebra::ArrayStorage([[0.0; N]])));
        Self { program: FactoredProgram::zero(), state, steps: 0, optimal: false }
    }

    fn run(&mut self, budget: u32) {
        self.optimal = false;
        self.steps = 0;
        while self.steps < budget && !self.optimal {
            let Ok(status) = DualActiveSet::default().step(&mut self.state, &mut self.program);
            self.optimal = status == Status::Converged(Criterion::Optimal);
            self.steps += 1;
        }
    }
}

/// Seconds between ticks.
const TICK: f64 = 0.1;

/// How the speed after tick k depends on the input of tick j.
fn speed(k: usize, j: usize) -> f64 {
    if j <= k { TICK } else { 0.0 }
}

/// As [`speed`], the position.
fn place(k: usize, j: usize) -> f64 {
    if j <= k { TICK * TICK * ((k - j) as f64 + 0.5) } else { 0.0 }
}

/// The program without its gradient: cost `10 p² + v² + 0.1 u²` a tick, inputs within 2, speeds within 1.5 for the first M.
fn regulation<const N: usize, const M: usize>() -> QuadraticProgram<f32, N, M> {
    let hessian = SMatrix::from_fn(|i, j| {
        let sum = (0..N).fold(0.0, |sum, k| sum + 10.0 * place(k, i) * place(k, j) + speed(k, i) * speed(k, j));
        f32::of_f64(if i == j { sum + 0.1 } else { sum })
    });
    let mut data = QuadraticProgram::new(hessian, SVector::zeros());
    (data.lower, data.upper) = (SVector::repeat(-2.0), SVector::repeat(2.0));
    data.rows = SMatrix::from_fn(|k, j| f32::of_f64(speed(k, j)));
    (data.row_lower, data.row_upper) = (SVector::repeat(-1.5), SVector::repeat(1.5));
    data
}

/// The gradients by position and by velocity at the start.
fn gradients<const N: usize>() -> [SVector<f64, N>; 2] {
    let by = |free: fn(usize) -> [f64; 2]| {
        SVector::from_fn(|j, _| {
            (0..N).fold(0.0, |sum, k| {
                let [position, velocity] = free(k);
                sum + 10.0 * place(k, j) * position + speed(k, j) * velocity
            })
        })
    };
    [by(|_| [1.0, 0.0]), by(|k| [TICK * (k + 1) as f64, 1.0])]
}

/// A cart on rails, brought to rest at the origin by its program, solved every tick.
pub struct Regulator<const N: usize, const M: usize> {
    solver: Solver<N, M>,
    by_position: SVector<f32, N>,
    by_velocity: SVector<f32, N>,
    position: f32,
    velocity: f32,
    /// Ticks whose budget ended first.
    pub late: u32,
    pub most_steps: u32,
}

impl<const N: usize, const M: usize> Regulator<N, M> {
    pub const TICKS: usize = 50;
    /// Steps a tick.
    pub const BUDGET: u32 = if M == 0 { 12 } else { 48 };

    pub fn new() -> Option<Self> {
        let [by_position, by_velocity] = gradients::<N>().map(|g| g.map(f32::of_f64));
        let solver = Solver::new();
        let mut regulator =
            Self { solver, by_position, by_velocity, position: 5.0, velocity: 0.0, late: 0, most_steps: 0 };
        regulator.solver.program.prepare(&regulation::<N, M>(), 0.0).ok()?;
        Some(regulator)
    }

    /// Solves for the measured state and applies the first input to the cart.
    pub fn tick(&mut self) {
        let (p, v) = (self.position, self.velocity);
        let Solver { program, state, .. } = &mut self.solver;
        program.set_gradient(&(self.by_position * p + self.by_velocity * v));
        let _ = program.set_row_limits(&SVector::repeat(-1.5 - v), &SVector::repeat(1.5 - v));
        state.restart();
        self.solver.run(Self::BUDGET);
        self.late += u32::from(!self.solver.optimal);
        self.most_steps = self.most_steps.max(self.solver.steps);
        let dt = f32::of_f64(TICK);
        let input = self.solver.state.x()[0].clamp(-2.0, 2.0);
        self.position += dt * (v + 0.5 * dt * input);
        self.velocity += dt * input;
    }

    /// Multiply-adds of a tick at most, known before the first.
    pub const fn work() -> u32 {
        Self::BUDGET * DualActiveSet::work(N, M) as u32
    }
}

impl<const N: usize, const M: usize> Answer for Regulator<N, M> {
    fn words(&self) -> impl Iterator<Item = u32> {
        [self.position.to_bits(), self.velocity.to_bits(), self.late, self.most_steps].into_iter()
    }
}
