//! Tables as people have them: missing values, words, decimal commas, white space, comments; and files made to do harm.

use axonal::data::{Class, Csv, Dataset, Fill, csv, csv_from_bytes};
use nalgebra::SVector;
use proptest::prelude::*;

use super::{file, gzip};

fn same(csv: Csv) -> Csv {
    csv
}

/// What is read as two inputs and one of two classes.
fn read(table: &Csv) -> Result<Vec<([f64; 2], usize)>, String> {
    let data: Dataset<SVector<f64, 2>, Class<2>> =
        table.classification().map_err(|error| error.to_string())?;
    Ok(data.iter().map(|(x, y)| ([x[0], x[1]], y.index())).collect())
}

/// The message, without the name of the file.
fn error(content: &str, describe: impl Fn(Csv) -> Csv) -> String {
    let message = read(&describe(csv_from_bytes(content))).unwrap_err();
    message.strip_prefix("`bytes`, ").unwrap().to_owned()
}

/// A table, and what has to be said to read it.
type Form = (&'static str, fn(Csv) -> Csv);

#[test]
fn the_same_table_in_every_form() {
    let expected = vec![([1.5, 2.25], 0), ([-2.5, 3.0], 1)];
    let forms: [Form; 16] = [
        ("a,b,c\n1.5,2.25,0\n-2.5,3,1\n", same),
        ("a,b,c\r1.5,2.25,0\r-2.5,3,1\r", same),
        ("a;b;c\r\n1,5;2,25;0\r\n-2,5;3;1\r\n", |csv| csv.delimiter(b';').decimal(b',')),
        ("a,b,c\n\"1,5\",\"2,25\",0\n\"-2,5\",3,1\n", |csv| csv.decimal(b',')),
        ("a b  c\n 1.5\t2.25   0  \n\n-2.5 \t 3 1", Csv::whitespace),
        ("\ta  b  \"c d\"\r\n1.5 \"2.25\" 0\r\n  \r\n -2.5 3  1 \r\n", Csv::whitespace),
        ("# a title\na,b,c\n1.5,2.25,0\n# 7,7,7\n-2.5,3,1\n#", |csv| csv.comment(b'#')),
        ("\u{feff}# a title\na,b,c\n1.5,2.25,0\n-2.5,3,1\n", |csv| csv.comment(b'#')),
        ("\u{feff}a \"title\r\n\r\na,b,c\r\n1.5,2.25,0\r\n-2.5,3,1", |csv| csv.skip_lines(2)),
        ("one\rtwo\ra,b,c\r1.5,2.25,0\r-2.5,3,1", |csv| csv.skip_lines(2)),
        ("title\n% comment\n a b\t c\n1.5 2.25 0\n   %\n-2.5 3 1", |csv| {
            csv.skip_lines(1).comment(b'%').whitespace()
        }),
        ("400,450.5,500\n1.5,2.25,0\n-2.5,3,1\n", |csv| csv.has_header(true)),
        ("\"a\",\"b\",\"c\"\n\"1\",1.5,2.25,0\n\"2\",-2.5,3,1\n", Csv::row_names),
        ("\"\",\"a\",\"b\",\"c\"\n\"1\",1.5,2.25,0\n\"2\",-2.5,3,1\n", Csv::row_names),
        ("x,1.5,2.25,0\ny,-2.5,3,1\n", |csv| csv.no_header().row_names()),
        ("a,b,c\n1.5,2.25,0\n?,1,1\n4,1,\nNA,,\n-2.5,3,1\n", Csv::drop_missing),
    ];
    for (content, describe) in forms {
        assert_eq!(read(&describe(csv_from_bytes(content))), Ok(expected.clone()), "{content:?}");
        let (_directory, path) = file("x.csv", gzip(content));
        assert_eq!(read(&describe(csv(&path))), Ok(expected.clone()), "{content:?}");
    }
}

#[test]
fn messages_name_what_helps() {
    for (content, expected) in [
        (
            "a;b;c\n1;2;0\n",
            "header: expected 2 input columns besides 1 for the target, found 0: none (cells between `;` are read with `.delimiter(b';')`)",
        ),
        (
            "a\tb\tc\n1\t2\t0\n",
            "header: expected 2 input columns besides 1 for the target, found 0: none (cells between `\\t` are read with `.delimiter(b'\\t')`)",
        ),
        (
            "a b c\n1 2 0\n",
            "header: expected 2 input columns besides 1 for the target, found 0: none (cells between runs of white space are read with `.whitespace()`)",
        ),
        (
            "# note\na,b,c\n1,2,0\n",
            "header: expected 2 input columns besides 1 for the target, found 0: none (lines that begin with `#` are left out with `.comment(b'#')`)",
        ),
        (
            "a title\n\na,b,c\n1,2,0\n",
            "header: expected 2 input columns besides 1 for the target, found 0: none (if the table begins in line 3: `.skip_lines(2)`)",
        ),
        (
            "a,b,c\nx,1,2,0\n",
            "line 2: expected 3 cells, found 4 (names of rows, which the header lacks, are left out with `.row_names()`)",
        ),
        (
            "a,b,c\n1,2,0\n# note\n",
            "line 3: expected 3 cells, found 1 (lines that begin with `#` are left out with `.comment(b'#')`)",
        ),
        ("a,b,c\n1,\"2,0\n1,2,0\n", "line 2: expected 3 cells, found 2 (is a quote left open?)"),
        (
            "a,b,c\n\"1,5\",2,0\n",
            "line 2, column `a`: expected a finite number, found `1,5` (numbers with decimal commas are read with `.decimal(b',')`)",
        ),
        (
            "a,b,c\nM,2,0\nF,3,1\n",
            "line 2, column `a`: expected a finite number, found `M` (words become inputs by `.one_hot(\"a\")`)",
        ),
        (
            "a,c\nM,0\nF,1\n",
            "header: expected 2 input columns besides 1 for the target, found 1: `a` (words become inputs by `.one_hot(\"a\")`)",
        ),
        (
            "a,b,c\n1,2,-1\n3,4,1\n",
            "line 2, column `c`: expected a whole number below 2, found `-1` (`.classes([\"-1\", \"1\"])` names them in order)",
        ),
        (
            "a,b,c\n1,2,4\n3,4,2\n",
            "line 2, column `c`: expected a whole number below 2, found `4` (`.classes([\"2\", \"4\"])` names them in order)",
        ),
        (
            "a,b,c\n1,2,0\n3,4,1\n5,6,2\n",
            "line 4, column `c`: expected a whole number below 2, found `2` (the file has 3 different labels)",
        ),
        ("a,b,c\n1,2,0\n3,x,1\n", "line 3, column `b`: expected a finite number, found `x`"),
        ("a,b,c\r1,2,0\r3,x,1\r", "line 3, column `b`: expected a finite number, found `x`"),
        (
            "a,b,c\n1,\"-1,234\",0\n",
            "line 2, column `b`: expected a finite number, found `-1,234` (separators of thousands are not read: write `1234`)",
        ),
        (
            ",a,b,c\n0,1,2,0\n",
            "header: expected 2 input columns besides 1 for the target, found 3: ``, `a`, `b` (a first column without a name, the names of rows or their numbers, is left out with `.row_names()`)",
        ),
        (
            "a,b,c,\n1,2,0,\n",
            "header: expected 2 input columns besides 1 for the target, found 3: `a`, `b`, `c` (a last column without a name is left out with `.ignore(3)`)",
        ),
        (
            "<!DOCTYPE html>\n<html>",
            "beginning: expected a table as text, found a page of HTML, which is what a server sends in the place of a file",
        ),
    ] {
        assert_eq!(error(content, same), expected, "{content:?}");
    }
    let error = read(&csv_from_bytes("a,b,c\n1,2,0\n").no_header()).unwrap_err();
    assert!(
        error.ends_with("found `a` (if line 1 is a header, without `.no_header()`)"),
        "{error}"
    );
    let error = read(&csv_from_bytes("400,500,700\n1,2,0\n1,2,1\n").no_header()).unwrap_err();
    assert!(
        error.ends_with("found `700` (if line 1 is a header, without `.no_header()`)"),
        "{error}"
    );
    for aligned in [
        csv_from_bytes("1.0   2    3\t0\n").no_header(),
        csv_from_bytes("a  b   c\n1  2   0\n").delimiter(b' '),
        csv_from_bytes("1  2   0\n").no_header().delimiter(b' '),
    ] {
        let error = read(&aligned).unwrap_err();
        assert!(
            error.ends_with("(cells between runs of white space are read with `.whitespace()`)"),
            "{error}"
        );
    }
    let error = read(&csv_from_bytes("1,2,0\n1;5,2,0\n").no_header()).unwrap_err();
    assert!(error.ends_with("(cells between `;` are read with `.delimiter(b';')`)"), "{error}");
    let error =
        read(&csv_from_bytes("a;b;c\n1,5;1.234,5;0\n").delimiter(b';').decimal(b',')).unwrap_err();
    assert!(
        error.ends_with("found `1.234,5` (separators of thousands are not read: write `1234`)")
    );
    for thousands in ["12 345,6", "1\u{a0}234\u{a0}567", "1'234", "1\u{202f}234,5"] {
        let table = csv_from_bytes(format!("a;b;c\n1,5;{thousands};0\n"));
        let error = read(&table.delimiter(b';').decimal(b',')).unwrap_err();
        assert!(error.ends_with("(separators of thousands are not read: write `1234`)"), "{error}");
    }
    // Is it more than one and less than two? In such a file it is.
    let error = read(&csv_from_bytes("a;b;c\n1,234;2;0\n").delimiter(b';')).unwrap_err();
    assert!(error.ends_with("decimal commas are read with `.decimal(b',')`)"), "{error}");
}

/// The line stays that of the file whatever is skipped before.
#[test]
fn lines_are_those_of_the_file() {
    for end in ["\n", "\r\n", "\r"] {
        for (lines, describe) in [
            (
                "# one|\"two|a,b,c|# 1,2|1,2,0||# \"|1,x,0",
                (|csv| csv.comment(b'#').skip_lines(2)) as fn(Csv) -> Csv,
            ),
            ("|||a,b,c|1,2,0||\"1\",\"x\",0|", same),
            (" | | |a b c| 1  2 0||   1 x 0|", Csv::whitespace),
            ("|\"a|b|c\",b,c|1,2,0|1|,2,0", same),
            ("|a,\"b|b\",c|1,\"|2\",0|# 1|#|1,x,0", |csv| csv.comment(b'#')),
            ("t|t|t|t|a,b,c|1,,0|?,2,0|1,x,0", |csv| csv.skip_lines(4).drop_missing()),
        ] {
            let content = lines.replace('|', end);
            let message = error(&content, describe);
            let line = match lines.find("|1|,2") {
                Some(_) => 6,
                None => lines[..lines.find('x').unwrap()].matches('|').count() + 1,
            };
            assert!(message.starts_with(&format!("line {line}")), "{content:?}: {message}");
        }
    }
}

#[test]
fn missing_values_are_left_out() {
    let content = "a,b,id,c\n1,2,,0\n?,4,7,1\n5,NA,7,0\n7,8,7,\n9,10,7,1\n";
    let table = csv_from_bytes(content).ignore("id");
    assert!(error(content, |csv| csv.ignore("id")).starts_with("line 3, column `a`: "));

    let table = table.drop_missing();
    assert_eq!(read(&table), Ok(vec![([1.0, 2.0], 0), ([9.0, 10.0], 1)]));
    let report = table.report().unwrap();
    assert_eq!((report.rows, report.left_out), (2, 3));
    assert_eq!(
        report.to_string(),
        "2 rows; 3 left out; missing: column `a` 1, column `b` 1, column `c` 1"
    );
    let whole = csv_from_bytes("a,b,c\n1,2,0\n").drop_missing().report().unwrap();
    assert_eq!(whole.to_string(), "1 row; 0 left out; missing: none");

    // Values of one's own take the place of the usual ones.
    let own =
        |content: &str| read(&csv_from_bytes(content).missing_values(["-999"]).drop_missing());
    assert_eq!(own("a,b,c\n1,-999,0\n,1,0\n1,2,0\n"), Ok(vec![([1.0, 2.0], 0)]));
    assert!(own("a,b,c\n1,NA,0\n").unwrap_err().contains("found `NA`"));
    let unhandled = error("a,b,c\n1,-999,0\n", |csv| csv.missing_values(["-999"]));
    assert!(unhandled.contains("found `-999` (`.drop_missing()`"), "{unhandled}");

    assert_eq!(
        error("a,b,c\n?,2,0\n1,,0\n?,1,1\n", Csv::drop_missing),
        "rows: expected one at least without a missing value, found none of 3 (column `a` lacks 2 values)"
    );
}

#[test]
fn missing_values_are_filled_in() {
    let content = "a,b,c\n1,?,0\n3,1e308,1\n,1e308,1\n3,NaN,0\n2,3,1\n";
    let filled = |fill| read(&csv_from_bytes(content).fill_missing(fill)).unwrap();
    // The mean of numbers whose sum is not finite.
    assert_eq!(filled(Fill::Mean)[2].0[0], 2.25);
    assert!((filled(Fill::Mean)[0].0[1] / 1e308 - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(filled(Fill::Median)[2].0[0], 2.5);
    assert_eq!(filled(Fill::Median)[3].0[1], 1e308);
    assert_eq!(filled(Fill::MostFrequent)[2].0[0], 3.0);
    assert_eq!(filled(Fill::Constant(-1.0))[2].0[0], -1.0);
    // Of equally frequent ones, the smallest.
    let table = csv_from_bytes("a,b,c\n4,1,0\n2,1,0\n,1,0\n").fill_missing(Fill::MostFrequent);
    assert_eq!(read(&table).unwrap()[2].0[0], 2.0);

    // Nothing to take it from; a target that is missing.
    assert_eq!(
        error("a,b,c\n,2,0\n?,3,1\n", |csv| csv.fill_missing(Fill::Mean)),
        "column `a`: expected one value at least, to fill in the missing ones, found none"
    );
    let target = "a,b,c\n1,2,?\n,3,1\n5,6,0\n";
    assert_eq!(
        error(target, |csv| csv.fill_missing(Fill::Mean)),
        "line 2, column `c`: expected a label, found `?` (`.drop_missing()` leaves out rows with missing values)"
    );
    // The statistics are those of the rows that are kept.
    let both = csv_from_bytes(target).fill_missing(Fill::Mean).drop_missing();
    assert_eq!(read(&both), Ok(vec![([5.0, 3.0], 1), ([5.0, 6.0], 0)]));
    assert_eq!((both.report().unwrap().rows, both.report().unwrap().left_out), (2, 1));

    let regression = csv_from_bytes("a,c\n1,2\n,\n").fill_missing(Fill::Mean);
    let message = regression.regression::<f32, 1, 1>().unwrap_err().to_string();
    assert!(
        message
            .contains("line 3, column `c`: expected a finite number, found an empty cell (`.drop"),
        "{message}"
    );
}

#[test]
fn words_become_inputs() {
    let content = "sex,length,rings\nM,0.5,15\nF,0.25,9\nI,1,7\nM,2,7\n";
    let table = csv_from_bytes(content).one_hot("sex");
    assert_eq!(table.input_names().unwrap(), ["sex_F", "sex_I", "sex_M", "length"]);
    let data = table.regression::<f32, 4, 1>().unwrap();
    assert_eq!(
        data.inputs(),
        [
            vector![0.0, 0.0, 1.0, 0.5],
            vector![1.0, 0.0, 0.0, 0.25],
            vector![0.0, 1.0, 0.0, 1.0],
            vector![0.0, 0.0, 1.0, 2.0]
        ]
    );

    let given = csv_from_bytes(content).one_hot_of("sex", ["M", "F", "I", "X"]);
    assert_eq!(given.input_names().unwrap()[..4], ["sex_M", "sex_F", "sex_I", "sex_X"]);
    assert_eq!(
        given.regression::<f32, 5, 1>().unwrap().inputs()[1],
        vector![0.0, 1.0, 0.0, 0.0, 0.25]
    );
    let other = csv_from_bytes(content).one_hot_of("sex", ["M", "F"]).regression::<f32, 3, 1>();
    assert_eq!(
        other.unwrap_err().to_string(),
        "`bytes`, line 4, column `sex`: expected one of `M`, `F`, found `I`"
    );
    let wrong = csv_from_bytes(content).one_hot("sex").regression::<f32, 2, 1>();
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "`bytes`, header: expected 2 input columns besides 1 for the target, \
         found 4: `sex_F`, `sex_I`, `sex_M`, `length`"
    );
    let target = csv_from_bytes(content).one_hot("rings").regression::<f32, 2, 1>();
    assert_eq!(
        target.unwrap_err().to_string(),
        "`bytes`, one-hot columns: expected columns of inputs, found a target or an ignored one: column `rings`"
    );

    // Without a header; numbers by their value; missing words.
    let table = csv_from_bytes("10,1\n9,2\n,3\n9,4\n").no_header().one_hot(0);
    assert_eq!(table.clone().drop_missing().input_names().unwrap(), ["0_9", "0_10"]);
    let filled = table.clone().fill_missing(Fill::Mean).regression::<f64, 2, 1>().unwrap();
    assert_eq!(filled.inputs()[2], vector![1.0, 0.0]);
    assert_eq!(table.clone().drop_missing().regression::<f64, 2, 1>().unwrap().len(), 3);
    let message = table.regression::<f64, 2, 1>().unwrap_err().to_string();
    assert!(
        message.contains(
            "line 3, column at index 0: expected one of `9`, `10`, found an empty cell (`.drop"
        ),
        "{message}"
    );
}

/// A row of data that is taken for a header is lost.
#[test]
fn a_row_of_data_is_no_header() {
    for (content, numbers) in [
        ("5.1,3.5,setosa\n4.9,3.0,rosa\n", "`5.1`, `3.5`"),
        ("M,0.455,x,a\nF,0.53,y,b\n", "`0.455`"),
        ("1,2,yes\n3,4,no\n", "`1`, `2`"),
    ] {
        assert_eq!(
            error(content, same),
            format!(
                "header: expected the columns' names (or `.no_header()`; if these are the names, \
                 `.has_header(true)`), found numbers among them: {numbers}"
            )
        );
    }
    for header in [",0,1,2,class", "0,1,2,3,4", "id,2019,2020,x,class", "a,b,c,d,400"] {
        let table = csv_from_bytes(format!("{header}\n1,2,3,4,0\n"));
        assert_eq!(table.classification::<f32, 4, 2>().unwrap().len(), 1, "{header}");
    }
    let table = csv_from_bytes("id,400.5,500,600,class\n1,2,3,4,0\n");
    assert!(table.classification::<f32, 4, 2>().is_err());
    assert_eq!(table.has_header(true).classification::<f32, 4, 2>().unwrap().len(), 1);
}

#[test]
fn labels_that_look_like_numbers_are_names() {
    for (first, second) in [("inf", "nom"), ("nan", "inf"), ("Infinity", "NaN"), ("NA", "EU")] {
        let content = format!("a,b,c\n1,2,{first}\n3,4,{second}\n5,6,{first}\n");
        let mut names = vec![first, second];
        names.sort_unstable();
        assert_eq!(csv_from_bytes(&content).class_names().unwrap(), names);
        assert_eq!(
            read(&csv_from_bytes(&content)).unwrap()[0].1,
            read(&csv_from_bytes(&content)).unwrap()[2].1
        );
    }
}

#[test]
fn a_row_cannot_take_all_memory() {
    // A quote that is left open, a row of commas, blank lines: kilobytes as gzip.
    let mib = 1 << 20;
    for (row, limit) in [
        (format!("\"{}", "x".repeat(17 * mib)), None),
        (",".repeat(mib), Some(mib / 2)),
        ("\n".repeat(mib), Some(mib / 2)),
    ] {
        let (_directory, path) = file("x.csv", gzip(format!("a,b,c\n1,2,0\n{row}")));
        let table = limit.map_or(csv(&path), |limit| csv(&path).row_limit(limit as u64));
        let message = read(&table).unwrap_err();
        let expected = format!(
            ": expected rows of at most {} bytes (`.row_limit(…)`), \
             found a longer one: is a quote left open?",
            limit.unwrap_or(16 * mib)
        );
        assert!(message.contains(", line ") && message.ends_with(&expected), "{message}");
    }
    let wide = read(&csv_from_bytes(gzip(",".repeat(mib)))).unwrap_err();
    assert_eq!(
        wide,
        "`bytes`, line 1: expected rows of at most 1048576 cells (a sixteenth of `.row_limit(…)`), found 1048577"
    );
    let long = format!("a,b,c\n1,2,0\n{},2,0\n", "x".repeat(300_000));
    // The cell itself is cut short in the message.
    let message = error(&long, same);
    assert_eq!(
        message,
        format!(
            "line 3, column `a`: expected a finite number, found `{}…` (300000 bytes)",
            "x".repeat(60)
        )
    );
    assert!(
        error(&long, |csv| csv.row_limit(100_000))
            .starts_with("line 3: expected rows of at most 100000 bytes")
    );
    assert!(error(&long, |csv| csv.row_limit(300_010)).starts_with("line 3, column `a`"));
    let header = format!("{},b,c\n1,2,0\n", "x".repeat(300_000));
    let message = error(&header, |csv| csv.target("d"));
    assert!(message.len() < 300, "{message}");
}

#[test]
#[should_panic(
    expected = "`delimiter(b'\\n')`: expected an ASCII character that is no quote and no end of a line"
)]
fn a_line_end_between_cells() {
    let _ = csv_from_bytes("").delimiter(b'\n');
}

