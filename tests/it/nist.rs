//! NIST StRD nonlinear regression: certified parameters and standard errors from both starts.

use std::collections::HashMap;
use std::path::Path;

use nalgebra::SVector;
use thalweg::least_squares::{Accumulation, Everywhere, LevenbergMarquardt, Normal, SquareRoot, StreamedState};
use thalweg::problem::{Counted, Forward, Model};
use thalweg::{Method, Number, Real, Status};

use crate::catalogue::{Line, digits};
use crate::problems::wide;
use crate::reference;

enum Token {
    Constant(f64),
    Parameter(usize),
    Column(usize),
    Operator(String),
}

/// A model in reverse Polish notation over the columns of a table.
struct Rpn<T> {
    program: Vec<Token>,
    response: Vec<T>,
    columns: Vec<Vec<T>>,
}

impl<T: Real> Rpn<T> {
    fn load(set: &Path) -> Self {
        let meta = reference::meta(set);
        let (header, rows) = reference::table(&set.join("data.csv"));
        let column: HashMap<_, _> = header.iter().enumerate().map(|(k, name)| (name.as_str(), k)).collect();
        let program = meta["model_rpn"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .map(|token| {
                if let Ok(value) = token.parse() {
                    Token::Constant(value)
                } else if let Some(&k) = column.get(token) {
                    Token::Column(k)
                } else if let Some(k) = token.strip_prefix('b').and_then(|k| k.parse::<usize>().ok()) {
                    Token::Parameter(k - 1)
                } else {
                    Token::Operator(token.into())
                }
            })
            .collect();
        let logarithm = meta["response"].as_str() == Some("log(y)");
        let response =
            rows.iter().map(|row| if logarithm { Number::ln(row[0]) } else { row[0] }).map(T::of_f64).collect();
        let columns = rows.iter().map(|row| row.iter().map(|&cell| T::of_f64(cell)).collect()).collect();
        Self { program, response, columns }
    }
}

impl<T: Real, const N: usize> Model<T, N> for Rpn<T> {
    fn rows(&self) -> usize {
        self.response.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, b: &[D; N]) -> D {
        let mut stack: Vec<D> = Vec::new();
        for token in &self.program {
            let value = match token {
                Token::Constant(value) => D::of(*value),
                Token::Parameter(k) => b[*k],
                Token::Column(k) => D::constant(self.columns[i][*k]),
                Token::Operator(operator) => {
                    let top = stack.pop().unwrap();
                    match operator.as_str() {
                        "neg" => -top,
                        "exp" => top.exp(),
                        "atan" => top.atan(),
                        "log" => top.ln(),
                        "sin" => top.sin(),
                        "cos" => top.cos(),
                        binary => {
                            let left = stack.pop().unwrap();
                            match binary {
                                "+" => left + top,
                                "-" => left - top,
                                "*" => left * top,
                                "/" => left / top,
                                "^" => match top.real().to_f64() {
                                    e if e == e.trunc() && e.abs() < 10.0 && top == D::constant(top.real()) => {
                                        left.powi(e as i32)
                                    }
                                    _ => left.powf(top),
                                },
                                other => panic!("unknown operator {other}"),
                            }
                        }
                    }
                }
            };
            stack.push(value);
        }
        D::constant(self.response[i]) - stack.pop().unwrap()
    }
}

fn fit<const N: usize, T: Real, K: Accumulation>(set: &Path, line: Line) -> Line {
    let meta = reference::meta(set);
    let start = reference::numbers(&meta, "start", &line.start);
    let mut problem = Counted::new(Forward(Rpn::<T>::load(set)));
    let mut fit: StreamedState<T, N, K> =
        StreamedState::from_point(SVector::from_iterator(start.into_iter().map(T::of_f64)));
    let Ok(status) = LevenbergMarquardt::default().run(&mut fit, &mut problem, 400_000);
    let (x, errors) = (wide(fit.x()), wide(&fit.analyse(&Everywhere).standard_errors()));
    assert!(fit.cost().is_finite() && x.iter().chain(errors.iter()).all(|x| x.is_finite()));
    let polished = |key| reference::numbers(&meta, "polished", key);
    let (parameters, errors) =
        (digits(x.iter().copied(), &polished("params")), digits(errors.iter().copied(), &polished("std_err")));
    Line {
        parameters: Some(parameters),
        errors: Some(errors),
        minimum: usize::from(parameters >= 3.0),
        passes: fit.iterations(),
        rows: problem.rows,
        status,
        ..line
    }
}

fn sized<T: Real, K: Accumulation>(set: &Path, line: Line) -> Line {
    macro_rules! dispatch {
        ($($n:literal)*) => { match reference::meta(set)["n_params"].as_integer() {
            $(Some($n) => fit::<$n, T, K>(set, line),)*
            n => panic!("{n:?} parameters"),
        } };
    }
    dispatch!(2 3 4 5 6 7 8 9)
}

/// All sets from both starts.
pub fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for set in reference::sets("nist-strd") {
        for start in ["start1", "start2"] {
            let line = |memory, scalar| Line::new(&reference::folder_of(&set), start, memory, scalar);
            lines.push(sized::<f64, SquareRoot>(&set, line("square root", "f64")));
            lines.push(sized::<f64, Normal>(&set, line("normal", "f64")));
            lines.push(sized::<f32, SquareRoot>(&set, line("square root", "f32")));
        }
    }
    lines
}

#[test]
fn certified_digits() {
    for line in lines() {
        let exact = line.parameters >= Some(10.0) && line.errors >= Some(8.0);
        let converged = matches!(line.status, Status::Converged(_));
        assert!(line.status != Status::Running && (line.scalar == "f32" || exact && converged), "{}", line.text());
    }
}
