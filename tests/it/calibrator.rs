//! Calibration as a library: what is kept, what is refused, and each verdict.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thalweg::calibration::{
    Calibration, Calibrator, Coverage, Ladder, Parameter, Push, REGIONS, Rung, Settings, Verdict,
};
use thalweg::least_squares::{Normal, SquareRoot};
use thalweg::{ConfigError, Real};

/// Readings of a sensor with offset and soft iron, in a field of 50.
struct Sensor(ChaCha8Rng);

impl Sensor {
    const OFFSET: [f64; 3] = [10.0, -20.0, 5.0];

    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn direction(&mut self) -> [f64; 3] {
        loop {
            let u = [(); 3].map(|()| self.0.random_range(-1.0..1.0_f64));
            let length = u.iter().map(|u| u * u).sum::<f64>().sqrt();
            if (0.1..1.0).contains(&length) {
                return u.map(|u| u / length);
            }
        }
    }

    fn reading(&mut self, [x, y, z]: [f64; 3], noise: f64) -> [f64; 3] {
        let clean = [50.0 * x + 4.0 * y, 45.0 * y - 2.0 * z, 55.0 * z];
        core::array::from_fn(|k| clean[k] + Self::OFFSET[k] + noise * self.0.random_range(-1.7..1.7))
    }

    fn tumble(&mut self, count: usize, noise: f64) -> Vec<[f64; 3]> {
        (0..count)
            .map(|_| {
                let u = self.direction();
                self.reading(u, noise)
            })
            .collect()
    }
}

fn far(offset: impl AsRef<[f64]>) -> f64 {
    offset.as_ref().iter().zip(Sensor::OFFSET).map(|(o, t)| (o - t).abs()).fold(0.0, f64::max)
}

fn ladder(settings: &Settings<f64>, samples: &[[f64; 3]]) -> Calibration<f64> {
    *Ladder::<f64, SquareRoot>::new().run(settings, samples)
}

fn finish<T: Real, const C: usize>(calibrator: &mut Calibrator<T, C>) -> Calibration<T> {
    calibrator.request();
    for _ in 0..1_000_000 {
        if !calibrator.tick() {
            return *calibrator.result().unwrap();
        }
    }
    panic!("the calibration does not end");
}

#[test]
fn regions_are_of_equal_area() {
    let (mut sensor, mut coverage) = (Sensor::new(1), Coverage::new());
    for _ in 0..320_000 {
        coverage.add(sensor.direction());
    }
    for count in coverage.counts() {
        // Five standard deviations of a binomial count.
        assert!((f64::from(*count) - 10_000.0).abs() < 500.0, "{coverage:?}");
    }
    assert_eq!(coverage.fraction::<f64>(), 1.0);
    let distinct: std::collections::BTreeSet<_> = (0..8)
        .map(|k| f64::from(k) * 0.785 + 0.39)
        .filter_map(|angle| Coverage::region([angle.cos(), angle.sin(), 0.1]))
        .collect();
    assert_eq!(distinct.into_iter().collect::<Vec<_>>(), (16..24).collect::<Vec<_>>(), "sectors in order");
    assert_eq!(Coverage::region([0.0, 0.0, 0.0]), None);
    assert_eq!(Coverage::region([f64::NAN, 0.0, 0.0]), None);
    assert_eq!(coverage.count(REGIONS), 0);
}

#[test]
fn a_sensor_at_rest_before_it_is_turned() {
    for (rest, noise) in [(0, 0.3), (500, 0.05), (500, 0.3), (5000, 0.3)] {
        let mut sensor = Sensor::new(2);
        let mut calibrator = Calibrator::<f64, 200>::new(Settings::default());
        for _ in 0..rest {
            let sample = sensor.reading([0.6, 0.0, 0.8], noise);
            calibrator.push(sample);
        }
        for sample in sensor.tumble(3000, noise) {
            calibrator.push(sample);
        }
        let result = finish(&mut calibrator);
        assert_eq!(result.verdict, Verdict::Accepted, "{rest} at rest, noise {noise}: {result:?}");
        assert_eq!(result.model, Rung::Ellipsoid);
        assert!(far(result.offset) < 0.5, "{:?}", result.offset);
    }
}

