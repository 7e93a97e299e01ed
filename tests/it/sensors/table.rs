//! The sensor sets of the reference data as lines of `tests/references.md`: from the models' own starts, in both scalars.

use nalgebra::SVector;
use thalweg::calibration::accelerometer::{Accelerometer, PositionsFit, StaticFit};
use thalweg::calibration::allan::{AllanFit, Noise};
use thalweg::calibration::battery::{ImpedanceFit, ImpedanceSample, OpenCircuitFit};
use thalweg::calibration::gnss::{Satellite, SatelliteFit};
use thalweg::calibration::multilateration::{PoseFit, PseudorangeFit, TagRange};
use thalweg::calibration::resistance::{Platinum, PlatinumFit};
use thalweg::calibration::thermistor::{Exponential, ExponentialFit, SteinhartHart, SteinhartHartFit};
use thalweg::least_squares::{Domain, Everywhere, LevenbergMarquardt, SquareRoot, StreamedState};
use thalweg::problem::{Counted, Forward, Model};
use thalweg::{Method, Real, Status};

use super::thermistor::KELVIN;
use super::{BUDGET, cast, squares};
use crate::catalogue::{Line, digits};
use crate::problems::wide;
use crate::reference::{folder, folder_of, meta, number, sets, table};

/// A fit from the model's start, and what is known of it: the line without its digits, and the end.
fn solve<T: Real, const N: usize>(
    name: &str,
    domain: impl Domain<T, N>,
    model: impl Model<T, N>,
    start: SVector<T, N>,
) -> (Line, SVector<T, N>) {
    let mut problem = Counted::new(Forward(model));
    let mut fit = StreamedState::<T, N, SquareRoot>::new(start);
    let Ok(status) = LevenbergMarquardt::default().within(domain).run(&mut fit, &mut problem, BUDGET);
    let scalar = if T::EPSILON.to_f64() < 1e-10 { "f64" } else { "f32" };
    let line = Line::new(name, "model's", "square root", scalar);
    (Line { passes: fit.iterations(), rows: problem.rows, status, ..line }, *fit.x())
}

/// The line with the digits of the sum of squares, evaluated in `f64`.
fn judged(line: Line, found: f64, known: f64) -> Line {
    let cost = digits([found], &[known]);
    let reached = cost >= if line.scalar == "f64" { 8.0 } else { 3.0 };
    Line { cost: Some(cost), minimum: usize::from(reached), ..line }
}

/// The worst of many fits of one kind: its digits and status; passes and rows of all.
fn worst(lines: impl Iterator<Item = Line>) -> Option<Line> {
    lines.reduce(|a, b| {
        let (passes, rows) = (a.passes + b.passes, a.rows + b.rows);
        let converged = |line: &Line| matches!(line.status, Status::Converged(_));
        let status = if converged(&a) { b.status } else { a.status };
        let worse = if a.cost < b.cost { a } else { b };
        Line { passes, rows, status, ..worse }
    })
}

fn pairs<T: Real>(rows: &[Vec<f64>]) -> Vec<(T, T)> {
    rows.iter().map(|row| (T::of_f64(row[0]), T::of_f64(row[1]))).collect()
}

fn thermistors<T: Real>(lines: &mut Vec<Line>) {
    for set in sets("thermistor").iter().filter(|set| !set.ends_with("pt100-hot")) {
        let (meta, (_, rows)) = (meta(set), table(&set.join("data.csv")));
        let kelvin: Vec<_> = rows.iter().map(|row| vec![row[0] + KELVIN, row[1]]).collect();
        let (samples, exact) = (pairs::<T>(&kelvin), pairs::<f64>(&kelvin));
        let (model, judge) = (SteinhartHartFit::<T, 3>::new(&samples), SteinhartHartFit::<f64, 3>::new(&exact));
        let (line, x) = solve(&format!("{}, Steinhart-Hart", folder_of(set)), Everywhere, model, model.start());
        let again = judge.parameters(&SteinhartHart { coefficients: wide(&model.sensor(&x).coefficients) });
        lines.push(judged(line, squares(&judge, &again), number(&meta["steinhart_hart"]["sse"])));
        let (model, judge) = (ExponentialFit::new(&samples), ExponentialFit::new(&exact));
        let (line, x) = solve(&format!("{}, exponential", folder_of(set)), Everywhere, model, model.start());
        let Exponential { a, b, c } = model.sensor(&x);
        let again = judge.parameters(&Exponential { a: a.to_f64(), b: b.to_f64(), c: c.to_f64() });
        lines.push(judged(line, squares(&judge, &again), number(&meta["meyer_relative"]["sse"])));
    }
}

