//! A decision without an explanation allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ambient_core::{Workspace, wire::Verdict};

#[path = "common/policies.rs"]
mod policies;
#[path = "common/shop.rs"]
mod shop;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// Counts what each thread asks for.
struct Counting;

#[allow(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; this one only counts"
)]
// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() -> u64 {
    COUNT.with(Cell::get)
}

#[test]
fn a_million_decisions_over_a_thousand_policies_allocate_nothing() {
    let workspace = Workspace::load(&policies::input(1_000));
    let prepared = workspace.prepare(0).expect("a waypoint with policies");
    assert_eq!(prepared.walked(), Verdict::Allow);
    assert_eq!(prepared.logged(), Verdict::Allow);
    let before = count();
    for _ in 0..1_000_000 {
        assert_eq!(std::hint::black_box(&prepared).indexed(), Verdict::Allow);
    }
    assert_eq!(count() - before, 0);
}

#[test]
fn the_allocator_counts() {
    let before = count();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(count() - before, 1);
}
