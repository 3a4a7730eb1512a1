//! The set.

use std::borrow::Borrow;
use std::fmt;

use super::blocks::{Blocks, IntoItems, Items};

/// A set whose items are in order.
#[derive(Clone)]
pub struct Set<T> {
    /// Ascending, none twice.
    items: Blocks<T>,
}

impl<T> Set<T> {
    /// Without items.
    pub const fn new() -> Self {
        Self {
            items: Blocks::new(),
        }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The first item.
    pub fn first(&self) -> Option<&T> {
        self.iter().next()
    }

    /// The items.
    pub fn iter(&self) -> Items<'_, T> {
        self.items.iter()
    }
}

impl<T: Ord> Set<T> {
    /// Whether an item is there.
    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.items.find(item).is_ok()
    }

    /// Adds an item; the result is whether it was not there.
    pub fn insert(&mut self, item: T) -> bool {
        match self.items.find(&item) {
            Ok(_) => false,
            Err(place) => {
                self.items.insert(place, item);
                true
            }
        }
    }

    /// Takes an item away; the result is whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let place = self.items.find(item);
        place.is_ok_and(|place| self.items.remove(place).is_some())
    }
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: PartialEq> PartialEq for Set<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<T: Eq> Eq for Set<T> {}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::new();
        set.extend(items);
        set
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Set<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T: Ord> Extend<T> for Set<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert(item);
        }
    }
}

impl<T> IntoIterator for Set<T> {
    type Item = T;
    type IntoIter = IntoItems<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = Items<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_tree_to_whoever_uses_it(
            items in vec(any::<u8>(), 0..1024),
            steps in vec((any::<bool>(), any::<u8>()), 0..256),
        ) {
            let mut set: Set<u8> = items.iter().copied().collect();
            let mut tree: BTreeSet<u8> = items.into_iter().collect();
            for (insert, item) in steps {
                if insert {
                    prop_assert_eq!(set.insert(item), tree.insert(item));
                } else {
                    prop_assert_eq!(set.remove(&item), tree.remove(&item));
                }
                prop_assert!(set.iter().eq(&tree));
            }
            for item in 0..=u8::MAX {
                prop_assert_eq!(set.contains(&item), tree.contains(&item));
            }
            prop_assert_eq!((set.len(), set.first()), (tree.len(), tree.first()));
            prop_assert!(set.into_iter().eq(tree));
        }
    }
}
