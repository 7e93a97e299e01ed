//! Formulas: text in, a program over any [`Number`] out.

use pest::Parser;
use pest::error::ErrorVariant;
use pest::iterators::Pairs;
use pest::pratt_parser::{Assoc, Op, PrattParser};
use thalweg::{Number, Real};

/// Deeper formulas are refused before they are parsed: the parser is recursive.
const DEPTH: usize = 50;
const LENGTH: usize = 2000;

mod grammar {
    #![allow(missing_docs, reason = "the generated rules are named by the grammar")]

    #[derive(Debug, pest_derive::Parser)]
    #[grammar_inline = r#"
        formula    = _{ SOI ~ expression ~ EOI }
        expression =  { negative* ~ operand ~ (binary ~ negative* ~ operand)* }
        binary     = _{ plus | minus | times | over | power }
        plus       =  { "+" }
        minus      =  { "-" }
        times      =  { "*" }
        over       =  { "/" }
        power      =  { "^" }
        negative   =  { "-" }
        operand    = _{ number | call | word | "{" ~ column ~ "}" | "(" ~ expression ~ ")" }
        call       =  { word ~ "(" ~ expression ~ ")" }
        word       = @{ (ALPHABETIC | "_") ~ (ALPHABETIC | NUMBER | "_")* }
        column     = @{ (!"}" ~ ANY)+ }
        number     = @{ (ASCII_DIGIT+ ~ ("." ~ ASCII_DIGIT*)? | "." ~ ASCII_DIGIT+) ~ exponent? }
        exponent   = @{ ^"e" ~ ("+" | "-")? ~ ASCII_DIGIT+ }
        WHITESPACE = _{ " " | "\t" | "\n" | "\r" }
    "#]
    pub struct Grammar;
}
use grammar::{Grammar, Rule};

/// A function of one argument.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Exp,
    Log,
    Sqrt,
    Sin,
    Cos,
    Tan,
    Arctan,
    Abs,
}

const FUNCTIONS: [(&str, Function); 10] = [
    ("exp", Function::Exp),
    ("ln", Function::Log),
    ("log", Function::Log),
    ("sqrt", Function::Sqrt),
    ("sin", Function::Sin),
    ("cos", Function::Cos),
    ("tan", Function::Tan),
    ("atan", Function::Arctan),
    ("arctan", Function::Arctan),
    ("abs", Function::Abs),
];

/// One instruction of a stack machine.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Constant(f64),
    /// A name, by its place in the list of names.
    Name(usize),
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Apply(Function),
}

/// A formula, operands before operators.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    program: Vec<Token>,
    names: Vec<String>,
}

impl Formula {
    /// Reads a formula: `+ - * / ^` with the usual precedence (`-x^2` is `-(x^2)`, `2^3^2` is `2^(3^2)`), functions of one
    /// argument, `pi`, and names; a name in braces may hold any character.
    ///
    /// # Errors
    /// What is wrong, and at which column.
    pub fn parse(text: &str) -> Result<Self, String> {
        let depth = |depth: usize, c: char| match c {
            '(' => depth + 1,
            ')' => depth.saturating_sub(1),
            _ => depth,
        };
        let depths = text.chars().scan(0, |state, c| {
            *state = depth(*state, c);
            Some(*state)
        });
        if text.trim().is_empty() {
            return Err("it is empty".into());
        }
        if text.chars().count() > LENGTH || depths.max().unwrap_or(0) > DEPTH {
            return Err(format!("it is longer than {LENGTH} characters or nested deeper than {DEPTH}"));
        }
        let pairs = Grammar::parse(Rule::formula, text).map_err(|error| complaint(&error))?;
        let mut formula = Self { program: Vec::new(), names: Vec::new() };
        let body = pairs.into_iter().find(|pair| pair.as_rule() == Rule::expression);
        formula.program = formula.compile(body.ok_or("it is empty")?.into_inner())?;
        Ok(formula)
    }

