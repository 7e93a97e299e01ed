//! Any sequence of answers, failures and NaNs, on any data: the laws of `Method` hold.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nalgebra::{SMatrix, SVector};
use thalweg::least_squares::{
    Affine, Bounds, DenseState, Dogleg, Domain, GaussNewton, LevenbergMarquardt, Normal, Product, SeparableState,
    SquareRoot, StreamedState, UnitVector,
};
use thalweg::problem::{LeastSquares, Loss, Objective, Prior, Problem, Robust, Rows, Separable, Smooth, Tangent};
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
    /// The largest derivative so far.
    steepest: f64,
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

    fn note<T: Real, const N: usize>(&mut self, g: &SVector<T, N>) {
        self.steepest = g.iter().fold(self.steepest, |most, g| most.max(g.to_f64().abs()));
    }

    /// Calls, and a bound of all derivatives.
    fn seen(&self) -> (u32, f64) {
        (self.calls, self.steepest)
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
        self.note(g);
        Ok(if nan { T::NAN } else { residual })
    }
}

/// `x₀ + x₁ t + x₂ y - 1`.
impl<T: Real> Rows<T, 3> for Moody<'_> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn row(&mut self, i: usize, x: &SVector<T, 3>, g: &mut SVector<T, 3>) -> Result<T, Failed> {
        let nan = self.mood()?;
        let [t, y] = self.samples[i].map(|v| T::of_f64(f64::from(v)));
        *g = SVector::from([T::ONE, t, y]);
        self.note(g);
        Ok(if nan { T::NAN } else { x[0] + x[1] * t + x[2] * y - T::ONE })
    }
}

impl<T: Real> LeastSquares<T, 8, 2> for Moody<'_> {
    fn residuals(&mut self, x: &SVector<T, 2>, r: &mut SVector<T, 8>) -> Result<(), Failed> {
        LeastSquares::linearize(self, x, r, &mut SMatrix::zeros())
    }

    fn linearize(&mut self, x: &SVector<T, 2>, r: &mut SVector<T, 8>, j: &mut SMatrix<T, 8, 2>) -> Result<(), Failed> {
        let nan = self.mood()?;
        (*r, *j) = (SVector::zeros(), SMatrix::zeros());
        for i in 0..self.samples.len() {
            let mut g = SVector::zeros();
            r[i] = if nan { T::NAN } else { self.evaluate(i, x, &mut g) };
            self.note(&g);
            j.set_row(i, &g.transpose());
        }
        Ok(())
    }
}

impl<T: Real> Separable<T, 1, 1> for Moody<'_> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn basis(&mut self, i: usize, x: &SVector<T, 1>, phi: &mut SVector<T, 1>) -> Result<T, Failed> {
        Separable::linearize(self, i, x, phi, &mut SMatrix::zeros())
    }

    fn linearize(
        &mut self,
        i: usize,
        x: &SVector<T, 1>,
        phi: &mut SVector<T, 1>,
        slopes: &mut SMatrix<T, 1, 1>,
    ) -> Result<T, Failed> {
        let nan = self.mood()?;
        let mut g = SVector::zeros();
        let residual = self.evaluate(i, &SVector::from([T::ONE, x[0]]), &mut g);
        (phi[0], slopes[(0, 0)]) = (g[0], g[1]);
        Ok(if nan { T::NAN } else { g[0] - residual })
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
            self.note(&row);
            *g += row * residual;
            value += residual * residual * T::HALF;
        }
        Ok(if nan { T::NAN } else { value })
    }
}

/// What rounding may hide from the value of eight samples, where slopes judge.
fn haze<T: Real, const N: usize>(x: &SVector<T, N>, value: T, steepest: f64) -> f64 {
    let (size, value) = (x.iter().fold(0.0, |sum, x| sum + x.to_f64().powi(2)).sqrt(), value.to_f64());
    let scaled = steepest.max(1.0) * size * (16.0 * N as f64).sqrt();
    2.0 * T::EPSILON.to_f64() * (32.0 * value + scaled * (2.0 * value).sqrt())
}

/// Steps through all moods and on; `seen` gives calls and a bound of the derivatives, `read` the best point and its value.
fn drive<T: Real, S: Clone, P: Problem, const N: usize>(
    method: &impl Method<P, S>,
    mut state: S,
    problem: &mut P,
    steps: usize,
    seen: impl Fn(&P) -> (u32, f64),
    read: impl Fn(&S) -> (SVector<T, N>, T),
) {
    let start_is_finite = read(&state).0.iter().all(|x| x.is_finite());
    for _ in 0..steps {
        let ((x, value), (before, _)) = (read(&state), seen(problem));
        let result = method.step(&mut state, problem);
        let (next, lower) = read(&state);
        let (calls, steepest) = seen(problem);
        assert!(calls - before <= 1, "more than one call");
        let allowed = haze(&next, value, steepest);
        assert!(lower <= value || !((lower - value).to_f64() > allowed), "worse: {lower:e} after {value:e}");
        assert!(!(lower != lower), "not a number");
        match result {
            Err(_) => assert!(lower == value && (next == x || !start_is_finite), "a failure moved the point"),
            Ok(Status::Running) => assert!(!start_is_finite || next.iter().all(|x| x.is_finite())),
            Ok(end) => {
                assert!(method.step(&mut state, problem).is_ok_and(|again| again == end), "the end is not the end");
                assert_eq!(seen(problem).0, calls, "a call after the end");
                return;
            }
        }
    }
}

