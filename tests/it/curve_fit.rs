//! The example `curve_fit` from outside: references, formulas, named models, options, bad input.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::reference::{meta, numbers, sets};

const KEYS: [&str; 12] = [
    "params",
    "standard_errors",
    "correlation",
    "cost",
    "rss",
    "dof",
    "residual_sd",
    "status",
    "certificate",
    "rank",
    "evaluations",
    "iterations",
];

/// `cargo test` builds the examples of its own profile beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let program = folder.join(format!("curve_fit{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "no {}: build it with `cargo test --examples` or `cargo test`", program.display());
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
        assert_eq!(self.out.lines().count(), 1, "not one line: {self:?}");
        let value: Value = serde_json::from_str(&self.out).unwrap();
        let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS);
        value
    }
}

/// An empty folder of its own for a test.
fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("curve_fit").join(name);
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).unwrap();
    place
}

fn run<S: AsRef<std::ffi::OsStr>>(place: &Path, arguments: &[S]) -> Outcome {
    let output = Command::new(program()).current_dir(place).args(arguments).stdin(Stdio::null()).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(!err.contains("panicked"), "{err}");
    Outcome { code: output.status.code().expect("ended by a signal"), out, err }
}

/// A table in a file, with arguments.
fn fit(name: &str, table: impl AsRef<[u8]>, arguments: &[&str]) -> Outcome {
    let place = place(name);
    std::fs::write(place.join("data.csv"), table).unwrap();
    run(&place, &[&["data.csv"], arguments].concat())
}

fn table(header: &str, rows: impl IntoIterator<Item = Vec<f64>>) -> String {
    let line = |row: Vec<f64>| row.iter().map(|cell| format!("{cell:?}")).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = rows.into_iter().map(line).collect();
    format!("{header}\n{}\n", lines.join("\n"))
}

/// `y,x` over so many abscissas.
fn xy(x: impl IntoIterator<Item = f64>, f: impl Fn(f64) -> f64) -> String {
    table("y,x", x.into_iter().map(|x| vec![f(x), x]))
}

fn steps(count: u32, step: f64) -> impl Iterator<Item = f64> {
    (1..=count).map(move |k| step * f64::from(k))
}

/// A decay with a little unevenness.
fn decay() -> String {
    xy(steps(20, 0.25), |x| 3.0 * (-0.7 * x).exp() + 0.02 * (9.0 * x).sin())
}

const DECAY: [&str; 4] = ["--expr", "a*exp(-k*x)", "--start", "a=1,k=1"];

fn param(json: &Value, name: &str) -> f64 {
    json["params"][name].as_f64().unwrap_or_else(|| panic!("no {name} in {json}"))
}

fn error(json: &Value, name: &str) -> f64 {
    json["standard_errors"][name].as_f64().unwrap_or_else(|| panic!("no error of {name} in {json}"))
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1e-300), "{found} is not {expected}");
}

#[test]
fn without_arguments_it_finds_the_certified_answer() {
    let place = place("builtin");
    for arguments in [&[][..], &["--f32"]] {
        let outcome = run(&place, arguments);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        for part in ["238.942", "± 2.70", "0.000550156", "SD 0.10188, 12 degrees of freedom", "2 of 2 free parameters"]
        {
            assert!(outcome.out.contains(part), "{part}: {}", outcome.out);
        }
    }
    let json = run(&place, &["--json"]).json();
    near(param(&json, "b1"), 238.942_129_18, 1e-7);
    near(error(&json, "b2"), 7.266_868_843_6e-6, 1e-7);
    near(json["residual_sd"].as_f64().unwrap(), 0.101_878_763_3, 1e-9);
    assert_eq!(json["cost"].as_f64().unwrap() * 2.0, json["rss"].as_f64().unwrap());
    assert!(json["certificate"].as_f64().unwrap() < 1e-7);
    assert_eq!((json["dof"].as_u64(), json["rank"].as_u64()), (Some(12), Some(2)));
    assert!(json["status"].as_str().unwrap().starts_with("converged: "), "{json}");
    assert!(json["evaluations"].as_u64() >= json["iterations"].as_u64());
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0, "nothing is written unasked");
}

/// Correct digits of the worst of some numbers.
fn digits(found: &Value, certified: &[f64]) -> f64 {
    let relative =
        certified.iter().enumerate().map(|(k, c)| (found[format!("b{}", k + 1)].as_f64().unwrap() / c - 1.0).abs());
    -relative.fold(1e-16, f64::max).log10()
}

