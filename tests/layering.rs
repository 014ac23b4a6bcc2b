//! The house is imported one way: from the vectors up to the networks, and no two files need each other.
//!
//! What is read are the lines `use crate::…` and `use super::…`, and such paths in the code, without comments, tests (`#[cfg(test)]`) and strings.
//! A folder may import the folders that stand before it in [`ORDER`]; and there is no way along imports from a file back to itself,
//! a folder's `mod.rs` and what is in that folder aside: `mod.rs` declares them, and they name what it says of all.
//!
//! A name that a folder's `mod.rs` passes on is the folder's; one that `lib.rs` passes on is of the folder where it comes from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

/// The folders and files of `src`, each of which imports only those before it.
const ORDER: &[&str] = &[
    "simd",
    "parallel",
    "memory",
    "kernels",
    "core",
    "activations",
    "layers",
    "io",
    "formats",
    "figures",
    "metrics",
    "losses",
    "optimizers",
    "vector",
    "data",
    "messages",
    "evaluation",
    "training",
    "execution_plan",
    "summary",
    "diagram",
    "networks",
    "network",
    "trainable",
    "transfer",
    "selection",
    "pipeline",
    "testing",
    "private",
    "prelude",
    "lib",
];

/// Those of the macro's crate.
const MACRO_ORDER: &[&str] = &["syntax", "shapes", "expand", "derive_parameters", "panics", "lib"];

/// Imports that are still to be cut: a file or folder, and the folder or file that is imported. One that is needed no longer is a fault.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// Those of the macro's crate.
const MACRO_EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn the_library_is_imported_one_way() {
    check("src", ORDER, EXCEPTIONS);
}

#[test]
fn the_macro_is_imported_one_way() {
    check("nn-macros/codegen/src", MACRO_ORDER, MACRO_EXCEPTIONS);
}

fn check(folder: &str, order: &[&str], exceptions: &[(&str, &str)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    read(&root, "", &mut files);
    assert!(files.len() > 10, "{folder} has {} files", files.len());
    let faults = House::new(folder, &files).faults(order, exceptions);
    assert!(faults.is_empty(), "{} faults in {folder}:\n{}", faults.len(), faults.join("\n"));
}

/// All files below a folder, by their path from there.
fn read(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{path}/"), files);
        } else if path.ends_with(".rs") {
            files.push((path, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

/// The path of a module from the crate's root, or of something in it.
type Names = Vec<String>;

/// A word, a punctuation mark or a text, and its line.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    text: String,
    line: usize,
}

/// The tokens of a file, without comments. Texts keep their first quotation mark.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while at < chars.len() {
        let (first, start) = (line, at);
        let here = |offset: usize| chars.get(at + offset).copied().unwrap_or('\0');
        match (here(0), here(1)) {
            ('/', '/') => at += chars[at..].iter().take_while(|c| **c != '\n').count(),
            ('/', '*') => {
                let mut depth = 0;
                loop {
                    match (chars.get(at), chars.get(at + 1)) {
                        (Some('/'), Some('*')) => (depth, at) = (depth + 1, at + 2),
                        (Some('*'), Some('/')) => (depth, at) = (depth - 1, at + 2),
                        (None, _) => break,
                        _ => at += 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            ('"', _) => at = text_end(&chars, at),
            ('r', '"' | '#') | ('b', 'r') if raw_end(&chars, at).is_some() => {
                at = raw_end(&chars, at).unwrap();
            }
            // A character, not a lifetime.
            ('\'', '\\') => {
                at += 3 + chars[at + 3..].iter().take_while(|c| **c != '\'').count() + 1
            }
            ('\'', _) if here(2) == '\'' => at += 3,
            (c, _) if is_word(c) => at += chars[at..].iter().take_while(|c| is_word(**c)).count(),
            (':', ':') => at += 2,
            _ => at += 1,
        }
        let token: String = chars[start..at.min(chars.len())].iter().collect();
        line += token.matches('\n').count();
        let is_comment = token.starts_with("//") || token.starts_with("/*");
        if !is_comment && !token.trim().is_empty() {
            tokens.push(Token { text: token, line: first });
        }
    }
    tokens
}

fn text_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Where a raw text ends that begins here, if one does.
fn raw_end(chars: &[char], start: usize) -> Option<usize> {
    let mut at = start + chars[start..].iter().take_while(|c| matches!(c, 'b' | 'r')).count();
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    at += hashes;
    if chars.get(at) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let rest = &chars[at + 1..];
    rest.windows(end.len()).position(|part| part == end).map(|found| at + 1 + found + end.len())
}

/// Where the bracket is closed that is opened at `at`: the place after it.
fn closed(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// The tokens without items that are there for tests alone; and the modules among these that are in files of their own.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut modules, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        let is = |offset: usize, text: &str| {
            tokens.get(at + offset).is_some_and(|token| token.text == text)
        };
        if is(0, "#") && is(1, "[") && is(2, "cfg") {
            let end = closed(tokens, at + 1);
            if is_for_tests(&tokens[at + 3..end - 1]) {
                at = item_end(tokens, end);
                if let [.., word, name, end] = &tokens[end..at]
                    && word.text == "mod"
                    && end.text == ";"
                {
                    modules.push(name.text.clone());
                }
                continue;
            }
        }
        kept.push(tokens[at].clone());
        at += 1;
    }
    (kept, modules)
}

/// Whether a condition, `(test)` or `(all(test, …))`, holds in tests alone.
fn is_for_tests(condition: &[Token]) -> bool {
    let words: Vec<_> = condition.iter().map(|token| token.text.as_str()).collect();
    matches!(words[..], ["(", "test" | "doctest", ")"] | ["(", "all", "(", "test" | "doctest", ..])
}

/// The place after an item and its further attributes: behind its `;`, or behind its braces; behind the comma of a field or an arm.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ";" | "," => return at + 1,
            "{" => return closed(tokens, at),
            "(" | "[" => at = closed(tokens, at),
            // The end of what it is in.
            ")" | "]" | "}" => return at,
            _ => at += 1,
        }
    }
    at
}