fn platinum<T: Real>(lines: &mut Vec<Line>) {
    let Some(set) = folder("thermistor/pt100-hot") else { return };
    let (meta, (_, rows)) = (meta(&set), table(&set.join("data.csv")));
    let (samples, exact) = (pairs::<T>(&rows), pairs::<f64>(&rows));
    let (model, judge) = (PlatinumFit::<T, 3>::new(&samples), PlatinumFit::<f64, 3>::new(&exact));
    let (line, x) = solve("pt100-hot, Callendar-Van Dusen", Everywhere, model, model.start());
    let Platinum { resistance, a, b, c } = model.sensor(&x);
    let [resistance, a, b, c] = [resistance, a, b, c].map(T::to_f64);
    let again = judge.parameters(&Platinum { resistance, a, b, c });
    lines.push(judged(line, squares(&judge, &again), number(&meta["callendar_van_dusen"]["sse"])));
}

fn batteries<T: Real>(lines: &mut Vec<Line>) {
    let (Some(cell), Some(circuit)) = (folder("battery/ocv-graphite"), folder("battery/eis-test-circuit")) else {
        return;
    };
    let (_, rows) = table(&cell.join("data.csv"));
    let (samples, exact) = (pairs::<T>(&rows), pairs::<f64>(&rows));
    let (model, judge) = (OpenCircuitFit::new(&samples), OpenCircuitFit::new(&exact));
    let (line, x) = solve("ocv-graphite", Everywhere, model, model.start());
    lines.push(judged(line, squares(&judge, &wide(&x)), number(&meta(&cell)["fit"]["sse"])));
    fn of<T: Real>(row: &[f64]) -> ImpedanceSample<T> {
        ImpedanceSample { frequency: T::of_f64(row[0]), impedance: cast([row[1], row[2]]) }
    }
    let (_, rows) = table(&circuit.join("data.csv"));
    let samples: Vec<ImpedanceSample<T>> = rows.iter().map(|row| of(row)).collect();
    let exact: Vec<ImpedanceSample<f64>> = rows.iter().map(|row| of(row)).collect();
    let (model, judge) = (ImpedanceFit::new(&samples), ImpedanceFit::new(&exact));
    let (line, x) = solve("eis-test-circuit", Everywhere, model, model.start());
    lines.push(judged(line, squares(&judge, &wide(&x)), number(&meta(&circuit)["fit"]["sse"])));
}

fn clocks<T: Real>(lines: &mut Vec<Line>) {
    for set in sets("allan") {
        let (meta, (_, rows)) = (meta(&set), table(&set.join("data.csv")));
        let (samples, exact) = (pairs::<T>(&rows), pairs::<f64>(&rows));
        let (model, judge) = (AllanFit::new(&samples), AllanFit::new(&exact));
        let (line, x) = solve(&format!("{}, Allan deviation", folder_of(&set)), model.bounds(), model, model.start());
        let Noise { quantization, white, instability, walk, ramp } = model.noise(&x);
        let [quantization, white, instability, walk, ramp] =
            [quantization, white, instability, walk, ramp].map(T::to_f64);
        let again = judge.parameters(&Noise { quantization, white, instability, walk, ramp });
        lines.push(judged(line, squares(&judge, &again), number(&meta["nnls"]["cost"])));
    }
}

