//! The path as a figure: coefficients over λ, how many are not zero on top, the chosen λ and the largest by name; below it
//! the deviance of what was held out.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::error::Error;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::Axis;
use crate::fit::Scores;
use crate::report::{Report, significant};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The drawing library rounds to whole pixels: draw large, show small.
const SCALE: i32 = 4;
const WIDTH: i32 = px(1000);
const HEAD: i32 = px(76);
const PANEL: i32 = px(440);
const FOOT: i32 = px(270);
/// Room for names at the ends of the lines.
const SIDE: i32 = px(140);
/// Coefficients with a name and a colour of their own.
const NAMED: usize = 12;
/// Further coefficients that are drawn, the largest.
const DRAWN: usize = 300;
/// Numbers along the top.
const COUNTS: usize = 12;

const GRID: RGBColor = RGBColor(196, 200, 205);
const REST: RGBColor = RGBColor(170, 176, 184);
const TEXT: RGBColor = RGBColor(45, 50, 58);
const COLOURS: [RGBColor; 6] = [
    RGBColor(31, 105, 176),
    RGBColor(217, 95, 2),
    RGBColor(27, 140, 98),
    RGBColor(200, 40, 110),
    RGBColor(117, 92, 178),
    RGBColor(150, 110, 20),
];

/// Draws the figure as SVG.
pub fn draw(report: &Report<'_>) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    let scores = report.outcome.scores.as_ref();
    let height = HEAD + PANEL + if scores.is_some() { FOOT } else { 0 };
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH.unsigned_abs(), height.unsigned_abs())).into_drawing_area();
        root.fill(&WHITE)?;
        let (head, rest) = root.split_vertically(HEAD);
        let (above, below) = rest.split_vertically(PANEL);
        headline(&head, report)?;
        let across = across(report);
        let lines = Lines::of(report);
        let up =
            Axis::over("standardized coefficient".into(), lines.all().flat_map(|line| line.values.iter().copied()));
        if across.drawable() && up.drawable() {
            path(&above, report, &lines, &across, &up)?;
            if let Some(scores) = scores {
                validation(&below, report, scores, &across)?;
            }
        } else {
            let middle = (WIDTH / 2, PANEL / 2);
            let style = font(15).pos(Pos::new(HPos::Center, VPos::Center));
            above.draw(&Text::new("not in the range of a figure", middle, style))?;
        }
        root.present()?;
    }
    let drawn = format!("width=\"{WIDTH}\" height=\"{height}\"");
    let shown = format!("width=\"{}\" height=\"{}\"", WIDTH / SCALE, height / SCALE);
    Ok(svg.replacen(&drawn, &shown, 1))
}

/// Pixels of the figure as it is shown.
const fn px(pixels: i32) -> i32 {
    SCALE * pixels
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", px(size)).into_font().color(&TEXT)
}

fn stroke(colour: RGBColor, width: i32) -> ShapeStyle {
    colour.stroke_width(px(width).unsigned_abs())
}

fn headline(area: &Area<'_>, report: &Report<'_>) -> Result<(), Box<dyn Error>> {
    let observations = report.observations;
    let (n, p) = (observations.rows, observations.names.len());
    let title = format!("{}: {n} observations, {p} columns", shortened(&observations.title, 48));
    area.draw(&Text::new(title, (px(24), px(16)), font(22)))?;
    let mut model = report.model();
    if let Some(step) = report.outcome.steps.get(report.outcome.chosen) {
        let (lambda, rule) = (significant(step.fit.lambda, 4), &report.outcome.rule);
        model = format!("{model}; chosen λ = {lambda}, {rule}");
    }
    area.draw(&Text::new(model, (px(24), px(50)), font(14)))?;
    Ok(())
}

/// From large to small λ.
fn across(report: &Report<'_>) -> Axis {
    Axis::over("λ".into(), report.outcome.steps.iter().map(|step| abscissa(step.fit.lambda)))
}

fn abscissa(lambda: f64) -> f64 {
    -lambda.log10()
}

/// A coefficient along the path.
struct Line {
    column: usize,
    values: Vec<f64>,
}

/// The coefficients that are drawn.
struct Lines {
    /// The largest at the chosen λ.
    named: Vec<Line>,
    rest: Vec<Line>,
}

