//! Measurements of flov7 against peers and limits that are taken in the same run.

pub mod editor;
pub mod engine;
pub mod measure;
