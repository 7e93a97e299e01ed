//! Every method of every design against a twin that is a plain matrix.

use faer::sparse::{SparseColMat, Triplet};
use faer::{Mat, MatRef};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thalweg::sparse::design::{Centred, Csc, Dense, Design, DesignError, Joined, Stacked, Weights};

fn close(found: f64, expected: f64, scale: f64) {
    assert!((found - expected).abs() <= 1e-13 * (1.0 + scale), "{found} is not {expected}");
}

/// A matrix of small multiples of 1/8, exact in `f32`; a third of the columns are empty and half the entries are zero.
fn matrix(rng: &mut ChaCha8Rng, n: usize, p: usize) -> Mat<f64> {
    let full: Vec<bool> = (0..p).map(|_| rng.random_bool(0.67)).collect();
    Mat::from_fn(
        n,
        p,
        |_, j| {
            if full[j] && rng.random_bool(0.5) { f64::from(rng.random_range(-40..40)) / 8.0 } else { 0.0 }
        },
    )
}

fn vector(rng: &mut ChaCha8Rng, n: usize) -> Vec<f64> {
    (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn compressed(x: MatRef<'_, f64>) -> SparseColMat<usize, f64> {
    let entries: Vec<_> = (0..x.ncols())
        .flat_map(|j| (0..x.nrows()).map(move |i| Triplet::new(i, j, x[(i, j)])))
        .filter(|entry| entry.val != 0.0)
        .collect();
    SparseColMat::try_new_from_triplets(x.nrows(), x.ncols(), &entries).unwrap()
}

/// The matrix `X ⊗ I` of q outputs.
fn stacked(x: MatRef<'_, f64>, q: usize) -> Mat<f64> {
    let n = x.nrows();
    Mat::from_fn(n * q, x.ncols() * q, |i, j| if i / n == j % q { x[(i % n, j / q)] } else { 0.0 })
}

/// Checks all methods of a design against the matrix, of which column j lives in the rows of segment `j % q` of q.
fn check(design: &impl Design, x: MatRef<'_, f64>, q: usize, rng: &mut ChaCha8Rng) {
    let (n, p) = x.shape();
    assert_eq!((design.rows(), design.columns(), design.outputs()), (n, p, q));
    let each: Vec<f64> = (0..n).map(|i| if i % 5 == 3 { 0.0 } else { rng.random_range(0.0..2.0) }).collect();
    let v = vector(rng, n);
    let inside = |i: usize, j: usize| i / (n / q).max(1) == j % q;
    for weights in [Weights::Uniform(0.375), Weights::Each(&each)] {
        let w = |i: usize| match weights {
            Weights::Uniform(w) => w,
            Weights::Each(w) => w[i],
        };
        let centred = |j: usize, centre: f64| -> Vec<f64> {
            (0..n).map(|i| if inside(i, j) { x[(i, j)] - centre } else { 0.0 }).collect()
        };
        for j in 0..p {
            assert_eq!(design.output(j), j % q);
            close(design.dot(j, &v), (0..n).map(|i| x[(i, j)] * v[i]).sum(), n as f64);
            let (mut found, a) = (v.clone(), rng.random_range(-2.0..2.0));
            design.add(j, a, weights, &mut found);
            (0..n).for_each(|i| close(found[i], v[i] + a * w(i) * x[(i, j)], 1.0));
            let [first, second] = design.moments(j, weights);
            close(first, (0..n).map(|i| w(i) * x[(i, j)]).sum(), n as f64);
            close(second, (0..n).map(|i| w(i) * x[(i, j)] * x[(i, j)]).sum(), 25.0 * n as f64);
            let spread = centred(j, 0.7).iter().enumerate().map(|(i, d)| w(i) * d * d).sum();
            close(design.spread(j, 0.7, weights), spread, 25.0 * n as f64);
        }
        let mut list = |length: usize, moved: bool| -> (Vec<usize>, Vec<f64>) {
            let centre = |rng: &mut ChaCha8Rng| if moved { rng.random_range(-1.0..1.0) } else { 0.0 };
            (0..if p == 0 { 0 } else { length }).map(|_| (rng.random_range(0..p), centre(rng))).unzip()
        };
        for moved in [false, true] {
            let ((left, left_centres), (right, right_centres)) = (list(7, moved), list(5, moved));
            let (l, r) = (left.len(), right.len());
            let product = |a: (usize, f64), b: (usize, f64)| -> f64 {
                (0..n).zip(centred(a.0, a.1)).zip(centred(b.0, b.1)).map(|((i, x), z)| w(i) * x * z).sum()
            };
            let first = Centred { columns: &left, centres: &left_centres };
            let second = Centred { columns: &right, centres: &right_centres };
            for (l, first) in
                [(l, first), (l.min(1), Centred { columns: &left[..l.min(1)], centres: &left_centres[..l.min(1)] })]
            {
                let mut out = Mat::from_fn(l, r, |_, _| f64::NAN);
                design.products(first, second, weights, out.as_mut());
                for (a, b) in (0..l).flat_map(|a| (0..r).map(move |b| (a, b))) {
                    let expected = product((left[a], left_centres[a]), (right[b], right_centres[b]));
                    close(out[(a, b)], expected, 36.0 * n as f64);
                }
            }
            let mut out = Mat::from_fn(l, l, |a, b| if a < b { 77.0 } else { f64::NAN });
            design.gram(first, weights, out.as_mut());
            for (a, b) in (0..l).flat_map(|a| (0..l).map(move |b| (a, b))) {
                let expected = product((left[a], left_centres[a]), (left[b], left_centres[b]));
                if a < b { assert_eq!(out[(a, b)], 77.0) } else { close(out[(a, b)], expected, 36.0 * n as f64) }
            }
            let every: Vec<usize> = (0..p).collect();
            let centres: Vec<f64> = every.iter().map(|&j| if moved { 0.1 * j as f64 } else { 0.0 }).collect();
            let mut out = Mat::zeros(p, p);
            design.gram(Centred { columns: &every, centres: &centres }, weights, out.as_mut());
            for (a, b) in (0..p).flat_map(|a| (0..=a).map(move |b| (a, b))) {
                close(out[(a, b)], product((a, centres[a]), (b, centres[b])), 36.0 * n as f64);
            }
        }
    }
    for _ in 0..4 {
        let start = rng.random_range(0..=p);
        let end = rng.random_range(start..=p);
        let mut out = vec![f64::NAN; end - start];
        design.dots(start..end, &v, &mut out);
        for (j, found) in (start..end).zip(out) {
            assert_eq!(found.to_bits(), design.dot(j, &v).to_bits(), "bits depend on the neighbours");
        }
    }
}

#[test]
fn designs_are_their_matrices() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for n in [0, 1, 2, 3, 7, 15, 16, 17, 31, 39, 257] {
        for p in [0, 1, 2, 11] {
            let x = matrix(&mut rng, n, p);
            let x = x.as_ref();
            let dense = Dense::new(x).unwrap();
            check(&dense, x, 1, &mut rng);
            let sparse = compressed(x);
            let sparse = Csc::new(sparse.as_ref());
            check(&sparse, x, 1, &mut rng);
            let cut = p / 3;
            let blocks = vec![Dense::new(x.subcols(0, cut)).unwrap(), Dense::new(x.subcols(cut, p - cut)).unwrap()];
            let joined = Joined::new(blocks).unwrap();
            check(&joined, x, 1, &mut rng);
            let three = stacked(x, 3);
            check(&Stacked::new(dense, 3).unwrap(), three.as_ref(), 3, &mut rng);
            check(&Stacked::new(sparse, 3).unwrap(), three.as_ref(), 3, &mut rng);
            check(&Stacked::new(joined, 3).unwrap(), three.as_ref(), 3, &mut rng);
            let twice = vec![Stacked::new(dense, 2).unwrap(), Stacked::new(dense, 2).unwrap()];
            let beside = Mat::from_fn(n, 2 * p, |i, j| x[(i, j % p)]);
            check(&Joined::new(twice).unwrap(), stacked(beside.as_ref(), 2).as_ref(), 2, &mut rng);
        }
    }
}

#[test]
fn sparse_and_dense_agree_and_say_what_they_are() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let x = matrix(&mut rng, 100, 30);
    let (sparse, dense) = (compressed(x.as_ref()), Dense::new(x.as_ref()).unwrap());
    let sparse = Csc::new(sparse.as_ref());
    assert!(dense.is_dense() && !sparse.is_dense());
    for j in 0..30 {
        assert_eq!(dense.entries(j), 100);
        assert_eq!(sparse.entries(j), dense.column(j).iter().filter(|&&x| x != 0.0).count());
    }
    let v: Vec<f64> = (0..100).map(f64::from).collect();
    for j in 0..30 {
        assert_eq!(sparse.dot(j, &v), dense.dot(j, &v));
    }
}