#[test]
fn gross_outliers_neither_block_nor_bend() {
    let mut sensor = Sensor::new(3);
    let mut calibrator = Calibrator::<f64, 200>::new(Settings::default());
    for _ in 0..50 {
        calibrator.push([2048.0; 3]);
    }
    for (k, sample) in sensor.tumble(2000, 0.1).into_iter().enumerate() {
        calibrator.push(if k % 50 == 7 { [1e6, 1e6, -1e6] } else { sample });
        if k % 40 == 3 {
            let u = sensor.direction();
            calibrator.push(sensor.reading(u.map(|u| 1.8 * u), 0.1));
        }
    }
    let result = finish(&mut calibrator);
    assert_eq!(result.verdict, Verdict::Accepted, "{result:?}");
    assert!(calibrator.dropped() > 0 && far(result.offset) < 0.2, "{:?}", result.offset);
    assert_eq!(calibrator.push([1e6, 0.0, 0.0]), Push::Outlier);
}

#[test]
fn each_answer_to_a_push() {
    let settings = Settings { limit: 100.0, separation: 0.2, ..Settings::default() };
    let mut calibrator = Calibrator::<f64, 40>::new(settings);
    assert_eq!(calibrator.push([f64::NAN, 0.0, 0.0]), Push::Unusable);
    assert_eq!(calibrator.push([100.0, 0.0, 0.0]), Push::Unusable);
    let mut seen = std::collections::HashSet::new();
    for sample in Sensor::new(4).tumble(3000, 0.1) {
        seen.insert(format!("{:?}", calibrator.push(sample)));
        assert!(calibrator.samples().len() <= 40);
    }
    for answer in ["Kept", "Replaced", "Duplicate", "Full"] {
        assert!(seen.contains(answer), "{answer} is missing in {seen:?}");
    }
    let kept = calibrator.samples();
    for (k, a) in kept.iter().enumerate() {
        for b in &kept[..k] {
            let apart = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(apart > 5.0, "{a:?} and {b:?} are near duplicates");
        }
    }
    assert!(calibrator.coverage().fraction::<f64>() > 0.8);
    calibrator.request();
    assert_eq!(calibrator.push([1.0, 2.0, 3.0]), Push::Busy);
    while calibrator.tick() {}
    calibrator.reset();
    assert_eq!((calibrator.samples().len(), calibrator.verdict()), (0, Verdict::TooFewSamples));
}

#[test]
fn each_verdict_has_its_log() {
    let mut sensor = Sensor::new(5);
    let good = sensor.tumble(300, 0.1);
    let default = Settings::default();
    let verdict = |settings: Settings<f64>, samples: &[[f64; 3]]| ladder(&settings, samples).verdict;
    assert_eq!(verdict(default, &good), Verdict::Accepted);
    assert_eq!(verdict(Settings { precision: -1.0, ..default }, &good), Verdict::Config(ConfigError::NotPositive));
    assert_eq!(verdict(Settings { coverage: 2.0, ..default }, &good), Verdict::Config(ConfigError::Fraction));
    assert_eq!(verdict(Settings { prior: f64::NAN, ..default }, &good), Verdict::Config(ConfigError::Tolerance));
    assert_eq!(verdict(default, &good[..4]), Verdict::TooFewSamples);
    assert_eq!(verdict(default, &[[1.0, 2.0, 3.0]; 50]), Verdict::NoVariation);
    assert_eq!(verdict(default, &[&good[..], &[[f64::INFINITY, 0.0, 0.0]]].concat()), Verdict::NonFinite);
    assert_eq!(verdict(Settings { budget: 0, ..default }, &good), Verdict::NotConverged);
    let clipped: Vec<_> = good.iter().map(|m| m.map(|m| m.min(30.0))).collect();
    assert_eq!(verdict(default, &clipped), Verdict::Saturated);
    let coarse: Vec<_> = good.iter().map(|m| m.map(|m| (m / 5.0).round() * 5.0)).collect();
    assert_eq!(verdict(default, &coarse), Verdict::Accepted, "a coarse sensor is not a saturated one");

    let cap: Vec<_> = sensor.tumble(3000, 0.1).into_iter().filter(|m| m[2] > 45.0).collect();
    let found = ladder(&default, &cap);
    assert_ne!(found.verdict, Verdict::Accepted, "{found:?}");
    assert_eq!(verdict(Settings { model: Some(Rung::Sphere), ..default }, &cap), Verdict::PoorCoverage);

    let noisy: Vec<_> = sensor.tumble(40, 8.0);
    assert_eq!(verdict(Settings { residual: 1.0, ..default }, &noisy), Verdict::Imprecise);
    assert_eq!(verdict(Settings { residual: 1e-4, ..default }, &good), Verdict::PoorFit);

    let half_at_rest: Vec<_> = std::iter::repeat_n([40.0, -20.0, 5.0], 500).chain(good.iter().copied()).collect();
    assert_ne!(verdict(default, &half_at_rest), Verdict::NoVariation);
    let plane: Vec<_> = good.iter().map(|m| [m[0], m[1], 7.0]).collect();
    assert!(matches!(verdict(default, &plane), Verdict::Undetermined | Verdict::NotConverged | Verdict::PoorCoverage));
}