impl Lines {
    fn of(report: &Report<'_>) -> Self {
        let outcome = report.outcome;
        let mut lines: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (k, step) in outcome.steps.iter().enumerate() {
            for (j, value) in step.fit.coefficients.indices.iter().zip(&step.fit.coefficients.values) {
                lines.entry(*j).or_insert_with(|| vec![0.0; outcome.steps.len()])[k] = *value;
            }
        }
        let mut lines: Vec<Line> = lines.into_iter().map(|(column, values)| Line { column, values }).collect();
        let size = |line: &Line| {
            let most = line.values.iter().map(|value| value.abs()).fold(0.0, f64::max);
            (line.values.get(outcome.chosen).map_or(0.0, |value| value.abs()), most)
        };
        lines.sort_by(|a, b| size(b).partial_cmp(&size(a)).unwrap_or(Ordering::Equal));
        lines.truncate(NAMED + DRAWN);
        let rest = lines.split_off(NAMED.min(lines.len()));
        Self { named: lines, rest }
    }

    fn all(&self) -> impl Iterator<Item = &Line> {
        self.rest.iter().chain(&self.named)
    }
}

fn path(area: &Area<'_>, report: &Report<'_>, lines: &Lines, x: &Axis, y: &Axis) -> Result<(), Box<dyn Error>> {
    let steps = &report.outcome.steps;
    let mut chart = graph(area, x, y)?;
    let at: Vec<f64> = steps.iter().map(|step| abscissa(step.fit.lambda) - x.base()).collect();
    if let Some(chosen) = at.get(report.outcome.chosen) {
        upright(&mut chart, *chosen)?;
    }
    let colours = (0..).map(|k| if k < lines.named.len() { COLOURS[k % COLOURS.len()] } else { REST });
    let drawn: Vec<(&Line, RGBColor)> = lines.named.iter().chain(&lines.rest).zip(colours).collect();
    for (line, colour) in drawn.iter().rev() {
        let points: Vec<_> = at.iter().zip(&line.values).map(|(x, value)| (*x, value - y.base())).collect();
        let width = if *colour == REST { 1 } else { 2 };
        if let [only] = points.as_slice() {
            chart.draw_series([Circle::new(*only, px(4), colour.filled())])?;
        }
        chart.draw_series(LineSeries::new(points, stroke(*colour, width)))?;
    }
    names(area, &chart, report, &drawn[..lines.named.len()], &at, y)?;
    counts(area, &chart, report, &at, y)
}

/// Names at the ends of lines.
fn names(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    report: &Report<'_>,
    lines: &[(&Line, RGBColor)],
    at: &[f64],
    y: &Axis,
) -> Result<(), Box<dyn Error>> {
    let origin = area.get_base_pixel();
    let end = at.last().copied().unwrap_or(0.0);
    let place = |line: &Line| chart.backend_coord(&(end, line.values.last().map_or(0.0, |value| value - y.base())));
    let mut ends: Vec<_> = lines.iter().map(|(line, colour)| (place(line), line.column, *colour)).collect();
    ends.sort_by_key(|((_, height), ..)| *height);
    let heights = apart(&ends.iter().map(|((_, height), ..)| *height).collect::<Vec<_>>(), px(15));
    for (((across, _), column, colour), height) in ends.iter().zip(heights) {
        let style = font(13).color(colour).pos(Pos::new(HPos::Left, VPos::Center));
        let name = shortened(&report.coefficient(*column), 18);
        area.draw(&Text::new(name, (across + px(8) - origin.0, height - origin.1), style))?;
    }
    Ok(())
}

/// How many coefficients are not zero, along the top.
fn counts(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    report: &Report<'_>,
    at: &[f64],
    y: &Axis,
) -> Result<(), Box<dyn Error>> {
    let above = above(area, chart, y);
    for k in spread(at, COUNTS) {
        let place = (chart.backend_coord(&(at[k], 0.0)).0 - area.get_base_pixel().0, above);
        let style = font(13).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw(&Text::new(report.outcome.steps[k].fit.coefficients.len().to_string(), place, style))?;
    }
    let style = font(13).pos(Pos::new(HPos::Right, VPos::Center));
    area.draw(&Text::new("nonzero", (px(88), above), style))?;
    Ok(())
}

/// The height of a line of text above a chart.
fn above(area: &Area<'_>, chart: &Chart<'_, '_>, y: &Axis) -> i32 {
    chart.backend_coord(&(0.0, y.range().end)).1 - area.get_base_pixel().1 - px(10)
}