#[test]
fn single_precision_gives_the_bits_of_double() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let x = matrix(&mut rng, 301, 9);
    let single = Mat::from_fn(301, 9, |i, j| x[(i, j)] as f32);
    let entries: Vec<_> = compressed(x.as_ref())
        .triplet_iter()
        .map(|e| Triplet::new(e.row as u32, e.col as u32, *e.val as f32))
        .collect();
    let indexed = SparseColMat::<u32, f32>::try_new_from_triplets(301, 9, &entries).unwrap();
    let wide = compressed(x.as_ref());
    same_bits(&Dense::new(x.as_ref()).unwrap(), &Dense::new(single.as_ref()).unwrap(), &mut rng);
    same_bits(&Csc::new(wide.as_ref()), &Csc::new(indexed.as_ref()), &mut rng);
}

fn same_bits(first: &impl Design, second: &impl Design, rng: &mut ChaCha8Rng) {
    let (n, p) = (first.rows(), first.columns());
    let (v, w) = (vector(rng, n), vector(rng, n).iter().map(|w| w * w).collect::<Vec<_>>());
    let every: Vec<usize> = (0..p).collect();
    let centres = vector(rng, p);
    let all = Centred { columns: &every, centres: &centres };
    for weights in [Weights::Uniform(0.3), Weights::Each(&w)] {
        for j in 0..p {
            assert_eq!(first.dot(j, &v), second.dot(j, &v));
            assert_eq!(first.moments(j, weights), second.moments(j, weights));
            assert_eq!(first.spread(j, 0.3, weights), second.spread(j, 0.3, weights));
            let (mut a, mut b) = (v.clone(), v.clone());
            first.add(j, 0.7, weights, &mut a);
            second.add(j, 0.7, weights, &mut b);
            assert_eq!(a, b);
        }
        let (mut a, mut b) = (Mat::zeros(p, p), Mat::zeros(p, p));
        first.gram(all, weights, a.as_mut());
        second.gram(all, weights, b.as_mut());
        assert_eq!(a, b);
        first.products(all, all, weights, a.as_mut());
        second.products(all, all, weights, b.as_mut());
        assert_eq!(a, b);
    }
}

