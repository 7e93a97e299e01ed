//! The example `calibrate` from outside: arguments, logs of all dialects, bad input, published references.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use thalweg::Real;
use thalweg::calibration::{Calibrator, Ladder, Rung, Settings, Verdict};
use thalweg::problem::Loss;

use crate::reference::{folder, meta, number, numbers, table};

const KEYS: [&str; 16] = [
    "model",
    "status",
    "verdict",
    "samples",
    "used",
    "offset",
    "matrix",
    "field",
    "rms_before",
    "rms_after",
    "cost",
    "standard_errors",
    "coverage",
    "rank",
    "iterations",
    "evaluations",
];

/// `cargo test` builds the examples of its own profile beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let program = folder.join(format!("calibrate{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "no {}: build it with `cargo test --examples` or `cargo test`", program.display());
    program
}

struct Outcome {
    code: i32,
    out: String,
    err: String,
}

impl Outcome {
    fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "not one line: {}{}", self.out, self.err);
        let value: Value = serde_json::from_str(&self.out).unwrap();
        let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS);
        value
    }
}

/// An empty folder of its own for a test.
fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("calibrate").join(name);
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).unwrap();
    place
}

fn run<S: AsRef<std::ffi::OsStr>>(place: &Path, arguments: &[S]) -> Outcome {
    let mut child = Command::new(program())
        .current_dir(place)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    // Reports are shorter than a pipe is long, so waiting before reading cannot block the program.
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!("hangs: {:?}", arguments.iter().map(AsRef::as_ref).collect::<Vec<_>>());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert!(!err.contains("panicked"), "{err}");
    Outcome { code: status.code().expect("ended by a signal"), out, err }
}

/// A log in a file, with arguments.
fn run_log(place: &Path, log: impl AsRef<[u8]>, arguments: &[&str]) -> Outcome {
    std::fs::write(place.join("log.csv"), log).unwrap();
    let mut all = vec!["log.csv"];
    all.extend_from_slice(arguments);
    run(place, &all)
}

