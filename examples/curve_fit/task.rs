//! Arguments and a table into a task, and everything that may be wrong with them.

use std::collections::HashSet;

use thalweg::problem::Loss;

use crate::formula::Formula;
use crate::models;
use crate::solve::{MOST, Meaning, Parameter, Task};
use crate::table::Table;

/// What was asked for, not yet understood.
#[derive(Clone, Debug, Default)]
pub struct Wishes<'a> {
    pub expression: Option<&'a str>,
    pub model: Option<&'a str>,
    pub start: Option<&'a str>,
    pub bounds: Option<&'a str>,
    pub fix: Option<&'a str>,
    pub response: Option<&'a str>,
    pub sigma: Option<&'a str>,
}

/// A task with what its report needs beside it.
#[derive(Clone, Debug)]
pub struct Stated {
    pub task: Task,
    /// The formula as it was given, with the column that is its `x` if that is called otherwise.
    pub formula: String,
    pub response: String,
    /// The columns of the task by name.
    pub columns: Vec<String>,
    /// What was decided without being asked.
    pub notes: Vec<String>,
}

/// Makes a task of wishes and a table.
///
/// # Errors
/// One line that says which argument or which line of the table is wrong.
pub fn state(wishes: &Wishes<'_>, table: &Table, loss: Loss, scale: f64) -> Result<Stated, String> {
    let (response_text, response, used) = response(wishes.response, table)?;
    let named = wishes.model.map(models::find).transpose()?;
    let (formula_text, what) = match (wishes.expression, named) {
        (Some(_), Some(_)) => return Err("give --expr or --model, not both".into()),
        (Some(text), None) => (text, "--expr"),
        (None, Some(model)) => (model.formula, "--model"),
        (None, None) => return Err("give a formula with --expr, or --model NAME (--list-models shows them)".into()),
    };
    let formula = Formula::parse(formula_text).map_err(|error| format!("--expr: {error}"))?;
    // The abscissa of a named model may be called otherwise in the table.
    let spare = || table.names().find(|name| !used.contains(*name) && wishes.sigma != Some(*name));
    let abscissa = named.and_then(|_| if table.has("x") && !used.contains("x") { Some("x") } else { spare() });
    let stands_for = |name: &str| match abscissa {
        Some(column) if name == "x" => Some(column.to_owned()),
        _ => (named.is_none() && table.has(name)).then(|| name.to_owned()),
    };

    let (mut columns, mut names) = (Vec::<String>::new(), Vec::<String>::new());
    for name in formula.names() {
        match stands_for(name) {
            Some(column) if used.contains(column.as_str()) => {
                return Err(format!(
                    "the response \"{column}\" appears in the formula; choose another with --response"
                ));
            }
            Some(column) => columns.push(column),
            None if named.is_some() && name == "x" => return Err(format!("{what}: no column is left for x")),
            None => names.push(name.clone()),
        }
    }
    if names.is_empty() {
        return Err(format!("{what}: there is no parameter to fit in {formula_text}"));
    }
    let data: Vec<Vec<f64>> = columns.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
    let sigma = wishes.sigma.map(|name| positive(name, table)).transpose()?;

    let mut notes = Vec::new();
    let guess = named.and_then(|model| model.start(data.first()?, &response)).unwrap_or_default();
    let order = named.map_or(&[][..], |model| model.parameters);
    let parameters = parameters(wishes, &names, (order, &guess), table, &mut notes)?;
    let place = |name: &String| parameters.iter().position(|parameter| parameter.name == *name);
    let column = |name: &String| stands_for(name).and_then(|name| columns.iter().position(|known| *known == name));
    let meaning = |name: &String| column(name).map(Meaning::Column).or_else(|| place(name).map(Meaning::Parameter));
    let meanings = formula.names().iter().filter_map(meaning).collect();

    let free = parameters.iter().filter(|parameter| !parameter.fixed).count();
    if response.len() <= free {
        notes.push(format!(
            "{} rows for {free} free parameters: no degrees of freedom are left, so there are no standard errors",
            response.len()
        ));
    }
    let formula_text = match abscissa {
        Some(column) if column != "x" => format!("{formula_text}, x = {column}"),
        _ => formula_text.to_owned(),
    };
    let task = Task { formula, meanings, parameters, columns: data, response, sigma, loss, scale };
    Ok(Stated { task, formula: formula_text, response: response_text, columns, notes })
}

/// The response: its text, its values, and the columns it is made of.
fn response(wish: Option<&str>, table: &Table) -> Result<(String, Vec<f64>, HashSet<String>), String> {
    let default = if table.has("y") { "y" } else { table.names().next().unwrap_or_default() };
    let text = wish.unwrap_or(default);
    if table.has(text) || wish.is_none() {
        return Ok((text.to_owned(), table.column(text)?, HashSet::from([text.to_owned()])));
    }
    let formula = Formula::parse(text).map_err(|error| format!("--response: {error}"))?;
    let columns: Vec<Vec<f64>> = formula.names().iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
    if columns.is_empty() {
        return Err(format!("--response: there is no column in {text}"));
    }
    let mut values = Vec::with_capacity(table.len());
    for i in 0..table.len() {
        let value: f64 = formula.value(|name| columns[name][i]);
        if !value.is_finite() {
            return Err(format!("line {}: {text} is not finite", table.line(i)));
        }
        values.push(value);
    }
    Ok((text.to_owned(), values, formula.names().iter().cloned().collect()))
}

