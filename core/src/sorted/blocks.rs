//! Items in blocks: short enough that to move what is behind an item costs nothing, and few enough to be searched.

use std::borrow::Borrow;
use std::{slice, vec};

/// A block that grows beyond this is cut in two.
const MOST: usize = 128;

/// Where an item is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    block: usize,
    index: usize,
}

/// A list of items. Two lists to which the same is done at the same places have the same blocks.
#[derive(Clone)]
pub(super) struct Blocks<T> {
    /// None is empty.
    blocks: Vec<Vec<T>>,
}

impl<T> Blocks<T> {
    /// Without items.
    pub(super) const fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Where a key is among sorted ones, or where it belongs.
    #[inline(never)]
    pub(super) fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Place, Place>
    where
        T: Borrow<Q>,
    {
        let is_before = |block: &Vec<T>| block.last().is_some_and(|last| last.borrow() < key);
        let block = self.blocks.partition_point(is_before);
        let place = |index| Place { block, index };
        match self.blocks.get(block) {
            Some(items) => {
                let found = items.binary_search_by(|item| item.borrow().cmp(key));
                found.map(place).map_err(place)
            }
            // Behind all others: at the end of the last block, where there is one.
            None => match self.blocks.last() {
                Some(last) => Err(Place {
                    block: block - 1,
                    index: last.len(),
                }),
                None => Err(place(0)),
            },
        }
    }

    /// The item at a place.
    pub(super) fn get(&self, place: Place) -> Option<&T> {
        self.blocks.get(place.block)?.get(place.index)
    }

    /// The item at a place where there is one.
    #[allow(clippy::indexing_slicing)]
    pub(super) fn at_mut(&mut self, place: Place) -> &mut T {
        &mut self.blocks[place.block][place.index]
    }

    /// Adds an item before the one at a place; the result is its own place.
    #[inline(never)]
    pub(super) fn insert(&mut self, place: Place, item: T) -> Place {
        let Some(block) = self.blocks.get_mut(place.block) else {
            // Most lists have one block and no more.
            self.blocks = vec![vec![item]];
            return place;
        };
        if block.len() == MOST {
            // What comes in order fills its blocks.
            let rest = block.split_off(place.index.max(MOST / 2));
            let next = place.block + 1;
            if rest.is_empty() {
                self.blocks.insert(next, vec![item]);
                return Place {
                    block: next,
                    index: 0,
                };
            }
            block.insert(place.index, item);
            self.blocks.insert(next, rest);
        } else {
            block.insert(place.index, item);
        }
        place
    }

    /// Takes the item at a place away.
    #[inline(never)]
    pub(super) fn remove(&mut self, place: Place) -> Option<T> {
        let block = self.blocks.get_mut(place.block)?;
        if place.index >= block.len() {
            return None;
        }
        let item = block.remove(place.index);
        if block.is_empty() {
            self.blocks.remove(place.block);
        }
        Some(item)
    }

    /// The items.
    pub(super) fn iter(&self) -> Items<'_, T> {
        Items {
            block: [].iter(),
            rest: self.blocks.iter(),
        }
    }

    /// The items from a place on.
    pub(super) fn starting_at(&self, place: Place) -> Items<'_, T> {
        let mut rest = self.blocks.get(place.block..).unwrap_or_default().iter();
        let first = rest.next().and_then(|block| block.get(place.index..));
        Items {
            block: first.unwrap_or_default().iter(),
            rest,
        }
    }

    /// The items.
    pub(super) fn iter_mut(&mut self) -> ItemsMut<'_, T> {
        ItemsMut {
            block: [].iter_mut(),
            rest: self.blocks.iter_mut(),
        }
    }

    /// The items.
    pub(super) fn into_iter(self) -> IntoItems<T> {
        IntoItems {
            block: Vec::new().into_iter(),
            rest: self.blocks.into_iter(),
        }
    }
}

macro_rules! iterator {
    ($(#[$doc:meta])* $name:ident<$($a:lifetime,)? T> of $item:ty: $block:ty, $rest:ty, $open:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<$($a,)? T> {
            block: $block,
            rest: $rest,
        }

        impl<$($a,)? T> Iterator for $name<$($a,)? T> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                loop {
                    if let Some(item) = self.block.next() {
                        return Some(item);
                    }
                    self.block = self.rest.next()?.$open();
                }
            }
        }
    };
}

iterator! {
    /// Items, one after the other.
    Items<'a, T> of &'a T: slice::Iter<'a, T>, slice::Iter<'a, Vec<T>>, iter
}
iterator! {
    /// Items to be changed, one after the other.
    ItemsMut<'a, T> of &'a mut T: slice::IterMut<'a, T>, slice::IterMut<'a, Vec<T>>, iter_mut
}
iterator! {
    /// Items given away, one after the other.
    IntoItems<T> of T: vec::IntoIter<T>, vec::IntoIter<Vec<T>>, into_iter
}

impl<T> Clone for Items<'_, T> {
    fn clone(&self) -> Self {
        Self {
            block: self.block.clone(),
            rest: self.rest.clone(),
        }
    }
}