#[test]
fn a_spread_far_from_zero_keeps_its_digits() {
    let column: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 2)).collect();
    let x = Dense::from_slice(&column, 1000, 1).unwrap();
    assert_eq!(x.spread(0, 1e9 + 0.5, Weights::Uniform(0.001)), 0.25);
    let sparse = compressed(MatRef::from_column_major_slice(&column, 1000, 1));
    assert_eq!(Csc::new(sparse.as_ref()).spread(0, 1e9 + 0.5, Weights::Each(&[1.0; 1000])), 250.0);
}

#[test]
fn columns_may_be_any_distance_apart() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let x = matrix(&mut rng, 40, 12);
    let inner = x.as_ref().submatrix(3, 2, 33, 9);
    check(&Dense::new(inner).unwrap(), inner, 1, &mut rng);
    check(&Dense::new(inner.reverse_cols()).unwrap(), inner.reverse_cols(), 1, &mut rng);
}

#[test]
fn mapped_files_are_one_design() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let x = matrix(&mut rng, 37, 10);
    let maps = [(0, 4), (4, 6)].map(|(start, count)| {
        let path = std::env::temp_dir().join(format!("thalweg-{}-{start}", std::process::id()));
        let bytes: Vec<u8> = x
            .as_ref()
            .subcols(start, count)
            .col_iter()
            .flat_map(|c| c.iter().flat_map(|x| x.to_ne_bytes()).collect::<Vec<_>>())
            .collect();
        std::fs::write(&path, bytes).unwrap();
        // SAFETY: the file belongs to this process and is not written again.
        let map = unsafe { memmap2::Mmap::map(&std::fs::File::open(&path).unwrap()).unwrap() };
        std::fs::remove_file(&path).unwrap();
        map
    });
    let blocks = maps.iter().map(|map| {
        let numbers: &[f64] = pulp::bytemuck::cast_slice(map);
        Dense::from_slice(numbers, 37, numbers.len() / 37).unwrap()
    });
    check(&Joined::new(blocks.collect()).unwrap(), x.as_ref(), 1, &mut rng);
}

