//! The declared members of an object type, sorted by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lattice::MemberType;

type Member = (Arc<str>, MemberType);

/// Members by name, in the order of their names. A clone shares them: types are copied far more often than changed, and
/// whoever makes many collects them in a map first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members(Option<Arc<[Member]>>);

impl Members {
    pub(crate) fn new() -> Members {
        Members(None)
    }

    fn all(&self) -> &[Member] {
        self.0.as_deref().unwrap_or_default()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.all().binary_search_by(|(own, _)| (**own).cmp(name))
    }

    pub(crate) fn len(&self) -> usize {
        self.all().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&MemberType> {
        let at = self.find(name).ok()?;
        self.all().get(at).map(|(_, member)| member)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut MemberType> {
        let at = self.find(name).ok()?;
        Arc::make_mut(self.0.as_mut()?).get_mut(at).map(|(_, member)| member)
    }

    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &MemberType)> {
        self.all().iter().map(|(name, member)| (name, member))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.all().iter().map(|(name, _)| name)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &MemberType> {
        self.all().iter().map(|(_, member)| member)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut MemberType> {
        self.0.as_mut().map(Arc::make_mut).unwrap_or_default().iter_mut().map(|(_, member)| member)
    }

    /// With one more member, or another under its name. Costs a copy of all.
    pub(crate) fn insert(&mut self, name: Arc<str>, member: MemberType) {
        match self.find(&name) {
            Ok(_) => {
                if let Some(own) = self.get_mut(&name) {
                    *own = member;
                }
            }
            Err(at) => {
                let (before, after) = self.all().split_at(at);
                let one = std::iter::once((name, member));
                self.0 = Some(before.iter().cloned().chain(one).chain(after.iter().cloned()).collect());
            }
        }
    }

    /// Only the members that `keep` says.
    pub(crate) fn retain(&mut self, keep: impl Fn(&MemberType) -> bool) {
        if !self.values().all(&keep) {
            *self = Members::sorted(self.all().iter().filter(|(_, member)| keep(member)).cloned().collect());
        }
    }

    fn sorted(members: Vec<Member>) -> Members {
        Members((!members.is_empty()).then(|| members.into()))
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Members) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other) || own == other,
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

impl From<BTreeMap<Arc<str>, MemberType>> for Members {
    fn from(members: BTreeMap<Arc<str>, MemberType>) -> Members {
        Members::sorted(members.into_iter().collect())
    }
}

impl FromIterator<Member> for Members {
    /// Of members with the same name the last is kept.
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Members {
        let mut members: Vec<Member> = members.into_iter().collect();
        if !members.is_sorted_by(|(a, _), (b, _)| a < b) {
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    std::mem::swap(later, kept);
                }
                same
            });
        }
        Members::sorted(members)
    }
}

impl<'m> IntoIterator for &'m Members {
    type Item = (&'m Arc<str>, &'m MemberType);
    type IntoIter =
        std::iter::Map<std::slice::Iter<'m, Member>, fn(&'m Member) -> (&'m Arc<str>, &'m MemberType)>;

    fn into_iter(self) -> Self::IntoIter {
        self.all().iter().map(|(name, member)| (name, member))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lattice::Type;
    use super::*;

    fn member(name: &str, required: bool) -> Member {
        (Arc::from(name), MemberType { ty: Type::text(), required })
    }

    fn names(members: &Members) -> Vec<&str> {
        members.keys().map(AsRef::as_ref).collect()
    }

    #[test]
    fn members_are_sorted_and_the_last_of_a_name_is_kept() {
        let members: Members =
            [member("c", false), member("a", false), member("c", true), member("b", false)]
                .into_iter()
                .collect();
        assert_eq!(names(&members), ["a", "b", "c"]);
        assert!(members.get("c").is_some_and(|member| member.required));
        assert_eq!((members.get("d"), members.contains_key("b"), members.len()), (None, true, 3));
        let by_map: BTreeMap<Arc<str>, MemberType> = [member("b", false), member("a", false)].into();
        assert_eq!(names(&by_map.into()), ["a", "b"]);
    }

    #[test]
    fn what_is_changed_changes_no_copy() {
        let before: Members = [member("b", false), member("d", false)].into_iter().collect();
        let mut after = before.clone();
        for (name, member) in [member("c", true), member("a", true), member("e", true), member("b", true)] {
            after.insert(name, member);
        }
        assert_eq!(names(&after), ["a", "b", "c", "d", "e"]);
        after.retain(|member| member.required);
        after.values_mut().for_each(|member| member.ty = Type::null());
        assert_eq!(names(&after), ["a", "b", "c", "e"]);
        assert_eq!(names(&before), ["b", "d"]);
        assert!(before.values().all(|member| !member.required && member.ty == Type::text()));
        after.retain(|_| false);
        assert!(after.is_empty() && after == Members::new());
    }
}