#[test]
fn nist_problems_have_their_certified_answers() {
    let place = place("nist");
    for set in sets("nist-strd") {
        let meta = meta(&set);
        for start in ["start1", "start2"] {
            let values = numbers(&meta, "start", start);
            let pairs: Vec<_> = values.iter().zip(1..).map(|(value, k)| format!("b{k}={value:e}")).collect();
            let outcome = run(
                &place,
                &[
                    set.join("data.csv").to_str().unwrap(),
                    "--json",
                    "--expr",
                    meta["model"].as_str().unwrap(),
                    "--response",
                    meta["response"].as_str().unwrap(),
                    "--start",
                    &pairs.join(","),
                ],
            );
            let what = format!("{} {start}: {outcome:?}", set.display());
            assert_eq!(outcome.code, 0, "{what}");
            let json = outcome.json();
            assert!(digits(&json["params"], &numbers(&meta, "certified", "params")) >= 6.0, "{what}");
            assert!(digits(&json["standard_errors"], &numbers(&meta, "certified", "std_err")) >= 6.0, "{what}");
            let certified = meta["certified"].as_table().unwrap();
            near(json["rss"].as_f64().unwrap(), certified["sse"].as_float().unwrap(), 1e-9);
            near(json["residual_sd"].as_f64().unwrap(), certified["residual_sd"].as_float().unwrap(), 1e-9);
        }
    }
}

#[test]
fn thermistors_have_their_reference_answers() {
    let place = place("thermistors");
    for set in sets("thermistor") {
        let meta = meta(&set);
        let data = set.join("data.csv");
        // Steinhart & Hart by name, without a start; relative residuals by the response as its own sigma.
        for (section, names, arguments) in [
            ("steinhart_hart", "a,b,c", &["--model", "steinhart", "--response", "temp_c+273.15"][..]),
            (
                "meyer_relative",
                "a,b,c",
                &[
                    "--expr",
                    "a*exp(b/(temp_c+273.15+c))",
                    "--response",
                    "ohm",
                    "--sigma",
                    "ohm",
                    "--start",
                    "a=0.1,b=4000,c=1",
                ],
            ),
            (
                "callendar_van_dusen",
                "r,a,b",
                &["--expr", "r*(1+a*temp_c+b*temp_c^2)", "--response", "ohm", "--start", "r=90,a=0.004,b=-5e-7"],
            ),
        ] {
            if !meta.contains_key(section) {
                continue;
            }
            let outcome = run(&place, &[&[data.to_str().unwrap(), "--json"], arguments].concat());
            let json = outcome.json();
            assert_eq!(outcome.code, 0, "{} {section}: {outcome:?}", set.display());
            let (params, errors) = (numbers(&meta, section, "params"), numbers(&meta, section, "std_err"));
            for (name, (x, e)) in names.split(',').zip(params.iter().zip(errors)) {
                near(param(&json, name), *x, 1e-6);
                near(error(&json, name), e, 1e-6);
            }
            near(json["rss"].as_f64().unwrap(), meta[section]["sse"].as_float().unwrap(), 1e-9);
        }
    }
}

#[test]
fn formulas_mean_what_they_usually_do() {
    type Meaning = fn(f64) -> f64;
    let cases: [(&str, Meaning); 31] = [
        ("-x^2", |x| -(x * x)),
        ("2-x^2", |x| 2.0 - x * x),
        ("2*-x^2", |x| -2.0 * x * x),
        ("(-x)^2", |x| x * x),
        ("(-x)^3", |x| -x * x * x),
        ("(-2.5)^3*x", |x| -15.625 * x),
        ("2^3^2*x", |x| 512.0 * x),
        ("(2^3)^2*x", |x| 64.0 * x),
        ("2^-1*x", |x| 0.5 * x),
        ("2^-x^2", |x| 2_f64.powf(-x * x)),
        ("x^-1", |x| 1.0 / x),
        ("x^0.5", f64::sqrt),
        ("2^x", |x| 2_f64.powf(x)),
        ("x/2/4", |x| x / 8.0),
        ("x/2*4", |x| x * 2.0),
        ("x-1-2", |x| x - 3.0),
        ("x-(1-2)", |x| x + 1.0),
        ("--x", |x| x),
        ("3--x", |x| 3.0 + x),
        ("-x*-2", |x| 2.0 * x),
        ("1+2*x", |x| 1.0 + 2.0 * x),
        ("1e-4*x + 1E+2 + .5 + 5.", |x| 1e-4 * x + 105.5),
        ("exp(-x/2)", |x| (-x / 2.0).exp()),
        ("ln(x)+log(x)", |x| 2.0 * x.ln()),
        ("sqrt(x)*sin(x)", |x| x.sqrt() * x.sin()),
        ("cos(x)+tan(x)", |x| x.cos() + x.tan()),
        ("atan(x)+arctan(x)", |x| 2.0 * x.atan()),
        ("abs(x-2)", |x| (x - 2.0).abs()),
        ("pi*x", |x| std::f64::consts::PI * x),
        ("exp ( - ( x ) ^ 2 )", |x| (-x * x).exp()),
        ("{x}*{x}", |x| x * x),
    ];
    for (k, (text, meaning)) in cases.into_iter().enumerate() {
        let data = xy(steps(9, 0.45), |x| 1.25 * meaning(x));
        let outcome =
            fit(&format!("formula{k}"), data, &["--expr", &format!("p*({text})"), "--start", "p=3", "--json"]);
        let json = outcome.json();
        near(param(&json, "p"), 1.25, 1e-12);
        assert!(outcome.code == 0 && json["rss"].as_f64().unwrap() < 1e-20, "{text}: {outcome:?}");
    }
}

