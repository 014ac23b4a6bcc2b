//! Names of tensors, for messages.

use super::header::Stored;
use super::weights::is_ignored;

/// The first names by the alphabet, and how many more there are.
pub(crate) fn list<'a>(tensors: impl Iterator<Item = Stored<'a>>) -> String {
    const SHOWN: usize = 8;
    let tensors = tensors.filter(|tensor| !is_ignored(tensor));
    let mut names: Vec<String> = tensors.map(|tensor| tensor.name.chars().collect()).collect();
    names.sort_unstable();
    if names.is_empty() {
        return "no tensors".to_owned();
    }
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
