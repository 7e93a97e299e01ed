//! Any sequence of answers, failures and NaNs, on any data: the laws of `Method` hold.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nalgebra::SVector;
use thalweg::least_squares::{Bounds, LevenbergMarquardt, StreamedState};
use thalweg::problem::{Loss, Objective, Prior, Problem, Robust, Rows, Smooth};
use thalweg::smooth::{GradientDescent, GradientDescentState};
use thalweg::{Method, Real, Status};

/// What the oracle does when it is asked.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Mood {
    Answer,
    Fail,
    Nan,
}

#[derive(Arbitrary, Debug)]
struct Input {
    subject: u8,
    loss: u8,
    scale: f32,
    start: [f32; 2],
    corners: [[f32; 2]; 2],
    samples: Vec<[f32; 2]>,
    moods: Vec<Mood>,
}

/// `x0 exp(x1 t) - y`, in a mood that changes from call to call.
struct Moody<'a> {
    samples: &'a [[f32; 2]],
    moods: core::slice::Iter<'a, Mood>,
    calls: u32,
}

struct Failed;

impl Moody<'_> {
    fn mood(&mut self) -> Result<bool, Failed> {
        self.calls += 1;
        match self.moods.next() {
            Some(Mood::Fail) => Err(Failed),
            mood => Ok(mood == Some(&Mood::Nan)),
        }
    }

    fn evaluate<T: Real>(&self, i: usize, x: &SVector<T, 2>, g: &mut SVector<T, 2>) -> T {
        let [t, y] = self.samples[i].map(|v| T::of_f64(f64::from(v)));
        let growth = (x[1] * t).exp();
        *g = SVector::from([growth, x[0] * growth * t]);
        x[0] * growth - y
    }
}

impl Problem for Moody<'_> {
    type Error = Failed;
}

impl<T: Real> Rows<T, 2> for Moody<'_> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn row(&mut self, i: usize, x: &SVector<T, 2>, g: &mut SVector<T, 2>) -> Result<T, Failed> {
        let nan = self.mood()?;
        let residual = self.evaluate(i, x, g);
        Ok(if nan { T::NAN } else { residual })
    }
}

impl<T: Real> Objective<T, 2> for Moody<'_> {
    fn value(&mut self, x: &SVector<T, 2>) -> Result<T, Failed> {
        self.gradient(x, &mut SVector::zeros())
    }
}

impl<T: Real> Smooth<T, 2> for Moody<'_> {
    fn gradient(&mut self, x: &SVector<T, 2>, g: &mut SVector<T, 2>) -> Result<T, Failed> {
        let nan = self.mood()?;
        let mut value = T::ZERO;
        *g = SVector::zeros();
        for i in 0..self.samples.len() {
            let mut row = SVector::zeros();
            let residual = self.evaluate(i, x, &mut row);
            *g += row * residual;
            value += residual * residual * T::HALF;
        }
        Ok(if nan { T::NAN } else { value })
    }
}

/// Steps through all moods and on; `read` gives the best point and its value.
fn drive<T: Real, S: Clone, P: Problem>(
    method: &impl Method<P, S>,
    mut state: S,
    problem: &mut P,
    steps: usize,
    calls: impl Fn(&P) -> u32,
    read: impl Fn(&S) -> (SVector<T, 2>, T),
) {
    let start_is_finite = read(&state).0.iter().all(|x| x.is_finite());
    for _ in 0..steps {
        let ((x, value), before) = (read(&state), calls(problem));
        let result = method.step(&mut state, problem);
        let (next, lower) = read(&state);
        assert!(calls(problem) - before <= 1, "more than one call");
        assert!(lower <= value, "worse, or not a number");
        match result {
            Err(_) => assert!(lower == value && (next == x || !start_is_finite), "a failure moved the point"),
            Ok(Status::Running) => assert!(!start_is_finite || next.iter().all(|x| x.is_finite())),
            Ok(end) => {
                let calls_at_end = calls(problem);
                assert!(method.step(&mut state, problem).is_ok_and(|again| again == end), "the end is not the end");
                assert_eq!(calls(problem), calls_at_end, "a call after the end");
                return;
            }
        }
    }
}

fn run<T: Real>(input: &Input) {
    let samples = input.samples.get(..8).unwrap_or(&input.samples);
    let mut problem = Moody { samples, moods: input.moods.iter(), calls: 0 };
    let steps = input.moods.len() + 200;
    let narrow = |x: [f32; 2]| SVector::from(x.map(|x| T::of_f64(f64::from(x))));
    let start = narrow(input.start);
    let method = LevenbergMarquardt::default();
    let streamed = |state: &StreamedState<T, 2>| (*state.x(), state.cost());
    let bounds = Bounds::new(narrow(input.corners[0]), narrow(input.corners[1]));
    let loss = [Loss::Squared, Loss::Huber, Loss::SoftL1, Loss::Cauchy, Loss::Tukey, Loss::GemanMcClure]
        [usize::from(input.loss % 6)];
    match input.subject % 5 {
        0 => drive(
            &GradientDescent::<T>::default(),
            GradientDescentState::new(start),
            &mut problem,
            steps,
            |p| p.calls,
            |state: &GradientDescentState<T, 2>| (*state.x(), state.value()),
        ),
        1 => drive(&method, StreamedState::new(start), &mut problem, steps, |p| p.calls, streamed),
        2 => drive(
            &method,
            StreamedState::normal(start),
            &mut problem,
            steps,
            |p| p.calls,
            |state| (*state.x(), state.cost()),
        ),
        3 => {
            drive(&method.within(bounds), StreamedState::new(start), &mut problem, steps, |p| p.calls, streamed);
        }
        _ => {
            let Ok(mut robust) = Robust::new(problem, loss, T::of_f64(f64::from(input.scale))) else { return };
            let (mean, information) = (bounds.lower, bounds.upper.map(|x| x.abs()));
            let Ok(mut prior) = Prior::independent(&mut robust, mean, &information) else { return };
            drive(&method, StreamedState::new(start), &mut prior, steps, |p| p.inner.inner().calls, streamed);
        }
    }
}

fuzz_target!(|input: Input| {
    run::<f32>(&input);
    run::<f64>(&input);
});
