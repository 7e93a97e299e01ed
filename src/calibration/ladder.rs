//! The ladder of models: fit the sphere, then climb while the data determine more.

use nalgebra::{Matrix3, SMatrix, Vector3};

use crate::calibration::model::{Frame, Samples, Theta, centre, matrix};
use crate::calibration::sample::{saturated, spread};
use crate::calibration::{Calibration, Coverage, Rung, Settings, Verdict, corrected, length};
use crate::least_squares::{Accumulation, Analysis, Bounds, LevenbergMarquardt, SquareRoot, StreamedState, Tolerances};
use crate::linalg::{entries, zeros};
use crate::problem::{Counted, Prior, Robust, median};
use crate::real::Real;
use crate::step::{Method, Stall, Status};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stage {
    Start,
    Fit(Rung),
    Done,
}

/// Memory of a fit over samples that the caller holds; the same slice must be passed until the end.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Ladder<T: Real, K = SquareRoot> {
    stage: Stage,
    frame: Frame<T>,
    state: StreamedState<T, 9, K>,
    /// The richest model that held so far, or the reason why none did.
    result: Option<Calibration<T>>,
    iterations: u32,
    evaluations: u64,
}

impl<T: Real, K> Ladder<T, K> {
    /// At the foot of the ladder.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stage: Stage::Start,
            frame: Frame { centre: [T::ZERO; 3], length: T::ONE },
            state: StreamedState::from_point(zeros()),
            result: None,
            iterations: 0,
            evaluations: 0,
        }
    }

    /// The result, once the top is reached.
    #[must_use]
    pub const fn result(&self) -> Option<&Calibration<T>> {
        match self.stage {
            Stage::Done => self.result.as_ref(),
            _ => None,
        }
    }
}

impl<T: Real, K> Default for Ladder<T, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real, K: Accumulation> Ladder<T, K> {
    /// A bounded piece of work: a step of the fit of one model, at the end of one a pass over the samples, and at the start
    /// up to 320 short ones that find medians. The result when there is nothing left to do.
    pub fn step(&mut self, settings: &Settings<T>, samples: &[[T; 3]]) -> Option<&Calibration<T>> {
        match self.stage {
            Stage::Start => self.start(settings, samples),
            Stage::Fit(rung) => self.fit(settings, samples, rung),
            Stage::Done => {}
        }
        self.result()
    }

    /// All steps at once.
    pub fn run(&mut self, settings: &Settings<T>, samples: &[[T; 3]]) -> &Calibration<T> {
        while self.stage != Stage::Done {
            self.step(settings, samples);
        }
        self.result.get_or_insert_with(|| nothing(Verdict::TooFewSamples))
    }

    fn start(&mut self, settings: &Settings<T>, samples: &[[T; 3]]) {
        if let Some(verdict) = self.unfit(settings, samples) {
            self.result = Some(Calibration { used: samples.len(), ..nothing(verdict) });
            self.stage = Stage::Done;
        } else {
            self.open(settings, Rung::Sphere, sphere());
        }
    }

    /// Chooses the frame; the reason if the samples cannot be fitted at all.
    fn unfit(&mut self, settings: &Settings<T>, samples: &[[T; 3]]) -> Option<Verdict> {
        if let Err(error) = settings.validate() {
            return Some(Verdict::Config(error));
        }
        if samples.len() <= parameters(settings.model.unwrap_or(Rung::Sphere)) {
            return Some(Verdict::TooFewSamples);
        }
        if !samples.iter().flatten().all(|m| m.is_finite()) {
            return Some(Verdict::NonFinite);
        }
        let middle = |axis: usize| median(|| samples.iter().filter_map(move |m| m.get(axis).copied()));
        let centre = [middle(0), middle(1), middle(2)];
        let [c0, c1, c2] = centre;
        let radius = median(|| samples.iter().map(move |m| length([m[0] - c0, m[1] - c1, m[2] - c2])));
        // More than half the readings may be one: a sensor at rest for most of the log.
        let radius =
            if radius > T::of_f64(64.0) * T::EPSILON * length(centre) { radius } else { spread(samples, centre) };
        if !radius.is_finite() {
            return Some(Verdict::NonFinite);
        }
        if !(radius > T::of_f64(64.0) * T::EPSILON * length(centre) && radius * radius > T::TINY / T::EPSILON) {
            return Some(Verdict::NoVariation);
        }
        self.frame = Frame { centre, length: radius };
        saturated(samples, radius).then_some(Verdict::Saturated)
    }

