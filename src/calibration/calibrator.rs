//! Calibration from a stream: which samples to keep, when to fit, in bounded memory and bounded time a tick.

use heapless::Vec;

use crate::calibration::model::Frame;
use crate::calibration::{Calibration, Coverage, Ladder, Settings, Verdict, length};
use crate::least_squares::{Accumulation, SquareRoot};
use crate::problem::{Loss, median};
use crate::real::Real;

/// What became of a pushed sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Push {
    /// Kept.
    Kept,
    /// Kept in the place of a sample from a crowded direction.
    Replaced,
    /// Too close to a kept sample to add information.
    Duplicate,
    /// The memory is full and its direction is not underrepresented.
    Full,
    /// Infinite, NaN, or at the limit of the sensor.
    Unusable,
    /// Far from the accepted ellipsoid. A sensor whose surroundings have changed calls for [`Calibrator::reset`].
    Outlier,
    /// A fit is running; push again after its last tick.
    Busy,
}

/// Keeps at most `CAPACITY` informative samples and calibrates on them, a bounded piece of work a tick.
///
/// ```
/// use thalweg::calibration::{Calibrator, Settings, Verdict};
/// let mut calibrator = Calibrator::<f32, 200>::new(Settings::default());
/// for k in 0..2000 { // a tumbling sensor with an offset of (10, -5, 3)
///     let (height, angle) = (k as f32 / 1000.0 - 0.999, k as f32 * 2.4);
///     let circle = (1.0 - height * height).sqrt();
///     calibrator.push([10.0 + 50.0 * circle * angle.cos(), -5.0 + 50.0 * circle * angle.sin(), 3.0 + 50.0 * height]);
/// }
/// calibrator.request();
/// while calibrator.tick() {}
/// let result = calibrator.result().unwrap();
/// assert!(result.verdict == Verdict::Accepted && (result.offset.x - 10.0).abs() < 0.01);
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Calibrator<T: Real, const CAPACITY: usize, K = SquareRoot> {
    settings: Settings<T>,
    samples: Vec<[T; 3], CAPACITY>,
    ladder: Option<Ladder<T, K>>,
    /// Whether this round looks for outliers.
    searching: bool,
    result: Option<Calibration<T>>,
    /// Centre and radius of what is kept, as of the last time they were measured.
    reference: Frame<T>,
    pushed: u64,
    dropped: u32,
    /// Samples replaced while the memory was full.
    replaced: u32,
    /// The kept sample that the next one competes with.
    cursor: usize,
}

impl<T: Real, const CAPACITY: usize, K: Accumulation> Calibrator<T, CAPACITY, K> {
    /// An empty memory.
    #[must_use]
    pub const fn new(settings: Settings<T>) -> Self {
        let reference = Frame { centre: [T::ZERO; 3], length: T::ZERO };
        Self {
            settings,
            samples: Vec::new(),
            ladder: None,
            searching: false,
            result: None,
            reference,
            pushed: 0,
            dropped: 0,
            replaced: 0,
            cursor: 0,
        }
    }

    /// Offers a sample. Work: a few passes over the kept samples; for every eighth that is kept or replaced, up to 320
    /// short ones that measure the radius anew, and a comparison of all pairs.
    pub fn push(&mut self, sample: [T; 3]) -> Push {
        if self.ladder.is_some() {
            return Push::Busy;
        }
        self.pushed = self.pushed.saturating_add(1);
        if !sample.iter().all(|m| m.is_finite() && m.abs() < self.settings.limit) {
            return Push::Unusable;
        }
        if self.is_outlier(&sample) {
            return Push::Outlier;
        }
        let apart = self.settings.separation * self.reference.length;
        let nearest = self.samples.iter().map(|m| distance(m, &sample)).fold(T::INFINITY, T::min);
        if nearest == T::ZERO || nearest < apart {
            return Push::Duplicate;
        }
        if self.samples.push(sample).is_ok() {
            if self.samples.len().is_multiple_of(8) {
                // What was apart by the measure of a sensor that hardly moved may be one place now.
                self.reference = self.measure();
                self.thin();
            }
            return Push::Kept;
        }
        if self.compete(sample, nearest) { Push::Replaced } else { self.replace(sample) }
    }

    /// Asks for a fit of the samples kept so far, from the next tick on. With [`Loss::Squared`] a first round under a robust
    /// loss finds the outliers.
    pub fn request(&mut self) {
        if self.ladder.is_none() {
            self.ladder = Some(Ladder::new());
            self.searching = self.settings.loss == Loss::Squared;
        }
    }

    /// A bounded piece of work of a requested fit: one block of samples; at the end of a model a pass over the memory, at
    /// the start and the end of a round up to 400 short ones that find medians. Whether there is more to do.
    pub fn tick(&mut self) -> bool {
        let Some(ladder) = &mut self.ladder else { return false };
        let loss = if self.searching { Loss::Cauchy } else { self.settings.loss };
        let Some(result) = ladder.step(&Settings { loss, ..self.settings }, &self.samples) else { return true };
        let result = *result;
        let again = self.drop_outliers(&result) || self.searching;
        self.searching = false;
        self.ladder = again.then(Ladder::new);
        if !again {
            self.result = Some(result);
            self.reference = self.measure();
        }
        again
    }

    /// The last finished calibration.
    #[must_use]
    pub const fn result(&self) -> Option<&Calibration<T>> {
        self.result.as_ref()
    }