/// Turned about z alone, a sensor shows its offset along z and its scale together, and says so by name.
#[test]
fn what_is_not_excited_has_a_name() {
    let settings = Settings { model: Some(Rung::Sphere), coverage: 0.0, ..Settings::default() };
    let turned = |tilt: f64| {
        let circle = (0..60).map(|k| {
            let (angle, height) = (0.7 * f64::from(k), 0.3 + tilt * (1.3 * f64::from(k)).sin());
            let across = 50.0 * (1.0 - height * height).sqrt();
            [across * angle.cos() + 5.0, across * angle.sin() - 9.0, 50.0 * height + 2.0]
        });
        circle.collect::<Vec<_>>()
    };
    let flat = ladder(&settings, &turned(0.01));
    let (parameter, excitation) = flat.least_excited();
    assert!(matches!(parameter, Parameter::OffsetZ | Parameter::Scale), "{parameter}");
    assert!(excitation < 0.05, "{excitation}");
    assert!(flat.excitation[6] > 0.9 && flat.excitation[7] > 0.9, "{:?}", flat.excitation);
    // What the model leaves out is known.
    assert!(flat.excitation[1..6].iter().all(|e| *e == 1.0));
    let tumbled = ladder(&settings, &turned(0.6));
    assert!(tumbled.least_excited().1 > 0.7, "{:?}", tumbled.excitation);
}

/// The standard errors are the scatter of the estimates over repeated logs.
#[test]
fn standard_errors_are_the_scatter() {
    let truth = [50.0, 45.0, 55.0];
    let (mut squares, mut claimed) = (0.0, 0.0);
    for seed in 0..200 {
        let found = ladder(&Settings::default(), &Sensor::new(100 + seed).tumble(120, 0.5));
        assert_eq!(found.verdict, Verdict::Accepted);
        squares += (0..3).map(|k| (found.offset[k] - Sensor::OFFSET[k]).powi(2)).sum::<f64>();
        claimed += found.offset_errors.norm_squared();
        // The diagonal of U has two independent ratios; one of them.
        let ratio = found.matrix[(0, 0)] / found.matrix[(2, 2)] * truth[0] / truth[2];
        assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
    }
    let ratio = (claimed / squares).sqrt();
    assert!((0.85..1.18).contains(&ratio), "claimed over observed {ratio}");
}

#[test]
fn memories_and_scalars_agree() {
    let samples = Sensor::new(6).tumble(250, 0.1);
    let root = ladder(&Settings::default(), &samples);
    let normal = *Ladder::<f64, Normal>::new().run(&Settings::default(), &samples);
    assert!((root.offset - normal.offset).amax() < 1e-7 && (root.matrix - normal.matrix).amax() < 1e-8);
    let single: Vec<[f32; 3]> = samples.iter().map(|m| m.map(|m| m as f32)).collect();
    let single = *Ladder::<f32>::new().run(&Settings::default(), &single);
    assert_eq!(single.verdict, Verdict::Accepted);
    assert!((root.offset - single.offset.map(f64::from)).amax() < 1e-3);
    let [x, y, z] = root.apply(samples[0]);
    assert!(((x * x + y * y + z * z).sqrt() / root.field - 1.0).abs() < 0.02);
}

/// Saved and restored at every push and tick, a calibration continues to the same bits.
#[cfg(feature = "serde")]
#[test]
fn a_reset_of_the_machine_changes_nothing() {
    fn reboot<X: serde::Serialize + serde::de::DeserializeOwned>(x: &X) -> X {
        postcard::from_bytes(&postcard::to_allocvec(x).unwrap()).unwrap()
    }
    let mut whole = Calibrator::<f32, 60>::new(Settings::default());
    let mut sliced = whole.clone();
    for sample in Sensor::new(7).tumble(400, 0.3) {
        let sample = sample.map(|m| m as f32);
        sliced = reboot(&sliced);
        assert_eq!(whole.push(sample), sliced.push(sample));
    }
    whole.request();
    sliced.request();
    loop {
        sliced = reboot(&sliced);
        let more = whole.tick();
        assert_eq!(more, sliced.tick());
        if !more {
            break;
        }
    }
    assert!(whole.result().is_some());
    assert_eq!(whole.result(), sliced.result());
}