#[test]
#[should_panic(
    expected = "`decimal(b'e')`: that is a part of numbers already; expected one such as `b','`"
)]
fn a_letter_before_decimals() {
    let _ = csv_from_bytes("").decimal(b'e');
}

/// A table with one change or several: what a broken download, an editor or an attacker makes.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let tables = [
        "a,b,c\n1.5,2,0\n?,3,1\n4,5,1\n",
        "# x\r\na;b;c\r\n1,5;2,25;0\r\n2,5;3;1\r\n",
        " a \"b\" c\n1  2\t0\n3 4 1\n",
        "\"a\",\"b\",\"c\"\r\"1\",1.5,2,\"x\"\r\"2\",3,,\"y\"\r",
        "\u{feff}M,0.5,inf\nF,NA,nan\n\"I\n\",1,x\n",
    ];
    let byte = prop_oneof![
        3 => prop::sample::select(&b"\"\"\r\n,;\t #%?0.e-\0\xff"[..]),
        1 => any::<u8>(),
    ];
    let change = (any::<prop::sample::Index>(), byte, 0..3_u8);
    (prop::sample::select(tables.to_vec()), prop::collection::vec(change, 0..6)).prop_map(
        |(table, changes)| {
            let mut bytes = table.as_bytes().to_vec();
            for (place, byte, kind) in changes {
                let place = place.index(bytes.len().max(1)).min(bytes.len());
                match kind {
                    0 => bytes.insert(place, byte),
                    1 if place < bytes.len() => bytes[place] = byte,
                    _ => bytes.truncate(place.max(1)),
                }
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_makes_it_panic(
        bytes in damaged(),
        options in prop::collection::vec(any::<bool>(), 12),
        compressed: bool,
    ) {
        let bytes = if compressed { gzip(bytes) } else { bytes };
        let mut table = csv_from_bytes(bytes);
        let describe: [fn(Csv) -> Csv; 12] = [
            Csv::no_header,
            |csv| csv.has_header(true),
            Csv::whitespace,
            |csv| csv.delimiter(b';').decimal(b','),
            |csv| csv.comment(b'#'),
            |csv| csv.skip_lines(1),
            Csv::row_names,
            Csv::drop_missing,
            |csv| csv.fill_missing(Fill::Median),
            |csv| csv.one_hot(0),
            |csv| csv.one_hot_of(1, ["2", "4"]),
            |csv| csv.row_limit(20),
        ];
        for (describe, option) in describe.into_iter().zip(options) {
            if option {
                table = describe(table);
            }
        }
        let _ = table.input_names();
        let _ = table.class_names();
        if let (Ok(data), Ok(report)) = (table.classification::<f32, 2, 2>(), table.report()) {
            prop_assert_eq!(data.len(), report.rows);
            prop_assert!(data.inputs().iter().all(|input| input.iter().all(|x| x.is_finite())));
        }
        let _ = table.regression::<f64, 2, 1>();
        let _ = table.regression::<f32, 0, 1>();
        let _ = table.regression::<f32, 4, 0>();
    }
}
