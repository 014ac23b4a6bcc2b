//! What was written: tokens, words, and the tree that the parser makes of them, with the places of all words.

pub(crate) mod attributes;
pub(crate) mod decimal;
pub(crate) mod errors;
pub(crate) mod parser;
pub(crate) mod spans;
pub(crate) mod spelling;
pub(crate) mod tokens;
pub(crate) mod tree;
pub(crate) mod vocabulary;
