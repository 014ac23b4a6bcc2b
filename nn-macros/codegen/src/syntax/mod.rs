//! What was written: tokens, words, items and chains of stages, with the places of all words.

pub(crate) mod decimal;
pub(crate) mod errors;
pub(crate) mod parser;
pub(crate) mod recovery;
pub(crate) mod tokens;
pub(crate) mod vocabulary;
