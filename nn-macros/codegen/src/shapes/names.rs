//! The names of fields, and of the types of blocks.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt;

use crate::syntax::errors::Errors;
use crate::syntax::tokens::written;
use crate::syntax::tree::{Head, Stage};

/// The names of the fields: the labels, which are numbered in a `repeat`, and `dense1`, `dense2` … for layers without one.
pub(crate) fn fields(stages: &[Stage], errors: &mut Errors) -> Vec<Ident> {
    let mut labels: HashSet<String> = HashSet::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut fields: Vec<Option<Ident>> = Vec::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for stage in stages {
        let label = stage.label.as_ref().map(|label| {
            if stage.rounds.is_empty() {
                return label.clone();
            }
            let number = numbers.entry(label.to_string()).or_insert(0);
            *number += 1;
            format_ident!("{}{number}", label.unraw(), span = label.span())
        });
        let field = label.filter(|label| {
            let new = labels.insert(label.to_string());
            if !new {
                errors.at(label.span(), format!("the label `{label}` is there twice"));
            }
            new
        });
        fields.push(field);
    }
    let mut names: Vec<Ident> = Vec::new();
    for (stage, field) in stages.iter().zip(&fields) {
        let field = field.clone().unwrap_or_else(|| {
            let word = field_word(stage);
            let mut name = match names.last() {
                // The activation behind a layer: `batchnorm1_relu`.
                Some(before) if stage.follows => format!("{}_{word}", before.unraw()),
                _ => {
                    let count = counts.entry(word.clone()).or_insert(0);
                    *count += 1;
                    format!("{word}{count}")
                }
            };
            if labels.contains(&name) {
                name_of_label(&fields, stage, &name, errors);
                while labels.contains(&name) {
                    name.push('_');
                }
            }
            labels.insert(name.clone());
            let span =
                stage.word.clone().into_iter().last().map_or(Span::call_site(), |t| t.span());
            format_ident!("{name}", span = span)
        });
        names.push(field);
    }
    names
}

/// An error at a label that is the automatic name of another layer.
fn name_of_label(labels: &[Option<Ident>], unlabelled: &Stage, name: &str, errors: &mut Errors) {
    let mut labels = labels.iter().flatten();
    if let Some(label) = labels.find(|label| **label == *name) {
        let written = written(unlabelled.tokens.clone());
        errors.at(
            label.span(),
            format!("the label `{label}` is also the name of the layer `{written}`, which has no label: choose another"),
        );
    }
}

/// The `dense` of `dense1`.
fn field_word(stage: &Stage) -> String {
    if let Head::Layer(layer) = &stage.head {
        return layer.word.replace(' ', "_");
    }
    let last = stage.word.clone().into_iter().last();
    let word = last.map(|token| token.to_string()).unwrap_or_default();
    let word = word.trim_start_matches("r#");
    let mut snake = String::new();
    let mut lower = false;
    for character in word.chars() {
        if character.is_uppercase() && lower {
            snake.push('_');
        }
        lower = character.is_lowercase() || character.is_ascii_digit();
        snake.extend(character.to_lowercase());
    }
    let usable = snake.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && snake.chars().all(|c| c.is_alphanumeric() || c == '_');
    if usable { snake } else { "layer".to_owned() }
}