fn vector(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn matrix(value: &Value) -> [[f64; 3]; 3] {
    let rows: Vec<[f64; 3]> = value.as_array().unwrap().iter().map(|row| vector(row).try_into().unwrap()).collect();
    rows.try_into().unwrap()
}

/// Points spread evenly over an ellipsoid, with a little deterministic unevenness in the place of noise.
fn ellipsoid(count: usize, centre: [f64; 3], axes: [f64; 3]) -> Vec<[f64; 3]> {
    (0..count)
        .map(|k| {
            let height = 1.0 - (2 * k + 1) as f64 / count as f64;
            let (sin, cos) = (2.4 * k as f64).sin_cos();
            let circle = (1.0 - height * height).sqrt();
            let uneven = 1.0 + 0.002 * (7.0 * k as f64).sin();
            let direction = [circle * cos, circle * sin, height];
            std::array::from_fn(|i| centre[i] + axes[i] * uneven * direction[i])
        })
        .collect()
}

fn good() -> Vec<[f64; 3]> {
    ellipsoid(200, [10.0, -20.0, 5.0], [50.0, 45.0, 55.0])
}

fn csv(rows: &[[f64; 3]]) -> String {
    let lines: String = rows.iter().map(|[x, y, z]| format!("{x},{y},{z}\n")).collect();
    format!("x,y,z\n{lines}")
}

fn joined(rows: &[[f64; 3]], separator: &str, end: &str) -> String {
    rows.iter().map(|[x, y, z]| format!("{x}{separator}{y}{separator}{z}{end}")).collect()
}

#[test]
fn without_arguments_it_finds_the_truth_of_its_simulation() {
    let place = place("plain");
    let plain = run::<&str>(&place, &[]);
    assert_eq!(plain.code, 0, "{}", plain.err);
    assert!(plain.out.contains("ACCEPTED"), "{}", plain.out);
    let error = plain.out.split("error against the truth: offset ").nth(1).expect("an error against the truth");
    let error: f64 = error.split(' ').next().unwrap().parse().unwrap();
    assert!(error < 0.15, "{error} µT");

    let svg = std::fs::read_to_string(place.join("calibration.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));

    for scalar in [&["--json"][..], &["--json", "--f32"], &["--json", "--all-samples", "--loss", "cauchy"]] {
        let outcome = run(&place, scalar);
        assert_eq!(outcome.code, 0);
        let json = outcome.json();
        assert_eq!(json["model"], "ellipsoid");
        let truth = [[1.25, 0.08, -0.05], [0.0, 0.80, 0.06], [0.0, 0.0, 1.0]];
        for (found, truth) in vector(&json["offset"]).iter().zip([23.0, -41.0, 12.0]) {
            assert!((found - truth).abs() < 0.15, "{json}");
        }
        for (found, truth) in matrix(&json["matrix"]).as_flattened().iter().zip(truth.as_flattened()) {
            assert!((found - truth).abs() < 0.003, "{json}");
        }
        assert!((json["field"].as_f64().unwrap() - 48.0).abs() < 0.1);
        assert!(json["rms_before"].as_f64().unwrap() > 0.5);
    }
}

#[test]
fn one_object_and_nothing_else() {
    let place = place("json");
    let outcome = run(&place, &["--json"]);
    let json = outcome.json();
    assert!(!place.join("calibration.svg").exists(), "a figure nobody asked for");
    assert_eq!(json["samples"], 3000);
    assert_eq!(vector(&json["offset"]).len(), 3);
    matrix(&json["matrix"]);
    let errors = json["standard_errors"].as_object().unwrap();
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["offset", "matrix"]);
    assert!(vector(&errors["offset"]).iter().all(|error| *error > 0.0));
    assert!(matrix(&errors["matrix"])[0][0] > 0.0);
    let (used, rms, cost) = (&json["used"], &json["rms_after"], &json["cost"]);
    let sum = used.as_f64().unwrap() * rms.as_f64().unwrap().powi(2);
    assert!((sum / cost.as_f64().unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(outcome.out, run(&place, &["--json"]).out, "not the same twice");

    assert_eq!(run(&place, &["--json", "--svg", "here.svg"]).out, outcome.out);
    assert!(place.join("here.svg").is_file());
}

#[test]
fn help_and_wrong_arguments() {
    let place = place("arguments");
    let help = run(&place, &["--help"]);
    assert_eq!(help.code, 0);
    assert!(["--columns", "mx,my,mz", "--all-samples", "geman-mcclure"].iter().all(|word| help.out.contains(word)));

    for (arguments, told) in [
        (&["--field", "0"][..], "positive"),
        (&["--field", "-1"], "positive"),
        (&["--field", "nan"], "positive"),
        (&["--field", "inf"], "positive"),
        (&["--field", "1e300", "--f32"], "--field"),
        (&["--prior", "-1"], "not negative"),
        (&["--model", "cube"], "ellipsoid"),
        (&["--loss", "l2"], "soft-l1"),
        (&["--columns", "a,b"], "three names"),
        (&["--columns", "a,b,c"], "needs a log"),
        (&["--no-such-thing"], "--no-such-thing"),
        (&["absent.csv"], "absent.csv cannot be read"),
        (&["."], "cannot be read"),
        (&["--svg", "no/such/folder.svg"], "cannot be written"),
    ] {
        let outcome = run(&place, arguments);
        assert_eq!(outcome.code, 1, "{arguments:?}");
        assert!(outcome.out.is_empty());
        assert!(outcome.err.contains(told), "{arguments:?}: {}", outcome.err);
    }
    let outcome = run_log(&place, b"x,y,z\n1,2,3\n4,\xff,6\n", &[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("line 3 is not UTF-8"), "{}", outcome.err);
}

#[test]
fn every_dialect_is_the_same_log() {
    let place = place("dialects");
    let rows = good();
    let plain = joined(&rows, ",", "\n");
    let wanted = run_log(&place, csv(&rows), &["--json"]);
    assert_eq!(wanted.code, 0, "{}", wanted.err);

    let mixed: String = rows.iter().map(|[x, y, z]| format!("9,{z},7,{x},{y}\n")).collect();
    let commented: String =
        rows.iter().map(|[x, y, z]| format!("# a \"remark\"\n\n  # another\n{x} , {y},\t{z}\n   \n")).collect();
    let quoted: String = rows.iter().map(|[x, y, z]| format!("\"{x}\",\"{y}\",\"{z}\"\n")).collect();
    let stamped: String = rows.iter().map(|[x, y, z]| format!("12:00:00 noon\t{x}\t{y}\t{z}\n")).collect();
    let padded: String = rows.iter().map(|[x, y, z]| format!("  {x}   {y}  {z}  \n")).collect();
    let noted: String = rows.iter().map(|[x, y, z]| format!("{x},{y},{z},\"two\nlines\"\n")).collect();
    for (name, text, arguments) in [
        ("no header", plain.clone(), &[][..]),
        ("carriage returns", csv(&rows).replace('\n', "\r\n"), &[]),
        ("carriage returns alone", csv(&rows).replace('\n', "\r"), &[]),
        ("byte order mark", format!("\u{feff}{}", csv(&rows)), &[]),
        ("byte order mark, no header", format!("\u{feff}{plain}"), &[]),
        ("no last line end", csv(&rows).trim_end().to_owned(), &[]),
        ("semicolons", joined(&rows, ";", "\n"), &[]),
        ("tabs", joined(&rows, "\t", "\n"), &[]),
        ("spaces", padded, &[]),
        ("last cell empty", joined(&rows, ",", ",\n"), &[]),
        ("comments and empty lines", commented, &[]),
        ("rows of empty cells", format!(",,\n{plain},,,\n"), &[]),
        ("quotes", quoted, &[]),
        ("quoted line ends in other columns", noted, &[]),
        ("usual names", format!("t,mz,n,mx,my\n{mixed}"), &[]),
        ("usual names, spelled out", format!("t,Mag Z [uT],ax,Mag X [uT],Mag Y [uT]\n{mixed}"), &[]),
        ("numbered names", format!("t,mag_2,n,mag_0,mag_1\n{mixed}"), &[]),
        ("magnetometer before accelerometer", format!("ax,mz,ay,mx,my\n{mixed}"), &[]),
        ("names", format!("t,C,n,a,B\n{mixed}"), &["--columns", "a, b ,c"]),
        ("numbers", mixed, &["--columns", "4,5,2"]),
        ("tabs in a header of words", format!("clock time\tmag x\tmag y\tmag z\n{stamped}"), &[]),
    ] {
        let mut all = vec!["--json"];
        all.extend_from_slice(arguments);
        let outcome = run_log(&place, text, &all);
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.err);
        assert_eq!(outcome.out, wanted.out, "{name}");
    }
}

#[test]
fn what_is_no_log_is_named_with_its_line() {
    let place = place("errors");
    for (text, arguments, told) in [
        ("", &[][..], &["log.csv", "the log is empty"][..]),
        ("\u{feff}", &[], &["the log is empty"]),
        ("# only\n\n# comments\n", &[], &["the log is empty"]),
        (",,\n,,\n", &[], &["the log is empty"]),
        ("x,y,z\n", &[], &["a header but no readings"]),
        ("x,y,z\n1,2,3\n# remark\n\n4,five,6\n", &[], &["line 5, column 2", "\"five\" is not a number"]),
        ("x,y,z\r\n1,2,3\r\n\r\n4,five,6\r\n", &[], &["line 4, column 2"]),
        ("1,2,3\n1,2,3,4\n1,,3\n", &[], &["line 3, column 2", "empty", "nan"]),
        ("1,2,3\n4,5\n", &[], &["line 2: 2 cells", "column 3"]),
        ("1,2\n", &[], &["line 1: 2 cells", "column 3"]),
        ("x,y\n1,2\n", &[], &["line 1", "2 of the three columns"]),
        ("word\n", &[], &["line 1", "1 of the three columns"]),
        ("1;2;3\n1,5;2,5;3,5\n", &[], &["line 2, column 1", "\"1,5\" is not a number"]),
        ("1,2,3\n\"4,5,6\n7,8,9\n", &[], &["line 2", "not a number"]),
        ("1,2,3\n0x10,2,3\n", &[], &["line 2, column 1"]),
        ("a,b,c\n1,2,3\n", &["--columns", "a,b,d"], &["line 1", "no column \"d\"", "\"a\", \"b\", \"c\""]),
        ("a,b,c\n1,2,3\n", &["--columns", "a,b,3"], &["no column \"3\""]),
        ("a,b,c\n1,2,3\n", &["--columns", "a,b,a"], &["different"]),
        ("1,2,3\n", &["--columns", "x,y,z"], &["no header", "by number"]),
        ("1,2,3\n", &["--columns", "0,1,2"], &["by number, from 1"]),
        ("1,2,3\n", &["--columns", "1,2,4"], &["line 1: 3 cells", "column 4"]),
    ] {
        for json in [&[][..], &["--json"], &["--f32"]] {
            let outcome = run_log(&place, text, &[arguments, json].concat());
            assert_eq!(outcome.code, 1, "{text:?}: {}", outcome.out);
            assert!(outcome.out.is_empty());
            for told in told {
                assert!(outcome.err.contains(told), "{text:?}: {}", outcome.err);
            }
        }
    }
}

/// Every number is finite by the grammar of JSON; a verdict other than accepted comes with code 2, and a figure.
fn refused(place: &Path, name: &str, log: &str, arguments: &[&str], verdicts: &[&str]) {
    for scalar in [&[][..], &["--f32"]] {
        for samples in [&[][..], &["--all-samples"]] {
            let all = [arguments, scalar, samples, &["--json", "--svg", "figure.svg"]].concat();
            let outcome = run_log(place, log, &all);
            let json = outcome.json();
            assert_eq!(outcome.code, 2, "{name} {all:?}: {json}");
            assert!(verdicts.contains(&json["verdict"].as_str().unwrap()), "{name} {all:?}: {json}");
            vector(&json["offset"]);
            matrix(&json["matrix"]);
            let svg = std::fs::read_to_string(place.join("figure.svg")).unwrap();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
        }
    }
    let report = run_log(place, log, arguments);
    assert_eq!(report.code, 2);
    let verdict = report.out.split("verdict    ").nth(1).expect("a verdict");
    assert!(verdict.lines().nth(1).is_some_and(|advice| advice.trim().len() > 20), "{name}: no advice");
}

#[test]
fn bad_input_ends_in_a_verdict() {
    let place = place("bad");
    let round = |point: &dyn Fn(f64, f64) -> [f64; 3]| {
        csv(&(0..120)
            .map(|k| {
                let (sin, cos) = (0.7 * f64::from(k)).sin_cos();
                point(cos, sin)
            })
            .collect::<Vec<_>>())
    };
    let few = ["too few samples"];
    let same = ["too few samples", "no variation"];
    let open = ["undetermined", "not converged", "poor coverage", "imprecise", "poor fit"];

    refused(&place, "all NaN", &csv(&[[f64::NAN; 3]; 50]), &[], &few);
    refused(&place, "all infinite", &csv(&[[f64::INFINITY, f64::NEG_INFINITY, 0.0]; 50]), &[], &few);
    refused(&place, "one", "1,2,3\n", &[], &few);
    refused(&place, "four", &csv(&good()[..4]), &[], &few);
    refused(&place, "nine for an ellipsoid", &csv(&good()[..9]), &["--model", "ellipsoid"], &few);
    refused(&place, "six for axes", &csv(&good()[..6]), &["--model", "axes"], &few);
    refused(&place, "all equal", &csv(&[[1.5, -2.5, 3.5]; 100]), &[], &same);
    refused(&place, "all equal, known field", &csv(&[[1.5, -2.5, 3.5]; 100]), &["--field", "50"], &same);
    refused(
        &place,
        "two places",
        &csv(&[[1.0, 2.0, 3.0], [1.0, 2.5, 3.0]].repeat(50)),
        &[],
        &["no variation", "too few samples", "undetermined"],
    );
    refused(&place, "no field", &csv(&[[0.0; 3]; 100]), &[], &same);
    refused(&place, "no field, prior", &csv(&[[0.0; 3]; 100]), &["--field", "50", "--prior", "1e-3"], &same);
    refused(&place, "no field but rounding", &csv(&good().map_all(|v| v * 1e-300)), &[], &same);
    for model in ["auto", "sphere", "axes", "ellipsoid"] {
        let arguments = ["--model", model];
        refused(
            &place,
            "a line",
            &csv(&(0..120).map(|k| [0.5, 0.3, 0.1].map(|v| v * f64::from(k))).collect::<Vec<_>>()),
            &arguments,
            &open,
        );
        refused(&place, "a plane", &round(&|c, s| [10.0 + 50.0 * c, 50.0 * s, 20.0]), &arguments, &open);
        refused(
            &place,
            "a tilted plane",
            &round(&|c, s| [50.0 * c, 50.0 * s, 20.0 + 15.0 * c - 5.0 * s]),
            &arguments,
            &open,
        );
        // At a constant angle to the field, as when a vehicle turns on level ground.
        refused(
            &place,
            "a cone",
            &round(&|c, s| [3.0 + 30.0 * c, 24.0 * s - 25.0, 25.0 + 18.0 * s]),
            &arguments,
            &open,
        );
        let noise = |c: f64, s: f64| [(9e3 * c).sin(), (8e3 * s).sin(), (7e3 * c + 1e3 * s).cos()];
        let noisy = |c, s| {
            let [a, b, d] = noise(c, s).map(|v| 0.1 * v);
            [3.0 + 30.0 * c + a, 24.0 * s - 25.0 + b, 25.0 + 18.0 * s + d]
        };
        refused(&place, "a noisy cone", &round(&noisy), &arguments, &open);
    }
    let clipped = csv(&good().map_all(|v| v.clamp(-45.0, 40.0)));
    refused(&place, "saturated", &clipped, &[], &["saturated"]);
    refused(&place, "saturated, ellipsoid", &clipped, &["--model", "ellipsoid"], &["saturated"]);
    let ends: Vec<_> = (0..50).map(|k| [0, 1, 2].map(|i| if k >> i & 1 == 0 { 1e308 } else { -1e308 })).collect();
    refused(&place, "differences overflow", &csv(&ends), &[], &["not finite", "too few samples"]);
    let far = good().map_all(|v| v * 1e300);
    refused(&place, "squares overflow", &csv(&far), &[], &["not finite", "too few samples"]);
}

/// `map` over all components.
trait MapAll {
    fn map_all(&self, f: impl Fn(f64) -> f64) -> Vec<[f64; 3]>;
}

impl MapAll for Vec<[f64; 3]> {
    fn map_all(&self, f: impl Fn(f64) -> f64) -> Vec<[f64; 3]> {
        self.iter().map(|row| row.map(&f)).collect()
    }
}

#[test]
fn readings_that_are_not_finite_are_left_out() {
    let place = place("not-finite");
    let rows = good();
    let mut broken = String::from("x,y,z\n");
    for (k, [x, y, z]) in rows.iter().enumerate() {
        broken += ["nan,1,2\n", "1,inf,2\n", "1,2,-Infinity\n", "NaN,NAN,nan\n"][k % 4];
        broken += &format!("{x},{y},{z}\n");
    }
    for scalar in
        [&["--json"][..], &["--json", "--f32"], &["--json", "--all-samples"], &["--json", "--all-samples", "--f32"]]
    {
        let (clean, dirty) = (run_log(&place, csv(&rows), scalar), run_log(&place, &broken, scalar));
        assert_eq!((clean.code, dirty.code), (0, 0));
        let (clean, mut dirty) = (clean.json(), dirty.json());
        assert_eq!(dirty["samples"], 400);
        dirty["samples"] = clean["samples"].clone();
        assert_eq!(clean, dirty);
    }
    assert!(run_log(&place, &broken, &[]).out.contains("200 not finite"));
}

#[test]
fn repeated_rows_and_timestamps_do_no_harm() {
    let place = place("repeated");
    let rows = good();
    let stamped: String = rows.iter().map(|[x, y, z]| format!("17,{x},{y},{z}\n")).collect();
    let stamped = format!("time,mx,my,mz\n{stamped}");
    let repeated: Vec<_> = rows.iter().flat_map(|row| [*row; 5]).collect();
    for scalar in [&["--json"][..], &["--json", "--f32"]] {
        let once = run_log(&place, csv(&rows), scalar);
        assert_eq!(once.code, 0);
        assert_eq!(run_log(&place, &stamped, scalar).out, once.out);
        let (once, often) = (once.json(), run_log(&place, csv(&repeated), scalar).json());
        assert_eq!(often["samples"], 1000);
        assert_eq!((&often["used"], &often["offset"]), (&once["used"], &once["offset"]));
    }
    let all = run_log(&place, csv(&repeated), &["--json", "--all-samples"]).json();
    assert_eq!((&all["used"], &all["verdict"]), (&Value::from(1000), &Value::from("accepted")));
}

#[test]
fn an_offset_a_million_times_the_field() {
    let place = place("offset");
    let centre = [5e7, -5e7, 5e7];
    let log = csv(&ellipsoid(300, centre, [50.0, 45.0, 55.0]));
    for samples in [&["--json"][..], &["--json", "--all-samples"]] {
        let double = run_log(&place, &log, samples);
        assert_eq!(double.code, 0, "{}", double.out);
        for (found, truth) in vector(&double.json()["offset"]).iter().zip(centre) {
            assert!((found - truth).abs() < 0.1);
        }
        // Single precision cannot tell these readings apart by more than a few steps.
        let single = run_log(&place, &log, &[samples, &["--f32"]].concat());
        assert_eq!(single.code, 2);
        assert_eq!(single.json()["verdict"], "no variation");
    }
}

/// The relative tolerance of a cost, by scalar.
const SCALARS: [(&[&str], f64); 2] = [(&[], 1e-8), (&["--f32"], 1e-3)];

fn close(found: f64, wanted: f64, tolerance: f64, what: &str) {
    assert!((found / wanted - 1.0).abs() <= tolerance, "{what}: {found:e} is not {wanted:e}");
}

fn fit(log: &Path, field: f64, model: &str, more: &[&str]) -> Outcome {
    let field = field.to_string();
    let mut all = vec![log.to_str().unwrap(), "--all-samples", "--json", "--field", &field, "--model", model];
    all.extend_from_slice(more);
    run(Path::new(env!("CARGO_TARGET_TMPDIR")), &all)
}

#[test]
fn the_tilted_sphere_log_as_published() {
    let Some(set) = folder("magnetometer/hmc5883l-tilt-sphere") else { return };
    let meta = meta(&set);
    for (section, model) in [("ellipsoid9", "ellipsoid"), ("axis_scale6", "axes")] {
        for (scalar, tolerance) in SCALARS {
            let outcome = fit(&set.join("data.csv"), 1.0, model, scalar);
            assert_eq!(outcome.code, 0, "{}", outcome.out);
            let json = outcome.json();
            assert_eq!(json["used"], meta["n_obs"].as_integer().unwrap());
            close(json["cost"].as_f64().unwrap(), number(&meta[section]["cost"]), tolerance, section);
            close(json["rms_after"].as_f64().unwrap(), number(&meta[section]["residual_rms"]), tolerance, section);
            let u = matrix(&json["matrix"]);
            let [x, y, z] = vector(&json["offset"]).try_into().unwrap();
            let found: Vec<f64> = match model {
                "axes" => vec![u[0][0], u[1][1], u[2][2], x, y, z],
                _ => vec![u[0][0], u[0][1], u[0][2], u[1][1], u[1][2], u[2][2], x, y, z],
            };
            let errors = numbers(&meta, section, "std_err");
            for ((found, wanted), error) in found.iter().zip(numbers(&meta, section, "params")).zip(errors) {
                assert!((found - wanted).abs() < 0.1 * error, "{section}: {found} is not {wanted} +- {error}");
            }
        }
    }
}

#[test]
fn logs_of_few_attitudes_under_a_prior_as_published() {
    for name in ["fluxgate-flight-1002-02", "hmc5883l-bench"] {
        let Some(set) = folder(&format!("magnetometer/{name}")) else { return };
        let meta = meta(&set);
        let (field, weight) = (number(&meta["field"]), number(&meta["prior_weight"]));
        let map = &meta["ellipsoid9_map"];
        let count = number(&meta["n_obs"]);
        for (scalar, tolerance) in SCALARS {
            let json =
                fit(&set.join("data.csv"), field, "ellipsoid", &[&["--prior", &weight.to_string()], scalar].concat())
                    .json();
            assert_eq!(json["used"], meta["n_obs"].as_integer().unwrap());
            let u = matrix(&json["matrix"]);
            let from_identity: f64 =
                (0..3).flat_map(|i| (0..3).map(move |j| (u[i][j] - f64::from(i == j)).powi(2))).sum();
            let total = json["cost"].as_f64().unwrap() + count * weight * from_identity;
            close(total, number(&map["cost"]), tolerance, name);
            // Data and prior trade to first order, so their shares are known less well than the sum.
            let rms = json["rms_after"].as_f64().unwrap();
            close(rms, number(&map["residual_rms"]), tolerance.max(1e-6), name);
        }
    }
}

#[test]
fn logs_without_a_minimizer_are_refused_with_finite_numbers() {
    for name in ["fluxgate-flight-1002-02", "hmc5883l-bench"] {
        let Some(set) = folder(&format!("magnetometer/{name}")) else { return };
        let field = number(&meta(&set)["field"]);
        for (scalar, _) in SCALARS {
            let outcome = fit(&set.join("data.csv"), field, "ellipsoid", scalar);
            let json = outcome.json();
            assert_eq!(outcome.code, 2, "{json}");
            let verdict = json["verdict"].as_str().unwrap();
            assert!(["not converged", "undetermined"].contains(&verdict), "{verdict}");
            vector(&json["offset"]);
            matrix(&json["matrix"]);
            assert!(json["cost"].is_number() && json["rms_after"].is_number());
        }
    }
}

#[test]
fn static_poses_of_an_accelerometer_as_published() {
    let Some(set) = folder("imu/xsens-static") else { return };
    let meta = meta(&set);
    let gravity = number(&meta["gravity"]);
    for (scalar, tolerance) in SCALARS {
        let outcome =
            fit(&set.join("static_means.csv"), gravity, "ellipsoid", &[&["--columns", "ax,ay,az"], scalar].concat());
        let json = outcome.json();
        assert_eq!(outcome.code, 0, "{json}");
        // The published cost is in squared units of gravity.
        let wanted = number(&meta["reference"]["sse"]) / (gravity * gravity);
        close(json["cost"].as_f64().unwrap(), wanted, tolerance, "xsens");
        let offset = numbers(&meta, "reference", "params");
        for (found, wanted) in vector(&json["offset"]).iter().zip(&offset[6..]) {
            assert!((found - wanted).abs() < 0.02, "{found} is not {wanted} counts");
        }
    }
}

#[test]
fn soft_l1_as_published() {
    fn cost<T: Real>(rows: &[Vec<f64>], scale: f64) -> f64 {
        let samples: Vec<[T; 3]> = rows.iter().map(|row| std::array::from_fn(|i| T::of_f64(row[i]))).collect();
        let settings = Settings {
            model: Some(Rung::Ellipsoid),
            field: Some(T::ONE),
            loss: Loss::SoftL1,
            loss_scale: T::of_f64(scale),
            ..Settings::default()
        };
        let mut ladder = Ladder::<T>::new();
        let result = ladder.run(&settings, &samples);
        assert_eq!(result.verdict, Verdict::Accepted);
        let losses = rows.iter().zip(&samples).map(|(_, m)| {
            let corrected = result.apply(*m).map(T::to_f64);
            let r = corrected.iter().map(|v| v * v).sum::<f64>().sqrt() - 1.0;
            2.0 * scale * scale * ((1.0 + (r / scale).powi(2)).sqrt() - 1.0)
        });
        losses.sum()
    }
    let Some(set) = folder("magnetometer/hmc5883l-tilt-sphere") else { return };
    let wanted = number(&meta(&set)["ellipsoid9_soft_l1"]["cost"]);
    let (_, rows) = table(&set.join("data.csv"));
    close(cost::<f64>(&rows, 0.01), wanted, 1e-8, "f64");
    close(cost::<f32>(&rows, 0.01), wanted, 1e-3, "f32");
}

#[test]
fn the_program_is_the_library() {
    let rows = good();
    let mut calibrator = Calibrator::<f32, 512>::new(Settings::default());
    for row in &rows {
        calibrator.push(row.map(|v| v as f32));
    }
    calibrator.request();
    while calibrator.tick() {}
    let result = calibrator.result().unwrap();
    let json = run_log(&place("library"), csv(&rows), &["--json", "--f32"]).json();
    assert_eq!(json["cost"].as_f64(), Some(f64::from(result.cost)));
    assert_eq!(vector(&json["offset"]), result.offset.map(f64::from).as_slice());
    assert_eq!(json["evaluations"], result.evaluations);
}
