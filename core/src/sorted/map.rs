//! The map.

use std::borrow::Borrow;
use std::fmt;
use std::iter::Zip;

use super::blocks::{Blocks, IntoItems, Items, ItemsMut};

/// A map whose entries are in the order of their keys.
#[derive(Clone)]
pub struct Map<K, V> {
    /// Ascending, none twice.
    keys: Blocks<K>,
    /// One for each key, at the same place.
    values: Blocks<V>,
}

impl<K, V> Map<K, V> {
    /// Without entries.
    pub const fn new() -> Self {
        Self {
            keys: Blocks::new(),
            values: Blocks::new(),
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The entries.
    pub fn iter(&self) -> Zip<Items<'_, K>, Items<'_, V>> {
        self.keys.iter().zip(self.values.iter())
    }

    /// The keys.
    pub fn keys(&self) -> Items<'_, K> {
        self.keys.iter()
    }

    /// The values, in the order of the keys.
    pub fn values(&self) -> Items<'_, V> {
        self.values.iter()
    }

    /// The values, in the order of the keys.
    pub fn values_mut(&mut self) -> ItemsMut<'_, V> {
        self.values.iter_mut()
    }

    /// The values, in the order of the keys.
    pub fn into_values(self) -> IntoItems<V> {
        self.values.into_iter()
    }
}

impl<K: Ord, V> Map<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values.get(self.keys.find(key).ok()?)
    }

    /// The value of a key.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.keys.find(key).ok()?;
        Some(self.values.at_mut(place))
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.keys.find(key).is_ok()
    }

    /// Gives a key a value; the result is the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.keys.find(&key) {
            Ok(place) => Some(std::mem::replace(self.values.at_mut(place), value)),
            Err(place) => {
                self.keys.insert(place, key);
                self.values.insert(place, value);
                None
            }
        }
    }

    /// Takes a key away; the result is its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.keys.find(key).ok()?;
        self.keys.remove(place);
        self.values.remove(place)
    }

    /// Leaves only what a condition holds for.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let entries = std::mem::take(self).into_iter();
        self.extend(
            entries.filter_map(|(key, mut value)| keep(&key, &mut value).then_some((key, value))),
        );
    }

    /// A key, whether it is there or not.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { map: self, key }
    }

    /// The entries from a key on, whether it is there or not.
    pub fn starting_at<Q: Ord + ?Sized>(&self, key: &Q) -> Zip<Items<'_, K>, Items<'_, V>>
    where
        K: Borrow<Q>,
    {
        let (Ok(place) | Err(place)) = self.keys.find(key);
        self.keys
            .starting_at(place)
            .zip(self.values.starting_at(place))
    }
}

/// A key of a map, whether it is there or not.
pub struct Entry<'a, K, V> {
    map: &'a mut Map<K, V>,
    key: K,
}

impl<'a, K: Ord, V> Entry<'a, K, V> {
    /// Its value; if it has none, this becomes it.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// Its value; if it has none, it gets the default.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Its value; if it has none, what is made becomes it.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        let Map { keys, values } = self.map;
        let place = match keys.find(&self.key) {
            Ok(place) => place,
            Err(place) => {
                keys.insert(place, self.key);
                values.insert(place, make())
            }
        };
        values.at_mut(place)
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Map<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<K: Eq, V: Eq> Eq for Map<K, V> {}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Map<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = Zip<IntoItems<K>, IntoItems<V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter().zip(self.values.into_iter())
    }
}

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Zip<Items<'a, K>, Items<'a, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// One thing to do to a map.
    #[derive(Clone, Debug)]
    enum Step {
        Insert(u8, u32),
        Remove(u8),
        Entry(u8, u32),
        Retain(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = any::<u8>;
        prop_oneof![
            (key(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
            key().prop_map(Step::Remove),
            (key(), any::<u32>()).prop_map(|(key, value)| Step::Entry(key, value)),
            key().prop_map(Step::Retain),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_tree_to_whoever_uses_it(
            entries in vec((any::<u8>(), any::<u32>()), 0..1024),
            steps in vec(step(), 0..256),
            from in 0..=u8::MAX,
        ) {
            let mut map: Map<u8, u32> = entries.iter().copied().collect();
            let mut tree: BTreeMap<u8, u32> = entries.into_iter().collect();
            for step in steps {
                match step {
                    Step::Insert(key, value) => prop_assert_eq!(map.insert(key, value), tree.insert(key, value)),
                    Step::Remove(key) => prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                    Step::Entry(key, value) => {
                        *map.entry(key).or_insert(value) ^= 1;
                        *tree.entry(key).or_insert(value) ^= 1;
                    }
                    Step::Retain(divisor) => {
                        map.retain(|key, _| key % (divisor | 2) > 0);
                        tree.retain(|key, _| key % (divisor | 2) > 0);
                    }
                }
                prop_assert!(map.iter().eq(&tree));
            }
            prop_assert_eq!(map.len(), tree.len());
            for key in 0..=u8::MAX {
                prop_assert_eq!(map.get(&key), tree.get(&key));
                prop_assert_eq!(map.contains_key(&key), tree.contains_key(&key));
            }
            prop_assert!(map.starting_at(&from).eq(tree.range(from..)));
            prop_assert!(map.values().eq(tree.values()));
            prop_assert!(map.into_iter().eq(tree));
        }
    }
}
