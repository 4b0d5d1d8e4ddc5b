#[inline]
pub fn create_note(db: &Db, body: &str) -> Result<Note, BlogError> {
    fn __starpunk_name() -> &'static ::core::primitive::str {
        "note_created"
    }
    static __STARPUNK_CALLSITE: ::starpunk_metrics::__private::Callsite = ::starpunk_metrics::__private::Callsite::new(
        ::starpunk_metrics::__private::CallKind::Business,
        __starpunk_name,
    );
    ::starpunk_metrics::__private::call_reading(
        &__STARPUNK_CALLSITE,
        ::starpunk_metrics::__private::later(move || [
            ("content_length", ::starpunk_metrics::__private::value(body.len())),
        ]),
        move || -> Result<Note, BlogError> {
            let note = db.insert(body)?;
            Ok(note)
        },
        |__starpunk_output| {
            use ::starpunk_metrics::__private::AnyOutput as _;
            ::starpunk_metrics::__private::Probe(__starpunk_output)
                .__starpunk_ask()
                .__starpunk_outcome(
                    ::core::option::Option::None,
                    |__starpunk_value| {
                        ::starpunk_metrics::__private::Probe(__starpunk_value)
                            .__starpunk_ask()
                            .__starpunk_class()
                    },
                    |__starpunk_error| ::starpunk_metrics::__private::named(
                        ::starpunk_metrics::__private::Probe(__starpunk_error)
                            .__starpunk_ask()
                            .__starpunk_failure(),
                        __starpunk_error,
                        BlogError::class,
                    ),
                )
        },
        |__starpunk_output| {
            use ::starpunk_metrics::__private::AnyOutput as _;
            ::starpunk_metrics::__private::Probe(__starpunk_output)
                .__starpunk_ask()
                .__starpunk_success()
                .map(|__starpunk_value| [
                    (
                        "id",
                        match __starpunk_value {
                            ret => ::starpunk_metrics::__private::value(ret.id),
                        },
                    ),
                ])
        },
    )
}