/// Mean and standard error over the folds; the smallest mean and the largest λ near it are marked.
fn validation(area: &Area<'_>, report: &Report<'_>, scores: &Scores, x: &Axis) -> Result<(), Box<dyn Error>> {
    let steps = report.outcome.steps.iter().zip(&scores.deviances);
    let known = steps.filter(|(_, (mean, error))| mean.is_finite() && error.is_finite());
    let points: Vec<_> =
        known.map(|(step, (mean, error))| (abscissa(step.fit.lambda) - x.base(), *mean, *error)).collect();
    let ends = points.iter().flat_map(|(_, mean, error)| [mean - error, mean + error]);
    let y = Axis::over(format!("deviance, {} folds", scores.folds), ends);
    if !y.drawable() {
        return Ok(());
    }
    let mut chart = graph(area, x, &y)?;
    let marks = [(scores.best, "best"), (scores.one_standard_error, "one SE")];
    for (place, _) in marks {
        if let Some(step) = place.and_then(|place| report.outcome.steps.get(place)) {
            upright(&mut chart, abscissa(step.fit.lambda) - x.base())?;
        }
    }
    let colour = COLOURS[0];
    let bars = points.iter().map(|(x, mean, error)| [(*x, mean - error - y.base()), (*x, mean + error - y.base())]);
    chart.draw_series(bars.map(|bar| PathElement::new(bar.to_vec(), stroke(REST, 1))))?;
    let dots = points.iter().map(|(x, mean, _)| (*x, mean - y.base()));
    chart.draw_series(dots.map(|dot| Circle::new(dot, px(2), colour.filled())))?;
    let origin = area.get_base_pixel();
    let above = above(area, &chart, &y);
    let joined = scores.best == scores.one_standard_error;
    for (place, name) in marks.into_iter().skip(usize::from(joined)) {
        let Some(step) = place.and_then(|place| report.outcome.steps.get(place)) else { continue };
        let across = chart.backend_coord(&(abscissa(step.fit.lambda) - x.base(), 0.0)).0 - origin.0;
        let anchor = if joined {
            HPos::Center
        } else if name == "best" {
            HPos::Left
        } else {
            HPos::Right
        };
        let name = if joined { "best, one SE" } else { name };
        area.draw(&Text::new(name, (across, above), font(13).pos(Pos::new(anchor, VPos::Center))))?;
    }
    Ok(())
}

fn graph<'a, 'b>(area: &Area<'b>, x: &Axis, y: &Axis) -> Result<Chart<'a, 'b>, Box<dyn Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(px(24))
        .margin_right(SIDE)
        .margin_bottom(px(10))
        .margin_left(px(14))
        .x_label_area_size(px(46))
        .y_label_area_size(px(82))
        .build_cartesian_2d(x.range(), y.range())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.mix(0.5).stroke_width(px(1).unsigned_abs()))
        .axis_style(GRID.stroke_width(px(1).unsigned_abs()))
        .label_style(font(13))
        .axis_desc_style(font(14))
        .set_all_tick_mark_size(px(4))
        .x_labels(9)
        .y_labels(9)
        .x_desc("λ, logarithmic")
        .y_desc(y.title())
        .x_label_formatter(&|v| significant(10_f64.powf(-(v + x.base())), 2))
        .y_label_formatter(&|v| y.tick(*v))
        .draw()?;
    Ok(chart)
}

/// A dashed line from bottom to top.
fn upright(chart: &mut Chart<'_, '_>, x: f64) -> Result<(), Box<dyn Error>> {
    let reach = chart.y_range();
    let points = [(x, reach.start), (x, reach.end)];
    chart.draw_series(DashedLineSeries::new(points, px(5), px(4), stroke(TEXT, 1)))?;
    Ok(())
}

/// Heights at least so far apart, near the given increasing ones: groups that touch are centred on their mean.
fn apart(wanted: &[i32], gap: i32) -> Vec<i32> {
    let mut groups: Vec<(i32, Vec<i32>)> = Vec::new();
    for &height in wanted {
        groups.push((height, vec![height]));
        while let [.., before, last] = groups.as_mut_slice() {
            let half = |group: &Vec<i32>| gap * (group.len() as i32) / 2;
            if before.0 + half(&before.1) <= last.0 - half(&last.1) {
                break;
            }
            before.1.append(&mut last.1);
            before.0 = before.1.iter().sum::<i32>() / before.1.len() as i32;
            groups.pop();
        }
    }
    let places = |(middle, group): &(i32, Vec<i32>)| {
        let (middle, count) = (*middle, group.len() as i32);
        (0..count).map(move |k| middle + gap * (2 * k + 1 - count) / 2).collect::<Vec<_>>()
    };
    groups.iter().flat_map(places).collect()
}

/// Places of about so many values, equally far apart.
fn spread(values: &[f64], count: usize) -> Vec<usize> {
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return Vec::new() };
    let step = (last - first) / count as f64;
    let mut kept = vec![0];
    for (k, value) in values.iter().enumerate().skip(1) {
        if value - values[kept[kept.len() - 1]] >= step * (1.0 - 1e-9) && step > 0.0 {
            kept.push(k);
        }
    }
    kept
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}
