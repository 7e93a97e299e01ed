//! What each smooth method weighs, by an image each.

use std::convert::Infallible;
use std::fs;
use std::path::Path;

use anyhow::Result;
use firmware::smooth::{self, Runner};
use thalweg::Method;
use thalweg::problem::Problem;

use crate::flash;

/// Notes the methods that are measured.
struct Names(Vec<&'static str>);

impl Runner for Names {
    fn run<M: Method<P, S>, S, P: Problem<Error = Infallible>>(
        &mut self,
        name: &'static str,
        _: M,
        state: S,
        _: P,
    ) -> S {
        self.0.extend(name.strip_suffix(" | 6"));
        state
    }
}

pub fn methods() -> Vec<&'static str> {
    let mut names = Names(Vec::new());
    let _ = smooth::all(&mut names);
    names.0
}

/// Writes the table of the images in a folder, by profile and method.
pub fn write(images: &Path, path: &Path, toolchain: &str, core: &str) -> Result<()> {
    let mut text = format!(
        "# What the smooth methods weigh\n\n\
         Written by `run --flash`; {toolchain}.\n\n\
         Bytes of flash on a {core} for six variables in f32: the image less the image that only evaluates the function, its Hessian and\n\
         its products. What a method shares with others is in the weight of each.\n\n\
         | method | opt s | opt 3 |\n|---|---:|---:|\n"
    );
    for method in methods() {
        let weight = |profile| -> Result<u64> {
            let folder = images.join(profile);
            Ok(flash(&folder.join(method))?.saturating_sub(flash(&folder.join("none"))?))
        };
        text += &format!("| {method} | {} | {} |\n", weight("small")?, weight("release")?);
    }
    Ok(fs::write(path, text)?)
}
