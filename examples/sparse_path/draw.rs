use crate::{args::Arguments, fit::Outcome, observations::Observations};
pub fn draw(_: &Observations, _: &Arguments, _: &Outcome) -> Result<String, Box<dyn std::error::Error>> { Ok(String::new()) }
