//! What a function has made whose type is known by a name only: a boxed future, which is then measured itself, or a value.
//!
//! The compiler tells them apart, as in `outcome.rs`: a method that the boxed futures have is found before that of a trait
//! which is there for every type.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use crate::instrument::fields::{FieldSource, WithOutput};
use crate::instrument::future::Tracked;
use crate::instrument::running::{Live, Running};
use crate::model::callsite::Callsite;
use crate::model::clock::Ticks;
use crate::model::field::Field;
use crate::model::operation::Outcome;

/// What was made, and the call that has made it.
pub struct Made<R, S> {
    pub(crate) output: R,
    pub(crate) live: Option<Live<S>>,
}

impl<R, S: FieldSource<R>> Made<R, S> {
    /// Makes it. A panic in the making is one of the call.
    #[inline]
    pub fn new(site: &'static Callsite, fields: S, make: impl FnOnce() -> R) -> Self {
        let mut making = Running::start_if_active(site, fields);
        let output = making.enter(make);
        Self {
            output,
            live: making.live.take(),
        }
    }
}

fn running<R, S: FieldSource<R>>(live: Option<Live<S>>) -> Running<R, S> {
    Running {
        live,
        output: PhantomData,
    }
}

macro_rules! boxed_futures {
    ($($send:ident)?) => {
        impl<'b, T, S> Made<Pin<Box<dyn Future<Output = T> $(+ $send)? + 'b>>, S>
        where
            T: 'b,
            S: FieldSource<T> + Send + 'b,
        {
            /// Measures the future.
            pub fn __starpunk_end<C>(
                self,
                classify: C,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $send)? + 'b>>
            where
                C: Fn(&T) -> Outcome + Send + 'b,
            {
                let running = running::<T, S>(self.live).wait_again();
                Box::pin(Tracked::of(self.output, classify, running))
            }

            /// Measures the future, with fields from what it comes to.
            pub fn __starpunk_end_reading<C, O, const N: usize>(
                self,
                classify: C,
                read: O,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $send)? + 'b>>
            where
                C: Fn(&T) -> Outcome + Send + 'b,
                O: FnOnce(&T) -> Option<[Field; N]> + Send + 'b,
            {
                Made {
                    output: self.output,
                    live: self.live.map(|live| live.reading(read)),
                }
                .__starpunk_end(classify)
            }
        }
    };
}

boxed_futures!(Send);
boxed_futures!();

/// The end of a call that has made anything else.
pub trait AnyMade<R> {
    /// Begins the end, so that the import of this trait is used whatever the type is.
    fn __starpunk_ask(self) -> Self;

    /// Records the call, and hands back what it returned.
    fn __starpunk_end(self, classify: impl FnOnce(&R) -> Outcome) -> R;

    /// The same, with fields from what it returned.
    fn __starpunk_end_reading<const N: usize>(
        self,
        classify: impl FnOnce(&R) -> Outcome,
        read: impl FnOnce(&R) -> Option<[Field; N]>,
    ) -> R;
}

impl<R, S: FieldSource<R>> AnyMade<R> for Made<R, S> {
    #[inline]
    fn __starpunk_ask(self) -> Self {
        self
    }

    fn __starpunk_end(self, classify: impl FnOnce(&R) -> Outcome) -> R {
        let mut running = running::<R, S>(self.live);
        if running.has_begun() {
            running.finish_at(Ticks::now(), &self.output, classify);
        }
        self.output
    }

    fn __starpunk_end_reading<const N: usize>(
        self,
        classify: impl FnOnce(&R) -> Outcome,
        read: impl FnOnce(&R) -> Option<[Field; N]>,
    ) -> R {
        let live = self.live.map(|live| live.reading(read));
        let made: Made<R, WithOutput<S, _>> = Made {
            output: self.output,
            live,
        };
        AnyMade::__starpunk_end(made, classify)
    }
}

impl<R, S> fmt::Debug for Made<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").finish_non_exhaustive()
    }
}
