//! Every least-squares problem of the reference data from every start, f64 and f32, and the committed table
//! `tests/references.md`, which `THALWEG_BLESS=1` rewrites.

use nalgebra::SVector;
use thalweg::least_squares::{Bounds, Domain, Everywhere, LevenbergMarquardt, SquareRoot, StreamedState};
use thalweg::problem::{Counted, Rows};
use thalweg::{Method, Real, Status};

use crate::nist;
use crate::reference::{self, folder_of, number, numbers};
use crate::sensors;
use crate::tape::{Tape, TapeRows};

/// One line of the table.
pub struct Line {
    pub problem: String,
    pub start: String,
    pub memory: &'static str,
    pub scalar: &'static str,
    /// Correct digits of the worst parameter and standard error, and of the sum of squares.
    pub parameters: Option<f64>,
    pub errors: Option<f64>,
    pub cost: Option<f64>,
    pub passes: u32,
    pub rows: u64,
    pub status: Status,
    /// Which of the known minima, from 1; zero if none.
    pub minimum: usize,
}

impl Line {
    pub fn new(problem: &str, start: &str, memory: &'static str, scalar: &'static str) -> Self {
        let (problem, start) = (problem.to_owned(), start.to_owned());
        let (parameters, errors, cost, status) = (None, None, None, Status::Running);
        Self { problem, start, memory, scalar, parameters, errors, cost, passes: 0, rows: 0, status, minimum: 0 }
    }

    pub fn text(&self) -> String {
        let digits = |digits: Option<f64>| digits.map_or("–".into(), |d| format!("{d:.1}"));
        let Self { problem, start, memory, scalar, parameters, errors, cost, passes, rows, status, minimum } = self;
        let minimum = if *minimum == 0 { "none".into() } else { minimum.to_string() };
        format!(
            "| {problem} | {start} | {memory} | {scalar} | {} | {} | {} | {minimum} | {passes} | {rows} | {status:?} |\n",
            digits(*parameters),
            digits(*errors),
            digits(*cost)
        )
    }
}

/// The log relative error of the worst component: correct digits, at most 16; none if it is not a number.
pub fn digits(found: impl IntoIterator<Item = f64>, wanted: &[f64]) -> f64 {
    let relative = found.into_iter().zip(wanted).map(|(f, w)| ((f - w) / w).abs());
    let worst = relative.fold(0.0, |worst: f64, r| if r <= worst { worst } else { r });
    if worst.is_nan() { 0.0 } else { (-worst.max(1e-16).log10()).max(0.0) }
}

/// A known minimum: sum of squares and parameters.
struct Minimum {
    squares: f64,
    x: Vec<f64>,
}

/// A problem of the catalogue: where to start, what is known, in which box.
struct Entry {
    tape: Tape,
    start: Vec<f64>,
    /// The sum of squares at the standard start.
    scale: f64,
    minima: Vec<Minimum>,
    bounds: Option<(Vec<f64>, Vec<f64>)>,
}

fn minima(meta: &toml::Table, prefix: &str, squares: &str, x: &str) -> Vec<Minimum> {
    (1..)
        .map_while(|k| meta.get(&format!("{prefix}{k}")))
        .map(|section| {
            let section = section.as_table().unwrap();
            Minimum {
                squares: number(&section[squares]),
                x: section[x].as_array().unwrap().iter().map(number).collect(),
            }
        })
        .collect()
}

/// Sum of squares at a point in the working precision, evaluated in `f64`.
fn squares<T: Real, const N: usize>(tape: &Tape, x: &SVector<T, N>) -> f64 {
    let x: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
    tape.residuals(&x).iter().map(|r| r * r).sum()
}