    /// The verdict of the last finished calibration; too few samples before the first one.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.result.map_or(Verdict::TooFewSamples, |result| result.verdict)
    }

    /// The samples kept.
    #[must_use]
    pub fn samples(&self) -> &[[T; 3]] {
        &self.samples
    }

    /// The number of samples offered while no fit was running.
    #[must_use]
    pub const fn pushed(&self) -> u64 {
        self.pushed
    }

    /// The number of kept samples dropped as outliers after a fit.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The directions of the kept samples, as seen from the best estimate of the offset.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::new();
        for m in &self.samples {
            coverage.add(relative(m, &self.reference));
        }
        coverage
    }

    /// Forgets samples and result.
    pub fn reset(&mut self) {
        *self = Self::new(self.settings);
    }

    fn accepted(&self) -> Option<&Calibration<T>> {
        self.result.as_ref().filter(|result| result.verdict == Verdict::Accepted)
    }

    /// Centre and radius of the samples: the accepted calibration's, else those of the median sample.
    fn measure(&self) -> Frame<T> {
        if let Some(result) = self.accepted() {
            let [centre] = result.offset.data.0;
            return Frame { centre, length: result.field / result.unit() };
        }
        let middle = |axis: usize| median(|| self.samples.iter().filter_map(move |m| m.get(axis).copied()));
        let centre = [middle(0), middle(1), middle(2)];
        Frame { centre, length: median(|| self.samples.iter().map(|m| distance(m, &centre))) }
    }

    fn is_outlier(&self, sample: &[T; 3]) -> bool {
        self.accepted().is_some_and(|result| {
            let residual = length(result.apply(*sample)) / result.field - T::ONE;
            residual.abs() > self.settings.outlier * result.rms_after.max(self.settings.precision)
        })
    }

    /// Keeps only samples that lie apart from all earlier ones.
    fn thin(&mut self) {
        let apart = self.settings.separation * self.reference.length;
        let mut kept = 0;
        for i in 0..self.samples.len() {
            let Some(m) = self.samples.get(i).copied() else { break };
            if self.samples.iter().take(kept).all(|k| distance(k, &m) >= apart)
                && let Some(place) = self.samples.get_mut(kept)
            {
                *place = m;
                kept += 1;
            }
        }
        self.samples.truncate(kept);
    }

    /// Puts a sample in the place of a kept one, another at each call, that is less than half as far from its neighbours: a
    /// sensor at rest must not keep the memory full.
    fn compete(&mut self, sample: [T; 3], nearest: T) -> bool {
        self.cursor = if self.cursor + 1 < self.samples.len() { self.cursor + 1 } else { 0 };
        let Some(rival) = self.samples.get(self.cursor).copied() else { return false };
        let others = self.samples.iter().enumerate().filter(|(k, _)| *k != self.cursor);
        let crowded = others.map(|(_, m)| distance(m, &rival)).fold(T::INFINITY, T::min);
        if !(nearest > T::TWO * crowded) {
            return false;
        }
        if let Some(place) = self.samples.get_mut(self.cursor) {
            *place = sample;
        }
        self.replaced = self.replaced.wrapping_add(1);
        if self.replaced.is_multiple_of(8) {
            self.reference = self.measure();
            self.thin();
        }
        true
    }

    /// Puts a sample in the place of one in the most crowded direction, if its own is less crowded.
    fn replace(&mut self, sample: [T; 3]) -> Push {
        let reference = self.reference;
        let coverage = self.coverage();
        let crowd =
            |m: &[T; 3]| Coverage::region(relative(m, &reference)).map_or(u32::MAX, |region| coverage.count(region));
        let own = crowd(&sample);
        match self.samples.iter_mut().max_by_key(|m| crowd(m)) {
            Some(worst) if own != u32::MAX && crowd(worst) > own.saturating_add(1) => {
                *worst = sample;
                Push::Replaced
            }
            _ => Push::Full,
        }
    }

    /// Drops samples far from a fitted ellipsoid, by the median absolute residual; whether there were any.
    fn drop_outliers(&mut self, result: &Calibration<T>) -> bool {
        if !matches!(result.verdict, Verdict::Accepted | Verdict::PoorFit | Verdict::Imprecise) {
            return self.drop_gross();
        }
        let residual = |m: &[T; 3]| (length(result.apply(*m)) / result.field - T::ONE).abs();
        // 1.4826 makes the median absolute deviation of a normal distribution its standard deviation.
        let deviation = T::of_f64(1.4826) * median(|| self.samples.iter().map(residual));
        let limit = self.settings.outlier * deviation.max(T::EPSILON.sqrt());
        self.drop_where(|m| residual(m) > limit)
    }

    /// Drops samples several times further from the middle than the median sample, where no fit can be trusted.
    fn drop_gross(&mut self) -> bool {
        let Frame { centre, length } = self.measure();
        let limit = T::of_f64(4.0) * length;
        self.drop_where(|m| limit > T::ZERO && distance(m, &centre) > limit)
    }

    /// Drops at most two fifths of the samples at a time: what looks like more outliers than that is another model.
    fn drop_where(&mut self, outlier: impl Fn(&[T; 3]) -> bool) -> bool {
        let count = self.samples.iter().filter(|m| outlier(m)).count();
        if count == 0 || 5 * count > 2 * self.samples.len() {
            return false;
        }
        self.samples.retain(|m| !outlier(m));
        self.dropped = self.dropped.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        true
    }
}

fn relative<T: Real>(m: &[T; 3], frame: &Frame<T>) -> [T; 3] {
    let [c0, c1, c2] = frame.centre;
    [m[0] - c0, m[1] - c1, m[2] - c2]
}

fn distance<T: Real>(a: &[T; 3], b: &[T; 3]) -> T {
    length([a[0] - b[0], a[1] - b[1], a[2] - b[2]])
}
