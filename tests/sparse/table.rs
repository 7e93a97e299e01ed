//! The tables of `examples/sparse_path`: three formats, compressed or not, and what is wrong with them.

#[path = "../../examples/sparse_path/table/mod.rs"]
mod reader;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reader::{Format, Matrix, Oddities, Table};

fn read(text: &str) -> Table {
    Table::read(text.as_bytes(), None).unwrap()
}

fn error(text: &str) -> String {
    Table::read(text.as_bytes(), None).unwrap_err()
}

/// Every column, dense.
fn columns(mut table: Table) -> Vec<Vec<f64>> {
    let names = table.names().to_vec();
    names.iter().map(|name| table.take(name).unwrap()).collect()
}

#[test]
fn the_same_numbers_in_every_format() {
    let expected = vec![vec![1.0, -2.5, 3e4], vec![0.0, 0.5, 0.0], vec![-1.0, 0.0, 7.0]];
    let csv = "y,1,2\n1,0,-1\n-2.5,.5,0\n3e4,0,7\n";
    let texts = [
        csv,
        "\u{feff}y;1;2\r\n1;0;-1\r\n\r\n# a comment\r\n -2.5 ; +0.5 ; 0\r\n\"3e4\";0;7",
        "y\t1\t2\n1\t0\t-1\n-2.5\t.5\t0\n3e4\t0\t7\n",
        "# spaces\ny 1 2\n1 0 -1\n-2.5 .5 0\n3e4 0 7\n",
        "1 2:-1\n# none\n-2.5 qid:3 1:0.5 # the second\n\n+3e4 2:7 1:0\n",
    ];
    for text in texts {
        let table = read(text);
        assert_eq!((table.rows(), table.names().join(" ").as_str()), (3, "y 1 2"), "{text}");
        assert_eq!(columns(table), expected, "{text}");
    }
    let coordinate = "%%MatrixMarket matrix coordinate real general\n% a comment\n3 3 6\n3 1 3e4\n1 1 1\n2 1 -2.5\n2 2 .5\n\
                      1 3 -1\n3 3 7\n";
    let array = "%%MatrixMarket matrix array real general\n3 3\n1\n-2.5\n3e4\n0\n.5\n0\n-1 0 7\n";
    for text in [coordinate, array] {
        let table = read(text);
        assert_eq!(table.names(), ["1", "2", "3"]);
        assert_eq!(columns(table), expected, "{text}");
    }
    let pattern = "%%MatrixMarket MATRIX coordinate pattern general\n2 2 2\n1 2\n2 1\n";
    assert_eq!(columns(read(pattern)), [[0.0, 1.0], [1.0, 0.0]]);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(csv.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(columns(Table::read(packed.as_slice(), None).unwrap()), expected);
    assert!(Table::read(&packed[..packed.len() / 2], None).unwrap_err().contains("not a whole gzip file"));
}

#[test]
fn headers_and_names() {
    assert_eq!(read("1,2\n3,4\n").names(), ["1", "2"]);
    assert_eq!(read("y,900,902.5\n1,2,3\n").names(), ["y", "900", "902.5"]);
    assert_eq!(read(",a\n1,2\n").names(), ["column 1", "a"]);
    let table = read("y,b\n1,2\n");
    assert_eq!((table.find("b"), table.find("1"), table.find("2")), (Ok(1), Ok(0), Ok(1)));
    assert_eq!(table.find("3").unwrap_err(), "there is no column \"3\"; the table has \"y\", \"b\"");
    assert!(table.find("0").is_err());
    assert_eq!(error("a,b,a\n1,2,3\n"), "columns 1 and 3 are both called \"a\"; give each its own name");
    // Zero counts as an index where it occurs.
    assert_eq!(read("1 0:2 1:3\n").names(), ["y", "0", "1"]);
    assert_eq!(read("1 1:2 3:3\n").names(), ["y", "1", "2", "3"]);
}

#[test]
fn a_format_that_is_named_is_not_guessed() {
    let label = "1\n2 1:5\n";
    assert!(error(label).contains("line 2"));
    let table = Table::read(label.as_bytes(), Some(Format::Svm)).unwrap();
    assert_eq!(columns(table), [[1.0, 2.0], [0.0, 5.0]]);
    assert!(Table::read(label.as_bytes(), Some(Format::Mtx)).unwrap_err().contains("line 1"));
}

#[test]
fn bad_rows_are_named() {
    let market = |rest: &str| format!("%%MatrixMarket matrix coordinate real general\n{rest}");
    let array = |rest: &str| format!("%%MatrixMarket matrix array real general\n{rest}");
    let cases = [
        (String::new(), "the table is empty"),
        ("# nothing\n\n".into(), "the table is empty"),
        ("y,a\n".into(), "the table has no rows"),
        ("y,a\n1,2\n\n3\n".into(), "line 4: 1 fields, but 2 in the first line"),
        ("y,a\n1,2,3\n".into(), "line 2: 3 fields, but 2"),
        ("1,2\n3,NA\n".into(), "line 2, column \"2\": \"NA\" is not a number"),
        ("y,a\n1,nan\n".into(), "line 2, column \"a\": nan is not finite"),
        ("y,a\n-inf,1\n".into(), "line 2, column \"y\": -inf is not finite"),
        ("y,a\n1,2\n3,\n".into(), "line 3, column \"a\": a value is missing"),
        ("y,a\n1,2\n3,\"x y\"\n".into(), "line 3, column \"a\": \"x y\" is not a number"),
        ("1 1:2\nz 1:3\n".into(), "line 2, target: \"z\" is not a number"),
        ("1 1:2\n1 1:3 2\n".into(), "line 2: \"2\" is not index:value"),
        ("1 1:2\n1 -1:3\n".into(), "line 2: \"-1\" is not an index"),
        ("1 1:2\n1 1:3 1:4\n".into(), "line 2: feature 1 is given twice"),
        ("1 1:2\n1 2:NaN\n".into(), "line 2, feature 2: NaN is not finite"),
        ("1 1:2\n1 99999999999:1\n".into(), "line 2: \"99999999999\" is not an index"),
        (market(""), "the sizes of the matrix are missing"),
        (market("% c\n2 2\n"), "line 3: rows, columns and number of entries expected"),
        (market("2 2 1\n1 x 3\n"), "line 3: (1, x) is outside the 2 by 2 matrix"),
        (market("2 2 1\n3 1 3\n"), "line 3: (3, 1) is outside"),
        (market("2 2 1\n0 1 3\n"), "line 3: (0, 1) is outside"),
        (market("2 2 1\n1 1\n"), "line 3: row, column and value expected"),
        (market("2 2 2\n1 1 3\n"), "2 entries expected, 1 found"),
        (market("2 2 2\n1 1 3\n1 1 4\n"), "entry (1, 1) is given twice"),
        (market("2 2 1\n1 1 inf\n"), "line 3: inf is not finite"),
        (market("0 2 0\n"), "the table has no rows"),
        (array("2 2\n1\n2\n3\n"), "4 entries expected, 3 found"),
        ("%%MatrixMarket matrix coordinate real symmetric\n".into(), "without symmetry"),
        ("%%MatrixMarket matrix coordinate complex general\n".into(), "line 1: only real"),
    ];
    for (text, part) in cases {
        assert!(error(&text).contains(part), "{text}: {}", error(&text));
    }
    let bytes = [b"y,a\n1,\xff\n".as_slice(), b"1 1:2\n\xff 1:2\n", b"%%MatrixMarket \xff\n"];
    for text in bytes {
        assert!(Table::read(text, None).unwrap_err().contains("not text in UTF-8"));
    }
}

#[test]
fn a_sparse_matrix_is_the_dense_one() {
    let text = "1 2:5\n2 4:1\n3 2:6 4:2\n4 1:9\n";
    let mut table = read(text);
    assert_eq!(table.take("y").unwrap(), [1.0, 2.0, 3.0, 4.0]);
    let (names, matrix) = table.into_matrix();
    assert_eq!(names, ["1", "2", "3", "4"]);
    let Matrix::Sparse(matrix) = matrix else { panic!("5 of 16 entries are not many") };
    let dense = matrix.as_ref().to_dense();
    let expected = [[0.0, 0.0, 0.0, 9.0], [5.0, 0.0, 6.0, 0.0], [0.0; 4], [0.0, 1.0, 2.0, 0.0]];
    for (j, column) in expected.iter().enumerate() {
        for (i, value) in column.iter().enumerate() {
            assert_eq!(dense[(i, j)], *value);
        }
    }
    // Most entries of this one are not zero.
    let mut table = read("1 1:5 2:1\n2 2:1\n3 1:7 2:8\n");
    table.take("y").unwrap();
    let Matrix::Dense(entries) = table.into_matrix().1 else { panic!("5 of 6 entries are many") };
    assert_eq!(entries, [5.0, 0.0, 7.0, 1.0, 1.0, 8.0]);
}

#[test]
fn constant_and_repeated_columns_are_found() {
    let dense = read("y,a,b,c,d,e\n1,2,7,-0.0,1,0\n2,2,8,1,2,1\n3,2,9,0,3,0\n");
    assert_eq!(dense.oddities(), Oddities { constant: vec![1], duplicates: vec![(0, 4), (3, 5)] });
    let sparse = read("1 2:7 3:1 4:7\n2 2:7\n1 2:7 3:1 4:7 5:1\n");
    assert_eq!(sparse.oddities(), Oddities { constant: vec![1, 2], duplicates: vec![] });
    let sparse = read("1 3:1 4:1\n2 2:7\n1 3:1 4:1\n");
    assert_eq!(sparse.oddities(), Oddities { constant: vec![1], duplicates: vec![(3, 4)] });
}
