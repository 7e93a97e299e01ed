//! NIST StRD nonlinear regression: certified parameters and standard errors from both starts.

use std::collections::HashMap;
use std::path::Path;

use nalgebra::SVector;
use thalweg::least_squares::{Accumulation, Everywhere, LevenbergMarquardt, StreamedState};
use thalweg::problem::{Counted, Forward, Model};
use thalweg::{Method, Number, Real, Status};

use crate::reference;

enum Token {
    Constant(f64),
    Parameter(usize),
    Column(usize),
    Operator(String),
}

/// A model in reverse Polish notation over the columns of a table.
pub struct Rpn<T> {
    program: Vec<Token>,
    response: Vec<T>,
    columns: Vec<Vec<T>>,
}

impl<T: Real> Rpn<T> {
    pub fn load(set: &Path) -> Self {
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

pub struct Score {
    pub status: Status,
    pub parameters: f64,
    pub errors: f64,
    pub passes: u32,
    pub rows: u64,
    pub condition: f64,
}

/// The log relative error: correct digits of the worst component.
fn digits<const N: usize>(found: &SVector<f64, N>, certified: &[f64]) -> f64 {
    let worst = found.iter().zip(certified).map(|(f, c)| ((f - c) / c).abs()).fold(0.0, f64::max);
    -worst.max(1e-16).log10()
}

fn fit<const N: usize, T: Real, K: Accumulation>(set: &Path, start: &str) -> Score {
    let meta = reference::meta(set);
    let x0 = SVector::<T, N>::from_iterator(reference::numbers(&meta, "start", start).into_iter().map(T::of_f64));
    let mut problem = Counted::new(Forward(Rpn::<T>::load(set)));
    let mut state: StreamedState<T, N, K> = StreamedState::from_point(x0);
    let status = LevenbergMarquardt::default().run(&mut state, &mut problem, 400_000).unwrap();
    let analysis = state.analyse(&Everywhere);
    let wide = |v: &SVector<T, N>| SVector::<f64, N>::from_iterator(v.iter().map(|v| v.to_f64()));
    Score {
        status,
        parameters: digits(&wide(state.x()), &reference::numbers(&meta, "polished", "params")),
        errors: digits(&wide(&analysis.standard_errors()), &reference::numbers(&meta, "polished", "std_err")),
        passes: state.iterations(),
        rows: problem.rows,
        condition: analysis.condition().to_f64(),
    }
}

pub fn score<T: Real, K: Accumulation>(set: &Path, start: &str) -> Score {
    match reference::meta(set)["n_params"].as_integer().unwrap() {
        2 => fit::<2, T, K>(set, start),
        3 => fit::<3, T, K>(set, start),
        4 => fit::<4, T, K>(set, start),
        5 => fit::<5, T, K>(set, start),
        6 => fit::<6, T, K>(set, start),
        7 => fit::<7, T, K>(set, start),
        8 => fit::<8, T, K>(set, start),
        9 => fit::<9, T, K>(set, start),
        n => panic!("{n} parameters"),
    }
}

#[test]
fn table() {
    use thalweg::least_squares::{Normal, SquareRoot};
    for set in reference::sets("nist-strd") {
        let name = set.file_name().unwrap().to_str().unwrap().to_owned();
        for start in ["start1", "start2"] {
            for (label, s) in [
                ("root", score::<f64, SquareRoot>(&set, start)),
                ("normal", score::<f64, Normal>(&set, start)),
                ("root32", score::<f32, SquareRoot>(&set, start)),
            ] {
                println!(
                    "{name:10} {start} {label:7} {:6.1} {:6.1} {:5} {:7} {:9.2e} {:?}",
                    s.parameters, s.errors, s.passes, s.rows, s.condition, s.status
                );
            }
        }
    }
}