#[test]
fn parameters_bind_as_numbers_do() {
    // A negative factor, a negative exponent and a power of zero, of parameters.
    let data = xy([0.0].into_iter().chain(steps(9, 0.5)), |x| 1.5 * -x.powf(1.75) + 2.0);
    let outcome = fit("binding", data, &["--expr", "b*-x^n+c", "--start", "n=1,b=1,c=0", "--json"]);
    let json = outcome.json();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    near(param(&json, "n"), 1.75, 1e-9);
    near(param(&json, "b"), 1.5, 1e-9);
    let order: Vec<_> = json["params"].as_object().unwrap().keys().collect();
    assert_eq!(order, ["n", "b", "c"], "the order of --start");
    let correlation = json["correlation"].as_array().unwrap();
    assert!((0..3).all(|j| (correlation[j][j].as_f64().unwrap() - 1.0).abs() < 1e-12));
    assert_eq!(correlation[0][2], correlation[2][0]);
}

#[test]
fn deep_and_long_formulas_are_refused_or_fitted() {
    let nested = |depth: usize| format!("p*{}x{}", "(".repeat(depth), ")".repeat(depth));
    let data = xy(steps(5, 1.0), |x| 2.0 * x);
    for text in [nested(50), format!("p*{}x", "-".repeat(1000)), format!("p*x{}", "+0*x".repeat(400))] {
        let outcome = fit("long", &data, &["--expr", &text, "--start", "p=1", "--json"]);
        near(param(&outcome.json(), "p"), 2.0, 1e-12);
    }
    for text in [nested(51), nested(10_000), format!("p*x{}", "+x".repeat(1000))] {
        let outcome = fit("deep", &data, &["--expr", &text, "--start", "p=1"]);
        assert_eq!(outcome.code, 1);
        assert!(outcome.err.contains("longer than 2000 characters or nested deeper than 50"), "{}", outcome.err);
    }
}

type Curve = fn(&[f64], f64) -> f64;

