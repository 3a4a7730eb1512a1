//! Skips a step whose inputs have not changed since it last succeeded.
//!
//! A stamp is a hash of names and contents, not of times: switching branches there and back costs nothing.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::error::{At, Result};
use crate::paths;

/// The inputs of one step, and where their hash is kept.
pub(crate) struct Stamp {
    file: PathBuf,
    hash: String,
}

impl Stamp {
    /// Hashes what a step depends on: files or folders (which may be absent), and words such as a version.
    pub(crate) fn new(step: &str, inputs: &[PathBuf], words: &[&str]) -> Result<Stamp> {
        Stamp::in_folder(&paths::target().join("xtask"), step, inputs, words)
    }

    fn in_folder(folder: &Path, step: &str, inputs: &[PathBuf], words: &[&str]) -> Result<Stamp> {
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        for input in inputs.iter().filter(|input| input.exists()) {
            for file in paths::files(input, &["node_modules", "dist"]).at(input)? {
                file.hash(&mut hasher);
                std::fs::read(&file).at(&file)?.hash(&mut hasher);
            }
        }
        Ok(Stamp {
            file: folder.join(step).with_extension("stamp"),
            hash: format!("{:016x}", hasher.finish()),
        })
    }

    /// Runs the step if an input changed or an output is missing; a failed step is run again the next time.
    pub(crate) fn run(&self, outputs: &[PathBuf], step: impl FnOnce() -> Result) -> Result {
        let known = std::fs::read_to_string(&self.file).is_ok_and(|hash| hash == self.hash);
        if known && outputs.iter().all(|output| output.exists()) {
            return Ok(());
        }
        // Removed first: a step that stops half-way must not leave the stamp of an older success.
        if self.file.exists() {
            std::fs::remove_file(&self.file).at(&self.file)?;
        }
        step()?;
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder).at(folder)?;
        }
        std::fs::write(&self.file, &self.hash).at(&self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a step once and says whether it was needed.
    fn needed(folder: &Path, input: &Path, output: &Path) -> bool {
        let mut ran = false;
        let stamp = Stamp::in_folder(folder, "step", &[input.to_owned()], &["v1"]).unwrap();
        stamp
            .run(&[output.to_owned()], || {
                ran = true;
                std::fs::write(output, "out").at(output)
            })
            .unwrap();
        ran
    }

    #[test]
    fn a_step_runs_when_an_input_changed_or_an_output_is_gone() {
        let folder = std::env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let (input, output) = (folder.join("input"), folder.join("output"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&input, "1").unwrap();

        assert!(needed(&folder, &input, &output), "first time");
        assert!(!needed(&folder, &input, &output), "nothing changed");
        std::fs::write(&input, "2").unwrap();
        assert!(needed(&folder, &input, &output), "input changed");
        std::fs::remove_file(&output).unwrap();
        assert!(needed(&folder, &input, &output), "output gone");

        std::fs::write(&input, "3").unwrap();
        let failing =
            Stamp::in_folder(&folder, "step", std::slice::from_ref(&input), &["v1"]).unwrap();
        let failure = failing.run(&[], || Err(crate::error::Error::Check("no".into())));
        assert!(failure.is_err());
        std::fs::write(&input, "2").unwrap();
        assert!(needed(&folder, &input, &output), "the last run failed");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
