//! The page of Ambient Playground.