    fn open(&mut self, settings: &Settings<T>, rung: Rung, theta: Theta<T>) {
        // The prior pulls towards U = I in the units of the samples; a fit under it starts there.
        let theta = if settings.prior > T::ZERO && rung == Rung::Sphere {
            theta * (self.frame.length / self.unit(settings))
        } else {
            theta
        };
        self.state = StreamedState::from_point(theta);
        self.stage = Stage::Fit(rung);
    }

    /// The length that `U = I` refers to.
    fn unit(&self, settings: &Settings<T>) -> T {
        settings.field.unwrap_or(self.frame.length)
    }

    fn fit(&mut self, settings: &Settings<T>, samples: &[[T; 3]], rung: Rung) {
        let data = Samples { samples, frame: self.frame };
        let Ok(loss) = Robust::new(Counted::new(data), settings.loss, settings.loss_scale) else {
            return self.close(nothing(Verdict::NotConverged));
        };
        let prior = if settings.prior > T::ZERO {
            let (mean, information) = self.prior(settings, samples.len());
            Prior::new(loss, mean, &information)
        } else {
            Prior::independent(loss, zeros(), &zeros())
        };
        let Ok(mut problem) = prior else {
            return self.close(nothing(Verdict::NotConverged));
        };
        // A tick costs more than what is left of a standard error.
        let tolerances = Tolerances { decrease: T::of_f64(4.0) * T::EPSILON, ..Tolerances::default() };
        let method = LevenbergMarquardt { tolerances, ..LevenbergMarquardt::default() }.within(free(rung));
        let before = self.state.iterations();
        let Ok(status) = method.step(&mut self.state, &mut problem);
        self.evaluations += problem.inner.inner().rows;
        self.iterations += self.state.iterations() - before;
        if status != Status::Running || self.state.iterations() >= settings.budget {
            self.climb(settings, samples, rung, status);
        }
    }

    /// The prior `½ Σ w n (κ u - δ)²` over the entries `u` of `U`, `κ` samples' units per frame unit, on θ.
    fn prior(&self, settings: &Settings<T>, samples: usize) -> (Theta<T>, SMatrix<T, 9, 9>) {
        let kappa = self.unit(settings) / self.frame.length;
        let weight = settings.prior * T::of_usize(samples) * kappa * kappa;
        let mut mean: Theta<T> = zeros();
        let mut information: SMatrix<T, 9, 9> = zeros();
        if let Some(s) = mean.get_mut(0) {
            *s = T::ONE / kappa;
        }
        // (s - 1/κ)² + (s + e₁ - 1/κ)² + (s + e₂ - 1/κ)² + u₀₁² + u₀₂² + u₁₂²
        for (i, j, count) in
            [(0, 0, 3.0), (1, 0, 1.0), (2, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0), (3, 3, 1.0), (4, 4, 1.0), (5, 5, 1.0)]
        {
            if let Some(entry) = information.get_mut((i, j)) {
                *entry = weight * T::of_f64(count);
            }
        }
        (mean, information)
    }

