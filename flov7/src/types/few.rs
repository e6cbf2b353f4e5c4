//! The values that a type is limited to.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Some values, in their order, each once. Cheap to clone; most often it is one, which costs nothing by itself.
#[derive(Clone, Debug)]
pub(crate) enum Few<T> {
    One(T),
    Several(Arc<[T]>),
}

impl<T: Ord + Clone> Few<T> {
    fn all(&self) -> &[T] {
        match self {
            Few::One(only) => std::slice::from_ref(only),
            Few::Several(all) => all,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.all().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.all().iter()
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.all().first()
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.all().last()
    }

    pub(crate) fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.all().binary_search_by(|own| own.borrow().cmp(value)).is_ok()
    }

    /// The values of both.
    pub(crate) fn union(&self, other: &Few<T>) -> Few<T> {
        self.iter().chain(other.iter()).cloned().collect()
    }
}

impl<T: Ord + Clone> PartialEq for Few<T> {
    fn eq(&self, other: &Few<T>) -> bool {
        self.all() == other.all()
    }
}

impl<T: Ord + Clone> From<Vec<T>> for Few<T> {
    /// Of values in their order, each once.
    fn from(mut values: Vec<T>) -> Few<T> {
        match (values.len(), values.pop()) {
            (1, Some(only)) => Few::One(only),
            (_, last) => {
                values.extend(last);
                Few::Several(values.into())
            }
        }
    }
}

impl<T: Ord + Clone> From<BTreeSet<T>> for Few<T> {
    fn from(values: BTreeSet<T>) -> Few<T> {
        Few::from(values.into_iter().collect::<Vec<T>>())
    }
}

impl<T: Ord + Clone> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Few<T> {
        let mut values = values.into_iter();
        let Some(first) = values.next() else { return Few::Several(Arc::default()) };
        let Some(second) = values.next() else { return Few::One(first) };
        let mut values: Vec<T> = [first, second].into_iter().chain(values).collect();
        values.sort();
        values.dedup();
        Few::from(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_once_and_in_their_order() {
        let of = |values: &[u32]| values.iter().copied().collect::<Few<u32>>();
        let all = |few: &Few<u32>| few.iter().copied().collect::<Vec<u32>>();
        assert_eq!(all(&of(&[3, 1, 3, 2])), [1, 2, 3]);
        assert_eq!(all(&of(&[5, 1]).union(&of(&[1, 4]))), [1, 4, 5]);
        assert!(matches!(of(&[7, 7]), Few::One(7)));
        assert_eq!(of(&[7]).union(&of(&[7])), Few::One(7));
        let few = of(&[2, 4]);
        assert_eq!((few.first(), few.last(), few.len()), (Some(&2), Some(&4), 2));
        assert!(few.contains(&4) && !few.contains(&3) && of(&[]).is_empty());
        assert_eq!(all(&Few::from(BTreeSet::from([9, 8]))), [8, 9]);
    }
}