fn run<T: Real, const N: usize, D: Domain<T, N>>(entry: &Entry, domain: D, line: Line) -> Line {
    let start = SVector::<T, N>::from_iterator(entry.start.iter().map(|&x| T::of_f64(x)));
    let mut problem = Counted::new(TapeRows::<T, N>::new(entry.tape.clone()));
    let mut fit = StreamedState::<T, N, SquareRoot>::new(start);
    let budget = 10_000 * Rows::<T, N>::rows(&problem) as u32;
    let Ok(status) = LevenbergMarquardt::default().within(domain).run(&mut fit, &mut problem, budget);
    let found = squares(&entry.tape, fit.x());
    // Digits of a sum that vanishes are counted from the standard start.
    let of = |known: &Minimum| {
        let scale = if known.squares > 1e-20 * entry.scale { known.squares } else { entry.scale };
        ((found - known.squares) / scale).abs()
    };
    let nearest = (0..entry.minima.len()).min_by(|&i, &j| of(&entry.minima[i]).total_cmp(&of(&entry.minima[j])));
    let error = nearest.map_or(f64::NAN, |k| of(&entry.minima[k]));
    let reached = error <= if T::EPSILON.to_f64() < 1e-10 { 1e-8 } else { 1e-3 };
    let zeros = |x: &[f64]| x.iter().any(|x| x.abs() < 1e-9);
    let parameters = nearest
        .filter(|&k| reached && !zeros(&entry.minima[k].x))
        .map(|k| digits(fit.x().iter().map(|x| x.to_f64()), &entry.minima[k].x));
    let cost = if error.is_finite() { Some((-error.max(1e-30).log10()).clamp(0.0, 30.0)) } else { Some(0.0) };
    // A run-away that ends as converged has lost the parameters that ran: the rank tells.
    let size = |x: &SVector<T, N>| x.iter().fold(0.0, |m: f64, x| m.max(x.to_f64().abs()));
    let gone = size(fit.x()) > 1e3 * size(&start);
    if !reached && gone && matches!(status, Status::Converged(_)) {
        assert!(fit.analyse(&domain).rank() < N, "{} from {}: {:?}", line.problem, line.start, fit.x());
    }
    let minimum = if reached { nearest.map_or(0, |k| k + 1) } else { 0 };
    Line { parameters, errors: None, cost, passes: fit.iterations(), rows: problem.rows, status, minimum, ..line }
}

fn boxed<T: Real, const N: usize>(entry: &Entry, line: Line) -> Line {
    let corner = |x: &[f64]| SVector::<T, N>::from_iterator(x.iter().map(|&x| T::of_f64(x)));
    match &entry.bounds {
        Some((lower, upper)) => run::<T, N, _>(entry, Bounds::new(corner(lower), corner(upper)), line),
        None => run::<T, N, _>(entry, Everywhere, line),
    }
}

fn sized<T: Real>(entry: &Entry, line: Line) -> Line {
    macro_rules! dispatch {
        ($($n:literal)*) => { match entry.start.len() { $($n => boxed::<T, $n>(entry, line),)* n => panic!("{n} parameters") } };
    }
    dispatch!(1 2 3 4 5 6 7 8 9 10 11 12 20)
}

fn both(lines: &mut Vec<Line>, problem: &str, start: &str, entry: &Entry) {
    for scalar in ["f64", "f32"] {
        let line = Line::new(problem, start, "square root", scalar);
        lines.push(if scalar == "f64" { sized::<f64>(entry, line) } else { sized::<f32>(entry, line) });
    }
}

/// Moré, Garbow & Hillstrom from the starts of the paper.
fn mgh() -> Vec<Line> {
    let mut lines = Vec::new();
    for set in reference::sets("mgh") {
        let meta = reference::meta(&set);
        let x0 = numbers(&meta, "start", "x0");
        for (name, factor) in [("x0", 1.0), ("10 x0", 10.0), ("100 x0", 100.0)] {
            let entry = Entry {
                tape: Tape::load(&set),
                start: x0.iter().map(|x| factor * x).collect(),
                scale: number(&meta["start"]["sse_at_x0"]),
                minima: minima(&meta, "minimum", "sse", "params"),
                bounds: None,
            };
            both(&mut lines, &folder_of(&set), name, &entry);
        }
    }
    lines
}

