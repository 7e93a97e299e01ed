//! The example `sparse_path` from outside: references, formats, options, bad input.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::reference::{folder_of, meta, number, sets};

const STEP: [&str; 8] = ["lambda", "ratio", "nnz", "objective", "kkt", "gap", "deviance", "seconds"];

/// Beside the tests; they do not build it themselves.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let program = folder.join(format!("sparse_path{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "no {}: build it with `cargo build --release --features sparse --example sparse_path`",
        program.display()
    );
    program
}

#[derive(Debug)]
struct Outcome {
    code: i32,
    out: String,
    err: String,
}

impl Outcome {
    fn json(&self) -> Value {
        assert_eq!((self.code, self.out.lines().count()), (0, 1), "{self:?}");
        let value: Value = serde_json::from_str(&self.out).unwrap();
        let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys[..5], ["lambda_max", "solver", "path", "chosen", "coefficients"]);
        assert!(matches!(keys[5..], [] | ["cross_validation"]), "{keys:?}");
        value
    }
}

/// An empty folder of its own for a test.
fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sparse_path").join(name);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    place
}

fn run<S: AsRef<std::ffi::OsStr>>(place: &Path, arguments: &[S], input: &[u8]) -> Outcome {
    let mut command = Command::new(program());
    command.current_dir(place).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that has no use for its input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(!err.contains("panicked"), "{err}");
    Outcome { code: output.status.code().expect("ended by a signal"), out, err }
}

/// A table by the standard input, with arguments.
fn fit(table: &str, arguments: &[&str]) -> Outcome {
    run(Path::new("."), &[&["-"], arguments].concat(), table.as_bytes())
}

fn near(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} in the place of {expected}"));
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1e-3), "{found} is not {expected}");
}

/// Pseudorandom numbers between -1 and 1: the fractions of multiples of irrational numbers.
fn uneven(i: usize, j: usize) -> f64 {
    let x = (i + 1) as f64 * (1.0 + (j as f64 + 2.0).sqrt()) * 7.31;
    2.0 * x.fract() - 1.0
}

/// n rows of a target and p columns, of which the first two matter.
fn rows(n: usize, p: usize, target: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    let row = |i: usize| {
        let x: Vec<f64> = (0..p).map(|j| uneven(i, j)).collect();
        let eta = 2.0 * x[0] - 1.5 * x[1] + 0.4 * uneven(i, p);
        [target(eta)].into_iter().chain(x).collect()
    };
    (0..n).map(row).collect()
}

fn csv(rows: &[Vec<f64>]) -> String {
    let header: Vec<String> = (0..rows[0].len()).map(|j| if j == 0 { "y".into() } else { format!("x{j}") }).collect();
    let line = |row: &Vec<f64>| row.iter().map(|cell| format!("{cell:?}")).collect::<Vec<_>>().join(",");
    format!("{}\n{}\n", header.join(","), rows.iter().map(line).collect::<Vec<_>>().join("\n"))
}

