//! Positions and poses from ranges.

use core::convert::Infallible;

use nalgebra::{SVector, vector};
use thalweg::calibration::multilateration::{Pose, PoseFit, PositionFit, PseudorangeFit, TagRange};
use thalweg::least_squares::{Everywhere, LevenbergMarquardt};
use thalweg::problem::{Forward, Loss, Problem, Robust, Rows};
use thalweg::{Method, Real, Status};

use super::{BUDGET, Noise, assert_digits, assert_honest, assert_near, assert_within_errors, both, cast, fit, squares};
use crate::problems::{distance, point, wide};
use crate::reference;

const ANCHORS: [[f64; 3]; 7] = [
    [0.0, 0.0, 0.3],
    [9.0, 0.5, 2.5],
    [8.5, 7.0, 0.4],
    [0.5, 6.5, 2.8],
    [4.5, -1.0, 1.5],
    [-1.0, 3.0, 2.0],
    [10.0, 4.0, 1.1],
];

const PLACE: [f64; 3] = [3.2, 2.1, 1.4];

/// Ranges from the place to the anchors.
fn ranges<T: Real, const D: usize>(deviation: f64) -> Vec<([T; D], T)> {
    let mut noise = Noise::new(8);
    let flat = |a: [f64; 3]| SVector::<f64, D>::from_fn(|j, _| a[j]);
    let range = |a: [f64; 3]| (flat(a) - flat(PLACE)).norm();
    ANCHORS.map(|a| (flat(a).map(T::of_f64).data.0[0], T::of_f64(range(a)) + noise.next(deviation))).into()
}

fn position_in<T: Real, const D: usize>() {
    let place = SVector::from_fn(|j, _| T::of_f64(PLACE[j]));
    let samples = ranges::<T, D>(0.0);
    let model = PositionFit::new(&samples);
    assert_near(&model.start(), &place, 2e2 * T::EPSILON.to_f64());
    assert_near(fit(Forward(model), model.start()).x(), &place, 10.0 * T::EPSILON.to_f64());
    let samples = ranges::<T, D>(0.05);
    let model = PositionFit::new(&samples);
    assert_within_errors(&fit(Forward(model), model.start()), &place);
}

fn position<T: Real>() {
    position_in::<T, 2>();
    position_in::<T, 3>();
}

/// Anchors at one height see the receiver and its mirror image alike; the side of the start decides.
fn anchors_in_a_plane<T: Real>() {
    let place = [PLACE[0], PLACE[1], -1.0];
    let anchors = ANCHORS.map(|[x, y, _]| [x, y, 0.5]);
    let samples = anchors.map(|a| (cast(a), T::of_f64((SVector::from(a) - SVector::from(place)).norm())));
    let model = PositionFit::<T, 3>::new(&samples);
    let middle = model.start();
    assert_near(&middle, &point([PLACE[0], PLACE[1], 0.5]), 1e2 * T::EPSILON.to_f64());
    for (side, z) in [(-T::ONE, -1.0), (T::ONE, 2.0)] {
        let start = middle + vector![T::ZERO, T::ZERO, side];
        assert_near(fit(Forward(model), start).x(), &point([PLACE[0], PLACE[1], z]), 1e2 * T::EPSILON.to_f64());
    }
}

/// A range around an obstacle spoils least squares and not a robust fit.
fn position_without_line_of_sight<T: Real>() {
    let mut samples = ranges::<T, 2>(0.02);
    samples[2].1 += T::of_f64(3.0);
    let model = PositionFit::new(&samples);
    let place = point([PLACE[0], PLACE[1]]);
    assert!(distance(&place, fit(Forward(model), model.start()).x()) > 0.1);
    let mut robust = Robust::new(Forward(model), Loss::GemanMcClure, T::of_f64(0.2)).unwrap();
    let (state, status) = LevenbergMarquardt::default().solve(model.start(), &mut robust, BUDGET).unwrap();
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    assert_near(state.x(), &place, 0.04);
}

fn pseudoranges<T: Real>() {
    let shifted =
        |deviation| -> Vec<_> { ranges::<T, 3>(deviation).into_iter().map(|(a, r)| (a, r + T::of_f64(2.5))).collect() };
    let truth = point([PLACE[0], PLACE[1], PLACE[2], 2.5]);
    let samples = shifted(0.0);
    let model = PseudorangeFit::<T, 3, 4>::new(&samples);
    assert_near(fit(Forward(model), model.start()).x(), &truth, 1e2 * T::EPSILON.to_f64());
    let samples = shifted(0.03);
    let model = PseudorangeFit::<T, 3, 4>::new(&samples);
    assert_within_errors(&fit(Forward(model), model.start()), &truth);
}

const TAGS: [[f64; 2]; 3] = [[-0.3, -0.2], [-0.3, 0.25], [0.4, 0.0]];

