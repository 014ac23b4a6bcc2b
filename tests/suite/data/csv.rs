use std::collections::BTreeSet;

use axonal::Error;
use axonal::data::{Class, Csv, Dataset, csv};
use nalgebra::SVector;
use proptest::prelude::*;

use super::{examples, file, gzip, message};

/// The message of reading two inputs and one of three classes.
fn error(content: impl AsRef<[u8]>, describe: impl Fn(Csv) -> Csv) -> String {
    let (_directory, path) = file("x.csv", content);
    message(&describe(csv(&path)).classification::<f32, 2, 3>().unwrap_err(), &path)
}

#[test]
fn the_real_data_sets() {
    let path = |name: &str| examples().join(name);
    let iris = csv(path("iris.csv")).classification::<f32, 4, 3>().unwrap();
    assert_eq!(iris.inputs()[0], vector![5.1, 3.5, 1.4, 0.2]);
    assert_eq!(iris.class_counts(), [50, 50, 50]);
    let wine = csv(path("wine.csv")).classification::<f64, 13, 3>().unwrap();
    assert_eq!(wine.class_counts(), [59, 71, 48]);
    let cancer = csv(path("breast_cancer.csv")).classification::<f32, 30, 2>().unwrap();
    assert_eq!(cancer.class_counts(), [212, 357]);
    let digits = csv(path("digits.csv")).classification::<f32, 64, 10>().unwrap();
    assert_eq!(digits.class_counts(), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    let diabetes = csv(path("diabetes.csv")).regression::<f64, 10, 1>().unwrap();
    assert_eq!((diabetes.len(), diabetes.targets()[0]), (442, vector![151.0]));
    let houses = csv(path("california_housing.csv.gz"))
        .target("median_house_value")
        .regression::<f32, 8, 1>()
        .unwrap();
    assert_eq!((houses.len(), houses.inputs()[0][0]), (20_640, -122.23));
}

#[test]
fn the_types_can_be_inferred() {
    let iris: Dataset<SVector<f64, 4>, Class<3>> =
        csv(examples().join("iris.csv")).classification().unwrap();
    assert_eq!(iris.len(), 150);
}

#[test]
fn the_target_by_name_and_by_position() {
    let (_directory, path) = file("x.csv", "id,kind,a,b\n7,1,0.5,2\n8,0,1.5,3\n");
    for describe in [csv(&path).target("kind").ignore("id"), csv(&path).target(1).ignore(0)] {
        let data = describe.classification::<f32, 2, 2>().unwrap();
        assert_eq!(data.inputs(), [vector![0.5, 2.0], vector![1.5, 3.0]]);
        assert_eq!(data.targets().iter().map(|c| c.index()).collect::<Vec<_>>(), [1, 0]);
    }
}

#[test]
fn several_targets() {
    let (_directory, path) = file("x.csv", "a,b,c,d\n1,2,3,4\n5,6,7,8\n");
    let last = csv(&path).regression::<f64, 2, 2>().unwrap();
    assert_eq!(last.inputs()[1], vector![5.0, 6.0]);
    assert_eq!(last.targets()[1], vector![7.0, 8.0]);
    // In the order that was asked for.
    let chosen = csv(&path).targets(["d", "a"]).regression::<f64, 2, 2>().unwrap();
    assert_eq!(chosen.inputs()[0], vector![2.0, 3.0]);
    assert_eq!(chosen.targets()[0], vector![4.0, 1.0]);
}

#[test]
fn the_many_ways_to_write_csv() {
    for content in [
        "a,b,c\n1,2,0\n3,4,1\n",
        "a,b,c\r\n1,2,0\r\n3,4,1",
        "\u{feff}a,b,c\n1,2,0\n\n3,4,1\n\n",
        "\"a\",\"b\",\"c\"\n\"1\",\"2\",\"0\"\n 3 , 4 , 1.0\n",
        "0,1,2\n1e0,+2,0.000e+00\n3.,4,1\n",
    ] {
        for content in [content.as_bytes().to_vec(), gzip(content)] {
            let (_directory, path) = file("x.csv", content);
            let data = csv(&path).classification::<f32, 2, 2>().unwrap();
            assert_eq!(data.inputs(), [vector![1.0, 2.0], vector![3.0, 4.0]]);
            assert_eq!(data.class_counts(), [1, 1]);
        }
    }
    let (_directory, path) = file("x.tsv", "1\t2\t0\n3\t4\t1\n");
    let data = csv(&path).no_header().delimiter(b'\t').classification::<f32, 2, 2>().unwrap();
    assert_eq!(data.len(), 2);
}

#[test]
fn names_of_classes() {
    let (_directory, path) = file("x.csv", "x,y\n1,setosa\n2,virginica\n3,setosa\n4,rosa\n");
    let indices = |data: Dataset<SVector<f32, 1>, Class<3>>| -> Vec<usize> {
        data.targets().iter().map(|class| class.index()).collect()
    };
    let table = csv(&path);
    assert_eq!(indices(table.classification().unwrap()), [1, 2, 1, 0]);
    assert_eq!(table.class_names().unwrap(), ["rosa", "setosa", "virginica"]);

    let table = table.classes(["setosa", "rosa", "virginica"]);
    assert_eq!(indices(table.classification().unwrap()), [0, 2, 0, 1]);
    assert_eq!(table.class_names().unwrap(), ["setosa", "rosa", "virginica"]);

    let (_directory, path) = file("x.csv", "x,y\n1,-1\n2,1\n");
    let data = csv(&path).classes(["-1", "1"]).classification::<f32, 1, 2>().unwrap();
    assert_eq!(data.class_counts(), [1, 1]);
    assert!(csv(&path).class_names().unwrap().is_empty());
}

#[test]
fn errors_in_cells() {
    let same = |csv| csv;
    assert_eq!(
        error("a,b,c\n1,2,0\n\n\n1,x,0\n", same),
        "`x.csv`, line 5, column `b`: expected a finite number, found `x`"
    );
    // Neither "\r\n", a byte order mark nor a break within quotes puts the line's number off.
    assert_eq!(
        error("\u{feff}a,\"b\r\nb\",c\r\n1,2,0\r\n,2,0\r\n", same),
        "`x.csv`, line 4, column `a`: expected a finite number, found an empty cell \
         (`.drop_missing()` leaves out rows with missing values, \
         `.fill_missing(Fill::Mean)` fills them in)"
    );
    for number in ["-inf", "1e39"] {
        assert_eq!(
            error(format!("a,b,c\n{number},2,0\n"), same),
            format!("`x.csv`, line 2, column `a`: expected a finite number, found `{number}`")
        );
    }
    assert_eq!(
        error("1,2,0\n1,?,0\n", Csv::no_header),
        "`x.csv`, line 2, column at index 1: expected a finite number, found `?` \
         (`.drop_missing()` leaves out rows with missing values, \
         `.fill_missing(Fill::Mean)` fills them in)"
    );
    assert_eq!(error("a,b,c\n1,2,0\n1,2\n", same), "`x.csv`, line 3: expected 3 cells, found 2");
    assert_eq!(
        error(gzip("a,b,c\n1,2,0\n1,2,3,4\n"), same),
        "`x.csv`, line 3: expected 3 cells, found 4"
    );
    let not_utf8 = error(b"a,b,c\n1,2,0\n\xff,2,0\n", same);
    assert!(not_utf8.starts_with("`x.csv`, line 3: expected UTF-8 text, found "), "{not_utf8}");
}

#[test]
fn errors_in_labels() {
    let same = |csv| csv;
    for label in ["3", "-1", "0.5", "one", "nan", "1e300"] {
        assert_eq!(
            error(format!("a,b,c\n1,2,0\n1,2,{label}\n"), same),
            format!(
                "`x.csv`, line 3, column `c`: expected a whole number below 3, found `{label}`"
            )
        );
    }
    assert_eq!(
        error("a,b,c\n1,2,x\n1,2,\n", same),
        "`x.csv`, line 3, column `c`: expected a label, found an empty cell \
         (`.drop_missing()` leaves out rows with missing values)"
    );
    assert_eq!(
        error("a,b,c\n1,2,x\n1,2,y\n", same),
        "`x.csv`, column `c`: expected the names of 3 classes, found 2: `x`, `y`"
    );
    assert_eq!(
        error("a,b,c\n1,2,x\n1,2,w\n", |csv| csv.classes(["x", "y", "z"])),
        "`x.csv`, line 3, column `c`: expected one of `x`, `y`, `z`, found `w`"
    );
}

#[test]
fn errors_in_columns() {
    let same = |csv| csv;
    assert_eq!(
        error("a,b,c,d\n1,2,3,0\n", same),
        "`x.csv`, header: expected 2 input columns besides 1 for the target, found 3: `a`, `b`, `c`"
    );
    assert_eq!(
        error("1,0\n", |csv| csv.no_header().ignore(0)),
        "`x.csv`, line 1: expected 2 input columns besides 1 for the target and 1 ignored, found 0: none"
    );
    assert_eq!(
        error("a,b,c\n1,2,0\n", |csv| csv.target("lable")),
        "`x.csv`, header: expected a column `lable`, found 3 columns: `a`, `b`, `c`"
    );
    assert_eq!(
        error("a,b,c\n1,2,0\n", |csv| csv.ignore(3)),
        "`x.csv`, header: expected a column at index 3, found 3 columns: `a`, `b`, `c`"
    );
    assert_eq!(
        error("1,2,0\n", |csv| csv.no_header().target("c")),
        "`x.csv`, line 1: expected a column `c`, found 3 columns and no header"
    );
    assert_eq!(
        error("a,a,c\n1,2,0\n", |csv| csv.target("a")),
        "`x.csv`, header: expected one column `a`, found several"
    );
    assert_eq!(
        error("a,b,c\n1,2,0\n", |csv| csv.targets(["a", "b"])),
        "`x.csv`, target columns: expected 1, one for each output, found 2: `a`, `b`"
    );
    assert_eq!(
        error("a,b,c\n1,2,0\n", |csv| csv.target("c").ignore("c")),
        "`x.csv`, target columns: expected different ones that are not ignored, found `c`"
    );
}

#[test]
fn errors_in_files() {
    let same = |csv| csv;
    assert_eq!(error("", same), "`x.csv`, line 1: expected a header line, found an empty file");
    assert_eq!(
        error("\n\n", Csv::no_header),
        "`x.csv`, line 1: expected at least one row, found an empty file"
    );
    assert_eq!(
        error("a,b,c\n", same),
        "`x.csv`, below the header: expected at least one row, found none"
    );
    assert_eq!(
        error("5.1,3.5,0\n4.9,3,0\n", same),
        "`x.csv`, header: expected the columns' names \
         (or `.no_header()`; if these are the names, `.has_header(true)`), found numbers: `5.1`, `3.5`, `0`"
    );
    let mut damaged = gzip("a,b,c\n1,2,0\n");
    damaged.truncate(damaged.len() - 4);
    assert_eq!(
        error(&damaged, same),
        "`x.csv`, gzip stream: expected an intact one, found a truncated one"
    );
    let missing = csv("no/such/file.csv").regression::<f32, 1, 1>().unwrap_err();
    assert!(missing.to_string().starts_with("cannot read `no/such/file.csv`: "), "{missing}");
    assert!(matches!(missing, Error::Io { action: "read", .. }));
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(content in "[ab01.,\"\r\n-]{0,40}", header: bool) {
        let (_directory, path) = file("x.csv", content);
        let table = if header { csv(&path) } else { csv(&path).no_header() };
        let _ = table.classification::<f32, 1, 2>();
        let _ = table.regression::<f32, 0, 1>();
        let _ = table.regression::<f32, 1, 0>();
        let _ = table.class_names();
    }

    #[test]
    fn numbers_are_read_back(rows in prop::collection::vec((-1e9f64..1e9, any::<i32>()), 1..30)) {
        let mut content = "x,y\n".to_owned();
        for (x, y) in &rows {
            content += &format!("{x},{y}\n");
        }
        let (_directory, path) = file("x.csv", content);
        let data = csv(&path).regression::<f64, 1, 1>().unwrap();
        for ((input, target), (x, y)) in data.iter().zip(&rows) {
            prop_assert_eq!((input[0], target[0]), (*x, f64::from(*y)));
        }
    }

    #[test]
    fn names_count_in_alphabetic_order(names in prop::collection::vec("[a-z]{1,3}", 1..20)) {
        // Names that are numbers too are another case.
        prop_assume!(names[0].parse::<f64>().is_err());
        let content: String = names.iter().map(|name| format!("1,{name}\n")).collect();
        let (_directory, path) = file("x.csv", content);
        let expected: BTreeSet<String> = names.into_iter().collect();
        let found = csv(&path).no_header().class_names().unwrap();
        prop_assert!(found.into_iter().eq(expected));
    }
}