    /// After the fit of a model: keep it if it holds, and go on to a richer one or end.
    fn climb(&mut self, settings: &Settings<T>, samples: &[[T; 3]], rung: Rung, status: Status) {
        let found = self.describe(settings, samples, rung, status);
        let holds = found.verdict == Verdict::Accepted;
        let theta = *self.state.x();
        match settings.model {
            Some(model) if rung < model => {
                // The sphere is only a start here; where it ran away, the frame is a better one.
                let start = if matches!(status, Status::Converged(_)) { theta } else { sphere() };
                self.open(settings, model, start);
            }
            Some(_) => self.close(found),
            None => {
                let next = match rung {
                    Rung::Sphere => Some(Rung::Axes),
                    Rung::Axes => Some(Rung::Ellipsoid),
                    Rung::Ellipsoid => None,
                };
                let kept = self.result.as_ref().is_some_and(|kept| kept.verdict == Verdict::Accepted);
                // A poor model that leaves large residuals, or has not seen enough, is no reason to stop.
                let reached =
                    holds || matches!(found.verdict, Verdict::PoorFit | Verdict::Imprecise | Verdict::PoorCoverage);
                if holds || !kept {
                    self.result = Some(found);
                }
                match next {
                    Some(next) if reached && samples.len() > parameters(next) => self.open(settings, next, theta),
                    _ => self.stage = Stage::Done,
                }
                if let Some(result) = &mut self.result {
                    result.iterations = self.iterations;
                    result.evaluations = self.evaluations;
                }
            }
        }
    }

    fn close(&mut self, found: Calibration<T>) {
        self.result = Some(found);
        self.stage = Stage::Done;
    }

    /// The current fit in the units of the samples, with its verdict.
    fn describe(&self, settings: &Settings<T>, samples: &[[T; 3]], rung: Rung, status: Status) -> Calibration<T> {
        let theta = *self.state.x();
        let analysis = self.state.analyse(&free(rung));
        let mut shape = matrix(&theta);
        let [[u00, ..], [_, u11, _], [.., u22]] = shape.data.0;
        let volume = (u00 * u11 * u22).abs();
        let radius = self.frame.length;
        let field = settings.field.unwrap_or(radius / volume.powf(T::of_f64(1.0 / 3.0)));
        let unit = field / radius;
        for column in &mut shape.data.0 {
            for (u, diagonal) in column.iter_mut().zip([u00, u11, u22]) {
                *u *= unit.copysign(unit * diagonal);
            }
        }
        let [c0, c1, c2] = self.frame.centre;
        let offset = centre(&theta) * radius + Vector3::new(c0, c1, c2);
        let (offset_errors, matrix_errors) = errors(&analysis, radius, unit);

        let (mut before, mut cost) = (T::ZERO, T::ZERO);
        let mut coverage = Coverage::new();
        for m in samples {
            let after = corrected(&shape, &offset, m);
            before += (length(*m) / field - T::ONE).squared();
            cost += (length(after) / field - T::ONE).squared();
            coverage.add(after);
        }
        let finite = |values: &[T]| values.iter().all(|value| value.is_finite());
        let errors = [offset_errors.as_slice(), matrix_errors.as_slice()];
        if !(finite(shape.as_slice())
            && finite(&[field, before, cost])
            && finite(offset.as_slice())
            && errors.into_iter().all(finite))
        {
            let (iterations, evaluations) = (self.iterations, self.evaluations);
            return Calibration {
                model: rung,
                status,
                used: samples.len(),
                iterations,
                evaluations,
                ..nothing(Verdict::NonFinite)
            };
        }
        let count = T::of_usize(samples.len());
        let mut found = Calibration {
            verdict: Verdict::Accepted,
            model: rung,
            status,
            offset,
            matrix: shape,
            field,
            rms_before: (before / count).sqrt(),
            rms_after: (cost / count).sqrt(),
            cost,
            offset_errors,
            matrix_errors,
            coverage,
            used: samples.len(),
            rank: analysis.rank(),
            weakest: analysis.weakest().map_or_else(zeros, |weakest| direction(centre(&weakest))),
            excitation: *entries(&analysis.excitation()),
            iterations: self.iterations,
            evaluations: self.evaluations,
        };
        found.verdict = judge(settings, &found, &analysis);
        found
    }
}

