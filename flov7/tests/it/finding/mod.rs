//! Codes and their pages, reports, and how they are shown.

mod codes;
mod model;
mod nearest;
mod render;
mod report;