/// What a file imports, and what it is.
#[derive(Debug)]
struct File {
    /// From the root of the crate's sources.
    path: String,
    module: Names,
    /// The path as written, but from the crate's root, and its line.
    imports: Vec<(usize, Names)>,
    /// What the names mean that `use` makes in each module of the file: nothing, if it is something of another crate.
    names: BTreeMap<Names, BTreeMap<String, Option<Names>>>,
    /// The macros that it defines. Those that are exported are called by their names at the crate's root.
    macros: Vec<String>,
}

/// Reads one file: `children` says whether a module has a child of a name in another file.
struct Reader<'a> {
    tokens: &'a [Token],
    modules: &'a BTreeSet<Names>,
    file: File,
}

impl Reader<'_> {
    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    fn read(&mut self) {
        // The modules that are open, and the depth of braces where each ends.
        let (mut module, mut open, mut depth, mut at) =
            (self.file.module.clone(), Vec::new(), 0, 0);
        // Where the rules of a macro end: `super` in them is that of the place where it is called.
        let mut rules = 0;
        while at < self.tokens.len() {
            match self.word(at) {
                "mod" if self.word(at + 2) == "{" => {
                    module.push(self.word(at + 1).to_owned());
                    open.push(depth);
                    (depth, at) = (depth + 1, at + 3);
                }
                "macro_rules" => {
                    let name = self.word(at + 2).to_owned();
                    self.file.macros.push(name);
                    rules = closed(self.tokens, at + 3);
                    at += 3;
                }
                "{" => (depth, at) = (depth + 1, at + 1),
                "}" => {
                    (depth, at) = (depth - 1, at + 1);
                    if open.last() == Some(&depth) {
                        open.pop();
                        module.pop();
                    }
                }
                "use" => {
                    let mut leaves = Vec::new();
                    at = self.tree(at + 1, Vec::new(), &mut leaves);
                    for (line, path, name) in leaves {
                        let path = self.absolute(&module, &path, true);
                        let names = self.file.names.entry(module.clone()).or_default();
                        names.insert(name, path.clone());
                        self.file.imports.extend(path.map(|path| (line, path)));
                    }
                }
                "crate" | "super" | "self" | "axonal"
                    if self.word(at + 1) == "::"
                        && !(at > 0 && matches!(self.word(at - 1), "in" | "::")) =>
                {
                    let (line, mut path) = (self.tokens[at].line, vec![self.word(at).to_owned()]);
                    at += 1;
                    while self.word(at) == "::" && is_name(self.word(at + 1)) {
                        path.push(self.word(at + 1).to_owned());
                        at += 2;
                    }
                    if (at > rules || matches!(path[0].as_str(), "crate" | "axonal"))
                        && let Some(path) = self.absolute(&module, &path, false)
                    {
                        self.file.imports.push((line, path));
                    }
                }
                _ => at += 1,
            }
        }
    }

    /// The leaves of what is imported from `at` on, with their lines and the names that they get; the place after it.
    fn tree(
        &self,
        mut at: usize,
        mut path: Names,
        leaves: &mut Vec<(usize, Names, String)>,
    ) -> usize {
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        loop {
            match self.word(at) {
                "::" | "$" => at += 1,
                "{" => {
                    at += 1;
                    while !matches!(self.word(at), "}" | "") {
                        at = self.tree(at, path.clone(), leaves);
                        if self.word(at) == "," {
                            at += 1;
                        }
                    }
                    return at + 1;
                }
                "as" => {
                    let name = self.word(at + 1).to_owned();
                    leaves.push((line, path, name));
                    return at + 2;
                }
                // `a::{self}` is `a`.
                "self" if !path.is_empty() => at += 1,
                word if is_name(word) || word == "*" => {
                    path.push(word.to_owned());
                    at += 1;
                }
                _ => {
                    let name = path.last().cloned().unwrap_or_default();
                    leaves.push((line, path, name));
                    return at.max(1);
                }
            }
        }
    }

    /// A path as seen from a module, from the crate's root; nothing if it is one of another crate.
    fn absolute(&self, module: &Names, path: &[String], is_use: bool) -> Option<Names> {
        let (mut base, mut rest) = match path.first()?.as_str() {
            "crate" | "axonal" => (Names::new(), &path[1..]),
            "self" | "super" => (module.clone(), path),
            first => {
                let mut child = module.clone();
                child.push(first.to_owned());
                let is_child = is_use && self.modules.contains(&child);
                return is_child.then(|| [module, path].concat());
            }
        };
        while let Some("self" | "super") = rest.first().map(String::as_str) {
            if rest[0] == "super" {
                base.pop();
            }
            rest = &rest[1..];
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_') && !matches!(word, "as")
}

/// The files of a crate.
struct House {
    /// Where they are, for messages.
    folder: String,
    files: Vec<File>,
    /// The file of each module that has one.
    modules: BTreeMap<Names, usize>,
    /// The file of each macro.
    macros: BTreeMap<String, usize>,
}

/// From one file to another.
#[derive(Clone, Debug, PartialEq)]
struct Import {
    line: usize,
    from: usize,
    /// The folder or top-level file that is named.
    folder: String,
    /// The file where what is named stands.
    to: usize,
    /// What is imported.
    what: String,
}

impl House {
    fn new(folder: &str, files: &[(String, String)]) -> Self {
        let read: Vec<_> = files
            .iter()
            .map(|(path, text)| {
                let (tokens, tests) = without_tests(&tokens(text));
                let module = module_of(path);
                let tests =
                    tests.into_iter().map(move |test| [module.clone(), vec![test]].concat());
                (path, tokens, tests)
            })
            .collect();
        let tests: Vec<Names> = read.iter().flat_map(|(.., tests)| tests.clone()).collect();
        let is_test = |path: &str| tests.iter().any(|test| module_of(path).starts_with(test));
        let (files, tokens): (Vec<_>, Vec<_>) = read
            .into_iter()
            .filter(|(path, ..)| !is_test(path))
            .map(|(path, tokens, _)| (path, tokens))
            .unzip();
        let mut paths: BTreeMap<String, Names> =
            files.iter().map(|path| ((*path).clone(), module_of(path))).collect();
        // `#[path = "private.rs"] pub mod __private;`
        for (file, tokens) in files.iter().zip(&tokens) {
            for at in 0..tokens.len().saturating_sub(5) {
                let word =
                    |offset: usize| tokens.get(at + offset).map_or("", |token| token.text.as_str());
                if word(0) == "#" && word(2) == "path" && word(3) == "=" {
                    let name = (6..10).find(|offset| word(*offset) == "mod").map(|at| word(at + 1));
                    let directory = file.rfind('/').map_or("", |slash| &file[..=slash]);
                    let path = format!("{directory}{}", word(4).trim_matches('"'));
                    let mut module = module_of(file);
                    module.push(name.expect("a module behind its path").to_owned());
                    paths.insert(path, module);
                }
            }
        }
        let declared: BTreeSet<Names> = paths.values().cloned().collect();
        let files: Vec<File> = files
            .iter()
            .zip(&tokens)
            .map(|(path, tokens)| {
                let file = File {
                    path: (*path).clone(),
                    module: paths[*path].clone(),
                    imports: Vec::new(),
                    names: BTreeMap::new(),
                    macros: Vec::new(),
                };
                let mut reader = Reader { tokens, modules: &declared, file };
                reader.read();
                reader.file
            })
            .collect();
        let each = || files.iter().enumerate();
        let modules = each().map(|(at, file)| (file.module.clone(), at)).collect();
        let macros = each()
            .flat_map(|(at, file)| file.macros.iter().map(move |name| (name.clone(), at)))
            .collect();
        Self { folder: folder.to_owned(), files, modules, macros }
    }

    /// The file that a path leads to, and the folder or top-level file that it names.
    fn resolve(&self, path: &[String]) -> Option<(String, usize)> {
        let (mut path, mut folder) = (path.to_vec(), None);
        // Names lead to names, in a circle only if the crate does not compile.
        for _ in 0..20 {
            let depth =
                (0..=path.len()).rev().find(|len| self.modules.contains_key(&path[..*len]))?;
            let at = self.modules[&path[..depth]];
            if depth > 0 && folder.is_none() {
                folder = Some(unit(&self.files[at].path));
            }
            let name = path.get(depth).map_or("", String::as_str);
            if let (0, Some(at)) = (depth, self.macros.get(name)) {
                return Some((unit(&self.files[*at].path), *at));
            }
            // The name may be one of an inline module, or of a type.
            let names = self.files[at].names.get(&path[..depth]);
            match names.and_then(|names| names.get(name)) {
                Some(Some(next)) if next[..] != path[..=depth] => {
                    path = [next, &path[depth + 1..]].concat();
                }
                // What the root passes on of another crate is nobody's.
                Some(None) if folder.is_none() => return None,
                _ => return Some((folder.unwrap_or_else(|| unit(&self.files[at].path)), at)),
            }
        }
        None
    }

    fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (from, file) in self.files.iter().enumerate() {
            for (line, path) in &file.imports {
                if let Some((folder, to)) = self.resolve(path) {
                    imports.push(Import { line: *line, from, folder, to, what: path.join("::") });
                }
            }
        }
        imports
    }

    fn name(&self, file: usize) -> String {
        format!("{}/{}", self.folder, self.files[file].path)
    }

    fn faults(&self, order: &[&str], exceptions: &[(&str, &str)]) -> Vec<String> {
        let (mut faults, mut needed) = (Vec::new(), BTreeSet::new());
        let units: BTreeSet<String> = self.files.iter().map(|file| unit(&file.path)).collect();
        faults.extend(
            units
                .iter()
                .filter(|unit| !order.contains(&unit.as_str()))
                .map(|unit| format!("{}/{unit} has no place in the order", self.folder)),
        );
        faults.extend(order.iter().filter(|unit| !units.contains(**unit)).map(|unit| {
            format!(
                "`{unit}` has a place in the order, but {} has no such folder or file",
                self.folder
            )
        }));
        let imports = self.imports();
        let exception = |import: &Import| {
            let from = self.name(import.from);
            let to = [import.folder.clone(), self.name(import.to)];
            exceptions.iter().position(|(file, what)| {
                let rest = from.strip_prefix(file);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    && to.iter().any(|to| to == what)
            })
        };
        let place = |unit: &str| order.iter().position(|other| *other == unit);
        for import in &imports {
            let own = unit(&self.files[import.from].path);
            if place(&own).is_some_and(|own| place(&import.folder) > Some(own)) {
                match exception(import) {
                    Some(exception) => _ = needed.insert(exception),
                    None => faults.push(format!(
                        "{}:{} imports `{}`, which stands above it: {}",
                        self.name(import.from),
                        import.line,
                        import.folder,
                        import.what
                    )),
                }
            }
        }
        // An exception of a cycle is needed where its import leads back.
        let all = self.graph(&imports, |_| true);
        for import in &imports {
            if let Some(exception) = exception(import)
                && all[import.from].contains_key(&import.to)
                && way(&all, import.to, import.from).is_some()
            {
                needed.insert(exception);
            }
        }
        let mut graph = self.graph(&imports, |import| exception(import).is_none());
        while let Some(cycle) = shortest_cycle(&graph) {
            let files: Vec<_> = cycle
                .iter()
                .zip(cycle.iter().cycle().skip(1))
                .map(|(from, to)| format!("{}:{}", self.name(*from), graph[*from][to]))
                .collect();
            faults.push(format!("a cycle: {} → {}", files.join(" → "), self.name(cycle[0])));
            // The next one has another import.
            graph[cycle[cycle.len() - 1]].remove(&cycle[0]);
        }
        for (at, (file, what)) in exceptions.iter().enumerate() {
            if !needed.contains(&at) {
                faults.push(format!(
                    "{file} needs no exception for `{what}` any more: strike it out"
                ));
            }
        }
        faults
    }

    /// The first line of each import from file to file, but for those between a module's file and the files of its children.
    fn graph(&self, imports: &[Import], keep: impl Fn(&Import) -> bool) -> Graph {
        let mut graph = vec![BTreeMap::new(); self.files.len()];
        for import in imports.iter().filter(|import| keep(import)) {
            let [from, to] = [import.from, import.to].map(|file| &self.files[file].module);
            if !from.starts_with(to) && !to.starts_with(from) {
                graph[import.from].entry(import.to).or_insert(import.line);
            }
        }
        graph
    }
}