fn polynomial(c: &[f64], x: f64) -> f64 {
    c.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// A level and then height, middle and deviation of each peak.
fn bells(p: &[f64], x: f64) -> f64 {
    p[1..].chunks_exact(3).map(|peak| peak[0] * (-((x - peak[1]) / peak[2]).powi(2) / 2.0).exp()).sum::<f64>() + p[0]
}

fn exponentials(p: &[f64], x: f64) -> f64 {
    p.chunks_exact(2).map(|term| term[0] * (-term[1] * x).exp()).sum()
}

/// The models with parameters in the order of the formula, and what they say independently of the program.
const TRUTHS: [(&str, &[&str], &[f64], Curve); 19] = [
    ("line", &["a", "b"], &[2.0, -0.5], polynomial),
    ("poly2", &["c0", "c1", "c2"], &[1.0, -2.0, 0.5], polynomial),
    ("poly3", &["c0", "c1", "c2", "c3"], &[1.0, -2.0, 0.5, 0.1], polynomial),
    ("poly4", &["c0", "c1", "c2", "c3", "c4"], &[1.0, -2.0, 0.5, 0.1, -0.02], polynomial),
    ("poly5", &["c0", "c1", "c2", "c3", "c4", "c5"], &[1.0, -2.0, 0.5, 0.1, -0.02, 0.003], polynomial),
    ("power", &["a", "b"], &[-2.5, 1.3], |p, x| p[0] * x.powf(p[1])),
    ("exp1", &["a1", "k1"], &[4.0, -0.3], exponentials),
    ("exp2", &["a1", "k1", "a2", "k2"], &[4.0, 0.4, 2.0, 3.0], exponentials),
    ("exp3", &["a1", "k1", "a2", "k2", "a3", "k3"], &[4.0, 0.1, 2.0, 1.0, 3.0, 6.0], exponentials),
    ("relaxation", &["c", "a", "k"], &[1.0, -4.0, 0.8], |p, x| p[0] + p[1] * (-p[2] * x).exp()),
    ("saturation", &["a", "k"], &[7.0, 0.5], |p, x| p[0] - p[0] * (-p[1] * x).exp()),
    ("michaelis", &["v", "k"], &[5.0, 2.0], |p, x| p[0] / (1.0 + p[1] / x)),
    ("logistic", &["a", "k", "m"], &[10.0, 1.5, 4.0], |p, x| p[0] / (1.0 + (p[1] * (p[2] - x)).exp())),
    ("rational", &["a0", "a1", "a2", "b1", "b2"], &[1.0, 2.0, 0.5, 0.3, 0.1], |p, x| {
        polynomial(&p[..3], x) / polynomial(&[1.0, p[3], p[4]], x)
    }),
    ("gauss1", &["c", "a1", "m1", "s1"], &[1.0, -3.0, 4.0, 0.8], bells),
    ("gauss2", &["c", "a1", "m1", "s1", "a2", "m2", "s2"], &[1.0, 3.0, 2.5, 0.5, 2.0, 6.0, 1.0], bells),
    (
        "gauss3",
        &["c", "a1", "m1", "s1", "a2", "m2", "s2", "a3", "m3", "s3"],
        &[1.0, 5.0, 2.0, 0.4, 4.0, 5.0, 0.6, 3.0, 8.0, 0.5],
        bells,
    ),
    ("steinhart", &["a", "b", "c"], &[1.1e-3, 2.4e-4, 7.5e-8], |p, x| {
        1.0 / polynomial(&[p[0], p[1], 0.0, p[2]], x.ln())
    }),
    ("beta", &["r25", "b"], &[10_000.0, 3950.0], |p, x| p[0] * (p[1] / x - p[1] / 298.15).exp()),
];

#[test]
fn named_models_find_their_own_start() {
    let list = run(&place("models"), &["--list-models"]);
    let known: Vec<&str> = list.out.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(known, TRUTHS.map(|(name, ..)| name));
    for (name, parameters, truth, curve) in TRUTHS {
        let abscissas: Vec<f64> = match name {
            "steinhart" => steps(60, 0.1).map(|l| 1000.0 * l.exp()).collect(),
            "beta" => steps(60, 2.0).map(|t| 260.0 + t).collect(),
            _ => steps(60, 0.16).collect(),
        };
        let data = table("reading,time", abscissas.iter().map(|x| vec![curve(truth, *x), *x]));
        let outcome = fit(&format!("model-{name}"), data, &["--model", name, "--json"]);
        assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
        let json = outcome.json();
        for (parameter, expected) in parameters.iter().zip(truth) {
            let found = param(&json, parameter);
            // The width of a peak has no sign.
            let found = if parameter.starts_with('s') { found.abs() } else { found };
            assert!((found / expected - 1.0).abs() < 1e-5, "{name}: {parameter} {found} {expected}");
        }
    }
}

#[test]
fn a_long_table_has_a_start_as_well() {
    let data = xy(steps(60_000, 1e-4), |x| 3.0 * (-0.7 * x).exp() + 0.02 * (900.0 * x).sin());
    let outcome = fit("long-table", data, &["--model", "exp1", "--json"]);
    near(param(&outcome.json(), "k1"), 0.7, 1e-3);
}

#[test]
fn a_fixed_parameter_is_a_constant() {
    let fixed =
        fit("fixed", decay(), &["--expr", "a*exp(-k*x)", "--start", "a=1,k=0.6", "--fix", "k", "--json"]).json();
    let constant = fit("constant", decay(), &["--expr", "a*exp(-0.6*x)", "--start", "a=1", "--json"]).json();
    assert_eq!((param(&fixed, "k"), error(&fixed, "k")), (0.6, 0.0));
    near(param(&fixed, "a"), param(&constant, "a"), 1e-12);
    near(error(&fixed, "a"), error(&constant, "a"), 1e-9);
    assert_eq!((&fixed["dof"], &fixed["rank"]), (&constant["dof"], &constant["rank"]));
    let text = fit("fixed-text", decay(), &["--expr", "a*exp(-k*x)", "--start", "a=1,k=0.6", "--fix", "k"]);
    assert!(text.out.contains("0.60000000   fixed"), "{}", text.out);
}

#[test]
fn bounds_hold_and_say_so() {
    let bounded = fit("bounds", decay(), &[&DECAY[..], &["--bounds", "a=:2.5,k=0:10", "--json"]].concat()).json();
    assert_eq!((param(&bounded, "a"), error(&bounded, "a")), (2.5, 0.0));
    assert!(param(&bounded, "k") < 0.7 && bounded["rank"] == 1, "{bounded}");
    let text = fit("bounds-text", decay(), &[&DECAY[..], &["--bounds", "a=:2.5"]].concat());
    assert!(text.out.contains("2.5000000   at its bound"), "{}", text.out);
    let moved = fit("moved", decay(), &[&DECAY[..], &["--bounds", "a=2:5", "--json"]].concat());
    assert!(moved.err.contains("note: the start a=1 lies outside its bounds and was moved to 2"), "{}", moved.err);
    let plain = fit("plain", decay(), &[&DECAY[..], &["--json"]].concat());
    assert!(plain.err.is_empty() && plain.code == 0);
    near(param(&moved.json(), "a"), param(&plain.json(), "a"), 1e-9);
}

#[test]
fn sigmas_divide_residuals() {
    // The weighted mean, whose weights are 1, 1/4 and 1/16.
    let rows = [[1.0, 1.0], [3.0, 2.0], [9.0, 4.0]];
    let json =
        fit("mean", table("y,s", rows.map(Vec::from)), &["--expr", "m", "--start", "m=0", "--sigma", "s", "--json"]);
    let json = json.json();
    let mean = (1.0 + 3.0 / 4.0 + 9.0 / 16.0) / (1.0 + 1.0 / 4.0 + 1.0 / 16.0);
    near(param(&json, "m"), mean, 1e-12);
    let rss: f64 = rows.iter().map(|[y, s]| ((y - mean) / s).powi(2)).sum();
    near(json["rss"].as_f64().unwrap(), rss, 1e-12);
    // The errors scale with the residual variance.
    near(error(&json, "m"), (rss / 2.0 / (1.0 + 1.0 / 4.0 + 1.0 / 16.0)).sqrt(), 1e-9);
}

#[test]
fn robust_losses_leave_an_outlier_aside() {
    let outlier =
        xy(steps(20, 0.25), |x| if x == 2.0 { 30.0 } else { 3.0 * (-0.7 * x).exp() + 0.02 * (9.0 * x).sin() });
    let squared = fit("squared", &outlier, &[&DECAY[..], &["--json"]].concat()).json();
    assert!((param(&squared, "a") - 3.0).abs() > 0.5, "{squared}");
    for loss in ["huber", "soft-l1", "cauchy", "tukey", "geman-mcclure"] {
        let start =
            ["--expr", "a*exp(-k*x)", "--start", "a=2.5,k=0.8", "--loss", loss, "--loss-scale", "0.1", "--json"];
        let outcome = fit(loss, &outlier, &start);
        let json = outcome.json();
        assert!(outcome.code == 0 && (param(&json, "a") - 3.0).abs() < 0.1, "{loss}: {outcome:?}");
        let (cost, rss) = (json["cost"].as_f64().unwrap(), json["rss"].as_f64().unwrap());
        assert!(rss > 800.0 && cost < 5.0, "the outlier counts in the rss: {json}");
    }
}

#[test]
fn single_precision_agrees_with_double() {
    let double = fit("f64", decay(), &[&DECAY[..], &["--json"]].concat()).json();
    let single = fit("f32", decay(), &[&DECAY[..], &["--json", "--f32"]].concat()).json();
    for name in ["a", "k"] {
        near(param(&single, name), param(&double, name), 1e-4);
        assert_ne!(param(&single, name), param(&double, name));
        near(error(&single, name), error(&double, name), 1e-3);
    }
}

#[test]
fn no_degrees_of_freedom_are_said() {
    let rows = xy([1.0, 2.0], |x| x * x);
    let exact = fit("exact", &rows, &["--expr", "a+b*x", "--start", "a=0,b=0", "--json"]);
    let json = exact.json();
    assert!(exact.code == 0 && exact.err.contains("note: 2 rows for 2 free parameters"), "{exact:?}");
    near(param(&json, "b"), 3.0, 1e-9);
    assert!(json["dof"] == 0 && json["standard_errors"]["a"].is_null() && json["residual_sd"].is_null(), "{json}");
    let fewer = fit("fewer", &rows, &["--expr", "a+b*x+c*x^2", "--start", "a=0,b=0,c=0", "--json"]);
    let json = fewer.json();
    assert!(json["rank"] == 2 && json["dof"] == 0 && json["standard_errors"]["c"].is_null(), "{json}");
}

#[test]
fn what_the_data_do_not_determine_is_named() {
    let data = xy(steps(9, 1.0), |x| 6.0 * x + (3.0 * x).sin());
    let arguments = ["--expr", "a*b*x+c", "--start", "a=1,b=1,c=0"];
    let text = fit("product", &data, &arguments).out;
    for part in ["DEFICIENT: 2 of 3", "say nothing about a change by 0.707 ", "a is not excited", "± unknown"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = fit("product-json", &data, &[&arguments[..], &["--json"]].concat()).json();
    assert!(json["standard_errors"]["a"].is_null() && json["correlation"][0][2].is_null(), "{json}");
    assert!(error(&json, "c") > 0.0 && json["rank"] == 2);
    near(param(&json, "a") * param(&json, "b"), 6.0, 0.05);

    let scarce = xy(steps(9, 1e-4).map(|x| 5.0 + x), |x| 6.0 * x + (3e4 * x).sin());
    let text = fit("scarce", &scarce, &["--expr", "b*x+c", "--start", "b=1,c=0"]).out;
    assert!(text.contains("b is hardly excited"), "{text}");
}

#[test]
fn an_influential_sample_is_named_by_its_line() {
    let data = "# a comment\nx;y\n1;1\n2;2.1\n\n3;2.9\n4;4.05\n40;20\n";
    let text = fit("influence", data, &["--expr", "a*x+b", "--start", "a=1,b=0"]).out;
    assert!(text.contains("line 8 sways the fit"), "{text}");
}

#[test]
fn an_exact_fit_has_converged() {
    let exact = xy(steps(60, 0.16), |x| 1.0 + x * (-2.0 + x * (0.5 + 0.1 * x)));
    for more in [&["--json"][..], &["--json", "--f32"]] {
        let outcome = fit("exact-fit", &exact, &[&["--model", "poly3"], more].concat());
        assert!(
            outcome.code == 0 && outcome.json()["status"].as_str().unwrap().starts_with("converged"),
            "{outcome:?}"
        );
    }
    // All readings zero: no size to compare with.
    let zero = fit("zero", xy(steps(5, 1.0), |_| 0.0), &["--expr", "a*x", "--start", "a=1", "--json"]);
    assert!(zero.code == 0 && param(&zero.json(), "a").abs() < 1e-12, "{zero:?}");
}

#[test]
fn a_fit_that_does_not_converge_ends_with_two() {
    let infinite = fit("nan", decay(), &["--expr", "a*ln(k*x)", "--start", "a=1,k=-1", "--json"]);
    let json = infinite.json();
    assert_eq!((infinite.code, param(&json, "k")), (2, -1.0), "{infinite:?}");
    assert!(json["cost"].is_null() && json["status"] == "stalled: not finite", "{json}");
    // A straight line is where this curve goes as its level runs away.
    let straight = xy(steps(9, 1.0), |x| x + 0.01 * x * x);
    let runaway = fit("runaway", straight, &["--expr", "a*(1-exp(-k*x))", "--start", "a=100,k=0.01", "--json"]);
    let json = runaway.json();
    assert!(runaway.code == 2 && json["cost"].as_f64().unwrap() < 1.0 && param(&json, "a").is_finite(), "{runaway:?}");
    let text = fit("nan-text", decay(), &["--expr", "a*ln(k*x)", "--start", "a=1,k=-1"]);
    assert!(text.out.contains("choose another --start") && text.out.contains("residual   not finite"), "{}", text.out);
    assert!(!text.out.contains("excited"), "an unknown linearization has no excitation: {}", text.out);
}

#[test]
fn responses_and_dialects() {
    let decay = |x: f64| 3.0 * (-0.7 * x).exp();
    let rows: Vec<[f64; 2]> = steps(9, 0.5).map(|x| [x, decay(x)]).collect();
    let lines = |separator: &str, end: &str| -> String {
        rows.iter().map(|[x, v]| format!("{x}{separator}{v}{end}")).collect()
    };
    for (k, text) in [
        format!("\u{feff}time,volt\r\n{}", lines(",", "\r\n")),
        format!("# log\n\ntime; volt\n{}", lines(" ; ", "\n\n")),
        format!("time\tvolt\n{}", lines("\t", "\n")),
        format!("  time   volt\n{}", lines("   ", "\n")),
        format!("time,volt,note\n{}", lines(",", ",kept\n")),
    ]
    .iter()
    .enumerate()
    {
        let name = format!("dialect{k}");
        let json =
            fit(&name, text, &["--response", "volt", "--expr", "a*exp(-k*time)", "--start", "a=1,k=1", "--json"]);
        near(param(&json.json(), "k"), 0.7, 1e-8);
        let log = ["--response", "ln(volt)", "--expr", "c-k*time", "--start", "c=0,k=0", "--json"];
        near(param(&fit(&name, text, &log).json(), "k"), 0.7, 1e-12);
    }
    // Without y, the first column is the response.
    let first = fit(
        "first",
        table("v,t [s]", rows.iter().map(|[x, v]| vec![*v, *x])),
        &["--expr", "a*exp(-k*{t [s]})", "--start", "a=1,k=1", "--json"],
    );
    near(param(&first.json(), "k"), 0.7, 1e-8);
}

#[test]
fn bad_input_is_one_clear_line() {
    let good = "y,x,s\n1,2,1\n2,3,1\n4,4,1\n7,5,1\n";
    let line = ["--expr", "a+b*x", "--start", "a=0,b=0"];
    let with = |more: &'static [&'static str]| [&line[..], more].concat();
    let many: Vec<String> = (1..=17).map(|k| format!("p{k}")).collect();
    let (sum, starts) = (many.join("+"), many.iter().map(|p| format!("{p}=0")).collect::<Vec<_>>().join(","));
    let cases: Vec<(&str, Vec<&str>, &str)> = vec![
        ("", line.to_vec(), "the table is empty"),
        ("y,x\n", line.to_vec(), "a header but no rows"),
        ("1,2\n3,4\n", line.to_vec(), "line 1: the first line must name the columns"),
        ("y,x\n1,2\n\n3\n", line.to_vec(), "line 4: no value in column \"x\""),
        ("y,x\n1,2\n3,\n", line.to_vec(), "line 3: no value in column \"x\""),
        ("y,x\n1,2\nnan,3\n", line.to_vec(), "line 3: nan in column \"y\" is not finite"),
        ("y,x\n1,2\n1,-inf\n", line.to_vec(), "line 3: -inf in column \"x\" is not finite"),
        ("y,x\n1,two\n", line.to_vec(), "line 2: \"two\" in column \"x\" is not a number"),
        ("y,x,x\n1,2,3\n", line.to_vec(), "two columns are called \"x\""),
        (good, vec![], "give a formula with --expr, or --model"),
        (good, with(&["--model", "line"]), "--expr or --model, not both"),
        (good, vec!["--model", "spline"], "there is no model \"spline\"; there are line,"),
        (good, with(&["--response", "z"]), "there is no column \"z\"; the header has \"y\", \"x\", \"s\""),
        (good, with(&["--response", "log(y"]), "--response: at column 6, an operator, ) or the end is wanted"),
        (good, with(&["--response", "x"]), "the response \"x\" appears in the formula"),
        (good, with(&["--response", "y-x"]), "the response \"x\" appears in the formula"),
        ("y,x\n1,2\n-1,3\n", with(&["--response", "log(y)"]), "line 3: log(y) is not finite"),
        (good, with(&["--sigma", "w"]), "--sigma: there is no column \"w\""),
        ("y,x,s\n1,2,1\n2,3,0\n", with(&["--sigma", "s"]), "line 3: the sigma 0 is not positive"),
        ("y,x,s\n1,2,1\n2,3,-1\n", with(&["--sigma", "s"]), "line 3: the sigma -1 is not positive"),
        (good, vec!["--expr", "a+b*x"], "--start: no value for a, b; columns are y, x, s"),
        (good, vec!["--expr", "a+b*x", "--start", "a=1"], "--start: no value for b"),
        (good, vec!["--expr", "a+b*x", "--start", "a=1,a=2,b=1"], "--start: a is given twice"),
        (
            good,
            vec!["--expr", "a+b*x", "--start", "a=1,b=1,c=1"],
            "--start: c is not in the formula; its parameters are a, b",
        ),
        (
            good,
            vec!["--expr", "a+b*x", "--start", "a=1,b=1,x=1"],
            "--start: x is a column of the data, not a parameter",
        ),
        (good, vec!["--expr", "a+b*x", "--start", "a=1,b"], "--start: \"b\" is not of the form NAME=VALUE"),
        (good, vec!["--expr", "a+b*x", "--start", "a=1,b=one"], "--start: b=one is not a number"),
        (good, vec!["--expr", "a+b*x", "--start", "a=1,b=inf"], "--start: b=inf is not finite"),
        (good, with(&["--bounds", "a=1:0"]), "--bounds: the lower bound of a, 1, lies above the upper one, 0"),
        (good, with(&["--bounds", "a=nan:0"]), "--bounds: the lower bound of a"),
        (good, with(&["--bounds", "a=0:1,a=0:2"]), "--bounds: a is given twice"),
        (good, with(&["--bounds", "c=0:1"]), "--bounds: c is not in the formula"),
        (good, with(&["--bounds", "a=1"]), "--bounds: a=1 is not of the form NAME=LOWER:UPPER"),
        (good, with(&["--fix", "c"]), "--fix: c is not in the formula"),
        (good, with(&["--fix", "a,a"]), "--fix: a is given twice"),
        (good, with(&["--fix", "a,b"]), "all parameters are fixed"),
        (good, with(&["--bounds", "a=0:0,b=0:0"]), "all parameters are fixed"),
        (good, with(&["--fix", "a", "--bounds", "a=1:2"]), "--fix: a is fixed at 0, outside its bounds 1:2"),
        (good, vec!["--model", "line", "--fix", "a"], "--fix: give the value of a with --start a=VALUE"),
        (good, with(&["--loss", "huber", "--loss-scale", "0"]), "--loss-scale: 0 is not a positive number"),
        (good, with(&["--loss", "huber", "--loss-scale", "-1"]), "--loss-scale: -1 is not a positive number"),
        (good, with(&["--loss", "huber", "--loss-scale", "1e-60", "--f32"]), "--loss-scale: "),
        (good, with(&["--svg", "no/such/place.svg"]), "no/such/place.svg cannot be written"),
        (good, vec!["--expr", "2*x"], "--expr: there is no parameter to fit in 2*x"),
        (good, vec!["--expr", ""], "--expr: it is empty"),
        (good, vec!["--expr", "a+b*"], "--expr: at column 5, a number, a name or ( is wanted"),
        (good, vec!["--expr", "2x+a"], "--expr: at column 2, an operator, ) or the end is wanted"),
        (good, vec!["--expr", "a*sinh(x)"], "--expr: there is no function sinh; there are exp,"),
        (good, vec!["--expr", "a*exp"], "--expr: the function exp needs an argument"),
        (good, vec!["--expr", "a$x"], "--expr: at column 2"),
        (good, vec!["--expr", &sum, "--start", &starts], "17 parameters, fixed ones included: at most 16"),
    ];
    for (k, (table, arguments, message)) in cases.into_iter().enumerate() {
        let outcome = fit(&format!("bad{k}"), table, &arguments);
        let what = format!("{arguments:?} on {table:?}: {outcome:?}");
        assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{what}");
        assert!(outcome.err.contains(message) && outcome.err.lines().count() == 1, "{message}: {what}");
        assert!(outcome.err.starts_with("error: "), "{what}");
    }
    let place = place("bad-files");
    std::fs::write(place.join("latin.csv"), b"y,x\n1,2\n\xb5,3\n").unwrap();
    for (arguments, message) in [
        (vec!["none.csv", "--expr", "a"], "none.csv cannot be read"),
        (vec!["latin.csv", "--expr", "a"], "line 3 is not UTF-8"),
        (vec!["--expr", "a*x"], "give the DATA to fit"),
    ] {
        let outcome = run(&place, &arguments);
        assert!(outcome.code == 1 && outcome.err.contains(message) && outcome.err.lines().count() == 1, "{outcome:?}");
    }
}

#[test]
fn sixteen_parameters_are_fitted() {
    let terms: Vec<String> = (0..16).map(|k| format!("p{k}*cos({k}*x)")).collect();
    let starts: Vec<String> = (0..16).map(|k| format!("p{k}=0")).collect();
    let data = xy(steps(60, 0.1), |x| (0..16).map(|k| f64::from(k + 1) * (f64::from(k) * x).cos()).sum());
    let outcome = fit("sixteen", data, &["--expr", &terms.join("+"), "--start", &starts.join(","), "--json"]);
    let json = outcome.json();
    assert!(outcome.code == 0 && json["rank"] == 16, "{outcome:?}");
    (0..16).for_each(|k| near(param(&json, &format!("p{k}")), f64::from(k + 1), 1e-9));
}

#[test]
fn figures_are_drawn_of_all_sorts_of_data() {
    let peak = |x: f64| 1.0 / (1.0 + (x - 3.0).powi(2));
    let two = table("y,u,v", steps(30, 0.2).map(|x| vec![2.0 * x + (7.0 * x).sin(), x, x * x]));
    let line = ["--expr", "a+b*x", "--start", "a=0,b=0"];
    let cases: [(&str, String, &[&str], &[&str]); 9] = [
        ("curve", decay(), &DECAY, &["95 % confidence", "of a new observation", "a*exp(-k*x)", "<polygon"]),
        ("surface", two, &["--expr", "a*u+b*v", "--start", "a=0,b=0"], &["observed = fitted", "fitted y"]),
        ("single", xy([1.0], peak), &["--expr", "a+0*x", "--start", "a=0"], &["± unknown"]),
        ("constant", xy([1.0, 1.0, 1.0], peak), &["--expr", "a*x", "--start", "a=0"], &["<polygon"]),
        ("far", xy(steps(9, 1.0).map(|x| 1e9 + x), |x| x - 1e9), &line, &["x -10000000"]),
        ("huge", xy(steps(9, 1e180), |x| x), &line, &["not in the range of a figure"]),
        ("tiny", xy(steps(9, 1e-120), |x| 2.0 * x), &line, &["<polygon"]),
        ("sparse", xy([0.0, 1.0], peak), &line, &["0 of 2 samples"]),
        ("many", xy(steps(20_000, 1e-3), |x| peak(x) + (1e5 * x).sin()), &line, &["19998 of 20000 samples"]),
    ];
    for (name, data, arguments, parts) in cases {
        let place = place(&format!("figure-{name}"));
        std::fs::write(place.join("data.csv"), data).unwrap();
        let outcome = run(&place, &[&["data.csv", "--svg", "figure.svg"], arguments].concat());
        assert!(outcome.code != 1 && outcome.out.contains("figure     figure.svg"), "{name}: {outcome:?}");
        let svg = std::fs::read_to_string(place.join("figure.svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && svg.len() < 4_000_000, "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
        parts.iter().for_each(|part| assert!(svg.contains(part), "{name}: no {part}"));
    }
}

/// Tables of Student's t, two-sided 95 %.
#[test]
fn the_quantile_of_the_bands_is_that_of_the_tables() {
    for (freedom, expected, tolerance) in
        [(1.0, 12.706_205, 1e-6), (2.0, 4.302_653, 1e-6), (12.0, 2.178_813, 1e-6), (1e6, 1.959_966, 1e-4)]
    {
        near(StudentsT::new(0.0, 1.0, freedom).unwrap().inverse_cdf(0.975), expected, tolerance);
    }
}