/// The verdict on a fit.
fn judge<T: Real>(settings: &Settings<T>, found: &Calibration<T>, analysis: &Analysis<T, 9>) -> Verdict {
    // A poorer model assumes what a richer one measures, so it must have seen more.
    let share = match found.model {
        Rung::Sphere => T::of_f64(1.5),
        Rung::Axes => T::of_f64(1.25),
        Rung::Ellipsoid => T::ONE,
    };
    // The field may be given in other units than the samples: U then carries the ratio.
    let unit = found.unit();
    let imprecise = |errors: &[T], size: T| !errors.iter().all(|error| *error <= settings.precision * size);
    if found.status == Status::Running {
        Verdict::NotConverged
    } else if analysis.rank() < analysis.free() {
        Verdict::Undetermined
    } else if !matches!(found.status, Status::Converged(_)) {
        Verdict::NotConverged
    } else if settings.prior == T::ZERO && found.coverage.fraction::<T>() < (settings.coverage * share).min(T::ONE) {
        Verdict::PoorCoverage
    } else if !(found.rms_after <= settings.residual) {
        Verdict::PoorFit
    } else if imprecise(found.offset_errors.as_slice(), found.field / unit)
        || imprecise(found.matrix_errors.as_slice(), unit)
    {
        Verdict::Imprecise
    } else {
        Verdict::Accepted
    }
}

/// Standard errors of offset and matrix from those of θ: `b = radius · θ₆..₈`, `U = unit · (θ₀ …)`.
fn errors<T: Real>(analysis: &Analysis<T, 9>, radius: T, unit: T) -> (Vector3<T>, Matrix3<T>) {
    let covariance = analysis.covariance(analysis.residual_variance());
    let at = |i: usize, j: usize| covariance.get((i, j)).copied().unwrap_or(T::ZERO);
    let error = |i: usize| at(i, i).max(T::ZERO).sqrt();
    // var(s + e) = var s + var e + 2 cov(s, e)
    let sum = |e: usize| (at(0, 0) + at(e, e) + T::TWO * at(0, e)).max(T::ZERO).sqrt();
    let offset = Vector3::new(error(6), error(7), error(8)) * radius;
    let zero = T::ZERO;
    let matrix = Matrix3::new(error(0), error(3), error(4), zero, sum(1), error(5), zero, zero, sum(2)) * unit;
    (offset, matrix)
}

/// The direction of a vector, zero for zero.
fn direction<T: Real>(v: Vector3<T>) -> Vector3<T> {
    let [entries] = v.data.0;
    let size = length(entries);
    if size > T::ZERO { v / size } else { v }
}

/// The unit sphere at the origin of the frame.
fn sphere<T: Real>() -> Theta<T> {
    let mut theta: Theta<T> = zeros();
    if let Some(s) = theta.get_mut(0) {
        *s = T::ONE;
    }
    theta
}

/// The parameters that a model leaves free; the others are fixed at zero.
fn free<T: Real>(rung: Rung) -> Bounds<T, 9> {
    let fixed = match rung {
        Rung::Sphere => 1..6,
        Rung::Axes => 3..6,
        Rung::Ellipsoid => 0..0,
    };
    fixed.fold(Bounds::none(), |bounds, j| bounds.fix(j, T::ZERO))
}

const fn parameters(rung: Rung) -> usize {
    match rung {
        Rung::Sphere => 4,
        Rung::Axes => 6,
        Rung::Ellipsoid => 9,
    }
}

/// A result for samples that were not fitted: the identity, with the reason.
fn nothing<T: Real>(verdict: Verdict) -> Calibration<T> {
    let one = T::ONE;
    let zero = T::ZERO;
    Calibration {
        verdict,
        model: Rung::Sphere,
        status: Status::Stalled(Stall::NoData),
        offset: zeros(),
        matrix: Matrix3::new(one, zero, zero, zero, one, zero, zero, zero, one),
        field: one,
        rms_before: zero,
        rms_after: zero,
        cost: zero,
        offset_errors: zeros(),
        matrix_errors: zeros(),
        coverage: Coverage::new(),
        used: 0,
        rank: 0,
        weakest: zeros(),
        excitation: [T::ZERO; 9],
        iterations: 0,
        evaluations: 0,
    }
}