fn run<T: Real>(input: &Input) {
    let samples = input.samples.get(..8).unwrap_or(&input.samples);
    let mut problem = Moody { samples, moods: input.moods.iter(), calls: 0, steepest: 0.0 };
    let steps = input.moods.len() + 200;
    let narrow = |x: [f32; 2]| SVector::from(x.map(|x| T::of_f64(f64::from(x))));
    let start = narrow(input.start);
    let method = LevenbergMarquardt::default();
    let streamed = |state: &StreamedState<T, 2>| (*state.x(), state.cost());
    let dense = |state: &DenseState<T, 8, 2>| (*state.x(), state.cost());
    let bounds = Bounds::new(narrow(input.corners[0]), narrow(input.corners[1]));
    let loss = [
        Loss::Squared,
        Loss::Huber,
        Loss::SoftL1,
        Loss::Cauchy,
        Loss::Tukey,
        Loss::GemanMcClure,
        Loss::TruncatedSquares,
    ][usize::from(input.loss % 7)];
    match input.subject % 12 {
        0 => drive(
            &GradientDescent::<T>::default(),
            GradientDescentState::new(start),
            &mut problem,
            steps,
            Moody::seen,
            |state: &GradientDescentState<T, 2>| (*state.x(), state.value()),
        ),
        1 => drive(&method, StreamedState::new(start), &mut problem, steps, Moody::seen, streamed),
        2 => drive(
            &method,
            StreamedState::normal(start),
            &mut problem,
            steps,
            Moody::seen,
            |state: &StreamedState<T, 2, Normal>| (*state.x(), state.cost()),
        ),
        3 => {
            drive(&method.within(bounds), StreamedState::new(start), &mut problem, steps, Moody::seen, streamed);
        }
        4 => {
            let Ok(mut robust) = Robust::new(problem, loss, T::of_f64(f64::from(input.scale))) else { return };
            let (mean, information) = (bounds.lower, bounds.upper.map(|x| x.abs()));
            let Ok(mut prior) = Prior::independent(&mut robust, mean, &information) else { return };
            let stiff = information.iter().fold(0.0, |most: f64, w| most.max(w.to_f64().sqrt()));
            let seen = |p: &Prior<&mut Robust<Moody<'_>, T>, T, 2>| {
                let (calls, steepest) = p.inner.inner().seen();
                (calls, steepest.max(stiff))
            };
            drive(&method, StreamedState::new(start), &mut prior, steps, seen, streamed);
        }
        5 => drive(&method, DenseState::from_point(start), &mut problem, steps, Moody::seen, dense),
        6 => drive(&GaussNewton::default(), DenseState::from_point(start), &mut problem, steps, Moody::seen, dense),
        7 => drive(&Dogleg::default(), DenseState::from_point(start), &mut problem, steps, Moody::seen, dense),
        8 => {
            let newton = GaussNewton::default().within(bounds);
            drive(&newton, StreamedState::new(start), &mut problem, steps, Moody::seen, streamed);
        }
        9 => drive(
            &method,
            SeparableState::<T, 1, 1, 2>::new(SVector::from([start[0]])),
            &mut problem,
            // Derivatives by x are in proportion to the coefficient.
            steps,
            |p| (p.calls, f64::INFINITY),
            |state| (*state.x(), state.cost()),
        ),
        10 => domains::<T, _, 2>(input, problem, steps, UnitVector),
        _ => {
            let [[a, b], [c, d]] = input.corners.map(|corner| corner.map(|x| T::of_f64(f64::from(x))));
            let side = Bounds::new(SVector::from([a]), SVector::from([c]));
            match Affine::<T, 1, 2, 3>::new(&SMatrix::from_row_slice(&[a, b, c]), &SVector::from([d])) {
                Ok(plane) if input.loss.is_multiple_of(2) => domains::<T, _, 2>(input, problem, steps, plane),
                _ => domains::<T, _, 3>(input, problem, steps, Product::<_, 1, 1, _, 2, 2>(side, bounds)),
            }
        }
    }
}

fn domains<T: Real, D: Domain<T, N, 3>, const N: usize>(input: &Input, problem: Moody<'_>, steps: usize, domain: D) {
    let start = [input.start[0], input.start[1], input.scale].map(|x| T::of_f64(f64::from(x)));
    let state = StreamedState::<T, N, SquareRoot, 3>::new(SVector::from(start));
    drive(
        &LevenbergMarquardt::default().within(domain),
        state,
        &mut Tangent::new(problem, domain),
        steps,
        |_| (0, f64::INFINITY),
        |state| (*state.x(), state.cost()),
    );
}

fuzz_target!(|input: Input| {
    run::<f32>(&input);
    run::<f64>(&input);
});
