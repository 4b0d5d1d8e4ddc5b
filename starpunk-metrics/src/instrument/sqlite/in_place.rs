//! Values that are made where they are to lie.

/// Appends what `make` makes.
///
/// `Vec::push` takes a value that is there already: it is made on the stack and then copied, because the list may have to
/// grow first, and fail in that.
#[inline(always)]
pub(crate) fn push_with<T>(list: &mut Vec<T>, make: impl FnOnce() -> T) {
    if list.len() == list.capacity() {
        list.reserve(1);
    }
    // It has. Asked, so that the compiler knows that it does not grow here.
    if list.len() < list.capacity() {
        list.push(make());
    }
}