/// The files that each file imports, and where.
type Graph = Vec<BTreeMap<usize, usize>>;

/// The shortest way from one file to another, both included.
fn way(graph: &Graph, from: usize, to: usize) -> Option<Vec<usize>> {
    let (mut before, mut queue) = (BTreeMap::new(), VecDeque::from([from]));
    while let Some(file) = queue.pop_front() {
        if file == to {
            let mut way = vec![to];
            while way[way.len() - 1] != from {
                way.push(before[&way[way.len() - 1]]);
            }
            way.reverse();
            return Some(way);
        }
        for next in graph[file].keys() {
            if *next != from && !before.contains_key(next) {
                before.insert(*next, file);
                queue.push_back(*next);
            }
        }
    }
    None
}

/// The files of a shortest cycle, in order.
fn shortest_cycle(graph: &Graph) -> Option<Vec<usize>> {
    let edges =
        graph.iter().enumerate().flat_map(|(from, to)| to.keys().map(move |to| (from, *to)));
    let mut cycle = edges.filter_map(|(from, to)| way(graph, to, from)).min_by_key(Vec::len)?;
    cycle.rotate_right(1);
    Some(cycle)
}

/// The module of a file.
fn module_of(path: &str) -> Names {
    let path = path.trim_end_matches(".rs");
    let path = if path == "lib" { "" } else { path.trim_end_matches("mod") };
    path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The folder at the top that a file is in, or its own name.
fn unit(path: &str) -> String {
    path.split('/').next().unwrap().trim_end_matches(".rs").to_owned()
}

mod tests {
    use super::*;

    fn house(files: &[(&str, &str)]) -> House {
        let files: Vec<_> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        House::new("src", &files)
    }

    /// What the first file imports: line, folder, file, path.
    fn imports(files: &[(&str, &str)]) -> Vec<String> {
        let house = house(files);
        let imports = house.imports();
        let own = imports.iter().filter(|import| import.from == 0);
        own.map(|import| {
            format!(
                "{} {} {} {}",
                import.line, import.folder, house.files[import.to].path, import.what
            )
        })
        .collect()
    }

    const ROOT: (&str, &str) = ("lib.rs", "mod a; mod b; mod top; pub use b::inner::Given;");
    const FOLDER: (&str, &str) = (
        "b/mod.rs",
        "mod inner;\n mod other;\n pub use inner::{Given, More as Renamed};\n pub trait Own {}",
    );
    const INNER: (&str, &str) = ("b/inner.rs", "pub struct Given; pub struct More;");
    const OTHER: (&str, &str) = ("b/other.rs", "");

    #[test]
    fn trees_lines_and_names_that_are_passed_on() {
        let text = "use core::fmt;\nuse crate::{\n    Given,\n    b::{self, Own, inner::{Given as G, *}, Renamed},\n};\nuse std::collections::b;";
        assert_eq!(
            imports(&[("a.rs", text), ROOT, FOLDER, INNER, OTHER]),
            [
                "3 b b/inner.rs Given",
                "4 b b/mod.rs b",
                "4 b b/mod.rs b::Own",
                "4 b b/inner.rs b::inner::Given",
                "4 b b/inner.rs b::inner::*",
                "4 b b/inner.rs b::Renamed",
            ]
        );
    }

    #[test]
    fn paths_in_the_code() {
        let text = "fn f<'a>(x: &'a crate::b::Own) -> super::Given { let c = 'x'; axonal::b::other::go::<u8>(\n$crate::b::inner::More {}) }\npub(in crate::a) mod deep { fn f() { super::super::b::Own } } fn g() { super::b }";
        assert_eq!(
            imports(&[("a.rs", text), ROOT, FOLDER, INNER, OTHER]),
            [
                "1 b b/mod.rs b::Own",
                "1 b b/inner.rs Given",
                "1 b b/other.rs b::other::go",
                "2 b b/inner.rs b::inner::More",
                "3 b b/mod.rs b::Own",
                "3 b b/mod.rs b",
            ]
        );
    }

    #[test]
    fn comments_texts_and_tests_are_left_out() {
        let text = r##"
            // use crate::b;
            /* use /* crate::b */ crate::b; */
            /// [`crate::b::Own`]
            const TEXT: &str = "\" use crate::b;";
            const RAW: &str = r#"" crate::b "#;
            #[cfg(test)]
            mod tests { use crate::b; }
            #[cfg(test)]
            #[allow(dead_code, reason = "x;y")]
            use crate::b::Own;
            #[cfg(all(test, feature = "std"))]
            fn f(x: [u8; 2]) -> u8 { crate::b::f() }
            struct S { #[cfg(test)] a: crate::b::Own, b: u8 }
            macro_rules! m { () => { super::b::f() } }
            fn g() { let quote = '"'; }
            #[cfg(feature = "test")]
            use crate::b::Own;
        "##;
        let found = imports(&[("a.rs", text), ROOT, FOLDER, INNER, OTHER]);
        assert_eq!(found, ["18 b b/mod.rs b::Own"]);
        let files = [
            ("lib.rs", "#[cfg(test)] mod a; mod b;"),
            ("a/mod.rs", "use crate::b;"),
            ("a/more.rs", "use crate::b;"),
            ("b.rs", ""),
        ];
        let house = house(&files);
        assert!(house.imports().is_empty());
        assert_eq!(house.files.len(), 2);
    }

    #[test]
    fn children_and_modules_with_a_path() {
        let files = [
            ("b/mod.rs", "mod inner; use inner::Given; use other::Given; use self::inner::More;"),
            ("b/inner.rs", "pub struct Given; pub struct More;"),
            ("lib.rs", "mod b; #[doc(hidden)] #[path = \"private.rs\"] pub mod __private;"),
            ("private.rs", ""),
            ("a.rs", "use crate::__private::X;"),
        ];
        let house = house(&files);
        let found: Vec<_> = house
            .imports()
            .iter()
            .map(|import| {
                format!("{} {}", house.files[import.from].path, house.files[import.to].path)
            })
            .collect();
        assert_eq!(found, ["b/mod.rs b/inner.rs", "b/mod.rs b/inner.rs", "a.rs private.rs"]);
    }

    #[test]
    fn macros_and_what_is_of_another_crate() {
        let files = [
            ("b/mod.rs", "fn f(x: crate::Lanes) { crate::go!(x); crate::b::Other; crate::own() }"),
            ("a.rs", "macro_rules! go { () => { $crate::Lanes } }"),
            ("lib.rs", "mod a; mod b; pub use pulp::Simd as Lanes;"),
        ];
        assert_eq!(imports(&files), ["1 a a.rs go", "1 b b/mod.rs b::Other", "1 lib lib.rs own"]);
    }

    #[test]
    fn imports_against_the_order() {
        let files = [
            ("lib.rs", "mod low; mod high; pub use high::Given;"),
            ("low/mod.rs", "mod x;\nuse x::X;"),
            ("low/x.rs", "\nuse crate::Given;\nuse super::super::high;\n"),
            ("high.rs", "use crate::low::X;"),
        ];
        let house = house(&files);
        let cycle = "a cycle: src/low/x.rs:2 → src/high.rs:1 → src/low/x.rs";
        let order = ["low", "high", "lib"];
        assert_eq!(
            house.faults(&order, &[]),
            [
                "src/low/x.rs:2 imports `high`, which stands above it: Given",
                "src/low/x.rs:3 imports `high`, which stands above it: high",
                cycle
            ]
        );
        assert!(house.faults(&order, &[("src/low/x.rs", "high")]).is_empty());
        assert!(house.faults(&order, &[("src/low/x.rs", "src/high.rs")]).is_empty());
        assert_eq!(
            house.faults(&["high", "low", "rest", "lib"], &[("src/low/x.rs", "high")]),
            [
                "`rest` has a place in the order, but src has no such folder or file",
                "src/high.rs:1 imports `low`, which stands above it: low::X",
            ]
        );
        assert_eq!(
            house.faults(&order[..2], &[("src/low/x.rs", "high"), ("src/high.rs", "low")]),
            ["src/lib has no place in the order"]
        );
        assert_eq!(
            house.faults(&order, &[("src/low/x.rs", "high"), ("src/high.rs", "lib")]),
            ["src/high.rs needs no exception for `lib` any more: strike it out"]
        );
    }

    #[test]
    fn cycles_in_a_folder() {
        let files = [
            ("lib.rs", "mod f;"),
            (
                "f/mod.rs",
                "mod x; mod y; mod z; pub use x::X; pub use y::Y; pub use z::Z; pub struct M;",
            ),
            ("f/x.rs", "use super::{M, Y};"),
            ("f/y.rs", "use super::Z;\nuse super::M;"),
            ("f/z.rs", "\n\nfn f() { super::X }"),
        ];
        let house = house(&files);
        let faults = house.faults(&["f", "lib"], &[]);
        assert_eq!(faults, ["a cycle: src/f/x.rs:1 → src/f/y.rs:1 → src/f/z.rs:3 → src/f/x.rs"]);
        assert!(house.faults(&["f", "lib"], &[("src/f/z.rs", "src/f/x.rs")]).is_empty());
    }
}