/// The sums of squares among the small problems of CUTEst.
fn cutest() -> Vec<Line> {
    let mut lines = Vec::new();
    for set in reference::sets("cutest-small") {
        let meta = reference::meta(&set);
        if meta["n_residuals"].as_integer() == Some(0) {
            continue;
        }
        let bounded = meta["bounded"].as_bool().unwrap();
        let entry = Entry {
            tape: Tape::load(&set),
            start: numbers(&meta, "problem", "x0"),
            scale: number(&meta["check"]["f_at_x0"]),
            minima: minima(&meta, "solution", "f", "x"),
            bounds: bounded.then(|| (numbers(&meta, "problem", "lower"), numbers(&meta, "problem", "upper"))),
        };
        both(&mut lines, &folder_of(&set), "x0", &entry);
    }
    lines
}

/// The runs in f64 that end elsewhere than at a listed minimum, and why.
const ELSEWHERE: &[(&str, &[&str], &str)] = &[
    (
        "05-beale",
        &["10 x0", "100 x0"],
        "x0 tends to 0 and x1 to infinity, where the sum has its other infimum, 0.45201",
    ),
    ("08-bard", &["10 x0", "100 x0"], "x1 and x2 run to infinity, where the sum has its other infimum, 17.4287"),
    ("10-meyer", &["10 x0"], "a step onto the plateau where the model vanishes; dogleg and Gauss-Newton pass it by"),
    ("12-box-3d", &["10 x0", "100 x0"], "x1 runs to infinity, where the sum has its other infimum, 0.0755887"),
    ("DEVGLA2B", &["x0"], "a stationary point on a bound, 10633.7: below the second listed one, not the best"),
    ("HATFLDFLS", &["x0"], "x0 and -x1 run to infinity together, where the sum tends to 6.0e-5"),
    ("JUDGEB", &["x0"], "a minimum inside the box, 16.08173: lower than the listed one"),
    ("LEVYMONT6", &["x0"], "a local minimum, 12.5155, one of many"),
    ("LEVYMONT7", &["x0"], "a local minimum, 12.5155, one of many"),
];

const HEAD: &str = "\
# Reference problems of least squares

Levenberg-Marquardt with default settings. Correct digits of the worst parameter, of the worst standard error, and of the sum
of squares beside the known minimum (beside the sum at the standard start where it vanishes); which of the known minima was reached
(to 8 digits of the sum of squares in f64, 3 in f32); passes over the data, rejected ones included; row evaluations.
Regenerated by `cargo test` with `THALWEG_BLESS=1`.
";

const COLUMNS: &str = "
| problem | start | memory | scalar | parameters | standard errors | sum of squares | minimum | passes | rows | status |
|---|---|---|---|---:|---:|---:|---:|---:|---:|---|
";

#[test]
fn the_table_of_references_is_up_to_date() {
    if reference::sets("mgh").is_empty() {
        return;
    }
    let mut table = String::from(HEAD);
    for (title, lines) in [
        ("NIST StRD, nonlinear regression", nist::lines()),
        ("Moré, Garbow & Hillstrom", mgh()),
        ("CUTEst, small", cutest()),
        ("Sensors", sensors::table::lines()),
    ] {
        let double: Vec<_> = lines.iter().filter(|line| line.scalar == "f64").collect();
        let reached = double.iter().filter(|line| line.minimum > 0).count();
        table +=
            &format!("\n## {title}\n\nIn f64 {reached} of {} runs end at a known minimum.\n{COLUMNS}", double.len());
        table.extend(lines.iter().map(Line::text));
        let missed = |line: &&&Line| line.minimum == 0;
        for (k, line) in double.iter().filter(missed).enumerate() {
            let at = |(problem, starts, _): &&(&str, &[&str], &str)| {
                *problem == line.problem && starts.contains(&line.start.as_str())
            };
            let (problem, _, why) =
                ELSEWHERE.iter().find(at).unwrap_or_else(|| panic!("a minimum is missed: {}", line.text()));
            let start = &line.start;
            table +=
                &format!("{}* {problem} from {start}: {why}.\n", if k == 0 { "\nElsewhere in f64:\n\n" } else { "" });
        }
        for line in &lines {
            assert!(line.status != Status::Running, "no end: {}", line.text());
        }
    }
    reference::same_as_committed("references.md", &table);
}
