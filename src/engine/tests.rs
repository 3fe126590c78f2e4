//! The camera under every order of answers.
