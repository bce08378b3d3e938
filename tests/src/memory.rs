//! How much memory a process took at most.

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

static ONE: Mutex<()> = Mutex::new(());

/// The right to measure: the peak is that of the whole process, so no two tests of a process have it at a time.
pub struct Alone(#[expect(dead_code, reason = "held until dropped")] MutexGuard<'static, ()>);

/// Waits until no other test measures.
pub fn alone() -> Alone {
    Alone(ONE.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Alone {
    /// Does the work; also returns by how many bytes the process's memory rose at most while it ran.
    pub fn peak<T>(&self, work: impl FnOnce() -> T) -> (T, usize) {
        // 5 sets the peak back to what is in use now, see proc_pid_clear_refs(5).
        fs::write("/proc/self/clear_refs", "5").expect("the process may reset its own peak");
        let before = status("VmRSS:");
        let result = work();
        (result, status("VmHWM:").saturating_sub(before))
    }
}

fn status(name: &str) -> usize {
    let text = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the line is there");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes << 10
}