    /// The names in the order of their first appearance.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn name(&mut self, text: &str) -> Vec<Token> {
        if matches!(text, "pi" | "π") {
            return vec![Token::Constant(std::f64::consts::PI)];
        }
        let place = self.names.iter().position(|name| name == text).unwrap_or(self.names.len());
        if place == self.names.len() {
            self.names.push(text.to_owned());
        }
        vec![Token::Name(place)]
    }

    fn compile(&mut self, pairs: Pairs<'_, Rule>) -> Result<Vec<Token>, String> {
        let table = PrattParser::new()
            .op(Op::infix(Rule::plus, Assoc::Left) | Op::infix(Rule::minus, Assoc::Left))
            .op(Op::infix(Rule::times, Assoc::Left) | Op::infix(Rule::over, Assoc::Left))
            .op(Op::prefix(Rule::negative))
            .op(Op::infix(Rule::power, Assoc::Right));
        table
            .map_primary(|pair| match pair.as_rule() {
                Rule::number => {
                    let value: f64 = pair.as_str().parse().map_err(|_| format!("{} is not a number", pair.as_str()))?;
                    Ok(vec![Token::Constant(value)])
                }
                Rule::expression => self.compile(pair.into_inner()),
                Rule::call => {
                    let mut parts = pair.into_inner();
                    let (name, argument) = (parts.next(), parts.next());
                    let name = name.map_or("", |name| name.as_str());
                    let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
                        let known: Vec<_> = FUNCTIONS.iter().map(|(known, _)| *known).collect();
                        return Err(format!("there is no function {name}; there are {}", known.join(", ")));
                    };
                    let mut program =
                        argument.map_or(Ok(Vec::new()), |argument| self.compile(argument.into_inner()))?;
                    program.push(Token::Apply(*function));
                    Ok(program)
                }
                _ if FUNCTIONS.iter().any(|(known, _)| *known == pair.as_str()) => {
                    Err(format!("the function {0} needs an argument: {0}(…)", pair.as_str()))
                }
                _ => Ok(self.name(pair.as_str())),
            })
            .map_prefix(|_, operand| {
                let mut program = operand?;
                program.push(Token::Negate);
                Ok(program)
            })
            .map_infix(|left, operator, right| {
                let mut program = left?;
                program.extend(right?);
                program.push(match operator.as_rule() {
                    Rule::plus => Token::Add,
                    Rule::minus => Token::Subtract,
                    Rule::times => Token::Multiply,
                    Rule::over => Token::Divide,
                    _ => Token::Power,
                });
                Ok(program)
            })
            .parse(pairs)
    }

    /// The value, with the names' values.
    pub fn value<D: Number>(&self, name: impl Fn(usize) -> D) -> D {
        let mut stack: Vec<D> = Vec::with_capacity(self.program.len());
        for token in &self.program {
            let value = match token {
                Token::Constant(value) => Some(D::of(*value)),
                Token::Name(place) => Some(name(*place)),
                Token::Negate => stack.pop().map(|a| -a),
                Token::Apply(function) => stack.pop().map(|a| apply(*function, a)),
                binary => {
                    let (right, left) = (stack.pop(), stack.pop());
                    left.zip(right).map(|(a, b)| match binary {
                        Token::Add => a + b,
                        Token::Subtract => a - b,
                        Token::Multiply => a * b,
                        Token::Divide => a / b,
                        _ => power(a, b),
                    })
                }
            };
            stack.extend(value);
        }
        stack.pop().unwrap_or(D::constant(<D::Scalar as Real>::NAN))
    }
}

fn apply<D: Number>(function: Function, a: D) -> D {
    match function {
        Function::Exp => a.exp(),
        Function::Log => a.ln(),
        Function::Sqrt => a.sqrt(),
        Function::Sin => a.sin(),
        Function::Cos => a.cos(),
        Function::Tan => a.tan(),
        Function::Arctan => a.atan(),
        Function::Abs => a.abs(),
    }
}

/// Whole exponents by multiplication, so that a negative base has its power.
fn power<D: Number>(base: D, exponent: D) -> D {
    let constant = |number: D| number == D::constant(number.real());
    let e = exponent.real().to_f64();
    if constant(exponent) && e.fract() == 0.0 && e.abs() <= 64.0 {
        return base.powi(e as i32);
    }
    // Zero to any positive power is zero; the derivative would ask for its logarithm.
    if constant(base) && base.real().to_f64() == 0.0 && e > 0.0 {
        return D::of(0.0);
    }
    base.powf(exponent)
}

/// One line in the place of the parser's several.
fn complaint(error: &pest::error::Error<Rule>) -> String {
    let column = match error.line_col {
        pest::error::LineColLocation::Pos((_, column)) | pest::error::LineColLocation::Span((_, column), _) => column,
    };
    let operand = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => {
            positives.iter().any(|rule| matches!(rule, Rule::number | Rule::word | Rule::expression))
        }
        ErrorVariant::CustomError { .. } => false,
    };
    let wanted = if operand { "a number, a name or (" } else { "an operator, ) or the end" };
    format!("at column {column}, {wanted} is wanted")
}