#[test]
fn without_data_it_finds_the_columns_that_matter() {
    let place = place("builtin");
    let outcome = run(&place, &[] as &[&str], b"");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for part in ["200 observations, 500 columns", "squared loss, MCP, γ = 3", "100 λ", "(intercept)", "x10 "] {
        assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
    }
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0, "nothing is written unasked");
    let json = run(&place, &["--json", "--svg", "path.svg"], b"").json();
    assert_eq!(json["path"].as_array().unwrap().len(), 100);
    let svg = fs::read_to_string(place.join("path.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("\nx430\n") && svg.trim_end().ends_with("</svg>"), "{svg:.200}");
}

/// Convex objectives are unique; a small problem has few local minima of the others.
#[test]
fn reference_problems_have_their_objectives() {
    for set in sets("sparse") {
        let (meta, name) = (meta(&set), folder_of(&set));
        let loss = if meta["family"].as_str() == Some("logistic") { "logistic" } else { "squared" };
        let mut reader = csv::Reader::from_path(set.join("reference.csv")).unwrap();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let value = |record: &csv::StringRecord, k: usize| record[k].parse::<f64>().unwrap();
        for (label, penalty) in [("lasso", "l1"), ("enet0.5", "enet"), ("mcp", "mcp"), ("scad", "scad")] {
            let of = |record: &&csv::StringRecord| record[0].starts_with(label);
            let rows: Vec<_> = records.iter().filter(of).collect();
            let Some(first) = rows.first() else { continue };
            let ratios = rows.iter().map(|row| row[2].to_owned()).collect::<Vec<_>>().join(",");
            let data = set.join("data.csv");
            let mut arguments = vec![data.to_str().unwrap(), "--loss", loss, "--penalty", penalty, "--json"];
            arguments.extend(["--lambda-ratios", &ratios, "--tol", "1e-9"]);
            let convex = matches!(penalty, "l1" | "enet");
            if !convex && name != "prostate" {
                continue;
            }
            if !convex {
                arguments.extend(["--gamma", &first[1]]);
            }
            let json = run(Path::new("."), &arguments, b"").json();
            let scale = if penalty == "enet" { 2.0 } else { 1.0 };
            near(&json["lambda_max"], scale * number(&meta["lambda_max"]), 1e-9);
            let path = json["path"].as_array().unwrap();
            assert_eq!(path.len(), rows.len());
            let mut rows = rows.clone();
            rows.sort_by(|a, b| value(b, 2).total_cmp(&value(a, 2)));
            for (step, row) in path.iter().zip(rows) {
                let case = format!("{name}, {penalty} at {}", &row[2]);
                near(&step["lambda"], value(row, 3), 1e-9);
                near(&step["ratio"], value(row, 2), 1e-12);
                assert!(step["kkt"].as_f64().unwrap() <= 1e-9, "{case}: {step}");
                let objective = step["objective"].as_f64().unwrap();
                if convex {
                    assert!((objective / value(row, 4) - 1.0).abs() < 1e-9, "{case}: {objective} is not {}", &row[4]);
                } else {
                    assert!(objective <= value(row, 5) * (1.0 + 1e-6), "{case}: {objective} is more than {}", &row[5]);
                }
            }
        }
    }
}

#[test]
fn coefficients_of_a_reference() {
    let Some(set) = sets("sparse").into_iter().find(|set| folder_of(set) == "prostate") else { return };
    let data = set.join("data.csv");
    let ratios = "0.7,0.5,0.3";
    let arguments =
        [data.to_str().unwrap(), "--json", "--all-coefficients", "--tol", "1e-12", "--lambda-ratios", ratios];
    let json = run(Path::new("."), &arguments, b"").json();
    let mut reader = csv::Reader::from_path(set.join("coefficients.csv")).unwrap();
    let mut count = 0;
    for record in reader.records().map(Result::unwrap).filter(|record| &record[0] == "lasso") {
        let ratio: f64 = record[1].parse().unwrap();
        let steps = json["path"].as_array().unwrap();
        let Some(step) = steps.iter().find(|step| (step["ratio"].as_f64().unwrap() - ratio).abs() < 1e-9) else {
            continue;
        };
        let column = format!("x{}", &record[2]);
        near(&step["coefficients"]["standardized"][&column], record[3].parse().unwrap(), 1e-9);
        count += 1;
    }
    assert_eq!(count, 6, "one, two and three are not zero");
    assert_eq!(json["coefficients"], json["path"][2]["coefficients"], "the last is chosen");

    // The original scale predicts the same: at the means of the columns, the mean of the target.
    let (header, rows) = crate::reference::table(&data);
    let mean = |k: usize| rows.iter().map(|row| row[k]).sum::<f64>() / rows.len() as f64;
    let original = &json["coefficients"]["original"];
    let slope = |k: usize| original[&header[k]].as_f64().unwrap_or(0.0) * mean(k);
    let at = original["(intercept)"].as_f64().unwrap() + (1..header.len()).map(slope).sum::<f64>();
    assert!((at - mean(0)).abs() < 1e-9, "{at} is not {}", mean(0));
}

/// `[y, x]` in the four forms that a file can have.
#[test]
fn all_formats_give_the_same_path() {
    let place = place("formats");
    let rows = rows(30, 6, |eta| eta);
    let text = csv(&rows);
    fs::write(place.join("plain"), &text).unwrap();
    let mut packed = GzEncoder::new(fs::File::create(place.join("packed")).unwrap(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap();
    let pair = |(j, x): (usize, &f64)| format!(" {j}:{x:?}");
    let line =
        |row: &Vec<f64>| format!("{:?}{}\n", row[0], row.iter().enumerate().skip(1).map(pair).collect::<String>());
    fs::write(place.join("svm"), rows.iter().map(line).collect::<String>()).unwrap();
    let entry = |(i, row): (usize, &Vec<f64>)| {
        row.iter().enumerate().map(|(j, x)| format!("{} {} {x:?}\n", i + 1, j + 1)).collect::<String>()
    };
    let entries: String = rows.iter().enumerate().map(entry).collect();
    fs::write(place.join("mtx"), format!("%%MatrixMarket matrix coordinate real general\n30 7 210\n{entries}"))
        .unwrap();
    let target: String = rows.iter().map(|row| format!("{:?}\n", row[0])).collect();
    fs::write(place.join("target"), target).unwrap();
    let without: Vec<Vec<f64>> = rows.iter().map(|row| row[1..].to_vec()).collect();
    fs::write(place.join("x"), csv(&without)).unwrap();

    let path = |arguments: &[&str]| {
        let json = run(&place, &[arguments, &["--json", "--lambdas", "10"]].concat(), text.as_bytes()).json();
        let steps = json["path"].as_array().unwrap().iter();
        steps.map(|step| STEP[..7].iter().map(|key| step[key].to_string()).collect()).collect::<Vec<Vec<_>>>()
    };
    let expected = path(&["plain"]);
    assert_eq!(expected.len(), 10);
    for data in ["packed", "svm", "mtx", "-"] {
        assert_eq!(path(&[data]), expected, "{data}");
    }
    assert_eq!(path(&["plain", "--target", "y", "--format", "csv"]), expected);
    assert_eq!(path(&["x", "--response", "target"]), expected);
    assert_eq!(path(&["plain", "--threads", "1"]), path(&["plain", "--threads", "2"]));
}

#[test]
fn every_loss_and_penalty_converges_or_says_that_it_does_not() {
    let squared = csv(&rows(40, 5, |eta| eta));
    let classes = csv(&rows(40, 5, |eta| if eta > 0.2 { 2.0 } else { 1.0 }));
    let counts = csv(&rows(40, 5, |eta| eta.exp().round()));
    let three = csv(&rows(60, 5, |eta| (eta + 0.5).clamp(-1.0, 1.0).round()));
    let time = |row: Vec<f64>| [vec![(-row[0]).exp(), f64::from(row[1] > -0.5)], row[1..].to_vec()].concat();
    let times = csv(&rows(60, 5, |eta| eta).into_iter().map(time).collect::<Vec<_>>());
    let losses: [(&str, &str, &[&str]); 8] = [
        ("squared", &squared, &[]),
        ("huber", &squared, &["--threshold", "0.5"]),
        ("quantile", &squared, &["--level", "0.3", "--threshold", "3"]),
        ("logistic", &classes, &[]),
        ("hinge", &classes, &[]),
        ("poisson", &counts, &[]),
        ("multinomial", &three, &[]),
        ("cox", &times, &["--event", "x1"]),
    ];
    let penalties = ["l1", "enet", "mcp", "scad", "lhalf", "ltwothirds", "logsum", "capped-l1"];
    for (loss, table, more) in losses {
        for penalty in penalties {
            let common = ["--loss", loss, "--penalty", penalty, "--json", "--lambda-ratios", "0.2,0.5"];
            let outcome = fit(table, &[&common, more].concat());
            let json = outcome.json();
            assert_eq!(json["path"].as_array().unwrap().len(), 2);
            for (step, ratio) in json["path"].as_array().unwrap().iter().zip([0.5, 0.2]) {
                near(&step["ratio"], ratio, 1e-12);
                let keys: Vec<_> = step.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(keys, STEP);
                let told = outcome.err.contains("did not reach the tolerance") && !matches!(penalty, "l1" | "enet");
                assert!(told || step["kkt"].as_f64().unwrap() <= 1.01e-7, "{loss} {penalty}: {step}");
            }
            // Zero is a local minimum of the powers, and the path begins there.
            let power = matches!(penalty, "lhalf" | "ltwothirds");
            assert!(power || json["path"][1]["nnz"].as_u64() > Some(0), "{loss} {penalty}: {json}");
            let standardized = json["coefficients"]["standardized"].as_object().unwrap();
            let name = if loss == "multinomial" { "1:(intercept)" } else { "(intercept)" };
            assert_eq!(standardized.contains_key(name), loss != "cox", "{standardized:?}");
        }
    }
}

#[test]
fn weights_are_repeated_rows() {
    let rows = rows(20, 4, |eta| eta);
    let weighted: Vec<Vec<f64>> =
        rows.iter().enumerate().map(|(i, row)| [row.clone(), vec![(i % 3) as f64]].concat()).collect();
    let repeated: Vec<Vec<f64>> = rows.iter().enumerate().flat_map(|(i, row)| vec![row.clone(); i % 3]).collect();
    let common = ["--json", "--tol", "1e-10", "--lambda-ratios", "0.3"];
    let once = fit(&csv(&weighted), &[&common[..], &["--weights", "x5"]].concat()).json();
    let again = fit(&csv(&repeated), &common).json();
    near(&once["path"][0]["objective"], again["path"][0]["objective"].as_f64().unwrap(), 1e-10);
    near(&once["coefficients"]["original"]["x1"], again["coefficients"]["original"]["x1"].as_f64().unwrap(), 1e-8);
}

#[test]
fn an_offset_is_added() {
    let rows = rows(20, 4, |eta| eta);
    let offset = |i: usize| uneven(i, 9);
    let added = |(i, row): (usize, &Vec<f64>)| [vec![row[0] + offset(i)], row[1..].to_vec(), vec![offset(i)]].concat();
    let shifted: Vec<Vec<f64>> = rows.iter().enumerate().map(added).collect();
    let common = ["--json", "--lambda-ratios", "0.3"];
    let with = fit(&csv(&shifted), &[&common[..], &["--offset", "x5"]].concat()).json();
    near(
        &with["path"][0]["objective"],
        fit(&csv(&rows), &common).json()["path"][0]["objective"].as_f64().unwrap(),
        1e-9,
    );
}

#[test]
fn columns_as_they_are_and_no_intercept() {
    // One column: the lasso without intercept is a soft threshold of Σxy/n at λ, over Σx²/n.
    let table = "y,x\n1,1\n2,3\n4,2\n";
    let json = fit(table, &["--no-standardize", "--no-intercept", "--json", "--lambda-ratios", "0.25"]).json();
    near(&json["lambda_max"], 5.0, 1e-12);
    let expected = (5.0 - 1.25) / (14.0 / 3.0);
    assert_eq!(json["coefficients"]["standardized"].as_object().unwrap().len(), 1);
    near(&json["coefficients"]["standardized"]["x"], expected, 1e-9);
    near(&json["coefficients"]["original"]["x"], expected, 1e-9);
}

#[test]
fn odd_columns_are_noted_and_do_no_harm() {
    let rows = rows(30, 3, |eta| eta);
    let odd: Vec<Vec<f64>> = rows.iter().map(|row| [row.clone(), vec![5.0, row[1]]].concat()).collect();
    let common = ["--json", "--lambda-ratios", "0.3"];
    let outcome = fit(&csv(&odd), &common);
    for note in ["constant columns, which get the coefficient 0: x4", "repeated columns", "x5 = x1"] {
        assert!(outcome.err.contains(note), "{}", outcome.err);
    }
    let (with, without) = (outcome.json(), fit(&csv(&rows), &common).json());
    near(&with["path"][0]["objective"], without["path"][0]["objective"].as_f64().unwrap(), 1e-9);
    assert!(with["path"][0]["kkt"].as_f64().unwrap() <= 1e-7);
    assert!(with["coefficients"]["original"].get("x4").is_none());
}

#[test]
fn cross_validation_marks_two_places() {
    let table = csv(&rows(40, 6, |eta| eta));
    let run = |more: &[&str]| fit(&table, &[&["--json", "--lambdas", "30", "--cv", "5"], more].concat()).json();
    let json = run(&["--threads", "1"]);
    let scores = &json["cross_validation"];
    assert_eq!(run(&["--threads", "2"])["cross_validation"], *scores, "the same bits for any number of threads");
    assert_ne!(run(&["--seed", "2"])["cross_validation"]["mean"], scores["mean"]);
    let means: Vec<f64> = scores["mean"].as_array().unwrap().iter().map(|mean| mean.as_f64().unwrap()).collect();
    let place = |key: &str| usize::try_from(scores[key].as_u64().unwrap()).unwrap();
    let (best, near) = (place("best"), place("one_standard_error"));
    assert_eq!((means.len(), scores["folds"].as_u64()), (30, Some(5)));
    assert!(means.iter().all(|mean| *mean >= means[best]) && near <= best);
    assert!(means[near] <= means[best] + scores["standard_error"][best].as_f64().unwrap());
    assert_eq!(json["chosen"].as_u64(), scores["best"].as_u64());
    assert_eq!(run(&["--choose", "one-se"])["chosen"].as_u64(), scores["one_standard_error"].as_u64());
    // The deviance of the held-out share at λmax is about that of the null model, in units of the variance of y.
    let rows = rows(40, 6, |eta| eta);
    let mean = rows.iter().map(|row| row[0]).sum::<f64>() / 40.0;
    let variance = rows.iter().map(|row| (row[0] - mean).powi(2)).sum::<f64>() / 40.0;
    assert!((means[0] / variance - 1.0).abs() < 0.2, "{} is far from {variance}", means[0]);

    let place = self::place("validation");
    fs::write(place.join("data.csv"), &table).unwrap();
    let outcome = self::run(&place, &["data.csv", "--cv", "5", "--choose", "one-se", "--svg", "cv.svg"], b"");
    assert!(outcome.code == 0 && outcome.out.contains("held-out deviance"), "{outcome:?}");
    assert!(fs::read_to_string(place.join("cv.svg")).unwrap().contains("deviance, 5 folds"));
}

#[test]
fn every_solver_finds_the_minimum() {
    let table = csv(&rows(40, 5, |eta| eta));
    let objective = |solver: &str| {
        let json = fit(&table, &["--json", "--lambda-ratios", "0.1", "--tol", "1e-8", "--solver", solver]).json();
        let name = json["solver"].as_str().unwrap().to_owned();
        assert!(json["path"][0]["gap"].as_f64().unwrap() < 1e-7, "{solver}: {json}");
        (name, json["path"][0]["objective"].as_f64().unwrap())
    };
    let (name, expected) = objective("automatic");
    assert_eq!(name, "active-set");
    for solver in
        ["gram", "active-set", "coordinate-descent", "accelerated-gradient", "proximal-gradient", "conjugate-gradient"]
    {
        let (name, found) = objective(solver);
        assert_eq!(name, solver);
        assert!((found / expected - 1.0).abs() < 1e-9, "{solver}: {found} is not {expected}");
    }
}

#[test]
fn bad_input_is_refused() {
    let good = csv(&rows(12, 3, |eta| eta));
    let classes = "y,a\n1,2\n2,3\n3,5\n1,1\n";
    let cases: [(&str, &[&str], &str); 24] = [
        ("", &[], "the table is empty"),
        ("y,a\n1,2\n3\n", &[], "standard input: line 3: 1 fields"),
        ("y,a\n1,2\n3,nan\n", &[], "line 3, column \"a\": nan is not finite"),
        ("y\n1\n2\n", &[], "no column beside the target"),
        ("y,a\n1,2\n", &[], "two are needed"),
        ("y,a\n1,2\n1,3\n", &[], "the target is 1 everywhere"),
        ("y,a\n1,2\n1,3\n", &["--loss", "logistic"], "the target is 1 everywhere"),
        (classes, &["--loss", "logistic"], "two classes, as 0 and 1, but has 1, 2, 3"),
        (classes, &["--loss", "hinge"], "two classes"),
        ("y,a\n1,2\n-2,3\n", &["--loss", "poisson"], "the target -2 of observation 2 is negative"),
        ("y,a\n1,2\n1.5,3\n", &["--loss", "multinomial"], "the target 1.5 of observation 2 is no class"),
        (classes, &["--loss", "cox"], "--event belongs"),
        (classes, &["--loss", "cox", "--event", "a"], "no column beside"),
        ("y,e,a\n1,2,3\n2,1,4\n", &["--loss", "cox", "--event", "e"], "2 of observation 1 is neither 0 nor 1"),
        ("y,e,a\n1,0,3\n2,0,4\n", &["--loss", "cox", "--event", "e"], "no observation has an event"),
        ("y,a\n1,5\n2,5\n", &[], "every column is constant"),
        (&good, &["--target", "z"], "there is no column \"z\""),
        (&good, &["--weights", "x1"], "is negative"),
        (&good, &["--lambda-ratios", "0.5,0"], "give a positive number"),
        (&good, &["--gamma", "0.5", "--penalty", "scad"], "penalty"),
        (&good, &["--lambdas", "0"], "0 is not in"),
        (&good, &["--cv", "13"], "13 folds of 12 observations"),
        (&good, &["--cv", "1"], "1 is not in"),
        (&good, &["--choose", "best"], "add --cv"),
    ];
    for (table, arguments, part) in cases {
        let outcome = fit(table, &[arguments, &["--json"]].concat());
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{outcome:?}");
        assert!(outcome.err.contains(part), "{part}: {}", outcome.err);
    }
    let outcome = run(Path::new("."), &["nowhere.csv"], b"");
    assert!(outcome.code == 2 && outcome.err.contains("nowhere.csv cannot be read"), "{outcome:?}");
    let outcome = run(Path::new("."), &["--target", "a"], b"");
    assert!(outcome.code == 2 && outcome.err.contains("give the DATA"), "{outcome:?}");
}