fn tag_ranges<T: Real>(pose: &Pose<T>, deviation: f64) -> Vec<TagRange<T>> {
    let mut noise = Noise::new(9);
    let anchors = ANCHORS.map(|[x, y, _]| cast([x, y]));
    let pairs = anchors.into_iter().flat_map(|anchor| TAGS.map(|tag| (cast::<T, 2>(tag), anchor)));
    pairs
        .map(|(tag, anchor)| {
            let [x, y] = pose.apply(tag);
            let range = Real::hypot(x - anchor[0], y - anchor[1]) + noise.next(deviation);
            TagRange { tag, anchor, range }
        })
        .collect()
}

fn pose<T: Real>() {
    for yaw in [-3.0, -1.4, 0.2, 2.9] {
        let truth = Pose { position: cast([3.2, 2.1]), yaw: T::of_f64(yaw) };
        let samples = tag_ranges(&truth, 0.0);
        let model = PoseFit::new(&samples);
        let found = model.pose(fit(Forward(model), model.start()).x());
        let turn = (found.yaw - truth.yaw).to_f64().rem_euclid(core::f64::consts::TAU);
        assert!(turn.min(core::f64::consts::TAU - turn) < 50.0 * T::EPSILON.to_f64(), "{turn:e}");
        assert_near(&SVector::from(found.position), &SVector::from(truth.position), 20.0 * T::EPSILON.to_f64());
        let samples = tag_ranges(&truth, 0.03);
        let model = PoseFit::new(&samples);
        let mut start = model.start();
        if (start[2] - truth.yaw).to_f64() > 3.2 {
            start[2] -= T::of_f64(core::f64::consts::TAU);
        }
        assert!((start[2] - truth.yaw).to_f64().abs() < 0.6, "not the best of eight headings");
        let truth = vector![truth.position[0], truth.position[1], truth.yaw];
        assert_within_errors(&fit(Forward(model), start), &truth);
    }
}

fn bad_samples_end_honestly<T: Real>() {
    let good = ranges::<T, 3>(0.0);
    let mut bad = good.clone();
    bad[1].1 = T::NAN;
    assert_honest(PositionFit::new(&[]), PositionFit::new(&bad), point(PLACE));
    let start = point([0.0; 4]);
    assert_honest(PseudorangeFit::<T, 3, 4>::new(&[]), PseudorangeFit::<T, 3, 4>::new(&bad), start);
    let good = tag_ranges(&Pose { position: cast([3.2, 2.1]), yaw: T::ZERO }, 0.0);
    let mut bad = good.clone();
    bad[1].tag[0] = T::INFINITY;
    assert_honest(PoseFit::new(&[]), PoseFit::new(&bad), point([0.0; 3]));

    // Two ranges do not determine a position in space; a start at an anchor is survived.
    let two = ranges::<T, 3>(0.0);
    let model = PositionFit::new(&two[..2]);
    let state = fit(Forward(model), SVector::from(two[0].0));
    assert!(state.analyse(&Everywhere).rank() < 3);
    let model = PositionFit::new(&two);
    assert_near(fit(Forward(model), SVector::from(two[0].0)).x(), &point(PLACE), 50.0 * T::EPSILON.to_f64());
}

both!(position anchors_in_a_plane position_without_line_of_sight pseudoranges pose bad_samples_end_honestly);

/// The twenty-four ranges of each pose of the trolley.
pub fn trolley_ranges(set: &std::path::Path) -> Vec<Vec<TagRange<f64>>> {
    let table = |name: &str| reference::table(&set.join(name)).1;
    let (anchors, tags) = (table("anchors.csv"), table("tags_body.csv"));
    let sample = |row: &[f64], k: usize| {
        let (anchor, tag) = (&anchors[k / 3], &tags[k % 3]);
        TagRange { tag: [tag[1], tag[2]], anchor: [anchor[1], anchor[2]], range: row[4 + k] }
    };
    table("ranges.csv").iter().map(|row| (0..24).map(|k| sample(row, k)).collect()).collect()
}

/// All thirty poses of the trolley from one start, and from the model's own.
#[test]
fn trolley() {
    let Some(set) = reference::folder("uwb/trolley-814") else { return };
    let (_, expected) = reference::table(&set.join("pose_reference.csv"));
    assert_eq!(expected.len(), 30);
    for (samples, expected) in trolley_ranges(&set).iter().zip(&expected) {
        let model = PoseFit::new(samples);
        for start in [vector![0.0, 0.0, 0.0], model.start()] {
            let x = *fit(Forward(model), start).x();
            assert_digits(&[squares(&model, &x)], &expected[4..5], 1e-10);
            assert!((x[0] - expected[1]).abs() < 1e-6 && (x[1] - expected[2]).abs() < 1e-6);
            let turn = (x[2] - expected[3]).rem_euclid(core::f64::consts::TAU);
            assert!(turn.min(core::f64::consts::TAU - turn) < 1e-6);
        }
        let narrow = |s: &TagRange<f64>| TagRange {
            tag: s.tag.map(|x| x as f32),
            anchor: s.anchor.map(|x| x as f32),
            range: s.range as f32,
        };
        let singles: Vec<_> = samples.iter().map(narrow).collect();
        let single = PoseFit::new(&singles);
        let x = wide(fit(Forward(single), single.start()).x());
        assert_digits(&[squares(&model, &x)], &expected[4..5], 1e-4);
    }
}

