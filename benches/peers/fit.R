# One measurement of glmnet or ncvreg on one problem: fits, times, and writes the coefficients for run.py to judge.
#   Rscript fit.R glmnet|ncvreg FOLDER lasso|mcp|scad path|DIVISOR TOLERANCE OUT
words <- commandArgs(trailingOnly = TRUE)
package <- words[1]
if (!requireNamespace(package, quietly = TRUE)) quit(status = 3)
folder <- words[2]
tolerance <- as.numeric(words[5])

npy <- function(name) {
  file <- file(file.path(folder, paste0(name, ".npy")), "rb")
  on.exit(close(file))
  readBin(file, "raw", 8)
  length <- readBin(file, "integer", 1, size = 2, signed = FALSE)
  header <- rawToChar(readBin(file, "raw", length))
  kind <- sub(".*'descr': '<([fi][48])'.*", "\\1", header)
  inside <- sub(".*'shape': \\(([^)]*)\\).*", "\\1", header)
  shape <- as.numeric(regmatches(inside, gregexpr("[0-9]+", inside))[[1]])
  count <- prod(shape)
  values <- readBin(file, if (substr(kind, 1, 1) == "f") "double" else "integer", count, size = as.integer(substr(kind, 2, 2)))
  if (length(shape) == 2) matrix(values, shape[1], shape[2]) else values
}
memory <- function(field) {
  line <- grep(paste0("^", field), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) * 1024
}

meta <- readLines(file.path(folder, "meta.json"), warn = FALSE)
logistic <- any(grepl("\"family\": \"logistic\"", meta))
y <- npy("y")
lambdas <- npy("lambdas")
if (any(grepl("\"sparse\": true", meta))) {
  starts <- npy("indptr")
  x <- Matrix::sparseMatrix(i = npy("indices"), p = starts, x = npy("data"), dims = c(length(y), length(starts) - 1), index1 = FALSE)
} else {
  x <- npy("X")
}
grid <- if (words[4] == "path") lambdas else lambdas[1] / as.numeric(words[4])
family <- if (logistic) "binomial" else "gaussian"

fit <- function() {
  if (package == "glmnet") {
    # glmnet divides a Gaussian response by its standard deviation, and undoes it.
    model <- glmnet::glmnet(x, y, family, lambda = grid, standardize = FALSE, intercept = FALSE, thresh = tolerance, maxit = 1e7)
    model$beta
  } else {
    penalty <- c(lasso = "lasso", mcp = "MCP", scad = "SCAD")[words[3]]
    reach <- if (words[3] == "scad") 3.7 else 3
    model <- ncvreg::ncvreg(x, y, family, penalty, gamma = reach, lambda = grid, eps = tolerance, max.iter = 1e6, warn = FALSE)
    model$beta[-1, , drop = FALSE]
  }
}

suppressWarnings(writeLines("5", "/proc/self/clear_refs"))
before <- memory("VmRSS")
seconds <- numeric(0)
for (repetition in 1:2) {
  begun <- proc.time()[["elapsed"]]
  beta <- fit()
  seconds <- c(seconds, proc.time()[["elapsed"]] - begun)
}
added <- memory("VmHWM") - before
out <- file(words[6], "wb")
for (k in seq_along(grid)) {
  column <- beta[, min(k, ncol(beta))]
  nonzero <- which(column != 0)
  writeBin(c(length(nonzero), rbind(nonzero - 1, column[nonzero])), out)
}
close(out)
cat(sprintf('{"seconds": [%s], "fits": %d, "bytes": %.0f}\n', paste(seconds, collapse = ", "), length(grid), added))