#[test]
fn bad_matrices_are_named() {
    let entries = [1.0, 2.0, 3.0, f64::NAN, 5.0, 6.0];
    assert_eq!(Dense::from_slice(&entries, 2, 2).unwrap_err(), DesignError::Length(4, 6));
    assert_eq!(Dense::from_slice(&entries, usize::MAX, 2).unwrap_err(), DesignError::Length(usize::MAX, 6));
    let x = Dense::from_slice(&entries, 3, 2).unwrap();
    assert_eq!(x.check().unwrap_err(), DesignError::NotFinite { row: 0, column: 1 });
    let matrix = MatRef::from_column_major_slice(&entries, 3, 2);
    assert_eq!(Dense::new(matrix.transpose()).unwrap_err(), DesignError::Strided);
    assert_eq!(Dense::new(matrix.subcols(0, 1)).unwrap().check(), Ok(()));

    let wrong = [Triplet::new(0, 0, 1.0), Triplet::new(2, 1, f64::INFINITY)];
    let wrong = SparseColMat::<usize, f64>::try_new_from_triplets(3, 2, &wrong).unwrap();
    assert_eq!(Csc::new(wrong.as_ref()).check().unwrap_err(), DesignError::NotFinite { row: 2, column: 1 });
    let (starts, rows) = ([0_usize, 2], [1_usize, 0]);
    let unsorted = faer::sparse::SymbolicSparseColMatRef::new_unsorted_checked(2, 1, &starts, None, &rows);
    let unsorted = faer::sparse::SparseColMatRef::new(unsorted, &[1.0, 2.0]);
    assert_eq!(Csc::new(unsorted).check().unwrap_err(), DesignError::Unsorted { column: 0 });

    assert_eq!(Joined::<Dense<'_, f64>>::new(vec![]).unwrap_err(), DesignError::Empty);
    let other = Dense::from_slice(&entries, 2, 3).unwrap();
    assert_eq!(Joined::new(vec![x, other]).unwrap_err(), DesignError::Length(3, 2));
    assert_eq!(Stacked::new(x, 0).unwrap_err(), DesignError::Empty);
    let twice = Stacked::new(x, 2).unwrap();
    assert_eq!(Stacked::new(twice, 2).unwrap_err(), DesignError::Length(1, 2));
}
