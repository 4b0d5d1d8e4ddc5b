//! The fields of one call as they travel: up to two, which is what most have, lie in the allocation that they come in.

use crate::model::field::{Field, Value};

#[derive(Clone, Debug, Default)]
pub(crate) enum FewFields {
    #[default]
    None,
    One([Field; 1]),
    Two([Field; 2]),
    More(Vec<Field>),
}

impl FewFields {
    pub(crate) fn as_slice(&self) -> &[Field] {
        match self {
            Self::None => &[],
            Self::One(fields) => fields,
            Self::Two(fields) => fields,
            Self::More(fields) => fields,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// How many bytes they hold elsewhere.
    pub(crate) fn memory(&self) -> usize {
        let fields = match self {
            Self::More(fields) => fields.capacity() * size_of::<Field>(),
            _ => 0,
        };
        let texts = self.as_slice().iter().map(|(_, value)| match value {
            Value::Text(text) => text.len(),
            _ => 0,
        });
        fields + texts.sum::<usize>()
    }

    pub(crate) fn to_vec(&self) -> Vec<Field> {
        self.as_slice().to_vec()
    }

    /// These, and `more` after them.
    pub(crate) fn and(self, more: Self) -> Self {
        let mut fields = self.into_vec();
        fields.extend(more.into_vec());
        Self::More(fields)
    }

    fn into_vec(self) -> Vec<Field> {
        match self {
            Self::None => Vec::new(),
            Self::One(fields) => fields.into(),
            Self::Two(fields) => fields.into(),
            Self::More(fields) => fields,
        }
    }
}

impl<const N: usize> From<[Field; N]> for FewFields {
    #[inline]
    fn from(fields: [Field; N]) -> Self {
        let mut fields = fields.into_iter();
        if N > 2 {
            return Self::More(fields.collect());
        }
        match (fields.next(), fields.next()) {
            (None, _) => Self::None,
            (Some(only), None) => Self::One([only]),
            (Some(first), Some(second)) => Self::Two([first, second]),
        }
    }
}

impl FromIterator<Field> for FewFields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut fields = fields.into_iter();
        match (fields.next(), fields.next(), fields.next()) {
            (None, ..) => Self::None,
            (Some(only), None, _) => Self::One([only]),
            (Some(first), Some(second), None) => Self::Two([first, second]),
            (Some(first), Some(second), Some(third)) => {
                Self::More([first, second, third].into_iter().chain(fields).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stay_in_their_order_however_many_they_are() {
        let field = |value: u64| ("n", value.into());
        for (fields, count) in [
            (FewFields::from([]), 0),
            (FewFields::from([0].map(field)), 1),
            (FewFields::from([0, 1].map(field)), 2),
            (FewFields::from([0, 1, 2].map(field)), 3),
            (
                FewFields::from([0].map(field)).and([1, 2].map(field).into()),
                3,
            ),
            (FewFields::from_iter([]), 0),
            (FewFields::from_iter([0].map(field)), 1),
            (FewFields::from_iter([0, 1].map(field)), 2),
            (FewFields::from_iter([0, 1, 2, 3].map(field)), 4),
        ] {
            let expected: Vec<Field> = (0..count).map(field).collect();
            assert_eq!(fields.as_slice(), expected);
            assert_eq!(fields.to_vec(), expected);
            assert_eq!(fields.is_empty(), count == 0);
        }
    }
}