fn accelerometers<T: Real>(lines: &mut Vec<Line>) {
    let Some(set) = folder("imu/xsens-static") else { return };
    let meta = meta(&set);
    let (gravity, (_, rows)) = (number(&meta["gravity"]), table(&set.join("static_means.csv")));
    let exact: Vec<[f64; 3]> = rows.iter().map(|row| [row[4], row[5], row[6]]).collect();
    let samples: Vec<[T; 3]> = exact.iter().map(|m| cast(*m)).collect();
    let (model, judge) = (StaticFit::new(&samples, T::of_f64(gravity)), StaticFit::new(&exact, gravity));
    let (line, x) = solve("xsens-static", Everywhere, model, model.start());
    let Accelerometer { misalignment, scale, bias } = model.sensor(&x);
    let [misalignment, scale, bias] = [misalignment, scale, bias].map(super::wide);
    let again = judge.parameters(&Accelerometer { misalignment, scale, bias });
    lines.push(judged(line, squares(&judge, &again), number(&meta["reference"]["sse"])));
    let Some(set) = folder("accel-six-position/trials-1-3") else { return };
    let exact = super::accelerometer::six_poses(&set);
    let samples: Vec<([T; 3], [T; 3])> = exact.iter().map(|(a, m)| (cast(*a), cast(*m))).collect();
    let (model, judge) = (PositionsFit::new(&samples), PositionsFit::new(&exact));
    let (line, x) = solve("accel-six-position", Everywhere, model, model.start());
    lines.push(judged(line, squares(&judge, &wide(&x)), number(&crate::reference::meta(&set)["affine12"]["sse"])));
}

fn positions<T: Real>(lines: &mut Vec<Line>) {
    let (Some(trolley), Some(hall)) = (folder("uwb/trolley-814"), folder("uwb/tdoa-hall")) else { return };
    let (_, known) = table(&trolley.join("pose_reference.csv"));
    let poses = super::multilateration::trolley_ranges(&trolley);
    lines.extend(worst(poses.iter().zip(&known).map(|(exact, known)| {
        let of = |s: &TagRange<f64>| TagRange { tag: cast(s.tag), anchor: cast(s.anchor), range: T::of_f64(s.range) };
        let samples: Vec<TagRange<T>> = exact.iter().map(of).collect();
        let (model, judge) = (PoseFit::new(&samples), PoseFit::new(exact));
        let (line, x) = solve("trolley-814, 30 poses", Everywhere, model, model.start());
        judged(line, squares(&judge, &wide(&x)), known[4])
    })));
    let (header, known) = table(&hall.join("reference.csv"));
    let sse = header.iter().position(|title| title == "ls_sse").unwrap();
    let epochs = super::multilateration::epochs(&table(&hall.join("pseudoranges.csv")).1);
    lines.extend(worst(epochs.iter().zip(&known).map(|(exact, known)| {
        let samples: Vec<([T; 2], T)> = exact.iter().map(|(a, r)| (cast(*a), T::of_f64(*r))).collect();
        let (model, judge) = (PseudorangeFit::<T, 2, 3>::new(&samples), PseudorangeFit::<f64, 2, 3>::new(exact));
        let (line, x) = solve("tdoa-hall, 148 epochs", Everywhere, model, model.start());
        judged(line, squares(&judge, &wide(&x)), known[sse])
    })));
}

/// Single precision has steps of 2 m at 20,000 km: `f64` only.
fn satellites(lines: &mut Vec<Line>) {
    let Some(set) = folder("gnss/berlin-potsdamer-platz") else { return };
    let (header, known) = table(&set.join("reference.csv"));
    let sse = header.iter().position(|title| title == "ls_sse").unwrap();
    let (_, rows) = table(&set.join("pseudoranges.csv"));
    lines.extend(worst(known.iter().enumerate().map(|(epoch, known)| {
        let of = |row: &Vec<f64>| Satellite {
            position: [row[2], row[3], row[4]],
            pseudorange: row[1],
            second: row[5] == 4.0,
        };
        let samples: Vec<_> = rows.iter().filter(|row| row[0] as usize == epoch).map(of).collect();
        let model = SatelliteFit::<f64, 5>::new(&samples, 5.0);
        let (line, x) = solve("berlin-potsdamer-platz, 60 epochs", Everywhere, model, model.start());
        judged(line, squares(&model, &x), known[sse])
    })));
}

fn each<T: Real>(lines: &mut Vec<Line>) {
    thermistors::<T>(lines);
    platinum::<T>(lines);
    batteries::<T>(lines);
    clocks::<T>(lines);
    accelerometers::<T>(lines);
    positions::<T>(lines);
}

pub fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    each::<f64>(&mut lines);
    satellites(&mut lines);
    each::<f32>(&mut lines);
    // What belongs together stands together.
    lines.sort_by(|a, b| (&a.problem, b.scalar).cmp(&(&b.problem, a.scalar)));
    lines
}