fn positive(name: &str, table: &Table) -> Result<Vec<f64>, String> {
    let sigma = table.column(name).map_err(|error| format!("--sigma: {error}"))?;
    match sigma.iter().position(|sigma| *sigma <= 0.0) {
        Some(i) => Err(format!("line {}: the sigma {} is not positive", table.line(i), sigma[i])),
        None => Ok(sigma),
    }
}

/// `a=1,b=2` as names and texts.
fn assignments<'a>(option: &str, text: Option<&'a str>) -> Result<Vec<(&'a str, &'a str)>, String> {
    let mut list: Vec<(&str, &str)> = Vec::new();
    for part in text.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, value)) = part.split_once('=').map(|(name, value)| (name.trim(), value.trim())) else {
            return Err(format!("{option}: \"{part}\" is not of the form NAME=VALUE"));
        };
        if list.iter().any(|(known, _)| *known == name) {
            return Err(format!("{option}: {name} is given twice"));
        }
        list.push((name, value));
    }
    Ok(list)
}

fn number(option: &str, name: &str, text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("{option}: {name}={text} is not a number"))
}

/// Parameters in the order of the named model, or else of --start.
fn parameters(
    wishes: &Wishes<'_>,
    names: &[String],
    (order, guess): (&[&str], &[f64]),
    table: &Table,
    notes: &mut Vec<String>,
) -> Result<Vec<Parameter>, String> {
    if names.len() > MOST {
        return Err(format!("{} parameters, fixed ones included: at most {MOST} are supported", names.len()));
    }
    let known = |option: &str, name: &str| match (names.iter().any(|known| known == name), table.has(name)) {
        (true, _) => Ok(()),
        (false, true) => Err(format!("{option}: {name} is a column of the data, not a parameter")),
        (false, false) => {
            Err(format!("{option}: {name} is not in the formula; its parameters are {}", names.join(", ")))
        }
    };
    let starts = assignments("--start", wishes.start)?;
    let bounds = assignments("--bounds", wishes.bounds)?;
    let mut fixed: Vec<&str> = Vec::new();
    for name in wishes.fix.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|name| !name.is_empty()) {
        known("--fix", name)?;
        if fixed.contains(&name) {
            return Err(format!("--fix: {name} is given twice"));
        }
        fixed.push(name);
    }
    for (option, list) in [("--start", &starts), ("--bounds", &bounds)] {
        list.iter().try_for_each(|(name, _)| known(option, name))?;
    }
    if fixed.len() == names.len() {
        return Err("--fix: all parameters are fixed, nothing is left to fit".into());
    }

    let mut sorted: Vec<&str> = order.iter().copied().chain(starts.iter().map(|(name, _)| *name)).collect();
    sorted.extend(names.iter().map(String::as_str));
    let mut seen = HashSet::new();
    sorted.retain(|name| seen.insert(*name));

    let mut parameters = Vec::new();
    let mut missing = Vec::new();
    for name in sorted {
        let given = starts.iter().find(|(known, _)| *known == name);
        let is_fixed = fixed.contains(&name);
        if is_fixed && given.is_none() {
            return Err(format!("--fix: give the value of {name} with --start {name}=VALUE"));
        }
        let guess = order.iter().zip(guess).find(|(known, _)| **known == name);
        let start = match (given, guess) {
            (Some((_, text)), _) => number("--start", name, text)?,
            (None, Some((_, guess))) => *guess,
            (None, None) => {
                missing.push(name);
                continue;
            }
        };
        if !start.is_finite() {
            return Err(format!("--start: {name}={start} is not finite"));
        }
        let (lower, upper) = match bounds.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => interval(name, text)?,
            None => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let inside = start.clamp(lower, upper);
        if inside != start {
            if is_fixed {
                return Err(format!("--fix: {name} is fixed at {start}, outside its bounds {lower}:{upper}"));
            }
            notes.push(format!("the start {name}={start} lies outside its bounds and was moved to {inside}"));
        }
        let fixed = is_fixed || lower == upper;
        parameters.push(Parameter { name: name.to_owned(), start: inside, lower, upper, fixed });
    }
    if !missing.is_empty() {
        let hint = if order.is_empty() { "" } else { " (none could be found from the data)" };
        let (missing, columns) = (missing.join(", "), table.names().collect::<Vec<_>>().join(", "));
        return Err(format!("--start: no value for {missing}{hint}; columns are {columns}"));
    }
    if parameters.iter().all(|parameter| parameter.fixed) {
        return Err("all parameters are fixed, nothing is left to fit".into());
    }
    Ok(parameters)
}

/// `lower:upper`, either of which may be left out.
fn interval(name: &str, text: &str) -> Result<(f64, f64), String> {
    let Some((lower, upper)) = text.split_once(':') else {
        return Err(format!("--bounds: {name}={text} is not of the form NAME=LOWER:UPPER"));
    };
    let end =
        |text: &str, none: f64| if text.trim().is_empty() { Ok(none) } else { number("--bounds", name, text.trim()) };
    let (lower, upper) = (end(lower, f64::NEG_INFINITY)?, end(upper, f64::INFINITY)?);
    if lower <= upper && lower < f64::INFINITY && upper > f64::NEG_INFINITY {
        Ok((lower, upper))
    } else {
        Err(format!("--bounds: the lower bound of {name}, {lower}, lies above the upper one, {upper}"))
    }
}