/// Twenty-four range biases and thirty poses at once, `‖R(ψ) t + x - a‖ + b - ρ`: a row has four derivatives.
struct Joint {
    samples: Vec<TagRange<f64>>,
}

impl Problem for Joint {
    type Error = Infallible;
}

impl Rows<f64, 114> for Joint {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn row(&mut self, i: usize, x: &SVector<f64, 114>, g: &mut SVector<f64, 114>) -> Result<f64, Infallible> {
        let (bias, pose) = (i % 24, 24 + 3 * (i / 24));
        let (mut problem, mut slope) = (Forward(PoseFit::new(&self.samples[i..=i])), SVector::zeros());
        let residual = problem.row(0, &vector![x[pose], x[pose + 1], x[pose + 2]], &mut slope)?;
        *g = SVector::zeros();
        g.fixed_rows_mut::<3>(pose).copy_from(&slope);
        g[bias] = 1.0;
        Ok(residual + x[bias])
    }
}

#[test]
fn trolley_with_biases() {
    let Some(set) = reference::folder("uwb/trolley-814") else { return };
    let (meta, starts) = (reference::meta(&set), reference::table(&set.join("pose_reference.csv")).1);
    let samples = trolley_ranges(&set).concat();
    let start = SVector::from_fn(|j, _| if j < 24 { 0.0 } else { starts[(j - 24) / 3][1 + (j - 24) % 3] });
    let solve = move || *fit(Joint { samples }, start).x();
    // A test's thread has no room for matrices of this size.
    let x = std::thread::Builder::new().stack_size(1 << 25).spawn(solve).unwrap().join().unwrap();
    let mut problem = Joint { samples: trolley_ranges(&set).concat() };
    let mut row = SVector::zeros();
    let sse: f64 = (0..720).map(|i| problem.row(i, &x, &mut row).unwrap().powi(2)).sum();
    assert_digits(&[sse], &[reference::number(&meta["joint"]["sse"])], 1e-10);
    assert_digits(&x.as_slice()[..24], &reference::numbers(&meta, "joint", "biases"), 1e-6);
    for (expected, found) in
        reference::table(&set.join("joint_reference_poses.csv")).1.iter().zip(x.as_slice()[24..].chunks(3))
    {
        assert!((found[0] - expected[1]).abs() < 1e-6 && (found[1] - expected[2]).abs() < 1e-6);
    }
}

/// The pseudoranges of the hall, epoch by epoch.
pub fn epochs(rows: &[Vec<f64>]) -> Vec<Vec<([f64; 2], f64)>> {
    let count = rows.last().unwrap()[0] as usize + 1;
    let of = |epoch: usize| rows.iter().filter(move |row| row[0] as usize == epoch);
    (0..count).map(|epoch| of(epoch).map(|row| ([row[2], row[3]], row[1])).collect()).collect()
}

#[test]
fn hall() {
    let Some(set) = reference::folder("uwb/tdoa-hall") else { return };
    let (header, expected) = reference::table(&set.join("reference.csv"));
    let column = |name: &str| header.iter().position(|title| title == name).unwrap();
    let (ls, cauchy) = (column("ls_x"), column("cauchy_x"));
    let samples = epochs(&reference::table(&set.join("pseudoranges.csv")).1);
    assert_eq!(samples.len(), 148);
    for (samples, expected) in samples.iter().zip(&expected) {
        let model = PseudorangeFit::<f64, 2, 3>::new(samples);
        let x = *fit(Forward(model), model.start()).x();
        assert_digits(&[squares(&model, &x)], &[expected[column("ls_sse")]], 1e-8);
        assert_near(&x, &SVector::from_row_slice(&expected[ls..ls + 3]), 1e-5);

        let narrow = |(a, r): &([f64; 2], f64)| (a.map(|a| a as f32), *r as f32);
        let singles: Vec<_> = samples.iter().map(narrow).collect();
        let single = PseudorangeFit::<f32, 2, 3>::new(&singles);
        let state = fit(Forward(single), single.start());
        assert_digits(&[squares(&model, &wide(state.x()))], &[expected[column("ls_sse")]], 1e-4);

        let robust = Robust::new(Forward(model), Loss::Cauchy, 0.3).unwrap();
        let state = fit(robust, x);
        assert_digits(&[2.0 * state.cost()], &[expected[column("cauchy_cost")]], 1e-8);
        assert_near(state.x(), &SVector::from_row_slice(&expected[cauchy..cauchy + 3]), 1e-5);
    }
}
