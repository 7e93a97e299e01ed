//! Chooses the memory map of the emulated board and hands the linker scripts over.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=memory");
    println!("cargo:rerun-if-changed=image.x");
    let target = env::var("TARGET").unwrap();
    let board = match target.as_str() {
        "thumbv6m-none-eabi" => "microbit",
        "thumbv7em-none-eabihf" => "mps2",
        "riscv32imac-unknown-none-elf" => "virt",
        _ => return, // the host checks the images, it does not run them
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    fs::copy(format!("memory/{board}.x"), out.join("memory.x")).unwrap();
    fs::copy("image.x", out.join("image.x")).unwrap();
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Timage.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
}
